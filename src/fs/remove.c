/* Removing a folder of any depth with a bounded stack and few fds.
 *
 *	enter   open a folder, unlink its files, remember the names of its folders   (level + 1)
 *	        while a name is left: enter that
 *	leave   go up and rmdir it; scan it again when it is not empty after all     (level - 1)
 *
 * 1. Every level has its device and inode; only the OPEN_LEVELS deepest keep their fd. Coming back
 *    to one without, it is reached through ".." and must be the same folder as before.
 * 2. A folder is opened in its parent without following links and without crossing into a mount.
 * 3. What cannot be removed is left and told about at the end; the rest goes all the same.
 */
#include "fs/fs_priv.h"

#include <fcntl.h>
#include <linux/openat2.h>

enum { OPEN_LEVELS = 32, RECORD_BYTES = 64 * 1024, MAX_NAMES = 1 << 30, MAX_SCANS = 16 };

struct level {
	int fd; /* -1 = not open at the moment */
	dev_t dev;
	ino_t ino;
	size_t name_at;  /* its own name, in names */
	size_t names_at; /* the names of its folders start here */
	int n_scans;
	bool is_stuck; /* something in it cannot be removed */
};

struct removal {
	VEC(struct level) levels;
	struct buf names; /* NUL-terminated, one behind the other; a stack as levels is */
	char *records;
	struct err *err; /* the first thing that went wrong */
	bool has_failed;
};

/* "a/b/name" as seen from the folder that is removed. */
static void path_of(const struct removal *r, const char *name, struct buf *ret)
{
	VEC_EACH(&r->levels, l)
		buf_fmt(ret, "%s/", r->names.p + l->name_at);
	buf_add_cstr(ret, name);
}

static void complain(struct removal *r, const char *verb, const char *name)
{
	CLEANUP(buf_done) struct buf path = BUF(FS_PATH_MAX);
	bool is_mount = errno == EXDEV || errno == EBUSY;
	path_of(r, name, &path);
	const char *shown = path.is_over ? name : buf_cstr(&path);
	if (!r->has_failed && is_mount)
		err_set(r->err, ERR_CONFLICT, "%s '%s': something is mounted there", verb, shown);
	else if (!r->has_failed)
		fs_fail(r->err, verb, shown);
	r->has_failed = true;
	if (r->levels.n)
		vec_last(&r->levels)->is_stuck = true;
}

/* Gives a folder of our own back the permissions that removing its content needs. O_PATH, because
 * a mode-0 folder cannot be opened; by its fd, because its name may be a symlink by now. */
static void make_accessible(int parent_fd, const char *name)
{
	enum { FLAGS = O_PATH | O_DIRECTORY | O_NOFOLLOW };
	CLEANUP(fd_close) int fd = fs_openat2(parent_fd, name, FLAGS, 0, RESOLVE_NO_XDEV);
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fd >= 0)
		(void)chmod(path, 0700); /* opening it again says whether it helped */
}

static int open_folder(int parent_fd, const char *name)
{
	enum { FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW };
	int fd = fs_openat2(parent_fd, name, FLAGS, 0, RESOLVE_NO_XDEV);
	if (fd < 0 && errno == EACCES) {
		make_accessible(parent_fd, name);
		fd = fs_openat2(parent_fd, name, FLAGS, 0, RESOLVE_NO_XDEV);
	}
	return fd;
}

