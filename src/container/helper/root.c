#include "container/helper/root_priv.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

enum { MAX_LINKS = 40, NAMES_BYTES = 64 << 10, VALUE_BYTES = 64 << 10 };

static int open_below(int root_fd, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = {.flags = (uint64_t)(unsigned)flags | O_CLOEXEC | O_PATH,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve};
	for (int i = 0;; i++) {
		long fd = syscall(SYS_openat2, root_fd, path[0] ? path : ".", &how, sizeof(how));
		/* EAGAIN: something on the machine was renamed during a ".." */
		if (fd >= 0 || (errno != EINTR && errno != EAGAIN) || i == 256)
			return (int)fd;
		sched_yield();
	}
}

int root_open(int root_fd, const char *path, int flags)
{
	return open_below(root_fd, path, flags, 0);
}

bool root_is_below(const char *path, const char *folder)
{
	size_t n = strlen(folder);
	if (n == 1)
		return true;
	return strncmp(path, folder, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

bool root_is_process(const char *path)
{
	static const char *const names[] = {"self", "thread-self"};
	if (!root_is_below(path, "/proc") || !path[5])
		return false;
	struct str first = str_of(path + 6);
	ssize_t slash = str_chr(first, '/');
	if (slash >= 0)
		first = str_sub(first, 0, (size_t)slash);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_is(first, names[i]))
			return true;
	return first.n && ch_is_digit(first.p[0]);
}

/* ---- resolving ---- */

struct walk {
	int root_fd;
	struct root_place *place;
	char todo[PATH_MAX * 2]; /* what is left to walk */
	int n_links;
};

static int too_long(const char *path, struct err *err)
{
	return err_set(err, ERR_INPUT, "path '%.200s' is too long", path);
}

/* Up one folder. */
static void pop(struct root_place *p)
{
	char *slash = strrchr(p->path, '/');
	slash[slash == p->path] = '\0';
}

static int push(struct root_place *p, const char *name, struct err *err)
{
	size_t n = strlen(p->path);
	const char *slash = n == 1 ? "" : "/";
	int added = snprintf(p->path + n, sizeof(p->path) - n, "%s%s", slash, name);
	return added < 0 || (size_t)added >= sizeof(p->path) - n ? too_long(p->path, err) : 0;
}

/* What stands at place->path now, a symlink itself (O_PATH with O_NOFOLLOW). The parts before the last
 * are known to be real folders. */
static int open_here(const struct walk *w)
{
	return open_below(w->root_fd, w->place->path, O_NOFOLLOW, RESOLVE_NO_SYMLINKS);
}

static int look(const struct walk *w, struct stat *ret)
{
	CLEANUP(fd_close) int fd = open_here(w);
	return fd < 0 ? -1 : fstat(fd, ret);
}

/* Replaces the symlink at place->path by its target, in front of what is left to walk. */
static int follow(struct walk *w, struct err *err)
{
	char target[PATH_MAX], rest[sizeof(w->todo)];
	CLEANUP(fd_close) int fd = open_here(w);
	ssize_t n = fd < 0 ? -1 : readlinkat(fd, "", target, sizeof(target) - 1);
	if (n < 0)
		return err_sys(err, "read link '%s'", w->place->path);
	target[n] = '\0';
	if (++w->n_links > MAX_LINKS)
		return err_set(err, ERR_INPUT, "too many symlinks at '%s'", w->place->path);
	snprintf(rest, sizeof(rest), "%s", w->todo);
	int total = snprintf(w->todo, sizeof(w->todo), "%s/%s", target, rest);
	if (total < 0 || (size_t)total >= sizeof(w->todo))
		return too_long(target, err);
	if (target[0] == '/')
		w->place->path[1] = '\0';
	else
		pop(w->place);
	return 0;
}

static int step(struct walk *w, const char *name, struct err *err)
{
	struct root_place *p = w->place;
	struct stat st;
	if (strcmp(name, ".") == 0)
		return 0;
	if (strcmp(name, "..") == 0) {
		pop(p);
		p->exists = look(w, &st) == 0;
		p->type = p->exists ? st.st_mode & S_IFMT : 0;
		return 0;
	}
	if (p->exists && p->type != S_IFDIR)
		return err_set(err, ERR_INPUT, "'%s' is not a folder", p->path);
	bool may_exist = p->exists;
	if (push(p, name, err) < 0)
		return -1;
	p->exists = may_exist && look(w, &st) == 0;
	if (may_exist && !p->exists && errno != ENOENT)
		return err_sys(err, "look at '%s'", p->path);
	p->type = p->exists ? st.st_mode & S_IFMT : 0;
	if (p->type != S_IFLNK)
		return 0;
	p->type = S_IFDIR; /* the folder it stands in, or the root */
	return follow(w, err);
}

int root_resolve(int root_fd, const char *path, struct root_place *ret, struct err *err)
{
	struct walk w = {.root_fd = root_fd, .place = ret};
	*ret = (struct root_place){.path = "/", .exists = true, .type = S_IFDIR};
	if (strlen(path) >= PATH_MAX)
		return too_long(path, err);
	snprintf(w.todo, sizeof(w.todo), "%s", path);
	for (;;) {
		char name[NAME_MAX + 1];
		size_t start = strspn(w.todo, "/"), n = strcspn(w.todo + start, "/");
		if (!n)
			return 0;
		if (n > NAME_MAX)
			return too_long(w.todo, err);
		snprintf(name, sizeof(name), "%.*s", (int)n, w.todo + start);
		memmove(w.todo, w.todo + start + n, strlen(w.todo + start + n) + 1);
		if (step(&w, name, err) < 0)
			return -1;
	}
}

/* ---- mount points ---- */

static int copy_xattrs(int from_fd, int to_fd)
{
	CLEANUP(mem_free) char *names = mem_new(NAMES_BYTES, 1);
	CLEANUP(mem_free) char *value = mem_new(VALUE_BYTES, 1);
	ssize_t n = flistxattr(from_fd, names, NAMES_BYTES);
	if (n < 0)
		return errno == ENOTSUP ? 0 : -1;
	for (const char *name = names; name < names + n; name += strlen(name) + 1) {
		if (strncmp(name, "trusted.overlay.", 16) == 0)
			continue;
		ssize_t size = fgetxattr(from_fd, name, value, VALUE_BYTES);
		if (size < 0)
			return -1;
		/* Not every file system keeps every kind; then the container sees none of it. */
		if (fsetxattr(to_fd, name, value, (size_t)size, 0) < 0 && errno != ENOTSUP)
			return -1;
	}
	return 0;
}

static int copy_attributes(int from_fd, int to_fd)
{
	struct stat st;
	if (fstat(from_fd, &st) < 0 || fchown(to_fd, st.st_uid, st.st_gid) < 0 ||
		fchmod(to_fd, st.st_mode & 07777) < 0 || copy_xattrs(from_fd, to_fd) < 0)
		return -1;
	struct timespec times[2] = {st.st_atim, st.st_mtim};
	return futimens(to_fd, times);
}

/* A folder whose times we put back after something was made in it. */
struct kept_times {
	int fd;
	struct timespec times[2];
};

static int keep_times(int fd, struct kept_times *ret)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return -1;
	*ret = (struct kept_times){fd, {st.st_atim, st.st_mtim}};
	return 0;
}

