#include "../test.h"

#include "json/json.h"

static const char text[] = "{\"s\":\"x\",\"i\":5,\"r\":2.5,\"e\":1e3,\"big\":1e300,\"b\":true,"
			   "\"a\":[1],\"o\":{},\"null\":null}";

static int setup(void **state)
{
	static struct arena a;
	static struct json *v;
	struct err err = {0};
	arena_done(&a);
	*state = NULL;
	if (json_parse(str_of(text), NULL, &a, &v, &err) < 0)
		return -1;
	*state = v;
	return 0;
}

static void json_get_of_anything_is_safe(void **state)
{
	const struct json *v = *state;
	assert_int_equal(json_get(v, "i")->number, 5);
	assert_null(json_get(v, "I"));
	assert_null(json_get(NULL, "i"));
	assert_null(json_get(json_get(v, "a"), "i"));
	assert_null(json_get(json_get(v, "absent"), "i"));
}

static void json_get_typed_gives_the_value(void **state)
{
	const struct json *v = *state;
	struct err err = {0};
	struct str s;
	int64_t i;
	bool b;
	struct json *child;
	OK(json_get_str(v, "s", &s, &err));
	STR_IS(s, "x");
	OK(json_get_i64(v, "i", 5, 5, &i, &err));
	assert_int_equal(i, 5);
	OK(json_get_i64(v, "e", 0, INT64_MAX, &i, &err));
	assert_int_equal(i, 1000);
	OK(json_get_bool(v, "b", &b, &err));
	assert_true(b);
	OK(json_get_array(v, "a", &child, &err));
	assert_int_equal(child->n, 1);
	OK(json_get_object(v, "o", &child, &err));
	assert_int_equal(child->kind, JSON_OBJECT);
}

static void json_get_typed_of_wrong_member_says_so(void **state)
{
	const struct json *v = *state;
	struct err err;
	struct str s = S("kept");
	int64_t i = 77;
	struct json *child = NULL;
	bool b;
	FAILS(ERR_INPUT, json_get_str(v, "i", &s, &err));
	assert_string_equal(err.what, "'i': expected a string, got a number");
	FAILS(ERR_INPUT, json_get_str(v, "absent", &s, &err));
	assert_string_equal(err.what, "'absent' is missing");
	FAILS(ERR_INPUT, json_get_str(NULL, "absent", &s, &err));
	assert_string_equal(err.what, "'absent' is missing");
	FAILS(ERR_INPUT, json_get_str(v, "null", &s, &err));
	assert_string_equal(err.what, "'null': expected a string, got null");
	FAILS(ERR_INPUT, json_get_str(json_get(v, "a"), "s", &s, &err));
	assert_string_equal(err.what, "expected an object with 's', got an array");
	STR_IS(s, "kept");
	FAILS(ERR_INPUT, json_get_i64(v, "r", 0, 9, &i, &err));
	assert_string_equal(err.what, "'r': expected a whole number, got 2.5");
	FAILS(ERR_INPUT, json_get_i64(v, "big", 0, INT64_MAX, &i, &err));
	assert_string_equal(err.what, "'big': number 1e+300 is too large");
	FAILS(ERR_INPUT, json_get_i64(v, "i", 6, 9, &i, &err));
	assert_string_equal(err.what, "'i': expected a number from 6 to 9, got 5");
	FAILS(ERR_INPUT, json_get_i64(v, "s", 6, 9, &i, &err));
	assert_string_equal(err.what, "'s': expected a number, got a string");
	assert_int_equal(i, 77);
	FAILS(ERR_INPUT, json_get_bool(v, "o", &b, &err));
	FAILS(ERR_INPUT, json_get_array(v, "o", &child, &err));
	assert_string_equal(err.what, "'o': expected an array, got an object");
	FAILS(ERR_INPUT, json_get_object(v, "a", &child, &err));
	assert_null(child);
}

static void json_opt_of_absent_or_null_leaves_the_value(void **state)
{
	const struct json *v = *state;
	struct err err = {0};
	struct str s = S("kept");
	int64_t i = 77;
	bool b = true;
	struct json *child = NULL;
	for (int pass = 0; pass < 2; pass++) {
		const char *key = pass ? "null" : "absent";
		assert_int_equal(json_opt_str(v, key, &s, &err), 0);
		assert_int_equal(json_opt_i64(v, key, 0, 9, &i, &err), 0);
		assert_int_equal(json_opt_bool(v, key, &b, &err), 0);
		assert_int_equal(json_opt_array(v, key, &child, &err), 0);
		assert_int_equal(json_opt_object(v, key, &child, &err), 0);
	}
	STR_IS(s, "kept");
	assert_int_equal(i, 77);
	assert_true(b && !child);
	assert_int_equal(json_opt_i64(v, "i", 0, 9, &i, &err), 1);
	assert_int_equal(i, 5);
	FAILS(ERR_INPUT, json_opt_str(v, "i", &s, &err));
	FAILS(ERR_INPUT, json_opt_i64(v, "i", 0, 4, &i, &err));
	FAILS(ERR_INPUT, json_opt_object(v, "a", &child, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_get_of_anything_is_safe),
		cmocka_unit_test(json_get_typed_gives_the_value),
		cmocka_unit_test(json_get_typed_of_wrong_member_says_so),
		cmocka_unit_test(json_opt_of_absent_or_null_leaves_the_value),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
