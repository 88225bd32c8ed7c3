#include "../test.h"

#include "base/clock.h"
#include "proc/proc.h"

#include <signal.h>
#include <sys/wait.h>

#define ARGV(...) ((const char *const[]){__VA_ARGS__, NULL})

struct seen {
	struct buf streams[2];
	struct cancel *ask;    /* asked at the first output */
	const char *refuse_at; /* output that holds this is refused */
};

static int see(void *ctx, int stream, struct str text, struct err *err)
{
	struct seen *s = ctx;
	buf_add(&s->streams[stream - 1], text);
	if (s->ask)
		cancel_ask(s->ask);
	if (s->refuse_at && str_has(text, str_of(s->refuse_at)))
		return err_set(err, ERR_INPUT, "do not want '%s'", s->refuse_at);
	return 0;
}

static void seen_done(struct seen *s)
{
	buf_done(&s->streams[0]);
	buf_done(&s->streams[1]);
}
CLEANUP_VAL(seen_done, struct seen);

#define SEEN ((struct seen){.streams = {BUF(64 << 20), BUF(64 << 20)}})

static struct proc_run run_of(struct seen *s, const char *const *argv)
{
	static const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
	return (struct proc_run){.spec = {.argv = argv, .env = env}, .on_output = see, .ctx = s};
}

static void proc_run_tells_streams_apart(void **state)
{
	struct err err = {0};
	struct proc_end end;
	CLEANUP(seen_done) struct seen s = SEEN;
	struct proc_run r = run_of(&s, ARGV("sh", "-c", "echo out; echo err >&2; exit 3"));
	OK(proc_run(&r, &end, &err));
	assert_int_equal(end.status, 3);
	STR_IS(buf_str(&s.streams[0]), "out\n");
	STR_IS(buf_str(&s.streams[1]), "err\n");
}

static void proc_run_loses_nothing_of_large_output(void **state)
{
	struct err err = {0};
	struct proc_end end;
	CLEANUP(seen_done) struct seen s = SEEN;
	struct proc_run r = run_of(&s,
		ARGV("sh", "-c", "head -c 20000000 /dev/zero; head -c 3000000 /dev/zero >&2"));
	OK(proc_run(&r, &end, &err));
	assert_int_equal(s.streams[0].n, 20000000);
	assert_int_equal(s.streams[1].n, 3000000);
}

static void proc_run_feeds_stdin(void **state)
{
	struct err err = {0};
	struct proc_end end;
	CLEANUP(seen_done) struct seen s = SEEN;
	CLEANUP(mem_free) char *text = mem_new(3000000, 1);
	memset(text, 'z', 3000000);
	struct proc_run r = run_of(&s, ARGV("wc", "-c"));
	r.stdin_text = str_n(text, 3000000);
	OK(proc_run(&r, &end, &err));
	STR_IS(buf_str(&s.streams[0]), "3000000\n");
	r.spec.argv = ARGV("true"); /* reads none of it */
	OK(proc_run(&r, &end, &err));
	assert_int_equal(end.status, 0);
	r.stdin_text = STR_NONE;
	r.spec.argv = ARGV("wc", "-c");
	OK(proc_run(&r, &end, &err));
	STR_IS(buf_str(&s.streams[0]), "3000000\n0\n");
}

static void proc_run_does_not_wait_for_what_was_left_behind(void **state)
{
	struct err err = {0};
	struct proc_end end;
	CLEANUP(seen_done) struct seen s = SEEN;
	struct proc_run r = run_of(&s, ARGV("sh", "-c", "sleep 1000 & echo $!"));
	OK(proc_run(&r, &end, &err));
	pid_t left = (pid_t)strtol(buf_cstr(&s.streams[0]), NULL, 10);
	assert_int_equal(kill(left, SIGKILL), 0);
	buf_clear(&s.streams[0]);
	r.spec.argv = ARGV("sh", "-c", "yes >&2 & echo $!; exit 4"); /* never stops printing */
	OK(proc_run(&r, &end, &err));
	assert_int_equal(end.status, 4);
	left = (pid_t)strtol(buf_cstr(&s.streams[0]), NULL, 10);
	(void)kill(left, SIGKILL); /* SIGPIPE may have been faster */
}

static void proc_run_waits_for_a_child_that_closed_its_output(void **state)
{
	struct err err = {0};
	struct proc_end end;
	CLEANUP(seen_done) struct seen s = SEEN;
	struct proc_run r = run_of(&s, ARGV("sh", "-c", "exec >&- 2>&-; sleep 0.1; exit 9"));
	OK(proc_run(&r, &end, &err));
	assert_int_equal(end.status, 9);
}

static void proc_run_lets_a_canceled_child_say_goodbye(void **state)
{
	struct err err = {0};
	struct proc_end end = {.status = 77};
	struct cancel c;
	CLEANUP(seen_done) struct seen s = SEEN;
	OK(cancel_init(&c, &err));
	s.ask = &c;
	struct proc_run r = run_of(&s,
		ARGV("sh", "-c",
			"trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.01; done"));
	r.cancel = &c;
	FAILS(ERR_CANCELED, proc_run(&r, &end, &err));
	STR_IS(buf_str(&s.streams[0]), "ready\nbye\n");
	assert_int_equal(end.status, 77);
	FAILS(ERR_CANCELED, proc_run(&r, &end, &err)); /* asked already: not even started */
	STR_IS(buf_str(&s.streams[0]), "ready\nbye\n");
	cancel_done(&c);
}

