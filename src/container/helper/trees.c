#include "container/helper/trees_priv.h"

#include "container/helper/mount_priv.h"
#include "container/helper/root_priv.h"
#include "fs/fs.h"

#include <fcntl.h>

/* ---- sources ---- */

static int open_source(const struct container_mount *m, int *ret_fd, struct err *err)
{
	*ret_fd = -1;
	if (m->kind == CONTAINER_TMPFS || m->kind == CONTAINER_FILE)
		return 0;
	return m->source_fd > 0 ? mount_clone(m->source_fd, m->is_read_only, ret_fd, err)
				: mount_clone_path(m->source, m->is_read_only, ret_fd, err);
}

int trees_open(struct trees *t, struct err *err)
{
	for (size_t i = 0; i < t->n; i++) {
		int fd;
		if (open_source(&t->mounts[i], &fd, err) < 0)
			return err_wrap(err, "mount '%s'", t->mounts[i].target);
		vec_push(&t->sources, fd);
	}
	return 0;
}

int trees_attach_base(struct trees *t, struct err *err)
{
	static const char *const places[] = {"/run", "/tmp", "/mnt", "/var", "/srv", "/home"};
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		struct err ignored; /* the next one, then */
		if (mount_attach_at(t->base_fd, AT_FDCWD, places[i], &ignored) == 0)
			return chdir(places[i]) < 0 ? err_sys(err, "enter '%s'", places[i]) : 0;
	}
	return err_set(err, ERR_UNSUPPORTED, "the host has no '/run' to mount on");
}

/* ---- trees ---- */

static int make_folder(struct trees *t, size_t i, const char *name, int *ret_fd, struct err *err)
{
	char path[80];
	snprintf(path, sizeof(path), "copies/%zu/%s", i, name);
	if (fs_mkdirs(t->base_fd, path, 0755, err) < 0)
		return -1;
	return fs_open(t->base_fd, path, O_RDONLY | O_DIRECTORY, 0, ret_fd, err);
}

struct copy {
	int lower_fd, upper_fd, work_fd, merged_fd;
};

static void copy_done(struct copy *c)
{
	fd_close(c->lower_fd);
	fd_close(c->upper_fd);
	fd_close(c->work_fd);
	fd_close(c->merged_fd);
}
CLEANUP_VAL(copy_done, struct copy);

/* overlayfs takes layers only from the mount namespace we are in: so the source is attached. */
static int prepare_copy(struct trees *t, size_t i, struct copy *c, struct err *err)
{
	if (make_folder(t, i, "lower", &c->lower_fd, err) < 0 ||
		mount_attach(t->sources.p[i], c->lower_fd, err) < 0 ||
		make_folder(t, i, "upper", &c->upper_fd, err) < 0 ||
		make_folder(t, i, "work", &c->work_fd, err) < 0 ||
		make_folder(t, i, "merged", &c->merged_fd, err) < 0)
		return -1;
	return root_like(t->sources.p[i], c->upper_fd, err);
}

/* A view of the source whose changes stay in memory. */
static int make_copy(struct trees *t, size_t i, int *ret_fd, struct err *err)
{
	CLEANUP(copy_done) struct copy c = {-1, -1, -1, -1};
	char target[80];
	if (prepare_copy(t, i, &c, err) < 0)
		return -1;
	struct overlay o = {.upper_fd = c.upper_fd, .work_fd = c.work_fd, .is_volatile = true};
	snprintf(target, sizeof(target), "../copies/%zu/merged", i);
	vec_push(&o.lowers, t->sources.p[i]);
	int rc = overlay_mount(&o, t->links_fd, target, err);
	vec_done(&o.lowers); /* the fd is still t->sources' */
	if (rc < 0)
		return -1;
	if (fchdir(t->base_fd) < 0)
		return err_sys(err, "enter our folder");
	return mount_clone_path(target + 3, t->mounts[i].is_read_only, ret_fd, err);
}

/* The bytes of an fd as a file of our own tmpfs. */
static int make_file(struct trees *t, size_t i, int *ret_fd, struct err *err)
{
	const struct container_mount *m = &t->mounts[i];
	CLEANUP(fd_close) int file = -1;
	char path[40];
	uint64_t n;
	snprintf(path, sizeof(path), "files/%zu", i);
	if (fs_mkdirs(t->base_fd, "files", 0755, err) < 0 ||
		fs_open(t->base_fd, path, O_WRONLY | O_CREAT | O_EXCL, 0600, &file, err) < 0)
		return -1;
	if (lseek(m->source_fd, 0, SEEK_SET) < 0)
		return err_sys(err, "read the file's content");
	if (fs_copy_fd(m->source_fd, file, &n, err) < 0)
		return -1;
	if (fchown(file, m->uid, m->gid) < 0 || fchmod(file, m->mode) < 0)
		return err_sys(err, "set owner and mode of the file");
	if (fchdir(t->base_fd) < 0)
		return err_sys(err, "enter our folder");
	return mount_clone_path(path, m->is_read_only, ret_fd, err);
}

int trees_make(struct trees *t, size_t i, int *ret_fd, struct err *err)
{
	const struct container_mount *m = &t->mounts[i];
	unsigned attributes =
		MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | (m->is_read_only ? MOUNT_ATTR_RDONLY : 0);
	switch (m->kind) {
	case CONTAINER_TMPFS:
		return mount_tmpfs(m->size_bytes, m->mode ? m->mode : 01777, attributes, ret_fd,
			err);
	case CONTAINER_OVERLAY_COPY: return make_copy(t, i, ret_fd, err);
	case CONTAINER_FILE: return make_file(t, i, ret_fd, err);
	case CONTAINER_BIND: break;
	}
	*ret_fd = TAKE_FD(t->sources.p[i]);
	return 0;
}

/* ---- targets ---- */

bool trees_is_folder(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

static int make_target(int root_fd, const char *path, bool is_folder, struct err *err)
{
	CLEANUP(fd_close) int dir_fd = -1;
	CLEANUP(fd_close) int file = -1;
	const char *name;
	if (is_folder)
		return fs_mkdirs_in(root_fd, path, 0755, err);
	if (fs_parent_in(root_fd, path, 0755, &dir_fd, &name, err) < 0)
		return -1;
	return fs_open_in(dir_fd, name, O_WRONLY | O_CREAT | O_NOFOLLOW, 0644, &file, err);
}

static int open_target(int root_fd, const char *path, bool is_folder, int *ret_fd, struct err *err)
{
	*ret_fd = root_open(root_fd, path, 0);
	if (*ret_fd >= 0)
		return 0;
	if (errno != ENOENT)
		return err_sys(err, "open '%s'", path);
	if (make_target(root_fd, path, is_folder, err) < 0)
		return -1;
	*ret_fd = root_open(root_fd, path, 0);
	return *ret_fd < 0 ? err_sys(err, "open '%s'", path) : 0;
}

int trees_attach(int root_fd, int tree_fd, const char *path, struct err *err)
{
	CLEANUP(fd_close) int target = -1;
	bool wants_folder = trees_is_folder(tree_fd);
	if (open_target(root_fd, path, wants_folder, &target, err) < 0)
		return -1;
	if (wants_folder != trees_is_folder(target))
		return err_set(err, ERR_INPUT, "'%s' is a %s, what is mounted there a %s", path,
			wants_folder ? "file" : "folder", wants_folder ? "folder" : "file");
	return mount_attach(tree_fd, target, err);
}
