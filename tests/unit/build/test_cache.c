#include "../local/images.h"

#include "build/cache.h"

static struct step_result result_with(struct images *g, const char *text)
{
	struct err err = {0};
	struct step_result r = {.tar_bytes = 10240, .tree = "abc"};
	r.layer.media_type = S(MEDIA_OCI_LAYER_GZIP);
	r.layer.size = strlen(text);
	r.diff_id = digest_of(S("tar"));
	OK(blob_put(g->store, str_of(text), &r.layer.digest, &err));
	return r;
}

static void cache_get_gives_what_was_put(void **state)
{
	struct images *g = *state;
	struct err err = {0};
	struct step_result r = result_with(g, "layer"), got;
	struct digest key = digest_of(S("key")), other = digest_of(S("other"));
	OK(cache_open(g->store, &err));
	OK(cache_open(g->store, &err)); /* once more does no harm */
	assert_int_equal(cache_get(g->store, &key, &g->arena, &got, &err), 0);
	OK(cache_put(g->store, &key, &r, S("site"), S("inputs"), &err));
	assert_int_equal(cache_get(g->store, &key, &g->arena, &got, &err), 1);
	assert_true(digest_eq(&got.diff_id, &r.diff_id));
	assert_true(digest_eq(&got.layer.digest, &r.layer.digest));
	STR_IS(got.layer.media_type, MEDIA_OCI_LAYER_GZIP);
	assert_int_equal(got.layer.size, 5);
	assert_int_equal(got.tar_bytes, 10240);
	assert_string_equal(got.tree, "abc");
	assert_int_equal(cache_get(g->store, &other, &g->arena, &got, &err), 0);
	/* and replaces */
	r = result_with(g, "another layer");
	OK(cache_put(g->store, &key, &r, S("site"), S("inputs"), &err));
	assert_int_equal(cache_get(g->store, &key, &g->arena, &got, &err), 1);
	assert_true(digest_eq(&got.layer.digest, &r.layer.digest));
}

static void cache_get_of_a_step_without_layer_has_none(void **state)
{
	struct images *g = *state;
	struct err err = {0};
	struct step_result nothing = {0}, got = {.tar_bytes = 9};
	struct digest key = digest_of(S("key"));
	OK(cache_open(g->store, &err));
	OK(cache_put(g->store, &key, &nothing, S("site"), S(""), &err));
	assert_int_equal(cache_get(g->store, &key, &g->arena, &got, &err), 1);
	assert_true(digest_is_none(&got.layer.digest));
	assert_int_equal(got.tar_bytes, 0);
}

static void cache_get_of_a_collected_layer_is_a_miss(void **state)
{
	struct images *g = *state;
	struct err err = {0};
	struct step_result r = result_with(g, "layer"), got;
	struct digest key = digest_of(S("key"));
	char path[200];
	const char *hex = images_hex(g, &r.layer.digest, 0);
	OK(cache_open(g->store, &err));
	OK(cache_put(g->store, &key, &r, S("site"), S("inputs"), &err));
	snprintf(path, sizeof(path), "blobs/sha256/%.2s/%s", hex, hex);
	assert_int_equal(unlinkat(g->dir.fd, path, 0), 0);
	struct store_spec spec = {.root = g->dir.path, .clock = &g->clock.clock};
	store_free(g->store); /* it knew that the blob was there */
	OK(store_open(&spec, &g->store, &err));
	assert_int_equal(cache_get(g->store, &key, &g->arena, &got, &err), 0);
}

static void cache_last_inputs_are_the_newest_of_the_site(void **state)
{
	struct images *g = *state;
	struct err err = {0};
	struct step_result nothing = {0};
	struct digest one = digest_of(S("1")), two = digest_of(S("2")), three = digest_of(S("3"));
	struct str inputs;
	OK(cache_open(g->store, &err));
	assert_int_equal(cache_last_inputs(g->store, S("here"), &g->arena, &inputs, &err), 0);
	OK(cache_put(g->store, &one, &nothing, S("here"), S("old"), &err));
	g->clock.now_ns += CLOCK_SECOND;
	OK(cache_put(g->store, &two, &nothing, S("here"), S("new"), &err));
	g->clock.now_ns += CLOCK_SECOND;
	OK(cache_put(g->store, &three, &nothing, S("there"), S("other"), &err));
	assert_int_equal(cache_last_inputs(g->store, S("here"), &g->arena, &inputs, &err), 1);
	STR_IS(inputs, "new");
}

