#include "../blob/temp_store.h"

#include "compress/compress.h"
#include "remote/place_priv.h"
#include "tar/tar.h"

#include <sys/mman.h>
#include <sys/wait.h>

struct rig {
	struct temp_store t, other;
	struct arena a;
	struct digest image, config, layers[2];
	struct image_ref name;
};

static int rig_up(void **state)
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

static int rig_down(void **state)
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

static void add_tar(struct buf *b, const char *name, struct str content)
{
	struct err err = {0};
	struct tar_entry e = {
		.type = TAR_FILE, .name = str_of(name), .mode = 0644, .size = content.n};
	OK(tar_add_header(b, &e, &err));
	buf_add(b, content);
	for (size_t i = tar_padding(content.n); i > 0; i--)
		buf_add_ch(b, '\0');
}

static struct str layer_tar(struct rig *g, const char *name, size_t n)
{
	CLEANUP(buf_done) struct buf b = BUF(64 << 20), content = BUF(64 << 20);
	for (size_t i = 0; i < n; i++)
		buf_add_ch(&content, (char)(i * 2654435761u >> 13));
	add_tar(&b, name, buf_str(&content));
	tar_add_end(&b);
	return arena_str(&g->a, buf_str(&b));
}

static struct str gzip(struct rig *g, struct str plain)
{
	CLEANUP(compressor_free) struct compressor *c = compressor_new(COMPRESS_GZIP, 1);
	CLEANUP(buf_done) struct buf b = BUF(64 << 20);
	struct err err = {0};
	for (size_t at = 0; at < plain.n; at += 1 << 20)
		OK(compressor_member(c, str_sub(plain, at, at + (1 << 20)), &b, &err));
	return arena_str(&g->a, buf_str(&b));
}

static struct str descriptor(struct rig *g, const char *type, const struct digest *d, size_t n)
{
	char text[DIGEST_TEXT];
	return arena_fmt(&g->a, "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu}", type,
		digest_text(d, text), n);
}

static struct str config_text(struct rig *g, const struct digest *diff_ids, size_t n)
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

static void make_image(struct rig *g)
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

static struct place place_of(struct rig *g, const char *prefix, const char *file, const char *ref)
{
	struct place p;
	struct err err = {0};
	struct str text =
		arena_fmt(&g->a, "%s:%s/%s%s%s", prefix, g->t.path, file, ref[0] ? ":" : "", ref);
	assert_int_equal(place_parse(text, &g->a, &p, &err), 1);
	return p;
}

static int write_to(struct rig *g, const struct place *to, struct err *err)
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

static int read_from(struct rig *g, const struct place *from, struct place_images *ret,
	struct err *err)
{
	struct place_read r = {.store = g->other.s, .from = from};
	vec_clear(ret);
	return place_read(&r, &g->a, ret, err);
}

static void place_parse_forms(void **state)
{
	struct rig *g = *state;
	struct place p;
	struct err err = {0};
	assert_int_equal(place_parse(S("oci:/x/y"), &g->a, &p, &err), 1);
	assert_int_equal(p.kind, PLACE_OCI_DIR);
	assert_string_equal(p.path, "/x/y");
	assert_int_equal(p.reference.n, 0);
	assert_int_equal(place_parse(S("oci-archive:-:v1"), &g->a, &p, &err), 1);
	assert_string_equal(p.path, "-");
	STR_IS(p.reference, "v1");
	assert_int_equal(place_parse(S("docker-archive:a.tar:localhost:5000/x:y"), &g->a, &p, &err),
		1);
	STR_IS(p.reference, "localhost:5000/x:y");
	assert_int_equal(place_parse(S("debian:12"), &g->a, &p, &err), 0);
	assert_int_equal(place_parse(S("oci/debian"), &g->a, &p, &err), 0);
	FAILS(ERR_INPUT, place_parse(S("oci:"), &g->a, &p, &err));
	FAILS(ERR_INPUT, place_parse(S("oci::x"), &g->a, &p, &err));
}

