/* build/cache_source -- one place that a build cache is read from: a registry, or an OCI layout.
 *
 * Opening reads manifest and document, nothing else; layers come one by one, when somebody needs
 * them. What is read is data from outside: every digest is verified, every size limited.
 *
 * Owner:   the caller's. Threads: cache_source_fetch from any thread.
 * Errors:  ERR_NOT_FOUND (no such name, or no cache under it), ERR_INPUT (broken), ERR_NET, …
 */
#ifndef BUILD_CACHE_SOURCE_H
#define BUILD_CACHE_SOURCE_H

#include "build/build.h"
#include "build/cache_document.h"

struct cache_source {
	const struct build_spec *spec;
	const struct build_cache *from;
	struct arena arena;
	struct cache_document document;
	struct image_manifest manifest; /* its items are the layers that travel with the document */
	/* where */
	struct image_ref name;
	int dir_fd; /* of a layout; -1 = a registry */
};

/* LOCAL or REGISTRY. */
int cache_source_open(const struct build_spec *spec, const struct build_cache *from,
	struct cache_source *ret, struct err *err);
void cache_source_done(struct cache_source *s);
/* Does the layer travel with the document? */
bool cache_source_has(const struct cache_source *s, const struct digest *layer);
/* Brings a layer's blob into the store. */
int cache_source_fetch(struct cache_source *s, const struct image_descriptor *layer,
	struct err *err);

#endif
