#include "../tempdir.h"

#include "cli/build_flags.h"

/* A parsed command line, and a store to make a spec with. */
struct line {
	struct temp_dir dir;
	struct cmd_globals g;
	struct session session;
	struct build_flags f;
	struct build_spec spec;
};

static struct line *line_new(void)
{
	struct err err = {0};
	struct line *l = NEW(struct line);
	l->dir = temp_dir_quick();
	l->g = (struct cmd_globals){.root = l->dir.path, .is_quiet = true};
	OK(session_init(&l->session, &l->g, &err));
	return l;
}

static void line_free(struct line *l)
{
	if (!l)
		return;
	build_flags_done(&l->f);
	session_done(&l->session);
	temp_dir_done(&l->dir);
	free(l);
}
CLEANUP_PTR(line_free, struct line);

static int read_words(struct line *l, const char *const *words, struct err *err)
{
	char *argv[32], room[32][200];
	int argc = 0;
	do {
		const char *word = argc ? words[argc - 1] : "build";
		snprintf(room[argc], sizeof(room[0]), "%s", word);
		argv[argc] = arena_cstr(&l->session.arena, str_of(room[argc]));
	} while (words[argc++]);
	if (build_flags_parse(&l->f, cmd_find(S("build")), &l->g, argc, argv, err) < 0)
		return -1;
	return build_flags_spec(&l->f, &l->session, &l->spec, err);
}
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void read_ok(struct line *l, const char *const *words)
{
	struct err err = {0};
	if (read_words(l, words, &err) < 0)
		fail_msg("%s", err.what);
}

static void build_flags_spec_says_what_docker_means(void **state)
{
	CLEANUP(line_free) struct line *l = line_new();
	unsetenv("SOURCE_DATE_EPOCH");
	read_ok(l,
		WORDS("-f", "D", "-t", "a:1", "--tag=b", "--target", "x", "--build-arg", "A=1=2",
			"--build-arg", "B", "--build-arg", "C=", "--label", "l=v", "--network",
			"none", "--platform", "arm64", "--build-context", "n=docker-image://x",
			"--shm-size", "64m", "--pull", "--no-cache-filter", "s", "--add-host",
			"h:1.2.3.4", "ctx"));
	assert_string_equal(l->spec.context, "ctx");
	assert_string_equal(l->spec.file, "D");
	assert_string_equal(l->spec.target, "x");
	assert_string_equal(l->spec.tags[0], "a:1");
	assert_string_equal(l->spec.tags[1], "b");
	assert_null(l->spec.tags[2]);
	assert_int_equal(l->spec.n_args, 3);
	assert_string_equal(l->spec.args[0].key, "A");
	assert_string_equal(l->spec.args[0].value, "1=2");
	assert_null(l->spec.args[1].value);
	assert_string_equal(l->spec.args[2].value, "");
	assert_string_equal(l->spec.labels[0].value, "v");
	assert_string_equal(l->spec.network, "none");
	STR_IS(l->spec.platform->architecture, "arm64");
	assert_string_equal(l->spec.contexts[0].name, "n");
	assert_string_equal(l->spec.contexts[0].value, "docker-image://x");
	assert_int_equal(l->spec.shm_bytes, 64 << 20);
	assert_true(l->spec.pulls);
	assert_string_equal(l->spec.no_cache_stages[0], "s");
	assert_string_equal(l->spec.extra_hosts[0], "h:1.2.3.4");
	assert_int_equal(l->spec.n_outputs, 1);
	assert_int_equal(l->spec.outputs[0].kind, BUILD_OUT_IMAGE);
	assert_false(l->spec.has_epoch);
}

