#include "dockerfile/dockerfile_priv.h"

#include "base/utf8.h"

static bool is_wide_space(uint32_t code)
{
	return code == 0x85 || code == 0xa0 || code == 0x1680 ||
		(code >= 0x2000 && code <= 0x200a) || code == 0x2028 || code == 0x2029 ||
		code == 0x202f || code == 0x205f || code == 0x3000;
}

size_t text_space(struct str s)
{
	if (!s.n)
		return 0;
	if (!(s.p[0] & 0x80))
		return ch_is_space(s.p[0]);
	uint32_t code;
	size_t n = utf8_decode(s, &code);
	return n && is_wide_space(code) ? n : 0;
}

size_t text_char(struct str s)
{
	uint32_t code;
	size_t n = utf8_decode(s, &code);
	return n ? n : 1;
}

struct str text_trim_left(struct str s)
{
	size_t n;
	while ((n = text_space(s)))
		s = str_skip(s, n);
	return s;
}

/* Bytes of the white space character s ends with, or 0. */
static size_t space_at_end(struct str s)
{
	for (size_t n = 1; n <= 3 && n <= s.n; n++)
		if (text_space(str_skip(s, s.n - n)) == n)
			return n;
	return 0;
}

struct str text_trim(struct str s)
{
	size_t n;
	s = text_trim_left(s);
	while ((n = space_at_end(s)))
		s.n -= n;
	return s;
}

bool text_word(struct str *rest, struct str *ret_word)
{
	size_t n = 0;
	while (n < rest->n && text_is_gap(rest->p[n]))
		n++;
	*rest = str_skip(*rest, n);
	if (!rest->n)
		return false;
	for (n = 0; n < rest->n && !text_is_gap(rest->p[n]); n++)
		;
	*ret_word = str_sub(*rest, 0, n);
	*rest = str_skip(*rest, n);
	return true;
}

const char *text_quoted(struct arena *a, struct str s)
{
	CLEANUP(buf_done) struct buf b = BUF(512);
	buf_add_ch(&b, '"');
	for (size_t i = 0; i < s.n && b.n < 500; i++) {
		char c = s.p[i];
		if (c == '"' || c == '\\')
			buf_fmt(&b, "\\%c", c);
		else if (c == '\n' || c == '\t' || c == '\r')
			buf_fmt(&b, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
		else
			buf_add_ch(&b, c);
	}
	buf_add_ch(&b, '"');
	return arena_cstr(a, buf_str(&b));
}
