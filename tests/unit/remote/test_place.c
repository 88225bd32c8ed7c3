#include "place_rig.h"

#include <pthread.h>
#include <sys/mman.h>

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

/* A reference without a name, as a cache has it: replaced by the next of that reference only. */
static void layout_entry_by_reference(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	struct place one = place_of(g, "oci", "refs", "one"),
		     two = place_of(g, "oci", "refs", "two");
	struct place_images images = {0};
	CLEANUP(buf_done) struct buf index = BUF(1 << 20);
	make_image(g);
	struct place_write w = {
		.store = g->t.s, .what = {.digest = g->image, .media_type = S(MEDIA_OCI_MANIFEST)}};
	const struct place *order[] = {&one, &two, &one};
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		w.to = order[i];
		OK(place_write(&w, &err));
	}
	struct str path = arena_fmt(&g->a, "%s/index.json", one.path);
	OK(fs_read_file(AT_FDCWD, path.p, &index, &err));
	size_t n = 0;
	for (struct str rest = buf_str(&index); str_has(rest, S("\"digest\"")); n++)
		rest = str_skip(rest, (size_t)str_find(rest, S("\"digest\"")) + 1);
	assert_int_equal(n, 2);
	assert_false(str_has(buf_str(&index), S("io.containerd.image.name")));
	OK(read_from(g, &two, &images, &err));
	STR_IS(images.p[0].name, "two");
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

/* docker save since 25: a layout and docker's manifest.json in one, with plain layers. */
static void archive_of_both_kinds(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	CLEANUP(buf_done) struct buf b = BUF(64 << 20);
	char hex[DIGEST_HEX], layer_path[200], config_path[200], path[200];
	struct str layer = layer_tar(g, "a", 5000);
	struct digest l = digest_of(layer);
	struct str config = config_text(g, &l, 1);
	struct digest c = digest_of(config);
	struct str m = arena_fmt(&g->a,
		"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST
		"\",\"config\":%.*s,\"layers\":[%.*s]}",
		STR_ARG(descriptor(g, MEDIA_OCI_CONFIG, &c, config.n)),
		STR_ARG(descriptor(g, MEDIA_OCI_LAYER, &l, layer.n)));
	struct digest d = digest_of(m);
	snprintf(layer_path, sizeof(layer_path), "blobs/sha256/%s", digest_hex(&l, hex, 0));
	snprintf(config_path, sizeof(config_path), "blobs/sha256/%s", digest_hex(&c, hex, 0));
	snprintf(path, sizeof(path), "blobs/sha256/%s", digest_hex(&d, hex, 0));
	add_tar(&b, layer_path, layer);
	add_tar(&b, config_path, config);
	add_tar(&b, path, m);
	add_tar(&b, "index.json",
		arena_fmt(&g->a, "{\"schemaVersion\":2,\"manifests\":[%.*s]}",
			STR_ARG(descriptor(g, MEDIA_OCI_MANIFEST, &d, m.n))));
	add_tar(&b, "manifest.json",
		arena_fmt(&g->a,
			"[{\"Config\":\"%s\",\"RepoTags\":[\"a:1\"],\"Layers\":[\"%s\"],"
			"\"LayerSources\":{}}]",
			config_path, layer_path));
	add_tar(&b, "oci-layout", S(LAYOUT_VERSION));
	add_tar(&b, "repositories", S("{}"));
	tar_add_end(&b);
	write_file(g, "both.tar", buf_str(&b));
	static const char *const kinds[] = {"oci-archive", "docker-archive"};
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct place_images images = {0};
		struct place p = place_of(g, kinds[i], "both.tar", "");
		OK(read_from(g, &p, &images, &err));
		assert_int_equal(images.n, 1);
		assert_int_equal(digest_eq(&images.p[0].descriptor.digest, &d), i == 0);
		assert_true(blob_exists(g->other.s, &c));
		vec_done(&images);
	}
}

