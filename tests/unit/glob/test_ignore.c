#include "../test.h"

#include "base/buf.h"
#include "glob/ignore.h"

static struct ignore *reads(const char *text)
{
	struct err err = {0};
	struct ignore *ig = ignore_new();
	OK(ignore_read(ig, str_of(text), &err));
	return ig;
}

/* As BuildKit walks: each folder first, its memo for what is in it. */
static bool walks_to(const struct ignore *ig, const char *path)
{
	uint64_t memos[2][4];
	const uint64_t *below = NULL;
	bool is_out = false, was_skipped = false;
	assert_true(ignore_n_words(ig) <= 4);
	for (size_t i = 0, turn = 0, n = strlen(path); i <= n; i++) {
		if (i < n && path[i] != '/')
			continue;
		struct str part = str_n(path, i);
		is_out = ignore_matches_in(ig, below, part, memos[turn]);
		below = memos[turn];
		turn = !turn;
		assert_true(is_out || !was_skipped); /* nothing comes back below a skipped folder */
		was_skipped = was_skipped || (is_out && !ignore_may_return_below(ig, part));
	}
	return is_out;
}

static void ignore_matches_as_moby(void **state)
{
	static const struct {
		const char *text, *path;
		bool is_out;
	} cases[] = {
		{"", "a", false},
		{"a", "a", true},
		{"a", "b/a", false},
		{"a", "a/b/c", true},
		{"a", "ab", false},
		{"/a", "a", true},
		{"./a", "a", true},
		{"a/", "a", true},
		{"a/../b", "b", true},
		{"../a", "a", false},
		{"a//b", "a/b", true},
		{"/", "a", false},
		{".", "a", false},
		/* one star, through parents */
		{"*", "a/b", true},
		{"a*", "ab/c", true},
		{"a*", "b/ab", false},
		{"*/a", "x/a", true},
		{"*/a", "a", false},
		{"*/a", "x/y/a", false},
		{"*.md", "a.md", true},
		{"*.md", "d/a.md", false},
		{"a?c", "abc", true},
		{"a?c", "a/c", false},
		/* two stars */
		{"**", "a/b", true},
		{"**/a", "a", true},
		{"**/a", "x/y/a", true},
		{"**/a", "x/a/b", true},
		{"**/a", "xa", false},
		{"**a", "xa", true},
		{"**file", "dir/file", true},
		{"**file", "dir/myfile", true},
		{"**fi*e", "dir/myfile", false},
		{"**fi*e", "dir/file", true},
		{"abc/**", "abc", false},
		{"abc/**", "abc/x", true},
		{"abc/**", "abc/x/y", true},
		{"abc/**", "abcd", false},
		{"abc**", "abc", true},
		{"abc**", "abcd/e", true},
		{"a/**/b", "a/b", true},
		{"a/**/b", "a/x/y/b", true},
		{"a/**/b", "a/xb", false},
		{"a**/b", "a/b", true},
		{"a**b", "ab", true},
		{"a**b", "a/x/b", true},
		{"a**b", "axb", false},
		{"**/*.pyc", "x/y/a.pyc", true},
		{"**/*.pyc", "a.pyc", true},
		{"**/x/**", "a/x/b", true},
		{"**/x/**", "a/x", false},
		/* classes and escapes */
		{"[ab].c", "a.c", true},
		{"[ab].c", "c.c", false},
		{"[^a]x", "bx", true},
		{"a[^b]c", "a/c", true},
		{"[!a]x", "!x", true},
		{"[a-c]*", "bcd", true},
		{"[*]", "*", true},
		{"[*]", "a", false},
		{"[?]", "?", true},
		{"\\*", "*", true},
		{"\\*", "a", false},
		{"[[:digit:]]*", "1a", true},
		{"[[:digit:]]*", "a1", false},
		{"[[:^digit:]]*", "1a", false},
		{"\\d*", "1", true},
		{"\\d*", "d", false},
		{"[\\W]", "-", true},
		{"[\\W]", "a", false},
		{"a.b+(c)|{d}$*", "a.b+(c)|{d}$", true},
		{"a.b*", "axb", false},
		{"^a", "^a", true},
		{"^a*", "ab", true},
		{"a^b*", "a^b", false},
		{"\xc3\xa4?", "\xc3\xa4\xc3\xb6", true},
		/* exceptions and order */
		{"a\n!a/b", "a/b", false},
		{"a\n!a/b", "a/c", true},
		{"a\n!a/b", "a/b/c", false},
		{"!a/b\na", "a/b", true},
		{"*\n!a\n!a/b", "a/c", false},
		{"*\n!a/b", "a", true},
		{"**\n!**/*.go", "x/y/z.go", false},
		{"**\n!**/*.go", "x/y/z.c", true},
		{"*.md\n!README*.md\nREADME-secret.md", "README.md", false},
		{"*.md\n!README*.md\nREADME-secret.md", "README-secret.md", true},
		{"*.md\nREADME-secret.md\n!README*.md", "README-secret.md", false},
		{"a\n! /b/../a/x", "a/x", false},
		/* lines */
		{"\xef\xbb\xbf"
		 "a",
			"a", true},
		{"# a\na", "a", true},
		{"#a", "#a", false},
		{" #a", "#a", true},
		{"\\#a", "#a", true},
		{"  a \t\r\n", "a", true},
		{"\xc2\xa0"
		 "a\xe3\x80\x80",
			"a", true},
		{"\n\n  \n", "a", false},
		{"a b", "a b", true},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(ignore_free) struct ignore *ig = reads(cases[i].text);
		if (ignore_matches(ig, str_of(cases[i].path)) != cases[i].is_out)
			fail_msg("'%s' '%s'", cases[i].text, cases[i].path);
		if (walks_to(ig, cases[i].path) != cases[i].is_out)
			fail_msg("'%s' '%s' in a walk", cases[i].text, cases[i].path);
	}
}

