#include "../test.h"

#include "fs/fs.h"

static void path_clean_gives_what_go_gives(void **state)
{
	static const struct {
		const char *base, *path, *clean;
	} cases[] = {{"", "", "/"}, {"", "/", "/"}, {"/", "a", "/a"}, {"/app", "x/y", "/app/x/y"},
		{"/app", "../etc", "/etc"}, {"/app", "../../../etc", "/etc"},
		{"/a//b/./", "c/", "/a/b/c"}, {"/a", "/b", "/a/b"}, {"a/..", "..", "/"},
		{"/a/b", "..", "/a"}, {"/", "...", "/..."}, {"/", "..a/.b", "/..a/.b"},
		{"/a", ".", "/a"}, {"", "a/b/../../../c", "/c"}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(buf_done) struct buf b = BUF(100);
		buf_add(&b, S("keep:"));
		path_clean(&b, str_of(cases[i].base), str_of(cases[i].path));
		STR_IS(str_skip(buf_str(&b), 5), cases[i].clean);
		STR_IS(str_sub(buf_str(&b), 0, 5), "keep:");
	}
}

static void path_clean_says_when_it_does_not_fit(void **state)
{
	struct err err = {0};
	CLEANUP(buf_done) struct buf b = BUF(6);
	path_clean(&b, S("/abc"), S("defg"));
	FAILS(ERR_LIMIT, buf_check(&b, "path", &err));
}

static void path_base_and_dir_split_at_the_last_name(void **state)
{
	static const struct {
		const char *path, *dir, *base;
	} cases[] = {{"a", ".", "a"}, {"/a", "/", "a"}, {"a/b", "a", "b"}, {"a/b/", "a", "b"},
		{"a//b", "a", "b"}, {"/", "/", "/"}, {"//", "/", "/"}, {"", ".", "."},
		{"/a/b/c", "/a/b", "c"}, {"///a", "/", "a"}, {"..", ".", ".."}, {"a///", ".", "a"}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		STR_IS(path_dir(str_of(cases[i].path)), cases[i].dir);
		STR_IS(path_base(str_of(cases[i].path)), cases[i].base);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(path_clean_gives_what_go_gives),
		cmocka_unit_test(path_clean_says_when_it_does_not_fit),
		cmocka_unit_test(path_base_and_dir_split_at_the_last_name),
	};
	return cmocka_run_group_tests_name("fs/path", tests, NULL, NULL);
}
