#include "../test.h"

#include "base/pool.h"

#include <stdatomic.h>

struct sum_job {
	struct pool_job job; /* first */
	struct pool *pool;
	unsigned from, to;
	uint64_t sum;
};

static void add_up(struct pool_job *job)
{
	struct sum_job *j = (struct sum_job *)job;
	for (unsigned i = j->from; i < j->to; i++)
		j->sum += i;
}

static void pool_runs_every_job_once(void **state)
{
	CLEANUP(pool_free) struct pool *p = pool_new(3);
	static struct sum_job jobs[500];
	uint64_t sum = 0;
	assert_int_equal(pool_threads(p), 3);
	for (unsigned i = 0; i < 500; i++) {
		jobs[i] = (struct sum_job){
			.job.run = add_up, .from = i * 1000, .to = i * 1000 + 1000};
		pool_submit(p, &jobs[i].job);
	}
	for (unsigned i = 500; i-- > 0;) {
		pool_wait(p, &jobs[i].job);
		assert_true(pool_is_done(p, &jobs[i].job));
		sum += jobs[i].sum;
	}
	assert_true(sum == UINT64_C(499999) * 500000 / 2);
}

static void pool_jobs_can_be_used_again(void **state)
{
	CLEANUP(pool_free) struct pool *p = pool_new(1);
	struct sum_job j = {.job.run = add_up, .to = 10};
	for (int i = 0; i < 100; i++) {
		pool_submit(p, &j.job);
		pool_wait(p, &j.job);
		pool_wait(p, &j.job); /* done: returns at once */
	}
	assert_int_equal(j.sum, 4500);
}

/* Each job splits itself in two, submits both halves and waits for them. */
static void split(struct pool_job *job)
{
	struct sum_job *j = (struct sum_job *)job;
	if (j->to - j->from <= 16) {
		add_up(job);
		return;
	}
	unsigned middle = j->from + (j->to - j->from) / 2;
	struct sum_job left = {{.run = split}, j->pool, j->from, middle, 0};
	struct sum_job right = {{.run = split}, j->pool, middle, j->to, 0};
	pool_submit(j->pool, &left.job);
	pool_submit(j->pool, &right.job);
	pool_wait(j->pool, &left.job);
	pool_wait(j->pool, &right.job);
	j->sum = left.sum + right.sum;
}

static void pool_jobs_that_submit_jobs_do_not_hang(void **state)
{
	for (unsigned n = 1; n <= 4; n++) {
		CLEANUP(pool_free) struct pool *p = pool_new(n);
		struct sum_job j = {{.run = split}, p, 0, 20000, 0};
		pool_submit(p, &j.job);
		pool_wait(p, &j.job);
		assert_true(j.sum == UINT64_C(19999) * 20000 / 2);
	}
}

static atomic_bool may_go;

static void wait_for_go(struct pool_job *job)
{
	while (!atomic_load(&may_go))
		usleep(100);
}

static void pool_wait_runs_a_job_that_nobody_started(void **state)
{
	CLEANUP(pool_free) struct pool *p = pool_new(1);
	struct pool_job blocked = {.run = wait_for_go};
	struct sum_job j = {.job.run = add_up, .to = 10};
	pool_submit(p, &blocked); /* keeps the only thread */
	pool_submit(p, &j.job);
	assert_false(pool_is_done(p, &blocked));
	pool_wait(p, &j.job);
	assert_int_equal(j.sum, 45);
	atomic_store(&may_go, true);
	pool_wait(p, &blocked);
}

static void pool_free_is_fine_without_jobs(void **state)
{
	pool_free(NULL);
	pool_free(pool_new(2));
	struct pool *p = pool_new(0);
	assert_true(pool_threads(p) >= 1);
	pool_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pool_runs_every_job_once),
		cmocka_unit_test(pool_jobs_can_be_used_again),
		cmocka_unit_test(pool_jobs_that_submit_jobs_do_not_hang),
		cmocka_unit_test(pool_wait_runs_a_job_that_nobody_started),
		cmocka_unit_test(pool_free_is_fine_without_jobs),
	};
	return cmocka_run_group_tests_name("base/pool", tests, NULL, NULL);
}
