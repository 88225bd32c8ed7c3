#include "build/cache_export.h"

#include "build/assemble.h"
#include "build/cache_prune.h"
#include "remote/place.h"

/* ---- the document ---- */

static const struct image_descriptor *layer_of(const struct step *s, const struct digest *diff_ids,
	const struct image_descriptor *layers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (digest_eq(&diff_ids[i], &s->result.diff_id))
			return &layers[i];
	return &s->result.layer;
}

int cache_describe(struct build *b, const struct digest *diff_ids,
	const struct image_descriptor *layers, size_t n, struct buf *ret, struct err *err)
{
	const struct plan *p = &b->plan;
	struct cache_document d = {
		.records = ARENA_ARRAY(b->arena, struct cache_record, p->n_steps + 1),
		.memos = ARENA_ARRAY(b->arena, struct cache_memo, p->n_steps + 1),
	};
	for (size_t i = 0; i < p->n_steps; i++) {
		const struct step *s = p->steps[i];
		struct cache_record *r = &d.records[d.n_records];
		if (digest_is_none(&s->key))
			continue;
		d.n_records++;
		r->key = s->key;
		if (!digest_is_none(&s->files_question))
			d.memos[d.n_memos++] =
				(struct cache_memo){s->files_question, s->files_digest};
		if (digest_is_none(&s->result.layer.digest))
			continue;
		r->layer = *layer_of(s, diff_ids, layers, n);
		r->diff_id = s->result.diff_id;
		r->tar_bytes = s->result.tar_bytes;
	}
	cache_document_sort(&d);
	return cache_document_add(ret, &d, err);
}

bool cache_is_inline(const struct build_spec *spec)
{
	for (size_t i = 0; i < spec->n_cache_to; i++)
		if (spec->cache_to[i].kind == BUILD_CACHE_INLINE)
			return true;
	return false;
}

/* ---- what travels ---- */

struct cargo {
	struct build *build;
	const struct plan_stage *stage;
	const struct build_cache *to;
	bool fetches; /* layers that are still in another cache must be here */
	struct digest *diff_ids;
	struct image_descriptor *layers;
	size_t n;
	struct image_descriptor manifest;
};

static bool is_of_result(const struct cargo *c, const struct step *step)
{
	for (const struct step *s = c->stage->last; s; s = s->parent)
		if (s == step)
			return true;
	return false;
}

/* One layer that cannot be had is one fewer; the rest of the cache is still good. */
static int load(struct cargo *c, const struct step *s, struct err *err)
{
	struct build *b = c->build;
	struct image_descriptor layer = s->result.layer;
	struct err lost = {0};
	struct recompress how = {
		.is_wanted = c->to->has_compression,
		.compression = c->to->compression,
		.level = c->to->level,
	};
	for (size_t i = 0; i < c->n; i++)
		if (digest_eq(&c->diff_ids[i], &s->result.diff_id))
			return 0;
	if ((c->fetches || how.is_wanted) && step_fetch(b, s, &lost) < 0)
		return cancel_check(b->spec->cancel, err);
	if (how.is_wanted && recompress(b, &how, &s->result.diff_id, &layer, err) < 0)
		return -1;
	c->diff_ids[c->n] = s->result.diff_id;
	c->layers[c->n++] = layer;
	return 0;
}

static int load_all(struct cargo *c, struct err *err)
{
	const struct plan *p = &c->build->plan;
	c->n = 0;
	c->diff_ids = ARENA_ARRAY(c->build->arena, struct digest, p->n_steps + 1);
	c->layers = ARENA_ARRAY(c->build->arena, struct image_descriptor, p->n_steps + 1);
	for (size_t i = 0; i < p->n_steps; i++) {
		const struct step *s = p->steps[i];
		if (s->kind == STEP_BASE || digest_is_none(&s->result.layer.digest) ||
			(!c->to->is_max && !is_of_result(c, s)))
			continue;
		if (load(c, s, err) < 0)
			return -1;
	}
	return 0;
}

static int store_document(struct build *b, const struct buf *text, const char *media_type,
	struct image_descriptor *ret, struct err *err)
{
	*ret = (struct image_descriptor){.media_type = str_of(media_type), .size = text->n};
	return blob_put(b->spec->store, buf_str(text), &ret->digest, err);
}

