#include "../test.h"

#include "base/num.h"

static void num_parse_u64_checks_text_and_range(void **state)
{
	static const struct {
		const char *text;
		enum err_kind kind;
		uint64_t value;
	} cases[] = {{"0", ERR_NONE, 0}, {"65535", ERR_NONE, 65535}, {"007", ERR_NONE, 7},
		{"65536", ERR_LIMIT, 0}, {"", ERR_INPUT, 0}, {"-1", ERR_INPUT, 0},
		{"+1", ERR_INPUT, 0}, {" 1", ERR_INPUT, 0}, {"80x", ERR_INPUT, 0},
		{"99999999999999999999999", ERR_LIMIT, 0}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		uint64_t v = 77;
		int rc = num_parse_u64(str_of(cases[i].text), 0, 65535, &v, &err);
		assert_int_equal(rc, cases[i].kind ? -1 : 0);
		assert_int_equal(err.kind, cases[i].kind);
		assert_int_equal(v, cases[i].kind ? 77 : cases[i].value);
	}
}

static void num_parse_i64_reaches_both_ends(void **state)
{
	struct err err = {0};
	int64_t v;
	OK(num_parse_i64(S("-9223372036854775808"), INT64_MIN, INT64_MAX, &v, &err));
	assert_true(v == INT64_MIN);
	OK(num_parse_i64(S("9223372036854775807"), INT64_MIN, INT64_MAX, &v, &err));
	assert_true(v == INT64_MAX);
	FAILS(ERR_LIMIT, num_parse_i64(S("9223372036854775808"), INT64_MIN, INT64_MAX, &v, &err));
}

static void num_parse_bytes_knows_dockers_units(void **state)
{
	static const struct {
		const char *text;
		enum err_kind kind;
		uint64_t value;
	} cases[] = {{"512", ERR_NONE, 512}, {"64k", ERR_NONE, 65536}, {"64KB", ERR_NONE, 65536},
		{"1.5g", ERR_NONE, 1610612736}, {"10MiB", ERR_NONE, 10485760}, {"7b", ERR_NONE, 7},
		{"1.5", ERR_NONE, 1}, {"x", ERR_INPUT, 0}, {"10xb", ERR_INPUT, 0},
		{"1bb", ERR_INPUT, 0}, {"99999999p", ERR_LIMIT, 0}, {".5k", ERR_INPUT, 0}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		uint64_t v = 0;
		(void)num_parse_bytes(str_of(cases[i].text), UINT64_MAX, &v, &err);
		assert_int_equal(err.kind, cases[i].kind);
		assert_int_equal(v, cases[i].value);
	}
}

static void num_parse_bytes_does_not_stop_at_nul(void **state)
{
	struct err err = {0};
	uint64_t v;
	FAILS(ERR_INPUT, num_parse_bytes(S("1\0"), UINT64_MAX, &v, &err));
	FAILS(ERR_INPUT, num_parse_bytes(S("1k\0"), UINT64_MAX, &v, &err));
}

static void num_parse_octal_takes_octal_digits(void **state)
{
	struct err err = {0};
	uint64_t v;
	OK(num_parse_octal(S("0755"), 07777, &v, &err));
	assert_int_equal(v, 0755);
	FAILS(ERR_INPUT, num_parse_octal(S("0758"), 07777, &v, &err));
	FAILS(ERR_INPUT, num_parse_octal(S("0o755"), 07777, &v, &err));
	FAILS(ERR_LIMIT, num_parse_octal(S("10000"), 07777, &v, &err));
}

static void num_add_and_mul_say_when_it_is_too_large(void **state)
{
	struct err err = {0};
	uint64_t v = 77;
	OK(num_add(UINT64_MAX - 1, 1, &v, &err));
	assert_true(v == UINT64_MAX);
	OK(num_mul(UINT64_C(1) << 32, (UINT64_C(1) << 32) - 1, &v, &err));
	FAILS(ERR_LIMIT, num_add(UINT64_MAX, 1, &v, &err));
	FAILS(ERR_LIMIT, num_mul(UINT64_C(1) << 32, UINT64_C(1) << 32, &v, &err));
}

static void num_human_bytes_uses_powers_of_1000(void **state)
{
	char room[32];
	num_human_bytes(999, room, sizeof(room));
	assert_string_equal(room, "999 B");
	num_human_bytes(238400000, room, sizeof(room));
	assert_string_equal(room, "238.4 MB");
	num_human_bytes(999960, room, sizeof(room));
	assert_string_equal(room, "1.0 MB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(num_parse_u64_checks_text_and_range),
		cmocka_unit_test(num_parse_i64_reaches_both_ends),
		cmocka_unit_test(num_parse_bytes_knows_dockers_units),
		cmocka_unit_test(num_parse_bytes_does_not_stop_at_nul),
		cmocka_unit_test(num_parse_octal_takes_octal_digits),
		cmocka_unit_test(num_add_and_mul_say_when_it_is_too_large),
		cmocka_unit_test(num_human_bytes_uses_powers_of_1000),
	};
	return cmocka_run_group_tests_name("base/num", tests, NULL, NULL);
}
