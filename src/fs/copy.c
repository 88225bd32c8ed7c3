#include "fs/fs_priv.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>

enum { STEP_BYTES = 1 << 30, BUFFER_BYTES = 256 * 1024 };

/* A clone takes the whole file and replaces the whole file: only when that is what is asked. */
static bool clone(int from_fd, int to_fd, uint64_t *ret_bytes)
{
	struct stat from, to;
	if (fstat(from_fd, &from) < 0 || fstat(to_fd, &to) < 0 || !S_ISREG(from.st_mode) ||
		!S_ISREG(to.st_mode) || from.st_size == 0 || to.st_size != 0)
		return false;
	if (lseek(from_fd, 0, SEEK_CUR) != 0 || lseek(to_fd, 0, SEEK_CUR) != 0 ||
		ioctl(to_fd, FICLONE, from_fd) < 0)
		return false;
	/* Leave both where a copy leaves them. */
	off_t end = lseek(to_fd, 0, SEEK_END);
	if (end < 0 || lseek(from_fd, end, SEEK_SET) < 0)
		return false;
	*ret_bytes = (uint64_t)end;
	return true;
}

static ssize_t by_range(int from_fd, int to_fd)
{
	return copy_file_range(from_fd, NULL, to_fd, NULL, STEP_BYTES, 0);
}

static ssize_t by_sendfile(int from_fd, int to_fd)
{
	return sendfile(to_fd, from_fd, NULL, STEP_BYTES);
}

/* The kernel cannot do it this way between these two files; another way may work. */
static bool is_refusal(int number)
{
	return number == EXDEV || number == EINVAL || number == ENOSYS || number == EOPNOTSUPP ||
		number == EBADF || number == EPERM || number == EISDIR || number == ETXTBSY;
}

/* Steps until nothing comes: 1 = it went to the end, 0 = try another way from here, -1 = failed. */
static int run(ssize_t (*step)(int, int), int from_fd, int to_fd, uint64_t *total, struct err *err)
{
	for (;;) {
		ssize_t n = step(from_fd, to_fd);
		if (n > 0)
			*total += (uint64_t)n;
		/* Files in /proc and the like say 0 although they have content: only reading tells.
		 */
		if (n == 0)
			return *total > 0;
		if (n < 0 && is_refusal(errno))
			return 0;
		if (n < 0 && errno != EINTR)
			return err_sys(err, "copy");
	}
}

static int by_reading(int from_fd, int to_fd, uint64_t *total, struct err *err)
{
	CLEANUP(mem_free) char *room = mem_resize(NULL, BUFFER_BYTES, 1);
	for (;;) {
		ssize_t n = read(from_fd, room, BUFFER_BYTES);
		if (n == 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return err_sys(err, "read");
		if (n > 0 && fs_write_fd(to_fd, room, (size_t)n, err) < 0)
			return -1;
		*total += n > 0 ? (uint64_t)n : 0;
	}
}

int fs_copy_fd(int from_fd, int to_fd, uint64_t *ret_bytes, struct err *err)
{
	uint64_t total = 0;
	int rc = clone(from_fd, to_fd, &total);
	if (!rc)
		rc = run(by_range, from_fd, to_fd, &total, err);
	if (!rc)
		rc = run(by_sendfile, from_fd, to_fd, &total, err);
	if (!rc)
		rc = by_reading(from_fd, to_fd, &total, err) < 0 ? -1 : 1;
	if (rc < 0)
		return -1;
	*ret_bytes = total;
	return 0;
}
