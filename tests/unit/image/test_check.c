#include "../test.h"

#include "base/map.h"
#include "image/check.h"
#include "image/image.h"

#define HEX "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a" /* of "{}" */
#define D(type) "{\"mediaType\":\"" type "\",\"digest\":\"sha256:" HEX "\",\"size\":2}"
#define CONFIG_HEAD "\"architecture\":\"amd64\",\"os\":\"linux\","
#define ROOTFS "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:" HEX "\"]}"
#define DESCRIPTOR_WITH(digest) "{\"mediaType\":\"a/b\",\"size\":1,\"digest\":\"" digest "\"}"

static const struct {
	const char *text, *kind;
	const char *problem; /* NULL = valid; else path and message, or a part of them */
} cases[] = {
	{"{\"schemaVersion\":2,\"config\":" D("a/b") ",\"layers\":[" D("a/b") "]}", "manifest",
		NULL},
	{"{\"schemaVersion\":2,\"config\":" D("a/b") ",\"layers\":[]}", "manifest",
		"\"path\":\"layers\",\"message\":\"expected at least one entry\""},
	{"{\"config\":" D("a/b") ",\"layers\":[" D("a/b") "]}", "manifest",
		"\"path\":\"schemaVersion\",\"message\":\"is missing\""},
	{"{\"schemaVersion\":\"2\",\"manifests\":[]}", "index", "\"path\":\"schemaVersion\""},
	{"{\"schemaVersion\":2,\"manifests\":[]}", "index", NULL},
	{"{\"schemaVersion\":2}", "manifest", "\"path\":\"config\""},
	{"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX "\"}", "index",
		"\"path\":\"manifests\""},
	{"{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"a/b\",\"size\":\"5\"}]}", "index",
		"\"path\":\"manifests[0].digest\",\"message\":\"is missing\"},{\"path\":"
		"\"manifests[0].size\",\"message\":\"expected a whole number, got a string\""},
	{"{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"a/b\",\"size\":5,\"digest\":\"sha256:" HEX
	 "\",\"platform\":{\"os\":\"linux\"}}]}",
		"index", "\"path\":\"manifests[0].platform.architecture\""},
	{"{\"schemaVersion\":2,\"manifests\":[],\"layers\":[" D("a/b") "]}", "index",
		"both 'layers' and 'manifests'"},
	{"{" CONFIG_HEAD ROOTFS "}", "config", NULL},
	{"{" CONFIG_HEAD ROOTFS ",\"config\":{\"Env\":[\"foo\"]}}", "config",
		"\"path\":\"config.Env[0]\""},
	{"{" CONFIG_HEAD ROOTFS ",\"config\":{\"Entrypoint\":\"sh\"}}", "config",
		"\"path\":\"config.Entrypoint\""},
	{"{" CONFIG_HEAD ROOTFS ",\"config\":{\"Cmd\":null,\"Volumes\":null}}", "config", NULL},
	{"{" CONFIG_HEAD ROOTFS ",\"history\":\"no\"}", "config", "\"path\":\"history\""},
	{"{" CONFIG_HEAD ROOTFS ",\"history\":[{},{}]}", "config", "speaks of 2 layers"},
	{"{" CONFIG_HEAD "\"variant\":1," ROOTFS "}", "config", "\"path\":\"variant\""},
	{"{" ROOTFS "}", "config", "\"path\":\"architecture\""},
	{"{\"imageLayoutVersion\":\"1.0.0\"}", "layout", NULL},
	{"{\"imageLayoutVersion\":\"2\"}", "layout", "\"path\":\"imageLayoutVersion\""},
	{D("a/b"), "descriptor", NULL},
	{"{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"digest\":\"sha256:" HEX "\",\"size\":2}",
		"descriptor", NULL},
	{DESCRIPTOR_WITH("sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564"), "descriptor",
		NULL},
	{DESCRIPTOR_WITH(":0123"), "descriptor", "\"path\":\"digest\""},
	{DESCRIPTOR_WITH("sha256"), "descriptor", "\"path\":\"digest\""},
	{DESCRIPTOR_WITH("SHA256:" HEX), "descriptor", "\"path\":\"digest\""},
	{DESCRIPTOR_WITH("sha256:44136FA355B3678A1146AD16F7E8649E94FB4FC21FE77E8310C060F61CAAFF8A"),
		"descriptor", "\"path\":\"digest\""},
	{DESCRIPTOR_WITH("sha256:" HEX "00"), "descriptor", "\"path\":\"digest\""},
	{"{\"mediaType\":\".foo/bar\",\"size\":1,\"digest\":\"sha256:" HEX "\"}", "descriptor",
		"\"path\":\"mediaType\""},
	{"{\"mediaType\":\"a/b\",\"size\":1,\"digest\":\"sha256:" HEX "\",\"urls\":[\"^%\"]}",
		"descriptor", "\"path\":\"urls[0]\""},
	{"{\"mediaType\":\"a/b\",\"size\":1,\"digest\":\"sha256:" HEX
	 "\",\"urls\":[\"https://x.example/a%20b\"]}",
		"descriptor", NULL},
	{"{\"a\":1}", "unknown", "is no manifest"},
	{"[1]", "unknown", "is no manifest"},
	{"{", "unknown", "\"path\":\"\""},
	{"", "unknown", "\"path\":\"\""},
};

