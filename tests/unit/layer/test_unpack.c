#include "../test.h"

#include "trees.h"

#include <signal.h>
#include <sys/resource.h>

static void unpacks_to(const struct buf *blob, const char *expected)
{
	struct err err = {0};
	CLEANUP(scratch_done) struct scratch s = scratch_new();
	OK(unpack(s.fd, blob, &err));
	tree_is(s.fd, expected);
}

/* As add_entry, with the overlay mark that unpacking leaves. */
static const char *opaque(void)
{
	return is_root() ? "[trusted.overlay.opaque=y]" : "[user.overlay.opaque=y]";
}

static void make_tree(int fd)
{
	put_folder(fd, "d", 0750);
	put_folder(fd, "d/e", 0555);
	put_file(fd, "d/file", S("content"), 04711);
	put_file(fd, "secret", S(""), is_root() ? 0 : 0400); /* only root reads it anyway */
	put_xattr(fd, "d/file", "user.x", "y");
	put_symlink(fd, "link", "/d/file");
	put_symlink(fd, "dangling", "../../nowhere");
	assert_int_equal(mkfifoat(fd, "pipe", 0600), 0);
	set_time(fd, "pipe", 7);
	assert_int_equal(linkat(fd, "d/file", fd, "hard", 0), 0);
	put_whiteout(fd, "gone");
	put_folder(fd, "cut", 0755);
	put_xattr(fd, "cut", is_root() ? "trusted.overlay.opaque" : "user.overlay.opaque", "y");
	char name[64];
	for (unsigned i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "cut/%03u", i);
		CLEANUP(mem_free) char *p = mem_new(i * 40 + 1, 1);
		memset(p, 'a' + (int)(i % 26), i * 40);
		put_file(fd, name, str_n(p, i * 40), 0600 | (i & 077));
	}
	CLEANUP(mem_free) char *large = mem_new(2500000, 1);
	for (size_t i = 0; i < 2500000; i++)
		large[i] = i % 700000 < 300000 ? 0 : (char)(i * 7 ^ i >> 9);
	put_file(fd, "large", str_n(large, 2500000), 0644);
	set_time(fd, "d/e", -5);
	set_time(fd, "d", 123456789);
	set_time(fd, "cut", 1);
	if (is_root()) {
		assert_int_equal(fchownat(fd, "d/file", 123, 456, 0), 0);
		assert_int_equal(fchmodat(fd, "d/file", 04711, 0), 0);
		assert_int_equal(fchownat(fd, "link", 5, 6, AT_SYMLINK_NOFOLLOW), 0);
		assert_int_equal(mknodat(fd, "null", S_IFCHR | 0666, makedev(1, 3)), 0);
		set_time(fd, "null", 7);
		set_time(fd, "link", 1000);
	}
}

static void layer_unpack_gives_back_what_layer_pack_read(void **state)
{
	static const enum compression formats[] = {COMPRESS_NONE, COMPRESS_GZIP, COMPRESS_ZSTD};
	CLEANUP(scratch_done) struct scratch s = scratch_new();
	CLEANUP(buf_done) struct buf text = BUF(1 << 20);
	make_tree(s.fd);
	tell(s.fd, ".", &text);
	for (size_t i = 0; i < 3 * ARRAY_LEN(formats); i++) {
		struct err err = {0};
		struct layer_info in, out, again;
		unsigned n_threads = (unsigned)(i / 3); /* 0 = no pool */
		CLEANUP(pool_free) struct pool *pool = n_threads ? pool_new(n_threads * 2) : NULL;
		CLEANUP(buf_done) struct buf blob = BUF(ARCHIVE_ROOM), second = BUF(ARCHIVE_ROOM);
		CLEANUP(scratch_done) struct scratch to = scratch_new();
		struct layer_pack p = packing(s.fd, formats[i % 3]);
		p.pool = pool;
		OK(pack_to(p, &blob, &in, &err));
		OK(unpack_with((struct layer_unpack){.tree_fd = to.fd, .pool = pool},
			buf_str(&blob), &out, &err));
		assert_true(digest_eq(&in.diff_id, &out.diff_id));
		assert_true(digest_eq(&in.digest, &out.digest));
		assert_int_equal(in.tar_bytes, out.tar_bytes);
		assert_int_equal(in.blob_bytes, out.blob_bytes);
		assert_int_equal(in.n_entries, out.n_entries);
		assert_int_equal(out.compression, formats[i % 3]);
		tree_is(to.fd, buf_cstr(&text));
		p.tree_fd = to.fd; /* and with all its times */
		OK(pack_to(p, &second, &again, &err));
		assert_true(digest_eq(&in.digest, &again.digest));
		struct stat st;
		assert_int_equal(fstatat(to.fd, "large", &st, 0), 0);
		assert_true(st.st_blocks * 512 < 2400000); /* zeros became holes */
	}
}

