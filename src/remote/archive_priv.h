/* archive_priv -- reading an archive's entries. */
#ifndef REMOTE_ARCHIVE_PRIV_H
#define REMOTE_ARCHIVE_PRIV_H

#include "compress/compress.h"
#include "remote/place_priv.h"
#include "tar/tar.h"

struct archive {
	struct source source; /* first: the fd's bytes */
	int fd;
	const struct cancel *cancel;
	struct inflater *inflater;
	struct tar_reader *tar;
	size_t n_entries;
};
void archive_open(struct archive *x, int fd, const struct cancel *cancel);
void archive_close(struct archive *x);
/* As tar_next, with the clean name (no "./", no ".."). */
int archive_next(struct archive *x, struct tar_entry *e, struct buf *ret_name, struct err *err);
/* The present entry's content, up to ret->max. */
int archive_read_small(struct archive *x, struct buf *ret, struct err *err);

#endif
