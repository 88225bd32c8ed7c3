/* Mount points that the image lacks.
 *
 * Making them in the merged root would leave them in upper, and so in the image's next layer; docker
 * has the same thing in a layer of its own ("-init"), and so have we: points/ goes between upper and
 * the image. What is missing is found by looking at the image through a read-only overlay first.
 */
#include "container/helper/mount_priv.h"
#include "container/helper/stage_priv.h"
#include "fs/fs.h"

#include <fcntl.h>

struct points {
	const struct stage *s;
	int probe_fd;
	bool has_any;
};

static int add(struct points *p, const struct root_place *place, bool is_folder, struct err *err)
{
	if (place->exists || stage_is_of_runtime(place->path))
		return 0;
	p->has_any = true;
	return root_add_point(p->probe_fd, p->s->points_fd, place, is_folder, err);
}

/* What the runtime mounts on; it makes what lies below by itself. A symlink is refused: crun 1.8 follows
 * an image's /dev to the host's folder of that name, and makes its device files there. */
static int add_folders(struct points *p, struct err *err)
{
	static const char *const folders[] = {"/proc", "/dev", "/sys"};
	struct root_place place;
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		const char *folder = folders[i];
		if (root_resolve(p->probe_fd, folder, &place, err) < 0)
			return err_wrap(err, "image");
		if (strcmp(place.path, folder) != 0 || (place.exists && place.type != S_IFDIR))
			return err_set(err, ERR_INPUT, "image: '%s' is not a folder", folder);
		if (place.exists)
			continue;
		p->has_any = true;
		if (root_add_point(p->probe_fd, p->s->points_fd, &place, true, err) < 0)
			return -1;
	}
	return 0;
}

static int add_etc(struct points *p, struct err *err)
{
	struct root_place place;
	struct err ignored; /* an image without a usable /etc does without these files */
	for (size_t i = 0; stage_etc_paths[i]; i++)
		if (root_resolve(p->probe_fd, stage_etc_paths[i], &place, &ignored) == 0 &&
			add(p, &place, false, err) < 0)
			return -1;
	return 0;
}

static bool source_is_folder(const struct stage *s, size_t i)
{
	int fd = s->trees.sources.p[i];
	return fd < 0 ? s->trees.mounts[i].kind != CONTAINER_FILE : trees_is_folder(fd);
}

/* A target below an earlier mount is made when that one is there. */
static bool is_below_mount(const struct stage *s, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (root_is_below(s->spec.c.mounts[i].target, s->spec.c.mounts[k].target))
			return true;
	return false;
}

static int add_targets(struct points *p, struct err *err)
{
	const struct container_spec *c = &p->s->spec.c;
	struct root_place place;
	for (size_t i = 0; i < c->n_mounts; i++) {
		if (is_below_mount(p->s, i))
			continue;
		if (root_resolve(p->probe_fd, c->mounts[i].target, &place, err) < 0 ||
			add(p, &place, source_is_folder(p->s, i), err) < 0)
			return err_wrap(err, "mount '%s'", c->mounts[i].target);
	}
	return 0;
}

/* Nothing can be made in a read-only root later. */
static int add_cwd(struct points *p, struct err *err)
{
	struct root_place place;
	if (!p->s->spec.c.is_read_only)
		return 0;
	if (root_resolve(p->probe_fd, p->s->spec.c.cwd, &place, err) < 0)
		return err_wrap(err, "working folder '%s'", p->s->spec.c.cwd);
	return add(p, &place, true, err);
}

static int mount_probe(struct stage *s, int *ret_fd, struct err *err)
{
	struct overlay probe = {.upper_fd = -1, .work_fd = -1};
	if (s->overlay.upper_fd >= 0)
		vec_push(&probe.lowers, s->overlay.upper_fd);
	VEC_EACH(&s->overlay.lowers, fd)
		vec_push(&probe.lowers, *fd);
	int rc = overlay_mount(&probe, s->trees.links_fd, "../probe", err);
	vec_done(&probe.lowers); /* the fds are still s->overlay's */
	if (rc < 0)
		return -1;
	return fs_open(s->trees.base_fd, "probe", O_PATH | O_DIRECTORY, 0, ret_fd, err);
}

/* A throw-away upper is ours: it looks like the image's root. */
static int make_upper(struct stage *s, int probe_fd, struct err *err)
{
	struct overlay *o = &s->overlay;
	CLEANUP(fd_close) int fd = -1;
	if (s->spec.c.is_read_only || o->upper_fd >= 0)
		return 0;
	if (fs_open(s->trees.base_fd, "upper", O_RDONLY | O_DIRECTORY, 0, &fd, err) < 0 ||
		fs_open(s->trees.base_fd, "work", O_PATH | O_DIRECTORY, 0, &o->work_fd, err) < 0 ||
		root_like(probe_fd, fd, err) < 0)
		return -1;
	o->upper_fd = TAKE_FD(fd);
	return 0;
}

int stage_points(struct stage *s, struct err *err)
{
	CLEANUP(fd_close) int probe_fd = -1;
	if (mount_probe(s, &probe_fd, err) < 0)
		return -1;
	struct points p = {.s = s, .probe_fd = probe_fd};
	if (add_folders(&p, err) < 0 || add_etc(&p, err) < 0 || add_targets(&p, err) < 0 ||
		add_cwd(&p, err) < 0 || make_upper(s, probe_fd, err) < 0)
		return -1;
	if (p.has_any) {
		struct fd_vec *lowers = &s->overlay.lowers;
		if (root_like(probe_fd, s->points_fd, err) < 0)
			return -1;
		vec_push(lowers, -1);
		memmove(lowers->p + 1, lowers->p, (lowers->n - 1) * sizeof(*lowers->p));
		lowers->p[0] = TAKE_FD(s->points_fd);
	}
	return umount2("../probe", MNT_DETACH) < 0 ? err_sys(err, "unmount the probe") : 0;
}