/* ---- an index of several platforms ---- */

/* g->image for this machine, and one that is not here. */
static struct digest make_index(struct rig *g)
{
	struct err err = {0};
	struct digest d, gone = digest_of(S("gone"));
	struct image_platform host = image_platform_host();
	char text[DIGEST_TEXT];
	uint64_t size;
	make_image(g);
	OK(blob_size(g->t.s, &g->image, &size, &err));
	struct str here = arena_fmt(&g->a,
		"{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"digest\":\"%s\",\"size\":%llu,"
		"\"platform\":{\"os\":\"linux\",\"architecture\":\"%.*s\"}}",
		digest_text(&g->image, text), (unsigned long long)size, STR_ARG(host.architecture));
	struct str there = arena_fmt(&g->a,
		"{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"digest\":\"%s\",\"size\":4,"
		"\"platform\":{\"os\":\"linux\",\"architecture\":\"s390x\"}}",
		digest_text(&gone, text));
	OK(blob_put(g->t.s,
		arena_fmt(&g->a,
			"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX
			"\",\"manifests\":[%.*s,%.*s]}",
			STR_ARG(here), STR_ARG(there)),
		&d, &err));
	return d;
}

/* What the index lists and nobody has is left out on every way; the index keeps its digest. */
static void index_with_one_platform_here(void **state)
{
	struct rig *g = *state;
	static const char *const kinds[] = {"oci", "oci-archive"};
	struct digest index = make_index(g);
	for (size_t i = 0; i < 2 * ARRAY_LEN(kinds); i++) {
		struct err err = {0};
		struct place p = place_of(g, kinds[i / 2], kinds[i / 2], "");
		struct place_images images = {0};
		struct place_write w = {.store = g->t.s,
			.what = {.digest = index, .media_type = S(MEDIA_OCI_INDEX)},
			.names = &g->name,
			.n_names = 1,
			.to = &p};
		struct place_read r = {.store = g->other.s, .from = &p, .is_all_platforms = i % 2};
		OK(blob_size(g->t.s, &index, &w.what.size, &err));
		OK(place_write(&w, &err));
		OK(place_read(&r, &g->a, &images, &err));
		assert_true(digest_eq(&images.p[0].descriptor.digest, &index));
		assert_true(blob_exists(g->other.s, &g->layers[1]));
		vec_done(&images);
		r.is_all_platforms = false;
		OK(place_read(&r, &g->a, &images, &err));
		assert_true(digest_eq(&images.p[0].manifest.digest, &g->image));
		vec_done(&images);
		struct image_platform other = {.os = S("linux"), .architecture = S("s390x")};
		r.platform = &other;
		r.is_all_platforms = false;
		FAILS(ERR_NOT_FOUND, place_read(&r, &g->a, &images, &err));
		vec_done(&images);
	}
	/* docker-archive: this machine's image */
	struct err err = {0};
	struct place p = place_of(g, "docker-archive", "d.tar", "");
	struct place_images images = {0};
	struct place_write w = {.store = g->t.s,
		.what = {.digest = index, .media_type = S(MEDIA_OCI_INDEX)},
		.to = &p};
	OK(place_write(&w, &err));
	OK(read_from(g, &p, &images, &err));
	assert_true(blob_exists(g->other.s, &g->config));
	vec_done(&images);
}

/* Also where there is no index to look it up in. */
static void an_image_of_another_platform_is_refused(void **state)
{
	struct rig *g = *state;
	static const char *const kinds[] = {"oci", "oci-archive", "docker-archive"};
	struct image_platform other = {.os = S("linux"), .architecture = S("s390x")};
	make_image(g);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct err err = {0};
		struct place_images images = {0};
		struct place p = place_of(g, kinds[i], kinds[i], "");
		struct place_read r = {.store = g->other.s, .from = &p, .platform = &other};
		OK(write_to(g, &p, &err));
		FAILS(ERR_NOT_FOUND, place_read(&r, &g->a, &images, &err));
		assert_non_null(strstr(err.what, "not for linux/s390x"));
		assert_int_equal(images.n, 0);
		vec_done(&images);
	}
}

