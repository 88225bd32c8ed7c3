/* show -- the model as JSON. */
#include "workflow_priv.h"

static void write_value(struct json_out *o, const char *key, const struct workflow_value *v)
{
	if (!v)
		return;
	json_key(o, key);
	workflow_write_value(v, o);
}

static void write_text(struct json_out *o, const char *key, struct str text)
{
	if (!text.n)
		return;
	json_key(o, key);
	json_add_str(o, text);
}

static void write_flag(struct json_out *o, const char *key, bool is)
{
	if (!is)
		return;
	json_key(o, key);
	json_add_bool(o, true);
}

static void write_texts(struct json_out *o, const char *key, const struct str_vec *v)
{
	json_key(o, key);
	json_array(o);
	for (size_t i = 0; i < v->n; i++)
		json_add_str(o, v->p[i]);
	json_end(o);
}

static void write_permissions(struct json_out *o, const struct workflow_permissions *perm)
{
	static const char *const words[] = {"none", "read", "write"};
	if (!perm->is_set)
		return;
	json_key(o, "permissions");
	if (perm->shorthand) {
		json_add_cstr(o, perm->shorthand);
		return;
	}
	json_object(o);
	for (size_t i = 0; i < WORKFLOW_N_PERMISSIONS; i++)
		if (perm->is_named[i]) {
			json_key(o, workflow_permission_names[i]);
			json_add_cstr(o, words[perm->access[i]]);
		}
	json_end(o);
}

/* Events. */

static void write_schedules(struct json_out *o, const struct workflow_event *e)
{
	json_array(o);
	for (size_t i = 0; i < e->schedules.n; i++) {
		json_object(o);
		write_text(o, "cron", e->schedules.p[i].cron);
		write_text(o, "timezone", e->schedules.p[i].timezone);
		json_end(o);
	}
	json_end(o);
}

static void write_input(struct json_out *o, const struct workflow_input *in)
{
	static const char *const types[] = {"string", "boolean", "number", "choice", "environment"};
	json_key_str(o, in->name);
	json_object(o);
	json_key(o, "type");
	json_add_cstr(o, types[in->type]);
	write_text(o, "description", in->description);
	write_flag(o, "required", in->is_required);
	write_value(o, "default", in->default_value);
	if (in->options.n)
		write_texts(o, "options", &in->options);
	json_end(o);
}

static void write_secrets(struct json_out *o, const struct workflow_secret_vec *v)
{
	json_key(o, "secrets");
	json_object(o);
	for (size_t i = 0; i < v->n; i++) {
		json_key_str(o, v->p[i].name);
		json_object(o);
		write_text(o, "description", v->p[i].description);
		write_flag(o, "required", v->p[i].is_required);
		json_end(o);
	}
	json_end(o);
}

static void write_outputs(struct json_out *o, const struct workflow_output_vec *v)
{
	json_key(o, "outputs");
	json_object(o);
	for (size_t i = 0; i < v->n; i++) {
		json_key_str(o, v->p[i].name);
		json_object(o);
		write_text(o, "description", v->p[i].description);
		write_value(o, "value", v->p[i].value);
		json_end(o);
	}
	json_end(o);
}

static void write_call(struct json_out *o, const struct workflow_event *e)
{
	if (e->inputs.n) {
		json_key(o, "inputs");
		json_object(o);
		for (size_t i = 0; i < e->inputs.n; i++)
			write_input(o, &e->inputs.p[i]);
		json_end(o);
	}
	if (e->secrets.n)
		write_secrets(o, &e->secrets);
	if (e->outputs.n)
		write_outputs(o, &e->outputs);
}

static void write_event(struct json_out *o, const struct workflow_event *e)
{
	json_key_str(o, e->name);
	if (e->schedules.n) {
		write_schedules(o, e);
		return;
	}
	json_object(o);
	for (size_t i = 0; i < WORKFLOW_N_FILTERS; i++)
		if (e->has[i])
			write_texts(o, workflow_filter_names[i], &e->filters[i]);
	write_call(o, e);
	json_end(o);
}

/* Jobs and steps. */

static void write_steps(struct json_out *o, const char *key, const struct workflow_step_vec *steps);

