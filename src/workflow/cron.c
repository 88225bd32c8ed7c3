/* cron -- "minute hour day month weekday", as GitHub accepts it.
 *
 *	part = item ("," item)*		item = range ("/" step)?	range = "*" | value ("-" value)?
 */
#include "workflow/trigger.h"

#include "base/num.h"

struct field {
	const char *name;
	unsigned min, max;
	const char *names; /* three letters each, for min, min + 1, ... */
};

static const struct field fields[] = {{"minute", 0, 59, ""}, {"hour", 0, 23, ""},
	{"day of month", 1, 31, ""}, {"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
	{"day of week", 0, 6, "sunmontuewedthufrisat"}};

static int bad(const struct field *f, struct str text, struct err *err)
{
	err_set(err, ERR_INPUT, "'%.*s' is no %s", STR_ARG(text), f->name);
	return err_hint(err, "%s is %u to %u, '*', a list, a range 1-5 or a step */15", f->name,
		f->min, f->max);
}

static int value(const struct field *f, struct str text, unsigned *ret, struct err *err)
{
	struct err why = {0};
	uint64_t v;
	for (unsigned i = 0; text.n == 3 && f->names[3 * i]; i++)
		if (str_eq_nocase(text, str_n(f->names + 3 * i, 3))) {
			*ret = f->min + i;
			return 0;
		}
	if (num_parse_u64(text, f->min, f->max, &v, &why) < 0)
		return bad(f, text, err);
	*ret = (unsigned)v;
	return 0;
}

/* "*", "5" or "1-5"; a value with a step goes up to the end. */
static int range(const struct field *f, struct str text, bool has_step, unsigned *from,
	unsigned *to, struct err *err)
{
	struct str rest = text, first;
	*from = f->min;
	*to = f->max;
	if (str_is(text, "*"))
		return 0;
	(void)str_cut(&rest, '-', &first);
	if (value(f, first, from, err) < 0)
		return -1;
	if (!rest.p) {
		*to = has_step ? f->max : *from;
		return 0;
	}
	if (value(f, rest, to, err) < 0)
		return -1;
	return *to < *from ? bad(f, text, err) : 0;
}

static int item(const struct field *f, struct str text, uint64_t *set, struct err *err)
{
	struct str rest = text, before;
	unsigned from, to, step = 1;
	(void)str_cut(&rest, '/', &before);
	if (rest.p && (value(f, rest, &step, err) < 0 || step == 0))
		return bad(f, text, err);
	if (range(f, before, rest.p != NULL, &from, &to, err) < 0)
		return -1;
	for (unsigned v = from; v <= to; v += step)
		*set |= UINT64_C(1) << v;
	return 0;
}

static int part(const struct field *f, struct str text, uint64_t *set, struct err *err)
{
	struct str one;
	while (str_cut(&text, ',', &one))
		if (item(f, one, set, err) < 0)
			return -1;
	return 0;
}

int cron_parse(struct str text, struct cron *ret, struct err *err)
{
	uint64_t sets[ARRAY_LEN(fields)] = {0};
	struct str rest = text, parts[ARRAY_LEN(fields)], word;
	size_t n = 0;
	while (str_word(&rest, &word)) {
		if (n < ARRAY_LEN(fields))
			parts[n] = word;
		n++;
	}
	if (n != ARRAY_LEN(fields) || str_trim(text).n != text.n)
		return err_set(err, ERR_INPUT, "'%.*s' has %zu fields, not five", STR_ARG(text), n);
	for (size_t i = 0; i < n; i++)
		if (part(&fields[i], parts[i], &sets[i], err) < 0)
			return -1;
	*ret = (struct cron){.minutes = sets[0],
		.hours = (uint32_t)sets[1],
		.days = (uint32_t)sets[2],
		.months = (uint16_t)sets[3],
		.weekdays = (uint8_t)sets[4],
		.is_any_day = str_is(parts[2], "*"),
		.is_any_weekday = str_is(parts[4], "*")};
	return 0;
}

bool cron_is_due(const struct cron *c, const struct civil *t)
{
	bool is_day = c->days & (1U << t->day), is_weekday = c->weekdays & (1U << t->weekday);
	bool is_date =
		c->is_any_day || c->is_any_weekday ? is_day && is_weekday : is_day || is_weekday;
	return is_date && (c->minutes & (UINT64_C(1) << t->minute)) &&
		(c->hours & (1U << t->hour)) && (c->months & (1U << t->month));
}
