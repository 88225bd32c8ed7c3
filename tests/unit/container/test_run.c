#include "rig.h"

#include "container/helper/cgroup_priv.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>

static const char *const runtimes[] = {"crun", "runc"};

/* Runs a test with each runtime that is here. */
static void with_each(void (*test)(struct rig *r))
{
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(runtimes); i++) {
		struct container_runtime runtime;
		struct err err = {0};
		if (container_name_runtime(runtimes[i], &runtime, &err) < 0)
			continue;
		CLEANUP(rig_done) struct rig r = {0};
		CLEANUP(rig_names_done) struct rig_names names = rig_names_before("crun.");
		size_t mounts = rig_count_mounts();
		rig_init(&r);
		r.spec.runtime = runtimes[i];
		rig_name(&r, "test-run");
		test(&r);
		n++;
		assert_int_equal(rig_count_mounts(), mounts);
		RIG_GONE(rig_count_cgroups(r.name));
		RIG_GONE(rig_names_left(&names));
	}
	if (!n) {
		print_message("skipped: neither crun nor runc is installed\n");
		skip();
	}
}

/* ---- the end of the process ---- */

static void check_statuses(struct rig *r)
{
	static const struct {
		const char *args[4];
		int status;
		const char *err;
	} cases[] = {
		{{"true"}, 0, ""},
		{{"sh", "-c", "exit 7"}, 7, ""},
		{{"sh", "-c", "sh -c 'kill -9 $$'; exit $?"}, 137, "Killed\n"},
		{{"sh", "-c", "sh -c 'kill -TERM $$'; exit $?"}, 143, "Terminated\n"},
		{{"nosuch"}, 127, "exec: \"nosuch\": executable file not found in $PATH\n"},
		{{"/nosuch"}, 127, "exec: \"/nosuch\": stat /nosuch: no such file or directory\n"},
		{{"./nosuch"}, 127,
			"exec: \"./nosuch\": stat ./nosuch: no such file or directory\n"},
		{{"/bin"}, 126, "exec: \"/bin\": permission denied\n"},
		{{"/plain"}, 126, "exec: \"/plain\": permission denied\n"},
		{{"/garbage"}, 255, "exec /garbage: exec format error\n"},
		{{"/script"}, 255, "exec /script: no such file or directory\n"},
		{{""}, 127, "exec: \"\": executable file not found in $PATH\n"},
		{{"/outside"}, 127,
			"exec: \"/outside\": stat /outside: no such file or directory\n"},
	};
	temp_dir_file(&r->dir, "root/plain", "");
	temp_dir_file(&r->dir, "root/garbage", "garbage");
	temp_dir_file(&r->dir, "root/script", "#!/nosuch\n");
	assert_int_equal(fchmodat(r->dir.fd, "root/garbage", 0755, 0), 0);
	assert_int_equal(fchmodat(r->dir.fd, "root/script", 0755, 0), 0);
	rig_link(r, "/usr/bin/python3", "root/outside"); /* the host's, if it led outside */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		OK(rig_try(r, cases[i].args, &err));
		if (r->end.status != cases[i].status)
			fail_msg("%s: status %d, expected %d", cases[i].args[0], r->end.status,
				cases[i].status);
		STR_IS(buf_str(&r->err), cases[i].err);
	}
}

static void run_ends_status_is_dockers(void **state)
{
	with_each(check_statuses);
}

static void check_streams(struct rig *r)
{
	assert_int_equal(RIG_RUN(r, "echo to out; echo to err >&2"), 0);
	STR_IS(buf_str(&r->out), "to out\n");
	STR_IS(buf_str(&r->err), "to err\n");
	RIG_SAYS(r, "ls /proc/self/fd | tr '\\n' ' '", "0 1 2 3 "); /* 3 is ls's own */
	RIG_SAYS(r, "cat", "");                                     /* stdin is /dev/null */
	RIG_SAYS(r, "dd if=/dev/zero bs=65536 count=64 2>/dev/null | wc -c", "4194304\n");
	assert_int_equal(RIG_RUN(r, "dd if=/dev/zero bs=65536 count=64 2>/dev/null"), 0);
	assert_int_equal(r->out.n, 4194304);
}

static void run_prints_streams_arrive(void **state)
{
	with_each(check_streams);
}

