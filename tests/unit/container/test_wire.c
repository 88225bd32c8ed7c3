#include "../test.h"

#include "container/helper_priv.h"
#include "container/sandbox_priv.h"
#include "container/stage_priv.h"

static const struct container_mount mounts[] = {
	{.kind = CONTAINER_BIND, .target = "/a", .source = "/b", .is_read_only = true},
	{.kind = CONTAINER_TMPFS, .target = "/t", .size_bytes = UINT64_MAX, .mode = 01777},
	{.kind = CONTAINER_OVERLAY_COPY, .target = "/c", .source_fd = 9},
};

static struct stage_spec full_spec(void)
{
	static const char *const lowers[] = {"/l1", "/l2"};
	static const char *const args[] = {"sh", "-c", "", NULL};
	static const char *const env[] = {"A=1\n2", "B=\xff\xfe", NULL};
	static const char *const hosts[] = {"h:1.2.3.4", NULL};
	static const char *const caps[] = {"ALL", NULL};
	static const char *const none[] = {NULL};
	return (struct stage_spec){.c = {.name = "n",
					   .lowers = lowers,
					   .n_lowers = 2,
					   .upper = "/u",
					   .work = "/w",
					   .is_volatile = true,
					   .args = args,
					   .env = env,
					   .cwd = "/",
					   .user = "",
					   .mounts = mounts,
					   .n_mounts = 3,
					   .network = CONTAINER_NET_NONE,
					   .extra_hosts = hosts,
					   .cap_add = caps,
					   .cap_drop = none,
					   .memory_bytes = 1,
					   .shm_bytes = 2,
					   .pids_max = INT64_MAX,
					   .cpu_millis = 3,
					   .has_tty = true,
					   .grace_ns = -1},
		.runtime = {.path = "/usr/bin/crun", .name = "crun", .needs_private_cgroup2 = true},
		.stop_signal = 28};
}

static void write_spec(struct stage_spec *s, struct buf *b)
{
	struct err err = {0};
	struct wire w = {.out = b};
	stage_spec_wire(&w, s);
	OK(wire_end(&w, &err));
}

static void spec_is_sent_it_arrives(void **state)
{
	struct err err = {0};
	struct stage_spec s = full_spec(), r = {0};
	CLEANUP(buf_done) struct buf b = BUF(WIRE_MAX);
	CLEANUP(arena_done) struct arena a = {0};
	write_spec(&s, &b);
	struct wire w = {.in = buf_str(&b), .arena = &a};
	stage_spec_wire(&w, &r);
	OK(wire_end(&w, &err));
	assert_string_equal(r.c.lowers[1], "/l2");
	assert_int_equal(r.c.n_lowers, 2);
	assert_string_equal(r.c.args[2], "");
	assert_null(r.c.args[3]);
	assert_string_equal(r.c.env[1], "B=\xff\xfe");
	assert_string_equal(r.c.user, "");
	assert_null(r.c.hostname);
	assert_int_equal(r.c.n_mounts, 3);
	assert_true(r.c.mounts[0].is_read_only && r.c.mounts[1].size_bytes == UINT64_MAX);
	assert_int_equal(r.c.mounts[2].source_fd, 9);
	assert_null(r.c.mounts[2].source);
	assert_non_null(r.c.cap_drop);
	assert_null(r.c.cap_drop[0]);
	assert_true(r.c.pids_max == INT64_MAX && r.c.grace_ns == -1 && r.stop_signal == 28);
	assert_string_equal(r.runtime.path, "/usr/bin/crun");
	/* The same bytes again. */
	CLEANUP(buf_done) struct buf again = BUF(WIRE_MAX);
	write_spec(&r, &again);
	assert_true(str_eq(buf_str(&b), buf_str(&again)));
}

