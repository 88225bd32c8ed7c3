#include "../test.h"

#include "json/json.h"

static int parse(struct str text, const struct json_limits *limits, struct arena *a,
	struct json **ret, struct err *err)
{
	struct json *v = NULL;
	if (json_parse(text, limits, a, &v, err) < 0) {
		assert_null(v);
		return -1;
	}
	*ret = v;
	return 0;
}

static void json_parse_of_scalars_gives_kind_and_value(void **state)
{
	static const struct {
		const char *text;
		enum json_kind kind;
		int64_t number;
		double real;
	} cases[] = {
		{"null", JSON_NULL},
		{"true", JSON_BOOL, 1},
		{" \t\r\nfalse \n", JSON_BOOL, 0},
		{"0", JSON_INT, 0, 0},
		{"-1", JSON_INT, -1, -1},
		{"9223372036854775807", JSON_INT, INT64_MAX, 9223372036854775808.0},
		{"-9223372036854775808", JSON_INT, INT64_MIN, -9223372036854775808.0},
		{"9223372036854775808", JSON_REAL, 0, 9223372036854775808.0},
		{"-9223372036854775809", JSON_REAL, 0, -9223372036854775808.0},
		{"123456789012345678901234567890", JSON_REAL, 0, 123456789012345678901234567890.0},
		{"-0", JSON_REAL, 0, -0.0},
		{"1.0", JSON_REAL, 0, 1},
		{"1e3", JSON_REAL, 0, 1000},
		{"1E+3", JSON_REAL, 0, 1000},
		{"-1.5e-3", JSON_REAL, 0, -0.0015},
		{"0.1", JSON_REAL, 0, 0.1},
		{"1e-400", JSON_REAL, 0, 0},
		{"1.7976931348623157e308", JSON_REAL, 0, 1.7976931348623157e308},
		{"0e5", JSON_REAL, 0, 0},
	};
	struct err err = {0};
	CLEANUP(arena_done) struct arena a = {0};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct json *v;
		print_message("%s\n", cases[i].text);
		OK(parse(str_of(cases[i].text), NULL, &a, &v, &err));
		assert_int_equal(v->kind, cases[i].kind);
		if (v->kind == JSON_BOOL)
			assert_int_equal(v->truth, cases[i].number);
		if (v->kind == JSON_INT)
			assert_int_equal(v->number, cases[i].number);
		if (v->kind == JSON_INT || v->kind == JSON_REAL)
			assert_memory_equal(&v->real, &cases[i].real, sizeof(double));
	}
}

static void json_parse_with_real_only_never_gives_int(void **state)
{
	static const struct {
		const char *text;
		double real;
	} cases[] = {{"0", 0}, {"-0", -0.0}, {"7", 7}, {"9007199254740993", 9007199254740992.0},
		{"123456789012345678901234567890", 123456789012345678901234567890.0}, {"2.5", 2.5}};
	struct json_limits limits = json_limits_default;
	limits.is_real_only = true;
	struct err err = {0};
	CLEANUP(arena_done) struct arena a = {0};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct json *v;
		OK(parse(str_of(cases[i].text), &limits, &a, &v, &err));
		assert_int_equal(v->kind, JSON_REAL);
		assert_memory_equal(&v->real, &cases[i].real, sizeof(double));
		assert_int_equal(v->number, 0);
	}
}

