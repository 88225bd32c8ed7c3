/* sandbox_priv -- what knarr and the sandbox's pid 1 say to each other.
 *
 *	control socket	pid 1 says SANDBOX_READY once; knarr sends steps: one byte and the fds of
 *			enum sandbox_step_fd. knarr's end closed = the job is over.
 *	step socket	knarr sends signal numbers, one byte each, or SANDBOX_DRAIN with the pipes that
 *			what the step left behind still writes to; pid 1 sends reports (helper_priv.h).
 *			knarr's end closed = nobody waits for the step any more.
 *
 * Both are SOCK_SEQPACKET, so a message is a message.
 */
#ifndef CONTAINER_SANDBOX_PRIV_H
#define CONTAINER_SANDBOX_PRIV_H

#include "container/handover_priv.h"
#include "container/helper_priv.h"
#include "container/sandbox.h"

enum { SANDBOX_READY = 'R', SANDBOX_STEP = 'S', SANDBOX_DRAIN = 0xff };
enum sandbox_step_fd {
	STEP_SOCKET,
	STEP_REQUEST, /* a memfd: struct sandbox_exec's first four fields */
	STEP_STDIN,
	STEP_STDOUT,
	STEP_STDERR,
	STEP_FDS, /* HANDOVER_FDS_MAX */
};

/* Our end of the control socket. */
int sandbox_control(const struct sandbox *s);

void sandbox_spec_wire(struct wire *w, struct sandbox_spec *s);
void sandbox_exec_wire(struct wire *w, struct sandbox_exec *e);

#endif
