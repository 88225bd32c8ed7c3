#include "bench.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>

/* Begins an upload and keeps its Location. */
static void begin(struct bench *b, const char *repository, char location[300])
{
	ASK(202, b, "POST", path_of("/v2/%s/blobs/uploads/", repository), "");
	struct str at = answered(b, "location");
	assert_true(at.n > 0 && at.n < 300);
	snprintf(location, 300, "%.*s", STR_ARG(at));
	STR_IS(answered(b, "range"), "0-0");
	assert_true(answered(b, "docker-upload-uuid").n > 0);
}

static void upload_post_then_put_makes_a_blob(void **state)
{
	char at[300];
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	begin(b, "me/app", at);
	ASK(201, b, "PUT", path_of("%s?digest=%s", at, SHA256("hello")), "hello");
	CLEANUP(buf_done) struct buf location = BUF(300);
	buf_add(&location, answered(b, "location"));
	STR_IS(answered(b, "docker-content-digest"), SHA256("hello"));
	ASK(200, b, "GET", buf_cstr(&location), "");
	STR_IS(body_of(b), "hello");
	ASK(404, b, "GET", at, "");
	ASK(404, b, "PUT", path_of("%s?digest=%s", at, SHA256("hello")), "hello");
	BODY_HAS(b, "BLOB_UPLOAD_UNKNOWN");
}

static void upload_chunks_go_on_where_the_last_ended(void **state)
{
	char at[300];
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	begin(b, "a", at);
	ASK(202, b, "PATCH", at, "hel", "Content-Range: 0-2");
	STR_IS(answered(b, "range"), "0-2");
	assert_true(answered(b, "location").n > 0);
	ASK(204, b, "GET", at, "");
	STR_IS(answered(b, "range"), "0-2");
	assert_true(answered(b, "location").n > 0);
	ASK(202, b, "PATCH", at, "lo", "Content-Range: 3-4");
	STR_IS(answered(b, "range"), "0-4");
	ASK(202, b, "PATCH", at, " world"); /* without a range: at the end */
	ASK(201, b, "PUT", path_of("%s?digest=%s", at, SHA256("hello world!")), "!",
		"Content-Range: 11-11");
	ASK(200, b, "GET", path_of("/v2/a/blobs/%s", SHA256("hello world!")), "");
	STR_IS(body_of(b), "hello world!");
}

static void upload_chunks_out_of_order_are_416_and_change_nothing(void **state)
{
	static const char *const ranges[] = {"Content-Range: 0-1", "Content-Range: 4-5",
		"Content-Range: 2-3", "Content-Range: 1-2", "Content-Range: -1-2",
		"Content-Range: 3-2", "Content-Range: 3-", "Content-Range: x",
		"Content-Range: 9223372036854775808-9223372036854775809",
		"Content-Range: 99999999999999999999-99999999999999999999"};
	char at[300];
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	begin(b, "a", at);
	ASK(202, b, "PATCH", at, "hel", "Content-Range: 0-2");
	for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
		ASK(416, b, "PATCH", at, "lo", ranges[i]);
		STR_IS(answered(b, "range"), "0-2");
		STR_IS(answered(b, "location"), at);
		ASK(416, b, "PUT", path_of("%s?digest=%s", at, SHA256("hello")), "lo", ranges[i]);
		STR_IS(answered(b, "range"), "0-2");
	}
	ASK(400, b, "PATCH", at, "lo", "Content-Range: 3-5");
	BODY_HAS(b, "SIZE_INVALID");
	ASK(204, b, "GET", at, "");
	STR_IS(answered(b, "range"), "0-2");
	ASK(201, b, "PUT", path_of("%s?digest=%s", at, SHA256("hello")), "lo",
		"Content-Range: 3-4");
}

static void upload_finished_without_a_body_keeps_what_came(void **state)
{
	char at[300];
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	begin(b, "a", at);
	ASK(202, b, "PATCH", at, "hello");
	ASK(201, b, "PUT", path_of("%s?digest=%s", at, SHA256("hello")), "");
	ASK(200, b, "GET", path_of("/v2/a/blobs/%s", SHA256("hello")), "");
}

