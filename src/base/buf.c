#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>

void buf_done(struct buf *b)
{
	free(b->p);
	*b = (struct buf){.max = b->max};
}

char *buf_room(struct buf *b, size_t n)
{
	size_t max = b->max < SIZE_MAX / 2 ? b->max : SIZE_MAX / 2;
	if (b->is_over || n > max || b->n > max - n) {
		b->is_over = true;
		return NULL;
	}
	size_t need = b->n + n + 1;
	if (need > b->cap) {
		size_t cap = b->cap ? b->cap * 2 : 64;
		if (cap < need)
			cap = need;
		if (cap > max + 1)
			cap = max + 1;
		b->p = mem_resize(b->p, cap, 1);
		b->cap = cap;
	}
	return b->p + b->n;
}

void buf_added(struct buf *b, size_t n)
{
	b->n += n;
	b->p[b->n] = '\0';
}

void buf_add_bytes(struct buf *b, const void *p, size_t n)
{
	char *room = buf_room(b, n);
	if (!room)
		return;
	if (n)
		memcpy(room, p, n);
	buf_added(b, n);
}

void buf_add(struct buf *b, struct str s)
{
	buf_add_bytes(b, s.p, s.n);
}

void buf_add_cstr(struct buf *b, const char *s)
{
	buf_add_bytes(b, s, strlen(s));
}

void buf_add_ch(struct buf *b, char c)
{
	if (b->n + 1 < b->cap && !b->is_over) { /* cap is at most max + 1 */
		b->p[b->n++] = c;
		b->p[b->n] = '\0';
	} else {
		buf_add_bytes(b, &c, 1);
	}
}

void buf_fmt(struct buf *b, const char *fmt, ...)
{
	va_list args, again;
	va_start(args, fmt);
	va_copy(again, args);
	/* Mostly it fits into what is there. */
	size_t spare = b->is_over || !b->p ? 0 : b->cap - b->n;
	int n = vsnprintf(spare ? b->p + b->n : NULL, spare, fmt, args);
	va_end(args);
	if (n >= 0 && (size_t)n < spare) {
		b->n += (size_t)n;
		va_end(again);
		return;
	}
	if (spare)
		b->p[b->n] = '\0';
	char *room = n >= 0 ? buf_room(b, (size_t)n) : NULL;
	if (room) {
		vsnprintf(room, (size_t)n + 1, fmt, again);
		buf_added(b, (size_t)n);
	} else {
		b->is_over = true;
	}
	va_end(again);
}

void buf_clear(struct buf *b)
{
	b->n = 0;
	b->is_over = false;
	if (b->p)
		b->p[0] = '\0';
}

void buf_cut(struct buf *b, size_t n)
{
	if (n < b->n) {
		b->n = n;
		b->p[n] = '\0';
	}
}

void buf_drop(struct buf *b, size_t n)
{
	if (!b->p)
		return;
	if (n > b->n)
		n = b->n;
	memmove(b->p, b->p + n, b->n - n);
	buf_cut(b, b->n - n);
}

char *buf_take(struct buf *b)
{
	char *p = b->p ? b->p : mem_cstr("");
	*b = (struct buf){.max = b->max};
	return p;
}

int buf_check(const struct buf *b, const char *what, struct err *err)
{
	if (b->is_over)
		return err_set(err, ERR_LIMIT, "%s is larger than %zu bytes", what, b->max);
	return 0;
}
