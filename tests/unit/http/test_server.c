/* The server over real sockets: a handler that answers by path, and a client that sends bytes. */
#include "../test.h"

#include "base/buf.h"
#include "base/clock.h"
#include "http/server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/socket.h>

struct bench {
	struct http_server *server;
	atomic_int n_begun, n_gone, n_done, n_body_bytes, last_status, n_released;
	pthread_mutex_t lock;
	pthread_cond_t moved; /* some number above changed */
	bool is_held;         /* end() of /hold waits while it is set */
};

static void tell(struct bench *b, atomic_int *what, int by)
{
	pthread_mutex_lock(&b->lock);
	atomic_fetch_add(what, by);
	pthread_cond_broadcast(&b->moved);
	pthread_mutex_unlock(&b->lock);
}

static void wait_until(struct bench *b, atomic_int *what, int least)
{
	pthread_mutex_lock(&b->lock);
	while (atomic_load(what) < least)
		pthread_cond_wait(&b->moved, &b->lock);
	pthread_mutex_unlock(&b->lock);
}

static void answer_text(struct http_request *r, int status, const char *text)
{
	const struct http_reply_header headers[] = {{"Content-Type", S("text/plain")},
		{"X-Injected", S("a\r\nSet-Cookie: b")}, {"X-Absent", STR_NONE}};
	http_answer(r,
		&(struct http_reply){.status = status,
			.headers = headers,
			.n_headers = ARRAY_LEN(headers),
			.text = str_of(text)});
}

static void on_begin(void *ctx, struct http_request *r)
{
	struct bench *b = ctx;
	tell(b, &b->n_begun, 1);
	if (str_is(http_request_path(r), "/deny"))
		answer_text(r, 401, "no");
}

static int on_body(void *ctx, struct http_request *r, struct str piece, struct err *err)
{
	struct bench *b = ctx;
	tell(b, &b->n_body_bytes, (int)piece.n);
	if (str_is(http_request_path(r), "/full")) {
		answer_text(r, 507, "full");
		return -1;
	}
	return str_is(http_request_path(r), "/drop") ? err_set(err, ERR_BUG, "dropped") : 0;
}

static void on_released(void *ctx)
{
	struct bench *b = ctx;
	tell(b, &b->n_released, 1);
}

static void answer_file(struct http_request *r)
{
	int fd = memfd_create("answer", MFD_CLOEXEC);
	assert_true(fd > 0);
	assert_int_equal(ftruncate(fd, 3 << 20), 0);
	assert_int_equal(pwrite(fd, "0123456789", 10, 0), 10);
	bool is_part = str_is(http_request_query(r), "part");
	http_answer(r,
		&(struct http_reply){.status = is_part ? 206 : 200,
			.take_fd = fd,
			.offset = is_part ? 3 : 0,
			.size = is_part ? 4 : 3 << 20});
}

static void hold(struct bench *b)
{
	pthread_mutex_lock(&b->lock);
	while (b->is_held)
		pthread_cond_wait(&b->moved, &b->lock);
	pthread_mutex_unlock(&b->lock);
}

static void on_end(void *ctx, struct http_request *r)
{
	struct bench *b = ctx;
	struct str path = http_request_path(r);
	if (str_is(path, "/file"))
		answer_file(r);
	else if (str_is(path, "/none"))
		http_answer(r, &(struct http_reply){.status = 204});
	else if (str_is(path, "/head"))
		http_answer(r, &(struct http_reply){.status = 200, .head_size = 1234});
	else if (str_is(path, "/shared"))
		http_answer(r,
			&(struct http_reply){.status = 200,
				.text = S("shared text"),
				.is_text_shared = true,
				.release = on_released,
				.release_ctx = b});
	else if (str_is(path, "/silent"))
		return;
	else {
		if (str_is(path, "/hold"))
			hold(b);
		CLEANUP(buf_done) struct buf text = BUF(1000);
		buf_fmt(&text, "[%.*s %.*s]", STR_ARG(http_request_method_name(r)), STR_ARG(path));
		answer_text(r, 200, buf_cstr(&text));
	}
}

static void on_gone(void *ctx, struct http_request *r)
{
	struct bench *b = ctx;
	tell(b, &b->n_gone, 1);
}

static void on_done(void *ctx, const struct http_request *r, int status, uint64_t bytes, int64_t ns)
{
	struct bench *b = ctx;
	atomic_store(&b->last_status, status);
	assert_true(ns >= 0);
	tell(b, &b->n_done, 1);
}

