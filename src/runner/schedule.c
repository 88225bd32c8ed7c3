/* Which job starts when.
 *
 *	graph offers a group ─► condition ─► its matrix ─► jobs ─► threads ─► group finished ─► graph
 *	                          └ false: skipped                    │
 *	cancel, fail-fast, concurrency ────────── ask them to stop ───┘
 *
 * Everything here is the control thread's. Jobs that are not started yet when they are cancelled
 * never start, unless their condition holds for a cancelled run.
 */
#include "run_priv.h"

/* ---- ending jobs and groups ---- */

static void end_unstarted(struct job *j, enum runner_result result, const char *why)
{
	j->result = result;
	j->is_ended = true;
	j->group->n_done++;
	event_begin(j->run->events, j->node, j->run->node, j->name);
	event_end(j->run->events, j->node, event_result_of(result), str_of(why));
}

static void finish_group(struct group *g)
{
	group_finish(g);
	bool is_ok = g->result == RUNNER_SUCCESS;
	graph_finish(g->run->graph, g->node,
		is_ok                                 ? GRAPH_OK
			: g->result == RUNNER_SKIPPED ? GRAPH_SKIPPED
						      : GRAPH_FAILED);
}

/* Without jobs of its own: skipped, cancelled, or its condition or matrix is broken. */
static void end_group(struct group *g, enum runner_result result, const char *why)
{
	struct run *r = g->run;
	struct str node = run_job_node(r, g->def->id, r->a);
	g->result = result;
	event_begin(r->events, node, r->node, g->def->id);
	event_end(r->events, node, event_result_of(result), str_of(why));
	finish_group(g);
}

static void fail_group(struct group *g, struct err *err)
{
	struct run *r = g->run;
	(void)err_in_file(err, arena_cstr(r->a, r->w->file));
	struct event e = {EVENT_NOTE, .level = EVENT_ERROR, .text = str_of(err->what),
		.at = err->at.line ? &err->at : NULL};
	r->events->emit(r->events, &e);
	for (size_t i = 0; i < g->n_jobs; i++)
		job_free(g->jobs[i]);
	g->n_jobs = 0;
	end_group(g, RUNNER_FAILURE, err->what);
}

/* ---- concurrency ---- */

static bool is_running(const struct job *j)
{
	return j->is_started && !j->is_ended;
}

/* Another job of its concurrency group that runs. */
static struct job *holder(const struct job *j)
{
	const struct run *r = j->run;
	for (size_t i = 0; j->concurrency.n && i < r->n_groups; i++)
		for (size_t k = 0; k < r->groups[i].n_jobs; k++) {
			struct job *other = r->groups[i].jobs[k];
			if (other != j && is_running(other) &&
				str_eq(other->concurrency, j->concurrency))
				return other;
		}
	return NULL;
}

/* A group of `concurrency` has one job that runs, or is about to, and one that waits: a new one takes
 * the place of the one that waits, unless it queues. */
static void replace_waiting(struct job *j)
{
	struct run *r = j->run;
	const struct job *front = holder(j);
	for (size_t i = 0; i < r->n_groups; i++)
		for (size_t k = 0; k < r->groups[i].n_jobs; k++) {
			struct job *other = r->groups[i].jobs[k];
			if (other->number >= j->number || other->is_started || other->is_ended ||
				!str_eq(other->concurrency, j->concurrency))
				continue;
			if (!front)
				front = other;
			else
				end_unstarted(other, RUNNER_CANCELLED,
					"superseded in its concurrency group");
		}
}

static void enter_concurrency(struct group *g)
{
	for (size_t i = 0; i < g->n_jobs; i++) {
		struct job *j = g->jobs[i], *running;
		if (!j->concurrency.n)
			continue;
		if (!j->is_queueing)
			replace_waiting(j);
		if (j->cancels_in_progress && (running = holder(j)))
			watch_cancel_job(&g->run->watch, &running->watched);
	}
}

/* ---- starting ---- */

static void start_group(struct group *g)
{
	struct err err = {0};
	bool is_wanted;
	if (group_condition(g, &is_wanted, &err) < 0) {
		fail_group(g, &err);
	} else if (!is_wanted) {
		bool is_cancelled = g->run->is_cancelled;
		end_group(g, is_cancelled ? RUNNER_CANCELLED : RUNNER_SKIPPED, "");
	} else if (group_expand(g, &err) < 0) {
		fail_group(g, &err);
	} else if (g->n_jobs == 0) {
		end_group(g, RUNNER_SKIPPED, "its matrix is empty");
	} else {
		enter_concurrency(g);
	}
}

