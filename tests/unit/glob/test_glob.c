#include "../test.h"

#include "glob/glob.h"

/* What Go's filepath.Match answers: 1, 0, or -1 for ErrBadPattern. */
static void glob_match_answers_as_go(void **state)
{
	static const struct {
		const char *pattern, *name;
		int answer;
	} cases[] = {
		{"", "", 1}, {"", "a", 0}, {"abc", "abc", 1}, {"abc", "ab", 0}, {"*", "", 1},
		{"*", "abc", 1}, {"*", "a/b", 0}, {"*c", "abc", 1}, {"a*", "a", 1},
		{"a*", "ab/c", 0}, {"a*/b", "abc/b", 1}, {"a*/b", "a/c/b", 0}, {"*/*", "a/b", 1},
		{"*/*", "a/b/c", 0}, {"**", "ab", 1}, {"**", "a/b", 0},
		{"a*b*c*d*e*/f", "axbxcxdxe/f", 1}, {"a*b*c*d*e*/f", "axbxcxdxexxx/f", 1},
		{"a*b*c*d*e*/f", "axbxcxdxe/xxx/f", 0}, {"a*b?c*x", "abxbbxdbxebxczzx", 1},
		{"a*b?c*x", "abxbbxdbxebxczzy", 0}, {"a?b", "axb", 1}, {"a?b", "a/b", 0},
		{"a?b",
			"a\xe2\x82\xac"
			"b",
			1},
		{"a???b",
			"a\xe2\x82\xac"
			"b",
			0},
		{"?", "\xff", 1}, {"ab[c]", "abc", 1}, {"ab[b-d]", "abc", 1}, {"ab[e-g]", "abc", 0},
		{"ab[^c]", "abc", 0}, {"ab[^e-g]", "abc", 1}, {"a[^b]c", "a/c", 1},
		{"[!a]", "!", 1}, {"[!a]", "b", 0}, {"[\xc3\xa4-\xc3\xbc]", "\xc3\xb6", 1},
		{"a\\*b", "a*b", 1}, {"a\\*b", "axb", 0}, {"[\\]a]", "]", 1}, {"[\\-]", "-", 1},
		{"[x\\-]", "x", 1}, {"[c-a]", "b", 0}, {"[*]", "*", 1}, {"[]a]", "]", -1},
		{"[]", "a", -1}, {"[^]", "a", -1}, {"[-]", "-", -1}, {"[x-]", "x", -1},
		{"[-x]", "x", -1}, {"[a-b-c]", "a", -1}, {"[", "a", -1}, {"[^", "a", -1},
		{"[^bc", "a", -1}, {"a[", "a", -1}, {"a[", "ab", -1}, {"a[", "x", -1},
		{"a\\", "a", -1}, {"\\", "", -1}, {"[\xff]", "a", -1}, {"[\\", "a", -1},
		{"[a-\\", "a", -1}, {"*x", "xxx", 1}, {"a*[", "ab", -1},
		{"a*[", "b", 0},        /* Go has not looked so far */
		{"*[^b]*d", "a/xd", 0}, /* the first star takes nothing, and that stays so */
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		int answer = glob_match(str_of(cases[i].pattern), str_of(cases[i].name), &err);
		if (answer != cases[i].answer)
			fail_msg("'%s' '%s': %d", cases[i].pattern, cases[i].name, answer);
		assert_int_equal(err.kind, answer < 0 ? ERR_INPUT : ERR_NONE);
	}
}

static void glob_match_says_what_is_wrong(void **state)
{
	struct err err;
	FAILS(ERR_INPUT, glob_match(S("a[b"), S("ab"), &err));
	assert_string_equal(err.what, "bad pattern 'a[b': class is not closed");
	FAILS(ERR_INPUT, glob_match(S("a\\"), S("ab"), &err));
	assert_string_equal(err.what, "bad pattern 'a\\': nothing behind '\\'");
	FAILS(ERR_INPUT, glob_match(S("[]]"), S("ab"), &err));
	assert_string_equal(err.what, "bad pattern '[]]': expected a character of the class");
}

/* A matcher that goes back to every star would not come home. */
static void glob_match_of_many_stars_is_fast(void **state)
{
	char pattern[2001], name[20000];
	struct err err = {0};
	for (size_t i = 0; i < 2000; i += 2)
		memcpy(pattern + i, "a*", 2);
	pattern[2000] = 'b';
	memset(name, 'a', sizeof(name));
	assert_int_equal(glob_match(str_n(pattern, 2001), str_n(name, sizeof(name)), &err), 0);
	name[sizeof(name) - 1] = 'b';
	assert_int_equal(glob_match(str_n(pattern, 2001), str_n(name, sizeof(name)), &err), 1);
}

static void glob_has_wildcard_knows_backslashes(void **state)
{
	static const char *const with[] = {"*", "a?", "[", "\\\\*", "a/b*/c"};
	static const char *const without[] = {"", "a", "\\*", "\\[a\\]", "a]", "\\"};
	for (size_t i = 0; i < ARRAY_LEN(with); i++)
		assert_true(glob_has_wildcard(str_of(with[i])));
	for (size_t i = 0; i < ARRAY_LEN(without); i++)
		assert_false(glob_has_wildcard(str_of(without[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(glob_match_answers_as_go),
		cmocka_unit_test(glob_match_says_what_is_wrong),
		cmocka_unit_test(glob_match_of_many_stars_is_fast),
		cmocka_unit_test(glob_has_wildcard_knows_backslashes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
