/* blob/gc -- throwing away what nothing reaches.
 *
 * Roots are tags, what other rooms name through callbacks (the build cache, releases), and leases:
 * everything a living process has put, found or kept since it opened the store. From the roots the
 * links of manifests are followed. The rest goes: blobs, trees, layer rows, temporary files of dead
 * processes, uploads older than their time. Runs while everything else runs.
 * Damage is data: a missing or broken blob is reported and the sweep goes on.
 */
#ifndef BLOB_GC_H
#define BLOB_GC_H

#include "base/event.h"
#include "blob/blob.h"

struct gc_roots {
	/* Calls keep(keep_ctx, digest) for each blob to keep, keep_tree for each tree. */
	int (*each)(void *ctx, struct store *s, void (*keep)(void *keep_ctx, const struct digest *d),
		void (*keep_tree)(void *keep_ctx, const char *name), void *keep_ctx, struct err *err);
	void *ctx;
};

struct gc_spec {
	const struct gc_roots *roots;
	size_t n_roots;
	bool is_dry_run;
	int64_t upload_age_ns; /* unfinished uploads idle longer than this; 0 = 24 h */
	struct event_sink *events;
};
struct gc_result {
	uint64_t n_blobs, n_trees, n_uploads, n_temps, bytes;
	uint64_t n_kept_blobs, n_damaged;
};
int gc_run(struct store *s, const struct gc_spec *spec, struct gc_result *ret, struct err *err);
/* The quick part, done at every store_open by writers: dead processes' leases and temporary files. */
int gc_sweep_dead(struct store *s, struct err *err);

/* Every digest in the store, for scrub and du. */
int blob_each(struct store *s, int (*each)(void *ctx, const struct digest *d, uint64_t size,
	struct err *err), void *ctx, struct err *err);

#endif
