#include "base/clock.h"

#include "base/num.h"

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;
	clock_gettime(id, &ts); /* cannot fail with these two ids */
	return ts.tv_sec * CLOCK_SECOND + ts.tv_nsec;
}

static int64_t system_now(const struct clock *c)
{
	return read_clock(CLOCK_REALTIME);
}

static int64_t system_monotonic(const struct clock *c)
{
	return read_clock(CLOCK_MONOTONIC);
}

const struct clock *clock_system(void)
{
	static const struct clock system_clock = {system_now, system_monotonic};
	return &system_clock;
}

/* Days since 1970-01-01 of a date; the year starts in March, so a leap day is its last. */
static int64_t days_from_civil(int64_t y, int64_t m, int64_t d)
{
	y -= m <= 2;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return era * 146097 + doe - 719468;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

struct civil clock_civil(int64_t ns)
{
	int64_t seconds = floor_div(ns, CLOCK_SECOND);
	int64_t days = floor_div(seconds, 86400);
	int64_t rest = seconds - days * 86400;
	int64_t z = days + 719468;
	int64_t era = floor_div(z, 146097);
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	struct civil c = {
		.day = (int)(doy - (153 * mp + 2) / 5 + 1),
		.month = (int)(mp < 10 ? mp + 3 : mp - 9),
		.hour = (int)(rest / 3600),
		.minute = (int)(rest / 60 % 60),
		.second = (int)(rest % 60),
		.weekday = (int)(((days + 4) % 7 + 7) % 7),
	};
	c.year = (int)(yoe + era * 400 + (c.month <= 2));
	c.year_day = (int)(days - days_from_civil(c.year, 1, 1) + 1);
	return c;
}

int clock_from_civil(const struct civil *c, int64_t *ret_ns, struct err *err)
{
	int64_t months = (int64_t)c->year * 12 + c->month - 1;
	int64_t year = floor_div(months, 12);
	int64_t days = days_from_civil(year, months - year * 12 + 1, 1) + c->day - 1;
	int64_t seconds, ns;
	if (__builtin_mul_overflow(days, 86400, &seconds) ||
		__builtin_add_overflow(seconds,
			(int64_t)c->hour * 3600 + (int64_t)c->minute * 60 + c->second, &seconds) ||
		__builtin_mul_overflow(seconds, CLOCK_SECOND, &ns))
		return err_set(err, ERR_LIMIT, "time in year %d is out of range", c->year);
	*ret_ns = ns;
	return 0;
}

void clock_rfc3339(int64_t ns, char room[CLOCK_TEXT])
{
	struct civil c = clock_civil(ns);
	int64_t fraction = (ns % CLOCK_SECOND + CLOCK_SECOND) % CLOCK_SECOND;
	int n = snprintf(room, CLOCK_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d", c.year, c.month, c.day,
		c.hour, c.minute, c.second);
	if (fraction) {
		n += snprintf(room + n, CLOCK_TEXT - (size_t)n, ".%09lld", (long long)fraction);
		while (room[n - 1] == '0')
			n--;
	}
	snprintf(room + n, CLOCK_TEXT - (size_t)n, "Z");
}

/* Takes exactly n digits off *s. */
static bool take_digits(struct str *s, size_t n, int *ret)
{
	int v = 0;
	if (s->n < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!ch_is_digit(s->p[i]))
			return false;
		v = v * 10 + (s->p[i] - '0');
	}
	*ret = v;
	*s = str_skip(*s, n);
	return true;
}

static bool take_ch(struct str *s, const char *one_of)
{
	if (!s->n || !memchr(one_of, s->p[0], strlen(one_of))) /* strchr finds NUL, too */
		return false;
	*s = str_skip(*s, 1);
	return true;
}

static bool take_fraction(struct str *s, int64_t *ret_ns)
{
	int64_t unit = CLOCK_SECOND / 10;
	size_t n = 0;
	for (; n < s->n && ch_is_digit(s->p[n]); n++, unit /= 10)
		*ret_ns += (s->p[n] - '0') * unit;
	*s = str_skip(*s, n);
	return n > 0;
}

