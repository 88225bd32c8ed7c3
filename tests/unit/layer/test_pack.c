#include "../test.h"

#include "trees.h"

#include <libdeflate.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <zstd.h>

/* The tar's entries as text: type, name, mode, size, link. */
static void list_tar(struct str tar, struct buf *ret)
{
	struct err err = {0};
	struct mem_source source = MEM_SOURCE(tar);
	CLEANUP(tar_reader_free) struct tar_reader *t = tar_reader_new(&source.source);
	struct tar_entry e;
	int got;
	while ((got = tar_next(t, &e, &err)) > 0) {
		buf_fmt(ret, "%c %.*s %o", e.type, STR_ARG(e.name), e.mode);
		if (e.size)
			buf_fmt(ret, " %llu", (unsigned long long)e.size);
		if (e.link.n)
			buf_fmt(ret, " -> %.*s", STR_ARG(e.link));
		for (size_t i = 0; i < e.n_xattrs; i++)
			buf_fmt(ret, " [%.*s=%.*s]", STR_ARG(e.xattrs[i].name),
				STR_ARG(e.xattrs[i].value));
		buf_add_ch(ret, '\n');
	}
	OK(got);
}

static void packs_as(struct layer_pack p, const char *expected)
{
	struct err err = {0};
	struct layer_info info;
	CLEANUP(buf_done) struct buf tar = BUF(ARCHIVE_ROOM), text = BUF(1 << 20);
	p.compression = COMPRESS_NONE;
	OK(pack_to(p, &tar, &info, &err));
	list_tar(buf_str(&tar), &text);
	STR_IS(buf_str(&text), expected);
	assert_int_equal(info.tar_bytes, tar.n);
	assert_true(digest_eq(&info.diff_id, &info.digest));
}

static void make_everything(int fd)
{
	put_folder(fd, "bin", 0755);
	put_file(fd, "bin/tool", S("#!/bin/sh\necho tool\n"), 0755);
	put_symlink(fd, "bin/again", "tool");
	put_folder(fd, "empty", 01777);
	put_file(fd, "hello", S("hello, world\n"), 0644);
	put_file(fd, "bin-file", S("sorts behind bin/"), 0600);
	put_file(fd, "na\xc3\xafve", S(""), 0444);
	assert_int_equal(linkat(fd, "hello", fd, "zz-hello", 0), 0);
	assert_int_equal(mkfifoat(fd, "pipe", 0640), 0);
	set_time(fd, "pipe", 1000);
	set_time(fd, "bin", 2000);
	set_time(fd, "empty", 3000);
}

static void layer_pack_gives_entries_in_order(void **state)
{
	CLEANUP(scratch_done) struct scratch s = scratch_new();
	make_everything(s.fd);
	packs_as(packing(s.fd, COMPRESS_NONE),
		"5 bin/ 755\n"
		"2 bin/again 777 -> tool\n"
		"0 bin/tool 755 20\n"
		"0 bin-file 600 17\n"
		"5 empty/ 1777\n"
		"0 hello 644 13\n"
		"0 na\xc3\xafve 444\n"
		"6 pipe 640\n"
		"1 zz-hello 644 -> hello\n");
}

