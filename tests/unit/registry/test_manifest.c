#include "bench.h"

#include <pthread.h>
#include <stdatomic.h>

#define TEXT(name) CLEANUP(buf_done) struct buf name = BUF(8 << 20)
#define OCI_TYPE "Content-Type: " MEDIA_OCI_MANIFEST
#define INDEX_TYPE "Content-Type: " MEDIA_OCI_INDEX

static void manifest_comes_back_byte_by_byte(void **state)
{
	TEXT(m);
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	push_image(b, "me/app", "v1", "layer", " , \"annotations\" : { \"a\":\"\\u00e4\" }", &m);
	STR_IS(answered(b, "docker-content-digest"), SHA256(buf_cstr(&m)));
	assert_true(str_ends(answered(b, "location"), str_of(SHA256(buf_cstr(&m)))));
	for (int i = 0; i < 2; i++) { /* from disk, from memory */
		ASK(200, b, "GET", "/v2/me/app/manifests/v1", "");
		assert_true(str_eq(body_of(b), buf_str(&m)));
		STR_IS(answered(b, "content-type"), MEDIA_OCI_MANIFEST);
		STR_IS(answered(b, "docker-content-digest"), SHA256(buf_cstr(&m)));
		ASK(200, b, "GET", path_of("/v2/me/app/manifests/%s", SHA256(buf_cstr(&m))), "");
		assert_true(str_eq(body_of(b), buf_str(&m)));
		ASK(200, b, "HEAD", "/v2/me/app/manifests/v1", "");
		assert_int_equal(b->answer.body.n, 0);
		assert_true(answered(b, "content-length").n > 0);
	}
	char line[200];
	snprintf(line, sizeof(line), "If-None-Match: \"%s\"", SHA256(buf_cstr(&m)));
	ASK(304, b, "GET", "/v2/me/app/manifests/v1", "", line);
}

static void manifest_is_seen_new_at_once_after_a_push(void **state)
{
	TEXT(one);
	TEXT(two);
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	push_image(b, "a", "v1", "one", "", &one);
	ASK(200, b, "GET", "/v2/a/manifests/v1", "");
	push_image(b, "a", "v1", "two", "", &two);
	ASK(200, b, "GET", "/v2/a/manifests/v1", "");
	assert_true(str_eq(body_of(b), buf_str(&two)));
	ASK(200, b, "GET", path_of("/v2/a/manifests/%s", SHA256(buf_cstr(&one))), "");
	ASK(404, b, "GET", path_of("/v2/b/manifests/%s", SHA256(buf_cstr(&one))), "");
}

static void manifest_without_its_blobs_is_refused_with_each_digest(void **state)
{
	TEXT(m);
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	image_text(&m, "layer", "");
	ASK(404, b, "PUT", "/v2/a/manifests/v1", buf_cstr(&m), OCI_TYPE);
	BODY_HAS(b, "\"MANIFEST_BLOB_UNKNOWN\"");
	BODY_HAS(b, SHA256("layer"));
	BODY_HAS(b, SHA256("{}"));
	push_blob(b, "a", "{}");
	push_blob(b, "b", "layer"); /* elsewhere does not count */
	ASK(404, b, "PUT", "/v2/a/manifests/v1", buf_cstr(&m), OCI_TYPE);
	assert_false(str_has(body_of(b), str_of(SHA256("{}"))));
	push_blob(b, "a", "layer");
	ASK(201, b, "PUT", "/v2/a/manifests/v1", buf_cstr(&m), OCI_TYPE);
}

static void manifest_that_is_none_is_refused(void **state)
{
	static const struct {
		const char *text, *type;
	} cases[] = {
		{"", OCI_TYPE},
		{"{", OCI_TYPE},
		{"{}", OCI_TYPE},
		{"[1e400]", OCI_TYPE},
		{"{\"schemaVersion\":2,\"schemaVersion\":2,\"manifests\":[]}", INDEX_TYPE},
		{"{\"schemaVersion\":2,\"manifests\":[]}", OCI_TYPE},
		{"{\"schemaVersion\":2,\"manifests\":[]}", "Content-Type: text/html"},
		{"{\"schemaVersion\":1,\"fsLayers\":[]}",
			"Content-Type: application/vnd.docker.distribution.manifest.v1+json"},
	};
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ASK(400, b, "PUT", "/v2/a/manifests/v1", cases[i].text, cases[i].type);
		BODY_HAS(b, "\"MANIFEST_INVALID\"");
	}
	ASK(404, b, "GET", "/v2/a/manifests/v1", "");
}

