/* A registry in a thread, as bad as a test wants it: cut connections, wrong bytes, refusals. One
 * thread per connection; everything it was asked is kept in a log. */
#ifndef REMOTE_FAKE_REGISTRY_H
#define REMOTE_FAKE_REGISTRY_H

#include "../blob/temp_store.h"

#include "base/base64.h"
#include "base/map.h"
#include "base/num.h"
#include "http/url.h"
#include "remote/remote_priv.h"

#include <arpa/inet.h>
#include <sys/socket.h>

enum fake_auth { FAKE_OPEN, FAKE_BASIC, FAKE_BEARER };

struct fake_document {
	struct str type, bytes;
};

/* One rule of misbehaviour: for requests whose "METHOD path" contains `match`, `times` times. */
struct fake_fault {
	const char *match;
	int times;
	int status;          /* answers this */
	const char *headers; /* and these lines */
	int64_t cut_after;   /* > 0: closes after so many bytes of the body (either way) */
	bool ignores_range;
	bool is_garbled;  /* changes a byte of the body */
	const char *body; /* with status */
};

struct fake {
	int listen_fd;
	uint16_t port;
	pthread_t thread;
	pthread_mutex_t mutex;
	atomic_bool ends;
	atomic_int n_connections;
	struct arena arena;
	struct map blobs;     /* "repo digest" -> struct fake_document */
	struct map manifests; /* "repo reference" -> struct fake_document */
	struct map uploads;   /* id -> struct buf */
	struct buf log;       /* "METHOD path [Range: …] [Auth: …]\n" */
	unsigned n_ids;
	enum fake_auth auth;
	const char *user, *password, *identity;
	const char *realm; /* NULL = its own /token */
	bool knows_tags;   /* ?tag= */
	bool has_no_mount;
	uint64_t min_chunk;
	struct fake_fault faults[8];
};

struct fake_request {
	char method[16], path[2048];
	char authorization[4096], range[100], content_range[100], type[200];
	uint64_t length;
	bool expects;
	struct fake_fault *fault;
};

static inline void fake_log(struct fake *f, const struct fake_request *q)
{
	buf_fmt(&f->log, "%s %s", q->method, q->path);
	if (q->range[0])
		buf_fmt(&f->log, " Range=%s", q->range);
	if (q->content_range[0])
		buf_fmt(&f->log, " Content-Range=%s", q->content_range);
	if (q->authorization[0])
		buf_fmt(&f->log, " Auth=%.40s", q->authorization);
	buf_add_ch(&f->log, '\n');
}

static inline struct str fake_keep(struct fake *f, struct str s)
{
	return arena_str(&f->arena, s);
}

static inline void fake_put(struct fake *f, struct map *m, struct str repo, struct str key,
	struct str type, struct str bytes)
{
	struct fake_document *d = ARENA_NEW(&f->arena, struct fake_document);
	*d = (struct fake_document){fake_keep(f, type), fake_keep(f, bytes)};
	map_put(m, arena_fmt(&f->arena, "%.*s %.*s", STR_ARG(repo), STR_ARG(key)), d);
}

static inline struct fake_document *fake_get(struct fake *f, struct map *m, struct str repo,
	struct str key)
{
	return map_get(m, arena_fmt(&f->arena, "%.*s %.*s", STR_ARG(repo), STR_ARG(key)));
}

static inline struct digest fake_blob(struct fake *f, const char *repo, struct str bytes)
{
	struct digest d = digest_of(bytes);
	char text[DIGEST_TEXT];
	fake_put(f, &f->blobs, str_of(repo), str_of(digest_text(&d, text)),
		S("application/octet-stream"), bytes);
	return d;
}

static inline struct digest fake_manifest(struct fake *f, const char *repo, const char *tag,
	const char *type, struct str bytes)
{
	struct digest d = digest_of(bytes);
	char text[DIGEST_TEXT];
	fake_put(f, &f->manifests, str_of(repo), str_of(digest_text(&d, text)), str_of(type),
		bytes);
	if (tag)
		fake_put(f, &f->manifests, str_of(repo), str_of(tag), str_of(type), bytes);
	return d;
}

