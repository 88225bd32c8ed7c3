/* What a path in a command's arguments leads to, as the steps of the job see it. */
#include "runner.h"

#include "fs/fs.h"

#include <fcntl.h>

enum { PATH_ROOM = 8192 };

/* The part of an absolute path below a folder; p NULL when it is elsewhere. */
static struct str below(struct str path, const char *folder)
{
	struct str f = str_of(folder);
	if (!str_starts(path, f) || (path.n > f.n && path.p[f.n] != '/'))
		return STR_NONE;
	return path.n > f.n ? str_skip(path, f.n + 1) : S(".");
}

/* Clean, so that ".." cannot climb out of a folder's name; links inside are resolved later. */
static int find_folder(const struct runner_command *c, const char *path, struct buf *ret_inside,
	const struct runner_folder **ret, struct err *err)
{
	CLEANUP(buf_done) struct buf clean = BUF(PATH_ROOM);
	path_clean(&clean, path[0] == '/' ? S("/") : str_of(c->folders[0].path), str_of(path));
	if (buf_check(&clean, "path", err) < 0)
		return -1;
	for (size_t i = 0; i < c->n_folders; i++) {
		struct str inside = below(buf_str(&clean), c->folders[i].path);
		if (!inside.p)
			continue;
		buf_add(ret_inside, inside);
		*ret = &c->folders[i];
		return buf_check(ret_inside, "path", err);
	}
	err_set(err, ERR_DENIED, "'%s' is outside of the workspace", path);
	return err_hint(err, "only files of the workspace and RUNNER_TEMP can be used here");
}

/* /proc/self/fd/N of a file that the runner made for this command. */
static int granted(const struct runner_command *c, const char *path)
{
	char name[64];
	for (const int *fd = c->granted_fds; fd && *fd > 0; fd++) {
		snprintf(name, sizeof(name), "/proc/self/fd/%d", *fd);
		if (strcmp(path, name) == 0)
			return *fd;
	}
	return -1;
}

int runner_open_in(const struct runner_command *c, const char *path, int flags, int *ret_fd,
	struct err *err)
{
	CLEANUP(buf_done) struct buf inside = BUF(PATH_ROOM);
	const struct runner_folder *f;
	int own = granted(c, path);
	if (own >= 0) {
		*ret_fd = fcntl(own, F_DUPFD_CLOEXEC, 3);
		return *ret_fd < 0 ? err_sys(err, "open '%s'", path) : 0;
	}
	if (find_folder(c, path, &inside, &f, err) < 0)
		return -1;
	return fs_open_in(f->fd, buf_cstr(&inside), flags, 0, ret_fd, err);
}

int runner_parent_in(const struct runner_command *c, const char *path, struct arena *a,
	int *ret_dir_fd, const char **ret_name, struct err *err)
{
	CLEANUP(buf_done) struct buf inside = BUF(PATH_ROOM);
	const struct runner_folder *f;
	const char *name;
	if (find_folder(c, path, &inside, &f, err) < 0 ||
		fs_parent_in(f->fd, buf_cstr(&inside), 0755, ret_dir_fd, &name, err) < 0)
		return -1;
	*ret_name = arena_cstr(a, str_of(name));
	return 0;
}
