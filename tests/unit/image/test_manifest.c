#include "../test.h"

#include "image/image.h"

#define HEX "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a" /* of "{}" */
#define HEX2 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define CONFIG                                                                                     \
	"\"config\":{\"mediaType\":\"" MEDIA_OCI_CONFIG "\",\"digest\":\"sha256:" HEX              \
	"\",\"size\":2}"
#define LAYER                                                                                      \
	"{\"mediaType\":\"" MEDIA_OCI_LAYER_GZIP "\",\"digest\":\"sha256:" HEX2 "\",\"size\":7}"
#define ENTRY(platform)                                                                            \
	"{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"digest\":\"sha256:" HEX2                      \
	"\",\"size\":9" platform "}"

static void manifest_parse_oci(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct image_manifest m;
	struct err err = {0};
	OK(image_manifest_parse(S("{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST
				  "\"," CONFIG ",\"layers\":[" LAYER "],\"annotations\":{\"a\":"
				  "\"b\"},\"subject\":" ENTRY("") "}"),
		S(MEDIA_OCI_MANIFEST "; charset=utf-8"), &a, &m, &err));
	assert_int_equal(m.kind, IMAGE_MANIFEST);
	assert_false(m.is_docker);
	assert_int_equal(m.n_items, 1);
	assert_int_equal(m.items[0].size, 7);
	assert_int_equal(m.config.size, 2);
	assert_true(m.has_subject);
	STR_IS(m.annotations.p[0].value, "b");
}

static void manifest_parse_docker_index(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct image_manifest m;
	struct err err = {0};
	OK(image_manifest_parse(
		S("{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_DOCKER_INDEX
		  "\",\"manifests\":[" ENTRY(",\"platform\":{\"architecture\":\"arm\","
					     "\"os\":\"linux\",\"variant\":\"v7\","
					     "\"features\":null}") "]}"),
		S(""), &a, &m, &err));
	assert_int_equal(m.kind, IMAGE_INDEX);
	assert_true(m.is_docker);
	STR_IS(m.items[0].platform.variant, "v7");
}

static void manifest_parse_tolerates_what_tools_write(void **state)
{
	static const char *const docs[] = {
		/* no mediaType, no schemaVersion, nulls */
		"{" CONFIG ",\"layers\":null,\"annotations\":null}",
		"{" CONFIG ",\"subject\":null,\"artifactType\":null,\"extra\":[1]}",
		/* members in other case, as Go's decoder reads them */
		"{\"SchemaVersion\":2," CONFIG ",\"Layers\":[" LAYER "]}",
		"{\"manifests\":[]}",
		"{\"manifests\":[" ENTRY(",\"platform\":null,\"annotations\":{\"x\":null}") "]}",
	};
	for (size_t i = 0; i < ARRAY_LEN(docs); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct image_manifest m;
		struct err err = {0};
		OK(image_manifest_parse(str_of(docs[i]), S(""), &a, &m, &err));
	}
}

static void manifest_parse_takes_the_senders_word_when_there_is_none_inside(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct image_manifest m;
	struct err err = {0};
	OK(image_manifest_parse(S("{" CONFIG ",\"layers\":[]}"), S(MEDIA_DOCKER_MANIFEST), &a, &m,
		&err));
	assert_true(m.is_docker);
	OK(image_manifest_parse(S("{" CONFIG ",\"layers\":[]}"), STR_NONE, &a, &m, &err));
	OK(image_manifest_parse(S("{" CONFIG ",\"layers\":[]}"), S("text/plain"), &a, &m, &err));
	STR_IS(m.media_type, MEDIA_OCI_MANIFEST);
}

