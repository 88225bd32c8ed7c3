/* The trees of a stage or an image as a view. */
#include "build/view_stack.h"

#include "fs/fs.h"
#include "layer/stack.h"

#include <fcntl.h>

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

static int digest(struct view *v, const struct view_entry *e, struct digest *ret, struct err *err)
{
	CLEANUP(fd_close) int fd = -1;
	if (open_entry(v, e, &fd, err) < 0)
		return -1;
	return view_digest_fd(fd, ret, err);
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
