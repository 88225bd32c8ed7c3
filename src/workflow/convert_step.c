#include "workflow_priv.h"

/* The steps of a job share their ids, also those inside `parallel`. */
struct steps {
	struct parse *p;
	uint32_t if_context;
	struct ids ids;
	struct map known; /* ids given so far -> step */
};

static void steps_done(struct steps *s)
{
	ids_done(&s->ids);
	map_done(&s->known, NULL);
}
CLEANUP_VAL(steps_done, struct steps);

static bool is_local(struct str uses)
{
	return str_starts(uses, S("./")) || str_starts(uses, S(".\\")) || str_starts(uses, S("$/"));
}

/* "owner/repo" out of owner/repo/path@ref; false when it is not of that form. */
static bool split_uses(struct str uses, struct str *ret_owner, struct str *ret_repo)
{
	struct str rest = uses, path, ref, part;
	size_t n = 0;
	(void)str_cut(&rest, '@', &path);
	if (!str_cut(&rest, '@', &ref) || ref.n == 0 || rest.p)
		return false;
	for (size_t i = 0, start = 0; i <= path.n; i++) {
		if (i < path.n && path.p[i] != '/' && path.p[i] != '\\')
			continue;
		part = str_sub(path, start, i);
		start = i + 1;
		if (!part.n)
			continue;
		if (n == 0)
			*ret_owner = part;
		if (n == 1)
			*ret_repo = part;
		n++;
	}
	return n >= 2;
}

static void check_uses(struct parse *p, const struct workflow_value *v)
{
	struct str owner, repo;
	if (str_starts(v->text, S("docker://")) || is_local(v->text) ||
		split_uses(v->text, &owner, &repo))
		return;
	FAIL(p, v, "Expected format {org}/{repo}[/path]@ref. Actual '%.*s'", STR_ARG(v->text));
	if (str_chr(v->text, '@') < 0)
		hint(p, "add a version: '%.*s@v1'", STR_ARG(v->text));
}

/* Text an automatic id is made of. */
static struct str id_text(const struct workflow_step *s, struct arena *a)
{
	static const char *const words[] = {"run", "run", "wait", "wait-all", "cancel", "parallel"};
	struct str owner, repo;
	if (s->kind != WORKFLOW_USES)
		return str_of(words[s->kind]);
	if (str_starts(s->uses, S("docker://")))
		return str_skip(s->uses, strlen("docker://"));
	if (is_local(s->uses))
		return S("self");
	if (split_uses(s->uses, &owner, &repo))
		return arena_fmt(a, "%.*s/%.*s", STR_ARG(owner), STR_ARG(repo));
	return S("run");
}

static void check_target(struct steps *st, const struct workflow_value *v, struct str own)
{
	struct str id = value_text(v);
	if (str_starts(id, S("__")))
		FAIL(st->p, v,
			"The identifier '%.*s' is invalid. IDs starting with '__' are reserved.",
			STR_ARG(id));
	else if (own.n && str_eq_nocase(id, own))
		FAIL(st->p, v, "Step '%.*s' cannot reference itself", STR_ARG(own));
	else if (!map_has(&st->known, id))
		FAIL(st->p, v, "Step references unknown step ID '%.*s'", STR_ARG(id));
}

static void convert_targets(struct steps *st, const struct workflow_value *v,
	struct workflow_step *s)
{
	value_texts(v, st->p->a, &s->targets);
	if (v->kind == WORKFLOW_STRING)
		check_target(st, v, s->id);
	for (size_t i = 0; v->kind == WORKFLOW_SEQUENCE && i < v->n; i++)
		check_target(st, v->items[i], s->id);
}

static void convert_list(struct steps *st, const struct workflow_value *v,
	struct workflow_step_vec *ret);

/* What kind of step it is, by the key that only that kind has. */
static void convert_kind(struct steps *st, struct str key, const struct workflow_value *v,
	struct workflow_step *s)
{
	if (str_is(key, "run")) {
		s->kind = WORKFLOW_RUN;
		s->run = v;
	} else if (str_is(key, "uses")) {
		s->kind = WORKFLOW_USES;
		s->uses = value_text(v);
		check_uses(st->p, v);
	} else if (str_is(key, "wait")) {
		s->kind = WORKFLOW_WAIT;
		convert_targets(st, v, s);
	} else if (str_is(key, "cancel")) {
		s->kind = WORKFLOW_CANCEL;
		convert_targets(st, v, s);
	} else if (str_is(key, "wait-all")) {
		s->kind = WORKFLOW_WAIT_ALL;
		if (v->kind == WORKFLOW_BOOL && !v->truth)
			FAIL(st->p, v, "The value of 'wait-all' must be true or omitted");
	} else if (str_is(key, "parallel")) {
		s->kind = WORKFLOW_PARALLEL;
		s->parallel = ARENA_NEW(st->p->a, struct workflow_step_vec);
		convert_list(st, v, s->parallel);
	}
}

static void convert_rest(struct str key, const struct workflow_value *v, struct workflow_step *s)
{
	if (str_is(key, "name"))
		s->name = v;
	else if (str_is(key, "if"))
		s->condition_at = v;
	else if (str_is(key, "env"))
		s->env = v;
	else if (str_is(key, "with"))
		s->with = v;
	else if (str_is(key, "shell"))
		s->shell = v;
	else if (str_is(key, "working-directory"))
		s->working_directory = v;
	else if (str_is(key, "continue-on-error"))
		s->continue_on_error = v;
	else if (str_is(key, "timeout-minutes"))
		s->timeout_minutes = v;
	else if (str_is(key, "background"))
		s->is_background = v->kind == WORKFLOW_BOOL && v->truth;
}

static struct workflow_step convert_step(struct steps *st, const struct workflow_value *v)
{
	struct workflow_step s = {.line = v->line, .col = v->col};
	const struct workflow_value *id = workflow_get(v, "id");
	if (id) {
		s.id = value_text(id);
		s.has_id = true;
		(void)ids_take(&st->ids, st->p, id, s.id);
	}
	for (size_t i = 0; i < v->n; i++) {
		struct str key = value_text(v->pairs[i].key);
		convert_kind(st, key, v->pairs[i].value, &s);
		convert_rest(key, v->pairs[i].value, &s);
	}
	if (id)
		map_put(&st->known, s.id, st);
	s.condition = convert_condition(st->p, s.condition_at, st->if_context);
	return s;
}

static void convert_list(struct steps *st, const struct workflow_value *v,
	struct workflow_step_vec *ret)
{
	for (size_t i = 0; i < v->n; i++)
		PUSH(st->p->a, ret, convert_step(st, v->items[i]));
}

/* After all given ids are known, so that none of them is taken. */
static void make_ids(struct steps *st, struct workflow_step_vec *steps)
{
	for (size_t i = 0; i < steps->n; i++) {
		struct workflow_step *s = &steps->p[i];
		if (!s->id.n)
			s->id = ids_make(&st->ids, id_text(s, st->p->a), st->p->a);
		if (s->parallel)
			make_ids(st, s->parallel);
	}
}

void convert_steps(struct parse *p, const struct workflow_value *v, uint32_t if_context,
	struct workflow_step_vec *ret)
{
	CLEANUP(steps_done) struct steps st = {.p = p, .if_context = if_context};
	convert_list(&st, v, ret);
	make_ids(&st, ret);
}
