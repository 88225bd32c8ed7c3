#include "workflow_priv.h"

#include <math.h>

bool value_is_literal(const struct workflow_value *v, const char *text)
{
	return v && v->kind == WORKFLOW_STRING && str_is(v->text, text);
}

struct str value_text(const struct workflow_value *v)
{
	return v && v->kind == WORKFLOW_STRING ? v->text : S("");
}

void value_texts(const struct workflow_value *v, struct arena *a, struct str_vec *ret)
{
	if (v && v->kind == WORKFLOW_STRING)
		PUSH(a, ret, v->text);
	for (size_t i = 0; v && v->kind == WORKFLOW_SEQUENCE && i < v->n; i++)
		PUSH(a, ret, value_text(v->items[i]));
}

const struct workflow_value *workflow_get(const struct workflow_value *v, const char *key)
{
	for (size_t i = 0; v && v->kind == WORKFLOW_MAPPING && i < v->n; i++)
		if (value_is_literal(v->pairs[i].key, key))
			return v->pairs[i].value;
	return NULL;
}

/* Trees are at most WORKFLOW_MAX_DEPTH deep, so these may call themselves. */
bool workflow_has_expr(const struct workflow_value *v)
{
	if (!v)
		return false;
	if (v->kind == WORKFLOW_EXPR || v->kind == WORKFLOW_INSERT)
		return true;
	for (size_t i = 0; v->kind == WORKFLOW_SEQUENCE && i < v->n; i++)
		if (workflow_has_expr(v->items[i]))
			return true;
	for (size_t i = 0; v->kind == WORKFLOW_MAPPING && i < v->n; i++)
		if (workflow_has_expr(v->pairs[i].key) || workflow_has_expr(v->pairs[i].value))
			return true;
	return false;
}

/* Evaluation. */

static int at(const struct workflow_value *v, struct err *err)
{
	return err_locate(err, NULL, v->line, v->col);
}

static int eval_sequence(const struct workflow_value *v, const struct expr_env *env,
	struct arena *a, struct expr_value *ret, struct err *err)
{
	struct expr_list *list = expr_list_new(a, v->n);
	for (size_t i = 0; i < v->n; i++)
		if (workflow_eval(v->items[i], env, a, &list->items[i], err) < 0)
			return -1;
	*ret = expr_array(list);
	return 0;
}

static int insert_pairs(const struct workflow_pair *pair, const struct expr_value *from,
	struct expr_dict *to, struct arena *a, struct err *err)
{
	if (from->kind == EXPR_NULL)
		return 0;
	if (from->kind != EXPR_OBJECT) {
		err_set(err, ERR_INPUT, "expected an object to insert, got %s",
			expr_kind_name(from->kind));
		return at(pair->key, err);
	}
	for (size_t i = 0; i < from->dict->n; i++)
		expr_dict_put(to, a, from->dict->members[i].key, from->dict->members[i].value);
	return 0;
}

static int eval_pair(const struct workflow_pair *pair, const struct expr_env *env,
	struct expr_dict *to, struct arena *a, struct err *err)
{
	struct expr_value value;
	struct str key;
	if (workflow_eval(pair->value, env, a, &value, err) < 0)
		return -1;
	if (pair->key->kind == WORKFLOW_INSERT)
		return insert_pairs(pair, &value, to, a, err);
	if (workflow_eval_text(pair->key, env, a, &key, err) < 0)
		return -1;
	expr_dict_put(to, a, key, value);
	return 0;
}

static int eval_mapping(const struct workflow_value *v, const struct expr_env *env, struct arena *a,
	struct expr_value *ret, struct err *err)
{
	struct expr_dict *d = expr_dict_new(a);
	for (size_t i = 0; i < v->n; i++)
		if (eval_pair(&v->pairs[i], env, d, a, err) < 0)
			return -1;
	*ret = expr_object(d);
	return 0;
}

