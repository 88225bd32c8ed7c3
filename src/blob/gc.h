/* blob/gc -- throwing away what nothing reaches.
 *
 * Roots are tags, what other rooms name through callbacks (the build cache, releases), and leases:
 * everything a living process has put, found or kept since it opened the store (for a server: in the
 * last hour or two, store_spec.lease_ns). From the roots the links of manifests are followed, and
 * from a manifest to those whose subject it is. The rest goes: blobs with their rows, links of
 * repositories to what their tags no longer lead to, trees, temporary files of dead processes,
 * uploads idle for longer than their time.
 *
 * Threads: any number of threads and processes may do anything meanwhile; a second gc_run waits.
 * Damage is data: a missing or broken blob is told as a warning (node "gc") and the sweep goes on.
 * Rule for other rooms: keep a blob or tree (blob_keep, tree_exists) before writing a row that a root
 * callback will read.
 */
#ifndef BLOB_GC_H
#define BLOB_GC_H

#include "base/event.h"
#include "blob/blob.h"

struct gc_roots {
	/* Calls keep(keep_ctx, digest) for each blob to keep, keep_tree for each tree. */
	int (*each)(void *ctx, struct store *s,
		void (*keep)(void *keep_ctx, const struct digest *d),
		void (*keep_tree)(void *keep_ctx, const char *name), void *keep_ctx,
		struct err *err);
	void *ctx;
};

struct gc_spec {
	const struct gc_roots *roots;
	size_t n_roots;
	bool is_dry_run;       /* counts what would go */
	int64_t blob_age_ns;   /* blobs and links younger than this stay, with all they lead to: for
				  pushes across a restart of the server; 0 = no such rule */
	int64_t upload_age_ns; /* unfinished uploads idle longer than this; 0 = 24 h */
	struct event_sink *events;
};
struct gc_result {
	uint64_t n_blobs, n_trees, n_uploads, n_temps, bytes;
	uint64_t n_kept_blobs, n_damaged;
};
int gc_run(struct store *s, const struct gc_spec *spec, struct gc_result *ret, struct err *err);
/* The quick part, for writers after store_open: dead processes' leases and temporary files. */
int gc_sweep_dead(struct store *s, struct err *err);

/* Every digest in the store, for scrub and du. */
int blob_each(struct store *s,
	int (*each)(void *ctx, const struct digest *d, uint64_t size, struct err *err), void *ctx,
	struct err *err);

#endif
