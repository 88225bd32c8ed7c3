/* feed_priv -- a blob as the bytes of its tar, inflated by several threads, shown in place.
 *
 * Chunks are the unit: what one job inflated. A reader may hold a chunk beyond the next peek, so
 * that its files are written by other threads meanwhile; at most FEED_HOLDS chunks at a time.
 */
#ifndef LAYER_FEED_PRIV_H
#define LAYER_FEED_PRIV_H

#include "layer/layer_priv.h"

struct feed_spec {
	struct source *blob;
	struct pool *pool; /* NULL = no threads */
	uint64_t max_bytes;
	size_t n_holds; /* chunks held at a time */
	void (*on_progress)(void *ctx, uint64_t tar_bytes);
	void *ctx;
};
struct feed;
struct feed *feed_new(const struct feed_spec *spec);
void feed_free(struct feed *f);
CLEANUP_PTR(feed_free, struct feed);
struct window *feed_window(struct feed *f);

struct chunk;
/* The chunk that was shown last. */
struct chunk *feed_hold(struct feed *f);
void feed_release(struct chunk *c);

/* Reads what is left of the blob, and fills all of *ret but n_entries. */
int feed_finish(struct feed *f, struct layer_info *ret, struct err *err);

#endif
