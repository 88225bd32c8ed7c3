#include "remote/remote_priv.h"

#include "base/num.h"

#define ACCEPT                                                                                     \
	MEDIA_OCI_INDEX ", " MEDIA_OCI_MANIFEST ", " MEDIA_DOCKER_INDEX ", " MEDIA_DOCKER_MANIFEST

static const struct http_header accept_header = {{"Accept", 6}, {ACCEPT, sizeof(ACCEPT) - 1}};

static struct call manifest_call(const struct endpoint *at, const char *method,
	struct str reference, struct arena *a)
{
	return (struct call){
		.at = at,
		.method = method,
		.path = arena_fmt(a, "%.*s/manifests/%.*s", STR_ARG(at->path), STR_ARG(reference)),
		.actions = ACT_PULL,
		.headers = &accept_header,
		.n_headers = 1,
		.max_body = IMAGE_MANIFEST_MAX,
	};
}

static int unknown(const struct endpoint *at, struct str reference, struct err *err)
{
	return err_set(err, ERR_NOT_FOUND, "%s has no '%.*s'", at->host->name, STR_ARG(reference));
}

static int digest_from_header(const struct http_response *a, struct digest *ret)
{
	struct err ignored;
	*ret = (struct digest){0};
	struct str text = http_response_header(a, "docker-content-digest");
	return text.n && digest_parse(text, ret, &ignored) == 0;
}

int manifest_head(struct remote *r, const struct endpoint *at, struct str reference,
	struct arena *a, struct image_descriptor *ret, struct err *err)
{
	CLEANUP(http_response_done) struct http_response answer = {0};
	struct call c = manifest_call(at, "HEAD", reference, a);
	struct image_descriptor d = {0};
	struct err ignored;
	if (call_run(r, &c, &answer, err) < 0)
		return -1;
	if (answer.status == 404)
		return unknown(at, reference, err);
	struct str type = http_response_header(&answer, "content-type");
	struct str size = http_response_header(&answer, "content-length");
	if (answer.status != 200 || !image_media_is_manifest(type) ||
		!digest_from_header(&answer, &d.digest) ||
		num_parse_u64(size, 1, IMAGE_MANIFEST_MAX, &d.size, &ignored) < 0)
		return 0;
	d.media_type = arena_str(a, type);
	*ret = d;
	return 1;
}

/* The digest the bytes must have: the one asked for, else the one the registry says. */
static int check_digest(struct str reference, const struct http_response *answer,
	struct digest *ret, struct err *err)
{
	struct digest expected, actual;
	struct err ignored;
	bool is_known = digest_parse(reference, &expected, &ignored) == 0 ||
		digest_from_header(answer, &expected);
	CLEANUP(digester_free)
	struct digester *hash = digester_new(is_known ? expected.algorithm : DIGEST_SHA256);
	digester_add_str(hash, buf_str(&answer->body));
	actual = digester_finish(hash);
	char want[DIGEST_TEXT], got[DIGEST_TEXT];
	if (is_known && !digest_eq(&expected, &actual))
		return err_set(err, ERR_INPUT, "expected manifest %s, got %s",
			digest_text(&expected, want), digest_text(&actual, got));
	*ret = actual;
	return 0;
}

int manifest_fetch(struct remote *r, const struct endpoint *at, struct str reference,
	struct arena *a, struct fetched_manifest *ret, struct err *err)
{
	CLEANUP(http_response_done) struct http_response answer = {0};
	struct call c = manifest_call(at, "GET", reference, a);
	struct fetched_manifest f = {0};
	if (call_run(r, &c, &answer, err) < 0)
		return -1;
	if (answer.status == 404)
		return unknown(at, reference, err);
	if (answer.status != 200)
		return call_refused(&c, &answer, "hand out the manifest", err);
	f.bytes = arena_str(a, buf_str(&answer.body));
	if (check_digest(reference, &answer, &f.descriptor.digest, err) < 0 ||
		image_manifest_parse(f.bytes, http_response_header(&answer, "content-type"), a,
			&f.m, err) < 0)
		return err_wrap(err, "%s", at->host->name);
	f.descriptor.media_type = f.m.media_type;
	f.descriptor.size = f.bytes.n;
	*ret = f;
	return 0;
}

/* ---- sending ---- */

static int put(struct remote *r, const struct endpoint *at, struct str bytes,
	const struct image_descriptor *d, struct str reference, struct http_response *ret,
	struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct http_header type = {S("Content-Type"), d->media_type};
	struct call c = manifest_call(at, "PUT", reference, &a);
	c.actions = ACT_PULL | ACT_PUSH;
	c.headers = &type;
	c.body = bytes;
	if (call_run(r, &c, ret, err) < 0)
		return -1;
	if (ret->status == 201 || ret->status == 200 || ret->status == 202)
		return 0;
	call_refused(&c, ret, "take the manifest", err);
	http_response_done(ret);
	return -1;
}

static bool was_tagged(const struct http_response *a, struct str tag)
{
	for (size_t i = 0; i < a->n_headers; i++) {
		struct str list = a->headers[i].value, one;
		if (!str_is(a->headers[i].name, "oci-tag"))
			continue;
		while (str_cut(&list, ',', &one))
			if (str_eq(str_trim(one), tag))
				return true;
	}
	return false;
}

/* By digest with all tags at once (distribution-spec "?tag="), so that they move together; registries
 * that do not know it get one PUT per tag that is left. */
static int send_many(struct remote *r, const struct endpoint *at, struct str bytes,
	const struct image_descriptor *d, const struct str *tags, size_t n_tags, struct err *err)
{
	CLEANUP(http_response_done) struct http_response answer = {0};
	CLEANUP(buf_done) struct buf reference = BUF(REMOTE_URL_MAX);
	char text[DIGEST_TEXT];
	buf_add_cstr(&reference, digest_text(&d->digest, text));
	for (size_t i = 0; i < n_tags; i++)
		buf_fmt(&reference, "%ctag=%.*s", i ? '&' : '?', STR_ARG(tags[i]));
	if (buf_check(&reference, "url", err) < 0 ||
		put(r, at, bytes, d, buf_str(&reference), &answer, err) < 0)
		return -1;
	for (size_t i = 0; i < n_tags; i++) {
		CLEANUP(http_response_done) struct http_response one = {0};
		if (!was_tagged(&answer, tags[i]) && put(r, at, bytes, d, tags[i], &one, err) < 0)
			return -1;
	}
	return 0;
}

int manifest_send(struct remote *r, const struct endpoint *at, struct str bytes,
	const struct image_descriptor *d, const struct str *tags, size_t n_tags, struct err *err)
{
	CLEANUP(http_response_done) struct http_response answer = {0};
	char text[DIGEST_TEXT];
	if (n_tags > 1)
		return send_many(r, at, bytes, d, tags, n_tags, err);
	struct str reference = n_tags ? tags[0] : str_of(digest_text(&d->digest, text));
	return put(r, at, bytes, d, reference, &answer, err);
}
