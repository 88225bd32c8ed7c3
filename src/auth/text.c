/* Tokens as text: prefix, 34 random characters, 6 of checksum. The checksum tells a typo, or a find
 * of a secret scanner, from a token without asking the database. */
#include "auth/auth_priv.h"

enum { PREFIX = 4, RANDOM = 34, CHECKSUM = 6, WHOLE = PREFIX + RANDOM + CHECKSUM, LETTERS = 62 };

static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* CRC-32 (ISO 3309). */
static uint32_t crc32(struct str s)
{
	uint32_t crc = UINT32_MAX;
	for (size_t i = 0; i < s.n; i++) {
		crc ^= (uint8_t)s.p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
	}
	return ~crc;
}

static void add_checksum(char *text)
{
	uint32_t crc = crc32(str_n(text, PREFIX + RANDOM));
	for (size_t i = WHOLE; i-- > PREFIX + RANDOM; crc /= LETTERS)
		text[i] = letters[crc % LETTERS];
	text[WHOLE] = '\0';
}

int auth_text_make(bool is_job, char ret[AUTH_TOKEN_TEXT], struct err *err)
{
	uint8_t bytes[64];
	size_t n = PREFIX;
	memcpy(ret, is_job ? "knj_" : "knp_", PREFIX);
	while (n < PREFIX + RANDOM) {
		if (auth_random(bytes, sizeof(bytes), err) < 0)
			return -1;
		for (size_t i = 0; i < sizeof(bytes) && n < PREFIX + RANDOM; i++)
			if (bytes[i] < 256 / LETTERS * LETTERS) /* each letter equally often */
				ret[n++] = letters[bytes[i] % LETTERS];
	}
	add_checksum(ret);
	return 0;
}

bool auth_text_is_token(struct str text)
{
	char copy[AUTH_TOKEN_TEXT];
	if (text.n != WHOLE || (!str_starts(text, S("knp_")) && !str_starts(text, S("knj_"))))
		return false;
	memcpy(copy, text.p, WHOLE);
	add_checksum(copy);
	return str_eq(str_n(copy, WHOLE), text);
}