/* The blob's bytes do not depend on the threads. */
static void docker_archive_with_and_without_a_pool(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	CLEANUP(pool_free) struct pool *pool = pool_new(3);
	struct place_images images = {0};
	make_image(g);
	struct place p = place_of(g, "docker-archive", "d.tar", "");
	OK(write_to(g, &p, &err));
	OK(read_from(g, &p, &images, &err));
	struct place_read r = {.store = g->other.s, .from = &p, .pool = pool};
	OK(place_read(&r, &g->a, &images, &err));
	assert_int_equal(images.n, 2);
	assert_true(digest_eq(&images.p[0].descriptor.digest, &images.p[1].descriptor.digest));
	vec_done(&images);
}

static void several_images_and_one_name(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	CLEANUP(buf_done) struct buf b = BUF(64 << 20);
	struct place_images images = {0};
	struct str layer = layer_tar(g, "a", 100);
	struct digest id = digest_of(layer);
	add_tar(&b, "manifest.json",
		S("[{\"Config\":\"c.json\",\"RepoTags\":[\"a:1\"],\"Layers\":[\"l.tar\"]},"
		  "{\"Config\":\"c.json\",\"RepoTags\":[\"b:1\"],\"Layers\":[\"l.tar\"]}]"));
	add_tar(&b, "c.json", config_text(g, &id, 1));
	add_tar(&b, "l.tar", layer);
	tar_add_end(&b);
	write_file(g, "two.tar", buf_str(&b));
	struct place p = place_of(g, "docker-archive", "two.tar", "");
	struct place_read r = {.store = g->other.s,
		.from = &p,
		.repository = S("local:docker.io/library/mine"),
		.tag = S("x")};
	FAILS(ERR_CONFLICT, place_read(&r, &g->a, &images, &err));
	assert_string_equal(err.hint, "there is: a:1, b:1");
	p.reference = S("b:1");
	OK(place_read(&r, &g->a, &images, &err));
	assert_int_equal(images.n, 1);
	p.reference = S("");
	OK(read_from(g, &p, &images, &err));
	assert_int_equal(images.n, 2);
	vec_done(&images);
}

/* ---- pipes ---- */

struct feeder {
	struct str bytes;
	int fd;
};

/* In pieces that fit no boundary of a tar. */
static void *feed(void *arg)
{
	struct feeder *f = arg;
	struct err err = {0};
	for (size_t at = 0; at < f->bytes.n; at += 333)
		if (fs_write_fd(f->fd, f->bytes.p + at,
			    f->bytes.n - at < 333 ? f->bytes.n - at : 333, &err) < 0)
			break;
	close(f->fd);
	return NULL;
}

static void archives_through_a_slow_pipe(void **state)
{
	struct rig *g = *state;
	static const char *const kinds[] = {"oci-archive", "docker-archive"};
	make_image(g);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		CLEANUP(buf_done) struct buf whole = BUF(64 << 20);
		struct place p = place_of(g, kinds[i], "whole.tar", "");
		struct place_images images = {0};
		struct err err = {0};
		pthread_t thread;
		int fds[2];
		OK(write_to(g, &p, &err));
		OK(fs_read_file(store_root_fd(g->t.s), "whole.tar", &whole, &err));
		/* packets: a read gives no more than one write did */
		assert_int_equal(pipe2(fds, O_CLOEXEC | O_DIRECT), 0);
		struct feeder f = {buf_str(&whole), fds[1]};
		pthread_create(&thread, NULL, feed, &f);
		p.path = "-";
		struct place_read r = {.store = g->other.s, .from = &p, .fd = fds[0]};
		OK(place_read(&r, &g->a, &images, &err));
		pthread_join(thread, NULL);
		close(fds[0]);
		assert_int_equal(images.n, 1);
		assert_true(blob_exists(g->other.s, &g->config));
		vec_done(&images);
	}
}

