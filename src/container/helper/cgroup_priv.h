/* cgroup_priv -- the container's cgroup: which devices it may open, and its limits.
 *
 * Always a cgroup v2 folder with a device filter (hybrid machines have the v2 tree too, without
 * controllers): the process is born into it with CLONE_INTO_CGROUP, which costs nothing, while
 * moving a process between cgroups waits 7-15 ms for RCU. Limits go to v2 where it has the
 * controllers, else to v1 folders; only then is that wait paid.
 *
 * Named "knarr-<pid of the helper>-<name>", at the top of each hierarchy, as docker's are.
 */
#ifndef CONTAINER_HELPER_CGROUP_PRIV_H
#define CONTAINER_HELPER_CGROUP_PRIV_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct cgroup_limits {
	uint64_t memory_bytes, cpu_millis;
	int64_t pids_max;
};

enum { CGROUP_MEMORY = 1, CGROUP_PIDS = 2, CGROUP_CPU = 4 };

struct cgroup {
	char name[96];
	int top_fd;         /* of the cgroup v2 tree, -1 = the machine has none */
	int fd;             /* our folder in it */
	unsigned v1;        /* CGROUP_*: where we have a folder in a v1 hierarchy */
	bool is_of_runtime; /* the runtime makes it, wherever it likes */
	bool has_device_filter;
};
#define CGROUP_NONE ((struct cgroup){.top_fd = -1, .fd = -1})

/* Chooses a name only: for a runtime that makes the cgroup itself. */
void cgroup_name(struct cgroup *g, const char *name);
/* ERR_UNSUPPORTED when a limit cannot be kept on this machine. Without a v2 tree, or where bpf is
 * forbidden, there is no device filter and no error. */
int cgroup_make(struct cgroup *g, const char *name, const struct cgroup_limits *limits,
	bool allows_all_devices, struct err *err);
/* Moves the calling process into the v1 folders. */
int cgroup_enter_v1(const struct cgroup *g, struct err *err);
/* Removes the folders, wherever there are some with the name; everybody in them has ended. Also
 * those of helpers that were killed. */
void cgroup_remove(struct cgroup *g);

/* Where the machine has the v2 tree mounted; NULL = nowhere. A fresh mount would take 8 ms and, in the
 * machine's first cgroup namespace, would set its options (nsdelegate, ...) for everybody. */
const char *cgroup_v2_path(void);
/* Which of CGROUP_* can be limited here: for doctor. */
unsigned cgroup_can_limit(void);
/* Attaches the filter to a cgroup v2 folder; -1 with errno. */
int device_filter_attach(int cgroup_fd);

#endif
