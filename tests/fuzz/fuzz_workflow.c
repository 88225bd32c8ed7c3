#include "workflow/matrix.h"
#include "workflow/trigger.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char context[] =
	"{\"github\": {\"ref\": \"refs/heads/main\", \"event\": {\"a\": [1, {\"b\": null}]}},"
	" \"vars\": {\"X\": \"{\\\"k\\\": [1, 2]}\"}, \"matrix\": {\"os\": \"linux\"}}";

/* Whatever evaluates must not break what comes after. */
static void use_job(const struct workflow_job *job, const struct expr_env *env, struct arena *a)
{
	struct matrix_combination_vec combinations = {0};
	struct expr_value v;
	struct err err = {0};
	(void)workflow_eval(job->env, env, a, &v, &err);
	(void)workflow_eval(job->runs_on, env, a, &v, &err);
	if (workflow_eval(job->strategy.matrix, env, a, &v, &err) == 0)
		(void)matrix_expand(&v, job->id, a, &combinations, &err);
	assert(combinations.n <= WORKFLOW_MAX_JOBS);
	vec_done(&combinations);
	assert(job->condition);
	for (size_t i = 0; i < job->steps.n; i++) {
		assert(job->steps.p[i].id.n && job->steps.p[i].condition);
		(void)workflow_eval(job->steps.p[i].with, env, a, &v, &err);
		(void)workflow_eval(job->steps.p[i].run, env, a, &v, &err);
	}
}

static void use_workflow(const struct workflow *w, struct arena *a)
{
	CLEANUP(buf_done) struct buf b = BUF(64 * 1024 * 1024);
	struct json_out o;
	struct json *tree;
	struct err err = {0};
	struct trigger t = {.event = S("push"), .ref = S("refs/heads/main"), .has_paths = true};
	(void)trigger_matches(w, &t, &err);
	json_out_init(&o, &b, 0);
	workflow_write_json(w, &o);
	int rc = json_parse(str_of(context), NULL, a, &tree, &err);
	assert(rc == 0);
	struct expr_env env = {.contexts = expr_from_json(tree, a).dict, .max_bytes = 1 << 20};
	for (size_t i = 0; i < w->jobs.n; i++)
		use_job(&w->jobs.p[i], &env, a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(workflow_problems_done) struct workflow_problems problems = {0};
	CLEANUP(buf_done) struct buf b = BUF(64 * 1024 * 1024);
	struct workflow *w;
	struct err err = {0};
	struct json_out o;
	int rc = workflow_parse(str_n(data, size), S("x.yml"), &a, &w, &problems, &err);
	assert((rc < 0) == (problems.n_errors > 0));
	assert(rc == 0 || err.kind == ERR_INPUT);
	json_out_init(&o, &b, 0);
	workflow_problems_write_json(&problems, S("x.yml"), &o);
	if (rc == 0)
		use_workflow(w, &a);
	return 0;
}
