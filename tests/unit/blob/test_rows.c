#include "temp_store.h"

#include <pthread.h>

static struct digest put_manifest(struct temp_store *t, const char *repository, const char *text,
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
	OK(manifest_put(t->s, str_of(repository), &m, &err));
	return m.digest;
}

static void tag(struct temp_store *t, const char *repository, const char *name,
	const struct digest *d)
{
	struct err err = {0};
	struct tag_set set = {str_of(repository), str_of(name), *d, NULL, 0};
	OK(tag_set(t->s, &set, &err));
}

static void link_rows(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	struct digest d = put(t, "x"), gone = digest_of(S("gone"));
	FAILS(ERR_NOT_FOUND, link_add(t->s, S("a"), &gone, &err));
	FAILS(ERR_INPUT, link_add(t->s, S(""), &d, &err));
	OK(link_add(t->s, S("a"), &d, &err));
	OK(link_add(t->s, S("a"), &d, &err));
	assert_int_equal(link_has(t->s, S("a"), &d, &err), 1);
	assert_int_equal(link_keep(t->s, S("a"), &d, &err), 1);
	assert_int_equal(link_has(t->s, S("b"), &d, &err), 0);
	assert_int_equal(link_keep(t->s, S("a"), &gone, &err), 0);
	assert_true(repository_exists(t->s, S("a")));
	OK(link_remove(t->s, S("a"), &d, &err));
	FAILS(ERR_NOT_FOUND, link_remove(t->s, S("a"), &d, &err));
	assert_false(repository_exists(t->s, S("a")));
}

static bool accepts_b(void *ctx, struct str repository)
{
	return str_is(repository, "b");
}

static void link_find_asks(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	CLEANUP(buf_done) struct buf b = BUF(300);
	struct digest d = put(t, "x");
	OK(link_add(t->s, S("a"), &d, &err));
	FAILS(ERR_NOT_FOUND, link_find(t->s, &d, accepts_b, NULL, &b, &err));
	OK(link_add(t->s, S("b"), &d, &err));
	OK(link_find(t->s, &d, accepts_b, NULL, &b, &err));
	STR_IS(buf_str(&b), "b");
}

static void manifest_rows_and_referrers(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	CLEANUP(arena_done) struct arena a = {0};
	struct manifest_row m;
	struct digest image = put_manifest(t, "r", "image", NULL, 0, NULL);
	struct digest signature = put_manifest(t, "r", "signature", NULL, 0, &image);
	struct digest elsewhere = put_manifest(t, "other", "else", NULL, 0, &image);
	OK(manifest_get(t->s, S("r"), &signature, &a, &m, &err));
	assert_true(digest_eq(&m.subject, &image));
	STR_IS(m.media_type, "a/b");
	assert_int_equal(m.size, 9);
	FAILS(ERR_NOT_FOUND, manifest_get(t->s, S("r"), &elsewhere, &a, &m, &err));
	/* a link alone is no manifest */
	struct digest blob = put(t, "blob");
	OK(link_add(t->s, S("r"), &blob, &err));
	FAILS(ERR_NOT_FOUND, manifest_get(t->s, S("r"), &blob, &a, &m, &err));
	struct manifest_rows rows = {0};
	OK(manifest_referrers(t->s, S("r"), &image, &a, &rows, &err));
	assert_int_equal(rows.n, 1);
	assert_true(digest_eq(&rows.p[0].digest, &signature));
	vec_clear(&rows);
	struct digest none = {0};
	(void)none;
	OK(manifest_referrers(t->s, S("unknown"), &image, &a, &rows, &err));
	assert_int_equal(rows.n, 0);
	vec_done(&rows);
	struct manifest_row missing = {.digest = digest_of(S("gone"))};
	FAILS(ERR_NOT_FOUND, manifest_put(t->s, S("r"), &missing, &err));
}