static bool take_offset(struct str *s, int64_t *ret_seconds)
{
	if (take_ch(s, "Zz"))
		return true;
	int hours, minutes;
	int64_t sign = s->n && s->p[0] == '-' ? -1 : 1;
	if (!take_ch(s, "+-") || !take_digits(s, 2, &hours) || !take_ch(s, ":") ||
		!take_digits(s, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*ret_seconds = sign * (hours * 3600 + minutes * 60);
	return true;
}

static int month_days(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return days[month - 1] + (month == 2 && is_leap);
}

static bool civil_is_valid(const struct civil *c)
{
	return c->month >= 1 && c->month <= 12 && c->day >= 1 &&
		c->day <= month_days(c->year, c->month) && c->hour <= 23 && c->minute <= 59 &&
		c->second <= 59;
}

int clock_parse_rfc3339(struct str text, int64_t *ret_ns, struct err *err)
{
	struct str s = text;
	struct civil c = {0};
	int64_t fraction = 0, offset = 0, ns;
	bool ok = take_digits(&s, 4, &c.year) && take_ch(&s, "-") && take_digits(&s, 2, &c.month) &&
		take_ch(&s, "-") && take_digits(&s, 2, &c.day) && take_ch(&s, "Tt ") &&
		take_digits(&s, 2, &c.hour) && take_ch(&s, ":") && take_digits(&s, 2, &c.minute) &&
		take_ch(&s, ":") && take_digits(&s, 2, &c.second);
	if (ok && take_ch(&s, "."))
		ok = take_fraction(&s, &fraction);
	if (!ok || !take_offset(&s, &offset) || s.n || !civil_is_valid(&c)) {
		err_set(err, ERR_INPUT, "expected a time, got '%.*s'", STR_ARG(text));
		return err_hint(err, "write it as 2026-11-21T17:00:00Z");
	}
	if (clock_from_civil(&c, &ns, err) < 0)
		return -1;
	if (__builtin_sub_overflow(ns, offset * CLOCK_SECOND, &ns) ||
		__builtin_add_overflow(ns, fraction, &ns))
		return err_set(err, ERR_LIMIT, "time '%.*s' is out of range", STR_ARG(text));
	*ret_ns = ns;
	return 0;
}

/* One number with its unit, as "1.5h". */
static bool take_duration_part(struct str *s, int64_t *ret_ns, bool *ret_overflow)
{
	static const struct {
		const char *name;
		int64_t ns;
	} units[] = {{"ns", 1}, {"us", 1000}, {"\xc2\xb5s", 1000}, {"\xce\xbcs", 1000},
		{"ms", CLOCK_MS}, {"s", CLOCK_SECOND}, {"m", 60 * CLOCK_SECOND},
		{"h", 3600 * CLOCK_SECOND}};
	size_t n = 0, fraction_at;
	int64_t whole = 0;
	for (; n < s->n && ch_is_digit(s->p[n]); n++)
		if (__builtin_mul_overflow(whole, 10, &whole) ||
			__builtin_add_overflow(whole, s->p[n] - '0', &whole))
			*ret_overflow = true;
	size_t digits = n;
	fraction_at = n;
	if (n < s->n && s->p[n] == '.')
		for (fraction_at = ++n; n < s->n && ch_is_digit(s->p[n]); n++)
			digits++;
	struct str fraction = str_sub(*s, fraction_at, n);
	*s = str_skip(*s, n);
	if (!digits)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		struct str unit = str_of(units[i].name);
		struct str after = str_skip(*s, unit.n);
		if (!str_starts(*s, unit) ||
			(after.n && after.p[0] != '.' && !ch_is_digit(after.p[0])))
			continue;
		int64_t ns;
		if (__builtin_mul_overflow(whole, units[i].ns, &ns))
			*ret_overflow = true;
		int64_t scale = units[i].ns;
		for (size_t k = 0; k < fraction.n && scale > 1; k++) {
			int64_t part = (fraction.p[k] - '0') * scale / 10;
			scale /= 10;
			if (!*ret_overflow && __builtin_add_overflow(ns, part, &ns))
				*ret_overflow = true;
		}
		if (!*ret_overflow && __builtin_add_overflow(*ret_ns, ns, ret_ns))
			*ret_overflow = true;
		*s = after;
		return true;
	}
	return false;
}

int clock_parse_duration(struct str text, int64_t *ret_ns, struct err *err)
{
	struct str s = text;
	bool is_negative = s.n && s.p[0] == '-', overflow = false;
	int64_t ns = 0;
	(void)take_ch(&s, "+-"); /* the sign is optional */
	bool ok = s.n > 0;
	if (str_is(s, "0"))
		s = STR_NONE;
	while (ok && s.n)
		ok = take_duration_part(&s, &ns, &overflow);
	if (!ok) {
		err_set(err, ERR_INPUT, "expected a duration, got '%.*s'", STR_ARG(text));
		return err_hint(err, "write a number and a unit, as in 30s, 1m30s or 100ms");
	}
	if (overflow)
		return err_set(err, ERR_LIMIT, "duration '%.*s' is too long", STR_ARG(text));
	*ret_ns = is_negative ? -ns : ns;
	return 0;
}

void clock_human_duration(int64_t ns, char room[CLOCK_TEXT])
{
	if (ns < 0)
		ns = 0; /* a clock was set back */
	int64_t tenths = ns / (CLOCK_SECOND / 10);
	if (ns < 10 * CLOCK_MS)
		snprintf(room, CLOCK_TEXT, "%.1fms", (double)ns / 1e6);
	else if (ns < CLOCK_SECOND)
		snprintf(room, CLOCK_TEXT, "%lldms", (long long)(ns / CLOCK_MS));
	else if (tenths < 600)
		snprintf(room, CLOCK_TEXT, "%lld.%llds", (long long)tenths / 10,
			(long long)tenths % 10);
	else
		snprintf(room, CLOCK_TEXT, "%lldm%02llds", (long long)tenths / 600,
			(long long)tenths / 10 % 60);
}
