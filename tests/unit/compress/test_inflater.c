#include "../test.h"

#include "members.h"

#define FNAME 8
#define FCOMMENT 16
#define FEXTRA 4
#define FHCRC 2
#define FTEXT 1

struct drip {
	struct source source;
	struct str left;
	size_t piece;
	bool fails;
};
static ssize_t drip_read(struct source *s, void *room, size_t n, struct err *err)
{
	struct drip *d = (struct drip *)s;
	if (d->fails && !d->left.n)
		return err_set(err, ERR_NET, "gone");
	struct mem_source m = MEM_SOURCE(d->left);
	ssize_t got = mem_source_read(&m.source, room, n < d->piece ? n : d->piece, err);
	d->left = m.left;
	return got;
}

static int inflate_all(struct str packed, size_t piece, size_t room_size, uint64_t max,
	struct buf *ret, enum compression *ret_found, struct err *err)
{
	struct drip drip = {{drip_read}, packed, piece, false};
	CLEANUP(inflater_free) struct inflater *i = inflater_new(&drip.source, max);
	for (;;) {
		char *room = buf_room(ret, room_size);
		assert_non_null(room);
		ssize_t n = source_read(inflater_source(i), room, room_size, err);
		*ret_found = inflater_found(i);
		if (n <= 0)
			return (int)n;
		buf_added(ret, (size_t)n);
	}
}

static int push_all(struct str packed, size_t piece, struct buf *ret, struct err *err)
{
	CLEANUP(inflater_free) struct inflater *i = inflater_new(NULL, 0);
	for (;;) {
		struct str in = str_sub(packed, 0, piece);
		bool is_last = in.n == packed.n;
		packed = str_skip(packed, in.n);
		size_t n;
		do {
			char *room = buf_room(ret, 4096);
			assert_non_null(room);
			if (inflater_push(i, &in, is_last, room, 4096, &n, err) < 0)
				return -1;
			buf_added(ret, n);
		} while (n == 4096 || (is_last && n));
		assert_int_equal(in.n, 0);
		if (is_last)
			return 0;
	}
}

static void inflates_to(struct str packed, struct str content, enum compression format)
{
	static const struct {
		size_t piece, room;
	} ways[] = {{1 << 30, 1 << 20}, {1, 1 << 20}, {1 << 30, 1}, {7, 13}, {4096, 512}};
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		struct err err = {0};
		enum compression found;
		CLEANUP(buf_done) struct buf got = BUF(64 << 20), pushed = BUF(64 << 20);
		OK(inflate_all(packed, ways[i].piece, ways[i].room, 0, &got, &found, &err));
		assert_int_equal(found, format);
		assert_true(str_eq(buf_str(&got), content));
		OK(push_all(packed, ways[i].piece, &pushed, &err));
		assert_true(str_eq(buf_str(&pushed), content));
	}
}

static void inflater_of_plain_bytes_gives_them(void **state)
{
	static const struct str cases[] = {S(""), S("("), S("\x1f"), S("\x28\xb5\x2f"), S("abc"),
		S("abcd"), S("\0\0\0\0\0\0"), S("plain text that is longer than a magic")};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		inflates_to(cases[i], cases[i], COMPRESS_NONE);
}

static void inflater_of_members_gives_their_content_in_a_row(void **state)
{
	static const enum compression formats[] = {COMPRESS_GZIP, COMPRESS_ZSTD};
	for (size_t k = 0; k < 2; k++) {
		CLEANUP(buf_done) struct buf content = BUF(1 << 20), packed = BUF(1 << 20);
		for (uint32_t i = 0; i < 4; i++) {
			CLEANUP(buf_done) struct buf part = BUF(1 << 20);
			make_content(&part, i * i * 3000, i);
			add_member(&packed, formats[k], buf_str(&part));
			buf_add(&content, buf_str(&part));
		}
		inflates_to(buf_str(&packed), buf_str(&content), formats[k]);
	}
}

static void inflater_of_foreign_gzip_headers_skips_them(void **state)
{
	static const struct {
		uint8_t flags;
		struct str fields;
	} cases[] = {
		{0, S("")},
		{FTEXT, S("")},
		{FNAME, S("layer.tar\0")},
		{FNAME | FCOMMENT, S("a\0b\0")},
		{FEXTRA, S("\0\0")},
		{FEXTRA, S("\6\0AB\2\0xy")},
		{FHCRC, S("zz")},
		{FTEXT | FEXTRA | FNAME | FCOMMENT | FHCRC, S("\1\0x\0\0zz")},
	};
	CLEANUP(buf_done) struct buf all = BUF(1 << 20), content = BUF(1 << 20);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(buf_done) struct buf packed = BUF(1 << 20);
		add_foreign_gzip(&packed, S("hello hello hello"), cases[i].flags, cases[i].fields);
		inflates_to(buf_str(&packed), S("hello hello hello"), COMPRESS_GZIP);
		buf_add(&all, buf_str(&packed));
		buf_add(&content, S("hello hello hello"));
	}
	inflates_to(buf_str(&all), buf_str(&content), COMPRESS_GZIP);
	buf_add(&all, S("\0\0\0\0\0\0\0\0\0\0"));
	inflates_to(buf_str(&all), buf_str(&content), COMPRESS_GZIP);
}

