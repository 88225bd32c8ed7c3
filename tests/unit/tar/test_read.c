#include "../test.h"

#include "archive.h"
#include "base/clock.h"
#include "tar/tar.h"

#define POSIX_MAGIC NULL
#define GNU_MAGIC "ustar  "
#define V7_MAGIC "\0\0\0\0\0\0\0"

/* A source that gives a few bytes at a time. */
struct drip {
	struct source source;
	struct str left;
	size_t piece;
};
static ssize_t drip_read(struct source *s, void *room, size_t n, struct err *err)
{
	struct drip *d = (struct drip *)s;
	struct mem_source m = MEM_SOURCE(d->left);
	ssize_t got = mem_source_read(&m.source, room, n < d->piece ? n : d->piece, err);
	d->left = m.left;
	return got;
}

/* A window that shows a few bytes at a time, each piece at a new place. */
struct narrow {
	struct window window;
	struct str left;
	char *shown;
	size_t n;
};
static ssize_t narrow_peek(struct window *w, const void **ret, struct err *err)
{
	struct narrow *d = (struct narrow *)w;
	if (!d->shown) {
		d->n = d->left.n < 700 ? d->left.n : 700;
		d->shown = mem_copy(d->left.p, d->n);
	}
	*ret = d->shown;
	return (ssize_t)d->n;
}
static void narrow_take(struct window *w, size_t n)
{
	struct narrow *d = (struct narrow *)w;
	assert_true(n <= d->n);
	d->left = str_skip(d->left, n);
	free(d->shown);
	d->shown = NULL;
}

/* Everything that can be read, or the first error. */
static int read_all(struct tar_reader *t, struct buf *ret, struct err *err)
{
	struct tar_entry e;
	int got;
	char room[1000];
	while ((got = tar_next(t, &e, err)) > 0) {
		ssize_t n;
		buf_fmt(ret, "%c %.*s", e.type, STR_ARG(e.name));
		if (e.link.n)
			buf_fmt(ret, " -> %.*s", STR_ARG(e.link));
		buf_fmt(ret, " %o %llu:%llu %llu", e.mode, (unsigned long long)e.uid,
			(unsigned long long)e.gid, (unsigned long long)e.size);
		if (e.mtime_ns)
			buf_fmt(ret, " @%lld", (long long)e.mtime_ns);
		if (e.type == TAR_CHAR || e.type == TAR_BLOCKDEV)
			buf_fmt(ret, " dev %u,%u", e.dev_major, e.dev_minor);
		for (size_t i = 0; i < e.n_xattrs; i++)
			buf_fmt(ret, " [%.*s=%.*s]", STR_ARG(e.xattrs[i].name),
				STR_ARG(e.xattrs[i].value));
		for (size_t i = 0; i < e.n_extents; i++)
			buf_fmt(ret, " {%llu+%llu}", (unsigned long long)e.extents[i].offset,
				(unsigned long long)e.extents[i].size);
		if (e.extents && !e.n_extents)
			buf_add_cstr(ret, " {}");
		bool is_skipped = str_starts(e.name, S("skip"));
		bool is_first = true;
		while (!is_skipped && (n = tar_read(t, room, sizeof(room), err)) != 0) {
			if (n < 0)
				return -1;
			buf_fmt(ret, "%s%.*s", is_first ? " " : "", (int)n, room);
			is_first = false;
		}
		buf_add_ch(ret, '\n');
	}
	return got;
}

static int read_text(struct str archive, struct buf *ret, struct err *err)
{
	struct mem_source source = MEM_SOURCE(archive);
	CLEANUP(tar_reader_free) struct tar_reader *t = tar_reader_new(&source.source);
	return read_all(t, ret, err);
}

/* Reads in three ways, which must agree. */
static void reads_as(struct str archive, const char *expected)
{
	struct err err = {0};
	for (size_t way = 0; way < 3; way++) {
		CLEANUP(buf_done) struct buf text = BUF(1 << 20);
		struct drip drip = {{drip_read}, archive, 77};
		struct narrow narrow = {{narrow_peek, narrow_take}, archive, NULL, 0};
		struct mem_source source = MEM_SOURCE(archive);
		CLEANUP(tar_reader_free)
		struct tar_reader *t = way == 0 ? tar_reader_new(&source.source)
			: way == 1              ? tar_reader_new(&drip.source)
						: tar_reader_new_window(&narrow.window);
		OK(read_all(t, &text, &err));
		free(narrow.shown);
		STR_IS(buf_str(&text), expected);
	}
}

