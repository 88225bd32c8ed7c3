#include "../test.h"

#include "base/buf.h"
#include "workflow/matrix.h"

/* Every combination as "name {json}", one per line. */
static int expand(const char *json, const char *job, struct arena *a, struct buf *out,
	struct err *err)
{
	struct matrix_combination_vec combinations = {0};
	struct json *tree;
	assert_int_equal(json_parse(str_of(json), NULL, a, &tree, err), 0);
	struct expr_value matrix = expr_from_json(tree, a);
	int rc = matrix_expand(&matrix, str_of(job), a, &combinations, err);
	VEC_EACH(&combinations, c) {
		struct json_out o;
		buf_fmt(out, "%.*s ", STR_ARG(c->name));
		json_out_init(&o, out, 0);
		expr_write_json(&o, &c->values);
		buf_add_ch(out, '\n');
	}
	vec_done(&combinations);
	return rc;
}

static void matrix_expand_combines(void **state)
{
	static const struct {
		const char *matrix, *combinations;
	} cases[] = {{"{\"arch\": [\"x64\", \"x86\"], \"os\": [\"linux\", \"windows\"]}",
			     "t (x64, linux) {\"arch\":\"x64\",\"os\":\"linux\"}\n"
			     "t (x64, windows) {\"arch\":\"x64\",\"os\":\"windows\"}\n"
			     "t (x86, linux) {\"arch\":\"x86\",\"os\":\"linux\"}\n"
			     "t (x86, windows) {\"arch\":\"x86\",\"os\":\"windows\"}\n"},
		{"{\"a\": [1, 2], \"b\": [true], \"exclude\": [{\"a\": \"2\"}]}",
			"t (1, true) {\"a\":1,\"b\":true}\n"},
		{"{\"a\": [\"x\", \"y\"], \"b\": [1, 2], \"exclude\": [{\"a\": \"X\", \"b\": 1}]}",
			"t (x, 2) {\"a\":\"x\",\"b\":2}\nt (y, 1) {\"a\":\"y\",\"b\":1}\n"
			"t (y, 2) {\"a\":\"y\",\"b\":2}\n"},
		/* the example of GitHub's documentation */
		{"{\"fruit\": [\"apple\", \"pear\"], \"animal\": [\"cat\", \"dog\"], \"include\": ["
		 "{\"color\": \"green\"}, {\"color\": \"pink\", \"animal\": \"cat\"}, "
		 "{\"fruit\": \"apple\", \"shape\": \"circle\"}, {\"fruit\": \"banana\"}, "
		 "{\"fruit\": \"banana\", \"animal\": \"cat\"}]}",
			"t (apple, cat) {\"fruit\":\"apple\",\"animal\":\"cat\",\"color\":\"pink\",\"shape\":\"circle\"}\n"
			"t (apple, dog) {\"fruit\":\"apple\",\"animal\":\"dog\",\"color\":\"green\",\"shape\":\"circle\"}\n"
			"t (pear, cat) {\"fruit\":\"pear\",\"animal\":\"cat\",\"color\":\"pink\"}\n"
			"t (pear, dog) {\"fruit\":\"pear\",\"animal\":\"dog\",\"color\":\"green\"}\n"
			"t (banana) {\"fruit\":\"banana\"}\n"
			"t (banana, cat) {\"fruit\":\"banana\",\"animal\":\"cat\"}\n"},
		{"{\"include\": [{\"site\": \"production\", \"n\": 1}, {\"n\": 2, \"site\": \"staging\"}]}",
			"t (production, 1) {\"site\":\"production\",\"n\":1}\n"
			"t (2, staging) {\"n\":2,\"site\":\"staging\"}\n"},
		{"{\"service\": [{\"name\": \"gateway\", \"context\": \".\"}, {\"name\": \"ui\", \"context\": \"./ui\"}]}",
			"t (gateway, .) {\"service\":{\"name\":\"gateway\",\"context\":\".\"}}\n"
			"t (ui, ./ui) {\"service\":{\"name\":\"ui\",\"context\":\"./ui\"}}\n"},
		{"{\"v\": [{\"node\": 12, \"npm\": 6}, {\"node\": 14}], \"exclude\": [{\"v\": {\"node\": 12}}]}",
			"t (14) {\"v\":{\"node\":14}}\n"},
		{"{\"v\": [[1, 2], [3]], \"exclude\": [{\"v\": [1]}]}", "t (3) {\"v\":[3]}\n"},
		{"{\"v\": [null, \"\", 1.50]}",
			"t {\"v\":null}\nt {\"v\":\"\"}\nt (1.5) {\"v\":1.5}\n"},
		{"{\"v\": [1], \"include\": null, \"exclude\": []}", "t (1) {\"v\":1}\n"},
		{"{\"v\": [1], \"exclude\": [{\"v\": 1}], \"include\": [{\"x\": 1}]}",
			"t (1) {\"x\":1}\n"}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		CLEANUP(buf_done) struct buf b = BUF(100000);
		struct err err = {0};
		OK(expand(cases[i].matrix, "t", &a, &b, &err));
		assert_string_equal(buf_cstr(&b), cases[i].combinations);
	}
}

