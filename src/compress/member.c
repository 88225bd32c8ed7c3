/* Telling formats apart and finding where members end, from the bytes alone. */
#include "compress/compress_priv.h"

#define ZSTD_MAGIC 0xfd2fb528U
#define ZSTD_SKIPPABLE 0x184d2a50U /* to …5f */

enum compression compress_detect(struct str s)
{
	if (s.n >= 2 && memcmp(s.p, "\x1f\x8b", 2) == 0)
		return COMPRESS_GZIP;
	if (s.n < 4)
		return COMPRESS_NONE;
	uint32_t magic = le_read(s.p, 4);
	bool is_zstd = magic == ZSTD_MAGIC || (magic & ~0xfU) == ZSTD_SKIPPABLE;
	return is_zstd ? COMPRESS_ZSTD : COMPRESS_NONE;
}

const char *compress_name(enum compression c)
{
	static const char *const names[] = {
		[COMPRESS_NONE] = "none", [COMPRESS_GZIP] = "gzip", [COMPRESS_ZSTD] = "zstd"};
	return names[c];
}

static enum member_end needs(struct member *ret, size_t n)
{
	ret->n_needed = n;
	return MEMBER_CUT;
}

static enum member_end gzip_end(struct str s, struct member *ret)
{
	if (s.n < GZIP_HEAD)
		return needs(ret, GZIP_HEAD);
	if (memcmp(s.p, GZIP_HEAD_START, GZIP_AT_SIZES) != 0)
		return MEMBER_UNSAID;
	ret->n_compressed = le_read(s.p + GZIP_AT_SIZES, 4);
	ret->n_content = le_read(s.p + GZIP_AT_SIZES + 4, 4);
	/* Deflate's worst case is far below this. */
	if (ret->n_content > COMPRESS_MEMBER_MAX || ret->n_compressed < GZIP_HEAD + GZIP_TAIL ||
		ret->n_compressed > ret->n_content + ret->n_content / 8 + 1024)
		return MEMBER_UNSAID;
	return s.n < ret->n_compressed ? needs(ret, ret->n_compressed) : MEMBER_FOUND;
}

/* A frame's header (RFC 8878, 3.1.1.1). */
struct frame_head {
	size_t n;         /* bytes of it */
	bool has_content; /* the content's size is known */
	uint64_t n_content;
	bool has_checksum, has_dictionary;
};

static enum member_end frame_head(struct str s, struct frame_head *h, struct member *ret)
{
	static const uint8_t id_sizes[] = {0, 1, 2, 4}, content_sizes[] = {0, 2, 4, 8};
	if (s.n < 5)
		return needs(ret, 5);
	uint8_t d = (uint8_t)s.p[4];
	bool is_single = d & 0x20;
	size_t id = id_sizes[d & 3], content = content_sizes[d >> 6];
	if (content == 0 && is_single)
		content = 1;
	size_t at = 5 + !is_single + id;
	h->n = at + content;
	if (s.n < h->n)
		return needs(ret, h->n);
	h->has_dictionary = id > 0;
	h->has_checksum = d & 4;
	h->has_content = content > 0;
	h->n_content = le_read(s.p + at, content < 4 ? content : 4);
	if (content == 2)
		h->n_content += 256;
	if (content == 8)
		h->n_content |= (uint64_t)le_read(s.p + at + 4, 4) << 32;
	return MEMBER_FOUND;
}

/* Walks over the blocks: each says in three bytes how long it is. */
static enum member_end zstd_end(struct str s, struct member *ret)
{
	enum { BLOCK_HEAD = 3, RLE = 1, RESERVED = 3, MAX = COMPRESS_MEMBER_MAX + 65536 };
	struct frame_head h;
	if (s.n < 4)
		return needs(ret, 4);
	if (le_read(s.p, 4) != ZSTD_MAGIC)
		return MEMBER_UNSAID;
	enum member_end head = frame_head(s, &h, ret);
	if (head != MEMBER_FOUND)
		return head;
	if (!h.has_content || h.n_content > COMPRESS_MEMBER_MAX || h.has_dictionary)
		return MEMBER_UNSAID;
	size_t at = h.n;
	for (bool is_last = false; !is_last;) {
		if (s.n < at + BLOCK_HEAD)
			return needs(ret, at + BLOCK_HEAD);
		uint32_t block = le_read(s.p + at, BLOCK_HEAD), type = block >> 1 & 3;
		is_last = block & 1;
		at += BLOCK_HEAD + (type == RLE ? 1 : block >> 3);
		if (type == RESERVED || at > MAX)
			return MEMBER_UNSAID;
	}
	ret->n_compressed = at + (h.has_checksum ? 4 : 0);
	ret->n_content = h.n_content;
	return s.n < ret->n_compressed ? needs(ret, ret->n_compressed) : MEMBER_FOUND;
}

enum member_end compress_member_end(struct str bytes, struct member *ret)
{
	switch (compress_detect(bytes)) {
	case COMPRESS_GZIP: return gzip_end(bytes, ret);
	case COMPRESS_ZSTD: return zstd_end(bytes, ret);
	default: return bytes.n < 4 ? needs(ret, 4) : MEMBER_UNSAID;
	}
}