static void oci_round_trip_keeps_the_digest(void **state)
{
	struct rig *g = *state;
	static const char *const kinds[] = {"oci", "oci-archive"};
	make_image(g);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct err err = {0};
		struct place p = place_of(g, kinds[i], kinds[i], "");
		struct place_images images = {0};
		struct digest d;
		OK(write_to(g, &p, &err));
		OK(write_to(g, &p, &err)); /* again changes nothing */
		OK(read_from(g, &p, &images, &err));
		assert_int_equal(images.n, 1);
		assert_true(digest_eq(&images.p[0].descriptor.digest, &g->image));
		STR_IS(images.p[0].name, "ghcr.io/me/app:v1");
		OK(tag_get(g->other.s, S("local:ghcr.io/me/app"), S("v1"), &d, &err));
		assert_true(digest_eq(&d, &g->image));
		OK(blob_verify(g->other.s, &g->layers[1], &err));
		/* by tag, by name, by number, and what is not there */
		static const char *const refs[] = {"v1", "ghcr.io/me/app:v1", "@0"};
		for (size_t k = 0; k < ARRAY_LEN(refs); k++) {
			struct place named = place_of(g, kinds[i], kinds[i], refs[k]);
			OK(read_from(g, &named, &images, &err));
			assert_int_equal(images.n, 1);
		}
		struct place wrong = place_of(g, kinds[i], kinds[i], "v2");
		FAILS(ERR_NOT_FOUND, read_from(g, &wrong, &images, &err));
		vec_done(&images);
		open_again(&g->other);
		OK(tag_remove(g->other.s, S("local:ghcr.io/me/app"), S("v1"), &err));
		collect(&g->other);
	}
	assert_int_equal(count_in(&g->t, "tmp"), 0);
}

static void layout_keeps_other_images(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	struct place p = place_of(g, "oci", "dir", "");
	struct place_images images = {0};
	make_image(g);
	OK(write_to(g, &p, &err));
	g->name.tag = S("v2");
	OK(write_to(g, &p, &err));
	FAILS(ERR_CONFLICT, read_from(g, &p, &images, &err));
	assert_non_null(strstr(err.hint, "ghcr.io/me/app:v1, ghcr.io/me/app:v2"));
	p = place_of(g, "oci", "dir", "v2");
	OK(read_from(g, &p, &images, &err));
	vec_done(&images);
}

static void docker_archive_round_trip(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	struct place p = place_of(g, "docker-archive", "saved.tar", "");
	struct place_images images = {0};
	struct image_ref names[2];
	make_image(g);
	names[0] = g->name;
	OK(image_ref_parse(S("debian:12"), &g->a, &names[1], &err));
	struct place_write w = {.store = g->t.s,
		.what = {.digest = g->image, .media_type = S(MEDIA_OCI_MANIFEST)},
		.names = names,
		.n_names = 2,
		.to = &p};
	OK(place_write(&w, &err));
	OK(read_from(g, &p, &images, &err));
	assert_int_equal(images.n, 2);
	STR_IS(images.p[1].name, "debian:12");
	/* the config is the same bytes: the image id stays */
	assert_true(blob_exists(g->other.s, &g->config));
	struct digest d;
	OK(tag_get(g->other.s, S("local:docker.io/library/debian"), S("12"), &d, &err));
	struct manifest_row row;
	OK(manifest_get(g->other.s, S("local:docker.io/library/debian"), &d, &g->a, &row, &err));
	STR_IS(row.media_type, MEDIA_OCI_MANIFEST);
	p.reference = S("debian:12");
	OK(read_from(g, &p, &images, &err));
	assert_int_equal(images.n, 1);
	p.reference = S("docker.io/library/debian:12");
	OK(read_from(g, &p, &images, &err));
	p.reference = S("debian:13");
	FAILS(ERR_NOT_FOUND, read_from(g, &p, &images, &err));
	vec_done(&images);
	assert_int_equal(count_in(&g->t, "tmp"), 0);
	assert_int_equal(count_in(&g->other, "tmp"), 0);
}

/* What other programs write: layers compressed or linked, documents first or last, all gzipped. */
static void write_file(struct rig *g, const char *name, struct str bytes)
{
	struct err err = {0};
	OK(fs_write_file(store_root_fd(g->t.s), name, bytes, 0644, FS_NO_SYNC, &err));
}

static void add_link(struct buf *b, const char *name, const char *target)
{
	struct err err = {0};
	struct tar_entry e = {.type = TAR_SYMLINK, .name = str_of(name), .link = str_of(target)};
	OK(tar_add_header(b, &e, &err));
}

static void docker_archive_as_others_write_it(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	CLEANUP(buf_done) struct buf b = BUF(64 << 20);
	struct place_images images = {0};
	struct str one = layer_tar(g, "a", 5000), empty = layer_tar(g, "x", 0);
	struct digest ids[3] = {digest_of(one), digest_of(one), digest_of(empty)};
	struct str config = config_text(g, ids, 3);
	add_tar(&b, "./one/layer.tar", one);
	add_link(&b, "two/layer.tar", "../one/layer.tar");
	add_tar(&b, "three/layer.tar", gzip(g, empty));
	add_tar(&b, "one/VERSION", S("1.0"));
	add_tar(&b, "manifest.json",
		S("[{\"Config\":\"c.json\",\"RepoTags\":null,\"Layers\":[\"one/layer.tar\","
		  "\"two/layer.tar\",\"three/layer.tar\"],\"Extra\":1}]"));
	add_tar(&b, "c.json", config);
	tar_add_end(&b);
	write_file(g, "others.tar", gzip(g, buf_str(&b)));
	struct place p = place_of(g, "docker-archive", "others.tar", "");
	OK(read_from(g, &p, &images, &err));
	assert_int_equal(images.n, 1);
	assert_int_equal(images.p[0].name.n, 0);
	struct digest c = digest_of(config);
	assert_true(blob_exists(g->other.s, &c));
	vec_done(&images);
}

