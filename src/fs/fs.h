/* fs -- files below a folder, and publishing them whole.
 *
 * Everything takes a folder fd and a path below it. Paths that come from outside (images, archives,
 * contexts, workflows) go through the *_in functions only: they resolve inside the root, symlinks
 * included, as if the process were chrooted there (openat2 RESOLVE_IN_ROOT, no magic links).
 *
 * Knows:   files, folders, locks, atomic publishing. Touches: the file system. Never: "layer".
 * Shapes:  fds are O_CLOEXEC; sizes uint64_t bytes; times int64_t ns UTC. The mode of what
 *          fs_mkdirs, fs_write_file and fs_temp_* make is the one given, whatever the umask.
 * Owner:   the caller owns every fd and buffer returned.
 * Threads: any; nothing is kept.
 * Errors:  ERR_NOT_FOUND (ENOENT, ENOTDIR), ERR_CONFLICT (EEXIST, lock held, mounted there),
 *          ERR_LIMIT (file larger than asked for, path too long), ERR_INPUT (not a regular file),
 *          ERR_SYS (the rest). The path is in the message, errno in err->sys.
 * Durable: fs_publish and fs_write_file(…, FS_SYNC) survive power loss when they returned 0.
 */
#ifndef FS_FS_H
#define FS_FS_H

#include "base/buf.h"
#include "base/vec.h"

#include <sys/stat.h>

/* ---- opening ---- */

/* Opens by our own trusted path (AT_FDCWD allowed). flags gets O_CLOEXEC. */
int fs_open(int dir_fd, const char *path, int flags, mode_t mode, int *ret_fd, struct err *err);
/* Opens a path from outside below root_fd. A final symlink is followed inside the root unless
 * O_NOFOLLOW is given. What is there may be a FIFO or a device: open with O_PATH and look, or with
 * O_NONBLOCK, unless it is known. */
int fs_open_in(int root_fd, const char *path, int flags, mode_t mode, int *ret_fd, struct err *err);
/* The folder that holds the last name of path (resolved inside root; an O_PATH fd) and that name,
 * which points into path. The name is "." when path itself is meant as a folder: "/", "", "a/",
 * "a/.". A last name ".." is ERR_INPUT. Missing folders are made when make_mode is not 0. */
int fs_parent_in(int root_fd, const char *path, mode_t make_mode, int *ret_dir_fd,
	const char **ret_name, struct err *err);
/* fstatat without following the last symlink, inside the root. */
int fs_stat_in(int root_fd, const char *path, struct stat *ret, struct err *err);
/* As fs_stat_in, following the last symlink. */
int fs_stat_follow_in(int root_fd, const char *path, struct stat *ret, struct err *err);

/* ---- folders ---- */

/* mkdir -p; existing folders are fine, their mode is not changed. A symlink on the way whose target
 * is missing gets its target made (inside the root, with _in). */
int fs_mkdirs(int dir_fd, const char *path, mode_t mode, struct err *err);
int fs_mkdirs_in(int root_fd, const char *path, mode_t mode, struct err *err);
/* Removes a file, or a folder of any depth with everything in it, whatever the modes inside; gone
 * already is fine. Never follows a symlink. A mount inside is left alone: ERR_CONFLICT, after all
 * the rest went. */
int fs_remove_tree(int dir_fd, const char *path, struct err *err);

struct fs_entry {
	char *name;
	unsigned char type; /* DT_REG, DT_DIR, …; never DT_UNKNOWN */
	ino_t inode;
};
VEC_TYPE(fs_entries, struct fs_entry);
/* Names in a folder, sorted by byte order, without . and .. (dir_fd may be O_PATH). All of it is
 * one block of memory: nothing can be added, and names end with the list. */
int fs_list(int dir_fd, struct fs_entries *ret, struct err *err);
void fs_entries_done(struct fs_entries *e);
CLEANUP_VAL(fs_entries_done, struct fs_entries);

/* ---- whole files ---- */

/* Adds all up to the end; ERR_LIMIT when there is more than ret->max. */
int fs_read_fd(int fd, struct buf *ret, struct err *err);
int fs_read_file(int dir_fd, const char *path, struct buf *ret, struct err *err);
/* ERR_INPUT for what is no regular file; a device or FIFO is not even opened. */
int fs_read_file_in(int root_fd, const char *path, struct buf *ret, struct err *err);
int fs_write_fd(int fd, const void *p, size_t n, struct err *err);
int fs_pwrite_fd(int fd, const void *p, size_t n, uint64_t offset, struct err *err);
enum fs_sync { FS_NO_SYNC, FS_SYNC };
/* Replaces or creates atomically: temporary name, write, (fsync,) rename, (fsync folder). */
int fs_write_file(int dir_fd, const char *path, struct str bytes, mode_t mode, enum fs_sync sync,
	struct err *err);
/* Copies from where the fds stand to the end: reflink, copy_file_range, sendfile or read/write,
 * what works. Holes become zeros. */
int fs_copy_fd(int from_fd, int to_fd, uint64_t *ret_bytes, struct err *err);
int fs_fsync(int fd, struct err *err);
int fs_fsync_dir(int dir_fd, const char *path, struct err *err);

/* ---- publishing ---- */

/* A file or folder under a temporary name that becomes visible whole or not at all. */
struct fs_temp {
	int dir_fd;    /* borrowed: the folder it is in */
	char name[64]; /* "" = nothing here */
	int fd;        /* of the file or folder; -1 = none */
	bool is_dir;
};
#define FS_TEMP_NONE ((struct fs_temp){.dir_fd = -1, .fd = -1})
/* Made in dir_fd as ".tmp-<pid>-<random>"; mode 0600 or 0700. The fd holds a flock that tells
 * fs_temp_sweep, in any process, that the name is in use: keep it open as long as it is. */
int fs_temp_file(int dir_fd, struct fs_temp *ret, struct err *err);
int fs_temp_dir(int dir_fd, struct fs_temp *ret, struct err *err);
/* fsync, rename to to_dir/name, fsync the folder. ERR_CONFLICT when a folder is there already, or
 * anything at all for a folder; files are replaced. The temp is empty after success. FS_SYNC of a
 * folder is one syncfs, so it waits for other writers of that file system too. */
int fs_publish(struct fs_temp *t, int to_dir_fd, const char *name, enum fs_sync sync,
	struct err *err);
/* Removes it with its contents unless it was published. */
void fs_temp_done(struct fs_temp *t);
CLEANUP_VAL(fs_temp_done, struct fs_temp);
/* Removes ".tmp-*" entries that nobody holds any more; gives the number. One that cannot be removed
 * does not keep the others. */
int fs_temp_sweep(int dir_fd, struct err *err);

/* ---- locks ---- */

/* flock on path (made when missing). FS_TRY gives ERR_CONFLICT at once when somebody holds it. The
 * lock ends with the fd, so also with kill -9. */
enum fs_lock_kind { FS_SHARED, FS_EXCLUSIVE };
enum fs_wait { FS_WAIT, FS_TRY };
int fs_lock(int dir_fd, const char *path, enum fs_lock_kind kind, enum fs_wait wait, int *ret_fd,
	struct err *err);

/* ---- text of paths ---- */

/* Adds the clean absolute form, as Go's path.Clean("/" + base + "/" + path): no ".", "..", "//" or
 * trailing "/". An absolute path goes below base like any other. */
void path_clean(struct buf *b, struct str base, struct str path);
/* Both ignore slashes at the end: "a/b/" is "a" and "b". */
struct str path_base(struct str path); /* last name; "/" for "/", "." for "" */
struct str path_dir(struct str path);  /* without the last name; "." when there is none */

#endif
