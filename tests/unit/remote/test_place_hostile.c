/* Layouts and archives that lie, and what is left in the store when they are refused. */
#include "place_rig.h"

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

/* ---- a layout in a folder, piece by piece ---- */

#define VERSION "{\"imageLayoutVersion\":\"1.0.0\"}"

static struct digest lay_blob(struct rig *g, struct str bytes)
{
	struct digest d = digest_of(bytes);
	char path[200], hex[DIGEST_HEX];
	snprintf(path, sizeof(path), "bad/blobs/sha256/%s", digest_hex(&d, hex, 0));
	write_file(g, path, bytes);
	return d;
}

static void lay_index(struct rig *g, struct str entries)
{
	write_file(g, "bad/index.json",
		arena_fmt(&g->a, "{\"schemaVersion\":2,\"manifests\":[%.*s]}", STR_ARG(entries)));
}

static void lay_folder(struct rig *g)
{
	struct err err = {0};
	OK(fs_mkdirs(store_root_fd(g->t.s), "bad/blobs/sha256", 0755, &err));
	write_file(g, "bad/oci-layout", S(VERSION));
}

static struct str manifest_text(struct rig *g, struct str config, struct str layers)
{
	return arena_fmt(&g->a,
		"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST
		"\",\"config\":%.*s,\"layers\":[%.*s]}",
		STR_ARG(config), STR_ARG(layers));
}

/* A manifest without layers, as an entry of an index. */
static struct str lay_image(struct rig *g)
{
	struct str config = config_text(g, NULL, 0);
	struct digest c = lay_blob(g, config);
	struct str m = manifest_text(g, descriptor(g, MEDIA_OCI_CONFIG, &c, config.n), S(""));
	struct digest d = lay_blob(g, m);
	return descriptor(g, MEDIA_OCI_MANIFEST, &d, m.n);
}

/* Nothing has a name, nothing is half there, and what came is collected. */
static void other_store_is_empty(struct rig *g)
{
	struct tag_rows rows = {0};
	struct err err = {0};
	OK(tag_list_all(g->other.s, S(""), &g->a, &rows, &err));
	assert_int_equal(rows.n, 0);
	vec_done(&rows);
	open_again(&g->other);
	assert_int_equal(collect(&g->other).n_kept_blobs, 0);
	assert_int_equal(count_in(&g->other, "tmp"), 0);
	assert_int_equal(count_in(&g->other, "uploads"), 0);
}

static void refused(struct rig *g, const char *kind, const char *file, enum err_kind want,
	const char *says)
{
	struct place_images images = {0};
	struct place p = place_of(g, kind, file, "");
	struct err err = {0};
	if (read_from(g, &p, &images, &err) == 0 || err.kind != want || !strstr(err.what, says))
		fail_msg("expected '%s', got %s: %s", says, err_kind_name(err.kind), err.what);
	vec_done(&images);
	other_store_is_empty(g);
}

static void layout_bad_documents(void **state)
{
	struct rig *g = *state;
	char room[DIGEST_TEXT];
	struct digest nowhere = digest_of(S("nowhere")), wrong;
	lay_folder(g);
	unlinkat(store_root_fd(g->t.s), "bad/oci-layout", 0);
	refused(g, "oci", "bad", ERR_INPUT, "is no OCI layout: it has no oci-layout");
	write_file(g, "bad/oci-layout", S("{}"));
	refused(g, "oci", "bad", ERR_INPUT, "oci-layout: ");
	write_file(g, "bad/oci-layout", S("{\"imageLayoutVersion\":\"2.0.0\"}"));
	refused(g, "oci", "bad", ERR_UNSUPPORTED, "version '2.0.0' is not known");
	write_file(g, "bad/oci-layout", S(VERSION));
	refused(g, "oci", "bad", ERR_INPUT, "it has no index.json");
	lay_index(g, S(""));
	refused(g, "oci", "bad", ERR_NOT_FOUND, "there is no image");
	lay_index(g, descriptor(g, MEDIA_OCI_MANIFEST, &nowhere, 7));
	refused(g, "oci", "bad", ERR_NOT_FOUND, digest_text(&nowhere, room));
	lay_index(g, descriptor(g, MEDIA_OCI_MANIFEST, &nowhere, IMAGE_MANIFEST_MAX + 1));
	refused(g, "oci", "bad", ERR_LIMIT, "is too large");
	wrong = lay_blob(g, S("not a manifest"));
	lay_index(g, descriptor(g, MEDIA_OCI_MANIFEST, &wrong, 14));
	refused(g, "oci", "bad", ERR_INPUT, "manifest sha256:");
	lay_index(g, descriptor(g, MEDIA_OCI_MANIFEST, &wrong, 13));
	refused(g, "oci", "bad", ERR_INPUT, "is larger than the 13 bytes announced");
	lay_index(g, descriptor(g, MEDIA_OCI_MANIFEST, &wrong, 15));
	refused(g, "oci", "bad", ERR_INPUT, "has 14 bytes, its descriptor says 15");
	refused(g, "oci", "bad/oci-layout", ERR_NOT_FOUND, "");
	refused(g, "oci", "nowhere", ERR_NOT_FOUND, "");
	refused(g, "oci-archive", "bad", ERR_SYS, "");
}

