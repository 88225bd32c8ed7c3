/* A call of the runner: look, choose, refuse, then one run after the other. */
#include "run_priv.h"

#include <sys/sysinfo.h>

enum { JOBS_MIN = 4, JOBS_MAX = 64 };

static void run_done(struct run *r)
{
	for (size_t i = 0; i < r->n_groups; i++) {
		for (size_t k = 0; k < r->groups[i].n_jobs; k++)
			job_free(r->groups[i].jobs[k]);
		free(r->groups[i].jobs);
	}
	free(r->groups);
	graph_free(r->graph);
	watch_done(&r->watch);
	run_place_done(&r->place);
	pthread_mutex_destroy(&r->lock);
}
CLEANUP_VAL(run_done, struct run);

static int make_place(struct run *r, struct err *err)
{
	struct str key = arena_fmt(r->a, "%.*s %.*s", STR_ARG(r->choice->event.repository),
		STR_ARG(r->w->file));
	return r->spec->is_dry_run ? run_place_peek(r->spec->root, key, &r->place, err)
				   : run_place_make(r->spec->root, key, &r->place, err);
}

static unsigned max_running(void)
{
	unsigned n = 2 * (unsigned)get_nprocs();
	return n < JOBS_MIN ? JOBS_MIN : n > JOBS_MAX ? JOBS_MAX : n;
}

static void warn_other_sha(const struct run *r)
{
	if (r->choice->event.is_other_sha)
		event_note(r->events, r->node, EVENT_WARNING, NULL,
			"the commit that the event names is not in '%s': HEAD takes its place",
			r->repo->top);
}

/* "Deploy to staging (.github/workflows/deploy.yml)" */
static struct str title(const struct run *r)
{
	struct expr_dict *c = expr_dict_new(r->a);
	struct expr_env env = {.contexts = c};
	struct str name = r->w->name;
	struct err ignored; /* it is only shown */
	expr_dict_put(c, r->a, S("github"), expr_object(r->github));
	expr_dict_put(c, r->a, S("inputs"), r->inputs);
	expr_dict_put(c, r->a, S("vars"), r->vars);
	if (r->w->run_name)
		(void)workflow_eval_text(r->w->run_name, &env, r->a, &name, &ignored);
	if (!str_trim(name).n)
		return r->w->file;
	return arena_fmt(r->a, "%.*s (%.*s)", STR_ARG(name), STR_ARG(r->w->file));
}

static int run_one(struct run *r, struct err *err)
{
	if (watch_init(&r->watch, r->clock, err) < 0 || make_place(r, err) < 0 ||
		run_contexts(r, err) < 0 || run_graph(r, err) < 0)
		return -1;
	event_begin(r->events, r->node, STR_NONE, title(r));
	warn_other_sha(r);
	run_jobs(r);
	return 0;
}

/* Errors carry what people typed: secrets, too. */
static void mask_err(struct masker *m, struct err *err)
{
	CLEANUP(buf_done) struct buf what = BUF(4 * sizeof(err->what));
	CLEANUP(buf_done) struct buf hint = BUF(4 * sizeof(err->hint));
	masker_write(m, str_of(err->what), &what);
	masker_write(m, str_of(err->hint), &hint);
	snprintf(err->what, sizeof(err->what), "%s", buf_cstr(&what));
	snprintf(err->hint, sizeof(err->hint), "%s", buf_cstr(&hint));
}

static int run_choice(const struct runner_spec *spec, const struct repo *repo,
	const struct choice *choice, struct str node, struct arena *a, struct runner_run *ret,
	struct err *err)
{
	CLEANUP(masker_free) struct masker *masker = masker_new();
	CLEANUP(mask_sink_free) struct mask_sink *sink = mask_sink_new(masker, spec->events);
	CLEANUP(run_done)
	struct run r = {.spec = spec,
		.clock = spec->clock ? spec->clock : clock_system(),
		.a = a,
		.repo = repo,
		.choice = choice,
		.w = choice->w,
		.masker = masker,
		.events = mask_sink_events(sink),
		.node = node,
		.place = RUN_PLACE_NONE,
		.max_running = max_running()};
	pthread_mutex_init(&r.lock, NULL);
	if (run_one(&r, err) < 0) {
		mask_err(masker, err);
		return -1;
	}
	run_result(&r, ret);
	event_end(r.events, r.node, event_result_of(ret->result), STR_NONE);
	return 0;
}

static int run_all(const struct runner_spec *spec, const struct repo *repo,
	const struct choices *choices, struct arena *a, struct runner_answer *ret, struct err *err)
{
	for (size_t i = 0; i < choices->n; i++)
		if (check_workflow(choices->p[i].w, spec->job, a, err) < 0)
			return -1;
	for (size_t i = 0; i < choices->n && !cancel_is_asked(spec->cancel); i++) {
		struct str node = i ? arena_fmt(a, "run/%zu", i + 1) : S("run");
		struct runner_run run;
		if (run_choice(spec, repo, &choices->p[i], node, a, &run, err) < 0)
			return -1;
		vec_push(&ret->runs, run);
	}
	return 0;
}

static enum runner_result worst(const struct runner_answer *r, size_t n_broken)
{
	static const enum runner_result order[] = {
		RUNNER_FAILURE, RUNNER_CANCELLED, RUNNER_SUCCESS};
	for (size_t k = 0; k < ARRAY_LEN(order) && !n_broken; k++)
		for (size_t i = 0; i < r->runs.n; i++)
			if (r->runs.p[i].result == order[k])
				return order[k];
	return n_broken ? RUNNER_FAILURE : RUNNER_SKIPPED;
}

int runner_run(const struct runner_spec *spec, struct arena *a, struct runner_answer *ret,
	struct err *err)
{
	CLEANUP(runner_answer_done) struct runner_answer answer = {0};
	struct choices choices = {0};
	struct repo repo;
	struct looked looked;
	if (repo_look(spec->dir, a, &repo, err) < 0)
		return -1;
	int rc = choose(spec, &repo, a, &choices, &looked, err);
	if (rc == 0)
		rc = run_all(spec, &repo, &choices, a, &answer, err);
	vec_done(&choices);
	if (rc < 0)
		return -1;
	answer.why_nothing = looked.why_none;
	answer.n_files = looked.n_files;
	answer.result = worst(&answer, looked.n_broken);
	*ret = answer;
	answer = (struct runner_answer){0};
	return 0;
}

int runner_sweep(const char *root, struct err *err)
{
	return run_place_sweep(root, err);
}
