#include "bench.h"

static void blob_is_read_as_it_was_pushed(void **state)
{
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	const char *path;
	push_blob(b, "me/app", "hello");
	path = path_of("/v2/me/app/blobs/%s", SHA256("hello"));
	ASK(200, b, "GET", path, "");
	STR_IS(body_of(b), "hello");
	STR_IS(answered(b, "docker-content-digest"), SHA256("hello"));
	STR_IS(answered(b, "content-type"), "application/octet-stream");
	STR_IS(answered(b, "docker-distribution-api-version"), "registry/2.0");
	ASK(200, b, "HEAD", path, "");
	STR_IS(answered(b, "content-length"), "5");
	STR_IS(answered(b, "docker-content-digest"), SHA256("hello"));
}

static void blob_empty_and_sha512_are_blobs_too(void **state)
{
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	push_blob(b, "a", "");
	ASK(200, b, "GET", path_of("/v2/a/blobs/%s", SHA256("")), "");
	assert_int_equal(b->answer.body.n, 0);
	STR_IS(answered(b, "content-length"), "0");
	ASK(201, b, "POST", path_of("/v2/a/blobs/uploads/?digest=%s", SHA512("hello")), "hello");
	ASK(200, b, "GET", path_of("/v2/a/blobs/%s", SHA512("hello")), "");
	STR_IS(body_of(b), "hello");
}

static void blob_ranges_follow_the_header(void **state)
{
	static const struct {
		const char *range;
		int status;
		const char *body, *content_range;
	} cases[] = {
		{"bytes=0-1", 206, "he", "bytes 0-1/5"},
		{"bytes=3-", 206, "lo", "bytes 3-4/5"},
		{"bytes=-2", 206, "lo", "bytes 3-4/5"},
		{"bytes=3-99", 206, "lo", "bytes 3-4/5"},
		{"bytes=0-0,2-2", 200, "hello", NULL},
		{"nonsense", 200, "hello", NULL},
		{"bytes=4-0", 416, NULL, "bytes */5"},
		{"bytes=5-", 416, NULL, "bytes */5"},
	};
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	push_blob(b, "a", "hello");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char range[60];
		snprintf(range, sizeof(range), "Range: %s", cases[i].range);
		ASK(cases[i].status, b, "GET", path_of("/v2/a/blobs/%s", SHA256("hello")), "",
			range);
		if (cases[i].body)
			STR_IS(body_of(b), cases[i].body);
		if (cases[i].content_range)
			STR_IS(answered(b, "content-range"), cases[i].content_range);
	}
}

static void blob_known_to_the_client_is_not_sent(void **state)
{
	char line[200];
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	push_blob(b, "a", "hello");
	snprintf(line, sizeof(line), "If-None-Match: \"%s\"", SHA256("hello"));
	ASK(304, b, "GET", path_of("/v2/a/blobs/%s", SHA256("hello")), "", line);
	assert_int_equal(b->answer.body.n, 0);
	ASK(200, b, "GET", path_of("/v2/a/blobs/%s", SHA256("hello")), "", "Range: bytes=0-1",
		"If-Range: \"other\"");
	STR_IS(body_of(b), "hello");
}

static void blob_of_another_repository_is_not_seen(void **state)
{
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	push_blob(b, "mine", "secret");
	push_blob(b, "yours", "x");
	ASK(404, b, "GET", path_of("/v2/yours/blobs/%s", SHA256("secret")), "");
	BODY_HAS(b, "\"BLOB_UNKNOWN\"");
	ASK(404, b, "HEAD", path_of("/v2/yours/blobs/%s", SHA256("secret")), "");
	ASK(404, b, "DELETE", path_of("/v2/yours/blobs/%s", SHA256("secret")), "");
	ASK(200, b, "GET", path_of("/v2/mine/blobs/%s", SHA256("secret")), "");
}

static void blob_deleted_is_gone_here_and_stays_elsewhere(void **state)
{
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	push_blob(b, "a", "hello");
	push_blob(b, "b", "hello");
	ASK(202, b, "DELETE", path_of("/v2/a/blobs/%s", SHA256("hello")), "");
	ASK(404, b, "GET", path_of("/v2/a/blobs/%s", SHA256("hello")), "");
	ASK(404, b, "DELETE", path_of("/v2/a/blobs/%s", SHA256("hello")), "");
	ASK(200, b, "GET", path_of("/v2/b/blobs/%s", SHA256("hello")), "");
	push_blob(b, "a", "hello");
	ASK(200, b, "GET", path_of("/v2/a/blobs/%s", SHA256("hello")), "");
}

/* F07: a file that was cut is an error, never short bytes; HEAD says it is missing, so that a client
 * pushes it again, and that mends it. */
static void blob_truncated_on_disk_is_refused_and_mended(void **state)
{
	char path[400], hex[DIGEST_TEXT];
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	push_blob(b, "a", "hello");
	snprintf(hex, sizeof(hex), "%s", SHA256("hello") + 7);
	snprintf(path, sizeof(path), "%s/blobs/sha256/%.2s/%s", b->dir.path, hex, hex);
	assert_int_equal(truncate(path, 3), 0);
	ASK(500, b, "GET", path_of("/v2/a/blobs/%s", SHA256("hello")), "");
	assert_false(str_has(body_of(b), str_of(b->dir.path)));
	ASK(404, b, "HEAD", path_of("/v2/a/blobs/%s", SHA256("hello")), "");
	push_blob(b, "a", "hello");
	ASK(200, b, "GET", path_of("/v2/a/blobs/%s", SHA256("hello")), "");
	STR_IS(body_of(b), "hello");
}

