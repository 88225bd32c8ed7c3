/* template -- text with ${{ }} in it, and the rule for `if:`.
 *
 * Text around expressions makes one call out of the whole: "a ${{ b }} {c}" is
 * format('a {0} {{c}}', b). That is how GitHub does it, and why a script with expressions in it may
 * not be longer than one expression.
 */
#include "expr_priv.h"

#define OPEN S("${{")

struct reader {
	struct str text;
	size_t at;
	const struct expr_scope *scope;
	struct arena *a;
	struct expr_fault *fault;
	struct buf format, args;
	size_t n_args;
	struct expr *last; /* the expression read last */
	bool is_insert;
};

static int bad_at(struct reader *r, size_t offset, struct err *err, const char *what)
{
	if (r->fault)
		*r->fault = (struct expr_fault){EXPR_PARSING, 0, offset};
	return err_set(err, ERR_INPUT, "%s", what);
}

/* Position behind the }} that ends what starts at `at`, or 0; quotes hide braces. */
static size_t find_close(struct str text, size_t at)
{
	bool is_string = false;
	for (size_t i = at + 3; i < text.n; i++) {
		if (text.p[i] == '\'')
			is_string = !is_string;
		else if (!is_string && text.p[i] == '}' && text.p[i - 1] == '}')
			return i + 1;
	}
	return 0;
}

/* ${{ insert }}; with anything behind the word it is an error. */
static int read_insert(struct reader *r, struct str inner, size_t start, struct err *err)
{
	struct str word = S("insert"), rest = inner;
	if (!str_starts(inner, word) ||
		(inner.n > word.n && space_at(str_skip(inner, word.n)) == 0))
		return 0;
	size_t n = 0;
	while (str_word(&rest, &word))
		n++;
	if (n > 1) {
		char what[128];
		snprintf(what, sizeof(what),
			"Expected 0 parameter(s) following the directive 'insert'. Actual "
			"parameter(s) found: %zu",
			n - 1);
		return bad_at(r, start, err, what);
	}
	r->is_insert = true;
	return 1;
}

static int read_expression(struct reader *r, struct err *err)
{
	size_t start = r->at, end = find_close(r->text, start);
	if (!end)
		return bad_at(r, start, err,
			"The expression is not closed. An unescaped ${{ sequence was found, but "
			"the closing }} sequence was not found.");
	struct str inner = space_trim(str_sub(r->text, start + 3, end - 2));
	r->at = end;
	if (inner.n == 0)
		return bad_at(r, start, err, "An expression was expected");
	int is_insert = read_insert(r, inner, start, err);
	if (is_insert)
		return is_insert < 0 ? -1 : 0;
	if (expr_parse(inner, r->scope, r->a, &r->last, r->fault, err) < 0) {
		if (r->fault)
			r->fault->offset += (size_t)(inner.p - r->text.p);
		return -1;
	}
	buf_fmt(&r->format, "{%zu}", r->n_args++);
	buf_add(&r->args, S(", "));
	buf_add(&r->args, inner);
	return 0;
}

/* Text inside format(''): quotes and braces are doubled. */
static void read_text(struct reader *r, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		buf_add_ch(&r->format, c);
		if (c == '\'' || c == '{' || c == '}')
			buf_add_ch(&r->format, c);
	}
}

static int finish_mixed(struct reader *r, struct expr_template *ret, struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(r->format.max * 2);
	buf_add(&b, S("format('"));
	buf_add(&b, buf_str(&r->format));
	buf_add_ch(&b, '\'');
	buf_add(&b, buf_str(&r->args));
	buf_add_ch(&b, ')');
	*ret = (struct expr_template){.kind = EXPR_TEMPLATE_EXPR, .is_mixed = true};
	int rc =
		expr_parse(arena_str(r->a, buf_str(&b)), r->scope, r->a, &ret->expr, r->fault, err);
	if (rc < 0 && r->fault)
		*r->fault = (struct expr_fault){r->fault->stage, 0, 0};
	return rc;
}

