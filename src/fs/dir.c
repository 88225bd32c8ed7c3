#include "fs/fs_priv.h"

#include <fcntl.h>
#include <linux/openat2.h>

/* A symlink that points to a missing folder is followed this often, as the kernel does. */
enum { MAX_LINKS = 40 };

/* Where folders are made: below a root that symlinks cannot leave, or by our own path. */
struct place {
	int fd;
	bool is_rooted;
};

static int open_dir(const struct place *p, const char *path)
{
	if (p->is_rooted)
		return fs_openat2(p->fd, path[0] ? path : ".", O_PATH | O_DIRECTORY, 0,
			RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
	return fs_openat(p->fd, path, O_PATH | O_DIRECTORY, 0);
}

/* Makes one folder with exactly this mode, whatever the umask: its fd, or -1 with errno (EEXIST
 * when anything has the name). */
static int make_dir(int parent_fd, const char *name, mode_t mode)
{
	if (mkdirat(parent_fd, name, mode | S_IRUSR) < 0)
		return -1;
	/* Not followed: who can write here may have put a symlink in its place meanwhile. */
	int fd = fs_openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (fd >= 0 && fchmod(fd, mode) < 0)
		fd_close_at_end(&fd);
	return fd;
}

/* The path to make instead of path when the name at [start, end) is a symlink to nothing: the link
 * is replaced by its target. */
static int splice_link(char path[FS_PATH_MAX], size_t start, size_t end, int parent_fd)
{
	char name[FS_PATH_MAX], target[FS_PATH_MAX];
	memcpy(name, path + start, end - start);
	name[end - start] = '\0';
	ssize_t n = readlinkat(parent_fd, name, target, sizeof(target) - 1);
	if (n < 0)
		return -1;
	target[n] = '\0';
	size_t kept = target[0] == '/' ? 0 : start;
	size_t n_rest = strlen(path + end) + 1;
	if (kept + (size_t)n + n_rest > FS_PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memmove(path + kept + n, path + end, n_rest);
	memcpy(path + kept, target, (size_t)n);
	return 0;
}

/* Opens the folder path[0..end), whose last name starts at start, or makes it in *parent_fd, which
 * becomes it. 1 = path was changed, start over; -1 with errno. */
static int step(const struct place *p, char path[FS_PATH_MAX], size_t start, size_t end,
	mode_t mode, int *parent_fd)
{
	char after = path[end];
	path[end] = '\0';
	int fd = open_dir(p, path);
	if (fd < 0 && errno == ENOENT)
		fd = make_dir(*parent_fd, path + start, mode);
	if (fd < 0 && errno == EEXIST)
		fd = open_dir(p, path); /* made by somebody else, or a symlink to nothing */
	path[end] = after;
	if (fd < 0)
		return errno == ENOENT && splice_link(path, start, end, *parent_fd) == 0 ? 1 : -1;
	fd_close(*parent_fd);
	*parent_fd = fd;
	return 0;
}

static int walk(const struct place *p, char path[FS_PATH_MAX], mode_t mode)
{
	CLEANUP(fd_close) int fd = open_dir(p, path[0] == '/' && !p->is_rooted ? "/" : ".");
	if (fd < 0)
		return -1;
	for (size_t end = 0;;) {
		size_t start = end + strspn(path + end, "/");
		if (!path[start])
			return 0;
		end = start + strcspn(path + start, "/");
		int rc = step(p, path, start, end, mode, &fd);
		if (rc)
			return rc;
	}
}

static int make_dirs(const struct place *p, const char *path, mode_t mode, struct err *err)
{
	CLEANUP(fd_close) int fd = open_dir(p, path);
	if (fd >= 0)
		return 0;
	char room[FS_PATH_MAX];
	if (strlen(path) >= sizeof(room))
		errno = ENAMETOOLONG;
	if (errno != ENOENT)
		return fs_fail(err, "make folder", path);
	snprintf(room, sizeof(room), "%s", path);
	int rc = 1;
	for (int i = 0; rc == 1 && i <= MAX_LINKS; i++)
		rc = walk(p, room, mode);
	if (rc == 1)
		errno = ELOOP;
	return rc ? fs_fail(err, "make folder", path) : 0;
}

int fs_mkdirs(int dir_fd, const char *path, mode_t mode, struct err *err)
{
	return make_dirs(&(struct place){dir_fd, false}, path, mode, err);
}

int fs_mkdirs_in(int root_fd, const char *path, mode_t mode, struct err *err)
{
	return make_dirs(&(struct place){root_fd, true}, path, mode, err);
}
