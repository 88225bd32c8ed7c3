#include "container/helper/box_priv.h"
#include "container/helper/mount_priv.h"
#include "container/helper/mountinfo_priv.h"
#include "fs/fs.h"

#include <fcntl.h>

/* A cluster's node may have thousands, one for each secret of each pod: what is beyond is not shown. */
enum { HOST_MOUNTS_MAX = 500, MOUNTINFO_MAX = 16 << 20 };

/* ---- what is on the host ---- */

static bool is_ours(const char *path)
{
	static const char *const made_anew[] = {"/proc", "/sys", "/dev", "/tmp"};
	for (size_t i = 0; i < ARRAY_LEN(made_anew); i++)
		if (root_is_below(path, made_anew[i]))
			return true;
	return strcmp(path, "/") == 0;
}

static bool is_hidden(const struct box *b, const char *path)
{
	for (size_t i = 0; b->spec.hidden && b->spec.hidden[i]; i++)
		if (root_is_below(path, b->spec.hidden[i]))
			return true;
	return false;
}

/* Roots of other containers, as docker, containerd and podman mount them. */
static bool is_other_container(const struct mountinfo *m)
{
	struct str name = path_base(str_of(m->path));
	return str_is(m->type, "overlay") && (str_is(name, "merged") || str_is(name, "rootfs"));
}

static bool is_known(const struct box *b, const char *path)
{
	VEC_EACH(&b->host, h)
		if (strcmp(h->path, path) == 0)
			return true;
	return false;
}

static int list_host_mounts(struct box *b, struct err *err)
{
	CLEANUP(buf_done) struct buf text = BUF(MOUNTINFO_MAX);
	struct mountinfo m;
	if (fs_read_file(AT_FDCWD, "/proc/self/mountinfo", &text, err) < 0)
		return -1;
	struct str rest = buf_str(&text);
	while (b->host.n < HOST_MOUNTS_MAX && mountinfo_next(&rest, &m)) {
		if (is_ours(m.path) || mountinfo_is_kernels(m.type) || is_hidden(b, m.path) ||
			is_other_container(&m) || is_known(b, m.path))
			continue;
		int fd = open(m.path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			continue; /* covered by another one, or gone: nothing to show */
		struct host_mount *h = vec_add(&b->host);
		snprintf(h->path, sizeof(h->path), "%s", m.path);
		h->fd = fd;
	}
	return 0;
}

static int open_lowers(struct box *b, struct err *err)
{
	const struct sandbox_spec *s = &b->spec;
	int fd;
	for (size_t i = s->n_lowers; i-- > 0;) {
		if (fs_open(AT_FDCWD, s->lowers[i], O_PATH | O_DIRECTORY, 0, &fd, err) < 0)
			return err_wrap(err, "tree");
		vec_push(&b->lowers, fd);
	}
	if (s->n_lowers)
		return 0;
	if (fs_open(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0, &fd, err) < 0)
		return -1;
	vec_push(&b->lowers, fd);
	return list_host_mounts(b, err);
}

/* ---- our own folder ---- */

static int attach_base(struct box *b, struct err *err)
{
	CLEANUP(fd_close) int scratch = -1;
	CLEANUP(fd_close) int empty = -1;
	static const char *const folders[] = {"root", "links", "copies", "uppers"};
	int flags = O_RDONLY | O_DIRECTORY;
	if (b->spec.scratch && fs_open(AT_FDCWD, b->spec.scratch, flags, 0, &scratch, err) < 0)
		return -1;
	if (trees_attach_base(&b->trees, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(folders); i++)
		if (mkdirat(b->trees.base_fd, folders[i], 0755) < 0)
			return err_sys(err, "make folder '%s'", folders[i]);
	if (fs_open(b->trees.base_fd, "empty", O_WRONLY | O_CREAT, 0444, &empty, err) < 0 ||
		fs_open(b->trees.base_fd, "links", flags, 0, &b->trees.links_fd, err) < 0)
		return -1;
	b->uppers_fd = TAKE_FD(scratch);
	return b->uppers_fd >= 0
		? 0
		: fs_open(b->trees.base_fd, "uppers", flags, 0, &b->uppers_fd, err);
}

/* ---- overlays ---- */

static int make_upper(int uppers_fd, size_t number, const char *kind, int like_fd, int *ret_fd,
	struct err *err)
{
	char path[40];
	snprintf(path, sizeof(path), "%zu/%s", number, kind);
	if (fs_mkdirs(uppers_fd, path, 0755, err) < 0 ||
		fs_open(uppers_fd, path, O_RDONLY | O_DIRECTORY, 0, ret_fd, err) < 0)
		return -1;
	return like_fd < 0 ? 0 : root_like(like_fd, *ret_fd, err);
}

static int mount_over(struct box *b, const struct fd_vec *lowers, size_t number, const char *target,
	struct err *err)
{
	CLEANUP(fd_close) int upper = -1;
	CLEANUP(fd_close) int work = -1;
	if (make_upper(b->uppers_fd, number, "upper", lowers->p[0], &upper, err) < 0 ||
		make_upper(b->uppers_fd, number, "work", -1, &work, err) < 0)
		return -1;
	struct overlay o = {
		.lowers = *lowers, .upper_fd = upper, .work_fd = work, .is_volatile = true};
	if (overlay_mount(&o, b->trees.links_fd, target, err) < 0)
		return -1;
	return fchdir(b->trees.base_fd) < 0 ? err_sys(err, "enter our folder") : 0;
}

/* On disk; in memory where the disk's file system cannot be an upper (an overlay itself, NFS). */
static int mount_root(struct box *b, struct err *err)
{
	struct err first = {0};
	if (mount_over(b, &b->lowers, 0, "../root", &first) < 0) {
		if (!b->spec.scratch) {
			*err = first;
			return -1;
		}
		fd_close(b->uppers_fd);
		int flags = O_RDONLY | O_DIRECTORY;
		if (fs_open(b->trees.base_fd, "uppers", flags, 0, &b->uppers_fd, err) < 0 ||
			mount_over(b, &b->lowers, 0, "../root", err) < 0)
			return -1;
	}
	return fs_open(b->trees.base_fd, "root", O_PATH | O_DIRECTORY, 0, &b->root_fd, err);
}

/* One of the host's further file systems: under an overlay of its own; read-only when its kind
 * cannot be one. */
static int add_host_mount(struct box *b, size_t i, struct err *err)
{
	const struct host_mount *h = &b->host.p[i];
	struct err ignored; /* why it cannot be an overlay */
	char target[PATH_MAX + 16];
	CLEANUP(fd_close) int tree = -1;
	struct fd_vec lowers = {.p = &b->host.p[i].fd, .n = 1};
	snprintf(target, sizeof(target), "../root%s", h->path);
	if (trees_is_folder(h->fd) && mount_over(b, &lowers, i + 1, target, &ignored) == 0)
		return 0;
	if (mount_clone(h->fd, true, &tree, err) < 0)
		return err_wrap(err, "host's '%s'", h->path);
	return trees_attach(b->root_fd, tree, h->path, err);
}

int box_overlays(struct box *b, struct err *err)
{
	if (open_lowers(b, err) < 0 || attach_base(b, err) < 0 || mount_root(b, err) < 0)
		return -1;
	for (size_t i = 0; i < b->host.n; i++)
		if (add_host_mount(b, i, err) < 0)
			return -1;
	return 0;
}
