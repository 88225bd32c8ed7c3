/* fs_priv -- what the files of this room share. */
#ifndef FS_FS_PRIV_H
#define FS_FS_PRIV_H

#include "fs/fs.h"

/* -1 with "verb 'path': errno's words" and the kind that belongs to errno. */
int fs_fail(struct err *err, const char *verb, const char *path);

/* openat, again after EINTR. -1 with errno. */
int fs_openat(int dir_fd, const char *path, int flags, mode_t mode);
/* openat2 inside root_fd with further RESOLVE_* flags. -1 with errno. */
int fs_openat2(int dir_fd, const char *path, int flags, mode_t mode, uint64_t resolve);

enum { FS_PATH_MAX = 4096 };

/* The folder and the last name of a path of our own, without looking at the disk. ERR_LIMIT when
 * the folder's part is too long. */
struct fs_split {
	char dir[FS_PATH_MAX]; /* "." when there is none */
	const char *name;      /* points into the path */
};
int fs_split(const char *path, struct fs_split *ret, struct err *err);

#endif