static void *drain(void *arg)
{
	struct feeder *f = arg;
	struct err err = {0};
	static struct buf got;
	char path[200];
	snprintf(path, sizeof(path), "%.*s", STR_ARG(f->bytes));
	f->fd = open(path, O_RDONLY | O_CLOEXEC);
	got = BUF(64 << 20);
	(void)fs_read_fd(f->fd, &got, &err);
	close(f->fd);
	return &got;
}

/* A FIFO and a symlink are written through; a file is replaced, whole. */
static void archive_to_what_is_there(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	CLEANUP(buf_done) struct buf file = BUF(64 << 20), linked = BUF(64 << 20);
	char path[200];
	pthread_t thread;
	struct stat st;
	void *got;
	make_image(g);
	write_file(g, "out.tar", S("what was there before"));
	struct place p = place_of(g, "oci-archive", "out.tar", "");
	OK(write_to(g, &p, &err));
	OK(fs_read_file(store_root_fd(g->t.s), "out.tar", &file, &err));
	assert_int_equal(fstatat(store_root_fd(g->t.s), "out.tar", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0644);

	p = place_of(g, "oci-archive", "fifo", "");
	assert_int_equal(mkfifo(p.path, 0600), 0);
	struct feeder f = {str_of(p.path), -1};
	pthread_create(&thread, NULL, drain, &f);
	OK(write_to(g, &p, &err));
	pthread_join(thread, &got);
	assert_true(str_eq(buf_str(got), buf_str(&file)));
	buf_done(got);
	assert_int_equal(stat(p.path, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));

	p = place_of(g, "oci-archive", "link", "");
	snprintf(path, sizeof(path), "%s/target", g->t.path);
	assert_int_equal(symlink("target", p.path), 0);
	OK(write_to(g, &p, &err));
	OK(fs_read_file(AT_FDCWD, path, &linked, &err));
	assert_true(str_eq(buf_str(&linked), buf_str(&file)));

	p = place_of(g, "oci-archive", "no/such/folder.tar", "");
	FAILS(ERR_NOT_FOUND, write_to(g, &p, &err));
	p = place_of(g, "oci-archive", "blobs", "");
	FAILS(ERR_SYS, write_to(g, &p, &err));
	/* an image that is not here leaves what was there */
	g->image = digest_of(S("nothing"));
	p = place_of(g, "oci-archive", "out.tar", "");
	FAILS(ERR_NOT_FOUND, write_to(g, &p, &err));
	buf_clear(&linked);
	OK(fs_read_file(store_root_fd(g->t.s), "out.tar", &linked, &err));
	assert_true(str_eq(buf_str(&linked), buf_str(&file)));
}

/* ---- a layout that is there ---- */

static void layout_write_heals_blobs_and_keeps_what_it_cannot_read(void **state)
{
	struct rig *g = *state;
	struct err err = {0};
	CLEANUP(buf_done) struct buf b = BUF(1 << 20);
	char blob[200], hex[DIGEST_HEX];
	struct place p = place_of(g, "oci", "dir", "");
	struct place_images images = {0};
	make_image(g);
	OK(write_to(g, &p, &err));
	snprintf(blob, sizeof(blob), "dir/blobs/sha256/%s", digest_hex(&g->layers[1], hex, 0));
	write_file(g, blob, S("cut"));
	OK(write_to(g, &p, &err));
	OK(read_from(g, &p, &images, &err));
	vec_done(&images);
	write_file(g, "dir/index.json", S("not ours"));
	FAILS(ERR_INPUT, write_to(g, &p, &err));
	OK(fs_read_file(store_root_fd(g->t.s), "dir/index.json", &b, &err));
	STR_IS(buf_str(&b), "not ours");
	p = place_of(g, "oci", "dir/oci-layout", "");
	FAILS(ERR_NOT_FOUND, write_to(g, &p, &err)); /* a file is there */
}

/* ---- telling ---- */

struct counting {
	struct event_sink sink;
	size_t n_begun, n_ended;
	uint64_t done, total;
};

static void count(struct event_sink *sink, const struct event *e)
{
	struct counting *c = (struct counting *)sink;
	c->n_begun += e->kind == EVENT_BEGIN;
	c->n_ended += e->kind == EVENT_END;
	if (e->kind == EVENT_PROGRESS) {
		c->done = e->done;
		c->total = e->total;
	}
}

static void place_read_tells_how_it_goes(void **state)
{
	struct rig *g = *state;
	static const char *const kinds[] = {"oci", "oci-archive", "docker-archive"};
	make_image(g);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct err err = {0};
		struct counting c = {.sink.emit = count};
		struct place p = place_of(g, kinds[i], kinds[i], "");
		struct place_images images = {0};
		struct place_read r = {.store = g->other.s, .from = &p, .events = &c.sink};
		OK(write_to(g, &p, &err));
		OK(place_read(&r, &g->a, &images, &err));
		vec_done(&images);
		assert_int_equal(c.n_begun, 1);
		assert_int_equal(c.n_ended, 1);
		assert_true(i == 0 || c.done == c.total);
		p.reference = S("not-there");
		FAILS(ERR_NOT_FOUND, place_read(&r, &g->a, &images, &err));
		vec_done(&images);
		assert_int_equal(c.n_ended, 2);
	}
}

