/* The trees of a stage or an image as a view. */
#include "build/view_stack.h"

#include "base/csv.h"
#include "fs/fs.h"
#include "layer/stack.h"

#include <fcntl.h>
#include <sys/xattr.h>

struct stack_view {
	struct view view;
	struct stack stack;
	int *fds;
};

static struct stack_place place_of(const struct view_entry *e)
{
	return (struct stack_place){.path = e->path, .tree = e->tree, .st = e->st};
}

static int find(struct view *v, struct str path, bool follows_last, struct arena *a,
	struct view_entry *ret, struct err *err)
{
	struct stack_view *s = (struct stack_view *)v;
	struct stack_place p;
	if (stack_find(&s->stack, path, follows_last ? STACK_FOLLOW : STACK_NO_FOLLOW, a, &p, err) <
		0)
		return -1;
	*ret = (struct view_entry){.path = p.path, .st = p.st, .tree = p.tree};
	return 0;
}

static int list(struct view *v, const struct view_entry *dir, struct arena *a, char ***ret,
	size_t *ret_n, struct err *err)
{
	struct stack_view *s = (struct stack_view *)v;
	struct stack_place p = place_of(dir);
	return stack_list(&s->stack, &p, a, ret, ret_n, err);
}

static int open_entry(struct view *v, const struct view_entry *e, int *ret_fd, struct err *err)
{
	struct stack_view *s = (struct stack_view *)v;
	struct stack_place p = place_of(e);
	return stack_open(&s->stack, &p, O_RDONLY, ret_fd, err);
}

static int read_link(struct view *v, const struct view_entry *e, struct buf *ret, struct err *err)
{
	struct stack_view *s = (struct stack_view *)v;
	struct stack_place p = place_of(e);
	return stack_readlink(&s->stack, &p, ret, err);
}

static int compare_strs(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* Those that a layer keeps; what the machine adds must not change a key. */
static bool is_of_image(struct str name)
{
	return (str_starts(name, S("user.")) && !str_starts(name, S("user.overlay."))) ||
		str_starts(name, S("security.capability")) ||
		str_starts(name, S("system.posix_acl_"));
}

/* Extended attributes, sorted by name. */
static int add_xattrs(struct digester *d, int fd, struct err *err)
{
	enum { XATTR_MAX = 64 * 1024 };
	CLEANUP(mem_free) char *names = mem_new(2, XATTR_MAX);
	CLEANUP(arena_done) struct arena a = {0};
	char *value = names + XATTR_MAX;
	struct str_vec all = {0};
	ssize_t n = flistxattr(fd, names, XATTR_MAX), size = 0;
	if (n < 0 && errno != ENOTSUP)
		return err_sys(err, "list extended attributes");
	for (char *name = names; n > 0 && name < names + n; name += strlen(name) + 1)
		if (is_of_image(str_of(name)))
			vec_push(&all, arena_str(&a, str_of(name)));
	vec_sort(&all, compare_strs);
	for (size_t i = 0; size >= 0 && i < all.n; i++) {
		size = fgetxattr(fd, all.p[i].p, value, XATTR_MAX);
		digester_add_framed(d, all.p[i]);
		digester_add_framed(d, str_n(value, size < 0 ? 0 : (size_t)size));
	}
	vec_done(&all);
	return size < 0 ? err_sys(err, "read extended attributes") : 0;
}

static int digest(struct view *v, const struct view_entry *e, struct digest *ret, struct err *err)
{
	CLEANUP(fd_close) int fd = -1;
	CLEANUP(digester_free) struct digester *d = digester_new(DIGEST_SHA256);
	struct digest bytes;
	if (open_entry(v, e, &fd, err) < 0 || view_digest_fd(fd, &bytes, err) < 0)
		return -1;
	digester_add(d, bytes.bytes, 32);
	digester_add_u64(d, (uint64_t)e->st.st_mtim.tv_sec);
	digester_add_u64(d, (uint64_t)e->st.st_mtim.tv_nsec);
	if (add_xattrs(d, fd, err) < 0)
		return err_wrap(err, "'%s'", e->path);
	*ret = digester_finish(d);
	return 0;
}

int view_stack_open(struct store *store, const struct rootfs *rootfs, struct view **ret,
	struct err *err)
{
	struct stack_view *s = NEW(struct stack_view);
	s->view = (struct view){find, list, open_entry, read_link, digest, false};
	s->fds = mem_new(rootfs->n + 1, sizeof(*s->fds));
	s->stack.tree_fds = s->fds;
	for (size_t i = rootfs->n; i > 0; i--) {
		if (tree_open(store, rootfs->trees[i - 1], &s->fds[s->stack.n], err) < 0) {
			view_stack_close(&s->view);
			return -1;
		}
		s->stack.n++;
	}
	*ret = &s->view;
	return 0;
}

const struct stack *view_stack_of(const struct view *v)
{
	return &((const struct stack_view *)v)->stack;
}

void view_stack_close(struct view *v)
{
	struct stack_view *s = (struct stack_view *)v;
	if (!s)
		return;
	for (size_t i = 0; i < s->stack.n; i++)
		close(s->fds[i]);
	free(s->fds);
	free(s);
}

int view_digest_fd(int fd, struct digest *ret, struct err *err)
{
	enum { PIECE = 128 * 1024 };
	CLEANUP(mem_free) char *room = mem_new(1, PIECE);
	CLEANUP(digester_free) struct digester *d = digester_new(DIGEST_SHA256);
	ssize_t n;
	while ((n = read(fd, room, PIECE)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "read");
		digester_add(d, room, (size_t)n);
	}
	*ret = digester_finish(d);
	return 0;
}
