/* An archive as entries, read in one pass, compressed or not. */
#include "remote/archive_priv.h"

#include "base/num.h"

#include <unistd.h>

static ssize_t read_fd(struct source *s, void *room, size_t n, struct err *err)
{
	struct archive *x = (struct archive *)s;
	ssize_t got;
	if (cancel_check(x->reading->p->cancel, err) < 0)
		return -1;
	do
		got = read(x->fd, room, n);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return err_sys(err, "read the archive");
	progress_add(&x->reading->progress, (uint64_t)got);
	return got;
}

void archive_open(struct archive *x, int fd, struct place_reading *reading)
{
	*x = (struct archive){.source = {.read = read_fd}, .fd = fd, .reading = reading};
	x->inflater = inflater_new(&x->source, 0);
	x->tar = tar_reader_new(inflater_source(x->inflater));
}

void archive_close(struct archive *x)
{
	tar_reader_free(x->tar);
	inflater_free(x->inflater);
}

/* "./a//b" is "a/b". */
static void clean_name(struct str name, struct buf *ret)
{
	CLEANUP(buf_done) struct buf whole = BUF(2 * TAR_NAME_MAX);
	path_clean(&whole, S("/"), name);
	buf_add(ret, str_skip(buf_str(&whole), 1));
}

int archive_next(struct archive *x, struct tar_entry *e, struct buf *ret_name, struct err *err)
{
	int more = tar_next(x->tar, e, err);
	if (more <= 0)
		return more;
	if (++x->n_entries > PLACE_ENTRIES_MAX)
		return err_set(err, ERR_LIMIT, "there are more than %d entries", PLACE_ENTRIES_MAX);
	buf_clear(ret_name);
	clean_name(e->name, ret_name);
	if (buf_check(ret_name, "name", err) < 0)
		return -1;
	if (e->n_extents)
		return err_set(err, ERR_UNSUPPORTED, "'%.*s' is a sparse file",
			STR_ARG(tar_shown(buf_str(ret_name))));
	x->n_head = x->n_head_taken = 0;
	return 1;
}

int archive_head(struct archive *x, struct str *ret, struct err *err)
{
	while (x->n_head < sizeof(x->head)) {
		const void *p;
		ssize_t n = tar_peek(x->tar, &p, err);
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		size_t use = num_min((uint64_t)n, sizeof(x->head) - x->n_head);
		memcpy(x->head + x->n_head, p, use);
		tar_take(x->tar, use);
		x->n_head += use;
	}
	*ret = str_n(x->head, x->n_head);
	return 0;
}

ssize_t archive_peek(struct archive *x, const void **ret, struct err *err)
{
	if (x->n_head_taken == x->n_head)
		return tar_peek(x->tar, ret, err);
	*ret = x->head + x->n_head_taken;
	return (ssize_t)(x->n_head - x->n_head_taken);
}

void archive_take(struct archive *x, size_t n)
{
	if (x->n_head_taken == x->n_head)
		tar_take(x->tar, n);
	else
		x->n_head_taken += n;
}

int archive_read_small(struct archive *x, struct buf *ret, struct err *err)
{
	for (;;) {
		const void *p;
		ssize_t n = archive_peek(x, &p, err);
		if (n <= 0)
			return n < 0 ? -1 : buf_check(ret, "file", err);
		buf_add_bytes(ret, p, (size_t)n);
		archive_take(x, (size_t)n);
		if (ret->is_over)
			return buf_check(ret, "file", err);
	}
}
