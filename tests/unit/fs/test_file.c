#include "../tempdir.h"

#include <sys/resource.h>
#include <signal.h>
#include <sys/socket.h>

static void fs_read_file_reads_all_up_to_the_limit(void **state)
{
	static const struct {
		size_t bytes, max;
		bool fits;
	} cases[] = {{0, 0, true}, {0, 10, true}, {1, 0, false}, {10, 10, true}, {11, 10, false},
		{4096, 4096, true}, {4097, 4096, false}, {300000, 1 << 20, true}};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		CLEANUP(mem_free) char *text = mem_new(cases[i].bytes + 1, 1);
		memset(text, 'x', cases[i].bytes);
		temp_dir_file(&d, "f", text);
		CLEANUP(buf_done) struct buf b = BUF(cases[i].max);
		if (cases[i].fits) {
			OK(fs_read_file(d.fd, "f", &b, &err));
			assert_int_equal(b.n, cases[i].bytes);
		} else {
			FAILS(ERR_LIMIT, fs_read_file(d.fd, "f", &b, &err));
			assert_non_null(strstr(err.what, "'f': file is larger than"));
		}
	}
}

static void fs_read_fd_adds_from_where_it_stands(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	temp_dir_file(&d, "f", "0123456789");
	CLEANUP(fd_close) int fd = openat(d.fd, "f", O_RDONLY | O_CLOEXEC);
	CLEANUP(buf_done) struct buf b = BUF(100);
	buf_add(&b, S("have "));
	assert_int_equal(lseek(fd, 7, SEEK_SET), 7);
	OK(fs_read_fd(fd, &b, &err));
	STR_IS(buf_str(&b), "have 789");
	OK(fs_read_fd(fd, &b, &err)); /* at the end: nothing more */
	STR_IS(buf_str(&b), "have 789");
}

static void fs_read_fd_reads_pipes_and_proc(void **state)
{
	struct err err = {0};
	CLEANUP(buf_done) struct buf proc = BUF(1 << 20);
	OK(fs_read_file(AT_FDCWD, "/proc/self/status", &proc, &err));
	assert_true(str_starts(buf_str(&proc), S("Name:")));
	int fds[2];
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	CLEANUP(buf_done) struct buf b = BUF(60000);
	char text[50000];
	memset(text, 'p', sizeof(text));
	OK(fs_write_fd(fds[1], text, sizeof(text), &err));
	close(fds[1]);
	OK(fs_read_fd(fds[0], &b, &err));
	assert_int_equal(b.n, sizeof(text));
	close(fds[0]);
	FAILS(ERR_SYS, fs_read_fd(fds[0], &b, &err));
	FAILS(ERR_NOT_FOUND, fs_read_file(AT_FDCWD, "/no/such/file", &b, &err));
	assert_string_equal(err.what, "open '/no/such/file': No such file or directory");
}