/* ---- the wire ---- */

static inline bool fake_send(int fd, const void *p, size_t n)
{
	for (size_t at = 0; at < n;) {
		ssize_t sent = send(fd, (const char *)p + at, n - at, MSG_NOSIGNAL);
		if (sent <= 0)
			return false;
		at += (size_t)sent;
	}
	return true;
}

static inline bool fake_reply(int fd, const struct fake_request *q, int status, const char *headers,
	struct str body)
{
	CLEANUP(buf_done) struct buf b = BUF(64 << 20);
	int64_t cut = q->fault && q->fault->cut_after > 0 && strcmp(q->method, "GET") == 0
		? q->fault->cut_after
		: INT64_MAX;
	bool is_head = strcmp(q->method, "HEAD") == 0;
	buf_fmt(&b, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n%s\r\n", status, body.n, headers);
	size_t head_n = b.n;
	if (!is_head)
		buf_add(&b, str_sub(body, 0, (size_t)cut));
	if (q->fault && q->fault->is_garbled && b.n > head_n)
		b.p[head_n] ^= 1;
	bool ok = fake_send(fd, b.p, b.n);
	return ok && (is_head || body.n <= (size_t)cut);
}

static inline bool fake_read_head(int fd, struct buf *in)
{
	while (!memmem(buf_cstr(in), in->n, "\r\n\r\n", 4)) {
		char *room = buf_room(in, 8192);
		ssize_t n = room ? recv(fd, room, 8192, 0) : -1;
		if (n <= 0)
			return false;
		buf_added(in, (size_t)n);
	}
	return true;
}

static inline void fake_header(struct str line, const char *name, char *room, size_t n)
{
	ssize_t colon = str_chr(line, ':');
	if (colon > 0 && str_eq_nocase(str_sub(line, 0, (size_t)colon), str_of(name)))
		snprintf(room, n, "%.*s", STR_ARG(str_trim(str_skip(line, (size_t)colon + 1))));
}

static inline void fake_parse(struct buf *in, struct fake_request *q)
{
	char length[32] = "0", expect[32] = "";
	struct str rest = buf_str(in), line, word;
	struct err ignored;
	memset(q, 0, sizeof(*q));
	(void)str_line(&rest, &line);
	(void)str_word(&line, &word);
	snprintf(q->method, sizeof(q->method), "%.*s", STR_ARG(word));
	(void)str_word(&line, &word);
	snprintf(q->path, sizeof(q->path), "%.*s", STR_ARG(word));
	while (str_line(&rest, &line) && line.n) {
		fake_header(line, "authorization", q->authorization, sizeof(q->authorization));
		fake_header(line, "range", q->range, sizeof(q->range));
		fake_header(line, "content-range", q->content_range, sizeof(q->content_range));
		fake_header(line, "content-type", q->type, sizeof(q->type));
		fake_header(line, "content-length", length, sizeof(length));
		fake_header(line, "expect", expect, sizeof(expect));
	}
	(void)num_parse_u64(str_of(length), 0, UINT64_MAX, &q->length, &ignored);
	q->expects = expect[0] != '\0';
	buf_drop(in, in->n - rest.n);
}

/* False when it was cut: what came stays in ret. */
static inline bool fake_read_body(int fd, struct buf *in, const struct fake_request *q,
	struct buf *ret)
{
	int64_t cut = q->fault && q->fault->cut_after > 0 && strcmp(q->method, "GET") != 0
		? q->fault->cut_after
		: INT64_MAX;
	if (q->expects)
		fake_send(fd, "HTTP/1.1 100 Continue\r\n\r\n", 25);
	while (ret->n < q->length) {
		if ((int64_t)ret->n >= cut)
			return false;
		size_t want = num_min(q->length - ret->n, (uint64_t)cut - ret->n);
		if (!in->n) {
			char *room = buf_room(in, 65536);
			ssize_t n = recv(fd, room, 65536, 0);
			if (n <= 0)
				return false;
			buf_added(in, (size_t)n);
		}
		size_t n = num_min(want, in->n);
		buf_add_bytes(ret, in->p, n);
		buf_drop(in, n);
	}
	return true;
}

/* ---- answers ---- */

static inline bool fake_is_allowed(struct fake *f, const struct fake_request *q)
{
	CLEANUP(buf_done) struct buf b = BUF(1000), pair = BUF(500);
	if (f->auth == FAKE_BEARER)
		return strncmp(q->authorization, "Bearer good", 11) == 0;
	buf_fmt(&pair, "%s:%s", f->user, f->password);
	buf_add_cstr(&b, "Basic ");
	base64_add(&b, buf_str(&pair));
	return f->auth == FAKE_OPEN || strcmp(q->authorization, buf_cstr(&b)) == 0;
}

static inline bool fake_challenge(struct fake *f, int fd, const struct fake_request *q)
{
	char headers[600];
	char own[64];
	snprintf(own, sizeof(own), "http://127.0.0.1:%u/token", f->port);
	if (f->auth == FAKE_BASIC)
		snprintf(headers, sizeof(headers), "WWW-Authenticate: Basic realm=\"fake\"\r\n");
	else
		snprintf(headers, sizeof(headers),
			"WWW-Authenticate: Bearer realm=\"%s\",service=\"fake\"\r\n",
			f->realm ? f->realm : own);
	return fake_reply(fd, q, 401, headers,
		S("{\"errors\":[{\"code\":\"UNAUTHORIZED\",\"message\":\"who are you\"}]}"));
}

static inline bool fake_token(struct fake *f, int fd, const struct fake_request *q, struct str body)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(buf_done) struct buf b = BUF(4000);
	struct fake as_basic = {.auth = FAKE_BASIC, .user = f->user, .password = f->password};
	struct str scope = STR_NONE, token = STR_NONE;
	ssize_t query = str_chr(str_of(q->path), '?');
	bool is_form = strcmp(q->method, "POST") == 0;
	struct str text = is_form ? body : str_skip(str_of(q->path), (size_t)(query + 1));
	(void)url_query(text, "scope", &a, &scope);
	(void)url_query(text, "refresh_token", &a, &token);
	bool is_known = is_form ? f->identity && str_is(token, f->identity)
		: !f->user      ? true
				: q->authorization[0] && fake_is_allowed(&as_basic, q);
	if (!is_known)
		return fake_reply(fd, q, 401, "", S("{\"details\":\"no\"}"));
	buf_fmt(&b, "{\"%s\":\"good %.*s\",\"expires_in\":300}", is_form ? "access_token" : "token",
		STR_ARG(scope));
	return fake_reply(fd, q, 200, "", buf_str(&b));
}

