#include "../test.h"

#include "base/buf.h"
#include "dockerfile/expand.h"

/* Name and value in turn. */
static const char *const env[] = {"A", "hello", "B", "$A", "E", "", "P", "a/b/c", "H", "h", "S",
	"*a*", "W", "p  q", "N1", "he\nllo", "U", "\xc3\xa9\xc3\xa8x", "Q", "a\\*b", "1", "one",
	"12", "twelve", "@", "at", "Z", "aXbXc", "C", "x<<"};

static void fill(struct vars *v)
{
	for (size_t i = 0; i < ARRAY_LEN(env); i += 2)
		vars_set(v, str_of(env[i]), str_of(env[i + 1]));
}

struct word_case {
	const char *word, *text,
		*error; /* error: how its words go on behind `failed to process "…": ` */
};

static void check_words(const struct word_case *cases, size_t n, char escape, unsigned how)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(vars_done) struct vars v = {.arena = &a};
	struct expander e = {.escape = escape, .how = how, .vars = &v};
	fill(&v);
	for (size_t i = 0; i < n; i++) {
		struct err err = {0};
		struct str text = S("untouched");
		const char *want = cases[i].error;
		int rc = expand_text(&e, str_of(cases[i].word), &a, &text, &err);
		if (rc < 0 &&
			(!want || err.kind != ERR_INPUT ||
				!str_has(str_of(err.what), str_of(want))))
			fail_msg("%s: %s", cases[i].word, err.what);
		if (rc == 0 && (want || !str_is(text, cases[i].text)))
			fail_msg("%s gave '%.*s'", cases[i].word, STR_ARG(text));
		if (rc < 0)
			STR_IS(text, "untouched");
	}
}

#define CHECK(cases, escape, how) check_words(cases, ARRAY_LEN(cases), escape, how)

static void expand_of_variables(void **state)
{
	static const struct word_case cases[] = {
		{"", ""},
		{"plain", "plain"},
		{"$A", "hello"},
		{"${A}x", "hellox"},
		{"$A$B", "hello$A"},
		{"$A-B.$A_", "hello-B."},
		{"$", "$"},
		{"a$ b", "a$ b"},
		{"{$A}", "{hello}"},
		{"$none", ""},
		{"$1$12$1x", "onetwelveonex"},
		{"${12}", "twelve"},
		{"$@$*$#$?$!$$$-", "at"},
		{"\xc3\xa4$\xc3\xa4", "\xc3\xa4"},
		{"$A\xe2\x80\xa6", "hello\xe2\x80\xa6"},
		{"$A\xc2\xa0x", "hello\xc2\xa0x"},
		{"${A", NULL, "syntax error: missing '}'"},
		{"${", NULL, "syntax error: missing '}'"},
		{"${}", NULL, "syntax error: bad substitution"},
		{"${{A}}", NULL, "syntax error: bad substitution"},
		{"${A:}", NULL, "syntax error: missing '}'"},
		{"${A=b}", NULL, "unsupported modifier (=) in substitution"},
		{"${A:=b}", NULL, "unsupported modifier (:=) in substitution"},
		{"${A:0:2}", NULL, "unsupported modifier (:0) in substitution"},
		{"${A^^}", NULL, "unsupported modifier (^) in substitution"},
		{"${!A}", NULL, "unsupported modifier (A) in substitution"},
		{"${A b}", NULL, "unsupported modifier ( ) in substitution"},
	};
	CHECK(cases, '\\', 0);
}

static void expand_of_choices(void **state)
{
	static const struct word_case cases[] = {
		{"${none-d}${none:-d}", "dd"},
		{"${E-d}${E:-d}", "d"},
		{"${A-d}${A:-d}", "hellohello"},
		{"${none+a}${none:+a}", ""},
		{"${E+a}${E:+a}", "a"},
		{"${A+a}${A:+a}", "aa"},
		{"${A?e}${A:?e}${E?e}", "hellohello"},
		{"${none:-$A $B}", "hello $A"},
		{"${none:-${none2:-${A}}}", "hello"},
		{"${none:-\"q }\"}", "q }"},
		{"${none:-'$A'}", "$A"},
		{"${none:-a\\}b}", "a}b"},
		{"\"${none:-\"x\"}\"", "x"},
		{"${@:-x}${?:-x}", "atx"},
		{"${none?}", NULL, "none: is not allowed to be unset"},
		{"${none:?}", NULL, "none: is not allowed to be unset"},
		{"${E:?}", NULL, "E: is not allowed to be empty"},
		{"${none:?set $A}", NULL, "none: set hello"},
		{"${none:-a", NULL, "syntax error: missing '}'"},
		{"${none:-'a}", NULL, "syntax error: missing '}'"},
		{"${none:-${}}", NULL, "syntax error: bad substitution"},
	};
	CHECK(cases, '\\', 0);
}

