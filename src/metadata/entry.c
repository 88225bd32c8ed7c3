/* entry -- the entries of images, tags and flavor: "key=value" fields with rules of their own. */
#include "metadata_priv.h"

#include <math.h>

double js_number(struct str text)
{
	struct str s = str_trim(text);
	char room[64], *end;
	if (s.n == 0)
		return 0;
	if (s.n >= sizeof(room))
		return (double)NAN;
	for (size_t i = 0; i < s.n; i++)
		if (ch_hex(s.p[i]) < 0 && !memchr("xX+-.", s.p[i], 5))
			return (double)NAN;
	memcpy(room, s.p, s.n);
	room[s.n] = '\0';
	double v = strtod(room, &end);
	return *end ? (double)NAN : v;
}

static const char *const type_names[] = {
	"schedule", "semver", "pep440", "match", "edge", "ref", "raw", "sha"};

const struct str *tag_attr(const struct tag *t, const char *key)
{
	VEC_EACH(&t->attrs, a)
		if (str_is(a->key, key))
			return &a->value;
	return NULL;
}

struct str tag_value(const struct tag *t, const char *key)
{
	const struct str *v = tag_attr(t, key);
	return v ? *v : S("");
}

static void set_attr(struct tag *t, struct str key, struct str value)
{
	VEC_EACH(&t->attrs, a)
		if (str_eq(a->key, key)) {
			a->value = value;
			return;
		}
	vec_push(&t->attrs, ((struct tag_attr){key, value}));
}

static void default_attr(struct tag *t, const char *key, const char *value)
{
	if (!tag_attr(t, key))
		set_attr(t, str_of(key), str_of(value));
}

/* "key=value" at the first '='; false when there is no key. */
static bool split_first(struct str field, struct str *ret_key, struct str *ret_value)
{
	ssize_t at = str_chr(field, '=');
	if (at <= 0)
		return false;
	*ret_key = str_trim(str_sub(field, 0, (size_t)at));
	*ret_value = str_trim(str_skip(field, (size_t)at + 1));
	return true;
}

/* "key=value=rest" split at every '=': images and flavor keep only the second part. */
static bool split_every(struct str field, struct str *ret_key, struct str *ret_value)
{
	struct str rest = field, part;
	(void)str_cut(&rest, '=', &part);
	*ret_key = str_trim(part);
	if (!str_cut(&rest, '=', &part))
		return false;
	*ret_value = str_trim(part);
	return true;
}

static int read_type(struct str text, enum tag_type *ret, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(type_names); i++)
		if (str_is(text, type_names[i])) {
			*ret = (enum tag_type)i;
			return 0;
		}
	err_set(err, ERR_INPUT, "Unknown tag type attribute: %.*s", STR_ARG(text));
	return err_hint(err, "one of schedule, semver, pep440, match, edge, ref, raw, sha");
}

static int need(const struct tag *t, const char *key, struct str entry, struct err *err)
{
	if (tag_attr(t, key))
		return 0;
	return err_set(err, ERR_INPUT, "Missing %s attribute for %.*s", key, STR_ARG(entry));
}

static int invalid(const char *what, struct str entry, struct err *err)
{
	return err_set(err, ERR_INPUT, "Invalid %s for %.*s", what, STR_ARG(entry));
}

static int check_match(struct tag *t, struct str entry, struct err *err)
{
	if (need(t, "pattern", entry, err) < 0)
		return -1;
	default_attr(t, "group", "0");
	default_attr(t, "value", "");
	return isnan(js_number(tag_value(t, "group"))) ? invalid("match group", entry, err) : 0;
}

static int check_ref(struct tag *t, struct str entry, struct err *err)
{
	if (need(t, "event", entry, err) < 0)
		return -1;
	struct str event = tag_value(t, "event");
	if (!str_is(event, "branch") && !str_is(event, "tag") && !str_is(event, "pr"))
		return invalid("event", entry, err);
	if (str_is(event, "pr"))
		default_attr(t, "prefix", "pr-");
	return 0;
}

static int check_sha(struct tag *t, struct str entry, struct err *err)
{
	default_attr(t, "prefix", "sha-");
	default_attr(t, "format", "short");
	struct str format = tag_value(t, "format");
	return str_is(format, "short") || str_is(format, "long") ? 0
								 : invalid("format", entry, err);
}

static int check_type(struct tag *t, struct str entry, struct err *err)
{
	switch (t->type) {
	case TAG_SCHEDULE: default_attr(t, "pattern", "nightly"); return 0;
	case TAG_SEMVER:
	case TAG_PEP440:
		default_attr(t, "value", "");
		default_attr(t, "match", "");
		return need(t, "pattern", entry, err);
	case TAG_MATCH: return check_match(t, entry, err);
	case TAG_EDGE: default_attr(t, "branch", ""); return 0;
	case TAG_REF: return check_ref(t, entry, err);
	case TAG_RAW: return need(t, "value", entry, err);
	case TAG_SHA: return check_sha(t, entry, err);
	}
	return 0;
}

static int tag_fields(const struct str_vec *fields, struct arena *a, struct tag *t, struct err *err)
{
	t->type = TAG_RAW;
	VEC_EACH(fields, f) {
		struct str key, value;
		if (!split_first(*f, &key, &value)) {
			set_attr(t, S("value"), str_trim(*f));
			continue;
		}
		key = text_lower(key, a);
		if (!str_is(key, "type"))
			set_attr(t, key, value);
		else if (read_type(value, &t->type, err) < 0)
			return -1;
	}
	return 0;
}

