/* Everything of the store that belongs to an image: its documents, children before their parents, and
 * its blobs, each once. */
#include "remote/remote_priv.h"

static void add_blob(struct outgoing *x, const struct image_descriptor *d)
{
	VEC_EACH(&x->blobs, b)
		if (digest_eq(&b->digest, &d->digest))
			return;
	vec_push(&x->blobs, *d);
}

static bool was_seen(const struct outgoing *x, const struct digest *d)
{
	VEC_EACH(&x->documents, doc)
		if (digest_eq(&doc->d.digest, d))
			return true;
	return false;
}

/* 1 = read, 0 = is not here. */
static int read_document(struct outgoing *x, const struct image_descriptor *d,
	struct outgoing_document *ret, struct err *err)
{
	CLEANUP(buf_done) struct buf bytes = BUF(IMAGE_MANIFEST_MAX);
	struct err why = {0};
	*ret = (struct outgoing_document){.d = *d};
	if (blob_keep(x->store, &d->digest, &why) < 0 ||
		blob_read(x->store, &d->digest, &bytes, &why) < 0) {
		if (why.kind == ERR_NOT_FOUND)
			return 0;
		*err = why;
		return -1;
	}
	ret->bytes = arena_str(x->a, buf_str(&bytes));
	if (image_manifest_parse(ret->bytes, d->media_type, x->a, &ret->m, err) < 0)
		return -1;
	ret->d.media_type = ret->m.media_type;
	ret->d.size = ret->bytes.n;
	return 1;
}

static int collect(struct outgoing *x, const struct image_descriptor *d, unsigned depth,
	struct err *err)
{
	struct outgoing_document doc;
	if (depth > IMAGE_DEPTH_MAX)
		return err_set(err, ERR_LIMIT, "indexes are nested deeper than %d",
			IMAGE_DEPTH_MAX);
	if (was_seen(x, &d->digest))
		return 0;
	int found = read_document(x, d, &doc, err);
	if (found < 0)
		return -1;
	doc.is_missing = !found;
	bool is_index = found && doc.m.kind == IMAGE_INDEX;
	if (found && !is_index)
		add_blob(x, &doc.m.config);
	for (size_t i = 0; found && i < doc.m.n_items; i++) {
		const struct image_descriptor *item = &doc.m.items[i];
		if (!is_index)
			add_blob(x, item);
		else if (image_media_is_manifest(item->media_type) &&
			collect(x, item, depth + 1, err) < 0)
			return -1;
	}
	vec_push(&x->documents, doc);
	return 0;
}

int outgoing_collect(struct outgoing *x, const struct image_descriptor *what, struct err *err)
{
	char text[DIGEST_TEXT];
	if (collect(x, what, 0, err) < 0)
		return -1;
	if (x->documents.p[x->documents.n - 1].is_missing)
		return err_set(err, ERR_NOT_FOUND, "manifest %s is not here",
			digest_text(&what->digest, text));
	return 0;
}

void outgoing_done(struct outgoing *x)
{
	vec_done(&x->documents);
	vec_done(&x->blobs);
}
