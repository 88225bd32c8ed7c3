/* http/head_priv -- HTTP/1.1 as bytes: request heads and the framing of bodies (RFC 9112).
 *
 * Pure parsing, as strict as the RFC allows a server to be: what two parsers could read in two ways
 * is refused, because the other parser may be a proxy in front of us (request smuggling).
 *
 * Refused with 400: Content-Length together with Transfer-Encoding, either of them twice, a sign or
 * a list in Content-Length, white space before a colon, folded lines, control characters, a line
 * that ends without CR, no Host or two of them. With 501: codings other than "chunked".
 */
#ifndef HTTP_HEAD_PRIV_H
#define HTTP_HEAD_PRIV_H

#include "http/server.h"

enum {
	HEAD_LINE_MAX = 8 * 1024,
	HEAD_MAX = 64 * 1024,
	HEAD_FIELDS_MAX = 100,
	CHUNK_LINE_MAX = 4 * 1024,
	TRAILER_MAX = 16 * 1024,
};

struct head_field {
	struct str name, value;
};

struct head {
	enum http_method method;
	struct str method_name, path, query;
	int minor; /* HTTP/1.minor */
	struct str host;
	uint64_t size; /* of the body; UINT64_MAX = chunked */
	bool closes;   /* the client does not keep the connection */
	bool expects_continue;
	size_t n_fields;
	struct head_field fields[HEAD_FIELDS_MAX];
};

/* Length of the head at the start of `in`, its empty line included; 0 = not all there yet.
 * *scanned (0 at first) remembers how far it looked. */
size_t http_head_length(struct str in, size_t *scanned);
/* `in` is one whole head. 0, or the status to refuse it with. Texts point into `in`. */
int http_head_parse(struct str in, struct head *ret);
/* p NULL = absent; name in any case. */
struct str http_head_find(const struct head *h, struct str name);

/* The framing of one body. */
enum body_state { BODY_DATA, BODY_CHUNK_SIZE, BODY_CHUNK_END, BODY_TRAILER, BODY_DONE };
struct body {
	enum body_state state;
	bool is_chunked;
	uint64_t left;    /* bytes of the body or of the chunk */
	size_t n_line;    /* of the chunk-size or trailer line so far */
	size_t n_trailer; /* bytes of trailers so far */
	bool has_digit;   /* the chunk size has one */
	bool has_cr;      /* the last byte was CR: only LF may follow */
	bool is_in_extension;
};
struct body http_body_start(uint64_t size);
/* Takes bytes off *in: 1 = *ret_piece is the next piece of the body, 0 = needs more input, or the
 * body is complete (state BODY_DONE); < 0 = minus the status to refuse it with. */
int http_body_next(struct body *b, struct str *in, struct str *ret_piece);

#endif
