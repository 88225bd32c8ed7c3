#include "../test.h"

#include "json/json.h"

#include <math.h>

static const char *write_real(double v, struct buf *b)
{
	struct json_out o;
	buf_clear(b);
	json_out_init(&o, b, 0);
	json_add_real(&o, v);
	return buf_cstr(b);
}

/* What JavaScript's String() says, except for -0. */
static void json_add_real_is_shortest(void **state)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {
		{0, "0"},
		{-0.0, "-0"},
		{1, "1"},
		{-1, "-1"},
		{100, "100"},
		{0.1, "0.1"},
		{0.1 + 0.2, "0.30000000000000004"},
		{1.0 / 3, "0.3333333333333333"},
		{-123.456, "-123.456"},
		{1e20, "100000000000000000000"},
		{1e21, "1e+21"},
		{1.5e21, "1.5e+21"},
		{123456789012345680.0, "123456789012345680"},
		{9007199254740993.0, "9007199254740992"},
		{0.000001, "0.000001"},
		{1e-7, "1e-7"},
		{1.25e-7, "1.25e-7"},
		{5e-324, "5e-324"},
		{2.2250738585072014e-308, "2.2250738585072014e-308"},
		{1.7976931348623157e308, "1.7976931348623157e+308"},
		{5.684341886080802e-14, "5.684341886080802e-14"}, /* 2^-44 */
		{9.5367431640625e-7, "9.5367431640625e-7"},
		{1.58710667238376e18, "1587106672383760000"},
	};
	CLEANUP(buf_done) struct buf b = BUF(100);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(write_real(cases[i].value, &b), cases[i].text);
	assert_string_equal(write_real((double)NAN, &b), "null");
	assert_string_equal(write_real((double)INFINITY, &b), "null");
	assert_string_equal(write_real(-(double)INFINITY, &b), "null");
}

static void json_add_real_reads_back_the_same(void **state)
{
	CLEANUP(buf_done) struct buf b = BUF(100);
	uint64_t bits = 88172645463325252U;
	for (int i = 0; i < 20000; i++) {
		bits ^= bits << 13; /* xorshift */
		bits ^= bits >> 7;
		bits ^= bits << 17;
		double v;
		memcpy(&v, &bits, sizeof(v));
		if (!isfinite(v))
			continue;
		double again = strtod(write_real(v, &b), NULL);
		assert_memory_equal(&again, &v, sizeof(v));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_add_real_is_shortest),
		cmocka_unit_test(json_add_real_reads_back_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
