/* image_priv -- what the files of this room share. */
#ifndef IMAGE_PRIV_H
#define IMAGE_PRIV_H

#include "base/map.h"
#include "base/vec.h"
#include "image/image.h"

/* ---- doc: the rules a JSON document obeys, as tables ----
 *
 * One table per kind of document says which members there are and what they must look like. Reading
 * (image_manifest_parse) stops at the first problem and is tolerant: null is as good as absent, and
 * members match without regard to case, as in Go's decoder that every other tool uses. `image
 * check` collects all problems and is strict (OCI's JSON schemas). Values are taken out with
 * doc_get() and friends only after the document was found in order. */

enum doc_type {
	DOC_END,
	DOC_STRING,
	DOC_COUNT, /* a whole number, 0 or more */
	DOC_BOOL,
	DOC_STRINGS, /* list of strings; tolerant: one string is a list of one */
	DOC_PAIRS,   /* object whose values are strings */
	DOC_KEYS,    /* object whose keys matter */
	DOC_OBJECT,  /* has rules of its own */
	DOC_LIST,    /* of objects with rules of their own */
};

enum { DOC_REQUIRED = 1, DOC_REQUIRED_STRICT = 2, DOC_NOT_EMPTY_STRICT = 4 };

struct doc_rule {
	const char *name;
	enum doc_type type;
	unsigned flags;
	const struct doc_rule *inner; /* OBJECT, LIST */
	/* Looks at the value, or at each item of a list. */
	int (*check)(const struct json *v, bool is_strict, struct err *err);
	size_t max; /* items; 0 = DOC_ITEMS_MAX */
};

enum { DOC_ITEMS_MAX = 65536, DOC_PROBLEMS_MAX = 100, DOC_PATH = 256 };

struct doc_problem {
	enum err_kind kind;
	struct str path; /* "layers[2].digest"; "" = the document */
	struct str message;
};
VEC_TYPE(doc_problems, struct doc_problem);

struct doc_walk {
	bool is_strict;
	size_t max_problems;
	struct arena *arena; /* for the problems' text */
	struct doc_problems problems;
	char path[DOC_PATH];
	size_t n_path;
};

/* Adds what is wrong with v to w->problems. */
void doc_check(struct doc_walk *w, const struct json *v, const struct doc_rule *rules);
/* A problem at the walk's place, or at a member of it ("" = the place itself). */
void doc_problem(struct doc_walk *w, const char *member, enum err_kind kind, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
/* Tolerant walk that ends at the first problem, as an error. */
int doc_require(const struct json *v, const struct doc_rule *rules, struct arena *a,
	struct err *err);

/* The member without regard to case; NULL when absent or null. */
const struct json *doc_get(const struct json *v, const char *name);
struct str doc_str(const struct json *v, const char *name);
int64_t doc_i64(const struct json *v, const char *name);
bool doc_bool(const struct json *v, const char *name);
struct image_strs doc_strs(const struct json *v, const char *name, struct arena *a);
struct image_strs doc_keys(const struct json *v, const char *name, struct arena *a); /* sorted */
struct image_pairs doc_pairs(const struct json *v, const char *name, struct arena *a);

/* ---- rules of the documents ---- */

extern const struct doc_rule manifest_rules[], index_rules[], config_rules[], layout_rules[];
extern const struct doc_rule descriptor_rules[];
/* What tables cannot say: schema versions, members that exclude each other. */
void manifest_check(struct doc_walk *w, const struct json *v);
void config_check(struct doc_walk *w, const struct json *v);

/* Strict check of one document by its kind ("manifest", "index", …). */
void check_document(struct doc_walk *w, const char *kind, const struct json *v);
/* Parses; broken JSON becomes a problem and NULL. */
const struct json *check_read(struct doc_walk *w, struct str bytes);

int json_read(struct str bytes, size_t max_bytes, struct arena *a, struct json **ret,
	struct err *err);

/* ---- others ---- */

bool media_is_schema1(struct str media_type);
bool media_is_well_formed(struct str media_type);
void platform_normalise(struct image_platform *p, struct arena *a);
/* 0 = exact, more = less good, -1 = does not run. */
int platform_rank(const struct image_platform *want, const struct image_platform *have);
void descriptor_read(const struct json *v, struct arena *a, struct image_descriptor *ret);
void descriptor_write(struct json_out *o, const struct image_descriptor *d);
/* Members that are left out when there is nothing to say. */
void pairs_add(struct json_out *o, const char *key, const struct image_pairs *pairs);
void str_member_add(struct json_out *o, const char *key, struct str value);

#endif
