#include "image/image_priv.h"

/* "application/json; charset=utf-8" -> "application/json" */
static struct str without_parameters(struct str content_type)
{
	struct str rest = content_type, type = STR_NONE;
	(void)str_cut(&rest, ';', &type);
	return str_trim(type);
}

static int refuse_schema1(struct err *err)
{
	err_set(err, ERR_UNSUPPORTED, "docker schema 1 manifests are not supported");
	return err_hint(err, "push the image again with docker 1.10 or later");
}

static bool is_schema1(const struct json *v)
{
	return doc_get(v, "fsLayers") || doc_i64(v, "schemaVersion") == 1 ||
		media_is_schema1(doc_str(v, "mediaType"));
}

/* CVE-2021-41190: one document must not be a manifest to one reader and an index to another. */
void manifest_check(struct doc_walk *w, const struct json *v)
{
	bool is_index = doc_get(v, "manifests") != NULL;
	if (is_index && doc_get(v, "layers"))
		doc_problem(w, "", ERR_INPUT, "has both 'layers' and 'manifests'");
	else if (is_index && doc_get(v, "config"))
		doc_problem(w, "", ERR_INPUT, "has both 'config' and 'manifests'");
	else if (doc_get(v, "fsLayers"))
		doc_problem(w, "", ERR_UNSUPPORTED, "is a docker schema 1 manifest");
	struct str type = doc_str(v, "mediaType");
	if (image_media_is_manifest(type) && image_media_is_index(type) != is_index)
		doc_problem(w, "mediaType", ERR_INPUT, "says %s, but there is '%s'",
			is_index ? "manifest" : "index", is_index ? "manifests" : "config");
}

static int check_shape(const struct json *v, struct arena *a, struct err *err)
{
	struct doc_walk w = {.max_problems = 1, .arena = a};
	manifest_check(&w, v);
	if (!w.problems.n)
		return 0;
	const struct doc_problem *p = &w.problems.p[0];
	err_set(err, p->kind, "%.*s%s%.*s", STR_ARG(p->path), p->path.n ? ": " : "manifest ",
		STR_ARG(p->message));
	vec_done(&w.problems);
	return -1;
}

/* The type inside the document, compared with what its sender said. */
static int decide_type(struct str inside, struct str outside, struct image_manifest *m,
	struct err *err)
{
	bool is_said = image_media_is_manifest(outside);
	if (inside.n && is_said && !str_eq_nocase(inside, outside)) {
		err_set(err, ERR_INPUT, "mediaType: the document says '%.*s', its sender '%.*s'",
			STR_ARG(str_sub(inside, 0, 200)), STR_ARG(outside));
		return -1;
	}
	if (is_said && image_media_is_index(outside) != (m->kind == IMAGE_INDEX))
		return err_set(err, ERR_INPUT, "sent as '%.*s', but it has '%s'", STR_ARG(outside),
			m->kind == IMAGE_INDEX ? "manifests" : "config");
	m->media_type = inside.n ? inside : is_said ? outside : STR_NONE;
	if (!m->media_type.n)
		m->media_type = m->kind == IMAGE_INDEX ? S(MEDIA_OCI_INDEX) : S(MEDIA_OCI_MANIFEST);
	if (!image_media_is_manifest(m->media_type))
		return err_set(err, ERR_INPUT, "mediaType: '%.*s' is not a manifest or index",
			STR_ARG(str_sub(m->media_type, 0, 200)));
	m->is_docker = str_is(m->media_type, MEDIA_DOCKER_MANIFEST) ||
		str_is(m->media_type, MEDIA_DOCKER_INDEX);
	return 0;
}

static void read_items(const struct json *list, struct arena *a, struct image_manifest *m)
{
	m->n_items = list ? list->n : 0;
	m->items = ARENA_ARRAY(a, struct image_descriptor, m->n_items);
	for (size_t i = 0; i < m->n_items; i++)
		descriptor_read(&list->items[i], a, &m->items[i]);
}

static enum image_kind kind_of(const struct json *v, struct str outside)
{
	if (doc_get(v, "manifests"))
		return IMAGE_INDEX;
	bool says_index =
		image_media_is_index(doc_str(v, "mediaType")) || image_media_is_index(outside);
	return says_index && !doc_get(v, "config") ? IMAGE_INDEX : IMAGE_MANIFEST;
}

