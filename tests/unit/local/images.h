/* images -- a store with a clock of its own, and images put together by hand.
 *
 *	struct images *g = images_open();
 *	struct made m = images_make(g, (const char *const[]){"a", "b", NULL});
 *	images_name(g, &m, "me/app:v1");
 */
#ifndef UNIT_LOCAL_IMAGES_H
#define UNIT_LOCAL_IMAGES_H

#include "../tempdir.h"

#include "compress/compress.h"
#include "local/local.h"
#include "local/rootfs.h"
#include "tar/tar.h"

#define IMAGES_NOW_NS (INT64_C(1500000000) * CLOCK_SECOND) /* 2017-07-14 */

struct fake_clock {
	struct clock clock;
	int64_t now_ns;
};

struct images {
	struct temp_dir dir;
	struct fake_clock clock;
	struct store *store;
	struct arena arena;
};

static inline int64_t fake_now(const struct clock *c)
{
	return ((const struct fake_clock *)c)->now_ns;
}

static inline struct images *images_open(void)
{
	struct err err = {0};
	struct images *g = NEW(struct images);
	g->dir = temp_dir_quick();
	g->clock = (struct fake_clock){{fake_now, fake_now}, IMAGES_NOW_NS};
	struct store_spec spec = {.root = g->dir.path, .clock = &g->clock.clock};
	OK(store_open(&spec, &g->store, &err));
	return g;
}

static inline void images_close(struct images *g)
{
	store_free(g->store);
	arena_done(&g->arena);
	temp_dir_done(&g->dir);
	free(g);
}

static inline int images_up(void **state)
{
	*state = images_open();
	return 0;
}

static inline int images_down(void **state)
{
	images_close(*state);
	return 0;
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, images_up, images_down)

/* ---- layers ---- */

/* A file, or with link a hard link, of a layer made by hand. */
static inline void images_add(struct buf *tar, const char *name, const char *text, const char *link)
{
	struct err err = {0};
	struct tar_entry e = {
		.type = link ? TAR_HARDLINK : TAR_FILE,
		.name = str_of(name),
		.link = str_of(link ? link : ""),
		.mode = 0644,
		.uid = geteuid(),
		.gid = getegid(),
		.size = link ? 0 : strlen(text),
		.mtime_ns = 1000 * CLOCK_SECOND,
	};
	OK(tar_add_header(tar, &e, &err));
	if (link)
		return;
	buf_add_cstr(tar, text);
	for (size_t i = tar_padding(e.size); i > 0; i--)
		buf_add_ch(tar, '\0');
}

struct made_layer {
	struct digest diff_id;
	struct image_descriptor descriptor;
};

static inline struct made_layer images_layer(struct images *g, struct buf *tar)
{
	struct err err = {0};
	struct made_layer l;
	CLEANUP(compressor_free) struct compressor *c = compressor_new(COMPRESS_GZIP, 1);
	CLEANUP(buf_done) struct buf blob = BUF(1 << 20);
	tar_add_end(tar);
	OK(compressor_member(c, buf_str(tar), &blob, &err));
	l.diff_id = digest_of(buf_str(tar));
	l.descriptor =
		(struct image_descriptor){.media_type = S(MEDIA_OCI_LAYER_GZIP), .size = blob.n};
	OK(blob_put(g->store, buf_str(&blob), &l.descriptor.digest, &err));
	return l;
}

/* A layer with one file of this name, whose text is its name. */
static inline struct made_layer images_file_layer(struct images *g, const char *name)
{
	CLEANUP(buf_done) struct buf tar = BUF(1 << 20);
	images_add(&tar, name, name, NULL);
	return images_layer(g, &tar);
}

/* ---- documents ---- */

struct made {
	struct image_descriptor manifest, config;
	struct digest children[8];
	size_t n_children;
};

static inline struct image_descriptor images_document(struct images *g, const struct buf *text,
	const char *media_type)
{
	struct err err = {0};
	struct image_descriptor d = {.media_type = str_of(media_type), .size = text->n};
	OK(blob_put(g->store, buf_str(text), &d.digest, &err));
	return d;
}

static inline struct made images_of_layers(struct images *g, const struct made_layer *l, size_t n,
	const struct image_platform *platform)
{
	CLEANUP(buf_done) struct buf config = BUF(1 << 20), manifest = BUF(1 << 20);
	struct digest diff_ids[8];
	struct image_descriptor layers[8];
	struct made m = {.n_children = n + 1};
	for (size_t i = 0; i < n; i++) {
		diff_ids[i] = l[i].diff_id;
		layers[i] = l[i].descriptor;
		m.children[i + 1] = layers[i].digest;
	}
	struct image_config c = {.platform = platform ? *platform : image_platform_host(),
		.diff_ids = diff_ids,
		.n_diff_ids = n};
	image_config_add(&config, &c);
	m.config = images_document(g, &config, MEDIA_OCI_CONFIG);
	m.children[0] = m.config.digest;
	struct image_manifest doc = {.kind = IMAGE_MANIFEST,
		.media_type = S(MEDIA_OCI_MANIFEST),
		.config = m.config,
		.items = layers,
		.n_items = n};
	image_manifest_add(&manifest, &doc);
	m.manifest = images_document(g, &manifest, MEDIA_OCI_MANIFEST);
	return m;
}

/* One layer per name; the layer has one file of that name. */
static inline struct made images_make(struct images *g, const char *const *names)
{
	struct made_layer layers[8] = {0};
	size_t n = 0;
	for (; names[n]; n++)
		layers[n] = images_file_layer(g, names[n]);
	return images_of_layers(g, layers, n, NULL);
}

static inline struct made images_one(struct images *g, const char *name)
{
	return images_make(g, (const char *const[]){name, NULL});
}

/* ---- names ---- */

static inline struct image_ref images_ref(struct images *g, const char *text)
{
	struct err err = {0};
	struct image_ref ref;
	OK(image_ref_parse(str_of(text), &g->arena, &ref, &err));
	return ref;
}

static inline void images_put(struct images *g, const struct made *m, const char *repository,
	const char *tag)
{
	struct err err = {0};
	struct manifest_row row = {.digest = m->manifest.digest,
		.media_type = m->manifest.media_type,
		.size = m->manifest.size,
		.children = m->children,
		.n_children = m->n_children};
	struct tag_set set = {str_of(repository), str_of(tag), m->manifest.digest, NULL, 0};
	OK(manifest_put(g->store, str_of(repository), &row, &err));
	OK(tag_set(g->store, &set, &err));
}

/* A name with a tag: "me/app:v1". */
static inline void images_name(struct images *g, const struct made *m, const char *name)
{
	CLEANUP(buf_done) struct buf repository = BUF(512);
	struct image_ref ref = images_ref(g, name);
	image_ref_default_tag(&ref);
	local_add_repository(&repository, &ref);
	images_put(g, m, buf_cstr(&repository), arena_cstr(&g->arena, ref.tag));
}

static inline const char *images_hex(struct images *g, const struct digest *d, unsigned n)
{
	char hex[DIGEST_HEX];
	return arena_cstr(&g->arena, str_of(digest_hex(d, hex, n)));
}

#endif
