/* Blobs from a registry. A connection that breaks is no reason to begin again: the rest is asked for
 * (Range), and a server that sends everything anyway has its first part skipped. */
#include "remote/remote_priv.h"

#include "base/num.h"

enum { RESUMES_MAX = 200 };

struct state {
	const struct download *d;
	uint64_t done; /* bytes the sink has */
	uint64_t skip; /* bytes of this answer that it has already */
};

/* "bytes 100-199/200": where this answer begins. */
static int parse_content_range(struct str text, uint64_t *ret, struct err *err)
{
	struct err ignored;
	ssize_t dash = str_chr(text, '-');
	if (str_starts(text, S("bytes ")) && dash > 6 &&
		num_parse_u64(str_sub(text, 6, (size_t)dash), 0, BLOB_MAX_BYTES, ret, &ignored) ==
			0)
		return 0;
	return err_set(err, ERR_NET, "sent a part without saying which ('%.*s')",
		STR_ARG(str_sub(text, 0, 100)));
}

static int on_head(void *ctx, const struct http_response *head, struct err *err)
{
	struct state *s = ctx;
	uint64_t start = 0;
	if (head->status == 206 &&
		parse_content_range(http_response_header(head, "content-range"), &start, err) < 0)
		return -1;
	if (start > s->done)
		return err_set(err, ERR_NET, "sent another part than was asked for");
	s->skip = s->done - start;
	return 0;
}

static int on_body(void *ctx, struct str piece, struct err *err)
{
	struct state *s = ctx;
	size_t skip = (size_t)num_min(s->skip, piece.n);
	s->skip -= skip;
	piece = str_skip(piece, skip);
	if (piece.n > s->d->d->size - s->done)
		return err_set(err, ERR_INPUT, "there is more than the %llu bytes announced",
			(unsigned long long)s->d->d->size);
	if (piece.n && sink_write(s->d->to, piece.p, piece.n, err) < 0)
		return -1;
	s->done += piece.n;
	if (s->d->progress)
		progress_add(s->d->progress, piece.n);
	return 0;
}

/* 0 = all is here, 1 = try again after *ret_wait_ns, -1 = failed. */
static int try_once(struct remote *r, struct state *s, struct str path, int64_t *ret_wait_ns,
	struct err *err)
{
	CLEANUP(http_response_done) struct http_response answer = {0};
	char range[64];
	int n = snprintf(range, sizeof(range), "bytes=%llu-", (unsigned long long)s->done);
	struct http_header header = {S("Range"), str_n(range, (size_t)n)};
	struct call c = {.at = s->d->at,
		.method = "GET",
		.path = path,
		.actions = ACT_PULL,
		.headers = &header,
		.n_headers = s->done > 0,
		.on_head = on_head,
		.on_body = on_body,
		.ctx = s,
		.cancel = s->d->cancel};
	int rc = call_once(r, &c, &answer, ret_wait_ns, err);
	if (rc < 0)
		return *ret_wait_ns >= 0 ? 1 : -1;
	if (answer.status == 404)
		return err_set(err, ERR_NOT_FOUND, "%s does not have it", s->d->at->host->name);
	if (answer.status != 200 && answer.status != 206) {
		call_refused(&c, &answer, "hand it out", err);
		return *ret_wait_ns >= 0 ? 1 : -1;
	}
	if (s->done == s->d->d->size)
		return 0;
	*ret_wait_ns = 0;
	err_set(err, ERR_INPUT, "there are %llu bytes instead of %llu", (unsigned long long)s->done,
		(unsigned long long)s->d->d->size);
	return 1;
}

/* Tries that brought nothing count; one that did begins the count anew. */
static int run(struct remote *r, struct state *s, struct str path, struct err *err)
{
	for (unsigned attempt = 0, total = 0; attempt < REMOTE_TRIES; attempt++) {
		uint64_t before = s->done;
		int64_t wait_ns = -1;
		int rc = try_once(r, s, path, &wait_ns, err);
		if (rc <= 0)
			return rc;
		if (s->done > before && ++total < RESUMES_MAX)
			attempt = 0;
		struct err canceled;
		if (attempt + 1 < REMOTE_TRIES &&
			call_pause(r, attempt, wait_ns, s->d->cancel, &canceled) < 0) {
			*err = canceled;
			return -1;
		}
	}
	return -1;
}

int download_run(struct remote *r, const struct download *d, struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct state s = {.d = d};
	char text[DIGEST_TEXT];
	struct str path = arena_fmt(&a, "%.*s/blobs/%s", STR_ARG(d->at->path),
		digest_text(&d->d->digest, text));
	if (d->d->size > BLOB_MAX_BYTES)
		return err_set(err, ERR_LIMIT, "blob %s is said to have %llu bytes", text,
			(unsigned long long)d->d->size);
	if (run(r, &s, path, err) < 0)
		return err_wrap(err, "blob %s", text);
	return 0;
}

/* ---- into the store ---- */

int blob_pull(struct remote *r, struct store *s, const struct endpoint *at,
	const struct image_descriptor *d, struct progress *p, const struct cancel *c,
	struct err *err)
{
	CLEANUP(blob_writer_free) struct blob_writer *w = NULL;
	struct err why = {0};
	if (blob_keep(s, &d->digest, &why) == 0)
		return 1;
	if (why.kind != ERR_NOT_FOUND && why.kind != ERR_CORRUPT) {
		*err = why;
		return -1;
	}
	if (blob_create(s, d->digest.algorithm, &w, err) < 0)
		return -1;
	if (d->data.n) { /* the descriptor carries it, verified when it was read */
		if (blob_write(w, d->data.p, d->data.n, err) < 0)
			return -1;
	} else {
		struct download download = {at, d, blob_writer_sink(w), p, c};
		if (download_run(r, &download, err) < 0)
			return -1;
	}
	return blob_commit(w, &d->digest, NULL, NULL, err) < 0 ? err_wrap(err, "%s", at->host->name)
							       : 0;
}

/* ---- anywhere ---- */

struct hashing_sink {
	struct sink sink;
	struct sink *to;
	struct digester *hash;
};

static int hash_and_pass(struct sink *s, const void *p, size_t n, struct err *err)
{
	struct hashing_sink *h = (struct hashing_sink *)s;
	digester_add(h->hash, p, n);
	return sink_write(h->to, p, n, err);
}

int download_to_sink(struct remote *r, const struct endpoint *at, const struct image_descriptor *d,
	struct sink *to, const struct cancel *c, struct err *err)
{
	CLEANUP(digester_free) struct digester *hash = digester_new(d->digest.algorithm);
	struct hashing_sink sink = {{hash_and_pass}, to, hash};
	struct download download = {.at = at, .d = d, .to = &sink.sink, .cancel = c};
	if (download_run(r, &download, err) < 0)
		return -1;
	struct digest actual = digester_finish(hash);
	char want[DIGEST_TEXT], got[DIGEST_TEXT];
	if (!digest_eq(&actual, &d->digest))
		return err_set(err, ERR_INPUT, "%s: expected content %s, got %s", at->host->name,
			digest_text(&d->digest, want), digest_text(&actual, got));
	return 0;
}
