/* clock -- what time it is, and how times are written.
 *
 * Times are int64_t nanoseconds since 1970 UTC; durations int64_t nanoseconds. Code that needs the
 * time takes a `struct clock *`, so that tests can hand in their own.
 *
 * Errors: ERR_INPUT (not a time), ERR_LIMIT (outside years 1-9999 or the int64 range).
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/err.h"
#include "base/str.h"

#define CLOCK_SECOND INT64_C(1000000000)
#define CLOCK_MS INT64_C(1000000)

struct clock {
	int64_t (*now)(const struct clock *c);       /* UTC */
	int64_t (*monotonic)(const struct clock *c); /* only differences mean something */
};

const struct clock *clock_system(void);
static inline int64_t clock_now(const struct clock *c)
{
	return c->now(c);
}
static inline int64_t clock_monotonic(const struct clock *c)
{
	return c->monotonic(c);
}

/* A date and time of day in the proleptic Gregorian calendar. */
struct civil {
	int year;
	int month; /* 1-12 */
	int day;   /* 1-31 */
	int hour, minute, second;
	int weekday;  /* 0 = Sunday */
	int year_day; /* 1-366 */
};

struct civil clock_civil(int64_t ns);
/* Out-of-range days, hours and so on carry over; ERR_LIMIT when ns do not fit. */
int clock_from_civil(const struct civil *c, int64_t *ret_ns, struct err *err);

enum { CLOCK_TEXT = 40 };
/* RFC 3339, UTC: "2026-11-21T17:00:00Z"; with a fraction when there is one. */
void clock_rfc3339(int64_t ns, char room[CLOCK_TEXT]);
/* RFC 3339 with any offset, "T" or space, any fraction. */
int clock_parse_rfc3339(struct str text, int64_t *ret_ns, struct err *err);

/* Go's durations, as Dockerfiles and compose write them: "1h30m", "1.5s", "100ms", "0". */
int clock_parse_duration(struct str text, int64_t *ret_ns, struct err *err);
/* "1.2s", "340ms", "2m05s": for people. */
void clock_human_duration(int64_t ns, char room[CLOCK_TEXT]);

#endif
