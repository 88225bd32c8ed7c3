#include "base/num.h"

static int parse_digits(struct str text, unsigned radix, uint64_t *ret, struct err *err)
{
	uint64_t v = 0;
	if (!text.n)
		return err_set(err, ERR_INPUT, "expected a number, got ''");
	for (size_t i = 0; i < text.n; i++) {
		unsigned digit = (unsigned)(text.p[i] - '0');
		if (text.p[i] < '0' || digit >= radix)
			return err_set(err, ERR_INPUT, "expected a number, got '%.*s'",
				STR_ARG(text));
		if (__builtin_mul_overflow(v, radix, &v) || __builtin_add_overflow(v, digit, &v))
			return err_set(err, ERR_LIMIT, "number '%.*s' is too large", STR_ARG(text));
	}
	*ret = v;
	return 0;
}

int num_parse_u64(struct str text, uint64_t min, uint64_t max, uint64_t *ret, struct err *err)
{
	uint64_t v;
	if (parse_digits(text, 10, &v, err) < 0)
		return -1;
	if (v < min || v > max)
		return err_set(err, ERR_LIMIT, "expected a number from %llu to %llu, got %llu",
			(unsigned long long)min, (unsigned long long)max, (unsigned long long)v);
	*ret = v;
	return 0;
}

int num_parse_i64(struct str text, int64_t min, int64_t max, int64_t *ret, struct err *err)
{
	bool negative = text.n && text.p[0] == '-';
	uint64_t v;
	if (parse_digits(negative ? str_skip(text, 1) : text, 10, &v, err) < 0)
		return -1;
	if (v > (uint64_t)INT64_MAX + negative)
		return err_set(err, ERR_LIMIT, "number '%.*s' is too large", STR_ARG(text));
	int64_t signed_v = negative ? (int64_t)(0 - v) : (int64_t)v;
	if (signed_v < min || signed_v > max)
		return err_set(err, ERR_LIMIT, "expected a number from %lld to %lld, got %lld",
			(long long)min, (long long)max, (long long)signed_v);
	*ret = signed_v;
	return 0;
}

int num_parse_octal(struct str text, uint64_t max, uint64_t *ret, struct err *err)
{
	uint64_t v;
	if (parse_digits(text, 8, &v, err) < 0)
		return -1;
	if (v > max)
		return err_set(err, ERR_LIMIT, "expected an octal number up to %llo, got %llo",
			(unsigned long long)max, (unsigned long long)v);
	*ret = v;
	return 0;
}

/* The shift of a unit such as "k", "KB", "mib", or -1. */
static int unit_shift(struct str unit)
{
	static const char letters[] = "bkmgtp";
	if (!unit.n)
		return 0;
	const char *at = memchr(letters, ch_lower(unit.p[0]), sizeof(letters) - 1);
	struct str tail = str_skip(unit, 1);
	if (!at ||
		(at != letters && tail.n && !str_eq_nocase(tail, S("b")) &&
			!str_eq_nocase(tail, S("ib"))))
		return -1;
	if (at == letters && tail.n)
		return -1;
	return (int)(at - letters) * 10;
}

int num_parse_bytes(struct str text, uint64_t max, uint64_t *ret, struct err *err)
{
	size_t whole = 0;
	while (whole < text.n && ch_is_digit(text.p[whole]))
		whole++;
	size_t end = whole;
	if (end < text.n && text.p[end] == '.')
		while (++end < text.n && ch_is_digit(text.p[end]))
			;
	struct str unit = str_trim(str_skip(text, end));
	int shift = unit_shift(unit);
	uint64_t v;
	if (!whole || shift < 0) {
		err_set(err, ERR_INPUT, "expected a size, got '%.*s'", STR_ARG(text));
		return err_hint(err, "write bytes, or a number with k, m or g: 512m");
	}
	if (parse_digits(str_sub(text, 0, whole), 10, &v, err) < 0)
		return -1;
	if (num_mul(v, UINT64_C(1) << shift, &v, err) < 0)
		return -1;
	uint64_t fraction = 0, tens = 1;
	for (size_t i = whole + 1; i < end && i < whole + 10; i++, tens *= 10)
		fraction = fraction * 10 + (uint64_t)(text.p[i] - '0');
	uint64_t part = (uint64_t)(((__uint128_t)fraction << shift) / tens);
	if (num_add(v, part, &v, err) < 0)
		return -1;
	if (v > max)
		return err_set(err, ERR_LIMIT, "expected at most %llu bytes, got '%.*s'",
			(unsigned long long)max, STR_ARG(text));
	*ret = v;
	return 0;
}

int num_add(uint64_t a, uint64_t b, uint64_t *ret, struct err *err)
{
	uint64_t sum;
	if (__builtin_add_overflow(a, b, &sum))
		return err_set(err, ERR_LIMIT, "size is too large");
	*ret = sum;
	return 0;
}

int num_mul(uint64_t a, uint64_t b, uint64_t *ret, struct err *err)
{
	uint64_t product;
	if (__builtin_mul_overflow(a, b, &product))
		return err_set(err, ERR_LIMIT, "size is too large");
	*ret = product;
	return 0;
}

void num_human_bytes(uint64_t bytes, char *room, size_t n)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
	double v = (double)bytes;
	size_t unit = 0;
	while (v >= 999.95 && unit + 1 < ARRAY_LEN(units)) {
		v /= 1000;
		unit++;
	}
	snprintf(room, n, unit ? "%.1f %s" : "%.0f %s", v, units[unit]);
}
