/* zone -- local time from a time zone file (RFC 8536) and the POSIX rule at its end (RFC 8536 3.3).
 */
#include "metadata_priv.h"

enum { MAX_ABBREVIATION = 15, ZONE_MAX_FILE = 1024 * 1024 };

struct local_type {
	int32_t offset;
	char name[MAX_ABBREVIATION + 1];
};

static int bad(struct err *err, const char *what)
{
	return err_set(err, ERR_INPUT, "time zone file: %s", what);
}

static int64_t be(struct str s, size_t at, size_t n)
{
	uint64_t v = 0;
	for (size_t i = 0; i < n; i++)
		v = v << 8 | (uint8_t)s.p[at + i];
	return n == 4 ? (int64_t)(int32_t)(uint32_t)v : (int64_t)v;
}

/* The counts of one header, and where its arrays start. */
struct tables {
	struct str file;
	size_t time_bytes; /* 4 in version 1, else 8 */
	size_t n_times, n_types, n_chars, n_leaps, n_std, n_ut;
	size_t times, indexes, types, chars, end;
};

static int read_header(struct str file, size_t at, size_t time_bytes, struct tables *ret,
	struct err *err)
{
	enum { HEADER = 44, COUNTS = 20 };
	size_t counts[6];
	if (file.n < at || file.n - at < HEADER || memcmp(file.p + at, "TZif", 4) != 0)
		return bad(err, "not one");
	for (size_t i = 0; i < 6; i++) {
		counts[i] = (size_t)(uint32_t)be(file, at + COUNTS + 4 * i, 4);
		if (counts[i] > ZONE_MAX_FILE)
			return bad(err, "too many entries");
	}
	*ret = (struct tables){.file = file,
		.time_bytes = time_bytes,
		.n_ut = counts[0],
		.n_std = counts[1],
		.n_leaps = counts[2],
		.n_times = counts[3],
		.n_types = counts[4],
		.n_chars = counts[5]};
	ret->times = at + HEADER;
	ret->indexes = ret->times + ret->n_times * time_bytes;
	ret->types = ret->indexes + ret->n_times;
	ret->chars = ret->types + ret->n_types * 6;
	ret->end = ret->chars + ret->n_chars + ret->n_leaps * (time_bytes + 4) + ret->n_std +
		ret->n_ut;
	return ret->end > file.n || ret->n_types == 0 ? bad(err, "cut short") : 0;
}

static int read_type(const struct tables *t, size_t index, struct local_type *ret, struct err *err)
{
	if (index >= t->n_types)
		return bad(err, "unknown local time type");
	size_t at = t->types + index * 6, name = (uint8_t)t->file.p[at + 5], n = 0;
	ret->offset = (int32_t)be(t->file, at, 4);
	for (; name + n < t->n_chars && n < MAX_ABBREVIATION; n++) {
		char c = t->file.p[t->chars + name + n];
		if (!c)
			break;
		ret->name[n] = c;
	}
	ret->name[n] = '\0';
	return 0;
}

/* The type that is in force before the first transition: the first one. */
static int type_before(const struct tables *t, struct local_type *ret, struct err *err)
{
	return read_type(t, 0, ret, err);
}

/* Index of the last transition at or before utc_s; -1 before the first. */
static ssize_t last_transition(const struct tables *t, int64_t utc_s)
{
	size_t low = 0, high = t->n_times;
	while (low < high) {
		size_t mid = (low + high) / 2;
		if (be(t->file, t->times + mid * t->time_bytes, t->time_bytes) <= utc_s)
			low = mid + 1;
		else
			high = mid;
	}
	return (ssize_t)low - 1;
}

/* POSIX rules: "CET-1CEST,M3.5.0,M10.5.0/3". */

struct rule_date {
	char form; /* M, J, or 0 for plain days */
	int month, week, day;
	int32_t seconds; /* of the day, may be outside it */
};

static bool take_int(struct str *s, int max, int *ret)
{
	size_t n = 0;
	int v = 0;
	for (; n < s->n && ch_is_digit(s->p[n]) && v <= max; n++)
		v = v * 10 + (s->p[n] - '0');
	*s = str_skip(*s, n);
	*ret = v;
	return n > 0 && v <= max;
}

