/* layer/stack -- looking into a stack of trees as overlayfs would show it, without mounting it.
 *
 * The trees of an image, top first, merged: whiteouts hide, opaque folders cut off what is below,
 * symlinks resolve inside the stack. For COPY, which only needs to look: a mount would cost a
 * process.
 *
 * Touches: the trees, read-only, below their fds. Owner: the caller's; fds are borrowed.
 * Threads: a stack may be read from any thread.
 * Errors:  ERR_NOT_FOUND (no such path, a file where a folder is needed), ERR_INPUT (symlink loop,
 *          path too long), ERR_SYS.
 */
#ifndef LAYER_STACK_H
#define LAYER_STACK_H

#include "base/arena.h"
#include "base/buf.h"

#include <sys/stat.h>

struct stack {
	const int *tree_fds; /* top first */
	size_t n;
};

/* Where a path is: the tree that shows it and its name there (no symlink in it). */
struct stack_place {
	char *path; /* resolved, relative, "." for the root; in the arena */
	size_t tree;
	struct stat st;
};

enum stack_follow { STACK_FOLLOW, STACK_NO_FOLLOW };

/* Resolves all symlinks in the folders of path, and the last name too with STACK_FOLLOW. */
int stack_find(const struct stack *s, struct str path, enum stack_follow follow, struct arena *a,
	struct stack_place *ret, struct err *err);
/* As far as the path exists: ret_rest is what does not (relative, "" = all exists). The last name is
 * followed. ERR_NOT_FOUND only when a file stands where a folder is needed. */
int stack_find_deepest(const struct stack *s, struct str path, struct arena *a,
	struct stack_place *ret, struct str *ret_rest, struct err *err);
/* Opens what was found (O_PATH | O_NOFOLLOW for symlinks and the like). */
int stack_open(const struct stack *s, const struct stack_place *p, int flags, int *ret_fd,
	struct err *err);
int stack_readlink(const struct stack *s, const struct stack_place *p, struct buf *ret,
	struct err *err);
/* Names in a merged folder, sorted by bytes; arena memory. */
int stack_list(const struct stack *s, const struct stack_place *dir, struct arena *a, char ***ret,
	size_t *ret_n, struct err *err);

#endif
