/* json_priv -- the reader, shared by read.c (structure) and read_scalar.c (strings, numbers). */
#ifndef JSON_JSON_PRIV_H
#define JSON_JSON_PRIV_H

#include "base/vec.h"
#include "json/json.h"

/* A value that was read and waits for its array or object to close. */
struct slot {
	struct json_member member;
	const char *at; /* where its key starts */
};
VEC_TYPE(slot_vec, struct slot);

struct reader {
	const char *start, *p, *end;
	const struct json_limits *limits;
	struct arena *arena;
	struct err *err;
	size_t n_values;
	struct slot_vec stack;
};

/* Sets the error at a place in the text; returns -1. */
int json_fail(struct reader *r, const char *at, enum err_kind kind, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
/* "expected a value, got 'x'", or that the text ends. */
int json_fail_expected(struct reader *r, const char *what);

/* r->p is at the opening quote; behind the closing one after. */
int json_read_string(struct reader *r, struct str *ret);
/* r->p is at '-' or a digit; behind the number after. */
int json_read_number(struct reader *r, struct json *ret);

#endif
