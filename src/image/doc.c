#include "image/image_priv.h"

#include <stdarg.h>

static bool is_absent(const struct json *v)
{
	return !v || v->kind == JSON_NULL;
}

/* ---- where the walk is ---- */

static size_t path_push(struct doc_walk *w, const char *fmt, ...) PRINTF_LIKE(2, 3);

static size_t path_push(struct doc_walk *w, const char *fmt, ...)
{
	size_t before = w->n_path, left = sizeof(w->path) - before;
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(w->path + before, left, fmt, args);
	va_end(args);
	if (n > 0)
		w->n_path += (size_t)n < left ? (size_t)n : left - 1;
	return before;
}

static size_t path_push_member(struct doc_walk *w, const char *name)
{
	return path_push(w, "%s%s", w->n_path && name[0] ? "." : "", name);
}

static void path_pop(struct doc_walk *w, size_t before)
{
	w->n_path = before;
	w->path[before] = '\0';
}

static bool is_full(const struct doc_walk *w)
{
	return w->problems.n >= w->max_problems;
}

void doc_problem(struct doc_walk *w, const char *member, enum err_kind kind, const char *fmt, ...)
{
	if (is_full(w))
		return;
	char text[sizeof(((struct err *)0)->what)];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	size_t before = path_push_member(w, member);
	vec_push(&w->problems,
		((struct doc_problem){kind, arena_str(w->arena, str_n(w->path, w->n_path)),
			arena_str(w->arena, str_of(text))}));
	path_pop(w, before);
}

/* ---- checking ---- */

static const char *const expected_words[] = {
	[DOC_STRING] = "a string",
	[DOC_COUNT] = "a whole number",
	[DOC_BOOL] = "true or false",
	[DOC_STRINGS] = "a list of strings",
	[DOC_PAIRS] = "an object",
	[DOC_KEYS] = "an object",
	[DOC_OBJECT] = "an object",
	[DOC_LIST] = "a list",
};

static bool has_type(const struct json *v, enum doc_type type, bool is_strict)
{
	switch (type) {
	case DOC_STRING: return v->kind == JSON_STRING;
	case DOC_COUNT: return v->kind == JSON_INT && v->number >= 0;
	case DOC_BOOL: return v->kind == JSON_BOOL;
	case DOC_STRINGS: return v->kind == JSON_ARRAY || (v->kind == JSON_STRING && !is_strict);
	case DOC_LIST: return v->kind == JSON_ARRAY;
	case DOC_PAIRS:
	case DOC_KEYS:
	case DOC_OBJECT: return v->kind == JSON_OBJECT;
	case DOC_END: break;
	}
	return false;
}

static void run_check(struct doc_walk *w, const struct doc_rule *rule, const struct json *v)
{
	struct err err;
	if (rule->check && rule->check(v, w->is_strict, &err) < 0)
		doc_problem(w, "", err.kind, "%s", err.what);
}

static void check_item(struct doc_walk *w, const struct doc_rule *rule, const struct json *item)
{
	enum json_kind wanted = rule->type == DOC_LIST ? JSON_OBJECT : JSON_STRING;
	if (item->kind != wanted) {
		doc_problem(w, "", ERR_INPUT, "expected %s, got %s",
			wanted == JSON_OBJECT ? "an object" : "a string",
			json_kind_name(item->kind));
		return;
	}
	if (rule->inner)
		doc_check(w, item, rule->inner);
	run_check(w, rule, item);
}

static void check_items(struct doc_walk *w, const struct doc_rule *rule, const struct json *v)
{
	size_t max = rule->max ? rule->max : DOC_ITEMS_MAX;
	if (v->n > max) {
		doc_problem(w, "", ERR_LIMIT, "has %zu entries, more than %zu", v->n, max);
		return;
	}
	if (!v->n && w->is_strict && (rule->flags & DOC_NOT_EMPTY_STRICT))
		doc_problem(w, "", ERR_INPUT, "expected at least one entry");
	if (v->kind == JSON_STRING)
		return;
	for (size_t i = 0; i < v->n && !is_full(w); i++) {
		size_t before = path_push(w, "[%zu]", i);
		check_item(w, rule, &v->items[i]);
		path_pop(w, before);
	}
}

static void check_members(struct doc_walk *w, const struct doc_rule *rule, const struct json *v)
{
	if (v->n > DOC_ITEMS_MAX) {
		doc_problem(w, "", ERR_LIMIT, "has %zu members, more than %d", v->n, DOC_ITEMS_MAX);
		return;
	}
	for (size_t i = 0; rule->type == DOC_PAIRS && i < v->n; i++) {
		const struct json_member *m = &v->members[i];
		if (m->value.kind == JSON_STRING || (m->value.kind == JSON_NULL && !w->is_strict))
			continue;
		size_t before = path_push(w, "['%.*s']", STR_ARG(str_sub(m->key, 0, 80)));
		doc_problem(w, "", ERR_INPUT, "expected a string, got %s",
			json_kind_name(m->value.kind));
		path_pop(w, before);
	}
}