static void check_stdin(struct rig *r)
{
	int fds[2];
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(write(fds[1], "hello\n", 6), 6);
	close(fds[1]);
	r->spec.stdin_fd = fds[0];
	RIG_SAYS(r, "cat", "hello\n");
	close(fds[0]);
}

static void run_stdin_is_read(void **state)
{
	with_each(check_stdin);
}

/* F65: what a RUN leaves behind must neither live on nor keep us waiting. */
static void check_daemon(struct rig *r)
{
	RIG_SAYS(r, "(setsid sleep 7531 &) ; sleep 7532 & echo done", "done\n");
	assert_int_equal(rig_count_processes("7531"), 0);
	assert_int_equal(rig_count_processes("7532"), 0);
}

static void run_leaves_daemon_it_is_gone(void **state)
{
	with_each(check_daemon);
}

/* ---- the environment ---- */

static void check_environment(struct rig *r)
{
	const char *const env[] = {RIG_PATH, "A=1\n2", "B=\xff", "C=", NULL};
	r->spec.env = env;
	r->spec.hostname = "box";
	RIG_SAYS(r, "echo \"$A\"", "1\n2\n");
	RIG_SAYS(r, "echo \"[$C]\"; hostname", "[]\nbox\n");
	RIG_SAYS(r, "echo $$; cat /proc/1/comm; true", "1\nsh\n");
	RIG_SAYS(r, "pwd; echo $HOME", "/\n/\n");
	r->spec.cwd = "/made/for/me";
	RIG_SAYS(r, "pwd", "/made/for/me\n");
	r->spec.env = r->env;
	r->spec.hostname = NULL;
	assert_int_equal(RIG_RUN(r, "cat /etc/hostname"), 0);
	assert_true(str_starts(buf_str(&r->out), str_of(r->name)));
}

/* Many hosts have resolv.conf as a symlink into /run. Tried in a mount namespace of the test's own. */
static int check_resolv_conf(struct rig *r)
{
	struct err err = {0};
	if (unshare(CLONE_NEWNS) < 0 || mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("tmpfs", "/run", "tmpfs", 0, NULL) < 0 ||
		mount("tmpfs", "/etc", "tmpfs", 0, NULL) < 0 ||
		fs_write_file(AT_FDCWD, "/run/resolv", S("nameserver 9.9.9.9\n"), 0644, FS_NO_SYNC,
			&err) < 0 ||
		symlink("../run/resolv", "/etc/resolv.conf") < 0)
		return 1;
	if (rig_try(r, (const char *[]){"cat", "/etc/resolv.conf", NULL}, &err) < 0)
		return 2;
	return str_is(buf_str(&r->out), "nameserver 9.9.9.9\n") ? 0 : 3;
}

static void run_resolv_conf_is_a_link_it_is_followed(void **state)
{
	CLEANUP(rig_done) struct rig r = {0};
	int status;
	rig_need_runtime("crun");
	rig_init(&r);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(check_resolv_conf(&r));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void run_environment_is_ours(void **state)
{
	with_each(check_environment);
}

static void check_user(struct rig *r)
{
	static const struct {
		const char *user, *says;
	} cases[] = {
		{NULL, "0 0 0\n"},
		{"", "0 0 0\n"},
		{"app", "1000 1000 1000 44 45\n"},
		{"1000", "1000 1000 1000 44 45\n"},
		{"app:video", "1000 44 44\n"},
		{"4321", "4321 0 0\n"},
		{"4321:77", "4321 77 77\n"},
	};
	temp_dir_file(&r->dir, "root/etc/passwd",
		"root:x:0:0::/root:/bin/sh\napp:x:1000:1000:App:/home/app:/bin/sh\n");
	temp_dir_file(&r->dir, "root/etc/group", "root:x:0:\nvideo:x:44:app\naudio:x:45:x,app\n");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		r->spec.user = cases[i].user;
		RIG_SAYS(r, "echo $(id -u) $(id -g) $(id -G)", cases[i].says);
	}
	r->spec.user = "app";
	RIG_SAYS(r, "echo $HOME", "/home/app\n");
	RIG_SAYS(r, "grep -c 'CapEff:.0000000000000000' /proc/self/status", "1\n");
	struct err err = {0};
	r->spec.user = "nobody-here";
	FAILS(ERR_NOT_FOUND, rig_try(r, (const char *[]){"true", NULL}, &err));
	assert_non_null(strstr(err.what,
		"unable to find user nobody-here: no matching entries in "
		"passwd file"));
}

