#include "../test.h"

#include "image/check.h"
#include "image/ref.h"

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
	const char *text, *domain, *path, *tag, *digest, *familiar;
} good[] = {
	{"debian", "docker.io", "library/debian", "", "", "debian"},
	{"debian:12", "docker.io", "library/debian", "12", "", "debian:12"},
	{"docker.io/debian", "docker.io", "library/debian", "", "", "debian"},
	{"index.docker.io/debian", "docker.io", "library/debian", "", "", "debian"},
	{"index.docker.io/library/debian", "docker.io", "library/debian", "", "", "debian"},
	{"me/app", "docker.io", "me/app", "", "", "me/app"},
	{"library/me/app", "docker.io", "library/me/app", "", "", "library/me/app"},
	{"ghcr.io/me/app:sha-abc1234", "ghcr.io", "me/app", "sha-abc1234", "",
		"ghcr.io/me/app:sha-abc1234"},
	{"localhost/app", "localhost", "app", "", "", "localhost/app"},
	{"localhost:5000/app:a_b", "localhost:5000", "app", "a_b", "", "localhost:5000/app:a_b"},
	{"localhost:5000", "docker.io", "library/localhost", "5000", "", "localhost:5000"},
	{"Host/app", "Host", "app", "", "", "Host/app"},
	{"a.b/c/d/e", "a.b", "c/d/e", "", "", "a.b/c/d/e"},
	{"[::1]:5000/app", "[::1]:5000", "app", "", "", "[::1]:5000/app"},
	{"[2001:DB8::1]/app:t", "[2001:DB8::1]", "app", "t", "", "[2001:DB8::1]/app:t"},
	{"xn--n3h.com/app", "xn--n3h.com", "app", "", "", "xn--n3h.com/app"},
	{"a/b__c/d-----e/f.g", "docker.io", "a/b__c/d-----e/f.g", "", "", "a/b__c/d-----e/f.g"},
	{"a:Tag.With_All-9", "docker.io", "library/a", "Tag.With_All-9", "", "a:Tag.With_All-9"},
	{"a:_x", "docker.io", "library/a", "_x", "", "a:_x"},
	{"app@sha256:" HEX64, "docker.io", "library/app", "", "sha256:" HEX64, "app@sha256:" HEX64},
	{"ghcr.io/me/app:v1@sha256:" HEX64, "ghcr.io", "me/app", "v1", "sha256:" HEX64,
		"ghcr.io/me/app:v1@sha256:" HEX64},
	{"docker.io/" HEX64, "docker.io", "library/" HEX64, "", "", HEX64},
	{HEX64 "/a", "docker.io", HEX64 "/a", "", "", HEX64 "/a"},
	{"1.2.3.4/a", "1.2.3.4", "a", "", "", "1.2.3.4/a"},
};

static void ref_parse_good_names(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		CLEANUP(buf_done) struct buf familiar = BUF(4096);
		struct image_ref r;
		struct err err = {0};
		char digest[DIGEST_TEXT] = "";
		OK(image_ref_parse(str_of(good[i].text), &a, &r, &err));
		STR_IS(r.domain, good[i].domain);
		STR_IS(r.path, good[i].path);
		STR_IS(r.tag, good[i].tag);
		if (!digest_is_none(&r.digest))
			digest_text(&r.digest, digest);
		assert_string_equal(digest, good[i].digest);
		image_ref_add_familiar(&familiar, &r);
		STR_IS(buf_str(&familiar), good[i].familiar);
	}
}

/* What is printed is read back as the same name. */
static void ref_add_is_read_back(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		CLEANUP(buf_done) struct buf once = BUF(4096), twice = BUF(4096);
		struct image_ref r;
		struct err err = {0};
		OK(image_ref_parse(str_of(good[i].text), &a, &r, &err));
		image_ref_add(&once, &r);
		OK(image_ref_parse(buf_str(&once), &a, &r, &err));
		image_ref_add(&twice, &r);
		assert_string_equal(buf_cstr(&once), buf_cstr(&twice));
	}
}

