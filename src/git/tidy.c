#include "git/git_priv.h"

#include "base/vec.h"
#include "fs/fs.h"

#include <fcntl.h>

/* What git makes again, or does without. Each can name a program to run or files to believe:
 * configuration (filters, core.sshCommand, include), hooks, attributes, borrowed objects. */
static const char *const untrusted[] = {"config", "config.worktree", "commondir", "hooks", "info",
	"objects/info/alternates", "objects/info/http-alternates", "index.lock", "shallow.lock",
	"HEAD.lock"};

typedef int (*found_fn)(int root_fd, const char *path, int folder_fd, struct err *err);

VEC_TYPE(path_vec, char *);

static void path_vec_done(struct path_vec *v)
{
	VEC_EACH(v, p)
		free(*p);
	vec_done(v);
}
CLEANUP_VAL(path_vec_done, struct path_vec);

/* Remembers the folders in one folder; 1 when it has a ".git" and so is a submodule. */
static int look_into(int fd, const char *path, struct path_vec *todo, struct err *err)
{
	CLEANUP(fs_entries_done) struct fs_entries all = {0};
	bool is_top = strcmp(path, ".") == 0, is_submodule = false;
	if (fs_list(fd, &all, err) < 0)
		return -1;
	VEC_EACH(&all, e) {
		CLEANUP(buf_done) struct buf below = BUF(GIT_PATH_MAX);
		bool is_git = strcmp(e->name, ".git") == 0;
		is_submodule = is_submodule || (is_git && !is_top);
		if (is_git || e->type != DT_DIR)
			continue;
		buf_fmt(&below, "%s/%s", path, e->name);
		if (!below.is_over) /* git makes nothing deeper */
			vec_push(todo, buf_take(&below));
	}
	return is_submodule;
}

/* Calls found for every folder below root that has a ".git" of its own. */
static int each_submodule(int root_fd, found_fn found, struct err *err)
{
	CLEANUP(path_vec_done) struct path_vec todo = {0};
	vec_push(&todo, mem_cstr("."));
	while (todo.n) {
		CLEANUP(mem_free) char *path = vec_pop(&todo);
		CLEANUP(fd_close) int fd = -1;
		struct err why;
		if (fs_open_in(root_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &fd, &why) <
			0) {
			if (why.kind == ERR_NOT_FOUND)
				continue; /* found has removed it */
			*err = why;
			return -1;
		}
		int rc = look_into(fd, path, &todo, err);
		if (rc > 0)
			rc = found(root_fd, path, fd, err);
		if (rc < 0)
			return -1;
	}
	return 0;
}

static int remove_git(int root_fd, const char *path, int folder_fd, struct err *err)
{
	return fs_remove_tree(folder_fd, ".git", err);
}

static int empty_folder(int root_fd, const char *path, int folder_fd, struct err *err)
{
	CLEANUP(fs_entries_done) struct fs_entries all = {0};
	if (fs_list(folder_fd, &all, err) < 0)
		return -1;
	VEC_EACH(&all, e)
		if (fs_remove_tree(folder_fd, e->name, err) < 0)
			return -1;
	return 0;
}

/* Objects or files cannot be used without what the configuration said of them: sha256, some
 * missing and promised, some not checked out. */
static bool needs_its_config(int git_fd)
{
	CLEANUP(buf_done) struct buf text = BUF(1 << 20);
	struct err ignored;
	if (fs_read_file_in(git_fd, "config", &text, &ignored) < 0)
		return true;
	for (size_t i = 0; i < text.n; i++)
		text.p[i] = ch_lower(text.p[i]);
	return str_has(buf_str(&text), S("extensions")) || str_has(buf_str(&text), S("promisor")) ||
		str_has(buf_str(&text), S("sparse"));
}

static bool is_usable(int git_fd, struct err *err)
{
	CLEANUP(fs_entries_done) struct fs_entries all = {0};
	int n_needed = 0;
	if (fs_list(git_fd, &all, err) < 0)
		return false;
	VEC_EACH(&all, e) {
		if (e->type == DT_LNK)
			return false; /* leads who knows where */
		n_needed += (strcmp(e->name, "HEAD") == 0 && e->type == DT_REG) ||
			(strcmp(e->name, "objects") == 0 && e->type == DT_DIR) ||
			(strcmp(e->name, "refs") == 0 && e->type == DT_DIR);
	}
	return n_needed == 3 && !needs_its_config(git_fd);
}

int git_tidy(int dir_fd, struct err *err)
{
	struct err why;
	CLEANUP(fd_close) int git_fd = -1;
	if (fs_open(dir_fd, ".git", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &git_fd, &why) < 0 ||
		!is_usable(git_fd, &why))
		return fs_remove_tree(dir_fd, ".git", err);
	for (size_t i = 0; i < ARRAY_LEN(untrusted); i++)
		if (fs_remove_tree(git_fd, untrusted[i], err) < 0)
			return -1;
	/* The repositories of submodules have all this, too: they are fetched again. */
	struct stat st;
	if (fstatat(git_fd, "modules", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		(each_submodule(dir_fd, empty_folder, err) < 0 ||
			fs_remove_tree(git_fd, "modules", err) < 0))
		return -1;
	return 1;
}

int git_remove_dirs(int dir_fd, struct err *err)
{
	struct stat st;
	bool has_modules = fstatat(dir_fd, ".git/modules", &st, AT_SYMLINK_NOFOLLOW) == 0;
	if (has_modules && each_submodule(dir_fd, remove_git, err) < 0)
		return -1;
	return fs_remove_tree(dir_fd, ".git", err);
}
