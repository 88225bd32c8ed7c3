#include "dockerfile/instruction_priv.h"

static int refuse_trigger(struct err *err, const struct dockerfile_node *n)
{
	static const char *const refused[] = {"FROM", "MAINTAINER"};
	if (str_eq_nocase(n->instruction, S("ONBUILD")))
		return place_fail(err, n->at,
			"Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		if (str_eq_nocase(n->instruction, str_of(refused[i])))
			return place_fail(err, n->at, "%s isn't allowed as an ONBUILD trigger",
				refused[i]);
	return 0;
}

int inst_read_onbuild(struct reader *r, struct inst *ret)
{
	const struct dockerfile_node *sub = r->node->sub;
	if (!sub)
		return reader_fail(r, "ONBUILD requires at least one argument");
	if (flags_none(r) < 0 || refuse_trigger(r->err, sub) < 0)
		return -1;
	CLEANUP(buf_done) struct buf b = BUF(2 * DOCKERFILE_MAX_BYTES);
	struct str whole = r->node->original;
	/* From the trigger's first letter to the end of the line, blanks included. */
	buf_add(&b, str_skip(whole, (size_t)(sub->original.p - whole.p)));
	for (size_t i = 0; i < r->node->n_heredocs; i++) {
		buf_add_ch(&b, '\n');
		buf_add(&b, r->node->heredocs[i].content);
		buf_add(&b, r->node->heredocs[i].name);
	}
	ret->word = (struct dockerfile_word){arena_str(r->arena, buf_str(&b)), sub->at};
	struct err later = {0}; /* inst_trigger() says it, if anybody asks */
	struct inst trigger;
	if (inst_parse_trigger(ret->word.text, r->arena, &trigger, &later) == 0) {
		struct inst *kept = ARENA_NEW(r->arena, struct inst);
		*kept = trigger;
		ret->trigger = kept;
	}
	return 0;
}

int inst_trigger(const struct inst *onbuild, const struct inst **ret, struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct inst unused;
	*ret = onbuild->trigger;
	if (onbuild->trigger)
		return 0;
	(void)inst_parse_trigger(onbuild->word.text, &a, &unused, err); /* it failed before */
	err->at = (struct err_at){.line = onbuild->node->at.line, .col = onbuild->node->at.col};
	return -1;
}

int inst_parse_trigger(struct str text, struct arena *a, struct inst *ret, struct err *err)
{
	struct dockerfile *d = ARENA_NEW(a, struct dockerfile);
	struct stage unused;
	if (dockerfile_parse(text, a, d, err) < 0)
		return err_wrap(err, "ONBUILD trigger");
	if (d->n != 1)
		return err_set(err, ERR_INPUT,
			"onbuild trigger should be a single expression, got '%.*s'", STR_ARG(text));
	if (inst_read(&d->nodes[0], a, ret, &unused, err) < 0)
		return err_wrap(err, "ONBUILD trigger");
	if (ret->kind == INST_FROM)
		return err_set(err, ERR_INPUT, "FROM isn't allowed as an ONBUILD trigger");
	return 0;
}
