/* build_run: read, plan, work through the graph, assemble, hand out. */
#include "build/build_priv.h"

#include "build/cache_export.h"
#include "build/team.h"
#include "fs/fs.h"

/* RUNs mostly wait for programs, so there may be more of them than processors. */
enum { STEPS_AT_ONCE = 4 };

static void begin_event(struct work *w)
{
	const struct build_spec *spec = w->build->spec;
	int n = snprintf(w->event_id, sizeof(w->event_id), "build-%p/%zu", (void *)w->build->arena,
		w->step->index + 1);
	if (w->build->attempt)
		snprintf(w->event_id + n, sizeof(w->event_id) - (size_t)n, ".%u",
			w->build->attempt);
	event_begin(spec->events, str_of(w->event_id), spec->event_parent, w->step->title);
}

static enum event_result result_of(const struct work *w, int rc, const struct err *err)
{
	if (rc == 0)
		return w->step->was_cached ? EVENT_CACHED : EVENT_OK;
	if (err->kind == ERR_CANCELED)
		return EVENT_CANCELED;
	return imports_lost_some(w->build->imports) ? EVENT_SKIPPED : EVENT_FAILED;
}

static int run_step(struct work *w, struct err *err)
{
	switch (w->step->kind) {
	case STEP_BASE: return step_base(w, err);
	case STEP_RUN: return step_run(w, err);
	case STEP_COPY:
	case STEP_ADD: return step_copy(w, err);
	case STEP_WORKDIR: return step_workdir(w, err);
	}
	return err_set(err, ERR_BUG, "step of unknown kind");
}

static int work_on(void *ctx, size_t node)
{
	struct build *b = ctx;
	struct step *s = b->plan.steps[node];
	struct work w = {.build = b, .step = s};
	w.began_ns = clock_now(store_clock(b->spec->store));
	begin_event(&w);
	struct err err = {0};
	int rc = run_step(&w, &err);
	if (rc < 0) {
		step_err_at(&w, &err);
		s->err = err;
	}
	event_end(b->spec->events, str_of(w.event_id), result_of(&w, rc, &err),
		rc < 0 ? str_of(err.what) : S(""));
	arena_done(&w.arena);
	return rc;
}

static size_t index_of(const struct plan *p, const struct step *s)
{
	size_t i = 0;
	while (p->steps[i] != s)
		i++;
	return i;
}

static struct graph *make_graph(const struct plan *p)
{
	struct graph *g = graph_new();
	for (size_t i = 0; i < p->n_steps; i++)
		(void)graph_add(g, p->steps[i]->title, p->steps[i]); /* numbered as in steps */
	for (size_t i = 0; i < p->n_steps; i++) {
		const struct step *s = p->steps[i];
		if (s->parent)
			graph_need(g, i, index_of(p, s->parent));
		for (size_t k = 0; k < s->n_needs; k++)
			graph_need(g, i, index_of(p, s->needs[k]));
	}
	return g;
}

/* The first failure that is a cause, not the consequence of a cancel. */
static int first_error(const struct plan *p, const struct cancel *c, struct err *err)
{
	for (size_t i = 0; i < p->n_steps; i++) {
		if (p->steps[i]->err.kind && p->steps[i]->err.kind != ERR_CANCELED) {
			*err = p->steps[i]->err;
			return -1;
		}
	}
	return cancel_is_asked(c) ? err_set(err, ERR_CANCELED, "canceled")
				  : err_set(err, ERR_BUG, "a step failed without saying why");
}

static int run_steps(struct build *b, struct err *err)
{
	CLEANUP(graph_free) struct graph *g = make_graph(&b->plan);
	if (graph_check(g, err) < 0)
		return -1;
	struct team_spec team = {
		.graph = g,
		.n_threads = STEPS_AT_ONCE,
		.work = work_on,
		.ctx = b,
		.cancel = b->spec->cancel,
	};
	if (team_run(&team) == 0 && !cancel_is_asked(b->spec->cancel))
		return 0;
	return first_error(&b->plan, b->spec->cancel, err);
}

/* Runs the steps over as long as a layer that a cache promised does not come. */
static int make_results(struct build *b, struct err *err)
{
	for (;; b->attempt++) {
		struct err why = {0};
		int rc = run_steps(b, &why);
		if (rc == 0)
			rc = step_fetch_stage(b, b->plan.target, &why);
		if (rc == 0)
			return 0;
		if (cancel_is_asked(b->spec->cancel) || !imports_lost_some(b->imports)) {
			*err = why;
			return -1;
		}
		imports_forget_losses(b->imports);
		for (size_t i = 0; i < b->plan.n_steps; i++)
			step_reset(b->plan.steps[i]);
	}
}

static void count(const struct plan *p, struct build_result *ret)
{
	for (size_t i = 0; i < p->n_steps; i++) {
		if (p->steps[i]->kind == STEP_BASE)
			continue;
		ret->n_steps++;
		ret->n_cached += p->steps[i]->was_cached;
	}
}

static int run(struct build *b, struct build_result *ret, struct err *err)
{
	struct build_result r = {0};
	const struct clock *clock = store_clock(b->spec->store);
	int64_t began = clock_monotonic(clock);
	if (cache_open(b->spec->store, err) < 0 || source_open(b, err) < 0 ||
		plan_make(b, &b->plan, err) < 0 || make_results(b, err) < 0 ||
		output_all(b, b->plan.target, &r.manifest, &r.config, err) < 0 ||
		cache_export(b, b->plan.target, err) < 0)
		return -1;
	count(&b->plan, &r);
	r.took_ns = clock_monotonic(clock) - began;
	*ret = r;
	return 0;
}

int build_run(const struct build_spec *spec, struct arena *a, struct build_result *ret,
	struct err *err)
{
	struct build b = {.spec = spec, .arena = a};
	pthread_mutex_init(&b.lock, NULL);
	b.imports = imports_new(spec);
	int rc = run(&b, ret, err);
	imports_free(b.imports);
	source_close(&b);
	pthread_mutex_destroy(&b.lock);
	return rc;
}
