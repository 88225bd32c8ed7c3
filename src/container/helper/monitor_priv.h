/* monitor_priv -- the helper's own process: starts pid 1 of the new namespaces and sees it through.
 *
 *	knarr is gone (its end of the report pipe is closed) ──► kill
 *	knarr says stop (SIGTERM) ────► on_stop until it is heard, for a second; kill after grace
 *	pid 1 ends ───────────────────► its status; everything in its namespace has ended with it
 *
 * It stays in the host's mount namespace, so that what it cleans up is not mounted any more, and in
 * knarr's process group, so that it hears of a resized terminal.
 */
#ifndef CONTAINER_HELPER_MONITOR_PRIV_H
#define CONTAINER_HELPER_MONITOR_PRIV_H

#include "base/clock.h"
#include "container/helper_priv.h"

#include <poll.h>

struct tty;

struct monitor {
	int signal_fd;
	int self_pidfd;
	pid_t pid; /* pid 1 of the namespaces, as we see it */
	int pidfd;
	int64_t grace_ns;
	/* Asks the process inside to end; false = it cannot hear yet. NULL = nobody is asked. */
	bool (*on_stop)(struct monitor *m);
	void *ctx;
	struct tty *tty;                 /* NULL = none */
	int64_t asked_at_ns, kill_at_ns; /* 0 = not */
	bool has_heard;
};
#define MONITOR_NONE ((struct monitor){.signal_fd = -1, .self_pidfd = -1, .pidfd = -1})

/* Takes over the signals. From here on knarr's end is told by the report pipe, and not by the thread
 * that started us. */
int monitor_init(struct monitor *m, struct err *err);
/* Starts child(ctx) as pid 1 with flags (CLONE_NEW*), in a cgroup when cgroup_fd >= 0. It dies with
 * us. What child returns is its exit status. */
int monitor_start(struct monitor *m, uint64_t flags, int cgroup_fd, int (*child)(void *ctx),
	void *ctx, struct err *err);
int monitor_wait(struct monitor *m, struct proc_end *ret, struct err *err);
void monitor_kill(struct monitor *m);

/* Sends a report to knarr. */
void report_error(const struct err *err);
void report_end(const struct proc_end *end, const char *log);

#endif