static void layer_unpack_reads_what_others_compress(void **state)
{
	CLEANUP(buf_done) struct buf tar = BUF(ARCHIVE_ROOM);
	char name[64];
	for (unsigned i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "f%04u", i);
		CLEANUP(mem_free) char *p = mem_new(3000, 1);
		snprintf(p, 3000, "%0*u", (int)(i % 2900), i);
		add_file(&tar, name, p);
	}
	tar_add_end(&tar);
	/* one member that does not say how long it is; 3 MiB, so several chunks */
	for (size_t c = 0; c < 2; c++) {
		struct err err = {0};
		struct layer_info info;
		CLEANUP(compressor_free)
		struct compressor *k = compressor_new(c ? COMPRESS_ZSTD : COMPRESS_GZIP, 0);
		CLEANUP(buf_done) struct buf blob = BUF(ARCHIVE_ROOM), foreign = BUF(ARCHIVE_ROOM);
		OK(compressor_member(k, buf_str(&tar), &blob, &err));
		if (c == 0) {
			buf_add(&foreign, S("\x1f\x8b\x08\x08\0\0\0\0\0\3layer.tar\0"));
			buf_add(&foreign, str_skip(buf_str(&blob), 24));
		} else { /* a skippable frame in front, as zstd:chunked has behind */
			buf_add(&foreign, S("\x50\x2a\x4d\x18\4\0\0\0abcd"));
			buf_add(&foreign, buf_str(&blob));
		}
		for (unsigned n = 0; n < 3; n++) {
			CLEANUP(scratch_done) struct scratch s = scratch_new();
			CLEANUP(pool_free) struct pool *pool = n ? pool_new(n) : NULL;
			OK(unpack_with((struct layer_unpack){.tree_fd = s.fd, .pool = pool},
				buf_str(&foreign), &info, &err));
			struct digest diff = digest_of(buf_str(&tar)),
				      d = digest_of(buf_str(&foreign));
			assert_true(digest_eq(&diff, &info.diff_id));
			assert_true(digest_eq(&d, &info.digest));
			assert_int_equal(info.n_entries, 2000);
		}
	}
}

