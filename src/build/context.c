#include "build/context.h"

#include "base/clock.h"
#include "base/map.h"
#include "build/view_stack.h"
#include "fs/fs.h"
#include "glob/ignore.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>

enum { SYMLINKS_MAX = 40, DEPTH_MAX = 500 };

/* What is known of a path; made on first look. */
struct node {
	bool exists;
	struct stat st;
	char **names; /* folders: visible names, once listed */
	size_t n_names;
	bool is_listed;
};

struct context {
	struct view view;
	char dir[PATH_MAX];
	int root_fd;
	bool is_git;
	const char *ignore_file;
	struct ignore *ignore;   /* NULL = nothing is hidden */
	struct statcache *cache; /* NULL = none */
	pthread_mutex_t lock;    /* over nodes and arena */
	struct map nodes;        /* path -> struct node * */
	struct arena arena;
};

static int list_folder(struct context *c, struct str path, unsigned depth, struct node *n,
	struct err *err);

/* git knows two modes of files. */
static mode_t git_mode(mode_t mode)
{
	if (S_ISREG(mode))
		return S_IFREG | (mode & S_IXUSR ? 0755 : 0644);
	if (S_ISDIR(mode))
		return S_IFDIR | 0755;
	return mode;
}

static struct node *add_node(struct context *c, struct str path, const struct stat *st)
{
	struct node *n = ARENA_NEW(&c->arena, struct node);
	if (st) {
		n->exists = true;
		n->st = *st;
		n->st.st_uid = n->st.st_gid = 0;
		if (c->is_git)
			n->st.st_mode = git_mode(n->st.st_mode);
	}
	map_put(&c->nodes, path, n);
	return n;
}

/* The node of a path without symlinks in its folders. */
static int node_of(struct context *c, struct str path, struct node **ret, struct err *err)
{
	struct stat st;
	char name[PATH_MAX];
	*ret = map_get(&c->nodes, path);
	if (*ret)
		return 0;
	if (path.n >= sizeof(name))
		return err_set(err, ERR_LIMIT, "path '%.*s' is too long", STR_ARG(path));
	memcpy(name, path.p, path.n);
	name[path.n] = '\0';
	bool exists = fstatat(c->root_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
	if (!exists && errno != ENOENT && errno != ENOTDIR)
		return err_sys(err, "stat '%s'", name);
	*ret = add_node(c, path, exists ? &st : NULL);
	return 0;
}

static bool is_ignored(const struct context *c, struct str path)
{
	return c->ignore && !str_is(path, ".") && ignore_matches(c->ignore, path);
}

/* A hidden folder is still there when something below it is not hidden. */
static int is_visible(struct context *c, struct str path, struct node *n, unsigned depth,
	struct err *err)
{
	if (!is_ignored(c, path))
		return 1;
	if (!S_ISDIR(n->st.st_mode) || !ignore_may_return_below(c->ignore, path))
		return 0;
	if (list_folder(c, path, depth, n, err) < 0)
		return -1;
	return n->n_names > 0;
}

static int list_folder(struct context *c, struct str path, unsigned depth, struct node *n,
	struct err *err)
{
	CLEANUP(fd_close) int fd = -1;
	CLEANUP(fs_entries_done) struct fs_entries entries = {0};
	bool is_root = str_is(path, ".");
	if (n->is_listed)
		return 0;
	if (depth > DEPTH_MAX)
		return err_set(err, ERR_LIMIT, "'%.*s' is nested deeper than %d folders",
			STR_ARG(path), DEPTH_MAX);
	if (fs_open_in(c->root_fd, arena_cstr(&c->arena, path), O_RDONLY | O_DIRECTORY, 0, &fd,
		    err) < 0 ||
		fs_list(fd, &entries, err) < 0)
		return -1;
	n->names = ARENA_ARRAY(&c->arena, char *, entries.n + 1);
	VEC_EACH(&entries, e) {
		struct str name = arena_str(&c->arena, str_of(e->name));
		struct str below =
			is_root ? name : arena_fmt(&c->arena, "%.*s/%s", STR_ARG(path), name.p);
		struct node *child = map_get(&c->nodes, below);
		struct stat st;
		if (!child) {
			if (fstatat(fd, name.p, &st, AT_SYMLINK_NOFOLLOW) < 0)
				continue; /* gone meanwhile */
			child = add_node(c, below, &st);
		}
		int visible = child->exists ? is_visible(c, below, child, depth + 1, err) : 0;
		if (visible < 0)
			return -1;
		if (visible)
			n->names[n->n_names++] = arena_cstr(&c->arena, name);
	}
	n->is_listed = true;
	return 0;
}

/* ---- finding a path ---- */

struct finding {
	struct context *c;
	struct buf path; /* resolved so far, "" = the root */
	struct buf left;
	unsigned n_symlinks;
};

static int follow(struct finding *f, struct err *err)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(f->c->root_fd, buf_cstr(&f->path), target, sizeof(target) - 1);
	if (n < 0)
		return err_sys(err, "readlink '%s'", buf_cstr(&f->path));
	if (++f->n_symlinks > SYMLINKS_MAX)
		return err_set(err, ERR_INPUT, "too many symlinks in '%s'", buf_cstr(&f->path));
	CLEANUP(buf_done) struct buf left = BUF(2 * PATH_MAX);
	buf_add_bytes(&left, target, (size_t)n);
	buf_add_ch(&left, '/');
	buf_add(&left, buf_str(&f->left));
	buf_clear(&f->left);
	buf_add(&f->left, buf_str(&left));
	struct str up = path_dir(buf_str(&f->path));
	buf_cut(&f->path, n && target[0] == '/' ? 0 : str_is(up, ".") ? 0 : up.n);
	return buf_check(&f->left, "path", err);
}

