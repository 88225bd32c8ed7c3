#include "temp_store.h"

#include "base/map.h"

#include <pthread.h>
#include <sys/wait.h>

static struct digest put_manifest(struct temp_store *t, struct str repository, const char *text,
	const struct digest *children, size_t n, const struct digest *subject)
{
	struct err err = {0};
	struct manifest_row m = {.digest = put(t, text),
		.media_type = S("a/b"),
		.size = strlen(text),
		.children = children,
		.n_children = n};
	if (subject)
		m.subject = *subject;
	OK(manifest_put(t->s, repository, &m, &err));
	return m.digest;
}

static void tag(struct temp_store *t, struct str repository, const char *name,
	const struct digest *d)
{
	struct err err = {0};
	struct tag_set set = {repository, str_of(name), *d, NULL, 0};
	OK(tag_set(t->s, &set, &err));
}

#define R S("r")

static void gc_keeps_what_tags_lead_to(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	struct digest layer = put(t, "layer"), config = put(t, "config"), loose = put(t, "loose");
	struct digest children[] = {layer, config};
	struct digest image = put_manifest(t, R, "image", children, 2, NULL);
	struct digest index = put_manifest(t, R, "index", &image, 1, NULL);
	struct digest signature = put_manifest(t, R, "signature", &loose, 0, &image);
	tag(t, R, "v1", &index);
	struct gc_result r = collect(t);
	assert_int_equal(r.n_blobs, 0); /* we hold leases on all of it */
	open_again(t);
	r = collect(t);
	assert_int_equal(r.n_blobs, 1);
	assert_int_equal(r.bytes, 5);
	assert_int_equal(r.n_kept_blobs, 5);
	assert_false(blob_exists(t->s, &loose));
	assert_true(blob_exists(t->s, &signature)); /* a referrer of what lives */
	OK(tag_remove(t->s, R, S("v1"), &err));
	open_again(t);
	r = collect(t);
	assert_int_equal(r.n_blobs, 5);
	assert_int_equal(r.n_kept_blobs, 0);
	assert_false(repository_exists(t->s, R));
	assert_int_equal(link_has(t->s, R, &image, &err), 0);
}

static void gc_leases_protect_until_the_process_ends(void **state)
{
	struct temp_store *t = *state;
	struct store *other = NULL;
	struct store_spec spec = {.root = t->path};
	struct err err = {0};
	struct digest d = put(t, "blob");
	OK(store_open(&spec, &other, &err));
	OK(blob_keep(other, &d, &err));
	open_again(t); /* the one that put it is gone */
	assert_int_equal(collect(t).n_blobs, 0);
	store_free(other);
	assert_int_equal(collect(t).n_blobs, 1);
}

static void gc_lease_on_a_manifest_protects_what_it_links_to(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	struct digest layer = put(t, "layer");
	struct digest image = put_manifest(t, R, "image", &layer, 1, NULL);
	open_again(t);
	OK(blob_keep(t->s, &image, &err));
	assert_int_equal(collect(t).n_blobs, 0);
	assert_int_equal(link_has(t->s, R, &image, &err), 1);
	open_again(t);
	assert_int_equal(collect(t).n_blobs, 2);
}

/* ---- a server's leases end by time ---- */

static int64_t test_time;
static int64_t now_of_test(const struct clock *c)
{
	return test_time;
}
static const struct clock test_clock = {now_of_test, now_of_test};

static void gc_server_lets_go_after_a_while(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	struct store *server = NULL;
	struct store_spec spec = {
		.root = t->path, .clock = &test_clock, .lease_ns = 3600 * CLOCK_SECOND};
	struct digest d, used, other;
	test_time = 0;
	OK(store_open(&spec, &server, &err));
	OK(blob_put(server, S("once"), &d, &err));
	OK(blob_put(server, S("used"), &used, &err));
	for (int hour = 0; hour < 3; hour++) {
		assert_true(blob_exists(server, &used));
		assert_int_equal(collect(t).n_blobs, 0);
		test_time += hour == 0 ? 3590 * CLOCK_SECOND : 3600 * CLOCK_SECOND;
	}
	OK(blob_put(server, S("other"), &other, &err));
	assert_int_equal(collect(t).n_blobs, 1);
	assert_false(blob_exists(server, &d));
	assert_true(blob_exists(server, &used));
	store_free(server);
}

