#include "../test.h"

#include "base/buf.h"
#include "yaml/yaml.h"

static int parse(struct buf *text, const struct yaml_limits *limits, struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct yaml *node = NULL;
	return yaml_parse(buf_str(text), limits, &a, &node, err);
}

/* a0 is a list of width texts, each further one a list of width times the one before. */
static void add_bomb(struct buf *b, int levels, int width)
{
	for (int level = 0; level < levels; level++) {
		buf_fmt(b, "a%d: &a%d [", level, level);
		for (int i = 0; i < width; i++)
			if (level)
				buf_fmt(b, "*a%d,", level - 1);
			else
				buf_add(b, S("lol,"));
		buf_add(b, S("]\n"));
	}
}

static void yaml_alias_bomb_hits_the_limit(void **state)
{
	struct err err = {0};
	CLEANUP(buf_done) struct buf b = BUF(1 << 20);
	add_bomb(&b, 4, 9); /* 9^4 = 6561 */
	OK(parse(&b, NULL, &err));
	buf_clear(&b);
	add_bomb(&b, 10, 10);
	FAILS(ERR_LIMIT, parse(&b, NULL, &err));
	assert_string_equal(err.what, "more than 100000 nodes, counting what aliases stand for");
	assert_int_equal(err.at.line, 5);
	buf_clear(&b);
	add_bomb(&b, 200, 2); /* 2^200 does not fit any integer */
	FAILS(ERR_LIMIT, parse(&b, NULL, &err));
}

static void yaml_merge_bomb_hits_the_limit(void **state)
{
	struct err err = {0};
	struct yaml_limits limits = yaml_limits_default;
	limits.has_merge_keys = true;
	CLEANUP(buf_done) struct buf b = BUF(1 << 20);
	buf_add(&b, S("a0: &a0 {x: 1}\n"));
	for (int i = 1; i < 64; i++)
		buf_fmt(&b, "a%d: &a%d {k%d: 1, <<: [*a%d, *a%d]}\n", i, i, i, i - 1, i - 1);
	FAILS(ERR_LIMIT, parse(&b, &limits, &err));
}

static void yaml_node_count_is_exact(void **state)
{
	struct err err = {0};
	struct yaml_limits limits = yaml_limits_default;
	CLEANUP(buf_done) struct buf b = BUF(1 << 20);
	buf_add(&b, S("a: &x [1, 2]\nb: *x\n")); /* mapping, a, list of 3, b, list of 3 */
	limits.max_nodes = 9;
	OK(parse(&b, &limits, &err));
	limits.max_nodes = 8;
	FAILS(ERR_LIMIT, parse(&b, &limits, &err));
}

static void yaml_depth_is_exact(void **state)
{
	struct err err = {0};
	struct yaml_limits limits = yaml_limits_default;
	limits.max_depth = 3;
	CLEANUP(buf_done) struct buf b = BUF(4 << 20);
	buf_add(&b, S("[{a: [1]}]"));
	OK(parse(&b, &limits, &err));
	limits.max_depth = 2;
	FAILS(ERR_LIMIT, parse(&b, &limits, &err));
	assert_string_equal(err.what, "nested deeper than 2 levels");
	assert_int_equal(err.at.col, 6);
	buf_clear(&b);
	buf_add(&b, S("- &a [x]\n- &b [*a]\n- [*b]\n"));
	limits.max_depth = 4;
	OK(parse(&b, &limits, &err));
	limits.max_depth = 3;
	FAILS(ERR_LIMIT, parse(&b, &limits, &err)); /* as deep as its aliases are */
	assert_int_equal(err.at.line, 3);
}

/* Each is a known way to make YAML parsers slow, or deep. */
static void yaml_hostile_shapes_end_soon(void **state)
{
	static const struct {
		const char *piece;
		int n;
	} cases[] = {
		{"[", 1 << 20},
		{"{", 1 << 20},
		{"{a: ", 100000},
		{"- ", 500000},
		{"? ", 500000},
		{"a:\n ", 100000},
		{"[a,", 300000},
		{"!", 1 << 20},
		{"&a ", 300000},
		{"&", 1 << 20},
		{"*a ", 300000},
		{"\"", 1 << 20},
		{"a ", 500000},
		{"a\n", 500000},
		{"\n", 1 << 20},
		{"#\n", 500000},
		{"%TAG !a! b\n", 90000},
		{"%YAML 1.2\n", 90000},
		{"---\n", 200000},
		{"'\n", 500000},
		{"- [a, b]\n", 110000},
		{"&a a: *a\n", 110000},
	};
	struct err err;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(buf_done) struct buf b = BUF(1 << 20);
		print_message("%s\n", cases[i].piece);
		while (b.n + strlen(cases[i].piece) <= b.max && cases[i].n)
			buf_add_cstr(&b, cases[i].piece);
		err = (struct err){0};
		(void)parse(&b, NULL, &err); /* "[a, b]" may well be fine */
		assert_true(err.kind == ERR_NONE || err.kind == ERR_INPUT || err.kind == ERR_LIMIT);
	}
}

static void yaml_directives_by_the_thousand_are_refused(void **state)
{
	struct err err;
	CLEANUP(buf_done) struct buf b = BUF(1 << 20);
	for (int i = 0; i < 60000; i++)
		buf_fmt(&b, "%%TAG !%d! b\n", i);
	FAILS(ERR_LIMIT, parse(&b, NULL, &err));
}

static void yaml_bytes_are_limited(void **state)
{
	struct err err = {0};
	struct yaml_limits limits = yaml_limits_default;
	limits.max_bytes = 4;
	CLEANUP(buf_done) struct buf b = BUF(100);
	buf_add(&b, S("a: 1"));
	OK(parse(&b, &limits, &err));
	buf_add(&b, S("\n"));
	FAILS(ERR_LIMIT, parse(&b, &limits, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(yaml_alias_bomb_hits_the_limit),
		cmocka_unit_test(yaml_merge_bomb_hits_the_limit),
		cmocka_unit_test(yaml_node_count_is_exact),
		cmocka_unit_test(yaml_depth_is_exact),
		cmocka_unit_test(yaml_hostile_shapes_end_soon),
		cmocka_unit_test(yaml_directives_by_the_thousand_are_refused),
		cmocka_unit_test(yaml_bytes_are_limited),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
