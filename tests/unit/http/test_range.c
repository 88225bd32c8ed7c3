#include "../test.h"

#include "http/server.h"

static void http_range_decides_each_form(void **state)
{
	static const struct {
		const char *header;
		uint64_t size;
		int result;
		uint64_t offset, length;
	} cases[] = {
		{"bytes=0-0", 2048, 1, 0, 1},
		{"bytes=0-499", 2048, 1, 0, 500},
		{"bytes=500-", 2048, 1, 500, 1548},
		{"bytes=-500", 2048, 1, 1548, 500},
		{"bytes=-5000", 2048, 1, 0, 2048},
		{"bytes=2000-5000", 2048, 1, 2000, 48},
		{"bytes=2047-2047", 2048, 1, 2047, 1},
		{"Bytes= 0-1 ", 2048, 1, 0, 2},
		{"bytes=500-0", 2048, -1, 0, 0},
		{"bytes=2048-", 2048, -1, 0, 0},
		{"bytes=5000-6000", 2048, -1, 0, 0},
		{"bytes=-0", 2048, -1, 0, 0},
		{"bytes=0-", 0, -1, 0, 0},
		{"bytes=-5", 0, 0, 0, 0},
		{"bytes=0-18446744073709551615", 2048, 1, 0, 2048},
		{"bytes=0-99999999999999999999999", 2048, 1, 0, 2048},
		{"bytes=99999999999999999999999-", 2048, -1, 0, 0},
		{"bytes=-99999999999999999999999", 2048, 1, 0, 2048},
		{"", 2048, 0, 0, 0},
		{"bytes", 2048, 0, 0, 0},
		{"bytes=", 2048, 0, 0, 0},
		{"bytes=-", 2048, 0, 0, 0},
		{"bytes=a-b", 2048, 0, 0, 0},
		{"bytes=1", 2048, 0, 0, 0},
		{"bytes=0-1,5-6", 2048, 0, 0, 0},
		{"bytes=--1", 2048, 0, 0, 0},
		{"bytes=+1-2", 2048, 0, 0, 0},
		{"bytes=0x1-2", 2048, 0, 0, 0},
		{"lines=0-1", 2048, 0, 0, 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint64_t offset = 0, length = 0;
		int rc = http_range(str_of(cases[i].header), cases[i].size, &offset, &length);
		if (rc != cases[i].result || offset != cases[i].offset || length != cases[i].length)
			fail_msg("'%s' of %llu gave %d %llu+%llu", cases[i].header,
				(unsigned long long)cases[i].size, rc, (unsigned long long)offset,
				(unsigned long long)length);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(http_range_decides_each_form)};
	return cmocka_run_group_tests_name("http/range", tests, NULL, NULL);
}
