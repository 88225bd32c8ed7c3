#include "ktrdr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static bool send_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t sent = write(fd, p, n);
		if (sent <= 0)
			return false;
		p += sent;
		n -= (size_t)sent;
	}
	return true;
}

static bool ask(int fd, const struct settings *s)
{
	static const char request[] = "GET /api/v1/health HTTP/1.0\r\nHost: localhost\r\n\r\n";
	const struct timeval limit = {.tv_sec = 2};
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(s->port)};
	char head[16] = "";
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	return connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
	       send_all(fd, request, sizeof(request) - 1) &&
	       recv(fd, head, sizeof(head) - 1, MSG_WAITALL) > 12 &&
	       strncmp(head + 8, " 200", 4) == 0;
}

int probe_run(const struct settings *s)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool is_healthy = fd >= 0 && ask(fd, s);
	if (fd >= 0)
		close(fd);
	puts(is_healthy ? "healthy" : "no answer on /api/v1/health");
	return is_healthy ? 0 : 1;
}
