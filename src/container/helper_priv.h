/* helper_priv -- calling the program that makes namespaces for us (src/container/helper/).
 *
 * It is a static program of its own because knarr is threaded and links libraries that take 8 ms to
 * load, which every container would pay again; this one starts in 0.4 ms. knarr carries its bytes
 * and runs them from a sealed memfd, so it is always the same build, and no container can reach it.
 *
 * Caller and helper exchange messages as wire_priv.h says: the request in a memfd, then reports
 * through a pipe.
 */
#ifndef CONTAINER_HELPER_PRIV_H
#define CONTAINER_HELPER_PRIV_H

#include "container/container.h"
#include "container/wire_priv.h"

/* The helper's fds beside stdin, stdout and stderr. */
enum {
	HELPER_REQUEST_FD = 3,
	HELPER_REPORT_FD = 4,
	HELPER_SELF_FD = 5,
	HELPER_FIRST_FD = 6,                 /* what is lent, named by number in the request */
	HELPER_CONTROL_FD = HELPER_FIRST_FD, /* sandboxes: lent first */
};
/* Room of the report pipe that the kernel always gives; what the helper writes must fit. */
enum { HELPER_REPORT_MAX = 60 << 10, HELPER_LOG_MAX = 16 << 10 };

struct helper_report {
	bool is_error;
	struct err err;     /* is_error */
	int status, signal; /* of the process in the namespaces */
	const char *log;    /* what the runtime complained about: JSON lines */
};
void helper_report_wire(struct wire *w, struct helper_report *r);

VEC_TYPE(proc_fds, struct proc_fd);

struct helper_call {
	struct proc_spec spec; /* for proc_run or proc_spawn; the caller adds stdin */
	struct argv argv;
	struct proc_fds fds;
	int request_fd, report_fd, report_end_fd;
	int next_fd;
};
#define HELPER_CALL_NONE                                                                           \
	((struct helper_call){.request_fd = -1, .report_fd = -1, .report_end_fd = -1})
/* The program's bytes. */
struct str helper_program(void);
/* verb: "run", "sandbox", "probe"; name is shown by ps. */
int helper_call_init(struct helper_call *c, const char *verb, const char *name, struct err *err);
void helper_call_done(struct helper_call *c);
CLEANUP_VAL(helper_call_done, struct helper_call);
/* Lends an fd to the helper; its number there. */
int helper_call_lend(struct helper_call *c, int fd);
/* A copy of the mounts, whose fds are lent; the caller frees it. */
struct container_mount *helper_call_mounts(struct helper_call *c,
	const struct container_mount *mounts, size_t n);
/* The request is complete: sets c->spec. */
int helper_call_ready(struct helper_call *c, struct str request, struct err *err);
/* Closes our copy of the helper's end of the pipe; after the spawn. */
void helper_call_spawned(struct helper_call *c);
/* After the helper ended: what it said; the first error it reported is returned as one. */
int helper_call_result(struct helper_call *c, struct arena *a, struct helper_report *ret,
	struct err *err);

#endif
