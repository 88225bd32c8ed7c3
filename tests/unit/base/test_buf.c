#include "../test.h"

#include "base/buf.h"

static void buf_add_beyond_max_adds_nothing_and_says_so(void **state)
{
	struct err err = {0};
	CLEANUP(buf_done) struct buf b = BUF(4);
	buf_add(&b, S("abcd"));
	OK(buf_check(&b, "name", &err));
	buf_add_ch(&b, 'e');
	STR_IS(buf_str(&b), "abcd");
	FAILS(ERR_LIMIT, buf_check(&b, "name", &err));
	assert_string_equal(err.what, "name is larger than 4 bytes");
}

static void buf_fmt_over_max_keeps_the_rest(void **state)
{
	CLEANUP(buf_done) struct buf b = BUF(8);
	buf_fmt(&b, "%d", 1234);
	buf_fmt(&b, "%d", 56789);
	STR_IS(buf_str(&b), "1234");
	assert_true(b.is_over);
}

static void buf_drop_and_cut_shorten(void **state)
{
	CLEANUP(buf_done) struct buf b = BUF(100);
	buf_add(&b, S("abcdef"));
	buf_drop(&b, 2);
	buf_cut(&b, 3);
	STR_IS(buf_str(&b), "cde");
	buf_drop(&b, 99);
	STR_IS(buf_str(&b), "");
}

static void buf_fmt_writes_in_place_or_grows(void **state)
{
	CLEANUP(buf_done) struct buf b = BUF(10000);
	for (int i = 0; i < 1000; i++)
		buf_fmt(&b, "%d%s", i % 10, i == 500 ? "mid" : "");
	assert_int_equal(b.n, 1003);
	assert_int_equal(strlen(b.p), b.n);
	STR_IS(str_sub(buf_str(&b), 495, 510), "567890mid123456");
	buf_clear(&b);
	buf_fmt(&b, "%s", "");
	STR_IS(buf_str(&b), "");
}

static void buf_without_a_real_maximum_is_fine(void **state)
{
	struct err err = {0};
	CLEANUP(buf_done) struct buf b = BUF(SIZE_MAX);
	for (int i = 0; i < 300; i++)
		buf_add_ch(&b, 'x');
	assert_int_equal(b.n, 300);
	OK(buf_check(&b, "text", &err));
	assert_null(buf_room(&b, SIZE_MAX - 10));
	assert_true(b.is_over);
	buf_add_ch(&b, 'y'); /* once it is over, nothing is added */
	assert_int_equal(b.n, 300);
}

static void buf_take_hands_over(void **state)
{
	struct buf b = BUF(10);
	char *p = buf_take(&b);
	assert_string_equal(p, "");
	free(p);
	assert_string_equal(buf_cstr(&b), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buf_add_beyond_max_adds_nothing_and_says_so),
		cmocka_unit_test(buf_fmt_over_max_keeps_the_rest),
		cmocka_unit_test(buf_drop_and_cut_shorten),
		cmocka_unit_test(buf_fmt_writes_in_place_or_grows),
		cmocka_unit_test(buf_without_a_real_maximum_is_fine),
		cmocka_unit_test(buf_take_hands_over),
	};
	return cmocka_run_group_tests_name("base/buf", tests, NULL, NULL);
}
