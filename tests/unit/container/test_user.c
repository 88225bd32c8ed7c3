#include "../test.h"

#include "container/container.h"

static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
			     "daemon:x:1:1::/usr/sbin:/bin/false\r\n"
			     "# a comment\n"
			     "\n"
			     "short\n"
			     "nogid:x:500\n"
			     "letters:x:abc:1::/:\n"
			     "negative:x:-1:1::/:\n"
			     "huge:x:4294967296:1::/:\n"
			     "max:x:2147483647:2147483647::/max:\n"
			     "over:x:2147483648:1::/:\n"
			     "  spaced:x:600:600::/spaced:  \n"
			     "1234:x:601:601::/digits:\n"
			     "app:x:1000:1001:App:/home/app:/bin/sh\n"
			     "app:x:2000:2000::/second:/bin/sh\n"
			     "twin:x:1000:1002::/twin:/bin/sh\n"
			     "weird:x:602:602:a:b:c:d:e\n"
			     "nohome:x:603:603";
static const char group[] = "root:x:0:\n"
			    "staff:x:50:app,other\n"
			    "video:x:44: app , x\n"
			    "broken:x:zz:app\n"
			    "app2:x:45:appendix\n"
			    "77:x:78:\n"
			    "last:x:46:app";

static void check(const char *user, uint32_t uid, uint32_t gid, const char *home,
	const uint32_t *groups, size_t n_groups)
{
	struct err err = {0};
	struct container_user u;
	OK(container_find_user_text(str_of(passwd), str_of(group), user, &u, &err));
	if (u.uid != uid || u.gid != gid || strcmp(u.home, home) != 0 || u.n_groups != n_groups ||
		memcmp(u.groups, groups, n_groups * sizeof(*groups)) != 0)
		fail_msg("%s: %u:%u %s, %zu groups", user ? user : "NULL", u.uid, u.gid, u.home,
			u.n_groups);
}

static void find_by_dockers_rules(void **state)
{
	static const uint32_t apps[] = {50, 44, 46};
	check(NULL, 0, 0, "/root", apps, 0);
	check("", 0, 0, "/root", apps, 0);
	check("root", 0, 0, "/root", apps, 0);
	check("daemon", 1, 1, "/usr/sbin", apps, 0);
	check("app", 1000, 1001, "/home/app", apps, 3);
	check("1000", 1000, 1001, "/home/app", apps, 3);
	check("app:staff", 1000, 50, "/home/app", apps, 0);
	check("app:51", 1000, 51, "/home/app", apps, 0);
	check("app:", 1000, 1001, "/home/app", apps, 3);
	check(":staff", 0, 50, "/root", apps, 0);
	check("1000:1000", 1000, 1000, "/home/app", apps, 0);
	check("4242", 4242, 0, "/", apps, 0);
	check("4242:77", 4242, 77, "/", apps, 0);
	check("1234", 1234, 0, "/", apps, 0); /* an id, although somebody is called so */
	check("app:78", 1000, 78, "/home/app", apps, 0);
	check("2147483647", INT32_MAX, INT32_MAX, "/max", apps, 0);
	check("spaced", 600, 600, "/spaced", apps, 0);
	check("weird", 602, 602, "b", apps, 0);
	check("nohome", 603, 603, "/", apps, 0);
	check("twin", 1000, 1002, "/twin", apps, 0);
}

static void find_unknown_says_dockers_words(void **state)
{
	static const struct {
		const char *user, *says;
		enum err_kind kind;
	} cases[] = {
		{"nobody", "unable to find user nobody: no matching entries in passwd file",
			ERR_NOT_FOUND},
		{"app:nogroup", "unable to find group nogroup: no matching entries in group file",
			ERR_NOT_FOUND},
		{"nogid", "unable to find user nogid: no matching entries in passwd file",
			ERR_NOT_FOUND},
		{"letters", "unable to find user letters: no matching entries in passwd file",
			ERR_NOT_FOUND},
		{"short", "unable to find user short: no matching entries in passwd file",
			ERR_NOT_FOUND},
		{"over", "unable to find user over: no matching entries in passwd file",
			ERR_NOT_FOUND},
		{"# a comment",
			"unable to find user # a comment: no matching entries in passwd file",
			ERR_NOT_FOUND},
		{"2147483648", "uids and gids must be in range 0-2147483647, got '2147483648'",
			ERR_INPUT},
		{"-1", "uids and gids must be in range 0-2147483647, got '-1'", ERR_INPUT},
		{"99999999999999999999",
			"uids and gids must be in range 0-2147483647, got '99999999999999999999'",
			ERR_INPUT},
		{"app:-1", "uids and gids must be in range 0-2147483647, got '-1'", ERR_INPUT},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		struct container_user u;
		FAILS(cases[i].kind,
			container_find_user_text(str_of(passwd), str_of(group), cases[i].user, &u,
				&err));
		assert_string_equal(err.what, cases[i].says);
	}
}

static void find_without_files_numbers_do(void **state)
{
	struct err err = {0};
	struct container_user u;
	OK(container_find_user_text(STR_NONE, STR_NONE, "5:6", &u, &err));
	assert_true(u.uid == 5 && u.gid == 6 && u.n_groups == 0);
	OK(container_find_user_text(STR_NONE, STR_NONE, "", &u, &err));
	assert_true(u.uid == 0 && u.gid == 0);
	assert_string_equal(u.home, "/");
	FAILS(ERR_NOT_FOUND, container_find_user_text(STR_NONE, STR_NONE, "root", &u, &err));
	FAILS(ERR_NOT_FOUND,
		container_find_user_text(str_of(passwd), STR_NONE, "app:staff", &u, &err));
}

static void find_too_many_groups_is_refused(void **state)
{
	struct err err = {0};
	struct container_user u;
	CLEANUP(buf_done) struct buf b = BUF(1 << 20);
	for (int i = 0; i < CONTAINER_GROUPS_MAX; i++)
		buf_fmt(&b, "g%d:x:%d:app\n", i, i);
	OK(container_find_user_text(str_of(passwd), buf_str(&b), "app", &u, &err));
	assert_int_equal(u.n_groups, CONTAINER_GROUPS_MAX);
	buf_add_cstr(&b, "more:x:9999:app\n");
	FAILS(ERR_LIMIT, container_find_user_text(str_of(passwd), buf_str(&b), "app", &u, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(find_by_dockers_rules),
		cmocka_unit_test(find_unknown_says_dockers_words),
		cmocka_unit_test(find_without_files_numbers_do),
		cmocka_unit_test(find_too_many_groups_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
