/* rig -- a tiny root file system around busybox, and what is left of a container afterwards.
 *
 * Tests of this room that make namespaces are skipped, and say so, unless they run as root on a
 * machine with a static busybox and a runtime.
 */
#ifndef UNIT_CONTAINER_RIG_H
#define UNIT_CONTAINER_RIG_H

#include "../tempdir.h"
#include "../test.h"

#include "container/container.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#define RIG_PATH "PATH=/usr/bin:/bin"

struct rig {
	struct temp_dir dir;
	char root[80], upper[80], work[80];
	const char *lowers[1];
	struct buf out, err; /* what the container printed */
	struct proc_end end;
	struct container_spec spec;
};

static const char *const rig_env[] = {RIG_PATH, NULL};

static inline void rig_need_root(void)
{
	if (geteuid() != 0) {
		print_message("skipped: needs root\n");
		skip();
	}
	if (access("/bin/busybox", X_OK) < 0) {
		print_message("skipped: needs /bin/busybox (package busybox-static)\n");
		skip();
	}
}

static inline void rig_need_runtime(const char *name)
{
	struct container_runtime r;
	struct err err = {0};
	if (container_name_runtime(name, &r, &err) < 0) {
		print_message("skipped: %s\n", err.what);
		skip();
	}
}

static inline void rig_mkdir(const struct rig *r, const char *path)
{
	struct err err = {0};
	OK(fs_mkdirs(r->dir.fd, path, 0755, &err));
}

static inline void rig_link(const struct rig *r, const char *target, const char *path)
{
	assert_int_equal(symlinkat(target, r->dir.fd, path), 0);
}

