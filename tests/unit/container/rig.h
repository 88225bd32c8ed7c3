/* rig -- a tiny root file system around busybox, and what is left of a container afterwards.
 *
 * Tests of this room that make namespaces are skipped, and say so, unless they run as root on a
 * machine with a static busybox and a runtime. Whatever else runs on the machine (the same test, too)
 * is not counted: mounts are those of a namespace of the test's own, names and environments carry
 * its process id.
 */
#ifndef UNIT_CONTAINER_RIG_H
#define UNIT_CONTAINER_RIG_H

#include "../tempdir.h"
#include "../test.h"

#include "container/container.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

#define RIG_PATH "PATH=/usr/bin:/bin"

struct rig {
	struct temp_dir dir;
	char root[80], upper[80], work[80], name[40], env_tag[40];
	const char *env[3];
	const char *lowers[1];
	struct buf out, err; /* what the container printed */
	struct proc_end end;
	struct container_spec spec;
};

/* In names and environments of what this process starts, or a process it forked after rig_init(). */
static inline const char *rig_tag(void)
{
	static char tag[20];
	if (!tag[0])
		snprintf(tag, sizeof(tag), "p%dx", (int)getpid());
	return tag;
}

/* A mount namespace of our own. Shared, as systemd's is: what leaves a namespace made from it by
 * mistake would show here. */
static inline void rig_be_alone(void)
{
	static bool is_done;
	if (is_done || geteuid() != 0)
		return;
	is_done = true;
	assert_int_equal(unshare(CLONE_NEWNS), 0);
	assert_int_equal(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	assert_int_equal(mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL), 0);
}

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

static inline void rig_name(struct rig *r, const char *what)
{
	snprintf(r->name, sizeof(r->name), "%s-%s", what, rig_tag());
	r->spec.name = r->name;
}

/* A root with busybox and nothing else: no /proc, no /etc. */
static inline void rig_init(struct rig *r)
{
	rig_need_root();
	rig_be_alone();
	*r = (struct rig){.dir = temp_dir_new(), .out = BUF(8 << 20), .err = BUF(8 << 20)};
	snprintf(r->root, sizeof(r->root), "%s/root", r->dir.path);
	snprintf(r->upper, sizeof(r->upper), "%s/upper", r->dir.path);
	snprintf(r->work, sizeof(r->work), "%s/work", r->dir.path);
	rig_mkdir(r, "root");
	rig_mkdir(r, "upper");
	rig_mkdir(r, "work");
	rig_busybox(r, "root");
	r->lowers[0] = r->root;
	snprintf(r->env_tag, sizeof(r->env_tag), "RIG=%s", rig_tag());
	r->env[0] = RIG_PATH;
	r->env[1] = r->env_tag;
	r->spec = (struct container_spec){.lowers = r->lowers,
		.n_lowers = 1,
		.env = r->env,
		.on_output = rig_collect,
		.ctx = r};
	rig_name(r, "test");
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
	rig_be_alone();
	OK(fs_read_file(AT_FDCWD, "/proc/self/mountinfo", &b, &err));
	for (rest = buf_str(&b); str_line(&rest, &line);)
		for (size_t i = 0; i < ARRAY_LEN(words); i++)
			n += str_has(line, str_of(words[i]));
	return n;
}

static inline void rig_list(const char *folder, struct fs_entries *ret)
{
	struct err err = {0};
	CLEANUP(fd_close) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		OK(fs_list(fd, ret, &err));
}

static inline bool rig_has_name(const struct fs_entries *entries, const char *name)
{
	VEC_EACH(entries, e)
		if (strcmp(e->name, name) == 0)
			return true;
	return false;
}

/* Names in /tmp that begin so and were not there before. Somebody else's may be among them, but
 * those are new ones each time. */
struct rig_names {
	const char *start;
	struct fs_entries before, found;
	bool has_found;
};

static inline struct rig_names rig_names_before(const char *start)
{
	struct rig_names names = {.start = start};
	rig_list("/tmp", &names.before);
	return names;
}

static inline void rig_names_done(struct rig_names *names)
{
	fs_entries_done(&names->before);
	fs_entries_done(&names->found);
}
CLEANUP_VAL(rig_names_done, struct rig_names);

/* How many of those that the first call finds are left. */
static inline size_t rig_names_left(struct rig_names *names)
{
	size_t n = 0;
	CLEANUP(fs_entries_done) struct fs_entries now = {0};
	rig_list("/tmp", &now);
	if (!names->has_found)
		rig_list("/tmp", &names->found);
	names->has_found = true;
	VEC_EACH(&names->found, e)
		n += str_starts(str_of(e->name), str_of(names->start)) &&
			!rig_has_name(&names->before, e->name) && rig_has_name(&now, e->name);
	return n;
}

/* Folders called knarr-<pid of a helper>-<name> below a cgroup hierarchy. */
static inline size_t rig_count_cgroups(const char *name)
{
	static const char *const hierarchies[] = {"", "unified", "memory", "pids", "cpu", "devices",
		"cpuset", "freezer", "blkio", "systemd", "cpuacct"};
	char path[64];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(hierarchies); i++) {
		snprintf(path, sizeof(path), "/sys/fs/cgroup/%s", hierarchies[i]);
		CLEANUP(fs_entries_done) struct fs_entries entries = {0};
		rig_list(path, &entries);
		VEC_EACH(&entries, e)
			n += str_starts(str_of(e->name), S("knarr-")) &&
				strstr(e->name, name) != NULL;
	}
	return n;
}

static inline bool rig_file_has(const char *pid, const char *file, const char *word)
{
	char path[64];
	struct err ignored; /* it has ended */
	CLEANUP(buf_done) struct buf b = BUF(8 << 20);
	snprintf(path, sizeof(path), "/proc/%.20s/%s", pid, file);
	return fs_read_file(AT_FDCWD, path, &b, &ignored) == 0 &&
		str_has(buf_str(&b), str_of(word));
}

/* Processes of ours whose command line holds a word. */
static inline size_t rig_count_processes(const char *word)
{
	size_t n = 0;
	CLEANUP(fs_entries_done) struct fs_entries entries = {0};
	rig_list("/proc", &entries);
	VEC_EACH(&entries, e)
		n += ch_is_digit(e->name[0]) && rig_file_has(e->name, "cmdline", word) &&
			(rig_file_has(e->name, "cmdline", rig_tag()) ||
				rig_file_has(e->name, "environ", rig_tag()));
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
