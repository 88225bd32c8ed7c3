/* A step, from outside: its pipes, its end, and how it is stopped.
 *
 *	RUNNING ──cancel, time is up, on_output says no──► SIGINT ──7.5 s──► SIGTERM ──2.5 s──► SIGKILL
 *	   └──────────────────────── pid 1 reports the end ◄──────┴─────────────────┴──────────────┘
 *
 * As in proc/run.c the end of the process is the end, not the end of its pipes. A step may leave a
 * server running for the next ones, which writes to those pipes still: pid 1 gets them then, and
 * throws away what comes. Closing them would kill the server with SIGPIPE.
 */
#include "container/sandbox.h"

#include "container/container_priv.h"
#include "container/sandbox_priv.h"
#include "fs/fs.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define INTERRUPT_TIME (15 * CLOCK_SECOND / 2)
#define TERMINATE_TIME (5 * CLOCK_SECOND / 2)
enum { ROOM_BYTES = 64 * 1024, DRAIN_BYTES = 2 << 20, REPORT_BYTES = 8192 };
enum { ON_END, ON_CANCEL, ON_OUT, ON_ERR, N_ON };

struct run {
	const struct sandbox_exec *e;
	int socket;
	struct pollfd fds[N_ON];
	char *room;
	size_t n_stops;   /* signals sent of `stops` */
	int64_t deadline; /* of the next thing to do; 0 = none */
	struct err *err;  /* why it is stopped, or what pid 1 reports */
	bool has_failed, is_deaf;
	bool has_ended;
	struct proc_end end;
};

static int64_t now(void)
{
	return clock_monotonic(clock_system());
}

/* ---- stopping ---- */

static void stop(struct run *run)
{
	static const int stops[] = {SIGINT, SIGTERM, SIGKILL};
	const struct sandbox_exec *e = run->e;
	const int64_t times[] = {e->interrupt_ns > 0 ? e->interrupt_ns : INTERRUPT_TIME,
		e->terminate_ns > 0 ? e->terminate_ns : TERMINATE_TIME};
	run->has_failed = true;
	if (run->n_stops == ARRAY_LEN(stops))
		return;
	/* When pid 1 is gone the socket says so, and we end by that. */
	(void)handover_send(run->socket, (uint8_t)stops[run->n_stops], NULL, 0);
	run->deadline = run->n_stops < ARRAY_LEN(times) ? now() + times[run->n_stops] : 0;
	run->n_stops++;
}

/* The first reason counts. */
static void begin_to_stop(struct run *run)
{
	if (!run->n_stops)
		stop(run);
}

static void watch_clock(struct run *run)
{
	if (!run->deadline || now() < run->deadline)
		return;
	if (!run->n_stops) {
		char words[CLOCK_TEXT];
		clock_human_duration(run->e->timeout_ns, words);
		err_set(run->err, ERR_LIMIT, "timed out after %s", words);
	}
	stop(run);
}

static void watch_cancel(struct run *run)
{
	if (!run->fds[ON_CANCEL].revents || !cancel_is_asked(run->e->cancel))
		return;
	if (!run->has_failed)
		(void)cancel_check(run->e->cancel, run->err); /* says why */
	run->fds[ON_CANCEL].fd = -1;
	begin_to_stop(run);
}

/* ---- output ---- */

static size_t pump(struct run *run, int which)
{
	struct pollfd *p = &run->fds[which];
	if (p->fd < 0)
		return 0;
	ssize_t n = read(p->fd, run->room, ROOM_BYTES);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		fd_close_at_end(&p->fd);
	if (n <= 0)
		return 0;
	struct err late;
	if (!run->is_deaf && run->e->on_output &&
		run->e->on_output(run->e->ctx, which == ON_OUT ? 1 : 2, str_n(run->room, (size_t)n),
			run->has_failed ? &late : run->err) < 0) {
		run->is_deaf = true;
		begin_to_stop(run);
	}
	return (size_t)n;
}

/* What is in the pipe now; the rest is pid 1's. */
static void drain(struct run *run, int which)
{
	size_t n, total = 0;
	while ((n = pump(run, which)) > 0 && total < DRAIN_BYTES)
		total += n;
	if (run->fds[which].fd >= 0)
		(void)handover_send(run->socket, SANDBOX_DRAIN, &run->fds[which].fd, 1);
}

/* ---- the end ---- */

static int read_end(struct run *run)
{
	char text[REPORT_BYTES];
	CLEANUP(arena_done) struct arena a = {0};
	struct helper_report r = {0};
	struct err late, *err = run->has_failed ? &late : run->err;
	ssize_t n = recv(run->socket, text, sizeof(text), 0);
	struct wire w = {.in = str_n(text, n > 0 ? (size_t)n : 0), .arena = &a};
	if (n <= 0)
		return err_set(err, ERR_SYS, "the sandbox has ended");
	helper_report_wire(&w, &r);
	if (wire_end(&w, err) < 0)
		return -1;
	if (r.is_error) {
		*err = r.err;
		return -1;
	}
	run->end = (struct proc_end){.status = r.status, .signal = r.signal};
	run->has_ended = true;
	return 0;
}