static inline bool fake_get_blob(struct fake *f, int fd, const struct fake_request *q,
	struct str repo, struct str digest)
{
	struct fake_document *d = fake_get(f, &f->blobs, repo, digest);
	char headers[200] = "";
	uint64_t from = 0;
	struct err ignored;
	if (!d)
		return fake_reply(fd, q, 404, "",
			S("{\"errors\":[{\"code\":\"BLOB_UNKNOWN\",\"message\":\"no such blob\"}]}"));
	if (!q->range[0] || (q->fault && q->fault->ignores_range))
		return fake_reply(fd, q, 200, "", d->bytes);
	struct str range = str_skip(str_of(q->range), 6);
	(void)num_parse_u64(str_sub(range, 0, (size_t)str_chr(range, '-')), 0, UINT64_MAX, &from,
		&ignored);
	if (from >= d->bytes.n)
		return fake_reply(fd, q, 416, "", STR_NONE);
	snprintf(headers, sizeof(headers), "Content-Range: bytes %llu-%zu/%zu\r\n",
		(unsigned long long)from, d->bytes.n - 1, d->bytes.n);
	return fake_reply(fd, q, 206, headers, str_skip(d->bytes, from));
}

static inline bool fake_get_manifest(struct fake *f, int fd, const struct fake_request *q,
	struct str repo, struct str reference)
{
	struct fake_document *d = fake_get(f, &f->manifests, repo, reference);
	char headers[400], text[DIGEST_TEXT];
	if (!d)
		return fake_reply(fd, q, 404, "",
			S("{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\",\"message\":\"unknown\"}]}"));
	struct digest digest = digest_of(d->bytes);
	snprintf(headers, sizeof(headers), "Content-Type: %.*s\r\nDocker-Content-Digest: %s\r\n",
		STR_ARG(d->type), digest_text(&digest, text));
	return fake_reply(fd, q, 200, headers, d->bytes);
}

