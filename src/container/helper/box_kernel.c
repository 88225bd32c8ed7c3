/* /proc, /sys, /dev and /tmp of a sandbox. */
#include "container/helper/box_priv.h"
#include "container/helper/mount_priv.h"
#include "container/stage_priv.h"
#include "fs/fs.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/sysmacros.h>

static const unsigned plain = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

static int attach_new(struct box *b, const char *type, const char *const *options,
	unsigned attributes, const char *path, struct err *err)
{
	CLEANUP(fd_close) int tree = -1;
	if (mount_make(type, options, attributes, &tree, err) < 0)
		return -1;
	return trees_attach(b->root_fd, tree, path, err);
}

/* What changes the host when it is written to. */
static int protect_proc(struct box *b, struct err *err)
{
	static const char *const paths[] = {
		"/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs"};
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		CLEANUP(fd_close) int place = root_open(b->root_fd, paths[i], 0);
		CLEANUP(fd_close) int tree = -1;
		if (place < 0)
			continue; /* a kernel without it */
		if (mount_clone(place, true, &tree, err) < 0 || mount_attach(tree, place, err) < 0)
			return err_wrap(err, "'%s'", paths[i]);
	}
	return 0;
}

/* The host's, read-only; with a cgroup tree of our own, so that a builder inside can make cgroups
 * below ours. */
static int add_sys(struct box *b, struct err *err)
{
	CLEANUP(fd_close) int sys = -1;
	if (mount_clone_path("/sys", true, &sys, err) < 0 ||
		trees_attach(b->root_fd, sys, "/sys", err) < 0)
		return -1;
	CLEANUP(fd_close) int cgroups = root_open(b->root_fd, "/sys/fs/cgroup", O_DIRECTORY);
	if (b->cgroup->fd < 0 || cgroups < 0)
		return 0;
	/* Only now: the namespace begins where we are. */
	if (unshare(CLONE_NEWCGROUP) < 0)
		return err_sys(err, "make a cgroup namespace");
	return attach_new(b, "cgroup2", NULL, plain, "/sys/fs/cgroup", err);
}

struct node {
	const char *name;
	unsigned major, minor;
};

static int make_nodes(int dev_fd, struct err *err)
{
	static const struct node nodes[] = {{"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7},
		{"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};
	static const char *const links[][2] = {{"/proc/self/fd", "fd"}, {"fd/0", "stdin"},
		{"fd/1", "stdout"}, {"fd/2", "stderr"}, {"pts/ptmx", "ptmx"}};
	for (size_t i = 0; i < ARRAY_LEN(nodes); i++) {
		const struct node *n = &nodes[i];
		if (mknodat(dev_fd, n->name, S_IFCHR | 0666, makedev(n->major, n->minor)) < 0 ||
			fchmodat(dev_fd, n->name, 0666, 0) < 0)
			return err_sys(err, "make device '%s'", n->name);
	}
	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		if (symlinkat(links[i][0], dev_fd, links[i][1]) < 0)
			return err_sys(err, "make link '%s'", links[i][1]);
	return 0;
}

static int add_dev(struct box *b, struct err *err)
{
	CLEANUP(fd_close) int dev = -1;
	if (b->spec.has_host_devices) {
		if (mount_clone_path("/dev", false, &dev, err) < 0 ||
			trees_attach(b->root_fd, dev, "/dev", err) < 0)
			return -1;
	} else {
		if (mount_tmpfs(64 << 20, 0755, MOUNT_ATTR_NOSUID, &dev, err) < 0 ||
			make_nodes(dev, err) < 0 || trees_attach(b->root_fd, dev, "/dev", err) < 0)
			return -1;
		if (attach_new(b, "devpts",
			    (const char *[]){
				    "newinstance", "ptmxmode=0666", "mode=0620", "gid=5", NULL},
			    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, "/dev/pts", err) < 0)
			return -1;
	}
	if (attach_new(b, "tmpfs", (const char *[]){"mode=1777", NULL},
		    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, "/dev/shm", err) < 0)
		return -1;
	return attach_new(b, "mqueue", NULL, plain, "/dev/mqueue", err);
}

/* On the scratch disk, when there is one: jobs put large things there. */
static int add_tmp(struct box *b, struct err *err)
{
	CLEANUP(fd_close) int tree = -1;
	if (!b->spec.scratch)
		return attach_new(b, "tmpfs", (const char *[]){"mode=1777", NULL},
			MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, "/tmp", err);
	CLEANUP(fd_close) int folder = -1;
	if (fs_mkdirs(b->uppers_fd, "tmp", 01777, err) < 0 ||
		fs_open(b->uppers_fd, "tmp", O_PATH | O_DIRECTORY, 0, &folder, err) < 0 ||
		mount_clone(folder, false, &tree, err) < 0 ||
		mount_set(tree, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, err) < 0)
		return -1;
	return trees_attach(b->root_fd, tree, "/tmp", err);
}

int box_kernel(struct box *b, struct err *err)
{
	if (attach_new(b, "proc", NULL, plain, "/proc", err) < 0 || protect_proc(b, err) < 0)
		return -1;
	return add_sys(b, err) < 0 || add_dev(b, err) < 0 || add_tmp(b, err) < 0 ? -1 : 0;
}
