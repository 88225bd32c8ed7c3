/* What a workflow file asks for and we do not do is refused before anything runs. */
#include "native_priv.h"

static int refuse_at(uint32_t line, uint32_t col, const struct workflow *w, struct arena *a,
	struct err *err)
{
	return err_locate(err, arena_cstr(a, w->file), line, col);
}

/* ---- steps ---- */

static int refuse_uses(struct str uses, struct err *err)
{
	CLEANUP(buf_done) struct buf names = BUF(200);
	native_list(&names);
	err_set(err, ERR_UNSUPPORTED, "action '%.*s' is not supported", STR_ARG(uses));
	if (str_starts(uses, S("docker://")))
		return err_hint(err, "use 'run:', or an action of the repository: ./folder");
	return err_hint(err, "known: %s; or an action of the repository: ./folder",
		buf_cstr(&names));
}

static int check_step(const struct workflow_step *s, struct err *err)
{
	static const char *const words[] = {
		[WORKFLOW_WAIT] = "wait",
		[WORKFLOW_WAIT_ALL] = "wait-all",
		[WORKFLOW_CANCEL] = "cancel",
		[WORKFLOW_PARALLEL] = "parallel",
	};
	if (s->is_background)
		return err_set(err, ERR_UNSUPPORTED, "background steps are not supported"),
		       err_hint(err, "put it into a job of its own");
	if (s->kind == WORKFLOW_USES && !step_can_use(s->uses))
		return refuse_uses(s->uses, err);
	if (s->kind == WORKFLOW_RUN || s->kind == WORKFLOW_USES)
		return 0;
	err_set(err, ERR_UNSUPPORTED, "'%s' is not supported", words[s->kind]);
	return err_hint(err, "put steps that run at once into jobs of their own");
}

/* ---- jobs ---- */

static int check_job(const struct workflow_job *j, const struct workflow *w, struct arena *a,
	struct err *err)
{
	const struct {
		const char *name, *hint;
		const struct workflow_value *v;
	} keys[] = {
		{"container", "say where the job runs: --runner LABEL=IMAGE", j->container},
		{"services", "start them in a step: docker, or what the machine has", j->services},
		{"snapshot", "leave it out", j->snapshot},
	};
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (!keys[i].v)
			continue;
		err_set(err, ERR_UNSUPPORTED, "job '%.*s': '%s' is not supported", STR_ARG(j->id),
			keys[i].name);
		err_hint(err, "%s", keys[i].hint);
		return refuse_at(keys[i].v->line, keys[i].v->col, w, a, err);
	}
	if (j->uses.n) {
		err_set(err, ERR_UNSUPPORTED,
			"job '%.*s': calling another workflow is not supported", STR_ARG(j->id));
		err_hint(err, "put its steps into a composite action: uses: ./folder");
		return refuse_at(j->line, j->col, w, a, err);
	}
	for (size_t i = 0; i < j->steps.n; i++)
		if (check_step(&j->steps.p[i], err) < 0)
			return refuse_at(j->steps.p[i].line, j->steps.p[i].col, w, a, err);
	return 0;
}

/* Marks a job and all it needs; jobs come in any order, so marks spread until nothing changes. */
static void mark_wanted(const struct workflow *w, const char *only, bool *wanted)
{
	bool has_changed = true;
	for (size_t i = 0; i < w->jobs.n; i++)
		wanted[i] = !only || str_eq_nocase(w->jobs.p[i].id, str_of(only));
	while (has_changed) {
		has_changed = false;
		for (size_t i = 0; i < w->jobs.n; i++)
			for (size_t k = 0; wanted[i] && k < w->jobs.p[i].needs.n; k++) {
				const struct workflow_job *n =
					workflow_job_find(w, w->jobs.p[i].needs.p[k]);
				bool *mark = &wanted[n - w->jobs.p];
				has_changed = has_changed || !*mark;
				*mark = true;
			}
	}
}

int check_workflow(const struct workflow *w, const char *only, struct arena *a, struct err *err)
{
	CLEANUP(mem_free) bool *wanted = mem_new(w->jobs.n + 1, sizeof(bool));
	if (only && !workflow_job_find(w, str_of(only)))
		return err_set(err, ERR_NOT_FOUND, "'%.*s' has no job '%s'", STR_ARG(w->file),
			only);
	mark_wanted(w, only, wanted);
	for (size_t i = 0; i < w->jobs.n; i++)
		if (wanted[i] && check_job(&w->jobs.p[i], w, a, err) < 0)
			return -1;
	return 0;
}
