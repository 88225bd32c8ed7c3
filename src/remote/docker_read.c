/* What docker save writes: manifest.json says which files are an image's config and layers, and comes
 * last as often as first. So in one pass every file that looks like a layer (a tar, plain or
 * compressed) is stored, and every small other one is kept in memory; then manifest.json tells what
 * they were. What it does not name stays unreferenced and is collected later.
 *
 * Layers lie there uncompressed mostly; they are stored compressed, as they would be pushed. The
 * config's diffIDs are compared with what each layer really inflates to. */
#include "remote/archive_priv.h"
#include "remote/packer.h"

enum {
	KEPT_MAX = 64 * 1024 * 1024, /* bytes of all small files, names and links together */
	LINKS_MAX = 16,              /* symlinks on the way to a file */
	PIECE = 1024 * 1024,
};

struct layer {
	struct digest diff_id, digest;
	uint64_t size;
	const char *media_type;
};

/* One file of the archive; one of the three. */
struct entry {
	struct str bytes;
	struct str link; /* clean name of what it points to */
	struct layer *layer;
};

struct docker_reading {
	struct place_reading *x;
	struct archive archive;
	struct map entries; /* clean name -> struct entry, in the arena */
	size_t n_kept_bytes;
};

/* ---- layers ---- */

/* All that comes out for this input. */
static int inflate_some(struct inflater *inflater, struct str in, bool is_last, char *room,
	struct digester *diff, struct err *err)
{
	size_t n_out;
	do {
		if (inflater_push(inflater, &in, is_last, room, PIECE, &n_out, err) < 0)
			return -1;
		digester_add(diff, room, n_out);
	} while (n_out == PIECE);
	return 0;
}

/* Stores what is compressed as it is, and hashes what it inflates to. */
static int keep_compressed(struct docker_reading *r, struct blob_writer *w, struct digester *diff,
	struct err *err)
{
	CLEANUP(inflater_free) struct inflater *inflater = inflater_new(NULL, 0);
	CLEANUP(mem_free) char *room = mem_new(PIECE, 1);
	for (;;) {
		const void *p;
		ssize_t n = archive_peek(&r->archive, &p, err);
		if (n < 0 || (n > 0 && blob_write(w, p, (size_t)n, err) < 0))
			return -1;
		if (inflate_some(inflater, str_n(p, (size_t)n), n == 0, room, diff, err) < 0)
			return -1;
		if (n == 0)
			return 0;
		archive_take(&r->archive, (size_t)n);
	}
}

static int compress_plain(struct docker_reading *r, struct blob_writer *w, struct digester *diff,
	struct err *err)
{
	CLEANUP(packer_free) struct packer *packer = packer_new(r->x->p->pool, w);
	for (;;) {
		const void *p;
		ssize_t n = archive_peek(&r->archive, &p, err);
		if (n < 0)
			return -1;
		if (n == 0)
			return packer_finish(packer, err);
		digester_add(diff, p, (size_t)n);
		if (packer_add(packer, p, (size_t)n, err) < 0)
			return -1;
		archive_take(&r->archive, (size_t)n);
	}
}

static int keep_layer(struct docker_reading *r, enum compression found, struct layer **ret,
	struct err *err)
{
	CLEANUP(blob_writer_free) struct blob_writer *w = NULL;
	CLEANUP(digester_free) struct digester *diff = digester_new(DIGEST_SHA256);
	struct layer *l = ARENA_NEW(r->x->a, struct layer);
	if (blob_create(r->x->p->store, DIGEST_SHA256, &w, err) < 0)
		return -1;
	int rc = found == COMPRESS_NONE ? compress_plain(r, w, diff, err)
					: keep_compressed(r, w, diff, err);
	if (rc < 0 || blob_commit(w, NULL, &l->digest, &l->size, err) < 0)
		return -1;
	l->diff_id = digester_finish(diff);
	l->media_type = found == COMPRESS_ZSTD ? MEDIA_OCI_LAYER_ZSTD : MEDIA_OCI_LAYER_GZIP;
	*ret = l;
	return 0;
}

/* ---- the pass ---- */

