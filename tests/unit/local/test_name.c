#include "images.h"

static void finds(struct images *g, const char *text, const struct made *m, const char *name)
{
	struct err err = {0};
	struct image_descriptor found;
	struct image_ref ref;
	CLEANUP(buf_done) struct buf shown = BUF(1024);
	if (local_find_text(g->store, text, &g->arena, &found, &ref, &err) < 0)
		fail_msg("'%s': %s", text, err.what);
	if (!digest_eq(&found.digest, &m->manifest.digest))
		fail_msg("'%s' is another image", text);
	assert_int_equal(found.size, m->manifest.size);
	STR_IS(found.media_type, MEDIA_OCI_MANIFEST);
	if (ref.domain.n)
		image_ref_add_name(&shown, &ref);
	STR_IS(buf_str(&shown), name);
}

static void finds_not(struct images *g, const char *text, enum err_kind kind)
{
	struct err err = {0};
	struct image_descriptor found = {.size = 77};
	if (local_find_text(g->store, text, &g->arena, &found, NULL, &err) == 0)
		fail_msg("'%s' was found", text);
	if (err.kind != kind)
		fail_msg("'%s': %s: %s", text, err_kind_name(err.kind), err.what);
}

static void local_find_text_knows_names_digests_and_ids(void **state)
{
	struct images *g = *state;
	struct made m = images_one(g, "a");
	images_name(g, &m, "debian:12");
	images_name(g, &m, "ghcr.io/me/app");
	const char *manifest = images_hex(g, &m.manifest.digest, 0);
	const char *config = images_hex(g, &m.config.digest, 0);
	const struct {
		struct str text;
		const char *name;
	} cases[] = {
		{S("debian:12"), "docker.io/library/debian"},
		{S("docker.io/library/debian:12"), "docker.io/library/debian"},
		{S("index.docker.io/library/debian:12"), "docker.io/library/debian"},
		{S("ghcr.io/me/app"), "ghcr.io/me/app"},
		{S("ghcr.io/me/app:latest"), "ghcr.io/me/app"},
		{arena_fmt(&g->arena, "debian@sha256:%s", manifest), "docker.io/library/debian"},
		{arena_fmt(&g->arena, "debian:12@sha256:%s", manifest), "docker.io/library/debian"},
		{arena_fmt(&g->arena, "%s", manifest), ""},
		{arena_fmt(&g->arena, "sha256:%s", manifest), ""},
		{arena_fmt(&g->arena, "%.4s", manifest), ""},
		{arena_fmt(&g->arena, "%.12s", config), ""},
		{arena_fmt(&g->arena, "sha256:%.12s", config), ""},
		{arena_fmt(&g->arena, "%s", config), ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		finds(g, cases[i].text.p, &m, cases[i].name);
}

static void local_find_text_refuses_what_is_no_id(void **state)
{
	struct images *g = *state;
	struct made m = images_one(g, "a");
	images_name(g, &m, "debian:12");
	const char *hex = images_hex(g, &m.config.digest, 0);
	char upper[65];
	for (size_t i = 0; i < 65; i++)
		upper[i] = ch_upper(hex[i]);
	finds_not(g, "debian", ERR_NOT_FOUND); /* :latest */
	finds_not(g, "debian:13", ERR_NOT_FOUND);
	finds_not(g, "ghcr.io/library/debian:12", ERR_NOT_FOUND);
	finds_not(g, arena_fmt(&g->arena, "%.3s", hex).p, ERR_NOT_FOUND);
	finds_not(g, arena_fmt(&g->arena, "%s0", hex).p, ERR_NOT_FOUND);
	finds_not(g, "sha256:", ERR_INPUT);
	finds_not(g, "0000000000000", ERR_NOT_FOUND);
	finds_not(g, "", ERR_INPUT);
	finds_not(g, "DEBIAN:12", ERR_INPUT);
	if (strcmp(upper, hex) != 0)
		finds_not(g, upper, ERR_INPUT);
}

static void local_find_names_what_is_missing_and_how_to_get_it(void **state)
{
	struct images *g = *state;
	struct err err = {0};
	struct image_descriptor found;
	struct image_ref ref = images_ref(g, "debian");
	FAILS(ERR_NOT_FOUND, local_find(g->store, &ref, &g->arena, &found, &err));
	assert_string_equal(err.what, "no image 'debian:latest' here");
	assert_non_null(strstr(err.hint, "knarr pull debian:latest"));
}

/* Two images whose manifests' digests start with the same four digits. */
static void local_find_text_refuses_a_prefix_of_several(void **state)
{
	enum { MOST = 4000 };
	struct images *g = *state;
	struct err err = {0};
	struct image_descriptor found;
	struct made one = images_one(g, "a"), other;
	char name[32], first[DIGEST_HEX], hex[DIGEST_HEX];
	uint16_t seen[65536] = {0};
	struct made_layer layer = images_file_layer(g, "x");
	unsigned i = 1;
	for (;; i++) {
		if (i == MOST)
			fail_msg("no two digests start alike: the digests are not random");
		snprintf(name, sizeof(name), "v%u", i);
		struct image_platform p = {.os = S("linux"), .architecture = str_of(name)};
		other = images_of_layers(g, &layer, 1, &p);
		uint16_t *at =
			&seen[other.manifest.digest.bytes[0] << 8 | other.manifest.digest.bytes[1]];
		if (*at) {
			snprintf(name, sizeof(name), "v%u", *at);
			p.architecture = str_of(name);
			one = images_of_layers(g, &layer, 1, &p);
			break;
		}
		*at = (uint16_t)i;
	}
	images_name(g, &one, "one:1");
	images_name(g, &other, "other:1");
	digest_hex(&one.manifest.digest, first, 4);
	FAILS(ERR_CONFLICT, local_find_text(g->store, first, &g->arena, &found, NULL, &err));
	assert_non_null(strstr(err.what, first));
	digest_hex(&other.manifest.digest, hex, 64);
	finds(g, hex, &other, "");
	/* two names of one image are no conflict */
	struct image_ref ref = images_ref(g, "other:1");
	images_name(g, &one, "three:1");
	OK(local_untag(g->store, &ref, &err));
	finds(g, first, &one, "");
}

static void local_tag_gives_names_and_moves_them(void **state)
{
	struct images *g = *state;
	struct err err = {0};
	struct made a = images_one(g, "a"), b = images_one(g, "b");
	struct image_ref ref = images_ref(g, "127.0.0.1:5000/new"), gone = images_ref(g, "gone:1");
	images_name(g, &a, "a:1");
	images_name(g, &b, "b:1");
	OK(local_tag(g->store, &ref, &a.manifest.digest, &err));
	finds(g, "127.0.0.1:5000/new:latest", &a, "127.0.0.1:5000/new");
	OK(local_tag(g->store, &ref, &b.manifest.digest, &err));
	finds(g, "127.0.0.1:5000/new", &b, "127.0.0.1:5000/new");
	finds(g, "a:1", &a, "docker.io/library/a");
	struct digest none = digest_of(S("no such manifest"));
	FAILS(ERR_NOT_FOUND, local_tag(g->store, &gone, &none, &err));
	finds_not(g, "gone:1", ERR_NOT_FOUND);
	/* a layer is not an image */
	FAILS(ERR_NOT_FOUND, local_tag(g->store, &gone, &a.children[1], &err));
}

static void local_untag_takes_one_name(void **state)
{
	struct images *g = *state;
	struct err err = {0};
	struct made m = images_one(g, "a");
	struct image_ref one = images_ref(g, "a:1");
	images_name(g, &m, "a:1");
	images_name(g, &m, "a:2");
	OK(local_untag(g->store, &one, &err));
	finds_not(g, "a:1", ERR_NOT_FOUND);
	finds(g, "a:2", &m, "docker.io/library/a");
	FAILS(ERR_NOT_FOUND, local_untag(g->store, &one, &err));
	assert_string_equal(err.what, "no image 'a:1' here");
}

static void local_list_has_every_name_and_unnamed_images(void **state)
{
	struct images *g = *state;
	struct err err = {0};
	struct made m = images_one(g, "a");
	struct local_images all = {0};
	OK(local_list(g->store, &g->arena, &all, &err));
	assert_int_equal(all.n, 0);
	images_name(g, &m, "ghcr.io/me/app:v1");
	images_name(g, &m, "debian:12");
	images_put(g, &m, LOCAL_UNNAMED, images_hex(g, &m.manifest.digest, 64));
	images_put(g, &m, "me/app", "pushed"); /* the registry's: not an image of this machine */
	OK(local_list(g->store, &g->arena, &all, &err));
	assert_int_equal(all.n, 3);
	size_t n_unnamed = 0;
	VEC_EACH(&all, image) {
		assert_true(digest_eq(&image->descriptor.digest, &m.manifest.digest));
		assert_int_equal(image->moved_ns, IMAGES_NOW_NS);
		n_unnamed += !image->ref.domain.n;
	}
	assert_int_equal(n_unnamed, 1);
	vec_done(&all);
}

static void local_drop_unnamed_drops_by_age(void **state)
{
	struct images *g = *state;
	struct err err = {0};
	struct local_images all = {0};
	struct made old = images_one(g, "old"), young = images_one(g, "young");
	int64_t hour = 3600 * CLOCK_SECOND;
	OK(local_drop_unnamed(g->store, hour, &err)); /* nothing there */
	images_put(g, &old, LOCAL_UNNAMED, "old");
	images_name(g, &old, "named:1");
	g->clock.now_ns += 2 * hour;
	images_put(g, &young, LOCAL_UNNAMED, "young");
	OK(local_drop_unnamed(g->store, 2 * hour, &err)); /* exactly as old: stays */
	OK(local_list(g->store, &g->arena, &all, &err));
	assert_int_equal(all.n, 3);
	vec_clear(&all);
	OK(local_drop_unnamed(g->store, hour, &err));
	OK(local_list(g->store, &g->arena, &all, &err));
	assert_int_equal(all.n, 2);
	VEC_EACH(&all, image) {
		assert_false(str_is(image->ref.tag, "old"));
	}
	vec_done(&all);
	/* one can be taken away by hand */
	struct image_ref ref = {.tag = S("young")};
	OK(local_untag(g->store, &ref, &err));
	FAILS(ERR_NOT_FOUND, local_untag(g->store, &ref, &err));
}

/* ---- local_read ---- */

static struct image_descriptor put_index(struct images *g, struct image_descriptor *items, size_t n)
{
	CLEANUP(buf_done) struct buf b = BUF(1 << 20);
	struct image_manifest m = {.kind = IMAGE_INDEX,
		.media_type = S(MEDIA_OCI_INDEX),
		.items = items,
		.n_items = n};
	image_manifest_add(&b, &m);
	return images_document(g, &b, MEDIA_OCI_INDEX);
}

static void local_read_reduces_an_index_to_the_platform(void **state)
{
	struct images *g = *state;
	struct err err = {0};
	struct image_platform host = image_platform_host();
	struct image_platform platforms[] = {{.os = S("linux"), .architecture = S("s390x")},
		{.os = S("linux"), .architecture = S("arm"), .variant = S("v7")}, host};
	struct image_descriptor items[3];
	struct made images[3];
	struct local_documents d;
	for (size_t i = 0; i < 3; i++) {
		struct made_layer layer =
			images_file_layer(g, i ? i > 1 ? "host" : "arm" : "s390x");
		images[i] = images_of_layers(g, &layer, 1, &platforms[i]);
		items[i] = images[i].manifest;
		items[i].has_platform = true;
		items[i].platform = platforms[i];
	}
	struct image_descriptor index = put_index(g, items, 3), nested = put_index(g, &index, 1);
	OK(local_read(g->store, &index, NULL, &g->arena, &d, &err));
	assert_true(digest_eq(&d.manifest_descriptor.digest, &images[2].manifest.digest));
	for (size_t i = 0; i < 3; i++) {
		OK(local_read(g->store, &index, &platforms[i], &g->arena, &d, &err));
		assert_true(digest_eq(&d.manifest_descriptor.digest, &images[i].manifest.digest));
		assert_true(digest_eq(&d.manifest.config.digest, &images[i].config.digest));
		STR_IS(d.config.platform.architecture,
			arena_cstr(&g->arena, platforms[i].architecture));
		struct digest bytes = digest_of(d.manifest_bytes);
		assert_true(digest_eq(&images[i].manifest.digest, &bytes));
	}
	struct image_platform other = {.os = S("linux"), .architecture = S("riscv64")};
	FAILS(ERR_NOT_FOUND, local_read(g->store, &index, &other, &g->arena, &d, &err));
	/* an index in an index, its platform unsaid */
	int rc = local_read(g->store, &nested, &platforms[0], &g->arena, &d, &err);
	if (rc == 0)
		assert_true(digest_eq(&d.manifest_descriptor.digest, &images[0].manifest.digest));
	else
		assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void local_read_stops_in_indexes_without_end(void **state)
{
	struct images *g = *state;
	struct err err = {0};
	struct local_documents d;
	struct image_platform host = image_platform_host();
	struct image_descriptor at = images_one(g, "a").manifest;
	for (int i = 0; i < IMAGE_DEPTH_MAX + 2; i++) {
		at.has_platform = true;
		at.platform = host;
		at = put_index(g, &at, 1);
	}
	FAILS(ERR_LIMIT, local_read(g->store, &at, NULL, &g->arena, &d, &err));
}

static void local_read_refuses_what_is_damaged_or_gone(void **state)
{
	struct images *g = *state;
	struct err err = {0};
	struct local_documents d;
	struct made m = images_one(g, "a");
	char path[200], hex[DIGEST_HEX];
	digest_hex(&m.config.digest, hex, 0);
	snprintf(path, sizeof(path), "blobs/sha256/%.2s/%s", hex, hex);
	OK(local_read(g->store, &m.manifest, NULL, &g->arena, &d, &err));
	CLEANUP(buf_done) struct buf bytes = BUF(1 << 20);
	OK(fs_read_file(g->dir.fd, path, &bytes, &err));
	bytes.p[5] ^= 1;
	int fd = openat(g->dir.fd, path, O_WRONLY | O_CLOEXEC);
	if (fd < 0) { /* read-only, and we are not root */
		assert_int_equal(fchmodat(g->dir.fd, path, 0600, 0), 0);
		fd = openat(g->dir.fd, path, O_WRONLY | O_CLOEXEC);
	}
	OK(fs_write_fd(fd, bytes.p, bytes.n, &err));
	close(fd);
	FAILS(ERR_CORRUPT, local_read(g->store, &m.manifest, NULL, &g->arena, &d, &err));
	assert_int_equal(unlinkat(g->dir.fd, path, 0), 0);
	FAILS(ERR_NOT_FOUND, local_read(g->store, &m.manifest, NULL, &g->arena, &d, &err));
	/* a list that names a damaged image is still a list */
	images_name(g, &m, "a:1");
	struct local_images all = {0};
	OK(local_list(g->store, &g->arena, &all, &err));
	assert_int_equal(all.n, 1);
	vec_done(&all);
}

static void local_read_refuses_a_config_that_does_not_fit_its_layers(void **state)
{
	struct images *g = *state;
	struct err err = {0};
	struct local_documents d;
	struct made one = images_one(g, "a"),
		    two = images_make(g, (const char *const[]){"a", "b", NULL});
	CLEANUP(buf_done) struct buf b = BUF(1 << 20);
	OK(local_read(g->store, &two.manifest, NULL, &g->arena, &d, &err));
	d.manifest.config = one.config;
	image_manifest_add(&b, &d.manifest);
	struct image_descriptor mixed = images_document(g, &b, MEDIA_OCI_MANIFEST);
	FAILS(ERR_INPUT, local_read(g->store, &mixed, NULL, &g->arena, &d, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(local_find_text_knows_names_digests_and_ids),
		CASE(local_find_text_refuses_what_is_no_id),
		CASE(local_find_names_what_is_missing_and_how_to_get_it),
		CASE(local_find_text_refuses_a_prefix_of_several),
		CASE(local_tag_gives_names_and_moves_them),
		CASE(local_untag_takes_one_name),
		CASE(local_list_has_every_name_and_unnamed_images),
		CASE(local_drop_unnamed_drops_by_age),
		CASE(local_read_reduces_an_index_to_the_platform),
		CASE(local_read_stops_in_indexes_without_end),
		CASE(local_read_refuses_what_is_damaged_or_gone),
		CASE(local_read_refuses_a_config_that_does_not_fit_its_layers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
