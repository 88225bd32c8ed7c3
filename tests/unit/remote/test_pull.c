#include "rig.h"

static void pull_stores_exact_bytes_links_and_tag(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	struct digest d;
	make_image(g, &g->f, "me/app", "v1");
	struct image_ref name = ref(g, "me/app:v1");
	struct image_descriptor top, manifest;
	struct remote_pull p = {.store = g->t.s, .name = &name};
	OK(remote_pull(g->r, &p, &g->a, &top, &manifest, &err));
	assert_true(digest_eq(&top.digest, &g->manifest));
	assert_true(digest_eq(&manifest.digest, &g->manifest));
	STR_IS(top.media_type, MEDIA_OCI_MANIFEST);
	struct str repo = arena_fmt(&g->a, "local:%s/me/app", g->host);
	OK(tag_get(g->t.s, repo, S("v1"), &d, &err));
	assert_true(digest_eq(&d, &g->manifest));
	for (int i = 0; i < 3; i++) {
		OK(blob_verify(g->t.s, &g->layers[i], &err));
		assert_int_equal(link_has(g->t.s, repo, &g->layers[i], &err), 1);
	}
	assert_int_equal(link_has(g->t.s, repo, &g->config_digest, &err), 1);
	struct manifest_row row;
	OK(manifest_get(g->t.s, repo, &g->manifest, &g->a, &row, &err));
	STR_IS(row.artifact_type, MEDIA_OCI_CONFIG);
	/* what is here survives a collection */
	open_again(&g->t);
	assert_int_equal(collect(&g->t).n_blobs, 0);
}

static void pull_again_asks_for_nothing_but_the_tag(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	make_image(g, &g->f, "me/app", "v1");
	OK(pull(g, "me/app:v1", &err));
	fake_forget(&g->f);
	OK(pull(g, "me/app:v1", &err));
	assert_int_equal(fake_asked(&g->f, "GET"), 0);
	assert_int_equal(fake_asked(&g->f, "HEAD /v2/me/app/manifests/v1"), 1);
	/* by digest: nobody is asked at all */
	fake_forget(&g->f);
	char text[DIGEST_TEXT];
	OK(pull(g, arena_fmt(&g->a, "me/app@%s", digest_text(&g->manifest, text)).p, &err));
	assert_int_equal(fake_asked(&g->f, "/v2/"), 0);
	struct digest d;
	OK(tag_get(g->t.s, arena_fmt(&g->a, "local:%s/me/app", g->host), str_of(text), &d, &err));
}

static void pull_same_layer_twice_comes_once(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	struct digest layer = fake_blob(&g->f, "me/app", S("x"));
	struct str config = config_for(g, "linux"), l = descriptor(g, MEDIA_OCI_LAYER, &layer, 1);
	struct digest c = fake_blob(&g->f, "me/app", config);
	fake_manifest(&g->f, "me/app", "v1", MEDIA_DOCKER_MANIFEST,
		arena_fmt(&g->a, "{\"config\":%.*s,\"layers\":[%.*s,%.*s]}",
			STR_ARG(descriptor(g, MEDIA_DOCKER_CONFIG, &c, config.n)), STR_ARG(l),
			STR_ARG(l)));
	OK(pull(g, "me/app:v1", &err));
	assert_int_equal(fake_asked(&g->f, "GET /v2/me/app/blobs/"), 2);
}

/* ---- indexes ---- */

static struct digest add_platform(struct rig *g, const char *repo, const char *platform,
	size_t *ret_n)
{
	struct str config = config_for(g, platform);
	struct digest c = fake_blob(&g->f, repo, config);
	struct str m = arena_fmt(&g->a, "{\"schemaVersion\":2,\"config\":%.*s,\"layers\":[]}",
		STR_ARG(descriptor(g, MEDIA_OCI_CONFIG, &c, config.n)));
	*ret_n = m.n;
	return fake_manifest(&g->f, repo, NULL, MEDIA_OCI_MANIFEST, m);
}