static const struct {
	const char *text, *content_type, *says;
	enum err_kind kind;
} bad[] = {
	{"", "", "", ERR_INPUT},
	{"[]", "", "expected an object, got an array", ERR_INPUT},
	{"{}", "", "config: is missing", ERR_INPUT},
	{"{\"schemaVersion\":1}", "", "schema 1", ERR_UNSUPPORTED},
	{"{\"schemaVersion\":1,\"fsLayers\":[]}", "", "schema 1", ERR_UNSUPPORTED},
	{"{" CONFIG "}", "application/vnd.docker.distribution.manifest.v1+prettyjws", "schema 1",
		ERR_UNSUPPORTED},
	{"{\"schemaVersion\":3," CONFIG "}", "", "schemaVersion: expected 2, got 3", ERR_INPUT},
	{"{" CONFIG ",\"layers\":[" LAYER "],\"manifests\":[]}", "",
		"both 'layers' and 'manifests'", ERR_INPUT},
	{"{" CONFIG ",\"manifests\":[]}", "", "both 'config' and 'manifests'", ERR_INPUT},
	{"{" CONFIG ",\"Manifests\":[]}", "", "both 'config' and 'manifests'", ERR_INPUT},
	{"{" CONFIG ",\"layers\":[],\"Layers\":[]}", "", "layers: is there twice", ERR_INPUT},
	{"{\"mediaType\":\"" MEDIA_OCI_INDEX "\"," CONFIG "}", "", "mediaType: says index",
		ERR_INPUT},
	{"{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"manifests\":[]}", "",
		"mediaType: says manifest", ERR_INPUT},
	{"{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\"," CONFIG "}", MEDIA_DOCKER_MANIFEST,
		"mediaType: the document says", ERR_INPUT},
	{"{" CONFIG "}", MEDIA_OCI_INDEX, "sent as", ERR_INPUT},
	{"{\"manifests\":[]}", MEDIA_OCI_MANIFEST, "sent as", ERR_INPUT},
	{"{\"mediaType\":\"text/html\"," CONFIG "}", "", "not a manifest or index", ERR_INPUT},
	{"{\"mediaType\":\"" MEDIA_OCI_INDEX "\"}", "", "manifests: is missing", ERR_INPUT},
	{"{" CONFIG ",\"layers\":{}}", "", "layers: expected a list, got an object", ERR_INPUT},
	{"{" CONFIG ",\"layers\":[1]}", "", "layers[0]: expected an object, got a number",
		ERR_INPUT},
	{"{" CONFIG ",\"layers\":[" LAYER ",{}]}", "", "layers[1].mediaType: is missing",
		ERR_INPUT},
	{"{" CONFIG ",\"layers\":[{\"mediaType\":\"a/b\",\"size\":1,\"digest\":\"sha256:xy\"}]}",
		"", "layers[0].digest: ", ERR_INPUT},
	{"{" CONFIG ",\"layers\":[{\"mediaType\":\"a/b\",\"size\":1,\"digest\":\"../../etc\"}]}",
		"", "layers[0].digest: ", ERR_INPUT},
	{"{" CONFIG ",\"layers\":[{\"mediaType\":\"a/b\",\"size\":-1,\"digest\":\"sha256:" HEX
	 "\"}]}",
		"", "layers[0].size: expected a whole number", ERR_INPUT},
	{"{" CONFIG ",\"layers\":[{\"mediaType\":\"a/b\",\"size\":1e3,\"digest\":\"sha256:" HEX
	 "\"}]}",
		"", "layers[0].size: expected a whole number", ERR_INPUT},
	{"{" CONFIG ",\"layers\":[{\"mediaType\":\"a/b\",\"size\":99999999999999999999,\"digest\":"
	 "\"sha256:" HEX "\"}]}",
		"", "layers[0].size: expected a whole number", ERR_INPUT},
	{"{" CONFIG ",\"layers\":[{\"mediaType\":\"ab\",\"size\":1,\"digest\":\"sha256:" HEX
	 "\"}]}",
		"", "layers[0].mediaType: 'ab' is not a media type", ERR_INPUT},
	{"{\"config\":{\"mediaType\":\"a/b\",\"size\":2,\"digest\":\"sha256:" HEX
	 "\",\"data\":\"e30\"}}",
		"", "", ERR_NONE},
	{"{\"config\":{\"mediaType\":\"a/b\",\"size\":2,\"digest\":\"sha256:" HEX
	 "\",\"data\":\"e3s=\"}}",
		"", "config: data does not have the digest", ERR_INPUT},
	{"{\"config\":{\"mediaType\":\"a/b\",\"size\":3,\"digest\":\"sha256:" HEX
	 "\",\"data\":\"e30=\"}}",
		"", "config: data has 2 bytes", ERR_INPUT},
	{"{\"config\":{\"mediaType\":\"a/b\",\"size\":3,\"digest\":\"sha256:" HEX
	 "\",\"data\":\"%%\"}}",
		"", "config.data: is not base64", ERR_INPUT},
	{"{" CONFIG ",\"annotations\":{\"a\":1}}", "", "annotations['a']: expected a string",
		ERR_INPUT},
	{"{" CONFIG ",\"annotations\":{\"a\":\"1\",\"a\":\"2\"}}", "", "", ERR_INPUT},
};

