#include "digest/digest.h"

#include "base/err.h"

static const struct {
	const char *name;
	enum digest_algorithm algorithm;
} algorithms[] = {{"sha256", DIGEST_SHA256}, {"sha512", DIGEST_SHA512}};

const char *digest_algorithm_name(enum digest_algorithm a)
{
	for (size_t i = 0; i < ARRAY_LEN(algorithms); i++)
		if (algorithms[i].algorithm == a)
			return algorithms[i].name;
	return "none";
}

static enum digest_algorithm find_algorithm(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(algorithms); i++)
		if (str_is(name, algorithms[i].name))
			return algorithms[i].algorithm;
	return DIGEST_NONE;
}

static bool is_name_ch(char c)
{
	return (c >= 'a' && c <= 'z') || ch_is_digit(c);
}

/* algorithm ::= component (separator component)*, component ::= [a-z0-9]+, separator ::= [+._-] */
static bool is_algorithm(struct str s)
{
	bool in_component = false;
	for (size_t i = 0; i < s.n; i++) {
		bool is_separator = !is_name_ch(s.p[i]);
		if (is_separator && (!in_component || !memchr("+._-", s.p[i], 4)))
			return false;
		in_component = !is_separator;
	}
	return in_component;
}

/* encoded ::= [a-zA-Z0-9=_-]+ */
static bool is_encoded(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ch_is_alnum(s.p[i]) && s.p[i] != '=' && s.p[i] != '_' && s.p[i] != '-')
			return false;
	return s.n > 0;
}

static int refuse(struct str text, struct err *err)
{
	return err_set(err, ERR_INPUT, "expected a digest, got '%.*s'",
		STR_ARG(str_sub(text, 0, DIGEST_TEXT)));
}

static int parse_hex(struct str hex, uint8_t *ret)
{
	for (size_t i = 0; i < hex.n; i++)
		if (hex.p[i] >= 'A' && hex.p[i] <= 'F')
			return -1;
	for (size_t i = 0; i < hex.n / 2; i++) {
		int high = ch_hex(hex.p[2 * i]), low = ch_hex(hex.p[2 * i + 1]);
		if (high < 0 || low < 0)
			return -1;
		ret[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

int digest_parse(struct str text, struct digest *ret, struct err *err)
{
	ssize_t colon = str_chr(text, ':');
	struct str name = str_sub(text, 0, colon < 0 ? 0 : (size_t)colon);
	struct str hex = str_skip(text, name.n + 1);
	if (!is_algorithm(name) || !is_encoded(hex))
		return refuse(text, err);
	struct digest d = {.algorithm = find_algorithm(name)};
	if (digest_is_none(&d))
		return err_set(err, ERR_UNSUPPORTED, "digest algorithm '%.*s' is not supported",
			STR_ARG(str_sub(name, 0, 64)));
	if (hex.n != 2 * digest_n_bytes(d.algorithm) || parse_hex(hex, d.bytes) < 0)
		return refuse(text, err);
	*ret = d;
	return 0;
}

const char *digest_hex(const struct digest *d, char room[DIGEST_HEX], size_t n_hex)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 2 * digest_n_bytes(d->algorithm);
	if (n_hex && n_hex < n)
		n = n_hex;
	for (size_t i = 0; i < n; i++)
		room[i] = digits[i % 2 ? d->bytes[i / 2] & 15 : d->bytes[i / 2] >> 4];
	room[n] = '\0';
	return room;
}

const char *digest_text(const struct digest *d, char room[DIGEST_TEXT])
{
	room[0] = '\0';
	if (digest_is_none(d))
		return room;
	const char *name = digest_algorithm_name(d->algorithm);
	size_t n = strlen(name);
	memcpy(room, name, n);
	room[n] = ':';
	digest_hex(d, room + n + 1, 0);
	return room;
}

int digest_cmp(const struct digest *a, const struct digest *b)
{
	if (a->algorithm != b->algorithm)
		return a->algorithm < b->algorithm ? -1 : 1;
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

bool digest_eq(const struct digest *a, const struct digest *b)
{
	return digest_cmp(a, b) == 0;
}
