#include "container/helper/cgroup_priv.h"

#include "base/num.h"
#include "base/own.h"
#include "container/helper/mount_priv.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#define V1_TOP "/sys/fs/cgroup"
enum { CPU_PERIOD_US = 100000, NAME_TRIES = 1000, NEST_MAX = 4 };

static const struct controller {
	unsigned bit;
	const char *name;
} controllers[] = {{CGROUP_MEMORY, "memory"}, {CGROUP_PIDS, "pids"}, {CGROUP_CPU, "cpu"}};

/* ---- files ---- */

static int write_at(int dir_fd, const char *path, const char *text)
{
	CLEANUP(fd_close) int fd = openat(dir_fd, path, O_WRONLY | O_CLOEXEC);
	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1;
}

static int set(int dir_fd, const char *file, uint64_t value, struct err *err)
{
	char text[24];
	snprintf(text, sizeof(text), "%" PRIu64, value);
	return write_at(dir_fd, file, text) < 0 ? err_sys(err, "cgroup: set '%s' to %s", file, text)
						: 0;
}

static int open_dir(int dir_fd, const char *path)
{
	return openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int open_of_type(const char *path, long type)
{
	struct statfs st;
	CLEANUP(fd_close) int fd = open_dir(AT_FDCWD, path);
	return fd >= 0 && fstatfs(fd, &st) == 0 && st.f_type == type ? TAKE_FD(fd) : -1;
}

/* The folder of the v1 hierarchy of a controller; -1 when there is none. */
static int open_v1(const char *controller)
{
	char path[PATH_MAX];
	snprintf(path, sizeof(path), V1_TOP "/%s", controller);
	return open_of_type(path, CGROUP_SUPER_MAGIC);
}

const char *cgroup_v2_path(void)
{
	static const char *const paths[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		CLEANUP(fd_close) int fd = open_of_type(paths[i], CGROUP2_SUPER_MAGIC);
		if (fd >= 0)
			return paths[i];
	}
	return NULL;
}

/* A machine that has it nowhere has nobody whose options a fresh mount could change. */
static int open_v2(void)
{
	const char *path = cgroup_v2_path();
	if (path)
		return open_dir(AT_FDCWD, path);
	struct err ignored; /* a kernel without it: the caller does without */
	CLEANUP(fd_close) int tree = -1;
	return mount_plain("cgroup2", 0, &tree, &ignored) < 0 ? -1 : open_dir(tree, ".");
}

/* The controllers that folders at the top of the v2 tree may use. */
static unsigned v2_controllers(int top_fd)
{
	char text[512];
	CLEANUP(fd_close) int fd = openat(top_fd, "cgroup.controllers", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));
	unsigned bits = 0;
	struct str rest = str_n(text, n > 0 ? (size_t)n : 0), word;
	while (str_word(&rest, &word))
		for (size_t i = 0; i < ARRAY_LEN(controllers); i++)
			if (str_is(word, controllers[i].name))
				bits |= controllers[i].bit;
	return bits;
}

/* ---- limits ---- */

static int limit_v2(int fd, unsigned bit, const struct cgroup_limits *l, struct err *err)
{
	if (bit == CGROUP_PIDS)
		return set(fd, "pids.max", (uint64_t)l->pids_max, err);
	if (bit == CGROUP_MEMORY) {
		/* docker: as much swap again, where the kernel counts it. */
		struct err ignored;
		(void)set(fd, "memory.swap.max", l->memory_bytes, &ignored);
		return set(fd, "memory.max", l->memory_bytes, err);
	}
	char text[48];
	snprintf(text, sizeof(text), "%" PRIu64 " %d", l->cpu_millis * (CPU_PERIOD_US / 1000),
		CPU_PERIOD_US);
	return write_at(fd, "cpu.max", text) < 0 ? err_sys(err, "cgroup: set 'cpu.max'") : 0;
}

