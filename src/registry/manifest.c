/* Manifests: given out from memory or disk, and taken in when what they name is there. */
#include "registry/registry_priv.h"

#include "base/num.h"
#include "http/url.h"
#include "json/json.h"
#include "registry/pushed.h"

/* ---- GET and HEAD ---- */

/* The bytes by digest, into a new cache entry. */
static int read_digest(struct call *c, uint64_t generation, const struct digest *d,
	const struct cached **ret, struct err *err)
{
	struct manifest_row row;
	CLEANUP(buf_done) struct buf bytes = BUF(IMAGE_MANIFEST_MAX);
	struct registry *reg = c->registry;
	if (manifest_get(reg->store, c->route.repository, d, http_request_arena(c->r), &row, err) <
		0)
		return -1;
	if (blob_read(reg->store, d, &bytes, err) < 0) {
		if (err->kind == ERR_LIMIT || err->kind == ERR_NOT_FOUND)
			err->kind = ERR_CORRUPT; /* the row says it is here */
		return -1;
	}
	*ret = registry_cache_put(reg->cache, c->route.repository, c->route.reference, generation,
		d, row.media_type, buf_str(&bytes));
	return 0;
}

static int read_manifest(struct call *c, const struct cached **ret, struct err *err)
{
	struct registry *reg = c->registry;
	uint64_t generation = store_generation(reg->store);
	struct digest d = c->route.digest;
	*ret = registry_cache_get(reg->cache, c->route.repository, c->route.reference, generation);
	if (*ret)
		return 0;
	if (!c->route.is_digest &&
		tag_get(reg->store, c->route.repository, c->route.reference, &d, err) < 0)
		return -1;
	return read_digest(c, generation, &d, ret, err);
}

static void not_here(struct call *c)
{
	bool is_known = repository_exists(c->registry->store, c->route.repository);
	if (is_known)
		reply_problem(c, 404, "MANIFEST_UNKNOWN", NULL, NULL, "'%.*s' has no %s '%.*s'",
			STR_ARG(c->route.repository), c->route.is_digest ? "manifest" : "tag",
			STR_ARG(c->route.reference));
	else
		reply_problem(c, 404, "NAME_UNKNOWN", NULL, NULL, "no repository '%.*s'",
			STR_ARG(c->route.repository));
}

static void release(void *ctx)
{
	cached_free(ctx);
}

void serve_manifest_get(struct call *c)
{
	struct err err;
	const struct cached *e = NULL;
	struct headers h = {.n = 0};
	if (read_manifest(c, &e, &err) < 0) {
		if (err.kind == ERR_NOT_FOUND)
			not_here(c);
		else
			reply_error(c, TOPIC_MANIFEST, &err);
		return;
	}
	struct str known = http_request_header(c->r, "If-None-Match");
	bool is_known = known.p && (str_is(known, e->etag) || str_is(known, "*"));
	reply_header(&h, "Content-Type", e->media_type);
	reply_header(&h, "Docker-Content-Digest", str_of(e->digest));
	reply_header(&h, "Etag", str_of(e->etag));
	reply_send(c,
		(struct http_reply){.status = is_known ? 304 : 200,
			.text = is_known ? STR_NONE : e->bytes,
			.is_text_shared = true,
			.release = release,
			.release_ctx = (void *)(uintptr_t)e}, // NOLINT: counted, not changed
		&h);
}

/* ---- DELETE ---- */

void serve_manifest_delete(struct call *c)
{
	struct err err;
	struct headers h = {.n = 0};
	struct store *s = c->registry->store;
	int rc = c->route.is_digest
		? manifest_delete(s, c->route.repository, &c->route.digest, &err)
		: tag_remove(s, c->route.repository, c->route.reference, &err);
	if (rc == 0)
		reply_status(c, 202, &h);
	else if (err.kind == ERR_NOT_FOUND)
		not_here(c);
	else
		reply_error(c, TOPIC_MANIFEST, &err);
}

/* ---- PUT ---- */

static int take_piece(struct call *c, struct str piece, struct err *err)
{
	buf_add(&c->body, piece);
	if (buf_check(&c->body, "manifest", err) == 0)
		return 0;
	reply_error(c, TOPIC_MANIFEST, err);
	return -1;
}

/* The tags this push sets: the one of the path, or those of ?tag= with a digest. */
struct tags {
	struct str p[PUSH_TAGS_MAX];
	size_t n;
};