static void manifest_delete_refuses_children_of_tagged_indexes(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	CLEANUP(arena_done) struct arena a = {0};
	struct manifest_row m;
	struct digest image = put_manifest(t, "r", "image", NULL, 0, NULL);
	struct digest inner = put_manifest(t, "r", "inner", &image, 1, NULL);
	struct digest outer = put_manifest(t, "r", "outer", &inner, 1, NULL);
	tag(t, "r", "v1", &outer);
	FAILS(ERR_CONFLICT, manifest_delete(t->s, S("r"), &image, &err));
	assert_non_null(strstr(err.what, "'r:v1'"));
	OK(manifest_delete(t->s, S("r"), &outer, &err));
	struct digest d;
	FAILS(ERR_NOT_FOUND, tag_get(t->s, S("r"), S("v1"), &d, &err));
	FAILS(ERR_NOT_FOUND, manifest_get(t->s, S("r"), &outer, &a, &m, &err));
	OK(manifest_delete(t->s, S("r"), &image, &err));
	FAILS(ERR_NOT_FOUND, manifest_delete(t->s, S("r"), &image, &err));
	/* the same manifest tagged elsewhere protects nothing here */
	image = put_manifest(t, "s", "image", NULL, 0, NULL);
	put_manifest(t, "r", "image", NULL, 0, NULL);
	tag(t, "s", "x", &image);
	OK(manifest_delete(t->s, S("r"), &image, &err));
	OK(manifest_get(t->s, S("s"), &image, &a, &m, &err));
}