static void matrix_expand_refuses(void **state)
{
	static const struct {
		const char *matrix, *what;
	} cases[] = {{"[]", "matrix: expected an object, got array"},
		{"{}", "Matrix must define at least one vector"},
		{"{\"include\": []}", "Matrix must define at least one vector"},
		{"{\"v\": []}", "Matrix vector 'v' does not contain any values"},
		{"{\"v\": 1}", "Matrix vector 'v': expected an array, got number"},
		{"{\"v\": [1], \"include\": {}}",
			"matrix 'include': expected an array, got object"},
		{"{\"v\": [1], \"include\": [1]}",
			"matrix 'include': expected an object, got number"},
		{"{\"v\": [1], \"include\": [{}]}",
			"Matrix include mapping does not contain any values"},
		{"{\"v\": [1], \"exclude\": [{}]}", "Matrix exclude filter must not be empty"},
		{"{\"v\": [1], \"exclude\": [{\"w\": 1}]}",
			"Matrix exclude key 'w' does not match any key within the matrix"}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		CLEANUP(buf_done) struct buf b = BUF(1000);
		struct err err = {0};
		assert_int_equal(expand(cases[i].matrix, "t", &a, &b, &err), -1);
		assert_string_equal(err.what, cases[i].what);
	}
}

static void matrix_expand_limits_jobs(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(buf_done) struct buf text = BUF(100000), b = BUF(1000000);
	struct err err = {0};
	buf_add_cstr(&text, "{");
	for (char c = 'a'; c <= 'p'; c++)
		buf_fmt(&text, "%s\"%c\": [1,2,3,4]", c == 'a' ? "" : ",", c);
	buf_add_cstr(&text, "}");
	assert_int_equal(expand(buf_cstr(&text), "t", &a, &b, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	err = (struct err){0};
	assert_int_equal(
		expand("{\"a\": [1,2,3,4,5,6,7,8], \"b\": [1,2,3,4,5,6,7,8], \"c\": [1,2,3,4,5]}",
			"t", &a, &b, &err),
		-1);
	assert_int_equal(err.kind, ERR_LIMIT);
	err = (struct err){0};
	OK(expand("{\"a\": [1,2,3,4,5,6,7,8], \"b\": [1,2,3,4,5,6,7,8], \"c\": [1,2,3,4]}", "t", &a,
		&b, &err));
}

static void matrix_expand_shortens_names(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(buf_done) struct buf text = BUF(1000), b = BUF(10000);
	struct err err = {0};
	buf_add_cstr(&text, "{\"v\": [\"");
	for (int i = 0; i < 60; i++)
		buf_add_cstr(&text, "é");
	buf_add_cstr(&text, "\"]}");
	OK(expand(buf_cstr(&text), "t", &a, &b, &err));
	ssize_t end = str_find(buf_str(&b), S("... {"));
	assert_true(end > 90 && end <= 97);
	assert_true((end - 3) % 2 == 0); /* no half character */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matrix_expand_combines),
		cmocka_unit_test(matrix_expand_refuses),
		cmocka_unit_test(matrix_expand_limits_jobs),
		cmocka_unit_test(matrix_expand_shortens_names),
	};
	return cmocka_run_group_tests_name("workflow/matrix", tests, NULL, NULL);
}