static void expand_of_quotes_and_escapes(void **state)
{
	static const struct word_case cases[] = {
		{"'$A'", "$A"},
		{"\"$A\"", "hello"},
		{"\\$A", "$A"},
		{"\\${A}", "${A}"},
		{"\\\\$A", "\\hello"},
		{"\"\\$A\"", "$A"},
		{"\"\\\"\"", "\""},
		{"\"\\n\"", "\\n"},
		{"\\n", "n"},
		{"a'b'\"c\"", "abc"},
		{"\"it's\" 'a\"b'", "it's a\"b"},
		{"'a\\'", "a\\"},
		{"a\\", "a"},
		{"'", NULL, "unexpected end of statement while looking for matching single-quote"},
		{"\"a", NULL,
			"unexpected end of statement while looking for matching double-quote"},
		{"\"a\\", NULL,
			"unexpected end of statement while looking for matching double-quote"},
	};
	static const struct word_case backtick[] = {
		{"`$A\\$A", "$A\\hello"},
		{"\"`\"`n`$A\"", "\"`n$A"},
		{"\"\\\"", "\\"},
		{"a` b", "a b"},
	};
	static const struct word_case no_quotes[] = {
		{"'$A' \"$A\" it's", "'hello' \"hello\" it's"},
		{"\\$A \\' \\\\", "$A ' \\"},
	};
	static const struct word_case raw[] = {
		{"'a' \"$A\" \\$A \\n", "'a' \"hello\" \\$A \\n"},
		{"\"a\\nb\\$\"", "\"a\\nb\\$\""},
		{"$none ${none} ${none:-$A} ${none#x}", "$none ${none} ${none:-hello} ${none#x}"},
		{"${none:1:2} ${none//a/b}", "${none:1:2} ${none/a/b}"},
	};
	CHECK(cases, '\\', 0);
	CHECK(backtick, '`', 0);
	CHECK(no_quotes, '\\', EXPAND_NO_QUOTES);
	CHECK(raw, '\\', EXPAND_RAW_QUOTES | EXPAND_RAW_ESCAPES | EXPAND_KEEP_UNSET);
}

static void expand_of_patterns(void **state)
{
	static const struct word_case cases[] = {
		{"${A#h}|${A#x}|${A#h*l}|${A##h*l}", "ello|hello|lo|o"},
		{"${A%o}|${A%l*}|${A%%l*}", "hell|hel|he"},
		{"${A#*}|${A##*}|${A%*}|${A%%*}", "hello||hello|"},
		{"${A#?}|${A%?}|${A#$H}|${A#'h'}", "ello|hell|ello|ello"},
		{"${P##*/}|${P%/*}|${P%%/*}|${P#*/}", "c|a/b|a|b/c"},
		{"${S#\\*}|${S%\\*}|${S#*}", "a*|*a|*a*"},
		{"${N1#h*o}|${N1#he?}|${N1/e*l/x}", "he\nllo|he\nllo|he\nllo"},
		{"${U#?}|${U%?}|${U//?/.}", "\xc3\xa8x|\xc3\xa9\xc3\xa8|..."},
		{"${Z/X/-}|${Z//X/-}|${Z/X*X/-}|${Z//X/}", "a-bXc|a-b-c|a-c|abc"},
		{"${Z/q/-}|${Z//q/-}|${Z//*/-}|${E/*/y}|${E//?/y}", "aXbXc|aXbXc|-|y|"},
		{"${A/$none/w}|${A/$E/w}", "whello|whello"},
		{"${A///-}", "-h-e-l-l-o-"},
		{"${P/\\//.}|${P//\\//.}", "a.b/c|a.b.c"},
		{"${Z/X/a/b}|${Z/X/$A}|${Z/X/\"a b\"}", "aa/bbXc|ahellobXc|aa bbXc"},
		{"${Z/X/\\n}", "a\\nbXc"},
		{"${Q/\\\\/-}|${Q#'a\\*'}", "a-*b|*b"},
		{"${none#x}|${none%x}|${none/x/y}", "||"},
		{"${A#\\h}", NULL, "invalid pattern (\\h) in substitution: invalid escape '\\h'"},
		{"${A/a}", NULL, "syntax error: missing '/' in ${}"},
		{"${A/a/b", NULL, "syntax error: missing '}'"},
		{"${A:#h}", NULL, "unsupported modifier (:#) in substitution"},
		{"${A:/a/b}", NULL, "unsupported modifier (:/) in substitution"},
	};
	CHECK(cases, '\\', 0);
}

