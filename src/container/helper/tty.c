#include "container/helper/tty_priv.h"

#include "base/own.h"
#include "container/handover_priv.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static void make_stdin_raw(struct tty *t)
{
	if (!isatty(0) || tcgetattr(0, &t->before) < 0)
		return;
	struct termios raw = t->before;
	cfmakeraw(&raw);
	t->is_raw = tcsetattr(0, TCSANOW, &raw) == 0;
}

int tty_init(struct tty *t, struct err *err)
{
	int pair[2];
	*t = TTY_NONE;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return err_sys(err, "socketpair");
	t->socket = pair[0];
	t->theirs = pair[1];
	make_stdin_raw(t);
	return 0;
}

void tty_done(struct tty *t)
{
	if (t->is_raw)
		(void)tcsetattr(0, TCSANOW, &t->before); /* the terminal may be gone */
	fd_close(t->socket);
	fd_close(t->theirs);
	fd_close(t->master);
	*t = TTY_NONE;
}

void tty_size(unsigned *ret_rows, unsigned *ret_columns)
{
	struct winsize size = {0};
	bool has_size = ioctl(0, TIOCGWINSZ, &size) == 0;
	*ret_rows = has_size ? size.ws_row : 0;
	*ret_columns = has_size ? size.ws_col : 0;
}

void tty_resize(struct tty *t)
{
	struct winsize size;
	if (t->master >= 0 && ioctl(0, TIOCGWINSZ, &size) == 0)
		(void)ioctl(t->master, TIOCSWINSZ, &size); /* looks, not data */
}

static void receive(struct tty *t)
{
	uint8_t byte;
	if (handover_receive(t->socket, &byte, &t->master, 1) == 1)
		(void)fcntl(t->master, F_SETFL, O_RDWR | O_NONBLOCK); /* else we may wait for it */
}

void tty_polls(const struct tty *t, struct pollfd ret[TTY_POLLS])
{
	bool takes_in = t->master >= 0 && !t->in.n && !t->in.is_over;
	bool takes_out = !t->out.n && !t->out.is_over;
	ret[0] = (struct pollfd){takes_in ? 0 : -1, POLLIN, 0};
	ret[1] = (struct pollfd){t->master >= 0 ? t->master : t->socket, 0, 0};
	if (takes_out)
		ret[1].events |= POLLIN;
	if (t->in.n)
		ret[1].events |= POLLOUT;
	if (t->out.is_over)
		ret[1].fd = -1; /* a closed master would wake us for ever */
	ret[2] = (struct pollfd){t->out.n ? 1 : -1, POLLOUT, 0};
}

static void take(struct tty_flow *f, int from)
{
	ssize_t n = read(from, f->bytes, sizeof(f->bytes));
	if (n > 0) {
		f->n = (size_t)n;
		f->at = 0;
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		f->is_over = true; /* EIO: every slave is closed */
	}
}

static void give(struct tty_flow *f, int to)
{
	ssize_t n = write(to, f->bytes + f->at, f->n - f->at);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		f->is_over = true;
		f->n = 0;
	} else if (n > 0) {
		f->at += (size_t)n;
		if (f->at == f->n)
			f->n = 0;
	}
}

void tty_step(struct tty *t, const struct pollfd polls[TTY_POLLS])
{
	if (t->master < 0) {
		if (polls[1].revents)
			receive(t);
		return;
	}
	if (polls[0].revents)
		take(&t->in, 0);
	if (polls[1].revents & POLLOUT && t->in.n)
		give(&t->in, t->master);
	if (polls[1].revents & (POLLIN | POLLHUP | POLLERR) && !t->out.n)
		take(&t->out, t->master);
	if (polls[2].revents && t->out.n)
		give(&t->out, 1);
}

void tty_drain(struct tty *t)
{
	if (t->master < 0)
		receive(t); /* it ended before we looked */
	while (t->master >= 0 && !t->out.is_over) {
		if (!t->out.n)
			take(&t->out, t->master);
		if (!t->out.n)
			return;
		give(&t->out, 1);
	}
}
