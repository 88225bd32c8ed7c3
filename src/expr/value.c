#include "expr_priv.h"

struct expr_list *expr_list_new(struct arena *a, size_t n)
{
	struct expr_list *l = ARENA_NEW(a, struct expr_list);
	l->items = n ? ARENA_ARRAY(a, struct expr_value, n) : NULL;
	l->n = n;
	return l;
}

struct expr_dict *expr_dict_new(struct arena *a)
{
	return ARENA_NEW(a, struct expr_dict);
}

static struct expr_member *find(const struct expr_dict *d, struct str key)
{
	for (size_t i = 0; i < d->n; i++) {
		struct str have = d->members[i].key;
		if (str_eq(have, key) || (!d->is_case_sensitive && expr_text_eq(have, key)))
			return &d->members[i];
	}
	return NULL;
}

const struct expr_value *expr_dict_get(const struct expr_dict *d, struct str key)
{
	const struct expr_member *m = d ? find(d, key) : NULL;
	return m ? &m->value : NULL;
}

static void append(struct expr_dict *d, struct arena *a, struct str key, struct expr_value v)
{
	if (d->n == d->cap) {
		size_t cap = d->cap ? d->cap * 2 : 8;
		struct expr_member *bigger = ARENA_ARRAY(a, struct expr_member, cap);
		if (d->n)
			memcpy(bigger, d->members, d->n * sizeof(*bigger));
		d->members = bigger;
		d->cap = cap;
	}
	d->members[d->n++] = (struct expr_member){key, v};
}

void expr_dict_put(struct expr_dict *d, struct arena *a, struct str key, struct expr_value v)
{
	struct expr_member *m = find(d, key);
	if (m)
		m->value = v;
	else
		append(d, a, key, v);
}

static struct expr_value from_json(const struct json *v, struct arena *a, unsigned depth);

static struct expr_value list_from_json(const struct json *v, struct arena *a, unsigned depth)
{
	struct expr_list *l = expr_list_new(a, v->n);
	for (size_t i = 0; i < v->n; i++)
		l->items[i] = from_json(&v->items[i], a, depth - 1);
	return expr_array(l);
}

/* Members keep their order; of keys that differ only in case the first is the one found. */
static struct expr_value dict_from_json(const struct json *v, struct arena *a, unsigned depth)
{
	struct expr_dict *d = expr_dict_new(a);
	d->members = v->n ? ARENA_ARRAY(a, struct expr_member, v->n) : NULL;
	d->n = d->cap = v->n;
	for (size_t i = 0; i < v->n; i++) {
		d->members[i].key = v->members[i].key;
		d->members[i].value = from_json(&v->members[i].value, a, depth - 1);
	}
	return expr_object(d);
}

static struct expr_value from_json(const struct json *v, struct arena *a, unsigned depth)
{
	if (depth == 0)
		return expr_null();
	switch (v->kind) {
	case JSON_NULL: return expr_null();
	case JSON_BOOL: return expr_bool(v->truth);
	case JSON_INT:
	case JSON_REAL: return expr_number(v->real);
	case JSON_STRING: return expr_string(v->text);
	case JSON_ARRAY: return list_from_json(v, a, depth);
	case JSON_OBJECT: return dict_from_json(v, a, depth);
	}
	return expr_null();
}

struct expr_value expr_from_json(const struct json *v, struct arena *a)
{
	return from_json(v, a, EXPR_MAX_JSON_DEPTH + 1);
}

static void write_number(struct json_out *o, double v)
{
	if (v != v)
		json_add_cstr(o, "NaN");
	else if (v - v != 0)
		json_add_cstr(o, v > 0 ? "Infinity" : "-Infinity");
	else
		json_add_real(o, v == 0 ? 0 : v);
}

static void write_json(struct json_out *o, const struct expr_value *v, unsigned depth)
{
	if (depth == 0) {
		json_add_null(o);
		return;
	}
	switch (v->kind) {
	case EXPR_NULL: json_add_null(o); break;
	case EXPR_BOOL: json_add_bool(o, v->truth); break;
	case EXPR_NUMBER: write_number(o, v->number); break;
	case EXPR_STRING: json_add_str(o, v->text); break;
	case EXPR_ARRAY:
		json_array(o);
		for (size_t i = 0; i < v->list->n; i++)
			write_json(o, &v->list->items[i], depth - 1);
		json_end(o);
		break;
	case EXPR_OBJECT:
		json_object(o);
		for (size_t i = 0; i < v->dict->n; i++) {
			json_key_str(o, v->dict->members[i].key);
			write_json(o, &v->dict->members[i].value, depth - 1);
		}
		json_end(o);
		break;
	}
}

void expr_write_json(struct json_out *o, const struct expr_value *v)
{
	write_json(o, v, o->depth < JSON_DEPTH_MAX ? JSON_DEPTH_MAX - o->depth : 0);
}

const char *expr_kind_name(enum expr_kind k)
{
	static const char *const names[] = {
		"null", "boolean", "number", "string", "array", "object"};
	return names[k];
}

const char *expr_stage_name(enum expr_stage s)
{
	static const char *const names[] = {"lexing", "parsing", "evaluation"};
	return names[s];
}
