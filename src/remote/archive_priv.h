/* archive_priv -- reading an archive's entries. */
#ifndef REMOTE_ARCHIVE_PRIV_H
#define REMOTE_ARCHIVE_PRIV_H

#include "compress/compress.h"
#include "remote/place_priv.h"
#include "tar/tar.h"

struct archive {
	struct source source; /* first: the fd's bytes */
	int fd;
	struct place_reading *reading;
	struct inflater *inflater;
	struct tar_reader *tar;
	size_t n_entries;
	char head[TAR_BLOCK]; /* of the present entry's content, looked at before it is taken */
	size_t n_head, n_head_taken;
};
void archive_open(struct archive *x, int fd, struct place_reading *reading);
void archive_close(struct archive *x);
/* As tar_next, with the clean name (no "./", no ".."). A sparse file is ERR_UNSUPPORTED. */
int archive_next(struct archive *x, struct tar_entry *e, struct buf *ret_name, struct err *err);
/* The first TAR_BLOCK bytes of the present entry's content, or all that there are, however small the
 * pieces in which they come. */
int archive_head(struct archive *x, struct str *ret, struct err *err);
/* As tar_peek and tar_take. */
ssize_t archive_peek(struct archive *x, const void **ret, struct err *err);
void archive_take(struct archive *x, size_t n);
/* The present entry's content, up to ret->max. */
int archive_read_small(struct archive *x, struct buf *ret, struct err *err);

#endif
