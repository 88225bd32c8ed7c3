/* zstd frames as a stream (RFC 8878). */
#include "compress/compress_priv.h"

#include <zstd.h>
#include <zstd_errors.h>

enum { WINDOW_LOG_MAX = 27 }; /* 128 MiB, what zstd itself allows by default */

struct zstd_frames {
	ZSTD_DCtx *d;
};

struct zstd_frames *zstd_frames_new(void)
{
	struct zstd_frames *z = NEW(struct zstd_frames);
	z->d = ZSTD_createDCtx();
	if (!z->d)
		mem_resize(NULL, SIZE_MAX, SIZE_MAX); /* out of memory: ends the process */
	ZSTD_DCtx_setParameter(z->d, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
	return z;
}

void zstd_frames_free(struct zstd_frames *z)
{
	if (!z)
		return;
	ZSTD_freeDCtx(z->d);
	free(z);
}

int zstd_fail(size_t code, struct err *err)
{
	switch (ZSTD_getErrorCode(code)) {
	case ZSTD_error_frameParameter_windowTooLarge:
		return err_set(err, ERR_LIMIT, "zstd window of more than %d MiB",
			1 << (WINDOW_LOG_MAX - 20));
	case ZSTD_error_dictionary_wrong:
		return err_set(err, ERR_UNSUPPORTED, "zstd data that needs a dictionary");
	case ZSTD_error_checksum_wrong:
		return err_set(err, ERR_INPUT, "zstd data does not match its checksum");
	default: return err_set(err, ERR_INPUT, "damaged zstd data: %s", ZSTD_getErrorName(code));
	}
}

int zstd_frames_read(struct zstd_frames *z, struct flow *f, struct err *err)
{
	ZSTD_inBuffer in = {f->in.p, f->in.n, 0};
	ZSTD_outBuffer out = {f->room, f->n_room, 0};
	size_t r = ZSTD_decompressStream(z->d, &out, &in);
	if (ZSTD_isError(r))
		return zstd_fail(r, err);
	flow_moved(f, in.pos, out.pos);
	return r == 0;
}