/* Removes a name in the level, or remembers it when it is a folder with something in it. */
static void drop(struct removal *r, const struct level *l, const char *name, unsigned char type)
{
	if (type != DT_DIR) {
		if (unlinkat(l->fd, name, 0) == 0 || errno == ENOENT)
			return;
		if (errno != EISDIR) {
			complain(r, "remove", name);
			return;
		}
	}
	if (unlinkat(l->fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		buf_add_bytes(&r->names, name, strlen(name) + 1);
}

static void scan(struct removal *r, struct level *l)
{
	ssize_t n = lseek(l->fd, 0, SEEK_SET);
	l->n_scans++;
	while (n >= 0 && (n = getdents64(l->fd, r->records, RECORD_BYTES)) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct dirent64 *d = (const struct dirent64 *)(r->records + at);
			at += d->d_reclen;
			if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
				drop(r, l, d->d_name, d->d_type);
		}
	}
	if (n < 0 && errno != ENOENT) /* somebody else removes it, too */
		complain(r, "read folder", ".");
}

/* Goes down into the folder in parent_fd whose name is at name_at, the last of names. */
static void enter(struct removal *r, int parent_fd, size_t name_at)
{
	const char *name = r->names.p + name_at;
	struct stat st;
	CLEANUP(fd_close) int fd = open_folder(parent_fd, name);
	if (fd < 0 || fstat(fd, &st) < 0) {
		if (errno != ENOENT)
			complain(r, "remove", name);
		buf_cut(&r->names, name_at);
		return;
	}
	if ((st.st_mode & 0700) != 0700)
		(void)fchmod(fd, 0700); /* not ours: unlink will say so */
	if (r->levels.n >= OPEN_LEVELS)
		fd_close_at_end(&r->levels.p[r->levels.n - OPEN_LEVELS].fd);
	vec_push(&r->levels,
		((struct level){.fd = TAKE_FD(fd),
			.dev = st.st_dev,
			.ino = st.st_ino,
			.name_at = name_at,
			.names_at = r->names.n}));
	scan(r, vec_last(&r->levels));
}

/* Opens the level above the deepest one again. */
static int reopen(struct removal *r, struct level *up, const struct level *below)
{
	struct stat st;
	up->fd = fs_openat(below->fd, "..", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (up->fd < 0 || fstat(up->fd, &st) < 0)
		return fs_fail(r->err, "open", "..");
	if (st.st_dev == up->dev && st.st_ino == up->ino)
		return 0;
	return err_set(r->err, ERR_CONFLICT, "remove '%s': it was moved meanwhile",
		r->names.p + below->name_at);
}

/* Removes the deepest level, which has no names left, and goes up; or fills its names anew. */
static int leave(struct removal *r, int top_fd)
{
	struct level *l = vec_last(&r->levels);
	struct level *up = r->levels.n > 1 ? l - 1 : NULL;
	if (up && up->fd < 0 && reopen(r, up, l) < 0)
		return -1;
	int rc = 0;
	if (!l->is_stuck)
		rc = unlinkat(up ? up->fd : top_fd, r->names.p + l->name_at, AT_REMOVEDIR);
	if (rc < 0 && errno == ENOTEMPTY && l->n_scans < MAX_SCANS) {
		scan(r, l); /* some file systems skip names while others are removed */
		return 0;
	}
	bool is_stuck = l->is_stuck;
	size_t name_at = l->name_at;
	fd_close(l->fd);
	r->levels.n--;
	if (rc < 0 && errno != ENOENT)
		complain(r, "remove", r->names.p + name_at);
	if (is_stuck && r->levels.n)
		vec_last(&r->levels)->is_stuck = true;
	buf_cut(&r->names, name_at);
	return 0;
}

/* Where the last name that the level has left starts; -1 = there is none. */
static ssize_t last_name(const struct removal *r, const struct level *l)
{
	if (r->names.n == l->names_at)
		return -1;
	const char *before = memrchr(r->names.p + l->names_at, '\0', r->names.n - l->names_at - 1);
	return before ? before + 1 - r->names.p : (ssize_t)l->names_at;
}

static int remove_levels(struct removal *r, int top_fd)
{
	while (r->levels.n) {
		const struct level *l = vec_last(&r->levels);
		ssize_t at = last_name(r, l);
		if (at >= 0)
			enter(r, l->fd, (size_t)at);
		else if (leave(r, top_fd) < 0)
			return -1;
		if (buf_check(&r->names, "list of folders", r->err) < 0)
			return -1;
	}
	return r->has_failed ? -1 : 0;
}

static int remove_folder(int top_fd, const char *name, struct err *err)
{
	CLEANUP(mem_free) char *records = mem_resize(NULL, RECORD_BYTES, 1);
	struct removal r = {.names = BUF(MAX_NAMES), .records = records, .err = err};
	buf_add_bytes(&r.names, name, strlen(name) + 1);
	enter(&r, top_fd, 0);
	int rc = remove_levels(&r, top_fd);
	VEC_EACH(&r.levels, l)
		fd_close(l->fd);
	vec_done(&r.levels);
	buf_done(&r.names);
	return rc;
}

int fs_remove_tree(int dir_fd, const char *path, struct err *err)
{
	struct fs_split at;
	if (fs_split(path, &at, err) < 0)
		return -1;
	CLEANUP(fd_close) int top_fd = fs_openat(dir_fd, at.dir, O_PATH | O_DIRECTORY, 0);
	if (top_fd < 0)
		return errno == ENOENT ? 0 : fs_fail(err, "remove", path);
	if (!at.name[0] || strcmp(at.name, ".") == 0 || strcmp(at.name, "..") == 0) {
		errno = EINVAL;
		return fs_fail(err, "remove", path);
	}
	if (unlinkat(top_fd, at.name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno == EISDIR)
		return remove_folder(top_fd, at.name, err);
	if (errno == EBUSY)
		return err_set(err, ERR_CONFLICT, "remove '%s': something is mounted there", path);
	return fs_fail(err, "remove", path);
}
