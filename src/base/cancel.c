#include "base/cancel.h"

#include <sys/eventfd.h>

int cancel_init(struct cancel *c, struct err *err)
{
	atomic_init(&c->is_asked, false);
	c->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return c->wake_fd < 0 ? err_sys(err, "eventfd") : 0;
}

void cancel_done(struct cancel *c)
{
	fd_close_at_end(&c->wake_fd);
}

void cancel_ask(struct cancel *c)
{
	uint64_t one = 1;
	atomic_store(&c->is_asked, true);
	ssize_t n = write(c->wake_fd, &one, sizeof(one));
	(void)n; /* full means it is readable already */
}

int cancel_check(const struct cancel *c, struct err *err)
{
	return cancel_is_asked(c) ? err_set(err, ERR_CANCELED, "canceled") : 0;
}
