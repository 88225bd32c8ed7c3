#include "container/helper/box_priv.h"

#include "container/helper/mount_priv.h"
#include "container/stage_priv.h"
#include "fs/fs.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

/* ---- mounts of the job ---- */

static int hide(struct box *b, const char *path, struct err *err)
{
	struct root_place place;
	CLEANUP(fd_close) int tree = -1;
	if (root_resolve(b->root_fd, path, &place, err) < 0 || !place.exists)
		return place.exists ? -1 : 0;
	if (place.type == S_IFDIR) {
		if (mount_tmpfs(4096, 0755, MOUNT_ATTR_NODEV, &tree, err) < 0)
			return -1;
	} else if (mount_clone_path("empty", true, &tree, err) < 0) {
		return -1;
	}
	if (trees_attach(b->root_fd, tree, place.path, err) < 0)
		return -1;
	vec_push(&b->hidden, TAKE_FD(tree));
	return 0;
}

static int hide_all(struct box *b, struct err *err)
{
	for (size_t i = 0; b->spec.hidden && b->spec.hidden[i]; i++)
		if (hide(b, b->spec.hidden[i], err) < 0)
			return err_wrap(err, "hide '%s'", b->spec.hidden[i]);
	/* What is written must not be found a second time, unfinished, where it is kept. */
	return b->spec.scratch && !b->spec.n_lowers ? hide(b, b->spec.scratch, err) : 0;
}

/* Mounts may lie in hidden folders: so those become read-only when everything is in its place. */
static int seal_hidden(struct box *b, struct err *err)
{
	VEC_EACH(&b->hidden, fd)
		if (mount_set_one(*fd, MOUNT_ATTR_RDONLY, err) < 0)
			return -1;
	return 0;
}

static int add_mounts(struct box *b, struct err *err)
{
	for (size_t i = 0; i < b->trees.n; i++) {
		const char *target = b->trees.mounts[i].target;
		struct root_place place;
		CLEANUP(fd_close) int tree = -1;
		if (root_resolve(b->root_fd, target, &place, err) < 0 ||
			trees_make(&b->trees, i, &tree, err) < 0 ||
			trees_attach(b->root_fd, tree, place.path, err) < 0)
			return err_wrap(err, "mount '%s'", target);
	}
	return 0;
}

/* ---- the rest of the world ---- */

static int become_root(struct box *b, struct err *err)
{
	if (fchdir(b->root_fd) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
		umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return err_sys(err, "change the root");
	return 0;
}

static int bring_up_loopback(struct err *err)
{
	CLEANUP(fd_close) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq r = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &r) < 0)
		return err_sys(err, "bring up loopback");
	return 0;
}

static int name_host(const struct box *b, struct err *err)
{
	const char *name = b->spec.name;
	size_t n = strnlen(name, 64); /* the kernel's limit */
	return sethostname(name, n) < 0 ? err_sys(err, "set host name '%s'", name) : 0;
}

int box_build(struct box *b, struct err *err)
{
	if (mount_make_private(err) < 0 || cgroup_enter_v1(b->cgroup, err) < 0 ||
		box_overlays(b, err) < 0 || box_kernel(b, err) < 0 || box_etc(b, err) < 0 ||
		hide_all(b, err) < 0 || add_mounts(b, err) < 0 || seal_hidden(b, err) < 0 ||
		become_root(b, err) < 0 || name_host(b, err) < 0)
		return -1;
	if (b->spec.network == CONTAINER_NET_NONE && bring_up_loopback(err) < 0)
		return -1;
	/* Keys of the host's session stay there. Kernels without keys have none to keep. */
	(void)syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
	umask(022);
	return 0;
}

/* ---- powers ---- */

int box_drop_powers(const struct box *b, struct err *err)
{
	static const int over_machine[] = {CAP_SYS_MODULE, CAP_SYS_RAWIO, CAP_SYS_BOOT,
		CAP_SYS_TIME, CAP_SYS_PACCT, CAP_MAC_ADMIN, CAP_MAC_OVERRIDE, CAP_SYSLOG,
		CAP_WAKE_ALARM, CAP_BLOCK_SUSPEND, CAP_AUDIT_CONTROL};
	uint64_t caps = caps_ours();
	for (size_t i = 0; i < ARRAY_LEN(over_machine); i++)
		caps &= ~CAP_BIT(over_machine[i]);
	if (!b->cgroup->has_device_filter && !b->spec.has_host_devices)
		caps &= ~CAP_BIT(CAP_MKNOD);
	for (unsigned i = 0; i < CAPS_COUNT; i++)
		if (!(caps & CAP_BIT(i)) && prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0 &&
			errno != EINVAL)
			return err_sys(err, "drop %s", caps_names[i]);
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {
		{.permitted = (uint32_t)caps, .effective = (uint32_t)caps},
		{.permitted = (uint32_t)(caps >> 32), .effective = (uint32_t)(caps >> 32)}};
	return syscall(SYS_capset, &header, data) < 0 ? err_sys(err, "drop capabilities") : 0;
}