static const struct {
	const char *text, *says;
} bad[] = {
	{"", "invalid reference format"},
	{"Foo", "invalid reference format: repository name (library/Foo) must be lowercase"},
	{"ghcr.io/Me/app:1",
		"invalid reference format: repository name (Me/app) must be lowercase"},
	{"Foo@sha256:" HEX64, "repository name (library/Foo@sha256) must be lowercase"},
	{HEX64, "cannot specify 64-byte hexadecimal strings"},
	{"a:feature/x", "invalid reference format"},
	{"a:", "invalid reference format"},
	{"a:.x", "invalid reference format"},
	{"a:-x", "invalid reference format"},
	{"https://github.com/a/b", "invalid reference format"},
	{"-docker/docker", "invalid reference format"},
	{"-docker.io/docker", "invalid reference format"},
	{"docker-.io/docker", "invalid reference format"},
	{"docker///docker", "invalid reference format"},
	{"docker.io/docker///docker", "invalid reference format"},
	{"a/", "invalid reference format"},
	{"/a", "invalid reference format"},
	{"a..b", "invalid reference format"},
	{"a___b", "invalid reference format"},
	{"a._b", "invalid reference format"},
	{"a-", "invalid reference format"},
	{"_a", "invalid reference format"},
	{"a b", "invalid reference format"},
	{"a/../b", "invalid reference format"},
	{"a%2fb", "invalid reference format"},
	{"[fc00::1]", "invalid reference format"},
	{"[fc00::1]:5000", "invalid reference format"},
	{"fc00::1:5000/debian", "invalid reference format"},
	{"[fe80::1%eth0]:5000/debian", "invalid reference format"},
	{"[2001:db8:3:4::192.0.2.33]:5000/debian", "invalid reference format"},
	{"[]/a", "invalid reference format"},
	{"a.b:/c", "invalid reference format"},
	{"a.b:x/c", "invalid reference format"},
	{"foo_bar.com/x", "invalid reference format"},
	{"a@sha256:123", "invalid reference format"},
	{"a@", "invalid reference format"},
	{"a@sha256:" HEX64 "00", "invalid checksum digest length"},
	{"a@sha256:ABCDEF6789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		"invalid checksum digest format"},
	{"a@md5:0123456789abcdef0123456789abcdef", "unsupported digest algorithm"},
	{"a@sha256:" HEX64 ":x", "invalid reference format"},
};

static void ref_parse_bad_names(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct image_ref r;
		struct err err = {0};
		if (image_ref_parse(str_of(bad[i].text), &a, &r, &err) == 0)
			fail_msg("'%s' was accepted", bad[i].text);
		if (!strstr(err.what, bad[i].says))
			fail_msg("'%s': %s", bad[i].text, err.what);
	}
}

static void ref_parse_lengths(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct image_ref r;
	struct err err = {0};
	char text[600];
	memset(text, 'a', sizeof(text));
	memcpy(text, "x.io/", 5);
	OK(image_ref_parse(str_n(text, 5 + IMAGE_NAME_MAX), &a, &r, &err));
	FAILS(ERR_INPUT, image_ref_parse(str_n(text, 5 + IMAGE_NAME_MAX + 1), &a, &r, &err));
	assert_non_null(strstr(err.what, "must not be more than 255 characters"));
	text[5 + 1] = ':';
	OK(image_ref_parse(str_n(text, 5 + 2 + IMAGE_TAG_MAX), &a, &r, &err));
	FAILS(ERR_INPUT, image_ref_parse(str_n(text, 5 + 3 + IMAGE_TAG_MAX), &a, &r, &err));
	CLEANUP(mem_free) char *huge = mem_new(1 << 20, 1);
	memset(huge, 'a', 1 << 20);
	FAILS(ERR_INPUT, image_ref_parse(str_n(huge, 1 << 20), &a, &r, &err));
	assert_true(strlen(err.what) < 500);
}

static void ref_default_tag_only_without_digest(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct image_ref r;
	struct err err = {0};
	OK(image_ref_parse(S("a"), &a, &r, &err));
	image_ref_default_tag(&r);
	STR_IS(r.tag, "latest");
	OK(image_ref_parse(S("a@sha256:" HEX64), &a, &r, &err));
	image_ref_default_tag(&r);
	STR_IS(r.tag, "");
}

static void ref_show_prints_parts(void **state)
{
	CLEANUP(buf_done) struct buf b = BUF(4096);
	struct err err = {0};
	OK(image_ref_show(S("debian:12"), &b, &err));
	assert_string_equal(buf_cstr(&b),
		"{\"domain\":\"docker.io\",\"path\":\"library/debian\",\"tag\":\"12\","
		"\"digest\":\"\",\"familiar\":\"debian:12\","
		"\"canonical\":\"docker.io/library/debian:12\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ref_parse_good_names),
		cmocka_unit_test(ref_add_is_read_back),
		cmocka_unit_test(ref_parse_bad_names),
		cmocka_unit_test(ref_parse_lengths),
		cmocka_unit_test(ref_default_tag_only_without_digest),
		cmocka_unit_test(ref_show_prints_parts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
