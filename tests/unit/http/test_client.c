/* The client against our own server and against sockets that misbehave. */
#include "../test.h"

#include "http/client.h"
#include "http/server.h"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

/* ---- a server that tells what it got ---- */

static int on_body(void *ctx, struct http_request *r, struct str piece, struct err *err)
{
	buf_add(http_request_state(r), piece);
	return 0;
}

static void on_begin(void *ctx, struct http_request *r)
{
	struct buf *body = NEW(struct buf);
	*body = BUF(16 << 20);
	http_request_set_state(r, body);
}

static void on_end(void *ctx, struct http_request *r)
{
	struct buf *body = http_request_state(r);
	CLEANUP(buf_done) struct buf text = BUF(32 << 20);
	struct str size = http_request_header(r, "content-length");
	const struct http_reply_header headers[] = {
		{"X-Mixed-Case", S(" value ")}, {"Location", S("/elsewhere")}};
	bool is_redirect = str_is(http_request_path(r), "/redirect");
	buf_fmt(&text, "%.*s %.*s?%.*s length=%.*s x=%.*s agent=%.*s body=",
		STR_ARG(http_request_method_name(r)), STR_ARG(http_request_path(r)),
		STR_ARG(http_request_query(r)), STR_ARG(size), STR_ARG(http_request_header(r, "x")),
		STR_ARG(http_request_header(r, "user-agent")));
	buf_add(&text, buf_str(body));
	http_answer(r,
		&(struct http_reply){.status = is_redirect ? 307 : 200,
			.headers = headers,
			.n_headers = ARRAY_LEN(headers),
			.text = buf_str(&text)});
}

static void on_gone(void *ctx, struct http_request *r)
{
	buf_done(http_request_state(r));
	free(http_request_state(r));
}

struct pair {
	struct http_server *server;
	struct http_client *client;
	char base[64];
};

static void pair_start(struct pair *p, struct http_server_spec server,
	struct http_client_spec client)
{
	struct err err = {0};
	server.listen = "127.0.0.1:0";
	server.handler = (struct http_handler){on_begin, on_body, on_end, on_gone, NULL};
	server.n_threads = 1;
	OK(http_server_start(&server, &p->server, &err));
	OK(http_client_new(&client, &p->client, &err));
	snprintf(p->base, sizeof(p->base), "%s://127.0.0.1:%u",
		server.tls_cert_file ? "https" : "http", http_server_port(p->server));
}

static void pair_done(struct pair *p)
{
	http_client_free(p->client);
	http_server_stop(p->server, 0);
}
CLEANUP_VAL(pair_done, struct pair);

#define PAIR(name)                                                                                 \
	CLEANUP(pair_done) struct pair name = {0};                                                 \
	pair_start(&name, (struct http_server_spec){0}, (struct http_client_spec){0})
#define URL(pair, path)                                                                            \
	char url[200];                                                                             \
	snprintf(url, sizeof(url), "%s%s", (pair).base, path)

/* A body of n bytes 'a' that is read, and can be rewound. */
struct letters {
	size_t n, left;
	int n_rewinds;
};

static ssize_t read_letters(void *ctx, char *room, size_t n, struct err *err)
{
	struct letters *l = ctx;
	n = n < l->left ? n : l->left;
	memset(room, 'a', n);
	l->left -= n;
	return (ssize_t)n;
}

static int rewind_letters(void *ctx)
{
	struct letters *l = ctx;
	l->left = l->n;
	l->n_rewinds++;
	return 0;
}

static void http_call_get_gives_status_headers_and_body(void **state)
{
	struct err err = {0};
	PAIR(p);
	URL(p, "/a/../b?c=%2f");
	const struct http_header h[] = {{S("X"), S("y")}, {S("X-Empty"), S("")}};
	CLEANUP(http_response_done) struct http_response r = {0};
	OK(http_call(p.client,
		&(struct http_call){.method = "GET", .url = url, .headers = h, .n_headers = 2}, &r,
		&err));
	assert_int_equal(r.status, 200);
	STR_IS(http_response_header(&r, "x-mixed-case"), "value");
	assert_null(http_response_header(&r, "absent").p);
	STR_IS(buf_str(&r.body),
		"GET /a/../b?c=%2f length= x=y agent=knarr/" KNARR_VERSION " body=");
}

