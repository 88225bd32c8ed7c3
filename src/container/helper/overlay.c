#include "container/helper/overlay_priv.h"

#include "base/buf.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

void fd_vec_done(struct fd_vec *v)
{
	VEC_EACH(v, fd)
		fd_close(*fd);
	vec_done(v);
}

/* overlayfs refuses a folder that is there twice. The lower one could not be seen anyway: what it
 * brings, the upper one brings again. */
static bool has_lower(const struct overlay *o, int fd)
{
	struct stat st, other;
	if (fstat(fd, &st) < 0)
		return false;
	VEC_EACH(&o->lowers, each)
		if (fstat(*each, &other) == 0 && other.st_ino == st.st_ino &&
			other.st_dev == st.st_dev)
			return true;
	return false;
}

int overlay_add_lower(struct overlay *o, const char *path, struct err *err)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		int number = errno;
		err_sys(err, "open tree '%s'", path);
		if (number == ENOENT || number == ENOTDIR)
			err->kind = ERR_NOT_FOUND;
		return -1;
	}
	if (has_lower(o, fd))
		close(fd);
	else
		vec_push(&o->lowers, fd);
	return 0;
}

static int make_link(int links_fd, const char *name, int fd, struct err *err)
{
	char target[40];
	snprintf(target, sizeof(target), "/proc/self/fd/%d", fd);
	if ((unlinkat(links_fd, name, 0) < 0 && errno != ENOENT) ||
		symlinkat(target, links_fd, name) < 0)
		return err_sys(err, "make link '%s'", name);
	return 0;
}

/* Without an upper folder overlayfs wants two lower ones. */
static int add_empty(const struct overlay *o, int links_fd, struct buf *options, struct err *err)
{
	size_t want = o->upper_fd >= 0 ? 1 : 2;
	char name[24];
	for (size_t i = o->lowers.n; i < want; i++) {
		snprintf(name, sizeof(name), "e%zu", i);
		if (mkdirat(links_fd, name, 0755) < 0 && errno != EEXIST)
			return err_sys(err, "make an empty layer");
		buf_fmt(options, "%s%s", i ? ":" : "", name);
	}
	return 0;
}

static int add_layers(const struct overlay *o, int links_fd, struct buf *options, struct err *err)
{
	char name[24];
	buf_add_cstr(options, "lowerdir=");
	for (size_t i = 0; i < o->lowers.n; i++) {
		snprintf(name, sizeof(name), "%zu", i);
		if (make_link(links_fd, name, o->lowers.p[i], err) < 0)
			return -1;
		buf_fmt(options, "%s%s", i ? ":" : "", name);
	}
	if (add_empty(o, links_fd, options, err) < 0)
		return -1;
	if (o->upper_fd < 0)
		return 0;
	buf_add_cstr(options, ",upperdir=u,workdir=w");
	return make_link(links_fd, "u", o->upper_fd, err) < 0 ||
			make_link(links_fd, "w", o->work_fd, err) < 0
		? -1
		: 0;
}

int overlay_mount(const struct overlay *o, int links_fd, const char *target, struct err *err)
{
	CLEANUP(buf_done) struct buf options = BUF(4000); /* mount(2): one page */
	if (add_layers(o, links_fd, &options, err) < 0)
		return -1;
	buf_add_cstr(&options, ",index=off,redirect_dir=off,metacopy=off,xino=on");
	if (o->is_volatile && o->upper_fd >= 0)
		buf_add_cstr(&options, ",volatile");
	if (buf_check(&options, "list of layers", err) < 0)
		return -1;
	unsigned long flags = o->has_no_devices ? MS_NODEV : 0;
	if (fchdir(links_fd) < 0)
		return err_sys(err, "enter the folder of layers");
	if (mount("overlay", target, "overlay", flags, buf_cstr(&options)) < 0)
		return err_sys(err, "mount an overlay of %zu layers", o->lowers.n);
	return 0;
}