static int limit_v1(int fd, unsigned bit, const struct cgroup_limits *l, struct err *err)
{
	if (bit == CGROUP_PIDS)
		return set(fd, "pids.max", (uint64_t)l->pids_max, err);
	if (bit == CGROUP_CPU)
		return set(fd, "cpu.cfs_period_us", CPU_PERIOD_US, err) < 0 ||
				set(fd, "cpu.cfs_quota_us", l->cpu_millis * (CPU_PERIOD_US / 1000),
					err) < 0
			? -1
			: 0;
	if (set(fd, "memory.limit_in_bytes", l->memory_bytes, err) < 0)
		return -1;
	struct err ignored; /* many kernels do not count swap */
	if (l->memory_bytes <= INT64_MAX / 2)
		(void)set(fd, "memory.memsw.limit_in_bytes", l->memory_bytes * 2, &ignored);
	return 0;
}

static int add_v1(struct cgroup *g, const struct controller *c, const struct cgroup_limits *l,
	struct err *err)
{
	CLEANUP(fd_close) int top = open_v1(c->name);
	if (top < 0)
		return err_set(err, ERR_UNSUPPORTED,
			"this machine has no cgroup controller '%s' to limit with", c->name);
	if (mkdirat(top, g->name, 0755) < 0)
		return err_sys(err, "make cgroup '%s' for %s", g->name, c->name);
	g->v1 |= c->bit;
	CLEANUP(fd_close) int fd = open_dir(top, g->name);
	return fd < 0 ? err_sys(err, "open cgroup '%s'", g->name) : limit_v1(fd, c->bit, l, err);
}

/* Lets folders at the top of the v2 tree use a controller. */
static bool enable_v2(int top_fd, const char *name)
{
	char text[16];
	snprintf(text, sizeof(text), "+%s", name);
	return write_at(top_fd, "cgroup.subtree_control", text) == 0;
}

static int add_limits(struct cgroup *g, const struct cgroup_limits *l, struct err *err)
{
	unsigned wanted = (l->memory_bytes ? CGROUP_MEMORY : 0) | (l->pids_max ? CGROUP_PIDS : 0) |
		(l->cpu_millis ? CGROUP_CPU : 0);
	unsigned in_v2 = wanted && g->fd >= 0 ? v2_controllers(g->top_fd) : 0;
	for (size_t i = 0; i < ARRAY_LEN(controllers); i++) {
		const struct controller *c = &controllers[i];
		if (!(wanted & c->bit))
			continue;
		bool is_v2 = in_v2 & c->bit && enable_v2(g->top_fd, c->name);
		if ((is_v2 ? limit_v2(g->fd, c->bit, l, err) : add_v1(g, c, l, err)) < 0)
			return -1;
	}
	return 0;
}

/* ---- making and removing ---- */

static void choose_name(struct cgroup *g, const char *name)
{
	snprintf(g->name, sizeof(g->name), "knarr-%d-%.60s", (int)getpid(), name);
	for (char *p = g->name; *p; p++)
		if (!ch_is_alnum(*p) && *p != '-' && *p != '_')
			*p = '_';
}

void cgroup_name(struct cgroup *g, const char *name)
{
	*g = CGROUP_NONE;
	g->is_of_runtime = true;
	choose_name(g, name);
	g->top_fd = open_v2();
}

static int make_folder(struct cgroup *g, struct err *err)
{
	size_t n = strlen(g->name);
	for (int i = 2; mkdirat(g->top_fd, g->name, 0755) < 0; i++) {
		/* Another pid namespace may have a helper of the same number. */
		if (errno != EEXIST || i == NAME_TRIES)
			return err_sys(err, "make cgroup '%s'", g->name);
		snprintf(g->name + n, sizeof(g->name) - n, "-%d", i);
	}
	g->fd = open_dir(g->top_fd, g->name);
	return g->fd < 0 ? err_sys(err, "open cgroup '%s'", g->name) : 0;
}

/* Inside another container the tree may be there, but not for us. */
static int try_folder(struct cgroup *g, struct err *err)
{
	struct err mine = {0};
	if (make_folder(g, &mine) == 0)
		return 0;
	if (mine.sys != EROFS && mine.sys != EACCES && mine.sys != EPERM) {
		*err = mine;
		return -1;
	}
	fd_close_at_end(&g->top_fd);
	return 0;
}