static void json_parse_of_strings_resolves_escapes(void **state)
{
	static const struct {
		const char *text;
		struct str value;
	} cases[] = {
		{"\"\"", S("")},
		{"\"abc\"", S("abc")},
		{"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", S("\"\\/\b\f\n\r\t")},
		{"\"a\\u0000b\"", S("a\0b")},
		{"\"\\u0041\\u00e9\\u20AC\"", S("A\xc3\xa9\xe2\x82\xac")},
		{"\"\\ud83d\\ude00\"", S("\xf0\x9f\x98\x80")},
		{"\"\xf0\x9f\x98\x80\x7f\"", S("\xf0\x9f\x98\x80\x7f")},
		{"\"\\ud800\"", S("\xef\xbf\xbd")},
		{"\"\\ud800x\"", S("\xef\xbf\xbdx")},
		{"\"\\udc00\\ud800\"", S("\xef\xbf\xbd\xef\xbf\xbd")},
		{"\"\\ud800\\u0041\"",
			S("\xef\xbf\xbd"
			  "A")},
		{"\"\\ud800\\ud83d\\ude00\"", S("\xef\xbf\xbd\xf0\x9f\x98\x80")},
	};
	struct err err = {0};
	CLEANUP(arena_done) struct arena a = {0};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct json *v;
		print_message("%s\n", cases[i].text);
		OK(parse(str_of(cases[i].text), NULL, &a, &v, &err));
		assert_int_equal(v->kind, JSON_STRING);
		assert_true(str_eq(v->text, cases[i].value));
		assert_int_equal(v->text.p[v->text.n], '\0');
	}
}

static void json_parse_keeps_order_and_copies(void **state)
{
	struct err err = {0};
	CLEANUP(arena_done) struct arena a = {0};
	char text[] = "{\"z\":1,\"a\":[true,{},[]],\"\":{\"z\":2},\"k\\u0000\":null}";
	struct json *v;
	OK(parse(str_of(text), NULL, &a, &v, &err));
	memset(text, 'x', sizeof(text) - 1);
	assert_int_equal(v->n, 4);
	STR_IS(v->members[0].key, "z");
	STR_IS(v->members[1].key, "a");
	STR_IS(v->members[2].key, "");
	assert_true(str_eq(v->members[3].key, S("k\0")));
	assert_int_equal(v->members[1].value.n, 3);
	assert_int_equal(v->members[1].value.items[1].kind, JSON_OBJECT);
	assert_int_equal(v->members[1].value.items[1].n, 0);
	assert_int_equal(json_get(json_get(v, ""), "z")->number, 2);
}

