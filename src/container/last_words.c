#include "container/last_words_priv.h"

enum { EXEC_FAILED = 255 }; /* what docker shows then */

struct form {
	const char *start, *middle; /* before and after the program's name */
	const struct {
		const char *says, *means;
	} ends[3];
};

static const struct form crun = {
	"{\"msg\":\"exec container process",
	"`",
	{{"`: No such file or directory\"", "no such file or directory"},
		{"`: Exec format error\"", "exec format error"},
		{"`: Permission denied\"", "permission denied"}},
};
static const struct form runc = {
	"exec /",
	NULL,
	{{": no such file or directory\n", "no such file or directory"},
		{": exec format error\n", "exec format error"},
		{": permission denied\n", "permission denied"}},
};

static bool read_form(const struct form *f, struct str text, struct str *ret_name, const char **ret)
{
	if (!str_starts(text, str_of(f->start)))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(f->ends); i++) {
		ssize_t end = str_find(text, str_of(f->ends[i].says));
		ssize_t start = f->middle ? str_find(text, str_of(f->middle)) + 1 : 5;
		if (end < 0 || start > end)
			continue;
		*ret_name = str_sub(text, (size_t)start, (size_t)end);
		*ret = f->ends[i].means;
		return true;
	}
	return false;
}

static bool is_refusal(struct str text, struct str *ret_name, const char **ret_reason)
{
	ssize_t newline = str_chr(text, '\n');
	if (newline < 0 || (size_t)newline + 1 != text.n)
		return false;
	return read_form(&crun, text, ret_name, ret_reason) ||
		read_form(&runc, text, ret_name, ret_reason);
}

static int give(struct last_words *l, int stream, struct str text, struct err *err)
{
	return l->on_output ? l->on_output(l->ctx, stream, text, err) : 0;
}

static int give_kept(struct last_words *l, struct err *err)
{
	struct str kept = str_n(l->kept, l->n_kept);
	l->n_kept = 0;
	return kept.n ? give(l, 2, kept, err) : 0;
}

int last_words_output(void *ctx, int stream, struct str text, struct err *err)
{
	struct last_words *l = ctx;
	struct str name;
	const char *reason;
	bool is_first = !l->has_spoken;
	l->has_spoken = true;
	if (is_first && stream == 2 && text.n <= sizeof(l->kept) &&
		is_refusal(text, &name, &reason)) {
		memcpy(l->kept, text.p, text.n);
		l->n_kept = text.n;
		return 0;
	}
	if (give_kept(l, err) < 0)
		return -1;
	return give(l, stream, text, err);
}

int last_words_end(struct last_words *l, int *status, struct err *err)
{
	struct str name;
	const char *reason;
	if (*status != 1 || !is_refusal(str_n(l->kept, l->n_kept), &name, &reason))
		return give_kept(l, err);
	CLEANUP(buf_done) struct buf b = BUF(sizeof(l->kept) + 100);
	buf_fmt(&b, "exec %.*s: %s\n", STR_ARG(name), reason);
	*status = EXEC_FAILED;
	l->n_kept = 0;
	return give(l, 2, buf_str(&b), err);
}
