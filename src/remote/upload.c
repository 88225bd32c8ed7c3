/* Blobs to a registry.
 *
 *	HEAD: there? ──yes──► done
 *	   │ no
 *	   ▼
 *	POST uploads/?mount=…&from=… ──201──► mounted from another repository, done
 *	   │ 202: a session
 *	   ▼
 *	small: PUT session?digest=… with the bytes
 *	large: PATCH session, whole or in chunks ──► PUT session?digest=…
 *	   │ the connection broke, or 416
 *	   ▼
 *	GET session: 204 with Range says how far it came; PATCH from there
 */
#include "remote/remote_priv.h"

#include "base/num.h"
#include "http/url.h"

#include <unistd.h>

enum { SMALL_BYTES = 64 * 1024, RESUMES_MAX = 200 };

struct sending {
	struct remote *r;
	const struct upload_spec *u;
	struct arena arena;
	int fd;
	struct str session;  /* absolute URL of where the next request goes */
	uint64_t offset;     /* bytes the registry has */
	uint64_t min_chunk;  /* OCI-Chunk-Min-Length */
	uint64_t from, left; /* of the body being sent */
	uint64_t at;
};

static struct call base_call(struct sending *s, const char *method, struct str path)
{
	return (struct call){.at = s->u->at,
		.method = method,
		.path = path,
		.actions = ACT_PULL | ACT_PUSH,
		.mount_from = s->u->mount_from,
		.cancel = s->u->cancel};
}

int blob_is_remote(struct remote *r, const struct endpoint *at, const struct digest *d,
	const struct cancel *cancel, struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(http_response_done) struct http_response answer = {0};
	char text[DIGEST_TEXT];
	struct call c = {.at = at,
		.method = "HEAD",
		.path = arena_fmt(&a, "%.*s/blobs/%s", STR_ARG(at->path), digest_text(d, text)),
		.actions = ACT_PULL | ACT_PUSH,
		.cancel = cancel};
	if (call_run(r, &c, &answer, err) < 0)
		return -1;
	return answer.status == 200;
}

/* ---- sessions ---- */

static int note_session(struct sending *s, const struct call *c, const struct http_response *a,
	struct err *err)
{
	CLEANUP(buf_done) struct buf from = BUF(REMOTE_URL_MAX), to = BUF(REMOTE_URL_MAX);
	if (call_url(c, &from, err) < 0 ||
		redirect_session(s->u->at, buf_str(&from), a, &to, err) < 0)
		return -1;
	s->session = arena_str(&s->arena, buf_str(&to));
	return 0;
}

/* 1 = mounted, nothing to send. */
static int begin(struct sending *s, struct err *err)
{
	CLEANUP(http_response_done) struct http_response answer = {0};
	CLEANUP(buf_done) struct buf path = BUF(REMOTE_URL_MAX);
	char text[DIGEST_TEXT];
	struct err ignored;
	buf_fmt(&path, "%.*s/blobs/uploads/?mount=", STR_ARG(s->u->at->path));
	url_add_escaped(&path, str_of(digest_text(&s->u->d->digest, text)), "");
	if (s->u->mount_from.n) {
		buf_add_cstr(&path, "&from=");
		url_add_escaped(&path, s->u->mount_from, "/");
	}
	struct call c = base_call(s, "POST", buf_str(&path));
	if (call_run(s->r, &c, &answer, err) < 0)
		return -1;
	if (answer.status == 201)
		return 1;
	if (answer.status != 202)
		return call_refused(&c, &answer, "begin an upload", err);
	struct str min = http_response_header(&answer, "oci-chunk-min-length");
	s->offset = 0;
	s->min_chunk = 0;
	if (min.n)
		(void)num_parse_u64(min, 0, BLOB_MAX_BYTES, &s->min_chunk, &ignored);
	return note_session(s, &c, &answer, err);
}

/* How far did it come? 1 = the session knows, 0 = it is gone. */
static int ask_session(struct sending *s, struct err *err)
{
	CLEANUP(http_response_done) struct http_response answer = {0};
	struct call c = base_call(s, "GET", s->session);
	struct err ignored;
	uint64_t last = 0;
	if (call_run(s->r, &c, &answer, err) < 0)
		return -1;
	if (answer.status != 204 && answer.status != 200 && answer.status != 202)
		return 0;
	struct str range = http_response_header(&answer, "range");
	ssize_t dash = str_chr(range, '-');
	s->offset = 0;
	/* "0-0" is what some say for one byte and some for none: begin again is always right */
	if (dash >= 0 &&
		num_parse_u64(str_skip(range, (size_t)dash + 1), 0, BLOB_MAX_BYTES, &last,
			&ignored) == 0 &&
		last > 0)
		s->offset = last + 1;
	if (s->offset > s->u->d->size)
		return 0;
	if (!s->offset && range.n)
		return 0;
	if (http_response_header(&answer, "location").n && note_session(s, &c, &answer, err) < 0)
		return -1;
	return 1;
}

/* ---- bytes ---- */

static ssize_t read_blob(void *ctx, char *room, size_t n, struct err *err)
{
	struct sending *s = ctx;
	ssize_t got;
	do
		got = pread(s->fd, room, (size_t)num_min(n, s->left), (off_t)s->at);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return err_sys(err, "read a blob");
	s->at += (uint64_t)got;
	s->left -= (uint64_t)got;
	if (s->u->progress)
		progress_add(s->u->progress, (uint64_t)got);
	return got;
}

static int rewind_blob(void *ctx)
{
	struct sending *s = ctx;
	s->left += s->at - s->from;
	s->at = s->from;
	if (s->u->progress)
		progress_back(s->u->progress, s->from);
	return 0;
}

