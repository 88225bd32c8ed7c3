/* Documents on their way into the store: are they for us; exact bytes, rows, the tag. */
#include "remote/remote_priv.h"

static int store_document(struct store *s, const struct fetched_manifest *f, struct err *err)
{
	CLEANUP(blob_writer_free) struct blob_writer *w = NULL;
	struct err ignored;
	if (blob_keep(s, &f->descriptor.digest, &ignored) == 0)
		return 0;
	if (blob_create(s, f->descriptor.digest.algorithm, &w, err) < 0 ||
		blob_write(w, f->bytes.p, f->bytes.n, err) < 0)
		return -1;
	return blob_commit(w, &f->descriptor.digest, NULL, NULL, err);
}

static int row_of(const struct fetched_manifest *f, struct arena *a, struct manifest_row *ret,
	struct err *err)
{
	CLEANUP(buf_done) struct buf annotations = BUF(IMAGE_MANIFEST_MAX);
	const struct image_manifest *m = &f->m;
	struct digest *children = ARENA_ARRAY(a, struct digest, m->n_items + 1);
	size_t n = 0;
	if (m->kind == IMAGE_MANIFEST)
		children[n++] = m->config.digest;
	for (size_t i = 0; i < m->n_items; i++)
		children[n++] = m->items[i].digest;
	if (m->annotations.n) {
		struct json_out o;
		json_out_init(&o, &annotations, 0);
		json_object(&o);
		for (size_t i = 0; i < m->annotations.n; i++) {
			json_key_str(&o, m->annotations.p[i].key);
			json_add_str(&o, m->annotations.p[i].value);
		}
		json_end(&o);
	}
	*ret = (struct manifest_row){
		.digest = f->descriptor.digest,
		.media_type = m->media_type,
		.size = f->bytes.n,
		.subject = m->has_subject ? m->subject.digest : (struct digest){0},
		.artifact_type = m->artifact_type.n ? m->artifact_type
			: m->kind == IMAGE_MANIFEST ? m->config.media_type
						    : STR_NONE,
		.annotations = arena_str(a, buf_str(&annotations)),
		.children = children,
		.n_children = n,
		.links_children = true,
	};
	return buf_check(&annotations, "annotations", err);
}

/* Pulled again, and nothing moved: what would be written is what is there. */
static bool is_known(struct store *s, const struct fetched_manifests *documents,
	struct str repository, struct str tag, struct arena *a)
{
	struct err missing = {0};
	struct digest now;
	struct manifest_row row;
	if (!tag.n || tag_get(s, repository, tag, &now, &missing) < 0 ||
		!digest_eq(&now, &documents->p[0].descriptor.digest))
		return false;
	for (size_t i = 0; i < documents->n; i++)
		if (manifest_get(s, repository, &documents->p[i].descriptor.digest, a, &row,
			    &missing) < 0)
			return false;
	return true;
}

int documents_write(struct store *s, const struct fetched_manifests *documents,
	struct str repository, struct str tag, struct arena *a, struct err *err)
{
	size_t n = documents->n;
	struct manifest_row *rows = ARENA_ARRAY(a, struct manifest_row, n);
	for (size_t i = 0; i < n; i++)
		if (store_document(s, &documents->p[i], err) < 0 ||
			row_of(&documents->p[i], a, &rows[i], err) < 0)
			return -1;
	if (!repository.n || is_known(s, documents, repository, tag, a))
		return 0;
	struct tag_set set = {
		.repository = repository, .tag = tag, .digest = documents->p[0].descriptor.digest};
	return manifest_put_all(s, repository, rows, n, &set, tag.n ? 1 : 0, err) < 0 ? -1 : 0;
}

int document_check_platform(const struct platform_check *x, const struct fetched_manifest *f,
	struct err *err)
{
	CLEANUP(buf_done)
	struct buf bytes = BUF(IMAGE_CONFIG_MAX), have = BUF(300), want = BUF(300);
	struct image_config config;
	const struct str type = f->m.config.media_type;
	struct err ignored;
	if (!str_is(type, MEDIA_OCI_CONFIG) && !str_is(type, MEDIA_DOCKER_CONFIG))
		return 0;
	if (blob_read(x->store, &f->m.config.digest, &bytes, err) < 0)
		return -1;
	if (image_config_parse(buf_str(&bytes), x->a, &config, &ignored) < 0 ||
		!config.platform.architecture.n ||
		image_platform_matches(x->want, &config.platform))
		return 0;
	image_platform_add(&have, &config.platform);
	image_platform_add(&want, x->want);
	if (x->is_asked)
		return err_set(err, ERR_NOT_FOUND, "the image is for %s, not for %s",
			buf_cstr(&have), buf_cstr(&want));
	event_note(x->events, x->event_parent, EVENT_WARNING, NULL,
		"the image is for %s, this machine is %s", buf_cstr(&have), buf_cstr(&want));
	return 0;
}
