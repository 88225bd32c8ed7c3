#include "expr_priv.h"

#include "base/num.h"

int eval_spend(struct eval *e, size_t bytes, struct err *err)
{
	if (bytes > e->left_bytes)
		return err_set(err, ERR_LIMIT,
			"The maximum allowed memory size was exceeded while evaluating the "
			"following expression: %.*s",
			STR_ARG(e->expr->source));
	e->left_bytes -= bytes;
	return 0;
}

int eval_text(struct eval *e, const struct buf *b, struct expr_value *ret, struct err *err)
{
	if (eval_spend(e, b->is_over ? SIZE_MAX : b->n, err) < 0)
		return -1;
	*ret = expr_string(arena_str(e->a, buf_str(b)));
	return 0;
}

int eval_to_text(struct eval *e, const struct expr_value *v, struct str *ret, struct err *err)
{
	if (v->kind == EXPR_NUMBER && eval_spend(e, NUMBER_TEXT, err) < 0)
		return -1;
	*ret = expr_to_text(v, e->a);
	return 0;
}

int eval_arg(struct eval *e, const struct node *call, size_t i, struct expr_value *ret,
	struct err *err)
{
	const struct node *n = call->first;
	while (i--)
		n = n->next;
	return eval_node(e, n, ret, err);
}

static void eval_context(struct eval *e, const struct node *n, struct expr_value *ret)
{
	const struct expr_value *v = expr_dict_get(e->env->contexts, n->text);
	*ret = v ? *v : expr_null();
}

/* How one index reads objects and arrays. */
struct index {
	bool is_star;
	bool has_key;
	struct str key;
	bool has_number;
	size_t number;
};

static int index_init(struct eval *e, const struct node *n, struct index *ret, struct err *err)
{
	struct expr_value v;
	*ret = (struct index){.is_star = n->kind == NODE_STAR};
	if (ret->is_star)
		return 0;
	if (eval_node(e, n, &v, err) < 0)
		return -1;
	if (is_primitive(&v)) {
		if (eval_to_text(e, &v, &ret->key, err) < 0)
			return -1;
		ret->has_key = true;
	}
	double number = expr_to_number(&v);
	if (number >= 0 && number < INT32_MAX + 1.0) {
		ret->number = (size_t)number;
		ret->has_number = true;
	}
	return 0;
}

static const struct expr_value *pick(const struct expr_value *from, const struct index *ix)
{
	if (from->kind == EXPR_OBJECT && ix->has_key)
		return expr_dict_get(from->dict, ix->key);
	if (from->kind == EXPR_ARRAY && ix->has_number && ix->number < from->list->n)
		return &from->list->items[ix->number];
	return NULL;
}

static size_t count_children(const struct expr_value *v)
{
	if (v->kind == EXPR_OBJECT)
		return v->dict->n;
	return v->kind == EXPR_ARRAY ? v->list->n : 0;
}

static void copy_children(const struct expr_value *from, struct expr_value **to)
{
	if (from->kind == EXPR_OBJECT)
		for (size_t i = 0; i < from->dict->n; i++)
			*(*to)++ = from->dict->members[i].value;
	if (from->kind == EXPR_ARRAY)
		for (size_t i = 0; i < from->list->n; i++)
			*(*to)++ = from->list->items[i];
}

static struct expr_list *filtered_new(struct eval *e, size_t n, struct err *err)
{
	uint64_t bytes;
	if (num_mul(n, sizeof(struct expr_value), &bytes, err) < 0)
		return NULL;
	if (eval_spend(e, bytes + sizeof(struct expr_list), err) < 0)
		return NULL;
	struct expr_list *l = expr_list_new(e->a, n);
	l->is_filtered = true;
	return l;
}

static int star_of(struct eval *e, const struct expr_value *of, struct expr_value *ret,
	struct err *err)
{
	struct expr_list *l = filtered_new(e, count_children(of), err);
	if (!l)
		return -1;
	struct expr_value *to = l->items;
	copy_children(of, &to);
	*ret = expr_array(l);
	return 0;
}

/* An index on the result of .* goes into each of its items. */
static int index_each(struct eval *e, const struct expr_list *of, const struct index *ix,
	struct expr_value *ret, struct err *err)
{
	size_t n = 0;
	for (size_t i = 0; i < of->n; i++)
		n += ix->is_star ? count_children(&of->items[i]) : pick(&of->items[i], ix) != NULL;
	struct expr_list *l = filtered_new(e, n, err);
	if (!l)
		return -1;
	struct expr_value *to = l->items;
	for (size_t i = 0; i < of->n; i++) {
		const struct expr_value *v;
		if (ix->is_star)
			copy_children(&of->items[i], &to);
		else if ((v = pick(&of->items[i], ix)))
			*to++ = *v;
	}
	*ret = expr_array(l);
	return 0;
}

