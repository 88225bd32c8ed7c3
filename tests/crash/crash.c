#include "crash.h"

#include "base/own.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

struct watched {
	long number;
	const char *name;
	int dir_arg, path_arg; /* -1 = none; dir_arg alone = an fd */
	int to_dir_arg, to_arg;
};

static const struct watched calls[] = {
	{SYS_write, "write", 0, -1, -1, -1},
	{SYS_pwrite64, "write", 0, -1, -1, -1},
	{SYS_writev, "write", 0, -1, -1, -1},
	{SYS_pwritev, "write", 0, -1, -1, -1},
	{SYS_ftruncate, "truncate", 0, -1, -1, -1},
	{SYS_fallocate, "write", 0, -1, -1, -1},
	{SYS_fsync, "fsync", 0, -1, -1, -1},
	{SYS_fdatasync, "fsync", 0, -1, -1, -1},
	{SYS_syncfs, "syncfs", 0, -1, -1, -1},
	{SYS_fsetxattr, "write", 0, -1, -1, -1},
	{SYS_fchmod, "chmod", 0, -1, -1, -1},
	{SYS_flock, "flock", 0, -1, -1, -1},
	{SYS_openat, "create", 0, 1, -1, -1},
	{SYS_mkdirat, "mkdir", 0, 1, -1, -1},
	{SYS_symlinkat, "symlink", 1, 2, -1, -1},
	{SYS_unlinkat, "unlink", 0, 1, -1, -1},
	{SYS_renameat2, "rename", 0, 1, 2, 3},
	{SYS_linkat, "link", 0, 1, 2, 3},
#ifdef SYS_rename /* not on newer architectures */
	{SYS_rename, "rename", -2, 0, -2, 1},
	{SYS_unlink, "unlink", -2, 0, -1, -1},
	{SYS_mkdir, "mkdir", -2, 0, -1, -1},
	{SYS_rmdir, "unlink", -2, 0, -1, -1},
#endif
#ifdef SYS_renameat
	{SYS_renameat, "rename", 0, 1, 2, 3},
#endif
};

/* ---- the child ---- */

static int install_filter(void)
{
	struct sock_filter code[2 * ARRAY_LEN(calls) + 8];
	unsigned short n = 0;
	struct sock_filter load_nr =
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	struct sock_filter ask = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	code[n++] = load_nr;
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		if (calls[i].number == SYS_openat)
			continue;
		struct sock_filter jump =
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)calls[i].number, 0, 1);
		code[n++] = jump;
		code[n++] = ask;
	}
	struct sock_filter is_open = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 3);
	struct sock_filter load_flags =
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2]));
	struct sock_filter creates = BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_CREAT, 0, 1);
	code[n++] = is_open;
	code[n++] = load_flags;
	code[n++] = creates;
	code[n++] = ask;
	code[n++] = allow;
	struct sock_fprog program = {n, code};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
		&program);
}

/* In shared memory, for nothing may be written under the filter before somebody listens. */
struct shared {
	volatile int listener; /* the child's, or one of these */
	volatile bool is_promised;
};
enum { NOT_YET = 0, FAILED = -1, TAKEN = -2 };

static struct shared *my_shared; /* in the child */

int crash_promise(int rc)
{
	if (rc == 0 && my_shared)
		my_shared->is_promised = true;
	return rc;
}

static void wait_while(struct shared *shared, int value)
{
	while (__atomic_load_n(&shared->listener, __ATOMIC_SEQ_CST) == value) {
		struct timespec tick = {.tv_nsec = 20 * 1000};
		nanosleep(&tick, NULL);
	}
}

static void run_child(int (*op)(void *ctx), void *ctx, struct shared *shared)
{
	int fd = install_filter();
	my_shared = shared;
	__atomic_store_n(&shared->listener, fd < 0 ? FAILED : fd, __ATOMIC_SEQ_CST);
	if (fd < 0)
		_exit(99);
	wait_while(shared, fd);
	_exit(op(ctx) == 0 ? 0 : 1);
}

/* ---- the parent ---- */

static void path_of_fd(pid_t pid, int fd, char room[512])
{
	char link[64];
	room[0] = '\0';
	if (fd == AT_FDCWD)
		snprintf(link, sizeof(link), "/proc/%d/cwd", (int)pid);
	else
		snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)pid, fd);
	ssize_t n = readlink(link, room, 511);
	room[n < 0 ? 0 : n] = '\0';
}

