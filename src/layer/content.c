/* Reading files. Holes are not read: they are known to be zeros. */
#include "layer/layer_priv.h"

#include "base/num.h"

#include <fcntl.h>

enum { WORTH_SEEKING = 64 * 1024, STAT_BLOCK = 512 };

void content_init(struct content *c, int fd, const struct stat *st)
{
	*c = (struct content){.fd = fd, .size = (uint64_t)st->st_size};
	bool has_holes = c->size >= WORTH_SEEKING && (uint64_t)st->st_blocks * STAT_BLOCK < c->size;
	c->data_to = has_holes ? 0 : c->size;
}

static int read_data(const struct content *c, char *room, size_t n, struct err *err)
{
	for (size_t have = 0; have < n;) {
		ssize_t got = pread(c->fd, room + have, n - have, (off_t)(c->at + have));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(err, "read");
		if (got == 0)
			return err_set(err, ERR_CONFLICT, "became shorter while it was read");
		have += (size_t)got;
	}
	return 0;
}

/* Finds the data at or behind c->at. A file system that cannot say so has data everywhere. */
static void seek_data(struct content *c)
{
	off_t from = lseek(c->fd, (off_t)c->at, SEEK_DATA);
	off_t to = from < 0 ? -1 : lseek(c->fd, from, SEEK_HOLE);
	if (from < 0 && errno == ENXIO) {
		c->data_from = c->data_to = c->size; /* nothing but a hole is left */
	} else if (from < 0 || to <= from) {
		c->data_from = c->at;
		c->data_to = c->size;
	} else {
		c->data_from = num_min((uint64_t)from, c->size);
		c->data_to = num_min((uint64_t)to, c->size);
	}
}

int content_read(struct content *c, void *room, size_t n, struct err *err)
{
	char *p = room;
	assert(n <= c->size - c->at);
	while (n) {
		if (c->at >= c->data_to)
			seek_data(c);
		bool is_hole = c->at < c->data_from;
		size_t part = num_min((is_hole ? c->data_from : c->data_to) - c->at, n);
		if (is_hole)
			memset(p, 0, part);
		else if (read_data(c, p, part, err) < 0)
			return -1;
		c->at += part;
		p += part;
		n -= part;
	}
	return 0;
}
