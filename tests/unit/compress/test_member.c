#include "../test.h"

#include "digest/digest.h"
#include "members.h"

#include <libdeflate.h>
#include <zstd.h>

static const enum compression formats[] = {COMPRESS_GZIP, COMPRESS_ZSTD};

static void compress_detect_goes_by_the_magic(void **state)
{
	static const struct {
		struct str bytes;
		enum compression is;
	} cases[] = {
		{S(""), COMPRESS_NONE},
		{S("\x1f"), COMPRESS_NONE},
		{S("\x1f\x8b"), COMPRESS_GZIP},
		{S("\x1f\x8b\x08\0"), COMPRESS_GZIP},
		{S("\x28\xb5\x2f"), COMPRESS_NONE},
		{S("\x28\xb5\x2f\xfd"), COMPRESS_ZSTD},
		{S("\x50\x2a\x4d\x18"), COMPRESS_ZSTD},
		{S("\x5f\x2a\x4d\x18"), COMPRESS_ZSTD},
		{S("\x60\x2a\x4d\x18"), COMPRESS_NONE},
		{S("BZh9"), COMPRESS_NONE},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(compress_detect(cases[i].bytes), cases[i].is);
	assert_string_equal(compress_name(COMPRESS_ZSTD), "zstd");
}

static void compressor_member_gives_back_its_content(void **state)
{
	static const size_t sizes[] = {0, 1, 511, 65536, 200000, 3 << 20};
	for (size_t k = 0; k < ARRAY_LEN(sizes) * 2; k++) {
		struct err err = {0};
		size_t n = sizes[k / 2];
		CLEANUP(buf_done) struct buf content = BUF(4 << 20), packed = BUF(8 << 20);
		CLEANUP(decompressor_free) struct decompressor *d = decompressor_new();
		CLEANUP(mem_free) char *room = mem_new(n + 1, 1);
		make_content(&content, n, 7);
		add_member(&packed, formats[k % 2], buf_str(&content));
		size_t whole = packed.n;
		buf_add(&packed, S("next member")); /* not looked at */
		struct member m = {0};
		assert_int_equal(compress_member_end(buf_str(&packed), &m), MEMBER_FOUND);
		assert_int_equal(m.n_compressed, whole);
		assert_int_equal(m.n_content, n);
		OK(decompressor_member(d, str_n(packed.p, whole), room, n, &err));
		assert_memory_equal(room, buf_cstr(&content), n);
	}
}

static void compressor_member_of_incompressible_content_fits(void **state)
{
	CLEANUP(buf_done) struct buf noise = BUF(2 << 20), packed = BUF(8 << 20);
	uint64_t v = 1;
	for (size_t i = 0; i < 1 << 18; i++) {
		v = v * UINT64_C(6364136223846793005) + 1442695040888963407;
		uint32_t high = (uint32_t)(v >> 32);
		buf_add_bytes(&noise, &high, 4);
	}
	for (size_t k = 0; k < 2; k++) {
		struct member m;
		buf_clear(&packed);
		add_member(&packed, formats[k], buf_str(&noise));
		assert_int_equal(compress_member_end(buf_str(&packed), &m), MEMBER_FOUND);
		assert_in_range(packed.n, noise.n, noise.n + 1000);
	}
}

/* Promised bytes: docs/formats/layer.md. They are the library's, too, so its version counts. */
static void compressor_member_gives_the_promised_bytes(void **state)
{
	static const struct {
		enum compression format;
		int level;
		const char *sha256;
	} cases[] = {
		{COMPRESS_GZIP, 0,
			"d8a7cdbfcc00176701f65b1a48270fa3aeff53c87029b6cfe847eaabb82d22f2"},
		{COMPRESS_GZIP, 9,
			"0fed3d5271e57c533fb8bacc19888cffca15b7dacc6b678cdc976978d51b66db"},
		{COMPRESS_ZSTD, 0,
			"160828998adbb4b1cfbedcd5e07223119080d1ade7cad79084e009a910ae1154"},
	};
	CLEANUP(buf_done) struct buf content = BUF(4 << 20);
	make_content(&content, 500000, 1);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		char hex[DIGEST_HEX];
		bool is_known = cases[i].format == COMPRESS_GZIP
			? str_is(S(LIBDEFLATE_VERSION_STRING), "1.14")
			: ZSTD_versionNumber() == 10504;
		CLEANUP(buf_done) struct buf packed = BUF(8 << 20), again = BUF(8 << 20);
		CLEANUP(compressor_free)
		struct compressor *c = compressor_new(cases[i].format, cases[i].level);
		OK(compressor_member(c, buf_str(&content), &packed, &err));
		OK(compressor_member(c, buf_str(&content), &again, &err));
		assert_true(str_eq(buf_str(&packed), buf_str(&again)));
		struct digest d = digest_of(buf_str(&packed));
		if (is_known)
			assert_string_equal(digest_hex(&d, hex, 0), cases[i].sha256);
	}
}

