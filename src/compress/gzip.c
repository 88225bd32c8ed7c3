/* gzip members as a stream (RFC 1952): headers by ourselves, because members follow each other and
 * headers may be cut anywhere; bodies and trailers by ISA-L. */
#include "compress/compress_priv.h"

#include <isa-l/igzip_lib.h>

enum { FLAG_HCRC = 2, FLAG_EXTRA = 4, FLAG_NAME = 8, FLAG_COMMENT = 16, FLAGS_RESERVED = 0xe0 };
enum { HEADER_MAX = 256 * 1024 };

/* In the order they come; those whose flag is not set are skipped. */
enum {
	PART_ID1,
	PART_ID2,
	PART_METHOD,
	PART_FLAGS,
	PART_FIXED,
	PART_EXTRA_LOW,
	PART_EXTRA_HIGH,
	PART_EXTRA,
	PART_NAME,
	PART_COMMENT,
	PART_HCRC,
	PART_END
};

static bool has_part(const struct gzip_header *h)
{
	switch (h->part) {
	case PART_EXTRA_LOW:
	case PART_EXTRA_HIGH: return h->flags & FLAG_EXTRA;
	case PART_EXTRA: return h->flags & FLAG_EXTRA && h->left;
	case PART_NAME: return h->flags & FLAG_NAME;
	case PART_COMMENT: return h->flags & FLAG_COMMENT;
	case PART_HCRC: return h->flags & FLAG_HCRC;
	default: return true;
	}
}

static void next_part(struct gzip_header *h)
{
	do
		h->part++;
	while (!has_part(h));
	if (h->part == PART_FIXED)
		h->left = 6; /* MTIME XFL OS */
	if (h->part == PART_HCRC)
		h->left = 2;
}

/* Takes one byte: true when its part is over. */
static bool take_byte(struct gzip_header *h, uint8_t c, bool *is_wrong)
{
	switch (h->part) {
	case PART_ID1: *is_wrong = c != 0x1f; return true;
	case PART_ID2: *is_wrong = c != 0x8b; return true;
	case PART_METHOD: *is_wrong = c != 8; return true;
	case PART_FLAGS:
		h->flags = c;
		*is_wrong = c & FLAGS_RESERVED;
		return true;
	case PART_EXTRA_LOW: h->left = c; return true;
	case PART_EXTRA_HIGH: h->left |= (uint32_t)c << 8; return true;
	case PART_NAME:
	case PART_COMMENT: return c == 0;
	default: return --h->left == 0;
	}
}

int gzip_header_read(struct gzip_header *h, struct str *in, struct err *err)
{
	bool is_wrong = false;
	while (in->n && h->part != PART_END) {
		if (take_byte(h, (uint8_t)in->p[0], &is_wrong))
			next_part(h);
		if (is_wrong)
			return err_set(err, ERR_INPUT, "damaged gzip header");
		if (++h->total > HEADER_MAX)
			return err_set(err, ERR_LIMIT, "gzip header of more than %d bytes",
				HEADER_MAX);
		*in = str_skip(*in, 1);
	}
	return h->part == PART_END;
}

struct gzip_body {
	struct inflate_state state;
};

struct gzip_body *gzip_body_new(void)
{
	return NEW(struct gzip_body);
}

void gzip_body_free(struct gzip_body *g)
{
	free(g);
}

void gzip_body_start(struct gzip_body *g)
{
	isal_inflate_init(&g->state);
	g->state.crc_flag = ISAL_GZIP_NO_HDR_VER;
}

static uint32_t at_most_1g(size_t n)
{
	return n > 1 << 30 ? 1 << 30 : (uint32_t)n;
}

int gzip_body_read(struct gzip_body *g, struct flow *f, struct err *err)
{
	struct inflate_state *s = &g->state;
	union {
		const char *from;
		uint8_t *to; /* ISA-L's type; it does not write there */
	} in = {f->in.p};
	uint32_t n_in = at_most_1g(f->in.n), n_out = at_most_1g(f->n_room);
	s->next_in = in.to;
	s->avail_in = n_in;
	s->next_out = (uint8_t *)f->room;
	s->avail_out = n_out;
	int r = isal_inflate(s);
	if (r == ISAL_INCORRECT_CHECKSUM)
		return err_set(err, ERR_INPUT, "gzip data does not match its checksum");
	if (r < 0)
		return err_set(err, ERR_INPUT, "damaged gzip data");
	flow_moved(f, n_in - s->avail_in, n_out - s->avail_out);
	return s->block_state == ISAL_BLOCK_FINISH;
}