static void layout_blob_with_other_bytes(void **state)
{
	struct rig *g = *state;
	char path[200], hex[DIGEST_HEX];
	struct digest d = digest_of(S("the layer")), c = digest_of(S("{}"));
	struct str m = manifest_text(g, descriptor(g, MEDIA_OCI_CONFIG, &c, 2),
		descriptor(g, MEDIA_OCI_LAYER_GZIP, &d, 9));
	lay_folder(g);
	lay_blob(g, S("{}"));
	struct digest top = lay_blob(g, m);
	lay_index(g, descriptor(g, MEDIA_OCI_MANIFEST, &top, m.n));
	refused(g, "oci", "bad", ERR_NOT_FOUND, "blob sha256:");
	snprintf(path, sizeof(path), "bad/blobs/sha256/%s", digest_hex(&d, hex, 0));
	write_file(g, path, S("The Layer"));
	refused(g, "oci", "bad", ERR_INPUT, "blob sha256:");
	write_file(g, path, S(""));
	refused(g, "oci", "bad", ERR_INPUT, "blob sha256:");
}

/* An index.json that is larger than any may be, and one with more entries. */
static void layout_huge_index(void **state)
{
	struct rig *g = *state;
	CLEANUP(buf_done) struct buf b = BUF(64 << 20);
	lay_folder(g);
	for (size_t i = 0; i <= IMAGE_MANIFEST_MAX; i++)
		buf_add_ch(&b, ' ');
	write_file(g, "bad/index.json", buf_str(&b));
	refused(g, "oci", "bad", ERR_LIMIT, "index.json");
	CLEANUP(buf_done) struct buf tar = BUF(64 << 20);
	add_tar(&tar, "oci-layout", S(VERSION));
	add_tar(&tar, "index.json", buf_str(&b));
	tar_add_end(&tar);
	write_file(g, "bad.tar", buf_str(&tar));
	refused(g, "oci-archive", "bad.tar", ERR_LIMIT, "index.json");
	buf_clear(&b);
	for (size_t i = 0; i < 1000 * 1000; i++)
		buf_add(&b, i ? S(",{}") : S("{}"));
	lay_index(g, buf_str(&b));
	refused(g, "oci", "bad", ERR_INPUT, "index.json");
}

/* Indexes in indexes, deeper than anybody has use for. */
static void layout_deep_index(void **state)
{
	struct rig *g = *state;
	lay_folder(g);
	struct str entry = lay_image(g);
	for (int i = 0; i <= IMAGE_DEPTH_MAX + 1; i++) {
		struct str index = arena_fmt(&g->a,
			"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX
			"\",\"manifests\":[%.*s]}",
			STR_ARG(entry));
		struct digest d = lay_blob(g, index);
		entry = descriptor(g, MEDIA_OCI_INDEX, &d, index.n);
	}
	lay_index(g, entry);
	refused(g, "oci", "bad", ERR_LIMIT, "indexes are nested deeper");
}

/* Every folder and file of it a symlink that leads out: each name is looked up inside. */
static void layout_symlinks_lead_nowhere(void **state)
{
	struct rig *g = *state;
	char real[200], link[200];
	lay_folder(g);
	lay_index(g, lay_image(g));
	static const char *const names[] = {"oci-layout", "index.json", "blobs"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(link, sizeof(link), "%s/bad/%s", g->t.path, names[i]);
		snprintf(real, sizeof(real), "%s/moved", g->t.path);
		assert_int_equal(rename(link, real), 0);
		assert_int_equal(symlink(real, link), 0);
		refused(g, "oci", "bad", i < 2 ? ERR_INPUT : ERR_NOT_FOUND, "");
		assert_int_equal(unlink(link), 0);
		assert_int_equal(symlink("../moved", link), 0);
		refused(g, "oci", "bad", i < 2 ? ERR_INPUT : ERR_NOT_FOUND, "");
		assert_int_equal(unlink(link), 0);
		assert_int_equal(rename(real, link), 0);
	}
}

