/* One request from its first byte until its answer is sent. */
#include "http/server_priv.h"

#include <arpa/inet.h>
#include <sys/socket.h>

enum { IN_START = 8 * 1024, OUT_KEEP = 64 * 1024, SPARE_MAX = 32 };

struct http_request *http_request_new(struct loop *l)
{
	struct http_request *r = l->spare;
	if (r) {
		l->spare = r->next_spare;
		l->n_spare--;
		return r;
	}
	r = NEW(struct http_request);
	r->cap_in = IN_START;
	r->in = mem_new(r->cap_in, 1);
	r->out = (struct out){.fd = -1, .head = BUF(HTTP_TEXT_MAX)};
	return r;
}

void http_request_free(struct http_request *r)
{
	if (!r)
		return;
	buf_done(&r->out.head);
	free(r->in);
	free(r->ahead);
	free(r);
}

void http_request_recycle(struct loop *l, struct http_request *r)
{
	if (l->n_spare == SPARE_MAX || r->cap_in != IN_START) {
		http_request_free(r);
		return;
	}
	r->n_in = r->scanned = 0;
	r->is_continued = false;
	r->next_spare = l->spare;
	l->spare = r;
	l->n_spare++;
}

void http_request_begin(struct http_request *r)
{
	const struct http_handler *h = &r->conn->loop->server->spec.handler;
	r->is_begun = true;
	h->begin(h->ctx, r);
}

void http_request_end(struct http_request *r)
{
	const struct http_handler *h = &r->conn->loop->server->spec.handler;
	h->end(h->ctx, r);
	if (!http_is_answered(r))
		http_request_refuse(r, 500);
}

void http_request_leave(struct http_request *r)
{
	const struct http_handler *h = &r->conn->loop->server->spec.handler;
	if (r->is_begun && h->gone)
		h->gone(h->ctx, r);
	r->is_begun = false;
	r->state = NULL;
	arena_done(&r->arena);
}

static void out_done(struct out *out)
{
	if (out->release)
		out->release(out->release_ctx);
	fd_close(out->fd);
	buf_clear(&out->head);
	if (out->head.cap > OUT_KEEP)
		buf_done(&out->head);
	*out = (struct out){.fd = -1, .head = out->head};
}

void http_request_done(struct http_request *r)
{
	const struct http_server_spec *spec = &r->conn->loop->server->spec;
	if (spec->on_done && r->began_ns)
		spec->on_done(spec->on_done_ctx, r, r->out.status, r->out.body_sent,
			clock_monotonic(clock_system()) - r->began_ns);
	out_done(&r->out);
	r->began_ns = 0;
	r->is_broken = false;
	r->peer[0] = '\0';
}

enum http_method http_request_method(const struct http_request *r)
{
	return r->head.method;
}

struct str http_request_method_name(const struct http_request *r)
{
	return r->head.method_name;
}

struct str http_request_path(const struct http_request *r)
{
	return r->head.path;
}

struct str http_request_query(const struct http_request *r)
{
	return r->head.query;
}

struct str http_request_header(const struct http_request *r, const char *name)
{
	return http_head_find(&r->head, str_of(name));
}

struct str http_request_peer(const struct http_request *r)
{
	struct http_request *own = (struct http_request *)(uintptr_t)r; // NOLINT: fills a cache
	const struct sockaddr_in6 *a = &r->conn->peer;
	char host[INET6_ADDRSTRLEN] = "";
	if (own->peer[0])
		return str_of(own->peer);
	if (a->sin6_family == AF_INET) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)a;
		inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host));
		snprintf(own->peer, sizeof(own->peer), "%s:%u", host, ntohs(v4->sin_port));
	} else {
		inet_ntop(AF_INET6, &a->sin6_addr, host, sizeof(host));
		bool is_v4 = IN6_IS_ADDR_V4MAPPED(&a->sin6_addr);
		snprintf(own->peer, sizeof(own->peer), is_v4 ? "%s:%u" : "[%s]:%u",
			is_v4 ? host + strlen("::ffff:") : host, ntohs(a->sin6_port));
	}
	return str_of(own->peer);
}

bool http_request_is_tls(const struct http_request *r)
{
	return r->conn->tls != NULL;
}

uint64_t http_request_size(const struct http_request *r)
{
	return r->head.size;
}

struct arena *http_request_arena(struct http_request *r)
{
	return &r->arena;
}

void http_request_set_state(struct http_request *r, void *state)
{
	r->state = state;
}

void *http_request_state(const struct http_request *r)
{
	return r->state;
}

void http_request_hang_up(struct http_request *r)
{
	shutdown(r->conn->fd, SHUT_RDWR);
}
