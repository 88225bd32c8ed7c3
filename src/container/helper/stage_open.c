#include "container/helper/mount_priv.h"
#include "container/helper/stage_priv.h"
#include "container/sealed_priv.h"
#include "fs/fs.h"

#include <fcntl.h>

enum { COPIED_RUNTIME_MAX = 2 << 20 };

bool stage_may_have_devices(const struct stage *s)
{
	return s->spec.c.is_privileged || s->cgroup->has_device_filter || s->cgroup->is_of_runtime;
}

static int open_layers(struct stage *s, struct err *err)
{
	const struct container_spec *c = &s->spec.c;
	struct overlay *o = &s->overlay;
	o->is_volatile = c->is_volatile || !c->upper;
	o->has_no_devices = !stage_may_have_devices(s);
	for (size_t i = c->n_lowers; i-- > 0;)
		if (overlay_add_lower(o, c->lowers[i], err) < 0)
			return -1;
	if (c->is_read_only || !c->upper)
		return 0;
	if (fs_open(AT_FDCWD, c->upper, O_PATH | O_DIRECTORY, 0, &o->upper_fd, err) < 0)
		return -1;
	if (fs_open(AT_FDCWD, c->work, O_PATH | O_DIRECTORY, 0, &o->work_fd, err) < 0)
		return -1;
	/* The kernel's mark that an upper was volatile once, and may have lost something when the
	 * machine crashed: who asks for it again knows. */
	return o->is_volatile ? fs_remove_tree(o->work_fd, "work/incompat", err) : 0;
}

/* Runtimes start themselves a second time from a copy that no container can write to (CVE-2019-5736).
 * crun sees when it runs from a sealed copy already: that saves its second start, 2 of its 7 ms, for
 * 0.1 ms of copying. runc's 10 MB take longer to copy than its own way. */
static int open_runtime(struct stage *s, struct err *err)
{
	const struct container_runtime *r = &s->spec.runtime;
	CLEANUP(fd_close) int file = -1;
	CLEANUP(fd_close) int copy = -1;
	struct stat st;
	uint64_t n;
	if (fs_open(AT_FDCWD, r->path, O_RDONLY, 0, &file, err) < 0)
		return err_wrap(err, "runtime");
	if (fstat(file, &st) < 0 || st.st_size > COPIED_RUNTIME_MAX) {
		s->runtime_fd = TAKE_FD(file);
		return 0;
	}
	if (sealed_new(r->name, &copy, err) < 0 || fs_copy_fd(file, copy, &n, err) < 0 ||
		sealed_close(copy, err) < 0)
		return err_wrap(err, "runtime");
	s->runtime_fd = TAKE_FD(copy);
	return 0;
}

static int make_folders(struct stage *s, struct err *err)
{
	static const char *const folders[] = {"rootfs", "points", "probe", "links", "etc", "copies",
		"late", "state", "upper", "work"};
	for (size_t i = 0; i < ARRAY_LEN(folders); i++)
		if (mkdirat(s->trees.base_fd, folders[i], 0755) < 0)
			return err_sys(err, "make folder '%s' of the bundle", folders[i]);
	int flags = O_RDONLY | O_DIRECTORY;
	if (fs_open(s->trees.base_fd, "links", flags, 0, &s->trees.links_fd, err) < 0)
		return -1;
	return fs_open(s->trees.base_fd, "points", flags, 0, &s->points_fd, err);
}

int stage_open(struct stage *s, struct err *err)
{
	if (open_layers(s, err) < 0 || open_runtime(s, err) < 0 ||
		trees_attach_base(&s->trees, err) < 0)
		return -1;
	return make_folders(s, err);
}

int stage_write(const struct stage *s, const char *path, struct str text, mode_t mode,
	struct err *err)
{
	CLEANUP(fd_close) int fd = -1;
	if (fs_open(s->trees.base_fd, path, O_WRONLY | O_CREAT | O_TRUNC, mode, &fd, err) < 0)
		return -1;
	return fs_write_fd(fd, text.p, text.n, err);
}
