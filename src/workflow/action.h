/* action -- an action's metadata file, action.yml, as a checked model.
 *
 * The same rules as for workflows: expressions are parsed with the names their place allows, and
 * evaluated later. Keys that GitHub does not know are kept out of the way silently at the top and in
 * inputs, and are errors below `runs`.
 *
 * Owner, threads, errors: as workflow.h.
 * Source: docs.github.com "Metadata syntax for GitHub Actions"; actions/runner action_yaml.json.
 */
#ifndef WORKFLOW_ACTION_H
#define WORKFLOW_ACTION_H

#include "workflow/workflow.h"

struct action_input {
	struct str name, description, deprecation;
	bool is_required;
	const struct workflow_value *default_value; /* may be an expression; NULL = none */
};
VEC_TYPE(action_input_vec, struct action_input);

enum action_kind { ACTION_COMPOSITE, ACTION_NODE, ACTION_DOCKER };

struct action {
	struct str name, description;
	struct action_input_vec inputs;
	struct workflow_output_vec outputs; /* values only in composite actions */
	enum action_kind kind;
	struct str uses; /* runs.using as written: "node20", "docker", "composite" */
	/* Before and after the job's steps; always() when the file says nothing. */
	struct expr *pre_if, *post_if;
	struct str main, pre, post; /* node: script paths */
	struct str image;           /* docker: "Dockerfile", a path, or docker://name */
	struct str entrypoint, pre_entrypoint, post_entrypoint;
	const struct workflow_value *args, *env; /* docker */
	struct workflow_step_vec steps;          /* composite */
};

int action_parse(struct str text, struct str file, struct arena *a, struct action **ret,
	struct workflow_problems *problems, struct err *err);

#endif
