#include "../test.h"

#include "base/clock.h"

#define DAY (86400 * CLOCK_SECOND)

static void clock_civil_knows_the_calendar(void **state)
{
	static const struct {
		int64_t seconds;
		struct civil c;
	} cases[] = {
		{0, {1970, 1, 1, 0, 0, 0, 4, 1}},
		{-1, {1969, 12, 31, 23, 59, 59, 3, 365}},
		{951782400, {2000, 2, 29, 0, 0, 0, 2, 60}},
		{951868799, {2000, 2, 29, 23, 59, 59, 2, 60}},
		{1709251199, {2024, 2, 29, 23, 59, 59, 4, 60}},
		{1735689599, {2024, 12, 31, 23, 59, 59, 2, 366}},
		{4107542400, {2100, 3, 1, 0, 0, 0, 1, 60}}, /* 2100 has no leap day */
		{-2208988800, {1900, 1, 1, 0, 0, 0, 1, 1}},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		int64_t ns = cases[i].seconds * CLOCK_SECOND, back;
		struct civil c = clock_civil(ns);
		assert_memory_equal(&c, &cases[i].c, sizeof(c));
		OK(clock_from_civil(&c, &back, &err));
		assert_true(back == ns);
	}
}

static void clock_from_civil_carries_over(void **state)
{
	static const struct {
		struct civil c;
		const char *text;
	} cases[] = {
		{{2026, 13, 1}, "2027-01-01T00:00:00Z"},
		{{2026, 0, 1}, "2025-12-01T00:00:00Z"},
		{{2026, -11, 1}, "2025-01-01T00:00:00Z"},
		{{2026, 2, 29}, "2026-03-01T00:00:00Z"},
		{{2026, 1, 0}, "2025-12-31T00:00:00Z"},
		{{2026, 1, 1, 25, 61, 61}, "2026-01-02T02:02:01Z"},
		{{2026, 1, 1, 0, 0, -1}, "2025-12-31T23:59:59Z"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		char text[CLOCK_TEXT];
		int64_t ns;
		OK(clock_from_civil(&cases[i].c, &ns, &err));
		clock_rfc3339(ns, text);
		assert_string_equal(text, cases[i].text);
	}
	struct err err;
	int64_t ns = 77;
	FAILS(ERR_LIMIT, clock_from_civil(&(struct civil){2300, 1, 1}, &ns, &err));
	FAILS(ERR_LIMIT, clock_from_civil(&(struct civil){INT32_MAX, 1, 1}, &ns, &err));
	FAILS(ERR_LIMIT, clock_from_civil(&(struct civil){1000, 1, 1}, &ns, &err));
	assert_int_equal(ns, 77);
}

static void clock_parse_rfc3339_reads_what_it_writes(void **state)
{
	static const struct {
		const char *text, *utc; /* NULL = the same */
	} cases[] = {
		{"2026-11-21T17:00:00Z", NULL},
		{"1970-01-01T00:00:00Z", NULL},
		{"1969-12-31T23:59:59.5Z", NULL},
		{"2026-11-21T17:00:00.000000001Z", NULL},
		{"2026-11-21T17:00:00.120Z", "2026-11-21T17:00:00.12Z"},
		{"2026-11-21T17:00:00.1234567899Z", "2026-11-21T17:00:00.123456789Z"},
		{"2026-11-21t17:00:00z", "2026-11-21T17:00:00Z"},
		{"2026-11-21 17:00:00+01:30", "2026-11-21T15:30:00Z"},
		{"2026-11-21T17:00:00-08:00", "2026-11-22T01:00:00Z"},
		{"2026-01-01T00:00:00+00:01", "2025-12-31T23:59:00Z"},
		{"2024-02-29T00:00:00Z", NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		char text[CLOCK_TEXT];
		int64_t ns;
		OK(clock_parse_rfc3339(str_of(cases[i].text), &ns, &err));
		clock_rfc3339(ns, text);
		assert_string_equal(text, cases[i].utc ? cases[i].utc : cases[i].text);
	}
}

static void clock_parse_rfc3339_refuses_other_text(void **state)
{
	static const struct {
		struct str text;
		enum err_kind kind;
	} cases[] = {
		{{"", 0}, ERR_INPUT},
		{S("2026-11-21"), ERR_INPUT},
		{S("2026-11-21T17:00Z"), ERR_INPUT},
		{S("2026-11-21T17:00:00"), ERR_INPUT},
		{S("2026-13-01T00:00:00Z"), ERR_INPUT},
		{S("2026-00-01T00:00:00Z"), ERR_INPUT},
		{S("2026-02-29T00:00:00Z"), ERR_INPUT},
		{S("2026-04-31T00:00:00Z"), ERR_INPUT},
		{S("2026-01-00T00:00:00Z"), ERR_INPUT},
		{S("2026-01-01T24:00:00Z"), ERR_INPUT},
		{S("2026-01-01T00:60:00Z"), ERR_INPUT},
		{S("2026-01-01T00:00:60Z"), ERR_INPUT},
		{S("2026-01-01T00:00:00.Z"), ERR_INPUT},
		{S("2026-01-01T00:00:00+24:00"), ERR_INPUT},
		{S("2026-01-01T00:00:00+0100"), ERR_INPUT},
		{S("2026-01-01T00:00:00Zx"), ERR_INPUT},
		{S(" 2026-01-01T00:00:00Z"), ERR_INPUT},
		{S("2026-1-1T00:00:00Z"), ERR_INPUT},
		{S("+026-01-01T00:00:00Z"), ERR_INPUT},
		{S("2026-01-01T00:00:00\0"), ERR_INPUT},
		{S("2026\0"
		   "01-01T00:00:00Z"),
			ERR_INPUT},
		{S("2300-01-01T00:00:00Z"), ERR_LIMIT},
		{S("0001-01-01T00:00:00Z"), ERR_LIMIT},
		{S("2262-04-11T23:47:16-23:59"), ERR_LIMIT},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		int64_t ns = 77;
		int rc = clock_parse_rfc3339(cases[i].text, &ns, &err);
		if (rc == 0 || err.kind != cases[i].kind)
			fail_msg("'%.*s': %s", STR_ARG(cases[i].text), err.what);
		assert_int_equal(ns, 77);
	}
}

static void clock_parse_duration_reads_gos_form(void **state)
{
	static const struct {
		const char *text;
		int64_t ns;
	} cases[] = {
		{"0", 0},
		{"+0", 0},
		{"-0", 0},
		{"30s", 30 * CLOCK_SECOND},
		{"1h30m", 5400 * CLOCK_SECOND},
		{"1.5s", 1500 * CLOCK_MS},
		{"100ms", 100 * CLOCK_MS},
		{"-1m", -60 * CLOCK_SECOND},
		{"+5s", 5 * CLOCK_SECOND},
		{".5s", 500 * CLOCK_MS},
		{"1.s", CLOCK_SECOND},
		{"1us", 1000},
		{"1\xc2\xb5s", 1000},
		{"1\xce\xbcs", 1000},
		{"1ns", 1},
		{"1.9ns", 1},
		{"2m3m", 300 * CLOCK_SECOND},
		{"1m1ms", 60001 * CLOCK_MS},
		{"1.5h0.25m", 5415 * CLOCK_SECOND},
		{"0.1h", 360 * CLOCK_SECOND},
		{"9223372036854775807ns", INT64_MAX},
		{"0.123456789s", 123456789},
		{"0.0000000000000000000001h", 0},
		{"00001s", CLOCK_SECOND},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		int64_t ns = 77;
		OK(clock_parse_duration(str_of(cases[i].text), &ns, &err));
		if (ns != cases[i].ns)
			fail_msg("'%s' is %lld", cases[i].text, (long long)ns);
	}
}

static void clock_parse_duration_refuses_other_text(void **state)
{
	static const struct {
		struct str text;
		enum err_kind kind;
	} cases[] = {
		{{"", 0}, ERR_INPUT},
		{S("-"), ERR_INPUT},
		{S("5"), ERR_INPUT},
		{S("s"), ERR_INPUT},
		{S("."), ERR_INPUT},
		{S(".s"), ERR_INPUT},
		{S("1 s"), ERR_INPUT},
		{S(" 1s"), ERR_INPUT},
		{S("1s "), ERR_INPUT},
		{S("1d"), ERR_INPUT},
		{S("1h-5m"), ERR_INPUT},
		{S("--1s"), ERR_INPUT},
		{S("1mm"), ERR_INPUT},
		{S("1S"), ERR_INPUT},
		{S("\0"
		   "5s"),
			ERR_INPUT},
		{S("5s\0"), ERR_INPUT},
		{S("1e3s"), ERR_INPUT},
		{S("9223372036854775808ns"), ERR_LIMIT},
		{S("3000000h"), ERR_LIMIT},
		{S("99999999999999999999s"), ERR_LIMIT},
		{S("2562047h60m"), ERR_LIMIT},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		int64_t ns = 77;
		int rc = clock_parse_duration(cases[i].text, &ns, &err);
		if (rc == 0 || err.kind != cases[i].kind)
			fail_msg("'%.*s': %s", STR_ARG(cases[i].text), err.what);
		assert_int_equal(ns, 77);
	}
}

static void clock_human_duration_is_short(void **state)
{
	static const struct {
		int64_t ns;
		const char *text;
	} cases[] = {{0, "0.0ms"}, {-5, "0.0ms"}, {1234567, "1.2ms"}, {340 * CLOCK_MS, "340ms"},
		{999999999, "999ms"}, {1250 * CLOCK_MS, "1.2s"}, {59990 * CLOCK_MS, "59.9s"},
		{60 * CLOCK_SECOND, "1m00s"}, {125 * CLOCK_SECOND, "2m05s"},
		{7200 * CLOCK_SECOND, "120m00s"}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[CLOCK_TEXT];
		clock_human_duration(cases[i].ns, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void clock_system_goes_forward(void **state)
{
	int64_t a = clock_monotonic(clock_system());
	assert_true(clock_monotonic(clock_system()) >= a);
	assert_true(clock_civil(clock_now(clock_system())).year >= 2024);
	char text[CLOCK_TEXT];
	clock_rfc3339(INT64_MIN, text); /* the ends of the range are times, too */
	assert_string_equal(text, "1677-09-21T00:12:43.145224192Z");
	clock_rfc3339(INT64_MAX, text);
	assert_string_equal(text, "2262-04-11T23:47:16.854775807Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clock_civil_knows_the_calendar),
		cmocka_unit_test(clock_from_civil_carries_over),
		cmocka_unit_test(clock_parse_rfc3339_reads_what_it_writes),
		cmocka_unit_test(clock_parse_rfc3339_refuses_other_text),
		cmocka_unit_test(clock_parse_duration_reads_gos_form),
		cmocka_unit_test(clock_parse_duration_refuses_other_text),
		cmocka_unit_test(clock_human_duration_is_short),
		cmocka_unit_test(clock_system_goes_forward),
	};
	return cmocka_run_group_tests_name("base/clock", tests, NULL, NULL);
}
