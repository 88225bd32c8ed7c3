#include "workflow_priv.h"

static void read_error(struct parse *p, const struct err *why)
{
	tell(p, WORKFLOW_ERROR, why->at.line, why->at.col, "%s", why->what);
	if (why->hint[0])
		hint(p, "%s", why->hint);
}

/* Text to tree: 0, or -1 with the reason told. */
static int read_yaml(struct parse *p, struct yaml **ret)
{
	const struct yaml_limits limits = {.max_bytes = WORKFLOW_MAX_BYTES,
		.max_depth = 2 * WORKFLOW_MAX_DEPTH,
		.max_nodes = WORKFLOW_MAX_NODES,
		.accepts_empty = true,
		.keeps_duplicates = true};
	struct err why = {0};
	if (p->text.n > WORKFLOW_MAX_BYTES) {
		tell(p, WORKFLOW_ERROR, 1, 1, "the file is larger than %d bytes",
			WORKFLOW_MAX_BYTES);
		return -1;
	}
	if (yaml_parse(p->text, &limits, p->a, ret, &why) == 0)
		return 0;
	read_error(p, &why);
	return -1;
}

const struct workflow_value *parse_text(struct parse *p, const struct def *d)
{
	struct yaml *y;
	return read_yaml(p, &y) < 0 ? NULL : read_tree(p, y, d);
}

int parse_result(const struct parse *p, struct err *err)
{
	char file[sizeof(err->at.file)];
	snprintf(file, sizeof(file), "%.*s", STR_ARG(p->file));
	VEC_EACH(&p->problems->list, problem) {
		if (problem->severity != WORKFLOW_ERROR)
			continue;
		err_set(err, ERR_INPUT, "%.*s", STR_ARG(problem->message));
		if (problem->hint.n)
			err_hint(err, "%.*s", STR_ARG(problem->hint));
		return err_locate(err, file, problem->line, problem->col);
	}
	return 0;
}

/* As on GitHub, what the schema refuses is told alone: the rest often follows from it. */
int workflow_parse(struct str text, struct str file, struct arena *a, struct workflow **ret,
	struct workflow_problems *problems, struct err *err)
{
	struct parse p = {text, file, a, problems, ARENA_NEW(a, struct workflow)};
	p.out->file = arena_str(a, file);
	const struct workflow_value *root = parse_text(&p, &schema_workflow);
	if (problems->n_errors == 0)
		convert_workflow(&p, root);
	if (problems->n_errors == 0)
		lint_workflow(&p);
	if (parse_result(&p, err) < 0)
		return -1;
	*ret = p.out;
	return 0;
}

const struct workflow_job *workflow_job_find(const struct workflow *w, struct str id)
{
	for (size_t i = 0; i < w->jobs.n; i++)
		if (str_eq_nocase(w->jobs.p[i].id, id))
			return &w->jobs.p[i];
	return NULL;
}

const struct workflow_event *workflow_event_find(const struct workflow *w, const char *name)
{
	for (size_t i = 0; i < w->events.n; i++)
		if (str_is(w->events.p[i].name, name))
			return &w->events.p[i];
	return NULL;
}
