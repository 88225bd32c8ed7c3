/* compress -- gzip and zstd.
 *
 * Compressing is by *members*: independent gzip members (or zstd frames) one after the other, which
 * every client reads as one stream and several threads can make or read at once. Our gzip members
 * carry their compressed size in a header field (FEXTRA "KN"), so a reader finds the next one
 * without inflating.
 *
 * Knows:   RFC 1952, RFC 8878 (zlib, libdeflate, ISA-L, zstd: measured, see docs/decisions).
 *          Touches: the bytes given. Never: files, threads of its own.
 * Owner:   the caller frees members and decoders. Threads: one object from one at a time.
 * Errors:  ERR_INPUT (damaged: bad header, CRC, length, truncated, garbage after the last member),
 *          ERR_LIMIT (more output than allowed, window over 128 MiB).
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

struct compressor;
/* level 0 = our default for that format (the size of gzip -6 + 5 % at most). */
struct compressor *compressor_new(enum compression c, int level);
void compressor_free(struct compressor *c);
CLEANUP_PTR(compressor_free, struct compressor);
/* Appends one member that holds all of in. The bytes depend on in, format and level only. */
int compressor_member(struct compressor *c, struct str in, struct buf *out, struct err *err);

/* Looks at the start of a member: its whole compressed size when the member says it (ours do) and
 * its content size, else 0. `bytes` needs COMPRESS_PEEK bytes or all there are. */
enum { COMPRESS_PEEK = 64 };
bool compress_member_size(struct str bytes, uint64_t *ret_compressed, uint64_t *ret_content);
/* Inflates exactly one whole member into room (content_size bytes). */
struct decompressor;
struct decompressor *decompressor_new(enum compression c);
void decompressor_free(struct decompressor *d);
CLEANUP_PTR(decompressor_free, struct decompressor);
int decompressor_member(struct decompressor *d, struct str member, void *room, size_t content_size,
	struct err *err);

/* ---- a stream ---- */

/* Reads any number of members of either format, or plain bytes, found by their magic.
 * max_output = 0: no limit here (the reader counts). Also ERR_LIMIT for a stream that inflates more
 * than 1100:1 over more than 64 MiB. */
struct inflater;
struct inflater *inflater_new(struct source *from, uint64_t max_output);
void inflater_free(struct inflater *i);
CLEANUP_PTR(inflater_free, struct inflater);
struct source *inflater_source(struct inflater *i);
/* Known after the first read. */
enum compression inflater_found(const struct inflater *i);

#endif
