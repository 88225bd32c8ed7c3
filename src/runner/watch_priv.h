/* watch -- what has to be stopped, and when.
 *
 * Steps work on the threads of their jobs and cannot look at clocks and cancels themselves; the
 * control thread does it for them. Each piece of work has a struct cancel of its own, which is asked
 * when its time is up, or its job is cancelled and its condition would not hold then.
 *
 *	job cancelled ─► work that does not survive it ─► asked at once
 *	              └► 5 minutes later: everything  ─► asked
 *
 * Threads: any; watch_wait only from the control thread.
 */
#ifndef RUNNER_WATCH_PRIV_H
#define RUNNER_WATCH_PRIV_H

#include "base/cancel.h"
#include "base/clock.h"

#include <pthread.h>

/* A job as the watch sees it. */
struct watched {
	struct watched *next;
	atomic_bool is_cancelled;
	atomic_bool is_forced; /* nothing may run any more */
	int64_t grace_ns;      /* between the two */
	int64_t deadline;      /* of the job; 0 = none */
	int64_t force_at;      /* 0 = not cancelled */
	bool is_timed_out;     /* its deadline passed: that is why it is cancelled */
};

enum watch_reason { WATCH_NOT_STOPPED, WATCH_CANCELLED, WATCH_TIMED_OUT };

/* A piece of work of a job. */
struct active {
	struct active *next;
	struct watched *job;
	struct cancel stop;
	bool survives_cancel;
	int64_t deadline; /* 0 = none */
	enum watch_reason reason;
};

struct watch {
	pthread_mutex_t lock;
	int wake_fd;
	const struct clock *clock;
	struct watched *jobs;
	struct active *active;
};

int watch_init(struct watch *w, const struct clock *clock, struct err *err);
void watch_done(struct watch *w);
CLEANUP_VAL(watch_done, struct watch);

void watch_add_job(struct watch *w, struct watched *j);
void watch_remove_job(struct watch *w, struct watched *j);
/* Again is fine. */
void watch_cancel_job(struct watch *w, struct watched *j);

int watch_enter(struct watch *w, struct active *a, struct err *err);
enum watch_reason watch_leave(struct watch *w, struct active *a);

/* Wakes watch_wait. */
void watch_wake(struct watch *w);
/* Until somebody wakes it, c is asked (also before; NULL = it does not matter any more), or something
 * had to be stopped. */
void watch_wait(struct watch *w, const struct cancel *c);

#endif
