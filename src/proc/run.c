/* A child and its output, until it ended.
 *
 *	RUNNING ──cancel, time is up, on_output says no──► ASKED (SIGTERM)
 *	   │                                                 │ grace is over
 *	   │                                                 ▼
 *	   └──────────────── ended ◄─────────────────── KILLED (SIGKILL)
 *
 * The end of the child is the end, not the end of its pipes: a process it left behind may keep them
 * open for ever. What is in them at that moment is still handed on.
 */
#include "proc/proc_priv.h"

#include "base/clock.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>

#define GRACE (2 * CLOCK_SECOND)
/* More than a pipe holds, unless somebody keeps filling it. */
enum { ROOM_BYTES = 64 * 1024, DRAIN_BYTES = 2 << 20 };
enum { ON_END, ON_CANCEL, ON_OUT, ON_ERR, N_ON };

struct run {
	const struct proc_run *r;
	struct proc child;
	struct pollfd fds[N_ON];
	char *room;
	enum { RUNNING, ASKED, KILLED } state;
	int64_t deadline;
	struct err *err; /* why it is stopped */
	bool has_failed;
	bool is_deaf; /* on_output wants no more */
};

/* err is set by the caller, if this is the first reason. */
static void stop(struct run *run)
{
	struct err ignored;
	run->has_failed = true;
	if (run->state != RUNNING)
		return;
	run->state = ASKED;
	run->deadline = proc_deadline(run->r->grace_ns > 0 ? run->r->grace_ns : GRACE);
	(void)proc_kill(&run->child, SIGTERM, &ignored); /* SIGKILL follows */
}

static void close_stream(struct run *run, int which)
{
	fd_close(run->fds[which].fd);
	run->fds[which].fd = -1;
}

/* Reads once and hands it on: bytes read, 0 when nothing is there now or any more. */
static size_t pump(struct run *run, int which)
{
	if (run->fds[which].fd < 0)
		return 0;
	ssize_t n = read(run->fds[which].fd, run->room, ROOM_BYTES);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		close_stream(run, which);
	if (n <= 0)
		return 0;
	struct err late;
	struct str text = {run->room, (size_t)n};
	if (!run->is_deaf &&
		run->r->on_output(run->r->ctx, which == ON_OUT ? 1 : 2, text,
			run->has_failed ? &late : run->err) < 0) {
		run->is_deaf = true;
		stop(run);
	}
	return (size_t)n;
}

static void drain(struct run *run, int which)
{
	size_t n, total = 0;
	while ((n = pump(run, which)) > 0 && total < DRAIN_BYTES)
		total += n;
}

static void time_is_up(struct run *run)
{
	struct err ignored;
	if (run->state == RUNNING) {
		char words[CLOCK_TEXT];
		clock_human_duration(run->r->timeout_ns, words);
		err_set(run->err, ERR_LIMIT, "timed out after %s", words);
		stop(run);
	} else {
		run->state = KILLED;
		run->deadline = PROC_NEVER;
		(void)proc_kill(&run->child, SIGKILL, &ignored); /* it has ended, then */
	}
}

static int loop(struct run *run)
{
	for (;;) {
		if (proc_poll(run->fds, N_ON, run->deadline) < 0)
			return err_sys(run->err, "poll");
		if (run->fds[ON_CANCEL].revents && cancel_is_asked(run->r->cancel)) {
			if (!run->has_failed)
				(void)cancel_check(run->r->cancel, run->err); /* says why */
			run->fds[ON_CANCEL].fd = -1;
			stop(run);
		}
		if (run->deadline != PROC_NEVER && clock_monotonic(clock_system()) >= run->deadline)
			time_is_up(run);
		if (run->fds[ON_OUT].revents)
			(void)pump(run, ON_OUT);
		if (run->fds[ON_ERR].revents)
			(void)pump(run, ON_ERR);
		if (run->fds[ON_END].revents)
			return 0;
	}
}

static int to_the_end(struct run *run, struct proc_end *ret)
{
	struct err late;
	if (loop(run) < 0)
		return -1;
	drain(run, ON_OUT);
	drain(run, ON_ERR);
	if (proc_wait(&run->child, -1, NULL, ret, run->has_failed ? &late : run->err) < 0)
		return -1;
	return run->has_failed ? -1 : 0;
}

/* A pipe whose read end, ours, does not block. */
static int make_pipe(int *ret_read_fd, int *ret_write_fd, struct err *err)
{
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(err, "pipe");
	*ret_read_fd = fds[0];
	*ret_write_fd = fds[1];
	return fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0 ? err_sys(err, "fcntl") : 0;
}

/* A file in memory and not a pipe: nobody has to feed it, and a child that does not read it is no
 * SIGPIPE for us. */
static int make_stdin(struct str text, int *ret_fd, struct err *err)
{
	CLEANUP(fd_close) int fd = memfd_create("stdin", MFD_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "memfd_create");
	for (size_t done = 0; done < text.n;) {
		ssize_t n = write(fd, text.p + done, text.n - done);
		if (n < 0 && errno != EINTR)
			return err_sys(err, "write stdin");
		done += n > 0 ? (size_t)n : 0;
	}
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(err, "seek stdin");
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int start(struct run *run)
{
	struct proc_spec spec = run->r->spec;
	CLEANUP(fd_close) int stdin_fd = -1;
	CLEANUP(fd_close) int out_fd = -1;
	CLEANUP(fd_close) int err_fd = -1;
	if (run->r->stdin_text.n) {
		if (make_stdin(run->r->stdin_text, &stdin_fd, run->err) < 0)
			return -1;
		spec.stdin_fd = stdin_fd;
	}
	if (run->r->on_output) {
		if (make_pipe(&run->fds[ON_OUT].fd, &out_fd, run->err) < 0 ||
			make_pipe(&run->fds[ON_ERR].fd, &err_fd, run->err) < 0)
			return -1;
		spec.stdout_fd = out_fd;
		spec.stderr_fd = err_fd;
	}
	if (proc_spawn(&spec, &run->child, run->err) < 0)
		return -1;
	run->fds[ON_END].fd = run->child.pidfd;
	run->deadline = proc_deadline(run->r->timeout_ns > 0 ? run->r->timeout_ns : -1);
	return 0;
}

int proc_run(const struct proc_run *r, struct proc_end *ret, struct err *err)
{
	CLEANUP(mem_free) char *room = r->on_output ? mem_resize(NULL, ROOM_BYTES, 1) : NULL;
	struct run run = {.r = r, .child = {.pidfd = -1}, .room = room, .err = err};
	for (int i = 0; i < N_ON; i++)
		run.fds[i] = (struct pollfd){-1, POLLIN, 0};
	if (r->cancel)
		run.fds[ON_CANCEL].fd = r->cancel->wake_fd;
	if (cancel_check(r->cancel, err) < 0)
		return -1;
	struct proc_end end;
	int rc = start(&run);
	if (rc == 0)
		rc = to_the_end(&run, &end);
	proc_done(&run.child);
	close_stream(&run, ON_OUT);
	close_stream(&run, ON_ERR);
	if (rc == 0)
		*ret = end;
	return rc;
}