static void expand_words_splits_outside_quotes(void **state)
{
	static const struct {
		const char *word, *words; /* joined with '|' */
	} cases[] = {
		{"", ""},
		{"  a  b\t", "a|b"},
		{"'a b' \"c d\" e\\ f", "a b|c d|e f"},
		{"$W", "p|q"},
		{"\"$W\"", "p  q"},
		{"x$W${W}y", "xp|qp|qy"},
		{"''", ""},
		{"a''b", "ab"},
		{"a\xe2\x80\x83"
		 "b",
			"a|b"},
		{"$E $none $A", "hello"},
		{"a${none:-b}c ${none:-d e}", "abc|d|e"},
		{"<< a b", "<< a|b"},
		{"a <<\t b", "a|<<\t b"},
		{"<<- a", "<<-|a"},
		{"<<< a", "<<<|a"},
		{"< < a", "<|<|a"},
		{"'<<' a \\<< b $C c", "<<|a|<<|b|x<<|c"},
	};
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(vars_done) struct vars v = {.arena = &a};
	struct expander e = {.escape = '\\', .vars = &v};
	fill(&v);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		struct str_vec words = {0};
		CLEANUP(buf_done) struct buf joined = BUF(1000);
		OK(expand_words(&e, str_of(cases[i].word), &a, &words, &err));
		VEC_EACH(&words, w)
			buf_fmt(&joined, "%s%.*s", joined.n ? "|" : "", STR_ARG(*w));
		vec_done(&words);
		if (!str_is(buf_str(&joined), cases[i].words))
			fail_msg("%s gave %s", cases[i].word, buf_cstr(&joined));
	}
}

static void expand_notes_each_variable_once_in_order(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(vars_done) struct vars v = {.arena = &a};
	CLEANUP(expansion_done) struct expansion x = {0};
	struct expander e = {.escape = '\\', .vars = &v};
	struct err err = {0};
	fill(&v);
	OK(expand_word(&e, S("$q$A${p:-$A$r}'$no'\\$no$q${A+$s}"), &a, &x, &err));
	assert_int_equal(x.matched.n, 1);
	STR_IS(x.matched.p[0], "A");
	assert_int_equal(x.unmatched.n, 4);
	STR_IS(x.unmatched.p[0], "q");
	STR_IS(x.unmatched.p[1], "r");
	STR_IS(x.unmatched.p[2], "p");
	STR_IS(x.unmatched.p[3], "s");
}

static void expand_of_bombs_stops_at_a_limit(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(vars_done) struct vars v = {.arena = &a};
	CLEANUP(buf_done) struct buf text = BUF(1 << 20), deep = BUF(1 << 20);
	struct expander e = {.escape = '\\', .vars = &v};
	struct err err = {0};
	struct str got;
	for (int i = 0; i < 200000; i++)
		buf_add_ch(&text, 'a');
	vars_set(&v, S("BIG"), buf_str(&text));
	FAILS(ERR_LIMIT, expand_text(&e, S("$BIG$BIG$BIG$BIG$BIG$BIG"), &a, &got, &err));
	FAILS(ERR_LIMIT, expand_text(&e, S("${BIG//a/1234567890}"), &a, &got, &err));
	FAILS(ERR_LIMIT, expand_text(&e, S("${none:-$BIG$BIG$BIG$BIG$BIG$BIG}"), &a, &got, &err));
	/* Each start compares thousands of characters before it fails. */
	vars_set(&v, S("HALF"), str_sub(buf_str(&text), 0, 5000));
	FAILS(ERR_LIMIT, expand_text(&e, S("${BIG/${HALF}b/}"), &a, &got, &err));
	for (int i = 0; i < EXPAND_DEPTH_MAX + 1; i++)
		buf_add_cstr(&deep, "${x:-");
	FAILS(ERR_LIMIT, expand_text(&e, buf_str(&deep), &a, &got, &err));
	for (int i = 0; i < 100000; i++)
		buf_add_ch(&deep, '}');
	FAILS(ERR_LIMIT, expand_text(&e, buf_str(&deep), &a, &got, &err));
}

static void vars_keep_the_first_position(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(vars_done) struct vars v = {.arena = &a}, copy = {.arena = &a};
	CLEANUP(buf_done) struct buf b = BUF(100);
	struct str value;
	vars_set(&v, S("x"), S("1"));
	vars_set(&v, S("y"), S("2"));
	vars_set(&v, S("x"), S("3"));
	vars_copy(&copy, &v);
	vars_set(&copy, S("y"), S("4"));
	MAP_EACH(&copy.by_name, e)
		buf_fmt(&b, "%.*s=%.*s ", STR_ARG(e->key), STR_ARG(vars_value(e)));
	assert_string_equal(buf_cstr(&b), "x=3 y=4 ");
	assert_true(vars_get(&v, S("y"), &value));
	STR_IS(value, "2");
	assert_false(vars_get(&v, S("Y"), &value));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expand_of_variables),
		cmocka_unit_test(expand_of_choices),
		cmocka_unit_test(expand_of_quotes_and_escapes),
		cmocka_unit_test(expand_of_patterns),
		cmocka_unit_test(expand_words_splits_outside_quotes),
		cmocka_unit_test(expand_notes_each_variable_once_in_order),
		cmocka_unit_test(expand_of_bombs_stops_at_a_limit),
		cmocka_unit_test(vars_keep_the_first_position),
	};
	return cmocka_run_group_tests_name("dockerfile/expand", tests, NULL, NULL);
}
