/* root_priv -- paths inside a container's root, and mount points that it lacks.
 *
 * The root is nobody's but ours until the runtime starts, but what is mounted into it may be shared
 * with running containers: so paths are only ever followed by the kernel, inside the root.
 */
#ifndef CONTAINER_HELPER_ROOT_PRIV_H
#define CONTAINER_HELPER_ROOT_PRIV_H

#include "base/err.h"
#include "base/str.h"

#include <limits.h>
#include <sys/stat.h>

/* Where a path leads: without symlinks, "." and "..". What does not exist is taken by its name. */
struct root_place {
	char path[PATH_MAX]; /* "/a/b"; "/" for the root */
	bool exists;
	mode_t type; /* S_IFMT bits, when it exists */
};
/* ERR_INPUT: too many symlinks, too long, or a file where a folder should be. */
int root_resolve(int root_fd, const char *path, struct root_place *ret, struct err *err);
/* Is path the folder itself or below it? Both clean and absolute. */
bool root_is_below(const char *path, const char *folder);
/* /proc/<process>/...: what lies there is not in the root. */
bool root_is_process(const char *path);

/* Opens O_PATH, following symlinks inside the root; -1 with errno. */
int root_open(int root_fd, const char *path, int flags);

/* Gives the layer's own folder the root's owner, mode, times and xattrs. */
int root_like(int root_fd, int layer_fd, struct err *err);
/* Adds a mount point to a layer that will lie on top of the root's: a folder, or an empty file. The
 * folders above it that the root has get the same owner, mode, times and xattrs. place is one that
 * does not exist. */
int root_add_point(int root_fd, int layer_fd, const struct root_place *place, bool is_folder,
	struct err *err);

#endif