static inline bool fake_put_manifest(struct fake *f, int fd, const struct fake_request *q,
	struct str repo, struct str reference, struct str query, struct str body)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(buf_done) struct buf headers = BUF(4000);
	char text[DIGEST_TEXT];
	struct digest d = digest_of(body);
	struct str tag;
	size_t at = 0;
	fake_put(f, &f->manifests, repo, str_of(digest_text(&d, text)), str_of(q->type), body);
	if (!str_starts(reference, S("sha256:")))
		fake_put(f, &f->manifests, repo, reference, str_of(q->type), body);
	while (f->knows_tags && url_query_next(query, "tag", &at, &a, &tag)) {
		fake_put(f, &f->manifests, repo, tag, str_of(q->type), body);
		buf_fmt(&headers, "OCI-Tag: %.*s\r\n", STR_ARG(tag));
	}
	buf_fmt(&headers, "Location: /v2/x\r\n");
	return fake_reply(fd, q, 201, buf_cstr(&headers), STR_NONE);
}

static inline bool fake_begin_upload(struct fake *f, int fd, const struct fake_request *q,
	struct str repo, struct str query)
{
	CLEANUP(arena_done) struct arena a = {0};
	char headers[300];
	struct str mount = STR_NONE, from = STR_NONE;
	(void)url_query(query, "mount", &a, &mount);
	(void)url_query(query, "from", &a, &from);
	struct fake_document *d =
		from.n && !f->has_no_mount ? fake_get(f, &f->blobs, from, mount) : NULL;
	if (d) {
		fake_put(f, &f->blobs, repo, mount, d->type, d->bytes);
		return fake_reply(fd, q, 201, "Location: /v2/x\r\n", STR_NONE);
	}
	char id[32];
	struct buf *room = NEW(struct buf);
	*room = BUF(64 << 20);
	snprintf(id, sizeof(id), "u%u", ++f->n_ids);
	map_put(&f->uploads, str_of(id), room);
	int n = snprintf(headers, sizeof(headers), "Location: /v2/%.*s/blobs/uploads/%s?_s=1\r\n",
		STR_ARG(repo), id);
	if (f->min_chunk)
		snprintf(headers + n, sizeof(headers) - (size_t)n, "OCI-Chunk-Min-Length: %llu\r\n",
			(unsigned long long)f->min_chunk);
	return fake_reply(fd, q, 202, headers, STR_NONE);
}

