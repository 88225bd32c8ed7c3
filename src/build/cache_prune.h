/* build/cache_prune -- a folder of --cache-to type=local does not grow with every build.
 *
 * Blobs that no entry of its index leads to are removed, unless they are young: another build may be
 * about to name them. Only in folders whose entries are all build caches of ours. */
#ifndef BUILD_CACHE_PRUNE_H
#define BUILD_CACHE_PRUNE_H

#include "base/err.h"

#include <stdint.h>

/* Gives the number of files removed. */
int cache_prune_folder(const char *dir, int64_t now_ns, struct err *err);

#endif
