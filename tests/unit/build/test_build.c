#include "builds.h"

#include "build/assemble.h"
#include "build/commit.h"

#include <pthread.h>

/* The image id of the pinned build below: bytes we promise. */
#define PINNED_ID "sha256:73804ec5d73a1b78396b14b4d8b584d565a6b40de18f95ba61e45ebb38b658ff"

static void same(const struct build_result *a, const struct build_result *b)
{
	assert_true(digest_eq(&a->manifest.digest, &b->manifest.digest));
	assert_true(digest_eq(&a->config, &b->config));
}

static void steps(const struct build_result *r, size_t n, size_t n_cached)
{
	if (r->n_steps != n || r->n_cached != n_cached)
		fail_msg("%zu of %zu cached, expected %zu of %zu", r->n_cached, r->n_steps,
			n_cached, n);
}

static const char pinned[] =
	"FROM scratch AS one\nCOPY src /src\nWORKDIR /made\n"
	"FROM scratch\nLABEL b=2 a=1\nCOPY --from=one /src /src\nCOPY --chmod=755 run /bin/\n"
	"ENV PATH=/bin\nWORKDIR /src\nENTRYPOINT [\"/bin/run\"]\nCMD [\"x\"]\nEXPOSE 80\n";

static void make_pinned_context(struct builds *g, bool is_backwards)
{
	static const char *const files[] = {"src/a", "src/b/c", "src/b/d", "run"};
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		const char *name = files[is_backwards ? ARRAY_LEN(files) - 1 - i : i];
		temp_dir_file(&g->context, name, name);
	}
}

static void build_run_gives_the_same_image_anywhere(void **state)
{
	struct builds *g = *state, *other;
	struct build_result one, two;
	char text[DIGEST_TEXT];
	void *p;
	if (geteuid() != 0)
		skip(); /* files of a tree belong to whoever runs this */
	builds_up(&p);
	other = p;
	other->images->clock.now_ns -= 1000 * 24 * 3600 * CLOCK_SECOND;
	make_pinned_context(g, false);
	make_pinned_context(other, true);
	struct timespec old[2] = {{1, 0}, {1, 0}};
	assert_int_equal(utimensat(other->context.fd, "src/b/c", old, 0), 0);
	assert_int_equal(fchownat(other->context.fd, "src/a", 77, 78, 0), 0);
	mode_t mask = umask(077);
	builds_ok(other, pinned, &two);
	umask(mask);
	builds_ok(g, pinned, &one);
	same(&one, &two);
	builds_down(&p);
	assert_string_equal(digest_text(&one.config, text), PINNED_ID);
}

static void build_run_again_is_cached(void **state)
{
	struct builds *g = *state;
	struct build_result one, two;
	make_pinned_context(g, false);
	builds_ok(g, pinned, &one);
	steps(&one, 5, 0);
	g->images->clock.now_ns += 7 * CLOCK_SECOND;
	builds_ok(g, pinned, &two);
	steps(&two, 5, 5);
	same(&one, &two);
	g->spec.is_no_cache = true;
	builds_ok(g, pinned, &two);
	steps(&two, 5, 0);
	same(&one, &two);
}

