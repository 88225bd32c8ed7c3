/* convert -- the top of the model. The tree has passed the schema: kinds are as the schema says. */
#include "workflow_priv.h"

const char *const workflow_permission_names[WORKFLOW_N_PERMISSIONS] = {"actions",
	"artifact-metadata", "attestations", "checks", "contents", "copilot-requests",
	"deployments", "discussions", "id-token", "issues", "models", "packages", "pages",
	"pull-requests", "repository-projects", "security-events", "statuses",
	"vulnerability-alerts"};

static enum workflow_access access_of(struct str text)
{
	return str_starts(text, S("write"))   ? WORKFLOW_ACCESS_WRITE
		: str_starts(text, S("read")) ? WORKFLOW_ACCESS_READ
					      : WORKFLOW_ACCESS_NONE;
}

/* What a shorthand gives: scopes that know only one level have that one or nothing. */
static enum workflow_access shorthand_access(const char *name, enum workflow_access all)
{
	if (str_is(S("models"), name) || str_is(S("vulnerability-alerts"), name))
		return WORKFLOW_ACCESS_READ;
	bool is_write_only = str_is(S("id-token"), name) || str_is(S("copilot-requests"), name);
	return is_write_only && all != WORKFLOW_ACCESS_WRITE ? WORKFLOW_ACCESS_NONE : all;
}

static void named_access(const struct workflow_pair *pair, struct workflow_permissions *ret)
{
	for (size_t i = 0; i < WORKFLOW_N_PERMISSIONS; i++)
		if (value_is_literal(pair->key, workflow_permission_names[i])) {
			ret->access[i] = access_of(value_text(pair->value));
			ret->is_named[i] = true;
		}
}

void convert_permissions(const struct workflow_value *v, struct workflow_permissions *ret)
{
	*ret = (struct workflow_permissions){.is_set = true};
	for (size_t i = 0; v->kind == WORKFLOW_MAPPING && i < v->n; i++)
		named_access(&v->pairs[i], ret);
	if (v->kind != WORKFLOW_STRING)
		return;
	ret->shorthand = value_is_literal(v, "write-all") ? "write-all" : "read-all";
	for (size_t i = 0; i < WORKFLOW_N_PERMISSIONS; i++)
		ret->access[i] = shorthand_access(workflow_permission_names[i], access_of(v->text));
}

void convert_concurrency(struct parse *p, const struct workflow_value *v)
{
	enum { MAX_GROUP = 400 };
	const struct workflow_value *group = v;
	if (v->kind == WORKFLOW_MAPPING) {
		const struct workflow_value *cancel = workflow_get(v, "cancel-in-progress");
		group = workflow_get(v, "group");
		if (value_is_literal(workflow_get(v, "queue"), "max") && cancel &&
			cancel->kind == WORKFLOW_BOOL && cancel->truth) {
			FAIL(p, v, "'queue: max' may not be used with 'cancel-in-progress: true'");
			hint(p, "a queue keeps what waits; cancelling throws away what runs");
		}
	}
	if (value_text(group).n > MAX_GROUP)
		FAIL(p, v, "Concurrency group name must be less than 400 characters");
}

static void convert_jobs(struct parse *p, const struct workflow_value *jobs)
{
	for (size_t i = 0; i < jobs->n; i++) {
		if (i == WORKFLOW_MAX_JOBS) {
			FAIL(p, jobs->pairs[i].key,
				"Workflows may not contain more than %d jobs across all referenced "
				"files",
				WORKFLOW_MAX_JOBS);
			return;
		}
		convert_job(p, &jobs->pairs[i]);
	}
	if (p->problems->n_errors == 0)
		check_needs(p, jobs);
}

static void convert_pair(struct parse *p, const struct workflow_pair *pair)
{
	struct workflow *w = p->out;
	const struct workflow_value *v = pair->value;
	struct str key = value_text(pair->key);
	if (str_is(key, "on"))
		convert_on(p, v);
	else if (str_is(key, "name"))
		w->name = value_text(v);
	else if (str_is(key, "description"))
		w->description = value_text(v);
	else if (str_is(key, "run-name"))
		w->run_name = v;
	else if (str_is(key, "defaults"))
		w->defaults = v;
	else if (str_is(key, "env"))
		w->env = v;
	else if (str_is(key, "permissions"))
		convert_permissions(v, &w->permissions);
	else if (str_is(key, "jobs"))
		convert_jobs(p, v);
	else if (str_is(key, "concurrency")) {
		convert_concurrency(p, v);
		w->concurrency = v;
	}
}

void convert_workflow(struct parse *p, const struct workflow_value *root)
{
	struct workflow *w = p->out;
	for (size_t i = 0; i < root->n; i++)
		convert_pair(p, &root->pairs[i]);
	for (size_t i = 0; w->permissions.is_set && i < w->jobs.n; i++)
		if (!w->jobs.p[i].permissions.is_set)
			w->jobs.p[i].permissions = w->permissions;
}
