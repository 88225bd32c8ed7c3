#include "base/utf8.h"

size_t utf8_decode(struct str s, uint32_t *ret_code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	if (!s.n)
		return 0;
	uint8_t first = (uint8_t)s.p[0];
	if (first < 0x80) {
		*ret_code = first;
		return 1;
	}
	size_t n = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
	if (first < 0xc2 || first > 0xf4 || s.n < n)
		return 0;
	uint32_t code = first & (0x7fU >> n);
	for (size_t i = 1; i < n; i++) {
		if (((uint8_t)s.p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | ((uint8_t)s.p[i] & 0x3f);
	}
	if (code < least[n] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*ret_code = code;
	return n;
}

size_t utf8_encode(uint32_t code, char room[4])
{
	if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		code = 0xfffd;
	if (code < 0x80) {
		room[0] = (char)code;
		return 1;
	}
	size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	for (size_t i = n - 1; i > 0; i--, code >>= 6)
		room[i] = (char)(0x80 | (code & 0x3f));
	room[0] = (char)((0xf00U >> n & 0xf0) | code);
	return n;
}

void utf8_add(struct buf *b, uint32_t code)
{
	char room[4];
	buf_add_bytes(b, room, utf8_encode(code, room));
}

ssize_t utf8_invalid_at(struct str s)
{
	size_t at = 0;
	while (at < s.n) {
		uint32_t code;
		size_t n = utf8_decode(str_skip(s, at), &code);
		if (!n)
			return (ssize_t)at;
		at += n;
	}
	return -1;
}

size_t utf8_count(struct str s)
{
	size_t count = 0;
	for (size_t i = 0; i < s.n; i++)
		count += ((uint8_t)s.p[i] & 0xc0) != 0x80;
	return count;
}
