#include "workflow_priv.h"

struct expr *convert_condition(struct parse *p, const struct workflow_value *v, uint32_t context)
{
	struct expr_fault fault = {0};
	struct err why = {0};
	struct expr *e = NULL;
	struct str text = v ? v->text : S("");
	if (expr_condition_parse(text, scope_of(context, p->a), p->a, &e, &fault, &why) < 0) {
		FAIL(p, v, "%s", why.what);
		inner_place(p, v, v->text, fault.offset);
	}
	return e;
}

/* "group" or "organization/group". */
static void check_group(struct parse *p, const struct workflow_value *v)
{
	static const char *const owners[] = {"org", "organization", "ent", "enterprise"};
	struct str rest = value_text(v), owner, name;
	if (!v || v->kind != WORKFLOW_STRING)
		return;
	(void)str_cut(&rest, '/', &owner);
	if (!str_cut(&rest, '/', &name))
		return;
	bool is_known = false;
	for (size_t i = 0; i < ARRAY_LEN(owners); i++)
		is_known = is_known || str_is(owner, owners[i]);
	if (!rest.p && name.n == 0)
		FAIL(p, v, "Invalid runs-on group name '%.*s'.", STR_ARG(v->text));
	else if (rest.p || !is_known)
		FAIL(p, v,
			"Invalid runs-on group name '%.*s'. Please use 'organization/' or "
			"'enterprise/' prefix to target a single runner group.",
			STR_ARG(v->text));
}

/* owner/repo/path@ref, or ./path in this repository. */
static void check_workflow_ref(struct parse *p, const struct workflow_value *v)
{
	struct str text = v->text, rest = text, path, ref;
	if (str_starts(text, S("./")) || str_starts(text, S("$/"))) {
		if (str_chr(text, '@') >= 0)
			FAIL(p, v,
				"Invalid workflow reference '%.*s': a workflow of this repository "
				"takes no version",
				STR_ARG(text));
		return;
	}
	(void)str_cut(&rest, '@', &path);
	size_t n_slashes = 0;
	for (size_t i = 0; i < path.n; i++)
		n_slashes += path.p[i] == '/';
	if (str_cut(&rest, '@', &ref) && ref.n && !rest.p && n_slashes >= 2)
		return;
	FAIL(p, v, "Invalid workflow reference '%.*s'", STR_ARG(text));
	hint(p,
		"write owner/repository/.github/workflows/file.yml@ref, or "
		"./.github/workflows/file.yml");
}

static void convert_where(struct parse *p, struct str key, const struct workflow_value *v,
	struct workflow_job *job)
{
	if (str_is(key, "runs-on")) {
		check_group(p, workflow_get(v, "group"));
		job->runs_on = v;
	} else if (str_is(key, "container")) {
		job->container = v;
	} else if (str_is(key, "services")) {
		job->services = v;
	} else if (str_is(key, "environment")) {
		job->environment = v;
	} else if (str_is(key, "snapshot")) {
		job->snapshot = v;
	} else if (str_is(key, "defaults")) {
		job->defaults = v;
	} else if (str_is(key, "env")) {
		job->env = v;
	} else if (str_is(key, "outputs")) {
		job->outputs = v;
	} else if (str_is(key, "steps")) {
		convert_steps(p, v, schema_step_if, &job->steps);
	}
}

static void convert_how(struct parse *p, struct str key, const struct workflow_value *v,
	struct workflow_job *job)
{
	if (str_is(key, "name") && !value_is_literal(v, "")) {
		job->name = v;
	} else if (str_is(key, "needs")) {
		value_texts(v, p->a, &job->needs);
	} else if (str_is(key, "if")) {
		job->condition_at = v;
	} else if (str_is(key, "strategy")) {
		convert_strategy(p, v, &job->strategy);
	} else if (str_is(key, "permissions")) {
		convert_permissions(v, &job->permissions);
	} else if (str_is(key, "concurrency")) {
		convert_concurrency(p, v);
		job->concurrency = v;
	} else if (str_is(key, "timeout-minutes")) {
		job->timeout_minutes = v;
	} else if (str_is(key, "cancel-timeout-minutes")) {
		job->cancel_timeout_minutes = v;
	} else if (str_is(key, "continue-on-error")) {
		job->continue_on_error = v;
	}
}

static void convert_call(struct parse *p, struct str key, const struct workflow_value *v,
	struct workflow_job *job)
{
	if (str_is(key, "uses")) {
		job->uses = value_text(v);
		check_workflow_ref(p, v);
	} else if (str_is(key, "with")) {
		job->with = v;
	} else if (str_is(key, "secrets")) {
		job->inherits_secrets = value_is_literal(v, "inherit");
		job->secrets = job->inherits_secrets ? NULL : v;
	}
}

void convert_job(struct parse *p, const struct workflow_pair *pair)
{
	CLEANUP(ids_done) struct ids ids = {{0}};
	struct workflow_job job = {.line = pair->key->line,
		.col = pair->key->col,
		.id = value_text(pair->key),
		.name = pair->key};
	(void)ids_take(&ids, p, pair->key, job.id);
	for (size_t i = 0; i < pair->value->n; i++) {
		struct str key = value_text(pair->value->pairs[i].key);
		const struct workflow_value *v = pair->value->pairs[i].value;
		convert_where(p, key, v, &job);
		convert_how(p, key, v, &job);
		convert_call(p, key, v, &job);
	}
	job.condition = convert_condition(p, job.condition_at, schema_job_if);
	convert_containers(p, &job);
	PUSH(p->a, &p->out->jobs, job);
}
