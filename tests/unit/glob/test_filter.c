#include "../test.h"

#include "base/buf.h"
#include "glob/filter.h"

/* patterns are separated by spaces. */
static struct filter *of(const char *patterns)
{
	struct filter *f = filter_new();
	struct err err = {0};
	struct str rest = str_of(patterns), pattern;
	while (str_word(&rest, &pattern))
		OK(filter_add(f, pattern, &err));
	return f;
}

static void filter_matches_as_github_documents(void **state)
{
	static const struct {
		const char *patterns, *name;
		bool is_match;
	} cases[] = {
		/* branches and tags */
		{"feature/*", "feature/my-branch", true},
		{"feature/*", "feature/a/b", false},
		{"feature/*", "feature", false},
		{"feature/**", "feature/beta-a/my-branch", true},
		{"feature/**", "feature/your-branch", true},
		{"feature/**", "feature", false},
		{"main", "main", true},
		{"main", "Main", false},
		{"main", "main2", false},
		{"*", "main", true},
		{"*", "a/b", false},
		{"**", "every/branch", true},
		{"*feature", "ver-10-feature", true},
		{"*feature", "feature", true},
		{"v2*", "v2", true},
		{"v2*", "v2.9", true},
		{"v2*", "v2/x", false},
		{"v[12].[0-9]+.[0-9]+", "v1.10.1", true},
		{"v[12].[0-9]+.[0-9]+", "v2.0.0", true},
		{"v[12].[0-9]+.[0-9]+", "v3.0.0", false},
		{"v[12].[0-9]+.[0-9]+", "v1.0.", false},
		{"v[12].[0-9]+.[0-9]+", "v1.0.0-rc", false},
		{"v[12].[0-9]+.[0-9]+", "v1x0.0", false},
		{"[CB]at", "Cat", true},
		{"[CB]at", "Rat", false},
		{"[1-2]00", "200", true},
		{"[0-9a-z]", "q", true},
		{"[0-9a-z]", "Q", false},
		/* paths */
		{"*.jsx?", "page.js", true},
		{"*.jsx?", "page.jsx", true},
		{"*.jsx?", "page.jsxx", false},
		{"*.js", "js/app.js", false},
		{"**.js", "src/js/app.js", true},
		{"**.js", "index.js", true},
		{"docs/*", "docs/README.md", true},
		{"docs/*", "docs/a/b.md", false},
		{"docs/**", "docs/mona/octocat.txt", true},
		{"docs/**/*.md", "docs/README.md", true},
		{"docs/**/*.md", "docs/a/markdown/file.md", true},
		{"docs/**/*.md", "docs.md", false},
		{"**/docs/**", "docs/hello.md", true},
		{"**/docs/**", "space/docs/plan/space.doc", true},
		{"**/docs/**", "mydocs/x", false},
		{"**/README.md", "README.md", true},
		{"**/README.md", "js/README.md", true},
		{"**/README.md", "js/xREADME.md", false},
		{"**/*src/**", "a/src/app.js", true},
		{"**/*src/**", "my-src/code/js/app.js", true},
		{"**/*-post.md", "path/their-post.md", true},
		{"**/migrate-*.sql", "db/sept/migrate-v1.sql", true},
		/* order */
		{"*.md !README.md", "hello.md", true},
		{"*.md !README.md", "README.md", false},
		{"*.md !README.md", "docs/hello.md", false},
		{"*.md !README.md README*", "README.md", true},
		{"*.md !README.md README*", "README.doc", true},
		{"!README.md *.md", "README.md", true},
		{"releases/** !releases/**-alpha", "releases/beta/3-alpha", false},
		{"releases/** !releases/**-alpha", "releases/10", true},
		{"!a", "b", false},
		/* counts, escapes, ordinary characters */
		{"ab+", "abbb", true},
		{"ab+", "a", false},
		{"ab?c", "ac", true},
		{"[ab]+c", "abbac", true},
		{"[ab]+c", "c", false},
		{"[ab]?c", "c", true},
		{"a+?b", "b", true},
		{"*+", "ab", true},
		{"\xc3\xa4+", "\xc3\xa4\xc3\xa4", true},
		{"a\\+b", "a+b", true},
		{"a\\+b", "aab", false},
		{"\\!a", "!a", true},
		{"a!b", "a!b", true},
		{"\\*", "*", true},
		{"\\*", "a", false},
		{"[\\]]", "]", true},
		{"[a-]", "-", true},
		{"a.b", "axb", false},
		{"(a|b)", "(a|b)", true},
		{"a^$", "a^$", true},
		{"a**/b", "axx/y/b", true},
		{"a**/b", "ab", false},
		{"**/+b", "a//b", true},
		{"***", "a/b", true},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(filter_free) struct filter *f = of(cases[i].patterns);
		if (filter_matches(f, str_of(cases[i].name)) != cases[i].is_match)
			fail_msg("'%s' '%s'", cases[i].patterns, cases[i].name);
	}
}