static void http_call_sends_bodies(void **state)
{
	static const struct {
		const char *method, *body, *seen;
	} cases[] = {
		{"PUT", "hello", "PUT /? length=5 x= agent=t body=hello"},
		{"POST", "hello", "POST /? length=5 x= agent=t body=hello"},
		{"PATCH", "hello", "PATCH /? length=5 x= agent=t body=hello"},
		{"POST", "", "POST /? length=0 x= agent=t body="},
		{"PUT", "", "PUT /? length=0 x= agent=t body="},
		{"DELETE", "", "DELETE /? length= x= agent=t body="},
	};
	CLEANUP(pair_done) struct pair p = {0};
	pair_start(&p, (struct http_server_spec){0}, (struct http_client_spec){.user_agent = "t"});
	URL(p, "/");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		CLEANUP(http_response_done) struct http_response r = {0};
		OK(http_call(p.client,
			&(struct http_call){.method = cases[i].method,
				.url = url,
				.body = str_of(cases[i].body)},
			&r, &err));
		STR_IS(buf_str(&r.body), cases[i].seen);
	}
}

static void http_call_streams_bodies(void **state)
{
	PAIR(p);
	URL(p, "/");
	for (int i = 0; i < 2; i++) {
		struct err err = {0};
		struct letters l = {.n = 3 << 20, .left = 3 << 20};
		CLEANUP(http_response_done) struct http_response r = {0};
		OK(http_call(p.client,
			&(struct http_call){.method = "PUT",
				.url = url,
				.read = read_letters,
				.ctx = &l,
				.body_size = i ? UINT64_MAX : l.n,
				.max_body = 8 << 20},
			&r, &err));
		assert_true(str_has(buf_str(&r.body), i ? S("length= ") : S("length=3145728 ")));
		assert_true(r.body.n > 3 << 20);
	}
}

static void http_call_body_that_ends_early_is_an_error(void **state)
{
	struct err err;
	PAIR(p);
	URL(p, "/");
	struct letters l = {.n = 5, .left = 5};
	struct http_response r = {0};
	FAILS(ERR_INPUT,
		http_call(p.client,
			&(struct http_call){.method = "PUT",
				.url = url,
				.read = read_letters,
				.ctx = &l,
				.body_size = 10},
			&r, &err));
}

static void http_call_head_has_no_body(void **state)
{
	struct err err = {0};
	PAIR(p);
	URL(p, "/");
	CLEANUP(http_response_done) struct http_response r = {0};
	OK(http_call(p.client, &(struct http_call){.method = "HEAD", .url = url}, &r, &err));
	assert_int_equal(r.body.n, 0);
	assert_true(http_response_header(&r, "content-length").n > 0);
}

static void http_call_does_not_follow_redirects(void **state)
{
	struct err err = {0};
	PAIR(p);
	URL(p, "/redirect");
	CLEANUP(http_response_done) struct http_response r = {0};
	OK(http_call(p.client, &(struct http_call){.method = "GET", .url = url}, &r, &err));
	assert_int_equal(r.status, 307);
	STR_IS(http_response_header(&r, "location"), "/elsewhere");
}

static void http_call_limits_the_body(void **state)
{
	struct err err;
	PAIR(p);
	URL(p, "/");
	struct http_response r = {0};
	FAILS(ERR_LIMIT,
		http_call(p.client, &(struct http_call){.method = "GET", .url = url, .max_body = 5},
			&r, &err));
	assert_null(r.body.p);
}

struct taker {
	int n_heads, n_pieces, stop_at; /* 1 = head, 2 = body */
};

static int take_head(void *ctx, const struct http_response *head, struct err *err)
{
	struct taker *t = ctx;
	t->n_heads++;
	assert_int_equal(head->status, 200);
	assert_true(http_response_header(head, "location").n > 0);
	return t->stop_at == 1 ? err_set(err, ERR_DENIED, "not this one") : 0;
}

static int take_body(void *ctx, struct str piece, struct err *err)
{
	struct taker *t = ctx;
	assert_int_equal(t->n_heads, 1);
	t->n_pieces++;
	return t->stop_at == 2 ? err_set(err, ERR_SYS, "disk full") : 0;
}

static void http_call_hands_out_pieces_and_stops_when_told(void **state)
{
	struct err err = {0};
	PAIR(p);
	URL(p, "/");
	for (int stop = 0; stop < 3; stop++) {
		struct taker t = {.stop_at = stop};
		CLEANUP(http_response_done) struct http_response r = {0};
		struct http_call call = {.method = "GET",
			.url = url,
			.on_head = take_head,
			.on_body = take_body,
			.ctx = &t};
		if (stop == 0)
			OK(http_call(p.client, &call, &r, &err));
		else
			FAILS(stop == 1 ? ERR_DENIED : ERR_SYS,
				http_call(p.client, &call, &r, &err));
		assert_int_equal(t.n_heads, 1);
		assert_int_equal(t.n_pieces, stop == 1 ? 0 : 1);
	}
}

