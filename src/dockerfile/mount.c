#include "dockerfile/mount.h"

#include "base/num.h"
#include "dockerfile/instruction_priv.h"

#include <stdarg.h>

static const char *const type_names[] = {[MOUNT_BIND] = "bind",
	[MOUNT_CACHE] = "cache",
	[MOUNT_TMPFS] = "tmpfs",
	[MOUNT_SECRET] = "secret",
	[MOUNT_SSH] = "ssh",
	NULL};
static const char *const sharing_names[] = {
	[MOUNT_SHARED] = "shared", [MOUNT_PRIVATE] = "private", [MOUNT_LOCKED] = "locked", NULL};

const char *mount_type_name(enum mount_type t)
{
	return type_names[t];
}

/* One mount while its fields are read. */
struct mounting {
	struct mount m;
	bool has_access; /* ro or rw was said */
	bool has_sharing;
	struct str field, value; /* the field at hand; its value filled in */
	struct arena *arena;
	struct err *err;
};

PRINTF_LIKE(2, 3)
static int fail(struct mounting *s, const char *fmt, ...)
{
	char what[500];
	va_list args;
	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	return place_fail(s->err, s->m.at, "%s", what);
}

static int wrong_key(struct mounting *s, const char *key)
{
	return fail(s, "unexpected key '%s' for mount type '%s'", key, type_names[s->m.type]);
}

/* As Go's strconv.ParseBool. */
static int set_bool(struct mounting *s, const char *key, bool *ret)
{
	static const char *const words[] = {
		"0", "1", "f", "t", "F", "T", "false", "true", "FALSE", "TRUE", "False", "True"};
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_is(s->value, words[i])) {
			*ret = i % 2;
			return 0;
		}
	return fail(s, "invalid value for %s: %.*s", key, STR_ARG(s->value));
}

static ssize_t index_of(const char *const *names, struct str word)
{
	for (ssize_t i = 0; names[i]; i++)
		if (str_eq_nocase(word, str_of(names[i])))
			return i;
	return -1;
}

static int set_type(struct mounting *s, const char *key)
{
	ssize_t i = index_of(type_names, s->value);
	if (i < 0)
		return fail(s, "unsupported mount type %s%s", text_quoted(s->arena, s->value),
			suggest_words(s->value, type_names, true, s->arena));
	s->m.type = (enum mount_type)i;
	return 0;
}

static int set_sharing(struct mounting *s, const char *key)
{
	ssize_t i = index_of(sharing_names, s->value);
	if (i < 0)
		return fail(s, "unsupported sharing value %s%s", text_quoted(s->arena, s->value),
			suggest_words(s->value, sharing_names, true, s->arena));
	s->m.sharing = (enum mount_sharing)i;
	s->has_sharing = true;
	return 0;
}

static int set_from(struct mounting *s, const char *key)
{
	s->m.from = s->value;
	return 0;
}

static int set_source(struct mounting *s, const char *key)
{
	s->m.source = s->value;
	return 0;
}

static int set_target(struct mounting *s, const char *key)
{
	s->m.target = s->value;
	return 0;
}

static int set_id(struct mounting *s, const char *key)
{
	s->m.id = s->value;
	return 0;
}

static int set_env(struct mounting *s, const char *key)
{
	s->m.env = s->value;
	s->m.has_env = true;
	return 0;
}

static int set_read_only(struct mounting *s, const char *key)
{
	s->has_access = true;
	return set_bool(s, key, &s->m.is_read_only);
}

static int set_read_write(struct mounting *s, const char *key)
{
	bool is_rw = false;
	if (set_bool(s, key, &is_rw) < 0)
		return -1;
	s->has_access = true;
	s->m.is_read_only = !is_rw;
	return 0;
}

static int set_required(struct mounting *s, const char *key)
{
	if (s->m.type != MOUNT_SECRET && s->m.type != MOUNT_SSH)
		return wrong_key(s, key);
	return set_bool(s, key, &s->m.is_required);
}

static int set_size(struct mounting *s, const char *key)
{
	struct err ignored = {0}; /* the field says more than the number's own words */
	if (s->m.type != MOUNT_TMPFS)
		return wrong_key(s, key);
	if (num_parse_bytes(s->value, INT64_MAX, &s->m.size_bytes, &ignored) < 0)
		return fail(s, "invalid value for %s: %.*s", key, STR_ARG(s->value));
	return 0;
}

static int set_number(struct mounting *s, const char *key, bool is_octal, bool *has, uint32_t *ret)
{
	struct err ignored = {0}; /* as above */
	uint64_t n;
	int rc = is_octal ? num_parse_octal(s->value, UINT32_MAX, &n, &ignored)
			  : num_parse_u64(s->value, 0, UINT32_MAX, &n, &ignored);
	if (rc < 0)
		return fail(s, "invalid value %.*s for %s", STR_ARG(s->value), key);
	*has = true;
	*ret = (uint32_t)n;
	return 0;
}

static int set_mode(struct mounting *s, const char *key)
{
	return set_number(s, key, true, &s->m.has_mode, &s->m.mode);
}

static int set_uid(struct mounting *s, const char *key)
{
	return set_number(s, key, false, &s->m.has_uid, &s->m.uid);
}

static int set_gid(struct mounting *s, const char *key)
{
	return set_number(s, key, false, &s->m.has_gid, &s->m.gid);
}