static void layer_unpack_of_mixed_members_goes_on_as_a_stream(void **state)
{
	struct err err = {0};
	CLEANUP(buf_done) struct buf tar = BUF(ARCHIVE_ROOM), blob = BUF(ARCHIVE_ROOM);
	CLEANUP(compressor_free) struct compressor *k = compressor_new(COMPRESS_GZIP, 0);
	add_file(&tar, "a", "first");
	OK(compressor_member(k, buf_str(&tar), &blob, &err));
	OK(compressor_member(k, S(""), &blob, &err));
	/* a member of somebody else's behind ours, and padding behind that */
	CLEANUP(buf_done) struct buf rest = BUF(ARCHIVE_ROOM), member = BUF(ARCHIVE_ROOM);
	add_file(&rest, "b", "second");
	OK(compressor_member(k, buf_str(&rest), &member, &err));
	buf_add(&blob, S("\x1f\x8b\x08\0\0\0\0\0\0\3"));
	buf_add(&blob, str_skip(buf_str(&member), 24));
	buf_add(&blob, S("\0\0\0\0"));
	unpacks_to(&blob, "a 644 'first'\nb 644 'second'\n");
	/* padding right behind ours is padding, not tar */
	buf_clear(&blob);
	OK(compressor_member(k, S(""), &blob, &err));
	buf_add(&blob, S("\0\0\0\0"));
	CLEANUP(scratch_done) struct scratch s = scratch_new();
	struct layer_info info;
	OK(unpack_with((struct layer_unpack){.tree_fd = s.fd}, buf_str(&blob), &info, &err));
	assert_int_equal(info.tar_bytes, 0);
	/* garbage is garbage, and another format is too */
	buf_add(&blob, S("x"));
	FAILS(ERR_INPUT,
		unpack_with((struct layer_unpack){.tree_fd = s.fd}, buf_str(&blob), &info, &err));
	buf_cut(&blob, blob.n - 5);
	CLEANUP(compressor_free) struct compressor *z = compressor_new(COMPRESS_ZSTD, 0);
	OK(compressor_member(z, S("zstd"), &blob, &err));
	FAILS(ERR_INPUT,
		unpack_with((struct layer_unpack){.tree_fd = s.fd}, buf_str(&blob), &info, &err));
}

static void layer_unpack_makes_folders_that_are_not_named(void **state)
{
	CLEANUP(buf_done) struct buf b = BUF(ARCHIVE_ROOM);
	CLEANUP(scratch_done) struct scratch s = scratch_new();
	struct err err = {0};
	add_file(&b, "./a//b/./c/../file", "x");
	add_file(&b, "/absolute/name", "y");
	OK(unpack(s.fd, &b, &err));
	tree_is(s.fd, "a 755\na/b 755\na/b/file 644 'x'\nabsolute 755\nabsolute/name 644 'y'\n");
	assert_int_equal(mtime_of(s.fd, "a/b"), 0); /* the same tree on every machine */
}

