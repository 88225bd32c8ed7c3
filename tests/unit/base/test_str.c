#include "../test.h"

static void str_cut_gives_every_part(void **state)
{
	static const struct {
		const char *text, *parts[4];
	} cases[] = {{"a,b", {"a", "b"}}, {"a,", {"a", ""}}, {"", {""}}, {",", {"", ""}}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str rest = str_of(cases[i].text), part;
		size_t n = 0;
		while (str_cut(&rest, ',', &part)) {
			assert_non_null(cases[i].parts[n]);
			STR_IS(part, cases[i].parts[n++]);
		}
		assert_null(cases[i].parts[n]);
	}
}

static void str_line_forgets_line_ends(void **state)
{
	struct str rest = S("a\r\n\nb"), line;
	assert_true(str_line(&rest, &line));
	STR_IS(line, "a");
	assert_true(str_line(&rest, &line));
	STR_IS(line, "");
	assert_true(str_line(&rest, &line));
	STR_IS(line, "b");
	assert_false(str_line(&rest, &line));
}

static void str_trim_takes_white_space_only(void **state)
{
	STR_IS(str_trim(S(" \t\r\n\v\fa b ")), "a b");
	STR_IS(str_trim(S("   ")), "");
	STR_IS(str_trim(STR_NONE), "");
}

static void str_sub_is_clipped(void **state)
{
	STR_IS(str_sub(S("abc"), 1, 99), "bc");
	STR_IS(str_sub(S("abc"), 5, 2), "");
	STR_IS(str_skip(STR_NONE, 3), "");
}

static void str_cmp_orders_by_bytes(void **state)
{
	assert_true(str_cmp(S("a"), S("b")) < 0);
	assert_true(str_cmp(S("a"), S("ab")) < 0);
	assert_true(str_cmp(S("\xff"), S("a")) > 0);
	assert_int_equal(str_cmp(STR_NONE, S("")), 0);
}

static void str_edits_counts_what_it_takes(void **state)
{
	char longest[STR_EDITS_MAX + 1];
	memset(longest, 'x', sizeof(longest));
	assert_int_equal(str_edits(S("same"), S("same"), false), 0);
	assert_int_equal(str_edits(S("RUN"), S("run"), true), 0);
	assert_int_equal(str_edits(S("RUN"), S("run"), false), 3);
	assert_int_equal(str_edits(S("RUNN"), S("RUN"), false), 1);
	assert_int_equal(str_edits(S("kitten"), S("sitting"), false), 3);
	assert_int_equal(str_edits(S(""), S("abc"), false), 3);
	assert_int_equal(str_edits(S("abc"), STR_NONE, false), 3);
	assert_int_equal(str_edits(str_n(longest, STR_EDITS_MAX), S(""), false), STR_EDITS_MAX);
	assert_true(str_edits(str_n(longest, STR_EDITS_MAX + 1), S(""), false) == SIZE_MAX);
	assert_true(str_edits(S(""), str_n(longest, STR_EDITS_MAX + 1), true) == SIZE_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(str_cut_gives_every_part),
		cmocka_unit_test(str_line_forgets_line_ends),
		cmocka_unit_test(str_trim_takes_white_space_only),
		cmocka_unit_test(str_sub_is_clipped),
		cmocka_unit_test(str_cmp_orders_by_bytes),
		cmocka_unit_test(str_edits_counts_what_it_takes),
	};
	return cmocka_run_group_tests_name("base/str", tests, NULL, NULL);
}
