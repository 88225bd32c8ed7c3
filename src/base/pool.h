/* pool -- a few threads that hash, compress and copy.
 *
 *	struct pool_job in your own struct (first member), with .run set;
 *	pool_submit(pool, &mine.job);		runs it here when the queue is full
 *	pool_wait(pool, &mine.job);		until it ran; runs it here if nobody started it
 *
 * Jobs must not block on anything but the machine's own files: a job that submits others and waits
 * for them with pool_wait is fine, one that waits for the network is not.
 *
 * Owner: the caller keeps each job alive until pool_wait returned. Threads: any.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include "base/own.h"

#include <stdbool.h>

struct pool;

struct pool_job {
	void (*run)(struct pool_job *job);
	struct pool_job *next;
	int state; /* private to pool.c */
};

/* n_threads 0 = one per processor. */
struct pool *pool_new(unsigned n_threads);
void pool_free(struct pool *p); /* every job must have been waited for */
CLEANUP_PTR(pool_free, struct pool);
unsigned pool_threads(const struct pool *p);

void pool_submit(struct pool *p, struct pool_job *job);
void pool_wait(struct pool *p, struct pool_job *job);
bool pool_is_done(struct pool *p, struct pool_job *job);

#endif
