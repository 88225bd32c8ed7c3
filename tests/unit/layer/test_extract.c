#include "../test.h"

#include "trees.h"

static void read_golden(const char *name, struct buf *ret)
{
	struct err err = {0};
	char path[512];
	snprintf(path, sizeof(path), "%s/golden/layer/%s", TEST_SOURCE_DIR, name);
	OK(fs_read_file(AT_FDCWD, path, ret, &err));
}

static int extract(struct layer_extract x, struct str archive, struct err *err)
{
	struct mem_source from = MEM_SOURCE(archive);
	x.archive = &from.source;
	return layer_extract(&x, err);
}

/* Everything as it is in the archive, for the caller. */
static struct layer_extract into(int fd)
{
	return (struct layer_extract){.tree_fd = fd, .uid = geteuid(), .gid = getegid()};
}

static void layer_extract_takes_every_format(void **state)
{
	static const struct {
		const char *file;
		bool has_hard_link;
	} cases[] = {{"tree.tar.gz", true}, {"tree.tar.bz2", true}, {"tree.tar.xz", true},
		{"tree.tar.zst", true}, {"tree.cpio", false}, {"tree.zip", false}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		CLEANUP(buf_done) struct buf archive = BUF(1 << 20);
		CLEANUP(scratch_done) struct scratch s = scratch_new();
		read_golden(cases[i].file, &archive);
		OK(extract(into(s.fd), buf_str(&archive), &err));
		tree_is(s.fd,
			cases[i].has_hard_link
				? "top 755\ntop/d 755\ntop/d/file 640 'hello\n'\n"
				  "top/hard 755 x2 '#!/bin/sh\n'\ntop/link 777 -> d/file\n"
				  "top/run 755 x2 '#!/bin/sh\n'\n"
				: "top 755\ntop/d 755\ntop/d/file 640 'hello\n'\n"
				  "top/link 777 -> d/file\ntop/run 755 '#!/bin/sh\n'\n");
		if (i != 5)
			assert_int_equal(mtime_of(s.fd, "top/d/file"), 1000);
	}
}

static void layer_is_archive_goes_by_what_is_inside(void **state)
{
	static const struct {
		const char *file;
		int is_archive;
	} cases[] = {{"tree.tar.gz", 1}, {"tree.tar.bz2", 1}, {"tree.tar.xz", 1},
		{"tree.tar.zst", 1}, {"tree.cpio", 0}, {"tree.zip", 0}};
	struct err err = {0};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(buf_done) struct buf archive = BUF(1 << 20);
		read_golden(cases[i].file, &archive);
		struct mem_source from = MEM_SOURCE(buf_str(&archive));
		assert_int_equal(layer_is_archive(&from.source, &err), cases[i].is_archive);
	}
	CLEANUP(buf_done) struct buf tar = BUF(1 << 20), gz = BUF(1 << 20), zeros = BUF(1 << 20);
	add_file(&tar, "f", "x");
	tar_add_end(&zeros);
	CLEANUP(compressor_free) struct compressor *c = compressor_new(COMPRESS_GZIP, 0);
	OK(compressor_member(c, S("a log file, compressed, but no archive"), &gz, &err));
	struct {
		struct str bytes;
		int is_archive;
	} more[] = {
		{buf_str(&tar), 1},
		{str_sub(buf_str(&tar), 0, 512), 1},
		{str_sub(buf_str(&tar), 0, 511), 0},
		{buf_str(&gz), 0},
		{str_sub(buf_str(&gz), 0, 20), 0}, /* damaged: docker copies it as it is */
		{buf_str(&zeros), 0},
		{S(""), 0},
		{S("\x1f\x8b"), 0},
		{S("BZh9 is how bzip2 starts"), 0},
		{S("text"), 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(more); i++) {
		struct mem_source from = MEM_SOURCE(more[i].bytes);
		if (layer_is_archive(&from.source, &err) != more[i].is_archive)
			fail_msg("case %zu", i);
	}
}

static ssize_t gone(struct source *s, void *room, size_t n, struct err *err)
{
	return err_set(err, ERR_NET, "connection reset");
}

static void layer_is_archive_of_a_failing_source_fails(void **state)
{
	struct err err;
	struct source from = {gone};
	FAILS(ERR_NET, layer_is_archive(&from, &err));
}