static void compressor_level_changes_size_and_is_clipped(void **state)
{
	CLEANUP(buf_done) struct buf content = BUF(4 << 20);
	make_content(&content, 300000, 3);
	for (size_t k = 0; k < 2; k++) {
		struct err err = {0};
		size_t sizes[4];
		static const int levels[] = {-5, 1, 9, 99};
		for (size_t i = 0; i < 4; i++) {
			CLEANUP(buf_done) struct buf packed = BUF(8 << 20);
			CLEANUP(compressor_free)
			struct compressor *c = compressor_new(formats[k], levels[i]);
			OK(compressor_member(c, buf_str(&content), &packed, &err));
			sizes[i] = packed.n;
		}
		assert_int_equal(sizes[0], sizes[1]);
		assert_true(sizes[2] < sizes[1]);
		assert_true(sizes[3] < sizes[1]);
	}
}

static void compressor_member_of_too_much_fails(void **state)
{
	struct err err;
	CLEANUP(mem_free) char *big = mem_new(COMPRESS_MEMBER_MAX + 1, 1);
	for (size_t k = 0; k < 2; k++) {
		CLEANUP(buf_done) struct buf packed = BUF(64 << 20), small = BUF(10);
		CLEANUP(compressor_free) struct compressor *c = compressor_new(formats[k], 0);
		FAILS(ERR_LIMIT,
			compressor_member(c, str_n(big, COMPRESS_MEMBER_MAX + 1), &packed, &err));
		FAILS(ERR_LIMIT, compressor_member(c, str_n(big, 100), &small, &err));
		err = (struct err){0};
		OK(compressor_member(c, str_n(big, COMPRESS_MEMBER_MAX), &packed, &err));
	}
}

static void compress_member_end_of_the_beginning_asks_for_more(void **state)
{
	CLEANUP(buf_done) struct buf content = BUF(4 << 20);
	make_content(&content, 300000, 9);
	for (size_t k = 0; k < 2; k++) {
		CLEANUP(buf_done) struct buf packed = BUF(8 << 20);
		add_member(&packed, formats[k], buf_str(&content));
		struct member m = {0};
		size_t n = 0, steps = 0;
		while (compress_member_end(str_n(packed.p, n), &m) == MEMBER_CUT) {
			assert_true(m.n_needed > n && m.n_needed <= packed.n);
			n = m.n_needed;
			steps++;
		}
		assert_int_equal(n, packed.n);
		assert_int_equal(compress_member_end(str_n(packed.p, n), &m), MEMBER_FOUND);
		assert_in_range(steps, 2, 20);
		for (n = 0; n < packed.n; n += 1 + n / 50)
			assert_int_equal(compress_member_end(str_n(packed.p, n), &m), MEMBER_CUT);
	}
}

