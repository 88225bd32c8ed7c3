/* http/server_priv -- the server from inside.
 *
 *	loop      an epoll thread; owns its connections; answers GET and HEAD itself
 *	transfer  threads for all other methods, because those wait: for a body, for a disk
 *	conn      one connection and its state
 *	request   bytes received, the parsed head, the answer; recycled by its loop
 *
 *	      bytes          head complete, GET        answer sent
 *	READ ──────► READ ───────────────────► WRITE ───────────────► READ
 *	              │ other methods            ▲  └ body left ► DRAIN ► READ
 *	              └─► AWAY (transfer thread) ┘  └ closes ──► LINGER ► closed
 *
 * Invariants: a connection belongs to one thread at a time: its loop, except while AWAY. Only its
 * loop closes it. What other threads give to a loop (new and returned connections) goes through the
 * loop's inbox; what is in there is AWAY.
 */
#ifndef HTTP_SERVER_PRIV_H
#define HTTP_SERVER_PRIV_H

#include "base/buf.h"
#include "http/head_priv.h"

#include <assert.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>

#define HTTP_LINGER_NS (5 * CLOCK_SECOND) /* for the client to read our last answer */

#define HTTP_CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"

enum {
	HTTP_SMALL_BODY = 64 * 1024,  /* is read before the request begins */
	HTTP_STALL_BYTES = 16 * 1024, /* what "moves on" means */
	HTTP_DRAIN_MAX = 256 * 1024,  /* of an unwanted body: more closes the connection */
	HTTP_LINGER_MAX = 1024 * 1024,
	HTTP_TEXT_MAX = 256 * 1024 * 1024, /* of an answer from memory */
	HTTP_TRANSFERS_MAX = 128,          /* threads; further requests wait in a queue */
	HTTP_PIPELINE_MAX = 64,            /* requests of one connection in a row */
};

struct ssl_st;
struct ssl_ctx_st;
struct loop;
struct transfers;

struct out {
	int status; /* 0 = not answered yet */
	bool closes;
	struct buf head; /* head, and text that is not shared */
	size_t head_sent;
	struct str text; /* shared */
	void (*release)(void *ctx);
	void *release_ctx;
	int fd; /* -1 = none */
	uint64_t offset, left;
	uint64_t body_sent;
};

struct http_request {
	struct conn *conn;
	char *in; /* n_in bytes received: the head, the start of the body or the next request */
	size_t n_in, cap_in, scanned, n_head;
	char *ahead; /* bytes received behind a chunked body */
	size_t n_ahead, cap_ahead;
	struct head head;
	struct body body;
	struct arena arena;
	void *state;
	bool is_begun, is_broken, is_continued;
	int64_t began_ns;
	struct out out;
	int64_t date_second;
	char date[32];
	char peer[INET6_ADDRSTRLEN + 10];
	struct http_request *next_spare;
};

enum conn_state { CONN_READ, CONN_AWAY, CONN_WRITE, CONN_DRAIN, CONN_LINGER, CONN_CLOSED };

struct conn {
	struct loop *loop;
	struct conn *prev, *next; /* in the loop, longest idle first */
	struct conn *next_posted;
	int fd;
	struct ssl_st *tls;
	enum conn_state state;
	uint32_t events;    /* what epoll watches; 0 = not in epoll */
	uint32_t wants;     /* what the last read or write that would block waits for */
	bool may_have_more; /* a read may give something without waiting */
	bool is_fresh;      /* nothing was read yet */
	bool is_listed;     /* its loop has it */
	int64_t deadline_ns;
	uint64_t moved, moved_mark; /* bytes since the answer began; and when deadline was set */
	uint64_t drained;
	struct http_request *r;   /* NULL between requests */
	struct sockaddr_in6 peer; /* or its shorter kin */
};

