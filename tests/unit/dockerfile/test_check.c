#include "../test.h"

#include "dockerfile/check.h"

struct checked {
	struct arena arena;
	struct dockerfile file;
	struct check_report report;
	const struct check_image *image; /* of every name; NULL = nobody knows */
	struct str asked;                /* the last image asked for */
};

static int know_image(void *context, struct str name, struct str platform, struct check_image *ret,
	struct err *err)
{
	struct checked *c = context;
	c->asked = arena_fmt(&c->arena, "%.*s@%.*s", STR_ARG(name), STR_ARG(platform));
	if (!c->image)
		return err_set(err, ERR_NOT_FOUND, "no image '%.*s'", STR_ARG(name));
	*ret = *c->image;
	return 0;
}

static int run(struct checked *c, const char *text, const char *target, const char *options,
	struct err *err)
{
	struct scope_platform here = {S("linux/amd64"), S("linux"), S(""), S("amd64"), S("")};
	struct scope_spec scope = {.build = here, .target = here, .target_stage = str_of(target)};
	struct check_spec spec = {.scope = &scope, .options = str_of(options), .context = c};
	spec.image = know_image;
	if (dockerfile_parse(str_of(text), &c->arena, &c->file, err) < 0)
		return -1;
	return dockerfile_check(&c->file, &spec, &c->arena, &c->report, err);
}

/* "Rule:line " of each. */
static const char *names(struct checked *c)
{
	struct str all = S("");
	for (size_t i = 0; i < c->report.n; i++)
		all = arena_fmt(&c->arena, "%.*s%s:%u ", STR_ARG(all), c->report.p[i].rule,
			c->report.p[i].at.line);
	return all.p;
}

static void dockerfile_check_obeys_options(void **state)
{
	static const struct {
		const char *text, *options, *found;
		bool fails;
	} cases[] = {
		{"FROM x as B\nMAINTAINER m", NULL,
			"StageNameCasing:1 FromAsCasing:1 MaintainerDeprecated:2 "},
		{"# check=skip=FromAsCasing, StageNameCasing\nFROM x as B", NULL,
			"StageNameCasing:2 "},
		{"# check=skip=FromAsCasing,StageNameCasing\nFROM x as B", NULL, ""},
		{"# check=skip=all;error=true\nFROM x as B", NULL, ""},
		{"# check=skip=ALL\nFROM x as b", NULL, "FromAsCasing:2 "},
		{"# check=error=1\nFROM x as b", NULL, "FromAsCasing:2 ", true},
		{"# check=error=true\nFROM x as b", "error=false", "FromAsCasing:2 "},
		{"# check=error=true\nFROM x as B", "skip=FromAsCasing", "StageNameCasing:2 "},
		{"FROM x as b", "error=true;skip=None", "FromAsCasing:1 ", true},
		{"FROM y\n# check=skip=FromAsCasing\nFROM x as B", NULL, "StageNameCasing:3 "},
		{"FROM y\n# Check = skip=FromAsCasing,StageNameCasing why\n\nFROM x as B", NULL,
			""},
		{"FROM y\n# check=skip=StageNameCasing\n# check=skip=FromAsCasing\nFROM x as B",
			NULL, "FromAsCasing:4 "},
		{"FROM y\n# check=error=true\nFROM x as b", NULL, "FromAsCasing:3 "},
		{"FROM y\n# check=skip=all\nfrom x", NULL, "ConsistentInstructionCasing:3 "},
		{"# check=experimental=all;skip=all\n# z\nFROM x AS b", NULL,
			"InvalidDefinitionDescription:3 "},
		{"# z\nFROM x AS b", NULL, ""},
	};
	static const struct check_image nothing = {0};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct checked c = {.image = &nothing};
		struct err err = {0};
		OK(run(&c, cases[i].text, "", cases[i].options, &err));
		if (strcmp(names(&c), cases[i].found) != 0 || c.report.fails != cases[i].fails)
			fail_msg("%s: %s", cases[i].text, names(&c));
		arena_done(&c.arena);
	}
}

static void dockerfile_check_refuses_bad_options(void **state)
{
	static const char *const cases[] = {"foo=1", "skip", "skip=a;", ";", "error=maybe"};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct checked c = {0};
		struct err err = {0};
		FAILS(ERR_INPUT, run(&c, "FROM x", "", cases[i], &err));
		assert_true(str_starts(str_of(err.what), S("failed to parse check options: ")));
		arena_done(&c.arena);
	}
}

static void dockerfile_check_asks_for_base_images(void **state)
{
	static const struct str env[] = {S("HOME=/root")},
				triggers[] = {S("ENV t=$q u=v"), S("CMD x")};
	static const struct check_image image = {.env = env,
		.n_env = 1,
		.triggers = triggers,
		.n_triggers = 2,
		.other_platform = S("linux/arm64")};
	struct checked c = {.image = &image};
	struct err err = {0};
	OK(run(&c, "FROM --platform=$BUILDPLATFORM x\nLABEL a=$HOME$t$u$PATH b=$HOMM\nCMD [\"y\"]",
		"", NULL, &err));
	assert_string_equal(names(&c),
		"InvalidBaseImagePlatform:1 UndefinedVar:1 JSONArgsRecommended:1 "
		"MultipleInstructionsDisallowed:1 UndefinedVar:2 ");
	STR_IS(c.report.p[0].detail,
		"Base image x was pulled with platform \"linux/arm64\", expected \"linux/amd64\" for "
		"current build");
	STR_IS(c.report.p[4].detail, "Usage of undefined variable '$HOMM' (did you mean $HOME?)");
	STR_IS(c.asked, "x@linux/amd64");
	arena_done(&c.arena);
	c = (struct checked){0};
	FAILS(ERR_NOT_FOUND, run(&c, "FROM gone AS B", "", NULL, &err));
	assert_int_equal(err.at.line, 1);
	assert_string_equal(names(&c), "StageNameCasing:1 ");
	arena_done(&c.arena);
	c = (struct checked){0};
	OK(run(&c, "FROM scratch\nLABEL a=$PATH", "", NULL, &err));
	assert_string_equal(names(&c), "");
	arena_done(&c.arena);
}

static void dockerfile_check_of_a_target_looks_at_its_stages(void **state)
{
	static const struct check_image nothing = {0};
	static const char text[] = "FROM x AS a\nLABEL l=$q\nFROM x AS b\nUSER $r\nFROM x AS c\n"
				   "COPY --from=a y z\nWORKDIR w";
	static const struct {
		const char *target, *found;
	} cases[] = {
		{"", "UndefinedVar:2 UndefinedVar:4 WorkdirRelativePath:7 "},
		{"a", "UndefinedVar:2 "},
		{"b", "UndefinedVar:4 "},
		{"C", "UndefinedVar:2 WorkdirRelativePath:7 "},
	};
	struct err err = {0};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct checked c = {.image = &nothing};
		OK(run(&c, text, cases[i].target, NULL, &err));
		assert_string_equal(names(&c), cases[i].found);
		arena_done(&c.arena);
	}
	struct checked c = {.image = &nothing};
	FAILS(ERR_NOT_FOUND, run(&c, text, "d", NULL, &err));
	arena_done(&c.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dockerfile_check_obeys_options),
		cmocka_unit_test(dockerfile_check_refuses_bad_options),
		cmocka_unit_test(dockerfile_check_asks_for_base_images),
		cmocka_unit_test(dockerfile_check_of_a_target_looks_at_its_stages),
	};
	return cmocka_run_group_tests_name("dockerfile/check", tests, NULL, NULL);
}
