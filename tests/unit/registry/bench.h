/* A registry in this process, and a client that asks it.
 *
 *	CLEANUP(bench_free) struct bench *b = bench_new(false);
 *	ASK(404, b, "GET", "/v2/a/tags/list", "", "Accept: x");
 *	STR_IS(answered(b, "content-type"), "application/json");
 *	BODY_HAS(b, "NAME_UNKNOWN");
 */
#ifndef UNIT_REGISTRY_BENCH_H
#define UNIT_REGISTRY_BENCH_H

#include "../tempdir.h"

#include "base/base64.h"
#include "base/num.h"
#include "http/client.h"
#include "image/image.h"
#include "registry/registry.h"

/* The system's, and what the test adds. */
struct bench_clock {
	struct clock clock;
	_Atomic int64_t later_ns;
};

struct bench {
	struct bench_clock clock;
	struct temp_dir dir;
	struct store *store;
	struct auth *auth;
	struct registry *registry;
	struct http_server *server;
	struct http_client *client;
	struct http_response answer; /* to the last ASK */
	char authorization[1024];    /* sent with each; "" = none */
};

static int64_t bench_now(const struct clock *c)
{
	return clock_now(clock_system()) + ((const struct bench_clock *)c)->later_ns;
}

static int64_t bench_monotonic(const struct clock *c)
{
	return clock_monotonic(clock_system()) + ((const struct bench_clock *)c)->later_ns;
}

static inline struct bench *bench_new(bool needs_tokens)
{
	struct err err = {0};
	struct bench *b = NEW(struct bench);
	b->dir = temp_dir_new();
	b->clock.clock = (struct clock){bench_now, bench_monotonic};
	struct store_spec at = {.root = b->dir.path, .clock = &b->clock.clock};
	OK(store_open(&at, &b->store, &err));
	if (needs_tokens)
		OK(auth_open(store_db(b->store), store_root_fd(b->store), &b->clock.clock, &b->auth,
			&err));
	struct registry_spec spec = {.store = b->store, .auth = b->auth};
	OK(registry_new(&spec, &b->registry, &err));
	struct http_server_spec server = {
		.listen = "127.0.0.1:0", .n_threads = 2, .handler = registry_handler(b->registry)};
	OK(http_server_start(&server, &b->server, &err));
	struct http_client_spec client = {0};
	OK(http_client_new(&client, &b->client, &err));
	return b;
}

static inline void bench_free(struct bench *b)
{
	http_response_done(&b->answer);
	http_client_free(b->client);
	http_server_stop(b->server, CLOCK_SECOND);
	registry_free(b->registry);
	auth_free(b->auth);
	store_free(b->store);
	temp_dir_done(&b->dir);
	free(b);
}
CLEANUP_PTR(bench_free, struct bench);

/* "Name: value" */
static inline struct http_header header_of(const char *line)
{
	struct str s = str_of(line), name;
	assert_true(str_cut(&s, ':', &name));
	return (struct http_header){name, str_trim(s)};
}

static inline void bench_ask(int status, struct bench *b, const char *method, const char *path,
	struct str body, const char *const *headers)
{
	struct err err = {0};
	struct http_header list[16];
	char url[9000];
	size_t n = 0;
	for (; headers[n]; n++)
		list[n] = header_of(headers[n]);
	if (b->authorization[0])
		list[n++] = (struct http_header){S("Authorization"), str_of(b->authorization)};
	snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", http_server_port(b->server), path);
	http_response_done(&b->answer);
	OK(http_call(b->client,
		&(struct http_call){.method = method,
			.url = url,
			.body = body,
			.headers = list,
			.n_headers = n,
			.max_body = 32 << 20},
		&b->answer, &err));
	if (b->answer.status != status)
		fail_msg("%s %s: expected %d, got %d: %s", method, path, status, b->answer.status,
			buf_cstr(&b->answer.body));
}
/* Headers follow the body. */
#define ASK_BYTES(status, b, method, path, body, ...)                                              \
	bench_ask(status, b, method, path, body,                                                   \
		(const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})
