#include "../test.h"

#include "expr/expr.h"

#include <limits.h>

static const char *const names[] = {"github", "env", NULL};
static const struct expr_function functions[] = {{"success", 0, UINT_MAX, NULL},
	{"failure", 0, UINT_MAX, NULL}, {"always", 0, 0, NULL}, {"cancelled", 0, 0, NULL}};
static const struct expr_scope scope = {names, functions, ARRAY_LEN(functions)};

static void expr_template_parse_makes_one_expression(void **state)
{
	static const struct {
		const char *text;
		enum expr_template_kind kind;
		const char *result; /* text or expression */
	} cases[] = {{"", EXPR_TEMPLATE_TEXT, ""},
		{"plain {0} ' }}", EXPR_TEMPLATE_TEXT, "plain {0} ' }}"},
		{"$ {{ 1 }}", EXPR_TEMPLATE_TEXT, "$ {{ 1 }}"},
		{"${{ github.ref }}", EXPR_TEMPLATE_EXPR, "github.ref"},
		{"${{github.ref}}", EXPR_TEMPLATE_EXPR, "github.ref"},
		{"${{ '${{ literal }}' }}", EXPR_TEMPLATE_TEXT, "${{ literal }}"},
		{"${{ 'it''s }}' }}", EXPR_TEMPLATE_TEXT, "it's }}"},
		{"a ${{ env.b }} c", EXPR_TEMPLATE_EXPR, "format('a {0} c', env.b)"},
		{" ${{ env.b }}", EXPR_TEMPLATE_EXPR, "format(' {0}', env.b)"},
		{"${{ env.a }}${{ env.b }}", EXPR_TEMPLATE_EXPR, "format('{0}{1}', env.a, env.b)"},
		{"it's {a} ${{ 1 }}%\n", EXPR_TEMPLATE_EXPR, "format('it''s {{a}} {0}%\n', 1)"},
		{"a ${{ 'b' }}", EXPR_TEMPLATE_EXPR, "format('a {0}', 'b')"},
		{"${{ format('}}') }}", EXPR_TEMPLATE_EXPR, "format('}}')"},
		{"${{ insert }}", EXPR_TEMPLATE_INSERT, ""}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct err err = {0};
		struct expr_template t;
		OK(expr_template_parse(str_of(cases[i].text), &scope, &a, &t, NULL, &err));
		assert_int_equal(t.kind, cases[i].kind);
		STR_IS(t.kind == EXPR_TEMPLATE_EXPR ? expr_source(t.expr) : t.text,
			cases[i].result);
	}
}

static void expr_template_parse_says_what_is_wrong_and_where(void **state)
{
	static const struct {
		const char *text, *what;
		uint32_t position;
		size_t offset;
	} cases[] = {{"a ${{ env.b",
			     "The expression is not closed. An unescaped ${{ sequence was found, "
			     "but the closing }} sequence was not found.",
			     0, 2},
		{"${{ 'a }}",
			"The expression is not closed. An unescaped ${{ sequence was found, "
			"but the closing }} sequence was not found.",
			0, 0},
		{"ab ${{  }}", "An expression was expected", 0, 3},
		{"é ${{ env.a == }}",
			"Unexpected end of expression: '=='. Located at position 7 "
			"within expression: env.a ==",
			7, 13},
		{"${{ 1 }} ${{  foo }}",
			"Unrecognized named-value: 'foo'. Located at position 1 "
			"within expression: foo",
			1, 14},
		{"a ${{ insert }}",
			"The directive 'insert' is not allowed in this context. "
			"Directives are not supported for expressions that are "
			"embedded within a string. Directives are only supported when "
			"the entire value is an expression.",
			0, 0},
		{"${{ insert x y }}",
			"Expected 0 parameter(s) following the directive 'insert'. "
			"Actual parameter(s) found: 2",
			0, 0}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct err err;
		struct expr_template t;
		struct expr_fault f = {0};
		FAILS(ERR_INPUT,
			expr_template_parse(str_of(cases[i].text), &scope, &a, &t, &f, &err));
		assert_string_equal(err.what, cases[i].what);
		assert_int_equal(f.position, cases[i].position);
		assert_int_equal(f.offset, cases[i].offset);
	}
}