/* F26: depth and size. */
static void manifest_that_is_too_deep_or_too_large_is_refused(void **state)
{
	TEXT(m);
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	for (int i = 0; i < 100000; i++)
		buf_add_ch(&m, '[');
	ASK_BYTES(400, b, "PUT", "/v2/a/manifests/v1", buf_str(&m), OCI_TYPE);
	buf_clear(&m);
	push_blob(b, "a", "{}");
	push_blob(b, "a", "layer");
	image_text(&m, "layer", ",\"annotations\":{\"a\":\"");
	buf_cut(&m, m.n - 1);
	while (m.n < 3900000)
		buf_add_cstr(&m, "0123456789abcdef0123456789abcdef");
	buf_add_cstr(&m, "\"}}");
	ASK_BYTES(201, b, "PUT", "/v2/a/manifests/v1", buf_str(&m), OCI_TYPE);
	ASK(200, b, "GET", "/v2/a/manifests/v1", "");
	assert_true(str_eq(body_of(b), buf_str(&m)));
	while (m.n <= IMAGE_MANIFEST_MAX)
		buf_add_cstr(&m, "                                ");
	ASK_BYTES(413, b, "PUT", "/v2/a/manifests/v1", buf_str(&m), OCI_TYPE);
	BODY_HAS(b, "SIZE_INVALID");
}

static void manifest_by_digest_must_be_that_digest(void **state)
{
	TEXT(m);
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	push_image(b, "a", "v1", "layer", "", &m);
	ASK(400, b, "PUT", path_of("/v2/a/manifests/%s", SHA256("x")), buf_cstr(&m), OCI_TYPE);
	BODY_HAS(b, "\"DIGEST_INVALID\"");
	ASK(201, b, "PUT", path_of("/v2/a/manifests/%s", SHA256(buf_cstr(&m))), buf_cstr(&m),
		OCI_TYPE);
	ASK(201, b, "PUT", path_of("/v2/a/manifests/%s", SHA512(buf_cstr(&m))), buf_cstr(&m),
		OCI_TYPE);
	STR_IS(answered(b, "docker-content-digest"), SHA512(buf_cstr(&m)));
	ASK(200, b, "GET", path_of("/v2/a/manifests/%s", SHA512(buf_cstr(&m))), "");
	assert_true(str_eq(body_of(b), buf_str(&m)));
}

static void manifest_push_sets_many_tags_at_once(void **state)
{
	TEXT(m);
	TEXT(path);
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	push_image(b, "a", "v1", "layer", "", &m);
	const char *digest = path_of("%s", SHA256(buf_cstr(&m)));
	buf_fmt(&path, "/v2/a/manifests/%s?", digest);
	for (int i = 0; i < 12; i++)
		buf_fmt(&path, "tag=t%d&", i);
	ASK(201, b, "PUT", buf_cstr(&path), buf_cstr(&m), OCI_TYPE);
	size_t n = 0;
	for (size_t i = 0; i < b->answer.n_headers; i++)
		n += str_is(b->answer.headers[i].name, "oci-tag");
	assert_int_equal(n, 12);
	ASK(200, b, "GET", "/v2/a/manifests/t11", "");
	buf_cut(&path, path.n - 1);
	buf_add_cstr(&path, "&tag=.bad");
	ASK(400, b, "PUT", buf_cstr(&path), buf_cstr(&m), OCI_TYPE);
	for (int i = 0; i < 100; i++)
		buf_fmt(&path, "&tag=u%d", i);
	struct str s = buf_str(&path), bad = S("&tag=.bad");
	ssize_t at = str_find(s, bad);
	memmove(path.p + at, path.p + at + bad.n, s.n - (size_t)at - bad.n + 1);
	ASK(414, b, "PUT", buf_cstr(&path), buf_cstr(&m), OCI_TYPE);
}

