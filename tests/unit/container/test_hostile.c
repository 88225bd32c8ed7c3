/* Images and requests that mean harm. What must hold: nothing of the host is read or changed, and
 * the answer comes soon. */
#include "rig.h"

static const char *const runtimes[] = {"crun", "runc"};

static void with_each(void (*test)(struct rig *r))
{
	for (size_t i = 0; i < ARRAY_LEN(runtimes); i++) {
		struct rig r = {0};
		rig_need_runtime(runtimes[i]);
		rig_init(&r);
		r.spec.runtime = runtimes[i];
		rig_name(&r, "test-hostile");
		r.spec.upper = r.upper;
		r.spec.work = r.work;
		temp_dir_file(&r.dir, "outside/file", "outside\n");
		test(&r);
		RIG_GONE(rig_count_cgroups(r.name));
		temp_dir_has(&r.dir, "outside/file", "outside\n");
		rig_done(&r);
	}
}

/* May fail or not, but in time. */
static void survives(struct rig *r)
{
	struct err err = {0};
	(void)rig_try(r, (const char *[]){"sh", "-c", "cat /etc/resolv.conf", NULL}, &err);
}

/* ---- symlinks where mounts go ---- */

static void check_links(struct rig *r)
{
	static const char *const names[] = {"proc", "dev", "sys", "etc"};
	char outside[100];
	snprintf(outside, sizeof(outside), "%s/outside", r->dir.path);
	const char *const targets[] = {
		outside, "../../../../../../tmp", "/", "/bin", ".", "proc", "loop", "bin/busybox"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		for (size_t k = 0; k < ARRAY_LEN(targets); k++) {
			char path[40];
			snprintf(path, sizeof(path), "root/%s", names[i]);
			(void)unlinkat(r->dir.fd, path, 0);
			rig_link(r, targets[k], path);
			survives(r);
			/* crun would follow /dev to the host. */
			struct err err = {0};
			if (i < 3)
				FAILS(ERR_INPUT, rig_try(r, (const char *[]){"true", NULL}, &err));
			assert_int_equal(unlinkat(r->dir.fd, path, 0), 0);
			CLEANUP(fs_entries_done) struct fs_entries entries = {0};
			CLEANUP(fd_close)
			int fd = open(outside, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			OK(fs_list(fd, &entries, &err));
			assert_int_equal(entries.n, 1);
		}
}

static void mount_points_are_links_host_is_untouched(void **state)
{
	with_each(check_links);
}

/* Files and folders of the wrong kind. */
static void check_kinds(struct rig *r)
{
	static const char *const files[] = {"proc", "dev", "sys", "etc"};
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char path[40];
		snprintf(path, sizeof(path), "root/%s", files[i]);
		temp_dir_file(&r->dir, path, "file");
		survives(r);
		assert_int_equal(unlinkat(r->dir.fd, path, 0), 0);
	}
	rig_mkdir(r, "root/etc/resolv.conf/x");
	rig_mkdir(r, "root/etc/hosts");
	assert_int_equal(mknodat(r->dir.fd, "root/etc/hostname", S_IFIFO | 0644, 0), 0);
	RIG_SAYS(r, "ls /etc/resolv.conf; test -p /etc/hostname && echo fifo", "x\nfifo\n");
}

static void mount_points_are_of_wrong_kind_nothing_hangs(void **state)
{
	with_each(check_kinds);
}

static void check_etc_links(struct rig *r)
{
	char target[100];
	snprintf(target, sizeof(target), "%s/outside/file", r->dir.path);
	rig_mkdir(r, "root/etc");
	rig_link(r, target, "root/etc/resolv.conf");
	rig_link(r, "../../../../../../../../etc/knarr-test", "root/etc/hosts");
	rig_link(r, "hostname", "root/etc/hostname");
	char script[300];
	/* As docker: the link's target inside the root is where it is mounted. */
	snprintf(script, sizeof(script),
		"cat %s > /dev/null && echo inside; test -s /etc/knarr-test && echo hosts", target);
	RIG_SAYS(r, script, "inside\nhosts\n");
	assert_true(access("/etc/knarr-test", F_OK) < 0);
	assert_false(temp_dir_exists(&r->dir, "upper/etc"));
	assert_false(temp_dir_exists(&r->dir, "upper/tmp"));
}

static void etc_files_are_links_they_stay_inside(void **state)
{
	with_each(check_etc_links);
}

/* ---- the working folder (CVE-2024-21626) ---- */

static void check_cwd(struct rig *r)
{
	char path[100], outside[100];
	struct err err = {0};
	rig_link(r, "/proc/self/fd", "root/fds");
	rig_link(r, "/proc/self/fd/7", "root/seven");
	rig_link(r, "/proc", "root/pro");
	rig_link(r, "loop", "root/loop");
	temp_dir_file(&r->dir, "root/file", "");
	static const char *const processes[] = {"/proc/self/fd", "/fds", "/pro/self/fd",
		"/proc/1/cwd", "/proc/thread-self/fd", "/./proc//self/task/../fd"};
	for (size_t i = 0; i < ARRAY_LEN(processes); i++)
		for (int fd = 0; fd < 12; fd++) {
			snprintf(path, sizeof(path), "%s/%d", processes[i], fd);
			r->spec.cwd = path;
			FAILS(ERR_INPUT, rig_try(r, (const char *[]){"true", NULL}, &err));
		}
	static const char *const refused[] = {"/seven", "/loop/x", "/file", "/file/x", "relative"};
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		r->spec.cwd = refused[i];
		FAILS(ERR_INPUT, rig_try(r, (const char *[]){"true", NULL}, &err));
	}
	/* A link that would lead outside leads to the same path inside. */
	snprintf(outside, sizeof(outside), "%s/outside", r->dir.path);
	rig_link(r, outside, "root/out");
	r->spec.cwd = "/out";
	RIG_SAYS(r, "ls | wc -l; echo x > x", "0\n");
	r->spec.cwd = "/../../../..//x/../y";
	RIG_SAYS(r, "pwd", "/y\n");
}

