/* pid 1 of a sandbox.
 *
 *	control ──SANDBOX_STEP──► fork: the step		control closed ──► exit: all end
 *	step's socket ──signal──► kill its session		closed ──► nobody asks any more
 *	              ──DRAIN───► its pipes: read and forget
 *	SIGCHLD ──► reap: a step's end is reported, an orphan's is not
 *
 * It keeps nothing but these lists, and no step can stop it: signals from inside its namespace do
 * not reach a pid 1 that has no handlers.
 */
#include "container/helper/box_priv.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { STEPS_MAX = 1000, DRAINS_MAX = 1000, ROOM_BYTES = 64 << 10 };

struct step {
	pid_t pid; /* 0 = has ended; the socket is open as long as knarr's end is */
	int socket;
};

struct server {
	int control, signal_fd;
	VEC(struct step) steps;
	struct fd_vec drains;
	VEC(struct pollfd) polls;
	bool is_over;
};

static void report(int socket, const struct helper_report *r)
{
	CLEANUP(buf_done) struct buf b = BUF(HELPER_REPORT_MAX);
	struct helper_report copy = *r;
	struct wire w = {.out = &b};
	helper_report_wire(&w, &copy);
	(void)send(socket, buf_cstr(&b), b.n, MSG_NOSIGNAL); /* nobody waits, then */
}

/* ---- steps ---- */

static void report_failure(int socket, const char *what)
{
	struct helper_report r = {.is_error = true};
	err_sys(&r.err, "%s", what);
	report(socket, &r);
}

static void start(struct server *s, int fds[STEP_FDS])
{
	pid_t pid = fork();
	if (pid == 0)
		box_step(fds);
	if (pid < 0)
		report_failure(fds[STEP_SOCKET], "start a step");
	else
		vec_push(&s->steps, ((struct step){pid, TAKE_FD(fds[STEP_SOCKET])}));
}

static void read_control(struct server *s)
{
	int fds[STEP_FDS] = {-1, -1, -1, -1, -1};
	uint8_t byte = 0;
	int n = handover_receive(s->control, &byte, fds, STEP_FDS);
	if (n == HANDOVER_END || (n < 0 && errno != EAGAIN && errno != EINTR))
		s->is_over = true;
	else if (n == STEP_FDS && byte == SANDBOX_STEP && s->steps.n < STEPS_MAX)
		start(s, fds);
	for (size_t i = 0; i < STEP_FDS; i++)
		fd_close(fds[i]);
}

/* Its whole session, as Ctrl-C would; itself when it had no time to begin one. */
static void signal_step(const struct step *t, int number)
{
	if (t->pid && kill(-t->pid, number) < 0)
		kill(t->pid, number);
}

static void read_step(struct server *s, struct step *t)
{
	int fd = -1;
	uint8_t byte = 0;
	int n = handover_receive(t->socket, &byte, &fd, 1);
	if (n == HANDOVER_END || (n < 0 && errno != EAGAIN && errno != EINTR))
		fd_close_at_end(&t->socket);
	else if (n == 1 && byte == SANDBOX_DRAIN && s->drains.n < DRAINS_MAX)
		vec_push(&s->drains, TAKE_FD(fd));
	else if (n == 0 && byte > 0 && byte < NSIG)
		signal_step(t, byte);
	fd_close(fd);
}

static void step_ended(struct server *s, const siginfo_t *info)
{
	bool has_exited = info->si_code == CLD_EXITED;
	struct helper_report r = {.signal = has_exited ? 0 : info->si_status,
		.status = has_exited ? info->si_status : 128 + info->si_status};
	VEC_EACH(&s->steps, t)
		if (t->pid == info->si_pid) {
			t->pid = 0;
			if (t->socket >= 0)
				report(t->socket, &r);
		}
}

static void read_signals(struct server *s)
{
	struct signalfd_siginfo ignored;
	while (read(s->signal_fd, &ignored, sizeof(ignored)) == sizeof(ignored))
		; /* one may stand for several children: waitid tells */
	for (;;) {
		siginfo_t info = {0};
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) < 0 || !info.si_pid)
			return;
		step_ended(s, &info);
	}
}

static void forget_finished(struct server *s)
{
	size_t kept = 0;
	for (size_t i = 0; i < s->steps.n; i++)
		if (s->steps.p[i].pid || s->steps.p[i].socket >= 0)
			s->steps.p[kept++] = s->steps.p[i];
	s->steps.n = kept;
	kept = 0;
	for (size_t i = 0; i < s->drains.n; i++)
		if (s->drains.p[i] >= 0)
			s->drains.p[kept++] = s->drains.p[i];
	s->drains.n = kept;
}

/* ---- output nobody wants ---- */

static void drain(int *fd)
{
	static char room[ROOM_BYTES];
	ssize_t n = read(*fd, room, sizeof(room));
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		fd_close_at_end(fd);
}

/* ---- the loop ---- */

static void add_poll(struct server *s, int fd)
{
	vec_push(&s->polls, ((struct pollfd){fd, POLLIN, 0}));
}

static void serve_once(struct server *s)
{
	size_t n_steps = s->steps.n, n_drains = s->drains.n, at = 2;
	vec_clear(&s->polls);
	add_poll(s, s->control);
	add_poll(s, s->signal_fd);
	VEC_EACH(&s->steps, t)
		add_poll(s, t->socket);
	VEC_EACH(&s->drains, fd)
		add_poll(s, *fd);
	if (poll(s->polls.p, s->polls.n, -1) < 0)
		return;
	/* Messages before ends: a signal for a step that ended meanwhile goes nowhere. */
	for (size_t i = 0; i < n_steps; i++)
		if (s->polls.p[at++].revents)
			read_step(s, &s->steps.p[i]);
	for (size_t i = 0; i < n_drains; i++)
		if (s->polls.p[at++].revents)
			drain(&s->drains.p[i]);
	if (s->polls.p[1].revents)
		read_signals(s);
	if (s->polls.p[0].revents)
		read_control(s);
	forget_finished(s);
}

int box_serve(int control, struct err *err)
{
	struct server s = {.control = control};
	sigset_t all;
	sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, NULL) < 0)
		return err_sys(err, "block signals");
	s.signal_fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s.signal_fd < 0)
		return err_sys(err, "signalfd");
	while (!s.is_over)
		serve_once(&s);
	return 0; /* and with us everything else */
}
