#include "../test.h"

#include "base/base64.h"

/* RFC 4648 section 10, and bytes that use the two letters that differ. */
static const struct {
	struct str bytes;
	const char *plain, *url;
} pairs[] = {{{"", 0}, "", ""}, {{"f", 1}, "Zg==", "Zg"}, {{"fo", 2}, "Zm8=", "Zm8"},
	{{"foo", 3}, "Zm9v", "Zm9v"}, {{"foob", 4}, "Zm9vYg==", "Zm9vYg"},
	{{"fooba", 5}, "Zm9vYmE=", "Zm9vYmE"}, {{"foobar", 6}, "Zm9vYmFy", "Zm9vYmFy"},
	{{"\0\0\0", 3}, "AAAA", "AAAA"}, {{"\xfb\xff\xfe", 3}, "+//+", "-__-"},
	{{"\xff", 1}, "/w==", "_w"}};

static void base64_goes_both_ways(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		struct err err = {0};
		CLEANUP(buf_done) struct buf plain = BUF(100);
		CLEANUP(buf_done) struct buf url = BUF(100);
		CLEANUP(buf_done) struct buf back = BUF(100);
		CLEANUP(buf_done) struct buf url_back = BUF(100);
		base64_add(&plain, pairs[i].bytes);
		base64_url_add(&url, pairs[i].bytes);
		STR_IS(buf_str(&plain), pairs[i].plain);
		STR_IS(buf_str(&url), pairs[i].url);
		OK(base64_decode(buf_str(&plain), &back, &err));
		OK(base64_decode(buf_str(&url), &url_back, &err));
		assert_true(str_eq(buf_str(&back), pairs[i].bytes));
		assert_true(str_eq(buf_str(&url_back), pairs[i].bytes));
	}
}

static void base64_all_lengths_and_bytes_come_back(void **state)
{
	char bytes[300];
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7);
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		struct err err = {0};
		CLEANUP(buf_done) struct buf text = BUF(1000);
		CLEANUP(buf_done) struct buf back = BUF(300);
		base64_add(&text, str_n(bytes, n));
		assert_int_equal(text.n, (n + 2) / 3 * 4);
		OK(base64_decode(buf_str(&text), &back, &err));
		assert_true(str_eq(buf_str(&back), str_n(bytes, n)));
	}
}

static void base64_decode_refuses_other_text(void **state)
{
	static const struct str bad[] = {{"A", 1}, {"AAAAA", 5}, {"AA=", 3}, {"AAA==", 5},
		{"====", 4}, {"=", 1}, {"A===", 4}, {"AA==A", 5}, {"AA A", 4}, {"AAAA\n", 5},
		{"AA\0A", 4}, {"A\xc3\xa4=", 4}, {"AAA*", 4}, {"AAAA=", 5}, {"AAAA==", 6}};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err err = {0};
		CLEANUP(buf_done) struct buf b = BUF(100);
		FAILS(ERR_INPUT, base64_decode(bad[i], &b, &err));
	}
}

static void base64_decode_is_limited(void **state)
{
	struct err err = {0};
	CLEANUP(buf_done) struct buf b = BUF(2);
	FAILS(ERR_LIMIT, base64_decode(S("Zm9v"), &b, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base64_goes_both_ways),
		cmocka_unit_test(base64_all_lengths_and_bytes_come_back),
		cmocka_unit_test(base64_decode_refuses_other_text),
		cmocka_unit_test(base64_decode_is_limited),
	};
	return cmocka_run_group_tests_name("base/base64", tests, NULL, NULL);
}
