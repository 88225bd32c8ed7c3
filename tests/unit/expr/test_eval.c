#include "../test.h"

#include "expr/expr.h"

static const char *const names[] = {"github", "env", NULL};

static struct expr *parsed(struct str text, const struct expr_scope *scope, struct arena *a)
{
	struct err err = {0};
	struct expr *e = NULL;
	OK(expr_parse(text, scope, a, &e, NULL, &err));
	return e;
}

/* "!!!...1" and the like: n times before, the core, n times after. */
static struct str nest(struct arena *a, const char *before, size_t n, const char *core,
	const char *after)
{
	CLEANUP(buf_done) struct buf b = BUF(1000000);
	for (size_t i = 0; i < n; i++)
		buf_add_cstr(&b, before);
	buf_add_cstr(&b, core);
	for (size_t i = 0; i < n; i++)
		buf_add_cstr(&b, after);
	return arena_str(a, buf_str(&b));
}

static void expr_parse_counts_depth_by_nodes(void **state)
{
	static const struct {
		const char *before, *core, *after;
		size_t fits; /* times */
	} cases[] = {{"!", "1", "", 49}, {"format(", "1", ")", 49}, {"", "github", ".a", 49},
		{"", "github", "[0]", 49}, {"github[", "0", "]", 49}, {"", "1", "==1", 49},
		{"", "1", "<1", 49}, {"(", "1", ")", 5000}, {"", "1", "||1", 3000},
		{"", "1", "&&1", 3000}, {"1||(1&&(", "1", "))", 24}};
	const struct expr_scope scope = {.contexts = names};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct err err = {0};
		struct expr *e;
		struct expr_fault fault;
		parsed(nest(&a, cases[i].before, cases[i].fits, cases[i].core, cases[i].after),
			&scope, &a);
		if (cases[i].fits > 1000)
			continue;
		struct str deeper =
			nest(&a, cases[i].before, cases[i].fits + 1, cases[i].core, cases[i].after);
		FAILS(ERR_LIMIT, expr_parse(deeper, &scope, &a, &e, &fault, &err));
		assert_string_equal(err.what, "Exceeded max expression depth 50");
		assert_int_equal(fault.stage, EXPR_PARSING);
	}
}

static void expr_parse_limits_length_in_utf16_units(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct err err = {0};
	struct expr *e;
	struct expr_fault fault;
	parsed(nest(&a, " ", 20999, "1", ""), NULL, &a);
	FAILS(ERR_LIMIT, expr_parse(nest(&a, " ", 21000, "1", ""), NULL, &a, &e, &fault, &err));
	assert_string_equal(err.what, "Exceeded max expression length 21000");
	assert_int_equal(fault.stage, EXPR_LEXING);
	CLEANUP(buf_done) struct buf b = BUF(100000);
	buf_fmt(&b, "'%.*s'", STR_ARG(nest(&a, "🚢", 1000, "", "")));
	FAILS(ERR_INPUT,
		expr_parse(arena_fmt(&a, "%s x", buf_cstr(&b)), NULL, &a, &e, &fault, &err));
	assert_int_equal(fault.position, 2004); /* two units for each ship */
	assert_int_equal(fault.offset, 4003);
}

static void expr_eval_limits_memory(void **state)
{
	static const char *const bombs[] = {
		"format('{0}{0}{0}{0}{0}{0}{0}{0}{0}{0}', format('{0}{0}{0}{0}{0}{0}{0}{0}', github.x))",
		"join(github.list, github.x)", "toJSON(github.list.*)", "fromJSON(github.json)",
		"github.list.*.a.*", "format('{0}{1}', toJSON(github.list), toJSON(github.list))"};
	CLEANUP(arena_done) struct arena a = {0};
	struct err err = {0};
	struct expr_dict *github = expr_dict_new(&a), *root = expr_dict_new(&a);
	struct expr_dict *item = expr_dict_new(&a);
	struct expr_list *list = expr_list_new(&a, 200), *inner = expr_list_new(&a, 200);
	expr_dict_put(item, &a, S("a"), expr_array(inner));
	for (size_t i = 0; i < list->n; i++)
		list->items[i] = expr_object(item);
	expr_dict_put(github, &a, S("x"), expr_string(nest(&a, "x", 400, "", "")));
	expr_dict_put(github, &a, S("list"), expr_array(list));
	expr_dict_put(root, &a, S("github"), expr_object(github));
	expr_dict_put(github, &a, S("json"), expr_string(nest(&a, "[", 300, "", "]")));
	const struct expr_scope scope = {.contexts = names};
	for (size_t i = 0; i < ARRAY_LEN(bombs); i++) {
		struct expr_value v;
		struct expr *e = parsed(str_of(bombs[i]), &scope, &a);
		struct expr_env env = {.contexts = root, .max_bytes = 20000};
		FAILS(ERR_LIMIT, expr_eval(e, &env, &a, &v, &err));
		env.max_bytes = 0;
		OK(expr_eval(e, &env, &a, &v, &err));
	}
}