static struct bench *bench_new(struct http_server_spec spec)
{
	struct err err = {0};
	struct bench *b = NEW(struct bench);
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->moved, NULL);
	spec.listen = "127.0.0.1:0";
	spec.handler = (struct http_handler){on_begin, on_body, on_end, on_gone, b};
	spec.on_done = on_done;
	spec.on_done_ctx = b;
	OK(http_server_start(&spec, &b->server, &err));
	return b;
}

static void bench_free(struct bench *b)
{
	http_server_stop(b->server, CLOCK_SECOND);
	assert_int_equal(b->n_begun, b->n_gone);
	pthread_mutex_destroy(&b->lock);
	pthread_cond_destroy(&b->moved);
	free(b);
}
CLEANUP_PTR(bench_free, struct bench);

#define BENCH(...)                                                                                 \
	CLEANUP(bench_free) struct bench *b = bench_new((struct http_server_spec){__VA_ARGS__})

static int dial(struct bench *b)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
		.sin_port = htons(http_server_port(b->server)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Reads until the text ends with `end`; with NULL until the other side closes. */
static void hear(int fd, const char *end, struct buf *ret)
{
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		if (end && str_ends(buf_str(ret), str_of(end)))
			return;
		if (poll(&p, 1, 20000) != 1)
			fail_msg("no '%s' within 20 s: %s", end ? end : "end", buf_cstr(ret));
		char *room = buf_room(ret, 65536);
		ssize_t n = recv(fd, room, 65536, 0);
		if (n <= 0 && !end)
			return;
		if (n <= 0)
			fail_msg("closed before '%s': %s", end, buf_cstr(ret));
		buf_added(ret, (size_t)n);
	}
}

static void say_zeros(int fd, size_t n)
{
	CLEANUP(mem_free) char *zeros = mem_new(n, 1);
	for (size_t at = 0; at < n;) {
		ssize_t sent = send(fd, zeros + at, n - at, MSG_NOSIGNAL);
		assert_true(sent > 0);
		at += (size_t)sent;
	}
}

static size_t count(const struct buf *b, const char *needle)
{
	size_t n = 0;
	struct str s = buf_str(b);
	for (ssize_t at; (at = str_find(s, str_of(needle))) >= 0; n++)
		s = str_skip(s, (size_t)at + 1);
	return n;
}

#define HOST "Host: a\r\n"
/* Larger than what is read together with the head. */
#define LARGE "Content-Length: 100000\r\n\r\n"
enum { LARGE_BYTES = 100000 };
#define HEARD(name) CLEANUP(buf_done) struct buf name = BUF(64 << 20)

static void server_answers_and_keeps_the_connection(void **state)
{
	BENCH(0);
	CLEANUP(fd_close) int fd = dial(b);
	for (int i = 0; i < 3; i++) {
		HEARD(got);
		say(fd, "GET /a HTTP/1.1\r\n" HOST "\r\n");
		hear(fd, "[GET /a]", &got);
		assert_true(str_starts(buf_str(&got), S("HTTP/1.1 200 OK\r\nDate: ")));
		assert_int_equal(count(&got, "\r\nContent-Length: 8\r\n"), 1);
		assert_int_equal(count(&got, "Set-Cookie"), 0);
		assert_int_equal(count(&got, "X-Absent"), 0);
	}
}

static void server_answers_pipelined_requests_in_order(void **state)
{
	BENCH(0);
	CLEANUP(fd_close) int fd = dial(b);
	HEARD(got);
	HEARD(sent);
	for (int i = 0; i < 200; i++)
		buf_fmt(&sent, "%s /%d HTTP/1.1\r\n" HOST "\r\n", i % 7 ? "GET" : "DELETE", i);
	buf_add_cstr(&sent, "GET /last HTTP/1.1\r\n" HOST "\r\n");
	say(fd, buf_cstr(&sent));
	hear(fd, "[GET /last]", &got);
	ssize_t before = 0;
	for (int i = 0; i < 200; i++) {
		char text[40];
		snprintf(text, sizeof(text), "[%s /%d]", i % 7 ? "GET" : "DELETE", i);
		ssize_t at = str_find(buf_str(&got), str_of(text));
		assert_true(at > before);
		before = at;
	}
}