static void http_call_refuses_bad_input(void **state)
{
	static const char *const urls[] = {
		"", "ftp://a/", "file:///etc/passwd", "http://", "http://a b/"};
	struct err err;
	struct http_response r = {0};
	PAIR(p);
	for (size_t i = 0; i < ARRAY_LEN(urls); i++)
		FAILS(ERR_INPUT,
			http_call(p.client, &(struct http_call){.method = "GET", .url = urls[i]},
				&r, &err));
	const struct http_header evil = {S("X"), S("a\r\nY: b")};
	URL(p, "/");
	FAILS(ERR_INPUT,
		http_call(p.client,
			&(struct http_call){
				.method = "GET", .url = url, .headers = &evil, .n_headers = 1},
			&r, &err));
}

/* ---- sockets that misbehave ---- */

/* Answers the first n_good requests of one connection, then does as `script` says. */
struct rogue {
	int listen_fd;
	uint16_t port;
	const char *answer; /* sent after a request's head; NULL = nothing */
	bool stays_open;
	atomic_bool may_end;
	pthread_t thread;
};

static void *rogue_main(void *arg)
{
	struct rogue *g = arg;
	char room[65536];
	CLEANUP(fd_close) int fd = accept(g->listen_fd, NULL, NULL);
	if (fd < 0 || recv(fd, room, sizeof(room), 0) < 0)
		return NULL;
	if (g->answer)
		(void)send(fd, g->answer, strlen(g->answer), MSG_NOSIGNAL);
	while (g->stays_open && recv(fd, room, sizeof(room), 0) > 0)
		;
	return NULL;
}

static int bound_socket(uint16_t *ret_port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	*ret_port = ntohs(a.sin_port);
	return fd;
}

static void rogue_start(struct rogue *g)
{
	g->listen_fd = bound_socket(&g->port);
	assert_int_equal(listen(g->listen_fd, 5), 0);
	pthread_create(&g->thread, NULL, rogue_main, g);
}

static void rogue_done(struct rogue *g)
{
	shutdown(g->listen_fd, SHUT_RDWR);
	pthread_join(g->thread, NULL);
	close(g->listen_fd);
}

static void call_rogue(struct rogue g, struct http_client_spec spec, const struct cancel *cancel,
	enum err_kind kind, const char *words)
{
	struct err err = {0};
	struct http_client *c;
	struct http_response r = {0};
	char url[64];
	rogue_start(&g);
	OK(http_client_new(&spec, &c, &err));
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/", g.port);
	FAILS(kind,
		http_call(c, &(struct http_call){.method = "GET", .url = url, .cancel = cancel}, &r,
			&err));
	if (!str_has(str_of(err.what), str_of(words)))
		fail_msg("'%s' does not say '%s'", err.what, words);
	http_client_free(c);
	rogue_done(&g);
}

