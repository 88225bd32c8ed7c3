/* The small parts: signals, capabilities, mountinfo, /etc/hosts, last words. */
#include "../test.h"

#include "container/helper/etc_priv.h"
#include "container/helper/mountinfo_priv.h"
#include "container/last_words_priv.h"
#include "container/stage_priv.h"

#include <linux/capability.h>
#include <signal.h>

static void signal_has_any_form_number_is_right(void **state)
{
	static const struct {
		const char *name;
		int number; /* 0 = refused */
	} cases[] = {{"SIGTERM", SIGTERM}, {"TERM", SIGTERM}, {"term", SIGTERM}, {"sigkill", 9},
		{"15", 15}, {"1", 1}, {"64", 64}, {"SIGWINCH", SIGWINCH}, {"SIGRTMIN", 34},
		{"SIGRTMIN+3", 37}, {"RTMAX", 64}, {"RTMAX-14", 50}, {"SIGRTMIN+30", 64},
		{"SIGRTMIN+31", 0}, {"0", 0}, {"65", 0}, {"-9", 0}, {"", 0}, {"SIG", 0},
		{"SIGSIGTERM", 0}, {"TERMINATE", 0}, {"RTMIN-1", 0}, {"RTMAX+1", 0},
		{"SIGRTMINXXXXXXXXXXXXXXXXX", 0}, {"99999999999999999999", 0}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		int number = 0;
		if (cases[i].number) {
			OK(container_signal(cases[i].name, &number, &err));
			assert_int_equal(number, cases[i].number);
		} else {
			FAILS(ERR_INPUT, container_signal(cases[i].name, &number, &err));
		}
	}
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static void caps_are_as_docker_counts(void **state)
{
	const uint64_t net_admin = CAP_BIT(CAP_NET_ADMIN), chown_bit = CAP_BIT(CAP_CHOWN);
	const struct {
		const char *const *add, *const *drop;
		bool is_privileged;
		uint64_t caps;
	} cases[] = {
		{NULL, NULL, false, caps_default},
		{LIST("NET_ADMIN"), NULL, false, caps_default | net_admin},
		{LIST("cap_net_admin"), NULL, false, caps_default | net_admin},
		{NULL, LIST("CAP_CHOWN"), false, caps_default & ~chown_bit},
		{LIST("CHOWN"), LIST("CHOWN"), false, caps_default},
		{NULL, LIST("ALL"), false, 0},
		{LIST("NET_ADMIN"), LIST("all"), false, net_admin},
		{LIST("ALL"), NULL, false, CAPS_ALL},
		{LIST("ALL"), LIST("CHOWN"), false, CAPS_ALL & ~chown_bit},
		{NULL, LIST("CHOWN"), true, CAPS_ALL},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		uint64_t caps;
		struct container_spec s = {.cap_add = cases[i].add,
			.cap_drop = cases[i].drop,
			.is_privileged = cases[i].is_privileged};
		OK(caps_for(&s, CAPS_ALL, &caps, &err));
		assert_int_equal(caps, cases[i].caps);
		OK(caps_for(&s, caps_default | net_admin, &caps, &err));
		assert_int_equal(caps, cases[i].caps & (caps_default | net_admin));
	}
	struct err err = {0};
	uint64_t caps;
	struct container_spec s = {.cap_add = LIST("SYS_RESOURCE")};
	FAILS(ERR_DENIED, caps_for(&s, caps_default, &caps, &err));
	s.cap_add = LIST("CAP_");
	FAILS(ERR_INPUT, caps_for(&s, CAPS_ALL, &caps, &err));
	s.cap_add = LIST("");
	FAILS(ERR_INPUT, caps_for(&s, CAPS_ALL, &caps, &err));
}

static void mountinfo_is_read(void **state)
{
	struct str rest = S("36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw\n"
			    "37 35 98:0 / /with\\040space\\134 rw - tmpfs none rw\n"
			    "no line at all\n"
			    "38 35 98:0 / /without/type rw master:1\n"
			    "39 35 98:0 / relative rw - ext4 x rw\n"
			    "40 35 98:0 / /nul\\000x rw - ext4 x rw\n"
			    "41 35 98:0 / / rw shared:1 master:2 - 9p x rw\n"
			    "42 35 98:0 / /short\\04 rw - ext4 x rw");
	static const char *const expected[][2] = {
		{"/mnt2", "ext3"}, {"/with space\\", "tmpfs"}, {"/", "9p"}, {"/short\\04", "ext4"}};
	struct mountinfo m;
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		assert_true(mountinfo_next(&rest, &m));
		assert_string_equal(m.path, expected[i][0]);
		STR_IS(m.type, expected[i][1]);
	}
	assert_false(mountinfo_next(&rest, &m));
	assert_true(mountinfo_is_kernels(S("proc")) && mountinfo_is_kernels(S("cgroup2")));
	assert_false(mountinfo_is_kernels(S("ext4")) || mountinfo_is_kernels(S("")));
}

