#include "../tempdir.h"

#include "base/clock.h"
#include "proc/proc.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define ARGV(...) ((const char *const[]){__VA_ARGS__, NULL})
/* Long enough for any child here, so that a broken one ends the test. */
#define SOON (20 * CLOCK_SECOND)

/* What `sh -c script` writes to stdout, spawned as spec says. */
static void output_is(struct proc_spec spec, const char *script, const char *expected)
{
	struct err err = {0};
	CLEANUP(buf_done) struct buf out = BUF(1 << 20);
	char text[4096];
	snprintf(text, sizeof(text), "%s", script);
	spec.program = "/bin/sh";
	spec.argv = ARGV("sh", "-c", text);
	OK(proc_output(&spec, &out, &err));
	STR_IS(buf_str(&out), expected);
}

static bool has_no_child(void)
{
	return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
}

static void proc_spawn_hands_over_exactly_what_is_stated(void **state)
{
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	assert_int_equal(setenv("LEAK", "1", 1), 0);
	output_is((struct proc_spec){0}, "/usr/bin/env | grep -v ^PWD= | grep -v ^_=; true", "");
	output_is((struct proc_spec){.env = ARGV("A=1", "B=x y")}, "echo $A-$B-$LEAK", "1-x y-\n");
	output_is((struct proc_spec){.cwd = "/usr"}, "pwd", "/usr\n");
	char expected[128];
	snprintf(expected, sizeof(expected), "%s\n", d.path);
	output_is((struct proc_spec){.cwd_fd = d.fd, .cwd = "/usr"}, "pwd", expected);
	output_is((struct proc_spec){0}, "readlink /proc/self/fd/0", "/dev/null\n");
	output_is((struct proc_spec){0}, "cat", "");
	mode_t before = umask(077);
	output_is((struct proc_spec){0}, "umask", "0077\n");
	output_is((struct proc_spec){.has_usual_umask = true}, "umask", "0022\n");
	umask(before);
}

static void proc_spawn_gives_argv_0_and_program_apart(void **state)
{
	struct err err = {0};
	CLEANUP(buf_done) struct buf out = BUF(4096);
	struct proc_spec spec = {.program = "sh", .argv = ARGV("other", "-c", "echo $0")};
	OK(proc_output(&spec, &out, &err));
	STR_IS(buf_str(&out), "other\n");
}

