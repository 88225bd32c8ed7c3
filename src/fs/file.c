#include "fs/fs_priv.h"

#include "base/num.h"

#include <fcntl.h>

enum { FIRST_BYTES = 4096, MOST_BYTES = 1 << 20 };

static ssize_t read_some(int fd, void *p, size_t n)
{
	ssize_t got;
	do
		got = read(fd, p, n);
	while (got < 0 && errno == EINTR);
	return got;
}

/* How much to ask for first: what is left of a file whose size is known, and a byte to see its
 * end; a little when it is not known (pipes, /proc). */
static size_t first_room(int fd)
{
	struct stat st;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size <= 0)
		return FIRST_BYTES;
	off_t at = lseek(fd, 0, SEEK_CUR);
	return at >= 0 && at < st.st_size ? (size_t)(st.st_size - at) + 1 : 1;
}

/* What is allocated already, else as much again. */
static size_t next_room(const struct buf *b)
{
	if (b->cap > b->n + 1)
		return b->cap - b->n - 1;
	return num_min(num_max(b->n, FIRST_BYTES), MOST_BYTES);
}

int fs_read_fd(int fd, struct buf *ret, struct err *err)
{
	for (size_t want = first_room(fd);; want = next_room(ret)) {
		char beyond; /* a full buf is right when nothing follows */
		size_t n = num_min(want, ret->max - ret->n);
		char *room = n ? buf_room(ret, n) : &beyond;
		if (!room)
			return buf_check(ret, "file", err);
		ssize_t got = read_some(fd, room, n ? n : 1);
		if (got < 0)
			return err_sys(err, "read");
		if (got == 0)
			return 0;
		if (!n)
			return err_set(err, ERR_LIMIT, "file is larger than %zu bytes", ret->max);
		buf_added(ret, (size_t)got);
	}
}

int fs_read_file(int dir_fd, const char *path, struct buf *ret, struct err *err)
{
	CLEANUP(fd_close) int fd = -1;
	if (fs_open(dir_fd, path, O_RDONLY, 0, &fd, err) < 0)
		return -1;
	if (fs_read_fd(fd, ret, err) < 0)
		return err_wrap(err, "'%s'", path);
	return 0;
}

int fs_read_file_in(int root_fd, const char *path, struct buf *ret, struct err *err)
{
	CLEANUP(fd_close) int path_fd = -1;
	CLEANUP(fd_close) int fd = -1;
	struct stat st;
	char again[64];
	/* Opening a device may do something and opening a FIFO may take for ever: look first. */
	if (fs_open_in(root_fd, path, O_PATH, 0, &path_fd, err) < 0)
		return -1;
	if (fstat(path_fd, &st) < 0)
		return fs_fail(err, "stat", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_INPUT, "'%s' is not a regular file", path);
	snprintf(again, sizeof(again), "/proc/self/fd/%d", path_fd);
	fd = fs_openat(AT_FDCWD, again, O_RDONLY, 0);
	if (fd < 0)
		return fs_fail(err, "open", path);
	if (fs_read_fd(fd, ret, err) < 0)
		return err_wrap(err, "'%s'", path);
	return 0;
}

int fs_write_fd(int fd, const void *p, size_t n, struct err *err)
{
	for (size_t done = 0; done < n;) {
		ssize_t wrote = write(fd, (const char *)p + done, n - done);
		if (wrote < 0 && errno != EINTR)
			return err_sys(err, "write");
		if (wrote > 0)
			done += (size_t)wrote;
	}
	return 0;
}

int fs_pwrite_fd(int fd, const void *p, size_t n, uint64_t offset, struct err *err)
{
	uint64_t end;
	if (num_add(offset, n, &end, err) < 0)
		return -1;
	if (end > INT64_MAX)
		return err_set(err, ERR_LIMIT, "offset is too large");
	for (size_t done = 0; done < n;) {
		ssize_t wrote =
			pwrite(fd, (const char *)p + done, n - done, (off_t)(offset + done));
		if (wrote < 0 && errno != EINTR)
			return err_sys(err, "write");
		if (wrote > 0)
			done += (size_t)wrote;
	}
	return 0;
}

int fs_write_file(int dir_fd, const char *path, struct str bytes, mode_t mode, enum fs_sync sync,
	struct err *err)
{
	CLEANUP(fd_close) int parent_fd = -1;
	CLEANUP(fs_temp_done) struct fs_temp t = FS_TEMP_NONE;
	struct fs_split at;
	if (fs_split(path, &at, err) < 0)
		return -1;
	parent_fd = fs_openat(dir_fd, at.dir, O_PATH | O_DIRECTORY, 0);
	if (parent_fd < 0)
		return fs_fail(err, "open the folder of", path);
	if (fs_temp_file(parent_fd, &t, err) < 0)
		return -1;
	if (fs_write_fd(t.fd, bytes.p, bytes.n, err) < 0)
		return err_wrap(err, "'%s'", path);
	if (fchmod(t.fd, mode) < 0)
		return fs_fail(err, "set the mode of", path);
	return fs_publish(&t, parent_fd, at.name, sync, err);
}

int fs_fsync(int fd, struct err *err)
{
	return fsync(fd) < 0 ? err_sys(err, "fsync") : 0;
}

int fs_fsync_dir(int dir_fd, const char *path, struct err *err)
{
	CLEANUP(fd_close) int fd = fs_openat(dir_fd, path, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return fs_fail(err, "open", path);
	/* EINVAL: this file system keeps no folder that could be synced (some FUSE). */
	return fsync(fd) < 0 && errno != EINVAL ? fs_fail(err, "fsync", path) : 0;
}
