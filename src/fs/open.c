#include "fs/fs_priv.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/syscall.h>

/* The kernel gives up with EAGAIN when anything on the machine was renamed or mounted while it
 * walked through a ".." (openat2(2)); so it is asked again, but not for ever. */
enum { EAGAIN_TRIES = 256 };

int fs_fail(struct err *err, const char *verb, const char *path)
{
	int number = errno;
	err_sysno(err, number, "%s '%s'", verb, path);
	switch (number) {
	case ENOENT:
	case ENOTDIR: err->kind = ERR_NOT_FOUND; break;
	case EEXIST:
	case ENOTEMPTY: err->kind = ERR_CONFLICT; break;
	case EFBIG:
	case ENAMETOOLONG: err->kind = ERR_LIMIT; break;
	default: break;
	}
	return -1;
}

int fs_openat(int dir_fd, const char *path, int flags, mode_t mode)
{
	int fd;
	do
		fd = openat(dir_fd, path, flags | O_CLOEXEC, mode);
	while (fd < 0 && errno == EINTR);
	return fd;
}

int fs_openat2(int dir_fd, const char *path, int flags, mode_t mode, uint64_t resolve)
{
	/* openat2 refuses what openat ignores: a mode when nothing is made. */
	bool makes = flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE;
	struct open_how how = {.flags = (uint64_t)(unsigned)flags | O_CLOEXEC,
		.mode = makes ? mode & 07777 : 0,
		.resolve = resolve};
	for (int i = 0;; i++) {
		long fd = syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));
		if (fd >= 0 || (errno != EINTR && errno != EAGAIN) || i >= EAGAIN_TRIES)
			return (int)fd;
		if (i >= 8)
			sched_yield();
	}
}

static int open_rooted(int root_fd, const char *path, int flags, mode_t mode)
{
	return fs_openat2(root_fd, path[0] ? path : ".", flags, mode,
		RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

int fs_open(int dir_fd, const char *path, int flags, mode_t mode, int *ret_fd, struct err *err)
{
	int fd = fs_openat(dir_fd, path, flags, mode);
	if (fd < 0)
		return fs_fail(err, "open", path);
	*ret_fd = fd;
	return 0;
}

int fs_open_in(int root_fd, const char *path, int flags, mode_t mode, int *ret_fd, struct err *err)
{
	int fd = open_rooted(root_fd, path, flags, mode);
	if (fd < 0)
		return fs_fail(err, "open", path);
	*ret_fd = fd;
	return 0;
}

static int stat_rooted(int root_fd, const char *path, int flags, struct stat *ret, struct err *err)
{
	CLEANUP(fd_close) int fd = open_rooted(root_fd, path, O_PATH | flags, 0);
	if (fd < 0 || fstat(fd, ret) < 0)
		return fs_fail(err, "stat", path);
	return 0;
}

int fs_stat_in(int root_fd, const char *path, struct stat *ret, struct err *err)
{
	/* A single name that is not followed cannot lead anywhere: one call instead of three. */
	if (path[0] && !strchr(path, '/') && strcmp(path, "..") != 0) {
		if (fstatat(root_fd, path, ret, AT_SYMLINK_NOFOLLOW) < 0)
			return fs_fail(err, "stat", path);
		return 0;
	}
	return stat_rooted(root_fd, path, O_NOFOLLOW, ret, err);
}

int fs_stat_follow_in(int root_fd, const char *path, struct stat *ret, struct err *err)
{
	return stat_rooted(root_fd, path, 0, ret, err);
}

/* Where the last name of path starts, "" after a trailing slash. */
static size_t last_name_at(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? (size_t)(slash - path) + 1 : 0;
}

int fs_parent_in(int root_fd, const char *path, mode_t make_mode, int *ret_dir_fd,
	const char **ret_name, struct err *err)
{
	char dir[FS_PATH_MAX];
	size_t n = last_name_at(path);
	const char *name = path + n;
	if (strcmp(name, "..") == 0)
		return err_set(err, ERR_INPUT, "path '%s' ends in '..'", path);
	if (!name[0] || strcmp(name, ".") == 0) {
		n += strlen(name); /* the folder itself is meant */
		name = ".";
	}
	if (n >= sizeof(dir)) {
		errno = ENAMETOOLONG;
		return fs_fail(err, "open", path);
	}
	memcpy(dir, path, n);
	dir[n] = '\0';
	if (make_mode && fs_mkdirs_in(root_fd, dir, make_mode, err) < 0)
		return -1;
	int fd = open_rooted(root_fd, dir, O_PATH | O_DIRECTORY, 0);
	if (fd < 0)
		return fs_fail(err, "open the folder of", path);
	*ret_dir_fd = fd;
	*ret_name = name;
	return 0;
}

int fs_split(const char *path, struct fs_split *ret, struct err *err)
{
	size_t n = last_name_at(path);
	if (n >= sizeof(ret->dir)) {
		errno = ENAMETOOLONG;
		return fs_fail(err, "open", path);
	}
	memcpy(ret->dir, n ? path : ".", n ? n : 1);
	ret->dir[n ? n : 1] = '\0';
	ret->name = path + n;
	return 0;
}
