/* sandbox -- a throw-away machine for the steps of one job.
 *
 * Its root is the host's own, or an image's, under an overlay: steps may write and delete anything,
 * and nothing of it is left. Only the folders mounted into it are real. It has processes, mounts,
 * IPC and a host name of its own; what a step leaves running goes on until the job ends, and no
 * longer.
 *
 *	struct sandbox *s;
 *	sandbox_start(&spec, &s, err);
 *	sandbox_exec(s, &step, &end, err);		as often as there are steps, also at once
 *	sandbox_stop(s, err);				kills what is left, removes what was written
 *
 *	knarr ──► helper ──► pid 1: reaps, and starts each step that we send it through a socket
 *
 * It keeps jobs from damaging the host or each other by accident, and strangers' files from being
 * found by chance. It is no wall against a job that means harm: steps are root with most powers, so
 * that they can do what they do on other people's runners. (They cannot open the host's disks, load
 * modules, or set the clock.)
 *
 * Knows:   one job's namespaces, mounts, processes. Touches: namespaces. Never: what a step means.
 * Owner:   the caller's until sandbox_stop. Threads: sandbox_exec from any, several at once.
 * Errors:  ERR_NOT_FOUND (program, folder, user, tree), ERR_UNSUPPORTED (no root, no overlay),
 *          ERR_CANCELED, ERR_LIMIT (timed out), ERR_SYS. A non-zero exit is not an error.
 * Ends:    with knarr, also with kill -9: no process, mount, cgroup or scratch file is left.
 */
#ifndef CONTAINER_SANDBOX_H
#define CONTAINER_SANDBOX_H

#include "container/container.h"

struct sandbox;

struct sandbox_spec {
	const char *name; /* its host name; for the cgroup and messages */
	/* Trees of an image, bottom first; none = the host's own root with what is mounted on it. */
	const char *const *lowers;
	size_t n_lowers;
	/* A folder that takes what is written, made when missing and removed at the end. It may not
	 * lie on an overlay. NULL, or when the disk cannot do it = memory. */
	const char *scratch;
	const struct container_mount *mounts; /* targets are made when missing */
	size_t n_mounts;
	const char *const *hidden; /* shown as empty and read-only, NULL-terminated; may be NULL */
	bool has_host_devices;     /* the host's /dev; else null, zero, full, random, tty, tun */
	enum container_network network;
	const char *const *extra_hosts; /* "name:ip", NULL-terminated; may be NULL */
	uint64_t memory_bytes;          /* limits of all steps together; 0 = none */
	int64_t pids_max;
	uint64_t cpu_millis;
};
int sandbox_start(const struct sandbox_spec *spec, struct sandbox **ret, struct err *err);

struct sandbox_exec {
	const char *const *args; /* args[0] is looked up in env's PATH inside */
	const char *const *env;
	const char *cwd;  /* NULL = "/" */
	const char *user; /* as in container_find_user; NULL = root */
	int stdin_fd;     /* 0 or -1 = /dev/null, PROC_INHERIT = ours */
	int (*on_output)(void *ctx, int stream, struct str text, struct err *err);
	void *ctx;
	const struct cancel *cancel;
	int64_t timeout_ns; /* 0 = none */
	/* When it has to stop, as GitHub's runner: SIGINT, interrupt_ns (0 = 7.5 s), SIGTERM,
	 * terminate_ns (0 = 2.5 s), SIGKILL; each to the step's session as Ctrl-C would. */
	int64_t interrupt_ns, terminate_ns;
};
/* Until the step's first process has ended. What it left running keeps running; its output is
 * thrown away from then on. */
int sandbox_exec(struct sandbox *s, const struct sandbox_exec *e, struct proc_end *ret,
	struct err *err);

/* Ends everything and waits until it is gone. The first thing that went wrong is the error; s is
 * gone in any case. NULL is fine. */
int sandbox_stop(struct sandbox *s, struct err *err);

#endif
