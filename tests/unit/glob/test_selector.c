#include "../test.h"

#include "base/buf.h"
#include "glob/selector.h"

static const char root[] = "/home/runner/work/[app]", home[] = "/home/runner";

static struct selector *of(const char *lines)
{
	struct selector *s = selector_new(str_of(root), str_of(home));
	struct err err = {0};
	OK(selector_add(s, str_of(lines), &err));
	return s;
}

static void selector_matches_as_actions_glob(void **state)
{
	static const struct {
		const char *lines, *path;
		bool is_match;
	} cases[] = {
		{"a", "a", true},
		{"a", "b/a", false},
		{"a", "a/b/c", true},
		{"a", "ab", false},
		{"a/", "a", false},
		{"a/", "a/b", true},
		{"a/**", "a/b/c", true},
		{"a/**", "a", true},
		{"a/**/", "a/b", true},
		{"**", "a/b", true},
		{".", "a/b", true},
		{"./a", "a", true},
		{"*", "a/b", true},
		{"**/package-lock.json", "package-lock.json", true},
		{"**/package-lock.json", "x/y/package-lock.json", true},
		{"**/package-lock.json", "x/ypackage-lock.json", false},
		{"*.lock", "a.lock", true},
		{"*.lock", "x/a.lock", false},
		{"*.lock", ".lock", true},
		{"**/*.go", "cmd/x/.main.go", true},
		{"**.go", "x/a.go", false},
		{"**.go", "a.go", true},
		{"a/**/b", "a/b", true},
		{"a/**/**/b", "a/x/y/b", true},
		{"a/**/b", "a/xb", false},
		{"a//b", "a/b", true},
		{"a?c", "abc", true},
		{"a?c", "ac", false},
		{"[ab]c", "bc", true},
		{"[!ab]c", "bc", false},
		{"[^ab]c", "xc", true},
		{"x[!a]y", "x/y", false},
		{"[]a]", "]", true},
		{"[!]a]", "xa]", true},
		{"[a", "[a", true},
		{"[z-a]", "[z-a]", true},
		{"[a-]", "-", true},
		{"[\\]]", "]", true},
		{"\\*", "*", true},
		{"\\*", "a", false},
		{"{a,b}", "{a,b}", true},
		{"{a,b}", "a", false},
		{"@(a)", "a", false},
		{"A", "a", false},
		/* folders by name */
		{"/home/runner/work/[[]app]/a", "a", true},
		{"/home/runner/work/[app]/a", "a", false},
		{"/home/*/work/*/a", "a", true},
		{"/**/a", "x/a", true},
		{"/**/work/**/a", "a", true},
		{"/home", "x", true},
		{"/etc/**", "a", false},
		{"~/work/[[]app]/a", "a", true},
		{"~", "a", true},
		{"~x", "~x", true},
		/* order and lines */
		{"**\n!a/**", "a/b", false},
		{"**\n!a/**", "b", true},
		{"**\n!a", "a/b", false},
		{"!a\n**", "a", true},
		{"**\n!**/*.md\n**/README.md", "x/README.md", true},
		{"!!a", "a", true},
		{"**\n! a", "a", false},
		{"# a\na", "a", true},
		{"#a", "#a", false},
		{"\\#a", "#a", true},
		{"  a  \r\n\n  ", "a", true},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(selector_free) struct selector *s = of(cases[i].lines);
		struct str path = str_of(cases[i].path);
		if (selector_matches(s, path) != cases[i].is_match)
			fail_msg("'%s' '%s'", cases[i].lines, cases[i].path);
		for (size_t k = 0; cases[i].is_match && k < path.n; k++)
			if (path.p[k] == '/' && !selector_may_match_below(s, str_sub(path, 0, k)))
				fail_msg("'%s' '%s' is not walked to", cases[i].lines,
					cases[i].path);
	}
}

