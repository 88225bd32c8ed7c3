#include "../test.h"

#include "image/image.h"
#include "registry/pushed.h"

#define D1 "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define D2 "sha256:2222222222222222222222222222222222222222222222222222222222222222"
#define D3 "sha256:3333333333333333333333333333333333333333333333333333333333333333"
#define DESC(type, d) "{\"mediaType\":\"" type "\",\"digest\":\"" d "\",\"size\":1}"
#define ARTIFACT "application/vnd.example.artifact.v1+json"

static void pushed_parse_finds_what_is_named(void **state)
{
	static const struct {
		const char *text, *content_type, *media_type, *artifact_type, *annotations;
		size_t n_blobs, n_manifests;
		bool has_subject;
	} cases[] = {
		{"{\"schemaVersion\":2,\"config\":" DESC(MEDIA_OCI_CONFIG,
			 D1) ",\"layers\":[" DESC(MEDIA_OCI_LAYER, D2) "," DESC(MEDIA_OCI_LAYER,
			 D2) "]}",
			MEDIA_OCI_MANIFEST "; charset=utf-8", MEDIA_OCI_MANIFEST, MEDIA_OCI_CONFIG,
			"", 2, 0, false},
		{"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_DOCKER_MANIFEST
		 "\",\"config\":" DESC(MEDIA_DOCKER_CONFIG, D1) ",\"layers\":[" DESC(
			 "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", D2) "]}",
			"application/octet-stream", MEDIA_DOCKER_MANIFEST, MEDIA_DOCKER_CONFIG, "",
			1, 0, false},
		{"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX
		 "\",\"manifests\":[" DESC(MEDIA_OCI_MANIFEST, D1) "," DESC(MEDIA_OCI_MANIFEST,
			 D2) "],"
			     "\"annotations\":{\"b\":\"1\",\"a\":\"\\\"\"}}",
			MEDIA_OCI_INDEX, MEDIA_OCI_INDEX, "", "{\"b\":\"1\",\"a\":\"\\\"\"}", 0, 2,
			false},
		{"{\"schemaVersion\":2,\"manifests\":[]}", MEDIA_OCI_INDEX, MEDIA_OCI_INDEX, "", "",
			0, 0, false},
		{"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST
		 "\",\"artifactType\":\"x/y\","
		 "\"config\":" DESC(MEDIA_OCI_EMPTY, D1) ",\"layers\":[" DESC("a/b",
			 D1) "],"
			     "\"subject\":" DESC(MEDIA_OCI_MANIFEST, D3) "}",
			"", MEDIA_OCI_MANIFEST, "x/y", "", 1, 0, true},
		{"{\"mediaType\":\"" ARTIFACT
		 "\",\"blobs\":[" DESC("a/b", D1) "],\"config\":" DESC("a/c",
			 D2) ",\"artifactType\":\"t/t\",\"subject\":" DESC("a/d", D3) "}",
			ARTIFACT, ARTIFACT, "t/t", "", 2, 0, true},
		{"{\"mediaType\":\"" ARTIFACT "\"}", "application/json", ARTIFACT, "", "", 0, 0,
			false},
		{"{\"x\":1}", ARTIFACT, ARTIFACT, "", "", 0, 0, false},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		struct manifest_row row = {0};
		struct pushed p;
		CLEANUP(arena_done) struct arena a = {0};
		OK(pushed_parse(str_of(cases[i].text), str_of(cases[i].content_type), &a, &row, &p,
			&err));
		STR_IS(row.media_type, cases[i].media_type);
		STR_IS(row.artifact_type, cases[i].artifact_type);
		STR_IS(row.annotations, cases[i].annotations);
		assert_int_equal(p.n_blobs, cases[i].n_blobs);
		assert_int_equal(p.n_manifests, cases[i].n_manifests);
		assert_int_equal(row.n_children, p.n_blobs + p.n_manifests);
		assert_int_equal(digest_is_none(&row.subject), !cases[i].has_subject);
	}
}

static void pushed_parse_refuses_confusion(void **state)
{
	static const struct {
		const char *text, *content_type;
		enum err_kind kind;
	} cases[] = {
		{"", MEDIA_OCI_MANIFEST, ERR_INPUT},
		{"[]", ARTIFACT, ERR_INPUT},
		{"null", "", ERR_INPUT},
		{"{\"a\":1,\"a\":2}", ARTIFACT, ERR_INPUT},
		{"{\"a\":\"\xff\"}", ARTIFACT, ERR_INPUT},
		{"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX "\",\"manifests\":[]}",
			MEDIA_OCI_MANIFEST, ERR_INPUT},
		{"{\"schemaVersion\":2,\"config\":" DESC(MEDIA_OCI_CONFIG, D1) ",\"layers\":[],"
									       "\"manifests\":[]}",
			MEDIA_OCI_MANIFEST, ERR_INPUT},
		{"{\"mediaType\":\"" ARTIFACT "\",\"layers\":[],\"manifests\":[]}", ARTIFACT,
			ERR_INPUT},
		{"{\"mediaType\":\"" ARTIFACT "\"}", "application/vnd.other+json", ERR_INPUT},
		{"{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\"}", ARTIFACT, ERR_INPUT},
		{"{\"mediaType\":\"" ARTIFACT "\"}", MEDIA_OCI_MANIFEST, ERR_INPUT},
		{"{}", "text/html", ERR_INPUT},
		{"{\"mediaType\":\"text/html\"}", "", ERR_INPUT},
		{"{\"blobs\":[{\"digest\":\"sha256:x\"}]}", ARTIFACT, ERR_INPUT},
		{"{\"blobs\":[{}]}", ARTIFACT, ERR_INPUT},
		{"{\"blobs\":{}}", ARTIFACT, ERR_INPUT},
		{"{\"annotations\":{\"a\":1}}", ARTIFACT, ERR_INPUT},
		{"{\"schemaVersion\":1,\"fsLayers\":[]}", "", ERR_UNSUPPORTED},
		{"{\"schemaVersion\":1}",
			"application/vnd.docker.distribution.manifest.v1+prettyjws",
			ERR_UNSUPPORTED},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		struct manifest_row row = {0};
		struct pushed p;
		CLEANUP(arena_done) struct arena a = {0};
		int rc = pushed_parse(str_of(cases[i].text), str_of(cases[i].content_type), &a,
			&row, &p, &err);
		if (rc == 0 || err.kind != cases[i].kind)
			fail_msg("%s as '%s' gave %d, %s: %s", cases[i].text, cases[i].content_type,
				rc, err_kind_name(err.kind), err.what);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pushed_parse_finds_what_is_named),
		cmocka_unit_test(pushed_parse_refuses_confusion),
	};
	return cmocka_run_group_tests_name("registry/pushed", tests, NULL, NULL);
}