static void inflater_of_zstd_skips_skippable_frames(void **state)
{
	CLEANUP(buf_done) struct buf packed = BUF(1 << 20);
	buf_add(&packed, S("\x50\x2a\x4d\x18\4\0\0\0toc1"));
	add_member(&packed, COMPRESS_ZSTD, S("one"));
	buf_add(&packed, S("\x5f\x2a\x4d\x18\0\0\0\0"));
	add_member(&packed, COMPRESS_ZSTD, S("two"));
	buf_add(&packed, S("\x51\x2a\x4d\x18\3\0\0\0end"));
	inflates_to(buf_str(&packed), S("onetwo"), COMPRESS_ZSTD);
}

static void refuses(struct str packed, enum err_kind kind, const char *words)
{
	for (size_t way = 0; way < 3; way++) {
		static const size_t pieces[] = {1 << 30, 1, 5};
		struct err err;
		enum compression found;
		CLEANUP(buf_done) struct buf got = BUF(64 << 20);
		FAILS(kind, inflate_all(packed, pieces[way], 1000, 0, &got, &found, &err));
		if (!strstr(err.what, words))
			fail_msg("'%s' does not say '%s'", err.what, words);
		buf_clear(&got);
		FAILS(kind, push_all(packed, pieces[way], &got, &err));
	}
}

/* FIELD.md F51 */
static void inflater_of_damaged_gzip_fails(void **state)
{
	CLEANUP(buf_done) struct buf b = BUF(1 << 20), content = BUF(1 << 20);
	make_content(&content, 5000, 1);
	add_foreign_gzip(&b, buf_str(&content), 0, S(""));
	struct str all = buf_str(&b);
	for (size_t n = 2; n < all.n; n += n < 20 ? 1 : 97)
		refuses(str_sub(all, 0, n), ERR_INPUT, "ends in the middle");
	refuses(str_sub(all, 0, all.n - 1), ERR_INPUT, "ends in the middle");
	b.p[all.n - 1] ^= 1; /* length */
	refuses(all, ERR_INPUT, "checksum");
	b.p[all.n - 1] ^= 1;
	b.p[all.n - 8] ^= 1; /* CRC */
	refuses(all, ERR_INPUT, "checksum");
	b.p[all.n - 8] ^= 1;
	b.p[2] = 7;
	refuses(all, ERR_INPUT, "header");
	b.p[2] = 8;
	b.p[3] = 0x20;
	refuses(all, ERR_INPUT, "header");
	b.p[3] = 0;
	b.p[10] = 7; /* reserved kind of block */
	refuses(all, ERR_INPUT, "damaged gzip data");
}

static void inflater_of_garbage_behind_gzip_fails(void **state)
{
	static const struct str tails[] = {S("x"), S("\0x"), S("\0\0\0\x1f\x8b\x08"), S("\x1f"),
		S("\x1f\x8a"), S("\x28\xb5\x2f\xfd")};
	for (size_t i = 0; i < ARRAY_LEN(tails); i++) {
		CLEANUP(buf_done) struct buf b = BUF(1 << 20);
		add_member(&b, COMPRESS_GZIP, S("content"));
		buf_add(&b, tails[i]);
		refuses(buf_str(&b), ERR_INPUT, i == 3 ? "middle" : i == 4 ? "header" : "garbage");
	}
}

static void inflater_of_endless_gzip_header_fails(void **state)
{
	CLEANUP(buf_done) struct buf b = BUF(1 << 20);
	buf_add(&b, S("\x1f\x8b\x08\x08\0\0\0\0\0\0"));
	while (b.n < 300 * 1024)
		buf_add(&b, S("name name name name name name name name name name name name name "));
	struct err err;
	enum compression found;
	CLEANUP(buf_done) struct buf got = BUF(1 << 20);
	FAILS(ERR_LIMIT, inflate_all(buf_str(&b), 1 << 30, 1000, 0, &got, &found, &err));
}

