#include "../test.h"

#include "yaml/yaml.h"

#include <math.h>

static struct yaml *parse(const char *text, struct arena *a)
{
	struct err err = {0};
	struct yaml_limits limits = yaml_limits_default;
	limits.accepts_empty = true;
	struct yaml *node = NULL;
	OK(yaml_parse(str_of(text), &limits, a, &node, &err));
	return node;
}

static void yaml_plain_scalar_means_what_the_core_schema_says(void **state)
{
	static const struct {
		const char *text;
		enum yaml_type type;
		double value;
	} cases[] = {
		{"", YAML_NULL},
		{"~", YAML_NULL},
		{"null", YAML_NULL},
		{"Null", YAML_NULL},
		{"NULL", YAML_NULL},
		{"nULL", YAML_STR},
		{"true", YAML_BOOL, 1},
		{"True", YAML_BOOL, 1},
		{"TRUE", YAML_BOOL, 1},
		{"false", YAML_BOOL, 0},
		{"False", YAML_BOOL, 0},
		{"FALSE", YAML_BOOL, 0},
		{"tRUE", YAML_STR},
		{"yes", YAML_STR},
		{"no", YAML_STR},
		{"on", YAML_STR},
		{"off", YAML_STR},
		{"y", YAML_STR},
		{"On", YAML_STR},
		{"0", YAML_INT, 0},
		{"-0", YAML_INT, 0},
		{"+12", YAML_INT, 12},
		{"-12", YAML_INT, -12},
		{"0755", YAML_INT, 755},
		{"08", YAML_INT, 8},
		{"0o10", YAML_INT, 8},
		{"0o8", YAML_STR},
		{"-0o10", YAML_STR},
		{"0O10", YAML_STR},
		{"0o", YAML_STR},
		{"0x1F", YAML_INT, 31},
		{"0xdeadBEEF", YAML_INT, 3735928559.0},
		{"0x", YAML_STR},
		{"+0x1F", YAML_STR},
		{"0X1F", YAML_STR},
		{"0b11", YAML_STR},
		{"1_000", YAML_STR},
		{"1:30", YAML_STR},
		{"190:20:30", YAML_STR},
		{"9223372036854775807", YAML_INT, 9223372036854775807.0},
		{"-9223372036854775808", YAML_INT, -9223372036854775808.0},
		{"9223372036854775808", YAML_FLOAT, 9223372036854775808.0},
		{"-9223372036854775809", YAML_FLOAT, -9223372036854775808.0},
		{"0x8000000000000000", YAML_FLOAT, 9223372036854775808.0},
		{"1.5", YAML_FLOAT, 1.5},
		{"1.", YAML_FLOAT, 1},
		{".5", YAML_FLOAT, 0.5},
		{"-.5e-3", YAML_FLOAT, -0.0005},
		{"1e3", YAML_FLOAT, 1000},
		{"+1E+3", YAML_FLOAT, 1000},
		{"1e", YAML_STR},
		{"e3", YAML_STR},
		{".", YAML_STR},
		{"-.", YAML_STR},
		{"+", YAML_STR},
		{".e3", YAML_STR},
		{"1.2.3", YAML_STR},
		{"1e400", YAML_FLOAT, (double)INFINITY},
		{".inf", YAML_FLOAT, (double)INFINITY},
		{"-.Inf", YAML_FLOAT, -(double)INFINITY},
		{"+.INF", YAML_FLOAT, (double)INFINITY},
		{"inf", YAML_STR},
		{"NaN", YAML_STR},
		{"-.nan", YAML_STR},
		{"2001-12-14", YAML_STR},
		{"=", YAML_STR},
		{"<<", YAML_STR},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct yaml *node = parse(cases[i].text, &a);
		print_message("%s\n", cases[i].text);
		assert_int_equal(node->kind, YAML_SCALAR);
		assert_int_equal(node->type, cases[i].type);
		STR_IS(node->text, cases[i].text);
		assert_int_equal(node->text.p[node->text.n], '\0');
		if (node->type == YAML_BOOL)
			assert_int_equal(node->truth, cases[i].value);
		if (node->type == YAML_INT || node->type == YAML_FLOAT)
			assert_true(node->real == cases[i].value);
		if (node->type == YAML_INT && fabs(cases[i].value) < 1e15)
			assert_int_equal(node->number, cases[i].value);
	}
}

static void yaml_int_at_the_edges_is_exact(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	assert_true(parse("9223372036854775807", &a)->number == INT64_MAX);
	assert_true(parse("-9223372036854775808", &a)->number == INT64_MIN);
	assert_true(parse("0x7fffffffffffffff", &a)->number == INT64_MAX);
	assert_true(isnan(parse(".NaN", &a)->real));
}

static void yaml_quoted_scalar_is_text(void **state)
{
	static const char *const texts[] = {
		"'12'", "\"true\"", "'~'", "''", "|\n  12", ">\n  null"};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		assert_int_equal(parse(texts[i], &a)->type, YAML_STR);
	}
}

static void yaml_text_may_hold_nul(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	assert_true(str_eq(parse("\"a\\0b\"", &a)->text, S("a\0b")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(yaml_plain_scalar_means_what_the_core_schema_says),
		cmocka_unit_test(yaml_int_at_the_edges_is_exact),
		cmocka_unit_test(yaml_quoted_scalar_is_text),
		cmocka_unit_test(yaml_text_may_hold_nul),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
