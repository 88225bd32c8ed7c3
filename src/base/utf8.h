/* utf8 -- checking and stepping through UTF-8 (RFC 3629: no surrogates, no overlong forms). */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/buf.h"

/* Bytes of the character at the start of s (1-4) and its code point; 0 when s is empty or its
 * first bytes are no valid character. */
size_t utf8_decode(struct str s, uint32_t *ret_code);
/* Writes 1-4 bytes; code points that are no characters become U+FFFD. */
size_t utf8_encode(uint32_t code, char room[4]);
void utf8_add(struct buf *b, uint32_t code);
/* Position of the first byte that is not valid, or -1. */
ssize_t utf8_invalid_at(struct str s);
/* Code points in valid text. */
size_t utf8_count(struct str s);

#endif
