/* Content as members. */
#include "compress/compress_priv.h"

#include <assert.h>
#include <libdeflate.h>
#include <zstd.h>

/* Measured: docs/decisions/0001-compression.md. */
enum { GZIP_LEVEL = 4, ZSTD_LEVEL = 3 };

struct compressor {
	struct libdeflate_compressor *deflate; /* gzip */
	ZSTD_CCtx *zstd;
};

static int within(int level, int usual, int max)
{
	if (level == 0)
		return usual;
	return level < 1 ? 1 : level > max ? max : level;
}

struct compressor *compressor_new(enum compression format, int level)
{
	struct compressor *c = NEW(struct compressor);
	assert(format != COMPRESS_NONE);
	if (format == COMPRESS_GZIP) {
		c->deflate = libdeflate_alloc_compressor(within(level, GZIP_LEVEL, 12));
	} else {
		c->zstd = ZSTD_createCCtx();
		level = within(level, ZSTD_LEVEL, ZSTD_maxCLevel());
		ZSTD_CCtx_setParameter(c->zstd, ZSTD_c_compressionLevel, level);
		ZSTD_CCtx_setParameter(c->zstd, ZSTD_c_checksumFlag, 1);
	}
	if (!c->deflate && !c->zstd)
		mem_resize(NULL, SIZE_MAX, SIZE_MAX); /* out of memory: ends the process */
	return c;
}

void compressor_free(struct compressor *c)
{
	if (!c)
		return;
	if (c->deflate)
		libdeflate_free_compressor(c->deflate);
	ZSTD_freeCCtx(c->zstd);
	free(c);
}

static int gzip_member(struct compressor *c, struct str in, struct buf *out, struct err *err)
{
	size_t bound = libdeflate_deflate_compress_bound(c->deflate, in.n);
	char *room = buf_room(out, GZIP_HEAD + bound + GZIP_TAIL);
	if (!room)
		return buf_check(out, "compressed member", err);
	size_t n = libdeflate_deflate_compress(c->deflate, in.p, in.n, room + GZIP_HEAD, bound);
	assert(n > 0);
	size_t whole = GZIP_HEAD + n + GZIP_TAIL;
	memcpy(room, GZIP_HEAD_START, GZIP_AT_SIZES);
	le_write(room + GZIP_AT_SIZES, 4, (uint32_t)whole);
	le_write(room + GZIP_AT_SIZES + 4, 4, (uint32_t)in.n);
	le_write(room + GZIP_HEAD + n, 4, libdeflate_crc32(0, in.p, in.n));
	le_write(room + GZIP_HEAD + n + 4, 4, (uint32_t)in.n);
	buf_added(out, whole);
	return 0;
}

static int zstd_member(struct compressor *c, struct str in, struct buf *out, struct err *err)
{
	size_t bound = ZSTD_compressBound(in.n);
	char *room = buf_room(out, bound);
	if (!room)
		return buf_check(out, "compressed member", err);
	size_t n = ZSTD_compress2(c->zstd, room, bound, in.p, in.n);
	if (ZSTD_isError(n))
		return err_set(err, ERR_BUG, "zstd: %s", ZSTD_getErrorName(n));
	buf_added(out, n);
	return 0;
}

int compressor_member(struct compressor *c, struct str in, struct buf *out, struct err *err)
{
	if (in.n > COMPRESS_MEMBER_MAX)
		return err_set(err, ERR_LIMIT, "member of %zu bytes is too long", in.n);
	return c->deflate ? gzip_member(c, in, out, err) : zstd_member(c, in, out, err);
}
