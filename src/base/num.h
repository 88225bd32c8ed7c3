/* num -- arithmetic and parsing of numbers that come from outside.
 *
 * Text becomes a number only through num_parse_*, with minimum and maximum. Sizes from outside are
 * added and multiplied with num_add/num_mul.
 *
 * Errors: ERR_INPUT (not a number), ERR_LIMIT (outside min..max or overflow).
 */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include "base/err.h"
#include "base/str.h"

/* Decimal digits only: no sign, no white space, no prefix; leading zeros are accepted. */
int num_parse_u64(struct str text, uint64_t min, uint64_t max, uint64_t *ret, struct err *err);
/* As above with an optional leading '-'. */
int num_parse_i64(struct str text, int64_t min, int64_t max, int64_t *ret, struct err *err);
/* Octal digits, as in --chmod=0755. */
int num_parse_octal(struct str text, uint64_t max, uint64_t *ret, struct err *err);
/* Bytes with docker's units: "512", "64k", "64kb", "1.5g", "10MiB"; powers of 1024. */
int num_parse_bytes(struct str text, uint64_t max, uint64_t *ret, struct err *err);

int num_add(uint64_t a, uint64_t b, uint64_t *ret, struct err *err);
int num_mul(uint64_t a, uint64_t b, uint64_t *ret, struct err *err);

/* "238.4 MB": powers of 1000, as docker prints sizes. */
void num_human_bytes(uint64_t bytes, char *room, size_t n);

static inline uint64_t num_min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}
static inline uint64_t num_max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

#endif
