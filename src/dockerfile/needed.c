#include "dockerfile/scope_priv.h"

VEC_TYPE(stage_list, const struct stage *);

struct search {
	struct globals *globals;
	bool *needed;
	struct stage_list open;
	struct err *err;
};

static void need(struct search *s, const struct stage *stage)
{
	if (!stage || s->needed[stage->index])
		return;
	s->needed[stage->index] = true;
	vec_push(&s->open, stage);
}

static int need_from(struct search *s, const struct stage *of, struct dockerfile_word from,
	bool has_index)
{
	const struct stage *found = NULL;
	if (from.text.n && stages_from(s->globals->stages, of, from, has_index, &found, s->err) < 0)
		return -1;
	need(s, found);
	return 0;
}

static int search_inst(struct search *s, const struct stage *of, const struct inst *in)
{
	if (in->kind == INST_COPY)
		return need_from(s, of, in->copy.from, true);
	for (size_t i = 0; in->kind == INST_RUN && i < in->run.mounts.n; i++) {
		struct dockerfile_word from = in->run.mounts.p[i];
		if (mount_from(from, s->globals->arena, &from.text, s->err) < 0 ||
			need_from(s, of, from, false) < 0)
			return -1;
	}
	return 0;
}

static int search_triggers(struct search *s, const struct stage *of, const struct stage *base)
{
	for (size_t i = 0; i < base->n; i++) {
		const struct inst *trigger;
		if (base->insts[i].kind == INST_ONBUILD &&
			(inst_trigger(&base->insts[i], &trigger, s->err) < 0 ||
				search_inst(s, of, trigger) < 0))
			return -1;
	}
	return 0;
}

static int search_stage(struct search *s, const struct stage *of)
{
	struct globals *g = s->globals;
	struct str base, platform;
	if (globals_from(g, of, &base, &platform, s->err) < 0)
		return -1;
	const struct stage *from = stages_base(g->stages, of, base);
	need(s, from);
	if (from && (scope_charge(g, from->n, s->err) < 0 || search_triggers(s, of, from) < 0))
		return -1;
	for (size_t i = 0; i < of->n; i++)
		if (search_inst(s, of, &of->insts[i]) < 0)
			return -1;
	return 0;
}

int globals_needed(struct globals *g, const struct stage *target, bool *needed, struct err *err)
{
	struct search s = {.globals = g, .needed = needed, .err = err};
	int rc = 0;
	need(&s, target);
	while (s.open.n && rc == 0)
		rc = search_stage(&s, vec_pop(&s.open));
	vec_done(&s.open);
	return rc;
}
