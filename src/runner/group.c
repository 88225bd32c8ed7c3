/* A job of the workflow file: its condition, its matrix, and what the jobs after it see of it. */
#include "run_priv.h"

#include "base/num.h"

enum { DEFAULT_MINUTES = 360, DEFAULT_GRACE_MINUTES = 5 };
#define MINUTE (60 * CLOCK_SECOND)

struct group *run_group(const struct run *r, struct str id)
{
	for (size_t i = 0; i < r->n_groups; i++)
		if (str_eq_nocase(r->groups[i].def->id, id))
			return &r->groups[i];
	return NULL;
}

struct str run_job_node(const struct run *r, struct str id, struct arena *a)
{
	if (str_is(r->node, "run"))
		return arena_fmt(a, "job/%.*s", STR_ARG(id));
	return arena_fmt(a, "%.*s/job/%.*s", STR_ARG(r->node), STR_ARG(id));
}

/* ---- contexts ---- */

struct expr_dict *group_needs(const struct group *g, struct arena *a)
{
	struct expr_dict *d = expr_dict_new(a);
	for (size_t i = 0; i < g->def->needs.n; i++) {
		const struct group *n = run_group(g->run, g->def->needs.p[i]);
		struct expr_dict *one = expr_dict_new(a);
		expr_dict_put(one, a, S("result"),
			expr_string(str_of(runner_result_name(n->result))));
		expr_dict_put(one, a, S("outputs"),
			expr_object(n->outputs ? n->outputs : expr_dict_new(a)));
		expr_dict_put(d, a, n->def->id, expr_object(one));
	}
	return d;
}

/* What its expressions see; more may be put into *ret_contexts. */
static struct expr_env group_env(struct group *g, struct arena *a, struct expr_dict **ret_contexts)
{
	const struct run *r = g->run;
	struct expr_dict *c = expr_dict_new(a);
	expr_dict_put(c, a, S("github"), expr_object(r->github));
	expr_dict_put(c, a, S("needs"), expr_object(group_needs(g, a)));
	expr_dict_put(c, a, S("vars"), r->vars);
	expr_dict_put(c, a, S("inputs"), r->inputs);
	*ret_contexts = c;
	return (struct expr_env){.contexts = c,
		.functions = group_functions,
		.n_functions = n_group_functions,
		.user = g};
}

int group_condition(struct group *g, bool *ret, struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct expr_dict *c;
	struct expr_env env = group_env(g, &a, &c);
	struct expr_value v;
	if (expr_eval(g->def->condition, &env, &a, &v, err) < 0) {
		const struct workflow_value *at = g->def->condition_at;
		(void)err_locate(err, "", at ? at->line : g->def->line, at ? at->col : 1);
		return err_wrap(err, "'if' of job '%.*s'", STR_ARG(g->def->id));
	}
	*ret = expr_is_true(&v);
	return 0;
}

/* ---- the strategy ---- */

struct strategy {
	struct expr_value matrix;
	bool is_fail_fast;
	double max_parallel; /* 0 = as many as there are */
};

static int read_whole(const struct expr_value *v, struct strategy *ret, struct err *err)
{
	if (v->kind == EXPR_NULL)
		return 0;
	if (v->kind != EXPR_OBJECT)
		return err_set(err, ERR_INPUT, "'strategy': expected an object, got %s",
			expr_kind_name(v->kind));
	const struct expr_value *m = expr_dict_get(v->dict, S("matrix")),
				*f = expr_dict_get(v->dict, S("fail-fast")),
				*p = expr_dict_get(v->dict, S("max-parallel"));
	if (m)
		ret->matrix = *m;
	if (f)
		ret->is_fail_fast = expr_is_true(f);
	if (p)
		ret->max_parallel = expr_to_number(p);
	return 0;
}

