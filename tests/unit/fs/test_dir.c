#include "../tempdir.h"

static mode_t mode_of(const struct temp_dir *d, const char *path)
{
	struct stat st;
	assert_int_equal(fstatat(d->fd, path, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st.st_mode & 07777;
}

static void fs_mkdirs_makes_all_with_the_mode_given(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	mode_t old = umask(077);
	OK(fs_mkdirs(d.fd, "a/b//c/", 0775, &err));
	umask(old);
	assert_int_equal(mode_of(&d, "a"), 0775);
	assert_int_equal(mode_of(&d, "a/b/c"), 0775);
	OK(fs_mkdirs(d.fd, "a/b/c", 0700, &err));
	assert_int_equal(mode_of(&d, "a/b/c"), 0775);
	OK(fs_mkdirs(d.fd, "a/b/../d/./e", 0700, &err));
	assert_true(temp_dir_exists(&d, "a/d/e"));
	OK(fs_mkdirs(d.fd, ".", 0700, &err));
	char absolute[128];
	snprintf(absolute, sizeof(absolute), "%s/x/y", d.path);
	OK(fs_mkdirs(AT_FDCWD, absolute, 0755, &err));
	assert_true(temp_dir_exists(&d, "x/y"));
}

static void fs_mkdirs_stops_at_a_file(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	temp_dir_file(&d, "a/file", "x");
	FAILS(ERR_NOT_FOUND, fs_mkdirs(d.fd, "a/file/b", 0755, &err));
	FAILS(ERR_NOT_FOUND, fs_mkdirs_in(d.fd, "a/file", 0755, &err));
	assert_string_equal(err.what, "make folder 'a/file': Not a directory");
}

static void fs_mkdirs_in_stays_inside(void **state)
{
	static const struct {
		const char *link, *target, *path, *made;
	} cases[] = {
		{NULL, NULL, "/a/b", "root/a/b"},
		{NULL, NULL, "../../c/../d", "root/d"},
		{"up", "../../..", "up/e", "root/e"},
		{"abs", "/f", "abs/g", "root/f/g"}, /* a link to a missing folder */
		{"rel", "../../h/i", "rel/j", "root/h/i/j"},
		{"f/deep", "sub/k", "f/deep/l", "root/f/sub/k/l"},
		{"two", "abs2", "two/m", "root/n/m"},
	};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	struct err err = {0};
	OK(fs_mkdirs(d.fd, "root", 0755, &err));
	CLEANUP(fd_close) int root_fd = openat(d.fd, "root", O_PATH | O_CLOEXEC);
	assert_int_equal(symlinkat("/n", root_fd, "abs2"), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (cases[i].link)
			assert_int_equal(symlinkat(cases[i].target, root_fd, cases[i].link), 0);
		OK(fs_mkdirs_in(root_fd, cases[i].path, 0755, &err));
		if (!temp_dir_exists(&d, cases[i].made))
			fail_msg("'%s' was not made", cases[i].made);
	}
	CLEANUP(fs_entries_done) struct fs_entries outside = {0};
	OK(fs_list(d.fd, &outside, &err));
	assert_int_equal(outside.n, 1);
}

static void fs_mkdirs_in_ends_on_link_loops(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	assert_int_equal(symlinkat("b/x", d.fd, "a"), 0);
	assert_int_equal(symlinkat("a/y", d.fd, "b"), 0);
	FAILS(ERR_SYS, fs_mkdirs_in(d.fd, "a/z", 0755, &err));
	assert_int_equal(err.sys, ELOOP);
	/* Grows with every step: each target is missing and names the next. */
	for (int i = 0; i < 60; i++) {
		char name[16], target[16];
		snprintf(name, sizeof(name), "l%d", i);
		snprintf(target, sizeof(target), "l%d/x", i + 1);
		assert_int_equal(symlinkat(target, d.fd, name), 0);
	}
	FAILS(ERR_SYS, fs_mkdirs_in(d.fd, "l0/z", 0755, &err));
}

static void fs_list_sorts_by_bytes_and_knows_types(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	temp_dir_file(&d, "b", "");
	temp_dir_file(&d, "\xc3\xa4", "");
	temp_dir_file(&d, "B/x", "");
	temp_dir_file(&d, ".hidden", "");
	temp_dir_file(&d, "...", "");
	assert_int_equal(symlinkat("b", d.fd, "a"), 0);
	CLEANUP(fs_entries_done) struct fs_entries all = {0};
	OK(fs_list(d.fd, &all, &err));
	static const struct {
		const char *name;
		unsigned char type;
	} expected[] = {{"...", DT_REG}, {".hidden", DT_REG}, {"B", DT_DIR}, {"a", DT_LNK},
		{"b", DT_REG}, {"\xc3\xa4", DT_REG}};
	assert_int_equal(all.n, ARRAY_LEN(expected));
	for (size_t i = 0; i < all.n; i++) {
		struct stat st;
		assert_string_equal(all.p[i].name, expected[i].name);
		assert_int_equal(all.p[i].type, expected[i].type);
		assert_int_equal(fstatat(d.fd, all.p[i].name, &st, AT_SYMLINK_NOFOLLOW), 0);
		assert_true(all.p[i].inode == st.st_ino);
	}
	CLEANUP(fs_entries_done) struct fs_entries again = {0};
	OK(fs_list(d.fd, &again, &err)); /* the fd's position does not matter */
	assert_int_equal(again.n, all.n);
}

static void fs_list_reads_large_and_empty_folders(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_quick();
	CLEANUP(fs_entries_done) struct fs_entries none = {0};
	OK(fs_list(d.fd, &none, &err));
	assert_int_equal(none.n, 0);
	enum { N = 5000 };
	for (int i = 0; i < N; i++) {
		char name[100];
		snprintf(name, sizeof(name), "a-rather-long-name-to-fill-the-buffer-%06d", i);
		fd_close(openat(d.fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	}
	CLEANUP(fd_close) int path_fd = openat(d.fd, ".", O_PATH | O_CLOEXEC);
	CLEANUP(fs_entries_done) struct fs_entries all = {0};
	OK(fs_list(path_fd, &all, &err));
	assert_int_equal(all.n, N);
	for (size_t i = 1; i < all.n; i++)
		assert_true(strcmp(all.p[i - 1].name, all.p[i].name) < 0);
	FAILS(ERR_SYS, fs_list(-1, &all, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fs_mkdirs_makes_all_with_the_mode_given),
		cmocka_unit_test(fs_mkdirs_stops_at_a_file),
		cmocka_unit_test(fs_mkdirs_in_stays_inside),
		cmocka_unit_test(fs_mkdirs_in_ends_on_link_loops),
		cmocka_unit_test(fs_list_sorts_by_bytes_and_knows_types),
		cmocka_unit_test(fs_list_reads_large_and_empty_folders),
	};
	return cmocka_run_group_tests_name("fs/dir", tests, NULL, NULL);
}