static void http_call_explains_what_the_network_did(void **state)
{
	struct http_client_spec spec = {0},
				hasty = {.stall_timeout_ns = 50 * CLOCK_MS,
					.answer_timeout_ns = 50 * CLOCK_MS};
	CLEANUP(buf_done) struct buf big = BUF(100000);
	buf_add_cstr(&big, "HTTP/1.1 200 OK\r\nX: ");
	for (int i = 0; i < 70000; i++)
		buf_add_ch(&big, 'x');
	buf_add_cstr(&big, "\r\n\r\n");
	call_rogue((struct rogue){0}, spec, NULL, ERR_NET,
		"closed the connection without an answer");
	call_rogue((struct rogue){.answer = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal"},
		spec, NULL, ERR_NET, "closed the connection in the middle");
	call_rogue((struct rogue){.answer = "SSH-2.0-OpenSSH\r\n"}, spec, NULL, ERR_NET,
		"127.0.0.1:");
	call_rogue((struct rogue){.answer = "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"}, spec,
		NULL, ERR_NET, "127.0.0.1:");
	call_rogue((struct rogue){.answer = buf_cstr(&big), .stays_open = true}, spec, NULL,
		ERR_LIMIT, "headers are larger");
	call_rogue((struct rogue){.stays_open = true}, hasty, NULL, ERR_NET,
		"nothing moved for 50ms");
	call_rogue((struct rogue){.answer = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal",
			   .stays_open = true},
		hasty, NULL, ERR_NET, "nothing moved for 50ms");
}

static void http_call_nobody_listens_says_so(void **state)
{
	uint16_t port;
	struct err err = {0};
	struct http_response r = {0};
	char url[64], words[100];
	PAIR(p);
	int fd = bound_socket(&port); /* keeps the port from others */
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/", port);
	snprintf(words, sizeof(words), "connect to 127.0.0.1:%u: connection refused", port);
	FAILS(ERR_NET,
		http_call(p.client, &(struct http_call){.method = "GET", .url = url}, &r, &err));
	assert_string_equal(err.what, words);
	close(fd);
}

static void *ask_cancel(void *arg)
{
	cancel_ask(arg);
	return NULL;
}

static void http_call_ends_when_canceled(void **state)
{
	struct err err = {0};
	struct cancel cancel;
	pthread_t thread;
	OK(cancel_init(&cancel, &err));
	pthread_create(&thread, NULL, ask_cancel, &cancel);
	call_rogue((struct rogue){.stays_open = true}, (struct http_client_spec){0}, &cancel,
		ERR_CANCELED, "cancel");
	pthread_join(thread, NULL);
	cancel_done(&cancel);
}

/* The kept connection is dead by the second call; the body must be sent again from its start. */
static void http_call_on_a_stale_connection_sends_again(void **state)
{
	struct err err = {0};
	struct http_response r = {0};
	struct rogue g = {.answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};
	struct http_client_spec spec = {0};
	struct http_client *c;
	struct letters l = {.n = 100000, .left = 100000};
	char url[64];
	rogue_start(&g);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/", g.port);
	OK(http_client_new(&spec, &c, &err));
	OK(http_call(c, &(struct http_call){.method = "GET", .url = url}, &r, &err));
	http_response_done(&r);
	pthread_join(g.thread, NULL); /* has closed */
	g.stays_open = true;
	pthread_create(&g.thread, NULL, rogue_main, &g);
	OK(http_call(c,
		&(struct http_call){.method = "PUT",
			.url = url,
			.read = read_letters,
			.rewind = rewind_letters,
			.body_size = l.n,
			.ctx = &l},
		&r, &err));
	assert_int_equal(r.status, 200);
	http_response_done(&r);
	http_client_free(c);
	rogue_done(&g);
}

static void *call_many(void *arg)
{
	struct pair *p = arg;
	URL(*p, "/");
	for (int i = 0; i < 50; i++) {
		struct err err = {0};
		struct http_response r = {0};
		OK(http_call(p->client, &(struct http_call){.method = "GET", .url = url}, &r,
			&err));
		assert_int_equal(r.status, 200);
		http_response_done(&r);
	}
	return NULL;
}

static void http_call_from_many_threads(void **state)
{
	pthread_t threads[6];
	PAIR(p);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		pthread_create(&threads[i], NULL, call_many, &p);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		pthread_join(threads[i], NULL);
}

/* ---- TLS, with a certificate made for the test ---- */

struct identity {
	char cert[40], key[40];
};

static void write_pem(char *path, EVP_PKEY *key, X509 *cert)
{
	CLEANUP(fd_close) int fd = mkstemp(path);
	FILE *f = fdopen(dup(fd), "w");
	assert_non_null(f);
	if (cert)
		assert_int_equal(PEM_write_X509(f, cert), 1);
	else
		assert_int_equal(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL), 1);
	fclose(f);
}

static struct identity make_identity(long valid_from_s, long valid_to_s)
{
	struct identity id = {"/tmp/knarr-cert-XXXXXX", "/tmp/knarr-key-XXXXXX"};
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), valid_from_s);
	X509_gmtime_adj(X509_getm_notAfter(cert), valid_to_s);
	X509_set_pubkey(cert, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
		(const unsigned char *)"test", -1, -1, 0);
	X509_set_issuer_name(cert, X509_get_subject_name(cert));
	X509_EXTENSION *names =
		X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");
	X509_add_ext(cert, names, -1);
	X509_EXTENSION_free(names);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	write_pem(id.cert, NULL, cert);
	write_pem(id.key, key, NULL);
	X509_free(cert);
	EVP_PKEY_free(key);
	return id;
}