static void layer_extract_strips_and_goes_below_a_folder(void **state)
{
	struct err err = {0};
	CLEANUP(buf_done) struct buf archive = BUF(1 << 20);
	CLEANUP(scratch_done) struct scratch s = scratch_new();
	read_golden("tree.tar.gz", &archive);
	struct layer_extract x = into(s.fd);
	x.strip = 1;
	x.into = "opt/app";
	OK(extract(x, buf_str(&archive), &err));
	tree_is(s.fd,
		"opt 755\nopt/app 755\nopt/app/d 755\nopt/app/d/file 640 'hello\n'\n"
		"opt/app/hard 755 x2 '#!/bin/sh\n'\nopt/app/link 777 -> d/file\n"
		"opt/app/run 755 x2 '#!/bin/sh\n'\n");
	x.strip = 2;
	x.into = "deeper";
	OK(extract(x, buf_str(&archive), &err));
	CLEANUP(fd_close) int deeper = openat(s.fd, "deeper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	tree_is(deeper, "file 640 'hello\n'\n");
}

static void layer_extract_of_whiteout_names_keeps_them(void **state)
{
	struct err err = {0};
	CLEANUP(buf_done) struct buf tar = BUF(1 << 20);
	CLEANUP(scratch_done) struct scratch s = scratch_new();
	add_file(&tar, "d/.wh.x", "ordinary");
	add_file(&tar, "d/.wh..wh..opq", "ordinary");
	OK(extract(into(s.fd), buf_str(&tar), &err));
	tree_is(s.fd, "d 755\nd/.wh..wh..opq 644 'ordinary'\nd/.wh.x 644 'ordinary'\n");
}

static void layer_extract_over_a_tree_replaces_what_gives_way(void **state)
{
	struct err err = {0};
	CLEANUP(buf_done) struct buf tar = BUF(1 << 20);
	CLEANUP(scratch_done) struct scratch s = scratch_new();
	put_folder(s.fd, "kept", 0700);
	put_file(s.fd, "kept/old", S("old"), 0600);
	put_file(s.fd, "file", S("old"), 0600);
	put_folder(s.fd, "was-folder", 0755);
	put_file(s.fd, "was-folder/in", S("old"), 0600);
	put_file(s.fd, "was-file", S("old"), 0600);
	put_symlink(s.fd, "lib", "/usr/lib");
	put_folder(s.fd, "usr", 0755);
	put_folder(s.fd, "usr/lib", 0755);
	add_file(&tar, "kept/new", "new");
	add_file(&tar, "file", "new");
	add_file(&tar, "was-folder", "new");
	add_folder(&tar, "was-file/");
	add_file(&tar, "lib/so", "new");
	OK(extract(into(s.fd), buf_str(&tar), &err));
	tree_is(s.fd,
		"file 644 'new'\nkept 700\nkept/new 644 'new'\nkept/old 600 'old'\n"
		"lib 777 -> /usr/lib\nusr 755\nusr/lib 755\nusr/lib/so 644 'new'\n"
		"was-file 755\nwas-folder 644 'new'\n");
}

/* docker unpacks in a chroot there: what is absolute in the archive is below the folder. */
static void layer_extract_resolves_symlinks_inside_its_folder(void **state)
{
	struct err err = {0};
	CLEANUP(buf_done) struct buf tar = BUF(1 << 20);
	CLEANUP(scratch_done) struct scratch s = scratch_new();
	put_folder(s.fd, "etc", 0755);
	add_folder(&tar, "etc/");
	add_link(&tar, TAR_SYMLINK, "abs", "/etc");
	add_link(&tar, TAR_SYMLINK, "up", "../../etc");
	add_file(&tar, "abs/passwd", "x");
	add_file(&tar, "up/shadow", "x");
	struct layer_extract x = into(s.fd);
	x.into = "opt";
	OK(extract(x, buf_str(&tar), &err));
	tree_is(s.fd,
		"etc 755\nopt 755\nopt/abs 777 -> /etc\nopt/etc 755\nopt/etc/passwd 644 'x'\n"
		"opt/etc/shadow 644 'x'\nopt/up 777 -> ../../etc\n");
}

static void layer_extract_gives_everything_to_the_owner_asked_for(void **state)
{
	if (!is_root())
		skip();
	struct err err = {0};
	CLEANUP(buf_done) struct buf tar = BUF(1 << 20);
	CLEANUP(scratch_done) struct scratch s = scratch_new();
	add_entry(&tar,
		(struct tar_entry){.type = TAR_FILE, .name = S("suid"), .mode = 04755, .uid = 7},
		S("x"));
	add_folder(&tar, "d/");
	add_link(&tar, TAR_SYMLINK, "l", "x");
	OK(extract((struct layer_extract){.tree_fd = s.fd, .uid = 12, .gid = 34}, buf_str(&tar),
		&err));
	tree_is(s.fd, "d 755 12:34\nl 777 12:34 -> x\nsuid 4755 12:34 'x'\n");
}

/* FIELD.md F52 and GHSA-49p4-px3h-rq49 */
static void layer_extract_of_hostile_archives_stays_inside(void **state)
{
	static const struct {
		const char *file;
		const char *words;
	} bad[] = {{"should-fail-dotdot.zip", "leads out of the tree"},
		{"should-fail-size.zip", "size"}};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err err;
		CLEANUP(buf_done) struct buf archive = BUF(1 << 20);
		CLEANUP(scratch_done) struct scratch s = scratch_new();
		put_folder(s.fd, "tree", 0755);
		read_golden(bad[i].file, &archive);
		struct layer_extract x = into(s.fd);
		x.into = "tree";
		FAILS(ERR_INPUT, extract(x, buf_str(&archive), &err));
		if (!strstr(err.what, bad[i].words))
			fail_msg("'%s' does not say '%s'", err.what, bad[i].words);
		assert_int_equal(faccessat(s.fd, "outside", F_OK, 0), -1);
	}
	struct err err = {0};
	CLEANUP(buf_done) struct buf archive = BUF(1 << 20);
	CLEANUP(scratch_done) struct scratch s = scratch_new();
	put_folder(s.fd, "outside", 0755);
	read_golden("symlink-out.zip", &archive);
	struct layer_extract x = into(s.fd);
	x.into = "tree";
	OK(extract(x, buf_str(&archive), &err));
	tree_is(s.fd,
		"outside 755\ntree 755\ntree/out 777 -> ../outside\ntree/outside 755\n"
		"tree/outside/secret 644 'x'\n");
}

