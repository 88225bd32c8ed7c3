/* compress_priv -- what the files of compress share. */
#ifndef COMPRESS_PRIV_H
#define COMPRESS_PRIV_H

#include "compress/compress.h"

/* Little-endian numbers, as both formats use them. */
static inline uint32_t le_read(const void *p, size_t n)
{
	const uint8_t *bytes = p;
	uint32_t v = 0;
	for (size_t i = n; i-- > 0;)
		v = v << 8 | bytes[i];
	return v;
}
static inline void le_write(void *p, size_t n, uint32_t v)
{
	uint8_t *bytes = p;
	for (size_t i = 0; i < n; i++, v >>= 8)
		bytes[i] = (uint8_t)v;
}

/* The start of our gzip members: ID CM FLG(FEXTRA) MTIME XFL OS(unknown) XLEN, then the one
 * subfield "KN" of 8 bytes: size of the whole member, size of its content. */
enum { GZIP_HEAD = 24, GZIP_AT_SIZES = 16, GZIP_TAIL = 8 };
#define GZIP_HEAD_START "\x1f\x8b\x08\x04\0\0\0\0\0\xff\x0c\0KN\x08"

/* A gzip header of any shape, read byte by byte. */
struct gzip_header {
	uint8_t part; /* enum in gzip.c */
	uint8_t flags;
	uint32_t left; /* bytes of a part of known length */
	uint32_t total;
};
/* Takes header bytes off *in: 1 = the header is over, 0 = more is needed. */
int gzip_header_read(struct gzip_header *h, struct str *in, struct err *err);

/* One step of a stream: input and room left. */
struct flow {
	struct str in;
	char *room;
	size_t n_room;
};
static inline void flow_moved(struct flow *f, size_t n_in, size_t n_out)
{
	f->in = str_skip(f->in, n_in);
	f->room = n_out ? f->room + n_out : f->room; /* it may be NULL when there is none */
	f->n_room -= n_out;
}
/* gzip bodies and trailers. */
struct gzip_body;
struct gzip_body *gzip_body_new(void);
void gzip_body_free(struct gzip_body *g);
void gzip_body_start(struct gzip_body *g);
/* 1 = the member is over, 0 = more input or room is needed. */
int gzip_body_read(struct gzip_body *g, struct flow *f, struct err *err);

/* zstd frames, one after the other. */
struct zstd_frames;
struct zstd_frames *zstd_frames_new(void);
void zstd_frames_free(struct zstd_frames *z);
/* 1 = at the end of a frame, 0 = more input or room is needed. */
int zstd_frames_read(struct zstd_frames *z, struct flow *f, struct err *err);
int zstd_fail(size_t code, struct err *err);

#endif
