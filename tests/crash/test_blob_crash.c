/* The store after kill -9, or a failing call, at every single change a process makes to the disk
 * (FIELD F01, F02, F04, F05), and the order of fsyncs and renames (what a power cut would meet). */
#include "../unit/blob/temp_store.h"
#include "crash.h"

#include "base/map.h"

#define R S("me/app")

/* What one run puts in: different for each, so that every run finds work to do. */
struct run {
	const char *path;
	unsigned number;
};

static int open_store(const struct run *r, struct store **ret, struct err *err)
{
	struct store_spec spec = {.root = r->path};
	return store_open(&spec, ret, err);
}

static struct str text_of(const struct run *r, const char *what, char room[64])
{
	int n = snprintf(room, 64, "%s %u", what, r->number);
	return str_n(room, (size_t)n);
}

/* ---- operations: 0 = done and promised ---- */

static int op_put(void *ctx)
{
	const struct run *r = ctx;
	struct err err;
	char room[64];
	CLEANUP(store_free) struct store *s = NULL;
	CLEANUP(blob_writer_free) struct blob_writer *w = NULL;
	struct str text = text_of(r, "blob", room);
	if (open_store(r, &s, &err) < 0 || blob_create(s, DIGEST_SHA256, &w, &err) < 0 ||
		blob_write(w, text.p, 3, &err) < 0 ||
		blob_write(w, text.p + 3, text.n - 3, &err) < 0)
		return -1;
	return crash_promise(blob_commit(w, NULL, NULL, NULL, &err));
}

static int op_put_many(void *ctx)
{
	const struct run *r = ctx;
	struct err err;
	struct blob_commit c[4] = {0};
	CLEANUP(store_free) struct store *s = NULL;
	int rc = open_store(r, &s, &err);
	for (unsigned i = 0; rc == 0 && i < ARRAY_LEN(c); i++) {
		char room[64], what[16];
		snprintf(what, sizeof(what), "many%u", i);
		struct str text = text_of(r, what, room);
		rc = blob_create(s, DIGEST_SHA256, &c[i].writer, &err);
		if (rc == 0)
			rc = blob_write(c[i].writer, text.p, text.n, &err);
	}
	if (rc == 0)
		rc = crash_promise(blob_commit_all(c, ARRAY_LEN(c), &err));
	for (unsigned i = 0; i < ARRAY_LEN(c); i++)
		blob_writer_free(c[i].writer);
	return rc;
}

static int op_upload(void *ctx)
{
	const struct run *r = ctx;
	struct err err;
	char room[64], id[UPLOAD_ID];
	CLEANUP(store_free) struct store *s = NULL;
	CLEANUP(upload_close) struct upload *u = NULL;
	struct str text = text_of(r, "upload", room);
	struct digest d = digest_of(text);
	if (open_store(r, &s, &err) < 0 || upload_begin(s, R, id, &err) < 0 ||
		upload_open(s, R, str_of(id), &u, &err) < 0 ||
		upload_write(u, text.p, 3, &err) < 0 || upload_sync(u, &err) < 0)
		return -1;
	upload_close(TAKE(u));
	if (upload_open(s, R, str_of(id), &u, &err) < 0 ||
		upload_write(u, text.p + 3, text.n - 3, &err) < 0)
		return -1;
	return crash_promise(upload_finish(u, &d, &err));
}

/* A push: layer, manifest, two tags, one of them moved from the run before. */
static int op_push(void *ctx)
{
	const struct run *r = ctx;
	struct err err;
	char room[64], tag[64];
	struct digest layer, image;
	CLEANUP(store_free) struct store *s = NULL;
	if (open_store(r, &s, &err) < 0 ||
		blob_put(s, text_of(r, "layer", room), &layer, &err) < 0 ||
		link_add(s, R, &layer, &err) < 0 ||
		blob_put(s, text_of(r, "image", room), &image, &err) < 0)
		return -1;
	struct manifest_row m = {
		.digest = image, .media_type = S("a/b"), .children = &layer, .n_children = 1};
	struct tag_set tags[] = {{R, text_of(r, "v", tag), image, NULL, 0},
		{R, S("latest"), image, NULL, r->number}};
	if (manifest_put(s, R, &m, &err) < 0)
		return -1;
	return crash_promise(tag_set_all(s, tags, 2, &err) < 0 ? -1 : 0);
}