#define ASK(status, b, method, path, body, ...)                                                    \
	ASK_BYTES(status, b, method, path, str_of(body) __VA_OPT__(, ) __VA_ARGS__)

static inline struct str answered(const struct bench *b, const char *header)
{
	return http_response_header(&b->answer, header);
}

static inline struct str body_of(const struct bench *b)
{
	return buf_str(&b->answer.body);
}

#define BODY_HAS(b, text)                                                                          \
	do {                                                                                       \
		if (!str_has(body_of(b), str_of(text)))                                            \
			fail_msg("'%s' does not have '%s'", buf_cstr(&(b)->answer.body), text);    \
	} while (0)

/* "sha256:…" of a text, in a room of its own. */
struct digest_room {
	char text[DIGEST_TEXT];
};
static inline struct digest_room digest_room(enum digest_algorithm a, struct str bytes)
{
	struct digest_room room;
	struct digester *h = digester_new(a);
	digester_add_str(h, bytes);
	struct digest d = digester_finish(h);
	digester_free(h);
	digest_text(&d, room.text);
	return room;
}
#define SHA256(cstr) digest_room(DIGEST_SHA256, str_of(cstr)).text
#define SHA512(cstr) digest_room(DIGEST_SHA512, str_of(cstr)).text

/* Formats a path; good until the next call. */
static inline const char *path_of(const char *fmt, ...) PRINTF_LIKE(1, 2);
static inline const char *path_of(const char *fmt, ...)
{
	static char room[9000];
	va_list args;
	va_start(args, fmt);
	vsnprintf(room, sizeof(room), fmt, args);
	va_end(args);
	return room;
}

static inline void push_blob(struct bench *b, const char *repository, const char *bytes)
{
	ASK(201, b, "POST", path_of("/v2/%s/blobs/uploads/?digest=%s", repository, SHA256(bytes)),
		bytes, "Content-Type: application/octet-stream");
}

static inline void add_descriptor(struct buf *m, const char *type, const char *bytes)
{
	buf_fmt(m, "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu}", type, SHA256(bytes),
		strlen(bytes));
}

/* An image of a config and a layer with this content; extra is more members, or "". */
static inline void image_text(struct buf *m, const char *content, const char *extra)
{
	buf_fmt(m, "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"config\":");
	add_descriptor(m, MEDIA_OCI_CONFIG, "{}");
	buf_add_cstr(m, ",\"layers\":[");
	add_descriptor(m, MEDIA_OCI_LAYER, content);
	buf_fmt(m, "]%s}", extra);
}

/* Pushes blobs and manifest; the manifest's text stays in *m. */
static inline void push_image(struct bench *b, const char *repository, const char *tag,
	const char *content, const char *extra, struct buf *m)
{
	buf_clear(m);
	push_blob(b, repository, "{}");
	push_blob(b, repository, content);
	image_text(m, content, extra);
	ASK(201, b, "PUT", path_of("/v2/%s/manifests/%s", repository, tag), buf_cstr(m),
		"Content-Type: " MEDIA_OCI_MANIFEST);
}

/* A new token as what is shown from now on. */
static inline void use_token(struct bench *b, unsigned scopes, const char *repositories)
{
	struct err err = {0};
	char text[AUTH_TOKEN_TEXT], pair[100];
	CLEANUP(buf_done) struct buf basic = BUF(200);
	OK(auth_token_create(b->auth,
		&(struct auth_token){
			.user = S("ada"), .scopes = scopes, .repositories = str_of(repositories)},
		text, &err));
	snprintf(pair, sizeof(pair), "ada:%s", text);
	base64_add(&basic, str_of(pair));
	snprintf(b->authorization, sizeof(b->authorization), "Basic %s", buf_cstr(&basic));
}

#endif