/* What this program does as a child. */
static int list_fds(void)
{
	for (int fd = 0; fd < 2000; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			printf("%d ", fd);
	return 0;
}

static void proc_spawn_closes_every_other_fd(void **state)
{
	struct err err = {0};
	char self[256] = {0};
	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	int leak = open("/dev/null", O_RDONLY); /* without O_CLOEXEC */
	int high = fcntl(leak, F_DUPFD, 900);
	struct proc_fd fds[] = {{leak, 7}, {high, 3}};
	struct proc_spec spec = {.program = self, .argv = ARGV("x", "list-fds")};
	CLEANUP(buf_done) struct buf out = BUF(4096);
	OK(proc_output(&spec, &out, &err));
	spec.fds = fds;
	spec.n_fds = 2;
	OK(proc_output(&spec, &out, &err));
	STR_IS(buf_str(&out), "0 1 2 0 1 2 3 7 ");
	close(leak);
	close(high);
}

static int file_with(const struct temp_dir *d, const char *name)
{
	temp_dir_file(d, name, name);
	int fd = openat(d->fd, name, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void proc_spawn_places_fds_that_are_in_each_others_way(void **state)
{
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	int a = file_with(&d, "a"), b = file_with(&d, "b"), c = file_with(&d, "c");
	const char *script = "cat /proc/self/fd/$A /proc/self/fd/$B /proc/self/fd/$C";
	char na[16], nb[16], nc[16];
	snprintf(na, sizeof(na), "A=%d", a);
	snprintf(nb, sizeof(nb), "B=%d", b);
	snprintf(nc, sizeof(nc), "C=%d", c);
	struct proc_fd swapped[] = {{a, b}, {b, a}, {c, c}};
	output_is((struct proc_spec){.fds = swapped, .n_fds = 3, .env = ARGV(na, nb, nc)}, script,
		"bac");
	struct proc_fd same[] = {{a, a}, {a, b}, {a, c}};
	output_is((struct proc_spec){.fds = same, .n_fds = 3, .env = ARGV(na, nb, nc)}, script,
		"aaa");
	output_is((struct proc_spec){.stdin_fd = c}, "cat", "c");
	fd_close(a);
	fd_close(b);
	fd_close(c);
}

static void proc_spawn_says_what_kept_it_from_running(void **state)
{
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	temp_dir_file(&d, "text", "no program\n");
	temp_dir_file(&d, "script", "#!/no/such/shell\n");
	assert_int_equal(fchmodat(d.fd, "script", 0755, 0), 0);
	assert_int_equal(fchmodat(d.fd, "text", 0755, 0), 0);
	struct proc_fd bad_fd[] = {{999, 3}};
	CLEANUP(mem_free) char *huge = mem_new(4 << 20, 1);
	memset(huge, 'x', (4 << 20) - 1);
	const struct {
		struct proc_spec spec;
		enum err_kind kind;
		int sys;
		const char *what;
	} cases[] = {
		{{.argv = ARGV("/no/such/program")}, ERR_NOT_FOUND, ENOENT,
			"run '/no/such/program': No such file or directory"},
		{{.argv = ARGV("no-such-program")}, ERR_NOT_FOUND, 0,
			"no program 'no-such-program' in PATH"},
		{{.argv = ARGV("/bin/sh/x")}, ERR_NOT_FOUND, ENOTDIR, NULL},
		{{.argv = ARGV("./script"), .cwd = d.path}, ERR_NOT_FOUND, ENOENT, NULL},
		{{.argv = ARGV("./text"), .cwd = d.path}, ERR_SYS, ENOEXEC, NULL},
		{{.argv = ARGV("/tmp")}, ERR_SYS, EACCES, "run '/tmp': Permission denied"},
		{{.argv = ARGV("/bin/true"), .cwd = "/no/such"}, ERR_NOT_FOUND, ENOENT,
			"enter folder '/no/such': No such file or directory"},
		{{.argv = ARGV("/bin/true"), .fds = bad_fd, .n_fds = 1}, ERR_SYS, EBADF, NULL},
		{{.argv = ARGV("/bin/true", huge)}, ERR_LIMIT, E2BIG, NULL},
		{{.argv = ARGV("/no/such"), .outlives_us = true}, ERR_NOT_FOUND, ENOENT, NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		struct proc p = {.pidfd = -1};
		int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);
		close(lowest);
		FAILS(cases[i].kind, proc_spawn(&cases[i].spec, &p, &err));
		assert_int_equal(err.sys, cases[i].sys);
		if (cases[i].what)
			assert_string_equal(err.what, cases[i].what);
		assert_int_equal(p.pid, 0);
		assert_true(has_no_child());
		int again = open("/dev/null", O_RDONLY | O_CLOEXEC);
		assert_int_equal(again, lowest); /* no fd was lost */
		close(again);
	}
}

static void proc_spawn_resets_signals(void **state)
{
	sigset_t some, before, after;
	sigemptyset(&some);
	sigaddset(&some, SIGTERM);
	sigaddset(&some, SIGCHLD);
	sigprocmask(SIG_BLOCK, &some, &before);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	output_is((struct proc_spec){0}, "grep -E 'Sig(Blk|Ign)' /proc/self/status | cut -f 2",
		"0000000000000000\n0000000000000000\n");
	sigprocmask(SIG_SETMASK, NULL, &after);
	assert_true(sigismember(&after, SIGTERM) && !sigismember(&after, SIGINT));
	assert_true(signal(SIGPIPE, SIG_DFL) == SIG_IGN);
	assert_true(signal(SIGINT, SIG_DFL) == SIG_IGN);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static void proc_spawn_makes_a_session_when_asked(void **state)
{
	/* Fields 1, 5 and 6: pid, process group, session. */
	const char *script =
		"read a b c d e f rest < /proc/$$/stat; "
		"[ $a = $e ] && echo leads group; [ $a = $f ] && echo leads session; true";
	output_is((struct proc_spec){.has_own_session = true}, script,
		"leads group\nleads session\n");
	output_is((struct proc_spec){0}, script, "");
}

static void proc_spawn_self_runs_us_again(void **state)
{
	struct err err = {0};
	struct proc p;
	struct proc_end end;
	struct proc_spec spec = {.argv = ARGV("knarr", "exit-with", "42")};
	OK(proc_spawn_self(&spec, &p, &err));
	OK(proc_wait(&p, SOON, NULL, &end, &err));
	assert_int_equal(end.status, 42);
}

static void proc_wait_tells_how_it_ended(void **state)
{
	static const struct {
		const char *script;
		int status, signal;
	} cases[] = {{"exit 0", 0, 0}, {"exit 255", 255, 0}, {"kill -9 $$", 137, SIGKILL},
		{"kill -TERM $$", 143, SIGTERM}, {"kill -SEGV $$", 139, SIGSEGV}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		struct proc p;
		struct proc_end end;
		struct proc_spec spec = {.argv = ARGV("sh", "-c", cases[i].script)};
		OK(proc_spawn(&spec, &p, &err));
		assert_true(fcntl(p.pidfd, F_GETFD) & FD_CLOEXEC);
		OK(proc_wait(&p, SOON, NULL, &end, &err));
		assert_int_equal(end.status, cases[i].status);
		assert_int_equal(end.signal, cases[i].signal);
		assert_int_equal(p.pid, 0);
		assert_int_equal(p.pidfd, -1);
		assert_true(has_no_child());
	}
}

static void proc_wait_gives_up_in_time_and_when_canceled(void **state)
{
	struct err err = {0};
	struct proc_end end;
	struct cancel c;
	CLEANUP(proc_done) struct proc p = {.pidfd = -1};
	struct proc_spec spec = {.argv = ARGV("sleep", "1000")};
	OK(cancel_init(&c, &err));
	OK(proc_spawn(&spec, &p, &err));
	FAILS(ERR_LIMIT, proc_wait(&p, 0, &c, &end, &err));
	FAILS(ERR_LIMIT, proc_wait(&p, 5 * CLOCK_MS, &c, &end, &err));
	cancel_ask(&c);
	FAILS(ERR_CANCELED, proc_wait(&p, -1, &c, &end, &err));
	assert_true(p.pid > 0);
	OK(proc_kill(&p, SIGTERM, &err));
	OK(proc_wait(&p, SOON, NULL, &end, &err));
	assert_int_equal(end.signal, SIGTERM);
	OK(proc_kill(&p, SIGTERM, &err)); /* ended: fine */
	cancel_done(&c);
}

static void proc_done_leaves_nothing_behind(void **state)
{
	struct err err = {0};
	struct proc p = {.pidfd = -1}, zero = {0};
	struct proc_spec spec = {.argv = ARGV("sh", "-c", "trap '' TERM; exec sleep 1000")};
	OK(proc_spawn(&spec, &p, &err));
	proc_done(&p);
	proc_done(&p);
	proc_done(&zero);
	assert_true(has_no_child());
	assert_true(fcntl(0, F_GETFD) >= 0);
}

/* A pidfd of a process that may not be our child. */
static int watch(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

static bool has_ended(int pidfd, int timeout_ms)
{
	struct pollfd p = {pidfd, POLLIN, 0};
	return poll(&p, 1, timeout_ms) == 1;
}

static pid_t read_pid(int fd)
{
	char text[32] = {0};
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	return (pid_t)strtol(text, NULL, 10);
}

static void proc_kill_reaches_the_whole_session(void **state)
{
	struct err err = {0};
	int out[2];
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	struct proc p;
	struct proc_end end;
	struct proc_spec spec = {.argv = ARGV("sh", "-c", "sleep 1000 & echo $!; wait"),
		.stdout_fd = out[1],
		.has_own_session = true};
	OK(proc_spawn(&spec, &p, &err));
	CLEANUP(fd_close) int grandchild = watch(read_pid(out[0]));
	assert_true(grandchild >= 0);
	OK(proc_kill(&p, SIGKILL, &err));
	OK(proc_wait(&p, SOON, NULL, &end, &err));
	assert_true(has_ended(grandchild, 20000));
	close(out[0]);
	close(out[1]);
}

/* A process that spawns `sleep 1000`, tells its pid and is killed; a pidfd of the sleep. */
static int spawn_and_die(bool outlives_us, pid_t *ret_pid)
{
	int out[2];
	assert_int_equal(pipe(out), 0);
	pid_t middle = fork();
	if (middle == 0) {
		struct err err;
		struct proc p;
		struct proc_spec spec = {.argv = ARGV("sleep", "1000"), .outlives_us = outlives_us};
		if (proc_spawn(&spec, &p, &err) == 0)
			dprintf(out[1], "%ld\n", (long)p.pid);
		pause();
		_exit(0);
	}
	*ret_pid = read_pid(out[0]);
	int pidfd = watch(*ret_pid);
	assert_true(pidfd >= 0);
	assert_false(has_ended(pidfd, 0));
	kill(middle, SIGKILL);
	waitpid(middle, NULL, 0);
	close(out[0]);
	close(out[1]);
	return pidfd;
}

static void proc_spawn_child_dies_with_us(void **state)
{
	pid_t pid;
	CLEANUP(fd_close) int pidfd = spawn_and_die(false, &pid);
	assert_true(has_ended(pidfd, 20000));
}

static void proc_spawn_child_outlives_us_when_asked(void **state)
{
	pid_t pid;
	CLEANUP(fd_close) int pidfd = spawn_and_die(true, &pid);
	assert_false(has_ended(pidfd, 50));
	kill(pid, SIGKILL);
	assert_true(has_ended(pidfd, 20000));
}

static void proc_spawn_of_a_survivor_makes_no_zombie(void **state)
{
	struct err err = {0};
	struct proc p = {.pidfd = -1};
	struct proc_end end;
	struct proc_spec spec = {.argv = ARGV("sleep", "1000"), .outlives_us = true};
	OK(proc_spawn(&spec, &p, &err));
	assert_true(has_no_child());
	pid_t pid = p.pid;
	assert_int_equal(kill(pid, 0), 0);
	OK(proc_kill(&p, SIGKILL, &err));
	OK(proc_wait(&p, SOON, NULL, &end, &err));
	assert_int_equal(end.status, -1);
	OK(proc_spawn(&spec, &p, &err));
	pid = p.pid;
	CLEANUP(fd_close) int pidfd = watch(pid);
	proc_done(&p); /* lets it run */
	assert_false(has_ended(pidfd, 20));
	kill(pid, SIGKILL);
}

static void *spawn_many(void *arg)
{
	for (int i = 0; i < 40; i++) {
		struct err err = {0};
		struct proc p;
		struct proc_end end;
		char status[16];
		snprintf(status, sizeof(status), "exit %d", i);
		struct proc_spec spec = {.argv = ARGV("/bin/sh", "-c", status)};
		if (proc_spawn(&spec, &p, &err) < 0 || proc_wait(&p, SOON, NULL, &end, &err) < 0 ||
			end.status != i)
			return arg;
	}
	return NULL;
}

static void proc_spawn_works_from_many_threads(void **state)
{
	pthread_t threads[6];
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, spawn_many, &threads), 0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
		void *failed;
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	assert_true(has_no_child());
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proc_spawn_hands_over_exactly_what_is_stated),
		cmocka_unit_test(proc_spawn_gives_argv_0_and_program_apart),
		cmocka_unit_test(proc_spawn_closes_every_other_fd),
		cmocka_unit_test(proc_spawn_places_fds_that_are_in_each_others_way),
		cmocka_unit_test(proc_spawn_says_what_kept_it_from_running),
		cmocka_unit_test(proc_spawn_resets_signals),
		cmocka_unit_test(proc_spawn_makes_a_session_when_asked),
		cmocka_unit_test(proc_spawn_self_runs_us_again),
		cmocka_unit_test(proc_wait_tells_how_it_ended),
		cmocka_unit_test(proc_wait_gives_up_in_time_and_when_canceled),
		cmocka_unit_test(proc_done_leaves_nothing_behind),
		cmocka_unit_test(proc_kill_reaches_the_whole_session),
		cmocka_unit_test(proc_spawn_child_dies_with_us),
		cmocka_unit_test(proc_spawn_child_outlives_us_when_asked),
		cmocka_unit_test(proc_spawn_of_a_survivor_makes_no_zombie),
		cmocka_unit_test(proc_spawn_works_from_many_threads),
	};
	if (argc == 2 && strcmp(argv[1], "list-fds") == 0)
		return list_fds();
	if (argc == 3 && strcmp(argv[1], "exit-with") == 0)
		return (int)strtol(argv[2], NULL, 10);
	return cmocka_run_group_tests_name("proc/spawn", tests, NULL, NULL);
}
