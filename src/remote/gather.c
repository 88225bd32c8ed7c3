/* The documents behind a name: an index with the platform's manifest (or all of them), or a manifest,
 * and the blobs they list. What the store has is not asked for again. */
#include "remote/remote_priv.h"

/* From the store when it is there and sound. 1 = found. */
static int from_store(struct gathering *g, const struct image_descriptor *d,
	struct fetched_manifest *ret)
{
	CLEANUP(buf_done) struct buf bytes = BUF(IMAGE_MANIFEST_MAX);
	struct err ignored;
	struct fetched_manifest f = {.descriptor = *d};
	if (blob_keep(g->store, &d->digest, &ignored) < 0 ||
		blob_read(g->store, &d->digest, &bytes, &ignored) < 0)
		return 0;
	f.bytes = arena_str(g->a, buf_str(&bytes));
	if (image_manifest_parse(f.bytes, d->media_type, g->a, &f.m, &ignored) < 0)
		return 0;
	f.descriptor.media_type = f.m.media_type;
	f.descriptor.size = f.bytes.n;
	*ret = f;
	return 1;
}

static int get_document(struct gathering *g, const struct image_descriptor *d,
	struct fetched_manifest *ret, struct err *err)
{
	char text[DIGEST_TEXT];
	if (from_store(g, d, ret))
		return 0;
	return manifest_fetch(g->r, g->at, str_of(digest_text(&d->digest, text)), g->a, ret, err);
}

/* What the name stands for. A digest that is known here asks nobody. */
static int get_top(struct gathering *g, const struct image_ref *name, struct fetched_manifest *ret,
	struct err *err)
{
	char room[DIGEST_TEXT];
	struct str reference = remote_reference(name, room);
	struct image_descriptor d = {.digest = name->digest};
	bool is_by_tag = digest_is_none(&name->digest);
	if (!is_by_tag && from_store(g, &d, ret))
		return 0;
	int known = is_by_tag ? manifest_head(g->r, g->at, reference, g->a, &d, err) : 0;
	if (known < 0)
		return -1;
	if (known && from_store(g, &d, ret))
		return 0;
	return manifest_fetch(g->r, g->at, reference, g->a, ret, err);
}

static void add_blob(struct gathered_image *image, const struct image_descriptor *d)
{
	for (size_t i = 0; i < image->n_blobs; i++)
		if (digest_eq(&image->blobs[i].digest, &d->digest))
			return;
	image->blobs[image->n_blobs++] = *d;
}

static void add_image(struct gathering *g, const struct fetched_manifest *f)
{
	struct gathered_image image = {.f = *f};
	image.blobs = ARENA_ARRAY(g->a, struct image_descriptor, f->m.n_items + 1);
	add_blob(&image, &f->m.config);
	for (size_t i = 0; i < f->m.n_items; i++)
		add_blob(&image, &f->m.items[i]);
	vec_push(&g->images, image);
}

static bool was_seen(const struct gathering *g, const struct digest *d)
{
	VEC_EACH(&g->documents, f)
		if (digest_eq(&f->descriptor.digest, d))
			return true;
	return false;
}

static int walk(struct gathering *g, const struct fetched_manifest *f, unsigned depth,
	struct err *err);

static int walk_child(struct gathering *g, const struct image_descriptor *d, unsigned depth,
	struct err *err)
{
	struct fetched_manifest child;
	if (!image_media_is_manifest(d->media_type) || was_seen(g, &d->digest))
		return 0;
	if (get_document(g, d, &child, err) < 0)
		return -1;
	return walk(g, &child, depth + 1, err);
}

static int walk(struct gathering *g, const struct fetched_manifest *f, unsigned depth,
	struct err *err)
{
	const struct image_descriptor *picked = NULL;
	if (depth > IMAGE_DEPTH_MAX)
		return err_set(err, ERR_LIMIT, "indexes are nested deeper than %d",
			IMAGE_DEPTH_MAX);
	vec_push(&g->documents, *f);
	if (f->m.kind == IMAGE_MANIFEST) {
		add_image(g, f);
		return 0;
	}
	if (!g->is_all_platforms) {
		if (image_index_pick(&f->m, &g->want, &picked, err) < 0)
			return -1;
		return walk_child(g, picked, depth, err);
	}
	for (size_t i = 0; i < f->m.n_items; i++)
		if (walk_child(g, &f->m.items[i], depth, err) < 0)
			return -1;
	return 0;
}

int gather(struct gathering *g, const struct image_ref *name, struct err *err)
{
	struct fetched_manifest top;
	if (get_top(g, name, &top, err) < 0 || walk(g, &top, 0, err) < 0)
		return -1;
	if (!g->is_all_platforms && !g->images.n) /* an index that leads back to itself */
		return err_set(err, ERR_INPUT, "the index leads to no image");
	return 0;
}

void gathering_done(struct gathering *g)
{
	vec_done(&g->documents);
	vec_done(&g->images);
}
