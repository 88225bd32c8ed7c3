/* Members as content. The same code as for streams: a damaged member is damaged to both. (libdeflate
 * is as fast, but takes codes that zlib and Go refuse.) */
#include "compress/compress_priv.h"

#include <zstd.h>

struct decompressor {
	struct gzip_body *gzip; /* each made when first needed */
	ZSTD_DCtx *zstd;
};

struct decompressor *decompressor_new(void)
{
	return NEW(struct decompressor);
}

void decompressor_free(struct decompressor *d)
{
	if (!d)
		return;
	gzip_body_free(d->gzip);
	ZSTD_freeDCtx(d->zstd);
	free(d);
}

static int gunzip_member(struct decompressor *d, struct str in, void *room, size_t n,
	struct err *err)
{
	struct gzip_header header = {0};
	struct flow f = {in, room, n};
	int r = gzip_header_read(&header, &f.in, err);
	if (r > 0) {
		if (!d->gzip)
			d->gzip = gzip_body_new();
		gzip_body_start(d->gzip);
		r = gzip_body_read(d->gzip, &f, err);
	}
	if (r < 0)
		return -1;
	if (r == 0 || f.in.n || f.n_room)
		return err_set(err, ERR_INPUT, "gzip member has other sizes than its header says");
	return 0;
}

static int unzstd_member(struct decompressor *d, struct str in, void *room, size_t n,
	struct err *err)
{
	if (!d->zstd)
		d->zstd = ZSTD_createDCtx();
	if (!d->zstd)
		mem_resize(NULL, SIZE_MAX, SIZE_MAX); /* out of memory: ends the process */
	size_t n_frame = ZSTD_findFrameCompressedSize(in.p, in.n);
	if (!ZSTD_isError(n_frame) && n_frame != in.n)
		return err_set(err, ERR_INPUT, "zstd frame has another size than its blocks say");
	size_t n_made = ZSTD_decompressDCtx(d->zstd, room, n, in.p, in.n);
	if (ZSTD_isError(n_made))
		return zstd_fail(n_made, err);
	if (n_made != n)
		return err_set(err, ERR_INPUT, "zstd frame has another size than its header says");
	return 0;
}

int decompressor_member(struct decompressor *d, struct str member, void *room, size_t n_content,
	struct err *err)
{
	switch (compress_detect(member)) {
	case COMPRESS_GZIP: return gunzip_member(d, member, room, n_content, err);
	case COMPRESS_ZSTD: return unzstd_member(d, member, room, n_content, err);
	default: return err_set(err, ERR_INPUT, "not a gzip member and not a zstd frame");
	}
}