static struct str entry(struct rig *g, const struct digest *d, size_t n, const char *os,
	const char *architecture)
{
	char text[DIGEST_TEXT];
	return arena_fmt(&g->a,
		"{\"mediaType\":\"" MEDIA_OCI_MANIFEST
		"\",\"digest\":\"%s\",\"size\":%zu,\"platform\":{\"os\":\"%s\",\"architecture\":\"%s\"}}",
		digest_text(d, text), n, os, architecture);
}

static struct digest make_index(struct rig *g, struct digest children[2])
{
	size_t n[2];
	children[0] = add_platform(g, "me/app", "linux/s390x", &n[0]);
	children[1] = add_platform(g, "me/app", "linux/ppc64le", &n[1]);
	return fake_manifest(&g->f, "me/app", "multi", MEDIA_OCI_INDEX,
		arena_fmt(&g->a, "{\"schemaVersion\":2,\"manifests\":[%.*s,%.*s]}",
			STR_ARG(entry(g, &children[0], n[0], "linux", "s390x")),
			STR_ARG(entry(g, &children[1], n[1], "linux", "ppc64le"))));
}

static void pull_index_picks_the_platform(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	struct digest children[2], index = make_index(g, children);
	struct image_ref name = ref(g, "me/app:multi");
	struct image_platform want = {.os = S("linux"), .architecture = S("ppc64le")};
	struct image_descriptor top, manifest;
	struct remote_pull p = {.store = g->t.s, .name = &name, .platform = &want};
	OK(remote_pull(g->r, &p, &g->a, &top, &manifest, &err));
	assert_true(digest_eq(&top.digest, &index));
	assert_true(digest_eq(&manifest.digest, &children[1]));
	assert_false(blob_exists(g->t.s, &children[0]));
	p.is_all_platforms = true;
	OK(remote_pull(g->r, &p, &g->a, &top, &manifest, &err));
	assert_true(blob_exists(g->t.s, &children[0]));
	p.is_all_platforms = false;
	want.architecture = S("riscv64");
	FAILS(ERR_NOT_FOUND, remote_pull(g->r, &p, &g->a, &top, &manifest, &err));
	assert_non_null(strstr(err.hint, "linux/s390x, linux/ppc64le"));
}

static void pull_manifest_of_another_platform(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	size_t n;
	struct digest d = add_platform(g, "me/app", "linux/s390x", &n);
	char text[DIGEST_TEXT];
	struct image_ref name = ref(g, arena_fmt(&g->a, "me/app@%s", digest_text(&d, text)).p);
	struct image_platform want = {.os = S("linux"), .architecture = S("ppc64le")};
	struct remote_pull p = {.store = g->t.s, .name = &name, .platform = &want};
	FAILS(ERR_NOT_FOUND, remote_pull(g->r, &p, &g->a, NULL, NULL, &err));
	p.platform = NULL; /* nobody asked: a warning only */
	OK(remote_pull(g->r, &p, &g->a, NULL, NULL, &err));
}

/* F27: nesting, and an index that leads nowhere. */
static void pull_nested_indexes(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	size_t n;
	struct digest d = add_platform(g, "me/app", "linux", &n);
	const char *type = MEDIA_OCI_MANIFEST;
	for (int depth = 0; depth < 12; depth++) {
		struct str index = arena_fmt(&g->a, "{\"schemaVersion\":2,\"manifests\":[%.*s]}",
			STR_ARG(descriptor(g, type, &d, n)));
		char tag[8];
		snprintf(tag, sizeof(tag), "d%d", depth);
		d = fake_manifest(&g->f, "me/app", tag, MEDIA_OCI_INDEX, index);
		n = index.n;
		type = MEDIA_OCI_INDEX;
	}
	OK(pull(g, "me/app:d0", &err));
	OK(pull(g, "me/app:d6", &err));
	FAILS(ERR_LIMIT, pull(g, "me/app:d11", &err));
	fake_manifest(&g->f, "me/app", "empty", MEDIA_OCI_INDEX,
		S("{\"schemaVersion\":2,\"manifests\":[]}"));
	FAILS(ERR_NOT_FOUND, pull(g, "me/app:empty", &err));
}