static void inflater_of_damaged_zstd_fails(void **state)
{
	CLEANUP(buf_done) struct buf b = BUF(1 << 20), content = BUF(1 << 20);
	make_content(&content, 5000, 1);
	add_member(&b, COMPRESS_ZSTD, buf_str(&content));
	struct str all = buf_str(&b);
	for (size_t n = 4; n < all.n; n += n < 20 ? 1 : 97)
		refuses(str_sub(all, 0, n), ERR_INPUT, "ends in the middle");
	b.p[all.n - 1] ^= 1;
	refuses(all, ERR_INPUT, "checksum");
	b.p[all.n - 1] ^= 1;
	buf_add(&b, S("x"));
	refuses(buf_str(&b), ERR_INPUT, "damaged zstd");
	buf_add(&b, S("yzzzz"));
	refuses(buf_str(&b), ERR_INPUT, "damaged zstd");
	/* a window of 256 MiB, of 2 TiB; a dictionary; a reserved bit */
	refuses(S("\x28\xb5\x2f\xfd\0\x90\1\0\0"), ERR_LIMIT, "window");
	refuses(S("\x28\xb5\x2f\xfd\0\xf8\1\0\0"), ERR_LIMIT, "window");
	refuses(S("\x28\xb5\x2f\xfd\1\0\5\1\0\0"), ERR_UNSUPPORTED, "dictionary");
	refuses(S("\x28\xb5\x2f\xfd\x08\0\1\0\0"), ERR_INPUT, "damaged zstd");
	/* a skippable frame of 4 GiB that is not there */
	refuses(S("\x50\x2a\x4d\x18\xff\xff\xff\xff..."), ERR_INPUT, "middle");
}

/* RLE blocks of 128 KiB, four bytes each: 32768:1. */
static void make_zstd_bomb(struct buf *b, size_t n_blocks)
{
	buf_add(b, S("\x28\xb5\x2f\xfd\x00\x38"));
	for (size_t i = 0; i < n_blocks; i++)
		buf_add_bytes(b, i + 1 == n_blocks ? "\3\0\x10\0" : "\2\0\x10\0", 4);
}

static void inflater_of_bombs_stops_at_its_limits(void **state)
{
	struct err err = {0};
	enum compression found;
	CLEANUP(buf_done) struct buf b = BUF(1 << 20), got = BUF(64 << 20);
	make_zstd_bomb(&b, 64); /* 8 MiB */
	OK(inflate_all(buf_str(&b), 1 << 30, 100000, 8 << 20, &got, &found, &err));
	assert_int_equal(got.n, 8 << 20);
	buf_clear(&got);
	FAILS(ERR_LIMIT,
		inflate_all(buf_str(&b), 1 << 30, 100000, (8 << 20) - 1, &got, &found, &err));
	assert_true(got.n < 8 << 20);
	/* more than 4 GiB at more than 1100:1, with nobody else counting */
	buf_clear(&b);
	make_zstd_bomb(&b, 33000);
	struct str in = buf_str(&b);
	CLEANUP(inflater_free) struct inflater *i = inflater_new(NULL, 0);
	CLEANUP(mem_free) char *room = mem_new(1 << 20, 1);
	uint64_t total = 0;
	size_t n = 1;
	int r = 0;
	while (n && (r = inflater_push(i, &in, true, room, 1 << 20, &n, &err)) == 0)
		total += n;
	assert_int_equal(r, -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_in_range(total, (UINT64_C(4) << 30) - (1 << 20), UINT64_C(4) << 30);
}

static void inflater_of_a_failing_source_fails_with_its_words(void **state)
{
	struct err err;
	char room[100];
	CLEANUP(buf_done) struct buf b = BUF(1 << 20);
	add_member(&b, COMPRESS_GZIP, S("content"));
	struct drip drip = {{drip_read}, str_sub(buf_str(&b), 0, 20), 1000, true};
	CLEANUP(inflater_free) struct inflater *i = inflater_new(&drip.source, 0);
	FAILS(ERR_NET, source_read(inflater_source(i), room, sizeof(room), &err));
	assert_string_equal(err.what, "gone");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inflater_of_plain_bytes_gives_them),
		cmocka_unit_test(inflater_of_members_gives_their_content_in_a_row),
		cmocka_unit_test(inflater_of_foreign_gzip_headers_skips_them),
		cmocka_unit_test(inflater_of_zstd_skips_skippable_frames),
		cmocka_unit_test(inflater_of_damaged_gzip_fails),
		cmocka_unit_test(inflater_of_garbage_behind_gzip_fails),
		cmocka_unit_test(inflater_of_endless_gzip_header_fails),
		cmocka_unit_test(inflater_of_damaged_zstd_fails),
		cmocka_unit_test(inflater_of_bombs_stops_at_its_limits),
		cmocka_unit_test(inflater_of_a_failing_source_fails_with_its_words),
	};
	return cmocka_run_group_tests_name("compress/inflater", tests, NULL, NULL);
}