static const struct {
	const char *name;
	int (*set)(struct mounting *s, const char *key);
	bool is_flag; /* may stand without a value */
} keys[] = {
	{"type", set_type, false},
	{"from", set_from, false},
	{"source", set_source, false},
	{"src", set_source, false},
	{"target", set_target, false},
	{"dst", set_target, false},
	{"destination", set_target, false},
	{"readonly", set_read_only, true},
	{"ro", set_read_only, true},
	{"readwrite", set_read_write, true},
	{"rw", set_read_write, true},
	{"id", set_id, false},
	{"sharing", set_sharing, false},
	{"required", set_required, true},
	{"size", set_size, false},
	{"mode", set_mode, false},
	{"uid", set_uid, false},
	{"gid", set_gid, false},
	{"env", set_env, false},
};

static int unknown_key(struct mounting *s, struct str key)
{
	const char *names[ARRAY_LEN(keys) + 1] = {0};
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		names[i] = keys[i].name;
	CLEANUP(buf_done) struct buf lower = BUF(100);
	for (size_t i = 0; i < key.n; i++)
		buf_add_ch(&lower, ch_lower(key.p[i]));
	return fail(s, "unexpected key '%s' in '%.*s'%s", buf_cstr(&lower), STR_ARG(s->field),
		suggest_words(buf_str(&lower), names, true, s->arena));
}

static int read_field(struct mounting *s, struct mount_fill *fill)
{
	struct str value = s->field, key;
	size_t i = 0;
	(void)str_cut(&value, '=', &key); /* without '=' all of it is the key */
	bool has_value = key.n < s->field.n;
	while (i < ARRAY_LEN(keys) && !str_eq_nocase(key, str_of(keys[i].name)))
		i++;
	if (!has_value && (i == ARRAY_LEN(keys) || !keys[i].is_flag))
		return fail(s, "invalid field '%.*s' must be a key=value pair", STR_ARG(s->field));
	s->value = has_value ? value : S("true");
	if (has_value && fill && fill->fill(fill, value, &s->value, s->err) < 0)
		return err_locate(s->err, NULL, s->m.at.line, s->m.at.col);
	return i == ARRAY_LEN(keys) ? unknown_key(s, key) : keys[i].set(s, keys[i].name);
}

static int check_secret(struct mounting *s)
{
	const struct mount *m = &s->m;
	if (m->from.n)
		return fail(s, "secret mount should not have a from");
	if (s->has_sharing)
		return fail(s, "secret mount should not define sharing");
	if (!m->source.n && !m->target.n && !m->id.n)
		return fail(s, "invalid secret mount. one of source, target required");
	if (m->source.n && m->id.n)
		return fail(s, "both source and id can't be set");
	return 0;
}

static int check_whole(struct mounting *s)
{
	struct mount *m = &s->m;
	const char *type = type_names[m->type];
	if (m->type == MOUNT_BIND || m->type == MOUNT_TMPFS) {
		const char *key = m->has_mode ? "mode"
			: m->has_uid          ? "uid"
			: m->has_gid          ? "gid"
					      : NULL;
		if (key)
			return fail(s, "%s not allowed for \"%s\" type mounts", key, type);
	}
	if (!s->has_access)
		m->is_read_only = m->type != MOUNT_CACHE && m->type != MOUNT_TMPFS;
	if (m->type == MOUNT_SECRET)
		return check_secret(s);
	if (s->has_sharing && m->type != MOUNT_CACHE)
		return fail(s, "invalid cache sharing set for %s mount", type);
	return 0;
}

static int split(struct dockerfile_word value, struct arena *a, struct str_vec *ret,
	struct err *err)
{
	if (!value.text.n)
		return place_fail(err, value.at, "failed to parse csv mounts: EOF");
	if (csv_fields(value.text, a, ret, err) < 0) {
		err->at = (struct err_at){.line = value.at.line, .col = value.at.col};
		return err_wrap(err, "failed to parse csv mounts");
	}
	return 0;
}

int mount_parse(struct dockerfile_word value, struct mount_fill *fill, struct arena *a,
	struct mount *ret, struct err *err)
{
	struct mounting s = {.m = {.type = MOUNT_BIND, .at = value.at}, .arena = a, .err = err};
	struct str_vec fields = {0};
	int rc = split(value, a, &fields, err);
	for (size_t i = 0; i < fields.n && rc == 0; i++) {
		s.field = fields.p[i];
		rc = read_field(&s, fill);
	}
	vec_done(&fields);
	if (rc < 0 || check_whole(&s) < 0)
		return -1;
	*ret = s.m;
	return 0;
}

int mount_from(struct dockerfile_word value, struct arena *a, struct str *ret, struct err *err)
{
	struct str_vec fields = {0};
	struct str from = S("");
	int rc = split(value, a, &fields, err);
	for (size_t i = 0; i < fields.n && rc == 0; i++) {
		struct str text = fields.p[i], key;
		(void)str_cut(&text, '=', &key); /* without '=' all of it is the key */
		if (!str_eq_nocase(key, S("from")) || !text.p)
			continue;
		ssize_t dollar = str_chr(text, '$');
		if (dollar >= 0 && (size_t)dollar + 1 < text.n)
			rc = place_fail(err, value.at,
				"'%.*s' doesn't support variable expansion, define alias stage instead",
				STR_ARG(key));
		from = text;
	}
	vec_done(&fields);
	*ret = from;
	return rc;
}
