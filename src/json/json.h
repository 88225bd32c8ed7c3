/* json -- reading and writing RFC 8259 JSON.
 *
 * Reading gives a tree in an arena. Writing appends to a buf, members in the order they are given,
 * so the same calls always give the same bytes.
 *
 * Reading is strict: no comments, no trailing commas, no byte order mark, no leading zeros. A
 * string may hold \u0000; half of a surrogate pair (\ud800) becomes U+FFFD, as in Go.
 *
 * Knows:   JSON. Touches: the bytes given. Never: files, JSON Schema, OCI words.
 * Owner:   a tree lives in the caller's arena; its text is copied, so the input may go.
 * Threads: a finished tree may be read from any thread.
 * Errors:  ERR_INPUT with line and column (broken text, duplicate member, invalid UTF-8),
 *          ERR_LIMIT (longer, deeper or more values than the limits; a number that no double
 *          holds, as 1e400, or of more than 1,024 characters). Columns count characters.
 */
#ifndef JSON_JSON_H
#define JSON_JSON_H

#include "base/arena.h"
#include "base/buf.h"

enum json_kind {
	JSON_NULL,
	JSON_BOOL,
	JSON_INT,  /* fits int64_t and was written without fraction or exponent */
	JSON_REAL, /* every other number, -0 too */
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

struct json_member;

struct json {
	enum json_kind kind;
	bool truth;
	int64_t number;              /* JSON_INT */
	double real;                 /* JSON_INT and JSON_REAL */
	struct str text;             /* JSON_STRING: may hold NUL; NUL-terminated as well */
	struct json *items;          /* JSON_ARRAY */
	struct json_member *members; /* JSON_OBJECT, in the order of the text */
	size_t n;                    /* items or members */
};

struct json_member {
	struct str key;
	struct json value;
};

struct json_limits {
	size_t max_bytes;
	unsigned max_depth;      /* arrays and objects inside each other; at most JSON_DEPTH_MAX */
	size_t max_values;       /* members count once */
	bool accepts_duplicates; /* the last value, at the first position; else an error */
	bool is_real_only;       /* every number JSON_REAL, any magnitude that a double holds */
};
enum { JSON_DEPTH_MAX = 512, JSON_OUT_DEPTH_MAX = 2 * JSON_DEPTH_MAX };
/* 4 MiB, depth 64, 200,000 values: for documents of other hosts. */
extern const struct json_limits json_limits_default;

/* Exactly one value, white space around it. limits NULL = json_limits_default. */
int json_parse(struct str text, const struct json_limits *limits, struct arena *a,
	struct json **ret, struct err *err);

const char *json_kind_name(enum json_kind k); /* "an object", "a string": for messages */

/* The member, or NULL when absent (also when v is NULL or no object). */
struct json *json_get(const struct json *v, const char *key);
/* Typed members: the value through *ret, or the error "'key': expected a string, got a number".
 * json_opt_* leave *ret as it is and return 0 when the member is absent or null, and return 1 when
 * it was there. _i64 accepts 1e3 and 2.0; outside of min to max is ERR_INPUT. */
int json_get_str(const struct json *v, const char *key, struct str *ret, struct err *err);
int json_get_i64(const struct json *v, const char *key, int64_t min, int64_t max, int64_t *ret,
	struct err *err);
int json_get_bool(const struct json *v, const char *key, bool *ret, struct err *err);
int json_get_array(const struct json *v, const char *key, struct json **ret, struct err *err);
int json_get_object(const struct json *v, const char *key, struct json **ret, struct err *err);
int json_opt_str(const struct json *v, const char *key, struct str *ret, struct err *err);
int json_opt_i64(const struct json *v, const char *key, int64_t min, int64_t max, int64_t *ret,
	struct err *err);
int json_opt_bool(const struct json *v, const char *key, bool *ret, struct err *err);
int json_opt_array(const struct json *v, const char *key, struct json **ret, struct err *err);
int json_opt_object(const struct json *v, const char *key, struct json **ret, struct err *err);

/* Writing: exactly one value.
 *
 *	struct json_out o;
 *	json_out_init(&o, &b, 0);		0 = compact, else spaces per level
 *	json_object(&o);
 *	json_key(&o, "name"); json_add_str(&o, name);
 *	json_end(&o);
 *
 * Nesting is checked by assert; JSON_OUT_DEPTH_MAX leaves room for a parsed tree inside another.
 * Strings that are not UTF-8 get U+FFFD for each bad byte. Non-ASCII characters are written as they
 * are; only '"', '\\' and control characters are escaped. The HTML characters < > & are not. */
struct json_out {
	struct buf *b;
	unsigned indent;
	unsigned depth;
	bool is_first;                              /* nothing written yet on this level */
	bool has_key;                               /* a key waits for its value */
	uint64_t is_array[JSON_OUT_DEPTH_MAX / 64]; /* one bit per level */
};

void json_out_init(struct json_out *o, struct buf *b, unsigned indent);
void json_object(struct json_out *o);
void json_array(struct json_out *o);
void json_end(struct json_out *o); /* of the innermost object or array */
void json_key(struct json_out *o, const char *key);
void json_key_str(struct json_out *o, struct str key);
void json_add_str(struct json_out *o, struct str s);
void json_add_cstr(struct json_out *o, const char *s); /* NULL writes null */
void json_add_fmt(struct json_out *o, const char *fmt, ...) PRINTF_LIKE(2, 3);
void json_add_i64(struct json_out *o, int64_t v);
void json_add_u64(struct json_out *o, uint64_t v);
/* The shortest form that reads back the same; NaN and infinities write null. */
void json_add_real(struct json_out *o, double v);
void json_add_bool(struct json_out *o, bool v);
void json_add_null(struct json_out *o);
void json_add_value(struct json_out *o, const struct json *v);
/* Already-written JSON, taken as it is. */
void json_add_raw(struct json_out *o, struct str text);

#endif