static void run_user_is_looked_up_inside(void **state)
{
	with_each(check_user);
}

/* ---- the file system ---- */

static void check_upper(struct rig *r)
{
	struct err err = {0};
	CLEANUP(fs_entries_done) struct fs_entries entries = {0};
	CLEANUP(fd_close) int upper = -1;
	r->spec.upper = r->upper;
	r->spec.work = r->work;
	/* The image has no /proc, /dev, /sys and /etc; none of them may show up in the layer. */
	RIG_SAYS(r, "test -s /etc/hosts && test -d /proc/1 && echo 1 > /new; cat /new", "1\n");
	OK(fs_open(AT_FDCWD, r->upper, O_RDONLY | O_DIRECTORY, 0, &upper, &err));
	OK(fs_list(upper, &entries, &err));
	assert_int_equal(entries.n, 1);
	assert_string_equal(entries.p[0].name, "new");
	r->spec.is_volatile = true; /* twice: the kernel does not like that by itself */
	RIG_SAYS(r, "cat /new", "1\n");
	RIG_SAYS(r, "cat /new; rm /new /bin/true; ls /bin/true 2>&1 | wc -l", "1\n1\n");
	assert_false(temp_dir_exists(&r->dir, "upper/new"));
	struct stat st;
	assert_int_equal(fstatat(upper, "bin/true", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISCHR(st.st_mode) && st.st_rdev == 0);
	assert_true(temp_dir_exists(&r->dir, "root/bin/true"));
}

static void run_writes_only_they_are_in_upper(void **state)
{
	with_each(check_upper);
}

static void check_throw_away(struct rig *r)
{
	RIG_SAYS(r, "echo 1 > /new && cat /new", "1\n");
	assert_int_not_equal(RIG_RUN(r, "cat /new"), 0);
	r->spec.is_read_only = true;
	assert_int_not_equal(RIG_RUN(r, "touch /new"), 0);
	r->spec.cwd = "/made";
	RIG_SAYS(r, "pwd; touch /dev/shm/x && echo writable", "/made\nwritable\n");
	assert_false(temp_dir_exists(&r->dir, "root/made"));
	assert_false(temp_dir_exists(&r->dir, "root/proc"));
}

static void run_without_upper_leaves_nothing(void **state)
{
	with_each(check_throw_away);
}

/* Files of several file systems must look like one, or --one-file-system skips them. */
static void check_one_device(struct rig *r)
{
	temp_dir_file(&r->dir, "root/data/file", "x");
	RIG_SAYS(r,
		"echo y > /data/new; find /data -xdev -type f | wc -l; "
		"test $(stat -c %d /data) = $(stat -c %d /data/file) && echo same",
		"2\nsame\n");
}

static void run_layers_look_like_one_device(void **state)
{
	with_each(check_one_device);
}

static void check_mounts(struct rig *r)
{
	char data[100], file[100], lower[100];
	snprintf(data, sizeof(data), "%s/data", r->dir.path);
	snprintf(file, sizeof(file), "%s/file", r->dir.path);
	snprintf(lower, sizeof(lower), "%s/lower", r->dir.path);
	temp_dir_file(&r->dir, "data/a", "a\n");
	temp_dir_file(&r->dir, "file", "f\n");
	temp_dir_file(&r->dir, "lower/l", "l\n");
	rig_link(r, "/elsewhere", "root/link");
	CLEANUP(fd_close) int fd = open(data, O_PATH | O_CLOEXEC);
	CLEANUP(fd_close) int secret = memfd_create("secret", MFD_CLOEXEC);
	assert_int_equal(write(secret, "s\n", 2), 2);
	const struct container_mount mounts[] = {
		{.kind = CONTAINER_BIND, .source = data, .target = "/mnt/data"},
		{.kind = CONTAINER_BIND, .source_fd = fd, .target = "/ro", .is_read_only = true},
		{.kind = CONTAINER_BIND, .source = file, .target = "/deep/er/file"},
		{.kind = CONTAINER_TMPFS,
			.target = "/scratch",
			.size_bytes = 1 << 20,
			.mode = 0700},
		{.kind = CONTAINER_OVERLAY_COPY, .source = lower, .target = "/copy"},
		{.kind = CONTAINER_BIND, .source = data, .target = "/link"},
		{.kind = CONTAINER_BIND, .source = file, .target = "/scratch/below"},
		{.kind = CONTAINER_BIND, .source = file, .target = "/dev/late"},
		{.kind = CONTAINER_TMPFS, .target = "/dev/shm", .size_bytes = 2 << 20},
		{.kind = CONTAINER_FILE,
			.source_fd = secret,
			.target = "/run/secrets/s",
			.mode = 0440,
			.uid = 7,
			.gid = 8,
			.is_read_only = true},
	};
	r->spec.mounts = mounts;
	r->spec.n_mounts = ARRAY_LEN(mounts);
	r->spec.upper = r->upper;
	r->spec.work = r->work;
	RIG_SAYS(r,
		"cat /mnt/data/a /ro/a /deep/er/file /copy/l /elsewhere/a /scratch/below "
		"/dev/late",
		"a\na\nf\nl\na\nf\nf\n");
	RIG_SAYS(r, "echo b > /mnt/data/b; touch /ro/x 2>/dev/null || echo refused", "refused\n");
	RIG_SAYS(r, "rm /copy/l; echo n > /copy/n; ls /copy", "n\n");
	RIG_SAYS(r, "stat -c %a /scratch /copy", "700\n755\n");
	RIG_SAYS(r, "cat /run/secrets/s; stat -c '%a %u %g %F' /run/secrets/s",
		"s\n440 7 8 regular file\n");
	RIG_SAYS(r, "grep -c '/dev/shm tmpfs.*size=2048k' /proc/mounts", "1\n");
	temp_dir_has(&r->dir, "data/b", "b\n");
	temp_dir_has(&r->dir, "lower/l", "l\n");
	assert_false(temp_dir_exists(&r->dir, "lower/n"));
	assert_false(temp_dir_exists(&r->dir, "upper/mnt"));
	assert_false(temp_dir_exists(&r->dir, "upper/deep"));
	assert_false(temp_dir_exists(&r->dir, "upper/elsewhere"));
	assert_false(temp_dir_exists(&r->dir, "upper/run"));
}

static void run_mounts_are_there_without_trace(void **state)
{
	with_each(check_mounts);
}

static void put_file(struct rig *r, const char *folder, const char *name, const char *text)
{
	struct err err = {0};
	CLEANUP(fd_close) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	OK(fs_write_file(fd, name, str_of(text), 0644, FS_NO_SYNC, &err));
}

/* As many layers as docker's 127, and more: overlayfs' own limit is 500. */
static void check_many_layers(struct rig *r)
{
	enum { N = CONTAINER_LOWERS_MAX };
	static char paths[N][200];
	const char *lowers[N + 1];
	struct err err = {0};
	lowers[0] = r->root;
	rig_mkdir(r, "layers");
	for (int i = 1; i < N; i++) {
		snprintf(paths[i], sizeof(paths[i]), "%s/layers/%060d,:\\", r->dir.path, i);
		assert_int_equal(mkdir(paths[i], 0755), 0);
		lowers[i] = paths[i];
	}
	put_file(r, lowers[1], "first", "1\n");
	put_file(r, lowers[2], "last", "1\n");
	put_file(r, lowers[N - 1], "last", "2\n");
	r->spec.lowers = lowers;
	r->spec.n_lowers = N;
	r->spec.upper = r->upper;
	r->spec.work = r->work;
	RIG_SAYS(r, "cat /first /last", "1\n2\n");
	r->spec.n_lowers = N + 1;
	FAILS(ERR_LIMIT, rig_try(r, (const char *[]){"true", NULL}, &err));
}

static void run_many_layers_all_are_there(void **state)
{
	with_each(check_many_layers);
}

/* ---- isolation ---- */

/* F66 */
static void check_network(struct rig *r)
{
	RIG_SAYS(r,
		"readlink /proc/self/ns/net > /dev/null && cat /proc/net/dev | wc -l | grep -q . "
		"&& echo ok",
		"ok\n");
	r->spec.network = CONTAINER_NET_NONE;
	RIG_SAYS(r, "ip -o link | wc -l; ip -o addr show lo | grep -c 127.0.0.1; ip route | wc -l",
		"1\n1\n0\n");
}

static void run_network_none_is_none(void **state)
{
	with_each(check_network);
}

static void check_powers(struct rig *r)
{
	RIG_SAYS(r, "mount -t tmpfs x /bin 2>/dev/null || echo no mount", "no mount\n");
	RIG_SAYS(r, "unshare -r true 2>/dev/null || echo no userns", "no userns\n");
	RIG_SAYS(r, "mknod /n c 1 3 && echo x > /n && echo null", "null\n");
	RIG_SAYS(r, "mknod /m c 1 11 && cat /m 2>/dev/null || echo no log", "no log\n");
	RIG_SAYS(r, "mknod /d b 254 0 && cat /d 2>/dev/null || echo no disk", "no disk\n");
	RIG_SAYS(r, "echo 1 2>/dev/null > /proc/sys/vm/drop_caches || echo read-only",
		"read-only\n");
	RIG_SAYS(r, "ls /sys/firmware | wc -l; head -c1 /proc/kcore 2>/dev/null | wc -c", "0\n0\n");
	RIG_SAYS(r, "grep Seccomp: /proc/self/status | tr -d '\\t'", "Seccomp:2\n");
	RIG_SAYS(r, "test $(ls -d /proc/[0-9]* | wc -l) -le 4 && echo alone", "alone\n");
	r->spec.cap_drop = (const char *[]){"ALL", NULL};
	RIG_SAYS(r, "grep -c 'CapBnd:.0000000000000000' /proc/self/status", "1\n");
	r->spec.cap_add = (const char *[]){"SYS_ADMIN", NULL};
	RIG_SAYS(r, "mount -t tmpfs x /bin && echo mounted", "mounted\n");
	r->spec.cap_add = r->spec.cap_drop = NULL;
	r->spec.is_privileged = true;
	RIG_SAYS(r, "mount -t tmpfs x /bin && echo mounted", "mounted\n");
	RIG_SAYS(r, "grep Seccomp: /proc/self/status | tr -d '\\t'", "Seccomp:0\n");
	RIG_SAYS(r, "mknod /m c 1 11 && head -c 0 /m && echo log", "log\n");
}

static void run_powers_are_dockers(void **state)
{
	with_each(check_powers);
}

static void check_limits(struct rig *r)
{
	r->spec.pids_max = 20;
	r->spec.memory_bytes = 64 << 20;
	r->spec.cpu_millis = 500;
	/* A fork bomb: it must end by itself, and soon. */
	assert_int_not_equal(RIG_RUN(r,
				     "for i in $(seq 200); do sleep 100 & done 2>/dev/null; "
				     "test $(ls -d /proc/[0-9]* | wc -l) -gt 30 && exit 0; exit 1"),
		0);
	int status = RIG_RUN(r, "dd if=/dev/zero of=/dev/null bs=200M count=1 2>/dev/null");
	assert_true(status == 137 || status == 1);
	r->spec.pids_max = 0;
	r->spec.memory_bytes = 0;
	r->spec.cpu_millis = 0;
	RIG_SAYS(r, "for i in $(seq 50); do sleep 100 & done; echo fine", "fine\n");
}

static void run_limits_hold(void **state)
{
	if (cgroup_can_limit() != (CGROUP_MEMORY | CGROUP_PIDS | CGROUP_CPU)) {
		print_message("skipped: this machine's cgroups cannot limit everything\n");
		skip();
	}
	with_each(check_limits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(run_ends_status_is_dockers),
		cmocka_unit_test(run_prints_streams_arrive),
		cmocka_unit_test(run_stdin_is_read),
		cmocka_unit_test(run_leaves_daemon_it_is_gone),
		cmocka_unit_test(run_environment_is_ours),
		cmocka_unit_test(run_resolv_conf_is_a_link_it_is_followed),
		cmocka_unit_test(run_user_is_looked_up_inside),
		cmocka_unit_test(run_writes_only_they_are_in_upper),
		cmocka_unit_test(run_without_upper_leaves_nothing),
		cmocka_unit_test(run_layers_look_like_one_device),
		cmocka_unit_test(run_mounts_are_there_without_trace),
		cmocka_unit_test(run_many_layers_all_are_there),
		cmocka_unit_test(run_network_none_is_none),
		cmocka_unit_test(run_powers_are_dockers),
		cmocka_unit_test(run_limits_hold),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
