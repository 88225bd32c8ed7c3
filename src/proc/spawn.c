/* Starting a child.
 *
 *	we                               the child, in our memory and on a stack of its own
 *	block all signals
 *	clone(VM | VFORK | PIDFD) ────►  death signal, session, folder, fds, signals
 *	  stopped by the kernel          execve: gets memory of its own, we go on
 *	                                 or: writes down what failed, _exit
 *	unblock, look what failed
 *
 * 1. Between clone and execve there are system calls only: another thread may hold any lock.
 * 2. The child's writes to struct start are ours to read: it shares the memory, and we are stopped.
 * 3. No handler of ours runs in the child: all signals are blocked until they are default.
 *
 * A child that outlives us is cloned by a middle process that ends at once, so init is its parent:
 * it shares our fds (CLONE_FILES) for the one pidfd that it leaves there.
 */
#include "proc/proc.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x1000
#endif

enum { STACK_BYTES = 32 * 1024 };

struct start {
	const struct proc_spec *spec;
	const char *program;
	char *const *argv, *const *env;
	struct proc_fd *fds; /* sorted by to */
	size_t n_fds;
	pid_t parent;
	char *stack, *middle_stack;
	pid_t pid; /* of the child */
	int pidfd;
	/* Written by the child. */
	int error;
	const char *failed_at;
};

static int failed(struct start *s, const char *at)
{
	s->error = errno;
	s->failed_at = at;
	return -1;
}

static int die_with_parent(struct start *s)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return failed(s, "prctl");
	if (getppid() != s->parent)
		_exit(127); /* it died before the death signal was asked for */
	return 0;
}

/* Caught signals become default by themselves in execve, ignored ones do not. */
static int reset_signals(struct start *s)
{
	struct sigaction usual = {.sa_handler = SIG_DFL};
	for (int i = 1; i < NSIG; i++)
		(void)sigaction(i, &usual,
			NULL); /* SIGKILL and the C library's own cannot be set */
	sigset_t none;
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL) < 0 ? failed(s, "sigprocmask") : 0;
}

static int close_between(struct start *s, unsigned first, unsigned last)
{
	if (first <= last && syscall(SYS_close_range, first, last, 0) < 0)
		return failed(s, "close_range");
	return 0;
}

/* First out of the way of all targets, then to the targets, then everything else is closed. */
static int place_fds(struct start *s)
{
	int above = s->fds[s->n_fds - 1].to + 1;
	for (size_t i = 0; i < s->n_fds; i++) {
		s->fds[i].from = fcntl(s->fds[i].from, F_DUPFD_CLOEXEC, above);
		if (s->fds[i].from < 0)
			return failed(s, "hand over an fd");
	}
	unsigned next = 0;
	for (size_t i = 0; i < s->n_fds; i++) {
		unsigned to = (unsigned)s->fds[i].to;
		if (dup2(s->fds[i].from, (int)to) < 0)
			return failed(s, "hand over an fd");
		if (to && close_between(s, next, to - 1) < 0)
			return -1;
		next = to + 1;
	}
	return close_between(s, next, ~0U);
}

static int enter_folder(struct start *s)
{
	const struct proc_spec *spec = s->spec;
	if (spec->cwd_fd > 0)
		return fchdir(spec->cwd_fd) < 0 ? failed(s, "enter folder") : 0;
	return spec->cwd && chdir(spec->cwd) < 0 ? failed(s, "enter folder") : 0;
}

__attribute__((no_sanitize("address", "undefined"))) static int child_main(void *arg)
{
	struct start *s = arg;
	const struct proc_spec *spec = s->spec;
	if (!spec->outlives_us && die_with_parent(s) < 0)
		_exit(127);
	if (spec->has_own_session && setsid() < 0)
		_exit(failed(s, "setsid") ? 127 : 0);
	if (spec->has_usual_umask)
		umask(022);
	if (enter_folder(s) < 0 || place_fds(s) < 0 || reset_signals(s) < 0)
		_exit(127);
	execve(s->program, s->argv, s->env);
	(void)failed(s, "run");
	_exit(127);
}

static pid_t clone_child(struct start *s)
{
	return clone(child_main, s->stack + STACK_BYTES,
		CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, s, &s->pidfd);
}

__attribute__((no_sanitize("address", "undefined"))) static int middle_main(void *arg)
{
	struct start *s = arg;
	s->pid = clone_child(s);
	if (s->pid < 0)
		(void)failed(s, "clone");
	_exit(0);
}