static int make_tree(const struct run *r)
{
	struct err err;
	char room[64];
	CLEANUP(store_free) struct store *s = NULL;
	CLEANUP(tree_writer_done) struct tree_writer w = TREE_WRITER_NONE;
	(void)text_of(r, "tree", room);
	*strchr(room, ' ') = '-';
	if (open_store(r, &s, &err) < 0 || tree_begin(s, room, &w, &err) != 0 ||
		fs_write_file(w.fd, "one", S("1"), 0644, FS_NO_SYNC, &err) < 0 ||
		fs_write_file(w.fd, "two", S("2"), 0644, FS_NO_SYNC, &err) < 0)
		return -1;
	return tree_publish(&w, NULL, &err);
}

static int op_tree(void *ctx)
{
	return crash_promise(make_tree(ctx));
}

static int op_sync_trees(void *ctx)
{
	const struct run *r = ctx;
	struct err err;
	CLEANUP(store_free) struct store *s = NULL;
	if (make_tree(r) < 0 || open_store(r, &s, &err) < 0)
		return -1;
	return crash_promise(tree_sync(s, &err) < 0 ? -1 : 0);
}

/* Garbage first, by a process that is gone; then its collection. */
static int op_collect(void *ctx)
{
	const struct run *r = ctx;
	struct err err;
	struct gc_spec spec = {0};
	struct gc_result result;
	CLEANUP(store_free) struct store *s = NULL;
	if (open_store(r, &s, &err) < 0)
		return -1;
	return crash_promise(gc_run(s, &spec, &result, &err));
}

static int op_remove_tag(void *ctx)
{
	const struct run *r = ctx;
	struct err err;
	CLEANUP(store_free) struct store *s = NULL;
	if (open_store(r, &s, &err) < 0)
		return -1;
	return crash_promise(tag_remove(s, R, S("latest"), &err));
}

/* ---- what must hold after anything ---- */

static int verify(void *ctx, const struct digest *d, uint64_t size, struct err *err)
{
	return blob_verify(ctx, d, err);
}

static void check_tags(struct temp_store *t)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct err err = {0};
	struct tag_rows rows = {0};
	OK(tag_list_all(t->s, S(""), &a, &rows, &err));
	for (size_t i = 0; i < rows.n; i++) {
		CLEANUP(buf_done) struct buf b = BUF(100), layer = BUF(100);
		struct manifest_row m;
		OK(manifest_get(t->s, rows.p[i].repository, &rows.p[i].digest, &a, &m, &err));
		OK(blob_read(t->s, &rows.p[i].digest, &b, &err));
		/* "image N" has "layer N" */
		buf_fmt(&layer, "layer %s", strchr(buf_cstr(&b), ' ') + 1);
		struct digest child = digest_of(buf_str(&layer));
		assert_true(blob_exists(t->s, &child));
		assert_int_equal(link_has(t->s, rows.p[i].repository, &child, &err), 1);
	}
	vec_done(&rows);
}

static void check_trees(struct temp_store *t)
{
	CLEANUP(fs_entries_done) struct fs_entries all = {0};
	struct err err = {0};
	int trees_fd;
	OK(store_dir(t->s, "trees", &trees_fd, &err));
	OK(fs_list(trees_fd, &all, &err));
	for (size_t i = 0; i < all.n; i++) {
		CLEANUP(fd_close) int fd = -1;
		if (!tree_exists(t->s, all.p[i].name))
			fail_msg("tree %s is neither whole nor away", all.p[i].name);
		OK(tree_open(t->s, all.p[i].name, &fd, &err));
		assert_int_equal(faccessat(fd, "one", F_OK, 0), 0);
		assert_int_equal(faccessat(fd, "two", F_OK, 0), 0);
	}
}

static void check_store(struct temp_store *t)
{
	struct err err = {0};
	open_again(t);
	OK(gc_sweep_dead(t->s, &err));
	assert_int_equal(count_in(t, "tmp"), 0);
	assert_int_equal(count_in(t, "leases"), 0);
	OK(blob_each(t->s, verify, t->s, &err));
	check_tags(t);
	check_trees(t);
	open_again(t); /* lets go of the leases taken by looking */
}

