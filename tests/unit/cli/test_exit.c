#include "../test.h"

#include "cli/exit.h"

static void exit_code_of_every_kind(void **state)
{
	static const struct {
		enum err_kind kind;
		int code;
	} cases[] = {
		{ERR_NONE, 0},
		{ERR_USAGE, 2},
		{ERR_INPUT, 1},
		{ERR_NOT_FOUND, 1},
		{ERR_CONFLICT, 1},
		{ERR_DENIED, 1},
		{ERR_LIMIT, 1},
		{ERR_NET, 1},
		{ERR_SYS, 1},
		{ERR_CORRUPT, 1},
		{ERR_CANCELED, 130},
		{ERR_UNSUPPORTED, 1},
		{ERR_FAILED, 1},
		{ERR_BUG, 1},
		{(enum err_kind)99, 1},
	};
	assert_int_equal(ARRAY_LEN(cases), ERR_BUG + 2);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(exit_code(cases[i].kind), cases[i].code);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exit_code_of_every_kind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