static void gc_blob_age_keeps_the_young_with_all_they_lead_to(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	struct gc_result r;
	struct digest layer = put(t, "layer");
	put_manifest(t, R, "image", &layer, 1, NULL);
	put(t, "loose");
	open_again(t);
	struct gc_spec spec = {.blob_age_ns = 3600 * CLOCK_SECOND};
	OK(gc_run(t->s, &spec, &r, &err));
	assert_int_equal(r.n_blobs, 0);
	assert_int_equal(link_has(t->s, R, &layer, &err), 0);
	spec.blob_age_ns = 0;
	spec.is_dry_run = true;
	OK(gc_run(t->s, &spec, &r, &err));
	assert_int_equal(r.n_blobs, 3);
	assert_true(r.bytes > 0);
	spec.is_dry_run = false;
	OK(gc_run(t->s, &spec, &r, &err));
	assert_int_equal(r.n_blobs, 3);
}

/* ---- roots of other rooms, trees ---- */

struct extra {
	struct digest d;
	const char *tree;
};

static int extra_roots(void *ctx, struct store *s,
	void (*keep)(void *keep_ctx, const struct digest *d),
	void (*keep_tree)(void *keep_ctx, const char *name), void *keep_ctx, struct err *err)
{
	struct extra *x = ctx;
	keep(keep_ctx, &x->d);
	keep_tree(keep_ctx, x->tree);
	return 0;
}

static void make_tree(struct temp_store *t, const char *name)
{
	CLEANUP(tree_writer_done) struct tree_writer w = TREE_WRITER_NONE;
	struct err err = {0};
	assert_int_equal(tree_begin(t->s, name, &w, &err), 0);
	OK(tree_publish(&w, NULL, &err));
}

static void gc_asks_other_rooms_and_follows_layers_to_trees(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	struct digest layer = put(t, "layer"), cached = put(t, "cached");
	struct digest image = put_manifest(t, R, "image", &layer, 1, NULL);
	static const char *const trees[] = {"of-layer", "of-cache", "of-nobody"};
	for (size_t i = 0; i < 3; i++)
		make_tree(t, trees[i]);
	struct layer_row row = {
		.digest = layer, .diff_id = digest_of(S("tar")), .tree = "of-layer"};
	OK(layer_row_put(t->s, &row, &err));
	tag(t, R, "v1", &image);
	assert_int_equal(collect(t).n_trees, 0);
	open_again(t);
	struct extra x = {cached, "of-cache"};
	struct gc_roots roots = {extra_roots, &x};
	struct gc_spec spec = {.roots = &roots, .n_roots = 1};
	struct gc_result r;
	OK(gc_run(t->s, &spec, &r, &err));
	assert_int_equal(r.n_blobs, 0);
	assert_int_equal(r.n_trees, 1);
	assert_true(tree_exists(t->s, "of-layer"));
	assert_true(tree_exists(t->s, "of-cache"));
	assert_false(tree_exists(t->s, "of-nobody"));
	OK(tag_remove(t->s, R, S("v1"), &err));
	open_again(t);
	r = collect(t);
	assert_int_equal(r.n_trees, 2);
	assert_int_equal(r.n_blobs, 3);
	CLEANUP(arena_done) struct arena a = {0};
	FAILS(ERR_NOT_FOUND, layer_row_by_digest(t->s, &layer, &a, &row, &err));
}

/* ---- links of one repository ---- */

static void gc_unlinks_what_a_repository_no_longer_tags(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	struct digest layer = put(t, "layer");
	struct digest image = put_manifest(t, S("a"), "image", &layer, 1, NULL);
	put_manifest(t, S("b"), "image", &layer, 1, NULL);
	OK(link_add(t->s, S("a"), &layer, &err));
	OK(link_add(t->s, S("b"), &layer, &err));
	tag(t, S("a"), "v1", &image);
	tag(t, S("b"), "v1", &image);
	OK(tag_remove(t->s, S("a"), S("v1"), &err));
	open_again(t);
	assert_int_equal(collect(t).n_blobs, 0);
	assert_int_equal(link_has(t->s, S("a"), &image, &err), 0);
	assert_int_equal(link_has(t->s, S("a"), &layer, &err), 0);
	assert_false(repository_exists(t->s, S("a")));
	assert_int_equal(link_has(t->s, S("b"), &image, &err), 1);
	assert_int_equal(link_has(t->s, S("b"), &layer, &err), 1);
}

