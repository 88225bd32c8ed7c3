/* --cache-from of folders that the test writes: asked late, believed only as far as digests go. */
#include "../blob/temp_store.h"
#include "../tempdir.h"

#include "build/cache_import.h"
#include "compress/compress.h"

/* A cache in a folder, with what a test wants to be wrong. */
struct folder {
	struct temp_dir dir;
	struct arena a;
	struct digest keys[3];
	struct cache_record records[3];
	struct image_descriptor layers[3];
	size_t n_layers;
};

enum { WHOLE, HOLLOW, NO_LAYER };

struct heard {
	struct event_sink sink;
	size_t n_warnings, n_begun;
	char last[300];
};

static void hear(struct event_sink *sink, const struct event *e)
{
	struct heard *h = (struct heard *)sink;
	h->n_begun += e->kind == EVENT_BEGIN;
	if (e->kind != EVENT_NOTE || e->level != EVENT_WARNING)
		return;
	h->n_warnings++;
	snprintf(h->last, sizeof(h->last), "%.*s", STR_ARG(e->text));
}

static struct digest put_file(struct folder *f, struct str bytes)
{
	struct err err = {0};
	struct digest d = digest_of(bytes);
	char path[200], hex[DIGEST_HEX];
	snprintf(path, sizeof(path), "blobs/sha256/%s", digest_hex(&d, hex, 0));
	OK(fs_mkdirs(f->dir.fd, "blobs/sha256", 0755, &err));
	OK(fs_write_file(f->dir.fd, path, bytes, 0644, FS_NO_SYNC, &err));
	return d;
}

static void add_record(struct folder *f, size_t i, const char *content)
{
	CLEANUP(compressor_free) struct compressor *c = compressor_new(COMPRESS_GZIP, 0);
	CLEANUP(buf_done) struct buf packed = BUF(1 << 20);
	struct err err = {0};
	struct cache_record *r = &f->records[i];
	f->keys[i] = r->key = digest_of(arena_fmt(&f->a, "key %zu", i));
	if (!content)
		return;
	OK(compressor_member(c, str_of(content), &packed, &err));
	r->diff_id = digest_of(str_of(content));
	r->tar_bytes = strlen(content);
	r->layer = (struct image_descriptor){.media_type = S(MEDIA_OCI_LAYER_GZIP),
		.digest = digest_of(buf_str(&packed)),
		.size = packed.n};
	if (i == HOLLOW)
		return;
	put_file(f, buf_str(&packed));
	f->layers[f->n_layers++] = r->layer;
}

static void write_cache(struct folder *f)
{
	CLEANUP(buf_done)
	struct buf text = BUF(1 << 20), manifest = BUF(1 << 20), index = BUF(1 << 20);
	struct err err = {0};
	struct cache_memo memo = {f->keys[0], f->keys[1]};
	struct cache_record sorted[3];
	struct cache_document d = {sorted, 3, &memo, 1};
	memcpy(sorted, f->records, sizeof(sorted));
	cache_document_sort(&d);
	OK(cache_document_add(&text, &d, &err));
	struct image_manifest m = {.media_type = S(MEDIA_OCI_MANIFEST),
		.config = {.media_type = S(MEDIA_BUILD_CACHE),
			.digest = put_file(f, buf_str(&text)),
			.size = text.n},
		.items = f->layers,
		.n_items = f->n_layers};
	image_manifest_add(&manifest, &m);
	struct digest named = put_file(f, buf_str(&manifest));
	struct image_pair tag = {S("org.opencontainers.image.ref.name"), S("latest")};
	struct image_descriptor entry = {.media_type = S(MEDIA_OCI_MANIFEST),
		.digest = named,
		.size = manifest.n,
		.annotations = {&tag, 1}};
	struct image_manifest all = {.kind = IMAGE_INDEX,
		.media_type = S(MEDIA_OCI_INDEX),
		.items = &entry,
		.n_items = 1};
	image_manifest_add(&index, &all);
	OK(fs_write_file(f->dir.fd, "index.json", buf_str(&index), 0644, FS_NO_SYNC, &err));
}

static struct folder folder_new(void)
{
	struct folder f = {.dir = temp_dir_new()};
	add_record(&f, WHOLE, "the content of a layer");
	add_record(&f, HOLLOW, "of a layer that is not there");
	add_record(&f, NO_LAYER, NULL);
	write_cache(&f);
	return f;
}

static void folder_done(struct folder *f)
{
	arena_done(&f->a);
	temp_dir_done(&f->dir);
}
CLEANUP_VAL(folder_done, struct folder);

struct rig {
	struct heard heard;
	struct build_cache from[3];
	struct build_spec spec;
};