static void manifest_push_can_be_conditional(void **state)
{
	TEXT(one);
	TEXT(two);
	char line[200];
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	push_image(b, "a", "x", "one", "", &one);
	push_image(b, "a", "y", "two", "", &two);
	ASK(201, b, "PUT", "/v2/a/manifests/v1", buf_cstr(&one), OCI_TYPE, "If-None-Match: *");
	ASK(412, b, "PUT", "/v2/a/manifests/v1", buf_cstr(&two), OCI_TYPE, "If-None-Match: *");
	snprintf(line, sizeof(line), "If-Match: \"%s\"", SHA256(buf_cstr(&two)));
	ASK(412, b, "PUT", "/v2/a/manifests/v1", buf_cstr(&two), OCI_TYPE, line);
	snprintf(line, sizeof(line), "If-Match: \"%s\"", SHA256(buf_cstr(&one)));
	ASK(201, b, "PUT", "/v2/a/manifests/v1", buf_cstr(&two), OCI_TYPE, line);
	ASK(400, b, "PUT", "/v2/a/manifests/v1", buf_cstr(&two), OCI_TYPE, "If-Match: x");
	/* an older run does not drag a tag back */
	ASK(201, b, "PUT", "/v2/a/manifests/latest", buf_cstr(&two), OCI_TYPE, "Knarr-Order: 7");
	assert_null(answered(b, "knarr-tag-kept").p);
	ASK(201, b, "PUT", "/v2/a/manifests/latest", buf_cstr(&one), OCI_TYPE, "Knarr-Order: 6");
	STR_IS(answered(b, "knarr-tag-kept"), "newer");
	ASK(200, b, "GET", "/v2/a/manifests/latest", "");
	assert_true(str_eq(body_of(b), buf_str(&two)));
	ASK(400, b, "PUT", "/v2/a/manifests/latest", buf_cstr(&one), OCI_TYPE, "Knarr-Order: -1");
}

static void index_may_be_sparse_but_not_empty_handed(void **state)
{
	TEXT(m);
	TEXT(index);
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	push_image(b, "a", "amd64", "layer", "", &m);
	buf_add_cstr(&index,
		"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX "\",\"manifests\":[");
	add_descriptor(&index, MEDIA_OCI_MANIFEST, buf_cstr(&m));
	buf_add_cstr(&index, ",");
	add_descriptor(&index, MEDIA_OCI_MANIFEST, "not here");
	buf_add_cstr(&index, "]}");
	ASK(201, b, "PUT", "/v2/a/manifests/v1", buf_cstr(&index), INDEX_TYPE);
	ASK(200, b, "GET", "/v2/a/manifests/v1", "");
	ASK(404, b, "PUT", "/v2/b/manifests/v1", buf_cstr(&index), INDEX_TYPE);
	BODY_HAS(b, "MANIFEST_BLOB_UNKNOWN");
	ASK(201, b, "PUT", "/v2/b/manifests/v1", "{\"schemaVersion\":2,\"manifests\":[]}",
		INDEX_TYPE);
	/* an index in an index */
	TEXT(outer);
	buf_add_cstr(&outer, "{\"schemaVersion\":2,\"manifests\":[");
	add_descriptor(&outer, MEDIA_OCI_INDEX, buf_cstr(&index));
	buf_add_cstr(&outer, "]}");
	ASK(201, b, "PUT", "/v2/a/manifests/v2", buf_cstr(&outer), INDEX_TYPE);
}