static void layer_unpack_applies_the_roots_own_entry(void **state)
{
	CLEANUP(buf_done) struct buf b = BUF(ARCHIVE_ROOM);
	CLEANUP(scratch_done) struct scratch s = scratch_new();
	struct err err = {0};
	struct stat st;
	add_entry(&b, (struct tar_entry){.type = TAR_DIR, .name = S("./"), .mode = 0711}, S(""));
	add_file(&b, "f", "x");
	OK(unpack(s.fd, &b, &err));
	assert_int_equal(fstat(s.fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0711);
	assert_int_equal(st.st_mtim.tv_sec, 1000);
}

static void layer_unpack_lets_later_entries_win(void **state)
{
	CLEANUP(buf_done) struct buf b = BUF(ARCHIVE_ROOM);
	CLEANUP(scratch_done) struct scratch s = scratch_new();
	struct err err = {0};
	add_file(&b, "twice", "first");
	add_file(&b, "twice", "second");
	add_file(&b, "to-folder", "file");
	add_folder(&b, "to-folder/");
	add_file(&b, "to-folder/in", "in");
	add_folder(&b, "to-file/");
	add_file(&b, "to-file/lost", "lost");
	add_file(&b, "to-file", "file");
	/* F53: there and back */
	add_file(&b, "back", "1");
	add_folder(&b, "back/");
	add_file(&b, "back/x", "2");
	add_file(&b, "back", "3");
	add_folder(&b, "back/");
	add_link(&b, TAR_SYMLINK, "linked", "nowhere");
	add_file(&b, "linked", "file");
	add_file(&b, "relinked", "file");
	add_link(&b, TAR_SYMLINK, "relinked", "nowhere");
	add_entry(&b, (struct tar_entry){.type = TAR_DIR, .name = S("mode/"), .mode = 0700}, S(""));
	add_entry(&b, (struct tar_entry){.type = TAR_DIR, .name = S("mode/"), .mode = 0751}, S(""));
	OK(unpack(s.fd, &b, &err));
	tree_is(s.fd,
		"back 755\nlinked 644 'file'\nmode 751\nrelinked 777 -> nowhere\n"
		"to-file 644 'file'\nto-folder 755\nto-folder/in 644 'in'\ntwice 644 'second'\n");
}

static void layer_unpack_links_to_files_that_are_still_being_written(void **state)
{
	CLEANUP(buf_done) struct buf b = BUF(ARCHIVE_ROOM);
	char name[64], expected[64 * 200];
	size_t n = 0;
	for (unsigned i = 0; i < 100; i++) {
		char link[64];
		snprintf(name, sizeof(name), "a%03u", i);
		snprintf(link, sizeof(link), "b%03u", i);
		add_file(&b, name, "x");
		add_link(&b, TAR_HARDLINK, link, name);
	}
	for (unsigned i = 0; i < 200; i++)
		n += (size_t)snprintf(expected + n, sizeof(expected) - n, "%c%03u 644 x2 'x'\n",
			i < 100 ? 'a' : 'b', i % 100);
	unpacks_to(&b, expected);
}

static void layer_unpack_turns_whiteouts_into_overlays_marks(void **state)
{
	CLEANUP(buf_done) struct buf b = BUF(ARCHIVE_ROOM), expected = BUF(4096);
	add_file(&b, ".wh.top", "");
	add_file(&b, "d/.wh.gone", "");
	add_folder(&b, "cut/");
	add_file(&b, "cut/.wh..wh..opq", "");
	add_file(&b, "cut/kept", "k");
	add_file(&b, "implied/.wh..wh..opq", "");
	add_file(&b, ".wh..wh.aufs", "");
	add_folder(&b, ".wh..wh.plnk/");
	buf_fmt(&expected,
		"cut 755 %s\ncut/kept 644 'k'\nd 755\nd/gone 0 char 0,0\n"
		"implied 755 %s\ntop 0 char 0,0\n",
		opaque(), opaque());
	unpacks_to(&b, buf_cstr(&expected));
}

/* OCI layer.md: whiteouts are about the layers below, wherever they stand in the archive. */
static void layer_unpack_keeps_what_the_layer_itself_brings(void **state)
{
	CLEANUP(buf_done) struct buf b = BUF(ARCHIVE_ROOM), expected = BUF(4096);
	add_file(&b, "before", "kept");
	add_file(&b, ".wh.before", "");
	add_file(&b, ".wh.after", "");
	add_file(&b, "after", "kept");
	add_folder(&b, "folder/");
	add_file(&b, "folder/f", "kept");
	add_file(&b, ".wh.folder", "");
	add_file(&b, ".wh.later", "");
	add_folder(&b, "later/");
	add_file(&b, ".wh.implied", "");
	add_file(&b, "implied/f", "kept");
	add_file(&b, ".wh.twice", "");
	add_file(&b, ".wh.twice", "");
	buf_fmt(&expected,
		"after 644 'kept'\nbefore 644 'kept'\nfolder 755 %s\nfolder/f 644 'kept'\n"
		"implied 755 %s\nimplied/f 644 'kept'\nlater 755 %s\n"
		"twice 0 char 0,0\n",
		opaque(), opaque(), opaque());
	unpacks_to(&b, buf_cstr(&expected));
}

static int unpack_over(int fd, const struct buf *b, const int *lowers, size_t n, bool *needed,
	struct err *err)
{
	struct layer_info info;
	CLEANUP(pool_free) struct pool *pool = pool_new(2);
	return unpack_with((struct layer_unpack){.tree_fd = fd,
				   .lower_fds = lowers,
				   .n_lowers = n,
				   .ret_needed_lowers = needed,
				   .pool = pool},
		buf_str(b), &info, err);
}

static void layer_unpack_looks_at_the_layers_below(void **state)
{
	struct err err = {0};
	bool needed = true;
	CLEANUP(buf_done) struct buf b = BUF(ARCHIVE_ROOM);
	CLEANUP(scratch_done)
	struct scratch base = scratch_new(), middle = scratch_new(), top = scratch_new(),
		       plain = scratch_new();
	int lowers[] = {middle.fd, base.fd};
	put_folder(base.fd, "usr", 0755);
	put_folder(base.fd, "usr/lib", 0711);
	put_symlink(base.fd, "lib", "usr/lib");
	put_file(base.fd, "usr/lib/so", S("library"), 0640);
	put_folder(base.fd, "tmp", 01777);
	set_time(base.fd, "usr/lib", 4242);
	put_folder(middle.fd, "tmp", 01770);
	/* a file of its own, in a folder whose mode is the lower's; through the lower's symlink */
	add_file(&b, "tmp/file", "t");
	add_file(&b, "lib/new", "n");
	add_file(&b, "lib/new2", "n");
	add_link(&b, TAR_HARDLINK, "copy", "usr/lib/so");
	OK(unpack_over(top.fd, &b, lowers, 2, &needed, &err));
	assert_true(needed);
	tree_is(top.fd,
		"copy 640 'library'\ntmp 1770\ntmp/file 644 't'\nusr 755\nusr/lib 711\n"
		"usr/lib/new 644 'n'\nusr/lib/new2 644 'n'\n");
	assert_int_equal(mtime_of(top.fd, "usr/lib"), 4242);
	assert_int_equal(mtime_of(top.fd, "copy"), 1000);
	buf_clear(&b);
	add_file(&b, "file", "does not need them");
	OK(unpack_over(plain.fd, &b, lowers, 2, &needed, &err));
	assert_false(needed);
}

static void layer_unpack_of_an_opaque_root_hides_every_name_below(void **state)
{
	struct err err = {0};
	bool needed = false;
	CLEANUP(buf_done) struct buf b = BUF(ARCHIVE_ROOM);
	CLEANUP(scratch_done) struct scratch base = scratch_new(), top = scratch_new();
	put_folder(base.fd, "etc", 0755);
	put_folder(base.fd, "usr", 0755);
	put_file(base.fd, "file", S("x"), 0644);
	add_file(&b, ".wh..wh..opq", "");
	add_folder(&b, "usr/");
	OK(unpack_over(top.fd, &b, &base.fd, 1, &needed, &err));
	assert_true(needed);
	tree_is(top.fd, "etc 0 char 0,0\nfile 0 char 0,0\nusr 755\n");
}

static void layer_unpack_restores_the_images_xattrs_only(void **state)
{
	CLEANUP(buf_done) struct buf b = BUF(ARCHIVE_ROOM);
	struct tar_xattr xattrs[] = {{S("security.selinux"), S("label")},
		{S("trusted.overlay.opaque"), S("y")}, {S("trusted.overlay.redirect"), S("/etc")},
		{S("user.a"), S("1")}, {S("user.overlay.metacopy"), S("")},
		{S("user.overlay.opaque"), S("y")}};
	add_entry(&b,
		(struct tar_entry){.type = TAR_DIR,
			.name = S("d/"),
			.mode = 0755,
			.xattrs = xattrs,
			.n_xattrs = ARRAY_LEN(xattrs)},
		S(""));
	add_entry(&b,
		(struct tar_entry){.type = TAR_FILE,
			.name = S("d/f"),
			.mode = 0600,
			.xattrs = xattrs,
			.n_xattrs = ARRAY_LEN(xattrs)},
		S("content"));
	unpacks_to(&b, "d 755 [user.a=1]\nd/f 600 'content' [user.a=1]\n");
}

static void layer_unpack_sets_capabilities_after_the_owner(void **state)
{
	if (!is_root())
		skip();
	struct err err = {0};
	char value[64];
	static const char capability[] = "\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0";
	struct tar_xattr x = {S("security.capability"), str_n(capability, 20)};
	CLEANUP(buf_done) struct buf b = BUF(ARCHIVE_ROOM);
	CLEANUP(scratch_done) struct scratch s = scratch_new();
	add_entry(&b,
		(struct tar_entry){.type = TAR_FILE,
			.name = S("ping"),
			.mode = 06755,
			.uid = 33,
			.gid = 44,
			.xattrs = &x,
			.n_xattrs = 1},
		S("elf"));
	OK(unpack(s.fd, &b, &err));
	tree_is(s.fd, "ping 6755 33:44 'elf' [security.capability=\1]\n");
	CLEANUP(fd_close) int fd = openat(s.fd, "ping", O_RDONLY | O_CLOEXEC);
	assert_int_equal(fgetxattr(fd, "security.capability", value, sizeof(value)), 20);
	assert_memory_equal(value, capability, 20);
}

static void layer_unpack_gives_files_their_owners_in_a_setgid_folder(void **state)
{
	if (!is_root())
		skip();
	struct err err = {0};
	struct stat st;
	CLEANUP(buf_done) struct buf b = BUF(ARCHIVE_ROOM);
	CLEANUP(scratch_done) struct scratch s = scratch_new();
	assert_int_equal(fchown(s.fd, 0, 77), 0);
	assert_int_equal(fchmod(s.fd, 02755), 0);
	add_folder(&b, "d/");
	add_file(&b, "d/f", "x");
	add_file(&b, "f", "x");
	OK(unpack(s.fd, &b, &err));
	tree_is(s.fd, "d 755\nd/f 644 'x'\nf 644 'x'\n");
	assert_int_equal(fstat(s.fd, &st), 0);
}

static void layer_unpack_writes_sparse_files_with_their_holes(void **state)
{
	CLEANUP(buf_done) struct buf b = BUF(ARCHIVE_ROOM);
	struct err err = {0};
	CLEANUP(scratch_done) struct scratch s = scratch_new();
	/* a pax header by hand: the writer has no sparse files */
	add_entry(&b, (struct tar_entry){.type = TAR_FILE, .name = S("x"), .mode = 0644},
		S("22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n31 GNU.sparse.realsize=2000000\n"));
	b.p[156] = 'x';
	add_entry(&b, (struct tar_entry){.type = TAR_FILE, .name = S("sparse"), .mode = 0644},
		S(""));
	size_t at = b.n - 512;
	char map[512] = "3\n5\n3\n1000000\n4\n2000000\n0\n";
	buf_add_bytes(&b, map, sizeof(map));
	buf_add(&b, S("abcDEFG"));
	memcpy(b.p + at + 124, "00000001007", 12);
	for (size_t h = 0; h <= at; h += at) { /* the sums, after what was changed by hand */
		unsigned sum = 0;
		memset(b.p + h + 148, ' ', 8);
		for (size_t i = 0; i < 512; i++)
			sum += (uint8_t)b.p[h + i];
		snprintf(b.p + h + 148, 8, "%06o", sum);
		if (!at)
			break;
	}
	char *room = buf_room(&b, 505);
	memset(room, 0, 505);
	buf_added(&b, 505);
	OK(unpack(s.fd, &b, &err));
	CLEANUP(buf_done) struct buf content = BUF(4 << 20);
	OK(fs_read_file(s.fd, "sparse", &content, &err));
	assert_int_equal(content.n, 2000000);
	assert_memory_equal(content.p + 5, "abc", 3);
	assert_memory_equal(content.p + 1000000, "DEFG", 4);
	assert_int_equal(content.p[999999], 0);
}

static void count_up(void *ctx, uint64_t tar_bytes)
{
	uint64_t *seen = ctx;
	assert_true(tar_bytes >= *seen);
	*seen = tar_bytes;
}

static void layer_unpack_tells_how_far_it_is_and_stops_when_asked(void **state)
{
	struct err err = {0};
	struct layer_info info;
	uint64_t seen = 0, packed = 0;
	struct cancel cancel;
	CLEANUP(scratch_done) struct scratch s = scratch_new(), to = scratch_new();
	CLEANUP(buf_done) struct buf blob = BUF(ARCHIVE_ROOM);
	make_tree(s.fd);
	struct layer_pack p = packing(s.fd, COMPRESS_GZIP);
	p.on_progress = count_up;
	p.ctx = &packed;
	OK(pack_to(p, &blob, &info, &err));
	assert_int_equal(packed, info.tar_bytes);
	OK(unpack_with((struct layer_unpack){.tree_fd = to.fd,
			       .on_progress = count_up,
			       .ctx = &seen},
		buf_str(&blob), &info, &err));
	assert_int_equal(seen, info.tar_bytes);
	assert_int_equal(cancel_init(&cancel, &err), 0);
	cancel_ask(&cancel);
	FAILS(ERR_CANCELED,
		unpack_with((struct layer_unpack){.tree_fd = to.fd, .cancel = &cancel},
			buf_str(&blob), &info, &err));
	cancel_done(&cancel);
}

/* A full disk, as far as a test can have one: no file may grow beyond a limit. */
static void layer_unpack_names_the_file_that_could_not_be_written(void **state)
{
	CLEANUP(buf_done) struct buf b = BUF(ARCHIVE_ROOM);
	CLEANUP(scratch_done) struct scratch s = scratch_new();
	CLEANUP(mem_free) char *content = mem_new(100001, 1);
	struct rlimit before, small = {50000, 50000};
	struct err err;
	memset(content, 'c', 100000);
	add_file(&b, "d/fits", "x");
	add_file(&b, "d/large", content);
	for (unsigned i = 0; i < 200; i++) {
		char name[32];
		snprintf(name, sizeof(name), "after%u", i);
		add_file(&b, name, "x");
	}
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small.rlim_max = before.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	int r = unpack(s.fd, &b, &err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(r, -1);
	assert_int_equal(err.kind, ERR_SYS);
	assert_true(str_starts(str_of(err.what), S("'d/large': write: ")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layer_unpack_gives_back_what_layer_pack_read),
		cmocka_unit_test(layer_unpack_reads_what_others_compress),
		cmocka_unit_test(layer_unpack_of_mixed_members_goes_on_as_a_stream),
		cmocka_unit_test(layer_unpack_makes_folders_that_are_not_named),
		cmocka_unit_test(layer_unpack_applies_the_roots_own_entry),
		cmocka_unit_test(layer_unpack_lets_later_entries_win),
		cmocka_unit_test(layer_unpack_links_to_files_that_are_still_being_written),
		cmocka_unit_test(layer_unpack_turns_whiteouts_into_overlays_marks),
		cmocka_unit_test(layer_unpack_keeps_what_the_layer_itself_brings),
		cmocka_unit_test(layer_unpack_looks_at_the_layers_below),
		cmocka_unit_test(layer_unpack_of_an_opaque_root_hides_every_name_below),
		cmocka_unit_test(layer_unpack_restores_the_images_xattrs_only),
		cmocka_unit_test(layer_unpack_sets_capabilities_after_the_owner),
		cmocka_unit_test(layer_unpack_gives_files_their_owners_in_a_setgid_folder),
		cmocka_unit_test(layer_unpack_writes_sparse_files_with_their_holes),
		cmocka_unit_test(layer_unpack_names_the_file_that_could_not_be_written),
		cmocka_unit_test(layer_unpack_tells_how_far_it_is_and_stops_when_asked),
	};
	return cmocka_run_group_tests_name("layer/unpack", tests, NULL, NULL);
}