static int time_left_ms(const struct run *run)
{
	if (!run->deadline)
		return -1;
	int64_t left = run->deadline - now();
	return left <= 0 ? 0 : (int)(left / CLOCK_MS % INT32_MAX) + 1;
}

static int loop(struct run *run)
{
	while (!run->has_ended) {
		if (poll(run->fds, N_ON, time_left_ms(run)) < 0 && errno != EINTR)
			return err_sys(run->err, "poll");
		watch_cancel(run);
		watch_clock(run);
		if (run->fds[ON_OUT].revents)
			(void)pump(run, ON_OUT);
		if (run->fds[ON_ERR].revents)
			(void)pump(run, ON_ERR);
		if (run->fds[ON_END].revents && read_end(run) < 0)
			return -1;
	}
	return 0;
}

/* ---- the start ---- */

static int write_request(const struct sandbox_exec *e, int *ret_fd, struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(WIRE_MAX);
	CLEANUP(fd_close) int fd = memfd_create("knarr-step", MFD_CLOEXEC);
	struct sandbox_exec copy = *e;
	struct wire w = {.out = &b};
	if (!copy.cwd)
		copy.cwd = "/";
	sandbox_exec_wire(&w, &copy);
	if (fd < 0)
		return err_sys(err, "memfd_create");
	if (wire_end(&w, err) < 0 || fs_write_fd(fd, b.p, b.n, err) < 0)
		return -1;
	*ret_fd = TAKE_FD(fd);
	return 0;
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

static void close_all(int fds[STEP_FDS])
{
	for (size_t i = 0; i < STEP_FDS; i++)
		fd_close_at_end(&fds[i]);
}

static int prepare(struct run *run, int theirs[STEP_FDS], struct err *err)
{
	int pair[2], in = run->e->stdin_fd;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(err, "socketpair");
	run->socket = run->fds[ON_END].fd = pair[0];
	theirs[STEP_SOCKET] = pair[1];
	if (in == PROC_INHERIT || in > 0)
		theirs[STEP_STDIN] = fcntl(in > 0 ? in : 0, F_DUPFD_CLOEXEC, 3);
	else
		theirs[STEP_STDIN] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (theirs[STEP_STDIN] < 0)
		return err_sys(err, "open stdin");
	if (make_pipe(&run->fds[ON_OUT].fd, &theirs[STEP_STDOUT], err) < 0 ||
		make_pipe(&run->fds[ON_ERR].fd, &theirs[STEP_STDERR], err) < 0)
		return -1;
	return write_request(run->e, &theirs[STEP_REQUEST], err);
}

static int start(struct run *run, struct sandbox *s)
{
	int theirs[STEP_FDS] = {-1, -1, -1, -1, -1};
	int rc = prepare(run, theirs, run->err);
	if (rc == 0 && handover_send(sandbox_control(s), SANDBOX_STEP, theirs, STEP_FDS) < 0)
		rc = err_set(run->err, ERR_SYS, "the sandbox has ended");
	close_all(theirs);
	if (run->e->timeout_ns > 0)
		run->deadline = now() + run->e->timeout_ns;
	return rc;
}

static int run_step(struct run *run, struct sandbox *s)
{
	if (start(run, s) < 0 || loop(run) < 0)
		return -1;
	drain(run, ON_OUT);
	drain(run, ON_ERR);
	return run->has_failed ? -1 : 0;
}

int sandbox_exec(struct sandbox *s, const struct sandbox_exec *e, struct proc_end *ret,
	struct err *err)
{
	CLEANUP(mem_free) char *room = mem_resize(NULL, ROOM_BYTES, 1);
	struct run run = {.e = e, .socket = -1, .room = room, .err = err};
	if (!e->args || !e->args[0])
		return err_set(err, ERR_INPUT, "no command to run");
	if (cancel_check(e->cancel, err) < 0 ||
		(e->cwd && container_check_path("working folder", e->cwd, err) < 0))
		return -1;
	for (int i = 0; i < N_ON; i++)
		run.fds[i] = (struct pollfd){-1, POLLIN, 0};
	if (e->cancel)
		run.fds[ON_CANCEL].fd = e->cancel->wake_fd;
	int rc = run_step(&run, s);
	fd_close(run.socket);
	fd_close(run.fds[ON_OUT].fd);
	fd_close(run.fds[ON_ERR].fd);
	if (rc == 0)
		*ret = run.end;
	return rc;
}
