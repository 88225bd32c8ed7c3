#include "plan_priv.h"

static int err_at(const struct planning *p, struct dockerfile_place at, struct err *err)
{
	char file[200];
	snprintf(file, sizeof(file), "%.*s", STR_ARG(p->b->dockerfile_name));
	return err_locate(err, file, at.line, at.col);
}

struct named_context *plan_named_context(struct build *b, struct str name)
{
	for (size_t i = 0; i < b->n_contexts; i++)
		if (str_eq_nocase(str_of(b->contexts[i].name), name))
			return &b->contexts[i];
	return NULL;
}

struct step *plan_add_step(struct planning *p, enum step_kind kind, struct plan_stage *stage,
	struct dockerfile_place at)
{
	struct step *s = ARENA_NEW(p->b->arena, struct step);
	s->kind = kind;
	s->stage = stage;
	s->at = at;
	s->index = p->steps.n;
	vec_push(&p->steps, s);
	return s;
}

/* ---- titles ---- */

/* The instruction on one line, for people. */
static struct str one_line(struct arena *a, struct str text)
{
	enum { TITLE_MAX = 160 };
	CLEANUP(buf_done) struct buf b = BUF(TITLE_MAX + 8);
	bool was_space = false;
	for (size_t i = 0; i < text.n && b.n < TITLE_MAX; i++) {
		bool is_space = ch_is_space(text.p[i]);
		if (!is_space || !was_space)
			buf_add_ch(&b, is_space ? ' ' : text.p[i]);
		was_space = is_space;
	}
	if (b.n >= TITLE_MAX)
		buf_add(&b, S("\xe2\x80\xa6"));
	return arena_str(a, buf_str(&b));
}

static void title_steps(struct planning *p)
{
	struct arena *a = p->b->arena;
	size_t *at = ARENA_ARRAY(a, size_t, p->plan->n + 1);
	bool is_only = p->plan->n == 1;
	VEC_EACH(&p->steps, each) {
		struct step *s = *each;
		if (s->kind == STEP_BASE)
			continue; /* titled when it was made */
		size_t i = s->stage->stage->index;
		struct str what = one_line(a, s->inst->node->original);
		size_t n = ++at[i] + (s->stage->base != NULL);
		s->title = is_only
			? arena_fmt(a, "[%zu/%zu] %.*s", n, s->stage->n_steps, STR_ARG(what))
			: arena_fmt(a, "[%.*s %zu/%zu] %.*s", STR_ARG(s->stage->title), n,
				  s->stage->n_steps, STR_ARG(what));
		s->site = arena_fmt(a, "%s:%.*s:%.*s:%zu", context_site(p->b),
			STR_ARG(p->b->dockerfile_name), STR_ARG(s->stage->title), n);
	}
}

/* ---- all of it ---- */

struct scope_platform plan_platform_words(struct arena *a, const struct image_platform *p)
{
	CLEANUP(buf_done) struct buf text = BUF(256);
	image_platform_add(&text, p);
	return (struct scope_platform){
		.text = arena_str(a, buf_str(&text)),
		.os = p->os,
		.os_version = p->os_version,
		.arch = p->architecture,
		.variant = p->variant,
	};
}

void plan_take_args(const struct build_spec *spec, struct vars *ret)
{
	for (size_t i = 0; i < spec->n_args; i++) {
		const char *value =
			spec->args[i].value ? spec->args[i].value : getenv(spec->args[i].key);
		if (value)
			vars_set(ret, str_of(spec->args[i].key), str_of(value));
	}
}

