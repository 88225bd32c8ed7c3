#include "rig.h"

/* Stores an image as a build would: blobs, rows, nothing pulled. */
static struct digest store_image(struct rig *g, const char *layer_text)
{
	struct err err = {0};
	struct str config = config_for(g, "linux"), layer = str_of(layer_text);
	struct digest l, c, m;
	OK(blob_put(g->t.s, layer, &l, &err));
	OK(blob_put(g->t.s, config, &c, &err));
	struct str bytes = arena_fmt(&g->a,
		"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST
		"\",\"config\":%.*s,\"layers\":[%.*s]}",
		STR_ARG(descriptor(g, MEDIA_OCI_CONFIG, &c, config.n)),
		STR_ARG(descriptor(g, MEDIA_OCI_LAYER_GZIP, &l, layer.n)));
	OK(blob_put(g->t.s, bytes, &m, &err));
	g->layers[0] = l;
	g->config_digest = c;
	return m;
}

static bool has_blob(struct fake *f, const char *repo, const struct digest *d)
{
	char text[DIGEST_TEXT];
	struct fake_document *found =
		fake_get(f, &f->blobs, str_of(repo), str_of(digest_text(d, text)));
	struct digest actual = found ? digest_of(found->bytes) : (struct digest){0};
	return found && digest_eq(&actual, d);
}

static bool has_tag(struct fake *f, const char *repo, const char *tag, const struct digest *d)
{
	struct fake_document *found = fake_get(f, &f->manifests, str_of(repo), str_of(tag));
	struct digest actual = found ? digest_of(found->bytes) : (struct digest){0};
	return found && digest_eq(&actual, d);
}

static char *big_text(struct rig *g, size_t n)
{
	char *p = arena_alloc(&g->a, n + 1, 1);
	for (size_t i = 0; i < n; i++)
		p[i] = (char)('a' + i * 2654435761u % 26);
	return p;
}

static void push_sends_blobs_then_manifest(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	struct digest m = store_image(g, "layer");
	OK(push(g, &m, "me/app:v1", &err));
	assert_true(has_blob(&g->f, "me/app", &g->layers[0]));
	assert_true(has_blob(&g->f, "me/app", &g->config_digest));
	assert_true(has_tag(&g->f, "me/app", "v1", &m));
	/* again: nothing is sent */
	fake_forget(&g->f);
	OK(push(g, &m, "me/app:v2", &err));
	assert_int_equal(fake_asked(&g->f, "POST"), 0);
	assert_int_equal(fake_asked(&g->f, "PUT"), 1);
	assert_true(has_tag(&g->f, "me/app", "v2", &m));
}

static void push_large_by_stream_and_in_chunks(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	struct digest m = store_image(g, big_text(g, 3000 * 1000));
	OK(push(g, &m, "me/app:v1", &err));
	assert_true(has_blob(&g->f, "me/app", &g->layers[0]));
	assert_int_equal(fake_asked(&g->f, "PATCH"), 1);
	assert_int_equal(fake_asked(&g->f, "Content-Range"), 0);
	struct image_ref name = ref(g, "me/chunked:v1");
	struct remote_push p = {.store = g->t.s,
		.what = {.digest = m},
		.names = &name,
		.n_names = 1,
		.chunk_bytes = 1000 * 1000};
	OK(remote_push(g->r, &p, &err));
	assert_true(has_blob(&g->f, "me/chunked", &g->layers[0]));
	assert_int_equal(fake_asked(&g->f, "Content-Range=1000000-1999999"), 1);
	/* the registry wants larger ones */
	g->f.min_chunk = 2000 * 1000;
	name = ref(g, "me/larger:v1");
	OK(remote_push(g->r, &p, &err));
	assert_int_equal(fake_asked(&g->f, "Content-Range=0-1999999"), 1);
	assert_true(has_blob(&g->f, "me/larger", &g->layers[0]));
}

