/* buf -- text or bytes that grow, up to a stated maximum.
 *
 *	CLEANUP(buf_done) struct buf b = BUF(LOG_LINE_MAX);
 *	buf_fmt(&b, "%s:%u", host, port);
 *	if (buf_check(&b, "address", err) < 0)
 *		return -1;
 *
 * Always NUL-terminated once something was added; buf_cstr() is never NULL. Adding beyond the
 * maximum adds nothing, and buf_check() says so: callers may append many pieces and check once.
 *
 * Owner: the holder; buf_done() frees. Threads: one at a time.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/err.h"
#include "base/str.h"

struct buf {
	char *p;
	size_t n;
	size_t cap;
	size_t max;   /* most bytes it may hold, without the NUL */
	bool is_over; /* something did not fit */
};

#define BUF(max_bytes) ((struct buf){.max = (max_bytes)})

void buf_done(struct buf *b);
CLEANUP_VAL(buf_done, struct buf);

void buf_add(struct buf *b, struct str s);
void buf_add_bytes(struct buf *b, const void *p, size_t n);
void buf_add_cstr(struct buf *b, const char *s);
void buf_add_ch(struct buf *b, char c);
void buf_fmt(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Room for n more bytes at the end, or NULL when they do not fit; buf_added() keeps some. */
char *buf_room(struct buf *b, size_t n);
void buf_added(struct buf *b, size_t n);
void buf_clear(struct buf *b);         /* empties it and forgets is_over */
void buf_cut(struct buf *b, size_t n); /* shortens to n bytes */
/* Drops the first n bytes. */
void buf_drop(struct buf *b, size_t n);
/* The NUL-terminated bytes, handed over to the caller; the buf is empty after. */
char *buf_take(struct buf *b);

static inline const char *buf_cstr(const struct buf *b)
{
	return b->p ? b->p : "";
}
static inline struct str buf_str(const struct buf *b)
{
	return (struct str){buf_cstr(b), b->n};
}
/* ERR_LIMIT, naming `what`, when something did not fit. */
int buf_check(const struct buf *b, const char *what, struct err *err);

#endif
