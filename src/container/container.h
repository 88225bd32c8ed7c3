/* container -- one container: a root file system, a process, and nothing left behind.
 *
 * container_run starts one through an OCI runtime (crun, else runc: container_find_runtime() says
 * which) in mount and pid namespaces of our own: every mount, and every process, ends with us, also
 * with kill -9. The work is done by a small program of ours that knarr carries inside itself:
 *
 *	knarr ──► helper: makes the cgroup, waits, stops, cleans up; ends soon after knarr does
 *	             └──► pid 1 of a new pid namespace, with private mounts: puts the root together,
 *	                  writes config.json, and becomes the runtime
 *	                     └──► the container, in the runtime's own namespaces
 *
 * Knows:   one container: bundle, mounts, users, cgroup, exit. Touches: the OCI runtime, namespaces.
 *          Never: decides whether to run, or what an image is beyond its config's fields.
 * Owner:   the caller's. Threads: any; each call blocks its thread, which must outlive the container.
 * Errors:  ERR_NOT_FOUND (user, tree, mount source), ERR_UNSUPPORTED (no runtime works, no root: see
 *          knarr doctor), ERR_INPUT (a mount or folder the container cannot have), ERR_CANCELED,
 *          ERR_LIMIT (timed out), ERR_SYS. Neither a non-zero exit nor a program that is not there
 *          is an error here: the status says so, as docker's does.
 * Limits:  CONTAINER_LOWERS_MAX trees, CONTAINER_MOUNTS_MAX mounts.
 * Source:  OCI runtime-spec 1.0 config.md; kernel overlayfs.rst, cgroup-v2.rst.
 */
#ifndef CONTAINER_CONTAINER_H
#define CONTAINER_CONTAINER_H

#include "base/cancel.h"
#include "base/clock.h"
#include "proc/proc.h"

enum {
	CONTAINER_LOWERS_MAX = 490, /* the kernel stacks 500; a few are ours */
	CONTAINER_MOUNTS_MAX = 1000,
	CONTAINER_GROUPS_MAX = 256,      /* further groups of one user */
	CONTAINER_PASSWD_MAX = 64 << 20, /* bytes of /etc/passwd and /etc/group that we read */
};

enum container_mount_kind {
	CONTAINER_BIND,
	CONTAINER_TMPFS,
	CONTAINER_OVERLAY_COPY,
	CONTAINER_FILE, /* a copy of source_fd's bytes that lives in memory: secrets, scripts */
};
struct container_mount {
	enum container_mount_kind kind;
	const char *target; /* absolute path inside; resolved inside the root, made when missing */
	const char *source; /* BIND: path on the host (trusted), with what is mounted below it;
			       OVERLAY_COPY: lower folder whose changes are thrown away */
	int source_fd;      /* instead of source, when > 0; FILE: read from its start */
	bool is_read_only;
	uint64_t size_bytes; /* TMPFS; 0 = the kernel's default */
	mode_t mode;         /* TMPFS; 0 = 1777. FILE */
	uint32_t uid, gid;   /* FILE */
};

enum container_network { CONTAINER_NET_HOST, CONTAINER_NET_NONE };

/* The runtime that works on this machine, found once per process: its path and how it is called. */
struct container_runtime {
	char path[256];
	char name[16];              /* "crun", "runc" */
	bool needs_private_cgroup2; /* crun, where /sys/fs/cgroup is not cgroup v2 alone */
};
int container_find_runtime(struct container_runtime *ret, struct err *err);
/* The one with this name ("runc") or absolute path. */
int container_name_runtime(const char *name, struct container_runtime *ret, struct err *err);

struct container_spec {
	const char *name; /* for the cgroup and messages */
	/* The root: trees bottom first, under an upper folder that takes the writes. upper NULL =
	 * writes go to a throw-away tmpfs. All absolute paths, trusted. Mount points that the image
	 * lacks (/proc, /etc/resolv.conf, ...) are shown to the container but never written to upper.
	 * What overlayfs keeps for itself are xattrs "trusted.overlay.*" in upper. */
	const char *const *lowers;
	size_t n_lowers;
	const char *upper, *work; /* one file system; work is emptied by the kernel */
	bool is_volatile;  /* fsync inside does nothing and the end does not wait for the disk:
				     for an upper that is packed or thrown away after */
	bool is_read_only; /* upper is not used */
	const char *const *args; /* args[0] is looked up in env's PATH inside the root */
	const char *const *env;
	const char *cwd; /* NULL = "/"; made when missing, as docker does */
	const char
		*user; /* "app", "1000:1000", NULL or "" = root; names from the root's own files */
	const char *hostname;                 /* NULL = name */
	const struct container_mount *mounts; /* parents before what lies below them */
	size_t n_mounts;
	enum container_network network;
	const char *const *extra_hosts; /* "name:ip", NULL-terminated; may be NULL */
	bool is_privileged;
	const char *const *cap_add,
		*const *cap_drop;         /* "NET_ADMIN", "CAP_CHOWN", "ALL"; may be NULL */
	uint64_t memory_bytes, shm_bytes; /* 0 = no limit / 64 MiB */
	int64_t pids_max;                 /* 0 = no limit */
	uint64_t cpu_millis;              /* 1500 = one and a half processors; 0 = no limit */
	int stdin_fd; /* as in struct proc_spec: 0 or -1 = /dev/null, PROC_INHERIT */
	bool has_tty; /* a terminal inside; all output is stream 1; a terminal on stdin lends its
			 size and goes raw meanwhile */
	int (*on_output)(void *ctx, int stream, struct str text, struct err *err);
	void *ctx;
	const struct cancel *cancel;
	const char *stop_signal; /* "SIGTERM", "TERM", "15", "SIGRTMIN+3"; NULL = SIGTERM */
	int64_t grace_ns;        /* between it and SIGKILL; 0 = 10 s */
	int64_t timeout_ns;      /* 0 = none */
	const char *runtime; /* NULL = container_find_runtime's; else container_name_runtime's */
};
/* Runs to the end. ret->status is the exit code docker would give: 127 program not found, 126 not
 * executable (with a line on stream 2), 128 + n killed by signal n. After ERR_CANCELED it is how the
 * container ended when it was stopped; -1 = it had not begun. */
int container_run(const struct container_spec *spec, struct proc_end *ret, struct err *err);

/* uid, gid and further groups of a "user[:group]" inside a root, from its /etc/passwd and
 * /etc/group (read below root_fd), by docker's rules: a number is an id even when a user has it as
 * name, and needs no entry; "user:group" has no further groups. */
struct container_user {
	uint32_t uid, gid;
	uint32_t groups[CONTAINER_GROUPS_MAX];
	size_t n_groups;
	char home[256]; /* "/" when there is no entry */
};
int container_find_user(int root_fd, const char *user, struct container_user *ret, struct err *err);
/* The same from the text of the two files; p NULL = there is no such file. */
int container_find_user_text(struct str passwd, struct str group, const char *user,
	struct container_user *ret, struct err *err);

/* Number of a signal as Dockerfiles and docker's flags name it; ERR_INPUT. */
int container_signal(const char *name, int *ret, struct err *err);

#endif
