#include "../tempdir.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { SKIPPED = 77 };

/* Runs f in a process of its own, so that it may change user or mounts; its exit status. */
static int apart(void (*f)(const struct temp_dir *), const struct temp_dir *d)
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		f(d);
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void check(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "%s\n", what);
		_exit(1);
	}
}

static void fs_remove_tree_takes_files_links_and_folders(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	temp_dir_file(&d, "keep/file", "x");
	temp_dir_file(&d, "a/b/c/file", "x");
	temp_dir_file(&d, "a/file", "x");
	assert_int_equal(symlinkat("../keep", d.fd, "a/link"), 0);
	assert_int_equal(symlinkat("keep", d.fd, "link"), 0);
	assert_int_equal(mkfifoat(d.fd, "a/b/fifo", 0600), 0);
	OK(fs_remove_tree(d.fd, "a", &err));
	assert_false(temp_dir_exists(&d, "a"));
	OK(fs_remove_tree(d.fd, "a", &err)); /* gone already */
	OK(fs_remove_tree(d.fd, "no/such/folder", &err));
	OK(fs_remove_tree(d.fd, "link", &err));
	temp_dir_has(&d, "keep/file", "x");
	OK(fs_remove_tree(d.fd, "keep/file", &err));
	assert_false(temp_dir_exists(&d, "keep/file"));
}

static void fs_remove_tree_refuses_what_names_no_entry(void **state)
{
	static const char *const paths[] = {"", ".", "..", "a/", "a/.", "a/..", "/"};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	temp_dir_file(&d, "a/b", "x");
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct err err;
		FAILS(ERR_SYS, fs_remove_tree(d.fd, paths[i], &err));
	}
	temp_dir_has(&d, "a/b", "x");
}

static void fs_remove_tree_goes_deeper_than_paths_and_fds(void **state)
{
	enum { DEPTH = 10000 };
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_quick();
	int fd = dup(d.fd);
	for (int i = 0; i < DEPTH; i++) {
		assert_int_equal(mkdirat(fd, "d", 0700), 0);
		if (i % 100 == 0) {
			assert_int_equal(mkdirat(fd, "e", 0700), 0);
			assert_int_equal(symlinkat("/", fd, "e/root"), 0);
		}
		int next = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		close(fd);
		fd = next;
	}
	close(fd);
	struct rlimit old, few = {64, 64};
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	few.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	OK(fs_remove_tree(d.fd, "d", &err));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_false(temp_dir_exists(&d, "d"));
}

static void fs_remove_tree_empties_wide_folders(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_quick();
	for (int i = 0; i < 3000; i++) {
		char path[32];
		snprintf(path, sizeof(path), "w/%d/x", i);
		if (i % 3)
			OK(fs_mkdirs(d.fd, path, 0700, &err));
		else
			temp_dir_file(&d, path, "");
	}
	OK(fs_remove_tree(d.fd, "w", &err));
	assert_false(temp_dir_exists(&d, "w"));
}

static void remove_as_nobody(const struct temp_dir *d)
{
	struct err err = {0};
	check(setgid(65534) == 0 && setuid(65534) == 0, "setuid");
	check(mkdirat(d->fd, "n", 0700) == 0, "mkdir");
	check(mkdirat(d->fd, "n/closed", 0700) == 0, "mkdir");
	check(mkdirat(d->fd, "n/closed/x", 0700) == 0, "mkdir");
	check(mkdirat(d->fd, "n/readonly", 0700) == 0, "mkdir");
	check(close(openat(d->fd, "n/readonly/f", O_CREAT | O_WRONLY, 0)) == 0, "create");
	check(fchmodat(d->fd, "n/closed", 0, 0) == 0, "chmod");
	check(fchmodat(d->fd, "n/readonly", 0555, 0) == 0, "chmod");
	check(fs_remove_tree(d->fd, "n", &err) == 0, err.what);
	check(!temp_dir_exists(d, "n"), "n is still there");
}

static void fs_remove_tree_opens_closed_folders(void **state)
{
	if (geteuid() != 0)
		skip();
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	assert_int_equal(fchmod(d.fd, 0777), 0);
	assert_int_equal(apart(remove_as_nobody, &d), 0);
}

static void remove_others(const struct temp_dir *d)
{
	struct err err = {0};
	check(setgid(65534) == 0 && setuid(65534) == 0, "setuid");
	check(fs_remove_tree(d->fd, "mine", &err) < 0, "was removed");
	check(err.kind == ERR_SYS && err.sys == EACCES, err.what);
	check(strstr(err.what, "'mine/of-root/file'") != NULL, err.what);
	check(!temp_dir_exists(d, "mine/before") && !temp_dir_exists(d, "mine/zz"),
		"rest is there");
}

static void fs_remove_tree_goes_on_after_a_failure(void **state)
{
	if (geteuid() != 0)
		skip();
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	temp_dir_file(&d, "mine/of-root/file", "x");
	temp_dir_file(&d, "mine/before/x/y", "x");
	temp_dir_file(&d, "mine/zz/x", "x");
	assert_int_equal(fchmodat(d.fd, ".", 0777, 0), 0);
	static const char *const nobodys[] = {"mine", "mine/before", "mine/before/x", "mine/zz"};
	for (size_t i = 0; i < ARRAY_LEN(nobodys); i++)
		assert_int_equal(fchownat(d.fd, nobodys[i], 65534, 65534, 0), 0);
	assert_int_equal(apart(remove_others, &d), 0);
	temp_dir_has(&d, "mine/of-root/file", "x");
}

