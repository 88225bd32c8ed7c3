/* blob/tree -- unpacked layers by name.
 *
 * A tree is a folder trees/<name>/ that is complete and read-only once it is there. The name is the
 * diffID's hex (or the chain ID's when a layer needed the layers below it to unpack). This file knows
 * names and publishing; what is in a tree is layer's business.
 *
 * Two processes that make the same tree meet at tree_begin: the second waits for the first.
 * Durable: a published tree survives a crash whole (its content was synced); Threads: any.
 */
#ifndef BLOB_TREE_H
#define BLOB_TREE_H

#include "blob/blob.h"

enum { TREE_NAME = 65 };

/* Path below the store's root ("trees/ab…/fs"), for mounting; ERR_NOT_FOUND. */
int tree_path(struct store *s, const char *name, struct buf *ret, struct err *err);
int tree_open(struct store *s, const char *name, int *ret_fd, struct err *err);
bool tree_exists(struct store *s, const char *name);

struct tree_writer {
	struct store *store;
	char name[TREE_NAME];
	char temp[64];	/* name of the folder in tmp/ */
	int fd;		/* the content: an empty folder to fill; -1 = exists already */
	int lock_fd;
};
/* 1 = it exists (nothing to do), 0 = fill w->fd and publish. Waits while another process does. */
int tree_begin(struct store *s, const char *name, struct tree_writer *ret, struct err *err);
/* For content that is made before its name is known (a RUN's upper folder). */
int tree_begin_unnamed(struct store *s, struct tree_writer *ret, struct err *err);
/* Where the content is now, as a path below the store's root ("tmp/…/fs"), for mounting; a sibling
 * folder "work" on the same file system is there for overlay. */
int tree_writer_path(const struct tree_writer *w, struct buf *ret, struct buf *ret_work, struct err *err);
/* Publishes under name (NULL = the one given to tree_begin). Exists already: dropped, 0. */
int tree_publish(struct tree_writer *w, const char *name, struct err *err);
void tree_writer_done(struct tree_writer *w); /* drops what was not published */
CLEANUP_VAL(tree_writer_done, struct tree_writer);

/* Which layer blob a tree was made from or became: so that a pull skips what is unpacked, and a push
 * what is compressed. */
struct layer_row {
	struct digest diff_id, digest;
	struct str media_type;
	uint64_t blob_bytes, tar_bytes;
	char tree[TREE_NAME];
};
int layer_row_put(struct store *s, const struct layer_row *l, struct err *err);
int layer_row_by_digest(struct store *s, const struct digest *blob, struct arena *a,
	struct layer_row *ret, struct err *err);
int layer_row_by_diff_id(struct store *s, const struct digest *diff_id, struct arena *a,
	struct layer_row *ret, struct err *err);

#endif