static void docker_archive_bad(void **state)
{
	struct rig *g = *state;
	struct place_images images = {0};
	struct str layer = layer_tar(g, "a", 100);
	struct digest id = digest_of(layer), wrong = digest_of(S("wrong"));
	struct str good = config_text(g, &id, 1), bad_config = config_text(g, &wrong, 1);
#define M(config, layers) "[{\"Config\":" config ",\"RepoTags\":[\"a:1\"],\"Layers\":[" layers "]}]"
	const struct {
		const char *manifest;
		struct str config;
		const char *says;
		enum err_kind kind;
	} cases[] = {
		{NULL, good, "has no manifest.json", ERR_INPUT},
		{"{}", good, "manifest.json: expected a list", ERR_INPUT},
		{"[{}]", good, "manifest.json: [0]: ", ERR_INPUT},
		{"[{\"Config\":\"c\",\"Layers\":\"x\"}]", good, "Layers", ERR_INPUT},
		{M("\"nope\"", "\"l.tar\""), good, "config 'nope' is not in the archive",
			ERR_INPUT},
		{M("\"../../etc/passwd\"", "\"l.tar\""), good, "is not in the archive", ERR_INPUT},
		{M("\"c.json\"", "\"nope\""), good, "layer 'nope' is not in the archive",
			ERR_INPUT},
		{M("\"c.json\"", "\"c.json\""), good, "layer 'c.json' is not in the archive",
			ERR_INPUT},
		{M("\"c.json\"", ""), good, "0 layers, but the config names 1", ERR_INPUT},
		{M("\"c.json\"", "\"l.tar\""), bad_config, "expected content sha256:", ERR_INPUT},
		{M("\"c.json\"", "\"loop\""), good, "layer 'loop' is not in the archive",
			ERR_INPUT},
		{M("\"l.tar\"", "\"l.tar\""), good, "config 'l.tar' is not in the archive",
			ERR_INPUT},
		{M("\"c.json\"", "\"l.tar\""), S("[]"), "expected an object", ERR_INPUT},
		{"[]", good, "there is no image", ERR_NOT_FOUND},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(buf_done) struct buf b = BUF(64 << 20);
		struct err err = {0};
		add_tar(&b, "l.tar", layer);
		add_link(&b, "loop", "loop");
		add_tar(&b, "c.json", cases[i].config);
		if (cases[i].manifest)
			add_tar(&b, "manifest.json", str_of(cases[i].manifest));
		tar_add_end(&b);
		write_file(g, "bad.tar", buf_str(&b));
		struct place p = place_of(g, "docker-archive", "bad.tar", "");
		if (read_from(g, &p, &images, &err) == 0 || err.kind != cases[i].kind ||
			!strstr(err.what, cases[i].says))
			fail_msg("%zu: %s: %s", i, err_kind_name(err.kind), err.what);
	}
	vec_done(&images);
}

