/* metadata_priv -- what the files of metadata share. */
#ifndef METADATA_PRIV_H
#define METADATA_PRIV_H

#include "metadata/metadata.h"

#include "base/clock.h"

/* Entries (list.c, entry.c). */

VEC_TYPE(record_vec, struct str_vec);
/* The records of a CSV text. is_relaxed: quotes in the middle are text, '#' starts a comment line.
 */
int list_records(struct str text, bool is_relaxed, struct arena *a, struct record_vec *ret,
	struct err *err);
void list_records_done(struct record_vec *records);
/* Fields of the first record; an error when there is none. */
int list_fields(struct str entry, struct arena *a, struct str_vec *ret, struct err *err);

enum tag_type {
	TAG_SCHEDULE,
	TAG_SEMVER,
	TAG_PEP440,
	TAG_MATCH,
	TAG_EDGE,
	TAG_REF,
	TAG_RAW,
	TAG_SHA,
};

struct tag_attr {
	struct str key, value;
};
VEC_TYPE(tag_attr_vec, struct tag_attr);

struct tag {
	enum tag_type type;
	struct tag_attr_vec attrs;
	double priority;
};
VEC_TYPE(tag_vec, struct tag);

struct flavor {
	struct str latest; /* auto, true, false */
	struct str prefix, suffix;
	bool prefixes_latest, suffixes_latest;
};

/* Highest priority first; the defaults when there are no entries. */
int tags_parse(const struct str_vec *entries, struct arena *a, struct tag_vec *ret,
	struct err *err);
void tags_done(struct tag_vec *tags);
/* The value of an attribute, or NULL. */
const struct str *tag_attr(const struct tag *t, const char *key);
struct str tag_value(const struct tag *t, const char *key); /* empty when absent */
int flavor_parse(const struct str_vec *entries, struct arena *a, struct flavor *ret,
	struct err *err);
/* Names of the enabled images, in lower case. */
int images_parse(const struct str_vec *entries, struct arena *a, struct str_vec *ret,
	struct err *err);
/* JavaScript's Number(text): NaN when it is none. */
double js_number(struct str text);

/* Text (text.c). */

struct str text_join(struct arena *a, struct str x, struct str y, struct str z);
struct str text_swap(struct str s, char from, char to, struct arena *a);
struct str text_lower(struct str s, struct arena *a);
/* Runs of characters that no tag may hold become one '-'. */
struct str text_tag(struct str text, struct arena *a);

/* The event (event.c). */

struct event {
	struct str name, ref, sha;
	const struct json *payload; /* or NULL */
	int64_t commit_date_ns;
};
int event_read(const struct metadata_spec *spec, struct arena *a, struct event *ret,
	struct err *err);
/* The text at a path of members ("pull_request.base.ref"), or empty. */
struct str json_text_at(const struct json *v, const char *path);

/* Versions (semver.c, pep440.c). */

struct semver {
	struct str raw;
	uint64_t major, minor, patch;
	struct str prerelease; /* without '-' */
	struct str build;
	struct str version; /* major.minor.patch[-prerelease] */
};
bool semver_parse(struct str text, struct arena *a, struct semver *ret);

struct pep440 {
	struct str version; /* normalised */
	struct str major, minor, patch;
	bool is_final; /* neither pre-, post- nor development release */
};
bool pep440_parse(struct str text, struct arena *a, struct pep440 *ret);

/* Dates (date.c, zone.c). */

struct zone_time {
	struct civil civil;
	int64_t utc_ns;
	int32_t offset; /* seconds east of UTC */
	char name[16];  /* "CET" */
	bool is_utc;
};
/* An unknown zone gives UTC and *ret_known false. */
int zone_local(struct metadata_zones *zones, struct str name, int64_t utc_ns, struct zone_time *ret,
	bool *ret_known, struct err *err);
int zone_lookup(struct str file, int64_t utc_s, int32_t *ret_offset, char ret_name[16],
	struct err *err); /* in the bytes of a zone file */
/* moment.js format; an empty one is ISO 8601. */
void date_format(const struct zone_time *t, struct str format, struct buf *out);

/* Templates (template.c, template_parse.c). */

enum field_kind { FIELD_NONE, FIELD_TEXT, FIELD_NUMBER, FIELD_LIST };

struct field {
	enum field_kind kind;
	struct str text; /* of a list: its items with commas between */
};

struct template_args {
	const struct field *params;
	size_t n_params;
	const struct tag_attr *hash;
	size_t n_hash;
};

/* What a template may name. get fills *ret (FIELD_NONE when there is no such thing); args is NULL
 * when the name stands alone. */
struct template_view {
	int (*get)(struct template_view *view, struct str name, const struct template_args *args,
		struct field *ret, struct err *err);
};

int template_render(struct str text, struct template_view *view, struct arena *a, struct str *ret,
	struct err *err);
/* The template is {{raw}} and nothing else. */
bool template_is_raw(struct str text, struct arena *a);

/* Regular expressions (regex_parse.c, regex_run.c). */

struct regex;
enum { REGEX_MAX_GROUPS = 100 };
/* Flags as after the closing slash: "gi". */
int regex_parse(struct str pattern, struct str flags, struct arena *a, struct regex **ret,
	struct err *err);
struct regex_span {
	ssize_t start, end; /* -1: the group did not take part */
};
/* Number of groups with the whole match as 0, or 0 when it does not match. With the flag g the
 * spans are the matches, as String.match gives them. */
int regex_match(const struct regex *r, struct str text, struct arena *a, struct regex_span **ret,
	size_t *ret_n, struct err *err);
/* "/x/flags" or "x". */
int regex_of(struct str pattern, struct arena *a, struct regex **ret, struct err *err);

/* Tags, labels (version.c, label.c). */

struct work {
	const struct metadata_spec *spec;
	struct event event;
	struct flavor flavor;
	const struct json *repo;
	struct arena *a;
	struct metadata *out;
};
int version_compute(struct work *w, const struct tag_vec *tags, struct err *err);
/* Renders the expressions that are allowed everywhere. */
int render_global(struct work *w, struct str text, struct str *ret, struct err *err);
int labels_compute(struct work *w, const struct str_vec *custom, struct str_vec *ret,
	struct err *err);
void warn(struct work *w, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