/* An index that lists its own subject: a cycle of links. */
static void gc_cycles_go_together(void **state)
{
	struct temp_store *t = *state;
	struct digest image = put_manifest(t, R, "image", NULL, 0, NULL);
	put_manifest(t, R, "report", &image, 1, &image);
	for (int i = 0; i < 300; i++) {
		char text[32];
		snprintf(text, sizeof(text), "m%d", i);
		put_manifest(t, R, text, &image, 1, NULL);
	}
	open_again(t);
	assert_int_equal(collect(t).n_blobs, 302);
}

/* Between two batches somebody finds manifests that are not reached, but still are there: what they
 * link to must be there too, and stay. */
enum { N_FOUND = 150 };
struct finder {
	struct event_sink sink;
	struct temp_store *t;
	struct digest images[N_FOUND], layers[N_FOUND];
	int n_calls, n_found, n_broken;
};

static void find_manifests(struct event_sink *sink, const struct event *e)
{
	struct finder *f = (struct finder *)sink;
	if (e->kind != EVENT_PROGRESS || f->n_calls++)
		return;
	for (int i = 0; i < N_FOUND; i++) {
		if (!blob_exists(f->t->s, &f->images[i]))
			continue;
		f->n_found++;
		struct err ignored;
		uint64_t size;
		f->n_broken += blob_size(f->t->s, &f->layers[i], &size, &ignored) < 0;
	}
}

static void gc_takes_manifests_before_their_layers(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	struct finder f = {.sink = {find_manifests}, .t = t};
	for (int i = 0; i < N_FOUND; i++) {
		char text[32];
		snprintf(text, sizeof(text), "layer %d", i);
		f.layers[i] = put(t, text);
		snprintf(text, sizeof(text), "image %d", i);
		f.images[i] = put_manifest(t, R, text, &f.layers[i], 1, NULL);
	}
	open_again(t);
	struct gc_spec spec = {.events = &f.sink};
	struct gc_result r;
	OK(gc_run(t->s, &spec, &r, &err));
	assert_true(f.n_calls > 1);
	assert_true(f.n_found > 0);
	assert_int_equal(f.n_broken, 0);
	assert_int_equal(r.n_blobs, 2 * (N_FOUND - f.n_found));
	for (int i = 0; i < N_FOUND; i++)
		if (blob_exists(t->s, &f.images[i]))
			assert_true(blob_exists(t->s, &f.layers[i]));
}

/* ---- damage (F09) ---- */

struct notes {
	struct event_sink sink;
	int n;
};

static void count_notes(struct event_sink *sink, const struct event *e)
{
	((struct notes *)sink)->n += e->kind == EVENT_NOTE;
}

static void gc_reports_damage_and_goes_on(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	struct digest gone = put(t, "gone"), loose = put(t, "loose"),
		      sparse = digest_of(S("never"));
	struct digest children[] = {gone, sparse};
	struct digest image = put_manifest(t, R, "image", children, 2, NULL);
	OK(link_add(t->s, R, &gone, &err));
	tag(t, R, "v1", &image);
	char path[200];
	path_of(&gone, path);
	assert_int_equal(unlinkat(store_root_fd(t->s), path, 0), 0);
	open_again(t);
	struct notes notes = {.sink = {count_notes}};
	struct gc_spec spec = {.events = &notes.sink};
	struct gc_result r;
	OK(gc_run(t->s, &spec, &r, &err));
	assert_int_equal(r.n_blobs, 1);
	assert_int_equal(r.n_damaged, 1);
	assert_int_equal(notes.n, 1);
	assert_false(blob_exists(t->s, &loose));
	put(t, "gone");
	assert_int_equal(collect(t).n_damaged, 0);
}

/* ---- everything at once (F34) ---- */

enum { N_LAYERS = 24, N_TAGS = 6, N_MEMORY = 16, N_REPOSITORIES = 3, N_WORKERS = 4 };

/* One pusher and puller. Its tags are its own, so it knows what must be there. */
struct worker {
	struct temp_store *t;
	struct store *s;
	unsigned id;
	uint64_t random;
	uint64_t n_wanted, n_ops, n_pushes, n_revived;
	struct digest tags[N_REPOSITORIES][N_TAGS]; /* none = not set */
	struct digest memory[N_REPOSITORIES][N_MEMORY];
	char failed[512];
};

