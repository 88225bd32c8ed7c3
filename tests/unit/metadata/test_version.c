#include "../test.h"

#include "metadata/metadata_priv.h"

static void semver_parse_is_strict(void **state)
{
	static const struct {
		const char *text, *version, *prerelease, *build; /* version NULL = invalid */
	} cases[] = {{"1.2.3", "1.2.3", "", ""}, {"v1.2.3", "1.2.3", "", ""},
		{" v1.2.3 ", "1.2.3", "", ""}, {"v2.0.8-beta.67", "2.0.8-beta.67", "beta.67", ""},
		{"1.0.0-0A", "1.0.0-0A", "0A", ""}, {"1.0.0+build.01", "1.0.0", "", "build.01"},
		{"1.0.0-a-b.c+d-e", "1.0.0-a-b.c", "a-b.c", "d-e"},
		{"9007199254740991.0.0", "9007199254740991.0.0", "", ""},
		{"9007199254740992.0.0", NULL, "", ""}, {"1.2", NULL, "", ""},
		{"1.2.3.4", NULL, "", ""}, {"01.2.3", NULL, "", ""}, {"1.2.3-", NULL, "", ""},
		{"1.2.3-01", NULL, "", ""}, {"1.2.3-a..b", NULL, "", ""}, {"1.2.3+", NULL, "", ""},
		{"=1.2.3", NULL, "", ""}, {"vv1.2.3", NULL, "", ""}, {"", NULL, "", ""},
		{"1.2.3beta", NULL, "", ""}, {"V1.2.3", NULL, "", ""}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct semver v;
		bool is = semver_parse(str_of(cases[i].text), &a, &v);
		if (is != (cases[i].version != NULL))
			fail_msg("'%s' is %s", cases[i].text, is ? "valid" : "invalid");
		if (!is)
			continue;
		STR_IS(v.version, cases[i].version);
		STR_IS(v.prerelease, cases[i].prerelease);
		STR_IS(v.build, cases[i].build);
		STR_IS(v.raw, cases[i].text);
	}
}

static void pep440_parse_normalises(void **state)
{
	static const struct {
		const char *text, *version; /* NULL = invalid */
		bool is_final;
	} cases[] = {{"1.2.3", "1.2.3", true}, {"v1.2.3", "1.2.3", true}, {"V1", "1", true},
		{"1.2.3rc2", "1.2.3rc2", false}, {"1.2.3post1", "1.2.3.post1", false},
		{"1.2.3beta2", "1.2.3b2", false}, {"1.0dev4", "1.0.dev4", false},
		{"1.0a", "1.0a0", false}, {"1.0-ALPHA.3", "1.0a3", false},
		{"1.0.preview_1", "1.0rc1", false}, {"1.0c1", "1.0rc1", false},
		{"1.0pre", "1.0rc0", false}, {"1.0-1", "1.0.post1", false},
		{"1.0-r4", "1.0.post4", false}, {"1.0rev4", "1.0.post4", false},
		{"1.0.post", "1.0.post0", false}, {"1.0a1.post2.dev3", "1.0a1.post2.dev3", false},
		{"1!2.0", "1!2.0", true}, {"0!2.0", "2.0", true}, {"001.02", "1.2", true},
		{"1.0+Ubuntu-1_A.07", "1.0+ubuntu.1.a.7", true}, {"1.0a-1", "1.0a1", false},
		{"1.0.DEV", "1.0.dev0", false}, {"", NULL, false}, {"v", NULL, false},
		{"1.", NULL, false}, {".1", NULL, false}, {"1.0x", NULL, false},
		{"1.0+", NULL, false}, {"1.0+a..b", NULL, false}, {"1!", NULL, false},
		{"1.0 ", NULL, false}, {"1.0-", NULL, false}, {"main", NULL, false}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct pep440 v;
		bool is = pep440_parse(str_of(cases[i].text), &a, &v);
		if (is != (cases[i].version != NULL))
			fail_msg("'%s' is %s", cases[i].text, is ? "valid" : "invalid");
		if (!is)
			continue;
		STR_IS(v.version, cases[i].version);
		assert_int_equal(v.is_final, cases[i].is_final);
	}
	CLEANUP(arena_done) struct arena a = {0};
	struct pep440 v;
	assert_true(pep440_parse(S("v4.05"), &a, &v));
	STR_IS(v.major, "4");
	STR_IS(v.minor, "5");
	STR_IS(v.patch, "0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(semver_parse_is_strict),
		cmocka_unit_test(pep440_parse_normalises),
	};
	return cmocka_run_group_tests_name("metadata/version", tests, NULL, NULL);
}
