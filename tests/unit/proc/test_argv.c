#include "../tempdir.h"

#include "proc/proc.h"

static void argv_list_is_always_ended(void **state)
{
	CLEANUP(argv_done) struct argv a = {0};
	assert_null(argv_list(&a)[0]);
	for (int i = 0; i < 40; i++) {
		argv_fmt(&a, "%d", i);
		assert_null(argv_list(&a)[i + 1]);
	}
	argv_add(&a, "");
	argv_add_str(&a, S("--flag"));
	assert_string_equal(argv_list(&a)[39], "39");
	assert_string_equal(argv_list(&a)[40], "");
	assert_string_equal(argv_list(&a)[41], "--flag");
	assert_null(argv_list(&a)[42]);
}

static void argv_set_replaces_by_whole_name(void **state)
{
	CLEANUP(argv_done) struct argv env = {0};
	argv_set(&env, S("PATH"), S("/bin"));
	argv_set(&env, S("PATH_X"), S("a=b"));
	argv_set(&env, S("PA"), STR_NONE);
	argv_set(&env, S("PATH"), S("/usr/bin:/bin"));
	assert_string_equal(argv_list(&env)[0], "PATH=/usr/bin:/bin");
	assert_string_equal(argv_value(&env, S("PATH")), "/usr/bin:/bin");
	assert_string_equal(argv_value(&env, S("PATH_X")), "a=b");
	assert_string_equal(argv_value(&env, S("PA")), "");
	assert_null(argv_value(&env, S("P")));
	assert_int_equal(env.v.n, 3);
}

static void proc_find_takes_the_first_program(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	temp_dir_file(&d, "a/tool", "no program");
	temp_dir_file(&d, "b/tool", "program");
	temp_dir_file(&d, "c/tool", "program");
	temp_dir_file(&d, "c/only-c", "program");
	OK(fs_mkdirs(d.fd, "a/only-c", 0755, &err));
	assert_int_equal(fchmodat(d.fd, "b/tool", 0755, 0), 0);
	assert_int_equal(fchmodat(d.fd, "c/tool", 0755, 0), 0);
	assert_int_equal(fchmodat(d.fd, "c/only-c", 0755, 0), 0);
	char path[512], expected[128];
	snprintf(path, sizeof(path), "/no/such:%s/a:%s/b/:%s/c", d.path, d.path, d.path);
	static const struct {
		const char *name, *found;
	} cases[] = {{"tool", "b//tool"}, {"only-c", "c/only-c"}, {"none", NULL}, {"", NULL},
		{"b/tool", NULL}, {"..", NULL}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(buf_done) struct buf b = BUF(4096);
		snprintf(expected, sizeof(expected), "%s/%s", d.path,
			cases[i].found ? cases[i].found : "");
		if (cases[i].found)
			OK(proc_find(cases[i].name, path, &b, &err));
		else
			FAILS(ERR_NOT_FOUND, proc_find(cases[i].name, path, &b, &err));
		STR_IS(buf_str(&b), cases[i].found ? expected : "");
	}
}

static void proc_find_passes_relative_folders_over(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	temp_dir_file(&d, "bin/tool", "program");
	temp_dir_file(&d, "tool", "program");
	assert_int_equal(fchmodat(d.fd, "bin/tool", 0755, 0), 0);
	assert_int_equal(fchmodat(d.fd, "tool", 0755, 0), 0);
	CLEANUP(fd_close) int back = open(".", O_PATH | O_CLOEXEC);
	assert_int_equal(fchdir(d.fd), 0);
	CLEANUP(buf_done) struct buf b = BUF(4096);
	FAILS(ERR_NOT_FOUND, proc_find("tool", ":bin:./bin:.::", &b, &err));
	assert_string_equal(err.what, "no program 'tool' in PATH");
	OK(proc_find("sh", NULL, &b, &err));
	assert_true(str_ends(buf_str(&b), S("/sh")));
	assert_int_equal(fchdir(back), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(argv_list_is_always_ended),
		cmocka_unit_test(argv_set_replaces_by_whole_name),
		cmocka_unit_test(proc_find_takes_the_first_program),
		cmocka_unit_test(proc_find_passes_relative_folders_over),
	};
	return cmocka_run_group_tests_name("proc/argv", tests, NULL, NULL);
}