static bool take(struct str *s, char c)
{
	if (!s->n || s->p[0] != c)
		return false;
	*s = str_skip(*s, 1);
	return true;
}

/* [+-]hh[:mm[:ss]] */
static bool take_time(struct str *s, int32_t *ret)
{
	int h, m = 0, sec = 0;
	bool is_negative = take(s, '-');
	if (!is_negative)
		(void)take(s, '+');
	if (!take_int(s, 167, &h))
		return false;
	if (take(s, ':') && !take_int(s, 59, &m))
		return false;
	if (m >= 0 && take(s, ':') && !take_int(s, 59, &sec))
		return false;
	*ret = (is_negative ? -1 : 1) * (h * 3600 + m * 60 + sec);
	return true;
}

static bool take_name(struct str *s, char ret[MAX_ABBREVIATION + 1])
{
	size_t n = 0;
	bool is_quoted = take(s, '<');
	while (s->n && (is_quoted ? s->p[0] != '>' : ch_is_alpha(s->p[0]))) {
		if (n < MAX_ABBREVIATION)
			ret[n++] = s->p[0];
		*s = str_skip(*s, 1);
	}
	ret[n] = '\0';
	return n > 0 && (!is_quoted || take(s, '>'));
}

static bool take_date(struct str *s, struct rule_date *ret)
{
	*ret = (struct rule_date){.seconds = 2 * 3600};
	if (take(s, 'M')) {
		ret->form = 'M';
		if (!take_int(s, 12, &ret->month) || !take(s, '.') || !take_int(s, 5, &ret->week) ||
			!take(s, '.') || !take_int(s, 6, &ret->day))
			return false;
		if (ret->month < 1 || ret->week < 1)
			return false;
	} else {
		ret->form = take(s, 'J') ? 'J' : '\0';
		if (!take_int(s, 365, &ret->day))
			return false;
	}
	return !take(s, '/') || take_time(s, &ret->seconds);
}

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int month_days(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	return days[month - 1] + (month == 2 && is_leap(year));
}

/* Day of the month of "the week-th day of month", 5 being the last. */
static int week_day(int year, const struct rule_date *d)
{
	struct civil first = {.year = year, .month = d->month, .day = 1};
	struct err ignored = {0};
	int64_t ns = 0;
	(void)clock_from_civil(&first, &ns, &ignored);
	int day = 1 + (d->day - clock_civil(ns).weekday + 7) % 7 + (d->week - 1) * 7;
	while (day > month_days(year, d->month))
		day -= 7;
	return day;
}

/* Seconds since 1970 at which the rule changes local time, as if local time were UTC. */
static int64_t rule_seconds(int year, const struct rule_date *d)
{
	struct civil c = {.year = year, .month = 1, .day = 1};
	struct err ignored = {0};
	int64_t ns = 0;
	if (d->form == 'M') {
		c.month = d->month;
		c.day = week_day(year, d);
	} else {
		int day = d->day;
		if (d->form == 'J' && is_leap(year) && day >= 60)
			day++;
		c.day = d->form == 'J' ? day : day + 1;
	}
	(void)clock_from_civil(&c, &ns, &ignored);
	return ns / CLOCK_SECOND + d->seconds;
}

static bool is_summer(int64_t utc_s, const struct local_type *std, const struct local_type *dst,
	const struct rule_date *start, const struct rule_date *end)
{
	int year = clock_civil((utc_s + std->offset) * CLOCK_SECOND).year;
	int64_t from = rule_seconds(year, start) - std->offset;
	int64_t to = rule_seconds(year, end) - dst->offset;
	return from < to ? utc_s >= from && utc_s < to : utc_s >= from || utc_s < to;
}

