/* build/statcache -- digests of a context's files, remembered by what stat says.
 *
 * As git's index: (size, mtime, ctime, inode, device) -> sha256, so that an unchanged context costs
 * stats only. One file per context folder, ROOT/cache/context/<sha256 of its path>; losing it costs
 * time, never correctness. An entry whose file changed within the last moments before it was hashed
 * is not kept: a second change could carry the same times.
 *
 * Threads: any, for statcache_get and statcache_put. Errors: only ERR_SYS from statcache_save; a
 * damaged file is an empty cache.
 */
#ifndef BUILD_STATCACHE_H
#define BUILD_STATCACHE_H

#include "digest/digest.h"

#include <sys/stat.h>

struct statcache;

/* dir_fd: where the cache files are; name: of this one. Starts empty when it cannot be read. */
struct statcache *statcache_load(int dir_fd, const char *name);
void statcache_free(struct statcache *c);
CLEANUP_PTR(statcache_free, struct statcache);

bool statcache_get(struct statcache *c, struct str path, const struct stat *st, struct digest *ret);
/* st is the file's before it was read; now_ns the time before that stat. */
void statcache_put(struct statcache *c, struct str path, const struct stat *st, int64_t now_ns,
	const struct digest *d);
/* Writes it back when something was put. Entries not asked for since loading are dropped after a
 * while (a file that is gone does not stay for ever). */
int statcache_save(struct statcache *c, struct err *err);

#endif