static void server_refuses_smuggled_requests(void **state)
{
	static const char *const cases[] = {
		"PUT /a HTTP/1.1\r\n" HOST
		"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"PUT /a HTTP/1.1\r\n" HOST "Content-Length : 40\r\n\r\n",
		"PUT /a HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
		"PUT /a HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nzz\r\n0\r\n\r\n",
	};
	BENCH(0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(fd_close) int fd = dial(b);
		HEARD(got);
		HEARD(sent);
		buf_fmt(&sent, "%sGET /smuggled HTTP/1.1\r\n" HOST "\r\n", cases[i]);
		say(fd, buf_cstr(&sent));
		hear(fd, NULL, &got);
		assert_int_equal(count(&got, "HTTP/1.1 "), 1);
		assert_int_equal(count(&got, "smuggled"), 0);
		assert_true(count(&got, "HTTP/1.1 400") + count(&got, "HTTP/1.1 501") == 1);
	}
}

static void server_refuses_a_tls_hello_at_once(void **state)
{
	BENCH(0);
	CLEANUP(fd_close) int fd = dial(b);
	HEARD(got);
	say(fd, "\x16\x03\x01\x02");
	hear(fd, NULL, &got);
	assert_true(str_starts(buf_str(&got), S("HTTP/1.1 400 ")));
}

static void server_sends_no_body_for_head_and_204(void **state)
{
	BENCH(0);
	CLEANUP(fd_close) int fd = dial(b);
	HEARD(got);
	say(fd,
		"HEAD /a HTTP/1.1\r\n" HOST "\r\nHEAD /file HTTP/1.1\r\n" HOST "\r\n"
		"HEAD /head HTTP/1.1\r\n" HOST "\r\nHEAD /shared HTTP/1.1\r\n" HOST "\r\n"
		"GET /none HTTP/1.1\r\n" HOST "\r\nGET /z HTTP/1.1\r\n" HOST "\r\n");
	hear(fd, "[GET /z]", &got);
	assert_int_equal(count(&got, "[HEAD"), 0);
	assert_int_equal(count(&got, "Content-Length: 9\r\n"), 1);
	assert_int_equal(count(&got, "Content-Length: 3145728\r\n"), 1);
	assert_int_equal(count(&got, "Content-Length: 1234\r\n"), 1);
	assert_int_equal(count(&got, "Content-Length: 11\r\n"), 1);
	assert_int_equal(count(&got, "Content-Length"), 5);
	assert_int_equal(b->n_released, 1);
}

static void server_sends_files_and_parts_of_them(void **state)
{
	BENCH(0);
	CLEANUP(fd_close) int fd = dial(b);
	HEARD(got);
	say(fd, "GET /file?part HTTP/1.1\r\n" HOST "\r\n");
	hear(fd, "3456", &got);
	assert_int_equal(count(&got, "HTTP/1.1 206"), 1);
	assert_int_equal(count(&got, "Content-Length: 4\r\n"), 1);
	buf_clear(&got);
	say(fd, "GET /file HTTP/1.1\r\n" HOST "\r\nGET /b HTTP/1.1\r\n" HOST "\r\n");
	hear(fd, "[GET /b]", &got);
	assert_true(got.n > 3 << 20);
}

static void server_reads_bodies_of_every_framing(void **state)
{
	BENCH(0);
	CLEANUP(fd_close) int fd = dial(b);
	HEARD(got);
	say(fd,
		"PUT /a HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello"
		"PUT /b HTTP/1.1\r\n" HOST
		"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
		"PUT /c HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n"
		"GET /d HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello"
		"HEAD /e HTTP/1.1\r\n" HOST
		"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
		"GET /f HTTP/1.1\r\n" HOST "\r\n");
	hear(fd, "[GET /f]", &got);
	assert_int_equal(count(&got, "HTTP/1.1 200"), 6);
	assert_int_equal(b->n_body_bytes, 10);
}

static void server_honours_expect_continue(void **state)
{
	BENCH(0);
	CLEANUP(fd_close) int fd = dial(b);
	HEARD(got);
	say(fd, "PUT /a HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n");
	hear(fd, "HTTP/1.1 100 Continue\r\n\r\n", &got);
	say(fd, "hello");
	hear(fd, "[PUT /a]", &got);
}

