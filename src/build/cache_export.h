/* build/cache_export -- --cache-to: what this build did, for builds elsewhere.
 *
 * All records of the build are written; the layers that travel with them are those of the result
 * (mode=min) or all (mode=max). The others are hollow: cache_document.h. */
#ifndef BUILD_CACHE_EXPORT_H
#define BUILD_CACHE_EXPORT_H

#include "build/build_priv.h"

/* The document about this build's steps. A record whose diffID is among diff_ids names the layer at
 * the same place: the one that travels, in its compression. */
int cache_describe(struct build *b, const struct digest *diff_ids,
	const struct image_descriptor *layers, size_t n, struct buf *ret, struct err *err);
/* Is there a --cache-to type=inline? */
bool cache_is_inline(const struct build_spec *spec);
/* Every other --cache-to. A failure is a warning, except where ignore-error=false was asked. */
int cache_export(struct build *b, const struct plan_stage *stage, struct err *err);

#endif
