#include "../test.h"

#include "base/clock.h"
#include "git/git_priv.h"

#define TREE "tree aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"

static void git_parse_commit_reads_headers_and_message(void **state)
{
	struct err err = {0};
	CLEANUP(arena_done) struct arena a = {0};
	struct git_commit c = {.sha = S("me")};
	OK(git_parse_commit(S(TREE "parent bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n"
				   "author An A. Author <an@author> 1600000000 +0200\n"
				   "committer C <c> 1700000000 -0130\n"
				   "gpgsig -----BEGIN\n tree nonsense\n author <x>\n -----END\n"
				   "\nsubject\n\ntree in body\n\n\n"),
		&a, &c, &err));
	STR_IS(c.sha, "me");
	STR_IS(c.tree, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	STR_IS(c.author, "An A. Author");
	STR_IS(c.author_email, "an@author");
	STR_IS(c.committer, "C");
	STR_IS(c.committer_email, "c");
	STR_IS(c.message, "subject\n\ntree in body");
	assert_true(c.time_ns == 1700000000 * CLOCK_SECOND);
}

static void git_parse_commit_takes_odd_people(void **state)
{
	static const struct {
		const char *ident, *name, *mail;
		int64_t seconds;
	} cases[] = {
		{"<> 5 +0000", "", "", 5},
		{"A <b> -5 +0000", "A", "b", -5},
		{"A <b>", "A", "b", 0},
		{"A <b> soon", "A", "b", 0},
		{"A <b> 99999999999999999999 +0000", "A", "b", 0},
		{"A <b> 9223372036854775807 +0000", "A", "b", 0},
		{"A <b <c> d> 7", "A", "b <c> d", 7},
		{"no mail 7", "", "", 0},
		{"> 3 <", "", "", 0},
		{"", "", "", 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		char raw[300];
		CLEANUP(arena_done) struct arena a = {0};
		struct git_commit c = {0};
		snprintf(raw, sizeof(raw), TREE "committer %s\n\nm", cases[i].ident);
		OK(git_parse_commit(str_of(raw), &a, &c, &err));
		STR_IS(c.committer, cases[i].name);
		STR_IS(c.committer_email, cases[i].mail);
		assert_true(c.time_ns == cases[i].seconds * CLOCK_SECOND);
	}
}

static void git_parse_commit_needs_a_tree(void **state)
{
	static const char *const bad[] = {"", "\n", "tree\n", "tree abc\n\nm", ("\n" TREE),
		"author A <b> 1 +0\n\nm", "tree -aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err err;
		CLEANUP(arena_done) struct arena a = {0};
		struct git_commit c = {0};
		FAILS(ERR_CORRUPT, git_parse_commit(str_of(bad[i]), &a, &c, &err));
	}
}

static void git_packed_ref_finds_whole_lines_only(void **state)
{
	static const struct str text =
		S("# pack-refs with: peeled fully-peeled sorted \n"
		  "1111111111111111111111111111111111111111 refs/heads/a\n"
		  "2222222222222222222222222222222222222222 refs/heads/a/b\n"
		  "3333333333333333333333333333333333333333 refs/heads/ab\n"
		  "4444444444444444444444444444444444444444 refs/tags/v1\n"
		  "^5555555555555555555555555555555555555555\n"
		  "not-an-id refs/heads/bad\n"
		  "6666666666666666666666666666666666666666  refs/heads/two\n"
		  "7777777777777777777777777777777777777777 refs/heads/last");
	static const struct {
		const char *ref;
		char digit; /* 0 = none */
	} cases[] = {{"refs/heads/a", '1'}, {"refs/heads/a/b", '2'}, {"refs/heads/ab", '3'},
		{"refs/tags/v1", '4'}, {"refs/heads/last", '7'}, {"heads/a", 0}, {"a", 0},
		{"refs/heads/bad", 0}, {"refs/heads/two", 0}, {"refs/heads", 0}, {"pack-refs", 0}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str id = git_packed_ref(text, str_of(cases[i].ref));
		assert_int_equal(id.n, cases[i].digit ? 40 : 0);
		if (cases[i].digit)
			assert_int_equal(id.p[0], cases[i].digit);
	}
}

static void git_parse_remote_ref_reads_both_kinds_of_line(void **state)
{
	struct git_remote_ref r;
	assert_true(git_parse_remote_ref(S("ref: refs/heads/main\tHEAD"), &r));
	STR_IS(r.target, "refs/heads/main");
	STR_IS(r.ref, "HEAD");
	assert_int_equal(r.id.n, 0);
	assert_true(git_parse_remote_ref(
		S("1111111111111111111111111111111111111111\trefs/tags/v1^{}"), &r));
	assert_int_equal(r.id.n, 40);
	STR_IS(r.ref, "refs/tags/v1^{}");
	static const char *const bad[] = {"", "\t", "x\ty", "1111\trefs/heads/x",
		"1111111111111111111111111111111111111111",
		"1111111111111111111111111111111111111111\t",
		"1111111111111111111111111111111111111111 refs/heads/x"};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(git_parse_remote_ref(str_of(bad[i]), &r));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(git_parse_commit_reads_headers_and_message),
		cmocka_unit_test(git_parse_commit_takes_odd_people),
		cmocka_unit_test(git_parse_commit_needs_a_tree),
		cmocka_unit_test(git_packed_ref_finds_whole_lines_only),
		cmocka_unit_test(git_parse_remote_ref_reads_both_kinds_of_line),
	};
	return cmocka_run_group_tests_name("git/parse", tests, NULL, NULL);
}