/* The key of a step is content: what does not change it does not run it again. */
static void build_run_misses_only_what_changed(void **state)
{
	struct builds *g = *state;
	struct build_result r;
	static const struct {
		const char *dockerfile;
		size_t n_cached; /* of 3, after the first line's build */
	} cases[] = {
		{"COPY a /a\nCOPY b /b\nCOPY c /c\n", 0}, {"COPY a /a\nCOPY b /b\nCOPY c /c\n", 3},
		{"ENV X=1\nCOPY a /a\nLABEL x=y\nCOPY b /b\nUSER 7\nCOPY c /c\n", 3},
		{"COPY ./a /a\nCOPY [\"b\", \"/b\"]\nCOPY c /./c\n", 2}, /* "to" is as written */
		{"ARG n=b\nCOPY a /a\nCOPY $n /b\nCOPY c /c\n", 3},
		{"ARG n\nCOPY a /a\nCOPY ${n:-c} /b\nCOPY c /c\n", 1},
		{"COPY a /a\nCOPY --chmod=600 b /b\nCOPY c /c\n", 1},
		{"COPY b /b\nCOPY a /a\nCOPY c /c\n", 0},
		{"COPY a /a\nCOPY b /b\nCOPY --link c /c\n", 2},
		{"COPY b /b\nCOPY a /a\nCOPY --link c /c\n", 3}, /* whatever is below */
	};
	temp_dir_file(&g->context, "a", "a");
	temp_dir_file(&g->context, "b", "b");
	temp_dir_file(&g->context, "c", "c");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		builds_ok(g, arena_fmt(&g->arena, "FROM scratch\n%s", cases[i].dockerfile).p, &r);
		if (r.n_steps != 3 || r.n_cached != cases[i].n_cached)
			fail_msg("%zu of %zu cached:\n%s", r.n_cached, r.n_steps,
				cases[i].dockerfile);
	}
	temp_dir_file(&g->context, "b", "changed");
	builds_ok(g, "FROM scratch\nCOPY a /a\nCOPY b /b\nCOPY c /c\n", &r);
	steps(&r, 3, 1);
	temp_dir_file(&g->context, "b", "b"); /* and back */
	builds_ok(g, "FROM scratch\nCOPY a /a\nCOPY b /b\nCOPY c /c\n", &r);
	steps(&r, 3, 3);
}

static void build_run_shares_steps_between_folders(void **state)
{
	struct builds *g = *state;
	struct build_result one, two;
	CLEANUP(temp_dir_done) struct temp_dir elsewhere = temp_dir_quick();
	temp_dir_file(&g->context, "a", "a");
	temp_dir_file(&elsewhere, "a", "a");
	builds_ok(g, "FROM scratch\nCOPY a /\n", &one);
	g->spec.context = elsewhere.path;
	builds_ok(g, "FROM scratch\nCOPY a /\n", &two);
	steps(&two, 1, 1);
	same(&one, &two);
}

/* What a copy from a stage keeps of a file is in its key: the same bytes of a context, of another
 * time or with other attributes are another step. */
static void build_run_of_copies_from_stages_minds_times_and_attributes(void **state)
{
	static const char *const tags[] = {"base:1", NULL};
	static const char copy[] = "FROM scratch\nCOPY --from=base:1 /f /f\n";
	struct builds *g = *state;
	struct err err = {0};
	struct build_result first, r;
	CLEANUP(buf_done) struct buf one = BUF(1 << 20), two = BUF(1 << 20), three = BUF(1 << 20);
	struct tar_xattr attribute = {S("user.x"), S("y")};
	struct tar_entry e = {
		.type = TAR_FILE, .name = S("f"), .mode = 0644, .mtime_ns = CLOCK_SECOND};
	struct buf *tars[] = {&one, &two, &three};
	struct digest ids[3];
	g->spec.tags = tags;
	temp_dir_file(&g->context, "f", "");
	builds_ok(g, "FROM scratch\nCOPY f /f\n", &first);
	for (size_t i = 0; i < 3; i++) {
		e.mtime_ns += CLOCK_SECOND * (i == 1);
		e.xattrs = &attribute;
		e.n_xattrs = i == 2;
		OK(tar_add_header(tars[i], &e, &err));
		struct made_layer layer = images_layer(g->images, tars[i]);
		struct made m = images_of_layers(g->images, &layer, 1, g->spec.platform);
		images_name(g->images, &m, "base:1");
		g->spec.tags = NULL;
		builds_ok(g, copy, &r);
		steps(&r, 1, 0);
		ids[i] = r.config;
		builds_ok(g, copy, &r);
		steps(&r, 1, 1);
	}
	assert_false(digest_eq(&ids[0], &first.config));
	assert_false(digest_eq(&ids[0], &ids[1]));
	assert_false(digest_eq(&ids[1], &ids[2]));
}

