/* A double in the fewest digits that read back as the same double, laid out as JavaScript does
 * (ECMA-262 Number::toString, RFC 8785 3.2.2.3): 100, 0.000001, 1e-7, 1e+21. Only -0 differs: it
 * keeps its sign.
 */
#include "json/json.h"

#include <math.h>
#include <stdio.h>

enum { DIGITS_MAX = 17 };

/* 0.digits * 10^exponent */
struct decimal {
	char digits[DIGITS_MAX + 1];
	int n;
	int exponent;
};

static double decimal_value(const struct decimal *d)
{
	char room[DIGITS_MAX + 16];
	snprintf(room, sizeof(room), "0.%se%d", d->digits, d->exponent);
	return strtod(room, NULL);
}

/* v > 0 rounded to n digits. */
static struct decimal decimal_of(double v, int n)
{
	char room[DIGITS_MAX + 16]; /* "d.ddde+xxx" */
	struct decimal d = {.n = n};
	snprintf(room, sizeof(room), "%.*e", n - 1, v);
	d.digits[0] = room[0];
	if (n > 1)
		memcpy(d.digits + 1, room + 2, (size_t)n - 1);
	d.exponent = (int)strtol(strchr(room, 'e') + 1, NULL, 10) + 1;
	return d;
}

/* The next decimal above with as many digits. */
static void decimal_step(struct decimal *d)
{
	int i = d->n - 1;
	for (; i >= 0 && d->digits[i] == '9'; i--)
		d->digits[i] = '0';
	if (i >= 0) {
		d->digits[i]++;
	} else {
		d->digits[0] = '1';
		d->exponent++;
	}
}

/* v > 0. Below a power of two doubles are closer together than above it, so there the nearest n
 * digits may fail to read back when those one step up do. */
static struct decimal shortest_of(double v)
{
	for (int n = 1; n < DIGITS_MAX; n++) {
		struct decimal d = decimal_of(v, n);
		for (int step = 0; step < 2; step++) {
			if (decimal_value(&d) == v)
				return d;
			decimal_step(&d);
		}
	}
	return decimal_of(v, DIGITS_MAX);
}

static void add_zeros(struct buf *b, int n)
{
	for (int i = 0; i < n; i++)
		buf_add_ch(b, '0');
}

static void add_decimal(struct buf *b, const struct decimal *d)
{
	int point = d->exponent; /* digits before the point */
	if (point > 21 || point <= -6) {
		buf_add_ch(b, d->digits[0]);
		if (d->n > 1)
			buf_fmt(b, ".%s", d->digits + 1);
		buf_fmt(b, "e%+d", point - 1);
	} else if (point <= 0) {
		buf_add(b, S("0."));
		add_zeros(b, -point);
		buf_add_cstr(b, d->digits);
	} else if (point >= d->n) {
		buf_add_cstr(b, d->digits);
		add_zeros(b, point - d->n);
	} else {
		buf_fmt(b, "%.*s.%s", point, d->digits, d->digits + point);
	}
}

void json_add_real(struct json_out *o, double v)
{
	CLEANUP(buf_done) struct buf b = BUF(64);
	if (v == 0) {
		buf_add_cstr(&b, signbit(v) ? "-0" : "0");
	} else if (isfinite(v)) {
		struct decimal d = shortest_of(fabs(v));
		if (v < 0)
			buf_add_ch(&b, '-');
		add_decimal(&b, &d);
	} else {
		buf_add(&b, S("null"));
	}
	json_add_raw(o, buf_str(&b));
}
