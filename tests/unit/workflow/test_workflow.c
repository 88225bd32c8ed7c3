#include "../golden.h"

#include "workflow/workflow.h"

/* A case gives its model, or its problems; warnings come after the model. */
static void answer(const struct golden *g, struct buf *out)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(workflow_problems_done) struct workflow_problems problems = {0};
	struct workflow *w;
	struct err err = {0};
	struct json_out o;
	char file[200];
	snprintf(file, sizeof(file), "%s.yml", g->name);
	int rc = workflow_parse(g->in, str_of(file), &a, &w, &problems, &err);
	if (rc == 0) {
		json_out_init(&o, out, 2);
		workflow_write_json(w, &o);
		buf_add_ch(out, '\n');
	}
	VEC_EACH(&problems.list, p) {
		buf_fmt(out, "%s:%u:%u: %s: %.*s", file, p->line, p->col,
			p->severity == WORKFLOW_ERROR ? "error" : "warning", STR_ARG(p->message));
		if (p->inner_line)
			buf_fmt(out, " [%u:%u]", p->inner_line, p->inner_col);
		if (p->hint.n)
			buf_fmt(out, "\n\thint: %.*s", STR_ARG(p->hint));
		buf_add_ch(out, '\n');
	}
	if ((rc < 0) != str_starts(str_of(g->name), S("should-fail")))
		fail_msg("%s: %s", g->name, buf_cstr(out));
}

static void workflow_parse_golden(void **state)
{
	golden_run("workflow", answer);
}

static void parse_fails(struct str text, const char *what)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(workflow_problems_done) struct workflow_problems problems = {0};
	struct workflow *w;
	struct err err;
	FAILS(ERR_INPUT, workflow_parse(text, S("ci.yml"), &a, &w, &problems, &err));
	assert_string_equal(err.at.file, "ci.yml");
	if (!str_has(str_of(err.what), str_of(what)))
		fail_msg("'%s' does not speak of '%s'", err.what, what);
}

static void workflow_parse_limits_size_and_nesting(void **state)
{
	CLEANUP(buf_done) struct buf b = BUF(2000000);
	buf_add_cstr(&b, "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n    - run: ");
	while (b.n < WORKFLOW_MAX_BYTES + 1)
		buf_add_cstr(&b, "xxxxxxxxxxxxxxxx");
	parse_fails(buf_str(&b), "larger than 512000 bytes");
	buf_clear(&b);
	buf_add_cstr(&b, "on: ");
	for (int i = 0; i < 1000; i++)
		buf_add_cstr(&b, "[");
	parse_fails(buf_str(&b), "deeper than 100");
	buf_clear(&b);
	buf_add_cstr(&b, "on: push\njobs: {a: {runs-on: x, strategy: {matrix: {v: ");
	for (int i = 0; i < 50; i++)
		buf_add_ch(&b, '[');
	for (int i = 0; i < 50; i++)
		buf_add_ch(&b, ']');
	buf_add_cstr(&b, "}}}}");
	parse_fails(buf_str(&b), "Maximum object depth exceeded");
	buf_clear(&b);
	buf_add_cstr(&b, "on: push\njobs:\n");
	for (int i = 0; i < 257; i++)
		buf_fmt(&b, "  j%d: {runs-on: x, steps: [{run: x}]}\n", i);
	parse_fails(buf_str(&b), "may not contain more than 256 jobs");
	buf_clear(&b);
	buf_add_cstr(&b,
		"a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
		"c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
		"e: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n");
	parse_fails(buf_str(&b), "more than 100000 nodes");
}

static void workflow_parse_counts_all_errors_and_tells_some(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(workflow_problems_done) struct workflow_problems problems = {0};
	CLEANUP(buf_done) struct buf b = BUF(100000);
	struct workflow *w;
	struct err err = {0};
	for (int i = 0; i < 500; i++)
		buf_fmt(&b, "wrong%d: 1\n", i);
	assert_int_equal(workflow_parse(buf_str(&b), S("x"), &a, &w, &problems, &err), -1);
	assert_int_equal(problems.n_errors, 502);
	assert_int_equal(problems.list.n, WORKFLOW_MAX_PROBLEMS);
}

static void workflow_parse_survives_many_steps_of_one_name(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(workflow_problems_done) struct workflow_problems problems = {0};
	CLEANUP(buf_done) struct buf b = BUF(600000);
	struct workflow *w;
	struct err err = {0};
	buf_add_cstr(&b, "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n");
	for (int i = 0; i < 20000; i++)
		buf_add_cstr(&b, "    - run: x\n");
	OK(workflow_parse(buf_str(&b), S("x"), &a, &w, &problems, &err));
	STR_IS(w->jobs.p[0].steps.p[19999].id, "__run_20000");
}

static void workflow_problems_are_json(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(workflow_problems_done) struct workflow_problems problems = {0};
	CLEANUP(buf_done) struct buf b = BUF(10000);
	struct workflow *w;
	struct err err = {0};
	struct json_out o;
	assert_int_equal(workflow_parse(S("on: push\njobs:\n  a:\n    runs-on: ${{ secrets.X }}\n"),
				 S("ci.yml"), &a, &w, &problems, &err),
		-1);
	json_out_init(&o, &b, 0);
	workflow_problems_write_json(&problems, S("ci.yml"), &o);
	assert_string_equal(buf_cstr(&b),
		"[{\"severity\":\"error\",\"file\":\"ci.yml\",\"line\":4,\"col\":14,\"message\":"
		"\"Unrecognized named-value: 'secrets'. Located at position 1 within expression: "
		"secrets.X\",\"hint\":\"the context 'secrets' exists, but not in this place\","
		"\"inner\":{\"line\":4,\"col\":18}}]");
}

static void workflow_finds_jobs_and_events(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(workflow_problems_done) struct workflow_problems problems = {0};
	struct workflow *w;
	struct err err = {0};
	OK(workflow_parse(S("on: [push]\npermissions: {contents: read}\njobs:\n  Build:\n"
			    "    runs-on: x\n    steps: [{run: x}]\n"),
		S("x"), &a, &w, &problems, &err));
	assert_non_null(workflow_job_find(w, S("build")));
	assert_null(workflow_job_find(w, S("test")));
	assert_non_null(workflow_event_find(w, "push"));
	assert_null(workflow_event_find(w, "pull_request"));
	assert_int_equal(w->jobs.p[0].permissions.access[4], WORKFLOW_ACCESS_READ);
	assert_string_equal(workflow_permission_names[4], "contents");
	assert_int_equal(w->jobs.p[0].permissions.access[11], WORKFLOW_ACCESS_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(workflow_parse_golden),
		cmocka_unit_test(workflow_parse_limits_size_and_nesting),
		cmocka_unit_test(workflow_parse_counts_all_errors_and_tells_some),
		cmocka_unit_test(workflow_parse_survives_many_steps_of_one_name),
		cmocka_unit_test(workflow_problems_are_json),
		cmocka_unit_test(workflow_finds_jobs_and_events),
	};
	return cmocka_run_group_tests_name("workflow/workflow", tests, NULL, NULL);
}