static void tar_next_reads_what_tar_add_header_wrote(void **state)
{
	struct err err = {0};
	CLEANUP(buf_done) struct buf b = BUF(1 << 20);
	struct tar_xattr xattr = {S("user.a"), S("x=y")};
	struct tar_entry entries[] = {
		{.type = TAR_DIR, .name = S("d/"), .mode = 01777, .mtime_ns = 5 * CLOCK_SECOND},
		{.type = TAR_FILE,
			.name = S("d/\xc3\xa9"),
			.mode = 04755,
			.uid = 3000000,
			.gid = 7,
			.mtime_ns = -7 * CLOCK_SECOND,
			.size = 5,
			.xattrs = &xattr,
			.n_xattrs = 1},
		{.type = TAR_SYMLINK, .name = S("l"), .link = S("d/\xc3\xa9"), .mode = 0777},
		{.type = TAR_HARDLINK, .name = S("h"), .link = S("f"), .mode = 0644, .size = 77},
		{.type = TAR_CHAR, .name = S("c"), .mode = 0600, .dev_major = 0, .dev_minor = 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
		OK(tar_add_header(&b, &entries[i], &err));
		if (i == 1)
			raw_content(&b, S("hello"));
	}
	tar_add_end(&b);
	reads_as(buf_str(&b),
		"5 d/ 1777 0:0 0 @5000000000\n"
		"0 d/\xc3\xa9 4755 3000000:7 5 @-7000000000 [user.a=x=y] hello\n"
		"2 l -> d/\xc3\xa9 777 0:0 0\n"
		"1 h -> f 644 0:0 0\n"
		"3 c 600 0:0 0 dev 0,0\n");
}

static void tar_next_reads_old_formats(void **state)
{
	char star[512];
	CLEANUP(buf_done) struct buf b = BUF(1 << 20);
	raw_entry(&b, (struct raw){.name = "v7", .type = '\0', .magic = V7_MAGIC, .prefix = "no"},
		S("1"));
	raw_header(&b, (struct raw){.name = "v7dir/", .type = '\0', .magic = V7_MAGIC});
	raw_header(&b,
		(struct raw){.name = "gnu", .type = '0', .magic = GNU_MAGIC, .prefix = "0777"});
	raw_header(&b,
		(struct raw){.name = "cont", .type = '7', .mode = " 644 \0", .uid = "   12 "});
	raw_header(&b, (struct raw){.name = "x", .prefix = "pre/fix", .type = '0'});
	raw_header(&b,
		(struct raw){.name = "skip", .type = '5', .size = 5000}); /* folders have none */
	struct raw with_star = {.name = "star", .prefix = "sp", .type = '0', .mode = "0100600"};
	raw_block(star, &with_star);
	memcpy(star + 345 + 131, "00000000001 ", 12); /* access time, not a name */
	memcpy(star + 508, "tar\0", 4);
	raw_sum(star);
	buf_add_bytes(&b, star, sizeof(star));
	/* no end marker: the end of input will do */
	reads_as(buf_str(&b),
		"0 v7 644 0:0 1 1\n5 v7dir/ 644 0:0 0\n0 gnu 644 0:0 0\n"
		"0 cont 644 10:0 0\n0 pre/fix/x 644 0:0 0\n5 skip 644 0:0 0\n"
		"0 sp/star 600 0:0 0\n");
}

static void tar_next_reads_long_names(void **state)
{
	CLEANUP(buf_done) struct buf b = BUF(1 << 20), pax = BUF(4096);
	raw_entry(&b, (struct raw){.name = "././@LongLink", .type = 'L', .magic = GNU_MAGIC},
		S("gnu/long\0"));
	raw_entry(&b, (struct raw){.name = "././@LongLink", .type = 'K', .magic = GNU_MAGIC},
		S("to/long\0"));
	raw_pax(&pax, "path", S("lost: the long name counts"));
	raw_pax(&pax, "uid", S("4294967296"));
	raw_entry(&b, (struct raw){.name = "x", .type = 'x'}, buf_str(&pax));
	raw_header(&b,
		(struct raw){.name = "short", .link = "short", .type = '2', .magic = GNU_MAGIC});
	raw_header(&b, (struct raw){.name = "next", .type = '0'});
	buf_clear(&pax);
	raw_pax(&pax, "path", S("first"));
	raw_pax(&pax, "path", S("second"));
	raw_pax(&pax, "mtime", S("1.25"));
	raw_pax(&pax, "gid", S("9"));
	raw_pax(&pax, "gid", S(""));
	raw_pax(&pax, "comment", S("a\nb"));
	raw_entry(&b, (struct raw){.name = "x", .type = 'x'}, buf_str(&pax));
	raw_entry(&b, (struct raw){.name = "y", .type = '0', .gid = "3"}, S("body"));
	buf_clear(&pax);
	raw_pax(&pax, "uid", S("5"));
	raw_pax(&pax, "path", S("everywhere"));
	raw_entry(&b, (struct raw){.name = "g", .type = 'g'}, buf_str(&pax));
	raw_header(&b, (struct raw){.name = "after-global", .type = '0'});
	raw_end(&b);
	buf_add(&b, S("anything may follow"));
	reads_as(buf_str(&b),
		"2 gnu/long -> to/long 644 4294967296:0 0\n0 next 644 0:0 0\n"
		"0 second 644 0:3 4 @1250000000 body\n0 after-global 644 0:0 0\n");
}

static void tar_next_reads_numbers_in_base_256(void **state)
{
	char block[512];
	CLEANUP(buf_done) struct buf b = BUF(1 << 20);
	raw_block(block, &(struct raw){.name = "n", .type = '0'});
	memcpy(block + 108, "\x80\0\0\0\x7f\xff\xff\xff", 8);
	memcpy(block + 116, "\x80\0\0\1\0\0\0\0", 8);
	memcpy(block + 136, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe", 12);
	raw_sum(block);
	buf_add_bytes(&b, block, sizeof(block));
	reads_as(buf_str(&b), "0 n 644 2147483647:4294967296 0 @-2000000000\n");
}

static void tar_next_reads_xattrs_last_one_counts(void **state)
{
	CLEANUP(buf_done) struct buf b = BUF(1 << 20), pax = BUF(4096);
	raw_pax(&pax, "SCHILY.xattr.user.a", S("1"));
	raw_pax(&pax, "SCHILY.xattr.user.b", S("2"));
	raw_pax(&pax, "SCHILY.xattr.user.c", S("3"));
	raw_pax(&pax, "SCHILY.xattr.user.b", S("4"));
	raw_pax(&pax, "SCHILY.xattr.user.a", S(""));
	raw_pax(&pax, "LIBARCHIVE.xattr.user.d", S("NQ=="));
	raw_entry(&b, (struct raw){.name = "x", .type = 'x'}, buf_str(&pax));
	raw_header(&b, (struct raw){.name = "f", .type = '0'});
	reads_as(buf_str(&b), "0 f 644 0:0 0 [user.c=3] [user.b=4]\n");
}

static void add_sparse_pair(char *block, size_t at, unsigned offset, unsigned size)
{
	char text[32];
	snprintf(text, sizeof(text), "%011o", offset);
	memcpy(block + at, text, 12);
	snprintf(text, sizeof(text), "%011o", size);
	memcpy(block + at + 12, text, 12);
}

static void tar_next_reads_sparse_files_of_old_gnu(void **state)
{
	char block[512];
	CLEANUP(buf_done) struct buf b = BUF(1 << 20);
	raw_block(block, &(struct raw){.name = "s", .type = 'S', .magic = GNU_MAGIC, .size = 6});
	for (unsigned i = 0; i < 4; i++)
		add_sparse_pair(block, 386 + i * 24, i * 1000, 1);
	block[482] = 1;
	memcpy(block + 483, "00000100000", 12);
	raw_sum(block);
	buf_add_bytes(&b, block, sizeof(block));
	memset(block, 0, sizeof(block));
	add_sparse_pair(block, 0, 4000, 2);
	add_sparse_pair(block, 24, 32768, 0);
	buf_add_bytes(&b, block, sizeof(block));
	raw_content(&b, S("abcdef"));
	raw_header(&b, (struct raw){.name = "after", .type = '0'});
	reads_as(buf_str(&b),
		"0 s 644 0:0 32768 {0+1} {1000+1} {2000+1} {3000+1} {4000+2} {32768+0}"
		" abcdef\n0 after 644 0:0 0\n");
}

static void tar_next_reads_sparse_files_of_pax(void **state)
{
	CLEANUP(buf_done) struct buf b = BUF(1 << 20), pax = BUF(4096), body = BUF(4096);
	raw_pax(&pax, "GNU.sparse.size", S("5000"));
	raw_pax(&pax, "GNU.sparse.numblocks", S("2"));
	raw_pax(&pax, "GNU.sparse.offset", S("0"));
	raw_pax(&pax, "GNU.sparse.numbytes", S("2"));
	raw_pax(&pax, "GNU.sparse.offset", S("4999"));
	raw_pax(&pax, "GNU.sparse.numbytes", S("1"));
	raw_entry(&b, (struct raw){.name = "x", .type = 'x'}, buf_str(&pax));
	raw_entry(&b, (struct raw){.name = "v0.0", .type = '0'}, S("abc"));
	buf_clear(&pax);
	raw_pax(&pax, "GNU.sparse.size", S("5000"));
	raw_pax(&pax, "GNU.sparse.name", S("v0.1"));
	raw_pax(&pax, "GNU.sparse.map", S("7,3,5000,0"));
	raw_entry(&b, (struct raw){.name = "x", .type = 'x'}, buf_str(&pax));
	raw_entry(&b, (struct raw){.name = "GNUSparseFile.1/v0.1", .type = '0'}, S("abc"));
	buf_clear(&pax);
	raw_pax(&pax, "GNU.sparse.major", S("1"));
	raw_pax(&pax, "GNU.sparse.minor", S("0"));
	raw_pax(&pax, "GNU.sparse.name", S("v1.0"));
	raw_pax(&pax, "GNU.sparse.realsize", S("9000"));
	raw_entry(&b, (struct raw){.name = "x", .type = 'x'}, buf_str(&pax));
	raw_content(&body, S("2\n512\n3\n9000\n0\n"));
	buf_add(&body, S("xyz"));
	raw_entry(&b, (struct raw){.name = "GNUSparseFile.1/v1.0", .type = '0'}, buf_str(&body));
	buf_clear(&pax);
	raw_pax(&pax, "GNU.sparse.major", S("1"));
	raw_pax(&pax, "GNU.sparse.minor", S("0"));
	raw_pax(&pax, "GNU.sparse.realsize", S("100"));
	raw_entry(&b, (struct raw){.name = "x", .type = 'x'}, buf_str(&pax));
	buf_clear(&body);
	raw_content(&body, S("0\n"));
	raw_entry(&b, (struct raw){.name = "hole", .type = '0'}, buf_str(&body));
	reads_as(buf_str(&b),
		"0 v0.0 644 0:0 5000 {0+2} {4999+1} abc\n"
		"0 v0.1 644 0:0 5000 {7+3} {5000+0} abc\n"
		"0 v1.0 644 0:0 9000 {512+3} {9000+0} xyz\n"
		"0 hole 644 0:0 100 {}\n");
}

static void tar_next_of_nothing_is_the_end(void **state)
{
	CLEANUP(buf_done) struct buf b = BUF(1 << 20);
	reads_as(S(""), "");
	raw_end(&b);
	reads_as(buf_str(&b), "");
	buf_cut(&b, 512);
	reads_as(buf_str(&b), "");
}

/* umoci's layers end so, and Go reads them. */
static void tar_next_of_an_end_without_padding_is_the_end(void **state)
{
	CLEANUP(buf_done) struct buf b = BUF(1 << 20);
	raw_entry(&b, (struct raw){.name = "f", .type = '0'}, S("12345"));
	for (size_t n = 0; n < TAR_BLOCK - 5; n++) {
		reads_as(buf_str(&b), "0 f 644 0:0 5 12345\n");
		buf_cut(&b, b.n - 1);
	}
	reads_as(buf_str(&b), "0 f 644 0:0 5 12345\n");
}

static void refuses(struct buf *b, enum err_kind kind, const char *words)
{
	struct err err;
	CLEANUP(buf_done) struct buf text = BUF(1 << 20);
	FAILS(kind, read_text(buf_str(b), &text, &err));
	if (!strstr(err.what, words))
		fail_msg("'%s' does not say '%s'", err.what, words);
	buf_clear(b);
}

static void tar_next_of_broken_headers_fails(void **state)
{
	CLEANUP(buf_done) struct buf b = BUF(4 << 20);
	raw_header(&b, (struct raw){.name = "f", .type = '0', .is_sum_wrong = true});
	refuses(&b, ERR_INPUT, "checksum");
	buf_add(&b, S("not a tar at all"));
	refuses(&b, ERR_INPUT, "ends in the middle");
	raw_header(&b, (struct raw){.name = "f", .type = '0', .size = 1});
	refuses(&b, ERR_INPUT, "ends in the middle");
	raw_header(&b, (struct raw){.name = "skipped", .type = '0', .size = 600});
	buf_add(&b, S("too little"));
	refuses(&b, ERR_INPUT, "ends in the middle");
	raw_header(&b, (struct raw){.name = "M", .type = 'M'});
	refuses(&b, ERR_UNSUPPORTED, "'M'");
	raw_end(&b);
	buf_cut(&b, 512);
	raw_header(&b, (struct raw){.name = "f", .type = '0'});
	refuses(&b, ERR_INPUT, "behind the end");
	static const struct raw numbers[] = {
		{.type = '0', .size_text = "9"},
		{.type = '0', .size_text = "777777777777"},
		{.type = '0', .size_text = "-1"},
		{.type = '0', .uid = "0x10"},
		{.type = '0', .mode = "rw-r--r"},
		{.type = '0', .gid = "\xff\xff\xff\xff\xff\xff\xff\xff"},
		{.type = '0', .size_text = "\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"},
		{.type = '0', .size_text = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"},
		{.type = '0', .mtime = "\x80\1\1\1\x7f\xff\xff\xff\xff\xff\xff\xff"},
		{.type = '3', .major = "9"},
	};
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		struct err err;
		CLEANUP(buf_done) struct buf text = BUF(100);
		raw_header(&b, numbers[i]);
		assert_true(read_text(buf_str(&b), &text, &err) < 0);
		buf_clear(&b);
	}
}

static void tar_next_of_broken_pax_records_fails(void **state)
{
	static const struct str cases[] = {
		S("x"),
		S("7 a=b\n"), /* one too many */
		S("5 a=b\n"), /* one too few */
		S("6 a=bc"),  /* no newline */
		S("5 =b\n"),  /* no key */
		S("5 ab\n"),  /* no '=' */
		S("0 \n"),
		S("-6 a=b\n"),
		S("99999999999999999999 a=b\n"),
		S("4000000000 a=b\n"),
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(buf_done) struct buf b = BUF(1 << 20);
		raw_entry(&b, (struct raw){.name = "x", .type = 'x'}, cases[i]);
		raw_header(&b, (struct raw){.name = "f", .type = '0'});
		refuses(&b, ERR_INPUT, "damaged pax record");
	}
}

static void tar_next_of_wrong_pax_values_fails(void **state)
{
	static const struct {
		const char *key;
		struct str value;
		const char *key2, *value2;
		enum err_kind kind;
		const char *words;
	} cases[] = {
		{"path", S("a\0"), NULL, NULL, ERR_INPUT, "NUL"},
		{"linkpath", S("\0"), NULL, NULL, ERR_INPUT, "NUL"},
		{"size", S("-1"), NULL, NULL, ERR_INPUT, "number"},
		{"size", S("0x1"), NULL, NULL, ERR_INPUT, "number"},
		{"size", S("9223372036854775808"), NULL, NULL, ERR_LIMIT, "pax record 'size'"},
		{"mtime", S("abc"), NULL, NULL, ERR_INPUT, "pax record 'mtime'"},
		{"mtime", S("1.x"), NULL, NULL, ERR_INPUT, "expected a time"},
		{"mtime", S("9223372036854775807"), NULL, NULL, ERR_LIMIT, "mtime"},
		{"SCHILY.xattr.", S("v"), NULL, NULL, ERR_INPUT, "extended attribute"},
		{"SCHILY.xattr.a\nb", S("v"), "path", "p", ERR_NONE, NULL},
		{"GNU.sparse.offset", S("1"), "GNU.sparse.offset", "2", ERR_INPUT, "out of order"},
		{"GNU.sparse.numbytes", S("1"), NULL, NULL, ERR_INPUT, "out of order"},
		{"GNU.sparse.map", S("0,9"), NULL, NULL, ERR_INPUT, "does not fit"},
		{"GNU.sparse.map", S("0"), NULL, NULL, ERR_INPUT, "ends in the middle"},
		{"GNU.sparse.map", S("0,0,x"), NULL, NULL, ERR_INPUT, "expected a number"},
		{"GNU.sparse.major", S("2"), NULL, NULL, ERR_UNSUPPORTED, "format 2"},
		{"GNU.sparse.major", S("1"), NULL, NULL, ERR_INPUT, "longer than its file"},
		{"GNU.sparse.map", S("9,0,3,0,10,0"), "GNU.sparse.size", "5", ERR_INPUT, "order"},
		{"GNU.sparse.map", S("6,0"), "GNU.sparse.size", "5", ERR_INPUT, "does not fit"},
		{"GNU.sparse.map", S("9223372036854775807,9223372036854775807"), NULL, NULL,
			ERR_INPUT, "does not fit"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(buf_done) struct buf b = BUF(1 << 20), pax = BUF(4096);
		raw_pax(&pax, cases[i].key, cases[i].value);
		if (cases[i].key2)
			raw_pax(&pax, cases[i].key2, str_of(cases[i].value2));
		raw_entry(&b, (struct raw){.name = "x", .type = 'x'}, buf_str(&pax));
		raw_header(&b, (struct raw){.name = "f", .type = '0'});
		if (cases[i].kind)
			refuses(&b, cases[i].kind, cases[i].words);
		else
			reads_as(buf_str(&b), "0 p 644 0:0 0 [a\nb=v]\n");
	}
}

/* FIELD.md F50: sizes that would have us allocate whatever the archive says. */
static void tar_next_of_bombs_stops_at_its_limits(void **state)
{
	CLEANUP(buf_done) struct buf b = BUF(4 << 20), pax = BUF(1 << 20);
	raw_header(&b, (struct raw){.name = "x", .type = 'x', .size = TAR_PAX_MAX + 1});
	refuses(&b, ERR_LIMIT, "pax header of 1048577 bytes is too long");
	raw_header(&b, (struct raw){.name = "g", .type = 'g', .size = UINT64_C(1) << 30});
	refuses(&b, ERR_LIMIT, "too long");
	raw_header(&b, (struct raw){.name = "L", .type = 'L', .size = UINT64_C(1) << 30});
	refuses(&b, ERR_LIMIT, "name of 1073741824 bytes is too long");
	raw_header(&b, (struct raw){.name = "L", .type = 'L'});
	memcpy(b.p + 124, "\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", 12);
	raw_sum(b.p);
	refuses(&b, ERR_LIMIT, "too long");
	for (size_t i = 0; i <= TAR_XATTRS_MAX; i++) {
		char key[64];
		snprintf(key, sizeof(key), "SCHILY.xattr.user.%zu", i);
		raw_pax(&pax, key, S("v"));
	}
	raw_entry(&b, (struct raw){.name = "x", .type = 'x'}, buf_str(&pax));
	refuses(&b, ERR_LIMIT, "more than 256 extended attributes");
	raw_header(&b, (struct raw){.name = "L", .type = 'L', .size = TAR_NAME_MAX + 1});
	char *room = buf_room(&b, TAR_NAME_MAX + 512);
	memset(room, 'n', TAR_NAME_MAX + 512);
	buf_added(&b, TAR_NAME_MAX + 512);
	refuses(&b, ERR_LIMIT, "name of 4097 bytes is too long");
	buf_clear(&pax);
	raw_pax(&pax, "GNU.sparse.major", S("1"));
	raw_entry(&b, (struct raw){.name = "x", .type = 'x'}, buf_str(&pax));
	raw_header(&b, (struct raw){.name = "f", .type = '0', .size = 512});
	raw_content(&b, S("1048577\n"));
	refuses(&b, ERR_LIMIT, "'f': sparse file in more than 1048576 pieces");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tar_next_reads_what_tar_add_header_wrote),
		cmocka_unit_test(tar_next_reads_old_formats),
		cmocka_unit_test(tar_next_reads_long_names),
		cmocka_unit_test(tar_next_reads_numbers_in_base_256),
		cmocka_unit_test(tar_next_reads_xattrs_last_one_counts),
		cmocka_unit_test(tar_next_reads_sparse_files_of_old_gnu),
		cmocka_unit_test(tar_next_reads_sparse_files_of_pax),
		cmocka_unit_test(tar_next_of_nothing_is_the_end),
		cmocka_unit_test(tar_next_of_an_end_without_padding_is_the_end),
		cmocka_unit_test(tar_next_of_broken_headers_fails),
		cmocka_unit_test(tar_next_of_broken_pax_records_fails),
		cmocka_unit_test(tar_next_of_wrong_pax_values_fails),
		cmocka_unit_test(tar_next_of_bombs_stops_at_its_limits),
	};
	return cmocka_run_group_tests_name("tar/read", tests, NULL, NULL);
}
