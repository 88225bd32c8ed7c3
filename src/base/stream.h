/* stream -- bytes that come or go piece by piece.
 *
 * A source is read until it gives 0; a sink is written to until its owner closes it by its own
 * means; a window is a source that lets its bytes be seen in place. Each is the first member of a
 * bigger struct that knows where the bytes are.
 */
#ifndef BASE_STREAM_H
#define BASE_STREAM_H

#include "base/err.h"
#include "base/str.h"

struct source {
	/* Up to n bytes into room: their number, 0 at the end, -1 with err set. */
	ssize_t (*read)(struct source *s, void *room, size_t n, struct err *err);
};

struct sink {
	int (*write)(struct sink *s, const void *p, size_t n, struct err *err);
};

static inline ssize_t source_read(struct source *s, void *room, size_t n, struct err *err)
{
	return s->read(s, room, n, err);
}
static inline int sink_write(struct sink *s, const void *p, size_t n, struct err *err)
{
	return s->write(s, p, n, err);
}

/* A source that shows its bytes in place, for readers of large content that need no copy. */
struct window {
	/* The next bytes: their number (at least 1, always the same ones until some are taken), 0 at
	 * the end, -1 with err set. */
	ssize_t (*peek)(struct window *w, const void **ret, struct err *err);
	/* Takes n of the bytes shown; they stay in place until the next peek. */
	void (*take)(struct window *w, size_t n);
};

static inline ssize_t window_peek(struct window *w, const void **ret, struct err *err)
{
	return w->peek(w, ret, err);
}
static inline void window_take(struct window *w, size_t n)
{
	w->take(w, n);
}

/* Reads until room is full or the source ends. */
static inline ssize_t source_read_full(struct source *s, void *room, size_t n, struct err *err)
{
	size_t have = 0;
	while (have < n) {
		ssize_t got = s->read(s, (char *)room + have, n - have, err);
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		have += (size_t)got;
	}
	return (ssize_t)have;
}

/* Bytes in memory as a source. */
struct mem_source {
	struct source source;
	struct str left;
};
static inline ssize_t mem_source_read(struct source *s, void *room, size_t n, struct err *err)
{
	struct mem_source *m = (struct mem_source *)s;
	if (n > m->left.n)
		n = m->left.n;
	if (n)
		memcpy(room, m->left.p, n);
	m->left = str_skip(m->left, n);
	return (ssize_t)n;
}
#define MEM_SOURCE(text) ((struct mem_source){{mem_source_read}, (text)})

/* The same as a window. */
struct mem_window {
	struct window window;
	struct str left;
};
static inline ssize_t mem_window_peek(struct window *w, const void **ret, struct err *err)
{
	struct mem_window *m = (struct mem_window *)w;
	*ret = m->left.p;
	return (ssize_t)m->left.n;
}
static inline void mem_window_take(struct window *w, size_t n)
{
	struct mem_window *m = (struct mem_window *)w;
	m->left = str_skip(m->left, n);
}
#define MEM_WINDOW(text) ((struct mem_window){{mem_window_peek, mem_window_take}, (text)})

#endif
