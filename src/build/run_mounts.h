/* build/run_mounts -- the --mount flags of a RUN, made ready for a container.
 *
 * What a bind mount shows is copied into a folder of its own below tmp/ (hidden files of the context
 * stay hidden, and writes are thrown away); cache mounts are folders of the store that stay.
 */
#ifndef BUILD_RUN_MOUNTS_H
#define BUILD_RUN_MOUNTS_H

#include "build/build_priv.h"
#include "container/container.h"

struct run_mounts {
	struct work *w;
	struct container_mount *list;
	size_t n;
	struct selection *bound; /* per mount: what a bind mount shows */
	char **temps;            /* folders below tmp/, removed at the end */
	int *locks;              /* cache mounts in use: flock'ed fds */
	VEC(int) contents;       /* memory files: secrets, scripts */
	struct image_strs env;   /* secrets that go into variables, the agent's socket */
};
/* Selects what bind mounts show and puts every mount into the key; secrets' values stay out. */
int run_mounts_plan(struct run_mounts *m, struct work *w, struct key *k, struct err *err);
/* Makes them. */
int run_mounts_make(struct run_mounts *m, struct err *err);
/* One more: a read-only file with these bytes. */
int run_mounts_add_file(struct run_mounts *m, struct container_mount mount, struct str bytes,
	struct err *err);
void run_mounts_done(struct run_mounts *m);
CLEANUP_VAL(run_mounts_done, struct run_mounts);

#endif