/* ---- lies ---- */

static void pull_refuses_wrong_bytes(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	char match[200], text[DIGEST_TEXT];
	make_image(g, &g->f, "me/app", "v1");
	g->f.faults[0] =
		(struct fake_fault){.match = "/manifests/", .times = -1, .is_garbled = true};
	FAILS(ERR_INPUT, pull(g, "me/app:v1", &err));
	assert_non_null(strstr(err.what, "expected manifest sha256:"));
	snprintf(match, sizeof(match), "/blobs/%s", digest_text(&g->layers[1], text));
	g->f.faults[0] = (struct fake_fault){.match = match, .times = -1, .is_garbled = true};
	FAILS(ERR_INPUT, pull(g, "me/app:v1", &err));
	assert_non_null(strstr(err.what, "expected content"));
	assert_false(blob_exists(g->t.s, &g->layers[1]));
	g->f.faults[0] = (struct fake_fault){
		.match = match, .times = -1, .status = 200, .body = "something shorter"};
	FAILS(ERR_INPUT, pull(g, "me/app:v1", &err));
	assert_non_null(strstr(err.what, "instead of 1000000"));
	open_again(&g->t); /* the other layers came, and go again */
	collect(&g->t);
	snprintf(match, sizeof(match), "/blobs/%s", digest_text(&g->layers[0], text));
	g->f.faults[0] = (struct fake_fault){.match = match,
		.times = -1,
		.status = 200,
		.body = "something longer than it should be"};
	FAILS(ERR_INPUT, pull(g, "me/app:v1", &err));
	assert_non_null(strstr(err.what, "more than the 10 bytes"));
	struct digest d;
	FAILS(ERR_NOT_FOUND,
		tag_get(g->t.s, arena_fmt(&g->a, "local:%s/me/app", g->host), S("v1"), &d, &err));
	assert_int_equal(count_in(&g->t, "tmp"), 0);
}

static void pull_refuses_documents_it_must_not_read(void **state)
{
	static const struct {
		const char *type, *text, *says;
		enum err_kind kind;
	} cases[] = {
		{"application/vnd.docker.distribution.manifest.v1+prettyjws",
			"{\"schemaVersion\":1,\"fsLayers\":[]}", "schema 1", ERR_UNSUPPORTED},
		{MEDIA_OCI_INDEX, "{\"config\":{},\"layers\":[]}", "", ERR_INPUT},
		{MEDIA_OCI_MANIFEST, "{\"manifests\":[],\"layers\":[]}", "", ERR_INPUT},
		{MEDIA_OCI_MANIFEST, "not json", "", ERR_INPUT},
		{"text/html", "<html>", "", ERR_INPUT},
	};
	struct rig *g = *state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		fake_manifest(&g->f, "me/app", "v1", cases[i].type, str_of(cases[i].text));
		FAILS(cases[i].kind, pull(g, "me/app:v1", &err));
		assert_non_null(strstr(err.what, cases[i].says));
		assert_non_null(strstr(err.what, "me/app:v1"));
	}
}

static void pull_of_nothing(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	FAILS(ERR_NOT_FOUND, pull(g, "me/app:v1", &err));
	struct image_ref nowhere;
	OK(image_ref_parse(S("127.0.0.1:1/x"), &g->a, &nowhere, &err));
	FAILS(ERR_NET, pull_as(g, nowhere, &err));
}

/* ---- bad connections ---- */

static void pull_goes_on_after_cuts(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	char match[200], text[DIGEST_TEXT];
	make_image(g, &g->f, "me/app", "v1");
	snprintf(match, sizeof(match), "GET /v2/me/app/blobs/%s", digest_text(&g->layers[1], text));
	g->f.faults[0] = (struct fake_fault){.match = match, .times = 8, .cut_after = 100 * 1000};
	OK(pull(g, "me/app:v1", &err));
	OK(blob_verify(g->t.s, &g->layers[1], &err));
	assert_int_equal(fake_asked(&g->f, match), 9);
	assert_int_equal(fake_asked(&g->f, "Range=bytes=800000-"), 1);
}

