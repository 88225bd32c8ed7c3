#include "../test.h"

#include "auth/auth.h"
#include "registry/route.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define D "sha256:" HEX

static void route_parse_finds_action_repository_and_reference(void **state)
{
	static const struct {
		const char *path;
		enum route_action action;
		const char *repository, *reference;
		enum route_problem problem;
	} cases[] = {
		{"/v2/", ROUTE_BASE, "", "", ROUTE_FINE},
		{"/v2", ROUTE_BASE, "", "", ROUTE_FINE},
		{"/token", ROUTE_TOKEN, "", "", ROUTE_FINE},
		{"/v2/_catalog", ROUTE_CATALOG, "", "", ROUTE_FINE},
		{"/v2/a/tags/list", ROUTE_TAGS, "a", "", ROUTE_FINE},
		{"/v2/a/b/c/tags/list", ROUTE_TAGS, "a/b/c", "", ROUTE_FINE},
		{"/v2/a/manifests/latest", ROUTE_MANIFEST, "a", "latest", ROUTE_FINE},
		{"/v2/a/manifests/" D, ROUTE_MANIFEST, "a", D, ROUTE_FINE},
		{"/v2/a/manifests/sha256%3A" HEX, ROUTE_MANIFEST, "a", D, ROUTE_FINE},
		{"/v2/a/blobs/" D, ROUTE_BLOB, "a", D, ROUTE_FINE},
		{"/v2/a/blobs/uploads/", ROUTE_UPLOADS, "a", "", ROUTE_FINE},
		{"/v2/a/blobs/uploads", ROUTE_UPLOADS, "a", "", ROUTE_FINE},
		{"/v2/a/blobs/uploads/xyz", ROUTE_UPLOAD, "a", "xyz", ROUTE_FINE},
		{"/v2/a/referrers/" D, ROUTE_REFERRERS, "a", D, ROUTE_FINE},
		/* names made of our own words */
		{"/v2/manifests/manifests/manifests", ROUTE_MANIFEST, "manifests", "manifests",
			ROUTE_FINE},
		{"/v2/tags/list/tags/list", ROUTE_TAGS, "tags/list", "", ROUTE_FINE},
		{"/v2/blobs/uploads/blobs/uploads/", ROUTE_UPLOADS, "blobs/uploads", "",
			ROUTE_FINE},
		{"/v2/a/blobs/manifests/v1", ROUTE_MANIFEST, "a/blobs", "v1", ROUTE_FINE},
		/* a part is wrong */
		{"/v2/A/manifests/v1", ROUTE_MANIFEST, "A", "v1", ROUTE_BAD_NAME},
		{"/v2/a//b/manifests/v1", ROUTE_MANIFEST, "a//b", "v1", ROUTE_BAD_NAME},
		{"/v2/../manifests/v1", ROUTE_MANIFEST, "..", "v1", ROUTE_BAD_NAME},
		{"/v2/a/../b/manifests/v1", ROUTE_MANIFEST, "a/../b", "v1", ROUTE_BAD_NAME},
		{"/v2/local:a/manifests/v1", ROUTE_MANIFEST, "local:a", "v1", ROUTE_BAD_NAME},
		{"/v2/_uploads/manifests/v1", ROUTE_MANIFEST, "_uploads", "v1", ROUTE_BAD_NAME},
		{"/v2/a%2e%2e/manifests/v1", ROUTE_MANIFEST, "a..", "v1", ROUTE_BAD_NAME},
		{"/v2//manifests/v1", ROUTE_MANIFEST, "", "v1", ROUTE_BAD_NAME},
		{"/v2/a/manifests/.v1", ROUTE_MANIFEST, "a", ".v1", ROUTE_BAD_TAG},
		{"/v2/a/manifests/", ROUTE_MANIFEST, "a", "", ROUTE_BAD_TAG},
		{"/v2/a/manifests/sha256:abc", ROUTE_MANIFEST, "a", "sha256:abc", ROUTE_BAD_DIGEST},
		{"/v2/a/manifests/md5:" HEX, ROUTE_MANIFEST, "a", "md5:" HEX, ROUTE_BAD_DIGEST},
		{"/v2/a/blobs/v1", ROUTE_BLOB, "a", "v1", ROUTE_BAD_DIGEST},
		{"/v2/a/blobs/", ROUTE_BLOB, "a", "", ROUTE_BAD_DIGEST},
		{"/v2/a/referrers/v1", ROUTE_REFERRERS, "a", "v1", ROUTE_BAD_DIGEST},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct route r;
		route_parse(str_of(cases[i].path), &a, &r);
		if (r.action != cases[i].action || r.problem != cases[i].problem)
			fail_msg("%s is %d, %d", cases[i].path, r.action, r.problem);
		STR_IS(r.repository, cases[i].repository);
		STR_IS(r.reference, cases[i].reference);
	}
}