static struct imports *open_caches(struct temp_store *t, struct rig *g, const char *first,
	const char *second)
{
	*g = (struct rig){.heard = {.sink = {hear}}};
	g->from[0] = (struct build_cache){.kind = BUILD_CACHE_GHA};
	g->from[1] = (struct build_cache){.kind = BUILD_CACHE_LOCAL, .ref = first};
	g->from[2] = (struct build_cache){.kind = BUILD_CACHE_LOCAL, .ref = second};
	g->spec = (struct build_spec){.store = t->s,
		.events = &g->heard.sink,
		.cache_from = g->from,
		.n_cache_from = second ? 3 : 2};
	return imports_new(&g->spec);
}

static void find_asks_late_and_once(void **state)
{
	struct temp_store *t = *state;
	CLEANUP(folder_done) struct folder f = folder_new();
	struct rig g;
	struct digest unknown = digest_of(S("unknown")), answer;
	CLEANUP(imports_free) struct imports *m = open_caches(t, &g, f.dir.path, NULL);
	assert_int_equal(g.heard.n_begun, 0);
	struct imported *i = imports_find(m, &f.keys[WHOLE]);
	assert_non_null(i);
	assert_ptr_equal(i, imports_find(m, &f.keys[WHOLE]));
	assert_string_equal(imported_from(i), f.dir.path);
	assert_non_null(imports_find(m, &f.keys[HOLLOW]));
	assert_non_null(imports_find(m, &f.keys[NO_LAYER]));
	assert_null(imports_find(m, &unknown));
	assert_true(imports_recall(m, &f.keys[0], &answer));
	assert_true(digest_eq(&answer, &f.keys[1]));
	assert_false(imports_recall(m, &unknown, &answer));
	assert_int_equal(g.heard.n_begun, 1);
	assert_int_equal(g.heard.n_warnings, 0);
}

static void fetch_brings_the_layer_once(void **state)
{
	struct temp_store *t = *state;
	CLEANUP(folder_done) struct folder f = folder_new();
	struct rig g;
	struct err err = {0};
	CLEANUP(imports_free) struct imports *m = open_caches(t, &g, f.dir.path, NULL);
	struct imported *i = imports_find(m, &f.keys[WHOLE]);
	assert_false(blob_exists(t->s, &f.records[WHOLE].layer.digest));
	assert_false(imported_is_here(m, i));
	OK(imports_fetch(m, i, &err));
	assert_true(imported_is_here(m, i));
	assert_true(blob_exists(t->s, &f.records[WHOLE].layer.digest));
	OK(imports_fetch(m, i, &err));
	assert_int_equal(g.heard.n_begun, 2); /* the cache, and one layer */
	assert_false(imports_lost_some(m));
}

static void fetch_of_a_hollow_record_loses_all_of_them_in_silence(void **state)
{
	struct temp_store *t = *state;
	CLEANUP(folder_done) struct folder f = folder_new();
	struct rig g;
	struct err err = {0};
	CLEANUP(imports_free) struct imports *m = open_caches(t, &g, f.dir.path, NULL);
	struct imported *i = imports_find(m, &f.keys[HOLLOW]);
	FAILS(ERR_NOT_FOUND, imports_fetch(m, i, &err));
	assert_true(imports_lost_some(m));
	imports_forget_losses(m);
	assert_false(imports_lost_some(m));
	assert_null(imports_find(m, &f.keys[HOLLOW]));
	assert_non_null(imports_find(m, &f.keys[WHOLE]));
	assert_int_equal(g.heard.n_warnings, 0);
}

static void fetch_of_a_hollow_record_whose_layer_is_here_works(void **state)
{
	struct temp_store *t = *state;
	CLEANUP(folder_done) struct folder f = folder_new();
	CLEANUP(compressor_free) struct compressor *c = compressor_new(COMPRESS_GZIP, 0);
	CLEANUP(buf_done) struct buf packed = BUF(1 << 20);
	struct rig g;
	struct err err = {0};
	struct digest stored;
	CLEANUP(imports_free) struct imports *m = open_caches(t, &g, f.dir.path, NULL);
	OK(compressor_member(c, S("of a layer that is not there"), &packed, &err));
	OK(blob_put(t->s, buf_str(&packed), &stored, &err));
	OK(imports_fetch(m, imports_find(m, &f.keys[HOLLOW]), &err));
}

static void layer_path(const struct folder *f, char room[200])
{
	char hex[DIGEST_HEX];
	snprintf(room, 200, "blobs/sha256/%s", digest_hex(&f->records[WHOLE].layer.digest, hex, 0));
}