/* Enters one name. 1 = it is there, 0 = not. */
static int enter(struct finding *f, struct str name, struct node **ret, struct err *err)
{
	if (str_is(name, ".") || !name.n)
		return 1;
	if (str_is(name, "..")) {
		struct str up = path_dir(buf_str(&f->path));
		buf_cut(&f->path, str_is(up, ".") ? 0 : up.n);
		return node_of(f->c, f->path.n ? buf_str(&f->path) : S("."), ret, err) < 0 ? -1 : 1;
	}
	if (f->path.n)
		buf_add_ch(&f->path, '/');
	buf_add(&f->path, name);
	if (buf_check(&f->path, "path", err) < 0 || node_of(f->c, buf_str(&f->path), ret, err) < 0)
		return -1;
	return (*ret)->exists;
}

static int find_locked(struct finding *f, bool follows_last, struct node **ret, struct err *err)
{
	if (node_of(f->c, S("."), ret, err) < 0)
		return -1;
	while (f->left.n) {
		struct str rest = buf_str(&f->left), name;
		(void)str_cut(&rest, '/', &name); /* true: left is not empty */
		char part[NAME_MAX + 1];
		if (name.n > NAME_MAX)
			return 0;
		memcpy(part, name.p, name.n);
		size_t n = name.n;
		buf_drop(&f->left, rest.p ? n + 1 : n);
		int there = enter(f, str_n(part, n), ret, err);
		if (there <= 0)
			return there;
		bool is_last = str_trim(buf_str(&f->left)).n == 0;
		if (S_ISLNK((*ret)->st.st_mode) && (!is_last || follows_last)) {
			if (follow(f, err) < 0 ||
				node_of(f->c, f->path.n ? buf_str(&f->path) : S("."), ret, err) < 0)
				return -1;
		}
	}
	return (*ret)->exists;
}

static int find(struct view *v, struct str path, bool follows_last, struct arena *a,
	struct view_entry *ret, struct err *err)
{
	struct context *c = (struct context *)v;
	struct finding f = {.c = c, .path = BUF(PATH_MAX - 1), .left = BUF(2 * PATH_MAX)};
	struct node *n = NULL;
	buf_add(&f.left, path);
	pthread_mutex_lock(&c->lock);
	int rc = find_locked(&f, follows_last, &n, err);
	struct str found = f.path.n ? buf_str(&f.path) : S(".");
	int visible = rc > 0 ? is_visible(c, found, n, 0, err) : rc;
	pthread_mutex_unlock(&c->lock);
	if (visible > 0)
		*ret = (struct view_entry){.path = arena_cstr(a, found), .st = n->st};
	else if (visible == 0 && rc > 0)
		rc = err_set(err, ERR_NOT_FOUND, "'%.*s' is hidden by %s", STR_ARG(path),
			c->ignore_file);
	else if (visible == 0)
		rc = err_set(err, ERR_NOT_FOUND, "'%.*s' is not in the context", STR_ARG(path));
	buf_done(&f.path);
	buf_done(&f.left);
	return visible > 0 ? 0 : -1;
}

