/* func -- the functions of the language, except format and the JSON ones. */
#include "expr_priv.h"

#include <limits.h>

/* Both arguments as text; false when one is an array or object. */
static int two_texts(struct eval *e, const struct node *call, struct str ret[2], bool *ret_is,
	struct err *err)
{
	*ret_is = false;
	for (size_t i = 0; i < 2; i++) {
		struct expr_value v;
		if (eval_arg(e, call, i, &v, err) < 0)
			return -1;
		if (!is_primitive(&v))
			return 0;
		if (eval_to_text(e, &v, &ret[i], err) < 0)
			return -1;
	}
	*ret_is = true;
	return 0;
}

static bool text_contains(struct str text, struct str what)
{
	CLEANUP(buf_done) struct buf a = BUF(SIZE_MAX / 2), b = BUF(SIZE_MAX / 2);
	upper_add(&a, text);
	upper_add(&b, what);
	return memmem(buf_cstr(&a), a.n, buf_cstr(&b), b.n) != NULL;
}

static int func_contains(struct eval *e, const struct node *call, struct expr_value *ret,
	struct err *err)
{
	struct expr_value in, what;
	if (eval_arg(e, call, 0, &in, err) < 0 || eval_arg(e, call, 1, &what, err) < 0)
		return -1;
	bool found = false;
	if (in.kind == EXPR_ARRAY) {
		for (size_t i = 0; i < in.list->n && !found; i++)
			found = expr_equal(&in.list->items[i], &what);
	} else if (is_primitive(&in) && is_primitive(&what)) {
		struct str a, b;
		if (eval_to_text(e, &in, &a, err) < 0 || eval_to_text(e, &what, &b, err) < 0)
			return -1;
		found = text_contains(a, b);
	}
	*ret = expr_bool(found);
	return 0;
}

/* Upper case never changes which character ends where, so the folded texts may be compared. */
static int has_at_end(struct eval *e, const struct node *call, bool (*has)(struct str, struct str),
	struct expr_value *ret, struct err *err)
{
	struct str texts[2];
	bool is_text;
	if (two_texts(e, call, texts, &is_text, err) < 0)
		return -1;
	CLEANUP(buf_done) struct buf a = BUF(SIZE_MAX / 2), b = BUF(SIZE_MAX / 2);
	if (is_text) {
		upper_add(&a, texts[0]);
		upper_add(&b, texts[1]);
	}
	*ret = expr_bool(is_text && has(buf_str(&a), buf_str(&b)));
	return 0;
}

static int func_starts_with(struct eval *e, const struct node *call, struct expr_value *ret,
	struct err *err)
{
	return has_at_end(e, call, str_starts, ret, err);
}

static int func_ends_with(struct eval *e, const struct node *call, struct expr_value *ret,
	struct err *err)
{
	return has_at_end(e, call, str_ends, ret, err);
}

static int join_separator(struct eval *e, const struct node *call, struct str *ret, struct err *err)
{
	struct expr_value v;
	*ret = S(",");
	if (call->n < 2)
		return 0;
	if (eval_arg(e, call, 1, &v, err) < 0)
		return -1;
	return is_primitive(&v) ? eval_to_text(e, &v, ret, err) : 0;
}

static int join_list(struct eval *e, const struct expr_list *l, struct str separator,
	struct expr_value *ret, struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(e->left_bytes);
	for (size_t i = 0; i < l->n; i++) {
		struct str text;
		if (eval_to_text(e, &l->items[i], &text, err) < 0)
			return -1;
		if (i)
			buf_add(&b, separator);
		buf_add(&b, text);
		if (b.is_over)
			break;
	}
	return eval_text(e, &b, ret, err);
}

static int func_join(struct eval *e, const struct node *call, struct expr_value *ret,
	struct err *err)
{
	struct expr_value v;
	struct str separator, text = S("");
	if (eval_arg(e, call, 0, &v, err) < 0 || join_separator(e, call, &separator, err) < 0)
		return -1;
	if (v.kind == EXPR_ARRAY)
		return join_list(e, v.list, separator, ret, err);
	if (is_primitive(&v) && eval_to_text(e, &v, &text, err) < 0)
		return -1;
	*ret = expr_string(text);
	return 0;
}

/* case(condition, value, condition, value, ..., default) */
static int func_case(struct eval *e, const struct node *call, struct expr_value *ret,
	struct err *err)
{
	const struct node *c = call->first;
	for (; c->next; c = c->next->next) {
		struct expr_value v;
		if (eval_node(e, c, &v, err) < 0)
			return -1;
		if (v.kind != EXPR_BOOL)
			return err_set(err, ERR_INPUT,
				"Error from function 'case': case predicate must evaluate to a "
				"boolean value");
		if (v.truth)
			return eval_node(e, c->next, ret, err);
	}
	return eval_node(e, c, ret, err);
}

const struct builtin *builtin_find(struct str name)
{
	static const struct builtin builtins[] = {
		{"contains", 2, 2, false, func_contains},
		{"endsWith", 2, 2, false, func_ends_with},
		{"format", 1, 255, false, func_format},
		{"join", 1, 2, false, func_join},
		{"startsWith", 2, 2, false, func_starts_with},
		{"toJSON", 1, 1, false, func_to_json},
		{"fromJSON", 1, 1, false, func_from_json},
		{"case", 3, UINT_MAX, true, func_case},
	};
	for (size_t i = 0; i < ARRAY_LEN(builtins); i++)
		if (str_eq_nocase(name, str_of(builtins[i].name)))
			return &builtins[i];
	return NULL;
}