static void upload_with_a_wrong_or_no_digest_is_refused(void **state)
{
	char at[300];
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	begin(b, "a", at);
	ASK(400, b, "PUT", at, "hello");
	BODY_HAS(b, "DIGEST_INVALID");
	ASK(400, b, "PUT", path_of("%s?digest=sha256:abc", at), "hello");
	BODY_HAS(b, "DIGEST_INVALID");
	ASK(204, b, "GET", at, ""); /* still there: nothing was sent yet */
	ASK(400, b, "PUT", path_of("%s?digest=%s", at, SHA256("other")), "hello");
	BODY_HAS(b, "DIGEST_INVALID");
	ASK(404, b, "GET", path_of("/v2/a/blobs/%s", SHA256("hello")), "");
	ASK(404, b, "GET", path_of("/v2/a/blobs/%s", SHA256("other")), "");
	ASK(400, b, "POST", path_of("/v2/a/blobs/uploads/?digest=%s", SHA256("other")), "hello");
	ASK(400, b, "POST", "/v2/a/blobs/uploads/?digest=sha256:abc", "hello");
	ASK(400, b, "POST", "/v2/a/blobs/uploads/?mount=sha256:abc&from=b", "");
}

static void upload_belongs_to_its_repository(void **state)
{
	char at[300];
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	begin(b, "mine", at);
	const char *id = strrchr(at, '/') + 1;
	ASK(404, b, "PATCH", path_of("/v2/yours/blobs/uploads/%s", id), "hello");
	ASK(404, b, "GET", path_of("/v2/yours/blobs/uploads/%s", id), "");
	ASK(404, b, "DELETE", path_of("/v2/yours/blobs/uploads/%s", id), "");
	ASK(204, b, "GET", at, "");
}

static void upload_canceled_is_gone(void **state)
{
	char at[300];
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	begin(b, "a", at);
	ASK(202, b, "PATCH", at, "hello");
	ASK(204, b, "DELETE", at, "");
	ASK(404, b, "GET", at, "");
	ASK(404, b, "DELETE", at, "");
}

static void upload_mount_links_what_may_be_read(void **state)
{
	CLEANUP(bench_free) struct bench *b = bench_new(true);
	use_token(b, AUTH_WRITE_PACKAGES, "");
	push_blob(b, "secret/x", "one");
	push_blob(b, "open/x", "two");
	use_token(b, AUTH_WRITE_PACKAGES, "open/*, mine");
	ASK(201, b, "POST", path_of("/v2/mine/blobs/uploads/?mount=%s&from=open/x", SHA256("two")),
		"");
	STR_IS(answered(b, "docker-content-digest"), SHA256("two"));
	ASK(200, b, "GET", path_of("/v2/mine/blobs/%s", SHA256("two")), "");
	/* not there, not to be read, not a name: an upload begins instead */
	ASK(202, b, "POST", path_of("/v2/mine/blobs/uploads/?mount=%s&from=open/y", SHA256("two")),
		"");
	ASK(202, b, "POST",
		path_of("/v2/mine/blobs/uploads/?mount=%s&from=secret/x", SHA256("one")), "");
	ASK(202, b, "POST", path_of("/v2/mine/blobs/uploads/?mount=%s&from=../x", SHA256("one")),
		"");
	ASK(202, b, "POST", path_of("/v2/mine/blobs/uploads/?mount=%s", SHA256("one")), "");
	ASK(404, b, "GET", path_of("/v2/mine/blobs/%s", SHA256("one")), "");
	/* without `from`: some repository that may be read */
	ASK(201, b, "POST", path_of("/v2/open/z/blobs/uploads/?mount=%s", SHA256("two")), "");
}

/* What was only built here is no repository: its blobs are not for mounting. */
static void upload_mount_does_not_find_local_images(void **state)
{
	struct err err = {0};
	struct digest d;
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	OK(blob_put(b->store, S("built"), &d, &err));
	OK(link_add(b->store, S("local:docker.io/library/x"), &d, &err));
	ASK(202, b, "POST", path_of("/v2/a/blobs/uploads/?mount=%s", SHA256("built")), "");
}

static ssize_t read_chunk(void *ctx, char *room, size_t n, struct err *err)
{
	size_t *left = ctx;
	n = n < *left ? n : *left;
	memset(room, 'a', n);
	*left -= n;
	return (ssize_t)n;
}

static void upload_in_chunked_coding_is_taken(void **state)
{
	char at[300], url[400];
	struct err err = {0};
	size_t left = 100000;
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	CLEANUP(http_response_done) struct http_response r = {0};
	begin(b, "a", at);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", http_server_port(b->server), at);
	OK(http_call(b->client,
		&(struct http_call){.method = "PATCH",
			.url = url,
			.read = read_chunk,
			.ctx = &left,
			.body_size = UINT64_MAX},
		&r, &err));
	assert_int_equal(r.status, 202);
	STR_IS(http_response_header(&r, "range"), "0-99999");
}

