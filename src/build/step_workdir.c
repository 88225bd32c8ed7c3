#include "build/build_priv.h"

#include "build/put.h"
#include "build/view_stack.h"

/* Makes the folder unless it is there; only then there is a layer. */
static int make(struct work *w, struct tree_writer *tree, struct err *err)
{
	struct rootfs rootfs;
	struct view *below = NULL;
	if (step_rootfs(w, w->step->parent, &rootfs, err) < 0 ||
		view_stack_open(w->build->spec->store, &rootfs, &below, err) < 0)
		return -1;
	struct put p = {.tree_fd = tree->fd, .below = view_stack_of(below), .arena = &w->arena};
	int made = put_find_owner(&p, w->step->before.config.user, err);
	if (made == 0)
		made = put_folder(&p, w->step->inst->word.text, err);
	view_stack_close(below);
	return made;
}

int step_workdir(struct work *w, struct err *err)
{
	CLEANUP(key_free) struct key *k = key_new("workdir/2");
	CLEANUP(tree_writer_done) struct tree_writer tree = TREE_WRITER_NONE;
	CLEANUP(fd_close) int lock = -1;
	struct store *store = w->build->spec->store;
	struct str inputs;
	if (w->step->parent)
		key_add_digest(k, "files below", &w->step->parent->chain);
	key_add(k, "user", w->step->before.config.user);
	key_add(k, "path", w->step->inst->word.text);
	if (w->build->spec->has_epoch)
		key_add(k, "epoch",
			arena_fmt(&w->arena, "%lld", (long long)w->build->spec->epoch_ns));
	struct digest key = key_finish(k, &inputs, &w->arena);
	int found = step_claim(w, &key, inputs, &lock, err);
	if (found != 0)
		return found < 0 ? -1 : 0;
	if (tree_begin_unnamed(store, &tree, err) < 0)
		return -1;
	int made = make(w, &tree, err);
	if (made < 0)
		return -1;
	if (made)
		return step_commit(w, &tree, &key, inputs, err);
	struct step_result nothing = {0};
	if (cache_put(store, &key, &nothing, w->step->site, inputs, err) < 0)
		return -1;
	w->step->chain = w->step->parent ? w->step->parent->chain : (struct digest){0};
	return 0;
}
