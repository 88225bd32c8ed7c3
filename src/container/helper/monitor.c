#include "container/helper/monitor_priv.h"

#include "container/helper/tty_priv.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define HEARING_TIME CLOCK_SECOND
enum { ASK_AGAIN_MS = 2 };

/* ---- reports ---- */

static void send_report(struct helper_report *r)
{
	CLEANUP(buf_done) struct buf b = BUF(HELPER_REPORT_MAX);
	struct wire w = {.out = &b};
	helper_report_wire(&w, r);
	ssize_t n = write(HELPER_REPORT_FD, buf_cstr(&b), b.n);
	(void)n; /* nobody listens any more: then nobody needs to know */
}

void report_error(const struct err *err)
{
	struct helper_report r = {.is_error = true, .err = *err};
	send_report(&r);
}

void report_end(const struct proc_end *end, const char *log)
{
	struct helper_report r = {.status = end->status, .signal = end->signal, .log = log};
	send_report(&r);
}

/* ---- starting ---- */

int monitor_init(struct monitor *m, struct err *err)
{
	sigset_t all;
	sigfillset(&all);
	*m = MONITOR_NONE;
	if (sigprocmask(SIG_SETMASK, &all, NULL) < 0 || prctl(PR_SET_PDEATHSIG, 0) < 0)
		return err_sys(err, "take over signals");
	m->signal_fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	m->self_pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	if (m->signal_fd < 0 || m->self_pidfd < 0)
		return err_sys(err, "take over signals");
	return 0;
}

static void become_child(const struct monitor *m, int (*child)(void *ctx), void *ctx)
{
	sigset_t none;
	sigemptyset(&none);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* From a new pid namespace getppid() is 0: whether the helper died before the line above is
	 * seen by its pidfd only. */
	struct pollfd helper = {.fd = m->self_pidfd, .events = POLLIN};
	if (poll(&helper, 1, 0) != 0)
		_exit(125);
	/* Ctrl-C is for knarr, which asks us to stop: it must not arrive a second time. */
	setsid();
	sigprocmask(SIG_SETMASK, &none, NULL);
	_exit(child(ctx));
}

int monitor_start(struct monitor *m, uint64_t flags, int cgroup_fd, int (*child)(void *ctx),
	void *ctx, struct err *err)
{
	struct clone_args args = {.flags = flags | CLONE_PIDFD,
		.pidfd = (uintptr_t)&m->pidfd,
		.exit_signal = SIGCHLD};
	if (cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup_fd;
	}
	long pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0)
		return err_sys(err, "make namespaces");
	if (pid == 0)
		become_child(m, child, ctx);
	m->pid = (pid_t)pid;
	return 0;
}

/* ---- waiting ---- */

void monitor_kill(struct monitor *m)
{
	kill(m->pid, SIGKILL); /* not reaped yet, so the number is still its own */
}

static int64_t now(void)
{
	return clock_monotonic(clock_system());
}

/* The container may be starting: then there is nobody yet who could hear. */
static void ask(struct monitor *m)
{
	m->has_heard = m->on_stop && m->on_stop(m);
	if (m->has_heard)
		m->kill_at_ns = m->asked_at_ns + m->grace_ns;
	else if (!m->on_stop || now() - m->asked_at_ns > HEARING_TIME)
		monitor_kill(m);
}

static void stop(struct monitor *m)
{
	if (m->asked_at_ns) {
		monitor_kill(m); /* asked twice */
		return;
	}
	m->asked_at_ns = now();
	ask(m);
}

static void read_signals(struct monitor *m)
{
	struct signalfd_siginfo info;
	while (read(m->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGTERM)
			stop(m);
		else if (info.ssi_signo == SIGWINCH && m->tty)
			tty_resize(m->tty);
	}
}

/* For poll: until the next thing to do by the clock; -1 = there is none. */
static int time_left_ms(const struct monitor *m)
{
	if (m->asked_at_ns && !m->has_heard)
		return ASK_AGAIN_MS;
	if (!m->kill_at_ns)
		return -1;
	int64_t left = m->kill_at_ns - now();
	return left <= 0 ? 0 : (int)(left / CLOCK_MS % INT32_MAX) + 1;
}

static void watch_clock(struct monitor *m)
{
	if (m->asked_at_ns && !m->has_heard)
		ask(m);
	else if (m->kill_at_ns && now() >= m->kill_at_ns)
		monitor_kill(m);
}

static int reap(struct monitor *m, struct proc_end *ret, struct err *err)
{
	siginfo_t info = {0};
	if (waitid(P_PID, (id_t)m->pid, &info, WEXITED) < 0)
		return err_sys(err, "wait");
	bool has_exited = info.si_code == CLD_EXITED;
	ret->signal = has_exited ? 0 : info.si_status;
	ret->status = has_exited ? info.si_status : 128 + info.si_status;
	return 0;
}

int monitor_wait(struct monitor *m, struct proc_end *ret, struct err *err)
{
	bool is_alone = false;
	for (;;) {
		/* A pipe whose reader is gone is an error without being asked about. */
		struct pollfd polls[3 + TTY_POLLS] = {{.fd = m->pidfd, .events = POLLIN},
			{.fd = m->signal_fd, .events = POLLIN},
			{.fd = is_alone ? -1 : HELPER_REPORT_FD}};
		size_t n = 3;
		if (m->tty) {
			tty_polls(m->tty, polls + 3);
			n += TTY_POLLS;
		}
		if (poll(polls, n, time_left_ms(m)) < 0 && errno != EINTR)
			return err_sys(err, "poll");
		if (polls[1].revents)
			read_signals(m);
		if (polls[2].revents) {
			is_alone = true;
			monitor_kill(m);
		}
		watch_clock(m);
		if (m->tty)
			tty_step(m->tty, polls + 3);
		if (polls[0].revents)
			return reap(m, ret, err);
	}
}