static void oci_archive_bad(void **state)
{
	struct rig *g = *state;
	struct place_images images = {0};
	char text[DIGEST_TEXT], hex[DIGEST_HEX];
	struct digest d = digest_of(S("the bytes"));
	const char *version = "{\"imageLayoutVersion\":\"1.0.0\"}";
	struct str index = arena_fmt(&g->a,
		"{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"" MEDIA_OCI_MANIFEST
		"\",\"digest\":\"%s\",\"size\":9}]}",
		digest_text(&d, text));
	char path[200];
	snprintf(path, sizeof(path), "blobs/sha256/%s", digest_hex(&d, hex, 0));
	const struct {
		const char *version;
		struct str index, blob;
		const char *says;
	} cases[] = {
		{NULL, index, S("the bytes"), "has no oci-layout"},
		{version, STR_NONE, S("the bytes"), "has no index.json"},
		{"{\"imageLayoutVersion\":\"9\"}", index, S("the bytes"), "version '9'"},
		{version, index, STR_NONE, "the archive has no sha256:"},
		{version, index, S("other bytes"), "expected content"},
		{version, index, S("the bytes"), "manifest sha256:"},
		{version, S("{\"schemaVersion\":2,\"manifests\":[]}"), STR_NONE,
			"there is no image"},
		{version, S("nonsense"), STR_NONE, "index.json"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(buf_done) struct buf b = BUF(64 << 20);
		struct err err = {0};
		open_again(&g->other);
		collect(&g->other);
		if (cases[i].blob.n)
			add_tar(&b, path, cases[i].blob);
		if (cases[i].version)
			add_tar(&b, "oci-layout", str_of(cases[i].version));
		if (cases[i].index.n)
			add_tar(&b, "index.json", cases[i].index);
		tar_add_end(&b);
		write_file(g, "bad.tar", buf_str(&b));
		struct place p = place_of(g, "oci-archive", "bad.tar", "");
		if (read_from(g, &p, &images, &err) == 0 || !strstr(err.what, cases[i].says))
			fail_msg("%zu: %s", i, err.what);
	}
	write_file(g, "bad.tar", S("this is no archive at all, but it has to be long enough"));
	struct place p = place_of(g, "oci-archive", "bad.tar", "");
	struct err err = {0};
	FAILS(ERR_INPUT, read_from(g, &p, &images, &err));
	vec_done(&images);
	assert_int_equal(count_in(&g->other, "tmp"), 0);
}

/* A layout whose blob is a symlink to somewhere else, or a FIFO. */
static void layout_hostile_files(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	struct place_images images = {0};
	struct place p = place_of(g, "oci", "dir", "");
	char path[300], hex[DIGEST_HEX];
	make_image(g);
	OK(write_to(g, &p, &err));
	snprintf(path, sizeof(path), "%s/dir/blobs/sha256/%s", g->t.path,
		digest_hex(&g->layers[0], hex, 0));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	FAILS(ERR_NOT_FOUND, read_from(g, &p, &images, &err)); /* /etc/passwd inside the layout */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	FAILS(ERR_INPUT, read_from(g, &p, &images, &err));
	assert_int_equal(unlink(path), 0);
	FAILS(ERR_NOT_FOUND, read_from(g, &p, &images, &err));
	vec_done(&images);
}

static void places_by_fd(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	struct place p;
	struct place_images images = {0};
	make_image(g);
	int fd = memfd_create("image", MFD_CLOEXEC);
	assert_int_equal(place_parse(S("oci-archive:-"), &g->a, &p, &err), 1);
	struct place_write w = {.store = g->t.s,
		.what = {.digest = g->image, .media_type = S(MEDIA_OCI_MANIFEST)},
		.to = &p,
		.fd = fd};
	OK(place_write(&w, &err));
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	struct place_read r = {.store = g->other.s,
		.from = &p,
		.fd = fd,
		.repository = S("local:docker.io/library/mine"),
		.tag = S("x")};
	OK(place_read(&r, &g->a, &images, &err));
	struct digest d;
	OK(tag_get(g->other.s, r.repository, S("x"), &d, &err));
	assert_true(digest_eq(&d, &g->image));
	vec_done(&images);
	close(fd);
}

/* ---- with skopeo, where it is ---- */

static int run(const char *const *argv)
{
	int status;
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void skopeo_reads_ours_and_we_read_skopeos(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	const char *const version[] = {"skopeo", "--version", NULL};
	if (run(version) != 0)
		skip();
	make_image(g);
	static const char *const kinds[] = {"oci", "oci-archive", "docker-archive"};
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
			struct place_images images = {0};
			char from[200], to[200], file[64];
			struct place ours = place_of(g, kinds[i], kinds[i], "");
			OK(write_to(g, &ours, &err));
			snprintf(file, sizeof(file), "skopeo-%zu-%zu", i, k);
			snprintf(from, sizeof(from), "%s:%s/%s%s", kinds[i], g->t.path, kinds[i],
				i == 2 ? ":ghcr.io/me/app:v1" : ":v1");
			snprintf(to, sizeof(to), "%s:%s/%s:ghcr.io/me/app:v1", kinds[k], g->t.path,
				file);
			const char *const copy[] = {
				"skopeo", "copy", "-q", "--insecure-policy", from, to, NULL};
			if (run(copy) != 0)
				fail_msg("skopeo copy %s %s", from, to);
			struct place theirs = place_of(g, kinds[k], file, "ghcr.io/me/app:v1");
			OK(read_from(g, &theirs, &images, &err));
			assert_int_equal(images.n, 1);
			/* through docker-archive only the config keeps its digest */
			if (i < 2 && k < 2)
				assert_true(digest_eq(&images.p[0].descriptor.digest, &g->image));
			assert_true(blob_exists(g->other.s, &g->config));
			vec_done(&images);
		}
	}
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_up, rig_down)
	const struct CMUnitTest tests[] = {
		CASE(place_parse_forms),
		CASE(oci_round_trip_keeps_the_digest),
		CASE(layout_keeps_other_images),
		CASE(docker_archive_round_trip),
		CASE(docker_archive_as_others_write_it),
		CASE(docker_archive_bad),
		CASE(oci_archive_bad),
		CASE(layout_hostile_files),
		CASE(places_by_fd),
		CASE(skopeo_reads_ours_and_we_read_skopeos),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
