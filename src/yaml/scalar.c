/* scalar -- what a plain scalar means: YAML 1.2.2, 10.3.2 "Tag Resolution" of the core schema. */
#include "yaml/yaml_priv.h"

#include <math.h>

static bool is_one_of(struct str s, const char *const words[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_is(s, words[i]))
			return true;
	return false;
}

static bool is_null(struct str s)
{
	static const char *const words[] = {"", "~", "null", "Null", "NULL"};
	return is_one_of(s, words, ARRAY_LEN(words));
}

static bool read_bool(struct str s, struct yaml *node)
{
	static const char *const yes[] = {"true", "True", "TRUE"};
	static const char *const no[] = {"false", "False", "FALSE"};
	node->truth = is_one_of(s, yes, ARRAY_LEN(yes));
	return node->truth || is_one_of(s, no, ARRAY_LEN(no));
}

static struct str skip_sign(struct str s)
{
	return s.n && (s.p[0] == '-' || s.p[0] == '+') ? str_skip(s, 1) : s;
}

static size_t count_digits(struct str s, unsigned radix)
{
	size_t n = 0;
	while (n < s.n && ch_hex(s.p[n]) >= 0 && (unsigned)ch_hex(s.p[n]) < radix)
		n++;
	return n;
}

/* [-+]? [0-9]+ | 0o [0-7]+ | 0x [0-9a-fA-F]+; the digits and their radix, or 0. */
static unsigned split_int(struct str s, struct str *ret_digits)
{
	unsigned radix = str_starts(s, S("0o")) ? 8 : str_starts(s, S("0x")) ? 16 : 10;
	struct str digits = radix == 10 ? skip_sign(s) : str_skip(s, 2);
	if (!digits.n || count_digits(digits, radix) != digits.n)
		return 0;
	*ret_digits = digits;
	return radix;
}

/* YAML_INT, or YAML_FLOAT when it does not fit. */
static bool read_int(struct str s, struct yaml *node)
{
	struct str digits = STR_NONE;
	unsigned radix = split_int(s, &digits);
	if (!radix)
		return false;
	bool is_negative = s.p[0] == '-', fits = true;
	uint64_t v = 0;
	double real = 0;
	for (size_t i = 0; i < digits.n; i++) {
		unsigned digit = (unsigned)ch_hex(digits.p[i]);
		real = real * radix + digit;
		fits = fits && !__builtin_mul_overflow(v, radix, &v) &&
			!__builtin_add_overflow(v, digit, &v);
	}
	if (!fits || v > (uint64_t)INT64_MAX + is_negative) {
		node->type = YAML_FLOAT;
		node->real = radix == 10 ? strtod(s.p, NULL) : real;
		return true;
	}
	node->type = YAML_INT;
	node->number = is_negative ? (int64_t)(0 - v) : (int64_t)v;
	node->real = (double)node->number;
	return true;
}

/* (\.[0-9]+ | [0-9]+(\.[0-9]*)?) ([eE][-+]?[0-9]+)? */
static bool is_decimal(struct str s)
{
	size_t whole = count_digits(s, 10), fraction = 0;
	s = str_skip(s, whole);
	if (str_starts(s, S("."))) {
		fraction = count_digits(str_skip(s, 1), 10);
		s = str_skip(s, fraction + 1);
	}
	if (!whole && !fraction)
		return false;
	if (!s.n)
		return true;
	struct str digits = skip_sign(str_skip(s, 1));
	return (s.p[0] == 'e' || s.p[0] == 'E') && digits.n && count_digits(digits, 10) == digits.n;
}

static bool read_float(struct str s, struct yaml *node)
{
	static const char *const infinities[] = {".inf", ".Inf", ".INF"};
	static const char *const nans[] = {".nan", ".NaN", ".NAN"};
	struct str amount = skip_sign(s);
	node->type = YAML_FLOAT;
	if (is_one_of(amount, infinities, ARRAY_LEN(infinities)))
		node->real = s.p[0] == '-' ? -(double)INFINITY : (double)INFINITY;
	else if (is_one_of(s, nans, ARRAY_LEN(nans)))
		node->real = (double)NAN;
	else if (is_decimal(amount))
		node->real = strtod(s.p, NULL); /* text in the arena ends with NUL; "C" locale */
	else
		return false;
	return true;
}

static void resolve_plain(struct yaml *node)
{
	struct str s = node->text;
	if (is_null(s))
		node->type = YAML_NULL;
	else if (read_bool(s, node))
		node->type = YAML_BOOL;
	else if (!read_int(s, node) && !read_float(s, node))
		node->type = YAML_STR;
}

static int refuse(const struct yaml *node, const char *words, struct err *err)
{
	return yaml_err(err, node, "expected %s, got '%.*s'", words,
		STR_ARG(str_sub(node->text, 0, 100)));
}

int yaml_resolve(struct yaml *node, const char *tag, struct err *err)
{
	struct str s = node->text, kind = str_of(tag);
	node->type = YAML_STR;
	if (!kind.n) {
		if (node->style == YAML_PLAIN)
			resolve_plain(node);
	} else if (str_is(kind, YAML_NULL_TAG)) {
		if (!is_null(s))
			return refuse(node, "null behind '!!null'", err);
		node->type = YAML_NULL;
	} else if (str_is(kind, YAML_BOOL_TAG)) {
		if (!read_bool(s, node))
			return refuse(node, "true or false behind '!!bool'", err);
		node->type = YAML_BOOL;
	} else if (str_is(kind, YAML_INT_TAG)) {
		if (!read_int(s, node))
			return refuse(node, "a whole number behind '!!int'", err);
	} else if (str_is(kind, YAML_FLOAT_TAG)) {
		if (!read_int(s, node) && !read_float(s, node))
			return refuse(node, "a number behind '!!float'", err);
		node->type = YAML_FLOAT;
		node->number = 0;
	}
	return 0;
}
