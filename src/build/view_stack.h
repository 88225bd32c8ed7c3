/* build/view_stack -- the merged trees of a stage or image as a view. */
#ifndef BUILD_VIEW_STACK_H
#define BUILD_VIEW_STACK_H

#include "build/view.h"
#include "layer/stack.h"
#include "local/rootfs.h"

int view_stack_open(struct store *store, const struct rootfs *rootfs, struct view **ret,
	struct err *err);
void view_stack_close(struct view *v);
const struct stack *view_stack_of(const struct view *v);
/* sha256 of what can be read from fd. */
int view_digest_fd(int fd, struct digest *ret, struct err *err);

#endif
