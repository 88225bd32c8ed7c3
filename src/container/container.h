/* container -- one container: a root file system, a process, and nothing left behind.
 *
 * container_run starts one through an OCI runtime (crun, else runc: container_runtime() tries what
 * works here) in mount and pid namespaces of our own: every mount, and every process, ends with us,
 * also with kill -9.
 *
 *	knarr ── spawn ──► knarr __stage (pid 1 of a new pid namespace, private mounts)
 *	                      overlay of the trees, cgroup, bundle on a tmpfs, then exec runtime
 *
 * Knows:   one container: bundle, mounts, users, cgroup, exit. Touches: the OCI runtime, namespaces.
 *          Never: decides whether to run, or what an image is beyond its config's fields.
 * Owner:   the caller's. Threads: any; each call blocks its thread, which must outlive the container.
 * Errors:  ERR_NOT_FOUND (program, user), ERR_UNSUPPORTED (no runtime works: see knarr doctor),
 *          ERR_CANCELED, ERR_SYS. A non-zero exit is not an error here.
 * Source:  OCI runtime-spec 1.0 config.md; kernel overlayfs.rst.
 */
#ifndef CONTAINER_CONTAINER_H
#define CONTAINER_CONTAINER_H

#include "base/cancel.h"
#include "base/clock.h"
#include "proc/proc.h"

enum container_mount_kind { CONTAINER_BIND, CONTAINER_TMPFS, CONTAINER_OVERLAY_COPY };
struct container_mount {
	enum container_mount_kind kind;
	const char *target;	/* absolute path inside */
	const char *source;	/* BIND: path on the host (trusted); OVERLAY_COPY: lower folder whose
				   changes are thrown away */
	int source_fd;		/* instead of source, when > 0 */
	bool is_read_only;
	uint64_t size_bytes;	/* TMPFS; 0 = the kernel's default */
	mode_t mode;		/* TMPFS */
};

enum container_network { CONTAINER_NET_HOST, CONTAINER_NET_NONE };

struct container_spec {
	const char *name;	  /* for the cgroup and messages */
	/* The root: trees bottom first, under an upper folder that takes the writes. upper NULL =
	 * writes go to a throw-away tmpfs. All absolute paths, trusted. */
	const char *const *lowers;
	size_t n_lowers;
	const char *upper, *work;
	bool is_read_only;
	char *const *args;	  /* looked up in env's PATH inside the root */
	char *const *env;
	const char *cwd;	  /* made when missing, as docker does */
	const char *user;	  /* "app", "1000:1000", "" = root; names from the root's /etc/passwd */
	const char *hostname;	  /* NULL = name */
	const struct container_mount *mounts;
	size_t n_mounts;
	enum container_network network;
	const char *const *extra_hosts; /* "name:ip", NULL-terminated; may be NULL */
	bool is_privileged;
	const char *const *cap_add, *const *cap_drop; /* NULL-terminated; may be NULL */
	uint64_t memory_bytes, shm_bytes; /* 0 = no limit / 64 MiB */
	int64_t pids_max;		  /* 0 = no limit */
	int stdin_fd;		  /* 0 or -1 = /dev/null */
	bool has_tty;
	int (*on_output)(void *ctx, int stream, struct str text, struct err *err);
	void *ctx;
	const struct cancel *cancel;
	const char *stop_signal;  /* NULL = SIGTERM */
	int64_t grace_ns;	  /* between it and SIGKILL; 0 = 10 s */
	int64_t timeout_ns;	  /* 0 = none */
};
/* Runs to the end. ret->status is the exit code docker would give (127 not found, 126 not
 * executable, 137 killed). */
int container_run(const struct container_spec *spec, struct proc_end *ret, struct err *err);

/* The runtime that works on this machine, found once per process: its path and how it is called. */
struct container_runtime {
	char path[256];
	char name[16]; /* "crun", "runc" */
	bool needs_private_cgroup2; /* crun before 1.9 on hybrid cgroups */
};
int container_find_runtime(struct container_runtime *ret, struct err *err);

/* uid, gid and further groups of a "user[:group]" inside a root, from its /etc/passwd and
 * /etc/group (read below root_fd). */
struct container_user {
	uint32_t uid, gid;
	uint32_t groups[64];
	size_t n_groups;
	char home[256];
};
int container_find_user(int root_fd, const char *user, struct container_user *ret, struct err *err);

/* Entry points of this program's own helpers: main() calls them when argv[1] says so, before any
 * thread exists. -1 = argv is not one of ours. */
int container_helper_main(int argc, char **argv);

#endif
