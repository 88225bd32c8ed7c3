#include "proc/proc.h"

void proc_tail_add(struct proc_tail *t, struct str text)
{
	size_t room = sizeof(t->p);
	if (text.n > room)
		text = str_skip(text, text.n - room);
	size_t keep = t->n + text.n > room ? room - text.n : t->n;
	memmove(t->p, t->p + t->n - keep, keep);
	if (text.n)
		memcpy(t->p + keep, text.p, text.n);
	t->n = keep + text.n;
}

/* On one line, and nothing in it that a terminal would obey. */
static struct str one_line(const struct proc_tail *t, char room[sizeof(t->p) + 1])
{
	struct str text = str_trim(str_n(t->p, t->n));
	ssize_t line = str_chr(text, '\n');
	if (t->n == sizeof(t->p) && line >= 0)
		text = str_skip(text, (size_t)line + 1); /* its first line is not whole */
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		room[i] = c == '\n' ? ';' : (unsigned char)c < 0x20 || c == 0x7f ? ' ' : c;
	}
	return str_n(room, text.n);
}

int proc_failed(const char *program, const struct proc_end *end, const struct proc_tail *t,
	struct err *err)
{
	char room[sizeof(t->p) + 1];
	struct str said = one_line(t, room);
	if (end->signal)
		err_set(err, ERR_FAILED, "'%s' was ended by signal %d (%s)%s%.*s", program,
			end->signal, strsignal(end->signal), said.n ? ": " : "", STR_ARG(said));
	else
		err_set(err, ERR_FAILED, "'%s' exited with status %d%s%.*s", program, end->status,
			said.n ? ": " : "", STR_ARG(said));
	return -1;
}

struct collected {
	struct buf *out;
	struct proc_tail tail;
};

static int collect(void *ctx, int stream, struct str text, struct err *err)
{
	struct collected *c = ctx;
	if (stream == 2) {
		proc_tail_add(&c->tail, text);
		return 0;
	}
	buf_add(c->out, text);
	return buf_check(c->out, "output", err);
}

int proc_output(const struct proc_spec *spec, struct buf *ret_out, struct err *err)
{
	struct collected c = {.out = ret_out};
	struct proc_end end;
	struct proc_run r = {.spec = *spec, .on_output = collect, .ctx = &c};
	if (proc_run(&r, &end, err) < 0)
		return -1;
	if (end.status)
		return proc_failed(spec->argv[0], &end, &c.tail, err);
	return 0;
}
