/* date -- moment.js formats, in English (momentjs.com/docs/#/displaying/format). */
#include "metadata_priv.h"

static const char *const months[] = {"January", "February", "March", "April", "May", "June", "July",
	"August", "September", "October", "November", "December"};
static const char *const days[] = {
	"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

enum part {
	YEAR,
	QUARTER,
	MONTH,
	MONTH_NAME,
	WEEK,
	ISO_WEEK,
	WEEK_YEAR,
	ISO_WEEK_YEAR,
	YEAR_DAY,
	DAY,
	WEEKDAY,
	WEEKDAY_NAME,
	ISO_WEEKDAY,
	HOUR,
	HOUR_12,
	HOUR_24, /* 1 to 24 */
	HOUR_MINUTE,
	HOUR_12_MINUTE,
	MINUTE,
	SECOND,
	UNIX,
	UNIX_MS,
	ERA,
	ERA_NAME,
	HALF,
	HALF_UPPER,
	ZONE_NAME,
	ZONE_OFFSET,
	ZONE_OFFSET_SHORT,
};

/* A positive form pads with zeros to so many digits; of names it is the letters shown. */
enum form { PLAIN = 0, ORDINAL = -1, SIGNED = -2, WITH_SECOND = -3, OF_CENTURY = -4 };

/* Longer texts before their beginnings. */
static const struct token {
	const char *text;
	enum part part;
	int form;
} tokens[] = {
	{"Hmmss", HOUR_MINUTE, WITH_SECOND},
	{"Hmm", HOUR_MINUTE, PLAIN},
	{"hmmss", HOUR_12_MINUTE, WITH_SECOND},
	{"hmm", HOUR_12_MINUTE, PLAIN},
	{"Mo", MONTH, ORDINAL},
	{"MMMM", MONTH_NAME, PLAIN},
	{"MMM", MONTH_NAME, 3},
	{"MM", MONTH, 2},
	{"M", MONTH, PLAIN},
	{"Do", DAY, ORDINAL},
	{"DDDo", YEAR_DAY, ORDINAL},
	{"DDDD", YEAR_DAY, 3},
	{"DDD", YEAR_DAY, PLAIN},
	{"DD", DAY, 2},
	{"D", DAY, PLAIN},
	{"dddd", WEEKDAY_NAME, PLAIN},
	{"ddd", WEEKDAY_NAME, 3},
	{"dd", WEEKDAY_NAME, 2},
	{"do", WEEKDAY, ORDINAL},
	{"d", WEEKDAY, PLAIN},
	{"wo", WEEK, ORDINAL},
	{"ww", WEEK, 2},
	{"w", WEEK, PLAIN},
	{"Wo", ISO_WEEK, ORDINAL},
	{"WW", ISO_WEEK, 2},
	{"W", ISO_WEEK, PLAIN},
	{"Qo", QUARTER, ORDINAL},
	{"Q", QUARTER, PLAIN},
	{"NNNNN", ERA, PLAIN},
	{"NNNN", ERA_NAME, PLAIN},
	{"NNN", ERA, PLAIN},
	{"NN", ERA, PLAIN},
	{"N", ERA, PLAIN},
	{"YYYYYY", YEAR, SIGNED},
	{"YYYYY", YEAR, 5},
	{"YYYY", YEAR, 4},
	{"YY", YEAR, OF_CENTURY},
	{"Y", YEAR, 4},
	{"yyyy", YEAR, 4},
	{"yyy", YEAR, 3},
	{"yy", YEAR, 2},
	{"yo", YEAR, ORDINAL},
	{"y", YEAR, PLAIN},
	{"ggggg", WEEK_YEAR, 5},
	{"gggg", WEEK_YEAR, 4},
	{"gg", WEEK_YEAR, OF_CENTURY},
	{"GGGGG", ISO_WEEK_YEAR, 5},
	{"GGGG", ISO_WEEK_YEAR, 4},
	{"GG", ISO_WEEK_YEAR, OF_CENTURY},
	{"e", WEEKDAY, PLAIN},
	{"E", ISO_WEEKDAY, PLAIN},
	{"a", HALF, PLAIN},
	{"A", HALF_UPPER, PLAIN},
	{"hh", HOUR_12, 2},
	{"h", HOUR_12, PLAIN},
	{"HH", HOUR, 2},
	{"H", HOUR, PLAIN},
	{"kk", HOUR_24, 2},
	{"k", HOUR_24, PLAIN},
	{"mm", MINUTE, 2},
	{"m", MINUTE, PLAIN},
	{"ss", SECOND, 2},
	{"s", SECOND, PLAIN},
	{"x", UNIX_MS, PLAIN},
	{"X", UNIX, PLAIN},
	{"zz", ZONE_NAME, PLAIN},
	{"z", ZONE_NAME, PLAIN},
	{"ZZ", ZONE_OFFSET_SHORT, PLAIN},
	{"Z", ZONE_OFFSET, PLAIN},
};

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int days_in_year(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 366 : 365;
}

struct week {
	int number, year;
};

/* Weeks start on weekday `first`; the first of a year is the one that holds January `must`. */
static struct week week_of(const struct civil *c, int first, int must)
{
	int last = c->year_day - (c->weekday - first + 7) % 7 + 6; /* year day on which it ends */
	int year = c->year;
	if (last < must)
		last += days_in_year(--year);
	else if (last - days_in_year(year) >= must)
		last -= days_in_year(year++);
	return (struct week){(last - must) / 7 + 1, year};
}

static int value_of(enum part part, const struct zone_time *z)
{
	const struct civil *c = &z->civil;
	switch (part) {
	case YEAR: return c->year;
	case QUARTER: return (c->month + 2) / 3;
	case MONTH: return c->month;
	case WEEK: return week_of(c, 0, 1).number;
	case ISO_WEEK: return week_of(c, 1, 4).number;
	case WEEK_YEAR: return week_of(c, 0, 1).year;
	case ISO_WEEK_YEAR: return week_of(c, 1, 4).year;
	case YEAR_DAY: return c->year_day;
	case DAY: return c->day;
	case WEEKDAY: return c->weekday;
	case ISO_WEEKDAY: return c->weekday ? c->weekday : 7;
	case HOUR:
	case HOUR_MINUTE: return c->hour;
	case HOUR_12:
	case HOUR_12_MINUTE: return c->hour % 12 ? c->hour % 12 : 12;
	case HOUR_24: return c->hour ? c->hour : 24;
	case MINUTE: return c->minute;
	case SECOND: return c->second;
	default: return 0;
	}
}

static void put_ordinal(struct buf *out, int n)
{
	static const char *const ends[] = {"th", "st", "nd", "rd"};
	int last = n % 100 / 10 == 1 || n % 10 > 3 ? 0 : n % 10;
	buf_fmt(out, "%d%s", n, ends[last]);
}

static void put_offset(struct buf *out, int32_t offset, const char *separator)
{
	int minutes = abs(offset) / 60;
	buf_fmt(out, "%c%02d%s%02d", offset < 0 ? '-' : '+', minutes / 60, separator, minutes % 60);
}

static void put_name(struct buf *out, const char *name, int letters)
{
	buf_add(out, str_sub(str_of(name), 0, letters ? (size_t)letters : SIZE_MAX));
}

static void put_number(const struct token *t, const struct zone_time *z, struct buf *out)
{
	int n = value_of(t->part, z);
	switch (t->form) {
	case ORDINAL: put_ordinal(out, n); break;
	case SIGNED: buf_fmt(out, "+%06d", n); break;
	case OF_CENTURY: buf_fmt(out, "%02d", n % 100); break;
	default: buf_fmt(out, "%0*d", t->form > 0 ? t->form : 1, n); break;
	}
}

static void put_token(const struct token *t, const struct zone_time *z, struct buf *out)
{
	const struct civil *c = &z->civil;
	switch (t->part) {
	case MONTH_NAME: put_name(out, months[c->month - 1], t->form); break;
	case WEEKDAY_NAME: put_name(out, days[c->weekday], t->form); break;
	case ERA: buf_add_cstr(out, "AD"); break;
	case ERA_NAME: buf_add_cstr(out, "Anno Domini"); break;
	case HALF: buf_add_cstr(out, c->hour < 12 ? "am" : "pm"); break;
	case HALF_UPPER: buf_add_cstr(out, c->hour < 12 ? "AM" : "PM"); break;
	case ZONE_NAME: buf_add_cstr(out, z->name); break;
	case ZONE_OFFSET: put_offset(out, z->offset, ":"); break;
	case ZONE_OFFSET_SHORT: put_offset(out, z->offset, ""); break;
	case UNIX: buf_fmt(out, "%lld", (long long)floor_div(z->utc_ns, CLOCK_SECOND)); break;
	case UNIX_MS: buf_fmt(out, "%lld", (long long)floor_div(z->utc_ns, CLOCK_MS)); break;
	case HOUR_MINUTE:
	case HOUR_12_MINUTE:
		buf_fmt(out, "%d%02d", value_of(t->part, z), c->minute);
		if (t->form == WITH_SECOND)
			buf_fmt(out, "%02d", c->second);
		break;
	default: put_number(t, z, out); break;
	}
}

/* S to SSSSSSSSS: moment knows milliseconds, further digits are 0. */
static size_t put_fraction(struct str f, const struct zone_time *z, struct buf *out)
{
	char digits[16];
	size_t n = 0;
	while (n < f.n && n < 9 && f.p[n] == 'S')
		n++;
	int64_t ms = floor_div(z->utc_ns, CLOCK_MS);
	snprintf(digits, sizeof(digits), "%03d000000", (int)(ms - floor_div(ms, 1000) * 1000));
	buf_add(out, str_n(digits, n));
	return n;
}

/* Length of "[text]" at the start, up to the last ] before the next [; 0 when it does not close. */
static size_t escaped_at(struct str f)
{
	size_t end = 0;
	for (size_t i = 1; f.p[0] == '[' && i < f.n && f.p[i] != '['; i++)
		if (f.p[i] == ']')
			end = i + 1;
	return end;
}

static const struct token *token_at(struct str f)
{
	for (size_t i = 0; i < ARRAY_LEN(tokens); i++)
		if (str_starts(f, str_of(tokens[i].text)))
			return &tokens[i];
	return NULL;
}

/* Writes the token, escaped text or character at the start; its length. */
static size_t put_piece(struct str f, const struct zone_time *z, struct buf *out)
{
	size_t n = escaped_at(f);
	if (n) {
		buf_add(out, str_sub(f, 1, n - 1));
		return n;
	}
	if (f.p[0] == 'S')
		return put_fraction(f, z, out);
	bool is_escaped = f.p[0] == '\\' && f.n > 1;
	const struct token *t = token_at(str_skip(f, is_escaped));
	n = t ? strlen(t->text) : 1;
	if (t && !is_escaped)
		put_token(t, z, out);
	else
		buf_add(out, str_sub(f, is_escaped, is_escaped + n));
	return is_escaped + n;
}

/* LT, L, LL, ...: formats of the locale, which stand for others. */
static const struct local {
	const char *text, *format;
} locals[] = {{"LTS", "h:mm:ss A"}, {"LT", "h:mm A"}, {"LLLL", "dddd, MMMM D, YYYY h:mm A"},
	{"LLL", "MMMM D, YYYY h:mm A"}, {"LL", "MMMM D, YYYY"}, {"L", "MM/DD/YYYY"},
	{"llll", "ddd, MMM D, YYYY h:mm A"}, {"lll", "MMM D, YYYY h:mm A"}, {"ll", "MMM D, YYYY"},
	{"l", "M/D/YYYY"}};

static const struct local *local_at(struct str f)
{
	for (size_t i = 0; i < ARRAY_LEN(locals); i++)
		if (str_starts(f, str_of(locals[i].text)))
			return &locals[i];
	return NULL;
}

static void expand(struct str f, struct buf *out)
{
	while (f.n) {
		size_t n = escaped_at(f);
		bool is_escaped = !n && f.p[0] == '\\' && f.n > 1;
		const struct local *l = n ? NULL : local_at(str_skip(f, is_escaped));
		if (!n)
			n = is_escaped + (l ? strlen(l->text) : 1);
		if (l && !is_escaped)
			buf_add_cstr(out, l->format);
		else
			buf_add(out, str_sub(f, 0, n));
		f = str_skip(f, n);
	}
}

void date_format(const struct zone_time *t, struct str format, struct buf *out)
{
	CLEANUP(buf_done) struct buf whole = BUF(METADATA_MAX_TEXT);
	if (format.n == 0)
		format = t->is_utc ? S("YYYY-MM-DDTHH:mm:ss[Z]") : S("YYYY-MM-DDTHH:mm:ssZ");
	expand(format, &whole);
	for (struct str f = buf_str(&whole); f.n && !out->is_over;)
		f = str_skip(f, put_piece(f, t, out));
}
