#include "../test.h"

#include "image/image.h"

static const struct {
	const char *text, *is;
} good[] = {
	{"linux/amd64", "linux/amd64"},
	{"linux/x86_64", "linux/amd64"},
	{"linux/amd64/v1", "linux/amd64"},
	{"linux/amd64/v2", "linux/amd64/v2"},
	{"linux/arm64", "linux/arm64"},
	{"linux/arm64/v8", "linux/arm64"},
	{"linux/arm64/8", "linux/arm64"},
	{"linux/aarch64", "linux/arm64"},
	{"linux/arm", "linux/arm/v7"},
	{"linux/arm/7", "linux/arm/v7"},
	{"linux/arm/v6", "linux/arm/v6"},
	{"linux/armhf", "linux/arm/v7"},
	{"linux/armel", "linux/arm/v6"},
	{"Linux/AMD64", "linux/amd64"},
	{"macos/arm64", "darwin/arm64"},
	{"windows(10.0.17763.1)/amd64", "windows/amd64"},
	{"linux/s390x", "linux/s390x"},
	{"plan9/foo", "plan9/foo"},
};

static void platform_parse_good(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		CLEANUP(buf_done) struct buf b = BUF(256);
		struct image_platform p;
		struct err err = {0};
		OK(image_platform_parse(str_of(good[i].text), &a, &p, &err));
		image_platform_add(&b, &p);
		assert_string_equal(buf_cstr(&b), good[i].is);
	}
}

static void platform_parse_one_word_is_completed_from_the_host(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct image_platform p, host = image_platform_host();
	struct err err = {0};
	OK(image_platform_parse(S("arm64"), &a, &p, &err));
	STR_IS(p.os, "linux");
	STR_IS(p.architecture, "arm64");
	OK(image_platform_parse(S("windows"), &a, &p, &err));
	STR_IS(p.os, "windows");
	assert_true(str_eq(p.architecture, host.architecture));
	OK(image_platform_parse(S("local"), &a, &p, &err));
	assert_true(str_eq(p.architecture, host.architecture));
	OK(image_platform_parse(S("windows(10.0.1)"), &a, &p, &err));
	STR_IS(p.os_version, "10.0.1");
}

static void platform_parse_bad(void **state)
{
	const char *const bad[] = {"", "/", "linux/", "/amd64", "linux/amd64/v1/x", "foo",
		"linux/am d64", "linux(/amd64", "linux/amd64\n", "../../etc/passwd"};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct image_platform p;
		struct err err = {0};
		FAILS(ERR_INPUT, image_platform_parse(str_of(bad[i]), &a, &p, &err));
	}
	CLEANUP(arena_done) struct arena a = {0};
	struct image_platform p;
	struct err err = {0};
	FAILS(ERR_INPUT, image_platform_parse(STR_NONE, &a, &p, &err));
	FAILS(ERR_INPUT, image_platform_parse(str_n("linux\0/amd64", 12), &a, &p, &err));
}

static void platform_matches(void **state)
{
	static const struct {
		const char *want, *have;
		bool matches;
	} cases[] = {
		{"linux/amd64", "linux/amd64", true},
		{"linux/amd64", "linux/amd64/v2", false},
		{"linux/amd64/v3", "linux/amd64/v2", true},
		{"linux/amd64/v3", "linux/amd64", true},
		{"linux/amd64", "linux/386", true},
		{"linux/386", "linux/amd64", false},
		{"linux/amd64", "linux/arm64", false},
		{"linux/amd64", "windows/amd64", false},
		{"linux/arm64", "linux/arm64/v8", true},
		{"linux/arm64", "linux/arm/v7", true},
		{"linux/arm64", "linux/arm64/v9", false},
		{"linux/arm/v7", "linux/arm/v6", true},
		{"linux/arm/v6", "linux/arm/v7", false},
		{"linux/arm/v7", "linux/arm64", false},
		{"linux/riscv64", "linux/riscv64", true},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct image_platform want, have;
		struct err err = {0};
		OK(image_platform_parse(str_of(cases[i].want), &a, &want, &err));
		OK(image_platform_parse(str_of(cases[i].have), &a, &have, &err));
		if (image_platform_matches(&want, &have) != cases[i].matches)
			fail_msg("%s for %s", cases[i].have, cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(platform_parse_good),
		cmocka_unit_test(platform_parse_one_word_is_completed_from_the_host),
		cmocka_unit_test(platform_parse_bad),
		cmocka_unit_test(platform_matches),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
