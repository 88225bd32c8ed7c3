#include "glob/glob_priv.h"
#include "glob/ignore_priv.h"

static bool is_special(char c)
{
	return c == '*' || c == '?' || c == '[' || c == ']' || c == '\\';
}

static bool has_special(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (is_special(s.p[i]))
			return true;
	return false;
}

/* *p is behind the first '*'. */
static void compile_stars(struct str *p, struct op_vec *ops)
{
	if (!str_starts(*p, S("*"))) {
		nfa_push_run(ops, OP_NOT_SLASH);
		return;
	}
	*p = str_skip(*p, 1);
	if (str_starts(*p, S("/")))
		*p = str_skip(*p, 1);
	if (p->n)
		nfa_push_dirs(ops);
	else
		nfa_push_run(ops, OP_ANY);
}

static int compile_escape(struct str *p, struct op_vec *ops, struct arena *a, struct err *err)
{
	CLEANUP(ranges_done) struct range_vec ranges = {0};
	if (!p->n)
		return err_set(err, ERR_INPUT, "nothing behind '\\'");
	uint32_t code = nfa_take_char(p);
	if (code < 0x80 && class_add_escape(&ranges, (char)code))
		nfa_push_class(ops, false, &ranges, a);
	else if (class_escaped_char(code, &code))
		nfa_push_char(ops, code);
	else
		return err_set(err, ERR_INPUT, "unknown escape");
	return 0;
}

static int compile_class(struct str *p, struct op_vec *ops, struct arena *a, struct err *err)
{
	CLEANUP(ranges_done) struct range_vec ranges = {0};
	bool is_negated;
	if (class_read_regexp(p, &is_negated, &ranges, err) < 0)
		return -1;
	nfa_push_class(ops, is_negated, &ranges, a);
	return 0;
}

/* What moby turns into a regular expression. */
static int compile_regexp(struct str p, struct op_vec *ops, struct arena *a, struct err *err)
{
	int rc = 0;
	while (p.n && rc == 0) {
		uint32_t c = nfa_take_char(&p);
		switch (c) {
		case '*': compile_stars(&p, ops); break;
		case '?': nfa_push(ops, OP_NOT_SLASH); break;
		case '^': nfa_push(ops, OP_START); break;
		case '[': rc = compile_class(&p, ops, a, err); break;
		case '\\': rc = compile_escape(&p, ops, a, err); break;
		default: nfa_push_char(ops, c); break;
		}
	}
	return rc;
}

/* moby compares text where a "**" at the one or other end is all there is; that gives "**x" its own
 * meaning. */
int ignore_compile(struct str p, struct op_vec *ops, struct arena *a, struct err *err)
{
	struct str head = str_sub(p, 0, p.n < 2 ? 0 : p.n - 2), tail = str_skip(p, 2);
	if (!has_special(p)) {
		nfa_push_text(ops, p);
	} else if (str_starts(p, S("**")) && !has_special(tail)) {
		if (str_starts(tail, S("/")))
			nfa_push_dirs(ops);
		else
			nfa_push_run(ops, OP_ANY);
		nfa_push_text(ops, str_skip(tail, str_starts(tail, S("/"))));
	} else if (str_ends(p, S("**")) && !has_special(head)) {
		nfa_push_text(ops, head);
		nfa_push_run(ops, OP_ANY);
	} else {
		return compile_regexp(p, ops, a, err);
	}
	return 0;
}
