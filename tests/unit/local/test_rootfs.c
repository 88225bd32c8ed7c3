#include "images.h"

static int prepare(struct images *g, const struct made *m, struct rootfs *ret, struct err *err)
{
	CLEANUP(pool_free) struct pool *pool = pool_new(2);
	struct local_documents d;
	struct rootfs_spec spec = {.store = g->store, .pool = pool};
	if (local_read(g->store, &m->manifest, NULL, &g->arena, &d, err) < 0)
		return -1;
	return rootfs_prepare(&spec, &d.manifest, &d.config, &g->arena, ret, err);
}

static void tree_has(struct images *g, const struct rootfs *r, size_t i, const char *name,
	const char *text)
{
	struct err err = {0};
	CLEANUP(buf_done) struct buf b = BUF(4096);
	CLEANUP(fd_close) int fd = -1;
	OK(fs_open(AT_FDCWD, r->paths[i], O_RDONLY | O_DIRECTORY, 0, &fd, &err));
	OK(fs_read_file(fd, name, &b, &err));
	STR_IS(buf_str(&b), text);
}

static size_t count_trees(struct images *g)
{
	struct err err = {0};
	CLEANUP(fs_entries_done) struct fs_entries all = {0};
	int fd;
	OK(store_dir(g->store, "trees", &fd, &err));
	OK(fs_list(fd, &all, &err));
	return all.n;
}

static void leaves_no_temp(struct images *g)
{
	struct err err = {0};
	CLEANUP(fs_entries_done) struct fs_entries all = {0};
	int fd;
	OK(store_dir(g->store, "tmp", &fd, &err));
	OK(fs_list(fd, &all, &err));
	assert_int_equal(all.n, 0);
}

static void rootfs_prepare_unpacks_layers_bottom_first(void **state)
{
	struct images *g = *state;
	struct err err = {0};
	struct rootfs r;
	struct made m = images_make(g, (const char *const[]){"bottom", "middle", "top", NULL});
	OK(prepare(g, &m, &r, &err));
	assert_int_equal(r.n, 3);
	tree_has(g, &r, 0, "bottom", "bottom");
	tree_has(g, &r, 1, "middle", "middle");
	tree_has(g, &r, 2, "top", "top");
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(r.paths[i][0], '/');
	assert_int_equal(count_trees(g), 3);
	leaves_no_temp(g);
}

static void rootfs_prepare_of_no_layers_is_empty(void **state)
{
	struct images *g = *state;
	struct err err = {0};
	struct rootfs r;
	struct made m = images_make(g, (const char *const[]){NULL});
	OK(prepare(g, &m, &r, &err));
	assert_int_equal(r.n, 0);
}

static void rootfs_prepare_shares_trees_between_images(void **state)
{
	struct images *g = *state;
	struct err err = {0};
	struct rootfs one, other;
	struct made a = images_make(g, (const char *const[]){"base", "a", NULL});
	struct made b = images_make(g, (const char *const[]){"base", "b", NULL});
	OK(prepare(g, &a, &one, &err));
	OK(prepare(g, &b, &other, &err));
	assert_string_equal(one.trees[0], other.trees[0]);
	assert_string_not_equal(one.trees[1], other.trees[1]);
	assert_int_equal(count_trees(g), 3);
}

static void rootfs_prepare_again_does_not_read_the_layers(void **state)
{
	struct images *g = *state;
	struct err err = {0};
	struct rootfs r;
	struct made m = images_one(g, "a");
	char path[200], hex[DIGEST_HEX];
	OK(prepare(g, &m, &r, &err));
	digest_hex(&m.children[1], hex, 0);
	snprintf(path, sizeof(path), "blobs/sha256/%.2s/%s", hex, hex);
	assert_int_equal(unlinkat(g->dir.fd, path, 0), 0);
	OK(prepare(g, &m, &r, &err));
	tree_has(g, &r, 0, "a", "a");
}

static void rootfs_prepare_refuses_a_layer_that_is_not_its_diff_id(void **state)
{
	struct images *g = *state;
	struct err err = {0};
	struct rootfs r;
	struct made_layer good = images_file_layer(g, "good"), bad = images_file_layer(g, "bad");
	struct digest promised = digest_of(S("something else"));
	bad.diff_id = promised;
	struct made_layer both[] = {good, bad};
	struct made m = images_of_layers(g, both, 2, NULL);
	FAILS(ERR_CORRUPT, prepare(g, &m, &r, &err));
	assert_non_null(strstr(err.what, images_hex(g, &bad.descriptor.digest, 12)));
	assert_non_null(strstr(err.what, images_hex(g, &promised, 0)));
	assert_false(tree_exists(g->store, images_hex(g, &promised, 0)));
	assert_int_equal(count_trees(g), 1);
	leaves_no_temp(g);
	FAILS(ERR_CORRUPT,
		prepare(g, &m, &r, &err)); /* and again: nothing was left to be trusted */
}

