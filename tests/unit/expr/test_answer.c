#include "../golden.h"

#include "expr/expr.h"

/* A case holds one expression per line, and its contexts in <case>.context when there are any. */
static void answer(const struct golden *g, struct buf *out)
{
	CLEANUP(buf_done) struct buf context = BUF(GOLDEN_MAX);
	struct str rest = g->in, line;
	(void)golden_read(g->room, g->name, ".context", &context);
	while (str_line(&rest, &line)) {
		struct err err = {0};
		if (line.n == 0 || line.p[0] == '#') {
			buf_add(out, line);
		} else {
			buf_fmt(out, "%.*s\n\t", STR_ARG(line));
			OK(expr_answer(line, buf_str(&context), NULL, 0, out, &err));
		}
		buf_add_ch(out, '\n');
	}
}

static void expr_answer_golden(void **state)
{
	golden_run("expr", answer);
}

static void expr_answer_refuses_a_context_that_is_no_object(void **state)
{
	struct err err = {0};
	CLEANUP(buf_done) struct buf out = BUF(1000);
	FAILS(ERR_INPUT, expr_answer(S("1"), S("[]"), NULL, 0, &out, &err));
	FAILS(ERR_INPUT, expr_answer(S("1"), S("{"), NULL, 0, &out, &err));
	assert_int_equal(out.n, 0);
}

static void expr_answer_says_whether_it_is_an_error(void **state)
{
	struct err err = {0};
	CLEANUP(buf_done) struct buf out = BUF(1000);
	assert_int_equal(expr_answer(S("1"), STR_NONE, NULL, 0, &out, &err), 0);
	assert_int_equal(expr_answer(S("1 ="), STR_NONE, NULL, 0, &out, &err), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expr_answer_golden),
		cmocka_unit_test(expr_answer_refuses_a_context_that_is_no_object),
		cmocka_unit_test(expr_answer_says_whether_it_is_an_error),
	};
	return cmocka_run_group_tests_name("expr/answer", tests, NULL, NULL);
}
