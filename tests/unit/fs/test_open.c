#include "../tempdir.h"

#include <sys/sysmacros.h>
#include <sys/wait.h>

/* root/ is what hostile paths see; secret is outside of it. */
static int new_root(const struct temp_dir *d)
{
	temp_dir_file(d, "secret", "outside");
	temp_dir_file(d, "root/etc/passwd", "inside");
	int root_fd = openat(d->fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(root_fd >= 0);
	return root_fd;
}

static void fs_open_in_never_leaves_the_root(void **state)
{
	static const struct {
		const char *target; /* of the symlink root/x; NULL = none */
		const char *path;
		const char *text; /* NULL = not found */
	} cases[] = {
		{NULL, "/etc/passwd", "inside"},
		{NULL, "../../../../etc/passwd", "inside"},
		{NULL, "../secret", NULL},
		{NULL, "etc/../../secret", NULL},
		{"/etc/passwd", "x", "inside"},
		{"../../../etc/passwd", "x", "inside"},
		{"../secret", "x", NULL},
		{"..", "x/secret", NULL},
		{"/", "x/etc/passwd", "inside"},
		{"/..", "x/x/x/etc/passwd", "inside"},
	};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	CLEANUP(fd_close) int root_fd = new_root(&d);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		CLEANUP(fd_close) int fd = -1;
		CLEANUP(buf_done) struct buf b = BUF(100);
		(void)unlinkat(root_fd, "x", 0);
		if (cases[i].target)
			assert_int_equal(symlinkat(cases[i].target, root_fd, "x"), 0);
		if (!cases[i].text) {
			FAILS(ERR_NOT_FOUND,
				fs_open_in(root_fd, cases[i].path, O_RDONLY, 0, &fd, &err));
			FAILS(ERR_NOT_FOUND, fs_read_file_in(root_fd, cases[i].path, &b, &err));
			continue;
		}
		OK(fs_open_in(root_fd, cases[i].path, O_RDONLY, 0, &fd, &err));
		OK(fs_read_file_in(root_fd, cases[i].path, &b, &err));
		STR_IS(buf_str(&b), cases[i].text);
		assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	}
}

static void fs_open_in_makes_files_through_links_inside_only(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	CLEANUP(fd_close) int root_fd = new_root(&d);
	CLEANUP(fd_close) int fd = -1;
	CLEANUP(fd_close) int other = -1;
	assert_int_equal(symlinkat("../../made", root_fd, "x"), 0);
	OK(fs_open_in(root_fd, "x", O_WRONLY | O_CREAT, 0644, &fd, &err));
	assert_true(temp_dir_exists(&d, "root/made"));
	assert_false(temp_dir_exists(&d, "made"));
	FAILS(ERR_SYS, fs_open_in(root_fd, "x", O_WRONLY | O_NOFOLLOW, 0, &other, &err));
	assert_int_equal(err.sys, ELOOP);
}

static void fs_open_in_refuses_magic_links_and_loops(void **state)
{
	struct err err = {0};
	int fd = -1;
	CLEANUP(fd_close) int proc_fd = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	FAILS(ERR_SYS, fs_open_in(proc_fd, "root/etc", O_PATH, 0, &fd, &err));
	FAILS(ERR_SYS, fs_open_in(proc_fd, "cwd", O_PATH, 0, &fd, &err));
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	assert_int_equal(symlinkat("loop", d.fd, "loop"), 0);
	FAILS(ERR_SYS, fs_open_in(d.fd, "loop", O_RDONLY, 0, &fd, &err));
	assert_int_equal(err.sys, ELOOP);
	assert_int_equal(fd, -1);
}

static void fs_open_in_refuses_long_paths(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	char path[6001];
	int fd = -1;
	const char *name;
	for (size_t i = 0; i < sizeof(path) - 1; i++)
		path[i] = i % 2 ? '/' : 'a';
	path[6000] = '\0';
	FAILS(ERR_LIMIT, fs_open_in(d.fd, path, O_RDONLY, 0, &fd, &err));
	FAILS(ERR_LIMIT, fs_parent_in(d.fd, path, 0755, &fd, &name, &err));
	FAILS(ERR_LIMIT, fs_mkdirs_in(d.fd, path, 0755, &err));
	path[299] = '\0';
	memset(path, 'n', 299);
	FAILS(ERR_LIMIT, fs_mkdirs_in(d.fd, path, 0755, &err));
}

static void fs_read_file_in_opens_regular_files_only(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	CLEANUP(buf_done) struct buf b = BUF(100);
	assert_int_equal(mkfifoat(d.fd, "fifo", 0644), 0);
	FAILS(ERR_INPUT, fs_read_file_in(d.fd, "fifo", &b, &err)); /* does not hang */
	FAILS(ERR_INPUT, fs_read_file_in(d.fd, ".", &b, &err));
	if (mknodat(d.fd, "zero", S_IFCHR | 0666, makedev(1, 5)) == 0)
		FAILS(ERR_INPUT, fs_read_file_in(d.fd, "zero", &b, &err));
	assert_string_equal(err.what, "'zero' is not a regular file");
}

