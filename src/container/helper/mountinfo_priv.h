/* mountinfo_priv -- lines of /proc/self/mountinfo (proc(5)). */
#ifndef CONTAINER_HELPER_MOUNTINFO_PRIV_H
#define CONTAINER_HELPER_MOUNTINFO_PRIV_H

#include "base/str.h"

#include <limits.h>

struct mountinfo {
	char path[PATH_MAX]; /* where it is mounted, unescaped */
	struct str type;     /* "ext4" */
};
/* The next line that can be read; false at the end. */
bool mountinfo_next(struct str *rest, struct mountinfo *ret);
/* Kinds that show the kernel, not files: not to be copied. */
bool mountinfo_is_kernels(struct str type);

#endif