static bool take_tags(struct call *c, struct tags *ret)
{
	size_t at = 0;
	struct str tag, query = http_request_query(c->r);
	struct arena *a = http_request_arena(c->r);
	ret->n = 0;
	if (!c->route.is_digest)
		ret->p[ret->n++] = c->route.reference;
	while (c->route.is_digest && url_query_next(query, "tag", &at, a, &tag)) {
		if (!image_tag_is_valid(tag)) {
			reply_problem(c, 400, "MANIFEST_INVALID", NULL, NULL, "invalid tag '%.*s'",
				STR_ARG(str_sub(tag, 0, 200)));
			return false;
		}
		if (ret->n == PUSH_TAGS_MAX) {
			reply_problem(c, 414, "UNSUPPORTED", NULL, NULL,
				"more than %d tags in one push", PUSH_TAGS_MAX);
			return false;
		}
		ret->p[ret->n++] = tag;
	}
	return true;
}

/* What a push of tags relies on: If-None-Match: * (none is there yet), If-Match: "digest" (it is
 * still there), Knarr-Order: n (nothing newer is there). */
struct conditions {
	bool has_expected;
	struct digest expected; /* none = must not exist */
	int64_t order;
};

static bool take_conditions(struct call *c, struct conditions *ret)
{
	struct err err;
	struct str match = http_request_header(c->r, "If-Match");
	struct str none = http_request_header(c->r, "If-None-Match");
	struct str order = http_request_header(c->r, "Knarr-Order");
	*ret = (struct conditions){.has_expected = match.p || none.p};
	if (match.n > 2 && str_starts(match, S("\"")) && str_ends(match, S("\"")))
		match = str_sub(match, 1, match.n - 1);
	bool ok = !none.p || (str_is(none, "*") && !match.p);
	ok = ok && (!match.p || digest_parse(match, &ret->expected, &err) == 0);
	ok = ok && (!order.p || num_parse_i64(order, 1, INT64_MAX, &ret->order, &err) == 0);
	if (!ok)
		reply_problem(c, 400, "UNSUPPORTED", NULL, NULL,
			"expected If-Match with a digest, If-None-Match: *, Knarr-Order with a number");
	return ok;
}

static int store_blob(struct call *c, struct digest *ret, struct err *err)
{
	struct str bytes = buf_str(&c->body);
	CLEANUP(blob_writer_free) struct blob_writer *w = NULL;
	const struct digest *expected = c->route.is_digest ? &c->route.digest : NULL;
	uint64_t size;
	if (blob_create(c->registry->store, expected ? expected->algorithm : DIGEST_SHA256, &w,
		    err) < 0 ||
		blob_write(w, bytes.p, bytes.n, err) < 0)
		return -1;
	return blob_commit(w, expected, ret, &size, err);
}

/* Rows and tags in one transaction: 0, 1 = some tag stayed at a newer one, -1 with err. */
static int put_rows(struct call *c, const struct manifest_row *m, const struct tags *tags,
	const struct conditions *if_, struct err *err)
{
	struct tag_set sets[PUSH_TAGS_MAX];
	for (size_t i = 0; i < tags->n; i++)
		sets[i] = (struct tag_set){.repository = c->route.repository,
			.tag = tags->p[i],
			.digest = m->digest,
			.expected = if_->has_expected ? &if_->expected : NULL,
			.order = if_->order};
	return manifest_put_all(c->registry->store, c->route.repository, m, 1, sets, tags->n, err);
}

static void reply_created(struct call *c, const struct manifest_row *m, const struct tags *tags,
	bool is_older)
{
	struct headers h = {.n = 0};
	char location[LOCATION_MAX], digest[DIGEST_TEXT], subject[DIGEST_TEXT];
	digest_text(&m->digest, digest);
	snprintf(location, sizeof(location), "/v2/%.*s/manifests/%s", STR_ARG(c->route.repository),
		digest);
	reply_header(&h, "Location", str_of(location));
	reply_header(&h, "Docker-Content-Digest", str_of(digest));
	if (!digest_is_none(&m->subject))
		reply_header(&h, "OCI-Subject", str_of(digest_text(&m->subject, subject)));
	if (is_older)
		reply_header(&h, "Knarr-Tag-Kept", S("newer"));
	for (size_t i = 0; i < tags->n && c->route.is_digest && !is_older; i++)
		reply_header(&h, "OCI-Tag", tags->p[i]);
	reply_status(c, 201, &h);
}

static void store(struct call *c, struct manifest_row *m)
{
	struct err err;
	struct tags tags;
	struct conditions conditions;
	int rc = -1;
	if (!take_tags(c, &tags) || !take_conditions(c, &conditions))
		return;
	if (store_blob(c, &m->digest, &err) == 0)
		rc = put_rows(c, m, &tags, &conditions, &err);
	if (rc >= 0)
		reply_created(c, m, &tags, rc > 0);
	else if (err.kind == ERR_CONFLICT && conditions.has_expected)
		reply_problem(c, 412, "DENIED", NULL, NULL, "%s", err.what);
	else
		reply_error(c, TOPIC_MANIFEST, &err);
}

