/* layer_priv -- what the files of layer share. */
#ifndef LAYER_PRIV_H
#define LAYER_PRIV_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/vec.h"
#include "layer/layer.h"
#include "tar/tar.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#define WHITEOUT_PREFIX ".wh."
#define OPAQUE_NAME ".wh..wh..opq"

/* More threads than these find nothing to do: reading and hashing are one thread's work. Memory grows
 * with each. */
enum { LAYER_THREADS_MOST = 12 };
static inline unsigned layer_threads(const struct pool *pool)
{
	unsigned n = pool_threads(pool);
	return n < LAYER_THREADS_MOST ? n : LAYER_THREADS_MOST;
}

/* How overlayfs marks a deleted name. */
static inline bool is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

/* ---- xattrs.c ---- */

struct xattrs {
	struct tar_xattr *p; /* sorted by name; in the arena */
	size_t n;
	bool is_opaque; /* overlayfs: nothing of the folders below shows */
};
/* True for those a layer may bring: user.*, security.capability, ACLs. */
bool xattr_is_images(struct str name);
/* Those a layer holds. is_upper: what overlayfs keeps there for itself is looked at. */
int xattrs_read(int fd, bool is_upper, struct arena *a, struct xattrs *ret, struct err *err);

/* ---- walk.c: a tree, entry by entry, in the order of docs/formats/layer.md ---- */

struct walk_entry {
	enum tar_type type;
	struct str
		name; /* whole path, a folder's with '/'; all text is good until the next entry */
	struct str link; /* of a symlink */
	struct stat st;
	int fd; /* of a file, open for reading; borrowed */
	struct xattrs xattrs;
};
struct walk;
struct walk *walk_new(int tree_fd, bool is_upper);
void walk_free(struct walk *w);
CLEANUP_PTR(walk_free, struct walk);
/* 1 = an entry, 0 = the end. Whiteouts come as empty files with their name in a layer. */
int walk_next(struct walk *w, struct walk_entry *ret, struct err *err);
/* Sets the time of the file that was given out last; not for whiteouts. */
int walk_set_time(struct walk *w, int64_t ns, struct err *err);

/* ---- content.c: what is in a file, holes as zeros ---- */

struct content {
	int fd;
	uint64_t size, at;
	uint64_t data_from, data_to; /* the data at or behind `at`; none known when at >= data_to */
};
void content_init(struct content *c, int fd, const struct stat *st);
/* Exactly n of the bytes that are left. */
int content_read(struct content *c, void *room, size_t n, struct err *err);

/* ---- press.c: the bytes of a tar -> members -> digests and the sink ---- */

enum {
	MEMBER_LEAST = 512 * 1024,  /* of tar, before a member may end */
	MEMBER_MOST = 2048 * 1024,  /* after which it has to, if there was an entry's start */
	MEMBER_PIECE = 1024 * 1024, /* files longer than this are cut, into pieces of this */
};
/* True when an entry of this name starts a new member once MEMBER_LEAST is reached. */
bool press_name_cuts(struct str name);

struct press;
struct press *press_new(const struct layer_pack *p);
void press_free(struct press *p);
CLEANUP_PTR(press_free, struct press);
/* The member being filled, for appending. */
struct buf *press_member(struct press *p);
/* Ends it; the next one is empty. */
int press_cut(struct press *p, struct err *err);
/* Ends the last one, and fills all of *ret but n_entries. */
int press_finish(struct press *p, struct layer_info *ret, struct err *err);

#endif
