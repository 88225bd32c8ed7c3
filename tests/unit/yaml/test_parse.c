#include "../test.h"

#include "base/buf.h"
#include "yaml/yaml.h"

static void yaml_get_finds_exact_keys(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct err err = {0};
	struct yaml *root = NULL;
	OK(yaml_parse(S("on: {push: }\nOn: 2\n12: x\n\"a\\0b\": y\n"), NULL, &a, &root, &err));
	assert_int_equal(yaml_get(root, "on")->kind, YAML_MAPPING);
	assert_int_equal(yaml_get(root, "On")->number, 2);
	STR_IS(yaml_get(root, "12")->text, "x");
	STR_IS(yaml_find(root, S("a\0b"))->value->text, "y");
	assert_null(yaml_get(root, "ON"));
	assert_null(yaml_get(root, "a"));
	assert_null(yaml_get(NULL, "on"));
	assert_null(yaml_get(yaml_get(root, "12"), "on"));
	assert_int_equal(yaml_get(yaml_get(root, "on"), "push")->type, YAML_NULL);
}

static void yaml_alias_is_the_same_node(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct err err = {0};
	struct yaml *root = NULL;
	OK(yaml_parse(S("a: &x {k: v}\nb: *x\nc: {k: v}\n"), NULL, &a, &root, &err));
	assert_ptr_equal(yaml_get(root, "a"), yaml_get(root, "b"));
	assert_true(yaml_get(root, "a")->was_alias_target);
	assert_false(yaml_get(root, "c")->was_alias_target);
}

static void yaml_empty_document_is_null_when_accepted(void **state)
{
	static const char *const texts[] = {"", "\n", "# only words\n", "\xef\xbb\xbf"};
	struct yaml_limits limits = yaml_limits_default;
	CLEANUP(arena_done) struct arena a = {0};
	struct err err = {0};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct yaml *root = NULL;
		FAILS(ERR_INPUT, yaml_parse(str_of(texts[i]), NULL, &a, &root, &err));
		assert_null(root);
		limits.accepts_empty = true;
		OK(yaml_parse(str_of(texts[i]), &limits, &a, &root, &err));
		assert_int_equal(root->type, YAML_NULL);
		assert_int_equal(root->line, 1);
	}
	struct yaml *root = NULL;
	OK(yaml_parse(STR_NONE, &limits, &a, &root, &err));
	OK(yaml_parse(S("---\n"), NULL, &a, &root, &err)); /* a document, with null in it */
	assert_int_equal(root->type, YAML_NULL);
}

static void yaml_input_may_go(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct err err = {0};
	struct yaml *root = NULL;
	char text[] = "k: &n 'v'\n";
	OK(yaml_parse(str_of(text), NULL, &a, &root, &err));
	memset(text, '#', sizeof(text));
	STR_IS(yaml_get(root, "k")->text, "v");
}

static void yaml_err_names_the_place(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct err err = {0};
	struct yaml *root = NULL;
	OK(yaml_parse(S("a:\n  b: [1, x]\n"), NULL, &a, &root, &err));
	struct yaml *list = yaml_get(yaml_get(root, "a"), "b");
	char line[200];
	FAILS(ERR_INPUT,
		yaml_err(&err, list->items[1], "expected a number, got %s",
			yaml_describe(list->items[1])));
	err_line(&err, line, sizeof(line));
	assert_string_equal(line, "2:10: expected a number, got a string");
	FAILS(ERR_INPUT, yaml_err(&err, NULL, "no place"));
	assert_int_equal(err.at.line, 0);
}

static void yaml_many_keys_are_checked_and_kept_in_order(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(buf_done) struct buf b = BUF(1 << 20);
	struct err err = {0};
	struct yaml *root = NULL;
	for (int i = 0; i < 40000; i++)
		buf_fmt(&b, "k%d: %d\n", i, i);
	OK(yaml_parse(buf_str(&b), NULL, &a, &root, &err));
	assert_int_equal(root->n, 40000);
	for (size_t i = 0; i < root->n; i++)
		assert_int_equal(root->pairs[i].value->number, i);
	buf_add(&b, S("k20000: again\n"));
	FAILS(ERR_INPUT, yaml_parse(buf_str(&b), NULL, &a, &root, &err));
	assert_string_equal(err.what, "duplicate key 'k20000' (first at 20001:1)");
	assert_int_equal(err.at.line, 40001);
}

static void yaml_many_merged_keys_win_as_few_do(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(buf_done) struct buf b = BUF(1 << 20);
	struct err err = {0};
	struct yaml_limits limits = yaml_limits_default;
	limits.has_merge_keys = true;
	buf_add(&b, S("x: &x {"));
	for (int i = 0; i < 100; i++)
		buf_fmt(&b, "k%d: x, ", i);
	buf_add(&b, S("}\ny: &y {"));
	for (int i = 50; i < 150; i++)
		buf_fmt(&b, "k%d: y, ", i);
	buf_add(&b, S("}\nz:\n"));
	for (int i = 0; i < 30; i++)
		buf_fmt(&b, "  k%d: z\n", i * 5);
	buf_add(&b, S("  <<: [*x, *y]\n  last: z\n"));
	struct yaml *root = NULL;
	OK(yaml_parse(buf_str(&b), &limits, &a, &root, &err));
	const struct yaml *z = yaml_get(root, "z");
	assert_int_equal(z->n, 151);
	STR_IS(z->pairs[29].key->text, "k145");
	STR_IS(z->pairs[150].key->text, "last");
	for (int i = 0; i < 150; i++) {
		char key[20];
		snprintf(key, sizeof(key), "k%d", i);
		STR_IS(yaml_get(z, key)->text, i % 5 == 0 ? "z" : i < 100 ? "x" : "y");
	}
}

static void yaml_keeps_equal_keys_when_told(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct err err = {0};
	struct yaml *root = NULL;
	struct yaml_limits limits = yaml_limits_default;
	limits.keeps_duplicates = true;
	OK(yaml_parse(S("a: 1\nb: 2\na: 3\n"), &limits, &a, &root, &err));
	assert_int_equal(root->n, 3);
	assert_int_equal(root->pairs[2].value->number, 3);
	assert_int_equal(yaml_get(root, "a")->number, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(yaml_get_finds_exact_keys),
		cmocka_unit_test(yaml_alias_is_the_same_node),
		cmocka_unit_test(yaml_empty_document_is_null_when_accepted),
		cmocka_unit_test(yaml_input_may_go),
		cmocka_unit_test(yaml_err_names_the_place),
		cmocka_unit_test(yaml_many_keys_are_checked_and_kept_in_order),
		cmocka_unit_test(yaml_many_merged_keys_win_as_few_do),
		cmocka_unit_test(yaml_keeps_equal_keys_when_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
