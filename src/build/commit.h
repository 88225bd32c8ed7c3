/* build/commit -- a step's new tree becomes a layer.
 *
 * The tree is read once: tar, diffID, compressed blob and its digest in one pipeline; the blob is
 * stored and the tree published under its diffID, so that the next step mounts what this one wrote.
 */
#ifndef BUILD_COMMIT_H
#define BUILD_COMMIT_H

#include "build/cache.h"

struct commit {
	struct store *store;
	struct pool *pool;
	const struct cancel *cancel;
	enum compression compression;
	int level;
	struct layer_times times;
	void (*on_progress)(void *ctx, uint64_t tar_bytes);
	void *ctx;
};
/* Takes the tree over: it is published or dropped. */
int commit_tree(const struct commit *c, struct tree_writer *take_tree, struct step_result *ret,
	struct err *err);
/* The media type of layers so compressed. */
struct str commit_media_type(enum compression c);
/* Time of files that a step made when SOURCE_DATE_EPOCH says nothing: see
 * docs/decisions/0004-times-in-images.md. */
#define COMMIT_FILE_TIME_NS (INT64_C(315532800) * CLOCK_SECOND) /* 1980-01-01 */
struct layer_times commit_times(int64_t began_ns, bool has_epoch, int64_t epoch_ns);

#endif