static void rootfs_prepare_names_the_layer_that_is_missing(void **state)
{
	struct images *g = *state;
	struct err err = {0};
	struct rootfs r;
	struct made_layer gone = images_file_layer(g, "a");
	gone.descriptor.digest = digest_of(S("never stored"));
	struct made m = images_of_layers(g, &gone, 1, NULL);
	FAILS(ERR_NOT_FOUND, prepare(g, &m, &r, &err));
	assert_non_null(strstr(err.what, images_hex(g, &gone.descriptor.digest, 12)));
	leaves_no_temp(g);
}

static void rootfs_prepare_refuses_a_layer_that_is_no_archive(void **state)
{
	struct images *g = *state;
	struct err err = {0};
	struct rootfs r;
	struct made_layer broken = images_file_layer(g, "a");
	OK(blob_put(g->store, S("this is no layer at all"), &broken.descriptor.digest, &err));
	struct made m = images_of_layers(g, &broken, 1, NULL);
	FAILS(ERR_INPUT, prepare(g, &m, &r, &err));
	assert_int_equal(count_trees(g), 0);
	leaves_no_temp(g);
}

/* The same layer over two different bases, with a hard link into the base. */
static void rootfs_prepare_gives_links_into_lower_layers_trees_of_their_own(void **state)
{
	struct images *g = *state;
	struct err err = {0};
	struct rootfs one, other, again;
	CLEANUP(buf_done) struct buf a = BUF(1 << 20), b = BUF(1 << 20), upper = BUF(1 << 20);
	images_add(&a, "target", "of a", NULL);
	images_add(&b, "target", "of b", NULL);
	images_add(&upper, "linked", "", "target");
	struct made_layer base_a = images_layer(g, &a), base_b = images_layer(g, &b);
	struct made_layer link = images_layer(g, &upper);
	struct made m_a = images_of_layers(g, (struct made_layer[]){base_a, link}, 2, NULL);
	struct made m_b = images_of_layers(g, (struct made_layer[]){base_b, link}, 2, NULL);
	OK(prepare(g, &m_a, &one, &err));
	OK(prepare(g, &m_b, &other, &err));
	tree_has(g, &one, 1, "linked", "of a");
	tree_has(g, &other, 1, "linked", "of b");
	assert_string_not_equal(one.trees[1], other.trees[1]);
	assert_false(tree_exists(g->store, images_hex(g, &link.diff_id, 0)));
	OK(prepare(g, &m_a, &again, &err));
	assert_string_equal(one.trees[1], again.trees[1]);
	assert_int_equal(count_trees(g), 4);
}