static void server_early_answer_asks_for_no_body(void **state)
{
	BENCH(0);
	CLEANUP(fd_close) int fd = dial(b);
	HEARD(got);
	say(fd,
		"PUT /deny HTTP/1.1\r\n" HOST
		"Expect: 100-continue\r\nContent-Length: 99999\r\n\r\n");
	hear(fd, NULL, &got);
	assert_int_equal(count(&got, "100 Continue"), 0);
	assert_true(str_starts(buf_str(&got), S("HTTP/1.1 401 ")));
	assert_int_equal(b->n_body_bytes, 0);
}

static void server_early_answer_drops_a_body_and_goes_on(void **state)
{
	BENCH(0);
	CLEANUP(fd_close) int fd = dial(b);
	HEARD(got);
	say(fd, "PUT /deny HTTP/1.1\r\n" HOST LARGE "hel");
	hear(fd, "no", &got);
	say_zeros(fd, LARGE_BYTES - 3);
	say(fd, "PUT /deny HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5\r\nhel");
	hear(fd, "no", &got);
	say(fd,
		"lo\r\n0\r\n\r\nPUT /deny HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello"
		"GET /b HTTP/1.1\r\n" HOST "\r\n");
	hear(fd, "[GET /b]", &got);
	assert_int_equal(count(&got, "HTTP/1.1 401"), 3);
	assert_int_equal(b->n_body_bytes, 0);
}

static void server_early_answer_to_a_large_body_arrives_and_closes(void **state)
{
	BENCH(0);
	CLEANUP(fd_close) int fd = dial(b);
	HEARD(got);
	CLEANUP(mem_free) char *megabyte = mem_new(1 << 20, 1);
	say(fd, "PUT /deny HTTP/1.1\r\n" HOST "Content-Length: 1073741824\r\n\r\n");
	(void)send(fd, megabyte, 1 << 19, MSG_NOSIGNAL); /* as a client that does not look */
	hear(fd, NULL, &got);
	assert_true(str_starts(buf_str(&got), S("HTTP/1.1 401 ")));
	assert_int_equal(count(&got, "Connection: close"), 1);
}

static void server_answer_in_the_middle_of_a_body_is_the_only_one(void **state)
{
	BENCH(0);
	CLEANUP(fd_close) int fd = dial(b);
	HEARD(got);
	say(fd, "PUT /full HTTP/1.1\r\n" HOST LARGE "hello");
	hear(fd, "full", &got);
	say_zeros(fd, LARGE_BYTES - 5);
	say(fd, "GET /b HTTP/1.1\r\n" HOST "\r\n");
	hear(fd, "[GET /b]", &got);
	assert_int_equal(count(&got, "HTTP/1.1 "), 2);
	assert_int_equal(b->n_body_bytes, 5);
}

static void server_handler_that_fails_without_answer_closes(void **state)
{
	BENCH(0);
	CLEANUP(fd_close) int fd = dial(b);
	HEARD(got);
	say(fd, "PUT /drop HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello");
	hear(fd, NULL, &got);
	assert_int_equal(got.n, 0);
	CLEANUP(fd_close) int other = dial(b);
	say(other, "PUT /silent HTTP/1.1\r\n" HOST "\r\n");
	hear(other, NULL, &got);
	assert_true(str_starts(buf_str(&got), S("HTTP/1.1 500 ")));
}

static void server_client_that_vanishes_in_a_body_is_noticed(void **state)
{
	BENCH(0);
	int fd = dial(b);
	say(fd, "PUT /a HTTP/1.1\r\n" HOST LARGE "hello");
	wait_until(b, &b->n_body_bytes, 5);
	close(fd);
	wait_until(b, &b->n_done, 1);
	assert_int_equal(b->n_gone, 1);
	assert_int_equal(b->last_status, 0);
}

static void server_client_that_vanishes_in_an_answer_is_noticed(void **state)
{
	BENCH(0);
	int fd = dial(b), small = 4096;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	say(fd, "GET /file HTTP/1.1\r\n" HOST "\r\n");
	wait_until(b, &b->n_gone, 1);
	close(fd);
	wait_until(b, &b->n_done, 1);
	assert_int_equal(b->last_status, 200);
}

static void server_closes_slow_heads(void **state)
{
	BENCH(.head_ns = 50 * CLOCK_MS);
	CLEANUP(fd_close) int fd = dial(b);
	HEARD(got);
	say(fd, "GET / HTTP/1.1\r\nHo");
	hear(fd, NULL, &got);
	assert_int_equal(got.n, 0);
	assert_int_equal(b->n_begun, 0);
}

