/* answer -- one expression in, one JSON document out: the whole of `knarr expr`. */
#include "expr_priv.h"

#include <limits.h>

static const char *const standard_contexts[] = {"github", "env", "vars", "job", "jobs", "steps",
	"runner", "secrets", "strategy", "matrix", "needs", "inputs", NULL};

static int say_true(const struct expr_call *call, struct expr_value *ret, struct err *err)
{
	*ret = expr_bool(true);
	return 0;
}

static int say_false(const struct expr_call *call, struct expr_value *ret, struct err *err)
{
	*ret = expr_bool(false);
	return 0;
}

static int read_contexts(struct str text, struct arena *a, struct expr_dict **ret, struct err *err)
{
	struct json *tree;
	*ret = expr_dict_new(a);
	if (text.n == 0) {
		for (const char *const *c = standard_contexts; *c; c++)
			expr_dict_put(*ret, a, str_of(*c), expr_object(expr_dict_new(a)));
		return 0;
	}
	const struct json_limits limits = {.max_bytes = 64 * 1024 * 1024,
		.max_depth = EXPR_MAX_JSON_DEPTH,
		.max_values = 2000000,
		.accepts_duplicates = true,
		.is_real_only = true};
	if (json_parse(text, &limits, a, &tree, err) < 0)
		return -1;
	if (tree->kind != JSON_OBJECT)
		return err_set(err, ERR_INPUT, "expected an object of contexts, got %s",
			json_kind_name(tree->kind));
	for (size_t i = 0; i < tree->n; i++)
		expr_dict_put(*ret, a, tree->members[i].key,
			expr_from_json(&tree->members[i].value, a));
	return 0;
}

static void make_scope(const struct expr_dict *contexts, const struct expr_function *extra,
	size_t n_extra, struct arena *a, struct expr_scope *ret)
{
	static const struct expr_function status[] = {{"success", 0, UINT_MAX, say_true},
		{"always", 0, UINT_MAX, say_true}, {"failure", 0, UINT_MAX, say_false},
		{"cancelled", 0, UINT_MAX, say_false}};
	size_t n_status = ARRAY_LEN(status);
	const char **names = ARENA_ARRAY(a, const char *, contexts->n + 1);
	struct expr_function *functions = ARENA_ARRAY(a, struct expr_function, n_status + n_extra);
	for (size_t i = 0; i < contexts->n; i++)
		names[i] = arena_cstr(a, contexts->members[i].key);
	memcpy(functions, status, sizeof(status));
	if (n_extra)
		memcpy(functions + n_status, extra, n_extra * sizeof(*extra));
	*ret = (struct expr_scope){names, functions, n_status + n_extra};
}

static void answer_value(struct json_out *o, const struct expr_value *v)
{
	json_object(o);
	json_key(o, "kind");
	json_add_cstr(o, expr_kind_name(v->kind));
	json_key(o, "value");
	expr_write_json(o, v);
	json_end(o);
}

static void answer_fault(struct json_out *o, const struct expr_fault *f, const struct err *why)
{
	json_object(o);
	json_key(o, "error");
	json_object(o);
	json_key(o, "kind");
	json_add_cstr(o, expr_stage_name(f->stage));
	json_key(o, "message");
	json_add_cstr(o, why->what);
	json_key(o, "position");
	if (f->position)
		json_add_u64(o, f->position);
	else
		json_add_null(o);
	json_end(o);
	json_end(o);
}

/* "${{ 1 }}" is taken as well as "1". */
static struct str without_braces(struct str text)
{
	struct str t = space_trim(text);
	if (str_starts(t, S("${{")) && str_ends(t, S("}}")) && t.n >= 5)
		return str_sub(t, 3, t.n - 2);
	return text;
}

int expr_answer(struct str text, struct str context_json, const struct expr_function *extra,
	size_t n_extra, struct buf *out, struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct expr_dict *contexts;
	struct expr_scope scope;
	struct expr_fault fault = {EXPR_PARSING, 0, 0};
	struct expr_value v;
	struct expr *e;
	struct err why = {0};
	struct json_out o;
	if (read_contexts(context_json, &a, &contexts, err) < 0)
		return -1;
	make_scope(contexts, extra, n_extra, &a, &scope);
	json_out_init(&o, out, 0);
	int rc = expr_parse(without_braces(text), &scope, &a, &e, &fault, &why);
	if (rc == 0) {
		fault = (struct expr_fault){EXPR_EVALUATION, 0, 0};
		rc = expr_eval(e, &(struct expr_env){.contexts = contexts}, &a, &v, &why);
	}
	if (rc == 0)
		answer_value(&o, &v);
	else
		answer_fault(&o, &fault, &why);
	return rc == 0 ? 0 : 1;
}
