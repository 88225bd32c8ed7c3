/* plant_priv -- setting entries into a tree, whatever their names say.
 *
 * Nothing outside the tree is touched: the folder of every entry is resolved inside the root
 * (symlinks as if chrooted there), opened, and used by its fd and one name that is never followed.
 * What is already at a name gives way as docker lets it: a folder only to something that is not a
 * folder, everything else always.
 *
 * With a pool, plain files are written by other threads. Whatever could meet one of them that is
 * still being written waits first (plant_settle).
 */
#ifndef LAYER_PLANT_PRIV_H
#define LAYER_PLANT_PRIV_H

#include "base/map.h"
#include "layer/feed_priv.h"
#include "layer/layer_priv.h"

/* ---- meta.c: owner, mode, times, xattrs ---- */

struct meta {
	uint32_t mode;
	uint32_t uid, gid;
	int64_t mtime_ns;
	bool has_mtime;
	const struct tar_xattr *xattrs;
	size_t n_xattrs;
};
/* What the process may do and what it gets without asking. */
struct rights {
	bool is_root;
	bool is_owner_free; /* new files belong to uid:gid below without a chown */
	uint32_t uid, gid;
	mode_t umask;
};
int rights_read(int tree_fd, struct rights *ret, struct err *err);
/* ERR_INPUT when an owner is out of range. xattrs stay borrowed. */
int meta_of_entry(const struct tar_entry *e, struct meta *ret, struct err *err);
struct meta meta_of_stat(const struct stat *st, const struct xattrs *x);
int meta_apply_file(int fd, const struct meta *m, const struct rights *r, struct err *err);
/* mode and times of folders come last: m->mode also after content was added. */
int meta_apply_folder(int fd, const struct meta *m, const struct rights *r, struct err *err);
int meta_apply_name(int dir_fd, const char *name, enum tar_type type, const struct meta *m,
	const struct rights *r, struct err *err);
int opaque_set(int fd, const struct rights *r, struct err *err);

/* ---- folders.c: folders that stay open for the next entry ---- */

struct folder {
	int fd; /* O_PATH */
	uint64_t dev, ino;
	unsigned n_refs;
	char *real;  /* its path without symlinks: the same for whoever comes here */
	char path[]; /* as asked for; the root is "" in both */
};
enum { FOLDERS_CACHED = 64 };
struct folders {
	int root_fd;
	struct folder *cached[FOLDERS_CACHED];
};
void folders_done(struct folders *f);
/* The folder at path ("" = the root), symlinks resolved inside the root: NULL with errno. Borrowed
 * until the next call; folder_hold keeps it longer. */
struct folder *folders_open(struct folders *f, const char *path);
/* Opens a path that has no symlinks in it: -1 with errno. */
int folder_open_real(int root_fd, const char *path, int flags);
/* After something was removed or replaced: paths may lead elsewhere now. */
void folders_forget(struct folders *f);
/* The folder at `path`, cached as if it were at `as`. */
struct folder *folders_open_as(struct folders *f, const char *path, const char *as);
struct folder *folder_hold(struct folder *f);
void folder_release(struct folder *f);
CLEANUP_PTR(folder_release, struct folder);

/* ---- files.c: plain files ---- */

struct files;
struct files *files_new(struct pool *pool, const struct rights *rights);
void files_free(struct files *f);
/* How many chunks files in flight may hold. */
size_t files_holds(struct pool *pool);
/* Writes the content to a name that is not there yet. With feed: perhaps later, by
 * another thread, when all of it is in one chunk. */
int files_add(struct files *f, struct folder *dir, const char *name, const struct meta *m,
	const struct tar_entry *e, struct window *content, struct feed *feed, struct err *err);
bool files_is_pending(const struct files *f, const struct folder *dir, const char *name);
/* Waits until all are written. */
int files_settle(struct files *f, struct err *err);
/* A file failed after files_add had returned; the error names it. */
bool files_has_failed(const struct files *f);

/* ---- plant.c: entries ---- */

struct plant_spec {
	int tree_fd;
	const int *lower_fds;
	size_t n_lowers;
	struct pool *pool; /* may be NULL */
	/* The tree was empty and only we write into it. Otherwise nothing is taken for granted about
	 * what it gives new files, and folders made on the way keep the time they were made. */
	bool is_fresh;
};
struct plant {
	struct plant_spec spec;
	struct rights rights;
	struct folders folders;
	struct files *files;
	struct map notes; /* real path -> struct note */
	struct arena arena;
	bool needed_lowers; /* what was made depends on the layers below */
};
int plant_init(struct plant *p, const struct plant_spec *spec, struct err *err);
void plant_done(struct plant *p);
CLEANUP_VAL(plant_done, struct plant);
/* One entry at a clean path ("a/b", "" = the root). content is of files. */
int plant_entry(struct plant *p, const char *path, const struct tar_entry *e,
	struct window *content, struct feed *feed, struct err *err);
int plant_whiteout(struct plant *p, const char *path, struct err *err);
int plant_opaque(struct plant *p, const char *folder, struct err *err);
/* Waits for everything and gives folders their modes and times. */
int plant_finish(struct plant *p, struct err *err);

/* ---- spots.c: where an entry goes, and what is there ---- */

/* What a folder gets at the end: until then we must be able to write into it, and what is put into it
 * changes its time. By real path, so that a folder has one note by whatever symlinks it was reached. */
struct note {
	struct meta meta; /* xattrs in the plant's arena */
	uint64_t dev, ino;
	bool has_meta, is_opaque;
};
/* That of the folder at a real path; made when there is none or it is about another folder. */
struct note *note_of(struct plant *p, const char *path, uint64_t dev, uint64_t ino);
void note_meta(struct plant *p, struct note *n, const struct meta *m);

struct spot {
	struct folder *dir; /* held */
	const char *name;   /* one name in it; points into the path that was asked for */
	struct buf path;    /* its real path */
};
void spot_done(struct spot *s);
CLEANUP_VAL(spot_done, struct spot);
/* The spot of a clean path that is not "". Missing folders are made on the way, as they are in the
 * layers below. */
int spot_find(struct plant *p, const char *path, struct spot *ret, struct err *err);
/* The folder at a clean path itself, made when missing; held. */
int spot_folder(struct plant *p, const char *path, struct folder **ret, struct err *err);

enum there { NOTHING, FOLDER, WHITEOUT, OTHER };
/* Waits when another thread is about to make it. */
int spot_look(struct plant *p, const struct spot *s, enum there *ret, struct err *err);
/* Removes what is there. */
int spot_clear(struct plant *p, const struct spot *s, struct err *err);
/* Makes a folder there, or keeps the one that is. */
int spot_make_folder(struct plant *p, const struct spot *s, struct note **ret, struct err *err);

/* "/a//b/./../c/" -> "a/c"; ERR_INPUT when it leads out of the tree. */
int clean_name(struct str path, struct buf *ret, struct err *err);

#endif
