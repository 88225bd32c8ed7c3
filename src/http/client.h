/* http/client -- requests to other servers.
 *
 * Blocking calls; a thread per transfer. Connections are kept alive and shared. Redirects are not
 * followed here: whoever knows which host may see the credentials decides (http_response.location).
 *
 * Knows:   HTTP/1.1 and 2, TLS (libcurl, loaded with the first call, not before). Touches: sockets;
 *          http_proxy and its kin in the environment. Never: OCI words.
 * Owner:   the caller frees client and responses. Threads: a client from any thread.
 * Errors:  ERR_NET (no answer, broken answer, TLS), ERR_CANCELED, ERR_LIMIT (answer larger than
 *          asked for, headers over 64 KiB), ERR_INPUT (URL), and what the callbacks return.
 *          A status is not an error.
 */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/cancel.h"

struct http_client;

struct http_client_spec {
	const char *ca_file;        /* NULL = the system's */
	const char *user_agent;     /* NULL = "knarr/<version>" */
	bool is_insecure_tls;       /* accept any certificate */
	int64_t connect_timeout_ns; /* 0 = 10 s */
	int64_t stall_timeout_ns;   /* no byte either way; 0 = 60 s */
	int64_t answer_timeout_ns; /* ... once the request is sent and the server thinks; 0 = 300 s */
};
int http_client_new(const struct http_client_spec *spec, struct http_client **ret, struct err *err);
void http_client_free(struct http_client *c);
CLEANUP_PTR(http_client_free, struct http_client);

struct http_header {
	struct str name, value;
};

struct http_response;

struct http_call {
	const char *method;
	const char *url; /* http:// or https:// only */
	const struct http_header *headers;
	size_t n_headers;
	/* Body: text, or size bytes from read (0 = end, -1 = err set). UINT64_MAX = unknown, chunked. */
	struct str body;
	uint64_t body_size;
	ssize_t (*read)(void *ctx, char *room, size_t n, struct err *err);
	/* Rewinds read to the start, for a retry on a connection that had gone stale; NULL = cannot. */
	int (*rewind)(void *ctx);
	/* The answer's body, piece by piece; NULL = collected in response.body up to max_body. on_head
	 * is called once before the first piece; either may stop with -1. */
	int (*on_head)(void *ctx, const struct http_response *head, struct err *err);
	int (*on_body)(void *ctx, struct str piece, struct err *err);
	void *ctx;
	size_t max_body; /* 0 = 4 MiB */
	bool is_insecure_tls;
	const struct cancel *cancel;
};

struct http_response {
	int status;
	struct http_header *headers; /* names in lower case */
	size_t n_headers;
	struct buf body;
	struct arena arena;
};

int http_call(struct http_client *c, const struct http_call *call, struct http_response *ret,
	struct err *err);
void http_response_done(struct http_response *r);
CLEANUP_VAL(http_response_done, struct http_response);
/* First value of a header (name in lower case), or an empty str with p NULL. */
struct str http_response_header(const struct http_response *r, const char *name);

#endif
