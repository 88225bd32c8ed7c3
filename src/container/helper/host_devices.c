/* The host's device files, for privileged containers: as docker, all but those that a container has
 * of its own. */
#include "container/helper/stage_priv.h"
#include "fs/fs.h"

#include <fcntl.h>
#include <sys/sysmacros.h>

enum { DEPTH_MAX = 8, DEVICES_MAX = 20000 };

static bool is_own(const char *path)
{
	static const char *const own[] = {"/dev/pts", "/dev/shm", "/dev/fd", "/dev/mqueue",
		"/dev/console", "/dev/null", "/dev/zero", "/dev/full", "/dev/tty", "/dev/random",
		"/dev/urandom", "/dev/ptmx"};
	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		if (strcmp(path, own[i]) == 0)
			return true;
	return false;
}

static int add(struct oci_devices *ret, const char *path, const struct stat *st, struct err *err)
{
	if (ret->v.n == DEVICES_MAX)
		return err_set(err, ERR_LIMIT, "the host has more than %d devices", DEVICES_MAX);
	struct oci_device *d = vec_add(&ret->v);
	snprintf(d->path, sizeof(d->path), "%s", path);
	d->type = S_ISBLK(st->st_mode) ? 'b' : 'c';
	d->major = major(st->st_rdev);
	d->minor = minor(st->st_rdev);
	d->uid = st->st_uid;
	d->gid = st->st_gid;
	d->mode = st->st_mode & 0777;
	return 0;
}

static int walk(struct oci_devices *ret, const char *folder, int depth, struct err *err)
{
	CLEANUP(fs_entries_done) struct fs_entries entries = {0};
	CLEANUP(fd_close) int fd = -1;
	if (fs_open(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY, 0, &fd, err) < 0 ||
		fs_list(fd, &entries, err) < 0)
		return -1;
	VEC_EACH(&entries, e) {
		char path[256];
		struct stat st;
		int n = snprintf(path, sizeof(path), "%s/%s", folder, e->name);
		if (n < 0 || (size_t)n >= sizeof(path) || is_own(path) ||
			fstatat(fd, e->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		bool is_device = S_ISBLK(st.st_mode) || S_ISCHR(st.st_mode);
		if (is_device && add(ret, path, &st, err) < 0)
			return -1;
		if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX && walk(ret, path, depth + 1, err) < 0)
			return -1;
	}
	return 0;
}

int stage_host_devices(struct oci_devices *ret, struct err *err)
{
	return walk(ret, "/dev", 0, err);
}