static void fetch_of_damage_is_a_warning_and_no_record(void **state)
{
	static const char *const damages[] = {
		"", "short", "much longer than the layer that was promised, which had fewer bytes"};
	struct temp_store *t = *state;
	for (size_t k = 0; k <= ARRAY_LEN(damages); k++) {
		CLEANUP(folder_done) struct folder f = folder_new();
		struct rig g;
		struct err err = {0};
		char path[200];
		CLEANUP(imports_free) struct imports *m = open_caches(t, &g, f.dir.path, NULL);
		struct imported *i = imports_find(m, &f.keys[WHOLE]);
		layer_path(&f, path);
		if (k < ARRAY_LEN(damages))
			temp_dir_file(&f.dir, path, damages[k]);
		else
			OK(fs_remove_tree(f.dir.fd, path, &err));
		assert_true(imports_fetch(m, i, &err) < 0);
		assert_true(imports_lost_some(m));
		assert_null(imports_find(m, &f.keys[WHOLE]));
		assert_int_equal(g.heard.n_warnings, 1);
		assert_false(blob_exists(t->s, &f.records[WHOLE].layer.digest));
	}
}

static void fetch_with_another_content_is_found_out(void **state)
{
	struct temp_store *t = *state;
	CLEANUP(folder_done) struct folder f = folder_new();
	struct rig g;
	struct err err = {0};
	f.records[WHOLE].diff_id = digest_of(S("something else"));
	write_cache(&f);
	CLEANUP(imports_free) struct imports *m = open_caches(t, &g, f.dir.path, NULL);
	FAILS(ERR_INPUT, imports_fetch(m, imports_find(m, &f.keys[WHOLE]), &err));
	assert_non_null(strstr(g.heard.last, "expected content"));
}

/* A layer may be a symlink to a file of the machine; it stays inside the folder. */
static void fetch_does_not_leave_the_folder(void **state)
{
	struct temp_store *t = *state;
	CLEANUP(folder_done) struct folder f = folder_new();
	CLEANUP(temp_dir_done) struct temp_dir outside = temp_dir_new();
	struct rig g;
	struct err err = {0};
	char path[200], target[200], away[400];
	layer_path(&f, path);
	snprintf(target, sizeof(target), "%s/layer", outside.path);
	snprintf(away, sizeof(away), "%s/%s", f.dir.path, path);
	assert_int_equal(rename(away, target), 0);
	assert_int_equal(symlink(target, away), 0);
	CLEANUP(imports_free) struct imports *m = open_caches(t, &g, f.dir.path, NULL);
	assert_true(imports_fetch(m, imports_find(m, &f.keys[WHOLE]), &err) < 0);
}

static void find_goes_on_to_the_next_cache(void **state)
{
	struct temp_store *t = *state;
	CLEANUP(folder_done) struct folder f = folder_new();
	struct rig g;
	struct err err = {0};
	CLEANUP(imports_free) struct imports *m = open_caches(t, &g, "/nowhere/at/all", f.dir.path);
	struct imported *i = imports_find(m, &f.keys[WHOLE]);
	assert_non_null(i);
	assert_int_equal(g.heard.n_warnings, 1);
	assert_non_null(strstr(g.heard.last, "/nowhere/at/all"));
	OK(imports_fetch(m, i, &err));
}

static void find_in_something_else_is_a_warning(void **state)
{
	static const char *const indexes[] = {"", "{", "[]",
		"{\"schemaVersion\":2,\"manifests\":[]}",
		"{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"" MEDIA_OCI_MANIFEST
		"\",\"size\":2,\"digest\":\"sha256:"
		"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\","
		"\"annotations\":{\"org.opencontainers.image.ref.name\":\"latest\"}}]}"};
	struct temp_store *t = *state;
	for (size_t k = 0; k < ARRAY_LEN(indexes); k++) {
		CLEANUP(folder_done) struct folder f = folder_new();
		struct rig g;
		put_file(&f, S("{}"));
		temp_dir_file(&f.dir, "index.json", indexes[k]);
		CLEANUP(imports_free) struct imports *m = open_caches(t, &g, f.dir.path, NULL);
		assert_null(imports_find(m, &f.keys[WHOLE]));
		assert_null(imports_find(m, &f.keys[WHOLE]));
		assert_int_equal(g.heard.n_warnings, 1);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(find_asks_late_and_once),
		TEST(fetch_brings_the_layer_once),
		TEST(fetch_of_a_hollow_record_loses_all_of_them_in_silence),
		TEST(fetch_of_a_hollow_record_whose_layer_is_here_works),
		TEST(fetch_of_damage_is_a_warning_and_no_record),
		TEST(fetch_with_another_content_is_found_out),
		TEST(fetch_does_not_leave_the_folder),
		TEST(find_goes_on_to_the_next_cache),
		TEST(find_in_something_else_is_a_warning),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