/* The bytes have to be what the path says before anything else is said about them. */
static bool check_digest(struct call *c)
{
	struct digester *h;
	if (!c->route.is_digest)
		return true;
	h = digester_new(c->route.digest.algorithm);
	digester_add_str(h, buf_str(&c->body));
	struct digest actual = digester_finish(h);
	digester_free(h);
	if (digest_eq(&actual, &c->route.digest))
		return true;
	reply_problem(c, 400, "DIGEST_INVALID", NULL, NULL, "the manifest's digest is not %.*s",
		STR_ARG(c->route.reference));
	return false;
}

/* ---- what it names has to be here ---- */

enum { MISSING_TOLD = 100 };

/* The digests of the list that the repository lacks; what it has is kept. */
static int find_missing(struct call *c, const struct digest *all, size_t n, struct digest *ret,
	size_t *ret_n, struct err *err)
{
	*ret_n = 0;
	for (size_t i = 0; i < n; i++) {
		int has = link_keep(c->registry->store, c->route.repository, &all[i], err);
		if (has < 0)
			return -1;
		if (!has)
			ret[(*ret_n)++] = all[i];
	}
	return 0;
}

/* One error for each, with its digest, as the specification wants it. */
static void reply_missing(struct call *c, const struct digest *missing, size_t n)
{
	CLEANUP(buf_done) struct buf b = BUF(64 * 1024);
	struct headers h = {.n = 0};
	struct json_out o;
	char digest[DIGEST_TEXT];
	json_out_init(&o, &b, 0);
	json_object(&o);
	json_key(&o, "errors");
	json_array(&o);
	for (size_t i = 0; i < n && i < MISSING_TOLD; i++) {
		json_object(&o);
		json_key(&o, "code");
		json_add_cstr(&o, "MANIFEST_BLOB_UNKNOWN");
		json_key(&o, "message");
		json_add_fmt(&o, "manifest names %s, and the repository does not have it",
			digest_text(&missing[i], digest));
		json_key(&o, "detail");
		json_object(&o);
		json_key(&o, "digest");
		json_add_cstr(&o, digest);
		json_end(&o);
		json_end(&o);
	}
	json_end(&o);
	json_end(&o);
	reply_json(c, 404, "application/json", buf_str(&b), &h);
}

/* All blobs have to be here. An index may be sparse: whoever mirrors two platforms of ten keeps its
 * digest; but one of which nothing is here is a mistake. False = answered. */
static bool has_all(struct call *c, const struct pushed *p)
{
	struct err err;
	size_t n_blobs, n_manifests;
	struct arena *a = http_request_arena(c->r);
	struct digest *blobs = ARENA_ARRAY(a, struct digest, p->n_blobs);
	struct digest *manifests = ARENA_ARRAY(a, struct digest, p->n_manifests);
	if (find_missing(c, p->blobs, p->n_blobs, blobs, &n_blobs, &err) < 0 ||
		find_missing(c, p->manifests, p->n_manifests, manifests, &n_manifests, &err) < 0) {
		reply_error(c, TOPIC_MANIFEST, &err);
		return false;
	}
	if (n_blobs)
		reply_missing(c, blobs, n_blobs);
	else if (n_manifests && n_manifests == p->n_manifests)
		reply_missing(c, manifests, n_manifests);
	return !http_is_answered(c->r);
}

static void end_put(struct call *c)
{
	struct err err;
	struct pushed pushed;
	struct manifest_row row = {.size = c->body.n};
	if (!check_digest(c))
		return;
	if (pushed_parse(buf_str(&c->body), http_request_header(c->r, "Content-Type"),
		    http_request_arena(c->r), &row, &pushed, &err) < 0)
		reply_problem(c, 400, "MANIFEST_INVALID", err.hint, NULL, "%s", err.what);
	else if (has_all(c, &pushed))
		store(c, &row);
}

void serve_manifest_put(struct call *c)
{
	uint64_t size = http_request_size(c->r);
	if (size != UINT64_MAX && size > IMAGE_MANIFEST_MAX) {
		reply_problem(c, 413, "SIZE_INVALID", NULL, NULL,
			"manifest of %llu bytes is larger than %d", (unsigned long long)size,
			IMAGE_MANIFEST_MAX);
		return;
	}
	c->body = BUF(IMAGE_MANIFEST_MAX);
	c->on_body = take_piece;
	c->on_end = end_put;
}