/* ---- broken off ---- */

static int dial(struct bench *b)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
		.sin_port = htons(http_server_port(b->server)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* F31: wherever a client vanishes, what came is kept, and it can go on from there. */
static void upload_broken_off_goes_on_where_it_was(void **state)
{
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	static const char whole[] = "0123456789";
	for (size_t cut = 0; cut <= 10; cut++) {
		char at[300], text[600], range[60];
		uint64_t have = 0;
		begin(b, "a", at);
		int fd = dial(b);
		snprintf(text, sizeof(text),
			"PATCH %s HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n%.*s", at,
			(int)cut, whole);
		say(fd, text);
		shutdown(fd, SHUT_WR);
		while (recv(fd, text, sizeof(text), 0) > 0)
			;
		close(fd);
		ASK(204, b, "GET", at, "");
		struct str said = answered(b, "range");
		struct err err = {0};
		OK(num_parse_u64(str_skip(said, 2), 0, 99, &have, &err));
		have += cut > 0;
		assert_int_equal(have, cut);
		snprintf(range, sizeof(range), "Content-Range: %zu-9", cut);
		if (cut < 10)
			ASK(202, b, "PATCH", at, whole + cut, range);
		ASK(201, b, "PUT", path_of("%s?digest=%s", at, SHA256(whole)), "");
	}
}

/* The old connection is silent but open: the new one pushes it aside. */
static void upload_silent_writer_gives_way(void **state)
{
	char at[300], text[600];
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	begin(b, "a", at);
	CLEANUP(fd_close) int fd = dial(b);
	snprintf(text, sizeof(text),
		"PATCH %s HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\nExpect: 100-continue\r\n\r\n",
		at);
	say(fd, text);
	assert_true(recv(fd, text, sizeof(text), 0) > 0); /* 100 Continue: it holds the upload */
	ASK(409, b, "PATCH", at, "hello");                /* it may just be slow */
	BODY_HAS(b, "BLOB_UPLOAD_INVALID");
	b->clock.later_ns = 3 * CLOCK_SECOND;
	ASK(204, b, "GET", at, "");
	ASK(201, b, "PUT", path_of("%s?digest=%s", at, SHA256("hello")), "hello");
}

/* F32: many clients, one blob. */
struct pusher {
	struct bench *bench;
	int status;
};

static void *push_same(void *arg)
{
	struct pusher *p = arg;
	struct err err = {0};
	char url[400];
	size_t left = 300000;
	CLEANUP(mem_free) char *all = mem_new(left, 1);
	memset(all, 'a', left);
	CLEANUP(http_response_done) struct http_response r = {0};
	struct digest d = digest_of(str_n(all, left));
	char text[DIGEST_TEXT];
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/v2/a/blobs/uploads/?digest=%s",
		http_server_port(p->bench->server), digest_text(&d, text));
	if (http_call(p->bench->client,
		    &(struct http_call){.method = "POST", .url = url, .body = str_n(all, left)}, &r,
		    &err) == 0)
		p->status = r.status;
	return NULL;
}

static void upload_of_one_blob_by_many_clients_all_succeed(void **state)
{
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	pthread_t threads[32];
	struct pusher pushers[ARRAY_LEN(threads)];
	for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
		pushers[i] = (struct pusher){b, 0};
		pthread_create(&threads[i], NULL, push_same, &pushers[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(pushers[i].status, 201);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(upload_post_then_put_makes_a_blob),
		cmocka_unit_test(upload_chunks_go_on_where_the_last_ended),
		cmocka_unit_test(upload_chunks_out_of_order_are_416_and_change_nothing),
		cmocka_unit_test(upload_finished_without_a_body_keeps_what_came),
		cmocka_unit_test(upload_with_a_wrong_or_no_digest_is_refused),
		cmocka_unit_test(upload_belongs_to_its_repository),
		cmocka_unit_test(upload_canceled_is_gone),
		cmocka_unit_test(upload_mount_links_what_may_be_read),
		cmocka_unit_test(upload_mount_does_not_find_local_images),
		cmocka_unit_test(upload_in_chunked_coding_is_taken),
		cmocka_unit_test(upload_broken_off_goes_on_where_it_was),
		cmocka_unit_test(upload_silent_writer_gives_way),
		cmocka_unit_test(upload_of_one_blob_by_many_clients_all_succeed),
	};
	return cmocka_run_group_tests_name("registry/upload", tests, NULL, NULL);
}
