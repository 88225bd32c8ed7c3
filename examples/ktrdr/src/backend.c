#include "ktrdr.h"

#include <microhttpd.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct backend {
	const struct settings *settings;
	time_t started;
};

static enum MHD_Result answer(struct MHD_Connection *c, unsigned status, const char *json)
{
	struct MHD_Response *r =
		MHD_create_response_from_buffer(strlen(json), (void *)json, MHD_RESPMEM_MUST_COPY);
	if (!r)
		return MHD_NO;
	MHD_add_response_header(r, "Content-Type", "application/json");
	enum MHD_Result queued = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return queued;
}

static enum MHD_Result health(struct MHD_Connection *c, const struct backend *b)
{
	char json[512];
	snprintf(json, sizeof(json),
		"{\"status\":\"healthy\",\"version\":\"%s\",\"commit\":\"%s\","
		"\"uptime_seconds\":%lld,\"database\":\"%s:%s/%s\"}\n",
		KTRDR_VERSION, b->settings->commit, (long long)(time(NULL) - b->started),
		b->settings->db_host, b->settings->db_port, b->settings->db_name);
	return answer(c, MHD_HTTP_OK, json);
}

/* libmicrohttpd calls twice for a GET; answering on the second call keeps the connection alive. */
static enum MHD_Result handle(void *ctx, struct MHD_Connection *c, const char *url,
	const char *method, const char *version, const char *body, size_t *body_size, void **state)
{
	static const int seen = 1;
	(void)version;
	(void)body;
	if (!*state) {
		*state = (void *)&seen;
		return MHD_YES;
	}
	*body_size = 0;
	if (strcmp(method, "GET") != 0)
		return answer(c, MHD_HTTP_METHOD_NOT_ALLOWED, "{\"error\":\"only GET\"}\n");
	if (strcmp(url, "/api/v1/health") == 0)
		return health(c, ctx);
	if (strcmp(url, "/") == 0)
		return answer(c, MHD_HTTP_OK, "{\"service\":\"ktrdr-backend\"}\n");
	return answer(c, MHD_HTTP_NOT_FOUND, "{\"error\":\"not found\"}\n");
}

int backend_run(const struct settings *s)
{
	struct backend b = {s, time(NULL)};
	sigset_t stop;
	int got;
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	sigprocmask(SIG_BLOCK, &stop, NULL); /* before the server's thread is made */
	struct MHD_Daemon *d = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, s->port, NULL, NULL,
		handle, &b, MHD_OPTION_END);
	if (!d) {
		fprintf(stderr, "ktrdr-backend: port %u is not free\n", s->port);
		return 1;
	}
	printf("ktrdr-backend %s (%s) listens on port %u\n", KTRDR_VERSION, s->commit, s->port);
	fflush(stdout);
	sigwait(&stop, &got);
	MHD_stop_daemon(d);
	puts("ktrdr-backend: stopped");
	return 0;
}
