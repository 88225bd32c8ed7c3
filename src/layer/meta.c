/* Owners, modes, times and extended attributes, in the order the kernel wants: chown drops setuid
 * and capabilities, so it comes first; times come last. */
#include "layer/plant_priv.h"

#include "base/clock.h"
#include "base/num.h"

#include <fcntl.h>
#include <sys/xattr.h>

/* The umask of the process, which cannot be asked for without changing it (umask(2)); 0777 when the
 * kernel does not tell: then every file's mode is set by hand. */
static mode_t read_umask(void)
{
	char text[4096];
	CLEANUP(fd_close) int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	struct str rest = str_n(text, n < 0 ? 0 : (size_t)n), line;
	struct err ignored = {0};
	uint64_t v;
	while (str_line(&rest, &line))
		if (str_starts(line, S("Umask:")) &&
			num_parse_octal(str_trim(str_skip(line, 6)), 0777, &v, &ignored) == 0)
			return (mode_t)v;
	return 0777;
}

int rights_read(int tree_fd, struct rights *ret, struct err *err)
{
	struct stat st;
	if (fstat(tree_fd, &st) < 0)
		return err_sys(err, "stat the tree");
	struct rights r = {.is_root = geteuid() == 0,
		.uid = geteuid(),
		.gid = getegid(),
		.umask = read_umask()};
	/* setgid on the tree, or a file system that always does so, gives files its group. */
	r.is_owner_free = !(st.st_mode & S_ISGID) && st.st_gid == r.gid;
	*ret = r;
	return 0;
}

int meta_of_entry(const struct tar_entry *e, struct meta *ret, struct err *err)
{
	if (e->uid >= UINT32_MAX || e->gid >= UINT32_MAX)
		return err_set(err, ERR_INPUT, "owner %llu:%llu is out of range",
			(unsigned long long)e->uid, (unsigned long long)e->gid);
	*ret = (struct meta){
		.mode = e->mode & 07777,
		.uid = (uint32_t)e->uid,
		.gid = (uint32_t)e->gid,
		.mtime_ns = e->mtime_ns,
		.has_mtime = true,
		.xattrs = e->xattrs,
		.n_xattrs = e->n_xattrs,
	};
	return 0;
}

struct meta meta_of_stat(const struct stat *st, const struct xattrs *x)
{
	return (struct meta){
		.mode = st->st_mode & 07777,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.mtime_ns = st->st_mtim.tv_sec * CLOCK_SECOND + st->st_mtim.tv_nsec,
		.has_mtime = true,
		.xattrs = x->p,
		.n_xattrs = x->n,
	};
}

static void two_times(int64_t ns, struct timespec ret[2])
{
	int64_t seconds = ns / CLOCK_SECOND - (ns % CLOCK_SECOND < 0);
	ret[0] = ret[1] = (struct timespec){seconds, (long)(ns - seconds * CLOCK_SECOND)};
}

/* A file system without user.* or ACLs keeps the rest; a capability must not get lost. */
static bool may_be_lost(const char *name, const struct rights *r)
{
	bool is_capability = strcmp(name, "security.capability") == 0;
	if (errno == EPERM)
		return is_capability && !r->is_root;
	return errno == ENOTSUP && !is_capability;
}

/* By fd, or by path when fd is -1. */
static int set_xattrs(int fd, const char *path, const struct meta *m, const struct rights *r,
	struct err *err)
{
	for (size_t i = 0; i < m->n_xattrs; i++) {
		struct str value = m->xattrs[i].value;
		char name[256];
		if (!xattr_is_images(m->xattrs[i].name) || m->xattrs[i].name.n >= sizeof(name))
			continue;
		snprintf(name, sizeof(name), "%.*s", STR_ARG(m->xattrs[i].name));
		int rc = path ? lsetxattr(path, name, value.p, value.n, 0)
			      : fsetxattr(fd, name, value.p, value.n, 0);
		if (rc < 0 && !may_be_lost(name, r))
			return err_sys(err, "set extended attribute '%s'", name);
	}
	return 0;
}

static bool needs_chown(const struct meta *m, const struct rights *r)
{
	return r->is_root && !(r->is_owner_free && m->uid == r->uid && m->gid == r->gid);
}

int meta_apply_file(int fd, const struct meta *m, const struct rights *r, struct err *err)
{
	struct timespec times[2];
	bool has_new_owner = needs_chown(m, r);
	if (has_new_owner && fchown(fd, m->uid, m->gid) < 0)
		return err_sys(err, "change owner");
	/* Made with this mode, so the kernel has taken the umask off it. */
	if (((m->mode & ~0777U) || (m->mode & r->umask)) && fchmod(fd, m->mode) < 0)
		return err_sys(err, "change mode");
	if (m->n_xattrs && set_xattrs(fd, NULL, m, r, err) < 0)
		return -1;
	two_times(m->mtime_ns, times);
	return m->has_mtime && futimens(fd, times) < 0 ? err_sys(err, "set time") : 0;
}

int meta_apply_folder(int fd, const struct meta *m, const struct rights *r, struct err *err)
{
	struct timespec times[2];
	if (r->is_root && fchown(fd, m->uid, m->gid) < 0)
		return err_sys(err, "change owner");
	if (fchmod(fd, m->mode) < 0)
		return err_sys(err, "change mode");
	if (set_xattrs(fd, NULL, m, r, err) < 0)
		return -1;
	two_times(m->mtime_ns, times);
	return m->has_mtime && futimens(fd, times) < 0 ? err_sys(err, "set time") : 0;
}

int meta_apply_name(int dir_fd, const char *name, enum tar_type type, const struct meta *m,
	const struct rights *r, struct err *err)
{
	struct timespec times[2];
	if (r->is_root && fchownat(dir_fd, name, m->uid, m->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "change owner");
	if (type != TAR_SYMLINK && fchmodat(dir_fd, name, m->mode, 0) < 0)
		return err_sys(err, "change mode");
	if (type != TAR_SYMLINK && m->n_xattrs) { /* Linux keeps none of ours on symlinks */
		char path[64 + 256];
		snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dir_fd, name);
		if (set_xattrs(-1, path, m, r, err) < 0)
			return -1;
	}
	two_times(m->mtime_ns, times);
	if (m->has_mtime && utimensat(dir_fd, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "set time");
	return 0;
}

/* Without the right to trusted.*, overlayfs is mounted with userxattr. */
int opaque_set(int fd, const struct rights *r, struct err *err)
{
	if (r->is_root && fsetxattr(fd, "trusted.overlay.opaque", "y", 1, 0) == 0)
		return 0;
	if (r->is_root && errno != EPERM)
		return err_sys(err, "mark folder as opaque");
	if (fsetxattr(fd, "user.overlay.opaque", "y", 1, 0) < 0)
		return err_sys(err, "mark folder as opaque");
	return 0;
}
