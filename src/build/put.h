/* build/put -- putting files into a step's new tree.
 *
 * The tree is an overlay upper made by hand: it holds what is new, and the folders on the way there
 * as the layers below show them. What is below decides whether a target is a folder, and which
 * symlinks lead to it.
 *
 * What comes from a context has the time it is put here: packing replaces that (layer_times). What
 * comes from a stage keeps its times.
 *
 * Owner: the caller's fds. Threads: one at a time.
 * Errors: ERR_INPUT ("cannot copy a folder over the file '/x'"), ERR_SYS.
 */
#ifndef BUILD_PUT_H
#define BUILD_PUT_H

#include "build/select.h"
#include "layer/stack.h"

struct put {
	int tree_fd;
	const struct stack *below; /* NULL or empty: nothing (--link, FROM scratch) */
	bool has_owner;
	uint32_t uid, gid;
	struct str chmod; /* as --chmod has it, checked; "" = modes stay */
	const struct cancel *cancel;
	struct arena *arena;
};

/* Looks "user[:group]" up in the files below and makes it the owner of what is put; "" = as it is. */
int put_find_owner(struct put *p, struct str who, struct err *err);

/* target as the Dockerfile says it, absolute; is_folder: it ends with '/' or takes several files. */
int put_selection(struct put *p, struct view *from, const struct selection *s, struct str target,
	bool is_folder, struct err *err);
/* One file with these bytes (heredocs, downloads), in the folder `target` or as `target`. */
int put_bytes(struct put *p, struct str target, bool is_folder, struct str name, struct str bytes,
	mode_t mode, struct err *err);
/* The same with the bytes of an open file, from its start; st says mode and owner. */
int put_fd(struct put *p, struct str target, bool is_folder, struct str name, int fd,
	const struct stat *st, struct err *err);
/* The folder and all above it (WORKDIR). 1 = something was made, 0 = it was there. */
int put_folder(struct put *p, struct str path, struct err *err);
/* The permission bits a file of this mode gets under a --chmod. */
mode_t put_mode(struct str chmod, mode_t mode);
/* Where a target folder is after symlinks, relative: for unpacking archives there. Made if missing. */
int put_resolve_folder(struct put *p, struct str path, char **ret, struct err *err);

#endif