static void cwd_leads_outside_it_does_not(void **state)
{
	with_each(check_cwd);
}

/* ---- users ---- */

static void check_passwd_files(struct rig *r)
{
	struct err err = {0};
	const char *const yes[] = {"true", NULL};
	rig_mkdir(r, "root/etc");
	r->spec.user = "app";
	assert_int_equal(mknodat(r->dir.fd, "root/etc/passwd", S_IFIFO | 0644, 0), 0);
	FAILS(ERR_INPUT, rig_try(r, yes, &err));
	assert_int_equal(unlinkat(r->dir.fd, "root/etc/passwd", 0), 0);
	rig_link(r, "/proc/self/environ", "root/etc/passwd");
	FAILS(ERR_NOT_FOUND, rig_try(r, yes, &err));
	assert_int_equal(unlinkat(r->dir.fd, "root/etc/passwd", 0), 0);
	rig_link(r, "../../../../../../../../../etc/shadow", "root/etc/passwd");
	r->spec.user = "daemon"; /* the host has one */
	FAILS(ERR_NOT_FOUND, rig_try(r, yes, &err));
	assert_int_equal(unlinkat(r->dir.fd, "root/etc/passwd", 0), 0);
	rig_link(r, "passwd", "root/etc/passwd"); /* ELOOP */
	FAILS(ERR_SYS, rig_try(r, yes, &err));
}

static void passwd_is_no_file_it_is_refused(void **state)
{
	with_each(check_passwd_files);
}

static void check_long_passwd(struct rig *r)
{
	enum { LINES = 1000 * 1000 };
	CLEANUP(buf_done) struct buf b = BUF(64 << 20);
	const struct clock *c = clock_system();
	for (int i = 0; i < LINES; i++)
		buf_fmt(&b, "user%d:x:%d:%d::/:\n", i, i + 1, i + 1);
	buf_add_cstr(&b, "last:x:77:78::/last:\n");
	temp_dir_file(&r->dir, "root/etc/passwd", buf_cstr(&b));
	r->spec.user = "last";
	int64_t start = clock_monotonic(c);
	RIG_SAYS(r, "id -u", "77\n");
	assert_true(clock_monotonic(c) - start < 10 * CLOCK_SECOND);
	/* One that is longer than we read is refused, not cut. */
	struct err err = {0};
	CLEANUP(fd_close) int fd = openat(r->dir.fd, "root/etc/passwd", O_WRONLY | O_CLOEXEC);
	assert_int_equal(ftruncate(fd, CONTAINER_PASSWD_MAX + 1), 0);
	FAILS(ERR_LIMIT, rig_try(r, (const char *[]){"true", NULL}, &err));
}

static void passwd_is_long_it_is_read(void **state)
{
	with_each(check_long_passwd);
}

/* ---- requests ---- */

static void check_targets(struct rig *r)
{
	static const char *const refused[] = {"/loop/x", "/file/x", "relative", ""};
	struct err err = {0};
	char outside[100];
	snprintf(outside, sizeof(outside), "%s/outside", r->dir.path);
	rig_link(r, "loop", "root/loop");
	rig_link(r, outside, "root/out");
	temp_dir_file(&r->dir, "root/file", "");
	struct container_mount m = {.kind = CONTAINER_TMPFS};
	r->spec.mounts = &m;
	r->spec.n_mounts = 1;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		m.target = refused[i];
		FAILS(ERR_INPUT, rig_try(r, (const char *[]){"true", NULL}, &err));
	}
	m.target = "/file"; /* a folder cannot be mounted on it */
	FAILS(ERR_INPUT, rig_try(r, (const char *[]){"true", NULL}, &err));
	m.target = "/out/../out/deep";
	RIG_SAYS(r, "grep -c /deep /proc/mounts", "1\n");
	assert_false(temp_dir_exists(&r->dir, "outside/deep"));
}

static void mount_target_leads_outside_it_does_not(void **state)
{
	with_each(check_targets);
}

static void check_names(struct rig *r)
{
	char name[3000];
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	const char *const names[] = {"../../etc", "a/b\n\"c\"", "", name};
	r->spec.hostname = "box";
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		r->spec.name = names[i];
		RIG_SAYS(r, "hostname", "box\n");
	}
	r->spec.name = r->name;
	/* More arguments than the kernel takes: an error, no hang. */
	enum { ARGS = 40, BYTES = 128 << 10 };
	const char *args[ARGS + 1] = {"true"};
	CLEANUP(mem_free) char *long_arg = mem_new(BYTES, 1);
	memset(long_arg, 'x', BYTES - 2);
	for (size_t i = 1; i < ARGS; i++)
		args[i] = long_arg;
	args[ARGS] = NULL;
	struct err err = {0};
	(void)rig_try(r, args, &err);
}

static void request_is_odd_nothing_breaks(void **state)
{
	with_each(check_names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mount_points_are_links_host_is_untouched),
		cmocka_unit_test(mount_points_are_of_wrong_kind_nothing_hangs),
		cmocka_unit_test(etc_files_are_links_they_stay_inside),
		cmocka_unit_test(cwd_leads_outside_it_does_not),
		cmocka_unit_test(passwd_is_no_file_it_is_refused),
		cmocka_unit_test(passwd_is_long_it_is_read),
		cmocka_unit_test(mount_target_leads_outside_it_does_not),
		cmocka_unit_test(request_is_odd_nothing_breaks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