static void route_parse_knows_nothing_else(void **state)
{
	static const char *const cases[] = {"", "/", "/v1/", "/v2x", "/token/", "/v2/a", "/v2/a/",
		"/v2/a/tags", "/v2/a/tags/list/", "/v2/tags/list", "/v2/manifests/v1",
		"/v2/blobs/uploads/", "/v2/_catalog/", "/v2/a%2fb/manifests/v1",
		"/v2/a%2Fmanifests/v1", "/v2/a/manifests%2fv1", "/v2/a/manifests/v%00",
		"/v2/a/manifests/v%", "/v2/a/manifests/v1/x", "//v2/", "/V2/"};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct route r;
		route_parse(str_of(cases[i]), &a, &r);
		if (r.action != ROUTE_NONE)
			fail_msg("%s is %d", cases[i], r.action);
	}
}

static void content_range_parse_reads_both_forms(void **state)
{
	static const struct {
		const char *header;
		bool is_valid;
		uint64_t first, last;
	} cases[] = {
		{"0-0", true, 0, 0},
		{"0-499", true, 0, 499},
		{"500-999", true, 500, 999},
		{"bytes 0-499/1000", true, 0, 499},
		{"bytes 0-499/*", true, 0, 499},
		{"9223372036854775806-9223372036854775807", true, INT64_MAX - 1, INT64_MAX},
		{"", false, 0, 0},
		{"-", false, 0, 0},
		{"0-", false, 0, 0},
		{"-5", false, 0, 0},
		{"5-4", false, 0, 0},
		{"0--1", false, 0, 0},
		{"+0-1", false, 0, 0},
		{"0-1-2", false, 0, 0},
		{"0 - 1", false, 0, 0},
		{"bytes=0-1", false, 0, 0},
		{"0-9223372036854775808", false, 0, 0},
		{"0-99999999999999999999999", false, 0, 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint64_t first = 0, last = 0;
		bool ok = content_range_parse(str_of(cases[i].header), &first, &last);
		if (ok != cases[i].is_valid ||
			(ok && (first != cases[i].first || last != cases[i].last)))
			fail_msg("'%s'", cases[i].header);
	}
}

static void scope_parse_maps_actions(void **state)
{
	static const struct {
		const char *text;
		bool is_valid;
		const char *name;
		unsigned scopes;
	} cases[] = {
		{"repository:me/app:pull", true, "me/app", AUTH_READ_PACKAGES},
		{"repository:me/app:pull,push", true, "me/app",
			AUTH_READ_PACKAGES | AUTH_WRITE_PACKAGES},
		{"repository:a:delete", true, "a", AUTH_DELETE_PACKAGES},
		{"repository:a:*", true, "a",
			AUTH_READ_PACKAGES | AUTH_WRITE_PACKAGES | AUTH_DELETE_PACKAGES},
		{"registry:catalog:*", true, "", AUTH_ADMIN},
		{"repository:a:", false, "", 0},
		{"repository:a", false, "", 0},
		{"repository::pull", false, "", 0},
		{"repository:a/../b:pull", false, "", 0},
		{"repository:A:pull", false, "", 0},
		{"repository:a:fly", false, "", 0},
		{"repository:host:5000/a:pull", false, "", 0},
		{"registry:catalog:pull", false, "", 0},
		{"admin:a:*", false, "", 0},
		{"", false, "", 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str name = {0};
		unsigned scopes = 0;
		bool ok = scope_parse(str_of(cases[i].text), &name, &scopes);
		if (ok != cases[i].is_valid)
			fail_msg("'%s' is %d", cases[i].text, ok);
		if (ok) {
			STR_IS(name, cases[i].name);
			assert_int_equal(scopes, cases[i].scopes);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(route_parse_finds_action_repository_and_reference),
		cmocka_unit_test(route_parse_knows_nothing_else),
		cmocka_unit_test(content_range_parse_reads_both_forms),
		cmocka_unit_test(scope_parse_maps_actions),
	};
	return cmocka_run_group_tests_name("registry/route", tests, NULL, NULL);
}