static void layer_extract_of_damaged_archives_fails(void **state)
{
	static const char *const files[] = {"tree.tar.gz", "tree.tar.bz2", "tree.tar.xz",
		"tree.tar.zst", "tree.cpio", "tree.zip"};
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		CLEANUP(buf_done) struct buf archive = BUF(1 << 20);
		read_golden(files[i], &archive);
		for (size_t n = 10; n < archive.n; n += archive.n / 5) {
			struct err err;
			CLEANUP(scratch_done) struct scratch s = scratch_new();
			if (extract(into(s.fd), str_n(archive.p, n), &err) >= 0)
				fail_msg("%s cut to %zu bytes", files[i], n);
		}
	}
}

static void layer_extract_of_too_much_stops_at_its_limit(void **state)
{
	static const char *const files[] = {"tree.tar.gz", "tree.tar.bz2", "tree.tar.xz",
		"tree.tar.zst", "tree.cpio", "tree.zip"};
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct err err;
		CLEANUP(buf_done) struct buf archive = BUF(1 << 20);
		CLEANUP(scratch_done) struct scratch s = scratch_new();
		read_golden(files[i], &archive);
		struct layer_extract x = into(s.fd);
		x.max_bytes = 300;
		FAILS(ERR_LIMIT, extract(x, buf_str(&archive), &err));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layer_extract_takes_every_format),
		cmocka_unit_test(layer_is_archive_goes_by_what_is_inside),
		cmocka_unit_test(layer_is_archive_of_a_failing_source_fails),
		cmocka_unit_test(layer_extract_strips_and_goes_below_a_folder),
		cmocka_unit_test(layer_extract_of_whiteout_names_keeps_them),
		cmocka_unit_test(layer_extract_over_a_tree_replaces_what_gives_way),
		cmocka_unit_test(layer_extract_resolves_symlinks_inside_its_folder),
		cmocka_unit_test(layer_extract_gives_everything_to_the_owner_asked_for),
		cmocka_unit_test(layer_extract_of_hostile_archives_stays_inside),
		cmocka_unit_test(layer_extract_of_damaged_archives_fails),
		cmocka_unit_test(layer_extract_of_too_much_stops_at_its_limit),
	};
	return cmocka_run_group_tests_name("layer/extract", tests, NULL, NULL);
}