/* A tar starts with a header, or, when it is empty, with zeros. */
static bool is_tar(struct str first)
{
	if (first.n < TAR_BLOCK)
		return false;
	for (size_t i = 0; i < TAR_BLOCK; i++)
		if (first.p[i])
			return tar_is_header(first);
	return true;
}

static int charge(struct docker_reading *r, uint64_t n, const char *what, struct err *err)
{
	if (n > KEPT_MAX - r->n_kept_bytes)
		return err_set(err, ERR_LIMIT, "%s of the archive need more than %d bytes", what,
			KEPT_MAX);
	r->n_kept_bytes += n;
	return 0;
}

static int keep_file(struct docker_reading *r, const struct tar_entry *e, struct entry *entry,
	struct err *err)
{
	struct str first;
	if (archive_head(&r->archive, &first, err) < 0)
		return -1;
	enum compression found = compress_detect(first);
	if (found != COMPRESS_NONE || is_tar(first))
		return keep_layer(r, found, &entry->layer, err);
	if (e->size > IMAGE_CONFIG_MAX)
		return err_set(err, ERR_LIMIT, "is no layer and too large for a document");
	CLEANUP(buf_done) struct buf bytes = BUF(IMAGE_CONFIG_MAX);
	if (charge(r, e->size, "documents", err) < 0 ||
		archive_read_small(&r->archive, &bytes, err) < 0)
		return -1;
	entry->bytes = arena_str(r->x->a, buf_str(&bytes));
	return 0;
}

/* Symlinks are relative to where they are, hard links to the archive's root. */
static struct str link_target(struct docker_reading *r, const struct tar_entry *e, struct str name)
{
	CLEANUP(buf_done) struct buf whole = BUF(4 * TAR_NAME_MAX);
	path_clean(&whole, e->type == TAR_SYMLINK ? path_dir(name) : S(""), e->link);
	return arena_str(r->x->a, str_skip(buf_str(&whole), 1));
}

static int take_entry(struct docker_reading *r, const struct tar_entry *e, struct str name,
	struct err *err)
{
	struct entry entry = {0};
	if (charge(r, name.n + e->link.n, "names", err) < 0)
		return -1;
	if (e->type == TAR_FILE) {
		if (keep_file(r, e, &entry, err) < 0)
			return -1;
	} else if (e->type == TAR_SYMLINK || e->type == TAR_HARDLINK) {
		entry.link = link_target(r, e, name);
	} else {
		return 0;
	}
	struct entry *kept = ARENA_NEW(r->x->a, struct entry);
	*kept = entry;
	map_put(&r->entries, name, kept);
	return 0;
}

static const struct entry *find(const struct docker_reading *r, struct str name)
{
	const struct entry *e = map_get(&r->entries, name);
	for (int i = 0; e && e->link.n && i < LINKS_MAX; i++)
		e = map_get(&r->entries, e->link);
	return e;
}

/* ---- manifest.json ---- */

static int read_strings(const struct json *v, const char *key, struct arena *a,
	struct image_strs *ret, struct err *err)
{
	struct json *list = NULL;
	*ret = (struct image_strs){0};
	if (json_opt_array(v, key, &list, err) < 0)
		return -1;
	ret->n = list ? list->n : 0;
	ret->p = ARENA_ARRAY(a, struct str, ret->n);
	for (size_t i = 0; i < ret->n; i++) {
		if (list->items[i].kind != JSON_STRING)
			return err_set(err, ERR_INPUT, "'%s[%zu]': expected a string, got %s", key,
				i, json_kind_name(list->items[i].kind));
		ret->p[i] = list->items[i].text;
	}
	return 0;
}

