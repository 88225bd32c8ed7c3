#include "../test.h"

static void err_chain_reads_from_outside_in(void **state)
{
	struct err err = {0};
	char line[800];
	assert_int_equal(err_set(&err, ERR_INPUT, "expected a port, got '%s'", "80x"), -1);
	assert_int_equal(err_wrap(&err, "ports[%d]", 0), -1);
	assert_int_equal(err_wrap(&err, "service '%s'", "web"), -1);
	assert_int_equal(err_locate(&err, "compose.yaml", 14, 9), -1);
	assert_int_equal(err_locate(&err, "outer.yaml", 1, 1), -1); /* the inner place stays */
	assert_int_equal(err_hint(&err, "write \"%s\"", "8080:80"), -1);
	err_line(&err, line, sizeof(line));
	assert_string_equal(line,
		"compose.yaml:14:9: service 'web': ports[0]: expected a port, got '80x'");
	assert_string_equal(err.hint, "write \"8080:80\"");
	assert_int_equal(err.kind, ERR_INPUT);
}

static void err_sys_adds_the_words_of_errno(void **state)
{
	struct err err = {0};
	errno = ENOENT;
	assert_int_equal(err_sys(&err, "open '%s'", "x"), -1);
	assert_string_equal(err.what, "open 'x': No such file or directory");
	assert_int_equal(err.kind, ERR_SYS);
	assert_int_equal(err.sys, ENOENT);
	err_sysno(&err, EACCES, "read");
	assert_string_equal(err.what, "read: Permission denied");
	err_sysno(&err, 98765, "odd");
	assert_string_equal(err.what, "odd: Unknown error 98765");
}

static void err_set_forgets_what_was_before(void **state)
{
	struct err err = {0};
	err_sysno(&err, EIO, "one");
	err_locate(&err, "f", 1, 2);
	err_hint(&err, "try");
	err_set(&err, ERR_LIMIT, "two");
	assert_int_equal(err.sys, 0);
	assert_string_equal(err.hint, "");
	assert_int_equal(err.at.line, 0);
	assert_string_equal(err.at.file, "");
}

static void err_messages_are_cut_not_overrun(void **state)
{
	struct err err = {0};
	char big[2000], line[100];
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	err_sysno(&err, EIO, "%s", big);
	assert_int_equal(strlen(err.what), sizeof(err.what) - 1);
	err_wrap(&err, "outer");
	assert_true(str_starts(str_of(err.what), S("outer: xxx")));
	assert_int_equal(strlen(err.what), sizeof(err.what) - 1);
	err_wrap(&err, "%s", big);
	err_hint(&err, "%s", big);
	err_locate(&err, big, 1, 1);
	assert_int_equal(strlen(err.what), sizeof(err.what) - 1);
	assert_int_equal(strlen(err.hint), sizeof(err.hint) - 1);
	assert_int_equal(strlen(err.at.file), sizeof(err.at.file) - 1);
	err_line(&err, line, sizeof(line));
	assert_int_equal(strlen(line), sizeof(line) - 1);
}

static void err_line_shows_the_place_that_is_known(void **state)
{
	static const struct {
		const char *file;
		uint32_t line, col;
		const char *text;
	} cases[] = {{"f", 3, 4, "f:3:4: no"}, {"f", 3, 0, "f:3: no"}, {"f", 0, 0, "f: no"},
		{NULL, 3, 4, "3:4: no"}, {NULL, 0, 0, "no"}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		char line[100];
		err_set(&err, ERR_INPUT, "no");
		err_locate(&err, cases[i].file, cases[i].line, cases[i].col);
		err_line(&err, line, sizeof(line));
		assert_string_equal(line, cases[i].text);
	}
}

static void err_in_file_names_the_file_once(void **state)
{
	struct err err = {0};
	err_set(&err, ERR_INPUT, "no");
	err_locate(&err, NULL, 7, 1);
	err_in_file(&err, "inner");
	err_in_file(&err, "outer");
	assert_string_equal(err.at.file, "inner");
	assert_int_equal(err.at.line, 7);
}

static void err_kinds_have_names_of_their_own(void **state)
{
	for (int a = ERR_NONE; a <= ERR_BUG; a++)
		for (int b = a + 1; b <= ERR_BUG; b++)
			assert_string_not_equal(err_kind_name((enum err_kind)a),
				err_kind_name((enum err_kind)b));
	assert_string_equal(err_kind_name(ERR_NOT_FOUND), "not-found");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(err_chain_reads_from_outside_in),
		cmocka_unit_test(err_sys_adds_the_words_of_errno),
		cmocka_unit_test(err_set_forgets_what_was_before),
		cmocka_unit_test(err_messages_are_cut_not_overrun),
		cmocka_unit_test(err_line_shows_the_place_that_is_known),
		cmocka_unit_test(err_in_file_names_the_file_once),
		cmocka_unit_test(err_kinds_have_names_of_their_own),
	};
	return cmocka_run_group_tests_name("base/err", tests, NULL, NULL);
}