/* Writing into a folder whose parts lead out: nothing is written there. */
static void layout_is_written_inside_its_folder(void **state)
{
	static const char *const names[] = {"blobs", "blobs/sha256", "index.json"};
	struct rig *g = *state;
	make_image(g);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		CLEANUP(fs_entries_done) struct fs_entries left = {0};
		CLEANUP(fd_close) int fd = -1;
		struct err err = {0};
		char path[200], outside[200];
		struct str folder = arena_fmt(&g->a, "out%zu", i);
		struct place to = place_of(g, "oci", folder.p, "");
		snprintf(outside, sizeof(outside), "%s/outside%zu", g->t.path, i);
		snprintf(path, sizeof(path), "%s/%s", to.path, names[i]);
		OK(fs_mkdirs(AT_FDCWD, outside, 0755, &err));
		OK(fs_mkdirs(AT_FDCWD, to.path, 0755, &err));
		if (i == 1) {
			struct str blobs = arena_fmt(&g->a, "%s/blobs", to.path);
			OK(fs_mkdirs(AT_FDCWD, blobs.p, 0755, &err));
		}
		assert_int_equal(symlink(outside, path), 0);
		(void)write_to(g, &to, &err); /* it may be refused */
		OK(fs_open(AT_FDCWD, outside, O_RDONLY | O_DIRECTORY, 0, &fd, &err));
		OK(fs_list(fd, &left, &err));
		assert_int_equal(left.n, 0);
	}
}

/* ---- archives ---- */

/* Names that lead out of the archive are names inside it, and of two with one name the last counts. */
static void archive_names_stay_inside(void **state)
{
	struct rig *g = *state;
	CLEANUP(buf_done) struct buf b = BUF(64 << 20);
	struct place_images images = {0};
	struct err err = {0};
	char path[200], hex[DIGEST_HEX];
	struct str config = config_text(g, NULL, 0);
	struct digest c = digest_of(config);
	struct str m = manifest_text(g, descriptor(g, MEDIA_OCI_CONFIG, &c, config.n), S(""));
	struct digest d = digest_of(m);
	struct str index = arena_fmt(&g->a, "{\"schemaVersion\":2,\"manifests\":[%.*s]}",
		STR_ARG(descriptor(g, MEDIA_OCI_MANIFEST, &d, m.n)));
	add_tar(&b, "index.json", S("nonsense"));
	add_tar(&b, "/../../oci-layout", S(VERSION));
	add_tar(&b, "../../../../../../../../tmp/knarr-was-here", S("out"));
	snprintf(path, sizeof(path), "./x/../blobs//sha256/%s", digest_hex(&c, hex, 0));
	add_tar(&b, path, config);
	add_tar(&b, path, config);
	snprintf(path, sizeof(path), "blobs/sha256/%s", digest_hex(&d, hex, 0));
	add_link(&b, path, "/etc/passwd");
	add_tar(&b, path, m);
	add_tar(&b, "blobs/sha256/short", S("no digest"));
	add_tar(&b, "blobs/md5/d41d8cd98f00b204e9800998ecf8427e", S(""));
	add_tar(&b, "index.json", index);
	tar_add_end(&b);
	write_file(g, "odd.tar", buf_str(&b));
	struct place p = place_of(g, "oci-archive", "odd.tar", "");
	OK(read_from(g, &p, &images, &err));
	assert_true(digest_eq(&images.p[0].descriptor.digest, &d));
	assert_int_equal(access("/tmp/knarr-was-here", F_OK), -1);
	vec_done(&images);
}

