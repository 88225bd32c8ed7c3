/* packer -- plain bytes into one gzip blob, member by member, on the pool's threads.
 *
 *	   fill          run on the pool         written in the order they were filled
 *	[ member ] ──► [ member ][ member ] ──► blob
 */
#ifndef REMOTE_PACKER_H
#define REMOTE_PACKER_H

#include "base/pool.h"
#include "blob/blob.h"

struct packer;
/* pool may be NULL: then the caller's thread does it all. The writer must outlive it. */
struct packer *packer_new(struct pool *pool, struct blob_writer *to);
void packer_free(struct packer *p);
CLEANUP_PTR(packer_free, struct packer);
int packer_add(struct packer *p, const void *bytes, size_t n, struct err *err);
/* Writes what is left. Nothing at all becomes one empty member. */
int packer_finish(struct packer *p, struct err *err);

#endif
