/* What became of a run: copied out of its jobs' memory, freed of secrets, and written as JSON. */
#include "run_priv.h"

enum { MASKED_MAX = 16 << 20 };

/* ---- copying ---- */

static struct str masked(const struct run *r, struct str text)
{
	CLEANUP(buf_done) struct buf b = BUF(MASKED_MAX);
	masker_write(r->masker, text, &b);
	return arena_str(r->a, buf_str(&b));
}

static const struct expr_dict *copy_outputs(const struct run *r, const struct expr_dict *from)
{
	struct expr_dict *d = expr_dict_new(r->a);
	for (size_t i = 0; from && i < from->n; i++)
		expr_dict_put(d, r->a, masked(r, from->members[i].key),
			expr_string(masked(r, expr_to_text(&from->members[i].value, r->a))));
	return d;
}

static void copy_step(const struct run *r, const struct runner_step *from, struct runner_steps *to)
{
	struct runner_step s = {.id = arena_str(r->a, from->id),
		.name = masked(r, from->name),
		.outcome = from->outcome,
		.conclusion = from->conclusion,
		.outputs = copy_outputs(r, from->outputs),
		.summary = masked(r, from->summary),
		.is_uses = from->is_uses,
		.uses = arena_str(r->a, from->uses),
		.run = masked(r, from->run),
		.shell = arena_str(r->a, from->shell)};
	for (size_t i = 0; i < from->command.n; i++)
		vec_push(&s.command, masked(r, from->command.p[i]));
	vec_push(to, s);
}

static void copy_job(const struct run *r, const struct job *from, struct runner_jobs *to)
{
	struct runner_job j = {.id = arena_str(r->a, from->id),
		.name = masked(r, from->name),
		.result = from->result,
		.outputs = copy_outputs(r, from->outputs)};
	for (size_t i = 0; i < from->steps.n; i++)
		copy_step(r, &from->steps.p[i], &j.steps);
	vec_push(to, j);
}

static bool is_worse(enum runner_result a, enum runner_result than)
{
	static const int rank[] = {[RUNNER_SKIPPED] = 0,
		[RUNNER_SUCCESS] = 1,
		[RUNNER_CANCELLED] = 2,
		[RUNNER_FAILURE] = 3};
	return rank[a] > rank[than];
}

void run_result(struct run *r, struct runner_run *ret)
{
	*ret = (struct runner_run){.file = r->w->file,
		.name = r->w->name.n ? r->w->name : r->w->file,
		.id = r->place.id,
		.number = r->place.number,
		.result = RUNNER_SKIPPED,
		.is_dry_run = r->spec->is_dry_run};
	for (size_t i = 0; i < r->n_groups; i++) {
		const struct group *g = &r->groups[i];
		if (!graph_is_wanted(r->graph, g->node))
			continue;
		if (is_worse(g->result, ret->result))
			ret->result = g->result;
		for (size_t k = 0; k < g->n_jobs; k++)
			copy_job(r, g->jobs[k], &ret->jobs);
		if (g->n_jobs == 0)
			vec_push(&ret->jobs,
				((struct runner_job){.id = g->def->id,
					.name = g->def->id,
					.result = g->result,
					.outputs = expr_dict_new(r->a)}));
	}
}

void runner_answer_done(struct runner_answer *r)
{
	VEC_EACH(&r->runs, run) {
		VEC_EACH(&run->jobs, j) {
			VEC_EACH(&j->steps, s)
				vec_done(&s->command);
			vec_done(&j->steps);
		}
		vec_done(&run->jobs);
	}
	vec_done(&r->runs);
}

/* ---- JSON ---- */

static void add_result(struct json_out *o, const char *key, enum runner_result r)
{
	json_key(o, key);
	json_add_cstr(o, runner_result_name(r));
}

static void add_outputs(struct json_out *o, const struct expr_dict *d)
{
	json_key(o, "outputs");
	json_object(o);
	for (size_t i = 0; d && i < d->n; i++) {
		json_key_str(o, d->members[i].key);
		expr_write_json(o, &d->members[i].value);
	}
	json_end(o);
}

/* What a dry run found out. */
static void add_plan(struct json_out *o, const struct runner_step *s)
{
	if (s->is_uses) {
		json_key(o, "uses");
		json_add_str(o, s->uses);
		json_key(o, "command");
		json_array(o);
		for (size_t i = 0; i < s->command.n; i++)
			json_add_str(o, s->command.p[i]);
		json_end(o);
	} else if (s->run.n) {
		json_key(o, "run");
		json_add_str(o, s->run);
		json_key(o, "shell");
		json_add_str(o, s->shell);
	}
}

static void add_step(struct json_out *o, const struct runner_step *s, bool is_dry_run)
{
	json_object(o);
	json_key(o, "id");
	json_add_str(o, s->id);
	json_key(o, "name");
	json_add_str(o, s->name);
	add_result(o, "outcome", s->outcome);
	add_result(o, "conclusion", s->conclusion);
	add_outputs(o, s->outputs);
	if (is_dry_run)
		add_plan(o, s);
	if (s->summary.n) {
		json_key(o, "summary");
		json_add_str(o, s->summary);
	}
	json_end(o);
}

static void add_jobs(struct json_out *o, const struct runner_run *r)
{
	json_key(o, "jobs");
	json_object(o);
	VEC_EACH(&r->jobs, j) {
		json_key_str(o, j->id);
		json_object(o);
		json_key(o, "name");
		json_add_str(o, j->name);
		add_result(o, "result", j->result);
		add_outputs(o, j->outputs);
		json_key(o, "steps");
		json_array(o);
		VEC_EACH(&j->steps, s)
			add_step(o, s, r->is_dry_run);
		json_end(o);
		json_end(o);
	}
	json_end(o);
}

static void add_run(struct json_out *o, const struct runner_run *r)
{
	json_object(o);
	json_key(o, "file");
	json_add_str(o, r->file);
	add_result(o, "result", r->result);
	add_jobs(o, r);
	json_end(o);
}

void runner_write_json(const struct runner_answer *r, struct json_out *o)
{
	json_object(o);
	add_result(o, "result", r->result);
	if (r->runs.n == 1) {
		add_jobs(o, &r->runs.p[0]);
	} else if (r->runs.n > 1) {
		json_key(o, "workflows");
		json_array(o);
		VEC_EACH(&r->runs, run)
			add_run(o, run);
		json_end(o);
	} else {
		json_key(o, "jobs");
		json_object(o);
		json_end(o);
		json_key(o, "why");
		json_add_str(o, r->why_nothing);
	}
	json_end(o);
}