/* Appends what came; the connection may have been cut in the middle of it. */
static inline bool fake_upload(struct fake *f, int fd, const struct fake_request *q,
	struct str repo, struct str id, struct str query, struct str body, bool is_whole)
{
	CLEANUP(arena_done) struct arena a = {0};
	char headers[300];
	struct str digest = STR_NONE;
	struct buf *room = map_get(&f->uploads, id);
	if (!room)
		return fake_reply(fd, q, 404, "",
			S("{\"errors\":[{\"code\":\"BLOB_UPLOAD_UNKNOWN\"}]}"));
	if (strcmp(q->method, "GET") == 0 || strcmp(q->method, "PATCH") == 0) {
		uint64_t start = room->n;
		struct err ignored;
		struct str range = str_of(q->content_range);
		if (range.n)
			(void)num_parse_u64(str_sub(range, 0, (size_t)str_chr(range, '-')), 0,
				UINT64_MAX, &start, &ignored);
		if (start == room->n)
			buf_add(room, body);
		snprintf(headers, sizeof(headers),
			"Location: /v2/%.*s/blobs/uploads/%.*s?_s=%zu\r\nRange: 0-%zu\r\n",
			STR_ARG(repo), STR_ARG(id), room->n, room->n ? room->n - 1 : 0);
		if (!is_whole)
			return false;
		int status = start != room->n - body.n ? 416 : q->method[0] == 'G' ? 204 : 202;
		return fake_reply(fd, q, status, headers, STR_NONE);
	}
	buf_add(room, body);
	if (!is_whole)
		return false;
	struct digest actual = digest_of(buf_str(room));
	char text[DIGEST_TEXT];
	(void)url_query(query, "digest", &a, &digest);
	if (!str_is(digest, digest_text(&actual, text)))
		return fake_reply(fd, q, 400, "",
			S("{\"errors\":[{\"code\":\"DIGEST_INVALID\",\"message\":\"wrong digest\"}]}"));
	fake_put(f, &f->blobs, repo, digest, S("application/octet-stream"), buf_str(room));
	return fake_reply(fd, q, 201, "Location: /v2/x\r\n", STR_NONE);
}

/* "a", "b" of a list, two per page. */
static inline bool fake_tags(struct fake *f, int fd, const struct fake_request *q, struct str repo,
	struct str query)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct str last = STR_NONE;
	(void)url_query(query, "last", &a, &last);
	bool is_second = str_is(last, "b");
	char link[200] = "";
	if (!is_second)
		snprintf(link, sizeof(link),
			"Link: </v2/%.*s/tags/list?last=b&n=2>; rel=\"next\"\r\n", STR_ARG(repo));
	return fake_reply(fd, q, 200, link,
		is_second ? S("{\"name\":\"x\",\"tags\":[\"c\"]}")
			  : S("{\"name\":\"x\",\"tags\":[\"a\",\"b\"]}"));
}

static inline bool fake_route(struct fake *f, int fd, const struct fake_request *q, struct str body,
	bool is_whole)
{
	struct str path = str_of(q->path), query = STR_NONE;
	ssize_t mark = str_chr(path, '?');
	if (mark >= 0) {
		query = str_skip(path, (size_t)mark + 1);
		path = str_sub(path, 0, (size_t)mark);
	}
	if (str_is(path, "/token"))
		return fake_token(f, fd, q, body);
	if (!fake_is_allowed(f, q))
		return fake_challenge(f, fd, q);
	if (str_is(path, "/v2/"))
		return fake_reply(fd, q, 200, "", S("{}"));
	path = str_skip(path, 4);
	ssize_t at;
	if ((at = str_find(path, S("/blobs/uploads/"))) > 0) {
		struct str repo = str_sub(path, 0, (size_t)at),
			   id = str_skip(path, (size_t)at + 15);
		return id.n ? fake_upload(f, fd, q, repo, id, query, body, is_whole)
			    : fake_begin_upload(f, fd, q, repo, query);
	}
	if ((at = str_find(path, S("/blobs/"))) > 0)
		return fake_get_blob(f, fd, q, str_sub(path, 0, (size_t)at),
			str_skip(path, (size_t)at + 7));
	if (str_ends(path, S("/tags/list")))
		return fake_tags(f, fd, q, str_sub(path, 0, path.n - 10), query);
	if ((at = str_find(path, S("/manifests/"))) < 0)
		return fake_reply(fd, q, 404, "", S("not a path"));
	struct str repo = str_sub(path, 0, (size_t)at), reference = str_skip(path, (size_t)at + 11);
	if (strcmp(q->method, "PUT") == 0)
		return fake_put_manifest(f, fd, q, repo, reference, query, body);
	if (strcmp(q->method, "DELETE") == 0)
		return fake_reply(fd, q, 202, "", STR_NONE);
	return fake_get_manifest(f, fd, q, repo, reference);
}

