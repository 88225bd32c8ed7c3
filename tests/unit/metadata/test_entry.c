#include "../test.h"

#include "metadata/metadata_priv.h"

static void metadata_read_list_reads_workflow_text(void **state)
{
	static const struct {
		const char *text, *entries[4];
	} cases[] = {{"", {NULL}}, {"\n\n  \n", {NULL}}, {"a", {"a"}},
		{"a\nb\r\nc\n", {"a", "b", "c"}}, {"  a  \n  b", {"a", "b"}},
		{"type=sha,prefix=x", {"type=sha,prefix=x"}},
		{"# comment\na\n  # indented\nb # kept", {"a", "b # kept"}},
		{"type=raw,value=a#b", {"type=raw,value=a#b"}},
		{"type=match,\"pattern=^a{1,2}\"", {"type=match,pattern=^a{1,2}"}},
		{"\"type=match,\"\"pattern=^a{1,2}\"\"\"", {"type=match,\"pattern=^a{1,2}\""}},
		{"\"two\nlines\"\nb", {"two\nlines", "b"}}, {"say \"hi\"", {"say \"hi\""}},
		{"\"a\"b,c", {"\"a\"b,c"}},
		{"type=raw,value={{date \"YYYY\"}}", {"type=raw,value={{date \"YYYY\"}}"}},
		{"\"\"", {NULL}}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct str_vec v = {0};
		struct err err = {0};
		OK(metadata_read_list(str_of(cases[i].text), &a, &v, &err));
		for (size_t k = 0; k < v.n; k++)
			STR_IS(v.p[k], cases[i].entries[k]);
		assert_null(cases[i].entries[v.n]);
		vec_done(&v);
	}
}

static void metadata_read_list_refuses_open_quotes(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct str_vec v = {0};
	struct err err;
	FAILS(ERR_INPUT, metadata_read_list(S("a\n\"b\nc"), &a, &v, &err));
	vec_done(&v);
}

static int parse_tag(const char *entry, struct arena *a, struct tag_vec *tags, struct err *err)
{
	struct str text = str_of(entry);
	const struct str_vec entries = {&text, 1, 1};
	return tags_parse(&entries, a, tags, err);
}

static void tags_parse_fills_in_defaults(void **state)
{
	static const struct {
		const char *entry;
		enum tag_type type;
		double priority;
		const char *key, *value;
	} cases[] = {{"foo", TAG_RAW, 200, "value", "foo"},
		{"type=raw,foo", TAG_RAW, 200, "value", "foo"},
		{"type=raw,value=a=b", TAG_RAW, 200, "value", "a=b"},
		{"=x", TAG_RAW, 200, "value", "=x"},
		{"Type=raw, VALUE = x ", TAG_RAW, 200, "value", "x"},
		{"type=schedule", TAG_SCHEDULE, 1000, "pattern", "nightly"},
		{"type=semver,pattern={{version}}", TAG_SEMVER, 900, "value", ""},
		{"type=pep440,pattern={{version}},value=1", TAG_PEP440, 900, "value", "1"},
		{"type=match,pattern=\\d", TAG_MATCH, 800, "group", "0"},
		{"type=edge", TAG_EDGE, 700, "branch", ""},
		{"type=ref,event=pr", TAG_REF, 600, "prefix", "pr-"},
		{"type=ref,event=pr,prefix=", TAG_REF, 600, "prefix", ""},
		{"type=sha", TAG_SHA, 100, "prefix", "sha-"},
		{"type=sha,priority=2000", TAG_SHA, 2000, "format", "short"},
		{"type=sha,priority=", TAG_SHA, 0, "enable", "true"},
		{"type=raw,\"value=a,b\"", TAG_RAW, 200, "value", "a,b"},
		{"type=raw,value=x,", TAG_RAW, 200, "value", ""}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct tag_vec tags = {0};
		struct err err = {0};
		OK(parse_tag(cases[i].entry, &a, &tags, &err));
		assert_int_equal(tags.p[0].type, cases[i].type);
		assert_true(tags.p[0].priority == cases[i].priority);
		STR_IS(tag_value(&tags.p[0], cases[i].key), cases[i].value);
		tags_done(&tags);
	}
}