static int get_tls(struct identity *id, struct http_client_spec spec, struct err *err)
{
	CLEANUP(pair_done) struct pair p = {0};
	pair_start(&p,
		(struct http_server_spec){.tls_cert_file = id->cert, .tls_key_file = id->key},
		spec);
	URL(p, "/");
	struct letters l = {.n = 3 << 20, .left = 3 << 20};
	struct http_response r = {0};
	int rc = http_call(p.client,
		&(struct http_call){.method = "PUT",
			.url = url,
			.read = read_letters,
			.ctx = &l,
			.body_size = l.n,
			.max_body = 8 << 20},
		&r, err);
	if (rc == 0)
		assert_true(r.status == 200 && r.body.n > 3 << 20);
	http_response_done(&r);
	return rc;
}

static void http_call_tls_checks_certificates(void **state)
{
	struct err err = {0};
	struct identity good = make_identity(-60, 3600), expired = make_identity(-7200, -3600);
	FAILS(ERR_NET, get_tls(&good, (struct http_client_spec){0}, &err));
	assert_true(str_has(str_of(err.what), S("tls with 127.0.0.1:")));
	OK(get_tls(&good, (struct http_client_spec){.is_insecure_tls = true}, &err));
	OK(get_tls(&good, (struct http_client_spec){.ca_file = good.cert}, &err));
	FAILS(ERR_NET, get_tls(&expired, (struct http_client_spec){.ca_file = expired.cert}, &err));
	FAILS(ERR_NET, get_tls(&good, (struct http_client_spec){.ca_file = expired.cert}, &err));
	unlink(good.cert);
	unlink(good.key);
	unlink(expired.cert);
	unlink(expired.key);
}

static void http_server_tls_port_tells_plain_clients(void **state)
{
	struct err err = {0};
	struct identity id = make_identity(-60, 3600);
	CLEANUP(pair_done) struct pair p = {0};
	pair_start(&p, (struct http_server_spec){.tls_cert_file = id.cert, .tls_key_file = id.key},
		(struct http_client_spec){0});
	CLEANUP(http_response_done) struct http_response r = {0};
	char url[64];
	snprintf(url, sizeof(url), "http://%s/", p.base + strlen("https://"));
	OK(http_call(p.client, &(struct http_call){.method = "GET", .url = url}, &r, &err));
	assert_int_equal(r.status, 400);
	STR_IS(buf_str(&r.body), "this port speaks https\n");
	unlink(id.cert);
	unlink(id.key);
}

static void http_server_start_refuses_bad_certificates(void **state)
{
	struct err err;
	struct http_server *s;
	struct identity a = make_identity(-60, 3600), b = make_identity(-60, 3600);
	struct http_server_spec missing = {
		.listen = ":0", .tls_cert_file = "/nonexistent", .tls_key_file = a.key};
	struct http_server_spec foreign = {
		.listen = ":0", .tls_cert_file = a.cert, .tls_key_file = b.key};
	struct http_server_spec half = {.listen = ":0", .tls_cert_file = a.cert};
	FAILS(ERR_INPUT, http_server_start(&missing, &s, &err));
	FAILS(ERR_INPUT, http_server_start(&foreign, &s, &err));
	FAILS(ERR_INPUT, http_server_start(&half, &s, &err));
	unlink(a.cert);
	unlink(a.key);
	unlink(b.cert);
	unlink(b.key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(http_call_get_gives_status_headers_and_body),
		cmocka_unit_test(http_call_sends_bodies),
		cmocka_unit_test(http_call_streams_bodies),
		cmocka_unit_test(http_call_body_that_ends_early_is_an_error),
		cmocka_unit_test(http_call_head_has_no_body),
		cmocka_unit_test(http_call_does_not_follow_redirects),
		cmocka_unit_test(http_call_limits_the_body),
		cmocka_unit_test(http_call_hands_out_pieces_and_stops_when_told),
		cmocka_unit_test(http_call_refuses_bad_input),
		cmocka_unit_test(http_call_explains_what_the_network_did),
		cmocka_unit_test(http_call_nobody_listens_says_so),
		cmocka_unit_test(http_call_ends_when_canceled),
		cmocka_unit_test(http_call_on_a_stale_connection_sends_again),
		cmocka_unit_test(http_call_from_many_threads),
		cmocka_unit_test(http_call_tls_checks_certificates),
		cmocka_unit_test(http_server_tls_port_tells_plain_clients),
		cmocka_unit_test(http_server_start_refuses_bad_certificates),
	};
	return cmocka_run_group_tests_name("http/client", tests, NULL, NULL);
}
