/* box_priv -- the inside of a sandbox (container/sandbox.h), built by its pid 1.
 *
 * On a tmpfs of ours, attached over a folder of the host in our own mount namespace:
 *
 *	root/	overlay over the image, or over the host's root and everything mounted on it;
 *		becomes /
 *	uppers/ what is written, when there is no scratch folder on disk
 *	links/  copies/  as in stage_priv.h
 *
 * The host's unix sockets show in the overlay but do not answer: what is bound to them is bound to
 * another inode.
 */
#ifndef CONTAINER_HELPER_BOX_PRIV_H
#define CONTAINER_HELPER_BOX_PRIV_H

#include "container/helper/cgroup_priv.h"
#include "container/helper/etc_priv.h"
#include "container/helper/monitor_priv.h"
#include "container/helper/root_priv.h"
#include "container/helper/trees_priv.h"
#include "container/sandbox_priv.h"

struct host_mount {
	char path[PATH_MAX];
	int fd; /* opened before anything was covered */
};
VEC_TYPE(host_mounts, struct host_mount);

struct box {
	struct sandbox_spec spec;
	struct trees trees;
	struct cgroup *cgroup;
	int control;
	int root_fd;
	int uppers_fd;        /* where what is written goes: a folder per overlay */
	struct fd_vec lowers; /* of the root */
	struct host_mounts host;
	struct etc_files host_etc;
	struct fd_vec hidden; /* the empty trees, to be made read-only at the end */
};

/* Builds the root and makes it "/". */
int box_build(struct box *b, struct err *err);
/* Parts of that. */
int box_overlays(struct box *b, struct err *err); /* the root, from image or host */
int box_kernel(struct box *b, struct err *err);   /* /proc, /sys, /dev, /tmp */
int box_etc(struct box *b, struct err *err);      /* /etc/hosts and so on */
/* Gives up the powers over the machine, not those over the sandbox. */
int box_drop_powers(const struct box *b, struct err *err);
/* Serves steps until knarr's end of the control socket is closed. */
int box_serve(int control, struct err *err);
/* The child of pid 1 that becomes the step; never returns. */
void box_step(const int fds[STEP_FDS]) __attribute__((noreturn));

#endif
