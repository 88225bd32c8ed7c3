/* build/select -- which files a COPY takes, and under which names they arrive.
 *
 * Follows BuildKit: a folder's content is copied, not the folder; a symlink named as a source is
 * followed, those inside folders are copied as symlinks; a pattern that matches nothing is fine, a
 * plain name that is not there is not.
 */
#ifndef BUILD_SELECT_H
#define BUILD_SELECT_H

#include "base/cancel.h"
#include "base/vec.h"
#include "build/view.h"

enum { SELECT_MAX = 5 * 1000 * 1000, SELECT_DEPTH_MAX = 500 };

/* One file, folder or symlink to be made. */
struct selected {
	struct str name; /* below the root's target; "" = the root itself */
	struct view_entry entry;
	struct digest digest; /* regular files, when asked for */
	struct str link;      /* symlinks: their target */
};
VEC_TYPE(selected_vec, struct selected);

struct select_root {
	struct str base;    /* name it gets inside a folder: "main.c" for src/main.c */
	struct str parents; /* --parents: folders to make in between, "src/app"; else "" */
	bool is_dir;
	size_t first,
		n; /* its entries in `all`: the root first, then its content, sorted, each folder
			    before what is in it */
};
VEC_TYPE(select_roots, struct select_root);

struct selection {
	struct select_roots roots;
	struct selected_vec all;
	struct arena arena;
};

struct select_spec {
	struct view *view;
	const struct str *sources; /* as written, words expanded */
	size_t n_sources;
	const struct str *excludes; /* --exclude */
	size_t n_excludes;
	bool keeps_parents; /* --parents */
	bool digests;       /* fill selected.digest */
	const struct cancel *cancel;
};
int select_files(const struct select_spec *spec, struct selection *ret, struct err *err);
void selection_done(struct selection *s);
CLEANUP_VAL(selection_done, struct selection);

#endif
