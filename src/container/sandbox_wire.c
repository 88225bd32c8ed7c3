#include "container/sandbox_priv.h"
#include "container/stage_priv.h"

#include <sys/socket.h>

void sandbox_spec_wire(struct wire *w, struct sandbox_spec *s)
{
	wire_text(w, &s->name);
	container_lowers_wire(w, &s->lowers, &s->n_lowers);
	wire_text(w, &s->scratch);
	container_mounts_wire(w, &s->mounts, &s->n_mounts);
	wire_list(w, &s->hidden);
	wire_bool(w, &s->has_host_devices);
	container_network_wire(w, &s->network);
	wire_list(w, &s->extra_hosts);
	wire_u64(w, &s->memory_bytes);
	wire_i64(w, &s->pids_max);
	wire_u64(w, &s->cpu_millis);
	if (!w->out && !s->name)
		w->is_bad = true;
}

void sandbox_exec_wire(struct wire *w, struct sandbox_exec *e)
{
	wire_list(w, &e->args);
	wire_list(w, &e->env);
	wire_text(w, &e->cwd);
	wire_text(w, &e->user);
	if (!w->out && (!e->args || !e->args[0] || !e->cwd))
		w->is_bad = true;
}

/* Room for the largest number of fds that a message of ours has. */
union control {
	char room[CMSG_SPACE(sizeof(int) * STEP_FDS)];
	struct cmsghdr align;
};

int sandbox_send(int socket, uint8_t byte, const int *fds, size_t n_fds)
{
	union control control = {.room = {0}};
	struct iovec iov = {&byte, 1};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	assert(n_fds <= STEP_FDS);
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

int sandbox_receive(int socket, uint8_t *ret_byte, int *ret_fds, size_t max_fds)
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
