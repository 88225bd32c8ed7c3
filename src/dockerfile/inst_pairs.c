/* ENV, LABEL, ARG. */
#include "dockerfile/instruction_priv.h"

static int blank_name(struct reader *r, struct dockerfile_place at)
{
	return place_fail(r->err, at, "%s names can not be blank", r->name);
}

/* ENV and LABEL: the node has a name, a value and a sign for each. */
int inst_read_pairs(struct reader *r, struct inst *ret)
{
	if (flags_none(r) < 0 || reader_need_some(r) < 0)
		return -1;
	size_t n = r->node->n_args / 3;
	struct inst_pair *pairs = ARENA_ARRAY(r->arena, struct inst_pair, n);
	for (size_t i = 0; i < n; i++) {
		const struct dockerfile_word *w = r->node->args + i * 3;
		if (!w[0].text.n)
			return blank_name(r, w[0].at);
		pairs[i] = (struct inst_pair){w[0], w[1].text, true, !w[2].text.n};
	}
	ret->pairs = (struct inst_pairs){pairs, n};
	return 0;
}

/* Flags are not looked at: `ARG --x` has always been let through. */
int inst_read_arg(struct reader *r, struct inst *ret)
{
	if (reader_need_some(r) < 0)
		return -1;
	size_t n = r->node->n_args;
	struct inst_pair *pairs = ARENA_ARRAY(r->arena, struct inst_pair, n);
	for (size_t i = 0; i < n; i++) {
		struct str value = r->node->args[i].text;
		struct inst_pair *p = &pairs[i];
		p->name.at = r->node->args[i].at;
		p->has_value = str_chr(value, '=') >= 0;
		(void)str_cut(&value, '=', &p->name.text); /* without '=' all of it is the name */
		p->value = value;
		if (!p->name.text.n)
			return blank_name(r, p->name.at);
	}
	ret->pairs = (struct inst_pairs){pairs, n};
	return 0;
}