int cgroup_make(struct cgroup *g, const char *name, const struct cgroup_limits *limits,
	bool allows_all_devices, struct err *err)
{
	*g = CGROUP_NONE;
	choose_name(g, name);
	g->top_fd = open_v2();
	if (g->top_fd >= 0 && try_folder(g, err) < 0)
		return -1;
	if (g->fd >= 0 && !allows_all_devices)
		g->has_device_filter = device_filter_attach(g->fd) == 0;
	return add_limits(g, limits, err);
}

int cgroup_enter_v1(const struct cgroup *g, struct err *err)
{
	char path[160];
	for (size_t i = 0; i < ARRAY_LEN(controllers); i++) {
		if (!(g->v1 & controllers[i].bit))
			continue;
		snprintf(path, sizeof(path), V1_TOP "/%s/%s/cgroup.procs", controllers[i].name,
			g->name);
		if (write_at(AT_FDCWD, path, "0") < 0)
			return err_sys(err, "enter cgroup '%s'", path);
	}
	return 0;
}

static DIR *open_list(int dir_fd, const char *path)
{
	int fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d)
		fd_close(fd);
	return d;
}

/* A container that was given cgroups of its own may have made folders below. */
static void remove_nested(int dir_fd, const char *name, int depth)
{
	if (unlinkat(dir_fd, name, AT_REMOVEDIR) == 0 || depth == NEST_MAX)
		return;
	DIR *d = open_list(dir_fd, name);
	for (struct dirent *e; d && (e = readdir(d));)
		if (e->d_type == DT_DIR && e->d_name[0] != '.')
			remove_nested(dirfd(d), e->d_name, depth + 1);
	if (d)
		closedir(d);
	(void)unlinkat(dir_fd, name, AT_REMOVEDIR); /* nothing more can be done about it */
}

/* "knarr-<pid>-...", where nobody has the pid any more. */
static bool is_orphan(const char *name)
{
	struct str rest = str_of(name), part;
	struct err ignored; /* not one of ours */
	uint64_t pid;
	return str_cut(&rest, '-', &part) && str_is(part, "knarr") && str_cut(&rest, '-', &part) &&
		num_parse_u64(part, 1, INT32_MAX, &pid, &ignored) == 0 && kill((pid_t)pid, 0) < 0 &&
		errno == ESRCH;
}

static void sweep(int top_fd, const char *name)
{
	DIR *d = open_list(top_fd, ".");
	for (struct dirent *e; d && (e = readdir(d));)
		if (strcmp(e->d_name, name) == 0 || is_orphan(e->d_name))
			remove_nested(top_fd, e->d_name, 0);
	if (d)
		closedir(d);
}

/* Where /sys/fs/cgroup is the v2 tree, none of its folders is a v1 hierarchy. */
static void remove_v1(const char *name)
{
	DIR *d = opendir(V1_TOP);
	for (struct dirent *e; d && (e = readdir(d));) {
		CLEANUP(fd_close) int top = e->d_name[0] == '.' ? -1 : open_v1(e->d_name);
		if (top >= 0)
			sweep(top, name);
	}
	if (d)
		closedir(d);
}

void cgroup_remove(struct cgroup *g)
{
	if (g->top_fd >= 0)
		sweep(g->top_fd, g->name);
	if (g->v1 || g->is_of_runtime)
		remove_v1(g->name);
	fd_close(g->fd);
	fd_close(g->top_fd);
	*g = CGROUP_NONE;
}

unsigned cgroup_can_limit(void)
{
	CLEANUP(fd_close) int top = open_v2();
	unsigned bits = top >= 0 ? v2_controllers(top) : 0;
	for (size_t i = 0; i < ARRAY_LEN(controllers); i++) {
		int fd = open_v1(controllers[i].name);
		if (fd >= 0)
			bits |= controllers[i].bit;
		fd_close(fd);
	}
	return bits;
}
