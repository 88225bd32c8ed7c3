/* A container with a terminal.
 *
 *	pid 1 ──fork──► runtime run --detach --console-socket=console
 *	   ◄── master, through the socket ──┘   ends when the container has started
 *	   └── master ──► the helper            (tty.c)
 *	the container's process is ours now: wait for it, its status is ours
 *
 * Runtimes would also copy between two terminals themselves. But crun 1.8, when a container ends before
 * it has begun to copy, takes what that has printed for an error message.
 */
#include "container/helper/stage_priv.h"

#include "base/num.h"
#include "container/handover_priv.h"
#include "container/helper/tty_priv.h"
#include "fs/fs.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

static int listen_for_master(int *ret_fd, struct err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "console"};
	CLEANUP(fd_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		listen(fd, 1) < 0)
		return err_sys(err, "make the socket for the terminal");
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* Without waiting: when the runtime has ended, it has sent it or will not. */
static int pass_master_on(const struct stage *s, int listener, struct err *err)
{
	int master = -1;
	uint8_t byte;
	struct pollfd p = {.fd = listener, .events = POLLIN};
	CLEANUP(fd_close) int connection = poll(&p, 1, 0) == 1 ? accept(listener, NULL, NULL) : -1;
	if (connection < 0 || handover_receive(connection, &byte, &master, 1) != 1)
		return err_set(err, ERR_SYS, "the runtime gave no terminal");
	int rc = handover_send(s->tty->theirs, 0, &master, 1);
	fd_close(master);
	return rc < 0 ? err_sys(err, "pass the terminal on") : 0;
}

/* Children that ended while we waited for another: a short container may end before its runtime. */
struct ended {
	pid_t pid;
	int status;
};
VEC_TYPE(ended_vec, struct ended);

static bool has_ended(const struct ended_vec *ended, pid_t pid, int *ret_status)
{
	VEC_EACH(ended, e)
		if (e->pid == pid) {
			*ret_status = e->status;
			return true;
		}
	return false;
}

static int wait_for(struct ended_vec *ended, pid_t pid, int *ret_status, struct err *err)
{
	while (!has_ended(ended, pid, ret_status)) {
		siginfo_t info = {0};
		if (waitid(P_ALL, 0, &info, WEXITED) < 0)
			return err_sys(err, "wait for the container");
		bool has_exited = info.si_code == CLD_EXITED;
		vec_push(ended,
			((struct ended){info.si_pid, (has_exited ? 0 : 128) + info.si_status}));
	}
	return 0;
}

static int run_and_wait(struct stage *s, int listener, struct ended_vec *ended, int *ret_status,
	struct err *err)
{
	pid_t runtime = fork();
	if (runtime < 0)
		return err_sys(err, "fork");
	if (runtime == 0) {
		struct err late = {0};
		(void)stage_become_runtime(s, &late); /* it came back: late says why */
		report_error(&late);
		_exit(125);
	}
	if (wait_for(ended, runtime, ret_status, err) < 0)
		return -1;
	if (*ret_status)
		return 0; /* its log says why */
	if (pass_master_on(s, listener, err) < 0)
		return -1;
	pid_t pid = stage_read_pid(s);
	return pid ? wait_for(ended, pid, ret_status, err)
		   : err_set(err, ERR_SYS, "the runtime left no pid file");
}

int stage_run_with_tty(struct stage *s, int *ret_status, struct err *err)
{
	CLEANUP(fd_close) int listener = -1;
	struct ended_vec ended = {0};
	if (listen_for_master(&listener, err) < 0)
		return -1;
	int rc = run_and_wait(s, listener, &ended, ret_status, err);
	vec_done(&ended);
	return rc;
}