/* ---- several writers ---- */

struct writer {
	struct rig *g;
	char tag[16];
	int rc;
};

static void *write_one(void *arg)
{
	struct writer *w = arg;
	struct err err = {0};
	CLEANUP(arena_done) struct arena a = {0};
	struct image_ref name = w->g->name;
	struct place p = {PLACE_OCI_DIR, arena_fmt(&a, "%s/dir", w->g->t.path).p, STR_NONE};
	name.tag = str_of(w->tag);
	struct place_write one = {.store = w->g->t.s,
		.what = {.digest = w->g->image, .media_type = S(MEDIA_OCI_MANIFEST)},
		.names = &name,
		.n_names = 1,
		.to = &p};
	w->rc = place_write(&one, &err);
	return NULL;
}

static void layout_writers_keep_each_others_images(void **state)
{
	struct rig *g = *state;
	struct writer writers[8];
	pthread_t threads[ARRAY_LEN(writers)];
	make_image(g);
	for (size_t i = 0; i < ARRAY_LEN(writers); i++) {
		writers[i] = (struct writer){.g = g};
		snprintf(writers[i].tag, sizeof(writers[i].tag), "t%zu", i);
		pthread_create(&threads[i], NULL, write_one, &writers[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(writers); i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(writers[i].rc, 0);
	}
	for (size_t i = 0; i < ARRAY_LEN(writers); i++) {
		struct place p = place_of(g, "oci", "dir", writers[i].tag);
		struct place_images images = {0};
		struct err err = {0};
		OK(read_from(g, &p, &images, &err));
		assert_int_equal(images.n, 1);
		vec_done(&images);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(place_parse_forms),
		CASE(oci_round_trip_keeps_the_digest),
		CASE(layout_keeps_other_images),
		CASE(layout_entry_by_reference),
		CASE(docker_archive_round_trip),
		CASE(docker_archive_as_others_write_it),
		CASE(places_by_fd),
		CASE(archive_of_both_kinds),
		CASE(layout_write_heals_blobs_and_keeps_what_it_cannot_read),
		CASE(place_read_tells_how_it_goes),
		CASE(index_with_one_platform_here),
		CASE(an_image_of_another_platform_is_refused),
		CASE(docker_archive_with_and_without_a_pool),
		CASE(several_images_and_one_name),
		CASE(archives_through_a_slow_pipe),
		CASE(archive_to_what_is_there),
		CASE(layout_writers_keep_each_others_images),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