static void build_cache_prune_forgets_what_was_not_used(void **state)
{
	struct images *g = *state;
	struct err err = {0};
	int64_t day = 24 * 3600 * CLOCK_SECOND;
	struct step_result nothing = {0}, got;
	struct digest used = digest_of(S("used")), idle = digest_of(S("idle"));
	struct digest question = digest_of(S("?"));
	struct str answer;
	OK(cache_open(g->store, &err));
	OK(cache_put(g->store, &used, &nothing, S("s"), S(""), &err));
	OK(cache_put(g->store, &idle, &nothing, S("s"), S(""), &err));
	OK(cache_remember(g->store, &question, S("!"), &err));
	g->clock.now_ns += day;
	assert_int_equal(cache_get(g->store, &used, &g->arena, &got, &err), 1); /* refreshed */
	assert_int_equal(build_cache_prune(g->store, 2 * day, &err), 0);
	assert_int_equal(build_cache_prune(g->store, day / 2, &err), 1);
	assert_int_equal(cache_get(g->store, &used, &g->arena, &got, &err), 1);
	assert_int_equal(cache_get(g->store, &idle, &g->arena, &got, &err), 0);
	assert_int_equal(cache_recall(g->store, &question, &g->arena, &answer, &err), 0);
}

static void cache_recall_gives_what_was_remembered(void **state)
{
	struct images *g = *state;
	struct err err = {0};
	struct digest question = digest_of(S("?")), other = digest_of(S("??"));
	struct str answer;
	OK(cache_open(g->store, &err));
	assert_int_equal(cache_recall(g->store, &question, &g->arena, &answer, &err), 0);
	OK(cache_remember(g->store, &question, S("42"), &err));
	OK(cache_remember(g->store, &question, S("43"), &err));
	assert_int_equal(cache_recall(g->store, &question, &g->arena, &answer, &err), 1);
	STR_IS(answer, "43");
	assert_int_equal(cache_recall(g->store, &other, &g->arena, &answer, &err), 0);
}

static void build_gc_roots_keep_layers_of_steps(void **state)
{
	struct images *g = *state;
	struct err err = {0};
	struct step_result r = result_with(g, "layer"), nothing = {0};
	struct digest key = digest_of(S("key")), empty = digest_of(S("empty")), garbage;
	struct gc_result result;
	r.tree[0] = '\0';
	OK(cache_open(g->store, &err));
	OK(cache_put(g->store, &key, &r, S("site"), S(""), &err));
	OK(cache_put(g->store, &empty, &nothing, S("site"), S(""), &err));
	OK(blob_put(g->store, S("garbage"), &garbage, &err));
	struct store_spec spec = {.root = g->dir.path, .clock = &g->clock.clock};
	store_free(g->store); /* and its leases */
	OK(store_open(&spec, &g->store, &err));
	struct gc_roots roots = build_gc_roots(g->store);
	struct gc_spec collect = {.roots = &roots, .n_roots = 1};
	OK(gc_run(g->store, &collect, &result, &err));
	assert_int_equal(result.n_blobs, 1);
	assert_false(blob_exists(g->store, &garbage));
	assert_true(blob_exists(g->store, &r.layer.digest));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(cache_get_gives_what_was_put),
		CASE(cache_get_of_a_step_without_layer_has_none),
		CASE(cache_get_of_a_collected_layer_is_a_miss),
		CASE(cache_last_inputs_are_the_newest_of_the_site),
		CASE(build_cache_prune_forgets_what_was_not_used),
		CASE(cache_recall_gives_what_was_remembered),
		CASE(build_gc_roots_keep_layers_of_steps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