static unsigned dice(struct worker *w, unsigned n)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return (unsigned)(w->random % n);
}

static struct str repository(unsigned i)
{
	static const struct str names[N_REPOSITORIES] = {{"r0", 2}, {"r1", 2}, {"r2", 2}};
	return names[i];
}

#define MUST(call)                                                                                 \
	do {                                                                                       \
		struct err err = {0};                                                              \
		if (!(call)) {                                                                     \
			snprintf(w->failed, sizeof(w->failed), "line %d: %s: %.300s", __LINE__,    \
				#call, err.what);                                                  \
			return -1;                                                                 \
		}                                                                                  \
	} while (0)

static int upload_text(struct worker *w, struct str r, struct str text, const struct digest *d)
{
	char id[UPLOAD_ID];
	CLEANUP(upload_close) struct upload *u = NULL;
	MUST(upload_begin(w->s, r, id, &err) == 0);
	MUST(upload_open(w->s, r, str_of(id), &u, &err) == 0);
	MUST(upload_write(u, text.p, text.n, &err) == 0);
	MUST(upload_finish(u, d, &err) == 0);
	return 0;
}

static int push_blob(struct worker *w, struct str r, struct str text, struct digest *ret)
{
	struct err why = {0};
	CLEANUP(buf_done) struct buf b = BUF(4096);
	*ret = digest_of(text);
	int linked = link_keep(w->s, r, ret, &why);
	if (linked == 0 && blob_keep(w->s, ret, &why) == 0) /* mount */
		MUST(link_add(w->s, r, ret, &err) == 0);
	else if (linked == 0)
		return upload_text(w, r, text, ret);
	/* Whoever was told it is there can rely on it. */
	MUST(blob_read(w->s, ret, &b, &err) == 0);
	return 0;
}

static int put_rows(struct worker *w, struct str r, struct str text, const struct digest *children,
	size_t n, const struct digest *subject, struct digest *ret)
{
	MUST(blob_put(w->s, text, ret, &err) == 0);
	for (size_t i = 0; i < n; i++)
		MUST(link_keep(w->s, r, &children[i], &err) == 1);
	struct manifest_row m = {.digest = *ret,
		.media_type = S("a/b"),
		.size = text.n,
		.children = children,
		.n_children = n};
	if (subject)
		m.subject = *subject;
	MUST(manifest_put(w->s, r, &m, &err) == 0);
	return 0;
}

static int push_image(struct worker *w, struct str r, struct digest *ret)
{
	struct digest layers[3];
	char text[200];
	int n = snprintf(text, sizeof(text), "image");
	for (int i = 0; i < 3; i++) {
		char layer[32];
		int len = snprintf(layer, sizeof(layer), "layer %u", dice(w, N_LAYERS));
		if (push_blob(w, r, str_n(layer, (size_t)len), &layers[i]) < 0)
			return -1;
		n += snprintf(text + n, sizeof(text) - (size_t)n, " %s", layer);
	}
	return put_rows(w, r, str_n(text, (size_t)n), layers, 3, NULL, ret);
}

static int push_index(struct worker *w, struct str r, struct digest *ret)
{
	struct digest images[2];
	char text[2 * DIGEST_TEXT + 16], a[DIGEST_TEXT], b[DIGEST_TEXT];
	if (push_image(w, r, &images[0]) < 0 || push_image(w, r, &images[1]) < 0)
		return -1;
	int n = snprintf(text, sizeof(text), "index %s %s", digest_text(&images[0], a),
		digest_text(&images[1], b));
	return put_rows(w, r, str_n(text, (size_t)n), images, 2, NULL, ret);
}

/* Everything that hangs on a manifest can be read, and the repository has it. */
static int check_whole(struct worker *w, struct str r, const struct digest *d, unsigned depth)
{
	CLEANUP(buf_done) struct buf b = BUF(4096);
	MUST(depth < 4);
	MUST(blob_read(w->s, d, &b, &err) == 0);
	MUST(link_has(w->s, r, d, &err) == 1);
	struct str rest = buf_str(&b), word;
	bool is_image = str_starts(rest, S("image")), is_index = str_starts(rest, S("index"));
	(void)str_word(&rest, &word);
	while ((is_image || is_index) && str_word(&rest, &word)) {
		struct digest child;
		char text[64];
		if (is_index) {
			MUST(digest_parse(word, &child, &err) == 0);
		} else {
			struct str number;
			(void)str_word(&rest, &number);
			int n = snprintf(text, sizeof(text), "layer %.*s", STR_ARG(number));
			child = digest_of(str_n(text, (size_t)n));
		}
		if (check_whole(w, r, &child, depth + 1) < 0)
			return -1;
	}
	return 0;
}

static void tag_name(const struct worker *w, unsigned k, char room[32])
{
	snprintf(room, 32, "w%u-%u", w->id, k);
}

static int set_tag(struct worker *w, unsigned r, const struct digest *d)
{
	char name[32];
	unsigned k = dice(w, N_TAGS);
	tag_name(w, k, name);
	struct tag_set set = {repository(r), str_of(name), *d, NULL, 0};
	MUST(tag_set(w->s, &set, &err) == 0);
	w->tags[r][k] = *d;
	return check_whole(w, repository(r), d, 0);
}

static int do_push(struct worker *w)
{
	unsigned r = dice(w, N_REPOSITORIES);
	struct digest d;
	int rc = dice(w, 3) ? push_image(w, repository(r), &d) : push_index(w, repository(r), &d);
	if (rc < 0)
		return -1;
	w->n_pushes++;
	w->memory[r][dice(w, N_MEMORY)] = d;
	return dice(w, 3) ? set_tag(w, r, &d) : 0;
}

/* Tags a manifest that was pushed some time ago, if it still is there. */
static int do_revive(struct worker *w)
{
	unsigned r = dice(w, N_REPOSITORIES), k = dice(w, N_TAGS);
	const struct digest *d = &w->memory[r][dice(w, N_MEMORY)];
	struct err why = {0};
	char name[32];
	if (digest_is_none(d))
		return 0;
	tag_name(w, k, name);
	struct tag_set set = {repository(r), str_of(name), *d, NULL, 0};
	if (tag_set(w->s, &set, &why) < 0) {
		MUST((err = why).kind == ERR_NOT_FOUND);
		return 0;
	}
	w->tags[r][k] = *d;
	w->n_revived++;
	return check_whole(w, repository(r), d, 0);
}

static int do_pull(struct worker *w)
{
	unsigned r = dice(w, N_REPOSITORIES), k = dice(w, N_TAGS);
	struct digest d;
	char name[32];
	if (digest_is_none(&w->tags[r][k]))
		return 0;
	tag_name(w, k, name);
	MUST(tag_get(w->s, repository(r), str_of(name), &d, &err) == 0);
	MUST(digest_eq(&d, &w->tags[r][k]));
	return check_whole(w, repository(r), &d, 0);
}

static int do_untag(struct worker *w)
{
	unsigned r = dice(w, N_REPOSITORIES), k = dice(w, N_TAGS);
	char name[32];
	if (digest_is_none(&w->tags[r][k]))
		return 0;
	tag_name(w, k, name);
	w->tags[r][k] = (struct digest){0};
	MUST(tag_remove(w->s, repository(r), str_of(name), &err) == 0);
	return 0;
}

/* A signature of a tagged image stays as long as the tag does. */
static int do_refer(struct worker *w)
{
	unsigned r = dice(w, N_REPOSITORIES), k = dice(w, N_TAGS);
	const struct digest *subject = &w->tags[r][k];
	struct digest d;
	char text[DIGEST_TEXT + 16], hex[DIGEST_TEXT];
	if (digest_is_none(subject))
		return 0;
	int n = snprintf(text, sizeof(text), "sig %s", digest_text(subject, hex));
	if (put_rows(w, repository(r), str_n(text, (size_t)n), NULL, 0, subject, &d) < 0)
		return -1;
	return check_whole(w, repository(r), &d, 0);
}

static int do_tree(struct worker *w)
{
	CLEANUP(tree_writer_done) struct tree_writer t = TREE_WRITER_NONE;
	CLEANUP(fd_close) int fd = -1;
	char name[16];
	snprintf(name, sizeof(name), "tree%u", dice(w, 8));
	int exists;
	MUST((exists = tree_begin(w->s, name, &t, &err)) >= 0);
	if (!exists)
		MUST(tree_publish(&t, NULL, &err) == 0);
	MUST(tree_open(w->s, name, &fd, &err) == 0);
	return 0;
}

/* What a server's lease_ns does over hours, in no time: all leases end. */
static int do_forget(struct worker *w)
{
	struct store_spec spec = {.root = w->t->path};
	store_free(w->s);
	w->s = NULL;
	MUST(store_open(&spec, &w->s, &err) == 0);
	return 0;
}

static int work(struct worker *w)
{
	static int (*const operations[])(struct worker *) = {do_push, do_push, do_push, do_revive,
		do_revive, do_pull, do_pull, do_untag, do_untag, do_refer, do_tree, do_forget};
	if (do_forget(w) < 0)
		return -1;
	for (; w->n_ops < w->n_wanted; w->n_ops++)
		if (operations[dice(w, ARRAY_LEN(operations))](w) < 0)
			return -1;
	return 0;
}

static void *worker_thread(void *ctx)
{
	struct worker *w = ctx;
	(void)work(w); /* MUST has noted what went wrong */
	store_free(w->s);
	return NULL;
}

struct collector {
	struct temp_store *t;
	bool ends;
	uint64_t n_runs, n_blobs;
	char failed[512];
};

static void *collector_thread(void *ctx)
{
	struct collector *c = ctx;
	while (!__atomic_load_n(&c->ends, __ATOMIC_RELAXED) && !c->failed[0]) {
		struct gc_spec spec = {0};
		struct gc_result r;
		struct err err = {0};
		if (gc_run(c->t->s, &spec, &r, &err) < 0)
			snprintf(c->failed, sizeof(c->failed), "%.400s", err.what);
		else if (r.n_damaged)
			snprintf(c->failed, sizeof(c->failed), "damage was found");
		c->n_runs++;
		c->n_blobs += r.n_blobs;
	}
	return NULL;
}

static uint64_t operations_wanted(void)
{
	const char *text = getenv("KNARR_TEST_OPERATIONS"); /* for long runs: 100000 and more */
	return text ? strtoull(text, NULL, 10) : 2400;
}

static struct worker new_worker(struct temp_store *t, unsigned id, uint64_t n_wanted)
{
	return (struct worker){.t = t,
		.id = id,
		.n_wanted = n_wanted,
		.random = UINT64_C(88172645463325252) + id * UINT64_C(7919)};
}

/* Every tag of the store leads to what can be read. */
static void check_all_tags(struct temp_store *t)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct tag_rows rows = {0};
	struct err err = {0};
	struct worker w = new_worker(t, 0, 0);
	w.s = t->s;
	OK(tag_list_all(t->s, S(""), &a, &rows, &err));
	for (size_t i = 0; i < rows.n; i++)
		if (check_whole(&w, rows.p[i].repository, &rows.p[i].digest, 0) < 0)
			fail_msg("tag %.*s: %s", STR_ARG(rows.p[i].tag), w.failed);
	vec_done(&rows);
}

