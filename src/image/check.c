#include "image/check.h"

#include "image/image_priv.h"
#include "image/ref.h"

static int check_layout_version(const struct json *v, bool is_strict, struct err *err)
{
	if (!str_is(v->text, "1.0.0"))
		return err_set(err, ERR_INPUT, "expected '1.0.0', got '%.*s'",
			STR_ARG(str_sub(v->text, 0, 100)));
	return 0;
}

const struct doc_rule layout_rules[] = {
	{"imageLayoutVersion", DOC_STRING, DOC_REQUIRED, NULL, check_layout_version},
	{NULL, DOC_END},
};

static const char *kind_of_type(struct str media_type)
{
	if (image_media_is_index(media_type))
		return "index";
	if (image_media_is_manifest(media_type) || media_is_schema1(media_type))
		return "manifest";
	return NULL;
}

/* By what it says it is, then by the members only that kind has. */
static const char *kind_of(const struct json *v)
{
	const char *said = kind_of_type(doc_str(v, "mediaType"));
	if (doc_get(v, "imageLayoutVersion"))
		return "layout";
	if (said && !doc_get(v, "digest"))
		return said;
	if (doc_get(v, "manifests"))
		return "index";
	if (doc_get(v, "layers") || doc_get(v, "fsLayers") ||
		doc_get(doc_get(v, "config"), "digest"))
		return "manifest";
	if (doc_get(v, "rootfs") || doc_get(v, "architecture") || doc_get(v, "os") ||
		doc_get(v, "history"))
		return "config";
	if (doc_get(v, "digest") || doc_get(v, "size"))
		return "descriptor";
	return doc_get(v, "schemaVersion") ? "manifest" : "unknown";
}

void check_document(struct doc_walk *w, const char *kind, const struct json *v)
{
	if (strcmp(kind, "manifest") == 0 || strcmp(kind, "index") == 0) {
		doc_check(w, v, kind[0] == 'i' ? index_rules : manifest_rules);
		manifest_check(w, v);
	} else if (strcmp(kind, "config") == 0) {
		doc_check(w, v, config_rules);
		config_check(w, v);
	} else if (strcmp(kind, "layout") == 0) {
		doc_check(w, v, layout_rules);
	} else if (strcmp(kind, "descriptor") == 0) {
		doc_check(w, v, descriptor_rules);
	} else {
		doc_problem(w, "", ERR_INPUT, "is no manifest, index, config or layout");
	}
}

/* Broken JSON is a problem of the document too; NULL then. */
const struct json *check_read(struct doc_walk *w, struct str bytes)
{
	struct json *v = NULL;
	struct err why = {0};
	if (json_read(bytes, IMAGE_CONFIG_MAX, w->arena, &v, &why) < 0) {
		char line[sizeof(why.what) + 64];
		err_line(&why, line, sizeof(line));
		doc_problem(w, "", why.kind, "%s", line);
		return NULL;
	}
	return v;
}

int image_check(struct str bytes, struct buf *ret, struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct doc_walk w = {.is_strict = true, .max_problems = DOC_PROBLEMS_MAX, .arena = &a};
	const struct json *v = check_read(&w, bytes);
	const char *kind = v && v->kind == JSON_OBJECT ? kind_of(v) : "unknown";
	if (v)
		check_document(&w, kind, v);
	struct json_out o;
	json_out_init(&o, ret, 0);
	json_object(&o);
	json_key(&o, "kind");
	json_add_cstr(&o, kind);
	json_key(&o, "valid");
	json_add_bool(&o, !w.problems.n);
	json_key(&o, "problems");
	json_array(&o);
	VEC_EACH(&w.problems, p) {
		json_object(&o);
		json_key(&o, "path");
		json_add_str(&o, p->path);
		json_key(&o, "message");
		json_add_str(&o, p->message);
		json_end(&o);
	}
	json_end(&o);
	json_end(&o);
	int found = w.problems.n > 0;
	vec_done(&w.problems);
	return buf_check(ret, "answer", err) < 0 ? -1 : found;
}

int image_ref_show(struct str name, struct buf *ret, struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(buf_done) struct buf familiar = BUF(4096), canonical = BUF(4096);
	struct image_ref r;
	char digest[DIGEST_TEXT] = "";
	if (image_ref_parse(name, &a, &r, err) < 0)
		return -1;
	image_ref_add_familiar(&familiar, &r);
	image_ref_add(&canonical, &r);
	if (!digest_is_none(&r.digest))
		digest_text(&r.digest, digest);
	const struct {
		const char *key;
		struct str value;
	} parts[] = {{"domain", r.domain}, {"path", r.path}, {"tag", r.tag},
		{"digest", str_of(digest)}, {"familiar", buf_str(&familiar)},
		{"canonical", buf_str(&canonical)}};
	struct json_out o;
	json_out_init(&o, ret, 0);
	json_object(&o);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		json_key(&o, parts[i].key);
		json_add_str(&o, parts[i].value);
	}
	json_end(&o);
	return buf_check(ret, "answer", err);
}