static void must_be_here(struct temp_store *t, const struct run *r, const char *what)
{
	char room[64];
	struct digest d = digest_of(text_of(r, what, room));
	if (!blob_exists(t->s, &d))
		fail_msg("'%s' was promised and is not here", room);
}

static void check_promise(struct temp_store *t, int (*op)(void *ctx), const struct run *r)
{
	struct err err = {0};
	struct digest d;
	char room[64];
	if (op == op_put)
		must_be_here(t, r, "blob");
	if (op == op_put_many)
		for (int i = 0; i < 4; i++) {
			char what[16];
			snprintf(what, sizeof(what), "many%d", i);
			must_be_here(t, r, what);
		}
	if (op == op_upload)
		must_be_here(t, r, "upload");
	if (op == op_push) {
		OK(tag_get(t->s, R, text_of(r, "v", room), &d, &err));
		must_be_here(t, r, "image");
	}
	if (op == op_tree || op == op_sync_trees) {
		(void)text_of(r, "tree", room);
		*strchr(room, ' ') = '-';
		assert_true(tree_exists(t->s, room));
	}
}

/* ---- every point ---- */

static const struct operation {
	const char *name;
	int (*op)(void *ctx);
	int (*before)(void *ctx); /* in a child that ends well */
} operations[] = {
	{"put", op_put, NULL},
	{"put many", op_put_many, NULL},
	{"upload", op_upload, NULL},
	{"push", op_push, NULL},
	{"tree", op_tree, NULL},
	{"sync trees", op_sync_trees, NULL},
	{"collect", op_collect, op_push},
	{"remove a tag", op_remove_tag, op_push},
};

static struct crash_result run_at(struct temp_store *t, const struct operation *o,
	enum crash_kind kind, unsigned at, int error)
{
	unsigned number = at + 1000 * (unsigned)(o - operations) + 10000 * (unsigned)error;
	struct run r = {t->path, number};
	struct crash_plan plan = {kind, at, error}, none = {CRASH_NONE, 0, 0};
	store_free(TAKE(t->s));
	if (o->before && crash_run(o->before, &r, &none, NULL).exit_code != 0)
		fail_msg("%s: preparation failed", o->name);
	struct crash_result result = crash_run(o->op, &r, &plan, NULL);
	check_store(t);
	if (result.exit_code == 0)
		check_promise(t, o->op, &r);
	if (!result.was_hit)
		assert_int_equal(result.exit_code, 0);
	return result;
}

static void every_operation_killed_at_every_call(void **state)
{
	struct temp_store *t = *state;
	if (!crash_is_possible())
		skip();
	for (size_t i = 0; i < ARRAY_LEN(operations); i++) {
		unsigned at = 1;
		while (run_at(t, &operations[i], CRASH_KILL, at, 0).was_hit)
			at++;
		printf("%s: killed at %u places\n", operations[i].name, at - 1);
		assert_true(at > 5);
	}
}

/* A failing fsync must never be followed by "done" (nor be tried again and then believed). SQLite
 * ignores that of its folder, which only matters when index.db-wal is new. */
static bool is_believed(struct temp_store *t, const struct crash_result *r)
{
	return r->was_hit && strcmp(r->hit.name, "fsync") == 0 && !r->was_promised &&
		r->exit_code == 0 && strcmp(r->hit.path, t->path) != 0;
}

/* even, odd: errno of the calls with such a number. */
static void fails_everywhere(struct temp_store *t, int even, int odd)
{
	for (size_t i = 0; i < ARRAY_LEN(operations); i++) {
		const struct operation *o = &operations[i];
		struct crash_result r;
		unsigned at = 1, n_reported = 0;
		do {
			r = run_at(t, o, CRASH_FAIL, at, at % 2 ? odd : even);
			at++;
			n_reported += r.exit_code == 1;
			if (is_believed(t, &r))
				fail_msg("%s: done although fsync of '%s' failed", o->name,
					r.hit.path);
		} while (r.was_hit);
		printf("%s: failing calls at %u places, %u reported\n", o->name, at - 2,
			n_reported);
		assert_true(n_reported > 0);
	}
}

