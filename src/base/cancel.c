#include "base/cancel.h"

#include <fcntl.h>
#include <sys/eventfd.h>

int cancel_init(struct cancel *c, struct err *err)
{
	CLEANUP(fd_close) int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	atomic_init(&c->is_asked, false);
	c->wake_fd = fd == 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 1) : TAKE_FD(fd); /* 0 is none */
	return c->wake_fd < 0 ? err_sys(err, "eventfd") : 0;
}

void cancel_done(struct cancel *c)
{
	if (c->wake_fd > 0)
		fd_close(c->wake_fd);
	c->wake_fd = -1;
}

void cancel_ask(struct cancel *c)
{
	uint64_t one = 1;
	int saved = errno; /* of what a signal handler interrupted */
	atomic_store(&c->is_asked, true);
	ssize_t n = write(c->wake_fd, &one, sizeof(one));
	(void)n; /* full means it is readable already */
	errno = saved;
}

int cancel_check(const struct cancel *c, struct err *err)
{
	return cancel_is_asked(c) ? err_set(err, ERR_CANCELED, "canceled") : 0;
}
