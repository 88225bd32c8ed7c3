#include "script.h"

#include "base/clock.h"
#include "git/git.h"

static void git_show_commit_tells_all_of_it(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	CLEANUP(arena_done) struct arena a = {0};
	struct git_commit c;
	script(&d, SOURCE);
	static const char *const revs[] = {"HEAD", "main", "v2", "refs/tags/v2", "feature/x~1",
		"HEAD^0", "v2^{commit}", "main@{0}"};
	for (size_t i = 0; i < ARRAY_LEN(revs); i++) {
		OK(git_show_commit(PATH_IN(&d, "src"), revs[i], &a, &c, &err));
		assert_true(str_eq(c.sha, script_says(&d, "git -C src rev-parse main")));
		assert_true(str_eq(c.tree, script_says(&d, "git -C src rev-parse main^{tree}")));
		STR_IS(c.author, "An Author");
		STR_IS(c.author_email, "an@author");
		STR_IS(c.committer, "A Committer");
		STR_IS(c.committer_email, "a@committer");
		STR_IS(c.message, "two\n\nwith a body");
		assert_true(c.time_ns == 1700000000 * CLOCK_SECOND);
	}
}

static void git_show_commit_takes_nothing_for_an_option(void **state)
{
	static const struct {
		const char *rev;
		enum err_kind kind;
	} cases[] = {{"--help", ERR_INPUT}, {"-n1", ERR_INPUT}, {"", ERR_INPUT},
		{"HEAD\nHEAD", ERR_INPUT}, {"missing", ERR_NOT_FOUND},
		{"main:a.txt", ERR_NOT_FOUND}, {"main^{tree}", ERR_NOT_FOUND},
		{"0000000000000000000000000000000000000000", ERR_NOT_FOUND},
		{"main blob", ERR_NOT_FOUND}, {"main commit 5", ERR_NOT_FOUND}};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	script(&d, SOURCE);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err;
		CLEANUP(arena_done) struct arena a = {0};
		struct git_commit c;
		FAILS(cases[i].kind,
			git_show_commit(PATH_IN(&d, "src"), cases[i].rev, &a, &c, &err));
	}
}

static void git_is_dirty_sees_changes_and_new_files(void **state)
{
	static const struct {
		const char *change;
		bool is_dirty;
	} cases[] = {{"true", false}, {"touch src/a.txt", false},
		{"echo '*.o' >> src/.git/info/exclude", false}, {"touch src/x.o", false},
		{"echo y > src/a.txt", true}, {"git -C src checkout -q a.txt", false},
		{"echo y > src/new", true}, {"git -C src add new", true},
		{"git -C src rm -qf new", false}, {"rm src/a.txt", true}};
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	script(&d, SOURCE);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bool is_dirty;
		script(&d, cases[i].change);
		OK(git_is_dirty(PATH_IN(&d, "src"), &is_dirty, &err));
		if (is_dirty != cases[i].is_dirty)
			fail_msg("after '%s'", cases[i].change);
	}
}

static void git_remote_url_hides_the_password(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	CLEANUP(arena_done) struct arena a = {0};
	struct str url;
	script(&d,
		SOURCE "git -C src remote add origin https://me:secret@host/x.git;"
		       "git -C src remote add ssh git@host:x.git");
	OK(git_remote_url(PATH_IN(&d, "src"), "origin", &a, &url, &err));
	STR_IS(url, "https://host/x.git");
	OK(git_remote_url(PATH_IN(&d, "src"), "ssh", &a, &url, &err));
	STR_IS(url, "git@host:x.git");
	FAILS(ERR_NOT_FOUND, git_remote_url(PATH_IN(&d, "src"), "other", &a, &url, &err));
	FAILS(ERR_INPUT, git_remote_url(PATH_IN(&d, "src"), "--list", &a, &url, &err));
}