static void untag_all(struct temp_store *t)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct tag_rows rows = {0};
	struct err err = {0};
	OK(tag_list_all(t->s, S(""), &a, &rows, &err));
	for (size_t i = 0; i < rows.n; i++)
		OK(tag_remove(t->s, rows.p[i].repository, rows.p[i].tag, &err));
	vec_done(&rows);
}

/* With no tag and no process but us, a collection leaves nothing at all. */
static void ends_empty(struct temp_store *t)
{
	struct err err = {0};
	untag_all(t);
	open_again(t);
	collect(t);
	OK(db_check(store_db(t->s), &err));
	assert_int_equal(collect(t).n_kept_blobs, 0);
	assert_int_equal(count_in(t, "tmp"), 0);
	assert_int_equal(count_in(t, "trees"), 0);
	assert_int_equal(count_in(t, "leases"), 0);
	for (unsigned r = 0; r < N_REPOSITORIES; r++)
		assert_false(repository_exists(t->s, repository(r)));
}

static void gc_random_threads(void **state)
{
	struct temp_store *t = *state;
	struct worker workers[N_WORKERS];
	pthread_t threads[N_WORKERS], gc_thread;
	struct collector c = {.t = t};
	uint64_t n_ops = 0, n_revived = 0;
	assert_int_equal(pthread_create(&gc_thread, NULL, collector_thread, &c), 0);
	for (unsigned i = 0; i < N_WORKERS; i++) {
		workers[i] = new_worker(t, i, operations_wanted() / N_WORKERS);
		assert_int_equal(pthread_create(&threads[i], NULL, worker_thread, &workers[i]), 0);
	}
	for (unsigned i = 0; i < N_WORKERS; i++) {
		pthread_join(threads[i], NULL);
		n_ops += workers[i].n_ops;
		n_revived += workers[i].n_revived;
	}
	__atomic_store_n(&c.ends, true, __ATOMIC_RELAXED);
	pthread_join(gc_thread, NULL);
	for (unsigned i = 0; i < N_WORKERS; i++)
		if (workers[i].failed[0])
			fail_msg("worker %u: %s", i, workers[i].failed);
	if (c.failed[0])
		fail_msg("collector: %s", c.failed);
	printf("%llu operations, %llu revived; %llu collections took %llu blobs\n",
		(unsigned long long)n_ops, (unsigned long long)n_revived,
		(unsigned long long)c.n_runs, (unsigned long long)c.n_blobs);
	check_all_tags(t);
	ends_empty(t);
}

