#include "../golden.h"

#include "metadata/metadata.h"

#include "base/clock.h"

/* A case is a JSON object: images, tags, flavor, labels, annotations (a text as in a workflow, or a
 * list of finished entries), event, repo, now, commit_date, env, and what else a spec has. */

static void read_input(const struct json *in, const char *key, struct arena *a, struct str_vec *ret)
{
	struct err err = {0};
	const struct json *v = json_get(in, key);
	if (!v)
		return;
	if (v->kind == JSON_STRING) {
		OK(metadata_read_list(v->text, a, ret, &err));
		return;
	}
	for (size_t i = 0; i < v->n; i++)
		vec_push(ret, v->items[i].text);
}

static int64_t read_time(const struct json *in, const char *key)
{
	struct err err = {0};
	struct str text = S("2020-01-10T00:30:00Z");
	int64_t ns = 0;
	OK(json_opt_str(in, key, &text, &err));
	OK(clock_parse_rfc3339(text, &ns, &err));
	return ns;
}

static void read_texts(const struct json *in, struct metadata_spec *spec)
{
	const struct {
		const char *key;
		struct str *to;
	} texts[] = {{"sep-tags", &spec->sep_tags}, {"sep-labels", &spec->sep_labels},
		{"bake-target", &spec->bake_target}, {"context", &spec->context},
		{"git_ref", &spec->git_ref}, {"git_sha", &spec->git_sha}, {"ref", &spec->ref},
		{"short_sha_length", &spec->short_sha_length}, {"pr_head_sha", &spec->pr_head_sha},
		{"annotations_levels", &spec->annotations_levels}};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct err err = {0};
		OK(json_opt_str(in, texts[i].key, texts[i].to, &err));
	}
}

/* A zone nine hours east, and one that cannot be read. */
static int read_zone(struct metadata_zones *zones, struct str name, struct buf *ret,
	struct err *err)
{
	if (str_is(name, "Asia/Secret"))
		return err_set(err, ERR_SYS, "permission denied");
	if (!str_is(name, "Asia/Tokyo"))
		return err_set(err, ERR_NOT_FOUND, "no such zone");
	static const char file[] =
		"TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4"
		"\0\0\0\0\0\0JST\0";
	for (int i = 0; i < 2; i++)
		buf_add_bytes(ret, file, 54);
	buf_add(ret, S("\nJST-9\n"));
	return 0;
}

static void answer(const struct golden *g, struct buf *out)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(metadata_spec_done) struct metadata_spec spec = {0};
	CLEANUP(metadata_done) struct metadata m = {0};
	struct metadata_zones zones = {read_zone};
	struct err err = {0};
	struct json *in;
	struct json_out o;
	OK(json_parse(g->in, NULL, &a, &in, &err));
	read_input(in, "images", &a, &spec.images);
	read_input(in, "tags", &a, &spec.tags);
	read_input(in, "flavor", &a, &spec.flavor);
	read_input(in, "labels", &a, &spec.labels);
	read_input(in, "annotations", &a, &spec.annotations);
	read_texts(in, &spec);
	spec.event = json_get(in, "event");
	spec.repo = json_get(in, "repo");
	spec.now_ns = read_time(in, "now");
	spec.has_commit_date = json_get(in, "commit_date") != NULL;
	spec.commit_date_ns = read_time(in, "commit_date");
	spec.zones = &zones;
	if (metadata_compute(&spec, &a, &m, &err) < 0) {
		buf_fmt(out, "error: %s: %s\n", err_kind_name(err.kind), err.what);
		return;
	}
	json_out_init(&o, out, 2);
	metadata_write_json(&m, &o);
	buf_add_ch(out, '\n');
	if (!str_is(str_of(g->name), "separators"))
		return;
	buf_fmt(out, "json: %.*s\nbake-tags: %.*s\nbake-labels: %.*s\nbake-annotations: %.*s\n",
		STR_ARG(m.json), STR_ARG(m.bake_tags), STR_ARG(m.bake_labels),
		STR_ARG(m.bake_annotations));
	OK(metadata_output(&m, &spec, "tags", out, &err));
	buf_add_ch(out, '\n');
}

static void metadata_compute_golden(void **state)
{
	golden_run("metadata", answer);
}

static void metadata_output_knows_its_names(void **state)
{
	static const char *const names[] = {
		"version", "tags", "tag-names", "labels", "annotations", "json"};
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(metadata_done) struct metadata m = {0};
	struct metadata_spec spec = {.ref = S("refs/heads/main"), .sha = S("0123456789abcdef")};
	struct err err = {0};
	OK(metadata_compute(&spec, &a, &m, &err));
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		CLEANUP(buf_done) struct buf b = BUF(10000);
		OK(metadata_output(&m, &spec, names[i], &b, &err));
		assert_true(b.n > 0);
	}
	CLEANUP(buf_done) struct buf b = BUF(10000);
	FAILS(ERR_NOT_FOUND, metadata_output(&m, &spec, "bake-file", &b, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(metadata_compute_golden),
		cmocka_unit_test(metadata_output_knows_its_names),
	};
	return cmocka_run_group_tests_name("metadata/metadata", tests, NULL, NULL);
}
