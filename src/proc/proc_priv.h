/* proc_priv -- waiting with a deadline. */
#ifndef PROC_PROC_PRIV_H
#define PROC_PROC_PRIV_H

#include "proc/proc.h"

#include <poll.h>

#define PROC_NEVER INT64_MAX
/* The monotonic time that is timeout_ns from now; PROC_NEVER when that is negative. */
int64_t proc_deadline(int64_t timeout_ns);
/* poll until then; 0 after a signal too. */
int proc_poll(struct pollfd *fds, size_t n, int64_t deadline);

#endif