/* The first n bytes of an archive are refused, whatever n, unless nothing that counts is missing. */
static void archive_truncated(void **state)
{
	struct rig *g = *state;
	static const char *const kinds[] = {"oci-archive", "docker-archive"};
	make_image(g);
	for (size_t i = 0; i < 2 * ARRAY_LEN(kinds); i++) {
		CLEANUP(buf_done) struct buf whole = BUF(64 << 20);
		struct place p = place_of(g, kinds[i / 2], "whole.tar", "");
		struct err err = {0};
		OK(write_to(g, &p, &err));
		OK(fs_read_file(store_root_fd(g->t.s), "whole.tar", &whole, &err));
		struct str bytes = buf_str(&whole);
		if (i % 2)
			bytes = gzip(g, bytes);
		size_t end = i % 2 ? bytes.n : bytes.n - 3 * TAR_BLOCK;
		for (size_t n = 0; n < end; n += 1 + n / 3) {
			struct place_images images = {0};
			write_file(g, "cut.tar", str_sub(bytes, 0, n));
			struct place cut = place_of(g, kinds[i / 2], "cut.tar", "");
			if (read_from(g, &cut, &images, &err) == 0)
				fail_msg("%s: %zu bytes of %zu were enough", kinds[i / 2], n,
					bytes.n);
			assert_true(err.kind == ERR_INPUT || err.kind == ERR_NOT_FOUND);
			err = (struct err){0};
			vec_done(&images);
		}
		other_store_is_empty(g);
	}
}

static void archive_sparse_file(void **state)
{
	struct rig *g = *state;
	/* old GNU format: 'S', one extent of no bytes at 1 MiB */
	char block[3 * TAR_BLOCK] = "index.json";
	unsigned sum = 0;
	memcpy(block + 100, "0000644", 8);
	memcpy(block + 124, "00000000000", 12);
	block[156] = 'S';
	memcpy(block + 257, "ustar  ", 8);
	memcpy(block + 386, "00004000000", 12);
	memcpy(block + 398, "00000000000", 12);
	memcpy(block + 483, "00004000000", 12);
	memset(block + 148, ' ', 8);
	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += (unsigned char)block[i];
	snprintf(block + 148, 8, "%06o", sum);
	write_file(g, "bad.tar", str_n(block, sizeof(block)));
	refused(g, "oci-archive", "bad.tar", ERR_UNSUPPORTED, "'index.json' is a sparse file");
	refused(g, "docker-archive", "bad.tar", ERR_UNSUPPORTED, "'index.json' is a sparse file");
}

/* What is neither a layer nor small. */
static void docker_archive_large_document(void **state)
{
	struct rig *g = *state;
	CLEANUP(buf_done) struct buf b = BUF(64 << 20), content = BUF(64 << 20);
	for (size_t i = 0; i <= IMAGE_CONFIG_MAX; i++)
		buf_add_ch(&content, 'x');
	add_tar(&b, "manifest.json", buf_str(&content));
	tar_add_end(&b);
	write_file(g, "bad.tar", buf_str(&b));
	refused(g, "docker-archive", "bad.tar", ERR_LIMIT, "is no layer and too large");
}

/* Names alone that fill the memory, from few bytes when compressed. */
static void docker_archive_of_long_names(void **state)
{
	struct rig *g = *state;
	CLEANUP(buf_done) struct buf b = BUF(256 << 20);
	char link[TAR_NAME_MAX + 1];
	memset(link, 'l', TAR_NAME_MAX);
	link[TAR_NAME_MAX] = '\0';
	for (int i = 0; i < 17 * 1024; i++) {
		char name[16];
		snprintf(name, sizeof(name), "%d", i);
		add_link(&b, name, link);
	}
	tar_add_end(&b);
	write_file(g, "bad.tar", gzip(g, buf_str(&b)));
	refused(g, "docker-archive", "bad.tar", ERR_LIMIT, "names of the archive need more than");
}

/* A layer that is compressed, and damaged behind its first bytes. */
static void docker_archive_damaged_layer(void **state)
{
	struct rig *g = *state;
	CLEANUP(buf_done) struct buf b = BUF(64 << 20);
	struct str layer = gzip(g, layer_tar(g, "a", 200 * 1000));
	add_tar(&b, "l.tar.gz", str_sub(layer, 0, layer.n / 2));
	tar_add_end(&b);
	write_file(g, "bad.tar", buf_str(&b));
	refused(g, "docker-archive", "bad.tar", ERR_INPUT, "l.tar.gz: ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(docker_archive_bad),
		CASE(docker_archive_large_document),
		CASE(docker_archive_of_long_names),
		CASE(docker_archive_damaged_layer),
		CASE(oci_archive_bad),
		CASE(layout_hostile_files),
		CASE(layout_bad_documents),
		CASE(layout_blob_with_other_bytes),
		CASE(layout_huge_index),
		CASE(layout_deep_index),
		CASE(layout_symlinks_lead_nowhere),
		CASE(layout_is_written_inside_its_folder),
		CASE(archive_names_stay_inside),
		CASE(archive_truncated),
		CASE(archive_sparse_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
