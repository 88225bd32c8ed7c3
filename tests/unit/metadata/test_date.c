#include "../test.h"

#include "metadata/metadata_priv.h"

/* A version 2 file without transitions: everything follows from its rule. */
static struct str zone_file(const char *rule, struct arena *a)
{
	CLEANUP(buf_done) struct buf b = BUF(1000);
	for (int version = 1; version <= 2; version++) {
		static const char zeros[15];
		buf_add(&b, S("TZif2"));
		buf_add_bytes(&b, zeros, 15);
		buf_add_bytes(&b, zeros, 12);
		buf_add_bytes(&b, "\0\0\0\0\0\0\0\1\0\0\0\4", 12); /* times, types, chars */
		buf_add_bytes(&b, "\0\0\0\0\0\0LMT\0", 10);
	}
	buf_fmt(&b, "\n%s\n", rule);
	return arena_str(a, buf_str(&b));
}

static int64_t at(const char *time)
{
	struct err err = {0};
	int64_t ns = 0;
	OK(clock_parse_rfc3339(str_of(time), &ns, &err));
	return ns;
}

static void zone_lookup_follows_posix_rules(void **state)
{
	static const char cet[] = "CET-1CEST,M3.5.0,M10.5.0/3", est[] = "EST5EDT,M3.2.0,M11.1.0",
			  aest[] = "AEST-10AEDT,M10.1.0,M4.1.0/3", brt[] = "<-03>3",
			  ist[] = "IST-5:30", jul[] = "XXX3YYY,J60/0,J300/0",
			  nul[] = "AAA0BBB-2,59/0,300/0";
	static const struct {
		const char *rule, *time;
		int32_t offset;
		const char *name;
	} cases[] = {{cet, "2024-01-10T00:00:00Z", 3600, "CET"},
		{cet, "2024-07-10T00:00:00Z", 7200, "CEST"},
		{cet, "2024-03-31T00:59:59Z", 3600, "CET"},
		{cet, "2024-03-31T01:00:00Z", 7200, "CEST"},
		{cet, "2024-10-27T00:59:59Z", 7200, "CEST"},
		{cet, "2024-10-27T01:00:00Z", 3600, "CET"},
		{est, "2024-03-10T06:59:59Z", -18000, "EST"},
		{est, "2024-03-10T07:00:00Z", -14400, "EDT"},
		{est, "2024-11-03T05:59:59Z", -14400, "EDT"},
		{est, "2024-11-03T06:00:00Z", -18000, "EST"},
		{aest, "2024-01-10T00:00:00Z", 39600, "AEDT"},
		{aest, "2024-07-10T00:00:00Z", 36000, "AEST"},
		{brt, "2024-07-10T00:00:00Z", -10800, "-03"},
		{ist, "2024-07-10T00:00:00Z", 19800, "IST"},
		{jul, "2024-03-01T02:59:59Z", -10800, "XXX"},
		{jul, "2024-03-01T03:00:00Z", -7200, "YYY"},
		{nul, "2024-02-29T00:00:00Z", 7200, "BBB"}, {nul, "2023-02-28T23:59:59Z", 0, "AAA"},
		{"", "2024-02-29T00:00:00Z", 0, "LMT"}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct err err = {0};
		int32_t offset;
		char name[16];
		OK(zone_lookup(zone_file(cases[i].rule, &a), at(cases[i].time) / CLOCK_SECOND,
			&offset, name, &err));
		assert_int_equal(offset, cases[i].offset);
		assert_string_equal(name, cases[i].name);
	}
}

static void zone_lookup_refuses_broken_files(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct err err = {0};
	int32_t offset;
	char name[16];
	struct str whole = zone_file("CET-1CEST,M3.5.0,M10.5.0/3", &a);
	for (size_t n = 0; n < 104; n++)
		FAILS(ERR_INPUT, zone_lookup(str_sub(whole, 0, n), 0, &offset, name, &err));
	static const char *const rules[] = {"CET", "-1", "CET-1CEST", "CET-1CEST,M3.5.0",
		"CET-1CEST,M13.5.0,M1.1.0", "CET-1CEST,M0.5.0,M1.1.0", "CET-1CEST,M3.0.0,M1.1.0",
		"CET-1CEST,J400,J1", "<A", "CET-999", "CET-1CEST,M3.5.0,M10.5.0/3x", "CET-100"};
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		FAILS(ERR_INPUT, zone_lookup(zone_file(rules[i], &a), 0, &offset, name, &err));
}

