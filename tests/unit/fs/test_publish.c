#include "../tempdir.h"

#include <sys/wait.h>
#include <signal.h>

static size_t count(const struct temp_dir *d)
{
	struct err err = {0};
	CLEANUP(fs_entries_done) struct fs_entries all = {0};
	OK(fs_list(d->fd, &all, &err));
	return all.n;
}

static void fs_publish_shows_a_file_whole(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	CLEANUP(fs_temp_done) struct fs_temp t = FS_TEMP_NONE;
	OK(fs_temp_file(d.fd, &t, &err));
	assert_true(str_starts(str_of(t.name), S(".tmp-")));
	OK(fs_write_fd(t.fd, "text", 4, &err));
	temp_dir_file(&d, "blobs/old", "replaced");
	CLEANUP(fd_close) int to_fd = openat(d.fd, "blobs", O_PATH | O_CLOEXEC);
	OK(fs_publish(&t, to_fd, "old", FS_SYNC, &err));
	temp_dir_has(&d, "blobs/old", "text");
	assert_string_equal(t.name, "");
	assert_int_equal(t.fd, -1);
	assert_int_equal(count(&d), 1);
}

static void fs_publish_does_not_replace_folders(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	OK(fs_mkdirs(d.fd, "empty", 0755, &err));
	temp_dir_file(&d, "full/x", "x");
	temp_dir_file(&d, "file", "x");
	{
		CLEANUP(fs_temp_done) struct fs_temp t = FS_TEMP_NONE;
		OK(fs_temp_dir(d.fd, &t, &err));
		int fd = openat(t.fd, "inside", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
		assert_true(fd >= 0);
		close(fd);
		FAILS(ERR_CONFLICT, fs_publish(&t, d.fd, "empty", FS_SYNC, &err));
		FAILS(ERR_CONFLICT, fs_publish(&t, d.fd, "full", FS_NO_SYNC, &err));
		FAILS(ERR_CONFLICT, fs_publish(&t, d.fd, "file", FS_NO_SYNC, &err));
		OK(fs_publish(&t, d.fd, "new", FS_SYNC, &err));
		assert_true(temp_dir_exists(&d, "new/inside"));
	}
	CLEANUP(fs_temp_done) struct fs_temp t = FS_TEMP_NONE;
	OK(fs_temp_file(d.fd, &t, &err));
	FAILS(ERR_CONFLICT, fs_publish(&t, d.fd, "full", FS_NO_SYNC, &err));
	FAILS(ERR_CONFLICT, fs_publish(&t, d.fd, "empty", FS_NO_SYNC, &err));
}

static void fs_temp_done_removes_what_was_not_published(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	struct fs_temp file = FS_TEMP_NONE, dir = FS_TEMP_NONE, zero = {0};
	OK(fs_temp_file(d.fd, &file, &err));
	OK(fs_temp_dir(d.fd, &dir, &err));
	assert_int_equal(mkdirat(dir.fd, "sub", 0700), 0);
	assert_int_equal(count(&d), 2);
	fs_temp_done(&file);
	fs_temp_done(&dir);
	fs_temp_done(&dir);
	fs_temp_done(&zero);
	assert_int_equal(count(&d), 0);
	assert_true(fcntl(0, F_GETFD) >= 0); /* a zeroed one does not own fd 0 */
}

static void fs_temp_sweep_takes_only_what_nobody_holds(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	CLEANUP(fs_temp_done) struct fs_temp mine = FS_TEMP_NONE;
	OK(fs_temp_file(d.fd, &mine, &err));
	temp_dir_file(&d, ".tmp-1-0123456789abcdef", "pid 1 runs, but does not hold it");
	temp_dir_file(&d, ".tmp-99999999-x/a/b", "x");
	temp_dir_file(&d, "other", "x");
	temp_dir_file(&d, ".tmpfile", "x");
	assert_int_equal(symlinkat("other", d.fd, ".tmp-2-link"), 0);
	int out[2];
	assert_int_equal(pipe(out), 0);
	pid_t child = fork();
	if (child == 0) {
		struct fs_temp file, dir;
		if (fs_temp_file(d.fd, &file, &err) == 0 && fs_temp_dir(d.fd, &dir, &err) == 0)
			(void)!write(out[1], "1", 1);
		pause();
		_exit(0);
	}
	char ready;
	assert_int_equal(read(out[0], &ready, 1), 1);
	assert_int_equal(fs_temp_sweep(d.fd, &err), 2);
	assert_int_equal(count(&d), 6);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_int_equal(fs_temp_sweep(d.fd, &err), 2);
	assert_int_equal(fs_temp_sweep(d.fd, &err), 0);
	assert_true(temp_dir_exists(&d, mine.name));
	temp_dir_has(&d, "other", "x");
	close(out[0]);
	close(out[1]);
}

/* Makers and a sweeper at full speed: nothing that is held is ever swept. */
static void fs_temp_sweep_never_takes_what_is_being_made(void **state)
{
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	pid_t child = fork();
	if (child == 0)
		for (;;) {
			struct err err;
			if (fs_temp_sweep(d.fd, &err) < 0) {
				fprintf(stderr, "%s\n", err.what);
				_exit(1);
			}
		}
	for (int i = 0; i < 3000; i++) {
		struct err err = {0};
		CLEANUP(fs_temp_done) struct fs_temp t = FS_TEMP_NONE;
		if (i % 2)
			OK(fs_temp_file(d.fd, &t, &err));
		else
			OK(fs_temp_dir(d.fd, &t, &err));
		OK(fs_publish(&t, d.fd, i % 2 ? "file" : "dir", FS_NO_SYNC, &err));
		if (i % 2 == 0)
			OK(fs_remove_tree(d.fd, "dir", &err));
	}
	int status;
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	assert_true(WIFSIGNALED(status));
}

static void fs_lock_keeps_others_out(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	int one = -1, two = -1;
	OK(fs_lock(d.fd, "lock", FS_SHARED, FS_WAIT, &one, &err));
	OK(fs_lock(d.fd, "lock", FS_SHARED, FS_TRY, &two, &err));
	int none = -1;
	FAILS(ERR_CONFLICT, fs_lock(d.fd, "lock", FS_EXCLUSIVE, FS_TRY, &none, &err));
	assert_string_equal(err.what, "'lock' is locked by another process");
	close(one);
	close(two);
	OK(fs_lock(d.fd, "lock", FS_EXCLUSIVE, FS_TRY, &one, &err));
	FAILS(ERR_CONFLICT, fs_lock(d.fd, "lock", FS_SHARED, FS_TRY, &none, &err));
	assert_int_equal(none, -1);
	close(one);
	FAILS(ERR_NOT_FOUND, fs_lock(d.fd, "no/lock", FS_SHARED, FS_TRY, &none, &err));
}

static void fs_lock_ends_with_its_process(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	int out[2];
	char ready;
	assert_int_equal(pipe(out), 0);
	pid_t child = fork();
	if (child == 0) {
		int fd;
		if (fs_lock(d.fd, "lock", FS_EXCLUSIVE, FS_WAIT, &fd, &err) == 0)
			(void)!write(out[1], "1", 1);
		pause();
		_exit(0);
	}
	assert_int_equal(read(out[0], &ready, 1), 1);
	CLEANUP(fd_close) int fd = -1;
	FAILS(ERR_CONFLICT, fs_lock(d.fd, "lock", FS_SHARED, FS_TRY, &fd, &err));
	kill(child, SIGKILL);
	OK(fs_lock(d.fd, "lock", FS_EXCLUSIVE, FS_WAIT, &fd, &err));
	waitpid(child, NULL, 0);
	close(out[0]);
	close(out[1]);
}

/* Whoever waits for a lock on a file that is removed meanwhile must not end up alone with it. */
static void fs_lock_is_on_the_file_that_has_the_name(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	int fd = -1;
	OK(fs_lock(d.fd, "lock", FS_EXCLUSIVE, FS_WAIT, &fd, &err));
	pid_t child = fork();
	if (child == 0) {
		int mine = -1, other = -1;
		close(fd);
		bool ok = fs_lock(d.fd, "lock", FS_EXCLUSIVE, FS_WAIT, &mine, &err) == 0 &&
			fs_lock(d.fd, "lock", FS_EXCLUSIVE, FS_TRY, &other, &err) < 0;
		_exit(ok ? 0 : 1);
	}
	struct timespec a_little = {0, 50 * 1000 * 1000};
	nanosleep(&a_little, NULL); /* lets it wait; the test passes without, too */
	assert_int_equal(unlinkat(d.fd, "lock", 0), 0);
	close(fd);
	int status;
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fs_publish_shows_a_file_whole),
		cmocka_unit_test(fs_publish_does_not_replace_folders),
		cmocka_unit_test(fs_temp_done_removes_what_was_not_published),
		cmocka_unit_test(fs_temp_sweep_takes_only_what_nobody_holds),
		cmocka_unit_test(fs_temp_sweep_never_takes_what_is_being_made),
		cmocka_unit_test(fs_lock_keeps_others_out),
		cmocka_unit_test(fs_lock_ends_with_its_process),
		cmocka_unit_test(fs_lock_is_on_the_file_that_has_the_name),
	};
	return cmocka_run_group_tests_name("fs/publish", tests, NULL, NULL);
}