static void selector_may_match_below_lets_walks_skip(void **state)
{
	static const struct {
		const char *lines, *dir;
		bool may_match;
	} cases[] = {
		{"a/b", "a", true},
		{"a/b", "b", false},
		{"a/b", "a/c", false},
		{"a/b", "a/b", true},
		{"*.lock", "x", false},
		{"*.lock", "x.lock", true},
		{"**/x", "a/b", true},
		{"!a", "a", false},
		{"/etc/**", "a", false},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(selector_free) struct selector *s = of(cases[i].lines);
		if (selector_may_match_below(s, str_of(cases[i].dir)) != cases[i].may_match)
			fail_msg("'%s' '%s'", cases[i].lines, cases[i].dir);
	}
}

static void selector_add_of_bad_patterns_names_the_line(void **state)
{
	static const struct {
		const char *lines, *what;
	} cases[] = {
		{"a\n../b", "'..' is not allowed in a pattern"},
		{"\na/./b", "'.' is not allowed in a pattern"},
		{"#\na/\\.\\.", "'\\.\\.' is not allowed in a pattern"},
		{"\n!", "expected a pattern behind '!'"},
		{"\n!!", "expected a pattern behind '!'"},
	};
	struct err err;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(selector_free) struct selector *s = selector_new(S("/w"), STR_NONE);
		FAILS(ERR_INPUT, selector_add(s, str_of(cases[i].lines), &err));
		assert_string_equal(err.what, cases[i].what);
		assert_int_equal(err.at.line, 2);
	}
	CLEANUP(selector_free) struct selector *s = selector_new(S("/w"), STR_NONE);
	FAILS(ERR_INPUT, selector_add(s, S("~/a"), &err));
}

static void selector_below_the_file_system_root_works(void **state)
{
	CLEANUP(selector_free) struct selector *s = selector_new(S("/"), S("/root"));
	struct err err = {0};
	OK(selector_add(s, S("etc/*.conf\n/usr/**\n~/x"), &err));
	assert_true(selector_matches(s, S("etc/a.conf")));
	assert_true(selector_matches(s, S("usr/bin/env")));
	assert_true(selector_matches(s, S("root/x")));
	assert_false(selector_matches(s, S("x")));
	assert_int_equal(selector_count(s), 3);
}

static void selector_of_hostile_patterns_is_fast(void **state)
{
	static const char *const pieces[] = {"a*", "**/", "*/", "?*", "[!b]*"};
	char path[4000];
	for (size_t i = 0; i < sizeof(path); i++)
		path[i] = i % 3 ? 'a' : '/';
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		CLEANUP(selector_free) struct selector *s = of("");
		CLEANUP(buf_done) struct buf b = BUF(SELECTOR_PATTERN_BYTES_MAX);
		struct err err = {0};
		while (b.n + 100 < b.max)
			buf_add_cstr(&b, pieces[i]);
		buf_add(&b, S("x"));
		OK(selector_add(s, buf_str(&b), &err));
		assert_false(selector_matches(s, str_n(path + 1, sizeof(path) - 1)));
	}
}

static void selector_limits_are_kept(void **state)
{
	char pattern[SELECTOR_PATTERN_BYTES_MAX];
	CLEANUP(selector_free) struct selector *s = of("");
	struct err err = {0};
	memset(pattern, 'a', sizeof(pattern));
	FAILS(ERR_LIMIT, selector_add(s, str_n(pattern, sizeof(pattern)), &err));
	OK(selector_add(s, str_n(pattern, sizeof(pattern) - strlen(root)), &err));
	while (selector_count(s) < SELECTOR_PATTERNS_MAX)
		OK(selector_add(s, S("a"), &err));
	FAILS(ERR_LIMIT, selector_add(s, S("a"), &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(selector_matches_as_actions_glob),
		cmocka_unit_test(selector_may_match_below_lets_walks_skip),
		cmocka_unit_test(selector_add_of_bad_patterns_names_the_line),
		cmocka_unit_test(selector_below_the_file_system_root_works),
		cmocka_unit_test(selector_of_hostile_patterns_is_fast),
		cmocka_unit_test(selector_limits_are_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