static int wrap(struct cargo *c, struct err *err)
{
	CLEANUP(buf_done) struct buf document = BUF(CACHE_DOCUMENT_MAX);
	CLEANUP(buf_done) struct buf manifest = BUF(IMAGE_MANIFEST_MAX);
	CLEANUP(buf_done) struct buf nothing = BUF(2);
	struct image_manifest m = {.kind = IMAGE_MANIFEST,
		.media_type = S(MEDIA_OCI_MANIFEST),
		.items = c->layers,
		.n_items = c->n};
	if (c->n > IMAGE_LAYERS_MAX)
		return err_set(err, ERR_LIMIT, "%zu layers are more than %d", c->n,
			IMAGE_LAYERS_MAX);
	if (cache_describe(c->build, c->diff_ids, c->layers, c->n, &document, err) < 0 ||
		store_document(c->build, &document, MEDIA_BUILD_CACHE, &m.config, err) < 0)
		return -1;
	buf_add(&nothing, S("{}"));
	if (!c->n) { /* image-spec 1.1: a manifest should have at least one entry */
		if (store_document(c->build, &nothing, MEDIA_OCI_EMPTY, &c->layers[0], err) < 0)
			return -1;
		m.n_items = 1;
	}
	image_manifest_add(&manifest, &m);
	if (buf_check(&manifest, "manifest of the cache", err) < 0)
		return -1;
	return store_document(c->build, &manifest, MEDIA_OCI_MANIFEST, &c->manifest, err);
}

/* ---- sending it ---- */

static int push(struct cargo *c, struct err *err)
{
	const struct build_spec *spec = c->build->spec;
	struct image_ref name;
	if (image_ref_parse(str_of(c->to->ref), c->build->arena, &name, err) < 0)
		return -1;
	image_ref_default_tag(&name);
	struct remote_push p = {
		.store = spec->store,
		.what = c->manifest,
		.names = &name,
		.n_names = 1,
		.event_parent = spec->event_parent,
	};
	return remote_push(spec->remote, &p, err);
}

static int write_folder(struct cargo *c, struct err *err)
{
	const struct build_spec *spec = c->build->spec;
	struct place to = {
		.kind = PLACE_OCI_DIR,
		.path = c->to->ref,
		.reference = str_of(c->to->tag ? c->to->tag : "latest"),
	};
	struct place_write w = {.store = spec->store,
		.what = c->manifest,
		.to = &to,
		.fd = -1,
		.cancel = spec->cancel};
	struct err ignored = {0}; /* only room on the disk is lost */
	if (place_write(&w, err) < 0)
		return -1;
	(void)cache_prune_folder(c->to->ref, clock_now(store_clock(spec->store)), &ignored);
	return 0;
}

static int export_once(struct cargo *c, struct err *err)
{
	if (load_all(c, err) < 0 || wrap(c, err) < 0)
		return -1;
	return c->to->kind == BUILD_CACHE_LOCAL ? write_folder(c, err) : push(c, err);
}

/* What came from a cache and was not needed here is, mostly, where it is going to; a registry is asked
 * before anything is fetched only to be sent back. */
static int export_one(struct cargo *c, struct err *err)
{
	struct err missing = {0};
	c->fetches = c->to->kind == BUILD_CACHE_LOCAL;
	if (export_once(c, &missing) == 0)
		return 0;
	if (missing.kind == ERR_NOT_FOUND && !c->fetches) {
		c->fetches = true;
		return export_once(c, err);
	}
	*err = missing;
	return -1;
}

static int export_to(struct build *b, const struct plan_stage *stage, const struct build_cache *to,
	struct err *err)
{
	const struct build_spec *spec = b->spec;
	struct cargo cargo = {.build = b, .stage = stage, .to = to};
	struct err why = {0};
	char id[40], line[900];
	CLEANUP(buf_done) struct buf title = BUF(1024);
	snprintf(id, sizeof(id), "cache-to-%p", (void *)&cargo);
	buf_fmt(&title, "export cache to %.500s", to->ref);
	event_begin(spec->events, str_of(id), spec->event_parent, buf_str(&title));
	int rc = export_one(&cargo, &why);
	bool fails = rc < 0 && (to->is_strict || why.kind == ERR_CANCELED);
	event_end(spec->events, str_of(id),
		rc == 0         ? EVENT_OK
			: fails ? EVENT_FAILED
				: EVENT_SKIPPED,
		S(""));
	if (fails) {
		*err = why;
		return err_wrap(err, "%s", buf_cstr(&title));
	}
	err_line(&why, line, sizeof(line));
	if (rc < 0)
		event_note(spec->events, spec->event_parent, EVENT_WARNING, NULL, "%s: %s",
			buf_cstr(&title), line);
	return 0;
}

int cache_export(struct build *b, const struct plan_stage *stage, struct err *err)
{
	const struct build_spec *spec = b->spec;
	for (size_t i = 0; i < spec->n_cache_to; i++) {
		const struct build_cache *to = &spec->cache_to[i];
		if (to->kind == BUILD_CACHE_GHA)
			continue; /* the store's own cache has it all already */
		if (to->kind != BUILD_CACHE_INLINE && export_to(b, stage, to, err) < 0)
			return -1;
		if (to->kind == BUILD_CACHE_INLINE && to->is_max)
			event_note(spec->events, spec->event_parent, EVENT_WARNING, NULL,
				"inline cache: mode=max has no effect, an image carries its own layers only");
	}
	return 0;
}