/* ---- documents ---- */

static void assemble_image_counts_layers_as_history_does(void **state)
{
	static const struct {
		const char *dockerfile;
		size_t n_layers;
		const char *empty; /* per entry of the history */
	} cases[] = {
		{"FROM scratch\nCOPY a /\n", 1, "0"},
		{"FROM scratch\nCMD x\n", 0, "1"},
		{"FROM scratch\nENV A=1\nCOPY a /\nUSER 1\nCOPY b /\nLABEL x=y\n", 2, "10101"},
		{"FROM scratch\nWORKDIR /w\nWORKDIR /w\nCOPY a .\n", 2, "010"},
		{"FROM scratch AS a\nENV A=1\nCOPY a /\nFROM a\nCOPY b /\nCMD x\n", 2, "1001"},
		{"FROM scratch AS a\nCOPY a /\nFROM a AS b\nFROM b\n", 1, "0"},
		{"FROM scratch AS a\nCOPY a /\nFROM scratch\nCOPY --from=a /a /\n", 1, "0"},
	};
	struct builds *g = *state;
	temp_dir_file(&g->context, "a", "a");
	temp_dir_file(&g->context, "b", "b");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct build_result r;
		struct local_documents d;
		char empty[32] = "";
		builds_ok(g, cases[i].dockerfile, &r);
		builds_image(g, &r, &d);
		assert_int_equal(d.manifest.n_items, cases[i].n_layers);
		assert_int_equal(d.config.n_diff_ids, cases[i].n_layers);
		for (size_t k = 0; k < d.config.n_history; k++)
			empty[k] = d.config.history[k].is_empty_layer ? '1' : '0';
		if (strcmp(empty, cases[i].empty) != 0)
			fail_msg("history %s\n%s", empty, cases[i].dockerfile);
		STR_IS(d.manifest.media_type, MEDIA_OCI_MANIFEST);
		STR_IS(d.config.platform.architecture, "amd64");
	}
}

/* An image of this machine as a base: its history and layers come first. */
static void assemble_image_appends_to_its_base(void **state)
{
	static const char *const tags[] = {"base:1", NULL}, *const none[] = {NULL};
	struct builds *g = *state;
	struct build_result base, r;
	struct local_documents below, d;
	temp_dir_file(&g->context, "a", "a");
	g->spec.tags = tags;
	builds_ok(g, "FROM scratch\nCOPY a /\nENV A=1 B=2\nCMD x\nLABEL l=1\n", &base);
	builds_image(g, &base, &below);
	g->spec.tags = none;
	builds_ok(g, "FROM base:1\nENV A=3\nCOPY a /b\n", &r);
	builds_image(g, &r, &d);
	assert_int_equal(d.manifest.n_items, 2);
	assert_true(digest_eq(&d.manifest.items[0].digest, &below.manifest.items[0].digest));
	assert_int_equal(d.config.n_history, below.config.n_history + 2);
	assert_int_equal(d.config.env.n, 3); /* PATH, A, B */
	STR_IS(d.config.env.p[1], "A=3");
	STR_IS(d.config.cmd.p[d.config.cmd.n - 1], "x");
	STR_IS(d.config.labels.p[0].key, "l");
	builds_fails(g, "FROM base:1\nCOPY missing /\n", ERR_NOT_FOUND, 2, "'missing'");
}

static void assemble_image_adds_labels_and_annotations_of_the_command_line(void **state)
{
	static const struct build_pair labels[] = {{"l", "given"}, {"new", NULL}};
	static const struct build_pair annotations[] = {{"org.x", "y=z"}};
	struct builds *g = *state;
	struct build_result r;
	struct local_documents d;
	g->spec.labels = labels;
	g->spec.n_labels = ARRAY_LEN(labels);
	g->spec.annotations = annotations;
	g->spec.n_annotations = ARRAY_LEN(annotations);
	builds_ok(g, "FROM scratch\nLABEL l=file\n", &r);
	builds_image(g, &r, &d);
	assert_int_equal(d.config.labels.n, 2);
	STR_IS(d.config.labels.p[0].value, "given");
	STR_IS(d.config.labels.p[1].value, "");
	assert_int_equal(d.manifest.annotations.n, 1);
	STR_IS(d.manifest.annotations.p[0].value, "y=z");
}

