/* A queue of jobs behind one lock. States of a job:
 *
 *	submit -> QUEUED -> RUNNING -> DONE -> wait returns, FREE
 *	    |        \--- a waiter takes it off the queue and runs it itself
 *	    \--- the queue is full: submit runs it itself
 *
 * So nobody ever waits for room in the queue: jobs that submit jobs could all wait for each other.
 */
#include "base/pool.h"

#include <pthread.h>
#include <sched.h>

enum { JOB_FREE, JOB_QUEUED, JOB_RUNNING, JOB_DONE };

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t work; /* a job was queued, or the pool ends */
	pthread_cond_t done; /* some job is done */
	struct pool_job *first, **last;
	unsigned n_queued, max_queued;
	bool is_ending;
	unsigned n_threads;
	pthread_t threads[];
};

/* With the lock held; returns with it held. */
static void run_job(struct pool *p, struct pool_job *job)
{
	job->state = JOB_RUNNING;
	pthread_mutex_unlock(&p->lock);
	job->run(job);
	pthread_mutex_lock(&p->lock);
	job->state = JOB_DONE;
	pthread_cond_broadcast(&p->done);
}

static void unlink_job(struct pool *p, struct pool_job **at)
{
	struct pool_job *job = *at;
	*at = job->next;
	if (p->last == &job->next)
		p->last = at;
	p->n_queued--;
}

static void *work(void *arg)
{
	struct pool *p = arg;
	pthread_mutex_lock(&p->lock);
	for (;;) {
		while (!p->first && !p->is_ending)
			pthread_cond_wait(&p->work, &p->lock);
		if (!p->first)
			break;
		struct pool_job *job = p->first;
		unlink_job(p, &p->first);
		run_job(p, job);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

static unsigned count_processors(void)
{
	cpu_set_t set;
	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 2;
	return (unsigned)CPU_COUNT(&set);
}

struct pool *pool_new(unsigned n_threads)
{
	if (!n_threads)
		n_threads = count_processors();
	struct pool *p = mem_new(1, sizeof(*p) + n_threads * sizeof(p->threads[0]));
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	pthread_cond_init(&p->done, NULL);
	p->last = &p->first;
	p->max_queued = n_threads * 4;
	while (p->n_threads < n_threads &&
		pthread_create(&p->threads[p->n_threads], NULL, work, p) == 0)
		p->n_threads++;
	return p; /* even with no thread at all: who submits runs the jobs then */
}

void pool_free(struct pool *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->is_ending = true;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->n_threads; i++)
		pthread_join(p->threads[i], NULL);
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->work);
	pthread_cond_destroy(&p->done);
	free(p);
}

unsigned pool_threads(const struct pool *p)
{
	return p->n_threads ? p->n_threads : 1;
}

void pool_submit(struct pool *p, struct pool_job *job)
{
	pthread_mutex_lock(&p->lock);
	if (p->n_queued >= p->max_queued || !p->n_threads) {
		run_job(p, job);
	} else {
		job->state = JOB_QUEUED;
		job->next = NULL;
		*p->last = job;
		p->last = &job->next;
		p->n_queued++;
		pthread_cond_signal(&p->work);
	}
	pthread_mutex_unlock(&p->lock);
}

void pool_wait(struct pool *p, struct pool_job *job)
{
	pthread_mutex_lock(&p->lock);
	if (job->state == JOB_QUEUED) {
		struct pool_job **at = &p->first;
		while (*at != job)
			at = &(*at)->next;
		unlink_job(p, at);
		run_job(p, job);
	}
	while (job->state == JOB_RUNNING)
		pthread_cond_wait(&p->done, &p->lock);
	job->state = JOB_FREE;
	pthread_mutex_unlock(&p->lock);
}

bool pool_is_done(struct pool *p, struct pool_job *job)
{
	pthread_mutex_lock(&p->lock);
	bool is_done = job->state == JOB_DONE || job->state == JOB_FREE;
	pthread_mutex_unlock(&p->lock);
	return is_done;
}