static void filter_check_says_what_is_wrong_and_where(void **state)
{
	static const struct {
		const char *pattern, *why;
		uint32_t col;
	} cases[] = {
		{"", "nothing to match", 1},
		{"!", "nothing to match", 2},
		{"?", "nothing before '?'", 1},
		{"!+a", "nothing before '+'", 2},
		{"\xc3\xa4[", "class is not closed", 2},
		{"a[b", "class is not closed", 2},
		{"a[b\\]", "class is not closed", 2},
		{"a[]", "class is empty", 2},
		{"[^a]", "a class cannot be negated", 1},
		{"[!a]", "a class cannot be negated", 1},
		{"[z-a]", "expected a range such as a-z, A-Z or 0-9", 2},
		{"[xA-z]", "expected a range such as a-z, A-Z or 0-9", 3},
		{"[+-9]", "expected a range such as a-z, A-Z or 0-9", 2},
		{"a\\", "nothing behind '\\'", 2},
	};
	struct err err;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char what[200];
		CLEANUP(filter_free) struct filter *f = filter_new();
		snprintf(what, sizeof(what), "bad pattern '%s': %s", cases[i].pattern,
			cases[i].why);
		FAILS(ERR_INPUT, filter_check(str_of(cases[i].pattern), &err));
		assert_string_equal(err.what, what);
		assert_int_equal(err.at.col, cases[i].col);
		FAILS(ERR_INPUT, filter_add(f, str_of(cases[i].pattern), &err));
		assert_int_equal(filter_count(f), 0);
	}
	OK(filter_check(S("v[0-9]+.*"), &err));
}

static void filter_is_only_negative_when_nothing_can_match(void **state)
{
	CLEANUP(filter_free) struct filter *f = of("!a !b");
	struct err err = {0};
	assert_true(filter_is_only_negative(f));
	OK(filter_add(f, S("c"), &err));
	assert_false(filter_is_only_negative(f));
}

static void filter_of_hostile_patterns_is_fast(void **state)
{
	static const char *const pieces[] = {"a*", "a?", "a+", "**/", "[a/]+", "a**", "*?"};
	char name[4000];
	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = i % 7 ? 'a' : '/';
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		CLEANUP(filter_free) struct filter *f = filter_new();
		CLEANUP(buf_done) struct buf b = BUF(FILTER_PATTERN_BYTES_MAX);
		struct err err = {0};
		while (b.n + 8 < b.max)
			buf_add_cstr(&b, pieces[i]);
		buf_add(&b, S("x*"));
		OK(filter_add(f, buf_str(&b), &err));
		assert_false(filter_matches(f, str_n(name, sizeof(name))));
	}
}

static void filter_limits_are_kept(void **state)
{
	char pattern[FILTER_PATTERN_BYTES_MAX + 1];
	CLEANUP(filter_free) struct filter *f = filter_new();
	struct err err = {0};
	memset(pattern, 'a', sizeof(pattern));
	FAILS(ERR_LIMIT, filter_add(f, str_n(pattern, sizeof(pattern)), &err));
	FAILS(ERR_LIMIT, filter_check(str_n(pattern, sizeof(pattern)), &err));
	OK(filter_add(f, str_n(pattern, sizeof(pattern) - 1), &err));
	while (filter_count(f) < FILTER_PATTERNS_MAX)
		OK(filter_add(f, S("a"), &err));
	FAILS(ERR_LIMIT, filter_add(f, S("a"), &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filter_matches_as_github_documents),
		cmocka_unit_test(filter_check_says_what_is_wrong_and_where),
		cmocka_unit_test(filter_is_only_negative_when_nothing_can_match),
		cmocka_unit_test(filter_of_hostile_patterns_is_fast),
		cmocka_unit_test(filter_limits_are_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
