#include "../test.h"

#include "base/cancel.h"

#include <poll.h>
#include <signal.h>

static bool is_readable(int fd)
{
	struct pollfd p = {fd, POLLIN, 0};
	return poll(&p, 1, 0) == 1;
}

static void cancel_ask_is_seen_and_stays(void **state)
{
	struct err err = {0};
	CLEANUP(cancel_done) struct cancel c = {0};
	OK(cancel_init(&c, &err));
	assert_false(cancel_is_asked(&c));
	assert_false(is_readable(c.wake_fd));
	OK(cancel_check(&c, &err));
	for (int i = 0; i < 3; i++) {
		cancel_ask(&c);
		assert_true(cancel_is_asked(&c));
		assert_true(is_readable(c.wake_fd));
		FAILS(ERR_CANCELED, cancel_check(&c, &err));
	}
}

static void cancel_of_nobody_is_never_asked(void **state)
{
	struct err err = {0};
	assert_false(cancel_is_asked(NULL));
	OK(cancel_check(NULL, &err));
}

static struct cancel *asked_by_signal;

static void on_signal(int number)
{
	cancel_ask(asked_by_signal);
}

static void cancel_ask_in_a_handler_keeps_errno(void **state)
{
	struct err err = {0};
	struct cancel c = {0};
	OK(cancel_init(&c, &err));
	asked_by_signal = &c;
	assert_true(signal(SIGUSR1, on_signal) != SIG_ERR);
	int fd = c.wake_fd;
	uint64_t full = UINT64_MAX - 1;
	assert_int_equal(write(fd, &full, sizeof(full)), sizeof(full)); /* so that it fails */
	errno = ENOENT;
	raise(SIGUSR1);
	assert_int_equal(errno, ENOENT);
	assert_true(cancel_is_asked(&c));
	signal(SIGUSR1, SIG_DFL);
	cancel_done(&c);
}

static void cancel_done_of_zeroed_memory_closes_nothing(void **state)
{
	struct cancel c = {0};
	int fd = dup(0);
	cancel_done(&c);
	cancel_done(&c);
	assert_true(fd < 0 || dup2(fd, 0) == 0);
	fd_close(fd);
	struct err err = {0};
	int kept = dup(0);
	close(0);
	OK(cancel_init(&c, &err)); /* even where fd 0 is free, it is not used */
	assert_true(c.wake_fd > 0);
	cancel_done(&c);
	assert_true(kept < 0 || dup2(kept, 0) == 0);
	fd_close(kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cancel_ask_is_seen_and_stays),
		cmocka_unit_test(cancel_of_nobody_is_never_asked),
		cmocka_unit_test(cancel_ask_in_a_handler_keeps_errno),
		cmocka_unit_test(cancel_done_of_zeroed_memory_closes_nothing),
	};
	return cmocka_run_group_tests_name("base/cancel", tests, NULL, NULL);
}
