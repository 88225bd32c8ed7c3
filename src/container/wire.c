#include "container/wire_priv.h"

void wire_u64(struct wire *w, uint64_t *v)
{
	uint8_t bytes[8];
	if (w->out) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)(*v >> (8 * i));
		buf_add_bytes(w->out, bytes, sizeof(bytes));
		return;
	}
	*v = 0;
	if (w->is_bad || w->in.n < sizeof(bytes)) {
		w->is_bad = true;
		return;
	}
	for (size_t i = 0; i < sizeof(bytes); i++)
		*v |= (uint64_t)(uint8_t)w->in.p[i] << (8 * i);
	w->in = str_skip(w->in, sizeof(bytes));
}

void wire_i64(struct wire *w, int64_t *v)
{
	uint64_t u = w->out ? (uint64_t)*v : 0;
	wire_u64(w, &u);
	*v = (int64_t)u;
}

void wire_int(struct wire *w, int *v)
{
	int64_t wide = w->out ? *v : 0;
	wire_i64(w, &wide);
	if (wide < INT32_MIN || wide > INT32_MAX) {
		w->is_bad = true;
		wide = 0;
	}
	*v = (int)wide;
}

void wire_bool(struct wire *w, bool *v)
{
	uint64_t u = w->out && *v;
	wire_u64(w, &u);
	if (u > 1)
		w->is_bad = true;
	*v = u == 1;
}

static void write_text(struct wire *w, const char *v)
{
	size_t n = v ? strlen(v) : 0;
	uint64_t mark = v ? (uint64_t)n + 1 : 0;
	wire_u64(w, &mark);
	if (v)
		buf_add_bytes(w->out, v, n + 1);
}

void wire_text(struct wire *w, const char **v)
{
	if (w->out) {
		write_text(w, *v);
		return;
	}
	uint64_t mark = 0;
	*v = NULL;
	wire_u64(w, &mark);
	if (!mark)
		return;
	if (mark > w->in.n || memchr(w->in.p, '\0', mark) != w->in.p + mark - 1) {
		w->is_bad = true;
		return;
	}
	*v = w->in.p;
	w->in = str_skip(w->in, mark);
}

void wire_room(struct wire *w, char *room, size_t n)
{
	const char *text = room;
	wire_text(w, &text);
	if (!w->out)
		snprintf(room, n, "%s", text ? text : "");
}

size_t wire_count(struct wire *w, size_t n)
{
	uint64_t count = n;
	wire_u64(w, &count);
	/* The smallest item takes eight bytes, so a lie is seen before memory is asked for. */
	if (!w->out && (count > WIRE_ITEMS_MAX || count > w->in.n / 8)) {
		w->is_bad = true;
		count = 0;
	}
	return count;
}

static void write_list(struct wire *w, const char *const *list)
{
	size_t n = 0;
	while (list[n])
		n++;
	(void)wire_count(w, n); /* writing gives n back */
	for (size_t i = 0; i < n; i++)
		write_text(w, list[i]);
}

static const char *const *read_list(struct wire *w)
{
	size_t n = wire_count(w, 0);
	const char **list = ARENA_ARRAY(w->arena, const char *, n + 1);
	for (size_t i = 0; i < n; i++) {
		wire_text(w, &list[i]);
		if (!list[i]) { /* a NULL would end the list early */
			w->is_bad = true;
			break;
		}
	}
	return list;
}

void wire_list(struct wire *w, const char *const **v)
{
	bool is_set = w->out && *v;
	wire_bool(w, &is_set);
	if (w->out && is_set)
		write_list(w, *v);
	else if (!w->out)
		*v = is_set ? read_list(w) : NULL;
}

void wire_err(struct wire *w, struct err *v)
{
	int kind = (int)v->kind;
	wire_int(w, &kind);
	if (kind < ERR_NONE || kind > ERR_BUG) {
		w->is_bad = true;
		kind = ERR_BUG;
	}
	v->kind = (enum err_kind)kind;
	wire_int(w, &v->sys);
	wire_room(w, v->what, sizeof(v->what));
	wire_room(w, v->hint, sizeof(v->hint));
}

int wire_end(const struct wire *w, struct err *err)
{
	if (w->out)
		return buf_check(w->out, "message to the helper", err);
	if (w->is_bad || w->in.n)
		return err_set(err, ERR_CORRUPT, "message is not what the other side writes");
	return 0;
}