int docker_manifest_parse(struct str bytes, struct arena *a, struct docker_image **ret,
	size_t *ret_n, struct err *err)
{
	struct json *v = NULL;
	if (json_parse(bytes, NULL, a, &v, err) < 0)
		return -1;
	if (v->kind != JSON_ARRAY)
		return err_set(err, ERR_INPUT, "expected a list, got %s", json_kind_name(v->kind));
	if (v->n > PLACE_IMAGES_MAX)
		return err_set(err, ERR_LIMIT, "there are more than %d images", PLACE_IMAGES_MAX);
	struct docker_image *images = ARENA_ARRAY(a, struct docker_image, v->n);
	for (size_t i = 0; i < v->n; i++) {
		if (json_get_str(&v->items[i], "Config", &images[i].config, err) < 0 ||
			read_strings(&v->items[i], "RepoTags", a, &images[i].tags, err) < 0 ||
			read_strings(&v->items[i], "Layers", a, &images[i].layers, err) < 0)
			return err_wrap(err, "[%zu]", i);
		if (images[i].layers.n > IMAGE_LAYERS_MAX)
			return err_set(err, ERR_LIMIT, "[%zu]: has more than %d layers", i,
				IMAGE_LAYERS_MAX);
	}
	*ret = images;
	*ret_n = v->n;
	return 0;
}

/* ---- images ---- */

static int take_layers(struct docker_reading *r, const struct docker_image *image,
	const struct image_config *config, struct image_descriptor *ret, struct err *err)
{
	char want[DIGEST_TEXT], got[DIGEST_TEXT];
	if (config->n_diff_ids != image->layers.n)
		return err_set(err, ERR_INPUT, "%zu layers, but the config names %zu",
			image->layers.n, config->n_diff_ids);
	for (size_t i = 0; i < image->layers.n; i++) {
		struct str name = image->layers.p[i];
		const struct entry *e = find(r, name);
		if (!e || !e->layer)
			return err_set(err, ERR_INPUT, "layer '%.*s' is not in the archive",
				STR_ARG(str_sub(name, 0, 200)));
		if (!digest_eq(&e->layer->diff_id, &config->diff_ids[i]))
			return err_set(err, ERR_INPUT, "layer '%.*s': expected content %s, got %s",
				STR_ARG(str_sub(name, 0, 200)),
				digest_text(&config->diff_ids[i], want),
				digest_text(&e->layer->diff_id, got));
		ret[i] = (struct image_descriptor){.media_type = str_of(e->layer->media_type),
			.digest = e->layer->digest,
			.size = e->layer->size};
	}
	return 0;
}

static int make_manifest(struct docker_reading *r, const struct docker_image *image,
	struct fetched_manifest *ret, struct err *err)
{
	CLEANUP(buf_done) struct buf bytes = BUF(IMAGE_MANIFEST_MAX);
	struct arena *a = r->x->a;
	struct image_config config;
	const struct entry *e = find(r, image->config);
	if (!e || !e->bytes.n)
		return err_set(err, ERR_INPUT, "config '%.*s' is not in the archive",
			STR_ARG(str_sub(image->config, 0, 200)));
	struct image_manifest m = {.kind = IMAGE_MANIFEST,
		.media_type = S(MEDIA_OCI_MANIFEST),
		.config = {.media_type = S(MEDIA_OCI_CONFIG), .size = e->bytes.n},
		.items = ARENA_ARRAY(a, struct image_descriptor, image->layers.n),
		.n_items = image->layers.n};
	if (image_config_parse(e->bytes, a, &config, err) < 0 ||
		take_layers(r, image, &config, m.items, err) < 0 ||
		blob_put(r->x->p->store, e->bytes, &m.config.digest, err) < 0)
		return -1;
	image_manifest_add(&bytes, &m);
	if (buf_check(&bytes, "manifest", err) < 0)
		return -1;
	*ret = (struct fetched_manifest){.bytes = arena_str(a, buf_str(&bytes)), .m = m};
	ret->descriptor = (struct image_descriptor){
		.media_type = m.media_type, .digest = digest_of(ret->bytes), .size = ret->bytes.n};
	return 0;
}

static bool is_same_name(struct arena *a, struct str x, struct str y)
{
	struct image_ref one, two;
	struct err ignored;
	if (str_eq(x, y))
		return true;
	if (image_ref_parse(x, a, &one, &ignored) < 0 || image_ref_parse(y, a, &two, &ignored) < 0)
		return false;
	image_ref_default_tag(&one);
	image_ref_default_tag(&two);
	return str_eq(one.domain, two.domain) && str_eq(one.path, two.path) &&
		str_eq(one.tag, two.tag);
}

