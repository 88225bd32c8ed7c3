/* archive -- tar headers put together by hand, right and wrong ones. */
#ifndef UNIT_TAR_ARCHIVE_H
#define UNIT_TAR_ARCHIVE_H

#include "base/buf.h"

#include <stdint.h>

/* A header as GNU, POSIX or neither would write it. */
struct raw {
	const char *name;
	const char *prefix;
	const char *link;
	char type;
	uint64_t size;
	const char *magic;                                    /* 8 bytes; NULL = "ustar\0" "00" */
	const char *mode, *uid, *gid, *mtime, *major, *minor; /* as text; NULL = "0" */
	const char *size_text;                                /* instead of size */
	bool is_sum_wrong;
};

static inline void raw_sum(char *block)
{
	unsigned sum = 0;
	memset(block + 148, ' ', 8);
	for (size_t i = 0; i < 512; i++)
		sum += (uint8_t)block[i];
	snprintf(block + 148, 8, "%06o", sum);
}

static inline void raw_text(char *block, size_t at, size_t n, const char *text)
{
	size_t len = text ? strlen(text) : 0;
	if (len)
		memcpy(block + at, text, len < n ? len : n);
}

static inline void raw_block(char *block, const struct raw *r)
{
	char size[32];
	snprintf(size, sizeof(size), "%011llo", (unsigned long long)r->size);
	memset(block, 0, 512);
	raw_text(block, 0, 100, r->name);
	raw_text(block, 100, 8, r->mode ? r->mode : "0000644");
	raw_text(block, 108, 8, r->uid ? r->uid : "0");
	raw_text(block, 116, 8, r->gid ? r->gid : "0");
	raw_text(block, 124, 12, r->size_text ? r->size_text : size);
	raw_text(block, 136, 12, r->mtime ? r->mtime : "0");
	block[156] = r->type;
	raw_text(block, 157, 100, r->link);
	memcpy(block + 257,
		r->magic ? r->magic
			 : "ustar\0"
			   "00",
		8);
	raw_text(block, 329, 8, r->major);
	raw_text(block, 337, 8, r->minor);
	raw_text(block, 345, 155, r->prefix);
	raw_sum(block);
	if (r->is_sum_wrong)
		block[148] ^= 1;
}

static inline void raw_header(struct buf *b, struct raw r)
{
	char block[512];
	raw_block(block, &r);
	buf_add_bytes(b, block, sizeof(block));
}

static inline void raw_content(struct buf *b, struct str s)
{
	static const char zeros[512];
	buf_add(b, s);
	buf_add_bytes(b, zeros, (size_t)(-s.n & 511));
}

/* A header with its content. */
static inline void raw_entry(struct buf *b, struct raw r, struct str content)
{
	r.size = content.n;
	raw_header(b, r);
	raw_content(b, content);
}

static inline void raw_pax(struct buf *b, const char *key, struct str value)
{
	/* Three digits of length do for every test. */
	buf_fmt(b, "%03zu %s=", 4 + strlen(key) + 1 + value.n + 1, key);
	buf_add(b, value);
	buf_add_ch(b, '\n');
}

static inline void raw_end(struct buf *b)
{
	static const char zeros[1024];
	buf_add_bytes(b, zeros, sizeof(zeros));
}

#endif
