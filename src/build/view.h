/* build/view -- files a COPY or a mount may read, wherever they are.
 *
 * A context folder (what .dockerignore hides is not there) or the merged trees of a stage or image
 * look the same from here. Paths are relative to the view's root and resolve inside it.
 *
 * Owner: whoever opened the view; entries and names live in the arena given. Threads: any.
 * Errors: ERR_NOT_FOUND (with the path as the user wrote it), ERR_SYS.
 */
#ifndef BUILD_VIEW_H
#define BUILD_VIEW_H

#include "base/arena.h"
#include "base/buf.h"
#include "digest/digest.h"

#include <sys/stat.h>

struct view_entry {
	char *path; /* resolved, relative to the root, "." for it */
	struct stat st;
	size_t tree; /* private to the view */
};

struct view {
	/* Symlinks in the folders of path are followed, the last one when follows_last. */
	int (*find)(struct view *v, struct str path, bool follows_last, struct arena *a,
		struct view_entry *ret, struct err *err);
	/* Names in a folder, sorted by bytes. */
	int (*list)(struct view *v, const struct view_entry *dir, struct arena *a, char ***ret,
		size_t *ret_n, struct err *err);
	int (*open)(struct view *v, const struct view_entry *e, int *ret_fd, struct err *err);
	int (*read_link)(struct view *v, const struct view_entry *e, struct buf *ret,
		struct err *err);
	/* sha256 of what a copy of a file keeps: its bytes, and where is_context is false its time and
	 * extended attributes. */
	int (*digest)(struct view *v, const struct view_entry *e, struct digest *ret,
		struct err *err);
	/* Files here belong to whoever checked them out: owners become root, xattrs are not taken. */
	bool is_context;
};

/* An entry of a folder that was listed. */
int view_child(struct view *v, const struct view_entry *dir, const char *name, struct arena *a,
	struct view_entry *ret, struct err *err);

#endif