/* mkdir that is fine with a folder that is there. 1 = it is new. */
static int make_folder(int dir_fd, const char *name)
{
	struct kept_times kept;
	if (keep_times(dir_fd, &kept) < 0)
		return -1;
	if (mkdirat(dir_fd, name, 0755) < 0)
		return errno == EEXIST ? 0 : -1;
	return futimens(dir_fd, kept.times) < 0 ? -1 : 1;
}

static int make_file(int dir_fd, const char *name)
{
	struct kept_times kept;
	if (keep_times(dir_fd, &kept) < 0)
		return -1;
	int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
	CLEANUP(fd_close) int file = openat(dir_fd, name, flags, 0644);
	return file < 0 ? -1 : futimens(dir_fd, kept.times);
}

static int copy_attributes_of(int root_fd, const char *path, int to_fd)
{
	CLEANUP(fd_close) int place = open_below(root_fd, path, O_DIRECTORY, 0);
	if (place < 0)
		return errno == ENOENT ? 0 : -1; /* the root has no such folder: it is ours alone */
	CLEANUP(fd_close) int readable = openat(place, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return readable < 0 ? -1 : copy_attributes(readable, to_fd);
}

/* The folder `name` in the layer, made like the root's `path` when it is new. */
static int enter(int root_fd, int *layer_fd, const char *path, const char *name)
{
	int is_new = make_folder(*layer_fd, name);
	if (is_new < 0)
		return -1;
	int fd = openat(*layer_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -1;
	fd_close(*layer_fd);
	*layer_fd = fd;
	return is_new ? copy_attributes_of(root_fd, path, fd) : 0;
}

static int add_point(int root_fd, int layer_fd, char *path, bool is_folder)
{
	CLEANUP(fd_close) int at = openat(layer_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char *name = path + 1;
	for (char *slash; at >= 0 && (slash = strchr(name, '/')); name = slash + 1) {
		*slash = '\0';
		int rc = enter(root_fd, &at, path, name);
		*slash = '/';
		if (rc < 0)
			return -1;
	}
	if (at < 0)
		return -1;
	return is_folder ? make_folder(at, name) : make_file(at, name);
}

int root_add_point(int root_fd, int layer_fd, const struct root_place *place, bool is_folder,
	struct err *err)
{
	char path[PATH_MAX];
	snprintf(path, sizeof(path), "%s", place->path);
	if (add_point(root_fd, layer_fd, path, is_folder) < 0)
		return err_sys(err, "make mount point '%s'", place->path);
	return 0;
}

int root_like(int root_fd, int layer_fd, struct err *err)
{
	if (copy_attributes_of(root_fd, "/", layer_fd) < 0)
		return err_sys(err, "copy attributes of the root");
	return 0;
}