static void build_flags_spec_reads_outputs(void **state)
{
	static const struct {
		const char *text;
		struct build_output expected;
		size_t n_all; /* with the image that is made beside */
	} cases[] = {
		{"out", {.kind = BUILD_OUT_LOCAL, .dest = "out"}, 1},
		{"-", {.kind = BUILD_OUT_TAR, .dest = "-"}, 1},
		{"type=local,dest=out", {.kind = BUILD_OUT_LOCAL, .dest = "out"}, 1},
		{"type=tar,dest=o.tar", {.kind = BUILD_OUT_TAR, .dest = "o.tar"}, 1},
		{"type=oci,dest=o.tar", {.kind = BUILD_OUT_OCI, .dest = "o.tar"}, 1},
		{"type=oci,tar=false,dest=o",
			{.kind = BUILD_OUT_OCI, .dest = "o", .is_folder = true}, 1},
		{"type=docker,dest=d.tar", {.kind = BUILD_OUT_DOCKER, .dest = "d.tar"}, 1},
		{"type=image", {.kind = BUILD_OUT_IMAGE}, 1},
		{"type=image,push=true", {.kind = BUILD_OUT_IMAGE, .pushes = true}, 1},
		{"type=image,push=false", {.kind = BUILD_OUT_IMAGE}, 1},
		{"type=registry", {.kind = BUILD_OUT_IMAGE, .pushes = true}, 1},
		{"type=oci,dest=o.tar,compression=zstd,compression-level=7,force-compression=true",
			{.kind = BUILD_OUT_OCI,
				.dest = "o.tar",
				.compression = COMPRESS_ZSTD,
				.level = 7,
				.has_compression = true,
				.is_forced = true},
			1},
		{"type=oci,dest=o.tar,compression=uncompressed",
			{.kind = BUILD_OUT_OCI,
				.dest = "o.tar",
				.compression = COMPRESS_NONE,
				.has_compression = true},
			1},
		{"type=oci,\"dest=with,comma\"", {.kind = BUILD_OUT_OCI, .dest = "with,comma"}, 1},
		{"type=oci,\"dest=a\"\"b\"", {.kind = BUILD_OUT_OCI, .dest = "a\"b"}, 1},
		{" type=oci, dest=o", {.kind = BUILD_OUT_OCI, .dest = "o"}, 1},
		{"type=oci,dest=a=b", {.kind = BUILD_OUT_OCI, .dest = "a=b"}, 1},
		{"type=oci,oci-mediatypes=true,dest=o", {.kind = BUILD_OUT_OCI, .dest = "o"}, 1},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(line_free) struct line *l = line_new();
		read_ok(l, WORDS("-o", cases[i].text, "."));
		const struct build_output *o = &l->spec.outputs[0], *e = &cases[i].expected;
		assert_int_equal(l->spec.n_outputs, cases[i].n_all);
		if (o->kind != e->kind || o->pushes != e->pushes || o->is_folder != e->is_folder ||
			o->compression != e->compression || o->level != e->level ||
			o->has_compression != e->has_compression || o->is_forced != e->is_forced ||
			!o->dest != !e->dest || (o->dest && strcmp(o->dest, e->dest) != 0))
			fail_msg("'%s': kind %d, dest %s", cases[i].text, (int)o->kind,
				o->dest ? o->dest : "none");
	}
}

static void build_flags_spec_adds_names_of_outputs(void **state)
{
	CLEANUP(line_free) struct line *l = line_new();
	read_ok(l, WORDS("-t", "a", "-o", "type=image,\"name=b,c:1\",push=true", "."));
	assert_string_equal(l->spec.tags[0], "a");
	assert_string_equal(l->spec.tags[1], "b");
	assert_string_equal(l->spec.tags[2], "c:1");
	assert_null(l->spec.tags[3]);
}

static void build_flags_spec_reads_push_and_load(void **state)
{
	static const struct {
		const char *words[5];
		size_t n;
		bool pushes;
	} cases[] = {
		{{"--push", "."}, 1, true},
		{{"--load", "."}, 1, false},
		{{"--push", "-o", "out", "."}, 2, true},
		{{"--load", "-o", "out", "."}, 2, false},
		{{"--push", "-o", "type=image", "."}, 1, true},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(line_free) struct line *l = line_new();
		read_ok(l, cases[i].words);
		assert_int_equal(l->spec.n_outputs, cases[i].n);
		const struct build_output *last = &l->spec.outputs[cases[i].n - 1];
		assert_int_equal(last->kind, BUILD_OUT_IMAGE);
		assert_int_equal(last->pushes, cases[i].pushes);
	}
}