/* The bytes are a promise (docs/formats/layer.md): when this fails, every layer gets a new digest. */
static void layer_pack_of_a_fixed_tree_gives_the_promised_digests(void **state)
{
	static const struct {
		enum compression c;
		const char *digest;
	} cases[] = {
		{COMPRESS_NONE,
			"sha256:1f5424cb13efba33bc9164c6624cde80c29a9bc1ae08ec0c54cdac9b5bde6632"},
		{COMPRESS_GZIP,
			"sha256:c9a492e8f904bae6b05a105966fe2479d02b85866f55cde8969cfd1d5e38b8bf"},
		{COMPRESS_ZSTD,
			"sha256:98b88fa72a4f589b28f6db8c69145c89ec310a86bc1ead00dd4975274b40e7f2"},
	};
	if (!is_root())
		skip(); /* owners are part of the bytes */
	CLEANUP(scratch_done) struct scratch s = scratch_new();
	make_everything(s.fd);
	put_xattr(s.fd, "hello", "user.note", "kept");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		struct layer_info info;
		char text[DIGEST_TEXT];
		CLEANUP(buf_done) struct buf blob = BUF(ARCHIVE_ROOM);
		bool is_known = cases[i].c == COMPRESS_NONE ? true
			: cases[i].c == COMPRESS_GZIP ? str_is(S(LIBDEFLATE_VERSION_STRING), "1.14")
						      : ZSTD_versionNumber() == 10504;
		OK(pack_to(packing(s.fd, cases[i].c), &blob, &info, &err));
		assert_int_equal(info.n_entries, 9);
		assert_int_equal(info.blob_bytes, blob.n);
		struct digest d = digest_of(buf_str(&blob));
		assert_true(digest_eq(&d, &info.digest));
		assert_string_equal(digest_text(&info.diff_id, text), cases[0].digest);
		if (is_known)
			assert_string_equal(digest_text(&info.digest, text), cases[i].digest);
	}
}

static void layer_pack_of_an_upper_folder_writes_whiteouts(void **state)
{
	CLEANUP(scratch_done) struct scratch s = scratch_new();
	put_folder(s.fd, "dir", 0755);
	put_folder(s.fd, "dir/cut", 0700);
	put_file(s.fd, "dir/a", S("a"), 0644);
	put_file(s.fd, "dir/cut/new", S("n"), 0644);
	put_whiteout(s.fd, "dir/gone");
	put_whiteout(s.fd, "dir/.hidden");
	put_whiteout(s.fd, "zero");
	put_xattr(s.fd, "dir/cut", is_root() ? "trusted.overlay.opaque" : "user.overlay.opaque",
		"y");
	put_xattr(s.fd, "dir/cut", "user.overlay.impure", "y");
	packs_as(packing(s.fd, COMPRESS_NONE),
		"0 .wh.zero 600\n"
		"5 dir/ 755\n"
		"0 dir/.wh..hidden 600\n"
		"0 dir/.wh.gone 600\n"
		"0 dir/a 644 1\n"
		"5 dir/cut/ 700\n"
		"0 dir/cut/.wh..wh..opq 600\n"
		"0 dir/cut/new 644 1\n");
	/* not an upper folder: devices are devices, and overlay's marks nobody's */
	struct layer_pack plain = packing(s.fd, COMPRESS_NONE);
	plain.is_overlay_upper = false;
	packs_as(plain,
		"5 dir/ 755\n3 dir/.hidden 0\n0 dir/a 644 1\n5 dir/cut/ 700\n"
		"0 dir/cut/new 644 1\n3 dir/gone 0\n3 zero 0\n");
	put_xattr(s.fd, ".", "user.overlay.opaque", "y");
	CLEANUP(buf_done) struct buf tar = BUF(ARCHIVE_ROOM), text = BUF(1 << 20);
	struct layer_info info;
	struct err err = {0};
	OK(pack_to(packing(s.fd, COMPRESS_NONE), &tar, &info, &err));
	list_tar(buf_str(&tar), &text);
	assert_true(str_starts(buf_str(&text), S("0 .wh..wh..opq 600\n0 .wh.zero 600\n")));
}

static void layer_pack_of_incomplete_uppers_fails(void **state)
{
	static const char *const marks[] = {"redirect", "metacopy", "whiteout"};
	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		struct err err;
		struct layer_info info;
		char name[64];
		CLEANUP(buf_done) struct buf tar = BUF(ARCHIVE_ROOM);
		CLEANUP(scratch_done) struct scratch s = scratch_new();
		put_file(s.fd, "f", S("x"), 0644);
		snprintf(name, sizeof(name), "user.overlay.%s", marks[i]);
		put_xattr(s.fd, "f", name, "/elsewhere");
		FAILS(ERR_UNSUPPORTED, pack_to(packing(s.fd, COMPRESS_NONE), &tar, &info, &err));
		assert_non_null(strstr(err.what, "'f': overlayfs"));
	}
}

