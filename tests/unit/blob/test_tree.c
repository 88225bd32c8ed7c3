#include "temp_store.h"

#include <pthread.h>

static void fill(struct tree_writer *w, const char *text)
{
	struct err err = {0};
	OK(fs_write_file(w->fd, "file", str_of(text), 0644, FS_NO_SYNC, &err));
}

static void make(struct temp_store *t, const char *name, const char *text)
{
	CLEANUP(tree_writer_done) struct tree_writer w = TREE_WRITER_NONE;
	struct err err = {0};
	assert_int_equal(tree_begin(t->s, name, &w, &err), 0);
	fill(&w, text);
	OK(tree_publish(&w, NULL, &err));
}

static void content_is(struct temp_store *t, const char *name, const char *text)
{
	CLEANUP(buf_done) struct buf b = BUF(100), path = BUF(200);
	struct err err = {0};
	int fd;
	OK(tree_open(t->s, name, &fd, &err));
	OK(fs_read_file(fd, "file", &b, &err));
	STR_IS(buf_str(&b), text);
	close(fd);
	OK(tree_path(t->s, name, &path, &err));
	assert_int_equal(faccessat(store_root_fd(t->s), buf_cstr(&path), F_OK, 0), 0);
}

static void tree_published_is_found(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	CLEANUP(tree_writer_done) struct tree_writer w = TREE_WRITER_NONE;
	int fd;
	assert_false(tree_exists(t->s, "abc"));
	FAILS(ERR_NOT_FOUND, tree_open(t->s, "abc", &fd, &err));
	make(t, "abc", "hello");
	content_is(t, "abc", "hello");
	assert_int_equal(tree_begin(t->s, "abc", &w, &err), 1);
	assert_int_equal(w.fd, -1);
	open_again(t);
	content_is(t, "abc", "hello");
	assert_int_equal(count_in(t, "tmp"), 0);
}

static void tree_not_published_leaves_nothing(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	{
		CLEANUP(tree_writer_done) struct tree_writer w = TREE_WRITER_NONE;
		assert_int_equal(tree_begin(t->s, "abc", &w, &err), 0);
		fill(&w, "x");
	}
	assert_false(tree_exists(t->s, "abc"));
	assert_int_equal(count_in(t, "tmp"), 0);
	assert_int_equal(count_in(t, "trees"), 0);
}

static void tree_unnamed_gets_its_name_later(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	CLEANUP(tree_writer_done) struct tree_writer w = TREE_WRITER_NONE;
	CLEANUP(buf_done) struct buf path = BUF(200), work = BUF(200);
	OK(tree_begin_unnamed(t->s, &w, &err));
	OK(tree_writer_path(&w, &path, &work, &err));
	assert_int_equal(faccessat(store_root_fd(t->s), buf_cstr(&work), F_OK, 0), 0);
	fill(&w, "made");
	OK(tree_publish(&w, "xyz", &err));
	content_is(t, "xyz", "made");
	/* once more under the same name: dropped */
	OK(tree_begin_unnamed(t->s, &w, &err));
	fill(&w, "again");
	OK(tree_publish(&w, "xyz", &err));
	content_is(t, "xyz", "made");
	assert_int_equal(count_in(t, "tmp"), 0);
	FAILS(ERR_INPUT, tree_begin(t->s, "../x", &w, &err));
	FAILS(ERR_INPUT, tree_begin(t->s, "", &w, &err));
	FAILS(ERR_INPUT, tree_begin(t->s, "a/b", &w, &err));
}

static void restamp(struct temp_store *t, const char *name, const char *word)
{
	char path[200];
	snprintf(path, sizeof(path), "trees/%s/boot", name);
	assert_int_equal(unlinkat(store_root_fd(t->s), path, 0), 0);
	if (word)
		assert_int_equal(symlinkat(word, store_root_fd(t->s), path), 0);
}

/* After a crash of the machine a tree that was not synced may be half empty: it is made anew. */
static void tree_of_another_boot_is_not_there(void **state)
{
	struct temp_store *t = *state;
	static const char *const words[] = {
		"b0f1dd4e-0000-4000-8000-000000000000", "", NULL, "sync"};
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (words[i] && !words[i][0])
			continue;
		make(t, "abc", "old");
		restamp(t, "abc", words[i]);
		open_again(t);
		assert_false(tree_exists(t->s, "abc"));
		make(t, "abc", "new");
		content_is(t, "abc", "new");
		restamp(t, "abc", words[i]);
		open_again(t);
		struct gc_result r = collect(t);
		assert_int_equal(r.n_trees, 1);
		assert_int_equal(count_in(t, "trees"), 0);
	}
}

static void tree_sync_makes_it_survive_the_boot(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	char word[64] = "";
	make(t, "abc", "hello");
	make(t, "def", "other");
	assert_int_equal(tree_sync(t->s, &err), 2);
	assert_int_equal(tree_sync(t->s, &err), 0);
	assert_true(readlinkat(store_root_fd(t->s), "trees/abc/boot", word, sizeof(word) - 1) > 0);
	assert_string_equal(word, "synced");
	content_is(t, "abc", "hello");
}

/* Two that make the same tree meet: one fills, the other finds it. */
struct maker {
	struct temp_store *t;
	int n_filled;
};

static void *make_one(void *ctx)
{
	struct maker *m = ctx;
	struct err err = {0};
	for (int i = 0; i < 30; i++) {
		CLEANUP(tree_writer_done) struct tree_writer w = TREE_WRITER_NONE;
		char name[16];
		snprintf(name, sizeof(name), "t%d", i);
		int rc = tree_begin(m->t->s, name, &w, &err);
		if (rc == 0) {
			__atomic_add_fetch(&m->n_filled, 1, __ATOMIC_RELAXED);
			rc = tree_publish(&w, NULL, &err);
		}
		if (rc < 0 || !tree_exists(m->t->s, name))
			return mem_cstr(err.what);
	}
	return NULL;
}

static void tree_begin_waits_for_the_other(void **state)
{
	struct temp_store *t = *state;
	struct maker m = {.t = t};
	pthread_t threads[6];
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, make_one, &m), 0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
		void *failed = NULL;
		pthread_join(threads[i], &failed);
		if (failed)
			fail_msg("%s", (char *)failed);
	}
	assert_int_equal(m.n_filled, 30);
	assert_int_equal(count_in(t, "tmp"), 0);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(tree_published_is_found),
		CASE(tree_not_published_leaves_nothing),
		CASE(tree_unnamed_gets_its_name_later),
		CASE(tree_of_another_boot_is_not_there),
		CASE(tree_sync_makes_it_survive_the_boot),
		CASE(tree_begin_waits_for_the_other),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