static void tags(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	CLEANUP(arena_done) struct arena a = {0};
	struct digest one = put_manifest(t, "r", "one", NULL, 0, NULL), d;
	struct digest two = put_manifest(t, "r", "two", NULL, 0, NULL);
	static const char *const names[] = {"b", "a", "C", "_", "a.1"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		tag(t, "r", names[i], &one);
	tag(t, "r", "a", &two);
	OK(tag_get(t->s, S("r"), S("a"), &d, &err));
	assert_true(digest_eq(&d, &two));
	struct tag_rows rows = {0};
	OK(tag_list(t->s, S("r"), S(""), 0, &a, &rows, &err));
	static const char *const sorted[] = {"C", "_", "a", "a.1", "b"};
	assert_int_equal(rows.n, 5);
	for (size_t i = 0; i < 5; i++)
		STR_IS(rows.p[i].tag, sorted[i]);
	vec_clear(&rows);
	OK(tag_list(t->s, S("r"), S("_"), 2, &a, &rows, &err));
	assert_int_equal(rows.n, 2);
	STR_IS(rows.p[0].tag, "a");
	vec_clear(&rows);
	OK(tag_list_all(t->s, S("r"), &a, &rows, &err));
	assert_int_equal(rows.n, 5);
	vec_clear(&rows);
	OK(tag_list_all(t->s, S("x"), &a, &rows, &err));
	assert_int_equal(rows.n, 0);
	vec_done(&rows);
	OK(tag_remove(t->s, S("r"), S("a"), &err));
	FAILS(ERR_NOT_FOUND, tag_remove(t->s, S("r"), S("a"), &err));
	FAILS(ERR_NOT_FOUND, tag_get(t->s, S("r"), S("a"), &d, &err));
}

static void tag_set_needs_the_manifest(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	struct digest one = put_manifest(t, "r", "one", NULL, 0, NULL), d;
	struct digest blob = put(t, "blob");
	OK(link_add(t->s, S("r"), &blob, &err));
	struct tag_set sets[] = {
		{S("r"), S("good"), one, NULL, 0}, {S("r"), S("bad"), blob, NULL, 0}};
	FAILS(ERR_NOT_FOUND, tag_set_all(t->s, sets, 2, &err));
	FAILS(ERR_NOT_FOUND, tag_get(t->s, S("r"), S("good"), &d, &err)); /* all or nothing */
	sets[1] = (struct tag_set){S("other"), S("x"), one, NULL, 0};
	FAILS(ERR_NOT_FOUND, tag_set_all(t->s, sets, 2, &err));
}

static void tag_set_compares(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	struct digest one = put_manifest(t, "r", "one", NULL, 0, NULL), none = {0}, d;
	struct digest two = put_manifest(t, "r", "two", NULL, 0, NULL);
	struct tag_set set = {S("r"), S("x"), one, &none, 0};
	OK(tag_set(t->s, &set, &err));
	FAILS(ERR_CONFLICT, tag_set(t->s, &set, &err));
	set = (struct tag_set){S("r"), S("x"), two, &two, 0};
	FAILS(ERR_CONFLICT, tag_set(t->s, &set, &err));
	set.expected = &one;
	OK(tag_set(t->s, &set, &err));
	OK(tag_remove(t->s, S("r"), S("x"), &err));
	FAILS(ERR_CONFLICT, tag_set(t->s, &set, &err));
	FAILS(ERR_NOT_FOUND, tag_get(t->s, S("r"), S("x"), &d, &err));
}

/* An older run never drags `latest` back, whatever a person did in between. */
static void tag_set_keeps_order(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	struct digest one = put_manifest(t, "r", "one", NULL, 0, NULL), d;
	struct digest two = put_manifest(t, "r", "two", NULL, 0, NULL);
	struct tag_set set = {S("r"), S("latest"), two, NULL, 7};
	assert_int_equal(tag_set(t->s, &set, &err), 0);
	struct tag_set both[] = {
		{S("r"), S("latest"), one, NULL, 6}, {S("r"), S("sha-1"), one, NULL, 6}};
	assert_int_equal(tag_set_all(t->s, both, 2, &err), 1);
	OK(tag_get(t->s, S("r"), S("latest"), &d, &err));
	assert_true(digest_eq(&d, &two));
	OK(tag_get(t->s, S("r"), S("sha-1"), &d, &err));
	assert_true(digest_eq(&d, &one));
	set = (struct tag_set){S("r"), S("latest"), one, NULL, 0}; /* by hand */
	assert_int_equal(tag_set(t->s, &set, &err), 0);
	set = (struct tag_set){S("r"), S("latest"), two, NULL, 6};
	assert_int_equal(tag_set(t->s, &set, &err), 1);
	set.order = 7;
	assert_int_equal(tag_set(t->s, &set, &err), 0);
	set.order = 8;
	assert_int_equal(tag_set(t->s, &set, &err), 0);
}

/* F33: many writers on one tag; readers see one of the digests; the highest order stays. */
struct race {
	struct temp_store *t;
	struct digest digests[8];
	int64_t order;
};

static void *move_tag(void *ctx)
{
	struct race *r = ctx;
	struct err err = {0};
	for (int i = 0; i < 40; i++) {
		int64_t order = __atomic_add_fetch(&r->order, 1, __ATOMIC_RELAXED);
		struct tag_set set = {S("r"), S("latest"), r->digests[order % 8], NULL, order};
		struct digest d;
		if (tag_set(r->t->s, &set, &err) < 0 ||
			tag_get(r->t->s, S("r"), S("latest"), &d, &err) < 0)
			return mem_cstr(err.what);
		bool is_known = false;
		for (int k = 0; k < 8; k++)
			is_known |= digest_eq(&d, &r->digests[k]);
		if (!is_known)
			return mem_cstr("a digest nobody set");
	}
	return NULL;
}

static void tag_many_writers(void **state)
{
	struct temp_store *t = *state;
	struct race r = {.t = t};
	struct err err = {0};
	pthread_t threads[8];
	for (int i = 0; i < 8; i++) {
		char text[16];
		snprintf(text, sizeof(text), "m%d", i);
		r.digests[i] = put_manifest(t, "r", text, NULL, 0, NULL);
	}
	for (int i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, move_tag, &r), 0);
	for (int i = 0; i < 8; i++) {
		void *failed = NULL;
		pthread_join(threads[i], &failed);
		if (failed)
			fail_msg("%s", (char *)failed);
	}
	struct digest d;
	OK(tag_get(t->s, S("r"), S("latest"), &d, &err));
	assert_true(digest_eq(&d, &r.digests[r.order % 8]));
}

static void repositories_are_listed(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	CLEANUP(arena_done) struct arena a = {0};
	struct digest d = put(t, "x");
	struct str *names;
	size_t n;
	OK(link_add(t->s, S("b"), &d, &err));
	OK(link_add(t->s, S("a/b"), &d, &err));
	OK(link_add(t->s, S("c"), &d, &err));
	OK(repository_list(t->s, S(""), 2, &a, &names, &n, &err));
	assert_int_equal(n, 2);
	STR_IS(names[0], "a/b");
	OK(repository_list(t->s, S("b"), 0, &a, &names, &n, &err));
	assert_int_equal(n, 1);
	STR_IS(names[0], "c");
}

