/* blob/tree -- unpacked layers by name.
 *
 * A tree is a folder trees/<name>/ that is complete and read-only once it is there. The name is the
 * diffID's hex (or the chain ID's when a layer needed the layers below it to unpack). This file knows
 * names and publishing; what is in a tree is layer's business.
 *
 * Two processes that make the same tree meet at tree_begin: the second waits for the first.
 *
 * Durable: a published tree is whole or not there, also after power loss, and publishing does not wait
 * for the disk. A tree is only a copy of a durable blob, so losing one costs an unpacking, and serving
 * half of one must never happen. Each tree says in which boot of the machine it was published; in that
 * boot it can be trusted, because only a crash of the machine loses written bytes. After another boot
 * it counts as not there, unless tree_sync() had reached it before.
 *
 * What is opened, found or published is kept: it is protected from collection as blob_keep says.
 * Threads: any.
 */
#ifndef BLOB_TREE_H
#define BLOB_TREE_H

#include "blob/blob.h"
#include "fs/fs.h"

enum { TREE_NAME = 65 };

/* Path below the store's root ("trees/ab…/fs"), for mounting; ERR_NOT_FOUND. */
int tree_path(struct store *s, const char *name, struct buf *ret, struct err *err);
int tree_open(struct store *s, const char *name, int *ret_fd, struct err *err);
bool tree_exists(struct store *s, const char *name);

struct tree_writer {
	struct store *store;
	char name[TREE_NAME];
	struct fs_temp temp; /* in tmp/ */
	int fd;              /* the content: an empty folder to fill; -1 = exists already */
	int lock_fd;
};
#define TREE_WRITER_NONE ((struct tree_writer){.temp = FS_TEMP_NONE, .fd = -1, .lock_fd = -1})
/* 1 = it exists (nothing to do), 0 = fill w->fd and publish. Waits while another process does. */
int tree_begin(struct store *s, const char *name, struct tree_writer *ret, struct err *err);
/* For content that is made before its name is known (a RUN's upper folder). */
int tree_begin_unnamed(struct store *s, struct tree_writer *ret, struct err *err);
/* Where the content is now, as a path below the store's root ("tmp/…/fs"), for mounting; a sibling
 * folder "work" on the same file system is there for overlay. */
int tree_writer_path(const struct tree_writer *w, struct buf *ret, struct buf *ret_work,
	struct err *err);
/* Publishes under name (NULL = the one given to tree_begin). Exists already: dropped, 0. */
int tree_publish(struct tree_writer *w, const char *name, struct err *err);
void tree_writer_done(struct tree_writer *w); /* drops what was not published */
CLEANUP_VAL(tree_writer_done, struct tree_writer);

/* Makes every tree of this boot survive the next one: one syncfs. For quiet moments of long-running
 * processes; gc_run does it too. Gives the number of trees that were waiting for it. */
int tree_sync(struct store *s, struct err *err);

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