static void build_flags_spec_reads_secrets(void **state)
{
	static const struct {
		const char *text, *id, *file, *env;
	} cases[] = {
		{"id=a,src=/f", "a", "/f", NULL},
		{"id=a,source=/f", "a", "/f", NULL},
		{"type=file,id=a,src=/f", "a", "/f", NULL},
		{"id=a,env=E", "a", NULL, "E"},
		{"type=env,id=a", "a", NULL, "a"},
		{"type=env,id=a,src=E", "a", "E", "E"},
		{"id=KNARR_TEST_SECRET", "KNARR_TEST_SECRET", NULL, "KNARR_TEST_SECRET"},
		{"id=KNARR_TEST_NO_SECRET", "KNARR_TEST_NO_SECRET", "KNARR_TEST_NO_SECRET", NULL},
		{"id=a,\"src=/with,comma\"", "a", "/with,comma", NULL},
	};
	setenv("KNARR_TEST_SECRET", "x", 1);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(line_free) struct line *l = line_new();
		read_ok(l, WORDS("--secret", cases[i].text, "."));
		const struct build_secret *s = &l->spec.secrets[0];
		assert_string_equal(s->id, cases[i].id);
		if (!s->env != !cases[i].env || (s->env && strcmp(s->env, cases[i].env) != 0) ||
			(!s->env && strcmp(s->file, cases[i].file) != 0))
			fail_msg("'%s': file %s, env %s", cases[i].text, s->file ? s->file : "-",
				s->env ? s->env : "-");
	}
	unsetenv("KNARR_TEST_SECRET");
}

static void build_flags_spec_reads_caches(void **state)
{
	CLEANUP(line_free) struct line *l = line_new();
	read_ok(l,
		WORDS("--cache-from", "ghcr.io/me/cache", "--cache-from", "type=local,src=/c",
			"--cache-to", "type=registry,ref=ghcr.io/me/cache:x,mode=max", "."));
	assert_int_equal(l->spec.n_cache_from, 2);
	assert_int_equal(l->spec.cache_from[0].kind, BUILD_CACHE_REGISTRY);
	assert_string_equal(l->spec.cache_from[0].ref, "ghcr.io/me/cache");
	assert_int_equal(l->spec.cache_from[1].kind, BUILD_CACHE_LOCAL);
	assert_string_equal(l->spec.cache_from[1].ref, "/c");
	assert_int_equal(l->spec.n_cache_to, 1);
	assert_true(l->spec.cache_to[0].is_max);
}