static void manifest_parse_bad(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct image_manifest m;
		struct err err = {0};
		int rc = image_manifest_parse(str_of(bad[i].text), str_of(bad[i].content_type), &a,
			&m, &err);
		if (err.kind != bad[i].kind || !strstr(err.what, bad[i].says) ||
			(rc < 0) != (bad[i].kind != ERR_NONE))
			fail_msg("%s: %s: %s", bad[i].text, err_kind_name(err.kind), err.what);
	}
}

static void manifest_parse_limits(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(buf_done) struct buf b = BUF(8 << 20);
	struct image_manifest m;
	struct err err = {0};
	/* deep */
	for (int i = 0; i < 100 * 1000; i++)
		buf_add_ch(&b, '[');
	FAILS(ERR_LIMIT, image_manifest_parse(buf_str(&b), S(""), &a, &m, &err));
	/* long */
	buf_clear(&b);
	buf_add_cstr(&b, "{" CONFIG ",\"x\":\"");
	while (b.n < IMAGE_MANIFEST_MAX)
		buf_add_cstr(&b,
			"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	buf_add_cstr(&b, "\"}");
	FAILS(ERR_LIMIT, image_manifest_parse(buf_str(&b), S(""), &a, &m, &err));
	/* many layers */
	buf_clear(&b);
	buf_add_cstr(&b, "{" CONFIG ",\"layers\":[" LAYER);
	for (int i = 0; i < IMAGE_LAYERS_MAX; i++)
		buf_add_cstr(&b, "," LAYER);
	buf_add_cstr(&b, "]}");
	FAILS(ERR_LIMIT, image_manifest_parse(buf_str(&b), S(""), &a, &m, &err));
	assert_non_null(strstr(err.what, "layers: has 4097 entries"));
	/* 3.9 MB must do */
	buf_clear(&b);
	buf_add_cstr(&b, "{" CONFIG ",\"annotations\":{\"x\":\"");
	while (b.n < 3900 * 1000)
		buf_add_cstr(&b, "xxxxxxxxxx");
	buf_add_cstr(&b, "\"}}");
	OK(image_manifest_parse(buf_str(&b), S(""), &a, &m, &err));
}

static void manifest_add_golden(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(buf_done) struct buf b = BUF(4096);
	struct image_manifest m;
	struct err err = {0};
	const char *text = "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST "\"," CONFIG
			   ",\"layers\":[" LAYER "],\"annotations\":{\"z\":\"<&>\",\"a\":\"\"}}";
	OK(image_manifest_parse(str_of(text), S(""), &a, &m, &err));
	image_manifest_add(&b, &m);
	assert_string_equal(buf_cstr(&b), text);
	buf_clear(&b);
	text = "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX "\",\"manifests\":["
	       "{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"digest\":\"sha256:" HEX2
	       "\",\"size\":9,"
	       "\"annotations\":{\"k\":\"v\"},\"data\":\"e30=\",\"platform\":{\"architecture\":"
	       "\"arm\",\"os\":\"linux\",\"variant\":\"v6\"},\"artifactType\":\"a/b\"}]}";
	struct image_platform arm = {
		.os = S("linux"), .architecture = S("arm"), .variant = S("v6")};
	struct image_pair pair = {S("k"), S("v")};
	struct image_descriptor d = {.media_type = S(MEDIA_OCI_MANIFEST),
		.size = 9,
		.annotations = {&pair, 1},
		.data = S("{}"),
		.has_platform = true,
		.platform = arm,
		.artifact_type = S("a/b"),
		.digest = m.items[0].digest};
	image_manifest_add(&b,
		&(struct image_manifest){.kind = IMAGE_INDEX, .items = &d, .n_items = 1});
	assert_string_equal(buf_cstr(&b), text);
}