static int list(struct view *v, const struct view_entry *dir, struct arena *a, char ***ret,
	size_t *ret_n, struct err *err)
{
	struct context *c = (struct context *)v;
	struct node *n;
	pthread_mutex_lock(&c->lock);
	int rc = node_of(c, str_of(dir->path), &n, err);
	if (rc == 0)
		rc = list_folder(c, str_of(dir->path), 0, n, err);
	if (rc == 0) {
		*ret = n->names;
		*ret_n = n->n_names;
	}
	pthread_mutex_unlock(&c->lock);
	return rc;
}

static int open_entry(struct view *v, const struct view_entry *e, int *ret_fd, struct err *err)
{
	struct context *c = (struct context *)v;
	return fs_open_in(c->root_fd, e->path, O_RDONLY | O_NOFOLLOW, 0, ret_fd, err);
}

static int read_link(struct view *v, const struct view_entry *e, struct buf *ret, struct err *err)
{
	struct context *c = (struct context *)v;
	CLEANUP(fd_close) int fd = -1;
	char target[PATH_MAX];
	if (fs_open_in(c->root_fd, e->path, O_PATH | O_NOFOLLOW, 0, &fd, err) < 0)
		return -1;
	ssize_t n = readlinkat(fd, "", target, sizeof(target));
	if (n < 0)
		return err_sys(err, "readlink '%s'", e->path);
	buf_add_bytes(ret, target, (size_t)n);
	return buf_check(ret, "symlink", err);
}

static int digest(struct view *v, const struct view_entry *e, struct digest *ret, struct err *err)
{
	struct context *c = (struct context *)v;
	CLEANUP(fd_close) int fd = -1;
	int64_t now = clock_now(clock_system());
	struct stat st;
	if (c->cache && statcache_get(c->cache, str_of(e->path), &e->st, ret))
		return 0;
	if (open_entry(v, e, &fd, err) < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return err_sys(err, "stat '%s'", e->path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_CONFLICT, "'%s' changed while it was read", e->path);
	if (view_digest_fd(fd, ret, err) < 0)
		return err_wrap(err, "'%s'", e->path);
	if (c->cache)
		statcache_put(c->cache, str_of(e->path), &st, now, ret);
	return 0;
}

bool context_hides(struct context *c, struct str path)
{
	return is_ignored(c, path);
}

/* A .git beside or above says that this is a work tree. */
static bool is_work_tree(const char *dir)
{
	char path[PATH_MAX + 8];
	size_t n = (size_t)snprintf(path, sizeof(path) - 8, "%s", dir);
	while (n > 0 && n < sizeof(path) - 8) {
		snprintf(path + n, 8, "/.git");
		if (access(path, F_OK) == 0)
			return true;
		while (n > 0 && path[--n] != '/')
			;
	}
	return access("/.git", F_OK) == 0;
}

static void load_cache(struct context *c, int cache_dir_fd)
{
	char name[DIGEST_HEX];
	struct digest d = digest_of(str_of(c->dir));
	c->cache = statcache_load(cache_dir_fd, digest_hex(&d, name, 0));
}

int context_open(const struct context_spec *spec, struct context **ret, struct err *err)
{
	CLEANUP(context_close) struct context *c = NEW(struct context);
	c->view = (struct view){find, list, open_entry, read_link, digest, true};
	c->root_fd = -1;
	pthread_mutex_init(&c->lock, NULL);
	c->ignore_file = arena_cstr(&c->arena, str_of(spec->ignore_file ? spec->ignore_file : ""));
	if (fs_open(AT_FDCWD, spec->dir, O_RDONLY | O_DIRECTORY, 0, &c->root_fd, err) < 0)
		return -1;
	if (!realpath(spec->dir, c->dir))
		return err_sys(err, "resolve '%s'", spec->dir);
	c->is_git = is_work_tree(c->dir);
	if (spec->ignore.p) {
		c->ignore = ignore_new();
		if (ignore_read(c->ignore, spec->ignore, err) < 0)
			return err_in_file(err, c->ignore_file);
	}
	if (spec->cache_dir_fd >= 0)
		load_cache(c, spec->cache_dir_fd);
	*ret = TAKE(c);
	return 0;
}

void context_close(struct context *c)
{
	struct err ignored = {0}; /* a cache that cannot be saved costs time later, nothing else */
	if (!c)
		return;
	if (c->cache)
		(void)statcache_save(c->cache, &ignored);
	statcache_free(c->cache);
	ignore_free(c->ignore);
	map_done(&c->nodes, NULL);
	arena_done(&c->arena);
	fd_close(c->root_fd);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

struct view *context_view(struct context *c)
{
	return &c->view;
}

int context_root_fd(const struct context *c)
{
	return c->root_fd;
}

const char *context_dir(const struct context *c)
{
	return c->dir;
}
