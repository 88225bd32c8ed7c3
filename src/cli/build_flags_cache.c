/* --cache-from and --cache-to: docker's keys, as far as they mean something here. */
#include "cli/build_flags_priv.h"

#include "base/num.h"

enum {
	OF_LOCAL = 1 << BUILD_CACHE_LOCAL,
	OF_REGISTRY = 1 << BUILD_CACHE_REGISTRY,
	OF_GHA = 1 << BUILD_CACHE_GHA,
	OF_SENT = OF_LOCAL | OF_REGISTRY,
};

enum cache_key {
	CACHE_TYPE,
	CACHE_REF,
	CACHE_TAG,
	CACHE_DIGEST,
	CACHE_MODE,
	CACHE_IGNORE_ERROR,
	CACHE_COMPRESSION,
	CACHE_LEVEL,
	CACHE_MUST_BE_TRUE, /* what we do anyway */
	CACHE_ANY_FLAG,
	CACHE_NOTHING, /* says how GitHub's service is reached: the store needs none of it */
};

/* Which key means something for which type, when reading and when writing. */
static const struct {
	const char *name;
	enum cache_key key;
	unsigned from, to;
} cache_keys[] = {
	{"type", CACHE_TYPE, ~0U, ~0U},
	{"ref", CACHE_REF, OF_REGISTRY, OF_REGISTRY},
	{"src", CACHE_REF, OF_LOCAL, 0},
	{"dest", CACHE_REF, 0, OF_LOCAL},
	{"tag", CACHE_TAG, OF_LOCAL, OF_LOCAL},
	{"digest", CACHE_DIGEST, OF_LOCAL, 0},
	{"mode", CACHE_MODE, 0, ~0U},
	{"ignore-error", CACHE_IGNORE_ERROR, 0, OF_SENT | OF_GHA},
	{"compression", CACHE_COMPRESSION, 0, OF_SENT},
	{"compression-level", CACHE_LEVEL, 0, OF_SENT},
	{"force-compression", CACHE_ANY_FLAG, 0, OF_SENT},
	{"oci-mediatypes", CACHE_MUST_BE_TRUE, 0, OF_SENT},
	{"image-manifest", CACHE_MUST_BE_TRUE, 0, OF_SENT},
	{"scope", CACHE_REF, OF_GHA, OF_GHA},
	{"url", CACHE_NOTHING, OF_GHA, OF_GHA},
	{"url_v2", CACHE_NOTHING, OF_GHA, OF_GHA},
	{"token", CACHE_NOTHING, OF_GHA, OF_GHA},
	{"ghtoken", CACHE_NOTHING, OF_GHA, OF_GHA},
	{"repository", CACHE_NOTHING, OF_GHA, OF_GHA},
	{"timeout", CACHE_NOTHING, OF_GHA, OF_GHA},
};
static const char *const cache_kinds[] = {"local", "registry", "inline", "gha"};

static int cache_type(struct str text, struct build_cache *c, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(cache_kinds); i++) {
		if (str_is(text, cache_kinds[i])) {
			c->kind = (enum build_cache_kind)i;
			return 0;
		}
	}
	err_set(err, ERR_UNSUPPORTED, "cache type '%.*s' is not supported", STR_ARG(text));
	return err_hint(err, "local, registry, inline or gha");
}

static int cache_mode(const struct field *p, struct build_cache *c, struct err *err)
{
	c->is_max = str_is(p->value, "max");
	if (c->is_max || str_is(p->value, "min"))
		return 0;
	return err_set(err, ERR_USAGE, "mode: expected min or max, got '%.*s'", STR_ARG(p->value));
}

static int cache_level(const struct field *p, struct build_cache *c, struct err *err)
{
	uint64_t level;
	if (num_parse_u64(p->value, 0, 22, &level, err) < 0)
		return err_wrap(err, "compression-level");
	c->level = (int)level;
	return 0;
}

static int cache_value(struct build_flags *f, enum cache_key key, const struct field *p,
	struct build_cache *c, struct err *err)
{
	bool truth = true;
	switch (key) {
	case CACHE_TYPE:
	case CACHE_NOTHING: return 0;
	case CACHE_REF: c->ref = arena_cstr(&f->arena, p->value); return 0;
	case CACHE_TAG: c->tag = arena_cstr(&f->arena, p->value); return 0;
	case CACHE_DIGEST: c->digest = arena_cstr(&f->arena, p->value); return 0;
	case CACHE_MODE: return cache_mode(p, c, err);
	case CACHE_COMPRESSION:
		c->has_compression = true;
		return field_compression(p, &c->compression, err);
	case CACHE_LEVEL: return cache_level(p, c, err);
	case CACHE_ANY_FLAG: return field_truth(p, &truth, err);
	case CACHE_IGNORE_ERROR:
		if (field_truth(p, &truth, err) < 0)
			return -1;
		c->is_strict = !truth;
		return 0;
	case CACHE_MUST_BE_TRUE:
		if (field_truth(p, &truth, err) < 0)
			return -1;
		return truth ? 0
			     : err_set(err, ERR_UNSUPPORTED, "%.*s=false is not supported",
				       STR_ARG(p->key));
	}
	return 0;
}