#define P(os, arch, variant)                                                                       \
	",\"platform\":{\"os\":\"" os "\",\"architecture\":\"" arch "\",\"variant\":\"" variant    \
	"\"}"

static void index_pick_platforms(void **state)
{
	static const char *const index = "{\"manifests\":[" ENTRY(P("unknown", "unknown",
		"")) "," ENTRY(P("linux", "386", "")) "," ENTRY(P("linux", "arm",
		"v5")) "," ENTRY(P("linux", "arm", "v7")) "," ENTRY(P("linux", "arm64",
		"v8")) "," ENTRY(P("linux", "amd64", "")) "," ENTRY(P("linux", "amd64", "v3")) "]}";
	static const struct {
		const char *want;
		int at; /* -1 = none */
	} cases[] = {{"linux/amd64", 5}, {"linux/amd64/v2", 5}, {"linux/amd64/v3", 6},
		{"linux/amd64/v4", 6}, {"linux/arm64", 4}, {"linux/arm/v7", 3}, {"linux/arm/v6", 2},
		{"linux/386", 1}, {"linux/s390x", -1}, {"unknown/unknown", -1}};
	CLEANUP(arena_done) struct arena a = {0};
	struct image_manifest m;
	struct err err = {0};
	OK(image_manifest_parse(str_of(index), S(""), &a, &m, &err));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct image_descriptor *d = NULL;
		struct image_platform want;
		OK(image_platform_parse(str_of(cases[i].want), &a, &want, &err));
		if (cases[i].at < 0) {
			FAILS(ERR_NOT_FOUND, image_index_pick(&m, &want, &d, &err));
			assert_non_null(strstr(err.hint, "linux/386, linux/arm/v5"));
			continue;
		}
		OK(image_index_pick(&m, &want, &d, &err));
		assert_int_equal(d - m.items, cases[i].at);
	}
}

static void index_pick_entry_without_platform_when_alone(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct image_manifest m;
	struct err err = {0};
	const struct image_descriptor *d = NULL;
	struct image_platform want = {.os = S("linux"), .architecture = S("amd64")};
	OK(image_manifest_parse(
		S("{\"manifests\":[" ENTRY(",\"annotations\":{\"vnd.docker.reference."
					   "type\":\"attestation-manifest\"}") "," ENTRY("") "]}"),
		S(""), &a, &m, &err));
	OK(image_index_pick(&m, &want, &d, &err));
	assert_int_equal(d - m.items, 1);
	OK(image_manifest_parse(S("{\"manifests\":[" ENTRY("") "," ENTRY("") "]}"), S(""), &a, &m,
		&err));
	FAILS(ERR_NOT_FOUND, image_index_pick(&m, &want, &d, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(manifest_parse_oci),
		cmocka_unit_test(manifest_parse_docker_index),
		cmocka_unit_test(manifest_parse_tolerates_what_tools_write),
		cmocka_unit_test(manifest_parse_takes_the_senders_word_when_there_is_none_inside),
		cmocka_unit_test(manifest_parse_bad),
		cmocka_unit_test(manifest_parse_limits),
		cmocka_unit_test(manifest_add_golden),
		cmocka_unit_test(index_pick_platforms),
		cmocka_unit_test(index_pick_entry_without_platform_when_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
