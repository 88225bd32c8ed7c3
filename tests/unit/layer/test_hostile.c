/* What hostile layers try (FIELD.md F50, F51, F53 and the rows of D.2 about extraction). Every case
 * runs beside a folder with a secret, which must be the same afterwards. */
#include "../test.h"

#include "trees.h"

struct cage {
	struct scratch s;
	int tree, outside;
};

static void cage_done(struct cage *c)
{
	fd_close(c->tree);
	fd_close(c->outside);
	scratch_done(&c->s);
}
CLEANUP_VAL(cage_done, struct cage);

static struct cage cage_new(void)
{
	struct cage c = {.s = scratch_new()};
	put_folder(c.s.fd, "tree", 0755);
	put_folder(c.s.fd, "outside", 0755);
	c.tree = openat(c.s.fd, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	c.outside = openat(c.s.fd, "outside", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	put_file(c.outside, "secret", S("untouched"), 0600);
	return c;
}

static void nothing_escaped(const struct cage *c)
{
	tree_is(c->outside, "secret 600 'untouched'\n");
	assert_int_equal(mtime_of(c->outside, "secret"), 1000);
	struct fs_entries names = {0};
	struct err err = {0};
	OK(fs_list(c->s.fd, &names, &err));
	assert_int_equal(names.n, 2);
	fs_entries_done(&names);
}

static void refused(const struct buf *b, enum err_kind kind, const char *words)
{
	for (unsigned n_threads = 0; n_threads < 3; n_threads++) {
		struct err err;
		struct layer_info info;
		CLEANUP(cage_done) struct cage c = cage_new();
		CLEANUP(pool_free) struct pool *pool = n_threads ? pool_new(n_threads) : NULL;
		FAILS(kind,
			unpack_with((struct layer_unpack){.tree_fd = c.tree, .pool = pool},
				buf_str(b), &info, &err));
		if (!strstr(err.what, words))
			fail_msg("'%s' does not say '%s'", err.what, words);
		nothing_escaped(&c);
	}
}

static void caged(const struct buf *b, const char *expected)
{
	for (unsigned n_threads = 0; n_threads < 3; n_threads++) {
		struct err err = {0};
		struct layer_info info;
		CLEANUP(cage_done) struct cage c = cage_new();
		CLEANUP(pool_free) struct pool *pool = n_threads ? pool_new(n_threads) : NULL;
		OK(unpack_with((struct layer_unpack){.tree_fd = c.tree, .pool = pool}, buf_str(b),
			&info, &err));
		nothing_escaped(&c);
		tree_is(c.tree, expected);
	}
}

struct step {
	enum tar_type type;
	const char *name, *link;
};

static void add_steps(struct buf *b, const struct step *steps)
{
	for (; steps->type; steps++) {
		bool is_file = steps->type == TAR_FILE;
		add_entry(b,
			(struct tar_entry){.type = steps->type,
				.name = str_of(steps->name),
				.link = str_of(steps->link),
				.mode = steps->type == TAR_DIR ? 0755 : 0644},
			is_file ? S("x") : S(""));
	}
}

static void layer_unpack_of_names_that_lead_out_fails(void **state)
{
	static const struct {
		struct step steps[4];
		const char *words;
	} cases[] = {
		{{{TAR_FILE, "../outside/secret", ""}}, "leads out of the tree"},
		{{{TAR_FILE, "a/../../outside/secret", ""}}, "leads out of the tree"},
		{{{TAR_FILE, "/../outside/secret", ""}}, "leads out of the tree"},
		{{{TAR_DIR, "..", ""}}, "leads out of the tree"},
		{{{TAR_DIR, "a/b/../../../", ""}}, "leads out of the tree"},
		{{{TAR_HARDLINK, "stolen", "../outside/secret"}}, "leads out of the tree"},
		{{{TAR_HARDLINK, "stolen", "/../../outside/secret"}}, "leads out of the tree"},
		{{{TAR_HARDLINK, "stolen", "outside/secret"}}, "which is not there"},
		{{{TAR_HARDLINK, "stolen", ""}}, "hard link"},
		{{{TAR_HARDLINK, "self", "self"}}, "hard link to itself"},
		{{{TAR_DIR, "d/", ""}, {TAR_HARDLINK, "h", "d"}}, "a folder"},
		{{{TAR_SYMLINK, "s", "../outside"}, {TAR_HARDLINK, "h", "s/secret"}}, "not there"},
		{{{TAR_FILE, ".wh...", ""}}, "whiteout of no name"},
		{{{TAR_FILE, "d/.wh..", ""}}, "whiteout of no name"},
		{{{TAR_FILE, "d/.wh.", ""}}, "whiteout of no name"},
		{{{TAR_FILE, "f", ""}, {TAR_FILE, "f/below", ""}}, "'f' is not a folder"},
		{{{TAR_FILE, "f", ""}, {TAR_FILE, "f/.wh..wh..opq", ""}}, "'f' is not a folder"},
		{{{TAR_FILE, "f", ""}, {TAR_FILE, "f/.wh.x", ""}}, "'f' is not a folder"},
		{{{TAR_FIFO, "f", ""}, {TAR_FILE, "f/below", ""}}, "'f' is not a folder"},
		{{{TAR_SYMLINK, "a", "b"}, {TAR_SYMLINK, "b", "a"}, {TAR_FILE, "a/x", ""}},
			"circles"},
		{{{TAR_SYMLINK, "a", "nowhere"}, {TAR_FILE, "a/x", ""}}, "'a' is not a folder"},
		{{{TAR_SYMLINK, "a", "/proc/self/root"}, {TAR_FILE, "a/x", ""}},
			"'a' is not a folder"},
		{{{TAR_FILE, ".", ""}}, "the root"},
		{{{TAR_SYMLINK, "/", "../outside"}}, "the root"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(buf_done) struct buf b = BUF(ARCHIVE_ROOM);
		add_steps(&b, cases[i].steps);
		refused(&b, ERR_INPUT, cases[i].words);
	}
}

/* As if the process were chrooted into the tree. */
static void layer_unpack_resolves_symlinks_inside_the_tree(void **state)
{
	static const struct {
		struct step steps[8];
		const char *expected;
	} cases[] = {
		{{{TAR_SYMLINK, "out", "../outside"}, {TAR_DIR, "outside/", ""},
			 {TAR_FILE, "out/secret", ""}},
			"out 777 -> ../outside\noutside 755\noutside/secret 644 'x'\n"},
		{{{TAR_DIR, "etc/", ""}, {TAR_SYMLINK, "abs", "/etc"},
			 {TAR_FILE, "abs/passwd", ""}},
			"abs 777 -> /etc\netc 755\netc/passwd 644 'x'\n"},
		{{{TAR_DIR, "a/", ""}, {TAR_SYMLINK, "b", "a"}, {TAR_DIR, "b/c/", ""},
			 {TAR_SYMLINK, "b/c/up", "../../.."}, {TAR_FILE, "a/c/up/f", ""}},
			"a 755\na/c 755\na/c/up 777 -> ../../..\nb 777 -> a\nf 644 'x'\n"},
		/* the last name is never followed */
		{{{TAR_SYMLINK, "f", "../outside/secret"}, {TAR_FILE, "f", ""}}, "f 644 'x'\n"},
		{{{TAR_SYMLINK, "d", "../outside"}, {TAR_DIR, "d/", ""},
			 {TAR_FILE, "d/secret", ""}},
			"d 755\nd/secret 644 'x'\n"},
		{{{TAR_SYMLINK, "s", "../outside/secret"}, {TAR_HARDLINK, "h", "s"}},
			"h 777 -> ../outside/secret\ns 777 -> ../outside/secret\n"},
		/* a folder that was used becomes a symlink, and the other way round */
		{{{TAR_DIR, "d/", ""}, {TAR_FILE, "d/f", ""}, {TAR_DIR, "other/", ""},
			 {TAR_SYMLINK, "d", "../outside"}, {TAR_SYMLINK, "d", "other"},
			 {TAR_FILE, "d/secret", ""}},
			"d 777 -> other\nother 755\nother/secret 644 'x'\n"},
		{{{TAR_DIR, "a/", ""}, {TAR_DIR, "b/", ""}, {TAR_SYMLINK, "l", "a"},
			 {TAR_FILE, "l/1", ""}, {TAR_SYMLINK, "l", "b"}, {TAR_FILE, "l/1", ""},
			 {TAR_FILE, "a/1", ""}},
			"a 755\na/1 644 'x'\nb 755\nb/1 644 'x'\nl 777 -> b\n"},
		/* one file under two paths: the later one stays */
		{{{TAR_DIR, "a/", ""}, {TAR_SYMLINK, "l", "a"}, {TAR_FILE, "a/f", ""},
			 {TAR_FILE, "l/f", ""}, {TAR_FILE, "a/f", ""}, {TAR_HARDLINK, "g", "l/f"}},
			"a 755\na/f 644 x2 'x'\ng 644 x2 'x'\nl 777 -> a\n"},
		/* a folder made through a symlink that is gone later gets its mode all the same */
		{{{TAR_DIR, "o/", ""}, {TAR_SYMLINK, "a", "o"}, {TAR_FILE, "a/b/f", ""},
			 {TAR_DIR, "a/", ""}},
			"a 755\no 755\no/b 755\no/b/f 644 'x'\n"},
		{{{TAR_FILE, "/etc/passwd", ""}}, "etc 755\netc/passwd 644 'x'\n"},
		{{{TAR_FILE, "F", ""}, {TAR_FILE, "f", ""}}, "F 644 'x'\nf 644 'x'\n"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(buf_done) struct buf b = BUF(ARCHIVE_ROOM);
		add_steps(&b, cases[i].steps);
		caged(&b, cases[i].expected);
	}
}

static void layer_unpack_of_owners_out_of_range_fails(void **state)
{
	static const uint64_t ids[] = {UINT64_C(1) << 32, UINT32_MAX, INT64_MAX};
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		CLEANUP(buf_done) struct buf b = BUF(ARCHIVE_ROOM);
		add_entry(&b, (struct tar_entry){.type = TAR_FILE, .name = S("f"), .uid = ids[i]},
			S(""));
		refused(&b, ERR_INPUT, "out of range");
		buf_clear(&b);
		add_entry(&b, (struct tar_entry){.type = TAR_DIR, .name = S("d/"), .gid = ids[i]},
			S(""));
		refused(&b, ERR_INPUT, "out of range");
	}
}

static void layer_unpack_keeps_odd_times(void **state)
{
	static const int64_t seconds[] = {-1, -62135596800 / 10, 0x7fffffff, 4000000000};
	struct err err = {0};
	CLEANUP(buf_done) struct buf b = BUF(ARCHIVE_ROOM);
	CLEANUP(cage_done) struct cage c = cage_new();
	for (size_t i = 0; i < ARRAY_LEN(seconds); i++) {
		char name[] = {(char)('a' + i), '\0'};
		add_entry(&b,
			(struct tar_entry){.type = TAR_FILE,
				.name = str_of(name),
				.mtime_ns = seconds[i] * CLOCK_SECOND},
			S("x"));
	}
	OK(unpack(c.tree, &b, &err));
	assert_int_equal(mtime_of(c.tree, "a"), -1);
	assert_int_equal(mtime_of(c.tree, "c"), 0x7fffffff);
}

static void layer_unpack_of_long_paths_stops_at_its_limits(void **state)
{
	static char deep[TAR_NAME_MAX + 1], wide[300];
	for (size_t i = 0; i + 1 < sizeof(deep); i += 2) {
		deep[i] = 'd';
		deep[i + 1] = '/';
	}
	memset(wide, 'w', sizeof(wide) - 1);
	CLEANUP(buf_done) struct buf b = BUF(ARCHIVE_ROOM);
	add_entry(&b, (struct tar_entry){.type = TAR_FILE, .name = str_n(deep, 4096)}, S(""));
	refused(&b, ERR_LIMIT, "folders deep");
	buf_clear(&b);
	add_file(&b, wide, "");
	refused(&b, ERR_INPUT, "name of 299 bytes is too long");
	for (size_t i = 100; i + 1 < sizeof(deep); i += 101)
		deep[i] = '/';
	memset(deep, 'n', sizeof(deep));
	for (size_t i = 200; i < sizeof(deep); i += 201)
		deep[i] = '/';
	buf_clear(&b);
	add_entry(&b, (struct tar_entry){.type = TAR_FILE, .name = str_n(deep, 4096)}, S(""));
	refused(&b, ERR_LIMIT, "path of 4096 bytes is too long");
	/* the longest that is allowed */
	buf_clear(&b);
	struct err err = {0};
	CLEANUP(cage_done) struct cage c = cage_new();
	add_entry(&b, (struct tar_entry){.type = TAR_FILE, .name = str_n(deep, 4095)}, S(""));
	OK(unpack(c.tree, &b, &err));
}

static void layer_unpack_of_devices_needs_root(void **state)
{
	CLEANUP(buf_done) struct buf b = BUF(ARCHIVE_ROOM);
	add_entry(&b,
		(struct tar_entry){.type = TAR_CHAR,
			.name = S("null"),
			.mode = 0666,
			.dev_major = 1,
			.dev_minor = 3},
		S(""));
	add_entry(&b,
		(struct tar_entry){
			.type = TAR_BLOCKDEV, .name = S("disk"), .mode = 0660, .dev_major = 8},
		S(""));
	if (is_root())
		caged(&b, "disk 660 block 8,0\nnull 666 char 1,3\n");
	else
		refused(&b, ERR_DENIED, "only root");
}

static void layer_unpack_of_too_much_stops_at_its_limit(void **state)
{
	struct err err;
	struct layer_info info;
	CLEANUP(buf_done) struct buf tar = BUF(ARCHIVE_ROOM), blob = BUF(ARCHIVE_ROOM);
	CLEANUP(mem_free) char *zeros = mem_new(4 << 20, 1);
	CLEANUP(cage_done) struct cage c = cage_new();
	add_entry(&tar, (struct tar_entry){.type = TAR_FILE, .name = S("z")},
		str_n(zeros, 4 << 20));
	static const enum compression formats[] = {COMPRESS_NONE, COMPRESS_GZIP, COMPRESS_ZSTD};
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		buf_clear(&blob);
		if (formats[i] == COMPRESS_NONE) {
			buf_add(&blob, buf_str(&tar));
		} else {
			CLEANUP(compressor_free)
			struct compressor *k = compressor_new(formats[i], 0);
			err = (struct err){0};
			OK(compressor_member(k, buf_str(&tar), &blob, &err));
		}
		FAILS(ERR_LIMIT,
			unpack_with((struct layer_unpack){.tree_fd = c.tree, .max_bytes = 3 << 20},
				buf_str(&blob), &info, &err));
		assert_non_null(strstr(err.what, "unpacks to more than 3145728 bytes"));
	}
	/* a file that says it is larger than any layer */
	buf_clear(&tar);
	struct tar_entry e = {.type = TAR_FILE, .name = S("huge"), .size = UINT64_C(1) << 60};
	OK(tar_add_header(&tar, &e, &err));
	FAILS(ERR_LIMIT,
		unpack_with((struct layer_unpack){.tree_fd = c.tree}, buf_str(&tar), &info, &err));
	nothing_escaped(&c);
}

static void layer_unpack_of_damaged_blobs_fails(void **state)
{
	static const enum compression formats[] = {COMPRESS_NONE, COMPRESS_GZIP, COMPRESS_ZSTD};
	CLEANUP(scratch_done) struct scratch s = scratch_new();
	put_folder(s.fd, "d", 0755);
	for (unsigned i = 0; i < 50; i++) {
		char name[32], text[2000];
		snprintf(name, sizeof(name), "d/%u", i);
		for (unsigned k = 0; k < sizeof(text); k++)
			text[k] = (char)('a' + (i * k + k * k % 11) % 26);
		put_file(s.fd, name, str_n(text, sizeof(text)), 0644);
	}
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		struct err err = {0};
		struct layer_info info;
		CLEANUP(buf_done) struct buf blob = BUF(ARCHIVE_ROOM), bad = BUF(ARCHIVE_ROOM);
		OK(pack_to(packing(s.fd, formats[i]), &blob, &info, &err));
		for (size_t n = 100; n < blob.n; n += blob.n / 7) {
			/* a tar may end in a file's padding, which is at the end of a block */
			size_t cut = formats[i] == COMPRESS_NONE ? n / 512 * 512 + 100 : n;
			buf_clear(&bad);
			buf_add_bytes(&bad, blob.p, cut);
			refused(&bad, ERR_INPUT, "");
			if (formats[i] == COMPRESS_NONE)
				continue; /* has no checksum over its content */
			buf_clear(&bad);
			buf_add(&bad, buf_str(&blob));
			bad.p[n] ^= 0x10;
			refused(&bad, ERR_INPUT, "");
		}
	}
	CLEANUP(buf_done) struct buf text = BUF(4096);
	buf_add(&text, S("<html>this is not a layer at all, it is what a proxy said</html>"));
	refused(&text, ERR_INPUT, "tar");
}

static ssize_t gone(struct source *s, void *room, size_t n, struct err *err)
{
	return err_set(err, ERR_NET, "connection reset");
}

static void layer_unpack_passes_on_what_the_source_says(void **state)
{
	struct err err;
	struct layer_info info;
	struct source from = {gone};
	CLEANUP(cage_done) struct cage c = cage_new();
	struct layer_unpack u = {.blob = &from, .tree_fd = c.tree};
	FAILS(ERR_NET, layer_unpack(&u, &info, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layer_unpack_of_names_that_lead_out_fails),
		cmocka_unit_test(layer_unpack_resolves_symlinks_inside_the_tree),
		cmocka_unit_test(layer_unpack_of_owners_out_of_range_fails),
		cmocka_unit_test(layer_unpack_keeps_odd_times),
		cmocka_unit_test(layer_unpack_of_long_paths_stops_at_its_limits),
		cmocka_unit_test(layer_unpack_of_devices_needs_root),
		cmocka_unit_test(layer_unpack_of_too_much_stops_at_its_limit),
		cmocka_unit_test(layer_unpack_of_damaged_blobs_fails),
		cmocka_unit_test(layer_unpack_passes_on_what_the_source_says),
	};
	return cmocka_run_group_tests_name("layer/hostile", tests, NULL, NULL);
}