static int read_file(struct planning *p, struct err *err)
{
	struct dockerfile_directive syntax;
	struct build *b = p->b;
	if (dockerfile_syntax(b->dockerfile_text, b->arena, &syntax) &&
		!dockerfile_syntax_is_ours(syntax.value)) {
		err_set(err, ERR_UNSUPPORTED, "foreign front end '%.*s' is not supported",
			STR_ARG(syntax.value));
		err_hint(err, "knarr reads docker/dockerfile:1 itself and runs no other front end");
		return err_at(p, syntax.at, err);
	}
	if (dockerfile_parse(b->dockerfile_text, b->arena, &p->file, err) < 0 ||
		stages_parse(&p->file, b->arena, &p->plan->stages, err) < 0)
		return err_in_file(err, arena_cstr(b->arena, b->dockerfile_name));
	return 0;
}

static int find_needed(struct planning *p, const struct stage *target, struct err *err)
{
	bool *needed = ARENA_ARRAY(p->b->arena, bool, p->plan->n + 1);
	if (globals_needed(&p->globals, target, needed, err) < 0)
		return err_in_file(err, arena_cstr(p->b->arena, p->b->dockerfile_name));
	for (size_t i = 0; i < p->plan->n; i++)
		p->plan->p[i].is_wanted = needed[i];
	return 0;
}

static int prepare(struct planning *p, struct err *err)
{
	struct build *b = p->b;
	struct image_platform host = image_platform_host();
	const struct stage *target;
	if (read_file(p, err) < 0)
		return -1;
	p->given.arena = b->arena;
	plan_take_args(b->spec, &p->given);
	p->scope_spec = (struct scope_spec){
		.given = &p->given,
		.build = plan_platform_words(b->arena, &host),
		.target = plan_platform_words(b->arena, &b->platform),
		.target_stage = str_of(b->spec->target ? b->spec->target : ""),
	};
	if (globals_init(&p->globals, &p->plan->stages, &p->scope_spec, b->arena, err) < 0)
		return err_in_file(err, arena_cstr(b->arena, b->dockerfile_name));
	p->plan->n = p->plan->stages.n;
	p->plan->p = ARENA_ARRAY(b->arena, struct plan_stage, p->plan->n + 1);
	p->scopes = ARENA_ARRAY(b->arena, struct scope, p->plan->n + 1);
	for (size_t i = 0; i < p->plan->n; i++) {
		p->plan->p[i].stage = &p->plan->stages.p[i];
		p->plan->p[i].title = stage_title(&p->plan->stages.p[i], b->arena);
	}
	if (stages_target(&p->plan->stages, p->scope_spec.target_stage, &target, err) < 0)
		return err_in_file(err, arena_cstr(b->arena, b->dockerfile_name));
	p->plan->target = &p->plan->p[target->index];
	return find_needed(p, target, err);
}

int plan_stage(struct planning *p, struct plan_stage *s, struct err *err)
{
	if (s->is_planned)
		return 0;
	s->is_planned = s->is_wanted = true;
	if (plan_stage_start(p, s, err) < 0 || plan_stage_insts(p, s, err) < 0)
		return err_at(p, s->stage->node->at, err);
	return 0;
}

static int plan_stages(struct planning *p, struct err *err)
{
	for (size_t i = 0; i < p->plan->n; i++)
		if (p->plan->p[i].is_wanted && plan_stage(p, &p->plan->p[i], err) < 0)
			return -1;
	return 0;
}

static void planning_done(struct planning *p)
{
	for (size_t i = 0; p->scopes && i < p->plan->n; i++)
		scope_done(&p->scopes[i]);
	globals_done(&p->globals);
	vars_done(&p->given);
	vec_done(&p->steps);
	vec_done(&p->images);
}

int plan_make(struct build *b, struct plan *ret, struct err *err)
{
	struct planning p = {.b = b, .plan = ret};
	int rc = prepare(&p, err);
	if (rc == 0)
		rc = plan_stages(&p, err);
	if (rc == 0) {
		title_steps(&p);
		ret->n_steps = p.steps.n;
		ret->steps = ARENA_ARRAY(b->arena, struct step *, p.steps.n + 1);
		if (p.steps.n)
			memcpy(ret->steps, p.steps.p, p.steps.n * sizeof(*ret->steps));
	}
	planning_done(&p);
	return rc;
}
