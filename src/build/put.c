#include "build/put.h"

#include "dockerfile/mode.h"
#include "fs/fs.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/xattr.h>

enum { FOLDER_MODE = 0755, FILE_MODE = 0644 };

static const struct stack nothing;

static const struct stack *below_of(const struct put *p)
{
	return p->below ? p->below : &nothing;
}

/* ---- attributes ---- */

static int set_owner(const struct put *p, int dir_fd, const char *name, uint32_t uid, uint32_t gid,
	struct err *err)
{
	if (p->has_owner) {
		uid = p->uid;
		gid = p->gid;
	}
	if ((uid || gid) && fchownat(dir_fd, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "set the owner of '%s'", name);
	return 0;
}

static int set_mode(int dir_fd, const char *name, mode_t mode, struct err *err)
{
	if (fchmodat(dir_fd, name, mode & 07777, 0) < 0)
		return err_sys(err, "set the mode of '%s'", name);
	return 0;
}

/* Extended attributes of a source, without overlay's own. */
static int copy_xattrs(int from_fd, int to_fd, struct err *err)
{
	char names[64 * 1024], value[64 * 1024];
	ssize_t n = flistxattr(from_fd, names, sizeof(names));
	if (n < 0)
		return errno == ENOTSUP ? 0 : err_sys(err, "list extended attributes");
	for (char *name = names; name < names + n; name += strlen(name) + 1) {
		if (strncmp(name, "trusted.overlay.", 16) == 0)
			continue;
		ssize_t size = fgetxattr(from_fd, name, value, sizeof(value));
		if (size < 0 || fsetxattr(to_fd, name, value, (size_t)size, 0) < 0)
			return err_sys(err, "copy extended attribute '%s'", name);
	}
	return 0;
}

/* ---- folders ---- */

/* Makes one folder in the tree as it is below, or new. */
static int make_folder(struct put *p, const char *path, const struct stack_place *as,
	struct err *err)
{
	if (mkdirat(p->tree_fd, path, FOLDER_MODE) < 0)
		return errno == EEXIST ? 0 : err_sys(err, "mkdir '%s'", path);
	if (!as) {
		if (set_mode(p->tree_fd, path, FOLDER_MODE, err) < 0)
			return -1;
		return set_owner(p, p->tree_fd, path, 0, 0, err);
	}
	CLEANUP(fd_close) int from = -1;
	CLEANUP(fd_close) int to = -1;
	if (stack_open(below_of(p), as, O_RDONLY | O_DIRECTORY, &from, err) < 0 ||
		fs_open(p->tree_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &to, err) < 0)
		return -1;
	if (fchown(to, as->st.st_uid, as->st.st_gid) < 0 || fchmod(to, as->st.st_mode & 07777) < 0)
		return err_sys(err, "set owner and mode of '%s'", path);
	return copy_xattrs(from, to, err);
}

/* Makes a resolved path's folders, each as it is below; *ret_made counts those not below. */
static int make_folders(struct put *p, const char *path, unsigned *ret_made, struct err *err)
{
	char part[PATH_MAX];
	size_t n = strlen(path);
	for (size_t i = 1; i <= n; i++) {
		struct stack_place at;
		struct err missing = {0};
		if (i < n && path[i] != '/')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		bool is_below = below_of(p)->n &&
			stack_find(below_of(p), str_of(part), STACK_NO_FOLLOW, p->arena, &at,
				&missing) == 0;
		if (make_folder(p, part, is_below ? &at : NULL, err) < 0)
			return -1;
		*ret_made += !is_below;
	}
	return 0;
}

/* Where an absolute target leads: symlinks below and in the tree itself are followed. */
static int resolve(struct put *p, struct str target, char **ret, bool *ret_exists, bool *ret_is_dir,
	struct err *err)
{
	CLEANUP(buf_done) struct buf clean = BUF(PATH_MAX - 1);
	const struct stack *below = below_of(p);
	int *all = ARENA_ARRAY(p->arena, int, below->n + 1);
	struct stack merged = {all, below->n + 1};
	struct stack_place at;
	struct str rest;
	all[0] = p->tree_fd;
	for (size_t i = 0; i < below->n; i++)
		all[i + 1] = below->tree_fds[i];
	path_clean(&clean, S("/"), target);
	if (buf_check(&clean, "target path", err) < 0)
		return -1;
	if (stack_find_deepest(&merged, buf_str(&clean), p->arena, &at, &rest, err) < 0) {
		if (err->kind == ERR_NOT_FOUND)
			err->kind = ERR_INPUT; /* a file where the target needs a folder */
		return -1;
	}
	bool is_root = strcmp(at.path, ".") == 0;
	while (rest.n && rest.p[0] == '/')
		rest = str_skip(rest, 1);
	while (rest.n && rest.p[rest.n - 1] == '/')
		rest.n--;
	*ret_exists = rest.n == 0;
	*ret_is_dir = rest.n == 0 && S_ISDIR(at.st.st_mode);
	if (!rest.n)
		*ret = at.path;
	else if (is_root)
		*ret = arena_cstr(p->arena, rest);
	else
		*ret = arena_cstr(p->arena, arena_fmt(p->arena, "%s/%.*s", at.path, STR_ARG(rest)));
	return 0;
}

int put_folder(struct put *p, struct str path, struct err *err)
{
	char *real;
	bool exists, is_dir;
	unsigned made = 0;
	if (resolve(p, path, &real, &exists, &is_dir, err) < 0)
		return -1;
	if (exists && !is_dir)
		return err_set(err, ERR_INPUT, "'%.*s' is a file, not a folder", STR_ARG(path));
	if (exists)
		return 0;
	if (make_folders(p, real, &made, err) < 0)
		return -1;
	return made > 0;
}

int put_resolve_folder(struct put *p, struct str path, char **ret, struct err *err)
{
	bool exists, is_dir;
	unsigned made = 0;
	if (resolve(p, path, ret, &exists, &is_dir, err) < 0)
		return -1;
	if (exists && !is_dir)
		return err_set(err, ERR_INPUT, "'%.*s' is a file, not a folder", STR_ARG(path));
	return strcmp(*ret, ".") == 0 ? 0 : make_folders(p, *ret, &made, err);
}

/* ---- entries ---- */

mode_t put_mode(struct str chmod, mode_t mode)
{
	struct err cannot = {0}; /* the text was checked when the step was planned */
	uint32_t changed;
	if (chmod.n && mode_change(chmod, mode & 07777, S_ISDIR(mode), &changed, &cannot) == 0)
		return changed;
	return mode & 07777;
}

/* What is at a path of the tree or below it; 1 = something (st is set), 0 = nothing. */
static int look(struct put *p, const char *path, struct stat *ret_st, struct err *err)
{
	struct stack_place at;
	struct err missing = {0};
	if (fstatat(p->tree_fd, path, ret_st, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	if (errno != ENOENT && errno != ENOTDIR)
		return err_sys(err, "stat '%s'", path);
	if (!below_of(p)->n)
		return 0;
	if (stack_find(below_of(p), str_of(path), STACK_NO_FOLLOW, p->arena, &at, &missing) == 0) {
		*ret_st = at.st;
		return 1;
	}
	if (missing.kind == ERR_NOT_FOUND)
		return 0;
	*err = missing;
	return -1;
}

/* Frees the name for something that is no folder. */
static int clear_name(struct put *p, const char *path, struct err *err)
{
	struct stat st;
	int found = look(p, path, &st, err);
	if (found <= 0)
		return found;
	if (S_ISDIR(st.st_mode))
		return err_set(err, ERR_INPUT, "cannot replace the folder '/%s' by a file", path);
	if (unlinkat(p->tree_fd, path, 0) < 0 && errno != ENOENT)
		return err_sys(err, "remove '%s'", path);
	return 0;
}

static mode_t mode_for(const struct put *p, mode_t mode)
{
	return put_mode(p->chmod, mode);
}

static int one_folder(struct put *p, const char *path, const struct view_entry *e, bool is_nested,
	struct err *err)
{
	struct stat st;
	int found = look(p, path, &st, err);
	if (found < 0)
		return -1;
	if (found && !S_ISDIR(st.st_mode))
		return err_set(err, ERR_INPUT, "cannot copy a folder over the file '/%s'", path);
	if (found && !is_nested) { /* an existing target keeps what it is */
		unsigned made = 0;
		return strcmp(path, ".") == 0 ? 0 : make_folders(p, path, &made, err);
	}
	if (mkdirat(p->tree_fd, path, FOLDER_MODE) < 0 && errno != EEXIST)
		return err_sys(err, "mkdir '%s'", path);
	if (set_mode(p->tree_fd, path, is_nested ? mode_for(p, e->st.st_mode) : FOLDER_MODE, err) <
		0)
		return -1;
	return set_owner(p, p->tree_fd, path, is_nested ? e->st.st_uid : 0,
		is_nested ? e->st.st_gid : 0, err);
}

/* Copies an open file's bytes and sets mode and owner. */
static int write_bytes(struct put *p, const char *path, int in, const struct stat *st, int *ret_fd,
	struct err *err)
{
	uint64_t n;
	if (fs_open(p->tree_fd, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600, ret_fd, err) <
			0 ||
		fs_copy_fd(in, *ret_fd, &n, err) < 0)
		return -1;
	uint32_t uid = p->has_owner ? p->uid : st->st_uid, gid = p->has_owner ? p->gid : st->st_gid;
	if ((uid || gid) && fchown(*ret_fd, uid, gid) < 0)
		return err_sys(err, "set the owner of '%s'", path);
	if (fchmod(*ret_fd, mode_for(p, st->st_mode)) < 0)
		return err_sys(err, "set the mode of '%s'", path);
	return 0;
}

static int one_file(struct put *p, const char *path, struct view *from, const struct view_entry *e,
	struct err *err)
{
	CLEANUP(fd_close) int in = -1;
	CLEANUP(fd_close) int out = -1;
	struct timespec times[2] = {e->st.st_mtim, e->st.st_mtim};
	if (from->open(from, e, &in, err) < 0 || write_bytes(p, path, in, &e->st, &out, err) < 0)
		return -1;
	if (from->is_context)
		return 0;
	if (copy_xattrs(in, out, err) < 0)
		return -1;
	if (futimens(out, times) < 0)
		return err_sys(err, "set the times of '%s'", path);
	return 0;
}

static int one_special(struct put *p, const char *path, const struct selected *s, struct err *err)
{
	const struct stat *st = &s->entry.st;
	int rc = S_ISLNK(st->st_mode)
		? symlinkat(s->link.p, p->tree_fd, path)
		: mknodat(p->tree_fd, path, (st->st_mode & S_IFMT) | 0600, st->st_rdev);
	if (rc < 0)
		return err_sys(err, "make '%s'", path);
	if (set_owner(p, p->tree_fd, path, st->st_uid, st->st_gid, err) < 0)
		return -1;
	if (S_ISLNK(st->st_mode))
		return 0;
	return set_mode(p->tree_fd, path, mode_for(p, st->st_mode), err);
}

static int one_entry(struct put *p, struct view *from, const char *path, const struct selected *s,
	bool is_nested, struct err *err)
{
	mode_t type = s->entry.st.st_mode & S_IFMT;
	if (cancel_check(p->cancel, err) < 0)
		return -1;
	if (type == S_IFDIR)
		return one_folder(p, path, &s->entry, is_nested, err);
	if (clear_name(p, path, err) < 0)
		return -1;
	if (type == S_IFREG)
		return one_file(p, path, from, &s->entry, err);
	return one_special(p, path, s, err);
}

/* Names of files that share an inode, so that a second name becomes a link to the first. */
struct linked {
	ino_t inode;
	dev_t device;
	const char *path;
};
VEC_TYPE(linked_vec, struct linked);

/* 1 = made as a link to a name put before, 0 = no such name. */
static int one_link(struct put *p, struct linked_vec *seen, const struct view_entry *e,
	const char *path, struct err *err)
{
	if (!S_ISREG(e->st.st_mode) || e->st.st_nlink < 2)
		return 0;
	VEC_EACH(seen, l) {
		if (l->inode != e->st.st_ino || l->device != e->st.st_dev)
			continue;
		if (clear_name(p, path, err) < 0)
			return -1;
		if (linkat(p->tree_fd, l->path, p->tree_fd, path, 0) < 0)
			return err_sys(err, "link '%s'", path);
		return 1;
	}
	vec_push(seen, ((struct linked){e->st.st_ino, e->st.st_dev, path}));
	return 0;
}

static int put_root(struct put *p, struct view *from, const struct selection *s,
	const struct select_root *root, const char *target, struct err *err)
{
	struct linked_vec seen = {0};
	int rc = 0;
	for (size_t i = 0; rc >= 0 && i < root->n; i++) {
		const struct selected *one = &s->all.p[root->first + i];
		const char *path = target;
		if (one->name.n && strcmp(target, ".") == 0)
			path = one->name.p;
		else if (one->name.n)
			path = arena_fmt(p->arena, "%s/%.*s", target, STR_ARG(one->name)).p;
		rc = from->is_context ? 0 : one_link(p, &seen, &one->entry, path, err);
		if (rc == 0)
			rc = one_entry(p, from, path, one, one->name.n > 0, err);
	}
	vec_done(&seen);
	return rc < 0 ? -1 : 0;
}

/* The path a file gets: inside target when that is or must be a folder, else target itself. */
static int file_path(struct put *p, struct str target, bool is_folder, struct str base, char **ret,
	struct err *err)
{
	bool exists, is_dir;
	unsigned made = 0;
	if (resolve(p, target, ret, &exists, &is_dir, err) < 0)
		return -1;
	if (is_folder && exists && !is_dir)
		return err_set(err, ERR_INPUT, "'%.*s' is a file, not a folder", STR_ARG(target));
	if (is_folder || is_dir) {
		if (strcmp(*ret, ".") != 0 && make_folders(p, *ret, &made, err) < 0)
			return -1;
		if (strcmp(*ret, ".") == 0)
			*ret = arena_cstr(p->arena, base);
		else
			*ret = arena_cstr(p->arena,
				arena_fmt(p->arena, "%s/%.*s", *ret, STR_ARG(base)));
		return 0;
	}
	struct str folder = path_dir(str_of(*ret));
	if (str_is(folder, "."))
		return 0;
	return make_folders(p, arena_cstr(p->arena, folder), &made, err);
}

int put_selection(struct put *p, struct view *from, const struct selection *s, struct str target,
	bool is_folder, struct err *err)
{
	for (size_t i = 0; i < s->roots.n; i++) {
		const struct select_root *root = &s->roots.p[i];
		struct str into = target;
		char *path;
		if (root->parents.n)
			into = arena_fmt(p->arena, "%.*s/%.*s", STR_ARG(target),
				STR_ARG(root->parents));
		int rc = root->is_dir
			? put_resolve_folder(p, into, &path, err)
			: file_path(p, into, is_folder || root->parents.n, root->base, &path, err);
		if (rc < 0 || put_root(p, from, s, root, path, err) < 0)
			return -1;
	}
	return 0;
}

int put_bytes(struct put *p, struct str target, bool is_folder, struct str name, struct str bytes,
	mode_t mode, struct err *err)
{
	char *path;
	if (file_path(p, target, is_folder, name, &path, err) < 0 || clear_name(p, path, err) < 0 ||
		fs_write_file(p->tree_fd, path, bytes, mode_for(p, mode), FS_NO_SYNC, err) < 0 ||
		set_mode(p->tree_fd, path, mode_for(p, mode), err) < 0)
		return -1;
	return set_owner(p, p->tree_fd, path, 0, 0, err);
}

int put_fd(struct put *p, struct str target, bool is_folder, struct str name, int fd,
	const struct stat *st, struct err *err)
{
	CLEANUP(fd_close) int out = -1;
	char *path;
	if (file_path(p, target, is_folder, name, &path, err) < 0 || clear_name(p, path, err) < 0)
		return -1;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(err, "read '%s' again", path);
	return write_bytes(p, path, fd, st, &out, err);
}