int image_manifest_parse(struct str bytes, struct str content_type, struct arena *a,
	struct image_manifest *ret, struct err *err)
{
	struct json *v = NULL;
	struct image_manifest m = {0};
	struct str outside = without_parameters(content_type);
	if (media_is_schema1(outside))
		return refuse_schema1(err);
	if (json_read(bytes, IMAGE_MANIFEST_MAX, a, &v, err) < 0)
		return -1;
	if (v->kind == JSON_OBJECT && is_schema1(v))
		return refuse_schema1(err);
	m.kind = kind_of(v, outside);
	if (doc_require(v, m.kind == IMAGE_INDEX ? index_rules : manifest_rules, a, err) < 0 ||
		check_shape(v, a, err) < 0 ||
		decide_type(doc_str(v, "mediaType"), outside, &m, err) < 0)
		return -1;
	m.artifact_type = doc_str(v, "artifactType");
	m.annotations = doc_pairs(v, "annotations", a);
	if (m.kind == IMAGE_MANIFEST)
		descriptor_read(doc_get(v, "config"), a, &m.config);
	read_items(doc_get(v, m.kind == IMAGE_INDEX ? "manifests" : "layers"), a, &m);
	m.has_subject = doc_get(v, "subject") != NULL;
	if (m.has_subject)
		descriptor_read(doc_get(v, "subject"), a, &m.subject);
	m.media_type = arena_str(a, m.media_type);
	*ret = m;
	return 0;
}

void image_manifest_add(struct buf *b, const struct image_manifest *m)
{
	struct json_out o;
	bool is_index = m->kind == IMAGE_INDEX;
	json_out_init(&o, b, 0);
	json_object(&o);
	json_key(&o, "schemaVersion");
	json_add_i64(&o, 2);
	json_key(&o, "mediaType");
	if (m->media_type.n)
		json_add_str(&o, m->media_type);
	else
		json_add_cstr(&o, is_index ? MEDIA_OCI_INDEX : MEDIA_OCI_MANIFEST);
	str_member_add(&o, "artifactType", m->artifact_type);
	if (!is_index) {
		json_key(&o, "config");
		descriptor_write(&o, &m->config);
	}
	json_key(&o, is_index ? "manifests" : "layers");
	json_array(&o);
	for (size_t i = 0; i < m->n_items; i++)
		descriptor_write(&o, &m->items[i]);
	json_end(&o);
	if (m->has_subject) {
		json_key(&o, "subject");
		descriptor_write(&o, &m->subject);
	}
	pairs_add(&o, "annotations", &m->annotations);
	json_end(&o);
}

/* ---- choosing from an index ---- */

static bool is_attestation(const struct image_descriptor *d)
{
	if (d->has_platform && str_is(d->platform.os, "unknown"))
		return true;
	for (size_t i = 0; i < d->annotations.n; i++)
		if (str_is(d->annotations.p[i].key, "vnd.docker.reference.type"))
			return true;
	return false;
}

static int nothing_for(const struct image_manifest *index, const struct image_platform *want,
	struct err *err)
{
	CLEANUP(buf_done) struct buf wanted = BUF(256), have = BUF(400);
	image_platform_add(&wanted, want);
	for (size_t i = 0; i < index->n_items; i++) {
		const struct image_descriptor *d = &index->items[i];
		if (is_attestation(d) || !d->has_platform)
			continue;
		if (have.n)
			buf_add_cstr(&have, ", ");
		image_platform_add(&have, &d->platform);
	}
	err_set(err, ERR_NOT_FOUND, "no image for platform %s", buf_cstr(&wanted));
	return err_hint(err, "there is: %s", have.n ? buf_cstr(&have) : "nothing with a platform");
}

int image_index_pick(const struct image_manifest *index, const struct image_platform *want,
	const struct image_descriptor **ret, struct err *err)
{
	const struct image_descriptor *best = NULL, *unnamed = NULL;
	int best_rank = INT32_MAX;
	size_t n_unnamed = 0;
	for (size_t i = 0; i < index->n_items; i++) {
		const struct image_descriptor *d = &index->items[i];
		if (is_attestation(d) || !image_media_is_manifest(d->media_type))
			continue;
		if (!d->has_platform) {
			unnamed = d;
			n_unnamed++;
			continue;
		}
		int rank = platform_rank(want, &d->platform);
		if (rank >= 0 && rank < best_rank) {
			best_rank = rank;
			best = d;
		}
	}
	/* An entry that does not say what it is for can only be meant for everybody. */
	if (!best && n_unnamed == 1)
		best = unnamed;
	if (!best)
		return nothing_for(index, want, err);
	*ret = best;
	return 0;
}