static void set_body(struct sending *s, struct call *c, uint64_t n)
{
	s->from = s->at = s->offset;
	s->left = n;
	c->read = read_blob;
	c->rewind = rewind_blob;
	c->body_size = n;
	c->ctx = s;
	if (s->u->progress)
		progress_back(s->u->progress, s->offset);
}

static struct str with_digest(struct sending *s)
{
	CLEANUP(buf_done) struct buf url = BUF(REMOTE_URL_MAX);
	char text[DIGEST_TEXT];
	buf_add(&url, s->session);
	buf_add_cstr(&url, str_chr(s->session, '?') < 0 ? "?digest=" : "&digest=");
	url_add_escaped(&url, str_of(digest_text(&s->u->d->digest, text)), "");
	return arena_str(&s->arena, buf_str(&url));
}

/* The results of a request that moves bytes. */
enum step { STEP_DONE, STEP_RESUME, STEP_FAILED };

static enum step judge(const struct call *c, int rc, const struct http_response *a, int64_t wait_ns,
	const char *what, struct err *err)
{
	if (rc < 0)
		return wait_ns >= 0 ? STEP_RESUME : STEP_FAILED;
	if (a->status >= 200 && a->status < 300)
		return STEP_DONE;
	call_refused(c, a, what, err);
	return wait_ns >= 0 || a->status == 416 || a->status == 404 ? STEP_RESUME : STEP_FAILED;
}

static enum step put_end(struct sending *s, uint64_t n, int64_t *ret_wait_ns, struct err *err)
{
	CLEANUP(http_response_done) struct http_response answer = {0};
	struct http_header type = {S("Content-Type"), S("application/octet-stream")};
	struct call c = base_call(s, "PUT", with_digest(s));
	c.headers = &type;
	c.n_headers = 1;
	if (n)
		set_body(s, &c, n);
	int rc = call_once(s->r, &c, &answer, ret_wait_ns, err);
	return judge(&c, rc, &answer, *ret_wait_ns, "take the blob", err);
}

/* Plain streaming is what every registry takes; a range is said only where it must be. */
static enum step patch(struct sending *s, uint64_t n, int64_t *ret_wait_ns, struct err *err)
{
	CLEANUP(http_response_done) struct http_response answer = {0};
	char range[64];
	int len = snprintf(range, sizeof(range), "%llu-%llu", (unsigned long long)s->offset,
		(unsigned long long)(s->offset + n - 1));
	struct http_header headers[] = {{S("Content-Type"), S("application/octet-stream")},
		{S("Content-Range"), str_n(range, (size_t)len)}};
	struct call c = base_call(s, "PATCH", s->session);
	c.headers = headers;
	c.n_headers = s->offset || n < s->u->d->size ? 2 : 1;
	set_body(s, &c, n);
	int rc = call_once(s->r, &c, &answer, ret_wait_ns, err);
	enum step step = judge(&c, rc, &answer, *ret_wait_ns, "take a part", err);
	if (step != STEP_DONE)
		return step;
	s->offset += n;
	return note_session(s, &c, &answer, err) < 0 ? STEP_FAILED : STEP_DONE;
}

static uint64_t next_chunk(const struct sending *s)
{
	uint64_t left = s->u->d->size - s->offset;
	uint64_t chunk = s->u->chunk_bytes ? num_max(s->u->chunk_bytes, s->min_chunk) : left;
	return num_min(left, chunk);
}

static enum step send_rest(struct sending *s, int64_t *ret_wait_ns, struct err *err)
{
	uint64_t size = s->u->d->size;
	if (size <= SMALL_BYTES && !s->offset && !s->u->chunk_bytes)
		return put_end(s, size, ret_wait_ns, err);
	while (s->offset < size) {
		enum step step = patch(s, next_chunk(s), ret_wait_ns, err);
		if (step != STEP_DONE)
			return step;
	}
	return put_end(s, 0, ret_wait_ns, err);
}

/* ---- the whole ---- */

/* After a break: find out where it stands, or begin anew. 1 = it is there after all. */
static int recover(struct sending *s, struct err *err)
{
	int known = ask_session(s, err);
	if (known)
		return known < 0 ? -1 : 0;
	int there = blob_is_remote(s->r, s->u->at, &s->u->d->digest, s->u->cancel, err);
	return there ? there : begin(s, err);
}

static int run(struct sending *s, struct err *err)
{
	int rc = begin(s, err);
	if (rc == 0 && s->fd < 0)
		rc = s->u->open(s->u->ctx, &s->fd, err);
	for (unsigned attempt = 0, total = 0; rc == 0; attempt++) {
		int64_t wait_ns = -1;
		uint64_t before = s->offset;
		enum step step = send_rest(s, &wait_ns, err);
		if (step == STEP_DONE)
			return 0;
		if (step == STEP_FAILED || attempt + 1 >= REMOTE_TRIES)
			return -1;
		struct err later = {0};
		if (call_pause(s->r, attempt, wait_ns, s->u->cancel, &later) < 0 ||
			(rc = recover(s, &later)) < 0) {
			*err = later;
			return -1;
		}
		if (s->offset > before && ++total < RESUMES_MAX)
			attempt = 0;
	}
	return rc;
}

int upload_send(struct remote *r, const struct upload_spec *u, struct err *err)
{
	struct sending s = {.r = r, .u = u, .fd = u->fd};
	char text[DIGEST_TEXT];
	int rc = blob_is_remote(r, u->at, &u->d->digest, u->cancel, err);
	if (rc == 0)
		rc = run(&s, err);
	arena_done(&s.arena);
	return rc < 0 ? err_wrap(err, "blob %s", digest_text(&u->d->digest, text)) : rc;
}
