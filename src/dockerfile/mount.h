/* mount -- RUN --mount=type=…,target=…
 *
 * Errors: ERR_INPUT at the flag.
 * Source: Dockerfile reference, "RUN --mount".
 */
#ifndef DOCKERFILE_MOUNT_H
#define DOCKERFILE_MOUNT_H

#include "dockerfile/instruction.h"

enum mount_type { MOUNT_BIND, MOUNT_CACHE, MOUNT_TMPFS, MOUNT_SECRET, MOUNT_SSH };
enum mount_sharing { MOUNT_SHARED, MOUNT_PRIVATE, MOUNT_LOCKED };

struct mount {
	enum mount_type type;
	/* As written, "" when not given. scope_apply() completes them: an absolute target ("" for a
	 * secret that is only put in a variable), an id for cache, secret and ssh. */
	struct str target, id;
	struct str source;
	/* Stage, image or context; "" = the build context (bind) or nothing (cache). */
	struct str from;
	bool is_read_only;
	enum mount_sharing sharing; /* cache */
	uint64_t size_bytes;        /* tmpfs; 0 = no limit */
	bool is_required;           /* secret, ssh */
	bool has_env;
	struct str env; /* secret: the variable to put it in as well */
	bool has_mode, has_uid, has_gid;
	uint32_t mode, uid, gid;
	struct dockerfile_place at;
};

/* How values of a mount get their variables: NULL leaves them alone. */
struct mount_fill {
	int (*fill)(struct mount_fill *f, struct str value, struct str *ret, struct err *err);
};
int mount_parse(struct dockerfile_word value, struct mount_fill *fill, struct arena *a,
	struct mount *ret, struct err *err);
/* The stage or image it names, which may not depend on variables; "" for none. */
int mount_from(struct dockerfile_word value, struct arena *a, struct str *ret, struct err *err);

const char *mount_type_name(enum mount_type t); /* "bind" */

#endif