static void date_format_knows_moments_tokens(void **state)
{
	static const struct {
		const char *time;
		int32_t offset;
		const char *format, *text;
	} cases[] = {{"2020-01-10T00:30:00Z", 0, "YYYYMMDD", "20200110"},
		{"2020-01-10T00:30:00Z", 32400, "YYYYMMDD-HHmmss", "20200110-093000"},
		{"2020-01-10T15:25:50Z", 0, "dddd, MMMM Do YYYY, h:mm:ss a",
			"Friday, January 10th 2020, 3:25:50 pm"},
		{"2020-01-10T00:30:00Z", 0, "", "2020-01-10T00:30:00Z"},
		{"2020-01-10T00:30:00Z", -16200, "", "2020-01-09T20:00:00-04:30"},
		{"2020-01-10T00:30:00Z", 0, "YYYY-MM-DDTHH:mm:ss.SSS[Z]",
			"2020-01-10T00:30:00.000Z"},
		{"2020-01-10T00:30:00.123456Z", 0, "S SS SSS SSSS SSSSSSSSS",
			"1 12 123 1230 123000000"},
		{"2020-12-31T23:59:59Z", 0, "YY Y YYYYY YYYYYY M MM MMM Mo Q Qo",
			"20 2020 02020 +002020 12 12 Dec 12th 4 4th"},
		{"2020-12-31T23:59:59Z", 0, "D DD Do DDD DDDD DDDo", "31 31 31st 366 366 366th"},
		{"2020-12-31T23:59:59Z", 0, "d do dd ddd dddd e E", "4 4th Th Thu Thursday 4 4"},
		{"2021-01-02T00:00:00Z", 0, "w ww wo gggg gg W WW Wo GGGG GG",
			"1 01 1st 2021 21 53 53 53rd 2020 20"},
		{"2021-01-03T00:00:00Z", 0, "w gggg W GGGG E", "2 2021 53 2020 7"},
		{"2019-12-30T00:00:00Z", 0, "w gggg W GGGG", "1 2020 1 2020"},
		{"2020-01-10T00:05:09Z", 0, "H HH h hh k kk m mm s ss A a",
			"0 00 12 12 24 24 5 05 9 09 AM am"},
		{"2020-01-10T13:05:09Z", 0, "Hmm Hmmss hmm hmmss", "1305 130509 105 10509"},
		{"2020-01-10T00:30:00Z", 19800, "Z ZZ", "+05:30 +0530"},
		{"2020-01-10T00:30:00Z", -3600, "Z", "-01:00"},
		{"2020-01-10T00:30:00Z", 0, "z zz X x", "UTC UTC 1578616200 1578616200000"},
		{"2020-01-10T13:30:00Z", 0, "LT|LTS|L|LL|LLL|LLLL",
			"1:30 PM|1:30:00 PM|01/10/2020|January 10, 2020|January 10, 2020 1:30 PM|Friday, January 10, 2020 1:30 PM"},
		{"2020-01-10T13:30:00Z", 0, "l|ll|lll|llll",
			"1/10/2020|Jan 10, 2020|Jan 10, 2020 1:30 PM|Fri, Jan 10, 2020 1:30 PM"},
		{"2020-01-10T13:30:00Z", 0, "[Today is] dddd [[x]", "Today is Friday [x"},
		{"2020-01-10T13:30:00Z", 0, "[a] YYYY]", "a] YYYY"},
		{"2020-01-10T13:30:00Z", 0, "\\YYYY \\LL [", "YYYY LL ["},
		{"2020-01-10T13:30:00Z", 0, "é-_.,/", "é-_.,/"},
		{"2020-01-10T13:30:00Z", 0, "N NNNN y yy yyyy yo",
			"AD Anno Domini 2020 2020 2020 2020th"},
		{"2020-01-01T00:00:00Z", 0, "Do", "1st"}, {"2020-01-02T00:00:00Z", 0, "Do", "2nd"},
		{"2020-01-03T00:00:00Z", 0, "Do", "3rd"}, {"2020-01-11T00:00:00Z", 0, "Do", "11th"},
		{"2020-01-12T00:00:00Z", 0, "Do", "12th"},
		{"2020-01-13T00:00:00Z", 0, "Do", "13th"},
		{"2020-01-22T00:00:00Z", 0, "Do", "22nd"},
		{"2020-01-30T00:00:00Z", 0, "Do", "30th"}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(buf_done) struct buf b = BUF(1000);
		struct zone_time t = {.utc_ns = at(cases[i].time),
			.offset = cases[i].offset,
			.name = "UTC",
			.is_utc = cases[i].offset == 0};
		t.civil = clock_civil(t.utc_ns + t.offset * CLOCK_SECOND);
		date_format(&t, str_of(cases[i].format), &b);
		assert_string_equal(buf_cstr(&b), cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zone_lookup_follows_posix_rules),
		cmocka_unit_test(zone_lookup_refuses_broken_files),
		cmocka_unit_test(date_format_knows_moments_tokens),
	};
	return cmocka_run_group_tests_name("metadata/date", tests, NULL, NULL);
}
