#include "../test.h"

#include "metadata/metadata_priv.h"

#include "base/buf.h"

/* The groups with '|' between, "-" for one that took no part, NULL for no match. */
static void regex_match_does_as_javascript(void **state)
{
	static const struct {
		const char *pattern, *text, *groups;
	} cases[] = {{"\\d.\\d.\\d", "v1.2.3", "1.2.3"},
		{"v(.*)", "v2.0.8-beta.67", "v2.0.8-beta.67|2.0.8-beta.67"},
		{"v(\\d.\\d)", "v2.0.8-beta.67", "v2.0|2.0"}, {"\\d+", "20200110-RC2", "20200110"},
		{"p1/v(\\d.\\d.\\d)", "p1/v1.2.3", "p1/v1.2.3|1.2.3"},
		{"^v(\\d+)\\.(\\d+)$", "v1.22", "v1.22|1|22"},
		{"^v(\\d+)\\.(\\d+)$", "v1.22.3", NULL}, {"", "abc", ""}, {"a|b|", "xb", ""},
		{"a|b", "xb", "b"}, {"(a)|(b)", "b", "b|-|b"}, {"a*", "baa", ""},
		{"a+?", "baa", "a"}, {"a{2}", "baaa", "aa"}, {"a{2,}", "baaa", "aaa"},
		{"a{1,2}", "baaa", "aa"}, {"a{1,2}?", "baaa", "a"}, {"a{,2}", "a{,2}", "a{,2}"},
		{"x{0}y", "y", "y"}, {"a{", "a{", "a{"}, {"(?:ab)+", "xababa", "abab"},
		{"(a|ab)(c|bcd)(d*)", "abcd", "abcd|a|bcd|"}, {"(a*)*", "b", "|-"},
		{"(a*)?", "b", "|-"},
		{"(z)((a+)?(b+)?(c))*", "zaacbbbcac", "zaacbbbcac|z|ac|a|-|c"},
		{"(?=(a+))a*b\\1", "baaabac", "aba|a"}, {"(?<=\\$)\\d+", "USD $42", "42"},
		{"(?<!\\$)\\b\\d+", "$42 17", "17"}, {"foo(?!bar)", "foobar foob", "foo"},
		{"(?<year>\\d{4})-\\k<year>", "2020-2020", "2020-2020|2020"},
		{"(.)\\1", "abccd", "cc|c"}, {"[a-c]+", "xxabcd", "abc"},
		{"[^a-c]+", "abxyc", "xy"}, {"[\\d.]+", "v1.2", "1.2"}, {"[]", "a", NULL},
		{"[^]", "\n", "\n"}, {"[a\\]]+", "]a", "]a"}, {"[\\w-]+", "a-b c", "a-b"},
		{"[a-\\d]+", "a-5", "a-5"}, {"\\bfoo\\b", "a foo b", "foo"}, {"\\Boo", "foo", "oo"},
		{"a.c", "a\nc", NULL}, {"\\x41\\u0042\\cJ", "AB\n", "AB\n"},
		{"\\.\\-\\/", ".-/", ".-/"}, {"\\W+", "ab--", "--"}, {"é+", "caféé", "éé"},
		{".", "🚢", "🚢"}, {"$", "", ""}, {"\\8", "8", "8"}, {"\\101", "A", "A"},
		{"(?:)", "", ""}, {"(a)(?:b)(c)", "abc", "abc|a|c"}, {"/^V(.)/i", "v1", "v1|1"},
		{"/\\d/g", "a1b22", "1|2|2"}, {"/a$/m", "a\nb", "a"}, {"/a.b/s", "a\nb", "a\nb"},
		{"/\\u{1F6A2}/u", "🚢", "🚢"}, {"/b/y", "ab", NULL}, {"/[A-Z]+/i", "abC", "abC"},
		{"/a/b", "x", ""}, {"/x/", "x", "x"}, {"//", "a//", "//"}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		CLEANUP(buf_done) struct buf b = BUF(1000);
		struct err err = {0};
		struct regex *r;
		struct regex_span *g;
		size_t n;
		struct str text = str_of(cases[i].text);
		int rc = regex_of(str_of(cases[i].pattern), &a, &r, &err);
		if (str_is(str_of(cases[i].pattern), "/a/b")) {
			assert_int_equal(rc, -1); /* flag b does not exist */
			continue;
		}
		OK(rc);
		OK(regex_match(r, text, &a, &g, &n, &err));
		for (size_t k = 0; k < n; k++) {
			buf_add_cstr(&b, k ? "|" : "");
			if (g[k].start < 0)
				buf_add_ch(&b, '-');
			else
				buf_add(&b, str_sub(text, (size_t)g[k].start, (size_t)g[k].end));
		}
		if ((n > 0) != (cases[i].groups != NULL) ||
			(n && !str_is(buf_str(&b), cases[i].groups)))
			fail_msg("/%s/ on '%s': got %s, expected %s", cases[i].pattern,
				cases[i].text, n ? buf_cstr(&b) : "no match",
				cases[i].groups ? cases[i].groups : "no match");
	}
}