static int eval_strategy(const struct group *g, const struct expr_env *env, struct arena *a,
	struct strategy *ret, struct err *err)
{
	const struct workflow_strategy *s = &g->def->strategy;
	struct expr_value v;
	*ret = (struct strategy){.matrix = expr_null(), .is_fail_fast = true};
	if (s->whole)
		return workflow_eval(s->whole, env, a, &v, err) < 0 ? -1 : read_whole(&v, ret, err);
	if (s->fail_fast &&
		workflow_eval_bool(s->fail_fast, env, a, "fail-fast", &ret->is_fail_fast, err) < 0)
		return -1;
	if (s->max_parallel &&
		workflow_eval_number(s->max_parallel, env, a, "max-parallel", &ret->max_parallel,
			err) < 0)
		return -1;
	return s->matrix ? workflow_eval(s->matrix, env, a, &ret->matrix, err) : 0;
}

static struct expr_value strategy_context(const struct group *g, size_t index, struct arena *a)
{
	struct expr_dict *d = expr_dict_new(a);
	expr_dict_put(d, a, S("fail-fast"), expr_bool(g->is_fail_fast));
	expr_dict_put(d, a, S("job-index"), expr_number((double)index));
	expr_dict_put(d, a, S("job-total"), expr_number((double)g->n_jobs));
	expr_dict_put(d, a, S("max-parallel"), expr_number((double)g->max_parallel));
	return expr_object(d);
}

/* ---- jobs ---- */

static int eval_name(struct job *j, const struct matrix_combination *m, const struct expr_env *env,
	struct err *err)
{
	const struct workflow_value *name = j->group->def->name;
	j->name = arena_str(&j->arena, m->name);
	if (!name)
		return 0;
	if (workflow_eval_text(name, env, &j->arena, &j->name, err) < 0)
		return -1;
	if (!workflow_has_expr(name) && m->suffix.n)
		j->name = arena_fmt(&j->arena, "%.*s %.*s", STR_ARG(j->name), STR_ARG(m->suffix));
	return 0;
}

static int eval_minutes(const struct workflow_value *v, const struct expr_env *env, struct arena *a,
	const char *name, double otherwise, int64_t *ret_ns, struct err *err)
{
	enum { MOST = 60 * 24 * 365 };
	double n = otherwise;
	if (v && workflow_eval_number(v, env, a, name, &n, err) < 0)
		return -1;
	if (!(n > 0))
		n = otherwise;
	*ret_ns = (int64_t)((n > MOST ? MOST : n) * (double)MINUTE);
	return 0;
}

static struct str lower(struct str s, struct arena *a)
{
	char *p = arena_cstr(a, s);
	for (size_t i = 0; i < s.n; i++)
		p[i] = ch_lower(p[i]);
	return str_n(p, s.n);
}

static int eval_concurrency(struct job *j, const struct expr_env *env, struct err *err)
{
	const struct workflow_value *v = j->group->def->concurrency;
	struct expr_value whole;
	if (!v)
		return 0;
	if (workflow_eval(v, env, &j->arena, &whole, err) < 0)
		return -1;
	if (whole.kind == EXPR_OBJECT) {
		const struct expr_value *group = expr_dict_get(whole.dict, S("group")),
					*cancels =
						expr_dict_get(whole.dict, S("cancel-in-progress")),
					*queue = expr_dict_get(whole.dict, S("queue"));
		j->cancels_in_progress = cancels && expr_is_true(cancels);
		j->is_queueing = queue && str_is(expr_to_text(queue, &j->arena), "max");
		whole = group ? *group : expr_string(S(""));
	}
	j->concurrency = lower(expr_to_text(&whole, &j->arena), &j->arena);
	return 0;
}

static int eval_job(struct job *j, const struct matrix_combination *m, struct err *err)
{
	const struct workflow_job *def = j->group->def;
	struct arena *a = &j->arena;
	struct expr_dict *c;
	struct expr_env env = group_env(j->group, a, &c);
	int64_t limit;
	expr_dict_put(c, a, S("matrix"), j->matrix);
	expr_dict_put(c, a, S("strategy"), j->strategy);
	if (eval_name(j, m, &env, err) < 0 ||
		eval_minutes(def->timeout_minutes, &env, a, "timeout-minutes", DEFAULT_MINUTES,
			&limit, err) < 0 ||
		eval_minutes(def->cancel_timeout_minutes, &env, a, "cancel-timeout-minutes",
			DEFAULT_GRACE_MINUTES, &j->watched.grace_ns, err) < 0)
		return -1;
	j->limit_ns = limit;
	if (def->continue_on_error &&
		workflow_eval_bool(def->continue_on_error, &env, a, "continue-on-error",
			&j->continues_on_error, err) < 0)
		return -1;
	return eval_concurrency(j, &env, err);
}

