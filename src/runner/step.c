/* One step, from its condition to its conclusion.
 *
 *	env ─► if ─► name ─► work ─► outcome ─► continue-on-error ─► conclusion
 *	        └ false: skipped
 *
 * Source: docs.github.com "Contexts" (steps), actions/runner StepsRunner and adrs/0274.
 */
#include "run_priv.h"

#include "base/num.h"

#define MINUTE (60 * CLOCK_SECOND)

struct step *step_new(struct scope *scope, const struct workflow_step *def, unsigned number)
{
	struct job *j = scope->job;
	struct step *s = ARENA_NEW(&j->arena, struct step);
	s->job = j;
	s->scope = scope;
	s->def = def;
	s->a = &j->arena;
	s->id = def ? def->id : S("");
	s->node = arena_fmt(s->a, "%.*s/%u", STR_ARG(scope->node), number);
	s->outputs = expr_dict_new(s->a);
	s->inputs = expr_null();
	s->stop_token = s->summary = S("");
	return s;
}

static void step_done(struct step *s)
{
	env_done(&s->env);
	env_done(&s->own_env);
	if (s->is_post || !s->keeps_state)
		env_done(&s->state);
}

/* ---- names ---- */

/* The first line of a script, or what it uses. */
static struct str usual_name(struct step *s)
{
	const struct workflow_step *d = s->def;
	struct str text = d->uses, line;
	struct err ignored; /* the step itself will tell */
	if (d->kind == WORKFLOW_RUN) {
		if (workflow_eval_text(d->run, &s->eval, s->a, &text, &ignored) < 0)
			text = d->run->text;
		while (text.n && strchr(" \t\r\n", text.p[0]))
			text = str_skip(text, 1);
	}
	line = text;
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '\n' || text.p[i] == '\r') {
			line = str_sub(text, 0, i);
			break;
		}
	return arena_fmt(s->a, "Run %.*s", STR_ARG(line));
}

/* A name that cannot be evaluated yet, or at all, stands as it was written. */
static void eval_name(struct step *s)
{
	const struct workflow_value *v = s->def->name;
	struct err ignored;
	if (!v || workflow_eval_text(v, &s->eval, s->a, &s->name, &ignored) < 0 || !s->name.n)
		s->name = v && v->text.n ? v->text : usual_name(s);
}

/* ---- environment ---- */

static int add_own_env(struct step *s, struct err *err)
{
	struct expr_value e;
	if (!s->def || !s->def->env)
		return 0;
	if (workflow_eval(s->def->env, &s->eval, s->a, &e, err) < 0)
		return -1;
	for (size_t i = 0; e.kind == EXPR_OBJECT && i < e.dict->n; i++) {
		struct str value = expr_to_text(&e.dict->members[i].value, s->a);
		if (env_check(e.dict->members[i].key, value, err) < 0)
			return -1;
		env_set(&s->own_env, s->a, e.dict->members[i].key, value);
	}
	env_add_all(&s->env, &s->own_env);
	step_contexts_env(s);
	return 0;
}

/* Workflow and job, GITHUB_ENV so far, then the step that uses the action, then its own. */
static int make_env(struct step *s, struct err *err)
{
	if (s->scope->env)
		env_add_all(&s->own_env, s->scope->env);
	env_add_all(&s->env, &s->job->env);
	env_add_all(&s->env, &s->own_env);
	step_contexts(s);
	return add_own_env(s, err);
}

/* ---- time ---- */

static int eval_timeout(struct step *s, struct err *err)
{
	const struct workflow_value *v = s->def ? s->def->timeout_minutes : NULL;
	enum { MOST = 60 * 24 * 365 };
	double minutes = 0;
	if (!v)
		return 0;
	if (workflow_eval_number(v, &s->eval, s->a, "timeout-minutes", &minutes, err) < 0)
		return -1;
	s->timeout_minutes = minutes;
	if (minutes > 0)
		s->timeout_ns = (int64_t)((minutes > MOST ? MOST : minutes) * (double)MINUTE);
	return 0;
}

/* Whether cancelling the job now would leave it running: its condition says so, and that of every
 * action around it. */
static bool survives(struct step *s, const struct expr *condition)
{
	struct err ignored;
	bool holds = true;
	if (condition && step_condition(s, condition, true, &holds, &ignored) < 0)
		holds = false;
	return holds && s->scope->survives_cancel;
}

static int64_t deadline(const struct step *s)
{
	int64_t at = s->scope->deadline;
	if (s->timeout_ns) {
		int64_t own = clock_monotonic(s->job->run->clock) + s->timeout_ns;
		if (!at || own < at)
			at = own;
	}
	return at;
}

/* ---- work ---- */

static int work(struct step *s, struct err *err)
{
	if (s->post)
		return s->post->run(s, s->post, err);
	if (s->def->kind == WORKFLOW_RUN)
		return step_run_script(s, err);
	return step_run_action(s, err);
}