static void layer_pack_of_a_whiteout_name_fails(void **state)
{
	struct err err;
	struct layer_info info;
	CLEANUP(buf_done) struct buf tar = BUF(ARCHIVE_ROOM);
	CLEANUP(scratch_done) struct scratch s = scratch_new();
	put_folder(s.fd, "d", 0755);
	put_file(s.fd, "d/.wh.x", S("x"), 0644);
	FAILS(ERR_INPUT, pack_to(packing(s.fd, COMPRESS_NONE), &tar, &info, &err));
	assert_string_equal(err.what,
		"'d/.wh.x': cannot be in a layer: such a name means a deletion");
}

static void layer_pack_keeps_the_images_xattrs_only(void **state)
{
	CLEANUP(scratch_done) struct scratch s = scratch_new();
	put_folder(s.fd, "d", 0755);
	put_file(s.fd, "f", S("x"), 0644);
	put_xattr(s.fd, "f", "user.b", "2");
	put_xattr(s.fd, "f", "user.a", "1");
	put_xattr(s.fd, "d", "user.c", "3");
	if (is_root()) {
		put_xattr(s.fd, "f", "trusted.machine", "no");
		put_xattr(s.fd, "f", "security.ima", "no");
	}
	assert_int_equal(linkat(s.fd, "f", s.fd, "g", 0), 0);
	packs_as(packing(s.fd, COMPRESS_NONE),
		"5 d/ 755 [user.c=3]\n0 f 644 1 [user.a=1] [user.b=2]\n1 g 644 -> f\n");
}

static void layer_pack_leaves_sockets_out(void **state)
{
	CLEANUP(scratch_done) struct scratch s = scratch_new();
	CLEANUP(fd_close) int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	snprintf(to.sun_path, sizeof(to.sun_path), "%s/socket", s.path);
	assert_int_equal(bind(sock, (struct sockaddr *)&to, sizeof(to)), 0);
	put_file(s.fd, "f", S("x"), 0644);
	packs_as(packing(s.fd, COMPRESS_NONE), "0 f 644 1\n");
}

static void layer_pack_replaces_late_times(void **state)
{
	struct err err = {0};
	struct layer_info info;
	CLEANUP(scratch_done) struct scratch s = scratch_new();
	CLEANUP(buf_done) struct buf tar = BUF(ARCHIVE_ROOM);
	static const int64_t times[] = {-100, 499, 500, 501, 1 << 30};
	static const int64_t expected[] = {-100, 499, 500, 77, 77};
	for (size_t i = 0; i < 5; i++) {
		char name[] = {(char)('a' + i), '\0'};
		put_file(s.fd, name, S(""), 0644);
		set_time(s.fd, name, times[i]);
	}
	struct layer_pack p = packing(s.fd, COMPRESS_NONE);
	p.times = (struct layer_times){500 * CLOCK_SECOND, 77 * CLOCK_SECOND};
	OK(pack_to(p, &tar, &info, &err));
	struct mem_source source = MEM_SOURCE(buf_str(&tar));
	CLEANUP(tar_reader_free) struct tar_reader *t = tar_reader_new(&source.source);
	struct tar_entry e;
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(tar_next(t, &e, &err), 1);
		assert_int_equal(e.mtime_ns, expected[i] * CLOCK_SECOND);
	}
}

