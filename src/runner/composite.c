/* A composite action: its steps in a scope of their own, then its outputs. */
#include "run_priv.h"

static int set_outputs(struct step *s, struct scope *in, const struct local_action *l,
	struct err *err)
{
	const struct action *def = l->def;
	/* Where they are evaluated: inside, after the last step. */
	struct step last = {.job = s->job, .scope = in, .a = s->a};
	last.id = s->id;
	last.inputs = expr_null();
	env_add_all(&last.env, &s->job->env);
	env_add_all(&last.env, &s->own_env);
	step_contexts(&last);
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < def->outputs.n; i++) {
		struct str value = S("");
		rc = workflow_eval_text(def->outputs.p[i].value, &last.eval, s->a, &value, err);
		if (rc == 0)
			step_set_output(s, def->outputs.p[i].name, value);
	}
	env_done(&last.env);
	return rc < 0 ? err_in_file(err, l->file) : 0;
}

int step_run_composite(struct step *s, const struct local_action *l, struct err *err)
{
	struct scope in = {.job = s->job,
		.outer = s->scope,
		.depth = s->scope->depth + 1,
		.node = s->node,
		.file = l->file,
		.steps = expr_dict_new(s->a),
		.inputs = s->inputs,
		.env = &s->own_env,
		.action_path =
			arena_fmt(s->a, "%s%.*s", s->job->place.workspace, STR_ARG(l->folder)),
		.action_repository = S(""),
		.action_ref = S(""),
		.deadline = s->active.deadline,
		.survives_cancel = s->active.survives_cancel};
	if (in.depth > RUNNER_MAX_DEPTH)
		return err_set(err, ERR_LIMIT, "actions use actions more than %d deep",
			RUNNER_MAX_DEPTH);
	/* Post steps inside outlive this call, and look at the scope. */
	struct scope *kept = ARENA_NEW(s->a, struct scope);
	*kept = in;
	steps_run(kept, &l->def->steps, NULL);
	if (set_outputs(s, kept, l, err) < 0)
		return -1;
	if (kept->status == RUNNER_CANCELLED)
		return err_set(err, ERR_CANCELED, "canceled");
	return kept->status == RUNNER_SUCCESS
		? 0
		: err_set(err, ERR_FAILED, "a step of '%.*s' failed", STR_ARG(s->def->uses));
}
