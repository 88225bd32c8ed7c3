/* Images in files: a store to write from, another to read into. */
#ifndef REMOTE_PLACE_RIG_H
#define REMOTE_PLACE_RIG_H

#include "../blob/temp_store.h"

#include "compress/compress.h"
#include "remote/place_priv.h"
#include "tar/tar.h"

struct rig {
	struct temp_store t, other;
	struct arena a;
	struct digest image, config, layers[2];
	struct image_ref name;
};

static inline int rig_up(void **state)
{
	struct rig *g = NEW(struct rig);
	void *t;
	struct err err = {0};
	if (set_up(&t) != 0)
		return -1;
	g->t = *(struct temp_store *)t;
	free(t);
	if (set_up(&t) != 0)
		return -1;
	g->other = *(struct temp_store *)t;
	free(t);
	OK(image_ref_parse(S("ghcr.io/me/app:v1"), &g->a, &g->name, &err));
	*state = g;
	return 0;
}

static inline int rig_down(void **state)
{
	struct rig *g = *state;
	struct temp_store *one = NEW(struct temp_store), *two = NEW(struct temp_store);
	*one = g->t;
	*two = g->other;
	arena_done(&g->a);
	free(g);
	void *p = one;
	tear_down(&p);
	p = two;
	return tear_down(&p);
}

/* ---- an image ---- */

static inline void add_tar(struct buf *b, const char *name, struct str content)
{
	struct err err = {0};
	struct tar_entry e = {
		.type = TAR_FILE, .name = str_of(name), .mode = 0644, .size = content.n};
	OK(tar_add_header(b, &e, &err));
	buf_add(b, content);
	for (size_t i = tar_padding(content.n); i > 0; i--)
		buf_add_ch(b, '\0');
}

static inline struct str layer_tar(struct rig *g, const char *name, size_t n)
{
	CLEANUP(buf_done) struct buf b = BUF(64 << 20), content = BUF(64 << 20);
	for (size_t i = 0; i < n; i++)
		buf_add_ch(&content, (char)(i * 2654435761u >> 13));
	add_tar(&b, name, buf_str(&content));
	tar_add_end(&b);
	return arena_str(&g->a, buf_str(&b));
}

static inline struct str gzip(struct rig *g, struct str plain)
{
	CLEANUP(compressor_free) struct compressor *c = compressor_new(COMPRESS_GZIP, 1);
	CLEANUP(buf_done) struct buf b = BUF(64 << 20);
	struct err err = {0};
	for (size_t at = 0; at < plain.n; at += 1 << 20)
		OK(compressor_member(c, str_sub(plain, at, at + (1 << 20)), &b, &err));
	return arena_str(&g->a, buf_str(&b));
}

static inline struct str descriptor(struct rig *g, const char *type, const struct digest *d,
	size_t n)
{
	char text[DIGEST_TEXT];
	return arena_fmt(&g->a, "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu}", type,
		digest_text(d, text), n);
}

static inline struct str config_text(struct rig *g, const struct digest *diff_ids, size_t n)
{
	struct str ids = S("");
	char text[DIGEST_TEXT];
	for (size_t i = 0; i < n; i++)
		ids = arena_fmt(&g->a, "%.*s%s\"%s\"", STR_ARG(ids), i ? "," : "",
			digest_text(&diff_ids[i], text));
	struct image_platform host = image_platform_host();
	return arena_fmt(&g->a,
		"{\"architecture\":\"%.*s\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\","
		"\"diff_ids\":[%.*s]}}",
		STR_ARG(host.architecture), STR_ARG(ids));
}

static inline void make_image(struct rig *g)
{
	struct err err = {0};
	struct digest diff_ids[2];
	struct str layers = S("");
	for (int i = 0; i < 2; i++) {
		struct str plain = layer_tar(g, i ? "b" : "a", i ? 3000 * 1000 : 10);
		struct str pressed = gzip(g, plain);
		diff_ids[i] = digest_of(plain);
		OK(blob_put(g->t.s, pressed, &g->layers[i], &err));
		layers = arena_fmt(&g->a, "%.*s%s%.*s", STR_ARG(layers), i ? "," : "",
			STR_ARG(descriptor(g, MEDIA_OCI_LAYER_GZIP, &g->layers[i], pressed.n)));
	}
	struct str config = config_text(g, diff_ids, 2);
	OK(blob_put(g->t.s, config, &g->config, &err));
	OK(blob_put(g->t.s,
		arena_fmt(&g->a,
			"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST
			"\",\"config\":%.*s,\"layers\":[%.*s]}",
			STR_ARG(descriptor(g, MEDIA_OCI_CONFIG, &g->config, config.n)),
			STR_ARG(layers)),
		&g->image, &err));
}

/* ---- places ---- */

static inline struct place place_of(struct rig *g, const char *prefix, const char *file,
	const char *ref)
{
	struct place p;
	struct err err = {0};
	struct str text =
		arena_fmt(&g->a, "%s:%s/%s%s%s", prefix, g->t.path, file, ref[0] ? ":" : "", ref);
	assert_int_equal(place_parse(text, &g->a, &p, &err), 1);
	return p;
}

static inline int write_to(struct rig *g, const struct place *to, struct err *err)
{
	struct place_write w = {.store = g->t.s,
		.what = {.digest = g->image, .media_type = S(MEDIA_OCI_MANIFEST)},
		.names = &g->name,
		.n_names = 1,
		.to = to};
	uint64_t size;
	struct err ignored;
	if (blob_size(g->t.s, &g->image, &size, &ignored) == 0)
		w.what.size = size;
	return place_write(&w, err);
}

static inline int read_from(struct rig *g, const struct place *from, struct place_images *ret,
	struct err *err)
{
	struct place_read r = {.store = g->other.s, .from = from};
	vec_clear(ret);
	return place_read(&r, &g->a, ret, err);
}

static inline void write_file(struct rig *g, const char *name, struct str bytes)
{
	struct err err = {0};
	OK(fs_write_file(store_root_fd(g->t.s), name, bytes, 0644, FS_NO_SYNC, &err));
}

static inline void add_link(struct buf *b, const char *name, const char *target)
{
	struct err err = {0};
	struct tar_entry e = {.type = TAR_SYMLINK, .name = str_of(name), .link = str_of(target)};
	OK(tar_add_header(b, &e, &err));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_up, rig_down)

#endif