static void layer_pack_reads_holes_as_zeros(void **state)
{
	struct err err = {0};
	struct layer_info info;
	CLEANUP(scratch_done) struct scratch s = scratch_new();
	CLEANUP(buf_done) struct buf tar = BUF(ARCHIVE_ROOM);
	CLEANUP(mem_free) char *expected = mem_new(5 << 20, 1);
	CLEANUP(fd_close) int fd = openat(s.fd, "f", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	static const size_t data_at[] = {0, 1 << 20, (1 << 20) + 5000, (4 << 20) - 10};
	for (size_t i = 0; i < ARRAY_LEN(data_at); i++) {
		memcpy(expected + data_at[i], "data here", 9);
		OK(fs_pwrite_fd(fd, "data here", 9, data_at[i], &err));
	}
	assert_int_equal(ftruncate(fd, 5 << 20), 0);
	OK(pack_to(packing(s.fd, COMPRESS_NONE), &tar, &info, &err));
	assert_memory_equal(tar.p + 512, expected, 5 << 20);
	/* nothing but a hole */
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	buf_clear(&tar);
	OK(pack_to(packing(s.fd, COMPRESS_NONE), &tar, &info, &err));
	memset(expected, 0, 1 << 20);
	assert_memory_equal(tar.p + 512, expected, 1 << 20);
}

/* Noise that depends on its seed only. */
static void put_noise(int fd, const char *path, size_t n, uint32_t seed)
{
	CLEANUP(mem_free) char *p = mem_new(n, 1);
	for (size_t i = 0; i < n; i++) {
		seed = seed * 1664525 + 1013904223;
		p[i] = "abcdefgh\n 0123xyz"[seed >> 28];
	}
	put_file(fd, path, str_n(p, n), 0644);
}

static void make_large(int fd)
{
	for (unsigned d = 0; d < 20; d++) {
		char path[64];
		snprintf(path, sizeof(path), "d%02u", d);
		put_folder(fd, path, 0755);
		for (unsigned i = 0; i < 30; i++) {
			snprintf(path, sizeof(path), "d%02u/f%02u", d, i);
			put_noise(fd, path, 1 + d * i * 90, d * 100 + i);
		}
		snprintf(path, sizeof(path), "d%02u", d);
		set_time(fd, path, 5000);
	}
	put_noise(fd, "large", (3 << 20) + 77, 5);
}

static void layer_pack_gives_the_same_bytes_with_any_number_of_threads(void **state)
{
	static const enum compression formats[] = {COMPRESS_NONE, COMPRESS_GZIP, COMPRESS_ZSTD};
	CLEANUP(scratch_done) struct scratch s = scratch_new();
	make_large(s.fd);
	for (size_t c = 0; c < ARRAY_LEN(formats); c++) {
		struct layer_info first, info;
		struct err err = {0};
		CLEANUP(buf_done) struct buf expected = BUF(ARCHIVE_ROOM);
		OK(pack_to(packing(s.fd, formats[c]), &expected, &first, &err));
		for (unsigned n = 1; n <= 4; n++) {
			CLEANUP(pool_free) struct pool *pool = pool_new(n);
			CLEANUP(buf_done) struct buf blob = BUF(ARCHIVE_ROOM);
			struct layer_pack p = packing(s.fd, formats[c]);
			p.pool = pool;
			OK(pack_to(p, &blob, &info, &err));
			assert_true(str_eq(buf_str(&blob), buf_str(&expected)));
			assert_true(digest_eq(&first.digest, &info.digest));
			assert_true(digest_eq(&first.diff_id, &info.diff_id));
		}
		struct layer_pack only_id = packing(s.fd, formats[c]);
		OK(layer_pack(&only_id, &info, &err));
		assert_true(digest_eq(&first.diff_id, &info.diff_id));
		assert_true(digest_is_none(&info.digest));
	}
}

/* The sizes of the members of a blob. */
static size_t list_members(struct str blob, struct str ret[64])
{
	size_t n = 0;
	while (blob.n) {
		struct member m;
		assert_int_equal(compress_member_end(blob, &m), MEMBER_FOUND);
		assert_true(n < 64);
		ret[n++] = str_sub(blob, 0, m.n_compressed);
		blob = str_skip(blob, m.n_compressed);
	}
	return n;
}

static void layer_pack_after_one_change_keeps_most_members(void **state)
{
	struct err err = {0};
	struct layer_info info;
	CLEANUP(scratch_done) struct scratch s = scratch_new();
	CLEANUP(buf_done) struct buf before = BUF(ARCHIVE_ROOM);
	struct str old[64], new[64];
	make_large(s.fd);
	OK(pack_to(packing(s.fd, COMPRESS_GZIP), &before, &info, &err));
	size_t n_old = list_members(buf_str(&before), old);
	assert_in_range(n_old, 8, 30);
	for (unsigned change = 0; change < 3; change++) {
		CLEANUP(buf_done) struct buf after = BUF(ARCHIVE_ROOM);
		if (change == 0)
			put_noise(s.fd, "d07/f11", 7000, 99); /* as long as before, or nearly */
		else if (change == 1)
			put_noise(s.fd, "d07/new", 40000, 98);
		else
			assert_int_equal(unlinkat(s.fd, "d03/f29", 0), 0);
		set_time(s.fd, change == 2 ? "d03" : "d07", 5000);
		OK(pack_to(packing(s.fd, COMPRESS_GZIP), &after, &info, &err));
		size_t n_new = list_members(buf_str(&after), new), n_changed = 0;
		for (size_t i = 0; i < n_new; i++) {
			bool is_known = false;
			for (size_t k = 0; k < n_old && !is_known; k++)
				is_known = str_eq(new[i], old[k]);
			n_changed += !is_known;
		}
		assert_in_range(n_changed, 1, 2 + change);
	}
}

static void layer_pack_cuts_large_files_at_fixed_places(void **state)
{
	struct err err = {0};
	struct layer_info info;
	struct str members[64];
	CLEANUP(scratch_done) struct scratch s = scratch_new();
	CLEANUP(buf_done) struct buf blob = BUF(ARCHIVE_ROOM);
	put_file(s.fd, "a", S("small"), 0644);
	put_noise(s.fd, "b", (3 << 20) + 77, 5);
	put_file(s.fd, "c", S("small"), 0644);
	OK(pack_to(packing(s.fd, COMPRESS_ZSTD), &blob, &info, &err));
	size_t n = list_members(buf_str(&blob), members);
	static const size_t sizes[] = {1024, 512 + (1 << 20), 1 << 20, 1 << 20, 512 + 1024 + 1024};
	assert_int_equal(n, ARRAY_LEN(sizes));
	for (size_t i = 0; i < n; i++) {
		struct member m;
		(void)compress_member_end(members[i], &m);
		assert_int_equal(m.n_content, sizes[i]);
	}
}

static void layer_pack_of_an_empty_tree_is_an_empty_tar(void **state)
{
	struct err err = {0};
	struct layer_info info;
	char text[DIGEST_TEXT];
	CLEANUP(scratch_done) struct scratch s = scratch_new();
	CLEANUP(buf_done) struct buf blob = BUF(ARCHIVE_ROOM);
	OK(pack_to(packing(s.fd, COMPRESS_GZIP), &blob, &info, &err));
	/* docker's well-known empty layer */
	assert_string_equal(digest_text(&info.diff_id, text),
		"sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef");
	assert_int_equal(info.n_entries, 0);
}

static void layer_pack_of_deep_folders_needs_few_fds(void **state)
{
	struct err err = {0};
	struct layer_info info;
	CLEANUP(scratch_done) struct scratch s = scratch_new();
	CLEANUP(buf_done) struct buf tar = BUF(ARCHIVE_ROOM);
	char path[4096] = "";
	for (unsigned i = 0; i < 900; i++) {
		memcpy(path + i * 2, i ? "/d" : "dd", 3);
		put_folder(s.fd, path, 0755);
	}
	for (unsigned i = 0; i < 900; i += 100) { /* names behind the folder at many levels */
		char name[2100];
		snprintf(name, sizeof(name), "%.*s/z", (int)i * 2 + 2, path);
		put_file(s.fd, name, S("z"), 0644);
	}
	OK(pack_to(packing(s.fd, COMPRESS_NONE), &tar, &info, &err));
	assert_int_equal(info.n_entries, 909);
	for (unsigned i = 900; i < 1010; i++) {
		memcpy(path + i * 2, "/d", 3);
		put_folder(s.fd, path, 0755);
	}
	FAILS(ERR_LIMIT, pack_to(packing(s.fd, COMPRESS_NONE), &tar, &info, &err));
}

static void layer_pack_of_a_path_that_cannot_be_unpacked_fails(void **state)
{
	struct err err = {0};
	struct layer_info info;
	CLEANUP(scratch_done) struct scratch s = scratch_new();
	CLEANUP(buf_done) struct buf tar = BUF(ARCHIVE_ROOM);
	char name[201];
	memset(name, 'n', 200);
	name[200] = '\0';
	int fd = dup(s.fd);
	for (unsigned i = 0; i < 20; i++) {
		put_folder(fd, name, 0755);
		int next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close(fd);
		fd = next;
	}
	/* 20 * 201 + 75 bytes is the most, for a folder too */
	put_folder(fd, name + 125, 0755);
	OK(pack_to(packing(s.fd, COMPRESS_NONE), &tar, &info, &err));
	put_file(fd, name + 124, S(""), 0644);
	FAILS(ERR_LIMIT, pack_to(packing(s.fd, COMPRESS_NONE), &tar, &info, &err));
	close(fd);
}

static int refuse(struct sink *s, const void *p, size_t n, struct err *err)
{
	return err_set(err, ERR_NET, "the other side went away");
}

static void layer_pack_passes_on_what_the_sink_says(void **state)
{
	struct err err;
	struct layer_info info;
	CLEANUP(scratch_done) struct scratch s = scratch_new();
	CLEANUP(pool_free) struct pool *pool = pool_new(2);
	make_large(s.fd);
	struct sink out = {refuse};
	struct layer_pack p = packing(s.fd, COMPRESS_GZIP);
	p.out = &out;
	p.pool = pool;
	FAILS(ERR_NET, layer_pack(&p, &info, &err));
}

static void layer_pack_stops_when_asked(void **state)
{
	struct err err;
	struct layer_info info;
	struct cancel cancel;
	CLEANUP(scratch_done) struct scratch s = scratch_new();
	CLEANUP(pool_free) struct pool *pool = pool_new(2);
	make_large(s.fd);
	assert_int_equal(cancel_init(&cancel, &err), 0);
	cancel_ask(&cancel);
	struct layer_pack p = packing(s.fd, COMPRESS_GZIP);
	p.pool = pool;
	p.cancel = &cancel;
	FAILS(ERR_CANCELED, layer_pack(&p, &info, &err));
	cancel_done(&cancel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layer_pack_gives_entries_in_order),
		cmocka_unit_test(layer_pack_of_a_fixed_tree_gives_the_promised_digests),
		cmocka_unit_test(layer_pack_of_an_upper_folder_writes_whiteouts),
		cmocka_unit_test(layer_pack_of_incomplete_uppers_fails),
		cmocka_unit_test(layer_pack_of_a_whiteout_name_fails),
		cmocka_unit_test(layer_pack_keeps_the_images_xattrs_only),
		cmocka_unit_test(layer_pack_leaves_sockets_out),
		cmocka_unit_test(layer_pack_replaces_late_times),
		cmocka_unit_test(layer_pack_reads_holes_as_zeros),
		cmocka_unit_test(layer_pack_gives_the_same_bytes_with_any_number_of_threads),
		cmocka_unit_test(layer_pack_after_one_change_keeps_most_members),
		cmocka_unit_test(layer_pack_cuts_large_files_at_fixed_places),
		cmocka_unit_test(layer_pack_of_an_empty_tree_is_an_empty_tar),
		cmocka_unit_test(layer_pack_of_deep_folders_needs_few_fds),
		cmocka_unit_test(layer_pack_of_a_path_that_cannot_be_unpacked_fails),
		cmocka_unit_test(layer_pack_passes_on_what_the_sink_says),
		cmocka_unit_test(layer_pack_stops_when_asked),
	};
	return cmocka_run_group_tests_name("layer/pack", tests, NULL, NULL);
}