static void every_operation_with_disk_full_or_broken_at_every_call(void **state)
{
	if (!crash_is_possible())
		skip();
	fails_everywhere(*state, ENOSPC, EIO);
	if (getenv("KNARR_TEST_LONG"))
		fails_everywhere(*state, EIO, ENOSPC);
}

/* The very first process, killed while it makes the store. */
static void a_new_store_killed_at_every_call(void **state)
{
	struct temp_store *t = *state;
	if (!crash_is_possible())
		skip();
	bool was_hit = true;
	for (unsigned at = 1; was_hit; at++) {
		struct err err = {0};
		store_free(TAKE(t->s));
		OK(fs_remove_tree(AT_FDCWD, t->path, &err));
		struct run r = {t->path, at};
		struct crash_plan plan = {CRASH_KILL, at, 0};
		was_hit = crash_run(op_put, &r, &plan, NULL).was_hit;
		check_store(t);
		put(t, "afterwards");
		/* of the 256 folders' mkdirs some are enough */
		if (at > 40 && at < 280)
			at += 13;
	}
}

/* ---- the order of fsync and rename (F03) ---- */

struct order {
	const char *root;
	struct map dirty; /* path -> not NULL: changed since its last fsync */
	char broken[700];
};

static void set_dirty(struct order *o, const char *path, bool is_dirty)
{
	map_put(&o->dirty, str_of(path), is_dirty ? o : NULL);
}

static void folder_of(const char *path, char room[512])
{
	snprintf(room, 512, "%s", path);
	char *slash = strrchr(room, '/');
	if (slash)
		*slash = '\0';
}

static bool is_below(const struct order *o, const char *path, const char *folder)
{
	char prefix[200];
	snprintf(prefix, sizeof(prefix), "%s/%s", o->root, folder);
	return str_starts(str_of(path), str_of(prefix));
}

static void watch_call(void *ctx, const struct crash_call *c)
{
	struct order *o = ctx;
	char folder[512];
	if (strcmp(c->name, "write") == 0 || strcmp(c->name, "truncate") == 0)
		set_dirty(o, c->path, true);
	if (strcmp(c->name, "fsync") == 0)
		set_dirty(o, c->path, false);
	if (strcmp(c->name, "mkdir") == 0 && is_below(o, c->path, "blobs")) {
		folder_of(c->path, folder);
		set_dirty(o, folder, true);
	}
	if (strcmp(c->name, "rename") == 0 && is_below(o, c->to, "blobs/")) {
		if (map_get(&o->dirty, str_of(c->path)))
			snprintf(o->broken, sizeof(o->broken),
				"'%s' was named before it was synced", c->path);
		folder_of(c->to, folder);
		set_dirty(o, folder, true);
	}
}

static void check_order(struct temp_store *t, const struct operation *op, unsigned number)
{
	struct order o = {.root = t->path};
	struct run r = {t->path, number};
	struct crash_plan none = {CRASH_NONE, 0, 0};
	struct crash_watch watch = {watch_call, &o};
	assert_int_equal(crash_run(op->op, &r, &none, &watch).exit_code, 0);
	MAP_EACH(&o.dirty, e) {
		bool counts =
			is_below(&o, e->key.p, "blobs") || is_below(&o, e->key.p, "index.db-wal");
		if (e->value && counts && !o.broken[0])
			snprintf(o.broken, sizeof(o.broken), "'%s' is not on the disk at the end",
				e->key.p);
	}
	map_done(&o.dirty, NULL);
	if (o.broken[0])
		fail_msg("%s: %s", op->name, o.broken);
}

static void promises_are_on_the_disk_when_made(void **state)
{
	struct temp_store *t = *state;
	struct err err = {0};
	if (!crash_is_possible())
		skip();
	for (size_t i = 0; i < 4; i++) {
		store_free(TAKE(t->s));
		OK(fs_remove_tree(AT_FDCWD, t->path, &err)); /* folders have to be made, too */
		check_order(t, &operations[i], 1);
		check_order(t, &operations[i], 2);
		open_again(t);
	}
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(every_operation_killed_at_every_call),
		CASE(every_operation_with_disk_full_or_broken_at_every_call),
		CASE(a_new_store_killed_at_every_call),
		CASE(promises_are_on_the_disk_when_made),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
