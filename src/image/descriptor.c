#include "image/image_priv.h"

#include "base/base64.h"

enum { DATA_MAX = 1024 * 1024 }; /* bytes of a blob carried inside its descriptor */

static int check_media_type(const struct json *v, bool is_strict, struct err *err)
{
	if (!media_is_well_formed(v->text))
		return err_set(err, ERR_INPUT, "'%.*s' is not a media type",
			STR_ARG(str_sub(v->text, 0, 200)));
	return 0;
}

/* Well-formed names of algorithms we do not know are no fault of the document. */
static int check_digest(const struct json *v, bool is_strict, struct err *err)
{
	struct digest d;
	struct err why = {0};
	if (digest_parse(v->text, &d, &why) == 0)
		return 0;
	if (why.kind == ERR_UNSUPPORTED && is_strict)
		return 0;
	*err = why;
	return -1;
}

static int check_url(const struct json *v, bool is_strict, struct err *err)
{
	if (!is_strict)
		return 0;
	bool is_good = v->text.n > 0;
	for (size_t i = 0; i < v->text.n; i++) {
		char c = v->text.p[i];
		is_good &= c > ' ' && c < 0x7f && str_chr(S("\"<>\\^`{|}"), c) < 0;
		if (c == '%')
			is_good &= i + 2 < v->text.n && ch_hex(v->text.p[i + 1]) >= 0 &&
				ch_hex(v->text.p[i + 2]) >= 0;
	}
	return is_good
		? 0
		: err_set(err, ERR_INPUT, "'%.*s' is not a URL", STR_ARG(str_sub(v->text, 0, 200)));
}

static int decode_data(struct str text, struct buf *ret, struct err *err)
{
	if (base64_decode(text, ret, err) < 0)
		return -1;
	return buf_check(ret, "data", err);
}

static int check_data(const struct json *v, bool is_strict, struct err *err)
{
	CLEANUP(buf_done) struct buf bytes = BUF(DATA_MAX);
	struct err why = {0};
	if (decode_data(v->text, &bytes, &why) == 0)
		return 0;
	return err_set(err, why.kind, "is not base64");
}

/* Data inside a descriptor must be what the descriptor names: it is used instead of the blob. */
static int check_descriptor(const struct json *v, bool is_strict, struct err *err)
{
	struct str text = doc_str(v, "data");
	struct digest named;
	struct err ignored;
	CLEANUP(buf_done) struct buf bytes = BUF(DATA_MAX);
	if (!text.n || decode_data(text, &bytes, &ignored) < 0)
		return 0;
	if ((uint64_t)doc_i64(v, "size") != bytes.n)
		return err_set(err, ERR_INPUT, "data has %zu bytes, not the size given", bytes.n);
	if (digest_parse(doc_str(v, "digest"), &named, &ignored) < 0)
		return 0;
	CLEANUP(digester_free) struct digester *hash = digester_new(named.algorithm);
	digester_add_str(hash, buf_str(&bytes));
	struct digest actual = digester_finish(hash);
	if (!digest_eq(&named, &actual))
		return err_set(err, ERR_INPUT, "data does not have the digest given");
	return 0;
}

static const struct doc_rule platform_rules[] = {
	{"architecture", DOC_STRING, DOC_REQUIRED_STRICT},
	{"os", DOC_STRING, DOC_REQUIRED_STRICT},
	{"variant", DOC_STRING},
	{"os.version", DOC_STRING},
	{"os.features", DOC_STRINGS},
	{"features", DOC_STRINGS},
	{NULL, DOC_END},
};

const struct doc_rule descriptor_rules[] = {
	{"mediaType", DOC_STRING, DOC_REQUIRED, NULL, check_media_type},
	{"digest", DOC_STRING, DOC_REQUIRED, NULL, check_digest},
	{"size", DOC_COUNT, DOC_REQUIRED},
	{"urls", DOC_STRINGS, 0, NULL, check_url},
	{"annotations", DOC_PAIRS},
	{"data", DOC_STRING, 0, NULL, check_data},
	{"platform", DOC_OBJECT, 0, platform_rules},
	{"artifactType", DOC_STRING, 0, NULL, check_media_type},
	{NULL, DOC_END},
};

static int check_version(const struct json *v, bool is_strict, struct err *err)
{
	if (v->number == 2)
		return 0;
	if (v->number == 1)
		return err_set(err, ERR_UNSUPPORTED, "docker schema 1 is not supported");
	return err_set(err, ERR_INPUT, "expected 2, got %lld", (long long)v->number);
}

