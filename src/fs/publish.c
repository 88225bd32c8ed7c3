/* Temporary names, and making them final.
 *
 * A temporary file or folder is ".tmp-<pid>-<random>", and its owner holds a flock on it: the lock
 * goes when the owner does, however it ended, so a name that can be locked is nobody's. (A pid says
 * less: it is used again, and means nothing in another pid namespace that shares the folder.)
 *
 *	owner                          sweeper
 *	make the name                  open the name
 *	lock it, without waiting       lock it, without waiting
 *	  taken: a sweeper has it        taken: it is in use, leave it
 *	  nlink 0: it was swept        remove it, unlock
 *	  either: start over
 *
 * Once the owner has the lock and the name is still there, no sweeper can get in.
 */
#include "fs/fs_priv.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>

#define TEMP_PREFIX ".tmp-"
enum { MAKE_TRIES = 100 };

static int make_name(char room[64], struct err *err)
{
	uint64_t random;
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return err_sys(err, "getrandom");
	snprintf(room, 64, TEMP_PREFIX "%ld-%016llx", (long)getpid(), (unsigned long long)random);
	return 0;
}

static int make_entry(const struct fs_temp *t)
{
	if (!t->is_dir)
		return fs_openat(t->dir_fd, t->name, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (mkdirat(t->dir_fd, t->name, 0700) < 0)
		return -1;
	int fd = fs_openat(t->dir_fd, t->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (fd < 0 && errno == ENOENT)
		errno = EEXIST; /* swept already: as good as taken */
	return fd;
}

/* 1 = ours, 0 = a sweeper was faster. */
static int claim(int fd)
{
	struct stat st;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? 0 : -1;
	if (fstat(fd, &st) < 0)
		return -1;
	return st.st_nlink > 0;
}

static void discard(const struct fs_temp *t)
{
	(void)unlinkat(t->dir_fd, t->name, t->is_dir ? AT_REMOVEDIR : 0); /* empty; or swept */
}

static int make_temp(struct fs_temp *t, struct err *err)
{
	for (int i = 0; i < MAKE_TRIES; i++) {
		if (make_name(t->name, err) < 0)
			return -1;
		CLEANUP(fd_close) int fd = make_entry(t);
		if (fd < 0 && errno == EEXIST)
			continue;
		if (fd < 0)
			return fs_fail(err, "make", t->name);
		int rc = claim(fd);
		if (rc > 0) {
			t->fd = TAKE_FD(fd);
			return 0;
		}
		if (rc < 0)
			fs_fail(err, "lock", t->name);
		discard(t);
		if (rc < 0)
			return -1;
	}
	return err_set(err, ERR_CONFLICT, "temporary files are swept as fast as they are made");
}

static int new_temp(int dir_fd, bool is_dir, struct fs_temp *ret, struct err *err)
{
	struct fs_temp t = {.dir_fd = dir_fd, .fd = -1, .is_dir = is_dir};
	if (make_temp(&t, err) < 0)
		return -1;
	*ret = t;
	return 0;
}

int fs_temp_file(int dir_fd, struct fs_temp *ret, struct err *err)
{
	return new_temp(dir_fd, false, ret, err);
}

int fs_temp_dir(int dir_fd, struct fs_temp *ret, struct err *err)
{
	return new_temp(dir_fd, true, ret, err);
}

static void forget(struct fs_temp *t)
{
	fd_close(t->fd);
	*t = FS_TEMP_NONE;
}

/* A folder's own fsync does not reach the files in it, and one call per file is far slower than
 * writing out the whole file system once. */
static int sync_content(const struct fs_temp *t, struct err *err)
{
	if ((t->is_dir ? syncfs(t->fd) : fsync(t->fd)) < 0)
		return fs_fail(err, "fsync", t->name);
	return 0;
}

static int rename_temp(const struct fs_temp *t, int to_dir_fd, const char *name)
{
	if (!t->is_dir)
		return renameat(t->dir_fd, t->name, to_dir_fd, name);
	/* A plain rename would replace an empty folder; it must do where this is not known. */
	int rc = renameat2(t->dir_fd, t->name, to_dir_fd, name, RENAME_NOREPLACE);
	if (rc < 0 && errno == EINVAL)
		rc = renameat(t->dir_fd, t->name, to_dir_fd, name);
	return rc;
}

int fs_publish(struct fs_temp *t, int to_dir_fd, const char *name, enum fs_sync sync,
	struct err *err)
{
	struct fs_split at;
	if (fs_split(name, &at, err) < 0)
		return -1;
	if (sync == FS_SYNC && sync_content(t, err) < 0)
		return -1;
	if (rename_temp(t, to_dir_fd, name) < 0) {
		bool is_folder_there = errno == EISDIR || (t->is_dir && errno == ENOTDIR);
		fs_fail(err, "publish", name);
		if (is_folder_there)
			err->kind = ERR_CONFLICT;
		return -1;
	}
	forget(t);
	return sync == FS_SYNC ? fs_fsync_dir(to_dir_fd, at.dir, err) : 0;
}

void fs_temp_done(struct fs_temp *t)
{
	struct err ignored;
	if (t->name[0])
		(void)fs_remove_tree(t->dir_fd, t->name, &ignored); /* else the next sweep does */
	if (t->name[0])
		forget(t);
}

static bool is_same_file(int fd, int dir_fd, const char *name)
{
	struct stat a, b;
	return fstat(fd, &a) == 0 && fstatat(dir_fd, name, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
		a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

/* 1 = removed, 0 = in use, gone or not ours to open. */
static int sweep_one(int dir_fd, const struct fs_entry *e, struct err *err)
{
	if ((e->type != DT_REG && e->type != DT_DIR) ||
		!str_starts(str_of(e->name), S(TEMP_PREFIX)))
		return 0;
	CLEANUP(fd_close)
	int fd = fs_openat(dir_fd, e->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	if (fd < 0)
		return errno == ENOENT || errno == EACCES ? 0 : fs_fail(err, "open", e->name);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? 0 : fs_fail(err, "lock", e->name);
	if (!is_same_file(fd, dir_fd, e->name))
		return 0; /* published, or swept by somebody else */
	return fs_remove_tree(dir_fd, e->name, err) < 0 ? -1 : 1;
}

int fs_temp_sweep(int dir_fd, struct err *err)
{
	CLEANUP(fs_entries_done) struct fs_entries all = {0};
	int n = 0;
	bool has_failed = false;
	if (fs_list(dir_fd, &all, err) < 0)
		return -1;
	VEC_EACH(&all, e) {
		struct err later;
		int rc = sweep_one(dir_fd, e, has_failed ? &later : err);
		has_failed = has_failed || rc < 0;
		n += rc > 0;
	}
	return has_failed ? -1 : n;
}