static inline void fake_find_fault(struct fake *f, struct fake_request *q)
{
	char line[2100];
	snprintf(line, sizeof(line), "%s %s", q->method, q->path);
	for (size_t i = 0; i < ARRAY_LEN(f->faults) && !q->fault; i++)
		if (f->faults[i].match && f->faults[i].times && strstr(line, f->faults[i].match)) {
			f->faults[i].times--;
			q->fault = &f->faults[i];
		}
}

struct fake_connection {
	struct fake *f;
	int fd;
};

static inline void *fake_serve(void *ctx)
{
	struct fake_connection c = *(struct fake_connection *)ctx;
	CLEANUP(buf_done) struct buf in = BUF(64 << 20);
	bool goes_on = true;
	free(ctx);
	while (goes_on && fake_read_head(c.fd, &in)) {
		CLEANUP(buf_done) struct buf body = BUF(64 << 20);
		struct fake_request q;
		fake_parse(&in, &q);
		pthread_mutex_lock(&c.f->mutex);
		fake_log(c.f, &q);
		fake_find_fault(c.f, &q);
		pthread_mutex_unlock(&c.f->mutex);
		bool is_whole = fake_read_body(c.fd, &in, &q, &body);
		pthread_mutex_lock(&c.f->mutex);
		if (q.fault && q.fault->status)
			goes_on = fake_reply(c.fd, &q, q.fault->status,
				q.fault->headers ? q.fault->headers : "",
				str_of(q.fault->body ? q.fault->body : ""));
		else
			goes_on = fake_route(c.f, c.fd, &q, buf_str(&body), is_whole);
		pthread_mutex_unlock(&c.f->mutex);
	}
	close(c.fd);
	atomic_fetch_sub(&c.f->n_connections, 1);
	return NULL;
}

static inline void *fake_accept(void *ctx)
{
	struct fake *f = ctx;
	for (;;) {
		int fd = accept4(f->listen_fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0 || atomic_load(&f->ends)) {
			if (fd >= 0)
				close(fd);
			return NULL;
		}
		struct fake_connection *c = NEW(struct fake_connection);
		*c = (struct fake_connection){f, fd};
		pthread_t thread;
		atomic_fetch_add(&f->n_connections, 1);
		pthread_create(&thread, NULL, fake_serve, c);
		pthread_detach(thread);
	}
}

static inline void fake_start(struct fake *f)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(a);
	*f = (struct fake){.log = BUF(1 << 20)};
	pthread_mutex_init(&f->mutex, NULL);
	f->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(f->listen_fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(f->listen_fd, 64), 0);
	assert_int_equal(getsockname(f->listen_fd, (struct sockaddr *)&a, &n), 0);
	f->port = ntohs(a.sin_port);
	assert_int_equal(pthread_create(&f->thread, NULL, fake_accept, f), 0);
}

static inline void fake_free_upload(void *p)
{
	buf_done(p);
	free(p);
}

/* All clients must have been freed before. */
static inline void fake_stop(struct fake *f)
{
	atomic_store(&f->ends, true);
	shutdown(f->listen_fd, SHUT_RDWR);
	pthread_join(f->thread, NULL);
	close(f->listen_fd);
	while (atomic_load(&f->n_connections))
		sched_yield();
	map_done(&f->blobs, NULL);
	map_done(&f->manifests, NULL);
	map_done(&f->uploads, fake_free_upload);
	buf_done(&f->log);
	arena_done(&f->arena);
	pthread_mutex_destroy(&f->mutex);
}

/* How many lines of the log contain the text. */
static inline int fake_asked(struct fake *f, const char *text)
{
	int n = 0;
	pthread_mutex_lock(&f->mutex);
	struct str rest = buf_str(&f->log), line;
	while (str_line(&rest, &line))
		n += str_has(line, str_of(text));
	pthread_mutex_unlock(&f->mutex);
	return n;
}

static inline void fake_forget(struct fake *f)
{
	pthread_mutex_lock(&f->mutex);
	buf_clear(&f->log);
	pthread_mutex_unlock(&f->mutex);
}

#endif