static int cache_field(struct build_flags *f, bool is_from, const struct field *p,
	struct build_cache *c, struct err *err)
{
	CLEANUP(buf_done) struct buf known = BUF(400);
	for (size_t i = 0; i < ARRAY_LEN(cache_keys); i++) {
		unsigned kinds = is_from ? cache_keys[i].from : cache_keys[i].to;
		if (!(kinds & 1U << c->kind))
			continue;
		if (str_is(p->key, cache_keys[i].name))
			return cache_value(f, cache_keys[i].key, p, c, err);
		buf_fmt(&known, "%s%s", known.n ? ", " : "", cache_keys[i].name);
	}
	err_set(err, ERR_USAGE, "unknown key '%.*s' of type=%s", STR_ARG(p->key),
		cache_kinds[c->kind]);
	return err_hint(err, "known: %s", buf_cstr(&known));
}

/* What is typed wrong is said before the build, not as a warning after it. */
static int check_name(struct build_flags *f, const struct build_cache *c, bool is_from,
	struct err *err)
{
	struct image_ref name;
	if (image_ref_parse(str_of(c->ref), &f->arena, &name, err) < 0)
		return err_wrap(err, "ref");
	if (!is_from && !digest_is_none(&name.digest))
		return err_set(err, ERR_USAGE, "ref: a name to give cannot have a digest");
	return 0;
}

static int check_cache(struct build_flags *f, const struct build_cache *c, bool is_from,
	struct err *err)
{
	struct digest digest;

	if (is_from && c->kind == BUILD_CACHE_INLINE) {
		err_set(err, ERR_USAGE, "type=inline is for --cache-to");
		return err_hint(err, "read it from the image: type=registry,ref=IMAGE");
	}
	bool has_ref = c->ref && c->ref[0];
	if (c->kind == BUILD_CACHE_REGISTRY && !has_ref)
		return err_set(err, ERR_USAGE, "ref is missing");
	if (c->kind == BUILD_CACHE_LOCAL && !has_ref)
		return err_set(err, ERR_USAGE, "%s is missing", is_from ? "src" : "dest");
	if (c->digest && digest_parse(str_of(c->digest), &digest, err) < 0)
		return err_wrap(err, "digest");
	if (c->kind == BUILD_CACHE_REGISTRY && check_name(f, c, is_from, err) < 0)
		return -1;
	if (c->level && c->compression != COMPRESS_ZSTD) {
		err_set(err, ERR_UNSUPPORTED,
			"compression-level is supported with compression=zstd only");
		return err_hint(err, "gzip layers are always those the build made");
	}
	return 0;
}

static int read_cache(struct build_flags *f, bool is_from, const char *text, struct build_cache *c,
	struct err *err)
{
	struct fields fields = {0};
	int rc = field_list(text, &f->arena, &fields, err);
	c->kind = BUILD_CACHE_REGISTRY;
	if (rc == 0 && fields.n == 1 && !fields.p[0].value.p) { /* an image name alone */
		c->ref = arena_cstr(&f->arena, fields.p[0].key);
		fields.n = 0;
	}
	for (size_t i = 0; rc == 0 && i < fields.n; i++)
		if (str_is(fields.p[i].key, "type"))
			rc = cache_type(fields.p[i].value, c, err);
	for (size_t i = 0; rc == 0 && i < fields.n; i++)
		rc = cache_field(f, is_from, &fields.p[i], c, err);
	vec_done(&fields);
	if (rc == 0)
		rc = check_cache(f, c, is_from, err);
	if (rc == 0)
		return 0;
	const char *shown = strstr(text, "token=") ? "type=gha,…" : text;
	return err_wrap(err, "%s '%s'", is_from ? "--cache-from" : "--cache-to", shown);
}

/* docker build's way to say --cache-to type=inline. */
static bool asks_inline(const struct build_flags *f)
{
	for (size_t i = 0; i < f->args.n; i++)
		if (strcmp(f->args.p[i], "BUILDKIT_INLINE_CACHE=1") == 0 ||
			strcmp(f->args.p[i], "BUILDKIT_INLINE_CACHE=true") == 0)
			return true;
	return false;
}

int build_flags_caches(struct build_flags *f, struct build_spec *s, struct err *err)
{
	struct build_cache *from = ARENA_ARRAY(&f->arena, struct build_cache, f->cache_from.n + 1);
	struct build_cache *to = ARENA_ARRAY(&f->arena, struct build_cache, f->cache_to.n + 1);
	for (size_t i = 0; i < f->cache_from.n; i++)
		if (read_cache(f, true, f->cache_from.p[i], &from[i], err) < 0)
			return -1;
	for (size_t i = 0; i < f->cache_to.n; i++)
		if (read_cache(f, false, f->cache_to.p[i], &to[i], err) < 0)
			return -1;
	s->cache_from = from;
	s->n_cache_from = f->cache_from.n;
	s->cache_to = to;
	s->n_cache_to = f->cache_to.n;
	if (asks_inline(f))
		to[s->n_cache_to++] = (struct build_cache){.kind = BUILD_CACHE_INLINE};
	return 0;
}