static void fs_parent_in_gives_folder_and_name(void **state)
{
	static const struct {
		const char *path, *name, *folder;
		enum err_kind kind;
	} cases[] = {{"etc/passwd", "passwd", "etc"}, {"/etc/passwd", "passwd", "etc"},
		{"new", "new", "."}, {"/", ".", "."}, {"", ".", "."}, {"etc/", ".", "etc"},
		{"etc/.", ".", "etc"}, {"../../etc/x", "x", "etc"}, {"link/x", "x", "etc"},
		{"etc/..", NULL, NULL, ERR_INPUT}, {"..", NULL, NULL, ERR_INPUT},
		{"missing/x", NULL, NULL, ERR_NOT_FOUND},
		{"etc/passwd/x", NULL, NULL, ERR_NOT_FOUND}};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	CLEANUP(fd_close) int root_fd = new_root(&d);
	assert_int_equal(symlinkat("/../../etc", root_fd, "link"), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		CLEANUP(fd_close) int fd = -1;
		const char *name = NULL;
		if (cases[i].kind) {
			FAILS(cases[i].kind,
				fs_parent_in(root_fd, cases[i].path, 0, &fd, &name, &err));
			continue;
		}
		OK(fs_parent_in(root_fd, cases[i].path, 0, &fd, &name, &err));
		assert_string_equal(name, cases[i].name);
		struct stat got, expected;
		assert_int_equal(fstat(fd, &got), 0);
		assert_int_equal(fstatat(root_fd, cases[i].folder, &expected, 0), 0);
		assert_true(got.st_ino == expected.st_ino);
	}
}

static void fs_parent_in_makes_missing_folders(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	CLEANUP(fd_close) int fd = -1;
	const char *name;
	OK(fs_parent_in(d.fd, "/a/b/c.txt", 0755, &fd, &name, &err));
	assert_string_equal(name, "c.txt");
	assert_true(temp_dir_exists(&d, "a/b"));
	assert_false(temp_dir_exists(&d, "a/b/c.txt"));
}

static void fs_stat_in_follows_only_when_asked(void **state)
{
	struct err err = {0};
	struct stat st;
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	CLEANUP(fd_close) int root_fd = new_root(&d);
	assert_int_equal(symlinkat("/etc/passwd", root_fd, "etc/x"), 0);
	assert_int_equal(symlinkat("/etc", root_fd, "y"), 0);
	OK(fs_stat_in(root_fd, "etc/x", &st, &err));
	assert_true(S_ISLNK(st.st_mode));
	OK(fs_stat_in(root_fd, "y", &st, &err));
	assert_true(S_ISLNK(st.st_mode));
	OK(fs_stat_in(root_fd, "y/passwd", &st, &err));
	assert_true(S_ISREG(st.st_mode));
	OK(fs_stat_follow_in(root_fd, "etc/x", &st, &err));
	assert_int_equal(st.st_size, 6);
	struct stat root;
	assert_int_equal(fstat(root_fd, &root), 0);
	OK(fs_stat_in(root_fd, "..", &st, &err));
	assert_true(st.st_ino == root.st_ino);
	OK(fs_stat_in(root_fd, "", &st, &err));
	assert_true(st.st_ino == root.st_ino);
	FAILS(ERR_NOT_FOUND, fs_stat_in(root_fd, "secret", &st, &err));
}

/* Renames all over the machine make openat2 say EAGAIN for ".."; nobody may see that. */
static void fs_open_in_survives_renames_elsewhere(void **state)
{
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	temp_dir_file(&d, "root/a/b/file", "x");
	temp_dir_file(&d, "other/1", "x");
	pid_t child = fork();
	if (child == 0)
		for (;;) {
			renameat(d.fd, "other/1", d.fd, "other/2");
			renameat(d.fd, "other/2", d.fd, "other/1");
		}
	CLEANUP(fd_close) int root_fd = openat(d.fd, "root", O_PATH | O_CLOEXEC);
	struct err err = {0};
	for (int i = 0; i < 20000; i++) {
		int fd = -1;
		OK(fs_open_in(root_fd, "a/../a/b/../b/../../a/b/file", O_PATH, 0, &fd, &err));
		fd_close(fd);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fs_open_in_never_leaves_the_root),
		cmocka_unit_test(fs_open_in_makes_files_through_links_inside_only),
		cmocka_unit_test(fs_open_in_refuses_magic_links_and_loops),
		cmocka_unit_test(fs_open_in_refuses_long_paths),
		cmocka_unit_test(fs_read_file_in_opens_regular_files_only),
		cmocka_unit_test(fs_parent_in_gives_folder_and_name),
		cmocka_unit_test(fs_parent_in_makes_missing_folders),
		cmocka_unit_test(fs_stat_in_follows_only_when_asked),
		cmocka_unit_test(fs_open_in_survives_renames_elsewhere),
	};
	return cmocka_run_group_tests_name("fs/open", tests, NULL, NULL);
}