static void expr_template_parse_limits_mixed_text(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct err err;
	struct expr_template t;
	static char text[21100];
	memset(text, 'x', sizeof(text));
	struct str script = str_n(text, sizeof(text));
	memcpy(text, "${{ 1 }}", 8);
	FAILS(ERR_LIMIT, expr_template_parse(script, &scope, &a, &t, NULL, &err));
	assert_string_equal(err.what, "Exceeded max expression length 21000");
	OK(expr_template_parse(str_sub(script, 0, 20900), &scope, &a, &t, NULL, &err));
}

static void expr_template_eval_keeps_kind_of_a_whole_value(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct err err = {0};
	struct expr_template t;
	struct expr_value v;
	OK(expr_template_parse(S("${{ 1 == 1 }}"), &scope, &a, &t, NULL, &err));
	OK(expr_template_eval(&t, NULL, &a, &v, &err));
	assert_true(v.kind == EXPR_BOOL && v.truth);
	OK(expr_template_parse(S("is ${{ 1 == 1 }}"), &scope, &a, &t, NULL, &err));
	OK(expr_template_eval(&t, NULL, &a, &v, &err));
	assert_int_equal(v.kind, EXPR_STRING);
	STR_IS(v.text, "is true");
	OK(expr_template_parse(S("text"), &scope, &a, &t, NULL, &err));
	OK(expr_template_eval(&t, NULL, &a, &v, &err));
	STR_IS(v.text, "text");
}

static void expr_condition_parse_adds_success(void **state)
{
	static const struct {
		const char *text, *result;
	} cases[] = {{"", "success()"}, {"  ", "success()"}, {"${{ '' }}", "success()"},
		{"always()", "always()"}, {"${{ always() }}", "always()"},
		{"!CANCELLED()", "!CANCELLED()"},
		{"github.ref == 'a'", "success() && (github.ref == 'a')"},
		{"${{ github.ref == 'a' }}", "success() && (github.ref == 'a')"},
		{"true || failure('a', 'b')", "true || failure('a', 'b')"},
		{"contains('always()', 'a')", "success() && (contains('always()', 'a'))"},
		{"${{ env.a }} == 'b'", "success() && (format('{0} == ''b''', env.a))"},
		{"${{ 'false' }}", "success() && (false)"}, {"1", "success() && (1)"},
		{" 1 ==\n 1\n", "success() && (1 ==\n 1)"}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct err err = {0};
		struct expr *e;
		OK(expr_condition_parse(str_of(cases[i].text), &scope, &a, &e, NULL, &err));
		STR_IS(expr_source(e), cases[i].result);
	}
}

static void expr_condition_parse_refuses(void **state)
{
	static const char *const cases[] = {
		"${{ insert }}", "a ==", "${{ a", "foo", "secrets.x", "always(1)", "${{ 'a b' }}"};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct err err;
		struct expr *e;
		FAILS(ERR_INPUT,
			expr_condition_parse(str_of(cases[i]), &scope, &a, &e, NULL, &err));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expr_template_parse_makes_one_expression),
		cmocka_unit_test(expr_template_parse_says_what_is_wrong_and_where),
		cmocka_unit_test(expr_template_parse_limits_mixed_text),
		cmocka_unit_test(expr_template_eval_keeps_kind_of_a_whole_value),
		cmocka_unit_test(expr_condition_parse_adds_success),
		cmocka_unit_test(expr_condition_parse_refuses),
	};
	return cmocka_run_group_tests_name("expr/template", tests, NULL, NULL);
}
