/* What refers to a manifest: signatures, SBOMs, provenance. An index made on the spot. */
#include "registry/registry_priv.h"

#include "http/url.h"
#include "json/json.h"

enum { PAGE_BYTES = 4 * 1024 * 1024 };

static void add_descriptor(struct json_out *o, const struct manifest_row *m)
{
	char digest[DIGEST_TEXT];
	json_object(o);
	json_key(o, "mediaType");
	json_add_str(o, m->media_type);
	json_key(o, "digest");
	json_add_cstr(o, digest_text(&m->digest, digest));
	json_key(o, "size");
	json_add_u64(o, m->size);
	if (m->artifact_type.n) {
		json_key(o, "artifactType");
		json_add_str(o, m->artifact_type);
	}
	if (m->annotations.n) {
		json_key(o, "annotations");
		json_add_raw(o, m->annotations);
	}
	json_end(o);
}

/* Those after `last` of the wanted type, as many as fit a page. The one that did not fit goes to
 * *ret_next (its predecessor's digest). */
static void add_all(struct json_out *o, const struct manifest_rows *all, struct str type,
	struct str last, char ret_next[DIGEST_TEXT])
{
	char digest[DIGEST_TEXT], before[DIGEST_TEXT] = "";
	ret_next[0] = '\0';
	VEC_EACH(all, m) {
		digest_text(&m->digest, digest);
		if ((type.n && !str_eq(type, m->artifact_type)) ||
			(last.n && str_cmp(str_of(digest), last) <= 0))
			continue;
		if (before[0] && o->b->n + m->annotations.n > PAGE_BYTES) {
			memcpy(ret_next, before, sizeof(before));
			return;
		}
		add_descriptor(o, m);
		memcpy(before, digest, sizeof(before));
	}
}

static void write_index(struct buf *b, const struct manifest_rows *all, struct str type,
	struct str last, char ret_next[DIGEST_TEXT])
{
	struct json_out o;
	json_out_init(&o, b, 0);
	json_object(&o);
	json_key(&o, "schemaVersion");
	json_add_i64(&o, 2);
	json_key(&o, "mediaType");
	json_add_cstr(&o, MEDIA_OCI_INDEX);
	json_key(&o, "manifests");
	json_array(&o);
	add_all(&o, all, type, last, ret_next);
	json_end(&o);
	json_end(&o);
}

static void add_link(struct call *c, struct headers *h, struct buf *room, struct str type,
	const char *next)
{
	buf_fmt(room, "</v2/%.*s/referrers/%.*s?last=", STR_ARG(c->route.repository),
		STR_ARG(c->route.reference));
	url_add_escaped(room, str_of(next), "");
	if (type.n) {
		buf_add_cstr(room, "&artifactType=");
		url_add_escaped(room, type, "");
	}
	buf_add_cstr(room, ">; rel=\"next\"");
	reply_header(h, "Link", buf_str(room));
}

void serve_referrers_get(struct call *c)
{
	struct err err;
	struct manifest_rows all = {0};
	struct headers h = {.n = 0};
	struct str type = STR_NONE, last = STR_NONE;
	char next[DIGEST_TEXT];
	CLEANUP(buf_done) struct buf b = BUF(2 * PAGE_BYTES), link = BUF(4096);
	struct arena *a = http_request_arena(c->r);
	struct str query = http_request_query(c->r);
	(void)url_query(query, "artifactType", a, &type); /* absent = all */
	(void)url_query(query, "last", a, &last);         /* absent = from the start */
	if (manifest_referrers(c->registry->store, c->route.repository, &c->route.digest, a, &all,
		    &err) < 0) {
		vec_done(&all);
		reply_error(c, TOPIC_MANIFEST, &err);
		return;
	}
	write_index(&b, &all, type, last, next);
	vec_done(&all);
	if (type.n)
		reply_header(&h, "OCI-Filters-Applied", S("artifactType"));
	if (next[0])
		add_link(c, &h, &link, type, next);
	reply_json(c, 200, MEDIA_OCI_INDEX, buf_str(&b), &h);
}