static void manifest_delete_keeps_what_a_tagged_index_lists(void **state)
{
	TEXT(m);
	TEXT(index);
	char child[200];
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	push_image(b, "a", "amd64", "layer", "", &m);
	snprintf(child, sizeof(child), "/v2/a/manifests/%s", SHA256(buf_cstr(&m)));
	buf_add_cstr(&index, "{\"schemaVersion\":2,\"manifests\":[");
	add_descriptor(&index, MEDIA_OCI_MANIFEST, buf_cstr(&m));
	buf_add_cstr(&index, "]}");
	ASK(201, b, "PUT", "/v2/a/manifests/v1", buf_cstr(&index), INDEX_TYPE);
	ASK(202, b, "DELETE", "/v2/a/manifests/amd64", "");
	ASK(404, b, "GET", "/v2/a/manifests/amd64", "");
	ASK(200, b, "GET", child, "");
	ASK(409, b, "DELETE", child, "");
	BODY_HAS(b, "a:v1");
	ASK(202, b, "DELETE", "/v2/a/manifests/v1", "");
	ASK(202, b, "DELETE", child, "");
	ASK(404, b, "GET", child, "");
	ASK(404, b, "DELETE", child, "");
	ASK(404, b, "DELETE", "/v2/a/manifests/v1", "");
}

static void manifest_delete_by_digest_takes_its_tags(void **state)
{
	TEXT(m);
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	push_image(b, "a", "v1", "layer", "", &m);
	ASK(201, b, "PUT", "/v2/a/manifests/v2", buf_cstr(&m), OCI_TYPE);
	ASK(202, b, "DELETE", path_of("/v2/a/manifests/%s", SHA256(buf_cstr(&m))), "");
	ASK(404, b, "GET", "/v2/a/manifests/v1", "");
	BODY_HAS(b, "MANIFEST_UNKNOWN");
	ASK(404, b, "GET", "/v2/a/manifests/v2", "");
	push_image(b, "a", "v1", "layer", "", &m);
	ASK(202, b, "DELETE", path_of("/v2/a/blobs/%s", SHA256(buf_cstr(&m))), "");
	ASK(404, b, "GET", "/v2/a/manifests/v1", "");
}

static void tags_list_is_sorted_and_paged(void **state)
{
	static const struct {
		const char *query;
		int status;
		const char *tags, *link;
	} cases[] = {
		{"", 200, "[\"V0\",\"a\",\"b\",\"c\"]", NULL},
		{"?n=2", 200, "[\"V0\",\"a\"]", "</v2/me/app/tags/list?n=2&last=a>; rel=\"next\""},
		{"?n=2&last=a", 200, "[\"b\",\"c\"]", NULL},
		{"?n=4", 200, "[\"V0\",\"a\",\"b\",\"c\"]", NULL},
		{"?n=0", 200, "[]", NULL},
		{"?last=b", 200, "[\"c\"]", NULL},
		{"?last=zzz", 200, "[]", NULL},
		{"?last=aa&n=1", 200, "[\"b\"]", "</v2/me/app/tags/list?n=1&last=b>; rel=\"next\""},
		{"?last=%27%3B%20DROP", 200, "[\"V0\",\"a\",\"b\",\"c\"]", NULL},
		{"?n=2147483648", 200, "[\"V0\",\"a\",\"b\",\"c\"]", NULL},
		{"?n=18446744073709551615", 200, "[\"V0\",\"a\",\"b\",\"c\"]", NULL},
		{"?n=-1", 400, "", NULL},
		{"?n=x", 400, "", NULL},
		{"?n=", 400, "", NULL},
		{"?n=99999999999999999999999", 400, "", NULL},
	};
	TEXT(m);
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	push_image(b, "me/app", "c", "layer", "", &m);
	ASK(201, b, "PUT",
		path_of("/v2/me/app/manifests/%s?tag=a&tag=V0&tag=b", SHA256(buf_cstr(&m))),
		buf_cstr(&m), OCI_TYPE);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char body[200];
		ASK(cases[i].status, b, "GET", path_of("/v2/me/app/tags/list%s", cases[i].query),
			"");
		if (cases[i].status != 200)
			continue;
		snprintf(body, sizeof(body), "{\"name\":\"me/app\",\"tags\":%s}", cases[i].tags);
		STR_IS(body_of(b), body);
		STR_IS(answered(b, "link"), cases[i].link ? cases[i].link : "");
	}
}