static void bad_paths_are_refused_in_words(void **state)
{
	static const struct {
		const char *method, *path;
		int status;
		const char *words;
	} cases[] = {
		{"GET", "/", 404, "UNSUPPORTED"},
		{"GET", "/v2/a/nothing/b", 404, "UNSUPPORTED"},
		{"GET", "/v2/a%2fb/tags/list", 404, "UNSUPPORTED"},
		{"GET", "/v2/Me/App/tags/list", 400, "use 'me/app'"},
		{"PUT", "/v2/Me/manifests/v1", 400, "NAME_INVALID"},
		{"GET", "/v2/a..b/tags/list", 400, "NAME_INVALID"},
		{"GET", "/v2/a/blobs/sha256:abc", 400, "DIGEST_INVALID"},
		{"HEAD", "/v2/a/blobs/sha256:abc", 400, ""},
		{"DELETE", "/v2/a/blobs/md5:d41d8cd98f00b204e9800998ecf8427e", 400,
			"DIGEST_INVALID"},
		{"GET", "/v2/a/manifests/sha256:abc", 400, "DIGEST_INVALID"},
		{"PUT", "/v2/a/manifests/sha256:abc", 400, "DIGEST_INVALID"},
		{"GET", "/v2/a/referrers/x", 400, "DIGEST_INVALID"},
		{"GET", "/v2/a/manifests/.x", 404, "MANIFEST_UNKNOWN"},
		{"PUT", "/v2/a/manifests/.x", 400, "MANIFEST_INVALID"},
		{"GET", "/v2/a/manifests/v1", 404, "NAME_UNKNOWN"},
		{"GET", "/v2/a/tags/list", 404, "NAME_UNKNOWN"},
		{"POST", "/v2/a/manifests/v1", 405, "UNSUPPORTED"},
		{"PUT", "/v2/", 405, "UNSUPPORTED"},
		{"PATCH", "/v2/a/blobs/uploads/", 405, "UNSUPPORTED"},
		{"GET", "/v2/a/blobs/uploads/x", 404, "BLOB_UPLOAD_UNKNOWN"},
		{"GET", "/v2/a/blobs/uploads/..%2e", 404, "BLOB_UPLOAD_UNKNOWN"},
		{"GET", "/token", 404, "UNSUPPORTED"},
	};
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ASK(cases[i].status, b, cases[i].method, cases[i].path, "");
		if (cases[i].words[0]) {
			BODY_HAS(b, "{\"errors\":[{\"code\":");
			BODY_HAS(b, cases[i].words);
		}
	}
	ASK(405, b, "POST", "/v2/a/manifests/v1", "");
	STR_IS(answered(b, "allow"), "GET, HEAD, PUT, DELETE");
	ASK(200, b, "GET", "/v2/", "");
	STR_IS(body_of(b), "{}");
}

static void names_may_be_as_long_as_the_specification_says(void **state)
{
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	char name[300];
	memset(name, 'a', sizeof(name));
	name[255] = '\0';
	push_blob(b, name, "x");
	name[255] = 'a';
	name[256] = '\0';
	ASK(400, b, "POST", path_of("/v2/%s/blobs/uploads/", name), "");
	BODY_HAS(b, "NAME_INVALID");
}

static void catalog_lists_page_by_page_and_hides_what_is_built_here(void **state)
{
	struct err err = {0};
	struct digest d;
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	push_blob(b, "b", "x");
	push_blob(b, "a/x", "x");
	push_blob(b, "z", "x");
	OK(blob_put(b->store, S("x"), &d, &err));
	OK(link_add(b->store, S("local:docker.io/library/debian"), &d, &err));
	ASK(200, b, "GET", "/v2/_catalog", "");
	STR_IS(body_of(b), "{\"repositories\":[\"a/x\",\"b\",\"z\"]}");
	ASK(200, b, "GET", "/v2/_catalog?n=2", "");
	STR_IS(body_of(b), "{\"repositories\":[\"a/x\",\"b\"]}");
	STR_IS(answered(b, "link"), "</v2/_catalog?n=2&last=b>; rel=\"next\"");
	ASK(200, b, "GET", "/v2/_catalog?n=2&last=b", "");
	STR_IS(body_of(b), "{\"repositories\":[\"z\"]}");
	assert_null(answered(b, "link").p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blob_is_read_as_it_was_pushed),
		cmocka_unit_test(blob_empty_and_sha512_are_blobs_too),
		cmocka_unit_test(blob_ranges_follow_the_header),
		cmocka_unit_test(blob_known_to_the_client_is_not_sent),
		cmocka_unit_test(blob_of_another_repository_is_not_seen),
		cmocka_unit_test(blob_deleted_is_gone_here_and_stays_elsewhere),
		cmocka_unit_test(blob_truncated_on_disk_is_refused_and_mended),
		cmocka_unit_test(bad_paths_are_refused_in_words),
		cmocka_unit_test(names_may_be_as_long_as_the_specification_says),
		cmocka_unit_test(catalog_lists_page_by_page_and_hides_what_is_built_here),
	};
	return cmocka_run_group_tests_name("registry/blob", tests, NULL, NULL);
}
