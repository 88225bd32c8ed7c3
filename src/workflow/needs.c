/* needs -- every job must become ready at some time. */
#include "workflow_priv.h"

struct waiting {
	struct workflow_job *job;
	bool *is_met; /* of each need */
	size_t n_left;
	bool is_done;
};

static const struct workflow_value *need_at(const struct workflow_value *jobs, size_t job, size_t i)
{
	const struct workflow_value *needs = workflow_get(jobs->pairs[job].value, "needs");
	return needs->kind == WORKFLOW_SEQUENCE ? needs->items[i] : needs;
}

static void meet(struct waiting *w, struct str id)
{
	for (size_t i = 0; i < w->job->needs.n; i++)
		if (!w->is_met[i] && str_eq_nocase(w->job->needs.p[i], id)) {
			w->is_met[i] = true;
			w->n_left--;
		}
}

/* Lets jobs without open needs finish until nothing changes. At most WORKFLOW_MAX_JOBS rounds. */
static void finish_all(struct waiting *all, size_t n)
{
	for (bool has_changed = true; has_changed;) {
		has_changed = false;
		for (size_t i = 0; i < n; i++) {
			if (all[i].is_done || all[i].n_left)
				continue;
			all[i].is_done = has_changed = true;
			for (size_t k = 0; k < n; k++)
				meet(&all[k], all[i].job->id);
		}
	}
}

static void tell_open(struct parse *p, const struct workflow_value *jobs, const struct waiting *w,
	size_t job)
{
	for (size_t i = 0; i < w->job->needs.n; i++) {
		struct str need = w->job->needs.p[i], id = w->job->id;
		if (w->is_met[i])
			continue;
		if (workflow_job_find(p->out, need))
			FAIL(p, need_at(jobs, job, i),
				"Job '%.*s' depends on job '%.*s' which creates a cycle in the "
				"dependency graph.",
				STR_ARG(id), STR_ARG(need));
		else
			FAIL(p, need_at(jobs, job, i), "Job '%.*s' depends on unknown job '%.*s'.",
				STR_ARG(id), STR_ARG(need));
	}
}

void check_needs(struct parse *p, const struct workflow_value *jobs)
{
	size_t n = p->out->jobs.n, n_ready = 0;
	struct waiting *all = ARENA_ARRAY(p->a, struct waiting, n + 1);
	for (size_t i = 0; i < n; i++) {
		struct workflow_job *job = &p->out->jobs.p[i];
		all[i] = (struct waiting){
			job, ARENA_ARRAY(p->a, bool, job->needs.n + 1), job->needs.n, false};
		n_ready += job->needs.n == 0;
	}
	if (n_ready == 0) {
		FAIL(p, jobs, "The workflow must contain at least one job with no dependencies.");
		return;
	}
	finish_all(all, n);
	for (size_t i = 0; i < n; i++)
		if (!all[i].is_done)
			tell_open(p, jobs, &all[i], i);
}