static void json_parse_of_broken_text_says_where(void **state)
{
	static const struct {
		struct str text;
		uint32_t line, col;
		const char *what;
	} cases[] = {
		{S(""), 1, 1, "expected a value, the text ends here"},
		{S(" \n "), 2, 2, "expected a value, the text ends here"},
		{S("nul"), 1, 1, "expected a value, got 'n'"},
		{S("True"), 1, 1, "expected a value, got 'T'"},
		{S("NaN"), 1, 1, "expected a value, got 'N'"},
		{S("nullx"), 1, 5, "expected the end of the text, got 'x'"},
		{S("1 2"), 1, 3, "expected the end of the text, got '2'"},
		{S("[1,]"), 1, 4, "expected a value, got ']'"},
		{S("[1 2]"), 1, 4, "expected ',' or ']', got '2'"},
		{S("[1"), 1, 3, "expected ',' or ']', the text ends here"},
		{S("[}"), 1, 2, "expected a value, got '}'"},
		{S("{\"a\":1,}"), 1, 8, "expected a member name in double quotes, got '}'"},
		{S("{a:1}"), 1, 2, "expected a member name in double quotes, got 'a'"},
		{S("{\"a\" 1}"), 1, 6, "expected ':', got '1'"},
		{S("{\"a\":}"), 1, 6, "expected a value, got '}'"},
		{S("{\"a\":1"), 1, 7, "expected ',' or '}', the text ends here"},
		{S("{,}"), 1, 2, "expected a member name in double quotes, got ','"},
		{S("'a'"), 1, 1, "expected a value, got '''"},
		{S("// c\n1"), 1, 1, "expected a value, got '/'"},
		{S("\xef\xbb\xbf{}"), 1, 1, "expected a value, got byte 0xef"},
		{S("\xff"), 1, 1, "expected a value, got byte 0xff"},
		{S("1\0"), 1, 2, "expected the end of the text, got byte 0x00"},
		{S("[\n\xc3\xa9"), 2, 1, "expected a value, got '\xc3\xa9'"},
		{S("\"abc"), 1, 1, "string is not closed"},
		{S("\"abc\\\""), 1, 1, "string is not closed"},
		{S("\"abc\\"), 1, 1, "string is not closed"},
		{S("\"a\nb\""), 1, 3, "control character 0x0a in a string"},
		{S("\"a\0b\""), 1, 3, "control character 0x00 in a string"},
		{S("\"\xc3\xa9\\x\""), 1, 3, "unknown escape in a string"},
		{S("\"\\u12g4\""), 1, 2, "expected four hex digits behind '\\u'"},
		{S("\"\\u12\""), 1, 2, "expected four hex digits behind '\\u'"},
		{S("\"\\ud800\\u12\""), 1, 8, "expected four hex digits behind '\\u'"},
		{S("\"ab\xff\""), 1, 4, "invalid UTF-8 in a string"},
		{S("\"\xc0\x80\""), 1, 2, "invalid UTF-8 in a string"},
		{S("\"\xed\xa0\x80\""), 1, 2, "invalid UTF-8 in a string"},
		{S("\"\xf4\x90\x80\x80\""), 1, 2, "invalid UTF-8 in a string"},
		{S("01"), 1, 1, "number with a leading zero"},
		{S("-01"), 1, 2, "number with a leading zero"},
		{S("-"), 1, 2, "expected a digit, the text ends here"},
		{S("+1"), 1, 1, "expected a value, got '+'"},
		{S(".5"), 1, 1, "expected a value, got '.'"},
		{S("1."), 1, 3, "expected a digit, the text ends here"},
		{S("1.e5"), 1, 3, "expected a digit, got 'e'"},
		{S("1e"), 1, 3, "expected a digit, the text ends here"},
		{S("1e+x"), 1, 4, "expected a digit, got 'x'"},
		{S("0x10"), 1, 2, "expected the end of the text, got 'x'"},
		{S("{\n \"a\": 1,\n \"b\": 2, \"a\": 3}"), 3, 10,
			"duplicate member 'a' (first at 2:2)"},
		{S("{\"a\":1,\"\\u0061\":2}"), 1, 8, "duplicate member 'a' (first at 1:2)"},
		{S("[{\"\":1,\"\":2}]"), 1, 8, "duplicate member '' (first at 1:3)"},
	};
	struct err err;
	CLEANUP(arena_done) struct arena a = {0};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct json *v;
		print_message("%.*s\n", STR_ARG(cases[i].text));
		FAILS(ERR_INPUT, parse(cases[i].text, NULL, &a, &v, &err));
		assert_string_equal(err.what, cases[i].what);
		assert_int_equal(err.at.line, cases[i].line);
		assert_int_equal(err.at.col, cases[i].col);
	}
}

static void json_parse_of_huge_numbers_hits_limits(void **state)
{
	struct err err;
	CLEANUP(arena_done) struct arena a = {0};
	struct json *v;
	FAILS(ERR_LIMIT, parse(S("1e400"), NULL, &a, &v, &err));
	FAILS(ERR_LIMIT, parse(S("[-1e400]"), NULL, &a, &v, &err));
	assert_int_equal(err.at.col, 2);
	FAILS(ERR_LIMIT, parse(S("1e999999999999999999999"), NULL, &a, &v, &err));
	char digits[2000];
	memset(digits, '1', sizeof(digits));
	FAILS(ERR_LIMIT, parse(str_n(digits, sizeof(digits)), NULL, &a, &v, &err));
	FAILS(ERR_LIMIT, parse(str_n(digits, 1024), NULL, &a, &v, &err)); /* no double */
	OK(parse(str_n(digits, 300), NULL, &a, &v, &err));
	assert_true(v->real > 1e299);
}

/* n times open, n times close. */
static struct str nested(struct arena *a, size_t n, const char *open, const char *close)
{
	CLEANUP(buf_done) struct buf b = BUF(4 << 20);
	for (size_t i = 0; i < n; i++)
		buf_add_cstr(&b, open);
	for (size_t i = 0; i < n; i++)
		buf_add_cstr(&b, close);
	return arena_str(a, buf_str(&b));
}