/* By the reference asked for: a name, "@N", or nothing for all. */
static bool is_wanted(struct docker_reading *r, const struct docker_image *image, size_t i)
{
	struct str reference = r->x->p->from->reference;
	char number[24];
	int n = snprintf(number, sizeof(number), "@%zu", i);
	if (!reference.n || str_eq(reference, str_n(number, (size_t)n)))
		return true;
	for (size_t k = 0; k < image->tags.n; k++)
		if (is_same_name(r->x->a, image->tags.p[k], reference))
			return true;
	return false;
}

static int take_image(struct docker_reading *r, const struct docker_image *image, struct err *err)
{
	struct fetched_manifest f;
	struct fetched_manifests one = {0};
	struct str reference = r->x->p->from->reference;
	if (make_manifest(r, image, &f, err) < 0)
		return -1;
	vec_push(&one, f);
	int rc = 0;
	bool is_kept = false;
	for (size_t i = 0; rc == 0 && i < image->tags.n; i++) {
		struct str tag = image->tags.p[i];
		bool is_named = reference.n && reference.p[0] != '@';
		if (is_named && !is_same_name(r->x->a, tag, reference))
			continue;
		rc = place_keep(r->x, &one, tag, err);
		is_kept = true;
	}
	if (rc == 0 && !is_kept)
		rc = place_keep(r->x, &one, STR_NONE, err);
	vec_done(&one);
	return rc;
}

/* One name cannot be given to several images. */
static int check_one(struct docker_reading *r, const struct docker_image *images, size_t n,
	struct err *err)
{
	CLEANUP(buf_done) struct buf names = BUF(200);
	size_t n_wanted = 0;
	for (size_t i = 0; i < n; i++) {
		if (!is_wanted(r, &images[i], i))
			continue;
		n_wanted++;
		for (size_t k = 0; k < images[i].tags.n; k++)
			buf_fmt(&names, "%s%.*s", names.n ? ", " : "",
				STR_ARG(str_sub(images[i].tags.p[k], 0, 100)));
	}
	if (n_wanted < 2 || !r->x->p->repository.n)
		return 0;
	err_set(err, ERR_CONFLICT, "there are %zu images: say which", n_wanted);
	return err_hint(err, "there is: %s", buf_cstr(&names));
}

static int take_wanted(struct docker_reading *r, const struct docker_image *images, size_t n,
	struct err *err)
{
	size_t n_taken = 0;
	for (size_t i = 0; i < n; i++) {
		if (!is_wanted(r, &images[i], i))
			continue;
		if (take_image(r, &images[i], err) < 0)
			return err_wrap(err, "image %zu", i);
		n_taken++;
	}
	if (n_taken)
		return 0;
	return err_set(err, ERR_NOT_FOUND, "there is no image '%.*s'",
		STR_ARG(str_sub(r->x->p->from->reference, 0, 300)));
}

static int take_images(struct docker_reading *r, struct err *err)
{
	struct docker_image *images = NULL;
	size_t n = 0;
	const struct entry *manifest = find(r, S("manifest.json"));
	if (!manifest || !manifest->bytes.n)
		return err_set(err, ERR_INPUT, "is no docker archive: it has no manifest.json");
	if (docker_manifest_parse(manifest->bytes, r->x->a, &images, &n, err) < 0)
		return err_wrap(err, "manifest.json");
	if (check_one(r, images, n, err) < 0)
		return -1;
	return take_wanted(r, images, n, err);
}

static int read_entries(struct docker_reading *r, struct err *err)
{
	CLEANUP(buf_done) struct buf name = BUF(2 * TAR_NAME_MAX);
	struct tar_entry e;
	int more;
	while ((more = archive_next(&r->archive, &e, &name, err)) > 0)
		if (take_entry(r, &e, buf_str(&name), err) < 0)
			return err_wrap(err, "%.*s", STR_ARG(str_sub(buf_str(&name), 0, 200)));
	return more;
}

int docker_archive_read(struct place_reading *x, int fd, struct err *err)
{
	struct docker_reading r = {.x = x};
	archive_open(&r.archive, fd, x);
	int rc = read_entries(&r, err);
	if (rc == 0)
		rc = take_images(&r, err);
	archive_close(&r.archive);
	map_done(&r.entries, NULL);
	return rc;
}
