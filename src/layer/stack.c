/* A folder of the merged view is made of the same-named folders of several trees, down to the first
 * that is opaque, a whiteout or no folder. `struct view` is that range: trees from..to-1 may hold
 * names of the folder. Going down one name narrows the range, as overlayfs does. */
#include "layer/stack.h"

#include "base/map.h"
#include "base/vec.h"
#include "fs/fs.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

enum { SYMLINKS_MAX = 40, DEPTH_MAX = 1000 };

struct view {
	size_t top; /* the tree that shows it */
	size_t end; /* the first tree below that no longer counts */
};

struct frame {
	struct view view;
	size_t path_n; /* length of the walk's path up to this folder */
};
VEC_TYPE(frames, struct frame);

/* A walk from the root, with the folders entered so far, for "..". */
struct walk {
	const struct stack *s;
	struct buf path; /* resolved so far, "" = the root */
	struct frames frames;
	struct stat st; /* of what path names */
	struct view view;
	unsigned n_symlinks;
};

static void walk_done(struct walk *w)
{
	buf_done(&w->path);
	vec_done(&w->frames);
}
CLEANUP_VAL(walk_done, struct walk);

static bool is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

static bool is_opaque(int tree_fd, const char *path)
{
	static const char *const marks[] = {"trusted.overlay.opaque", "user.overlay.opaque"};
	char value = 0;
	CLEANUP(fd_close)
	int fd = openat(tree_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	for (size_t i = 0; fd >= 0 && i < ARRAY_LEN(marks); i++)
		if (fgetxattr(fd, marks[i], &value, 1) == 1 && value == 'y')
			return true;
	return false;
}

/* Which trees hold `path`, given the range of its folder. 1 = found, 0 = nowhere. */
static int narrow(const struct stack *s, const struct view *folder, const char *path,
	struct view *ret, struct stat *ret_st, struct err *err)
{
	bool is_found = false;
	size_t end = folder->end;
	for (size_t t = folder->top; t < end; t++) {
		struct stat st;
		if (fstatat(s->tree_fds[t], path, &st, AT_SYMLINK_NOFOLLOW) < 0) {
			if (errno == ENOENT || errno == ENOTDIR)
				continue;
			return err_sys(err, "stat '%s'", path);
		}
		if (is_whiteout(&st) || (is_found && !S_ISDIR(st.st_mode))) {
			end = t;
			break;
		}
		if (!is_found) {
			is_found = true;
			*ret_st = st;
			ret->top = t;
		}
		if (!S_ISDIR(st.st_mode) || is_opaque(s->tree_fds[t], path)) {
			end = t + 1;
			break;
		}
	}
	ret->end = end;
	return is_found;
}

static int walk_init(struct walk *w, const struct stack *s, struct err *err)
{
	*w = (struct walk){.s = s, .path = BUF(PATH_MAX - 1)};
	if (!s->n)
		return err_set(err, ERR_NOT_FOUND, "the image is empty");
	if (fstat(s->tree_fds[0], &w->st) < 0)
		return err_sys(err, "stat a tree");
	w->view = (struct view){0, s->n};
	for (size_t t = 0; t < s->n; t++) {
		if (is_opaque(s->tree_fds[t], ".")) {
			w->view.end = t + 1;
			break;
		}
	}
	return 0;
}

static void go_up(struct walk *w)
{
	if (!w->frames.n)
		return; /* the root's parent is the root */
	struct frame f = vec_pop(&w->frames);
	struct stat st;
	buf_cut(&w->path, f.path_n);
	w->view = f.view;
	if (fstatat(w->s->tree_fds[w->view.top], w->path.n ? buf_cstr(&w->path) : ".", &st,
		    AT_SYMLINK_NOFOLLOW) == 0)
		w->st = st;
}

/* Enters one name of the current folder; 1 = there, 0 = not (the walk stays where it is). */
static int go_down(struct walk *w, struct str name, struct err *err)
{
	size_t before = w->path.n;
	struct view view;
	struct stat st;
	if (w->path.n)
		buf_add_ch(&w->path, '/');
	buf_add(&w->path, name);
	if (buf_check(&w->path, "path", err) < 0)
		return -1;
	int found = narrow(w->s, &w->view, buf_cstr(&w->path), &view, &st, err);
	if (found <= 0) {
		buf_cut(&w->path, before);
		return found;
	}
	if (w->frames.n >= DEPTH_MAX)
		return err_set(err, ERR_LIMIT, "path is deeper than %d folders", DEPTH_MAX);
	vec_push(&w->frames, ((struct frame){w->view, before}));
	w->view = view;
	w->st = st;
	return 1;
}

static int read_link_at(const struct walk *w, struct buf *ret, struct err *err)
{
	char target[PATH_MAX];
	ssize_t n =
		readlinkat(w->s->tree_fds[w->view.top], buf_cstr(&w->path), target, sizeof(target));
	if (n < 0)
		return err_sys(err, "readlink '%s'", buf_cstr(&w->path));
	if (n == sizeof(target))
		return err_set(err, ERR_LIMIT, "symlink '%s' is too long", buf_cstr(&w->path));
	buf_add_bytes(ret, target, (size_t)n);
	return buf_check(ret, "symlink", err);
}

/* The walk stands on a symlink: goes back to its folder and puts its target before what is left. */
static int expand_link(struct walk *w, struct buf *left, struct err *err)
{
	CLEANUP(buf_done) struct buf target = BUF(PATH_MAX);
	if (++w->n_symlinks > SYMLINKS_MAX)
		return err_set(err, ERR_INPUT, "too many symlinks in '%s'", buf_cstr(&w->path));
	if (read_link_at(w, &target, err) < 0)
		return -1;
	bool is_absolute = target.n && target.p[0] == '/';
	go_up(w);
	while (is_absolute && w->frames.n)
		go_up(w);
	buf_add_ch(&target, '/');
	buf_add(&target, buf_str(left));
	buf_clear(left);
	buf_add(left, buf_str(&target));
	return buf_check(left, "path", err);
}

/* Walks as far as names exist. *left is what is left then; a last symlink is followed when asked. */
static int go(struct walk *w, struct buf *left, enum stack_follow follow, struct err *err)
{
	for (;;) {
		struct str rest = buf_str(left), name;
		while (rest.n && rest.p[0] == '/')
			rest = str_skip(rest, 1);
		if (!rest.n)
			break;
		if (!S_ISDIR(w->st.st_mode))
			return err_set(err, ERR_NOT_FOUND, "'/%s' is no folder",
				buf_cstr(&w->path));
		size_t n = 0;
		while (n < rest.n && rest.p[n] != '/')
			n++;
		name = str_sub(rest, 0, n);
		bool is_last = str_skip(rest, n).n == 0;
		if (str_is(name, "..")) {
			go_up(w);
		} else if (!str_is(name, ".")) {
			int found = go_down(w, name, err);
			if (found < 0)
				return -1;
			if (!found) {
				buf_drop(left, left->n - rest.n);
				return 0;
			}
		}
		buf_drop(left, left->n - rest.n + n);
		if (S_ISLNK(w->st.st_mode) && (!is_last || follow == STACK_FOLLOW) &&
			expand_link(w, left, err) < 0)
			return -1;
	}
	buf_clear(left);
	return 0;
}

static void place_of(const struct walk *w, struct arena *a, struct stack_place *ret)
{
	*ret = (struct stack_place){
		.path = arena_cstr(a, w->path.n ? buf_str(&w->path) : S(".")),
		.tree = w->view.top,
		.st = w->st,
	};
}

static int start(struct walk *w, const struct stack *s, struct str path, struct buf *left,
	struct err *err)
{
	buf_add(left, path);
	if (buf_check(left, "path", err) < 0)
		return -1;
	return walk_init(w, s, err);
}

int stack_find(const struct stack *s, struct str path, enum stack_follow follow, struct arena *a,
	struct stack_place *ret, struct err *err)
{
	CLEANUP(walk_done) struct walk w = {0};
	CLEANUP(buf_done) struct buf left = BUF(PATH_MAX);
	if (start(&w, s, path, &left, err) < 0 || go(&w, &left, follow, err) < 0)
		return -1;
	if (left.n)
		return err_set(err, ERR_NOT_FOUND, "'%.*s' is not there", STR_ARG(path));
	place_of(&w, a, ret);
	return 0;
}

int stack_find_deepest(const struct stack *s, struct str path, struct arena *a,
	struct stack_place *ret, struct str *ret_rest, struct err *err)
{
	CLEANUP(walk_done) struct walk w = {0};
	CLEANUP(buf_done) struct buf left = BUF(PATH_MAX);
	if (start(&w, s, path, &left, err) < 0 || go(&w, &left, STACK_FOLLOW, err) < 0)
		return -1;
	place_of(&w, a, ret);
	*ret_rest = arena_str(a, buf_str(&left));
	return 0;
}

int stack_open(const struct stack *s, const struct stack_place *p, int flags, int *ret_fd,
	struct err *err)
{
	return fs_open(s->tree_fds[p->tree], p->path, flags | O_NOFOLLOW, 0, ret_fd, err);
}

int stack_readlink(const struct stack *s, const struct stack_place *p, struct buf *ret,
	struct err *err)
{
	CLEANUP(walk_done)
	struct walk w = {.s = s, .view = {p->tree, p->tree + 1}, .path = BUF(PATH_MAX)};
	buf_add_cstr(&w.path, p->path);
	return read_link_at(&w, ret, err);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Adds one tree's names of the folder: those seen higher up, shown or hidden, stay as they are. */
static int list_tree(const struct stack *s, size_t t, const char *path, struct map *seen,
	struct err *err)
{
	static char shown;
	CLEANUP(fs_entries_done) struct fs_entries entries = {0};
	CLEANUP(fd_close) int fd = -1;
	if (fs_open(s->tree_fds[t], path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &fd, err) < 0)
		return err->kind == ERR_NOT_FOUND ? 0 : -1;
	if (fs_list(fd, &entries, err) < 0)
		return -1;
	VEC_EACH(&entries, e) {
		struct stat st;
		bool is_hidden = e->type == DT_CHR &&
			fstatat(fd, e->name, &st, AT_SYMLINK_NOFOLLOW) == 0 && is_whiteout(&st);
		if (!map_has(seen, str_of(e->name)))
			map_put(seen, str_of(e->name), is_hidden ? NULL : &shown);
	}
	return 0;
}

int stack_list(const struct stack *s, const struct stack_place *dir, struct arena *a, char ***ret,
	size_t *ret_n, struct err *err)
{
	CLEANUP(walk_done) struct walk w = {0};
	CLEANUP(buf_done) struct buf left = BUF(PATH_MAX);
	struct map seen = {0};
	size_t n = 0;
	if (start(&w, s, str_of(dir->path), &left, err) < 0 ||
		go(&w, &left, STACK_NO_FOLLOW, err) < 0)
		return -1;
	int rc = left.n ? err_set(err, ERR_NOT_FOUND, "'%s' is not there", dir->path) : 0;
	for (size_t t = w.view.top; rc == 0 && t < w.view.end; t++)
		rc = list_tree(s, t, dir->path, &seen, err);
	char **names = ARENA_ARRAY(a, char *, seen.count + 1);
	MAP_EACH(&seen, e) {
		if (e->value)
			names[n++] = arena_cstr(a, e->key);
	}
	map_done(&seen, NULL);
	if (rc == 0 && n > 1)
		qsort(names, n, sizeof(*names), compare_names);
	*ret = names;
	*ret_n = n;
	return rc;
}