static void tags_parse_refuses(void **state)
{
	static const struct {
		const char *entry, *what;
	} cases[] = {{"type=RAW,value=x", "Unknown tag type attribute: RAW"},
		{"type=,value=x", "Unknown tag type attribute: "},
		{"type=raw", "Missing value attribute for type=raw"},
		{"type=semver", "Missing pattern attribute for type=semver"},
		{"type=pep440", "Missing pattern attribute for type=pep440"},
		{"type=match", "Missing pattern attribute for type=match"},
		{"type=match,pattern=a,group=x",
			"Invalid match group for type=match,pattern=a,group=x"},
		{"type=ref", "Missing event attribute for type=ref"},
		{"type=ref,event=push", "Invalid event for type=ref,event=push"},
		{"type=sha,format=x", "Invalid format for type=sha,format=x"},
		{"", "an entry is empty"}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct tag_vec tags = {0};
		struct err err;
		FAILS(ERR_INPUT, parse_tag(cases[i].entry, &a, &tags, &err));
		assert_string_equal(err.what, cases[i].what);
		tags_done(&tags);
	}
	CLEANUP(arena_done) struct arena a = {0};
	struct tag_vec tags = {0};
	struct err err;
	FAILS(ERR_INPUT, parse_tag("type=raw,value={{date \"YYYY\"}}", &a, &tags, &err));
	tags_done(&tags);
}

static void flavor_parse_splits_at_every_equals_sign(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct err err = {0};
	struct flavor f;
	struct str lines[] = {
		S("latest=true"), S("prefix=x=y,onlatest=true"), S("suffix=-s,onlatest=false")};
	const struct str_vec entries = {lines, 3, 3};
	OK(flavor_parse(&entries, &a, &f, &err));
	STR_IS(f.latest, "true");
	STR_IS(f.prefix, "x");
	STR_IS(f.suffix, "-s");
	assert_true(f.prefixes_latest);
	assert_false(f.suffixes_latest);
	static const char *const wrong[] = {
		"latest", "latest=yes", "colour=red", "prefix=a,onlatest=1", ""};
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct str line = str_of(wrong[i]);
		FAILS(ERR_INPUT, flavor_parse(&(struct str_vec){&line, 1, 1}, &a, &f, &err));
	}
}

static void images_parse_knows_both_forms(void **state)
{
	static const struct {
		const char *text, *images[4];
	} cases[] = {{"name/app", {"name/app"}}, {"Name/App,ghcr.io/x", {"name/app", "ghcr.io/x"}},
		{"name=a\nname=B,enable=true\nname=c,enable=false", {"a", "b"}},
		{"a\nb", {"a", "b"}}, {"a,enable=false\nb", {"b"}}, {"", {NULL}}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct str_vec entries = {0}, images = {0};
		struct err err = {0};
		OK(metadata_read_list(str_of(cases[i].text), &a, &entries, &err));
		OK(images_parse(&entries, &a, &images, &err));
		for (size_t k = 0; k < images.n; k++)
			STR_IS(images.p[k], cases[i].images[k]);
		assert_null(cases[i].images[images.n]);
		vec_done(&entries);
		vec_done(&images);
	}
	static const char *const wrong[] = {
		"name=", "enable=true", "name=a,enable=TRUE", "name=a,x=y"};
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct str line = str_of(wrong[i]);
		struct str_vec images = {0};
		struct err err;
		FAILS(ERR_INPUT, images_parse(&(struct str_vec){&line, 1, 1}, &a, &images, &err));
		vec_done(&images);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(metadata_read_list_reads_workflow_text),
		cmocka_unit_test(metadata_read_list_refuses_open_quotes),
		cmocka_unit_test(tags_parse_fills_in_defaults),
		cmocka_unit_test(tags_parse_refuses),
		cmocka_unit_test(flavor_parse_splits_at_every_equals_sign),
		cmocka_unit_test(images_parse_knows_both_forms),
	};
	return cmocka_run_group_tests_name("metadata/entry", tests, NULL, NULL);
}