static void proc_run_kills_who_does_not_go(void **state)
{
	struct err err = {0};
	struct proc_end end;
	CLEANUP(seen_done) struct seen s = SEEN;
	struct proc_run r = run_of(&s,
		ARGV("sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.01; done"));
	r.timeout_ns = 100 * CLOCK_MS;
	r.grace_ns = 20 * CLOCK_MS;
	FAILS(ERR_LIMIT, proc_run(&r, &end, &err));
	assert_string_equal(err.what, "timed out after 100ms");
	assert_true(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

static void proc_run_stops_when_output_is_refused(void **state)
{
	struct err err = {0};
	struct proc_end end;
	CLEANUP(seen_done) struct seen s = SEEN;
	s.refuse_at = "y";
	struct proc_run r = run_of(&s, ARGV("yes"));
	FAILS(ERR_INPUT, proc_run(&r, &end, &err));
	assert_string_equal(err.what, "do not want 'y'");
	assert_true(s.streams[0].n <= 65536); /* nothing more was handed on */
}

static void proc_run_without_on_output_uses_the_fds_given(void **state)
{
	struct err err = {0};
	struct proc_end end;
	int out[2];
	char text[8] = {0};
	assert_int_equal(pipe(out), 0);
	struct proc_run r = {.spec = {.argv = ARGV("echo", "hello"), .stdout_fd = out[1]}};
	OK(proc_run(&r, &end, &err));
	assert_int_equal(read(out[0], text, sizeof(text)), 6);
	assert_string_equal(text, "hello\n");
	close(out[0]);
	close(out[1]);
}

static void proc_output_tells_why_it_failed(void **state)
{
	static const struct {
		const char *script;
		const char *what;
	} cases[] = {
		{"exit 2", "'sh' exited with status 2"},
		{"echo 'fatal: no' >&2; exit 128", "'sh' exited with status 128: fatal: no"},
		{"printf 'a\\nb\\033[31m\\n\\n' >&2; exit 1",
			"'sh' exited with status 1: a;b [31m"},
		{"echo gone >&2; kill -9 $$", "'sh' was ended by signal 9 (Killed): gone"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		CLEANUP(buf_done) struct buf out = BUF(100);
		struct proc_spec spec = {.argv = ARGV("sh", "-c", cases[i].script)};
		FAILS(ERR_FAILED, proc_output(&spec, &out, &err));
		assert_string_equal(err.what, cases[i].what);
	}
}

static void proc_output_is_limited(void **state)
{
	struct err err = {0};
	CLEANUP(buf_done) struct buf out = BUF(1000);
	struct proc_spec endless = {.argv = ARGV("yes")}, fits = {.argv = ARGV("echo", "x")};
	FAILS(ERR_LIMIT, proc_output(&endless, &out, &err));
	buf_clear(&out);
	OK(proc_output(&fits, &out, &err));
	STR_IS(buf_str(&out), "x\n");
}

static void proc_tail_keeps_the_end(void **state)
{
	struct err err = {0};
	struct proc_tail t = {0};
	struct proc_end end = {.status = 1};
	for (int i = 0; i < 1000; i++) {
		char line[32];
		snprintf(line, sizeof(line), "line %d\n", i);
		proc_tail_add(&t, str_of(line));
	}
	proc_failed("x", &end, &t, &err);
	assert_true(str_ends(str_of(err.what), S(";line 998;line 999")));
	assert_true(str_starts(str_of(err.what), S("'x' exited with status 1: line 9")));
	CLEANUP(mem_free) char *long_text = mem_new(5000, 1);
	memset(long_text, 'q', 5000);
	proc_tail_add(&t, str_n(long_text, 5000));
	assert_int_equal(t.n, sizeof(t.p));
	proc_failed("x", &end, &t, &err);
	assert_true(str_ends(str_of(err.what), S("qqqq")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proc_run_tells_streams_apart),
		cmocka_unit_test(proc_run_loses_nothing_of_large_output),
		cmocka_unit_test(proc_run_feeds_stdin),
		cmocka_unit_test(proc_run_does_not_wait_for_what_was_left_behind),
		cmocka_unit_test(proc_run_waits_for_a_child_that_closed_its_output),
		cmocka_unit_test(proc_run_lets_a_canceled_child_say_goodbye),
		cmocka_unit_test(proc_run_kills_who_does_not_go),
		cmocka_unit_test(proc_run_stops_when_output_is_refused),
		cmocka_unit_test(proc_run_without_on_output_uses_the_fds_given),
		cmocka_unit_test(proc_output_tells_why_it_failed),
		cmocka_unit_test(proc_output_is_limited),
		cmocka_unit_test(proc_tail_keeps_the_end),
	};
	return cmocka_run_group_tests_name("proc/run", tests, NULL, NULL);
}