static void spec_is_cut_or_changed_it_is_refused(void **state)
{
	struct err err = {0};
	struct stage_spec s = full_spec();
	CLEANUP(buf_done) struct buf b = BUF(WIRE_MAX);
	write_spec(&s, &b);
	for (size_t n = 0; n < b.n; n++) {
		CLEANUP(arena_done) struct arena a = {0};
		/* A copy of exactly this size, so that a sanitizer sees a read beyond it. */
		CLEANUP(mem_free) char *cut = mem_copy(b.p, n);
		struct wire w = {.in = str_n(cut, n), .arena = &a};
		struct stage_spec r = {0};
		stage_spec_wire(&w, &r);
		FAILS(ERR_CORRUPT, wire_end(&w, &err));
	}
	for (size_t i = 0; i < b.n; i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct wire w = {.in = buf_str(&b), .arena = &a};
		struct stage_spec r = {0};
		b.p[i] ^= (char)0xff;
		stage_spec_wire(&w, &r);
		(void)wire_end(&w, &err); /* some changes are fine, as in a path */
		b.p[i] ^= (char)0xff;
	}
	buf_add_ch(&b, 'x');
	CLEANUP(arena_done) struct arena a = {0};
	struct wire w = {.in = buf_str(&b), .arena = &a};
	struct stage_spec r = {0};
	stage_spec_wire(&w, &r);
	FAILS(ERR_CORRUPT, wire_end(&w, &err));
}

static void numbers_lie_memory_is_not_asked_for(void **state)
{
	struct err err = {0};
	static const uint64_t lies[] = {
		2, 1000, WIRE_ITEMS_MAX, UINT64_MAX, UINT64_MAX / 8, (uint64_t)1 << 61};
	for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
		CLEANUP(buf_done) struct buf b = BUF(100);
		CLEANUP(arena_done) struct arena a = {0};
		struct wire w = {.out = &b};
		bool is_set = true;
		uint64_t count = lies[i];
		const char *const *list = NULL;
		wire_bool(&w, &is_set);
		wire_u64(&w, &count);
		w = (struct wire){.in = buf_str(&b), .arena = &a};
		wire_list(&w, &list);
		FAILS(ERR_CORRUPT, wire_end(&w, &err));
		assert_true(a.total_bytes < 100000);
	}
}

static void report_is_sent_it_arrives(void **state)
{
	struct err err = {0};
	struct helper_report s = {.status = 3, .signal = -1, .log = "log"}, r = {0};
	CLEANUP(buf_done) struct buf b = BUF(HELPER_REPORT_MAX);
	struct wire w = {.out = &b};
	s.is_error = true;
	err_set(&s.err, ERR_NOT_FOUND, "%0639d", 1);
	err_hint(&s.err, "%0255d", 1);
	helper_report_wire(&w, &s);
	OK(wire_end(&w, &err));
	/* With the longest message and log it still fits the pipe. */
	assert_true(b.n + HELPER_LOG_MAX < HELPER_REPORT_MAX);
	w = (struct wire){.in = buf_str(&b)};
	helper_report_wire(&w, &r);
	OK(wire_end(&w, &err));
	assert_true(r.is_error && r.err.kind == ERR_NOT_FOUND && r.status == 3 && r.signal == -1);
	assert_string_equal(r.err.what, s.err.what);
	assert_string_equal(r.err.hint, s.err.hint);
	assert_string_equal(r.log, "log");
}

static void sandbox_messages_arrive(void **state)
{
	struct err err = {0};
	static const char *const args[] = {"a", NULL};
	struct sandbox_spec s = {.name = "n", .mounts = mounts, .n_mounts = 3, .hidden = args}, r;
	struct sandbox_exec e = {.args = args, .cwd = "/x"}, f;
	CLEANUP(buf_done) struct buf b = BUF(10000);
	CLEANUP(arena_done) struct arena a = {0};
	struct wire w = {.out = &b};
	sandbox_spec_wire(&w, &s);
	sandbox_exec_wire(&w, &e);
	OK(wire_end(&w, &err));
	w = (struct wire){.in = buf_str(&b), .arena = &a};
	sandbox_spec_wire(&w, &r);
	sandbox_exec_wire(&w, &f);
	OK(wire_end(&w, &err));
	assert_string_equal(r.hidden[0], "a");
	assert_int_equal(r.n_mounts, 3);
	assert_string_equal(f.cwd, "/x");
	assert_null(f.env);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spec_is_sent_it_arrives),
		cmocka_unit_test(spec_is_cut_or_changed_it_is_refused),
		cmocka_unit_test(numbers_lie_memory_is_not_asked_for),
		cmocka_unit_test(report_is_sent_it_arrives),
		cmocka_unit_test(sandbox_messages_arrive),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
