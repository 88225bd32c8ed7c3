/* mount_priv -- mounts by fd, so that no path is looked up twice.
 *
 * A tree is made detached (an fd nobody else can reach) and attached to a target that was opened
 * inside its root before: nothing on the way can be swapped for a symlink meanwhile.
 */
#ifndef CONTAINER_HELPER_MOUNT_PRIV_H
#define CONTAINER_HELPER_MOUNT_PRIV_H

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>
#include <sys/mount.h>
#include <sys/stat.h>

/* Nothing we mount from now on shows outside, nor the other way round. */
int mount_make_private(struct err *err);
/* A copy of what is mounted at fd and below, detached and private; fd may be O_PATH. */
int mount_clone(int fd, bool is_read_only, int *ret_fd, struct err *err);
int mount_tmpfs(uint64_t size_bytes, mode_t mode, unsigned attributes, int *ret_fd,
	struct err *err);
/* A file system without options: "proc", "mqueue", "cgroup2". */
int mount_plain(const char *type, unsigned attributes, int *ret_fd, struct err *err);
/* A file system with options "key=value" or "flag", NULL-terminated. */
int mount_make(const char *type, const char *const *options, unsigned attributes, int *ret_fd,
	struct err *err);
int mount_set(int tree_fd, uint64_t attributes, struct err *err);     /* MOUNT_ATTR_*, and below */
int mount_set_one(int tree_fd, uint64_t attributes, struct err *err); /* this mount only */
int mount_attach(int tree_fd, int target_fd, struct err *err);
/* By our own trusted path. */
int mount_attach_at(int tree_fd, int dir_fd, const char *path, struct err *err);
/* Opens O_PATH and clones. */
int mount_clone_path(const char *path, bool is_read_only, int *ret_fd, struct err *err);

#endif
