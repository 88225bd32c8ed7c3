#include "base/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

static char letter(unsigned v, const char *last_two)
{
	return v < 62 ? alphabet[v] : last_two[v - 62];
}

static void encode(struct buf *b, struct str bytes, const char *last_two, bool is_padded)
{
	for (size_t i = 0; i < bytes.n; i += 3) {
		size_t n = bytes.n - i < 3 ? bytes.n - i : 3;
		uint8_t in[3] = {0};
		memcpy(in, bytes.p + i, n);
		unsigned bits = (unsigned)in[0] << 16 | (unsigned)in[1] << 8 | in[2];
		for (size_t k = 0; k <= n; k++)
			buf_add_ch(b, letter(bits >> (18 - 6 * k) & 63, last_two));
		for (size_t k = n; is_padded && k < 3; k++)
			buf_add_ch(b, '=');
	}
}

void base64_add(struct buf *b, struct str bytes)
{
	encode(b, bytes, "+/", true);
}

void base64_url_add(struct buf *b, struct str bytes)
{
	encode(b, bytes, "-_", false);
}

static int value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (ch_is_digit(c))
		return c - '0' + 52;
	return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

int base64_decode(struct str text, struct buf *ret, struct err *err)
{
	struct str s = text;
	while (s.n && s.p[s.n - 1] == '=' && text.n - s.n < 2)
		s.n--;
	if (s.n % 4 == 1 || (s.n < text.n && text.n % 4 != 0))
		return err_set(err, ERR_INPUT, "expected base64, got %zu characters", text.n);
	unsigned bits = 0, n_bits = 0;
	for (size_t i = 0; i < s.n; i++) {
		int v = value(s.p[i]);
		if (v < 0)
			return err_set(err, ERR_INPUT, "expected base64, got byte 0x%02x",
				(unsigned)(uint8_t)s.p[i]);
		bits = bits << 6 | (unsigned)v;
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			buf_add_ch(ret, (char)(bits >> n_bits));
			bits &= (1U << n_bits) - 1;
		}
	}
	return buf_check(ret, "base64 value", err);
}