static void layer_rows(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	CLEANUP(arena_done) struct arena a = {0};
	struct digest blob = put(t, "z"), diff = digest_of(S("tar"));
	struct layer_row l = {.diff_id = diff,
				 .digest = digest_of(S("gone")),
				 .media_type = S("a/b"),
				 .blob_bytes = 1,
				 .tar_bytes = 2,
				 .tree = "t"},
			 got;
	FAILS(ERR_NOT_FOUND, layer_row_by_digest(t->s, &blob, &a, &got, &err));
	OK(layer_row_put(t->s, &l, &err));
	l.digest = blob;
	OK(layer_row_put(t->s, &l, &err));
	OK(layer_row_put(t->s, &l, &err));
	OK(layer_row_by_digest(t->s, &blob, &a, &got, &err));
	assert_string_equal(got.tree, "t");
	assert_int_equal(got.tar_bytes, 2);
	/* the one whose blob is here */
	OK(layer_row_by_diff_id(t->s, &diff, &a, &got, &err));
	assert_true(digest_eq(&got.digest, &blob));
}

static void manifest_link_takes_all_below(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	CLEANUP(arena_done) struct arena a = {0};
	struct manifest_row row;
	struct digest layer = put(t, "layer"), gone = digest_of(S("gone")), no_row = put(t, "blob");
	struct digest image = put_manifest(t, "a", "image", &layer, 1, NULL);
	struct digest children[] = {image, gone};
	struct digest index = put_manifest(t, "a", "index", children, 2, NULL);
	OK(link_add(t->s, S("a"), &layer, &err));
	OK(link_add(t->s, S("b"), &index, &err)); /* as a blob: becomes a manifest */
	OK(manifest_link(t->s, S("b"), &index, &err));
	OK(manifest_link(t->s, S("b"), &index, &err));
	OK(manifest_get(t->s, S("b"), &index, &a, &row, &err));
	STR_IS(row.media_type, "a/b");
	OK(manifest_get(t->s, S("b"), &image, &a, &row, &err));
	assert_int_equal(link_has(t->s, S("b"), &layer, &err), 1);
	assert_int_equal(link_has(t->s, S("b"), &gone, &err), 0);
	FAILS(ERR_NOT_FOUND, manifest_get(t->s, S("b"), &layer, &a, &row, &err));
	tag(t, "b", "v1", &index);
	FAILS(ERR_NOT_FOUND, manifest_link(t->s, S("c"), &gone, &err));
	FAILS(ERR_NOT_FOUND, manifest_link(t->s, S("c"), &no_row, &err));
	assert_false(repository_exists(t->s, S("c")));
}

static void generation_moves_with_every_change(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	struct digest d = put(t, "x");
	uint64_t g = store_generation(t->s);
	assert_true(g > 0);
	OK(link_add(t->s, S("a"), &d, &err));
	uint64_t after = store_generation(t->s);
	assert_true(after > g);
	assert_int_equal(link_has(t->s, S("a"), &d, &err), 1);
	assert_int_equal(store_generation(t->s), after);
	FAILS(ERR_NOT_FOUND, tag_remove(t->s, S("a"), S("x"), &err));
	assert_true(store_generation(t->s) >= after);
	open_again(t);
	assert_true(store_generation(t->s) > 0);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(link_rows),
		CASE(link_find_asks),
		CASE(manifest_rows_and_referrers),
		CASE(manifest_delete_refuses_children_of_tagged_indexes),
		CASE(tags),
		CASE(tag_set_needs_the_manifest),
		CASE(tag_set_compares),
		CASE(tag_set_keeps_order),
		CASE(tag_many_writers),
		CASE(repositories_are_listed),
		CASE(manifest_link_takes_all_below),
		CASE(layer_rows),
		CASE(generation_moves_with_every_change),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
