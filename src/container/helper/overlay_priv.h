/* overlay_priv -- mounting an overlay of any number of layers.
 *
 * mount(2) takes one page of options, and layer paths may hold ':' and ','. So the layers are named
 * by short symlinks in a folder of their own, and mounted from there: "lowerdir=0:1:2,upperdir=u".
 * 490 layers need 2 KB. Works on every kernel, unlike fsconfig's "lowerdir+" (6.8).
 *
 * index, redirect_dir and metacopy are off, so that an upper folder means the same to anybody who
 * reads it. xino is on: where layers lie on several file systems it lets the container see one
 * device number, so that `du -x` and `tar --one-file-system` work; it writes nothing. ("auto" would
 * leave it off as soon as one of them is a tmpfs.)
 */
#ifndef CONTAINER_HELPER_OVERLAY_PRIV_H
#define CONTAINER_HELPER_OVERLAY_PRIV_H

#include "base/err.h"
#include "base/vec.h"

#include <stdbool.h>

VEC_TYPE(fd_vec, int);
void fd_vec_done(struct fd_vec *v); /* closes them */
CLEANUP_VAL(fd_vec_done, struct fd_vec);

struct overlay {
	struct fd_vec lowers;  /* top first; O_PATH will do */
	int upper_fd, work_fd; /* -1 = read-only */
	bool is_volatile;
	bool has_no_devices; /* device files in it cannot be opened */
};
/* Mounts at target, a path relative to links_fd: an empty folder of ours, used for the symlinks.
 * Changes the working folder to links_fd. */
int overlay_mount(const struct overlay *o, int links_fd, const char *target, struct err *err);
/* Opens a folder and adds it. */
int overlay_add_lower(struct overlay *o, const char *path, struct err *err);

#endif