/* GitHub's names are cut at 100 characters, so two may be the same. */
static struct str unique_id(const struct group *g, struct str name, struct arena *a)
{
	size_t n = 1;
	for (size_t i = 0; i < g->n_jobs && g->jobs[i]; i++)
		n += str_starts(g->jobs[i]->id, name);
	return n > 1 ? arena_fmt(a, "%.*s #%zu", STR_ARG(name), n) : arena_str(a, name);
}

static int add_job(struct group *g, size_t index, const struct matrix_combination *m,
	struct err *err)
{
	struct job *j = NEW(struct job);
	j->run = g->run;
	j->group = g;
	j->index = index;
	j->number = ++g->run->n_jobs;
	j->place = JOB_PLACE_NONE;
	j->id = unique_id(g, m->name, &j->arena);
	j->node = run_job_node(g->run, j->id, &j->arena);
	j->matrix = m->suffix.n ? m->values : expr_null();
	j->strategy = strategy_context(g, index, &j->arena);
	j->needs = group_needs(g, &j->arena);
	g->jobs[index] = j;
	return eval_job(j, m, err);
}

static int add_jobs(struct group *g, const struct strategy *s,
	const struct matrix_combination_vec *list, struct err *err)
{
	g->jobs = mem_new(list->n + 1, sizeof(struct job *));
	g->n_jobs = list->n;
	g->is_fail_fast = s->is_fail_fast;
	g->max_parallel = s->max_parallel >= 1 ? (size_t)s->max_parallel : list->n;
	for (size_t i = 0; i < list->n; i++)
		if (add_job(g, i, &list->p[i], err) < 0)
			return -1;
	g->is_expanded = true;
	return 0;
}

int group_expand(struct group *g, struct err *err)
{
	struct run *r = g->run;
	struct matrix_combination_vec list = {0};
	/* The values of the matrix, and what they refer to, live as long as the run. */
	struct expr_dict *c;
	struct expr_env env = group_env(g, r->a, &c);
	struct strategy s;
	const struct workflow_job *def = g->def;
	int rc = eval_strategy(g, &env, r->a, &s, err);
	if (rc == 0 && s.matrix.kind == EXPR_NULL)
		vec_push(&list, ((struct matrix_combination){expr_null(), def->id, S("")}));
	else if (rc == 0)
		rc = matrix_expand(&s.matrix, def->id, r->a, &list, err);
	if (rc == 0)
		rc = add_jobs(g, &s, &list, err);
	vec_done(&list);
	if (rc < 0) {
		(void)err_locate(err, "", def->line, def->col);
		return err_wrap(err, "job '%.*s'", STR_ARG(def->id));
	}
	return 0;
}

/* ---- the end ---- */

static void merge_outputs(struct group *g, const struct job *j)
{
	struct arena *a = g->run->a;
	for (size_t i = 0; j->outputs && i < j->outputs->n; i++) {
		const struct expr_member *m = &j->outputs->members[i];
		struct str text = expr_to_text(&m->value, a);
		if (text.n)
			expr_dict_put(g->outputs, a, arena_str(a, m->key),
				expr_string(arena_str(a, text)));
	}
}

/* The worst of its jobs. One that continues on error has not failed for those after it. */
void group_finish(struct group *g)
{
	enum runner_result result = g->n_jobs ? RUNNER_SUCCESS : g->result;
	g->outputs = expr_dict_new(g->run->a);
	for (size_t i = 0; i < g->n_jobs; i++) {
		const struct job *j = g->jobs[i];
		enum runner_result one = j->result;
		if (one == RUNNER_FAILURE && j->continues_on_error)
			one = RUNNER_SUCCESS;
		if (one == RUNNER_FAILURE || (one == RUNNER_CANCELLED && result != RUNNER_FAILURE))
			result = one;
		merge_outputs(g, j);
	}
	g->result = result;
	g->is_ended = true;
}
