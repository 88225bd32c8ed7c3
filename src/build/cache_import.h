/* build/cache_import -- the build caches of --cache-from, together.
 *
 *	a step missed the store's cache ── imports_find ──► its record: done, its layer is elsewhere
 *	its files, or the image, are needed ── imports_fetch ──► the layer is in the store
 *
 *	UNTOUCHED ──fetch──► FETCHING ──► HERE
 *	                        └───────► SPOILT: as if it had never been found
 *
 * 1. A place is asked when the first step misses, not before; a build in which the store's own cache
 *    answers everything never goes there.
 * 2. What cannot be used is told as a warning and is no error of the build.
 * 3. A layer that cannot be fetched after its record was believed makes the steps run over
 *    (imports_lost_some): with one record fewer, and what ran meanwhile is in the store's cache.
 *    Each time at least one record is lost, so that ends.
 *
 * Owner: the caller's; what is found lives as long as the imports. Threads: any.
 */
#ifndef BUILD_CACHE_IMPORT_H
#define BUILD_CACHE_IMPORT_H

#include "build/build.h"
#include "build/cache_document.h"

struct imports;
struct imports *imports_new(const struct build_spec *spec);
void imports_free(struct imports *m);
CLEANUP_PTR(imports_free, struct imports);

/* A record that was found. */
struct imported;
struct imported *imports_find(struct imports *m, const struct digest *key);
const struct cache_record *imported_record(const struct imported *i);
const char *imported_from(const struct imported *i); /* the cache's name */
bool imports_recall(struct imports *m, const struct digest *question, struct digest *ret);

/* Brings the layer into the store, its digest and diffID verified, unless it is here. On failure the
 * record is spoilt. */
int imports_fetch(struct imports *m, struct imported *i, struct err *err);
bool imported_is_here(struct imports *m, const struct imported *i);
/* Its layer is not what it should be: the caller found out. */
void imports_spoil(struct imports *m, struct imported *i, const struct err *why);
/* Was a record spoilt since imports_forget_losses? */
bool imports_lost_some(struct imports *m);
void imports_forget_losses(struct imports *m);

#endif
