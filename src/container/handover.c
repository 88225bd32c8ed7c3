#include "container/handover_priv.h"

#include "base/own.h"

#include <assert.h>
#include <sys/socket.h>

union control {
	char room[CMSG_SPACE(sizeof(int) * HANDOVER_FDS_MAX)];
	struct cmsghdr align;
};

int handover_send(int socket, uint8_t byte, const int *fds, size_t n_fds)
{
	union control control = {.room = {0}};
	struct iovec iov = {&byte, 1};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	assert(n_fds <= HANDOVER_FDS_MAX);
	if (n_fds) {
		m.msg_control = control.room;
		m.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * n_fds);
	}
	ssize_t n;
	do
		n = sendmsg(socket, &m, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n == 1 ? 0 : -1;
}

static int take_fds(struct msghdr *m, int *ret_fds, size_t max_fds)
{
	size_t n = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (n < max_fds)
				ret_fds[n++] = fd;
			else
				close(fd);
		}
	}
	return (int)n;
}

int handover_receive(int socket, uint8_t *ret_byte, int *ret_fds, size_t max_fds)
{
	union control control;
	struct iovec iov = {ret_byte, 1};
	struct msghdr m = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room)};
	ssize_t n;
	do
		n = recvmsg(socket, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -1;
	return n == 0 ? -2 : take_fds(&m, ret_fds, max_fds);
}