static void json_parse_counts_depth(void **state)
{
	struct err err = {0};
	CLEANUP(arena_done) struct arena a = {0};
	struct json *v;
	OK(parse(nested(&a, 64, "[", "]"), NULL, &a, &v, &err));
	FAILS(ERR_LIMIT, parse(nested(&a, 65, "[", "]"), NULL, &a, &v, &err));
	assert_string_equal(err.what, "nested deeper than 64 levels");
	assert_int_equal(err.at.col, 65);
	FAILS(ERR_LIMIT, parse(nested(&a, 100000, "[", "]"), NULL, &a, &v, &err));
	FAILS(ERR_LIMIT, parse(nested(&a, 100000, "{\"a\":", ""), NULL, &a, &v, &err));
	struct json_limits limits = json_limits_default;
	limits.max_depth = JSON_DEPTH_MAX;
	OK(parse(nested(&a, JSON_DEPTH_MAX, "[", "]"), &limits, &a, &v, &err));
	FAILS(ERR_LIMIT, parse(nested(&a, JSON_DEPTH_MAX + 1, "[", "]"), &limits, &a, &v, &err));
	limits.max_depth = 0;
	OK(parse(S("1"), &limits, &a, &v, &err));
	FAILS(ERR_LIMIT, parse(S("[]"), &limits, &a, &v, &err));
}

static void json_parse_counts_values_and_bytes(void **state)
{
	struct json_limits limits = json_limits_default;
	limits.max_values = 4;
	struct err err = {0};
	CLEANUP(arena_done) struct arena a = {0};
	struct json *v;
	OK(parse(S("[1,2,3]"), &limits, &a, &v, &err));
	OK(parse(S("{\"a\":1,\"b\":[],\"c\":3}"), &limits, &a, &v, &err));
	FAILS(ERR_LIMIT, parse(S("[1,2,3,4]"), &limits, &a, &v, &err));
	limits.max_bytes = 7;
	OK(parse(S("[1,2,3]"), &limits, &a, &v, &err));
	FAILS(ERR_LIMIT, parse(S("[1,2,3] "), &limits, &a, &v, &err));
}

/* An object of n members m0, m1, ... and then one more with the last name. */
static void add_members(struct buf *b, size_t n, size_t last)
{
	buf_add_ch(b, '{');
	for (size_t i = 0; i < n; i++)
		buf_fmt(b, "\"m%zu\":%zu,", i, i);
	buf_fmt(b, "\"m%zu\":-1}", last);
}

static void json_parse_of_duplicates_when_accepted_keeps_the_last(void **state)
{
	struct json_limits limits = json_limits_default;
	limits.accepts_duplicates = true;
	struct err err = {0};
	CLEANUP(arena_done) struct arena a = {0};
	for (size_t n = 1; n < 40; n++) {
		CLEANUP(buf_done) struct buf b = BUF(4096);
		add_members(&b, n, n / 2);
		struct json *v;
		FAILS(ERR_INPUT, parse(buf_str(&b), NULL, &a, &v, &err));
		OK(parse(buf_str(&b), &limits, &a, &v, &err));
		assert_int_equal(v->n, n);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(v->members[i].value.number, i == n / 2 ? -1 : (int64_t)i);
	}
}

static void json_parse_of_many_members_is_fast(void **state)
{
	struct err err = {0};
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(buf_done) struct buf b = BUF(4 << 20);
	add_members(&b, 150000, 150000);
	struct json *v;
	OK(parse(buf_str(&b), NULL, &a, &v,
		&err)); /* comparing each with each would take minutes */
	assert_int_equal(v->n, 150001);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_parse_of_scalars_gives_kind_and_value),
		cmocka_unit_test(json_parse_with_real_only_never_gives_int),
		cmocka_unit_test(json_parse_of_strings_resolves_escapes),
		cmocka_unit_test(json_parse_keeps_order_and_copies),
		cmocka_unit_test(json_parse_of_broken_text_says_where),
		cmocka_unit_test(json_parse_of_huge_numbers_hits_limits),
		cmocka_unit_test(json_parse_counts_depth),
		cmocka_unit_test(json_parse_counts_values_and_bytes),
		cmocka_unit_test(json_parse_of_duplicates_when_accepted_keeps_the_last),
		cmocka_unit_test(json_parse_of_many_members_is_fast),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