struct loop {
	struct http_server *server;
	pthread_t thread;
	int epoll_fd, wake_fd;
	bool is_running, accepts;
	int64_t now_ns, swept_ns;
	struct conn *first, *last;
	struct conn *dead; /* closed in this round, freed at its end */
	struct http_request *spare;
	size_t n_spare;
	atomic_uint n_conns;
	pthread_mutex_t lock; /* of inbox */
	struct conn *inbox;
	char *scratch; /* TLS_SCRATCH bytes, only with TLS */
};

struct http_server {
	struct http_server_spec spec; /* with every default filled in */
	int tick_ms;                  /* how often deadlines are looked at */
	int listen_fd;
	uint16_t port;
	struct ssl_ctx_st *tls;
	unsigned n_loops;
	struct loop *loops;
	struct transfers *transfers;
	atomic_bool is_stopping; /* no new requests */
	atomic_bool is_killing;  /* no mercy for running ones */
	pthread_mutex_t lock;
	pthread_cond_t gone; /* the last connection went */
	atomic_uint n_conns;
};

/* listen.c */
int http_listen_on(const char *address, int *ret_fd, uint16_t *ret_port, struct err *err);

/* loop.c */
int http_loop_start(struct loop *l, struct http_server *s, struct err *err);
void http_loop_join(struct loop *l); /* waits for its thread */
void http_loop_done(struct loop *l); /* once all are joined */
void http_loop_wake(struct loop *l);
/* Hands a connection over, from any thread. */
void http_loop_post(struct loop *l, struct conn *c);
void http_loop_watch(struct conn *c, uint32_t events);
void http_loop_touch(struct conn *c); /* it is the least idle now */

/* conn.c: all on the loop's thread */
struct conn *http_conn_new(int fd, const struct sockaddr_in6 *peer, struct ssl_ctx_st *tls);
void http_conn_run(struct conn *c); /* goes on as far as it can without waiting */
void http_conn_close(struct conn *c);
bool http_conn_is_idle(const struct conn *c);
void http_conn_on_deadline(struct conn *c);

/* transfer.c */
struct transfers *http_transfers_new(struct http_server *s);
void http_transfers_free(struct transfers *t);
void http_transfers_submit(struct transfers *t, struct conn *c);

/* request.c */
struct http_request *http_request_new(struct loop *l);
void http_request_recycle(struct loop *l, struct http_request *r);
void http_request_free(struct http_request *r);
void http_request_begin(struct http_request *r);
void http_request_end(struct http_request *r);
void http_request_leave(struct http_request *r); /* gone(), once */
/* The answer is sent or given up: tells on_done and frees what the answer held. */
void http_request_done(struct http_request *r);
/* Answers with a status and a line of text, and closes after. */
void http_request_refuse(struct http_request *r, int status);

/* io.c: > 0 bytes, 0 the other side closed, IO_AGAIN with c->wants set, IO_BROKEN */
enum { IO_AGAIN = -1, IO_BROKEN = -2 };
ssize_t http_io_read(struct conn *c, void *room, size_t n);
ssize_t http_io_write(struct conn *c, const void *p, size_t n, bool more_follows);
/* Head and text in one go. */
ssize_t http_io_write_two(struct conn *c, struct str a, struct str b);
ssize_t http_io_send_file(struct conn *c, int fd, uint64_t offset, uint64_t n);
/* Waits for c->wants: 1 = ready, 0 = timeout. */
int http_io_wait(struct conn *c, int64_t timeout_ns);

/* tls.c */
enum { TLS_SCRATCH = 64 * 1024 };
int http_tls_context(const char *cert_file, const char *key_file, struct ssl_ctx_st **ret,
	struct err *err);
void http_tls_context_free(struct ssl_ctx_st *t);
struct ssl_st *http_tls_new(struct ssl_ctx_st *t, int fd);
void http_tls_free(struct ssl_st *s, bool says_goodbye);
ssize_t http_tls_read(struct conn *c, void *room, size_t n);
ssize_t http_tls_write(struct conn *c, const void *p, size_t n);

/* status.c */
const char *http_status_words(int status);
/* IMF-fixdate: "Sat, 21 Nov 2026 17:00:00 GMT". */
void http_date(int64_t second, char room[32]);

#endif