static int tag_parse(struct str entry, struct arena *a, struct tag *t, struct err *err)
{
	static const char *const priorities[] = {
		"1000", "900", "900", "800", "700", "600", "200", "100"};
	struct str_vec fields = {0};
	int rc = list_fields(entry, a, &fields, err);
	if (rc == 0)
		rc = tag_fields(&fields, a, t, err);
	vec_done(&fields);
	if (rc < 0 || check_type(t, entry, err) < 0)
		return -1;
	default_attr(t, "enable", "true");
	default_attr(t, "priority", priorities[t->type]);
	t->priority = js_number(tag_value(t, "priority"));
	return 0;
}

/* Stable: entries of one priority stay in the order they were written. */
static void sort_tags(struct tag_vec *tags)
{
	for (size_t i = 1; i < tags->n; i++) {
		struct tag t = tags->p[i];
		size_t at = i;
		for (; at > 0 && tags->p[at - 1].priority < t.priority; at--)
			tags->p[at] = tags->p[at - 1];
		tags->p[at] = t;
	}
}

void tags_done(struct tag_vec *tags)
{
	VEC_EACH(tags, t)
		vec_done(&t->attrs);
	vec_done(tags);
}

int tags_parse(const struct str_vec *entries, struct arena *a, struct tag_vec *ret, struct err *err)
{
	static struct str standard[] = {{"type=schedule", 13}, {"type=ref,event=branch", 21},
		{"type=ref,event=tag", 18}, {"type=ref,event=pr", 17}};
	const struct str_vec defaults = {standard, ARRAY_LEN(standard), ARRAY_LEN(standard)};
	if (entries->n == 0)
		entries = &defaults;
	VEC_EACH(entries, e)
		if (tag_parse(*e, a, vec_add(ret), err) < 0)
			return -1;
	sort_tags(ret);
	return 0;
}

static bool is_bool(struct str s)
{
	return str_is(s, "true") || str_is(s, "false");
}

static int flavor_field(struct flavor *f, struct str key, struct str value, bool **on_latest,
	struct str entry, struct err *err)
{
	if (str_is(key, "latest")) {
		f->latest = value;
		if (!str_is(value, "auto") && !is_bool(value))
			return err_set(err, ERR_INPUT, "Invalid latest flavor entry: %.*s",
				STR_ARG(entry));
	} else if (str_is(key, "prefix")) {
		f->prefix = value;
		*on_latest = &f->prefixes_latest;
	} else if (str_is(key, "suffix")) {
		f->suffix = value;
		*on_latest = &f->suffixes_latest;
	} else if (str_is(key, "onlatest")) {
		if (!is_bool(value))
			return err_set(err, ERR_INPUT, "Invalid value for onlatest attribute: %.*s",
				STR_ARG(value));
		if (*on_latest)
			**on_latest = str_is(value, "true");
	} else {
		return err_set(err, ERR_INPUT, "Unknown flavor entry: %.*s", STR_ARG(entry));
	}
	return 0;
}

static int flavor_entry(struct flavor *f, struct str entry, struct arena *a, struct err *err)
{
	struct str_vec fields = {0};
	bool *on_latest = NULL;
	int rc = list_fields(entry, a, &fields, err);
	for (size_t i = 0; rc == 0 && i < fields.n; i++) {
		struct str key, value;
		if (!split_every(fields.p[i], &key, &value))
			rc = err_set(err, ERR_INPUT, "Invalid flavor entry: %.*s", STR_ARG(entry));
		else
			rc = flavor_field(f, text_lower(key, a), value, &on_latest, entry, err);
	}
	vec_done(&fields);
	return rc;
}

int flavor_parse(const struct str_vec *entries, struct arena *a, struct flavor *ret,
	struct err *err)
{
	*ret = (struct flavor){.latest = S("auto")};
	VEC_EACH(entries, e)
		if (flavor_entry(ret, *e, a, err) < 0)
			return -1;
	return 0;
}

static int image_fields(const struct str_vec *fields, struct str entry, struct arena *a,
	struct str_vec *ret, struct err *err)
{
	struct str name = S(""), key, value;
	bool is_enabled = true;
	VEC_EACH(fields, f) {
		if (!split_every(*f, &key, &value)) {
			name = key;
			continue;
		}
		key = text_lower(key, a);
		if (str_is(key, "name"))
			name = value;
		else if (!str_is(key, "enable"))
			return err_set(err, ERR_INPUT, "Unknown image attribute: %.*s",
				STR_ARG(entry));
		else if (!is_bool(value))
			return err_set(err, ERR_INPUT, "Invalid enable attribute value: %.*s",
				STR_ARG(entry));
		else
			is_enabled = str_is(value, "true");
	}
	if (name.n == 0)
		return err_set(err, ERR_INPUT, "Image name attribute empty: %.*s", STR_ARG(entry));
	if (is_enabled)
		vec_push(ret, text_lower(name, a));
	return 0;
}

/* A single entry without any '=' is the old form: names with commas between. */
static bool is_old_form(const struct str_vec *fields)
{
	VEC_EACH(fields, f)
		if (str_chr(*f, '=') >= 0)
			return false;
	return true;
}

int images_parse(const struct str_vec *entries, struct arena *a, struct str_vec *ret,
	struct err *err)
{
	VEC_EACH(entries, e) {
		struct str_vec fields = {0};
		int rc = list_fields(*e, a, &fields, err);
		if (rc == 0 && entries->n == 1 && is_old_form(&fields))
			VEC_EACH(&fields, f)
				vec_push(ret, text_lower(str_trim(*f), a));
		else if (rc == 0)
			rc = image_fields(&fields, *e, a, ret, err);
		vec_done(&fields);
		if (rc < 0)
			return -1;
	}
	return 0;
}
