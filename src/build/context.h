/* build/context -- a folder of files a build may read.
 *
 * What .dockerignore hides does not exist here. Owners are root; inside a git work tree modes are
 * git's (644, 755), so that two check-outs under different umasks are the same context.
 *
 * Threads: any. Errors: ERR_NOT_FOUND, also for hidden files (the message says so), ERR_SYS.
 */
#ifndef BUILD_CONTEXT_H
#define BUILD_CONTEXT_H

#include "build/statcache.h"
#include "build/view.h"

struct context;

struct context_spec {
	const char *dir;         /* the folder; must exist */
	struct str ignore;       /* text of the .dockerignore in force; p NULL = none */
	const char *ignore_file; /* its name, for messages */
	int cache_dir_fd;        /* where the stat cache lives; -1 = none */
};
int context_open(const struct context_spec *spec, struct context **ret, struct err *err);
void context_close(struct context *c); /* also saves the stat cache */
CLEANUP_PTR(context_close, struct context);

struct view *context_view(struct context *c);
int context_root_fd(const struct context *c);
const char *context_dir(const struct context *c); /* absolute */
/* Is the path (relative) hidden? For lint and messages. */
bool context_hides(struct context *c, struct str path);

#endif
