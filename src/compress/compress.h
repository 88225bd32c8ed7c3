/* compress -- gzip and zstd.
 *
 * Compressing is by *members*: independent gzip members (or zstd frames) one after the other, which
 * every client reads as one stream and several threads can make or read at once. Our gzip members
 * carry their sizes in a header field (FEXTRA "KN", docs/formats/layer.md), so a reader finds the
 * next one without inflating.
 *
 * Knows:   RFC 1952, RFC 8878 (libdeflate, ISA-L, zstd: measured,
 *          docs/decisions/0001-compression.md).
 * Touches: the bytes given. Never: files, threads of its own.
 * Owner:   the caller frees compressors, decompressors and inflaters. Threads: one object from one
 *          at a time.
 * Errors:  ERR_INPUT (damaged: bad header, checksum, length, truncated, garbage after the last
 *          member), ERR_UNSUPPORTED (zstd dictionary), ERR_LIMIT (more output than allowed, window
 *          over 128 MiB).
 */
#ifndef COMPRESS_COMPRESS_H
#define COMPRESS_COMPRESS_H

#include "base/buf.h"
#include "base/stream.h"

enum compression { COMPRESS_NONE, COMPRESS_GZIP, COMPRESS_ZSTD };

/* By the first bytes (4 are enough); NONE when neither magic is there. */
enum compression compress_detect(struct str first_bytes);
const char *compress_name(enum compression c); /* "none", "gzip", "zstd" */

/* ---- one member at a time ---- */

enum { COMPRESS_MEMBER_MAX = 16 * 1024 * 1024 }; /* bytes of a member's content */

struct compressor;
/* gzip 1-12, zstd 1-22; what is outside becomes the nearest. 0 = our default for that format (the
 * size of gzip -6 + 5 % at most). */
struct compressor *compressor_new(enum compression c, int level);
void compressor_free(struct compressor *c);
CLEANUP_PTR(compressor_free, struct compressor);
/* Appends one member that holds all of in. The bytes depend on in, format, level and the version of
 * the library only. ERR_LIMIT over COMPRESS_MEMBER_MAX. */
int compressor_member(struct compressor *c, struct str in, struct buf *out, struct err *err);

/* Where the member at the start of bytes ends, found without inflating it. */
enum member_end {
	MEMBER_UNSAID, /* it does not say, or is not a member at all: read it with an inflater */
	MEMBER_CUT,    /* n_needed bytes are needed to know more */
	MEMBER_FOUND,
};
struct member {
	size_t n_compressed, n_content;
	size_t n_needed;
};
enum member_end compress_member_end(struct str bytes, struct member *ret);

/* Inflates exactly one whole member into room (n_content bytes). A member that is shorter or longer
 * than it said is ERR_INPUT, so nobody reads other content here than elsewhere. */
struct decompressor;
struct decompressor *decompressor_new(void);
void decompressor_free(struct decompressor *d);
CLEANUP_PTR(decompressor_free, struct decompressor);
int decompressor_member(struct decompressor *d, struct str member, void *room, size_t n_content,
	struct err *err);

/* ---- a stream ---- */

/* Honest layers do not grow like this, and gzip cannot: more than 4 GiB at more than 1100:1. */
enum { COMPRESS_MAX_RATIO = 1100 };
static inline bool compress_is_bomb(uint64_t n_in, uint64_t n_out)
{
	return n_out > UINT64_C(4) << 30 && n_out / COMPRESS_MAX_RATIO > n_in;
}

/* Reads any number of members of either format, or plain bytes, found by their magic. Zero bytes
 * behind the last gzip member are padding; anything else is garbage.
 * max_output = 0: no limit here (the reader counts). A bomb is ERR_LIMIT all the same. */
struct inflater;
/* from may be NULL when the input is pushed. */
struct inflater *inflater_new(struct source *from, uint64_t max_output);
void inflater_free(struct inflater *i);
CLEANUP_PTR(inflater_free, struct inflater);
struct source *inflater_source(struct inflater *i);
/* The other way round: takes what it can off *in and puts up to n bytes into room. *ret_n < n: all
 * of *in was taken; push more. is_last: nothing follows *in; *ret_n = 0 is then the end. */
int inflater_push(struct inflater *i, struct str *in, bool is_last, void *room, size_t n,
	size_t *ret_n, struct err *err);
/* For input that goes on behind members of a format which somebody else has read: what comes is more
 * of them, padding, or garbage. */
void inflater_continue(struct inflater *i, enum compression after);
/* Known after the first read. */
enum compression inflater_found(const struct inflater *i);

#endif