static void start_job(struct job *j)
{
	struct run *r = j->run;
	j->watched.deadline = clock_monotonic(r->clock) + j->limit_ns;
	watch_add_job(&r->watch, &j->watched);
	int number = pthread_create(&j->thread, NULL, job_main, j);
	if (number) {
		struct err err = {0};
		watch_remove_job(&r->watch, &j->watched);
		(void)err_sysno(&err, number, "start a thread");
		end_unstarted(j, RUNNER_FAILURE, err.what);
		return;
	}
	j->is_started = true;
	j->group->n_running++;
	r->n_running++;
}

static bool may_start(const struct job *j)
{
	const struct group *g = j->group;
	return !j->is_started && !j->is_ended && g->n_running < g->max_parallel &&
		j->run->n_running < j->run->max_running && !holder(j);
}

/* Starts what can start; gives whether that changed anything. */
static bool start_jobs(struct run *r)
{
	bool has_changed = false;
	for (size_t i = 0; i < r->n_groups; i++) {
		struct group *g = &r->groups[i];
		for (size_t k = 0; g->is_expanded && !g->is_ended && k < g->n_jobs; k++) {
			if (!may_start(g->jobs[k]))
				continue;
			start_job(g->jobs[k]);
			has_changed = true;
		}
		if (g->is_expanded && !g->is_ended && g->n_done == g->n_jobs) {
			finish_group(g);
			has_changed = true;
		}
	}
	return has_changed;
}

static void start_all(struct run *r)
{
	size_t node;
	do {
		while (graph_next(r->graph, &node))
			start_group(graph_data(r->graph, node));
	} while (start_jobs(r) || graph_has_next(r->graph));
}

/* ---- stopping ---- */

static void cancel_group(struct group *g, bool is_run)
{
	struct err ignored;
	bool goes_on = false;
	/* A condition that cannot be evaluated has been told. */
	if (is_run && group_condition(g, &goes_on, &ignored) == 0 && goes_on)
		return;
	for (size_t i = 0; i < g->n_jobs; i++) {
		struct job *j = g->jobs[i];
		if (is_running(j))
			watch_cancel_job(&g->run->watch, &j->watched);
		else if (!j->is_ended)
			end_unstarted(j, RUNNER_CANCELLED, is_run ? "" : "another one failed");
	}
}

static void cancel_run(struct run *r)
{
	if (r->is_cancelled || !cancel_is_asked(r->spec->cancel))
		return;
	r->is_cancelled = true;
	for (size_t i = 0; i < r->n_groups; i++)
		if (r->groups[i].is_expanded && !r->groups[i].is_ended)
			cancel_group(&r->groups[i], true);
}

/* ---- reaping ---- */

static void reap(struct run *r, struct job *j)
{
	struct group *g = j->group;
	pthread_join(j->thread, NULL);
	watch_remove_job(&r->watch, &j->watched);
	j->is_ended = true;
	g->n_running--;
	g->n_done++;
	r->n_running--;
	if (j->result == RUNNER_FAILURE && !j->continues_on_error && g->is_fail_fast)
		cancel_group(g, false);
}

static void reap_all(struct run *r)
{
	pthread_mutex_lock(&r->lock);
	struct job *list = r->ended;
	r->ended = NULL;
	pthread_mutex_unlock(&r->lock);
	while (list) {
		struct job *next = list->next_ended;
		reap(r, list);
		list = next;
	}
}

/* ---- the run ---- */

int run_graph(struct run *r, struct err *err)
{
	const struct workflow *w = r->w;
	r->graph = graph_new();
	r->n_groups = w->jobs.n;
	r->groups = mem_new(w->jobs.n + 1, sizeof(*r->groups));
	for (size_t i = 0; i < w->jobs.n; i++) {
		struct group *g = &r->groups[i];
		g->run = r;
		g->def = &w->jobs.p[i];
		g->result = RUNNER_SKIPPED;
		g->node = graph_add(r->graph, g->def->id, g);
	}
	for (size_t i = 0; i < r->n_groups; i++)
		for (size_t k = 0; k < r->groups[i].def->needs.n; k++)
			graph_need(r->graph, r->groups[i].node,
				run_group(r, r->groups[i].def->needs.p[k])->node);
	if (!r->spec->job)
		return 0;
	const struct group *only = run_group(r, str_of(r->spec->job));
	if (!only)
		return err_set(err, ERR_NOT_FOUND, "'%.*s' has no job '%s'", STR_ARG(w->file),
			r->spec->job);
	graph_only(r->graph, &only->node, 1);
	return 0;
}

void run_jobs(struct run *r)
{
	for (;;) {
		cancel_run(r);
		start_all(r);
		if (r->n_running == 0)
			break;
		watch_wait(&r->watch, r->is_cancelled ? NULL : r->spec->cancel);
		reap_all(r);
	}
	assert(graph_left(r->graph) == 0);
}