static int posix_rule(struct str rule, int64_t utc_s, struct local_type *ret, struct err *err)
{
	struct local_type std, dst;
	struct rule_date start, end;
	int32_t west;
	if (!take_name(&rule, std.name) || !take_time(&rule, &west))
		return bad(err, "broken rule");
	std.offset = -west;
	*ret = std;
	if (!rule.n)
		return 0;
	dst.offset = std.offset + 3600;
	if (!take_name(&rule, dst.name))
		return bad(err, "broken rule");
	if (rule.n && rule.p[0] != ',') {
		if (!take_time(&rule, &west))
			return bad(err, "broken rule");
		dst.offset = -west;
	}
	if (!take(&rule, ',') || !take_date(&rule, &start) || !take(&rule, ',') ||
		!take_date(&rule, &end) || rule.n)
		return bad(err, "broken rule");
	*ret = is_summer(utc_s, &std, &dst, &start, &end) ? dst : std;
	return 0;
}

static int lookup(const struct tables *t, struct str rule, int64_t utc_s, struct local_type *ret,
	struct err *err)
{
	ssize_t at = last_transition(t, utc_s);
	if (at + 1 == (ssize_t)t->n_times && rule.n)
		return posix_rule(rule, utc_s, ret, err);
	if (at < 0)
		return type_before(t, ret, err);
	return read_type(t, (uint8_t)t->file.p[t->indexes + (size_t)at], ret, err);
}

int zone_lookup(struct str file, int64_t utc_s, int32_t *ret_offset, char ret_name[16],
	struct err *err)
{
	struct tables t;
	struct local_type type;
	struct str rule = S("");
	if (read_header(file, 0, 4, &t, err) < 0)
		return -1;
	if (file.p[4] >= '2') {
		if (read_header(file, t.end, 8, &t, err) < 0)
			return -1;
		struct str footer = str_skip(file, t.end);
		if (take(&footer, '\n'))
			(void)str_cut(&footer, '\n', &rule);
	}
	if (lookup(&t, rule, utc_s, &type, err) < 0)
		return -1;
	if (type.offset < -26 * 3600 || type.offset > 26 * 3600)
		return bad(err, "offset out of range");
	*ret_offset = type.offset;
	memcpy(ret_name, type.name, sizeof(type.name));
	return 0;
}

static bool is_utc_name(struct str name)
{
	static const char *const names[] = {"UTC", "Etc/UTC", "UCT", "Etc/UCT", "Zulu", "Etc/Zulu",
		"Universal", "Etc/Universal"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq_nocase(name, str_of(names[i])))
			return true;
	return false;
}

static bool is_safe_name(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!ch_is_alnum(name.p[i]) && !memchr("+-_/", name.p[i], 4))
			return false;
	return name.n > 0 && name.n < 100 && name.p[0] != '/';
}

static int read_zone(struct metadata_zones *zones, struct str name, int64_t utc_s,
	struct zone_time *t, bool *ret_known, struct err *err)
{
	struct err why = {0};
	CLEANUP(buf_done) struct buf file = BUF(ZONE_MAX_FILE);
	if (!zones || !is_safe_name(name))
		return 0;
	if (zones->read(zones, name, &file, &why) < 0) {
		if (why.kind == ERR_NOT_FOUND)
			return 0;
		*err = why;
		return err_wrap(err, "time zone '%.*s'", STR_ARG(name));
	}
	if (zone_lookup(buf_str(&file), utc_s, &t->offset, t->name, err) < 0)
		return err_wrap(err, "time zone '%.*s'", STR_ARG(name));
	*ret_known = true;
	return 0;
}

int zone_local(struct metadata_zones *zones, struct str name, int64_t utc_ns, struct zone_time *ret,
	bool *ret_known, struct err *err)
{
	int64_t utc_s = utc_ns / CLOCK_SECOND - (utc_ns % CLOCK_SECOND < 0);
	*ret = (struct zone_time){.utc_ns = utc_ns, .name = "UTC", .is_utc = true};
	*ret_known = is_utc_name(name);
	if (!*ret_known && read_zone(zones, name, utc_s, ret, ret_known, err) < 0)
		return -1;
	ret->is_utc = ret->offset == 0;
	ret->civil = clock_civil(utc_ns + ret->offset * CLOCK_SECOND);
	return 0;
}
