/* Reading and writing one connection without waiting, plain or through TLS. */
#include "http/server_priv.h"

#include <poll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* What a system call's result means. */
static ssize_t result(struct conn *c, ssize_t n, uint32_t wants)
{
	if (n >= 0)
		return n;
	if (errno != EAGAIN && errno != EINTR)
		return IO_BROKEN;
	c->wants = wants;
	return IO_AGAIN;
}

ssize_t http_io_read(struct conn *c, void *room, size_t n)
{
	if (c->tls)
		return http_tls_read(c, room, n);
	return result(c, recv(c->fd, room, n, 0), EPOLLIN);
}

ssize_t http_io_write(struct conn *c, const void *p, size_t n, bool more_follows)
{
	if (c->tls)
		return http_tls_write(c, p, n);
	int flags = MSG_NOSIGNAL | (more_follows ? MSG_MORE : 0);
	return result(c, send(c->fd, p, n, flags), EPOLLOUT);
}

ssize_t http_io_write_two(struct conn *c, struct str a, struct str b)
{
	if (c->tls || !a.n || !b.n) {
		struct str s = a.n ? a : b;
		return http_io_write(c, s.p, s.n, false);
	}
	struct iovec parts[2];
	memcpy(&parts[0].iov_base, &a.p,
		sizeof(a.p)); /* sendmsg does not write, whatever its type */
	memcpy(&parts[1].iov_base, &b.p, sizeof(b.p));
	parts[0].iov_len = a.n;
	parts[1].iov_len = b.n;
	struct msghdr m = {.msg_iov = parts, .msg_iovlen = 2};
	return result(c, sendmsg(c->fd, &m, MSG_NOSIGNAL), EPOLLOUT);
}

/* The file shrank below what was announced: nothing can mend that answer. */
static ssize_t or_broken(ssize_t n)
{
	return n == 0 ? IO_BROKEN : n;
}

ssize_t http_io_send_file(struct conn *c, int fd, uint64_t offset, uint64_t n)
{
	if (!c->tls) {
		off_t at = (off_t)offset;
		return or_broken(result(c, sendfile(c->fd, fd, &at, n), EPOLLOUT));
	}
	char *scratch = c->loop->scratch;
	ssize_t have = pread(fd, scratch, n < TLS_SCRATCH ? n : TLS_SCRATCH, (off_t)offset);
	if (have <= 0)
		return IO_BROKEN;
	return http_tls_write(c, scratch, (size_t)have);
}

int http_io_wait(struct conn *c, int64_t timeout_ns)
{
	struct pollfd p = {.fd = c->fd, .events = c->wants == EPOLLOUT ? POLLOUT : POLLIN};
	int rc = poll(&p, 1, timeout_ns > 0 ? (int)(timeout_ns / CLOCK_MS) + 1 : 0);
	return rc < 0 ? errno == EINTR : rc > 0;
}