static void build_run_names_images(void **state)
{
	static const char *const tags[] = {"me/app", "ghcr.io/me/app:v1", NULL};
	static const char *const wrong[] = {"Me/App", NULL};
	static const char *const digest[] = {
		"a@sha256:0123456789012345678901234567890123456789012345"
		"678901234567890123",
		NULL};
	struct builds *g = *state;
	struct err err = {0};
	struct build_result r;
	struct image_descriptor found;
	struct local_images all = {0};
	builds_ok(g, "FROM scratch\nCMD x\n", &r);
	OK(local_list(builds_store(g), &g->arena, &all, &err));
	assert_int_equal(all.n, 1);
	assert_int_equal(all.p[0].ref.domain.n, 0);
	g->spec.tags = tags;
	builds_ok(g, "FROM scratch\nCMD x\n", &r);
	OK(local_find_text(builds_store(g), "me/app:latest", &g->arena, &found, NULL, &err));
	assert_true(digest_eq(&found.digest, &r.manifest.digest));
	OK(local_find_text(builds_store(g), "ghcr.io/me/app:v1", &g->arena, &found, NULL, &err));
	g->spec.tags = wrong;
	FAILS(ERR_INPUT, builds_run(g, "FROM scratch\nCMD x\n", &r, &err));
	assert_non_null(strstr(err.what, "tag 'Me/App'"));
	g->spec.tags = digest;
	FAILS(ERR_USAGE, builds_run(g, "FROM scratch\nCMD x\n", &r, &err));
	vec_done(&all);
}

/* ---- times ---- */

static void commit_times_replace_what_a_step_made(void **state)
{
	int64_t now = 5000 * CLOCK_SECOND;
	struct layer_times t = commit_times(now, false, 0);
	assert_true(t.latest_ns < now); /* the kernel's clock is coarse */
	assert_true(t.latest_ns >= now - 2 * CLOCK_SECOND);
	assert_int_equal(t.replace_ns, 315532800 * CLOCK_SECOND);
	t = commit_times(now, true, 77);
	assert_int_equal(t.latest_ns, 77);
	assert_int_equal(t.replace_ns, 77);
}

static void build_run_with_an_epoch_writes_it(void **state)
{
	struct builds *g = *state;
	struct build_result none, one, two, again;
	struct local_documents d;
	temp_dir_file(&g->context, "a", "a");
	builds_ok(g, "FROM scratch\nCOPY a /\n", &none);
	builds_image(g, &none, &d);
	int64_t plain = d.config.created_ns;
	g->spec.has_epoch = true;
	g->spec.epoch_ns = 1000000000 * CLOCK_SECOND;
	builds_ok(g, "FROM scratch\nCOPY a /\n", &one);
	steps(&one, 1, 0);
	builds_image(g, &one, &d);
	assert_int_equal(d.config.created_ns, g->spec.epoch_ns);
	assert_int_equal(d.config.history[0].created_ns, g->spec.epoch_ns);
	assert_int_not_equal(plain, g->spec.epoch_ns);
	g->spec.epoch_ns += CLOCK_SECOND;
	builds_ok(g, "FROM scratch\nCOPY a /\n", &two);
	steps(&two, 1, 0);
	g->spec.epoch_ns -= CLOCK_SECOND;
	builds_ok(g, "FROM scratch\nCOPY a /\n", &again);
	steps(&again, 1, 1);
	same(&one, &again);
}

/* ---- recompress ---- */

static int press(struct builds *g, enum compression c, const struct digest *diff_id,
	struct image_descriptor *layer, struct err *err)
{
	struct build b = {.spec = &g->spec, .arena = &g->arena};
	struct recompress how = {.is_wanted = true, .compression = c};
	return recompress(&b, &how, diff_id, layer, err);
}

