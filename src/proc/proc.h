/* proc -- child processes.
 *
 * A child is spawned with everything stated: arguments, environment, folder, fds. Nothing leaks in:
 * all other fds are closed, signals are default, and the child dies when the thread that spawned it
 * ends (so with kill -9 of the parent too). A pidfd is how it is waited for and killed. Spawning
 * costs the same however large we are: the child borrows our memory until it runs its program.
 *
 * Knows:   children, pipes, signals, pidfds. Touches: processes. Never: "container", their output's
 *          meaning.
 * Owner:   struct proc is the caller's; proc_done kills and reaps what still runs.
 * Threads: a struct proc from one thread at a time; the spawning thread must outlive the child.
 * Errors:  ERR_NOT_FOUND (no such program or folder), ERR_CANCELED, ERR_LIMIT (output, time, too
 * many arguments), ERR_FAILED (it ran and said no), ERR_SYS.
 */
#ifndef PROC_PROC_H
#define PROC_PROC_H

#include "base/buf.h"
#include "base/cancel.h"
#include "base/vec.h"

#include <sys/types.h>

VEC_TYPE(argv_vec, char *);

/* Arguments or environment under construction: NUL-terminated copies, NULL at the end. */
struct argv {
	struct argv_vec v;
};
void argv_add(struct argv *a, const char *s);
void argv_add_str(struct argv *a, struct str s);
void argv_fmt(struct argv *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* NAME=value: replaces an earlier NAME. */
void argv_set(struct argv *a, struct str name, struct str value);
const char *argv_value(const struct argv *a, struct str name); /* of NAME=value; NULL = absent */
const char *const *argv_list(const struct argv *a);            /* NULL-terminated, borrowed */
void argv_done(struct argv *a);
CLEANUP_VAL(argv_done, struct argv);

struct proc_fd {
	int from; /* ours */
	int to;   /* its number in the child */
};

struct proc_spec {
	const char *program; /* a path, or a name looked up in our own PATH; NULL = argv[0] */
	const char *const *argv;
	const char *const *env;             /* NULL = empty environment */
	int cwd_fd;                         /* 0 or -1 = ours */
	const char *cwd;                    /* used when cwd_fd is not given; NULL = ours */
	int stdin_fd, stdout_fd, stderr_fd; /* 0 or -1 = /dev/null; PROC_INHERIT = ours */
	const struct proc_fd *fds;          /* further fds, to >= 3, each number once */
	size_t n_fds;
	bool has_own_session; /* setsid; proc_kill then reaches everything that stayed in it */
	bool has_usual_umask; /* 022, whatever ours is */
	/* No death signal and not our child, so it leaves no zombie: for servers we start on
	 * purpose. proc_done lets it run; its exit status is nobody's to know. */
	bool outlives_us;
};
enum { PROC_INHERIT = -2 };

struct proc {
	pid_t pid; /* 0 = none */
	int pidfd;
	bool has_group;   /* it leads a process group */
	bool is_detached; /* it outlives us */
};

/* When it returned 0 the program runs: whatever kept it from running is told here. */
int proc_spawn(const struct proc_spec *spec, struct proc *ret, struct err *err);
/* Spawns this program again (/proc/self/exe) with argv, as proc_spawn. */
int proc_spawn_self(const struct proc_spec *spec, struct proc *ret, struct err *err);

/* How a child ended: exit status 0-255, or 128 + signal. */
struct proc_end {
	int status; /* -1 = not known (outlives_us) */
	int signal; /* 0 = it exited by itself */
};
/* Waits, and empties p; timeout_ns < 0 = for ever. ERR_CANCELED when c is asked first, ERR_LIMIT
 * "timed out": the child still runs then. */
int proc_wait(struct proc *p, int64_t timeout_ns, const struct cancel *c, struct proc_end *ret,
	struct err *err);
/* Sends a signal; fine when it has ended already. */
int proc_kill(const struct proc *p, int signal, struct err *err);
/* Kills and reaps what still runs. */
void proc_done(struct proc *p);
CLEANUP_VAL(proc_done, struct proc);

/* Runs to the end with its output handed on as it comes.
 * on_output may be called with stream 1 or 2; returning -1 with err set stops the child.
 * To stop: SIGTERM, grace_ns (0 = 2 s), SIGKILL; output still comes meanwhile.
 * What processes it left behind print after its end is not waited for. */
struct proc_run {
	struct proc_spec spec; /* stdout and stderr are taken by pipes when there is on_output */
	struct str stdin_text; /* its stdin instead of spec.stdin_fd, when not empty */
	int (*on_output)(void *ctx, int stream, struct str text, struct err *err);
	void *ctx;
	const struct cancel *cancel; /* asked: ERR_CANCELED after the child was stopped */
	int64_t timeout_ns; /* 0 = none; passing it is ERR_LIMIT after the child was stopped */
	int64_t grace_ns;
};
int proc_run(const struct proc_run *r, struct proc_end *ret, struct err *err);
/* Runs and collects stdout (up to ret_out->max); a failing exit is ERR_FAILED with the end of
 * stderr in the message. */
int proc_output(const struct proc_spec *spec, struct buf *ret_out, struct err *err);

/* The last words of a program, for messages. */
struct proc_tail {
	char p[400];
	size_t n;
};
void proc_tail_add(struct proc_tail *t, struct str text);
/* ERR_FAILED: "'git' exited with status 128: fatal: not a git repository". */
int proc_failed(const char *program, const struct proc_end *end, const struct proc_tail *t,
	struct err *err);

/* Finds a program in PATH-like text (NULL = a usual one), as an absolute path; ERR_NOT_FOUND.
 * Folders that are not absolute are passed over: what is found must not depend on where we stand.
 */
int proc_find(const char *name, const char *path, struct buf *ret, struct err *err);

#endif