/* ---- the same with processes that are killed ---- */

static pid_t start_worker(struct temp_store *t, unsigned id)
{
	fflush(NULL);
	pid_t pid = fork();
	if (pid)
		return pid;
	struct worker w = new_worker(t, id, UINT64_MAX);
	(void)work(&w);
	fprintf(stderr, "worker %u: %s\n", id, w.failed);
	_exit(1);
}

static pid_t start_collector(struct temp_store *t)
{
	fflush(NULL);
	pid_t pid = fork();
	if (pid)
		return pid;
	struct store_spec spec = {.root = t->path};
	struct temp_store mine = {.s = NULL};
	struct collector c = {.t = &mine};
	struct err err;
	if (store_open(&spec, &mine.s, &err) == 0)
		collector_thread(&c);
	fprintf(stderr, "collector: %s\n", c.failed);
	_exit(1);
}

static void kill_one(pid_t pid)
{
	int status = 0;
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	if (WIFEXITED(status))
		fail_msg("a worker failed");
}

static void gc_random_processes_killed(void **state)
{
	struct temp_store *t = *state;
	uint64_t rounds = operations_wanted() / 200;
	struct worker dicer = new_worker(t, 1000, 0);
	pid_t workers[3];
	unsigned next = 0;
	store_free(TAKE(t->s)); /* SQLite does not like forks */
	pid_t collector = start_collector(t);
	for (size_t i = 0; i < ARRAY_LEN(workers); i++)
		workers[i] = start_worker(t, next++);
	for (uint64_t i = 0; i < rounds; i++) {
		struct timespec pause = {.tv_nsec = 1000 * 1000 * (1 + (long)dice(&dicer, 25))};
		nanosleep(&pause, NULL);
		unsigned k = dice(&dicer, ARRAY_LEN(workers) + 1);
		if (k == ARRAY_LEN(workers)) {
			kill_one(collector);
			collector = start_collector(t);
		} else {
			kill_one(workers[k]);
			workers[k] = start_worker(t, next++);
		}
	}
	kill_one(collector);
	for (size_t i = 0; i < ARRAY_LEN(workers); i++)
		kill_one(workers[i]);
	open_again(t);
	struct err err = {0};
	OK(gc_sweep_dead(t->s, &err));
	check_all_tags(t);
	ends_empty(t);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(gc_keeps_what_tags_lead_to),
		CASE(gc_leases_protect_until_the_process_ends),
		CASE(gc_lease_on_a_manifest_protects_what_it_links_to),
		CASE(gc_server_lets_go_after_a_while),
		CASE(gc_blob_age_keeps_the_young_with_all_they_lead_to),
		CASE(gc_asks_other_rooms_and_follows_layers_to_trees),
		CASE(gc_unlinks_what_a_repository_no_longer_tags),
		CASE(gc_cycles_go_together),
		CASE(gc_takes_manifests_before_their_layers),
		CASE(gc_reports_damage_and_goes_on),
		CASE(gc_random_threads),
		CASE(gc_random_processes_killed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