static void recompress_remembers_its_answer(void **state)
{
	struct builds *g = *state;
	struct err err = {0};
	struct build_result r;
	struct local_documents d;
	temp_dir_file(&g->context, "a", "some text to press");
	builds_ok(g, "FROM scratch\nCOPY a /dir/\n", &r);
	builds_image(g, &r, &d);
	struct image_descriptor gzip = d.manifest.items[0], zstd = gzip, plain = gzip;
	const struct digest *diff_id = &d.config.diff_ids[0];
	OK(press(g, COMPRESS_GZIP, diff_id, &gzip, &err)); /* is it already */
	assert_true(digest_eq(&gzip.digest, &d.manifest.items[0].digest));
	OK(press(g, COMPRESS_ZSTD, diff_id, &zstd, &err));
	STR_IS(zstd.media_type, MEDIA_OCI_LAYER_ZSTD);
	OK(press(g, COMPRESS_NONE, diff_id, &plain, &err));
	STR_IS(plain.media_type, MEDIA_OCI_LAYER);
	assert_true(digest_eq(&plain.digest, diff_id));
	/* neither the tree nor the layer is asked again */
	const char *hex = images_hex(g->images, &gzip.digest, 0);
	const char *tree = images_hex(g->images, diff_id, 0);
	OK(fs_remove_tree(store_root_fd(builds_store(g)),
		arena_fmt(&g->arena, "blobs/sha256/%.2s/%s", hex, hex).p, &err));
	OK(fs_remove_tree(store_root_fd(builds_store(g)), arena_fmt(&g->arena, "trees/%s", tree).p,
		&err));
	struct image_descriptor again = gzip;
	OK(press(g, COMPRESS_ZSTD, diff_id, &again, &err));
	assert_true(digest_eq(&again.digest, &zstd.digest));
	assert_int_equal(again.size, zstd.size);
}

/* A layer of others gives its own bytes, also when it cannot be unpacked alone. */
static void recompress_keeps_foreign_bytes(void **state)
{
	struct builds *g = *state;
	struct err err = {0};
	CLEANUP(buf_done) struct buf alone = BUF(1 << 20), linked = BUF(1 << 20);
	images_add(&alone, "z", "out of order", NULL);
	images_add(&alone, "a", "so packing it again gives other bytes", NULL);
	images_add(&linked, "name", "", "of/a/layer/below");
	struct made_layer layers[] = {
		images_layer(g->images, &alone), images_layer(g->images, &linked)};
	OK(cache_open(builds_store(g), &err));
	for (size_t i = 0; i < 2; i++) {
		struct image_descriptor plain = layers[i].descriptor;
		OK(press(g, COMPRESS_NONE, &layers[i].diff_id, &plain, &err));
		assert_true(digest_eq(&plain.digest, &layers[i].diff_id));
		struct image_descriptor zstd = layers[i].descriptor;
		OK(press(g, COMPRESS_ZSTD, &layers[i].diff_id, &zstd, &err));
		STR_IS(zstd.media_type, MEDIA_OCI_LAYER_ZSTD);
	}
	struct digest promised = digest_of(S("something else"));
	struct image_descriptor lies = layers[0].descriptor;
	FAILS(ERR_CORRUPT, press(g, COMPRESS_NONE, &promised, &lies, &err));
}

/* ---- going wrong ---- */

static void build_run_that_is_canceled_leaves_nothing(void **state)
{
	struct builds *g = *state;
	struct err err = {0};
	struct build_result r;
	CLEANUP(cancel_done) struct cancel cancel = {.wake_fd = -1};
	CLEANUP(fs_entries_done) struct fs_entries left = {0};
	int fd;
	OK(cancel_init(&cancel, &err));
	cancel_ask(&cancel);
	g->spec.cancel = &cancel;
	temp_dir_file(&g->context, "a", "a");
	FAILS(ERR_CANCELED, builds_run(g, "FROM scratch\nCOPY a /\n", &r, &err));
	OK(store_dir(builds_store(g), "tmp", &fd, &err));
	OK(fs_list(fd, &left, &err));
	assert_int_equal(left.n, 0);
}