const struct doc_rule manifest_rules[] = {
	{"schemaVersion", DOC_COUNT, DOC_REQUIRED_STRICT, NULL, check_version},
	{"mediaType", DOC_STRING, 0, NULL, check_media_type},
	{"artifactType", DOC_STRING, 0, NULL, check_media_type},
	{"config", DOC_OBJECT, DOC_REQUIRED, descriptor_rules, check_descriptor},
	{"layers", DOC_LIST, DOC_REQUIRED_STRICT | DOC_NOT_EMPTY_STRICT, descriptor_rules,
		check_descriptor, IMAGE_LAYERS_MAX},
	{"subject", DOC_OBJECT, 0, descriptor_rules, check_descriptor},
	{"annotations", DOC_PAIRS},
	{NULL, DOC_END},
};

const struct doc_rule index_rules[] = {
	{"schemaVersion", DOC_COUNT, DOC_REQUIRED_STRICT, NULL, check_version},
	{"mediaType", DOC_STRING, 0, NULL, check_media_type},
	{"artifactType", DOC_STRING, 0, NULL, check_media_type},
	{"manifests", DOC_LIST, DOC_REQUIRED, descriptor_rules, check_descriptor,
		IMAGE_CHILDREN_MAX},
	{"subject", DOC_OBJECT, 0, descriptor_rules, check_descriptor},
	{"annotations", DOC_PAIRS},
	{NULL, DOC_END},
};

static void platform_read(const struct json *v, struct arena *a, struct image_platform *ret)
{
	*ret = (struct image_platform){doc_str(v, "os"), doc_str(v, "architecture"),
		doc_str(v, "variant"), doc_str(v, "os.version")};
	platform_normalise(ret, a);
}

void descriptor_read(const struct json *v, struct arena *a, struct image_descriptor *ret)
{
	struct err ignored; /* the rules have seen every member */
	*ret = (struct image_descriptor){.media_type = doc_str(v, "mediaType"),
		.size = (uint64_t)doc_i64(v, "size"),
		.annotations = doc_pairs(v, "annotations", a),
		.artifact_type = doc_str(v, "artifactType")};
	(void)digest_parse(doc_str(v, "digest"), &ret->digest, &ignored);
	const struct json *platform = doc_get(v, "platform");
	ret->has_platform = platform != NULL;
	if (platform)
		platform_read(platform, a, &ret->platform);
	CLEANUP(buf_done) struct buf data = BUF(DATA_MAX);
	if (doc_str(v, "data").n && decode_data(doc_str(v, "data"), &data, &ignored) == 0)
		ret->data = arena_str(a, buf_str(&data));
}

/* ---- writing ---- */

void pairs_add(struct json_out *o, const char *key, const struct image_pairs *pairs)
{
	if (!pairs->n)
		return;
	json_key(o, key);
	json_object(o);
	for (size_t i = 0; i < pairs->n; i++) {
		json_key_str(o, pairs->p[i].key);
		json_add_str(o, pairs->p[i].value);
	}
	json_end(o);
}

void str_member_add(struct json_out *o, const char *key, struct str value)
{
	if (!value.n)
		return;
	json_key(o, key);
	json_add_str(o, value);
}

static void platform_write(struct json_out *o, const struct image_platform *p)
{
	json_key(o, "platform");
	json_object(o);
	json_key(o, "architecture");
	json_add_str(o, p->architecture);
	json_key(o, "os");
	json_add_str(o, p->os);
	str_member_add(o, "os.version", p->os_version);
	str_member_add(o, "variant", p->variant);
	json_end(o);
}

static void data_write(struct json_out *o, struct str data)
{
	if (!data.n)
		return;
	CLEANUP(buf_done) struct buf text = BUF(DATA_MAX * 2);
	base64_add(&text, data);
	str_member_add(o, "data", buf_str(&text));
}

void descriptor_write(struct json_out *o, const struct image_descriptor *d)
{
	char digest[DIGEST_TEXT];
	json_object(o);
	json_key(o, "mediaType");
	json_add_str(o, d->media_type);
	json_key(o, "digest");
	json_add_cstr(o, digest_text(&d->digest, digest));
	json_key(o, "size");
	json_add_u64(o, d->size);
	pairs_add(o, "annotations", &d->annotations);
	data_write(o, d->data);
	if (d->has_platform)
		platform_write(o, &d->platform);
	str_member_add(o, "artifactType", d->artifact_type);
	json_end(o);
}