static inline void rig_busybox(const struct rig *r, const char *root)
{
	static const char *const applets[] = {"sh", "true", "cat", "ls", "id", "sleep", "env",
		"pwd", "rm", "mkdir", "touch", "stat", "mount", "mknod", "wc", "head", "dd", "tar",
		"setsid", "hostname", "ip", "kill", "ps", "nproc", "tr", "grep", "chmod", "ln",
		"stty", "readlink", "find", "unshare", "tty", "seq"};
	struct err err = {0};
	char path[200];
	uint64_t n;
	snprintf(path, sizeof(path), "%s/bin", root);
	rig_mkdir(r, path);
	snprintf(path, sizeof(path), "%s/bin/busybox", root);
	CLEANUP(fd_close) int from = open("/bin/busybox", O_RDONLY | O_CLOEXEC);
	CLEANUP(fd_close)
	int to = openat(r->dir.fd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	OK(fs_copy_fd(from, to, &n, &err));
	for (size_t i = 0; i < ARRAY_LEN(applets); i++) {
		snprintf(path, sizeof(path), "%s/bin/%s", root, applets[i]);
		rig_link(r, "busybox", path);
	}
}

static inline int rig_collect(void *ctx, int stream, struct str text, struct err *err)
{
	struct rig *r = ctx;
	buf_add(stream == 1 ? &r->out : &r->err, text);
	return buf_check(stream == 1 ? &r->out : &r->err, "output", err);
}

/* A root with busybox and nothing else: no /proc, no /etc. */
static inline void rig_init(struct rig *r)
{
	rig_need_root();
	*r = (struct rig){.dir = temp_dir_new(), .out = BUF(8 << 20), .err = BUF(8 << 20)};
	snprintf(r->root, sizeof(r->root), "%s/root", r->dir.path);
	snprintf(r->upper, sizeof(r->upper), "%s/upper", r->dir.path);
	snprintf(r->work, sizeof(r->work), "%s/work", r->dir.path);
	rig_mkdir(r, "root");
	rig_mkdir(r, "upper");
	rig_mkdir(r, "work");
	rig_busybox(r, "root");
	r->lowers[0] = r->root;
	r->spec = (struct container_spec){.name = "test",
		.lowers = r->lowers,
		.n_lowers = 1,
		.env = rig_env,
		.on_output = rig_collect,
		.ctx = r};
}

static inline void rig_done(struct rig *r)
{
	if (!r->dir.path[0])
		return;
	buf_done(&r->out);
	buf_done(&r->err);
	temp_dir_done(&r->dir);
}
CLEANUP_VAL(rig_done, struct rig);

static inline int rig_try(struct rig *r, const char *const *args, struct err *err)
{
	buf_clear(&r->out);
	buf_clear(&r->err);
	r->spec.args = args;
	return container_run(&r->spec, &r->end, err);
}

/* Runs a shell script in the container; shows stderr when it fails. */
#define RIG_RUN(r, script) rig_run(r, (const char *[]){"sh", "-c", script, NULL})
static inline int rig_run(struct rig *r, const char *const *args)
{
	struct err err = {0};
	if (rig_try(r, args, &err) < 0)
		fail_msg("%s: %s", args[2], err.what);
	return r->end.status;
}

#define RIG_SAYS(r, script, text)                                                                  \
	do {                                                                                       \
		int status_ = RIG_RUN(r, script);                                                  \
		if (status_)                                                                       \
			fail_msg("%s: status %d: %s", script, status_, buf_cstr(&(r)->err));       \
		STR_IS(buf_str(&(r)->out), text);                                                  \
	} while (0)

/* ---- what is left ---- */

/* Mounts of this process's namespace where ours would show, had they come out of theirs. */
static inline size_t rig_count_mounts(void)
{
	static const char *const words[] = {
		" /run ", " /proc ", " /sys/fs/cgroup ", "/rootfs ", "/probe ", "/knarr-test-"};
	struct err err = {0};
	struct str rest, line;
	size_t n = 0;
	CLEANUP(buf_done) struct buf b = BUF(16 << 20);
	OK(fs_read_file(AT_FDCWD, "/proc/self/mountinfo", &b, &err));
	for (rest = buf_str(&b); str_line(&rest, &line);)
		for (size_t i = 0; i < ARRAY_LEN(words); i++)
			n += str_has(line, str_of(words[i]));
	return n;
}

/* Folders called knarr-<pid of a helper>-test... below a cgroup hierarchy, or in /tmp from crun. */
static inline size_t rig_count_names(const char *folder, const char *start, const char *middle)
{
	struct err err = {0};
	size_t n = 0;
	CLEANUP(fs_entries_done) struct fs_entries entries = {0};
	CLEANUP(fd_close) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	OK(fs_list(fd, &entries, &err));
	VEC_EACH(&entries, e)
		n += str_starts(str_of(e->name), str_of(start)) && strstr(e->name, middle) != NULL;
	return n;
}

/* A cgroup's name has '_' for what it cannot hold. */
static inline size_t rig_count_cgroups(const char *wanted)
{
	char name[64];
	snprintf(name, sizeof(name), "%s", wanted);
	for (char *p = name; *p; p++)
		if (*p == '.')
			*p = '_';
	static const char *const hierarchies[] = {"", "unified", "memory", "pids", "cpu", "devices",
		"cpuset", "freezer", "blkio", "systemd", "cpuacct"};
	char path[64];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(hierarchies); i++) {
		snprintf(path, sizeof(path), "/sys/fs/cgroup/%s", hierarchies[i]);
		n += rig_count_names(path, "knarr-", name);
	}
	return n;
}

/* Processes whose command line holds a word. */
static inline size_t rig_count_processes(const char *word)
{
	struct err err = {0};
	size_t n = 0;
	CLEANUP(fs_entries_done) struct fs_entries entries = {0};
	CLEANUP(fd_close) int fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	OK(fs_list(fd, &entries, &err));
	VEC_EACH(&entries, e) {
		CLEANUP(buf_done) struct buf b = BUF(1 << 20);
		char path[64];
		struct err ignored;
		snprintf(path, sizeof(path), "%.20s/cmdline", e->name);
		if (!ch_is_digit(e->name[0]) || fs_read_file(fd, path, &b, &ignored) < 0)
			continue;
		n += str_has(buf_str(&b), str_of(word));
	}
	return n;
}

/* Waits until a count is 0, ten seconds at most. */
#define RIG_GONE(count)                                                                            \
	do {                                                                                       \
		size_t left_ = 1;                                                                  \
		for (int i_ = 0; i_ < 10000 && left_; i_++) {                                      \
			left_ = (count);                                                           \
			if (left_)                                                                 \
				poll(NULL, 0, 1);                                                  \
		}                                                                                  \
		if (left_)                                                                         \
			fail_msg("%s: %zu left", #count, left_);                                   \
	} while (0)

#endif
