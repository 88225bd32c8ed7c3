#include "http/server_priv.h"

#include "base/num.h"

#include <arpa/inet.h>
#include <sys/socket.h>

enum { BACKLOG = 4096 };

/* "127.0.0.1:5080", "[::1]:0", ":5080", "localhost:5080". */
static int parse_address(struct str text, struct sockaddr_in6 *ret, struct err *err)
{
	char host[INET6_ADDRSTRLEN];
	uint64_t port;
	struct err why;
	ssize_t colon = str_rchr(text, ':');
	struct str name = str_sub(text, 0, colon < 0 ? 0 : (size_t)colon);
	if (colon < 0 ||
		num_parse_u64(str_skip(text, (size_t)colon + 1), 0, UINT16_MAX, &port, &why) < 0) {
		err_set(err, ERR_INPUT, "expected an address and a port, got '%.*s'",
			STR_ARG(text));
		return err_hint(err, "write it as 127.0.0.1:5080 or [::1]:5080");
	}
	if (str_is(name, "localhost"))
		name = S("127.0.0.1");
	if (name.n > 1 && name.p[0] == '[' && name.p[name.n - 1] == ']')
		name = str_sub(name, 1, name.n - 1);
	snprintf(host, sizeof(host), "%.*s", STR_ARG(name));
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
	if (!name.n) {
		*ret = (struct sockaddr_in6){.sin6_family = AF_INET6};
	} else if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
	} else if (inet_pton(AF_INET6, host, &ret->sin6_addr) == 1) {
		ret->sin6_family = AF_INET6;
	} else {
		err_set(err, ERR_INPUT, "expected an IP address to listen on, got '%s'", host);
		return err_hint(err, "write it as 127.0.0.1:5080 or [::1]:5080");
	}
	ret->sin6_port = htons((uint16_t)port); /* at the same place in both */
	return 0;
}

static int open_socket(const struct sockaddr_in6 *a, int *ret_fd, struct err *err)
{
	int on = 1, off = 0;
	CLEANUP(fd_close)
	int fd = socket(a->sin6_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_sys(err, "open a socket");
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)); /* bind says it */
	if (a->sin6_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	socklen_t n = a->sin6_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(*a);
	if (bind(fd, (const struct sockaddr *)a, n) < 0 || listen(fd, BACKLOG) < 0)
		return err_sys(err, "bind");
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int http_listen_on(const char *address, int *ret_fd, uint16_t *ret_port, struct err *err)
{
	struct sockaddr_in6 a = {0};
	socklen_t n = sizeof(a);
	int fd = -1, rc;
	if (parse_address(str_of(address), &a, err) < 0)
		return -1;
	rc = open_socket(&a, &fd, err);
	if (rc < 0 && err->sys == EAFNOSUPPORT && address[0] == ':') {
		a.sin6_family = AF_INET; /* a host without IPv6; the address is all zero */
		rc = open_socket(&a, &fd, err);
	}
	if (rc < 0) {
		err_wrap(err, "listen on '%s'", address);
		return err->sys != EADDRINUSE
			? -1
			: err_hint(err, "another program has this port: choose one with --listen");
	}
	if (getsockname(fd, (struct sockaddr *)&a, &n) < 0) {
		fd_close(fd);
		return err_sys(err, "getsockname");
	}
	*ret_fd = fd;
	*ret_port = ntohs(a.sin6_port);
	return 0;
}