static void build_flags_refuse_what_they_do_not_know(void **state)
{
	static const struct {
		const char *words[4];
		enum err_kind kind;
		const char *what, *hint;
	} cases[] = {
		{{NULL}, ERR_USAGE, "needs a context", "knarr build ."},
		{{"a", "b"}, ERR_USAGE, "at most 1 argument", "usage"},
		{{"-o", "type=nope", "."}, ERR_USAGE, "unknown output type 'nope'", "oci"},
		{{"-o", "type=oci,dst=x", "."}, ERR_USAGE, "unknown key 'dst'", "dest"},
		{{"-o", "type=local", "."}, ERR_USAGE, "needs dest=FOLDER", ""},
		{{"-o", "type=oci,tar=false", "."}, ERR_USAGE, "needs dest=FOLDER", ""},
		{{"-o", "type=oci,tar=maybe,dest=x", "."}, ERR_USAGE, "expected true or false", ""},
		{{"-o", "type=oci,dest=x,compression=lzma", "."}, ERR_UNSUPPORTED, "'lzma'",
			"zstd"},
		{{"-o", "type=oci,dest=x,compression-level=99", "."}, ERR_LIMIT, "", ""},
		{{"-o", "type=oci,dest=\"x", "."}, ERR_INPUT, "--output", ""},
		{{"--secret", "src=/f", "."}, ERR_USAGE, "id is missing", ""},
		{{"--secret", "id=a,path=/f", "."}, ERR_USAGE, "unknown key 'path'", "src"},
		{{"--network", "bridge", "."}, ERR_UNSUPPORTED, "'bridge'", "host"},
		{{"--platform", "linux/amd64,linux/arm64", "."}, ERR_UNSUPPORTED, "several",
			"each"},
		{{"--platform", "x/y/z/w", "."}, ERR_INPUT, "--platform", ""},
		{{"--build-context", "x", "."}, ERR_USAGE, "NAME=WHERE", ""},
		{{"--provenance=mode=max", "."}, ERR_UNSUPPORTED, "attestations", "false"},
		{{"--sbom=true", "."}, ERR_UNSUPPORTED, "attestations", "false"},
		{{"--attest", "type=sbom", "."}, ERR_UNSUPPORTED, "attestations", "false"},
		{{"--call", "outline", "."}, ERR_UNSUPPORTED, "'outline'", "check"},
		{{"--build-args", "A=1", "."}, ERR_USAGE, "'--build-args'", "--build-arg"},
		{{"--cache-from", "type=s3,bucket=x", "."}, ERR_UNSUPPORTED, "'s3'", "registry"},
		{{"--cache-to", "type=local", "."}, ERR_USAGE, "dest is missing", ""},
		{{"--cache-to", "type=registry,ref=A b", "."}, ERR_INPUT, "ref", ""},
		{{"--cache-to", "type=registry,ref=a,mode=most", "."}, ERR_USAGE, "min or max", ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(line_free) struct line *l = line_new();
		struct err err = {0};
		if (read_words(l, cases[i].words, &err) == 0)
			fail_msg("case %zu was taken", i);
		if (err.kind != cases[i].kind || !strstr(err.what, cases[i].what) ||
			!strstr(err.hint, cases[i].hint))
			fail_msg("case %zu: %s: %s (%s)", i, err_kind_name(err.kind), err.what,
				err.hint);
	}
}

static void build_flags_spec_reads_the_epoch(void **state)
{
	static const struct {
		const char *text;
		bool is_ok, has_epoch;
		int64_t ns;
	} cases[] = {
		{"", true, false, 0},
		{"0", true, true, 0},
		{"1700000000", true, true, 1700000000 * CLOCK_SECOND},
		{"-1", false, false, 0},
		{"now", false, false, 0},
		{"99999999999999999999", false, false, 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(line_free) struct line *l = line_new();
		struct err err = {0};
		setenv("SOURCE_DATE_EPOCH", cases[i].text, 1);
		int rc = read_words(l, WORDS("."), &err);
		unsetenv("SOURCE_DATE_EPOCH");
		assert_int_equal(rc == 0, cases[i].is_ok);
		if (rc < 0)
			assert_non_null(strstr(err.what, "SOURCE_DATE_EPOCH"));
		assert_int_equal(l->spec.has_epoch, cases[i].has_epoch);
		assert_int_equal(l->spec.epoch_ns, cases[i].ns);
	}
}

static void build_flags_write_files_as_buildx_does(void **state)
{
	CLEANUP(line_free) struct line *l = line_new();
	struct err err = {0};
	char iid[100], metadata[100], expected[600], text[DIGEST_TEXT], manifest[DIGEST_TEXT];
	struct build_result r = {
		.manifest.digest = digest_of(S("manifest")), .config = digest_of(S("config"))};
	snprintf(iid, sizeof(iid), "%s/iid", l->dir.path);
	snprintf(metadata, sizeof(metadata), "%s/metadata", l->dir.path);
	read_ok(l,
		WORDS("-t", "a:1", "-t", "b", "--iidfile", iid, "--metadata-file", metadata, "."));
	OK(build_flags_write_files(&l->f, &r, &err));
	temp_dir_has(&l->dir, "iid", digest_text(&r.config, text));
	snprintf(expected, sizeof(expected),
		"{\n  \"containerimage.config.digest\": \"%s\",\n  \"containerimage.digest\": "
		"\"%s\",\n  \"image.name\": \"a:1,b\"\n}\n",
		text, digest_text(&r.manifest.digest, manifest));
	temp_dir_has(&l->dir, "metadata", expected);
}

static void build_flags_take_stdout_of_archives(void **state)
{
	static const struct {
		const char *text;
		bool takes;
	} cases[] = {
		{"-", true},
		{"out", false},
		{"type=tar", true},
		{"type=tar,dest=-", true},
		{"type=oci", true},
		{"type=oci,dest=x", false},
		{"type=image", false},
		{"type=registry", false},
		{"type=local,dest=out", false},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct build_flags f = {0};
		vec_push(&f.outputs, cases[i].text);
		if (build_flags_take_stdout(&f) != cases[i].takes)
			fail_msg("'%s'", cases[i].text);
		build_flags_done(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(build_flags_spec_says_what_docker_means),
		cmocka_unit_test(build_flags_spec_reads_outputs),
		cmocka_unit_test(build_flags_spec_adds_names_of_outputs),
		cmocka_unit_test(build_flags_spec_reads_push_and_load),
		cmocka_unit_test(build_flags_spec_reads_secrets),
		cmocka_unit_test(build_flags_spec_reads_caches),
		cmocka_unit_test(build_flags_refuse_what_they_do_not_know),
		cmocka_unit_test(build_flags_spec_reads_the_epoch),
		cmocka_unit_test(build_flags_write_files_as_buildx_does),
		cmocka_unit_test(build_flags_take_stdout_of_archives),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
