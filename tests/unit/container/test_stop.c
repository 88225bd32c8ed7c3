/* Every way a container can end other than by itself, and that nothing is left of it. */
#include "rig.h"

#include <pthread.h>

struct stop_rig {
	struct rig r;
	struct cancel cancel;
	bool is_ready; /* the container said so */
	bool cancels_when_ready, fails_when_ready;
};

static const char *const runtimes[] = {"crun", "runc"};

static int on_output(void *ctx, int stream, struct str text, struct err *err)
{
	struct stop_rig *s = ctx;
	if (rig_collect(&s->r, stream, text, err) < 0)
		return -1;
	if (s->is_ready || !str_has(buf_str(&s->r.out), S("ready")))
		return 0;
	s->is_ready = true;
	if (s->cancels_when_ready)
		cancel_ask(&s->cancel);
	return s->fails_when_ready ? err_set(err, ERR_INPUT, "enough") : 0;
}

static void nothing_is_left(const struct stop_rig *s, struct rig_names *names)
{
	RIG_GONE(rig_count_cgroups(s->r.name));
	RIG_GONE(rig_count_processes(s->r.name));
	RIG_GONE(rig_count_processes("stop-marker"));
	RIG_GONE(rig_names_left(names));
}

static void with_each(void (*test)(struct stop_rig *s))
{
	for (size_t i = 0; i < ARRAY_LEN(runtimes); i++) {
		rig_need_runtime(runtimes[i]);
		struct err err = {0};
		struct stop_rig s = {0};
		CLEANUP(rig_names_done) struct rig_names names = rig_names_before("crun.");
		size_t mounts = rig_count_mounts();
		rig_init(&s.r);
		OK(cancel_init(&s.cancel, &err));
		s.r.spec.runtime = runtimes[i];
		rig_name(&s.r, "test-stop");
		s.r.spec.on_output = on_output;
		s.r.spec.ctx = &s;
		s.r.spec.cancel = &s.cancel;
		s.r.spec.upper = s.r.upper;
		s.r.spec.work = s.r.work;
		test(&s);
		nothing_is_left(&s, &names);
		assert_int_equal(rig_count_mounts(), mounts);
		cancel_done(&s.cancel);
		rig_done(&s.r);
	}
}

static int run_script(struct stop_rig *s, const char *script, struct err *err)
{
	return rig_try(&s->r, (const char *[]){"sh", "-c", script, "stop-marker", NULL}, err);
}

#define WAIT_LOOP "echo ready; while true; do sleep 0.01; done"

static void check_cancel(struct stop_rig *s)
{
	struct err err = {0};
	s->cancels_when_ready = true;
	FAILS(ERR_CANCELED, run_script(s, "trap 'echo stopping; exit 0' TERM; " WAIT_LOOP, &err));
	STR_IS(buf_str(&s->r.out), "ready\nstopping\n");
}

static void cancel_asked_process_hears_sigterm(void **state)
{
	with_each(check_cancel);
}

static void check_own_signal(struct stop_rig *s)
{
	struct err err = {0};
	s->cancels_when_ready = true;
	s->r.spec.stop_signal = "SIGWINCH"; /* httpd's; runc would not pass it on */
	FAILS(ERR_CANCELED, run_script(s, "trap 'echo winch; exit 0' WINCH; " WAIT_LOOP, &err));
	STR_IS(buf_str(&s->r.out), "ready\nwinch\n");
	FAILS(ERR_INPUT, (s->r.spec.stop_signal = "SIGNOT", run_script(s, "true", &err)));
}

static void cancel_asked_stop_signal_is_used(void **state)
{
	with_each(check_own_signal);
}

static void check_deaf(struct stop_rig *s)
{
	struct err err = {0};
	const struct clock *c = clock_system();
	int64_t start = clock_monotonic(c);
	s->cancels_when_ready = true;
	s->r.spec.grace_ns = 200 * CLOCK_MS;
	FAILS(ERR_CANCELED, run_script(s, "trap '' TERM; (setsid sleep 9531 &); " WAIT_LOOP, &err));
	int64_t took = clock_monotonic(c) - start;
	assert_true(took >= 200 * CLOCK_MS && took < 5 * CLOCK_SECOND);
	assert_int_equal(rig_count_processes("9531"), 0);
}

static void cancel_asked_deaf_process_is_killed(void **state)
{
	with_each(check_deaf);
}

static void check_asked_before(struct stop_rig *s)
{
	struct err err = {0};
	cancel_ask(&s->cancel);
	FAILS(ERR_CANCELED, run_script(s, "true", &err));
}

static void cancel_asked_before_nothing_runs(void **state)
{
	with_each(check_asked_before);
}

static void check_timeout(struct stop_rig *s)
{
	struct err err = {0};
	s->r.spec.timeout_ns = 300 * CLOCK_MS;
	s->r.spec.grace_ns = 100 * CLOCK_MS;
	FAILS(ERR_LIMIT, run_script(s, "echo started; sleep 9532", &err));
	assert_non_null(strstr(err.what, "timed out"));
	assert_int_equal(rig_count_processes("9532"), 0);
}

static void run_takes_too_long_it_is_stopped(void **state)
{
	with_each(check_timeout);
}

static void check_output_fails(struct stop_rig *s)
{
	struct err err = {0};
	s->fails_when_ready = true;
	s->r.spec.grace_ns = 100 * CLOCK_MS;
	FAILS(ERR_INPUT, run_script(s, WAIT_LOOP, &err));
	assert_non_null(strstr(err.what, "enough"));
}

