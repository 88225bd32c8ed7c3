#include "json/json.h"

const char *json_kind_name(enum json_kind k)
{
	switch (k) {
	case JSON_NULL: return "null";
	case JSON_BOOL: return "a boolean";
	case JSON_INT: return "a number";
	case JSON_REAL: return "a number";
	case JSON_STRING: return "a string";
	case JSON_ARRAY: return "an array";
	case JSON_OBJECT: return "an object";
	}
	return "nothing";
}

struct json *json_get(const struct json *v, const char *key)
{
	if (!v || v->kind != JSON_OBJECT)
		return NULL;
	struct str wanted = str_of(key);
	for (size_t i = 0; i < v->n; i++)
		if (str_eq(v->members[i].key, wanted))
			return &v->members[i].value;
	return NULL;
}

/* The member when it is there and not null, else NULL. */
static struct json *get_opt(const struct json *v, const char *key)
{
	struct json *member = json_get(v, key);
	return member && member->kind != JSON_NULL ? member : NULL;
}

static int fail_absent(const struct json *v, const char *key, struct err *err)
{
	if (v && v->kind != JSON_OBJECT)
		return err_set(err, ERR_INPUT, "expected an object with '%s', got %s", key,
			json_kind_name(v->kind));
	return err_set(err, ERR_INPUT, "'%s' is missing", key);
}

static int check_kind(const struct json *member, const char *key, enum json_kind kind,
	struct err *err)
{
	if (member->kind == kind)
		return 0;
	return err_set(err, ERR_INPUT, "'%s': expected %s, got %s", key, json_kind_name(kind),
		json_kind_name(member->kind));
}

/* A whole number, also one written as 1e3 or read with is_real_only. */
static int to_i64(const struct json *v, const char *key, int64_t *ret, struct err *err)
{
	const double exact_max = 9007199254740992.0; /* 2^53 */
	if (v->kind == JSON_INT) {
		*ret = v->number;
		return 0;
	}
	if (v->kind != JSON_REAL)
		return check_kind(v, key, JSON_INT, err);
	if (v->real < -exact_max || v->real > exact_max)
		return err_set(err, ERR_INPUT, "'%s': number %g is too large", key, v->real);
	if ((double)(int64_t)v->real != v->real)
		return err_set(err, ERR_INPUT, "'%s': expected a whole number, got %g", key,
			v->real);
	*ret = (int64_t)v->real;
	return 0;
}

int json_opt_i64(const struct json *v, const char *key, int64_t min, int64_t max, int64_t *ret,
	struct err *err)
{
	const struct json *member = get_opt(v, key);
	int64_t number = 0;
	if (!member)
		return 0;
	if (to_i64(member, key, &number, err) < 0)
		return -1;
	if (number < min || number > max)
		return err_set(err, ERR_INPUT,
			"'%s': expected a number from %lld to %lld, got %lld", key, (long long)min,
			(long long)max, (long long)number);
	*ret = number;
	return 1;
}

int json_opt_str(const struct json *v, const char *key, struct str *ret, struct err *err)
{
	const struct json *member = get_opt(v, key);
	if (!member)
		return 0;
	if (check_kind(member, key, JSON_STRING, err) < 0)
		return -1;
	*ret = member->text;
	return 1;
}

int json_opt_bool(const struct json *v, const char *key, bool *ret, struct err *err)
{
	const struct json *member = get_opt(v, key);
	if (!member)
		return 0;
	if (check_kind(member, key, JSON_BOOL, err) < 0)
		return -1;
	*ret = member->truth;
	return 1;
}

static int opt_kind(const struct json *v, const char *key, enum json_kind kind, struct json **ret,
	struct err *err)
{
	struct json *member = get_opt(v, key);
	if (!member)
		return 0;
	if (check_kind(member, key, kind, err) < 0)
		return -1;
	*ret = member;
	return 1;
}

int json_opt_array(const struct json *v, const char *key, struct json **ret, struct err *err)
{
	return opt_kind(v, key, JSON_ARRAY, ret, err);
}

int json_opt_object(const struct json *v, const char *key, struct json **ret, struct err *err)
{
	return opt_kind(v, key, JSON_OBJECT, ret, err);
}

/* What json_opt_* said, for a member that must be there. */
static int require(int got, const struct json *v, const char *key, enum json_kind kind,
	struct err *err)
{
	if (got)
		return got < 0 ? -1 : 0;
	const struct json *null = json_get(v, key);
	return null ? check_kind(null, key, kind, err) : fail_absent(v, key, err);
}

int json_get_str(const struct json *v, const char *key, struct str *ret, struct err *err)
{
	return require(json_opt_str(v, key, ret, err), v, key, JSON_STRING, err);
}

int json_get_i64(const struct json *v, const char *key, int64_t min, int64_t max, int64_t *ret,
	struct err *err)
{
	return require(json_opt_i64(v, key, min, max, ret, err), v, key, JSON_INT, err);
}

int json_get_bool(const struct json *v, const char *key, bool *ret, struct err *err)
{
	return require(json_opt_bool(v, key, ret, err), v, key, JSON_BOOL, err);
}

int json_get_array(const struct json *v, const char *key, struct json **ret, struct err *err)
{
	return require(json_opt_array(v, key, ret, err), v, key, JSON_ARRAY, err);
}

int json_get_object(const struct json *v, const char *key, struct json **ret, struct err *err)
{
	return require(json_opt_object(v, key, ret, err), v, key, JSON_OBJECT, err);
}