static void hosts_are_written(void **state)
{
	CLEANUP(buf_done) struct buf b = BUF(4096);
	etc_add_hosts(&b, S("1.2.3.4 host"), "box", LIST("a:5.6.7.8", "b:::1", "bad", ":x", "y:"),
		true);
	STR_IS(buf_str(&b), "1.2.3.4 host\n5.6.7.8\ta\n::1\tb\n127.0.1.1\tbox\n");
	buf_clear(&b);
	etc_add_hosts(&b, S("1.2.3.4 host\n"), "box", NULL, false);
	assert_true(str_starts(buf_str(&b), S("127.0.0.1\tlocalhost\n")));
	assert_false(str_has(buf_str(&b), S("1.2.3.4")));
	assert_true(str_ends(buf_str(&b), S("127.0.1.1\tbox\n")));
}

static int collect(void *ctx, int stream, struct str text, struct err *err)
{
	buf_fmt(ctx, "%d:", stream);
	buf_add(ctx, text);
	return 0;
}

static void last_words_become_dockers(void **state)
{
	static const struct {
		const char *pieces[3]; /* of stderr */
		int status, becomes;
		const char *says;
	} cases[] = {
		{{"exec /x: exec format error\n"}, 1, 255, "2:exec /x: exec format error\n"},
		{{"{\"msg\":\"exec container process `/x`: Exec format error\",\"level\":\"error\"}\n"},
			1, 255, "2:exec /x: exec format error\n"},
		{{"{\"msg\":\"exec container process (missing dynamic library?) `/a b`: No such file or "
		  "directory\",\"level\":\"error\"}\n"},
			1, 255, "2:exec /a b: no such file or directory\n"},
		/* A program of its own that talks so is left alone. */
		{{"exec /x: exec format error\n"}, 0, 0, "2:exec /x: exec format error\n"},
		{{"exec /x: exec format error\n"}, 2, 2, "2:exec /x: exec format error\n"},
		{{"exec /x: exec format error\n", "more\n"}, 1, 1,
			"2:exec /x: exec format error\n2:more\n"},
		{{"first\n", "exec /x: exec format error\n"}, 1, 1,
			"2:first\n2:exec /x: exec format error\n"},
		{{"exec /x: exec format error\nmore\n"}, 1, 1,
			"2:exec /x: exec format error\nmore\n"},
		{{"exec /x: exec format error"}, 1, 1, "2:exec /x: exec format error"},
		{{"{\"msg\":\"exec container process\n"}, 1, 1,
			"2:{\"msg\":\"exec container process\n"},
		{{"exec /\n"}, 1, 1, "2:exec /\n"},
		{{NULL}, 1, 1, ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		CLEANUP(buf_done) struct buf b = BUF(4096);
		struct last_words l = {.on_output = collect, .ctx = &b};
		int status = cases[i].status;
		for (size_t k = 0; k < 3 && cases[i].pieces[k]; k++)
			OK(last_words_output(&l, 2, str_of(cases[i].pieces[k]), &err));
		OK(last_words_end(&l, &status, &err));
		assert_int_equal(status, cases[i].becomes);
		STR_IS(buf_str(&b), cases[i].says);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signal_has_any_form_number_is_right),
		cmocka_unit_test(caps_are_as_docker_counts),
		cmocka_unit_test(mountinfo_is_read),
		cmocka_unit_test(hosts_are_written),
		cmocka_unit_test(last_words_become_dockers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