static void remove_with_mounts(const struct temp_dir *d)
{
	struct err err = {0};
	if (unshare(CLONE_NEWNS) < 0)
		_exit(SKIPPED);
	check(chdir(d->path) == 0, "chdir"); /* by name: d->fd is in the other namespace */
	check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "private");
	check(mount("keep", "tree/sub/bind", NULL, MS_BIND, NULL) == 0, "bind");
	check(mount("keep/file", "tree/file", NULL, MS_BIND, NULL) == 0, "bind file");
	check(mount("tmpfs", "tree/tmp", "tmpfs", 0, NULL) == 0, "tmpfs");
	check(close(open("tree/tmp/inside", O_CREAT | O_WRONLY, 0600)) == 0, "create");
	check(fs_remove_tree(AT_FDCWD, "tree", &err) < 0, "was removed");
	check(err.kind == ERR_CONFLICT, err.what);
	check(strstr(err.what, "something is mounted there") != NULL, err.what);
	check(access("tree/tmp/inside", F_OK) == 0, "tmpfs was emptied");
	check(access("keep/file", F_OK) == 0, "the bound folder was emptied");
	check(access("tree/zz", F_OK) < 0, "the rest is still there");
	err = (struct err){0};
	check(fs_remove_tree(AT_FDCWD, "tree/tmp", &err) < 0 && err.kind == ERR_CONFLICT, err.what);
	check(fs_remove_tree(AT_FDCWD, "tree/file", &err) < 0 && err.kind == ERR_CONFLICT,
		err.what);
}

static void fs_remove_tree_does_not_cross_into_mounts(void **state)
{
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	struct err err = {0};
	temp_dir_file(&d, "keep/file", "x");
	temp_dir_file(&d, "tree/file", "x");
	temp_dir_file(&d, "tree/zz/x", "x");
	OK(fs_mkdirs(d.fd, "tree/sub/bind", 0755, &err));
	OK(fs_mkdirs(d.fd, "tree/tmp", 0755, &err));
	int status = apart(remove_with_mounts, &d);
	if (status == SKIPPED)
		skip();
	assert_int_equal(status, 0);
}

/* A folder is swapped with a symlink again and again while the tree is removed. */
static void fs_remove_tree_is_not_led_away(void **state)
{
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	temp_dir_file(&d, "keep/a/b/file", "x");
	assert_int_equal(symlinkat("keep", d.fd, "link"), 0);
	pid_t child = fork();
	if (child == 0)
		for (;;)
			renameat2(d.fd, "tree/sub", d.fd, "link", RENAME_EXCHANGE);
	for (int i = 0; i < 100; i++) {
		struct err err = {0};
		(void)fs_mkdirs(d.fd, "tree/sub/a/b", 0755, &err);
		(void)fs_remove_tree(d.fd, "tree", &err); /* may lose the race; may not do harm */
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	temp_dir_has(&d, "keep/a/b/file", "x");
}

static void make_deep_and_wide(const struct temp_dir *d)
{
	struct err err = {0};
	char path[1024] = "tree";
	for (int i = 0; i < 90; i++) {
		size_t n = strlen(path);
		snprintf(path + n, sizeof(path) - n, "/d");
		OK(fs_mkdirs(d->fd, path, 0755, &err));
		snprintf(path + n, sizeof(path) - n, "/e/f");
		OK(fs_mkdirs(d->fd, path, 0755, &err));
		path[n + 2] = '\0';
		path[n + 1] = 'd';
	}
}

static void fs_remove_tree_may_run_twice_at_once(void **state)
{
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_quick();
	for (int i = 0; i < 30; i++) {
		struct err err = {0};
		int status;
		make_deep_and_wide(&d);
		pid_t child = fork();
		if (child == 0)
			_exit(fs_remove_tree(d.fd, "tree", &err) < 0);
		OK(fs_remove_tree(d.fd, "tree", &err));
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
		assert_false(temp_dir_exists(&d, "tree"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fs_remove_tree_takes_files_links_and_folders),
		cmocka_unit_test(fs_remove_tree_refuses_what_names_no_entry),
		cmocka_unit_test(fs_remove_tree_goes_deeper_than_paths_and_fds),
		cmocka_unit_test(fs_remove_tree_empties_wide_folders),
		cmocka_unit_test(fs_remove_tree_opens_closed_folders),
		cmocka_unit_test(fs_remove_tree_goes_on_after_a_failure),
		cmocka_unit_test(fs_remove_tree_does_not_cross_into_mounts),
		cmocka_unit_test(fs_remove_tree_is_not_led_away),
		cmocka_unit_test(fs_remove_tree_may_run_twice_at_once),
	};
	return cmocka_run_group_tests_name("fs/remove", tests, NULL, NULL);
}