int workflow_eval(const struct workflow_value *v, const struct expr_env *env, struct arena *a,
	struct expr_value *ret, struct err *err)
{
	*ret = expr_null();
	if (!v)
		return 0;
	switch (v->kind) {
	case WORKFLOW_NULL:
	case WORKFLOW_INSERT: return 0;
	case WORKFLOW_BOOL: *ret = expr_bool(v->truth); return 0;
	case WORKFLOW_NUMBER: *ret = expr_number(v->number); return 0;
	case WORKFLOW_STRING: *ret = expr_string(v->text); return 0;
	case WORKFLOW_EXPR: return expr_eval(v->expr, env, a, ret, err) < 0 ? at(v, err) : 0;
	case WORKFLOW_SEQUENCE: return eval_sequence(v, env, a, ret, err);
	case WORKFLOW_MAPPING: return eval_mapping(v, env, a, ret, err);
	}
	return 0;
}

static int unexpected(const struct workflow_value *v, const struct expr_value *got,
	const char *name, const char *want, struct err *err)
{
	err_set(err, ERR_INPUT, "'%s': expected %s, got %s", name, want, expr_kind_name(got->kind));
	return at(v, err);
}

int workflow_eval_text(const struct workflow_value *v, const struct expr_env *env, struct arena *a,
	struct str *ret, struct err *err)
{
	struct expr_value e;
	if (workflow_eval(v, env, a, &e, err) < 0)
		return -1;
	if (e.kind == EXPR_ARRAY || e.kind == EXPR_OBJECT) {
		err_set(err, ERR_INPUT, "%s was not expected",
			e.kind == EXPR_ARRAY ? "a sequence" : "a mapping");
		err_hint(err, "write ${{ toJSON(...) }} to get its text");
		return at(v, err);
	}
	*ret = expr_to_text(&e, a);
	return 0;
}

int workflow_eval_bool(const struct workflow_value *v, const struct expr_env *env, struct arena *a,
	const char *name, bool *ret, struct err *err)
{
	struct expr_value e;
	if (workflow_eval(v, env, a, &e, err) < 0)
		return -1;
	if (e.kind != EXPR_BOOL)
		return unexpected(v, &e, name, "a boolean", err);
	*ret = e.truth;
	return 0;
}

int workflow_eval_number(const struct workflow_value *v, const struct expr_env *env,
	struct arena *a, const char *name, double *ret, struct err *err)
{
	struct expr_value e;
	if (workflow_eval(v, env, a, &e, err) < 0)
		return -1;
	double number = expr_to_number(&e);
	bool is_text = e.kind == EXPR_STRING && e.text.n > 0;
	if ((e.kind != EXPR_NUMBER && !is_text) || isnan(number))
		return unexpected(v, &e, name, "a number", err);
	*ret = number;
	return 0;
}

/* JSON: expressions as "${{ ... }}", text around them made part of one format(), as it is evaluated. */

static void write_expr(const struct workflow_value *v, struct json_out *o)
{
	CLEANUP(buf_done) struct buf b = BUF(4 * WORKFLOW_MAX_BYTES);
	buf_add(&b, S("${{ "));
	buf_add(&b, expr_source(v->expr));
	buf_add(&b, S(" }}"));
	json_add_str(o, buf_str(&b));
}

static struct str key_text(const struct workflow_value *key)
{
	return key->kind == WORKFLOW_INSERT ? S("${{ insert }}") : key->text;
}

static void write_number(double number, struct json_out *o)
{
	struct expr_value e = expr_number(number);
	expr_write_json(o, &e);
}

void workflow_write_value(const struct workflow_value *v, struct json_out *o)
{
	if (!v) {
		json_add_null(o);
		return;
	}
	switch (v->kind) {
	case WORKFLOW_NULL: json_add_null(o); break;
	case WORKFLOW_BOOL: json_add_bool(o, v->truth); break;
	case WORKFLOW_NUMBER: write_number(v->number, o); break;
	case WORKFLOW_STRING: json_add_str(o, v->text); break;
	case WORKFLOW_EXPR: write_expr(v, o); break;
	case WORKFLOW_INSERT: json_add_cstr(o, "${{ insert }}"); break;
	case WORKFLOW_SEQUENCE:
		json_array(o);
		for (size_t i = 0; i < v->n; i++)
			workflow_write_value(v->items[i], o);
		json_end(o);
		break;
	case WORKFLOW_MAPPING:
		json_object(o);
		for (size_t i = 0; i < v->n; i++) {
			json_key_str(o, key_text(v->pairs[i].key));
			workflow_write_value(v->pairs[i].value, o);
		}
		json_end(o);
		break;
	}
}