static void output_is_refused_container_stops(void **state)
{
	with_each(check_output_fails);
}

/* What goes wrong before the runtime starts. */
static void check_failures(struct stop_rig *s)
{
	struct err err = {0};
	const char *lowers[] = {"/nosuch/tree"};
	char words[100];
	struct container_mount mount = {.target = "/x", .source = "/nosuch/source"};
	s->r.spec.mounts = &mount;
	s->r.spec.n_mounts = 1;
	FAILS(ERR_NOT_FOUND, run_script(s, "true", &err));
	assert_non_null(strstr(err.what, "/nosuch/source"));
	s->r.spec.n_mounts = 0;
	s->r.spec.lowers = lowers;
	FAILS(ERR_NOT_FOUND, run_script(s, "true", &err));
	snprintf(words, sizeof(words), "container '%s': open tree '/nosuch/tree'", s->r.name);
	assert_non_null(strstr(err.what, words));
	s->r.spec.lowers = s->r.lowers;
	s->r.spec.cap_add = (const char *[]){"NOT_A_CAP", NULL};
	FAILS(ERR_INPUT, run_script(s, "true", &err));
	s->r.spec.cap_add = NULL;
	s->r.spec.runtime = "/bin/true";
	FAILS(ERR_UNSUPPORTED, run_script(s, "true", &err));
	s->r.spec.runtime = "/nosuch/crun";
	FAILS(ERR_NOT_FOUND, run_script(s, "true", &err));
}

static void run_cannot_start_says_why(void **state)
{
	with_each(check_failures);
}

/* ---- kill -9 of knarr ---- */

/* A process that runs the container and is killed. What runs inside holds `held`, a pipe's end. */
static pid_t fork_runner(struct stop_rig *s, int held)
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid)
		return pid;
	struct err err = {0};
	s->r.spec.stdin_fd = held;
	(void)run_script(s,
		"trap '' TERM HUP INT; (setsid sleep 9533 &); echo ready > /told; "
		"sleep 9534; true",
		&err);
	_exit(1);
}

static void check_kill_of_knarr(struct stop_rig *s)
{
	int fds[2];
	char byte, told[120];
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid_t runner = fork_runner(s, fds[1]);
	close(fds[1]);
	snprintf(told, sizeof(told), "%s/told", s->r.upper);
	while (access(told, F_OK) < 0)
		poll(NULL, 0, 1);
	assert_int_not_equal(rig_count_processes("9534"), 0);
	kill(runner, SIGKILL);
	waitpid(runner, NULL, 0);
	/* The pipe ends when the last process that held it has. */
	assert_int_equal(read(fds[0], &byte, 1), 0);
	close(fds[0]);
	RIG_GONE(rig_count_processes("9533"));
	RIG_GONE(rig_count_processes("9534"));
}

static void knarr_is_killed_nothing_is_left(void **state)
{
	with_each(check_kill_of_knarr);
}

/* The helper itself is killed: the namespaces still end, and the next container sweeps up. */
static pid_t helper_of(pid_t runner)
{
	char path[64], text[32] = "";
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)runner, (int)runner);
	CLEANUP(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof(text) - 1);
	return n > 0 ? (pid_t)strtol(text, NULL, 10) : 0;
}

static void check_kill_of_helper(struct stop_rig *s)
{
	int fds[2];
	char byte, told[120];
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid_t runner = fork_runner(s, fds[1]);
	close(fds[1]);
	snprintf(told, sizeof(told), "%s/told", s->r.upper);
	while (access(told, F_OK) < 0)
		poll(NULL, 0, 1);
	pid_t helper = helper_of(runner);
	assert_true(helper > 0);
	kill(helper, SIGKILL);
	waitpid(runner, NULL, 0);
	assert_int_equal(read(fds[0], &byte, 1), 0);
	close(fds[0]);
	RIG_GONE(rig_count_processes("9534"));
	/* runc's own cgroups are many; nobody sweeps those of a killed helper but ours. */
	if (strcmp(s->r.spec.runtime, "crun") == 0) {
		struct err err = {0};
		s->r.spec.upper = NULL;
		OK(run_script(s, "true", &err));
	}
}

static void helper_is_killed_next_one_sweeps(void **state)
{
	rig_need_runtime("crun");
	struct err err = {0};
	struct stop_rig s = {0};
	CLEANUP(rig_names_done) struct rig_names names = rig_names_before("crun.");
	rig_init(&s.r);
	OK(cancel_init(&s.cancel, &err));
	s.r.spec.runtime = "crun";
	rig_name(&s.r, "test-stop");
	s.r.spec.on_output = on_output;
	s.r.spec.ctx = &s;
	s.r.spec.upper = s.r.upper;
	s.r.spec.work = s.r.work;
	check_kill_of_helper(&s);
	nothing_is_left(&s, &names);
	cancel_done(&s.cancel);
	rig_done(&s.r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cancel_asked_process_hears_sigterm),
		cmocka_unit_test(cancel_asked_stop_signal_is_used),
		cmocka_unit_test(cancel_asked_deaf_process_is_killed),
		cmocka_unit_test(cancel_asked_before_nothing_runs),
		cmocka_unit_test(run_takes_too_long_it_is_stopped),
		cmocka_unit_test(output_is_refused_container_stops),
		cmocka_unit_test(run_cannot_start_says_why),
		cmocka_unit_test(knarr_is_killed_nothing_is_left),
		cmocka_unit_test(helper_is_killed_next_one_sweeps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
