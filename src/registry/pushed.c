#include "registry/pushed.h"

#include "image/image.h"
#include "json/json.h"

enum { MEDIA_TYPE_MAX = 255, ANNOTATIONS_MAX = IMAGE_MANIFEST_MAX };

static struct str bare_type(struct str content_type)
{
	struct str type;
	return str_cut(&content_type, ';', &type) ? str_trim(type) : STR_NONE;
}

/* Types that say nothing about a manifest: what clients send that do not care. */
static bool is_generic(struct str type)
{
	static const char *const generic[] = {"", "application/json", "application/octet-stream",
		"text/plain", "application/x-www-form-urlencoded"};
	for (size_t i = 0; i < ARRAY_LEN(generic); i++)
		if (str_eq_nocase(type, str_of(generic[i])))
			return true;
	return false;
}

/* A layer that its owner does not allow to be passed on: it is fetched from elsewhere. */
static bool is_foreign_layer(struct str type)
{
	return str_has(type, S(".nondistributable.")) || str_has(type, S(".foreign."));
}

static int compare(const void *a, const void *b)
{
	return digest_cmp(a, b);
}

static void sort_unique(struct digest *p, size_t *n)
{
	size_t kept = 0;
	vec_sort_raw(p, *n, sizeof(*p), compare);
	for (size_t i = 0; i < *n; i++)
		if (!kept || !digest_eq(&p[kept - 1], &p[i]))
			p[kept++] = p[i];
	*n = kept;
}

/* What it keeps alive: both lists, one behind the other. */
static void finish(struct pushed *p, struct arena *a, struct manifest_row *row)
{
	sort_unique(p->blobs, &p->n_blobs);
	sort_unique(p->manifests, &p->n_manifests);
	struct digest *all = ARENA_ARRAY(a, struct digest, p->n_blobs + p->n_manifests);
	if (p->n_blobs)
		memcpy(all, p->blobs, p->n_blobs * sizeof(*all));
	if (p->n_manifests)
		memcpy(all + p->n_blobs, p->manifests, p->n_manifests * sizeof(*all));
	row->children = all;
	row->n_children = p->n_blobs + p->n_manifests;
}

/* ---- images ---- */

static struct str pairs_text(const struct image_pairs *pairs, struct arena *a)
{
	CLEANUP(buf_done) struct buf b = BUF(ANNOTATIONS_MAX * 2);
	struct json_out o;
	if (!pairs->n)
		return S("");
	json_out_init(&o, &b, 0);
	json_object(&o);
	for (size_t i = 0; i < pairs->n; i++) {
		json_key_str(&o, pairs->p[i].key);
		json_add_str(&o, pairs->p[i].value);
	}
	json_end(&o);
	return arena_str(a, buf_str(&b));
}

static void take_image(const struct image_manifest *m, struct arena *a, struct pushed *ret)
{
	struct digest *all = ARENA_ARRAY(a, struct digest, m->n_items + 1);
	if (m->kind == IMAGE_INDEX) {
		ret->manifests = all;
		for (size_t i = 0; i < m->n_items; i++)
			all[ret->n_manifests++] = m->items[i].digest;
		return;
	}
	ret->blobs = all;
	all[ret->n_blobs++] = m->config.digest;
	for (size_t i = 0; i < m->n_items; i++)
		if (!is_foreign_layer(m->items[i].media_type))
			all[ret->n_blobs++] = m->items[i].digest;
}

static int parse_image(struct str bytes, struct str type, struct arena *a, struct manifest_row *row,
	struct pushed *ret, struct err *err)
{
	struct image_manifest m;
	if (image_manifest_parse(bytes, type, a, &m, err) < 0)
		return -1;
	take_image(&m, a, ret);
	row->media_type = m.media_type;
	row->artifact_type = m.artifact_type;
	if (!m.artifact_type.n)
		row->artifact_type = m.kind == IMAGE_MANIFEST ? m.config.media_type : S("");
	row->annotations = pairs_text(&m.annotations, a);
	if (m.has_subject)
		row->subject = m.subject.digest;
	return 0;
}

/* ---- other documents ---- */

static int take_digest(const struct json *descriptor, struct digest *ret, struct err *err)
{
	struct str text;
	if (json_get_str(descriptor, "digest", &text, err) < 0)
		return -1;
	return digest_parse(text, ret, err);
}

/* The digests of an array of descriptors, if there is one of this name. */
static int take_list(const struct json *v, const char *key, struct arena *a, struct digest **ret,
	size_t *ret_n, struct err *err)
{
	struct json *list = NULL;
	if (json_opt_array(v, key, &list, err) < 0)
		return -1;
	size_t n = list ? list->n : 0;
	struct digest *all = ARENA_ARRAY(a, struct digest, *ret_n + n + 1); /* one for the config */
	if (*ret_n)
		memcpy(all, *ret, *ret_n * sizeof(*all));
	for (size_t i = 0; i < n; i++)
		if (take_digest(&list->items[i], &all[(*ret_n)++], err) < 0)
			return err_wrap(err, "%s[%zu]", key, i);
	*ret = all;
	return 0;
}