static int count_args(const struct expr_call *call, struct expr_value *ret, struct err *err)
{
	(*(int *)call->user)++;
	*ret = expr_number((double)call->n);
	return 0;
}

static int refuse(const struct expr_call *call, struct expr_value *ret, struct err *err)
{
	return err_set(err, ERR_NOT_FOUND, "no files");
}

static const struct expr_function functions[] = {
	{"countArgs", 1, 3, count_args}, {"refuse", 0, 0, refuse}, {"later", 0, 1, NULL}};
static const struct expr_scope with_functions = {names, functions, ARRAY_LEN(functions)};

static void expr_eval_calls_the_callers_functions(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct err err = {0};
	struct expr_value v;
	int n_calls = 0;
	struct expr_env env = {.user = &n_calls};
	struct expr *e = parsed(S("true || COUNTARGS(1)"), &with_functions, &a);
	OK(expr_eval(e, &env, &a, &v, &err));
	assert_int_equal(n_calls, 0);
	e = parsed(S("countargs(1, 'a', null)"), &with_functions, &a);
	OK(expr_eval(e, &env, &a, &v, &err));
	assert_true(v.kind == EXPR_NUMBER && v.number == 3);
	FAILS(ERR_NOT_FOUND,
		expr_eval(parsed(S("refuse()"), &with_functions, &a), &env, &a, &v, &err));
	FAILS(ERR_INPUT, expr_eval(parsed(S("later()"), &with_functions, &a), &env, &a, &v, &err));
	env.functions = &(struct expr_function){"later", 0, 0, count_args};
	env.n_functions = 1;
	OK(expr_eval(parsed(S("LATER('a')"), &with_functions, &a), &env, &a, &v, &err));
	assert_true(v.kind == EXPR_NUMBER && v.number == 1);
	FAILS(ERR_INPUT, expr_parse(S("countArgs()"), &with_functions, &a, &e, NULL, &err));
}

static void expr_dict_get_minds_case_only_when_told(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct expr_dict *d = expr_dict_new(&a);
	expr_dict_put(d, &a, S("Path"), expr_number(1));
	expr_dict_put(d, &a, S("PATH"), expr_number(2));
	assert_int_equal(d->n, 1);
	assert_true(expr_dict_get(d, S("path"))->number == 2);
	d = expr_dict_new(&a);
	d->is_case_sensitive = true;
	expr_dict_put(d, &a, S("Path"), expr_number(1));
	expr_dict_put(d, &a, S("PATH"), expr_number(2));
	assert_int_equal(d->n, 2);
	assert_null(expr_dict_get(d, S("path")));
}

static void collect(void *user, struct str path)
{
	buf_add(user, path);
	buf_add_ch(user, ' ');
}

static void expr_each_path_tells_every_chain(void **state)
{
	static const struct {
		const char *text, *paths;
	} cases[] = {{"github.event.issue.title", "github.event.issue.title "},
		{"github['event'].Commits.*.message", "github.event.Commits.*.message "},
		{"github.event.commits[0].message", "github.event.commits.*.message "},
		{"github[env.KEY].x", "github.?.x env.KEY "},
		{"format('{0}', github.ref) == env.a || !github", "github.ref env.a github "},
		{"fromJSON(env.x).github.ref", "env.x "}, {"1 == 2", ""}, {"", ""}};
	const struct expr_scope scope = {.contexts = names};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		CLEANUP(buf_done) struct buf b = BUF(1000);
		expr_each_path(parsed(str_of(cases[i].text), &scope, &a), collect, &b);
		assert_string_equal(buf_cstr(&b), cases[i].paths);
	}
}

static void expr_to_text_and_number_survive_anything(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct str long_digits = nest(&a, "1", 100000, "", "");
	struct expr_value v = expr_string(long_digits);
	assert_true(expr_to_number(&v) > 1e300);
	v = expr_string(S("\xff\xfe\x80 \xc2"));
	assert_true(expr_to_number(&v) != expr_to_number(&v));
	assert_true(expr_text_eq(S("\xff"), S("\xff")));
	assert_false(expr_text_eq(S("\xff"), S("\xfe")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expr_parse_counts_depth_by_nodes),
		cmocka_unit_test(expr_parse_limits_length_in_utf16_units),
		cmocka_unit_test(expr_eval_limits_memory),
		cmocka_unit_test(expr_eval_calls_the_callers_functions),
		cmocka_unit_test(expr_dict_get_minds_case_only_when_told),
		cmocka_unit_test(expr_each_path_tells_every_chain),
		cmocka_unit_test(expr_to_text_and_number_survive_anything),
	};
	return cmocka_run_group_tests_name("expr/eval", tests, NULL, NULL);
}