static void referrers_are_listed_and_filtered(void **state)
{
	TEXT(m);
	TEXT(s);
	char extra[600], path[300];
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	image_text(&m, "layer", "");
	snprintf(path, sizeof(path), "/v2/a/referrers/%s", SHA256(buf_cstr(&m)));
	ASK(200, b, "GET", path, ""); /* nothing is known of it yet */
	STR_IS(answered(b, "content-type"), MEDIA_OCI_INDEX);
	STR_IS(body_of(b),
		"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX "\",\"manifests\":[]}");
	/* F36: the subject comes later */
	snprintf(extra, sizeof(extra),
		",\"artifactType\":\"text/sig\",\"annotations\":{\"k\":\"v\"},\"subject\":{"
		"\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"digest\":\"%s\",\"size\":%zu}",
		SHA256(buf_cstr(&m)), m.n);
	push_image(b, "a", "sig", "signature", extra, &s);
	STR_IS(answered(b, "oci-subject"), SHA256(buf_cstr(&m)));
	push_image(b, "a", "v1", "layer", "", &m);
	assert_null(answered(b, "oci-subject").p);
	ASK(200, b, "GET", path, "");
	BODY_HAS(b, SHA256(buf_cstr(&s)));
	BODY_HAS(b, "\"artifactType\":\"text/sig\",\"annotations\":{\"k\":\"v\"}");
	assert_null(answered(b, "oci-filters-applied").p);
	ASK(200, b, "GET", path_of("%s?artifactType=text%%2Fsig", path), "");
	STR_IS(answered(b, "oci-filters-applied"), "artifactType");
	BODY_HAS(b, SHA256(buf_cstr(&s)));
	ASK(200, b, "GET", path_of("%s?artifactType=text/other", path), "");
	STR_IS(answered(b, "oci-filters-applied"), "artifactType");
	BODY_HAS(b, "\"manifests\":[]");
	ASK(200, b, "GET", path_of("/v2/other/referrers/%s", SHA256(buf_cstr(&m))), "");
	BODY_HAS(b, "\"manifests\":[]");
	ASK(202, b, "DELETE", path_of("/v2/a/manifests/%s", SHA256(buf_cstr(&s))), "");
	ASK(200, b, "GET", path, "");
	BODY_HAS(b, "\"manifests\":[]");
}

static void referrers_beyond_a_page_are_linked(void **state)
{
	TEXT(s);
	TEXT(extra);
	char path[300];
	size_t n_found = 0, n_pages = 0;
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	for (int i = 0; i < 6; i++) {
		buf_clear(&extra);
		buf_fmt(&extra,
			",\"subject\":{\"mediaType\":\"" MEDIA_OCI_MANIFEST
			"\",\"digest\":\"%s\",\"size\":1},\"annotations\":{\"n\":\"%d",
			SHA256("subject"), i);
		while (extra.n < 1000000)
			buf_add_cstr(&extra, "0123456789abcdef0123456789abcdef");
		buf_add_cstr(&extra, "\"}");
		push_image(b, "a", "x", "layer", buf_cstr(&extra), &s);
	}
	snprintf(path, sizeof(path), "/v2/a/referrers/%s", SHA256("subject"));
	while (path[0]) {
		ASK(200, b, "GET", path, "");
		struct str link = answered(b, "link"), s_ = body_of(b);
		for (ssize_t at; (at = str_find(s_, S("\"annotations\""))) >= 0; n_found++)
			s_ = str_skip(s_, (size_t)at + 1);
		ssize_t end = str_chr(link, '>');
		snprintf(path, sizeof(path), "%.*s", end > 0 ? (int)end - 1 : 0,
			end > 0 ? link.p + 1 : "");
		n_pages++;
	}
	assert_int_equal(n_found, 6);
	assert_true(n_pages > 1);
}