/* Steps that only coordinate others have names of their own, and no condition. */
static void write_step_name(struct json_out *o, const struct workflow_step *s)
{
	static const char *const names[] = {[WORKFLOW_WAIT] = "Wait",
		[WORKFLOW_WAIT_ALL] = "Wait for all",
		[WORKFLOW_CANCEL] = "Cancel"};
	bool is_coordination = s->kind >= WORKFLOW_WAIT && s->kind <= WORKFLOW_CANCEL;
	write_value(o, "name", s->name);
	if (is_coordination && !s->name)
		write_text(o, "name", str_of(names[s->kind]));
	if (!is_coordination)
		write_text(o, "if", expr_source(s->condition));
}

static void write_step(struct json_out *o, const struct workflow_step *s)
{
	json_object(o);
	write_text(o, "id", s->id);
	write_step_name(o, s);
	write_value(o, "continue-on-error", s->continue_on_error);
	write_value(o, "timeout-minutes", s->timeout_minutes);
	write_value(o, "env", s->env);
	write_value(o, "run", s->run);
	write_value(o, "shell", s->shell);
	write_value(o, "working-directory", s->working_directory);
	write_text(o, "uses", s->uses);
	write_value(o, "with", s->with);
	write_flag(o, "background", s->is_background);
	if (s->kind == WORKFLOW_WAIT)
		write_texts(o, "wait", &s->targets);
	write_flag(o, "wait-all", s->kind == WORKFLOW_WAIT_ALL);
	if (s->kind == WORKFLOW_CANCEL)
		write_text(o, "cancel", s->targets.p[0]);
	if (s->kind == WORKFLOW_PARALLEL)
		write_steps(o, "parallel", s->parallel);
	json_end(o);
}

static void write_steps(struct json_out *o, const char *key, const struct workflow_step_vec *steps)
{
	json_key(o, key);
	json_array(o);
	for (size_t i = 0; i < steps->n; i++)
		write_step(o, &steps->p[i]);
	json_end(o);
}

static void write_strategy(struct json_out *o, const struct workflow_strategy *s)
{
	if (s->whole) {
		write_value(o, "strategy", s->whole);
		return;
	}
	if (!s->matrix && !s->fail_fast && !s->max_parallel)
		return;
	json_key(o, "strategy");
	json_object(o);
	write_value(o, "fail-fast", s->fail_fast);
	write_value(o, "max-parallel", s->max_parallel);
	write_value(o, "matrix", s->matrix);
	json_end(o);
}

static void write_common(struct json_out *o, const struct workflow_job *job)
{
	json_key(o, "type");
	json_add_cstr(o, job->uses.n ? "reusableWorkflowJob" : "job");
	write_text(o, "id", job->id);
	write_value(o, "name", job->name);
	if (job->needs.n)
		write_texts(o, "needs", &job->needs);
	write_text(o, "if", expr_source(job->condition));
	write_permissions(o, &job->permissions);
	write_value(o, "concurrency", job->concurrency);
	write_strategy(o, &job->strategy);
}

static void write_job(struct json_out *o, const struct workflow_job *job)
{
	json_object(o);
	write_common(o, job);
	write_text(o, "ref", job->uses);
	write_value(o, "input-values", job->with);
	write_value(o, "secret-values", job->secrets);
	write_flag(o, "inherit-secrets", job->inherits_secrets);
	write_value(o, "env", job->env);
	write_value(o, "environment", job->environment);
	write_value(o, "runs-on", job->runs_on);
	write_value(o, "timeout-minutes", job->timeout_minutes);
	write_value(o, "cancel-timeout-minutes", job->cancel_timeout_minutes);
	write_value(o, "continue-on-error", job->continue_on_error);
	write_value(o, "container", job->container);
	write_value(o, "services", job->services);
	write_value(o, "outputs", job->outputs);
	write_value(o, "defaults", job->defaults);
	write_value(o, "snapshot", job->snapshot);
	if (!job->uses.n)
		write_steps(o, "steps", &job->steps);
	json_end(o);
}

void workflow_write_json(const struct workflow *w, struct json_out *o)
{
	json_object(o);
	write_text(o, "name", w->name);
	write_text(o, "description", w->description);
	write_value(o, "run-name", w->run_name);
	json_key(o, "on");
	json_object(o);
	for (size_t i = 0; i < w->events.n; i++)
		write_event(o, &w->events.p[i]);
	json_end(o);
	write_permissions(o, &w->permissions);
	write_value(o, "env", w->env);
	write_value(o, "defaults", w->defaults);
	write_value(o, "concurrency", w->concurrency);
	json_key(o, "jobs");
	json_array(o);
	for (size_t i = 0; i < w->jobs.n; i++)
		write_job(o, &w->jobs.p[i]);
	json_end(o);
	json_end(o);
}
