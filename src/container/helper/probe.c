/* helper probe: tries out what containers need. */
#include "container/helper/cgroup_priv.h"
#include "container/helper/monitor_priv.h"
#include "container/helper/mount_priv.h"
#include "container/helper/trees_priv.h"
#include "container/helper/verbs_priv.h"
#include "container/probe_priv.h"
#include "container/stage_priv.h"
#include "fs/fs.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>

/* Runs child(err) in new namespaces; its error comes back as text. */
static void try(uint64_t flags, int (*child)(struct err *err), char *ret, size_t n)
{
	int fds[2];
	struct err err = {0};
	ret[0] = '\0';
	if (pipe2(fds, O_CLOEXEC) < 0)
		return;
	pid_t pid = fork();
	if (pid == 0) {
		if (unshare((int)flags) < 0)
			err_sys(&err, "unshare");
		else if (child)
			(void)child(&err); /* err says how it went */
		ssize_t wrote = write(fds[1], err.what, strlen(err.what));
		_exit(wrote < 0);
	}
	close(fds[1]);
	ssize_t got = pid < 0 ? -1 : read(fds[0], ret, n - 1);
	close(fds[0]);
	ret[got > 0 ? got : 0] = '\0';
	if (pid < 0)
		snprintf(ret, n, "fork: %s", strerror(errno));
	else
		waitpid(pid, NULL, 0);
}

static void try_namespaces(struct probe *p)
{
	static const struct {
		const char *name;
		uint64_t flag;
	} kinds[] = {{"mount", CLONE_NEWNS}, {"pid", CLONE_NEWPID}, {"ipc", CLONE_NEWIPC},
		{"uts", CLONE_NEWUTS}, {"cgroup", CLONE_NEWCGROUP}, {"network", CLONE_NEWNET}};
	size_t n = 0;
	p->namespaces[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(kinds) && n < sizeof(p->namespaces); i++) {
		char why[100];
		try(kinds[i].flag, NULL, why, sizeof(why));
		if (why[0])
			n += (size_t)snprintf(p->namespaces + n, sizeof(p->namespaces) - n,
				"%s%s: %s", n ? ", " : "", kinds[i].name, why);
	}
}

static int mount_overlay(struct err *err)
{
	static const char *const folders[] = {"links", "lower", "upper", "work", "merged"};
	struct trees t = {.base_fd = -1, .links_fd = -1};
	struct overlay o = {.is_volatile = true};
	if (mount_make_private(err) < 0 || mount_tmpfs(0, 0700, 0, &t.base_fd, err) < 0 ||
		trees_attach_base(&t, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(folders); i++)
		if (fs_mkdirs(t.base_fd, folders[i], 0755, err) < 0)
			return -1;
	if (fs_open(t.base_fd, "links", O_RDONLY, 0, &t.links_fd, err) < 0 ||
		fs_open(t.base_fd, "upper", O_PATH, 0, &o.upper_fd, err) < 0 ||
		fs_open(t.base_fd, "work", O_PATH, 0, &o.work_fd, err) < 0 ||
		overlay_add_lower(&o, "lower", err) < 0)
		return -1;
	return overlay_mount(&o, t.links_fd, "../merged", err);
}

static void try_device_filter(struct probe *p)
{
	struct cgroup g = CGROUP_NONE;
	struct cgroup_limits none = {0};
	struct err err = {0};
	if (cgroup_make(&g, "probe", &none, false, &err) < 0)
		snprintf(p->device_filter, sizeof(p->device_filter), "%.190s", err.what);
	else if (g.fd < 0)
		snprintf(p->device_filter, sizeof(p->device_filter),
			"no cgroup v2 tree that we may write to");
	else if (!g.has_device_filter)
		snprintf(p->device_filter, sizeof(p->device_filter),
			"the kernel takes no BPF program for cgroups");
	cgroup_remove(&g);
}

int probe_main(struct str request)
{
	struct probe p = {
		.limits = cgroup_can_limit(), .missing_caps = caps_default & ~caps_ours()};
	CLEANUP(buf_done) struct buf b = BUF(HELPER_REPORT_MAX);
	struct wire w = {.out = &b};
	try_namespaces(&p);
	try(CLONE_NEWNS, mount_overlay, p.overlay, sizeof(p.overlay));
	try_device_filter(&p);
	probe_wire(&w, &p);
	struct err ignored; /* knarr is gone, then */
	return fs_write_fd(HELPER_REPORT_FD, b.p, b.n, &ignored) < 0;
}
