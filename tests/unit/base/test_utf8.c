#include "../test.h"

#include "base/utf8.h"

static void utf8_goes_both_ways(void **state)
{
	static const struct {
		uint32_t code;
		const char *text;
	} cases[] = {{'a', "a"}, {0x7f, "\x7f"}, {0x80, "\xc2\x80"}, {0x7ff, "\xdf\xbf"},
		{0x800, "\xe0\xa0\x80"}, {0x20ac, "\xe2\x82\xac"}, {0xd7ff, "\xed\x9f\xbf"},
		{0xe000, "\xee\x80\x80"}, {0xffff, "\xef\xbf\xbf"}, {0x10000, "\xf0\x90\x80\x80"},
		{0x1f6a2, "\xf0\x9f\x9a\xa2"}, {0x10ffff, "\xf4\x8f\xbf\xbf"}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(buf_done) struct buf b = BUF(8);
		uint32_t code = 0;
		utf8_add(&b, cases[i].code);
		STR_IS(buf_str(&b), cases[i].text);
		assert_int_equal(utf8_decode(buf_str(&b), &code), b.n);
		assert_int_equal(code, cases[i].code);
		assert_int_equal(utf8_invalid_at(buf_str(&b)), -1);
		assert_int_equal(utf8_count(buf_str(&b)), 1);
		for (size_t n = 0; n < b.n; n++) /* cut short */
			assert_int_equal(utf8_decode(str_n(b.p, n), &code), 0);
	}
}

static void utf8_decode_refuses_what_is_no_character(void **state)
{
	static const char *const bad[] = {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80",
		"\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x80\x80\x80",
		"\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xfe",
		"\xc2\x41", "\xe2\x82\x41", "\xe2\x41\x82", "\xf0\x9f\x9a\x41", "\xc2\xc2"};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		uint32_t code = 77;
		CLEANUP(buf_done) struct buf b = BUF(16);
		assert_int_equal(utf8_decode(str_of(bad[i]), &code), 0);
		assert_int_equal(code, 77);
		buf_fmt(&b, "ok%s", bad[i]);
		assert_int_equal(utf8_invalid_at(buf_str(&b)), 2);
	}
}

static void utf8_encode_replaces_what_is_no_character(void **state)
{
	static const uint32_t bad[] = {0xd800, 0xdfff, 0x110000, UINT32_MAX};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		char room[4];
		assert_int_equal(utf8_encode(bad[i], room), 3);
		assert_memory_equal(room, "\xef\xbf\xbd", 3);
	}
}

static void utf8_knows_every_code_point(void **state)
{
	for (uint32_t code = 0; code <= 0x10ffff; code++) {
		char room[4];
		uint32_t back;
		size_t n = utf8_encode(code, room);
		bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
		if (utf8_decode(str_n(room, n), &back) != n ||
			back != (is_surrogate ? 0xfffd : code))
			fail_msg("U+%04X", code);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_goes_both_ways),
		cmocka_unit_test(utf8_decode_refuses_what_is_no_character),
		cmocka_unit_test(utf8_encode_replaces_what_is_no_character),
		cmocka_unit_test(utf8_knows_every_code_point),
	};
	return cmocka_run_group_tests_name("base/utf8", tests, NULL, NULL);
}
