#include "../test.h"

#include "runner/watch_priv.h"

/* Time stands still unless a test moves it. */
static int64_t now_ns = CLOCK_SECOND;
static int64_t read_now(const struct clock *c)
{
	return now_ns;
}
static const struct clock still = {read_now, read_now};

struct bench {
	struct watch w;
	struct watched job;
	struct active work;
};

static void bench_init(struct bench *b)
{
	struct err err = {0};
	*b = (struct bench){.job = {.grace_ns = 5 * CLOCK_SECOND}};
	OK(watch_init(&b->w, &still, &err));
	watch_add_job(&b->w, &b->job);
	b->work.job = &b->job;
}

static void bench_done(struct bench *b)
{
	watch_remove_job(&b->w, &b->job);
	watch_done(&b->w);
}
CLEANUP_VAL(bench_done, struct bench);

static void enter(struct bench *b)
{
	struct err err = {0};
	OK(watch_enter(&b->w, &b->work, &err));
}

/* A look of the control thread, without waiting. */
static void look(struct bench *b)
{
	watch_wake(&b->w);
	watch_wait(&b->w, NULL);
}

static void work_is_stopped_when_its_job_is_cancelled(void **state)
{
	CLEANUP(bench_done) struct bench b;
	bench_init(&b);
	enter(&b);
	assert_false(cancel_is_asked(&b.work.stop));
	watch_cancel_job(&b.w, &b.job);
	assert_true(cancel_is_asked(&b.work.stop));
	assert_int_equal(watch_leave(&b.w, &b.work), WATCH_CANCELLED);
	enter(&b); /* what begins after is stopped at once */
	assert_true(cancel_is_asked(&b.work.stop));
	(void)watch_leave(&b.w, &b.work);
}

static void work_that_survives_goes_on_for_the_grace(void **state)
{
	CLEANUP(bench_done) struct bench b;
	bench_init(&b);
	b.work.survives_cancel = true;
	enter(&b);
	watch_cancel_job(&b.w, &b.job);
	look(&b);
	assert_false(cancel_is_asked(&b.work.stop));
	now_ns += 4 * CLOCK_SECOND;
	look(&b);
	assert_false(cancel_is_asked(&b.work.stop) || b.job.is_forced);
	now_ns += CLOCK_SECOND;
	look(&b);
	assert_true(cancel_is_asked(&b.work.stop) && b.job.is_forced);
	assert_int_equal(watch_leave(&b.w, &b.work), WATCH_CANCELLED);
}

static void work_has_a_deadline_of_its_own(void **state)
{
	CLEANUP(bench_done) struct bench b;
	bench_init(&b);
	b.work.survives_cancel = true;
	b.work.deadline = now_ns + CLOCK_SECOND;
	enter(&b);
	look(&b);
	assert_false(cancel_is_asked(&b.work.stop));
	now_ns += CLOCK_SECOND;
	look(&b);
	assert_true(cancel_is_asked(&b.work.stop));
	assert_false(b.job.is_cancelled);
	assert_int_equal(watch_leave(&b.w, &b.work), WATCH_TIMED_OUT);
}

static void a_job_that_takes_too_long_is_cancelled(void **state)
{
	CLEANUP(bench_done) struct bench b;
	bench_init(&b);
	b.job.deadline = now_ns + CLOCK_SECOND;
	enter(&b);
	now_ns += CLOCK_SECOND;
	look(&b);
	assert_true(b.job.is_cancelled && b.job.is_timed_out);
	assert_int_equal(watch_leave(&b.w, &b.work), WATCH_CANCELLED);
}

static void waiting_ends_when_somebody_asks(void **state)
{
	CLEANUP(bench_done) struct bench b;
	CLEANUP(cancel_done) struct cancel c;
	struct err err = {0};
	bench_init(&b);
	OK(cancel_init(&c, &err));
	cancel_ask(&c);
	watch_wait(&b.w, &c); /* does not hang, though it was asked before */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(work_is_stopped_when_its_job_is_cancelled),
		cmocka_unit_test(work_that_survives_goes_on_for_the_grace),
		cmocka_unit_test(work_has_a_deadline_of_its_own),
		cmocka_unit_test(a_job_that_takes_too_long_is_cancelled),
		cmocka_unit_test(waiting_ends_when_somebody_asks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
