#include "../tempdir.h"

#include "cli/config.h"

static void parsed(const char *text, struct config **ret)
{
	struct err err = {0};
	*ret = NEW(struct config);
	if (config_parse(str_of(text), "c.yaml", *ret, &err) < 0)
		fail_msg("%s", err.what);
}

static void config_parse_reads_registries(void **state)
{
	CLEANUP(config_free) struct config *c = NULL;
	parsed("registries:\n"
	       "  - prefix: ghcr.io\n"
	       "    location: 127.0.0.1:5080\n"
	       "    insecure: true\n"
	       "    ca-file: /ca.pem\n"
	       "    mirrors: [one:5000, 'two']\n"
	       "  - {prefix: docker.io/library}\n",
		&c);
	assert_int_equal(c->registries.n, 2);
	const struct remote_registry *r = &c->registries.p[0];
	assert_string_equal(r->prefix, "ghcr.io");
	assert_string_equal(r->location, "127.0.0.1:5080");
	assert_string_equal(r->ca_file, "/ca.pem");
	assert_true(r->is_insecure);
	assert_string_equal(r->mirrors[0], "one:5000");
	assert_string_equal(r->mirrors[1], "two");
	assert_null(r->mirrors[2]);
	r = &c->registries.p[1];
	assert_string_equal(r->prefix, "docker.io/library");
	assert_null(r->location);
	assert_null(r->mirrors);
	assert_false(r->is_insecure);
}

static void config_parse_of_nothing_is_fine(void **state)
{
	static const char *const texts[] = {
		"", "\n", "# only a comment\n", "registries: []\n", "{}\n"};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		CLEANUP(config_free) struct config *c = NULL;
		parsed(texts[i], &c);
		assert_int_equal(c->registries.n, 0);
	}
}

static void config_parse_says_where_it_is_wrong(void **state)
{
	static const struct {
		const char *text;
		uint32_t line, col;
		const char *words;
	} cases[] = {
		{"registry: []\n", 1, 1, "unknown key 'registry'"},
		{"registries: {}\n", 1, 13, "'registries': expected a list"},
		{"registries: ghcr.io\n", 1, 13, "expected a list"},
		{"registries:\n  - ghcr.io\n", 2, 5, "expected a registry"},
		{"registries:\n  - prefix: a\n    locaton: b\n", 3, 5, "unknown key 'locaton'"},
		{"registries:\n  - location: b\n", 2, 5, "needs 'prefix'"},
		{"registries:\n  - prefix: [a]\n", 2, 13, "'prefix': expected text"},
		{"registries:\n  - prefix:\n", 2, 0, "'prefix': expected text"},
		{"registries:\n  - prefix: ''\n", 2, 13, "'prefix': expected text"},
		{"registries:\n  - prefix: a\n    insecure: maybe\n", 3, 15,
			"expected true or false"},
		{"registries:\n  - prefix: a\n    insecure: 'true'\n", 3, 15,
			"expected true or false"},
		{"registries:\n  - prefix: a\n    mirrors: b\n", 3, 14,
			"'mirrors': expected a list"},
		{"registries:\n  - prefix: a\n    mirrors: [b, {}]\n", 3, 18,
			"'mirrors': expected text"},
		{"- a\n", 1, 1, "expected settings"},
		{"just text\n", 1, 1, "expected settings"},
		{"registries: [\n", 0, 0, ""},
		{"registries: []\nregistries: []\n", 2, 1, "registries"},
		{"a: &a [*a]\n", 0, 0, ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		CLEANUP(config_free) struct config *c = NEW(struct config);
		if (config_parse(str_of(cases[i].text), "c.yaml", c, &err) == 0)
			fail_msg("was taken:\n%s", cases[i].text);
		assert_int_equal(err.kind, ERR_INPUT);
		assert_string_equal(err.at.file, "c.yaml");
		if ((cases[i].line && err.at.line != cases[i].line) ||
			(cases[i].col && err.at.col != cases[i].col) ||
			!strstr(err.what, cases[i].words))
			fail_msg("%u:%u: %s\n%s", err.at.line, err.at.col, err.what, cases[i].text);
	}
}

static void config_load_looks_in_order(void **state)
{
	struct err err = {0};
	char named[100], gone[100];
	CLEANUP(temp_dir_done) struct temp_dir dir = temp_dir_new();
	snprintf(named, sizeof(named), "%s/named.yaml", dir.path);
	snprintf(gone, sizeof(gone), "%s/gone.yaml", dir.path);
	temp_dir_file(&dir, "named.yaml", "registries: [{prefix: named}]\n");
	temp_dir_file(&dir, "config.yaml", "registries: [{prefix: root}]\n");
	unsetenv("KNARR_CONFIG");
	CLEANUP(config_free) struct config *a = NULL, *b = NULL, *c = NULL, *d = NULL;
	OK(config_load(named, dir.path, &a, &err));
	assert_string_equal(a->registries.p[0].prefix, "named");
	assert_string_equal(a->path, named);
	OK(config_load(NULL, dir.path, &b, &err));
	assert_string_equal(b->registries.p[0].prefix, "root");
	setenv("KNARR_CONFIG", named, 1);
	OK(config_load(NULL, dir.path, &c, &err));
	assert_string_equal(c->registries.p[0].prefix, "named");
	setenv("KNARR_CONFIG", gone, 1);
	FAILS(ERR_NOT_FOUND, config_load(NULL, dir.path, &d, &err));
	assert_non_null(strstr(err.what, gone));
	unsetenv("KNARR_CONFIG");
	FAILS(ERR_NOT_FOUND, config_load(gone, dir.path, &d, &err));
	temp_dir_file(&dir, "config.yaml", "registries: 7\n");
	FAILS(ERR_INPUT, config_load(NULL, dir.path, &d, &err));
	assert_non_null(strstr(err.at.file, "/config.yaml"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(config_parse_reads_registries),
		cmocka_unit_test(config_parse_of_nothing_is_fine),
		cmocka_unit_test(config_parse_says_where_it_is_wrong),
		cmocka_unit_test(config_load_looks_in_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