static void regex_parse_refuses_what_javascript_refuses(void **state)
{
	static const struct {
		const char *pattern, *flags, *what;
	} cases[] = {{"(", "", "Invalid regular expression: /(/: Unterminated group"},
		{")", "", "Invalid regular expression: /)/: Unmatched ')'"},
		{"[a", "", "Invalid regular expression: /[a/: Unterminated character class"},
		{"[b-a]", "",
			"Invalid regular expression: /[b-a]/: Range out of order in character class"},
		{"*a", "", "Invalid regular expression: /*a/: Nothing to repeat"},
		{"a**", "", "Invalid regular expression: /a**/: Nothing to repeat"},
		{"^*", "", "Invalid regular expression: /^*/: Nothing to repeat"},
		{"{2}", "", "Invalid regular expression: /{2}/: Nothing to repeat"},
		{"a{2,1}", "",
			"Invalid regular expression: /a{2,1}/: numbers out of order in {} quantifier"},
		{"a\\", "", "Invalid regular expression: /a\\/: \\ at end of pattern"},
		{"(?a)", "", "Invalid regular expression: /(?a)/: Invalid group"},
		{"(?<a>x)\\k<b>", "",
			"Invalid regular expression: /(?<a>x)\\k<b>/: Invalid named capture referenced"},
		{"a", "gg", "Invalid flags supplied to RegExp constructor 'gg'"},
		{"a", "z", "Invalid flags supplied to RegExp constructor 'z'"}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct err err;
		struct regex *r;
		FAILS(ERR_INPUT,
			regex_parse(str_of(cases[i].pattern), str_of(cases[i].flags), &a, &r,
				&err));
		assert_string_equal(err.what, cases[i].what);
	}
}

static void regex_match_gives_up_in_time(void **state)
{
	static const char *const slow[] = {
		"(a+)+$", "(a|aa)+$", "(a*)*b", "(.*)*(.*)*(.*)*x", "(?=(a+)+$)b"};
	char text[64];
	memset(text, 'a', sizeof(text));
	text[63] = '!';
	for (size_t i = 0; i < ARRAY_LEN(slow); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct err err = {0};
		struct regex *r;
		struct regex_span *g;
		size_t n;
		OK(regex_parse(str_of(slow[i]), S(""), &a, &r, &err));
		FAILS(ERR_LIMIT, regex_match(r, str_n(text, sizeof(text)), &a, &g, &n, &err));
	}
}

static void regex_parse_limits_size(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct err err;
	struct regex *r;
	FAILS(ERR_LIMIT, regex_parse(S("((a{100}){100}){100}"), S(""), &a, &r, &err));
	FAILS(ERR_LIMIT, regex_parse(S("a{99999999}"), S(""), &a, &r, &err));
	char deep[200];
	memset(deep, '(', 100);
	memset(deep + 100, ')', 100);
	FAILS(ERR_LIMIT, regex_parse(str_n(deep, 200), S(""), &a, &r, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(regex_match_does_as_javascript),
		cmocka_unit_test(regex_parse_refuses_what_javascript_refuses),
		cmocka_unit_test(regex_match_gives_up_in_time),
		cmocka_unit_test(regex_parse_limits_size),
	};
	return cmocka_run_group_tests_name("metadata/regex", tests, NULL, NULL);
}