static void artifact_manifests_of_others_are_kept(void **state)
{
	static const char type[] = "application/vnd.cncf.oras.artifact.manifest.v1+json";
	TEXT(m);
	char line[200];
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	push_blob(b, "a", "sbom");
	buf_fmt(&m, "{\"mediaType\":\"%s\",\"artifactType\":\"x/sbom\",\"blobs\":[", type);
	add_descriptor(&m, "x/sbom", "sbom");
	buf_add_cstr(&m, "]}");
	snprintf(line, sizeof(line), "Content-Type: %s", type);
	ASK(201, b, "PUT", "/v2/a/manifests/v1", buf_cstr(&m), line);
	ASK(200, b, "GET", "/v2/a/manifests/v1", "");
	STR_IS(answered(b, "content-type"), type);
	assert_true(str_eq(body_of(b), buf_str(&m)));
	ASK(404, b, "PUT", "/v2/b/manifests/v1", buf_cstr(&m), line);
}

/* F33: many writers on one tag; every reader sees one of the manifests, whole. */
struct writers {
	struct bench *bench;
	struct buf texts[4];
	atomic_int n_running;
};
struct writer {
	struct writers *all;
	size_t which;
};

static void *write_tag(void *arg)
{
	struct writer *w = arg;
	struct bench *b = w->all->bench;
	char url[100];
	const struct http_header type = {S("Content-Type"), S(MEDIA_OCI_MANIFEST)};
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/v2/a/manifests/hot",
		http_server_port(b->server));
	for (int i = 0; i < 15; i++) {
		struct err err = {0};
		CLEANUP(http_response_done) struct http_response r = {0};
		OK(http_call(b->client,
			&(struct http_call){.method = "PUT",
				.url = url,
				.body = buf_str(&w->all->texts[w->which]),
				.headers = &type,
				.n_headers = 1},
			&r, &err));
		assert_int_equal(r.status, 201);
	}
	atomic_fetch_sub(&w->all->n_running, 1);
	return NULL;
}

static void tag_written_by_many_is_always_one_of_theirs(void **state)
{
	CLEANUP(bench_free) struct bench *b = bench_new(false);
	struct writers all = {.bench = b, .n_running = 4};
	struct writer writers[4];
	pthread_t threads[4];
	for (size_t i = 0; i < 4; i++) {
		char content[20];
		snprintf(content, sizeof(content), "content %zu", i);
		all.texts[i] = BUF(4096);
		push_image(b, "a", "hot", content, "", &all.texts[i]);
		writers[i] = (struct writer){&all, i};
	}
	for (size_t i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, write_tag, &writers[i]);
	while (atomic_load(&all.n_running)) {
		bool is_one = false;
		ASK(200, b, "GET", "/v2/a/manifests/hot", "");
		for (size_t i = 0; i < 4; i++)
			is_one |= str_eq(body_of(b), buf_str(&all.texts[i])) &&
				str_is(answered(b, "docker-content-digest"),
					SHA256(buf_cstr(&all.texts[i])));
		assert_true(is_one);
	}
	for (size_t i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		buf_done(&all.texts[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(manifest_comes_back_byte_by_byte),
		cmocka_unit_test(manifest_is_seen_new_at_once_after_a_push),
		cmocka_unit_test(manifest_without_its_blobs_is_refused_with_each_digest),
		cmocka_unit_test(manifest_that_is_none_is_refused),
		cmocka_unit_test(manifest_that_is_too_deep_or_too_large_is_refused),
		cmocka_unit_test(manifest_by_digest_must_be_that_digest),
		cmocka_unit_test(manifest_push_sets_many_tags_at_once),
		cmocka_unit_test(manifest_push_can_be_conditional),
		cmocka_unit_test(index_may_be_sparse_but_not_empty_handed),
		cmocka_unit_test(manifest_delete_keeps_what_a_tagged_index_lists),
		cmocka_unit_test(manifest_delete_by_digest_takes_its_tags),
		cmocka_unit_test(tags_list_is_sorted_and_paged),
		cmocka_unit_test(referrers_are_listed_and_filtered),
		cmocka_unit_test(referrers_beyond_a_page_are_linked),
		cmocka_unit_test(artifact_manifests_of_others_are_kept),
		cmocka_unit_test(tag_written_by_many_is_always_one_of_theirs),
	};
	return cmocka_run_group_tests_name("registry/manifest", tests, NULL, NULL);
}
