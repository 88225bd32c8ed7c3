#include "../test.h"

#include "base/csv.h"

static void csv_fields_splits_a_record(void **state)
{
	static const struct {
		const char *record, *fields[5];
	} cases[] = {
		{"type=local,dest=out", {"type=local", "dest=out"}},
		{"type=raw,\"value=a,b\"", {"type=raw", "value=a,b"}},
		{"", {""}},
		{",", {"", ""}},
		{"a,,b,", {"a", "", "b", ""}},
		{"\"\"", {""}},
		{"\"a\"\"b\"", {"a\"b"}},
		{"\"\"\"\"", {"\""}},
		{" a , b ", {" a ", " b "}},
		{"\"a\nb\",c", {"a\nb", "c"}},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		CLEANUP(arena_done) struct arena a = {0};
		struct str_vec v = {0};
		OK(csv_fields(str_of(cases[i].record), &a, &v, &err));
		for (size_t k = 0; k < v.n; k++) {
			assert_non_null(cases[i].fields[k]);
			STR_IS(v.p[k], cases[i].fields[k]);
		}
		assert_null(cases[i].fields[v.n]);
		vec_done(&v);
	}
}

static void csv_fields_says_where_a_quote_is_wrong(void **state)
{
	static const struct {
		const char *record;
		uint32_t col;
		const char *what;
	} cases[] = {
		{"a,\"b", 3, "quote is not closed"},
		{"\"", 1, "quote is not closed"},
		{"\"a\"\"", 1, "quote is not closed"},
		{"a\"b", 2, "quote inside a field without quotes"},
		{"x,ab\"\"", 5, "quote inside a field without quotes"},
		{"\"a\"b", 4, "expected ',' after a closing quote"},
		{"\"a\" ,b", 4, "expected ',' after a closing quote"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		CLEANUP(arena_done) struct arena a = {0};
		struct str_vec v = {0};
		FAILS(ERR_INPUT, csv_fields(str_of(cases[i].record), &a, &v, &err));
		assert_string_equal(err.what, cases[i].what);
		assert_int_equal(err.at.col, cases[i].col);
		assert_int_equal(err.at.line, 1);
		vec_done(&v);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(csv_fields_splits_a_record),
		cmocka_unit_test(csv_fields_says_where_a_quote_is_wrong),
	};
	return cmocka_run_group_tests_name("base/csv", tests, NULL, NULL);
}