struct at_once {
	struct builds *g;
	const char *file;
	struct build_result result;
	struct err err;
	int rc;
};

static void *build_thread(void *arg)
{
	struct at_once *t = arg;
	CLEANUP(arena_done) struct arena a = {0};
	struct build_spec spec = t->g->spec;
	t->rc = build_run(&spec, &a, &t->result, &t->err);
	return NULL;
}

static void build_run_twice_at_once_agrees(void **state)
{
	enum { N = 4 };
	struct builds *g = *state;
	struct at_once all[N] = {0};
	pthread_t threads[N];
	make_pinned_context(g, false);
	builds_write(g, pinned);
	for (int i = 0; i < N; i++) {
		all[i].g = g;
		assert_int_equal(pthread_create(&threads[i], NULL, build_thread, &all[i]), 0);
	}
	for (int i = 0; i < N; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < N; i++) {
		if (all[i].rc < 0)
			fail_msg("%s", all[i].err.what);
		same(&all[0].result, &all[i].result);
	}
}

struct noting {
	struct event_sink sink;
	struct buf notes;
	pthread_mutex_t lock;
};

static void emit(struct event_sink *sink, const struct event *e)
{
	struct noting *n = (struct noting *)sink;
	pthread_mutex_lock(&n->lock);
	if (e->kind == EVENT_NOTE)
		buf_fmt(&n->notes, "%.*s\n", STR_ARG(e->text));
	pthread_mutex_unlock(&n->lock);
}

static void build_run_explains_hits_and_misses(void **state)
{
	struct builds *g = *state;
	struct build_result r;
	struct noting n = {{emit}, BUF(1 << 16), PTHREAD_MUTEX_INITIALIZER};
	g->spec.events = &n.sink;
	g->spec.explains = true;
	temp_dir_file(&g->context, "a", "one");
	builds_ok(g, "FROM scratch\nCOPY a /\n", &r);
	STR_IS(buf_str(&n.notes), "cache miss: never built here before\n");
	buf_clear(&n.notes);
	builds_ok(g, "FROM scratch\nCOPY a /\n", &r);
	STR_IS(buf_str(&n.notes), "cache hit: nothing it reads changed\n");
	buf_clear(&n.notes);
	temp_dir_file(&g->context, "a", "two");
	builds_ok(g, "FROM scratch\nCOPY a /\n", &r);
	assert_true(str_starts(buf_str(&n.notes), S("cache miss: changed a")));
	buf_clear(&n.notes);
	builds_ok(g, "FROM scratch\nCOPY --chmod=600 a /\n", &r);
	assert_true(str_has(buf_str(&n.notes), S("changed chmod: 600")));
	buf_clear(&n.notes);
	g->spec.is_no_cache = true;
	builds_ok(g, "FROM scratch\nCOPY a /\n", &r);
	STR_IS(buf_str(&n.notes), "cache miss: the cache is off for it\n");
	buf_done(&n.notes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(build_run_gives_the_same_image_anywhere),
		CASE(build_run_again_is_cached),
		CASE(build_run_misses_only_what_changed),
		CASE(build_run_shares_steps_between_folders),
		CASE(build_run_of_copies_from_stages_minds_times_and_attributes),
		CASE(assemble_image_counts_layers_as_history_does),
		CASE(assemble_image_appends_to_its_base),
		CASE(assemble_image_adds_labels_and_annotations_of_the_command_line),
		CASE(build_run_names_images),
		CASE(commit_times_replace_what_a_step_made),
		CASE(build_run_with_an_epoch_writes_it),
		CASE(recompress_remembers_its_answer),
		CASE(recompress_keeps_foreign_bytes),
		CASE(build_run_that_is_canceled_leaves_nothing),
		CASE(build_run_twice_at_once_agrees),
		CASE(build_run_explains_hits_and_misses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
