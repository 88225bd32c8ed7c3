/* The finished stage as config and manifest. Their bytes depend on the stage alone: the same steps
 * give the same image digest. */
#include "build/assemble.h"

#include "build/cache_export.h"
#include "fs/fs.h"

/* Layers of docker's media types go into an OCI manifest under OCI's names: the bytes are the same. */
static struct str oci_media_type(struct str media_type)
{
	if (str_is(media_type, MEDIA_DOCKER_LAYER))
		return S(MEDIA_OCI_LAYER_GZIP);
	if (str_is(media_type, MEDIA_DOCKER_LAYER_TAR))
		return S(MEDIA_OCI_LAYER);
	return media_type;
}

struct layers {
	struct image_descriptor *p;
	size_t n;
};

static size_t count_layers(const struct step *s)
{
	size_t n = 0;
	for (; s; s = s->parent) {
		if (s->kind == STEP_BASE)
			n += s->image ? s->image->manifest.n_items : 0;
		else
			n += !digest_is_none(&s->result.layer.digest);
	}
	return n;
}

/* Bottom first, with each step's layer in the compression that is asked for. */
static int collect(struct build *b, const struct step *last, const struct recompress *how,
	struct layers *ret, struct err *err)
{
	/* Steps make gzip. A layer from a cache that keeps others becomes the one a build here makes, so
	 * that the image is the same. */
	static const struct recompress as_built = {.compression = COMPRESS_GZIP};
	size_t at = count_layers(last);
	ret->n = at;
	ret->p = ARENA_ARRAY(b->arena, struct image_descriptor, at + 1);
	for (const struct step *s = last; s; s = s->parent) {
		bool is_base = s->kind == STEP_BASE;
		size_t n = is_base ? (s->image ? s->image->manifest.n_items : 0)
				   : !digest_is_none(&s->result.layer.digest);
		for (size_t i = n; i > 0; i--) {
			const struct image_descriptor *layer =
				is_base ? &s->image->manifest.items[i - 1] : &s->result.layer;
			const struct digest *diff_id =
				is_base ? &s->image->config.diff_ids[i - 1] : &s->result.diff_id;
			struct image_descriptor *out = &ret->p[--at];
			*out = (struct image_descriptor){
				.media_type = oci_media_type(layer->media_type),
				.digest = layer->digest,
				.size = layer->size};
			if (is_base && !(how->is_wanted && how->is_forced))
				continue;
			if (recompress(b, how->is_wanted ? how : &as_built, diff_id, out, err) < 0)
				return -1;
		}
	}
	return 0;
}

static void add_spec_labels(struct build *b, struct state *s)
{
	for (size_t i = 0; i < b->spec->n_labels; i++) {
		const struct build_pair *l = &b->spec->labels[i];
		state_set_label(s, str_of(l->key), str_of(l->value ? l->value : ""));
	}
}

/* The config's history and diff_ids: the base's, then one entry per instruction. */
static void add_layers(struct build *b, const struct plan_stage *stage, struct state *s)
{
	for (size_t i = 0; i < stage->n_history_steps; i++) {
		struct image_history *h = &s->config.history[stage->first_history + i];
		const struct step *step = stage->history_steps[i];
		bool has_layer = step && !digest_is_none(&step->result.layer.digest);
		h->is_empty_layer = !has_layer;
		if (has_layer)
			state_add_diff_id(s, &step->result.diff_id);
	}
}

static int store_document(struct build *b, const struct buf *text, const char *media_type,
	struct image_descriptor *ret, struct err *err)
{
	struct digest d = digest_of(buf_str(text));
	if (buf_check(text, "image document", err) < 0)
		return -1;
	*ret = (struct image_descriptor){
		.media_type = str_of(media_type), .digest = d, .size = text->n};
	if (blob_exists(b->spec->store, &d))
		return blob_keep(b->spec->store, &d, err);
	return blob_put(b->spec->store, buf_str(text), &ret->digest, err);
}

static void add_annotations(struct build *b, struct image_manifest *m)
{
	const struct build_spec *spec = b->spec;
	m->annotations.p = ARENA_ARRAY(b->arena, struct image_pair, spec->n_annotations + 2);
	for (size_t i = 0; i < spec->n_annotations; i++)
		m->annotations.p[m->annotations.n++] = (struct image_pair){
			str_of(spec->annotations[i].key),
			str_of(spec->annotations[i].value ? spec->annotations[i].value : "")};
}

/* --cache-to type=inline: the build's records, with the layers as they are in this image. */
static int add_cache(struct build *b, const struct state *s, const struct layers *layers,
	struct image_manifest *m, struct err *err)
{
	CLEANUP(buf_done) struct buf cache = BUF(IMAGE_MANIFEST_MAX / 4);
	size_t n = layers->n < s->config.n_diff_ids ? layers->n : s->config.n_diff_ids;
	if (!cache_is_inline(b->spec))
		return 0;
	if (cache_describe(b, s->config.diff_ids, layers->p, n, &cache, err) < 0)
		return err_wrap(err, "inline cache");
	m->annotations.p[m->annotations.n++] =
		(struct image_pair){S(CACHE_ANNOTATION), arena_str(b->arena, buf_str(&cache))};
	return 0;
}

int assemble_image(struct build *b, const struct plan_stage *stage, const struct recompress *how,
	struct assembled *ret, struct err *err)
{
	CLEANUP(buf_done)
	struct buf config = BUF(IMAGE_CONFIG_MAX), manifest = BUF(IMAGE_MANIFEST_MAX);
	struct state s = stage->state;
	struct layers layers;
	struct image_descriptor config_descriptor;
	add_spec_labels(b, &s);
	s.config.history = arena_alloc(b->arena, s.config.n_history + 1, sizeof(*s.config.history));
	if (s.config.n_history)
		memcpy(s.config.history, stage->state.config.history,
			s.config.n_history * sizeof(*s.config.history));
	add_layers(b, stage, &s);
	s.config.has_created = true;
	s.config.created_ns = b->created_ns;
	s.config.platform = stage->platform;
	image_config_add(&config, &s.config);
	if (collect(b, stage->last, how, &layers, err) < 0 ||
		store_document(b, &config, MEDIA_OCI_CONFIG, &config_descriptor, err) < 0)
		return -1;
	struct image_manifest m = {
		.kind = IMAGE_MANIFEST,
		.media_type = S(MEDIA_OCI_MANIFEST),
		.config = config_descriptor,
		.items = layers.p,
		.n_items = layers.n,
	};
	add_annotations(b, &m);
	if (add_cache(b, &s, &layers, &m, err) < 0)
		return -1;
	image_manifest_add(&manifest, &m);
	if (store_document(b, &manifest, MEDIA_OCI_MANIFEST, &ret->manifest, err) < 0)
		return -1;
	ret->config = config_descriptor.digest;
	ret->children = ARENA_ARRAY(b->arena, struct digest, layers.n + 1);
	ret->children[ret->n_children++] = config_descriptor.digest;
	for (size_t i = 0; i < layers.n; i++)
		ret->children[ret->n_children++] = layers.p[i].digest;
	return 0;
}
