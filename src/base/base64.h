/* base64 -- RFC 4648 sections 4 (with padding) and 5 (URL-safe, without). */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/buf.h"

void base64_add(struct buf *b, struct str bytes);
void base64_url_add(struct buf *b, struct str bytes);
/* Decodes either alphabet, padding optional; ERR_INPUT on anything else, white space included. */
int base64_decode(struct str text, struct buf *ret, struct err *err);

#endif
