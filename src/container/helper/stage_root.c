#include "container/helper/mount_priv.h"
#include "container/helper/stage_priv.h"
#include "fs/fs.h"

#include <fcntl.h>

bool stage_is_of_runtime(const char *path)
{
	return root_is_below(path, "/proc") || root_is_below(path, "/dev") ||
		root_is_below(path, "/sys");
}

static int mount_root(struct stage *s, struct err *err)
{
	if (stage_points(s, err) < 0 ||
		overlay_mount(&s->overlay, s->links_fd, "../rootfs", err) < 0)
		return -1;
	if (fchdir(s->bundle_fd) < 0)
		return err_sys(err, "enter the bundle");
	return fs_open(s->bundle_fd, "rootfs", O_PATH | O_DIRECTORY, 0, &s->root_fd, err);
}

/* ---- trees for the mounts ---- */

static int make_copy_folder(
	struct stage *s, size_t i, const char *name, int *ret_fd, struct err *err)
{
	char path[80];
	snprintf(path, sizeof(path), "copies/%zu/%s", i, name);
	if (fs_mkdirs(s->bundle_fd, path, 0755, err) < 0)
		return -1;
	return fs_open(s->bundle_fd, path, O_RDONLY | O_DIRECTORY, 0, ret_fd, err);
}

/* A view of the source whose changes stay in memory. */
static int make_copy(struct stage *s, size_t i, int *ret_fd, struct err *err)
{
	struct overlay o = {.is_volatile = true};
	CLEANUP(fd_close) int lower_fd = -1;
	CLEANUP(fd_close) int upper_fd = -1;
	CLEANUP(fd_close) int work_fd = -1;
	CLEANUP(fd_close) int merged_fd = -1;
	char target[80];
	if (make_copy_folder(s, i, "lower", &lower_fd, err) < 0 ||
		mount_attach(s->sources.p[i], lower_fd, err) < 0 ||
		make_copy_folder(s, i, "upper", &upper_fd, err) < 0 ||
		make_copy_folder(s, i, "work", &work_fd, err) < 0 ||
		make_copy_folder(s, i, "merged", &merged_fd, err) < 0 ||
		root_like(s->sources.p[i], upper_fd, err) < 0)
		return -1;
	o.upper_fd = upper_fd;
	o.work_fd = work_fd;
	vec_push(&o.lowers, s->sources.p[i]);
	snprintf(target, sizeof(target), "../copies/%zu/merged", i);
	int rc = overlay_mount(&o, s->links_fd, target, err);
	vec_done(&o.lowers); /* the fd is still s->sources' */
	if (rc < 0)
		return -1;
	if (fchdir(s->bundle_fd) < 0)
		return err_sys(err, "enter the bundle");
	return mount_clone_path(target + 3, s->spec.c.mounts[i].is_read_only, ret_fd, err);
}

static int make_tree(struct stage *s, size_t i, int *ret_fd, struct err *err)
{
	const struct container_mount *m = &s->spec.c.mounts[i];
	unsigned attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
		(m->is_read_only ? MOUNT_ATTR_RDONLY : 0);
	switch (m->kind) {
	case CONTAINER_TMPFS:
		return mount_tmpfs(m->size_bytes, m->mode ? m->mode : 01777, attributes, ret_fd, err);
	case CONTAINER_OVERLAY_COPY: return make_copy(s, i, ret_fd, err);
	case CONTAINER_BIND: break;
	}
	*ret_fd = TAKE_FD(s->sources.p[i]);
	return 0;
}

/* ---- attaching them ---- */

/* The target inside the root. What is missing was added to points/, except below another mount:
 * there it is made, as docker makes it. */
static int open_target(const struct stage *s, const char *path, bool is_folder, int *ret_fd,
	struct err *err)
{
	CLEANUP(fd_close) int dir_fd = -1;
	const char *name;
	*ret_fd = root_open(s->root_fd, path, 0);
	if (*ret_fd >= 0)
		return 0;
	if (errno != ENOENT)
		return err_sys(err, "open '%s'", path);
	if (is_folder) {
		if (fs_mkdirs_in(s->root_fd, path, 0755, err) < 0)
			return -1;
	} else {
		CLEANUP(fd_close) int file = -1;
		int flags = O_WRONLY | O_CREAT | O_NOFOLLOW;
		if (fs_parent_in(s->root_fd, path, 0755, &dir_fd, &name, err) < 0 ||
			fs_open_in(dir_fd, name, flags, 0644, &file, err) < 0)
			return -1;
	}
	*ret_fd = root_open(s->root_fd, path, 0);
	return *ret_fd < 0 ? err_sys(err, "open '%s'", path) : 0;
}

static bool is_folder(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

static int attach(struct stage *s, int tree_fd, const char *path, struct err *err)
{
	CLEANUP(fd_close) int target = -1;
	bool wants_folder = is_folder(tree_fd);
	if (open_target(s, path, wants_folder, &target, err) < 0)
		return -1;
	if (wants_folder != is_folder(target))
		return err_set(err, ERR_INPUT, "'%s' is a %s, what is mounted there a %s", path,
			wants_folder ? "file" : "folder", wants_folder ? "folder" : "file");
	return mount_attach(tree_fd, target, err);
}

/* What lies on /proc, /dev or /sys must wait until the runtime has mounted those. */
static int leave_to_runtime(struct stage *s, size_t i, const char *path, struct err *err)
{
	struct late_mount *l = vec_add(&s->late);
	l->mount = &s->spec.c.mounts[i];
	snprintf(l->target, sizeof(l->target), "%s", path);
	if (l->mount->kind == CONTAINER_TMPFS)
		return 0;
	CLEANUP(fd_close) int tree = -1;
	CLEANUP(fd_close) int place = -1;
	snprintf(l->source, sizeof(l->source), "late/%zu", i);
	if (make_tree(s, i, &tree, err) < 0)
		return -1;
	if (is_folder(tree) ? fs_mkdirs(s->bundle_fd, l->source, 0755, err) < 0
			    : stage_write(s, l->source, STR_NONE, 0644, err) < 0)
		return -1;
	return mount_attach_at(tree, s->bundle_fd, l->source, err);
}

static int add_mount(struct stage *s, size_t i, struct err *err)
{
	struct root_place place;
	CLEANUP(fd_close) int tree = -1;
	if (root_resolve(s->root_fd, s->spec.c.mounts[i].target, &place, err) < 0)
		return -1;
	if (stage_is_of_runtime(place.path))
		return leave_to_runtime(s, i, place.path, err);
	if (make_tree(s, i, &tree, err) < 0)
		return -1;
	return attach(s, tree, place.path, err);
}

static int add_etc(struct stage *s, const char *path, struct err *err)
{
	struct root_place place;
	struct err ignored; /* as in stage_points.c */
	CLEANUP(fd_close) int tree = -1;
	if (root_resolve(s->root_fd, path, &place, &ignored) < 0 || !place.exists ||
		place.type != S_IFREG || stage_is_of_runtime(place.path))
		return 0;
	return mount_clone_path(path + 1, false, &tree, err) < 0
		? -1
		: attach(s, tree, place.path, err);
}

int stage_root(struct stage *s, struct err *err)
{
	if (mount_root(s, err) < 0)
		return -1;
	for (size_t i = 0; stage_etc_paths[i]; i++)
		if (add_etc(s, stage_etc_paths[i], err) < 0)
			return -1;
	for (size_t i = 0; i < s->spec.c.n_mounts; i++)
		if (add_mount(s, i, err) < 0)
			return err_wrap(err, "mount '%s'", s->spec.c.mounts[i].target);
	return 0;
}