static void compress_member_end_of_strangers_is_unsaid(void **state)
{
	static const struct str cases[] = {
		S("plain bytes, not compressed"),
		S("\x1f\x8b\x08\0\0\0\0\0\0\3 gzip without our field"),
		/* "KN", and 16 MiB + 1 of content; a member shorter than its own frame; one far
		 * longer than its content could need */
		S("\x1f\x8b\x08\4\0\0\0\0\0\xff\x0c\0KN\x08\0\x64\0\0\0\1\0\0\1"),
		S("\x1f\x8b\x08\4\0\0\0\0\0\xff\x0c\0KN\x08\0\x1f\0\0\0\0\0\0\0"),
		S("\x1f\x8b\x08\4\0\0\0\0\0\xff\x0c\0KN\x08\0\xff\xff\xff\xff\0\0\0\0"),
		S("\x50\x2a\x4d\x18\4\0\0\0skip"),
		S("\x28\xb5\x2f\xfd\x00\x58\x01\0\0"),           /* no content size */
		S("\x28\xb5\x2f\xfd\x21\5\0\x01\0\0"),           /* a dictionary */
		S("\x28\xb5\x2f\xfd\x20\0\x07\0\0"),             /* reserved block type */
		S("\x28\xb5\x2f\xfd\xa0\1\0\0\1"),               /* 16 MiB + 1 */
		S("\x28\xb5\x2f\xfd\xe0\1\0\0\0\1\0\0\0\1\0\0"), /* 4 GiB + 1 */
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct member m;
		if (compress_member_end(cases[i], &m) != MEMBER_UNSAID)
			fail_msg("case %zu", i);
	}
	/* raw blocks that go on and on */
	struct member m;
	CLEANUP(buf_done) struct buf b = BUF(32 << 20);
	buf_add(&b, S("\x28\xb5\x2f\xfd\x20\x01"));
	while (b.n < COMPRESS_MEMBER_MAX + 70000) {
		memset(buf_room(&b, 70003), 0, 70003);
		buf_add_bytes(&b, "\x80\x8b\x08", 3); /* raw, 70000 bytes, not the last */
		buf_added(&b, 70000);
	}
	assert_int_equal(compress_member_end(buf_str(&b), &m), MEMBER_UNSAID);
}

static void decompressor_member_of_lies_fails(void **state)
{
	struct err err;
	CLEANUP(buf_done) struct buf content = BUF(4 << 20);
	CLEANUP(mem_free) char *room = mem_new(200000, 1);
	make_content(&content, 100000, 5);
	for (size_t k = 0; k < 2; k++) {
		CLEANUP(buf_done) struct buf packed = BUF(8 << 20);
		CLEANUP(decompressor_free) struct decompressor *d = decompressor_new();
		add_member(&packed, formats[k], buf_str(&content));
		struct str all = buf_str(&packed);
		FAILS(ERR_INPUT, decompressor_member(d, all, room, 99999, &err));
		FAILS(ERR_INPUT, decompressor_member(d, all, room, 100001, &err));
		FAILS(ERR_INPUT,
			decompressor_member(d, str_sub(all, 0, all.n - 1), room, 100000, &err));
		FAILS(ERR_INPUT, decompressor_member(d, str_sub(all, 0, 30), room, 100000, &err));
		/* two members where one is said to be; one more byte */
		add_member(&packed, formats[k], S(""));
		FAILS(ERR_INPUT, decompressor_member(d, buf_str(&packed), room, 100000, &err));
		FAILS(ERR_INPUT,
			decompressor_member(d, str_n(packed.p, all.n + 1), room, 100000, &err));
		/* a bit of the content, of the checksum */
		packed.p[5000] ^= 1;
		FAILS(ERR_INPUT,
			decompressor_member(d, str_n(packed.p, all.n), room, 100000, &err));
		packed.p[5000] ^= 1;
		packed.p[all.n - (k ? 1 : 5)] ^= 1;
		FAILS(ERR_INPUT,
			decompressor_member(d, str_n(packed.p, all.n), room, 100000, &err));
		FAILS(ERR_INPUT, decompressor_member(d, S("neither"), room, 1, &err));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compress_detect_goes_by_the_magic),
		cmocka_unit_test(compressor_member_gives_back_its_content),
		cmocka_unit_test(compressor_member_of_incompressible_content_fits),
		cmocka_unit_test(compressor_member_gives_the_promised_bytes),
		cmocka_unit_test(compressor_level_changes_size_and_is_clipped),
		cmocka_unit_test(compressor_member_of_too_much_fails),
		cmocka_unit_test(compress_member_end_of_the_beginning_asks_for_more),
		cmocka_unit_test(compress_member_end_of_strangers_is_unsaid),
		cmocka_unit_test(decompressor_member_of_lies_fails),
	};
	return cmocka_run_group_tests_name("compress/member", tests, NULL, NULL);
}
