#include "workflow_priv.h"

#include "workflow/action.h"

static void convert_inputs(struct parse *p, const struct workflow_value *v, struct action *out)
{
	for (size_t i = 0; v && i < v->n; i++) {
		const struct workflow_value *spec = v->pairs[i].value;
		const struct workflow_value *required = workflow_get(spec, "required");
		struct action_input in = {.name = value_text(v->pairs[i].key),
			.description = value_text(workflow_get(spec, "description")),
			.deprecation = value_text(workflow_get(spec, "deprecationMessage")),
			.is_required = value_is_literal(required, "true") ||
				(required && required->kind == WORKFLOW_BOOL && required->truth),
			.default_value = workflow_get(spec, "default")};
		PUSH(p->a, &out->inputs, in);
	}
}

static void convert_outputs(struct parse *p, const struct workflow_value *v, struct action *out)
{
	for (size_t i = 0; v && i < v->n; i++) {
		const struct workflow_value *spec = v->pairs[i].value;
		struct workflow_output o = {.name = value_text(v->pairs[i].key),
			.description = value_text(workflow_get(spec, "description")),
			.value = workflow_get(spec, "value")};
		PUSH(p->a, &out->outputs, o);
	}
}

/* node12 and up; which of them a runner has is its own matter. */
static bool is_node(struct str uses)
{
	struct str digits = str_skip(uses, 4);
	if (!str_starts(uses, S("node")) || digits.n == 0)
		return false;
	for (size_t i = 0; i < digits.n; i++)
		if (!ch_is_digit(digits.p[i]))
			return false;
	return true;
}

static bool is_of_kind(struct str uses, enum action_kind kind)
{
	switch (kind) {
	case ACTION_COMPOSITE: return str_is(uses, "composite");
	case ACTION_DOCKER: return str_is(uses, "docker");
	case ACTION_NODE: return is_node(uses);
	}
	return false;
}

/* The keys beside `using` say what it is; `using` must agree. */
static void convert_kind(struct parse *p, const struct workflow_value *runs, struct action *out)
{
	const struct workflow_value *uses = workflow_get(runs, "using");
	out->uses = value_text(uses);
	out->kind = workflow_get(runs, "steps") ? ACTION_COMPOSITE
		: workflow_get(runs, "image")   ? ACTION_DOCKER
						: ACTION_NODE;
	if (is_of_kind(out->uses, out->kind))
		return;
	FAIL(p, uses,
		"'using: %.*s' is not supported, use 'docker', 'composite', 'node20' or 'node24' "
		"instead.",
		STR_ARG(out->uses));
}

/* Taken as written: unlike the `if` of a step it is no matter whether the job goes well. */
static struct expr *convert_if(struct parse *p, const struct workflow_value *v)
{
	struct err why = {0};
	struct expr *e = NULL;
	if (v && v->kind == WORKFLOW_EXPR)
		return v->expr;
	struct str text = v ? str_trim(v->text) : S("always()");
	if (expr_parse(text, scope_of(schema_action_if, p->a), p->a, &e, NULL, &why) < 0)
		FAIL(p, v, "%s", why.what);
	return e;
}

static void convert_runs(struct parse *p, const struct workflow_value *runs, struct action *out)
{
	const struct {
		const char *key;
		struct str *to;
	} texts[] = {{"main", &out->main}, {"pre", &out->pre}, {"post", &out->post},
		{"image", &out->image}, {"entrypoint", &out->entrypoint},
		{"pre-entrypoint", &out->pre_entrypoint},
		{"post-entrypoint", &out->post_entrypoint}};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		*texts[i].to = value_text(workflow_get(runs, texts[i].key));
	out->args = workflow_get(runs, "args");
	out->env = workflow_get(runs, "env");
	out->pre_if = convert_if(p, workflow_get(runs, "pre-if"));
	out->post_if = convert_if(p, workflow_get(runs, "post-if"));
	convert_kind(p, runs, out);
	if (out->kind == ACTION_COMPOSITE)
		convert_steps(p, workflow_get(runs, "steps"), schema_action_step_if, &out->steps);
}

static void convert_action(struct parse *p, const struct workflow_value *root, struct action *out)
{
	out->name = value_text(workflow_get(root, "name"));
	out->description = value_text(workflow_get(root, "description"));
	convert_inputs(p, workflow_get(root, "inputs"), out);
	convert_outputs(p, workflow_get(root, "outputs"), out);
	convert_runs(p, workflow_get(root, "runs"), out);
}

int action_parse(struct str text, struct str file, struct arena *a, struct action **ret,
	struct workflow_problems *problems, struct err *err)
{
	struct parse p = {text, file, a, problems, NULL};
	struct action *out = ARENA_NEW(a, struct action);
	const struct workflow_value *root = parse_text(&p, &schema_action);
	if (problems->n_errors == 0)
		convert_action(&p, root, out);
	if (problems->n_errors == 0)
		lint_steps(&p, &out->steps);
	if (parse_result(&p, err) < 0)
		return -1;
	*ret = out;
	return 0;
}