/* Before anybody was asked who it is. */
static void server_closes_slow_small_bodies_before_they_begin(void **state)
{
	BENCH(.head_ns = 50 * CLOCK_MS);
	CLEANUP(fd_close) int fd = dial(b);
	HEARD(got);
	say(fd, "POST /a HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 10\r\n\r\n");
	hear(fd, "HTTP/1.1 100 Continue\r\n\r\n", &got);
	say(fd, "hello");
	hear(fd, NULL, &got);
	assert_int_equal(count(&got, "HTTP/1.1 "), 1);
	assert_int_equal(b->n_begun, 0);
}

static void server_closes_slow_bodies(void **state)
{
	BENCH(.stall_ns = 50 * CLOCK_MS);
	CLEANUP(fd_close) int fd = dial(b);
	HEARD(got);
	say(fd, "PUT /a HTTP/1.1\r\n" HOST LARGE "hello");
	hear(fd, NULL, &got);
	assert_int_equal(got.n, 0);
	wait_until(b, &b->n_gone, 1);
}

static void server_closes_slow_readers(void **state)
{
	BENCH(.stall_ns = 50 * CLOCK_MS);
	CLEANUP(fd_close) int fd = dial(b);
	say(fd,
		"GET /file HTTP/1.1\r\n" HOST "\r\nGET /file HTTP/1.1\r\n" HOST "\r\n"
		"GET /file HTTP/1.1\r\n" HOST "\r\nGET /file HTTP/1.1\r\n" HOST "\r\n");
	HEARD(got);
	wait_until(b, &b->n_done, 1);
	wait_until(b, &b->n_done, atomic_load(&b->n_begun));
	hear(fd, NULL, &got);
	assert_true(got.n < 4 * (3 << 20));
}

static void server_closes_idle_connections(void **state)
{
	BENCH(.idle_ns = 50 * CLOCK_MS);
	CLEANUP(fd_close) int never = dial(b);
	CLEANUP(fd_close) int once = dial(b);
	HEARD(got);
	say(once, "GET /a HTTP/1.1\r\n" HOST "\r\n");
	hear(once, NULL, &got);
	assert_int_equal(count(&got, "[GET /a]"), 1);
	buf_clear(&got);
	hear(never, NULL, &got);
	assert_int_equal(got.n, 0);
}

static void server_full_house_closes_the_longest_idle(void **state)
{
	BENCH(.max_connections = 4, .n_threads = 1);
	int fds[6];
	for (int i = 0; i < 6; i++) {
		HEARD(got);
		fds[i] = dial(b);
		say(fds[i], "GET /a HTTP/1.1\r\n" HOST "\r\n");
		hear(fds[i], "[GET /a]", &got);
	}
	for (int i = 0; i < 2; i++) {
		HEARD(got);
		hear(fds[i], NULL, &got); /* made room */
	}
	HEARD(got);
	say(fds[5], "GET /b HTTP/1.1\r\n" HOST "\r\n");
	hear(fds[5], "[GET /b]", &got);
	for (int i = 0; i < 6; i++)
		close(fds[i]);
}

static void server_gets_are_answered_while_an_upload_waits(void **state)
{
	BENCH(.n_threads = 1);
	CLEANUP(fd_close) int slow = dial(b);
	CLEANUP(fd_close) int fast = dial(b);
	HEARD(got);
	b->is_held = true;
	say(slow, "POST /hold HTTP/1.1\r\n" HOST "\r\n");
	wait_until(b, &b->n_begun, 1);
	say(fast, "GET /a HTTP/1.1\r\n" HOST "\r\n");
	hear(fast, "[GET /a]", &got);
	pthread_mutex_lock(&b->lock);
	b->is_held = false;
	pthread_cond_broadcast(&b->moved);
	pthread_mutex_unlock(&b->lock);
	hear(slow, "[POST /hold]", &got);
}

static void *let_go(void *arg)
{
	struct bench *b = arg;
	pthread_mutex_lock(&b->lock);
	b->is_held = false;
	pthread_cond_broadcast(&b->moved);
	pthread_mutex_unlock(&b->lock);
	return NULL;
}