static void paths_are(const struct temp_dir *d, const char *before, const char *after,
	const char *expected)
{
	struct err err = {0};
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(buf_done) struct buf all = BUF(10000);
	struct str *paths;
	size_t n;
	OK(git_changed_paths(PATH_IN(d, "src"), before, after, &a, &paths, &n, &err));
	for (size_t i = 0; i < n; i++)
		buf_fmt(&all, "%.*s|", STR_ARG(paths[i]));
	STR_IS(buf_str(&all), expected);
}

static void git_changed_paths_lists_what_differs(void **state)
{
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	script(&d, SOURCE);
	paths_are(&d, "v1", "v2", "a.txt|");
	paths_are(&d, "v1", "feature/x", "a.txt|c.txt|");
	paths_are(&d, "v2", "v1", "a.txt|");
	paths_are(&d, "v2", "v2", "");
	paths_are(&d, "0000000000000000000000000000000000000000", "v1", "a.txt|d/b.txt|");
	script(&d, "cd src; git mv a.txt 'z \"\xc3\xa4\n.txt'; git commit -qm rename");
	paths_are(&d, "v2", "main", "a.txt|z \"\xc3\xa4\n.txt|");
	struct err err;
	CLEANUP(arena_done) struct arena a = {0};
	struct str *paths;
	size_t n;
	FAILS(ERR_NOT_FOUND,
		git_changed_paths(PATH_IN(&d, "src"), "gone", "v1", &a, &paths, &n, &err));
	FAILS(ERR_INPUT,
		git_changed_paths(PATH_IN(&d, "src"), "--output=x", "v1", &a, &paths, &n, &err));
	FAILS(ERR_FAILED, git_changed_paths(d.path, "v1", "v2", &a, &paths, &n, &err));
}

/* What a repository's own configuration may start when it is only read. */
static void git_reading_runs_nothing_of_the_repository(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	CLEANUP(arena_done) struct arena a = {0};
	struct git_commit c;
	struct str *paths, text;
	size_t n;
	bool is_dirty;
	script(&d,
		SOURCE
		"top=$PWD; cd src; printf '#!/bin/sh\\ntouch %s/ran-$1\\n' $top > $top/evil; chmod +x $top/evil;"
		"git config core.fsmonitor \"$top/evil fsmonitor\"; git config diff.external \"$top/evil diff\";"
		"git config core.pager \"$top/evil pager\"; git config core.sshCommand \"$top/evil ssh\";"
		"git config diff.x.textconv \"$top/evil textconv\"; echo '*.txt diff=x' > .git/info/attributes;"
		"git config extensions.partialClone origin; git config remote.origin.promisor true;"
		"git config core.repositoryformatversion 1;"
		"git config remote.origin.url \"ext::$top/evil ext\"; git config protocol.ext.allow always;"
		"for h in post-index-change post-checkout reference-transaction; do"
		"  cp $top/evil .git/hooks/$h; done; touch a.txt");
	OK(git_is_dirty(PATH_IN(&d, "src"), &is_dirty, &err));
	OK(git_changed_paths(PATH_IN(&d, "src"), "v1", "v2", &a, &paths, &n, &err));
	OK(git_remote_url(PATH_IN(&d, "src"), "origin", &a, &text, &err));
	OK(git_show_commit(PATH_IN(&d, "src"), "v2", &a, &c, &err));
	/* Not there: a partial clone would fetch it. */
	FAILS(ERR_NOT_FOUND,
		git_show_commit(PATH_IN(&d, "src"), "1234567890123456789012345678901234567890", &a,
			&c, &err));
	STR_IS(script_says(&d, "ls | grep ^ran || true"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(git_show_commit_tells_all_of_it),
		cmocka_unit_test(git_show_commit_takes_nothing_for_an_option),
		cmocka_unit_test(git_is_dirty_sees_changes_and_new_files),
		cmocka_unit_test(git_remote_url_hides_the_password),
		cmocka_unit_test(git_changed_paths_lists_what_differs),
		cmocka_unit_test(git_reading_runs_nothing_of_the_repository),
	};
	return cmocka_run_group_tests_name("git/show", tests, NULL, NULL);
}
