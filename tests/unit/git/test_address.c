#include "../test.h"

#include "git/git_priv.h"

static void git_check_url_lets_no_helper_or_option_through(void **state)
{
	enum { NO, YES, LOCAL };
	static const struct {
		const char *url;
		int accepted; /* LOCAL: only when local ones are */
	} cases[] = {
		{"https://github.com/me/app.git", YES},
		{"https://user:word@host:8443/x", YES},
		{"http://[::1]:3000/x.git", YES},
		{"ssh://git@host:22/x", YES},
		{"git://host/x", YES},
		{"git@github.com:me/app.git", YES},
		{"host:path", YES},
		{"/srv/git/x.git", LOCAL},
		{"./x", LOCAL},
		{"x", LOCAL},
		{"../x:y/z", LOCAL},
		{"file:///srv/x.git", LOCAL},
		{"", NO},
		{"-u", NO},
		{"--upload-pack=touch /tmp/x", NO},
		{"-oProxyCommand=x:y", NO},
		{"ext::sh -c touch% /tmp/x", NO},
		{"fd::17", NO},
		{"transport::https://x/y", NO},
		{"a::b/c", NO},
		{"ftp://host/x", NO},
		{"git+ssh://host/x", NO},
		{"HTTPS://host/x", NO},
		{"ssh://-oProxyCommand=touch/x", NO},
		{"ssh://git@-oProxyCommand=touch/x", NO},
		{"-oProxyCommand=touch:x", NO},
		{"git@-oProxyCommand=touch:x", NO},
		{"https:///x", NO},
		{"https://user@/x", NO},
		{":x", NO},
		{"host:", NO},
		{"https://host/x\n--upload-pack=y", NO},
		{"https://host/\x01", NO},
		{"ext::sh", NO},
		{"javascript://x/y", NO},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (int accepts = 0; accepts < 2; accepts++) {
			struct err err = {0};
			bool is_local;
			int rc = git_check_url(cases[i].url, accepts, &is_local, &err);
			bool expected =
				cases[i].accepted == YES || (cases[i].accepted == LOCAL && accepts);
			if ((rc == 0) != expected)
				fail_msg("'%s': %d", cases[i].url, rc);
			if (rc < 0)
				assert_int_equal(err.kind, ERR_INPUT);
			if (rc == 0)
				assert_int_equal(is_local, cases[i].accepted == LOCAL);
		}
	}
}

static void git_check_url_does_not_tell_passwords(void **state)
{
	struct err err;
	bool is_local;
	FAILS(ERR_INPUT, git_check_url("https://me:secret@/x", false, &is_local, &err));
	assert_null(strstr(err.what, "secret"));
}

static void git_url_clean_takes_the_login_off(void **state)
{
	static const struct {
		const char *url, *clean, *with, *without;
	} cases[] = {
		{"https://me:secret@host/a/b.git", "https://host/a/b.git",
			"https://me:secret@host/", "https://host/"},
		{"http://token@host:8080/a", "http://host:8080/a", "http://token@host:8080/",
			"http://host:8080/"},
		{"https://a@b@host/x", "https://host/x", "https://a@b@host/", "https://host/"},
		{"https://me:secret@host", "https://host", "https://me:secret@host/",
			"https://host/"},
		{"https://host/a@b", "https://host/a@b", NULL, NULL},
		{"ssh://git@host/a", "ssh://git@host/a", NULL, NULL},
		{"git@host:a", "git@host:a", NULL, NULL},
		{"/a/b@c", "/a/b@c", NULL, NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(buf_done) struct buf clean = BUF(1000);
		CLEANUP(buf_done) struct buf with = BUF(1000);
		CLEANUP(buf_done) struct buf without = BUF(1000);
		git_url_clean(cases[i].url, &clean);
		STR_IS(buf_str(&clean), cases[i].clean);
		assert_int_equal(git_url_login(cases[i].url, &with, &without), !!cases[i].with);
		STR_IS(buf_str(&with), cases[i].with ? cases[i].with : "");
		STR_IS(buf_str(&without), cases[i].without ? cases[i].without : "");
	}
}

static void git_check_ref_follows_check_ref_format(void **state)
{
	static const char *const good[] = {"main", "feature/x", "refs/heads/main", "v1.0", "a-b_c",
		"+x", "a@b", "\xc3\xa4", "refs/pull/7/merge", "x.locked", "0", "a.b/c.d"};
	static const char *const bad[] = {"", "-x", "--upload-pack=x", "a..b", "a b", "a~1", "a^",
		"a:b", "a?", "a*", "a[b", "a\\b", "/a", "a/", "a//b", ".a", "a/.b", "a.lock",
		"a.lock/b", "a.", "a@{1}", "@", "a\nb", "a\x7f", "a\tb"};
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct err err = {0};
		OK(git_check_ref(good[i], &err));
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err err;
		FAILS(ERR_INPUT, git_check_ref(bad[i], &err));
	}
}

static void git_is_commit_id_counts_hex(void **state)
{
	char id[70];
	memset(id, 'a', sizeof(id));
	for (size_t n = 0; n < sizeof(id); n++)
		assert_int_equal(git_is_commit_id(str_n(id, n)), n == 40 || n == 64);
	id[7] = 'g';
	assert_false(git_is_commit_id(str_n(id, 40)));
	id[7] = '\0';
	assert_false(git_is_commit_id(str_n(id, 40)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(git_check_url_lets_no_helper_or_option_through),
		cmocka_unit_test(git_check_url_does_not_tell_passwords),
		cmocka_unit_test(git_url_clean_takes_the_login_off),
		cmocka_unit_test(git_check_ref_follows_check_ref_format),
		cmocka_unit_test(git_is_commit_id_counts_hex),
	};
	return cmocka_run_group_tests_name("git/address", tests, NULL, NULL);
}