static int take_one(const struct json *v, const char *key, struct digest *ret, struct err *err)
{
	struct json *descriptor = NULL;
	if (json_opt_object(v, key, &descriptor, err) < 0)
		return -1;
	if (descriptor && take_digest(descriptor, ret, err) < 0)
		return err_wrap(err, "%s", key);
	return descriptor ? 1 : 0;
}

static int take_annotations(const struct json *v, struct arena *a, struct manifest_row *row,
	struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(ANNOTATIONS_MAX * 2);
	struct json *annotations = NULL;
	struct json_out o;
	if (json_opt_object(v, "annotations", &annotations, err) < 0)
		return -1;
	for (size_t i = 0; annotations && i < annotations->n; i++)
		if (annotations->members[i].value.kind != JSON_STRING)
			return err_set(err, ERR_INPUT, "annotations: expected texts");
	if (annotations && annotations->n) {
		json_out_init(&o, &b, 0);
		json_add_value(&o, annotations);
	}
	row->annotations = arena_str(a, buf_str(&b));
	return 0;
}

static int take_document(const struct json *v, struct arena *a, struct manifest_row *row,
	struct pushed *ret, struct err *err)
{
	struct digest config;
	if (json_get(v, "manifests") && (json_get(v, "layers") || json_get(v, "config")))
		return err_set(err, ERR_INPUT, "a manifest has 'manifests' or 'layers', not both");
	if (take_list(v, "layers", a, &ret->blobs, &ret->n_blobs, err) < 0 ||
		take_list(v, "blobs", a, &ret->blobs, &ret->n_blobs, err) < 0 ||
		take_list(v, "manifests", a, &ret->manifests, &ret->n_manifests, err) < 0)
		return -1;
	int has_config = take_one(v, "config", &config, err);
	if (has_config < 0 || take_one(v, "subject", &row->subject, err) < 0)
		return -1;
	if (has_config)
		ret->blobs[ret->n_blobs++] = config;
	row->artifact_type = S("");
	if (json_opt_str(v, "artifactType", &row->artifact_type, err) < 0)
		return -1;
	return take_annotations(v, a, row, err);
}

/* It becomes the Content-Type of answers: no browser may take it for a page. */
static int check_type(struct str type, struct err *err)
{
	bool ok = type.n && type.n <= MEDIA_TYPE_MAX && str_ends(type, S("json")) &&
		str_chr(type, '/') > 0;
	for (size_t i = 0; i < type.n && ok; i++)
		ok = ch_is_alnum(type.p[i]) || strchr("/.+-_", type.p[i]);
	return ok ? 0
		  : err_set(err, ERR_INPUT, "'%.*s' is not the type of a manifest",
			    STR_ARG(str_sub(type, 0, 100)));
}

static int parse_document(const struct json *v, struct str outside, struct str inside,
	struct arena *a, struct manifest_row *row, struct pushed *ret, struct err *err)
{
	struct str type = is_generic(outside) ? inside : outside;
	if (inside.n && !str_eq(type, inside))
		return err_set(err, ERR_INPUT,
			"mediaType: the document says '%.*s', its sender '%.*s'",
			STR_ARG(str_sub(inside, 0, 200)), STR_ARG(str_sub(outside, 0, 200)));
	if (check_type(type, err) < 0 || take_document(v, a, row, ret, err) < 0)
		return -1;
	row->media_type = arena_str(a, type);
	return 0;
}

static const struct json_limits limits = {
	.max_bytes = IMAGE_MANIFEST_MAX, .max_depth = 64, .max_values = 1000 * 1000};

int pushed_parse(struct str bytes, struct str content_type, struct arena *a,
	struct manifest_row *row, struct pushed *ret, struct err *err)
{
	struct str outside = bare_type(content_type), inside = STR_NONE;
	struct json *v = NULL;
	*ret = (struct pushed){0};
	bool is_image = image_media_is_manifest(outside);
	if (!is_image) {
		if (json_parse(bytes, &limits, a, &v, err) < 0)
			return -1;
		if (v->kind != JSON_OBJECT)
			return err_set(err, ERR_INPUT, "expected an object, got %s",
				json_kind_name(v->kind));
		if (json_opt_str(v, "mediaType", &inside, err) < 0)
			return -1;
		is_image = is_generic(outside) && (!inside.n || image_media_is_manifest(inside));
		is_image |= str_starts(outside, S("application/vnd.docker.distribution.manifest."));
	}
	int rc = is_image ? parse_image(bytes, outside, a, row, ret, err)
			  : parse_document(v, outside, inside, a, row, ret, err);
	if (rc == 0)
		finish(ret, a, row);
	return rc;
}