static void check_documents(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(buf_done) struct buf b = BUF(65536);
		struct err err = {0};
		char head[64];
		int found = image_check(str_of(cases[i].text), &b, &err);
		snprintf(head, sizeof(head), "{\"kind\":\"%s\",\"valid\":%s,", cases[i].kind,
			cases[i].problem ? "false" : "true");
		if (found != (cases[i].problem != NULL) || !str_starts(buf_str(&b), str_of(head)) ||
			(cases[i].problem && !strstr(buf_cstr(&b), cases[i].problem)))
			fail_msg("%s: %s", cases[i].text, buf_cstr(&b));
	}
}

/* ---- layouts ---- */

static int each_piece(void *ctx, const char *path,
	int (*take)(void *take_ctx, struct str piece, struct err *err), void *take_ctx,
	struct err *err)
{
	struct map *files = ctx;
	const char *text = map_get(files, str_of(path));
	if (!text)
		return err_set(err, ERR_NOT_FOUND, "no '%s'", path);
	return take(take_ctx, str_of(text), err);
}

static const char index_json[] = "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":"
				 "\"application/json\",\"digest\":\"sha256:" HEX "\",\"size\":2}]}";

static void put(struct map *files, const char *path, const char *text)
{
	map_put(files, str_of(path), (void *)(uintptr_t)text);
}

static void check_layout_good_and_damaged(void **state)
{
	static const struct {
		const char *file, *text; /* what is changed; text NULL = removed */
		const char *says;        /* NULL = valid */
	} damages[] = {
		{"x", "x", NULL},
		{"oci-layout", NULL,
			"{\"file\":\"oci-layout\",\"path\":\"\",\"message\":\"is missing\"}"},
		{"oci-layout", "{}", "\"file\":\"oci-layout\",\"path\":\"imageLayoutVersion\""},
		{"index.json", NULL, "\"file\":\"index.json\""},
		{"index.json", "[]", "\"file\":\"index.json\""},
		{"blobs/sha256/" HEX, NULL, "\"file\":\"index.json\",\"path\":\"manifests[0]\""},
		{"blobs/sha256/" HEX, "{]", "\"file\":\"blobs/sha256/" HEX "\""},
		{"blobs/sha256/" HEX, "{ }", "says 2 bytes, the blob has 3"},
	};
	for (size_t i = 0; i < ARRAY_LEN(damages); i++) {
		struct map files = {0};
		CLEANUP(buf_done) struct buf b = BUF(65536);
		struct err err = {0};
		put(&files, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
		put(&files, "index.json", index_json);
		put(&files, "blobs/sha256/" HEX, "{}");
		put(&files, damages[i].file, damages[i].text);
		struct image_files access = {each_piece, &files};
		int found = image_check_layout(&access, &b, &err);
		if (found != (damages[i].says != NULL) ||
			(damages[i].says && !strstr(buf_cstr(&b), damages[i].says)))
			fail_msg("%s: %d %s", damages[i].file, found, buf_cstr(&b));
		map_done(&files, NULL);
	}
}

/* F27: an index that lists itself cannot exist by digest, but one that lists what is there twice
 * can, and one whose "digest" lies. */
static void check_layout_walks_documents_once(void **state)
{
	struct map files = {0};
	CLEANUP(buf_done) struct buf b = BUF(65536);
	struct err err = {0};
	static const char lying[] =
		"{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"" MEDIA_OCI_INDEX
		"\",\"digest\":\"sha256:" HEX "\",\"size\":2}]}";
	put(&files, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
	put(&files, "index.json", lying);
	put(&files, "blobs/sha256/" HEX, lying);
	struct image_files access = {each_piece, &files};
	assert_int_equal(image_check_layout(&access, &b, &err), 1);
	assert_non_null(strstr(buf_cstr(&b), "do not have the digest of its name"));
	map_done(&files, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(check_documents),
		cmocka_unit_test(check_layout_good_and_damaged),
		cmocka_unit_test(check_layout_walks_documents_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
