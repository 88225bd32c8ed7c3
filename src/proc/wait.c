#include "proc/proc_priv.h"

#include "base/clock.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

int64_t proc_deadline(int64_t timeout_ns)
{
	int64_t at;
	if (timeout_ns < 0 ||
		__builtin_add_overflow(clock_monotonic(clock_system()), timeout_ns, &at))
		return PROC_NEVER;
	return at;
}

int proc_poll(struct pollfd *fds, size_t n, int64_t deadline)
{
	struct timespec left = {0}, *timeout = NULL;
	if (deadline != PROC_NEVER) {
		int64_t ns = deadline - clock_monotonic(clock_system());
		if (ns > 0)
			left = (struct timespec){ns / CLOCK_SECOND, ns % CLOCK_SECOND};
		timeout = &left;
	}
	int ready = ppoll(fds, n, timeout, NULL);
	if (ready >= 0 || errno != EINTR)
		return ready;
	for (size_t i = 0; i < n; i++)
		fds[i].revents = 0;
	return 0;
}

/* Takes the child that has ended from the kernel's list. */
static int reap(struct proc *p, struct proc_end *ret, struct err *err)
{
	siginfo_t info = {0};
	int rc = 0;
	struct proc_end end = {.status = -1};
	if (!p->is_detached) {
		do
			rc = waitid(P_PIDFD, (id_t)p->pidfd, &info, WEXITED);
		while (rc < 0 && errno == EINTR);
		if (rc < 0)
			err_sys(err, "wait for process %ld", (long)p->pid);
		end.signal = info.si_code == CLD_EXITED ? 0 : info.si_status;
		end.status = end.signal ? 128 + end.signal : info.si_status;
	}
	fd_close(p->pidfd);
	*p = (struct proc){.pidfd = -1};
	if (rc == 0)
		*ret = end;
	return rc;
}

int proc_wait(struct proc *p, int64_t timeout_ns, const struct cancel *c, struct proc_end *ret,
	struct err *err)
{
	assert(p->pid);
	int64_t deadline = proc_deadline(timeout_ns);
	for (;;) {
		struct pollfd fds[] = {{p->pidfd, POLLIN, 0}, {c ? c->wake_fd : -1, POLLIN, 0}};
		int ready = proc_poll(fds, 2, deadline);
		if (ready < 0)
			return err_sys(err, "poll");
		if (fds[0].revents)
			return reap(p, ret, err);
		if (cancel_check(c, err) < 0)
			return -1;
		if (!ready && deadline != PROC_NEVER && clock_monotonic(clock_system()) >= deadline)
			return err_set(err, ERR_LIMIT, "timed out");
	}
}

int proc_kill(const struct proc *p, int signal, struct err *err)
{
	if (!p->pid)
		return 0;
	/* The number is not used again before we have reaped it, so its group is its own. */
	long rc = p->has_group && !p->is_detached
		? kill(-p->pid, signal)
		: syscall(SYS_pidfd_send_signal, p->pidfd, signal, NULL, 0);
	if (rc < 0 && errno != ESRCH)
		return err_sys(err, "signal process %ld", (long)p->pid);
	return 0;
}

void proc_done(struct proc *p)
{
	struct err ignored; /* nothing is left to do for a process we may not kill or wait for */
	struct proc_end end;
	if (!p->pid)
		return;
	if (!p->is_detached && proc_kill(p, SIGKILL, &ignored) == 0) {
		(void)reap(p, &end, &ignored);
		return;
	}
	fd_close(p->pidfd);
	*p = (struct proc){.pidfd = -1};
}