static void fs_write_file_replaces_whole_files(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	temp_dir_file(&d, "a/f", "old text that is longer");
	CLEANUP(fd_close) int old_fd = openat(d.fd, "a/f", O_RDONLY | O_CLOEXEC);
	mode_t umask_was = umask(077);
	OK(fs_write_file(d.fd, "a/f", S("new"), 0664, FS_SYNC, &err));
	umask(umask_was);
	temp_dir_has(&d, "a/f", "new");
	CLEANUP(buf_done) struct buf b = BUF(100);
	OK(fs_read_fd(old_fd, &b, &err)); /* who has the old one open keeps it */
	STR_IS(buf_str(&b), "old text that is longer");
	struct stat st;
	assert_int_equal(fstatat(d.fd, "a/f", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0664);
	FAILS(ERR_CONFLICT, fs_write_file(d.fd, "a", S("x"), 0644, FS_NO_SYNC, &err));
	FAILS(ERR_NOT_FOUND, fs_write_file(d.fd, "b/f", S("x"), 0644, FS_NO_SYNC, &err));
	CLEANUP(fs_entries_done) struct fs_entries left = {0};
	OK(fs_list(d.fd, &left, &err));
	assert_int_equal(left.n, 1); /* no temporary names stay */
}

static void fs_write_file_leaves_the_old_one_when_it_does_not_fit(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	temp_dir_file(&d, "f", "old");
	CLEANUP(mem_free) char *large = mem_new(100000, 1);
	struct rlimit old, small;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = (struct rlimit){50000, old.rlim_max};
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	int rc = fs_write_file(d.fd, "f", str_n(large, 100000), 0644, FS_SYNC, &err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(rc, -1);
	assert_string_equal(err.what, "'f': write: File too large");
	temp_dir_has(&d, "f", "old");
	CLEANUP(fs_entries_done) struct fs_entries left = {0};
	OK(fs_list(d.fd, &left, &err));
	assert_int_equal(left.n, 1);
}

static void fs_pwrite_fd_checks_offsets(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	CLEANUP(fd_close) int fd = openat(d.fd, "f", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	OK(fs_pwrite_fd(fd, "bc", 2, 1, &err));
	OK(fs_pwrite_fd(fd, "a", 1, 0, &err));
	temp_dir_has(&d, "f", "abc");
	FAILS(ERR_LIMIT, fs_pwrite_fd(fd, "a", 1, UINT64_MAX, &err));
	FAILS(ERR_LIMIT, fs_pwrite_fd(fd, "a", 1, INT64_MAX, &err));
}

static void copy_and_compare(int from, int to, const struct temp_dir *d, uint64_t bytes)
{
	struct err err = {0};
	uint64_t n = 77;
	OK(fs_copy_fd(from, to, &n, &err));
	assert_true(n == bytes);
	(void)d;
}

static void fs_copy_fd_copies_between_files(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	enum { N = 700000 };
	CLEANUP(mem_free) char *text = mem_new(N + 1, 1);
	for (size_t i = 0; i < N; i++)
		text[i] = (char)('a' + i % 23);
	temp_dir_file(&d, "from", text);
	CLEANUP(fd_close) int from = openat(d.fd, "from", O_RDONLY | O_CLOEXEC);
	CLEANUP(fd_close) int to = openat(d.fd, "to", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	copy_and_compare(from, to, &d, N);
	temp_dir_has(&d, "to", text);
	OK(fs_write_fd(to, "tail", 4, &err)); /* it stands at the end */
	assert_int_equal(lseek(to, 0, SEEK_CUR), N + 4);
	copy_and_compare(from, to, &d, 0);
	/* From the middle, behind what is there. */
	CLEANUP(fd_close) int append = openat(d.fd, "to", O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(lseek(from, N - 3, SEEK_SET), N - 3);
	copy_and_compare(from, append, &d, 3);
	assert_int_equal(lseek(to, 0, SEEK_END), N + 7);
}

static void fs_copy_fd_copies_what_has_no_size(void **state)
{
	struct err err = {0};
	uint64_t n;
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	CLEANUP(fd_close) int to = openat(d.fd, "to", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CLEANUP(fd_close) int proc = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	OK(fs_copy_fd(proc, to, &n, &err));
	assert_true(n > 100);
	int fds[2], sockets[2];
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
	OK(fs_write_fd(fds[1], "through", 7, &err));
	close(fds[1]);
	OK(fs_copy_fd(fds[0], sockets[0], &n, &err)); /* pipe to socket: neither is a file */
	assert_true(n == 7);
	char room[8] = {0};
	assert_int_equal(read(sockets[1], room, 7), 7);
	assert_string_equal(room, "through");
	close(fds[0]);
	close(sockets[0]);
	close(sockets[1]);
	FAILS(ERR_SYS, fs_copy_fd(d.fd, to, &n, &err)); /* a folder */
}

static void fs_fsync_dir_opens_the_folder(void **state)
{
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	temp_dir_file(&d, "a/f", "x");
	OK(fs_fsync_dir(d.fd, "a", &err));
	OK(fs_fsync(d.fd, &err));
	FAILS(ERR_NOT_FOUND, fs_fsync_dir(d.fd, "b", &err));
	FAILS(ERR_NOT_FOUND, fs_fsync_dir(d.fd, "a/f", &err));
	FAILS(ERR_SYS, fs_fsync(-1, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fs_read_file_reads_all_up_to_the_limit),
		cmocka_unit_test(fs_read_fd_adds_from_where_it_stands),
		cmocka_unit_test(fs_read_fd_reads_pipes_and_proc),
		cmocka_unit_test(fs_write_file_replaces_whole_files),
		cmocka_unit_test(fs_write_file_leaves_the_old_one_when_it_does_not_fit),
		cmocka_unit_test(fs_pwrite_fd_checks_offsets),
		cmocka_unit_test(fs_copy_fd_copies_between_files),
		cmocka_unit_test(fs_copy_fd_copies_what_has_no_size),
		cmocka_unit_test(fs_fsync_dir_opens_the_folder),
	};
	return cmocka_run_group_tests_name("fs/file", tests, NULL, NULL);
}
