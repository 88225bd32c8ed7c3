#include "expr_priv.h"

#include "base/utf8.h"

#include <math.h>

/* White space beyond ASCII, as Unicode's Zs, Zl, Zp and NEL. */
static bool is_wide_space(uint32_t c)
{
	return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
		c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

size_t space_at(struct str s)
{
	uint32_t code;
	if (s.n == 0)
		return 0;
	if ((unsigned char)s.p[0] < 0x80)
		return ch_is_space(s.p[0]) ? 1 : 0;
	size_t n = utf8_decode(s, &code);
	return n && is_wide_space(code) ? n : 0;
}

static size_t space_before_end(struct str s)
{
	for (size_t n = 1; n <= 3 && n <= s.n; n++)
		if (space_at(str_skip(s, s.n - n)) == n)
			return n;
	return 0;
}

struct str space_trim(struct str s)
{
	size_t n;
	while ((n = space_at(s)) > 0)
		s = str_skip(s, n);
	while ((n = space_before_end(s)) > 0)
		s.n -= n;
	return s;
}

static size_t digits_at(struct str s, size_t at)
{
	size_t n = 0;
	while (at + n < s.n && ch_is_digit(s.p[at + n]))
		n++;
	return n;
}

/* [+-] digits [. digits] [e [+-] digits], at least one digit before the exponent. */
static bool is_decimal(struct str s)
{
	size_t at = s.n && (s.p[0] == '-' || s.p[0] == '+') ? 1 : 0;
	size_t n_digits = digits_at(s, at);
	at += n_digits;
	if (at < s.n && s.p[at] == '.') {
		size_t n = digits_at(s, ++at);
		n_digits += n;
		at += n;
	}
	if (n_digits == 0)
		return false;
	if (at < s.n && ch_lower(s.p[at]) == 'e') {
		at++;
		if (at < s.n && (s.p[at] == '-' || s.p[at] == '+'))
			at++;
		size_t n = digits_at(s, at);
		if (n == 0)
			return false;
		at += n;
	}
	return at == s.n;
}

static double decimal(struct str s)
{
	char room[64];
	if (s.n < sizeof(room)) {
		memcpy(room, s.p, s.n);
		room[s.n] = '\0';
		return strtod(room, NULL);
	}
	CLEANUP(mem_free) char *copy = mem_new(s.n + 1, 1);
	memcpy(copy, s.p, s.n);
	return strtod(copy, NULL);
}

/* Digits of a 32-bit number; like GitHub's, 0xFFFFFFFF is -1 and nothing longer is a number. */
static double prefixed(struct str digits, unsigned base)
{
	uint64_t v = 0;
	for (size_t i = 0; i < digits.n; i++) {
		int d = ch_hex(digits.p[i]);
		if (d < 0 || (unsigned)d >= base)
			return NUMBER_NAN;
		v = v * base + (unsigned)d;
		if (v > UINT32_MAX)
			return NUMBER_NAN;
	}
	return (double)(int32_t)(uint32_t)v;
}

double number_parse(struct str text)
{
	text = space_trim(text);
	if (text.n == 0)
		return 0;
	if (is_decimal(text))
		return decimal(text);
	if (text.n > 2 && text.p[0] == '0' && text.p[1] == 'x')
		return prefixed(str_skip(text, 2), 16);
	if (text.n > 2 && text.p[0] == '0' && text.p[1] == 'o')
		return prefixed(str_skip(text, 2), 8);
	if (str_is(text, "Infinity"))
		return NUMBER_INFINITY;
	if (str_is(text, "-Infinity"))
		return -NUMBER_INFINITY;
	return NUMBER_NAN;
}

enum { PRECISION = 15 };

/* "d.ddd" from the digits of "%.14e" and its exponent, without trailing zeros. */
static void format_scientific(char *digits, size_t n, int exponent, bool is_negative,
	char room[NUMBER_TEXT])
{
	snprintf(room, NUMBER_TEXT, "%s%c%s%.*sE%c%02d", is_negative ? "-" : "", digits[0],
		n > 1 ? "." : "", (int)(n - 1), digits + 1, exponent < 0 ? '-' : '+',
		abs(exponent));
}

static void format_fixed(char *digits, size_t n, int exponent, bool is_negative,
	char room[NUMBER_TEXT])
{
	const char *sign = is_negative ? "-" : "";
	if (exponent < 0)
		snprintf(room, NUMBER_TEXT, "%s0.%.*s%.*s", sign, -exponent - 1, "0000", (int)n,
			digits);
	else if ((int)n <= exponent + 1)
		snprintf(room, NUMBER_TEXT, "%s%.*s%.*s", sign, (int)n, digits,
			exponent + 1 - (int)n, "00000000000000");
	else
		snprintf(room, NUMBER_TEXT, "%s%.*s.%.*s", sign, exponent + 1, digits,
			(int)n - exponent - 1, digits + exponent + 1);
}

/* .NET's "G15", and -0 as 0. */
void number_format(double v, char room[NUMBER_TEXT])
{
	if (isnan(v) || isinf(v) || v == 0) {
		snprintf(room, NUMBER_TEXT, "%s",
			isnan(v)          ? "NaN"
				: v == 0  ? "0"
				: (v > 0) ? "Infinity"
					  : "-Infinity");
		return;
	}
	char text[40], digits[PRECISION + 1] = {0};
	snprintf(text, sizeof(text), "%.*e", PRECISION - 1, fabs(v));
	int exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10);
	digits[0] = text[0];
	memcpy(digits + 1, text + 2, PRECISION - 1);
	size_t n = PRECISION;
	while (n > 1 && digits[n - 1] == '0')
		n--;
	if (exponent >= PRECISION || exponent < -4)
		format_scientific(digits, n, exponent, v < 0, room);
	else
		format_fixed(digits, n, exponent, v < 0, room);
}

bool expr_is_true(const struct expr_value *v)
{
	switch (v->kind) {
	case EXPR_NULL: return false;
	case EXPR_BOOL: return v->truth;
	case EXPR_NUMBER: return v->number != 0 && !isnan(v->number);
	case EXPR_STRING: return v->text.n > 0;
	case EXPR_ARRAY:
	case EXPR_OBJECT: return true;
	}
	return false;
}

double expr_to_number(const struct expr_value *v)
{
	switch (v->kind) {
	case EXPR_NULL: return 0;
	case EXPR_BOOL: return v->truth ? 1 : 0;
	case EXPR_NUMBER: return v->number;
	case EXPR_STRING: return number_parse(v->text);
	case EXPR_ARRAY:
	case EXPR_OBJECT: break;
	}
	return NUMBER_NAN;
}

struct str expr_to_text(const struct expr_value *v, struct arena *a)
{
	char room[NUMBER_TEXT];
	switch (v->kind) {
	case EXPR_NULL: return S("");
	case EXPR_BOOL: return v->truth ? S("true") : S("false");
	case EXPR_NUMBER: number_format(v->number, room); return arena_str(a, str_of(room));
	case EXPR_STRING: return v->text;
	case EXPR_ARRAY: return S("Array");
	case EXPR_OBJECT: return S("Object");
	}
	return S("");
}
