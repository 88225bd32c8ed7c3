/* build/cache -- what steps have given before.
 *
 * Two tables in index.db: build_step (key of a step -> its layer) and build_memo (key of a question
 * about unchangeable things -> its answer: the digest of files in a tree, a recompressed layer).
 * An entry whose blob is gone is no entry. docs/formats/cache-key.md says what goes into a key.
 *
 * Threads: any. Errors: db's.
 */
#ifndef BUILD_CACHE_H
#define BUILD_CACHE_H

#include "blob/tree.h"
#include "build/build.h"

/* What a step gave. A step without a layer (a WORKDIR that exists) has n_entries 0 and no digest. */
struct step_result {
	struct digest diff_id;
	struct image_descriptor layer; /* digest none = no layer */
	uint64_t tar_bytes;
	char tree[TREE_NAME];
};

int cache_open(struct store *s, struct err *err);
/* 1 = found, 0 = not. */
int cache_get(struct store *s, const struct digest *key, struct arena *a, struct step_result *ret,
	struct err *err);
/* site: where in which Dockerfile the step stands; inputs: what made the key, for --explain. */
int cache_put(struct store *s, const struct digest *key, const struct step_result *r,
	struct str site, struct str inputs, struct err *err);
/* The inputs of the newest entry of a site; 1 = there is one. */
int cache_last_inputs(struct store *s, struct str site, struct arena *a, struct str *ret,
	struct err *err);
/* Memo; 1 = known. */
int cache_recall(struct store *s, const struct digest *question, struct arena *a, struct str *ret,
	struct err *err);
int cache_remember(struct store *s, const struct digest *question, struct str answer,
	struct err *err);

#endif