static void check_value(struct doc_walk *w, const struct doc_rule *rule, const struct json *v)
{
	if (!has_type(v, rule->type, w->is_strict)) {
		doc_problem(w, "", ERR_INPUT, "expected %s, got %s", expected_words[rule->type],
			json_kind_name(v->kind));
		return;
	}
	switch (rule->type) {
	case DOC_STRINGS:
	case DOC_LIST: check_items(w, rule, v); break;
	case DOC_PAIRS:
	case DOC_KEYS: check_members(w, rule, v); break;
	case DOC_OBJECT:
		doc_check(w, v, rule->inner);
		run_check(w, rule, v);
		break;
	default: run_check(w, rule, v);
	}
}

/* Two members that differ in case only: readers disagree about which one counts. */
static bool is_ambiguous(const struct json *v, const char *name)
{
	size_t n = 0;
	for (size_t i = 0; i < v->n; i++)
		n += str_eq_nocase(v->members[i].key, str_of(name));
	return n > 1;
}

static void check_rule(struct doc_walk *w, const struct json *v, const struct doc_rule *rule)
{
	unsigned required = w->is_strict ? DOC_REQUIRED | DOC_REQUIRED_STRICT : DOC_REQUIRED;
	const struct json *member = doc_get(v, rule->name);
	size_t before = path_push_member(w, rule->name);
	if (is_ambiguous(v, rule->name))
		doc_problem(w, "", ERR_INPUT, "is there twice, in different case");
	else if (!is_absent(member))
		check_value(w, rule, member);
	else if (rule->flags & required)
		doc_problem(w, "", ERR_INPUT, "is missing");
	path_pop(w, before);
}

void doc_check(struct doc_walk *w, const struct json *v, const struct doc_rule *rules)
{
	if (v->kind != JSON_OBJECT) {
		doc_problem(w, "", ERR_INPUT, "expected an object, got %s",
			json_kind_name(v->kind));
		return;
	}
	for (; rules->type != DOC_END && !is_full(w); rules++)
		check_rule(w, v, rules);
}

int doc_require(const struct json *v, const struct doc_rule *rules, struct arena *a,
	struct err *err)
{
	struct doc_walk w = {.max_problems = 1, .arena = a};
	doc_check(&w, v, rules);
	if (!w.problems.n)
		return 0;
	const struct doc_problem *p = &w.problems.p[0];
	err_set(err, p->kind, "%.*s%s%.*s", STR_ARG(p->path), p->path.n ? ": " : "",
		STR_ARG(p->message));
	vec_done(&w.problems);
	return -1;
}

/* ---- taking values out ---- */

const struct json *doc_get(const struct json *v, const char *name)
{
	if (is_absent(v) || v->kind != JSON_OBJECT)
		return NULL;
	const struct json *exact = json_get(v, name);
	if (exact)
		return is_absent(exact) ? NULL : exact;
	for (size_t i = 0; i < v->n; i++)
		if (str_eq_nocase(v->members[i].key, str_of(name)))
			return is_absent(&v->members[i].value) ? NULL : &v->members[i].value;
	return NULL;
}

struct str doc_str(const struct json *v, const char *name)
{
	const struct json *m = doc_get(v, name);
	return m && m->kind == JSON_STRING ? m->text : STR_NONE;
}

int64_t doc_i64(const struct json *v, const char *name)
{
	const struct json *m = doc_get(v, name);
	return m && m->kind == JSON_INT ? m->number : 0;
}

bool doc_bool(const struct json *v, const char *name)
{
	const struct json *m = doc_get(v, name);
	return m && m->kind == JSON_BOOL && m->truth;
}

struct image_strs doc_strs(const struct json *v, const char *name, struct arena *a)
{
	const struct json *list = doc_get(v, name);
	struct image_strs ret = {0};
	if (!list)
		return ret;
	ret.n = list->kind == JSON_STRING ? 1 : list->n;
	ret.p = ARENA_ARRAY(a, struct str, ret.n);
	if (list->kind == JSON_STRING)
		ret.p[0] = list->text;
	else
		for (size_t i = 0; i < list->n; i++)
			ret.p[i] = list->items[i].text;
	return ret;
}

static int compare_strs(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

struct image_strs doc_keys(const struct json *v, const char *name, struct arena *a)
{
	const struct json *object = doc_get(v, name);
	struct image_strs ret = {0};
	if (!object)
		return ret;
	ret.n = object->n;
	ret.p = ARENA_ARRAY(a, struct str, ret.n);
	for (size_t i = 0; i < ret.n; i++)
		ret.p[i] = object->members[i].key;
	vec_sort_raw(ret.p, ret.n, sizeof(*ret.p), compare_strs);
	return ret;
}

struct image_pairs doc_pairs(const struct json *v, const char *name, struct arena *a)
{
	const struct json *object = doc_get(v, name);
	struct image_pairs ret = {0};
	if (!object)
		return ret;
	ret.n = object->n;
	ret.p = ARENA_ARRAY(a, struct image_pair, ret.n);
	for (size_t i = 0; i < ret.n; i++)
		ret.p[i] =
			(struct image_pair){object->members[i].key, object->members[i].value.text};
	return ret;
}

int json_read(struct str bytes, size_t max_bytes, struct arena *a, struct json **ret,
	struct err *err)
{
	struct json_limits limits = {
		.max_bytes = max_bytes, .max_depth = 64, .max_values = 500 * 1000};
	return json_parse(bytes, &limits, a, ret, err);
}