/* moby's two functions differ here, and so do these. */
static void ignore_matches_in_forgets_what_it_did_not_ask(void **state)
{
	CLEANUP(ignore_free) struct ignore *ig = reads("a\n!a/b\na");
	assert_true(ignore_matches(ig, S("a/b")));
	assert_false(walks_to(ig, "a/b"));
	assert_true(walks_to(ig, "a/c"));
}

static void ignore_read_of_bad_patterns_names_the_line(void **state)
{
	static const struct {
		const char *text, *what;
	} cases[] = {
		{"a\n[", "bad pattern '[': class is not closed"},
		{"#\n!", "expected a pattern behind '!'"},
		{"a\n!/", "expected a pattern behind '!'"},
		{"\na[]b", "bad pattern 'a[]b': expected a character of the class"},
		{"\na\\", "bad pattern 'a\\': nothing behind '\\'"},
		{"\n*a\\/", "bad pattern '*a\\': nothing behind '\\'"},
		{"\n[c-a]", "bad pattern '[c-a]': range in a class ends before it starts"},
		{"\n\\b*", "bad pattern '\\b*': unknown escape"},
		{"\n[\\b]", "bad pattern '[\\b]': unknown escape in a class"},
		{"\n[[:alpah:]]", "bad pattern '[[:alpah:]]': unknown class '[:alpah:]'"},
		{"\n*[a", "bad pattern '*[a': class is not closed"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(ignore_free) struct ignore *ig = ignore_new();
		struct err err;
		FAILS(ERR_INPUT, ignore_read(ig, str_of(cases[i].text), &err));
		assert_string_equal(err.what, cases[i].what);
		assert_int_equal(err.at.line, 2);
	}
}

static void ignore_may_return_below_lets_walks_skip(void **state)
{
	static const struct {
		const char *text, *dir;
		bool may_return;
	} cases[] = {
		{"a", "a", false},
		{"a\n!b", "a", false},
		{"a\n!a", "a", false},
		{"a\n!a/b", "a", true},
		{"a\n!a/b/c", "a/b", true},
		{"a\n!a/b/c", "a/c", false},
		{"a\n!a/b/c", "a/b/c", false},
		{"a\n!*/b", "a", true},
		{"a\n!*/b", "a/b", false},
		{"a\n!**/x.go", "a/b/c", true},
		{"a\n!a/**", "a", true},
		{"a\n!a/**", "ab", false},
		{"a\n!a/b*/c", "a/bx", true},
		{"a\n!a/b*/c", "a/x", false},
		{"a\n!**x", "a/b", true},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(ignore_free) struct ignore *ig = reads(cases[i].text);
		if (ignore_may_return_below(ig, str_of(cases[i].dir)) != cases[i].may_return)
			fail_msg("'%s' '%s'", cases[i].text, cases[i].dir);
	}
}

static void ignore_of_hostile_patterns_is_fast(void **state)
{
	static const char *const pieces[] = {"a*", "**/", "*/", "?*", "[a/]*", "a**"};
	char path[4000];
	for (size_t i = 0; i < sizeof(path); i++)
		path[i] = i % 2 ? '/' : 'a';
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		CLEANUP(ignore_free) struct ignore *ig = ignore_new();
		CLEANUP(buf_done) struct buf b = BUF(IGNORE_PATTERN_BYTES_MAX);
		struct err err = {0};
		while (b.n + 8 < b.max)
			buf_add_cstr(&b, pieces[i]);
		buf_add(&b, S("x*"));
		OK(ignore_add(ig, buf_str(&b), &err));
		assert_false(ignore_matches(ig, str_n(path, sizeof(path))));
		(void)ignore_may_return_below(ig, str_n(path, sizeof(path)));
	}
}

static void ignore_limits_are_kept(void **state)
{
	CLEANUP(ignore_free) struct ignore *ig = ignore_new();
	CLEANUP(mem_free) char *text = mem_new(IGNORE_BYTES_MAX + 1, 1);
	struct err err = {0};
	memset(text, 'a', IGNORE_BYTES_MAX + 1);
	OK(ignore_add(ig, str_n(text, IGNORE_PATTERN_BYTES_MAX), &err));
	FAILS(ERR_LIMIT, ignore_add(ig, str_n(text, IGNORE_PATTERN_BYTES_MAX + 1), &err));
	FAILS(ERR_LIMIT, ignore_read(ig, str_n(text, IGNORE_PATTERN_BYTES_MAX + 1), &err));
	FAILS(ERR_LIMIT, ignore_read(ig, str_n(text, IGNORE_BYTES_MAX + 1), &err));
	for (size_t i = 1; i < 2 * IGNORE_PATTERNS_MAX; i += 2)
		text[i] = '\n';
	FAILS(ERR_LIMIT, ignore_read(ig, str_n(text, 2 * IGNORE_PATTERNS_MAX), &err));
	assert_int_equal(ignore_count(ig), IGNORE_PATTERNS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ignore_matches_as_moby),
		cmocka_unit_test(ignore_matches_in_forgets_what_it_did_not_ask),
		cmocka_unit_test(ignore_read_of_bad_patterns_names_the_line),
		cmocka_unit_test(ignore_may_return_below_lets_walks_skip),
		cmocka_unit_test(ignore_of_hostile_patterns_is_fast),
		cmocka_unit_test(ignore_limits_are_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