static void server_stop_lets_running_requests_end(void **state)
{
	pthread_t thread;
	struct bench *b = bench_new((struct http_server_spec){0});
	CLEANUP(fd_close) int idle = dial(b);
	CLEANUP(fd_close) int fd = dial(b);
	HEARD(got);
	b->is_held = true;
	say(fd, "POST /hold HTTP/1.1\r\n" HOST "\r\n");
	wait_until(b, &b->n_begun, 1);
	pthread_create(&thread, NULL, let_go, b);
	bench_free(b);
	hear(fd, NULL, &got);
	assert_int_equal(count(&got, "[POST /hold]"), 1);
	buf_clear(&got);
	hear(idle, NULL, &got);
	pthread_join(thread, NULL);
}

static void server_stop_ends_clients_that_never_finish(void **state)
{
	struct err err = {0};
	struct bench *b = bench_new((struct http_server_spec){0});
	CLEANUP(fd_close) int fd = dial(b);
	HEARD(got);
	say(fd, "PUT /a HTTP/1.1\r\n" HOST LARGE "hello");
	wait_until(b, &b->n_body_bytes, 5);
	http_server_stop(b->server, 20 * CLOCK_MS);
	hear(fd, NULL, &got);
	assert_int_equal(b->n_gone, 1);
	struct http_server_spec again = {
		.listen = "127.0.0.1:0", .handler = {on_begin, on_body, on_end, on_gone, b}};
	OK(http_server_start(&again, &b->server, &err));
	bench_free(b);
}

static void http_server_start_refuses_bad_addresses(void **state)
{
	static const char *const cases[] = {"", "5080", "127.0.0.1", "127.0.0.1:65536",
		"127.0.0.1:-1", "example.org:80", "[::1:80", "999.0.0.1:1",
		"0000000000000000000000000000000000000000000000000000000000000000:1"};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err;
		struct http_server *s;
		struct http_server_spec spec = {.listen = cases[i]};
		FAILS(ERR_INPUT, http_server_start(&spec, &s, &err));
	}
}

static void http_server_start_on_a_taken_port_says_so(void **state)
{
	BENCH(0);
	struct err err;
	struct http_server *s;
	char listen[40];
	snprintf(listen, sizeof(listen), "127.0.0.1:%u", http_server_port(b->server));
	struct http_server_spec spec = {.listen = listen};
	FAILS(ERR_SYS, http_server_start(&spec, &s, &err));
	assert_true(str_has(str_of(err.what), S("listen on '127.0.0.1:")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(server_answers_and_keeps_the_connection),
		cmocka_unit_test(server_answers_pipelined_requests_in_order),
		cmocka_unit_test(server_refuses_smuggled_requests),
		cmocka_unit_test(server_refuses_a_tls_hello_at_once),
		cmocka_unit_test(server_sends_no_body_for_head_and_204),
		cmocka_unit_test(server_sends_files_and_parts_of_them),
		cmocka_unit_test(server_reads_bodies_of_every_framing),
		cmocka_unit_test(server_honours_expect_continue),
		cmocka_unit_test(server_early_answer_asks_for_no_body),
		cmocka_unit_test(server_early_answer_drops_a_body_and_goes_on),
		cmocka_unit_test(server_early_answer_to_a_large_body_arrives_and_closes),
		cmocka_unit_test(server_answer_in_the_middle_of_a_body_is_the_only_one),
		cmocka_unit_test(server_handler_that_fails_without_answer_closes),
		cmocka_unit_test(server_client_that_vanishes_in_a_body_is_noticed),
		cmocka_unit_test(server_client_that_vanishes_in_an_answer_is_noticed),
		cmocka_unit_test(server_closes_slow_heads),
		cmocka_unit_test(server_closes_slow_small_bodies_before_they_begin),
		cmocka_unit_test(server_closes_slow_bodies),
		cmocka_unit_test(server_closes_slow_readers),
		cmocka_unit_test(server_closes_idle_connections),
		cmocka_unit_test(server_full_house_closes_the_longest_idle),
		cmocka_unit_test(server_gets_are_answered_while_an_upload_waits),
		cmocka_unit_test(server_stop_lets_running_requests_end),
		cmocka_unit_test(server_stop_ends_clients_that_never_finish),
		cmocka_unit_test(http_server_start_refuses_bad_addresses),
		cmocka_unit_test(http_server_start_on_a_taken_port_says_so),
	};
	return cmocka_run_group_tests_name("http/server", tests, NULL, NULL);
}
