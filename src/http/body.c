/* Framing of a body, byte by byte where it is chunked:
 *
 *	CHUNK_SIZE --LF--> DATA --left 0--> CHUNK_END --CRLF--> CHUNK_SIZE
 *	     \--LF, size 0--> TRAILER --empty line--> DONE
 *
 * A sized body is DATA until nothing is left. */
#include "http/head_priv.h"

struct body http_body_start(uint64_t size)
{
	if (size == UINT64_MAX)
		return (struct body){.state = BODY_CHUNK_SIZE, .is_chunked = true};
	return (struct body){.state = size ? BODY_DATA : BODY_DONE, .left = size};
}

static void begin_line(struct body *b, enum body_state state)
{
	b->state = state;
	b->n_line = 0;
	b->has_cr = b->has_digit = b->is_in_extension = false;
}

static void end_size_line(struct body *b)
{
	if (b->left)
		b->state = BODY_DATA;
	else
		begin_line(b, BODY_TRAILER);
}

static int take_size_char(struct body *b, char c)
{
	int digit = ch_hex(c);
	if (b->has_cr) {
		if (c != '\n' || !b->has_digit)
			return -400;
		end_size_line(b);
	} else if (++b->n_line > CHUNK_LINE_MAX) {
		return -413;
	} else if (c == '\r') {
		b->has_cr = true;
	} else if (b->is_in_extension) {
		return (uint8_t)c < ' ' && c != '\t' ? -400 : 0;
	} else if (c == ';') {
		b->is_in_extension = true;
	} else if (digit < 0) {
		return -400;
	} else {
		b->has_digit = true;
		if (b->left > (INT64_MAX >> 4))
			return -413;
		b->left = b->left << 4 | (uint64_t)digit;
	}
	return 0;
}

static int take_chunk_end_char(struct body *b, char c)
{
	if (c != (b->has_cr ? '\n' : '\r'))
		return -400;
	if (b->has_cr)
		begin_line(b, BODY_CHUNK_SIZE);
	else
		b->has_cr = true;
	return 0;
}

static int take_trailer_char(struct body *b, char c)
{
	if (++b->n_trailer > TRAILER_MAX)
		return -431;
	if (b->has_cr) {
		if (c != '\n')
			return -400;
		bool is_empty = b->n_line == 0;
		begin_line(b, is_empty ? BODY_DONE : BODY_TRAILER);
	} else if (c == '\r') {
		b->has_cr = true;
	} else if ((uint8_t)c < ' ' && c != '\t') {
		return -400;
	} else {
		b->n_line++;
	}
	return 0;
}

static int take_char(struct body *b, char c)
{
	switch (b->state) {
	case BODY_CHUNK_SIZE: return take_size_char(b, c);
	case BODY_CHUNK_END: return take_chunk_end_char(b, c);
	case BODY_TRAILER: return take_trailer_char(b, c);
	case BODY_DATA:
	case BODY_DONE: break;
	}
	return -500;
}

static void take_data(struct body *b, struct str *in, struct str *ret_piece)
{
	*ret_piece = b->left < in->n ? str_sub(*in, 0, (size_t)b->left) : *in;
	*in = str_skip(*in, ret_piece->n);
	b->left -= ret_piece->n;
	if (b->left)
		return;
	if (b->is_chunked)
		begin_line(b, BODY_CHUNK_END);
	else
		b->state = BODY_DONE;
}

int http_body_next(struct body *b, struct str *in, struct str *ret_piece)
{
	while (in->n && b->state != BODY_DONE) {
		if (b->state == BODY_DATA) {
			take_data(b, in, ret_piece);
			return 1;
		}
		int rc = take_char(b, in->p[0]);
		if (rc < 0)
			return rc;
		*in = str_skip(*in, 1);
	}
	return 0;
}