static void pull_from_a_server_without_ranges(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	char match[200], text[DIGEST_TEXT];
	make_image(g, &g->f, "me/app", "v1");
	snprintf(match, sizeof(match), "GET /v2/me/app/blobs/%s", digest_text(&g->layers[1], text));
	g->f.faults[0] = (struct fake_fault){.match = match, .times = 1, .cut_after = 300 * 1000};
	g->f.faults[1] = (struct fake_fault){
		.match = match, .times = 1, .cut_after = 600 * 1000, .ignores_range = true};
	g->f.faults[2] = (struct fake_fault){.match = match, .times = 1, .ignores_range = true};
	OK(pull(g, "me/app:v1", &err));
	OK(blob_verify(g->t.s, &g->layers[1], &err));
}

static void pull_gives_up_in_the_end(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	char match[200], text[DIGEST_TEXT];
	make_image(g, &g->f, "me/app", "v1");
	snprintf(match, sizeof(match), "GET /v2/me/app/blobs/%s", digest_text(&g->layers[2], text));
	g->f.faults[0] = (struct fake_fault){.match = match,
		.times = -1,
		.status = 503,
		.body = "{\"errors\":[{\"code\":\"X\",\"message\":\"come back later\"}]}"};
	FAILS(ERR_NET, pull(g, "me/app:v1", &err));
	assert_non_null(strstr(err.what, "come back later"));
	assert_int_equal(fake_asked(&g->f, match), REMOTE_TRIES);
}

static void pull_waits_when_told(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	make_image(g, &g->f, "me/app", "v1");
	g->f.faults[0] = (struct fake_fault){.match = "HEAD", .times = 2, .status = 429};
	g->f.faults[1] = (struct fake_fault){
		.match = "HEAD", .times = 1, .status = 503, .headers = "Retry-After: 1\r\n"};
	g->f.faults[2] =
		(struct fake_fault){.match = "GET /v2/me/app/manifests", .times = 3, .status = 502};
	int64_t before = clock_monotonic(clock_system());
	OK(pull(g, "me/app:v1", &err));
	assert_true(clock_monotonic(clock_system()) - before >= CLOCK_SECOND);
	g->f.faults[0] = (struct fake_fault){.match = "HEAD", .times = -1, .status = 429};
	FAILS(ERR_NET, pull(g, "me/app:v1", &err));
	assert_non_null(strstr(err.hint, "mirror"));
}

/* ---- cancel ---- */

struct canceler {
	struct event_sink sink;
	struct cancel c;
};

static void cancel_on_progress(struct event_sink *s, const struct event *e)
{
	struct canceler *c = (struct canceler *)s;
	if (e->kind == EVENT_PROGRESS)
		cancel_ask(&c->c);
}

static void pull_canceled_in_the_middle(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	struct canceler c = {.sink = {cancel_on_progress}};
	make_image(g, &g->f, "me/app", "v1");
	OK(cancel_init(&c.c, &err));
	struct remote_spec spec = {.docker_config = g->config,
		.retry_ns = 60 * CLOCK_SECOND,
		.cancel = &c.c,
		.events = &c.sink};
	remote_free(g->r);
	OK(remote_new(&spec, &g->r, &err));
	FAILS(ERR_CANCELED, pull(g, "me/app:v1", &err));
	remote_free(TAKE(g->r));
	cancel_done(&c.c);
	assert_int_equal(count_in(&g->t, "tmp"), 0);
}

/* ---- callbacks ---- */

struct layers_seen {
	struct rig *g;
	atomic_int n_stored;
};

static int on_layer(void *ctx, const struct image_descriptor *layer, struct err *err)
{
	struct layers_seen *l = ctx;
	if (!blob_exists(l->g->t.s, &layer->digest))
		return err_set(err, ERR_BUG, "told too early");
	atomic_fetch_add(&l->n_stored, 1);
	return 0;
}