/* The layer has "lib/new" and no "lib", which is a folder in one base and a symlink in the other. */
static void rootfs_prepare_gives_layers_without_their_folders_trees_of_their_own(void **state)
{
	struct images *g = *state;
	struct err err = {0};
	struct rootfs one, other;
	struct stat st;
	CLEANUP(buf_done) struct buf a = BUF(1 << 20), b = BUF(1 << 20), upper = BUF(1 << 20);
	struct tar_entry lib = {.name = S("lib"), .uid = geteuid(), .gid = getegid()};
	lib.type = TAR_DIR;
	lib.mode = 0700;
	OK(tar_add_header(&a, &lib, &err));
	lib.type = TAR_SYMLINK;
	lib.link = S("usr");
	OK(tar_add_header(&b, &lib, &err));
	images_add(&upper, "lib/new", "new", NULL);
	struct made_layer base_a = images_layer(g, &a), base_b = images_layer(g, &b);
	struct made_layer top = images_layer(g, &upper);
	struct made m_a = images_of_layers(g, (struct made_layer[]){base_a, top}, 2, NULL);
	struct made m_b = images_of_layers(g, (struct made_layer[]){base_b, top}, 2, NULL);
	struct rootfs_spec spec = {.store = g->store};
	OK(rootfs_on_layer(&spec, &top.descriptor, &err)); /* cannot know yet */
	assert_int_equal(count_trees(g), 0);
	OK(prepare(g, &m_a, &one, &err));
	OK(prepare(g, &m_b, &other, &err));
	tree_has(g, &one, 1, "lib/new", "new");
	tree_has(g, &other, 1, "usr/new", "new");
	assert_int_equal(lstat(arena_fmt(&g->arena, "%s/lib", one.paths[1]).p, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(lstat(arena_fmt(&g->arena, "%s/lib", other.paths[1]).p, &st), -1);
}

static void rootfs_on_layer_unpacks_what_stands_alone(void **state)
{
	struct images *g = *state;
	struct err err = {0};
	struct rootfs r;
	CLEANUP(pool_free) struct pool *pool = pool_new(2);
	struct rootfs_spec spec = {.store = g->store, .pool = pool};
	CLEANUP(buf_done) struct buf upper = BUF(1 << 20);
	images_add(&upper, "linked", "", "alone");
	struct made_layer alone = images_file_layer(g, "alone"), link = images_layer(g, &upper);
	OK(rootfs_on_layer(&spec, &alone.descriptor, &err));
	assert_true(tree_exists(g->store, images_hex(g, &alone.diff_id, 0)));
	OK(rootfs_on_layer(&spec, &alone.descriptor, &err)); /* done before */
	OK(rootfs_on_layer(&spec, &link.descriptor, &err));  /* left for later */
	assert_int_equal(count_trees(g), 1);
	leaves_no_temp(g);
	struct made m = images_of_layers(g, (struct made_layer[]){alone, link}, 2, NULL);
	OK(prepare(g, &m, &r, &err));
	tree_has(g, &r, 1, "linked", "alone");
}

/* A tree of an earlier boot counts as not there: it is made again from its layer, and trusted. */
static void rootfs_prepare_makes_a_doubtful_tree_again(void **state)
{
	struct images *g = *state;
	struct err err = {0};
	struct rootfs r;
	struct made m = images_one(g, "a");
	OK(prepare(g, &m, &r, &err));
	char path[300];
	snprintf(path, sizeof(path), "trees/%s/boot", r.trees[0]);
	assert_int_equal(unlinkat(g->dir.fd, path, 0), 0);
	assert_int_equal(symlinkat("another-boot", g->dir.fd, path), 0);
	snprintf(path, sizeof(path), "%s/a", r.paths[0]);
	assert_int_equal(unlink(path), 0); /* lost by the crash */
	struct store_spec spec = {.root = g->dir.path, .clock = &g->clock.clock};
	store_free(g->store);
	g->store = NULL;
	OK(store_open(&spec, &g->store, &err));
	assert_false(tree_exists(g->store, r.trees[0]));
	OK(prepare(g, &m, &r, &err));
	tree_has(g, &r, 0, "a", "a");
	assert_true(tree_exists(g->store, r.trees[0]));
}

static void rootfs_prepare_stops_when_asked(void **state)
{
	struct images *g = *state;
	struct err err = {0};
	struct rootfs r;
	struct local_documents d;
	struct made m = images_one(g, "a");
	CLEANUP(cancel_done) struct cancel cancel = {.wake_fd = -1};
	OK(cancel_init(&cancel, &err));
	cancel_ask(&cancel);
	struct rootfs_spec spec = {.store = g->store, .cancel = &cancel};
	OK(local_read(g->store, &m.manifest, NULL, &g->arena, &d, &err));
	FAILS(ERR_CANCELED, rootfs_prepare(&spec, &d.manifest, &d.config, &g->arena, &r, &err));
	assert_int_equal(count_trees(g), 0);
	leaves_no_temp(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(rootfs_prepare_unpacks_layers_bottom_first),
		CASE(rootfs_prepare_of_no_layers_is_empty),
		CASE(rootfs_prepare_shares_trees_between_images),
		CASE(rootfs_prepare_again_does_not_read_the_layers),
		CASE(rootfs_prepare_refuses_a_layer_that_is_not_its_diff_id),
		CASE(rootfs_prepare_names_the_layer_that_is_missing),
		CASE(rootfs_prepare_refuses_a_layer_that_is_no_archive),
		CASE(rootfs_prepare_gives_links_into_lower_layers_trees_of_their_own),
		CASE(rootfs_prepare_gives_layers_without_their_folders_trees_of_their_own),
		CASE(rootfs_on_layer_unpacks_what_stands_alone),
		CASE(rootfs_prepare_makes_a_doubtful_tree_again),
		CASE(rootfs_prepare_stops_when_asked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
