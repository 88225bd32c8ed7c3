/* trees_priv -- what is mounted into a container or sandbox: made detached, then attached.
 *
 *	trees_open	in the helper, while we are in the host's mount namespace: copies the sources
 *	trees_make	inside: the tree of one mount
 *	trees_attach	at its target, resolved inside the root
 */
#ifndef CONTAINER_HELPER_TREES_PRIV_H
#define CONTAINER_HELPER_TREES_PRIV_H

#include "container/container.h"
#include "container/helper/overlay_priv.h"

struct trees {
	const struct container_mount *mounts;
	size_t n;
	struct fd_vec sources; /* -1 = a tmpfs, or handed out */
	int base_fd;           /* a tmpfs of ours with folders copies/ and links/ */
	int links_fd;          /* the latter */
};

int trees_open(struct trees *t, struct err *err);
/* Inside, once all is open that is needed from the host: attaches base_fd over some folder of it, and
 * enters it. */
int trees_attach_base(struct trees *t, struct err *err);
int trees_make(struct trees *t, size_t i, int *ret_fd, struct err *err);
bool trees_is_folder(int fd);
/* Attaches a tree at a path without symlinks inside the root; what is missing is made there. */
int trees_attach(int root_fd, int tree_fd, const char *path, struct err *err);

#endif