static bool has_layer(void *ctx, const struct image_descriptor *layer)
{
	struct layers_seen *l = ctx;
	return digest_eq(&layer->digest, &l->g->layers[1]);
}

static void pull_tells_of_layers_and_skips_known_ones(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	struct layers_seen l = {.g = g};
	make_image(g, &g->f, "me/app", "v1");
	struct image_ref name = ref(g, "me/app:v1");
	struct remote_pull p = {.store = g->t.s,
		.name = &name,
		.on_layer = on_layer,
		.has_layer = has_layer,
		.ctx = &l};
	OK(remote_pull(g->r, &p, &g->a, NULL, NULL, &err));
	assert_int_equal(atomic_load(&l.n_stored), 2);
	assert_false(blob_exists(g->t.s, &g->layers[1]));
}

/* ---- names that live elsewhere ---- */

static void pull_maps_prefixes_and_tries_mirrors(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	struct image_ref name;
	make_image(g, &g->f, "hub/library/debian", "12");
	g->registry = (struct remote_registry){
		.prefix = "docker.io", .location = arena_fmt(&g->a, "%s/hub", g->host).p};
	g->mirrors[0] = arena_fmt(&g->a, "127.0.0.1:%u/mirror", g->f2.port).p;
	g->registry.mirrors = g->mirrors;
	new_remote(g);
	OK(image_ref_parse(S("debian:12"), &g->a, &name, &err));
	OK(pull_as(g, name, &err));
	assert_int_equal(fake_asked(&g->f2, "HEAD /v2/mirror/library/debian/manifests/12"), 1);
	struct digest d;
	OK(tag_get(g->t.s, S("local:docker.io/library/debian"), S("12"), &d, &err));
	/* with the mirror in order the registry is not asked */
	make_image(g, &g->f2, "mirror/library/debian", "12");
	fake_forget(&g->f);
	OK(pull_as(g, name, &err));
	assert_int_equal(fake_asked(&g->f, "/v2/hub"), 0);
}

static void resolve_fetch_tags_delete(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	make_image(g, &g->f, "me/app", "v1");
	struct image_ref name = ref(g, "me/app:v1");
	struct image_descriptor d;
	OK(remote_resolve(g->r, &name, &d, &g->a, &err));
	assert_true(digest_eq(&d.digest, &g->manifest));
	/* without HEAD */
	g->f.faults[0] = (struct fake_fault){.match = "HEAD", .times = -1, .status = 405};
	OK(remote_resolve(g->r, &name, &d, &g->a, &err));
	assert_true(digest_eq(&d.digest, &g->manifest));
	struct str *tags;
	size_t n;
	OK(remote_tags(g->r, &name, &g->a, &tags, &n, &err));
	assert_int_equal(n, 3);
	STR_IS(tags[2], "c");
	OK(remote_delete(g->r, &name, &err));
	assert_int_equal(fake_asked(&g->f, "DELETE /v2/me/app/manifests/v1"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(pull_stores_exact_bytes_links_and_tag),
		CASE(pull_again_asks_for_nothing_but_the_tag),
		CASE(pull_same_layer_twice_comes_once),
		CASE(pull_index_picks_the_platform),
		CASE(pull_manifest_of_another_platform),
		CASE(pull_nested_indexes),
		CASE(pull_refuses_wrong_bytes),
		CASE(pull_refuses_documents_it_must_not_read),
		CASE(pull_of_nothing),
		CASE(pull_goes_on_after_cuts),
		CASE(pull_from_a_server_without_ranges),
		CASE(pull_gives_up_in_the_end),
		CASE(pull_waits_when_told),
		CASE(pull_canceled_in_the_middle),
		CASE(pull_tells_of_layers_and_skips_known_ones),
		CASE(pull_maps_prefixes_and_tries_mirrors),
		CASE(resolve_fetch_tags_delete),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
