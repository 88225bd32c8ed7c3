#include "expr/expr.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char context[] =
	"{\"github\": {\"ref\": \"refs/heads/main\", \"event\": {\"commits\": [{\"message\": \"a\", \"n\": 1},"
	" {\"message\": \"b\", \"n\": [1, 2, {\"x\": null}]}]}}, \"env\": {\"A\": \"1\", \"b\": \"\"},"
	" \"matrix\": {\"os\": \"linux\", \"n\": 12.5}}";
static const char *const names[] = {"github", "env", "matrix", NULL};
static const struct expr_function functions[] = {
	{"success", 0, 255, NULL}, {"hashFiles", 1, 255, NULL}};
static const struct expr_scope scope = {names, functions, 2};

static void count(void *user, struct str path)
{
	*(size_t *)user += path.n;
}

/* Whatever the text: no crash, bounded memory, and an answer that is JSON. */
static void try_answer(struct str text)
{
	CLEANUP(buf_done) struct buf out = BUF(64 * 1024 * 1024);
	CLEANUP(arena_done) struct arena a = {0};
	struct err err = {0};
	struct json *tree;
	int rc = expr_answer(text, str_of(context), NULL, 0, &out, &err);
	assert(rc >= 0 && !out.is_over);
	struct json_limits limits = {64 * 1024 * 1024, JSON_DEPTH_MAX, 10000000, true, true};
	rc = json_parse(buf_str(&out), &limits, &a, &tree, &err);
	assert(rc == 0 || err.kind == ERR_LIMIT);
}

static void try_template(struct str text)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct expr_template t;
	struct expr_fault fault = {0};
	struct expr *e;
	struct err err = {0};
	size_t n = 0;
	if (expr_template_parse(text, &scope, &a, &t, &fault, &err) < 0)
		assert(fault.offset <= text.n);
	else if (t.kind == EXPR_TEMPLATE_EXPR)
		expr_each_path(t.expr, count, &n);
	if (expr_condition_parse(text, &scope, &a, &e, NULL, &err) == 0)
		assert(!expr_is_empty(e));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_n(data, size);
	try_answer(text);
	try_template(text);
	return 0;
}