/* moby/moby#42615: a push that breaks goes on where it was. */
static void push_goes_on_after_cuts(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	struct digest m = store_image(g, big_text(g, 3000 * 1000));
	g->f.faults[0] = (struct fake_fault){.match = "PATCH", .times = 4, .cut_after = 700 * 1000};
	OK(push(g, &m, "me/app:v1", &err));
	assert_true(has_blob(&g->f, "me/app", &g->layers[0]));
	assert_int_equal(fake_asked(&g->f, "PATCH"), 5);
	assert_int_equal(fake_asked(&g->f, "GET /v2/me/app/blobs/uploads/"), 4);
	assert_int_equal(fake_asked(&g->f, "Content-Range=2800000-2999999"), 1);
}

static void push_begins_anew_when_the_session_is_lost(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	struct digest m = store_image(g, big_text(g, 300 * 1000));
	g->f.faults[0] = (struct fake_fault){.match = "PATCH", .times = 1, .status = 404};
	g->f.faults[1] = (struct fake_fault){.match = "GET", .times = 1, .status = 404};
	OK(push(g, &m, "me/app:v1", &err));
	assert_true(has_blob(&g->f, "me/app", &g->layers[0]));
	/* 416: somebody else's offset */
	m = store_image(g, big_text(g, 400 * 1000));
	g->f.faults[0] = (struct fake_fault){.match = "PATCH", .times = 1, .status = 416};
	OK(push(g, &m, "me/app:v1", &err));
	assert_true(has_blob(&g->f, "me/app", &g->layers[0]));
	/* the last step fails once */
	m = store_image(g, big_text(g, 500 * 1000));
	g->f.faults[0] =
		(struct fake_fault){.match = "PUT /v2/me/app/blobs", .times = 1, .status = 503};
	OK(push(g, &m, "me/app:v1", &err));
	assert_true(has_blob(&g->f, "me/app", &g->layers[0]));
}

static void push_gives_up_with_the_registrys_words(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	struct digest m = store_image(g, "layer");
	g->f.faults[0] = (struct fake_fault){.match = "POST",
		.times = -1,
		.status = 403,
		.body = "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"permission_denied: write_package\"}]}"};
	FAILS(ERR_DENIED, push(g, &m, "me/app:v1", &err));
	assert_non_null(strstr(err.what, "permission_denied: write_package"));
	assert_non_null(strstr(err.hint, "packages: write"));
	g->f.faults[0] = (struct fake_fault){.match = "PUT /v2/me/app/manifests",
		.times = -1,
		.status = 400,
		.body = "{\"errors\":[{\"code\":\"MANIFEST_INVALID\"}]}"};
	FAILS(ERR_INPUT, push(g, &m, "me/app:v1", &err));
	assert_non_null(strstr(err.what, "MANIFEST_INVALID"));
	g->f.faults[0] = (struct fake_fault){
		.match = "PUT", .times = -1, .status = 500, .body = "<html>nginx</html>"};
	FAILS(ERR_NET, push(g, &m, "me/app:v1", &err));
	struct digest unknown = digest_of(S("unknown"));
	FAILS(ERR_NOT_FOUND, push(g, &unknown, "me/app:v1", &err));
}

static void push_mounts_what_the_registry_has_elsewhere(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	make_image(g, &g->f, "me/base", "1");
	OK(pull(g, "me/base:1", &err));
	fake_forget(&g->f);
	OK(push(g, &g->manifest, "me/app:v1", &err));
	assert_int_equal(fake_asked(&g->f, "from=me/base"), 4);
	assert_int_equal(fake_asked(&g->f, "PATCH"), 0);
	assert_true(has_blob(&g->f, "me/app", &g->layers[1]));
	/* and where it does not want to, they are sent */
	g->f.has_no_mount = true;
	OK(push(g, &g->manifest, "me/other:v1", &err));
	assert_int_equal(fake_asked(&g->f, "PATCH"), 1);
	assert_true(has_blob(&g->f, "me/other", &g->layers[1]));
}