static void path_of(pid_t pid, const struct seccomp_data *d, int dir_arg, int path_arg,
	char room[512])
{
	char text[256] = "", base[512];
	room[0] = '\0';
	if (dir_arg == -1)
		return;
	int dir_fd = dir_arg == -2 ? AT_FDCWD : (int)d->args[dir_arg];
	path_of_fd(pid, dir_fd, base);
	if (path_arg >= 0) {
		struct iovec here = {text, sizeof(text) - 1};
		struct iovec there = {(void *)(uintptr_t)d->args[path_arg], sizeof(text) - 1};
		/* may stop at the end of a page */
		for (; process_vm_readv(pid, &here, 1, &there, 1, 0) < 0 && here.iov_len > 16;)
			here.iov_len = there.iov_len = here.iov_len / 2;
	}
	if (text[0] == '/')
		snprintf(room, 512, "%s", text);
	else if (text[0])
		snprintf(room, 512, "%.250s/%s", base, text);
	else
		snprintf(room, 512, "%s", base);
}

static const struct watched *find_call(long number)
{
	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		if (calls[i].number == number)
			return &calls[i];
	return NULL;
}

/* 1 = go on, 0 = the child was killed. */
static int decide(int listener, const struct seccomp_notif *n, pid_t child,
	const struct crash_plan *plan, const struct crash_watch *watch, const struct shared *shared,
	struct crash_result *r)
{
	const struct watched *w = find_call(n->data.nr);
	struct crash_call c = {.name = w ? w->name : "?"};
	struct seccomp_notif_resp answer = {.id = n->id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
	bool is_it = ++r->n_calls == plan->at && plan->kind != CRASH_NONE;
	if (w && (is_it || watch)) {
		path_of((pid_t)n->pid, &n->data, w->dir_arg, w->path_arg, c.path);
		path_of((pid_t)n->pid, &n->data, w->to_dir_arg, w->to_arg, c.to);
	}
	if (is_it) {
		r->was_hit = true;
		r->was_promised = shared->is_promised;
		r->hit = c;
	}
	if (is_it && plan->kind == CRASH_KILL) {
		kill(child, SIGKILL);
		return 0;
	}
	if (is_it) {
		answer.flags = 0;
		answer.error = -plan->error;
	} else if (watch) {
		watch->on_call(watch->ctx, &c);
	}
	(void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer); /* the child may be gone */
	return 1;
}

static void answer_all(int listener, pid_t child, const struct crash_plan *plan,
	const struct crash_watch *watch, const struct shared *shared, struct crash_result *r)
{
	for (;;) {
		struct pollfd p = {.fd = listener, .events = POLLIN};
		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			return;
		if (!(p.revents & POLLIN))
			return; /* the child is gone */
		struct seccomp_notif n;
		memset(&n, 0, sizeof(n));
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &n) < 0)
			continue;
		if (!decide(listener, &n, child, plan, watch, shared, r))
			return;
	}
}

/* The child's listener as an fd of ours, or -1. */
static int take_listener(pid_t child, struct shared *shared)
{
	wait_while(shared, NOT_YET);
	int number = shared->listener;
	if (number < 0)
		return -1;
	CLEANUP(fd_close) int pidfd = (int)syscall(SYS_pidfd_open, child, 0);
	int fd = pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, number, 0);
	__atomic_store_n(&shared->listener, TAKEN, __ATOMIC_SEQ_CST);
	return fd;
}

struct crash_result crash_run(int (*op)(void *ctx), void *ctx, const struct crash_plan *plan,
	const struct crash_watch *watch)
{
	struct crash_result r = {.exit_code = -1};
	int status = 0;
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return r;
	fflush(NULL);
	pid_t child = fork();
	if (child == 0)
		run_child(op, ctx, shared);
	CLEANUP(fd_close) int listener = child < 0 ? -1 : take_listener(child, shared);
	if (listener >= 0)
		answer_all(listener, child, plan, watch, shared, &r);
	else if (child > 0)
		kill(child, SIGKILL);
	if (child > 0)
		waitpid(child, &status, 0);
	if (WIFEXITED(status) && listener >= 0)
		r.exit_code = WEXITSTATUS(status);
	munmap(shared, sizeof(*shared));
	return r;
}

static int nothing(void *ctx)
{
	return 0;
}

bool crash_is_possible(void)
{
	struct crash_plan plan = {CRASH_NONE, 0, 0};
	return crash_run(nothing, NULL, &plan, NULL).exit_code == 0;
}
