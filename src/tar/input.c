/* The bytes an archive is read from. */
#include "tar/tar_priv.h"

#include "base/num.h"

enum { INPUT_ROOM = 64 * 1024 };

/* A source read into a buffer, shown as a window. */
struct buffered {
	struct window window;
	struct source *from;
	const char *p;
	size_t n;
	char room[INPUT_ROOM];
};

static ssize_t buffered_peek(struct window *w, const void **ret, struct err *err)
{
	struct buffered *b = (struct buffered *)w;
	if (!b->n) {
		ssize_t got = source_read(b->from, b->room, sizeof(b->room), err);
		if (got < 0)
			return -1;
		b->p = b->room;
		b->n = (size_t)got;
	}
	*ret = b->p;
	return (ssize_t)b->n;
}

static void buffered_take(struct window *w, size_t n)
{
	struct buffered *b = (struct buffered *)w;
	b->p += n;
	b->n -= n;
}

struct input input_of_source(struct source *from)
{
	struct buffered *b = NEW(struct buffered);
	b->window = (struct window){buffered_peek, buffered_take};
	b->from = from;
	return (struct input){&b->window, b};
}

struct input input_of_window(struct window *from)
{
	return (struct input){from, NULL};
}

void input_done(struct input *in)
{
	free(in->own);
	*in = (struct input){0};
}

int input_is_short(struct err *err)
{
	return err_set(err, ERR_INPUT, "tar ends in the middle of an entry");
}

ssize_t input_take(struct input *in, char *room, size_t n, struct err *err)
{
	size_t have = 0;
	while (have < n) {
		const void *p;
		ssize_t got = window_peek(in->window, &p, err);
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		size_t use = num_min((uint64_t)got, n - have);
		if (room)
			memcpy(room + have, p, use);
		window_take(in->window, use);
		have += use;
	}
	return (ssize_t)have;
}

int input_take_all(struct input *in, char *room, size_t n, struct err *err)
{
	ssize_t got = input_take(in, room, n, err);
	if (got < 0)
		return -1;
	return (size_t)got < n ? input_is_short(err) : 0;
}