static int finish(struct reader *r, bool is_whole, struct expr_template *ret, struct err *err)
{
	if (r->is_insert && !is_whole)
		return bad_at(r, 0, err,
			"The directive 'insert' is not allowed in this context. Directives are not "
			"supported for expressions that are embedded within a string. Directives "
			"are only supported when the entire value is an expression.");
	if (r->is_insert) {
		*ret = (struct expr_template){.kind = EXPR_TEMPLATE_INSERT};
		return 0;
	}
	if (!is_whole)
		return finish_mixed(r, ret, err);
	*ret = (struct expr_template){.kind = EXPR_TEMPLATE_EXPR, .expr = r->last};
	if (expr_is_literal_text(r->last, &ret->text))
		ret->kind = EXPR_TEMPLATE_TEXT;
	return 0;
}

static int read_all(struct reader *r, struct expr_template *ret, struct err *err)
{
	ssize_t open;
	bool is_whole = true;
	while ((open = str_find(str_skip(r->text, r->at), OPEN)) >= 0) {
		size_t start = r->at + (size_t)open;
		is_whole = is_whole && start == 0;
		read_text(r, str_sub(r->text, r->at, start));
		r->at = start;
		if (read_expression(r, err) < 0)
			return -1;
		is_whole = is_whole && r->at == r->text.n;
	}
	read_text(r, str_skip(r->text, r->at));
	return finish(r, is_whole, ret, err);
}

int expr_template_parse(struct str text, const struct expr_scope *scope, struct arena *a,
	struct expr_template *ret, struct expr_fault *fault, struct err *err)
{
	if (!str_has(text, OPEN)) {
		*ret = (struct expr_template){.kind = EXPR_TEMPLATE_TEXT, .text = text};
		return 0;
	}
	size_t max = 4 * text.n + 64;
	struct reader r = {text, 0, scope, a, fault, BUF(max), BUF(max), 0, NULL, false};
	int rc = read_all(&r, ret, err);
	buf_done(&r.format);
	buf_done(&r.args);
	return rc;
}

int expr_template_eval(const struct expr_template *t, const struct expr_env *env, struct arena *a,
	struct expr_value *ret, struct err *err)
{
	if (t->kind == EXPR_TEMPLATE_EXPR)
		return expr_eval(t->expr, env, a, ret, err);
	*ret = t->kind == EXPR_TEMPLATE_TEXT ? expr_string(t->text) : expr_null();
	return 0;
}

static struct str with_success(struct str condition, struct arena *a)
{
	CLEANUP(buf_done) struct buf b = BUF(condition.n + 32);
	buf_add(&b, S("success() && ("));
	buf_add(&b, condition);
	buf_add_ch(&b, ')');
	return arena_str(a, buf_str(&b));
}

static bool calls_status(const struct expr *e)
{
	return expr_calls(e, "success") || expr_calls(e, "failure") || expr_calls(e, "always") ||
		expr_calls(e, "cancelled");
}

int expr_condition_parse(struct str text, const struct expr_scope *scope, struct arena *a,
	struct expr **ret, struct expr_fault *fault, struct err *err)
{
	struct expr_template t;
	struct expr *e;
	if (expr_template_parse(text, scope, a, &t, fault, err) < 0)
		return -1;
	if (t.kind == EXPR_TEMPLATE_INSERT)
		return err_set(err, ERR_INPUT, "Unexpected value '%.*s'", STR_ARG(text));
	struct str whole = t.kind == EXPR_TEMPLATE_EXPR ? t.expr->source : t.text;
	struct str condition = space_trim(whole);
	if (condition.n == 0)
		return expr_parse(S("success()"), scope, a, ret, fault, err);
	if (expr_parse(condition, scope, a, &e, fault, err) < 0) {
		if (fault)
			fault->offset += (size_t)(condition.p - whole.p);
		return -1;
	}
	if (calls_status(e)) {
		*ret = e;
		return 0;
	}
	return expr_parse(with_success(condition, a), scope, a, ret, fault, err);
}