static void push_all_tags_at_once_or_one_by_one(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	struct digest m = store_image(g, "layer");
	struct image_ref names[] = {ref(g, "me/app:sha-1"), ref(g, "me/app:main"),
		ref(g, "me/two:x"), ref(g, "me/app:latest")};
	struct remote_push p = {
		.store = g->t.s, .what = {.digest = m}, .names = names, .n_names = 4};
	OK(remote_push(g->r, &p, &err));
	for (int i = 0; i < 4; i++)
		assert_true(has_tag(&g->f, i == 2 ? "me/two" : "me/app", names[i].tag.p, &m));
	assert_int_equal(fake_asked(&g->f, "PUT /v2/me/app/manifests/"), 4);
	fake_forget(&g->f);
	g->f.knows_tags = true;
	OK(remote_push(g->r, &p, &err));
	assert_int_equal(fake_asked(&g->f, "PUT /v2/me/app/manifests/"), 1);
	assert_int_equal(fake_asked(&g->f, "?tag=sha-1&tag=main&tag=latest"), 1);
}

static void push_index_with_children_here_or_there(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	struct digest m = store_image(g, "layer"), other = digest_of(S("not here")), index;
	struct str bytes = arena_fmt(&g->a,
		"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX
		"\",\"manifests\":[%.*s,%.*s]}",
		STR_ARG(descriptor(g, MEDIA_OCI_MANIFEST, &m, 100)),
		STR_ARG(descriptor(g, MEDIA_OCI_MANIFEST, &other, 8)));
	OK(blob_put(g->t.s, bytes, &index, &err));
	FAILS(ERR_NOT_FOUND, push(g, &index, "me/app:v1", &err));
	assert_non_null(strstr(err.hint, "--all-platforms"));
	fake_manifest(&g->f, "me/app", NULL, MEDIA_OCI_MANIFEST, S("not here"));
	OK(push(g, &index, "me/app:v1", &err));
	assert_true(has_tag(&g->f, "me/app", "v1", &index));
}

static void push_of_a_layer_that_is_only_there(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	struct digest m = store_image(g, "layer");
	char path[200];
	path_of(&g->layers[0], path);
	assert_int_equal(unlinkat(store_root_fd(g->t.s), path, 0), 0);
	FAILS(ERR_NOT_FOUND, push(g, &m, "me/app:v1", &err));
	fake_blob(&g->f, "me/app", S("layer"));
	OK(push(g, &m, "me/app:v1", &err));
}

/* ---- copying ---- */

static void copy_between_registries(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	struct image_ref from, to;
	struct image_descriptor d;
	make_image(g, &g->f, "me/app", "v1");
	from = ref(g, "me/app:v1");
	OK(image_ref_parse(arena_fmt(&g->a, "127.0.0.1:%u/you/app:v2", g->f2.port), &g->a, &to,
		&err));
	OK(remote_copy(g->r, &from, &to, NULL, false, g->t.s, &d, &g->a, &err));
	assert_true(digest_eq(&d.digest, &g->manifest));
	assert_true(has_tag(&g->f2, "you/app", "v2", &g->manifest));
	for (int i = 0; i < 3; i++)
		assert_true(has_blob(&g->f2, "you/app", &g->layers[i]));
	assert_int_equal(count_in(&g->t, "tmp"), 0);
	assert_false(blob_exists(g->t.s, &g->layers[1]));
	/* within one server blobs are mounted */
	to = ref(g, "me/copy:v1");
	fake_forget(&g->f);
	OK(remote_copy(g->r, &from, &to, NULL, true, g->t.s, NULL, &g->a, &err));
	assert_int_equal(fake_asked(&g->f, "GET /v2/me/app/blobs"), 0);
	assert_true(has_blob(&g->f, "me/copy", &g->layers[1]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(push_sends_blobs_then_manifest),
		CASE(push_large_by_stream_and_in_chunks),
		CASE(push_goes_on_after_cuts),
		CASE(push_begins_anew_when_the_session_is_lost),
		CASE(push_gives_up_with_the_registrys_words),
		CASE(push_mounts_what_the_registry_has_elsewhere),
		CASE(push_all_tags_at_once_or_one_by_one),
		CASE(push_index_with_children_here_or_there),
		CASE(push_of_a_layer_that_is_only_there),
		CASE(copy_between_registries),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