static void clone_detached(struct start *s)
{
	pid_t middle = clone(middle_main, s->middle_stack + STACK_BYTES,
		CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, s);
	if (middle < 0)
		(void)failed(s, "clone");
	else
		while (waitpid(middle, NULL, 0) < 0 && errno == EINTR)
			;
}

static void clone_ours(struct start *s)
{
	s->pid = clone_child(s);
	if (s->pid < 0)
		(void)failed(s, "clone");
	else if (s->error) /* it ended: nothing is left of it */
		while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
			;
}

static void run_clone(struct start *s)
{
	CLEANUP(mem_free) char *stacks = mem_resize(NULL, 2, STACK_BYTES);
	sigset_t all, before;
	s->stack = stacks;
	s->middle_stack = stacks + STACK_BYTES;
	s->parent = getpid();
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (s->spec->outlives_us)
		clone_detached(s);
	else
		clone_ours(s);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static int by_target(const void *a, const void *b)
{
	return ((const struct proc_fd *)a)->to - ((const struct proc_fd *)b)->to;
}

static int standard_fd(int fd, int number, int null_fd)
{
	if (fd == PROC_INHERIT)
		return number;
	return fd > 0 ? fd : null_fd;
}

static struct proc_fd *list_fds(const struct proc_spec *spec, int null_fd)
{
	struct proc_fd *fds = mem_resize(NULL, spec->n_fds + 3, sizeof(*fds));
	fds[0] = (struct proc_fd){standard_fd(spec->stdin_fd, 0, null_fd), 0};
	fds[1] = (struct proc_fd){standard_fd(spec->stdout_fd, 1, null_fd), 1};
	fds[2] = (struct proc_fd){standard_fd(spec->stderr_fd, 2, null_fd), 2};
	for (size_t i = 0; i < spec->n_fds; i++)
		fds[3 + i] = spec->fds[i];
	vec_sort_raw(fds, spec->n_fds + 3, sizeof(*fds), by_target);
	for (size_t i = 1; i < spec->n_fds + 3; i++)
		assert(fds[i - 1].to < fds[i].to);
	return fds;
}

static int report(const struct start *s, struct err *err)
{
	bool is_folder = strcmp(s->failed_at, "enter folder") == 0;
	const char *name = is_folder && s->spec->cwd_fd <= 0 ? s->spec->cwd : s->program;
	err_sysno(err, s->error, "%s '%s'", s->failed_at, name);
	if (s->error == ENOENT || s->error == ENOTDIR)
		err->kind = ERR_NOT_FOUND;
	else if (s->error == E2BIG)
		err->kind = ERR_LIMIT;
	return -1;
}

static int spawn(const struct proc_spec *spec, const char *program, struct proc *ret,
	struct err *err)
{
	CLEANUP(fd_close) int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd < 0)
		return err_sys(err, "open '/dev/null'");
	CLEANUP(mem_free) struct proc_fd *fds = list_fds(spec, null_fd);
	static const char *const no_env[] = {NULL};
	struct start s = {.spec = spec,
		.program = program,
		/* execve's parameters lack a const for C's sake; it writes nothing (execve(2)). */
		.argv = (char *const *)(uintptr_t)spec->argv,
		.env = (char *const *)(uintptr_t)(spec->env ? spec->env : no_env),
		.fds = fds,
		.n_fds = spec->n_fds + 3,
		.pidfd = -1};
	run_clone(&s);
	if (s.error) {
		fd_close(s.pidfd);
		return report(&s, err);
	}
	*ret = (struct proc){.pid = s.pid,
		.pidfd = s.pidfd,
		.has_group = spec->has_own_session,
		.is_detached = spec->outlives_us};
	return 0;
}

int proc_spawn(const struct proc_spec *spec, struct proc *ret, struct err *err)
{
	CLEANUP(buf_done) struct buf found = BUF(4096);
	const char *program = spec->program ? spec->program : spec->argv[0];
	if (!strchr(program, '/')) {
		if (proc_find(program, getenv("PATH"), &found, err) < 0)
			return -1;
		program = buf_cstr(&found);
	}
	return spawn(spec, program, ret, err);
}

int proc_spawn_self(const struct proc_spec *spec, struct proc *ret, struct err *err)
{
	return spawn(spec, "/proc/self/exe", ret, err);
}
