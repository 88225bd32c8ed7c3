#include "../test.h"

#include "base/buf.h"
#include "workflow/workflow.h"

static const char text[] = "on: push\n"
			   "jobs:\n"
			   "  a:\n"
			   "    runs-on: x\n"
			   "    timeout-minutes: ${{ fromJSON(vars.MINUTES) }}\n"
			   "    continue-on-error: ${{ vars.FLAG == 'on' }}\n"
			   "    env:\n"
			   "      A: 3.10\n"
			   "      ${{ insert }}: ${{ fromJSON(vars.MORE) }}\n"
			   "      B: x-${{ github.ref }}\n"
			   "    strategy:\n"
			   "      matrix:\n"
			   "        ${{ vars.KEY }}: ${{ fromJSON('[1,2]') }}\n"
			   "        os: [linux, '${{ vars.FLAG }}', {deep: [true, null]}]\n"
			   "    steps: [{run: x}]\n";

struct fixture {
	struct arena a;
	struct workflow *w;
	struct expr_env env;
};

static void setup(struct fixture *f)
{
	CLEANUP(workflow_problems_done) struct workflow_problems problems = {0};
	struct err err = {0};
	struct json *tree;
	*f = (struct fixture){0};
	OK(workflow_parse(str_of(text), S("x.yml"), &f->a, &f->w, &problems, &err));
	OK(json_parse(
		S("{\"vars\": {\"MINUTES\": \"12\", \"FLAG\": \"on\", \"KEY\": \"k\","
		  " \"MORE\": \"{\\\"C\\\": \\\"c\\\"}\", \"BAD\": \"[]\"}, \"github\": {\"ref\": \"main\"}}"),
		NULL, &f->a, &tree, &err));
	f->env.contexts = expr_from_json(tree, &f->a).dict;
}

static void is_json(const struct expr_value *v, const char *want)
{
	CLEANUP(buf_done) struct buf b = BUF(10000);
	struct json_out o;
	json_out_init(&o, &b, 0);
	expr_write_json(&o, v);
	assert_string_equal(buf_cstr(&b), want);
}

static void workflow_eval_fills_whole_trees(void **state)
{
	struct fixture f;
	struct err err = {0};
	struct expr_value v;
	setup(&f);
	const struct workflow_job *job = &f.w->jobs.p[0];
	OK(workflow_eval(job->env, &f.env, &f.a, &v, &err));
	is_json(&v, "{\"A\":\"3.1\",\"C\":\"c\",\"B\":\"x-main\"}");
	OK(workflow_eval(job->strategy.matrix, &f.env, &f.a, &v, &err));
	is_json(&v, "{\"k\":[1,2],\"os\":[\"linux\",\"on\",{\"deep\":[true,null]}]}");
	OK(workflow_eval(NULL, &f.env, &f.a, &v, &err));
	is_json(&v, "null");
	arena_done(&f.a);
}

static void workflow_eval_gives_typed_values(void **state)
{
	struct fixture f;
	struct err err = {0};
	struct str s;
	double number = 0;
	bool truth = false;
	setup(&f);
	const struct workflow_job *job = &f.w->jobs.p[0];
	OK(workflow_eval_number(job->timeout_minutes, &f.env, &f.a, "timeout-minutes", &number,
		&err));
	assert_true(number == 12);
	OK(workflow_eval_bool(job->continue_on_error, &f.env, &f.a, "continue-on-error", &truth,
		&err));
	assert_true(truth);
	OK(workflow_eval_text(job->runs_on, &f.env, &f.a, &s, &err));
	STR_IS(s, "x");
	FAILS(ERR_INPUT, workflow_eval_bool(job->runs_on, &f.env, &f.a, "runs-on", &truth, &err));
	assert_string_equal(err.what, "'runs-on': expected a boolean, got string");
	assert_int_equal(err.at.line, 4);
	FAILS(ERR_INPUT,
		workflow_eval_number(job->runs_on, &f.env, &f.a, "runs-on", &number, &err));
	FAILS(ERR_INPUT, workflow_eval_text(job->env, &f.env, &f.a, &s, &err));
	arena_done(&f.a);
}

static void workflow_eval_says_where_it_failed(void **state)
{
	struct fixture f;
	struct err err = {0};
	struct expr_value v;
	setup(&f);
	f.env.contexts = NULL;
	FAILS(ERR_INPUT, workflow_eval(f.w->jobs.p[0].env, &f.env, &f.a, &v, &err));
	assert_int_equal(err.at.line, 9);
	assert_int_equal(err.at.col, 22);
	arena_done(&f.a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(workflow_eval_fills_whole_trees),
		cmocka_unit_test(workflow_eval_gives_typed_values),
		cmocka_unit_test(workflow_eval_says_where_it_failed),
	};
	return cmocka_run_group_tests_name("workflow/eval", tests, NULL, NULL);
}
