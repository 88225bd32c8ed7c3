#include "fs/fs_priv.h"

#include <fcntl.h>
#include <sys/file.h>

enum { UNLINK_TRIES = 100 };

static int take(int fd, int operation)
{
	int rc;
	do
		rc = flock(fd, operation);
	while (rc < 0 && errno == EINTR);
	return rc;
}

int fs_lock(int dir_fd, const char *path, enum fs_lock_kind kind, enum fs_wait wait, int *ret_fd,
	struct err *err)
{
	int operation = (kind == FS_SHARED ? LOCK_SH : LOCK_EX) | (wait == FS_TRY ? LOCK_NB : 0);
	for (int i = 0; i < UNLINK_TRIES; i++) {
		CLEANUP(fd_close) int fd = -1;
		struct stat st;
		if (fs_open(dir_fd, path, O_RDONLY | O_CREAT | O_NOFOLLOW, 0600, &fd, err) < 0)
			return -1;
		if (take(fd, operation) < 0) {
			bool is_held = errno == EWOULDBLOCK;
			fs_fail(err, "lock", path);
			if (is_held)
				err_set(err, ERR_CONFLICT, "'%s' is locked by another process",
					path);
			return -1;
		}
		if (fstat(fd, &st) < 0)
			return fs_fail(err, "stat", path);
		if (st.st_nlink > 0) { /* else it was removed while we waited: a lock on nothing */
			*ret_fd = TAKE_FD(fd);
			return 0;
		}
	}
	return err_set(err, ERR_CONFLICT, "lock '%s': it is removed again and again", path);
}
