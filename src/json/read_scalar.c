#include "json/json_priv.h"

#include "base/utf8.h"

#include <math.h>

enum { NUMBER_MAX = 1024 }; /* characters in one number */

/* What is between the quotes. */
struct span {
	struct str raw;
	bool has_escape;
	bool is_ascii;
};

static int find_span(struct reader *r, struct span *ret)
{
	const char *start = r->p + 1;
	uint8_t all = 0;
	for (const char *p = start; p < r->end; p++) {
		if (*p == '"') {
			ret->raw = str_n(start, (size_t)(p - start));
			ret->is_ascii = all < 0x80;
			return 0;
		}
		if ((uint8_t)*p < 0x20)
			return json_fail(r, p, ERR_INPUT, "control character 0x%02x in a string",
				(unsigned)(uint8_t)*p);
		all |= (uint8_t)*p;
		if (*p == '\\') {
			ret->has_escape = true;
			p++;
		}
	}
	return json_fail(r, r->p, ERR_INPUT, "string is not closed");
}

/* The four digits behind "\u". */
static int read_hex4(struct str s, uint32_t *ret)
{
	uint32_t v = 0;
	if (s.n < 4)
		return -1;
	for (size_t i = 0; i < 4; i++) {
		int digit = ch_hex(s.p[i]);
		if (digit < 0)
			return -1;
		v = v << 4 | (uint32_t)digit;
	}
	*ret = v;
	return 0;
}

/* left starts behind "\u". Two surrogates make one character, a lone one U+FFFD as in Go. */
static int read_unicode(struct str left, uint32_t *ret_code, size_t *ret_n)
{
	uint32_t high, low;
	if (read_hex4(left, &high) < 0)
		return -1;
	*ret_code = high;
	*ret_n = 4;
	if (high < 0xd800 || high > 0xdfff)
		return 0;
	*ret_code = 0xfffd;
	if (high <= 0xdbff && str_starts(str_skip(left, 4), S("\\u")) &&
		read_hex4(str_skip(left, 6), &low) == 0 && low >= 0xdc00 && low <= 0xdfff) {
		*ret_code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
		*ret_n = 10;
	}
	return 0;
}

/* *left starts at a backslash. Writes one character to *out and moves both on. */
static int read_escape(struct reader *r, struct str *left, char **out)
{
	static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	const char *letter = memchr(letters, left->p[1], sizeof(letters) - 1);
	if (letter) {
		*(*out)++ = meant[letter - letters];
		*left = str_skip(*left, 2);
		return 0;
	}
	uint32_t code;
	size_t n;
	if (left->p[1] != 'u')
		return json_fail(r, left->p, ERR_INPUT, "unknown escape in a string");
	if (read_unicode(str_skip(*left, 2), &code, &n) < 0)
		return json_fail(r, left->p, ERR_INPUT, "expected four hex digits behind '\\u'");
	*out += utf8_encode(code, *out);
	*left = str_skip(*left, 2 + n);
	return 0;
}

static int unescape(struct reader *r, struct str raw, struct str *ret)
{
	char *start = arena_alloc(r->arena, raw.n + 1, 1); /* escapes only get shorter */
	char *out = start;
	while (raw.n) {
		ssize_t backslash = str_chr(raw, '\\');
		size_t plain = backslash < 0 ? raw.n : (size_t)backslash;
		memcpy(out, raw.p, plain);
		out += plain;
		raw = str_skip(raw, plain);
		if (raw.n && read_escape(r, &raw, &out) < 0)
			return -1;
	}
	*ret = str_n(start, (size_t)(out - start));
	return 0;
}

int json_read_string(struct reader *r, struct str *ret)
{
	struct span span = {.raw = STR_NONE};
	if (find_span(r, &span) < 0)
		return -1;
	ssize_t invalid_at = span.is_ascii ? -1 : utf8_invalid_at(span.raw);
	if (invalid_at >= 0)
		return json_fail(r, span.raw.p + invalid_at, ERR_INPUT,
			"invalid UTF-8 in a string");
	r->p = span.raw.p + span.raw.n + 1;
	if (span.has_escape)
		return unescape(r, span.raw, ret);
	*ret = arena_str(r->arena, span.raw);
	return 0;
}

static size_t count_digits(const char *p, const char *end)
{
	const char *start = p;
	while (p < end && ch_is_digit(*p))
		p++;
	return (size_t)(p - start);
}

/* Moves r->p over one number as the grammar has it. */
static int skip_number(struct reader *r, bool *ret_is_whole)
{
	if (*r->p == '-')
		r->p++;
	size_t n = count_digits(r->p, r->end);
	if (!n)
		return json_fail_expected(r, "a digit");
	if (n > 1 && *r->p == '0')
		return json_fail(r, r->p, ERR_INPUT, "number with a leading zero");
	r->p += n;
	*ret_is_whole = true;
	if (r->p < r->end && *r->p == '.') {
		*ret_is_whole = false;
		r->p++;
		r->p += n = count_digits(r->p, r->end);
		if (!n)
			return json_fail_expected(r, "a digit");
	}
	if (r->p < r->end && (*r->p == 'e' || *r->p == 'E')) {
		*ret_is_whole = false;
		r->p++;
		if (r->p < r->end && (*r->p == '+' || *r->p == '-'))
			r->p++;
		r->p += n = count_digits(r->p, r->end);
		if (!n)
			return json_fail_expected(r, "a digit");
	}
	return 0;
}

/* The process runs in the "C" locale, so strtod reads a point. */
static int read_real(struct reader *r, struct str text, struct json *ret)
{
	char room[NUMBER_MAX + 1];
	if (text.n > NUMBER_MAX)
		return json_fail(r, text.p, ERR_LIMIT, "number has more than %d characters",
			NUMBER_MAX);
	memcpy(room, text.p, text.n);
	room[text.n] = '\0';
	ret->kind = JSON_REAL;
	ret->real = strtod(room, NULL);
	if (isinf(ret->real))
		return json_fail(r, text.p, ERR_LIMIT, "number '%.40s' is too large", room);
	return 0;
}

/* False when it does not fit. "-0" does not: only a double can hold it. */
static bool read_int(struct str text, struct json *ret)
{
	bool is_negative = text.p[0] == '-';
	uint64_t v = 0;
	for (size_t i = is_negative; i < text.n; i++)
		if (__builtin_mul_overflow(v, 10, &v) ||
			__builtin_add_overflow(v, (uint64_t)(text.p[i] - '0'), &v))
			return false;
	if (v > (uint64_t)INT64_MAX + is_negative || (is_negative && !v))
		return false;
	ret->kind = JSON_INT;
	ret->number = is_negative ? (int64_t)(0 - v) : (int64_t)v;
	ret->real = (double)ret->number;
	return true;
}

int json_read_number(struct reader *r, struct json *ret)
{
	const char *start = r->p;
	bool is_whole;
	if (skip_number(r, &is_whole) < 0)
		return -1;
	struct str text = str_n(start, (size_t)(r->p - start));
	if (is_whole && read_int(text, ret)) {
		if (r->limits->is_real_only) {
			ret->kind = JSON_REAL;
			ret->number = 0;
		}
		return 0;
	}
	return read_real(r, text, ret);
}
