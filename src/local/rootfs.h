/* local/rootfs -- an image of the store as a stack of unpacked trees.
 *
 * Each layer is unpacked once, into the tree named by its diffID, whoever asks first; two layers or
 * two processes may do it at once. A layer that leans on those below it (hard links into them, folders
 * it uses and does not bring) gets a tree for each stack it is in, named by the chain ID.
 *
 * Threads: any. Errors: ERR_CORRUPT (a layer is not what the config says), and layer_unpack's.
 */
#ifndef LOCAL_ROOTFS_H
#define LOCAL_ROOTFS_H

#include "base/cancel.h"
#include "base/event.h"
#include "base/pool.h"
#include "blob/tree.h"
#include "image/image.h"

struct rootfs_spec {
	struct store *store;
	struct pool *pool;
	struct event_sink *events;
	struct str event_parent;
	const struct cancel *cancel;
};

struct rootfs {
	/* Bottom first. */
	char (*trees)[TREE_NAME];
	const char **paths; /* absolute */
	size_t n;
};

/* Unpacks what is missing. The documents must be in the store; paths live in the arena. */
int rootfs_prepare(const struct rootfs_spec *spec, const struct image_manifest *m,
	const struct image_config *c, struct arena *a, struct rootfs *ret, struct err *err);

/* For a pull under way (remote_pull.on_layer, ctx = the spec): unpacks a layer that has just
 * arrived. A layer that cannot be unpacked alone is left to rootfs_prepare. */
int rootfs_on_layer(void *spec, const struct image_descriptor *layer, struct err *err);

/* Absolute path of one tree. */
int rootfs_tree_path(struct store *s, const char *tree, struct arena *a, const char **ret,
	struct err *err);

#endif