static int eval_index(struct eval *e, const struct node *n, struct expr_value *ret, struct err *err)
{
	struct expr_value of;
	struct index ix;
	if (eval_node(e, n->first, &of, err) < 0 || index_init(e, n->last, &ix, err) < 0)
		return -1;
	if (of.kind == EXPR_ARRAY && of.list->is_filtered)
		return index_each(e, of.list, &ix, ret, err);
	if (ix.is_star)
		return star_of(e, &of, ret, err);
	const struct expr_value *v = pick(&of, &ix);
	*ret = v ? *v : expr_null();
	return 0;
}

/* The first operand that decides, or the last. */
static int eval_logical(struct eval *e, const struct node *n, struct expr_value *ret,
	struct err *err)
{
	bool stops_at = n->kind == NODE_OR;
	for (const struct node *c = n->first; c; c = c->next) {
		if (eval_node(e, c, ret, err) < 0)
			return -1;
		if (expr_is_true(ret) == stops_at)
			return 0;
	}
	return 0;
}

static int eval_compare(struct eval *e, const struct node *n, struct expr_value *ret,
	struct err *err)
{
	struct expr_value a, b;
	bool truth = false;
	if (eval_node(e, n->first, &a, err) < 0 || eval_node(e, n->last, &b, err) < 0)
		return -1;
	switch (n->op) {
	case TOKEN_EQUAL: truth = expr_equal(&a, &b); break;
	case TOKEN_NOT_EQUAL: truth = !expr_equal(&a, &b); break;
	case TOKEN_GREATER: truth = compare_greater(&a, &b); break;
	case TOKEN_GREATER_EQUAL: truth = expr_equal(&a, &b) || compare_greater(&a, &b); break;
	case TOKEN_LESS: truth = compare_greater(&b, &a); break;
	case TOKEN_LESS_EQUAL: truth = expr_equal(&a, &b) || compare_greater(&b, &a); break;
	default: break;
	}
	*ret = expr_bool(truth);
	return 0;
}

static const struct expr_function *function_of(const struct eval *e, const struct node *n)
{
	for (size_t i = 0; i < e->env->n_functions; i++)
		if (str_eq_nocase(n->text, str_of(e->env->functions[i].name)))
			return &e->env->functions[i];
	return n->function;
}

static int eval_function(struct eval *e, const struct node *n, struct expr_value *ret,
	struct err *err)
{
	const struct expr_function *f = function_of(e, n);
	if (!f->call)
		return err_set(err, ERR_INPUT, "Function '%s' cannot be evaluated here", f->name);
	if (eval_spend(e, n->n * sizeof(struct expr_value), err) < 0)
		return -1;
	struct expr_value *args = ARENA_ARRAY(e->a, struct expr_value, n->n + 1);
	size_t i = 0;
	for (const struct node *c = n->first; c; c = c->next)
		if (eval_node(e, c, &args[i++], err) < 0)
			return -1;
	struct expr_call call = {args, n->n, e->a, e->env->user};
	return f->call(&call, ret, err);
}

int eval_node(struct eval *e, const struct node *n, struct expr_value *ret, struct err *err)
{
	struct expr_value v;
	switch (n->kind) {
	case NODE_LITERAL: *ret = n->value; return 0;
	case NODE_CONTEXT: eval_context(e, n, ret); return 0;
	case NODE_STAR: *ret = expr_null(); return 0;
	case NODE_INDEX: return eval_index(e, n, ret, err);
	case NODE_NOT:
		if (eval_node(e, n->first, &v, err) < 0)
			return -1;
		*ret = expr_bool(!expr_is_true(&v));
		return 0;
	case NODE_COMPARE: return eval_compare(e, n, ret, err);
	case NODE_AND:
	case NODE_OR: return eval_logical(e, n, ret, err);
	case NODE_BUILTIN: return n->builtin->run(e, n, ret, err);
	case NODE_FUNCTION: return eval_function(e, n, ret, err);
	}
	return 0;
}

int expr_eval(const struct expr *x, const struct expr_env *env, struct arena *a,
	struct expr_value *ret, struct err *err)
{
	static const struct expr_env nothing;
	struct eval e = {x, env ? env : &nothing, a, EXPR_MAX_BYTES};
	if (e.env->max_bytes)
		e.left_bytes = e.env->max_bytes;
	struct expr_value v = expr_null();
	if (x->root && eval_node(&e, x->root, &v, err) < 0)
		return -1;
	*ret = v;
	return 0;
}
