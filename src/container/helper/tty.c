#include "container/helper/tty_priv.h"

#include "base/own.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/ioctl.h>

static int open_pair(struct tty *t, struct err *err)
{
	int flags = O_RDWR | O_NOCTTY | O_CLOEXEC;
	t->master = open("/dev/ptmx", flags | O_NONBLOCK);
	if (t->master < 0 || unlockpt(t->master) < 0)
		return err_sys(err, "open a terminal");
	t->slave = ioctl(t->master, TIOCGPTPEER, flags);
	if (t->slave < 0)
		return err_sys(err, "open a terminal");
	struct termios raw;
	if (tcgetattr(t->slave, &raw) < 0)
		return err_sys(err, "set up a terminal");
	/* The terminal inside does the line editing and the newlines. */
	cfmakeraw(&raw);
	return tcsetattr(t->slave, TCSANOW, &raw) < 0 ? err_sys(err, "set up a terminal") : 0;
}

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
	*t = TTY_NONE;
	if (open_pair(t, err) < 0)
		return -1;
	t->in = (struct tty_flow){.from = 0, .to = t->master};
	t->out = (struct tty_flow){.from = t->master, .to = 1};
	tty_resize(t);
	make_stdin_raw(t);
	return 0;
}

void tty_done(struct tty *t)
{
	if (t->is_raw)
		(void)tcsetattr(0, TCSANOW, &t->before); /* the terminal may be gone */
	fd_close(t->master);
	fd_close(t->slave);
	*t = TTY_NONE;
}

int tty_enter(const struct tty *t, struct err *err)
{
	if (ioctl(t->slave, TIOCSCTTY, 0) < 0)
		return err_sys(err, "take the terminal");
	for (int fd = 0; fd <= 2; fd++)
		if (dup2(t->slave, fd) < 0)
			return err_sys(err, "take the terminal");
	return 0;
}

void tty_resize(struct tty *t)
{
	struct winsize size;
	if (ioctl(0, TIOCGWINSZ, &size) == 0)
		(void)ioctl(t->master, TIOCSWINSZ, &size); /* looks, not data */
}

void tty_size(const struct tty *t, unsigned *ret_rows, unsigned *ret_columns)
{
	struct winsize size = {0};
	bool has_size = ioctl(t->slave, TIOCGWINSZ, &size) == 0;
	*ret_rows = has_size ? size.ws_row : 0;
	*ret_columns = has_size ? size.ws_col : 0;
}

void tty_polls(const struct tty *t, struct pollfd ret[TTY_POLLS])
{
	bool takes_in = !t->in.n && !t->in.is_over, takes_out = !t->out.n && !t->out.is_over;
	ret[0] = (struct pollfd){takes_in ? t->in.from : -1, POLLIN, 0};
	ret[1] = (struct pollfd){t->master, 0, 0};
	if (takes_out)
		ret[1].events |= POLLIN;
	if (t->in.n)
		ret[1].events |= POLLOUT;
	if (t->out.is_over)
		ret[1].fd = -1; /* a closed master would wake us for ever */
	ret[2] = (struct pollfd){t->out.n ? t->out.to : -1, POLLOUT, 0};
}

static void take(struct tty_flow *f)
{
	ssize_t n = read(f->from, f->bytes, sizeof(f->bytes));
	if (n > 0) {
		f->n = (size_t)n;
		f->at = 0;
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		f->is_over = true; /* EIO: every slave is closed */
	}
}

static void give(struct tty_flow *f)
{
	ssize_t n = write(f->to, f->bytes + f->at, f->n - f->at);
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
	if (polls[0].revents)
		take(&t->in);
	if (polls[1].revents & POLLOUT && t->in.n)
		give(&t->in);
	if (polls[1].revents & (POLLIN | POLLHUP | POLLERR) && !t->out.n)
		take(&t->out);
	if (polls[2].revents && t->out.n)
		give(&t->out);
}

void tty_drain(struct tty *t)
{
	fd_close(t->slave);
	t->slave = -1;
	while (!t->out.is_over) {
		if (!t->out.n)
			take(&t->out);
		if (!t->out.n && !t->out.is_over)
			return; /* EAGAIN: somebody still holds the terminal, and says nothing */
		if (t->out.n)
			give(&t->out);
	}
}
