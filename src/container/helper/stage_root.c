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
		overlay_mount(&s->overlay, s->trees.links_fd, "../rootfs", err) < 0)
		return -1;
	if (fchdir(s->trees.base_fd) < 0)
		return err_sys(err, "enter the bundle");
	return fs_open(s->trees.base_fd, "rootfs", O_PATH | O_DIRECTORY, 0, &s->root_fd, err);
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
	snprintf(l->source, sizeof(l->source), "late/%zu", i);
	if (trees_make(&s->trees, i, &tree, err) < 0)
		return -1;
	if (trees_is_folder(tree) ? fs_mkdirs(s->trees.base_fd, l->source, 0755, err) < 0
				  : stage_write(s, l->source, STR_NONE, 0644, err) < 0)
		return -1;
	return mount_attach_at(tree, s->trees.base_fd, l->source, err);
}

static int add_mount(struct stage *s, size_t i, struct err *err)
{
	struct root_place place;
	CLEANUP(fd_close) int tree = -1;
	if (root_resolve(s->root_fd, s->spec.c.mounts[i].target, &place, err) < 0)
		return -1;
	if (stage_is_of_runtime(place.path))
		return leave_to_runtime(s, i, place.path, err);
	if (trees_make(&s->trees, i, &tree, err) < 0)
		return -1;
	return trees_attach(s->root_fd, tree, place.path, err);
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
		: trees_attach(s->root_fd, tree, place.path, err);
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
