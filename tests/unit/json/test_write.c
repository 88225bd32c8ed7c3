#include "../test.h"

#include "json/json.h"

static void write_sample(struct json_out *o)
{
	json_object(o);
	json_key(o, "s");
	json_add_str(o, S("a\"\\/\b\f\n\r\t\x01\x1f\x7f<>&\xc3\xa9"));
	json_key_str(o, S("k\n"));
	json_array(o);
	json_add_i64(o, INT64_MIN);
	json_add_u64(o, UINT64_MAX);
	json_add_real(o, 0.5);
	json_add_bool(o, true);
	json_add_bool(o, false);
	json_add_null(o);
	json_add_cstr(o, NULL);
	json_add_cstr(o, "c");
	json_add_fmt(o, "%s-%d", "f\"", 7);
	json_add_raw(o, S("{\"raw\": 1}"));
	json_end(o);
	json_key(o, "empty");
	json_array(o);
	json_object(o);
	json_end(o);
	json_array(o);
	json_end(o);
	json_end(o);
	json_end(o);
}

static void json_out_compact_is_exact(void **state)
{
	CLEANUP(buf_done) struct buf b = BUF(4096);
	struct json_out o;
	json_out_init(&o, &b, 0);
	write_sample(&o);
	assert_string_equal(buf_cstr(&b),
		"{\"s\":\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f<>&\xc3\xa9\","
		"\"k\\n\":[-9223372036854775808,18446744073709551615,0.5,true,false,null,null,\"c\","
		"\"f\\\"-7\",{\"raw\": 1}],\"empty\":[{},[]]}");
}

static void json_out_indented_is_exact(void **state)
{
	CLEANUP(buf_done) struct buf b = BUF(4096);
	struct json_out o;
	json_out_init(&o, &b, 2);
	json_object(&o);
	json_key(&o, "a");
	json_array(&o);
	json_add_i64(&o, 1);
	json_object(&o);
	json_key(&o, "b");
	json_add_null(&o);
	json_end(&o);
	json_end(&o);
	json_key(&o, "e");
	json_object(&o);
	json_end(&o);
	json_end(&o);
	assert_string_equal(buf_cstr(&b),
		"{\n"
		"  \"a\": [\n"
		"    1,\n"
		"    {\n"
		"      \"b\": null\n"
		"    }\n"
		"  ],\n"
		"  \"e\": {}\n"
		"}");
}

static void json_add_str_of_bad_bytes_replaces_each(void **state)
{
	CLEANUP(buf_done) struct buf b = BUF(4096);
	struct json_out o;
	json_out_init(&o, &b, 0);
	json_add_str(&o,
		S("a\xff\xfe"
		  "b\xe2\x82\0\xc3"));
	assert_string_equal(buf_cstr(&b),
		"\"a\xef\xbf\xbd\xef\xbf\xbd"
		"b\xef\xbf\xbd\xef\xbf\xbd\\u0000\xef\xbf\xbd\"");
}

static void json_out_beyond_the_maximum_is_noticed(void **state)
{
	CLEANUP(buf_done) struct buf b = BUF(10);
	struct err err = {0};
	struct json_out o;
	json_out_init(&o, &b, 2);
	write_sample(&o);
	FAILS(ERR_LIMIT, buf_check(&b, "answer", &err));
}

static void json_add_value_writes_what_was_read(void **state)
{
	static const char *const texts[] = {"null", "true", "-5", "1e+300", "\"a\\u0000b\"", "[]",
		"{}", "{\"z\":[1,2,{\"y\":\"\"}],\"a\":0.1}", "-0"};
	CLEANUP(arena_done) struct arena a = {0};
	struct err err = {0};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		CLEANUP(buf_done) struct buf b = BUF(4096);
		struct json *v;
		struct json_out o;
		json_out_init(&o, &b, 0);
		OK(json_parse(str_of(texts[i]), NULL, &a, &v, &err));
		json_add_value(&o, v);
		assert_string_equal(buf_cstr(&b), texts[i]);
	}
}

static void json_add_value_of_the_deepest_tree_fits_inside_others(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(buf_done) struct buf text = BUF(4096), b = BUF(4096);
	struct err err = {0};
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		buf_add_ch(&text, '[');
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		buf_add_ch(&text, ']');
	struct json_limits limits = json_limits_default;
	limits.max_depth = JSON_DEPTH_MAX;
	struct json *v;
	OK(json_parse(buf_str(&text), &limits, &a, &v, &err));
	struct json_out o;
	json_out_init(&o, &b, 0);
	json_object(&o);
	json_key(&o, "v");
	json_add_value(&o, v);
	json_end(&o);
	assert_int_equal(b.n, 2 * JSON_DEPTH_MAX + 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_out_compact_is_exact),
		cmocka_unit_test(json_out_indented_is_exact),
		cmocka_unit_test(json_add_str_of_bad_bytes_replaces_each),
		cmocka_unit_test(json_out_beyond_the_maximum_is_noticed),
		cmocka_unit_test(json_add_value_writes_what_was_read),
		cmocka_unit_test(json_add_value_of_the_deepest_tree_fits_inside_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