static void tell_stopped(struct step *s, enum watch_reason why)
{
	if (why == WATCH_TIMED_OUT)
		step_notef(s, EVENT_ERROR, "The action '%.*s' has timed out after %g minutes.",
			STR_ARG(s->name), s->timeout_minutes);
	else
		step_notef(s, EVENT_ERROR, "The operation was canceled.");
}

static enum runner_result outcome_of(struct step *s, int rc, enum watch_reason why,
	const struct err *err)
{
	if (rc < 0 && (err->kind == ERR_CANCELED || why != WATCH_NOT_STOPPED)) {
		tell_stopped(s, why);
		return why == WATCH_TIMED_OUT ? RUNNER_FAILURE : RUNNER_CANCELLED;
	}
	if (rc < 0)
		step_note_err(s, err);
	return rc < 0 || s->has_bad_command ? RUNNER_FAILURE : RUNNER_SUCCESS;
}

/* A script that failed says itself where. */
static void locate(const struct step *s, struct err *err)
{
	bool speaks = err->kind == ERR_FAILED || err->kind == ERR_CANCELED;
	if (err->at.line)
		(void)err_in_file(err, s->scope->file);
	else if (s->def && !speaks)
		(void)err_locate(err, s->scope->file, s->def->line, s->def->col);
}

static void do_work(struct step *s, const struct expr *condition)
{
	struct watch *w = &s->job->run->watch;
	struct err err = {0};
	s->active.job = &s->job->watched;
	s->active.survives_cancel = survives(s, condition);
	s->active.deadline = deadline(s);
	int rc = watch_enter(w, &s->active, &err);
	enum watch_reason why = WATCH_NOT_STOPPED;
	if (rc == 0) {
		rc = work(s, &err);
		why = watch_leave(w, &s->active);
	}
	locate(s, &err);
	s->outcome = outcome_of(s, rc, why, &err);
}

/* ---- the end ---- */

static void conclude(struct step *s)
{
	const struct workflow_value *v = s->def ? s->def->continue_on_error : NULL;
	struct err err = {0};
	bool goes_on = false;
	s->conclusion = s->outcome;
	if (s->outcome != RUNNER_FAILURE || !v)
		return;
	if (workflow_eval_bool(v, &s->eval, s->a, "continue-on-error", &goes_on, &err) < 0)
		step_note_err(s, &err);
	if (goes_on)
		s->conclusion = RUNNER_SUCCESS;
}

/* The `steps` context has only steps that the file gave an id. */
static void put_in_context(struct step *s)
{
	struct expr_dict *d = expr_dict_new(s->a);
	if (!s->def || !s->def->has_id)
		return;
	expr_dict_put(d, s->a, S("outputs"), expr_object(s->outputs));
	expr_dict_put(d, s->a, S("outcome"), expr_string(str_of(runner_result_name(s->outcome))));
	expr_dict_put(d, s->a, S("conclusion"),
		expr_string(str_of(runner_result_name(s->conclusion))));
	expr_dict_put(s->scope->steps, s->a, s->id, expr_object(d));
}

/* Cancelled is worse than failed, failed worse than fine; skipped changes nothing. */
static void put_in_status(struct step *s)
{
	enum runner_result *status = &s->scope->status;
	if (s->conclusion == RUNNER_CANCELLED ||
		(s->conclusion == RUNNER_FAILURE && *status == RUNNER_SUCCESS))
		*status = s->conclusion;
}

static void finish(struct step *s)
{
	conclude(s);
	put_in_context(s);
	put_in_status(s);
	s->record.id = s->id;
	s->record.name = s->name;
	s->record.outcome = s->outcome;
	s->record.conclusion = s->conclusion;
	s->record.outputs = s->outputs;
	s->record.summary = s->summary;
	s->record.is_uses = s->def && s->def->kind == WORKFLOW_USES;
	s->record.uses = s->def ? s->def->uses : S("");
	event_end(s->job->run->events, s->node, event_result_of(s->conclusion), STR_NONE);
	step_done(s);
}

static void begin(struct step *s)
{
	event_begin(s->job->run->events, s->node, s->scope->node, s->name);
}

static void fail(struct step *s, struct err *err)
{
	locate(s, err);
	step_note_err(s, err);
	s->outcome = RUNNER_FAILURE;
	finish(s);
}

void step_do(struct step *s)
{
	struct err err = {0};
	const struct expr *condition = s->post ? s->post->condition : s->def->condition;
	bool is_wanted = true;
	int rc = make_env(s, &err);
	if (!s->post)
		eval_name(s);
	begin(s);
	if (rc == 0 && condition)
		rc = step_condition(s, condition, false, &is_wanted, &err);
	if (rc == 0 && is_wanted)
		rc = eval_timeout(s, &err);
	if (rc < 0) {
		fail(s, &err);
		return;
	}
	if (is_wanted && !s->job->watched.is_forced)
		do_work(s, condition);
	else
		s->outcome = RUNNER_SKIPPED;
	finish(s);
}
