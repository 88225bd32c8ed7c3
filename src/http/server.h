/* http/server -- answering requests.
 *
 * One handler gets every request. It is called when the headers are in, may take the body piece by
 * piece, and answers once. Answers from memory or from an open file (sendfile); both may be ranges.
 *
 *	begin(ctx, r)		headers are in. Take state with http_request_set_state(), or answer
 *				at once (a body that was announced is then read and dropped, or the
 *				connection closed).
 *	body(ctx, r, piece)	next bytes, only when begin did not answer. Returning -1 with err
 *				means the handler answered (or the connection is closed).
 *	end(ctx, r)		the body is complete; must answer unless begin or body did.
 *	gone(ctx, r)		always last: frees the state. Also when the client vanished.
 *
 * GET and HEAD are answered on the server's few event threads, so their begin() and end() must not
 * wait for long. All other methods, and what waits() says, run on a thread of their own: they may
 * wait for disks and locks.
 *
 * Knows:   HTTP/1.1 (RFC 9110, 9112), TLS 1.2 and 1.3 (OpenSSL). Touches: sockets. Never: OCI words.
 * Threads: the handler is called from the server's threads, one request from one at a time.
 * Limits:  HTTP_MAX_CONNECTIONS (the longest idle gives way), head 64 KiB and 100 fields, request
 *          line 8 KiB; head complete in 20 s (with its body, up to 64 KiB of one), 60 s between
 *          requests, larger bodies and answers move on by 16 KiB in 60 s.
 * Errors:  http_server_start: ERR_SYS (address in use), ERR_INPUT (address, certificate).
 * Why not a library: docs/decisions/0003-own-http-server.md.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"

enum { HTTP_MAX_CONNECTIONS = 16384 };

struct http_server;
struct http_request;

struct http_handler {
	void (*begin)(void *ctx, struct http_request *r);
	int (*body)(void *ctx, struct http_request *r, struct str piece, struct err *err);
	void (*end)(void *ctx, struct http_request *r);
	void (*gone)(void *ctx, struct http_request *r); /* NULL = nothing to free */
	void *ctx;
	/* Must this request have a thread of its own because it may wait? NULL = every method but GET
	 * and HEAD must. Called before begin, on an event thread. */
	bool (*waits)(void *ctx, const struct http_request *r);
};

struct http_server_spec {
	const char *listen; /* "127.0.0.1:5080", "[::1]:0", ":5080"; port 0 = any */
	const char *tls_cert_file, *tls_key_file; /* both or none */
	unsigned n_threads;                       /* 0 = one per processor */
	/* 0 = the defaults of "Limits" above. */
	int64_t idle_ns;  /* between requests */
	int64_t head_ns;  /* from a head's first byte to its last */
	int64_t stall_ns; /* in which a body or an answer must move on */
	unsigned max_connections;
	struct http_handler handler;
	/* Every request once, when its answer was sent or given up, for the access log; may be NULL.
	 * status 0 = the client left before there was an answer. */
	void (*on_done)(void *ctx, const struct http_request *r, int status, uint64_t bytes_sent,
		int64_t took_ns);
	void *on_done_ctx;
};
int http_server_start(const struct http_server_spec *spec, struct http_server **ret,
	struct err *err);
uint16_t http_server_port(const struct http_server *s);
/* Stops accepting, lets running requests end for up to grace_ns, then closes. */
void http_server_stop(struct http_server *s, int64_t grace_ns);

/* The request. Text is borrowed until gone(). */
enum http_method {
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
	HTTP_PUT,
	HTTP_PATCH,
	HTTP_DELETE,
	HTTP_OPTIONS,
	HTTP_OTHER
};
enum http_method http_request_method(const struct http_request *r);
struct str http_request_method_name(const struct http_request *r);
struct str http_request_path(const struct http_request *r);  /* as sent, still escaped */
struct str http_request_query(const struct http_request *r); /* without '?'; may be empty */
/* p NULL = absent */
struct str http_request_header(const struct http_request *r, const char *name);
struct str http_request_peer(const struct http_request *r); /* "127.0.0.1:40312" */
bool http_request_is_tls(const struct http_request *r);
/* From Content-Length; UINT64_MAX when chunked; 0 when there is no body. */
uint64_t http_request_size(const struct http_request *r);
struct arena *http_request_arena(struct http_request *r); /* freed after gone() */
void http_request_set_state(struct http_request *r, void *state);
void *http_request_state(const struct http_request *r);

struct http_reply_header {
	const char *name;
	struct str value;
};
/* The answer: one call per request. Headers are copied. For HEAD the body is not sent and its
 * length is announced. */
struct http_reply {
	int status;
	const struct http_reply_header *headers;
	size_t n_headers;
	/* Body: one of */
	/* Copied, unless is_text_shared: then it must stay until the server stops or
	 * release(release_ctx) was called. */
	struct str text;
	bool is_text_shared;
	void (*release)(void *release_ctx);
	void *release_ctx;
	int take_fd; /* > 0: the file, taken over; [offset, offset + size) is sent */
	uint64_t offset, size;
	/* Only with HEAD or 304: the length to announce when text and fd are not given. */
	uint64_t head_size;
	bool closes; /* the connection ends after this answer */
};
void http_answer(struct http_request *r, const struct http_reply *reply);
/* Ends the connection of a request whose handler waits for its body: the body breaks off there. From
 * any thread that knows the request is not gone. */
void http_request_hang_up(struct http_request *r);
bool http_is_answered(const struct http_request *r);

/* Range header against a size: 0 = no (valid) range: send everything; 1 = *ret_offset and *ret_size
 * are set, answer 206; -1 = not satisfiable, answer 416. Several ranges count as none. */
int http_range(struct str header, uint64_t size, uint64_t *ret_offset, uint64_t *ret_size);

#endif
