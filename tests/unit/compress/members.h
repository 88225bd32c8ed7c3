/* members -- compressed bytes to read back, right and wrong ones. */
#ifndef UNIT_COMPRESS_MEMBERS_H
#define UNIT_COMPRESS_MEMBERS_H

#include "compress/compress.h"

#include <stdint.h>

/* Text-like bytes that depend on seed only. */
static inline void make_content(struct buf *b, size_t n, uint32_t seed)
{
	static const char *const words[] = {
		"layer", "tree", "blob ", "\n", "import os", "0x", "    "};
	while (b->n < n) {
		seed = seed * 1664525 + 1013904223;
		buf_add_cstr(b, words[(seed >> 24) % 7]);
		if ((seed >> 8) % 5 == 0)
			buf_fmt(b, "%x", seed);
	}
	buf_cut(b, n);
}

/* One of our members; level 0. */
static inline void add_member(struct buf *b, enum compression format, struct str content)
{
	struct err err = {0};
	CLEANUP(compressor_free) struct compressor *c = compressor_new(format, 0);
	OK(compressor_member(c, content, b, &err));
}

/* The same content as other programs would head it: flags and what they stand for. */
static inline void add_foreign_gzip(struct buf *b, struct str content, uint8_t flags,
	struct str fields)
{
	CLEANUP(buf_done) struct buf ours = BUF(64 << 20);
	add_member(&ours, COMPRESS_GZIP, content);
	buf_add(b, S("\x1f\x8b\x08"));
	buf_add_ch(b, (char)flags);
	buf_add(b, S("\1\2\3\4\0\3"));
	buf_add(b, fields);
	buf_add(b, str_skip(buf_str(&ours), 24));
}

#endif
