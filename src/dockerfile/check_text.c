#include "dockerfile/check_priv.h"

static bool is_all(struct str s, char (*change)(char))
{
	for (size_t i = 0; i < s.n; i++)
		if (change(s.p[i]) != s.p[i])
			return false;
	return true;
}

/* Comments right above a definition are its description: they begin with a name it defines. */
static void check_description(struct checker *c, const struct dockerfile_node *n, const char *what,
	const struct str *names, size_t n_names)
{
	if (!n->n_comments || !n_names)
		return;
	struct str comment = n->comments[n->n_comments - 1], word;
	(void)str_cut(&comment, ' ', &word); /* always gives a first part */
	for (size_t i = 0; i < n_names; i++)
		if (str_eq(word, names[i]))
			return;
	struct str example = n_names > 1 ? S("<arg_key>") : names[0];
	finding_add(c, RULE_INVALID_DEFINITION_DESCRIPTION, spot_of(n),
		"Comment for %s should follow the format: `# %.*s <description>`", what,
		STR_ARG(example));
}

static void check_arg_description(struct checker *c, const struct inst *in)
{
	size_t n = in->pairs.n;
	struct str *names = ARENA_ARRAY(c->arena, struct str, n);
	for (size_t i = 0; i < n; i++)
		names[i] = in->pairs.p[i].name.text;
	check_description(c, in->node, "ARG", names, n);
}

static void check_inst(struct checker *c, const struct inst *in)
{
	if (in->kind == INST_ARG)
		check_arg_description(c, in);
	if (in->kind == INST_MAINTAINER)
		finding_add(c, RULE_MAINTAINER_DEPRECATED, spot_of(in->node),
			"Maintainer instruction is deprecated in favor of using label");
}

static void check_as(struct checker *c, const struct stage *s)
{
	struct str from = s->node->instruction, as = s->as.text;
	bool is_lower = is_all(from, ch_lower), is_upper = is_all(from, ch_upper);
	if ((is_lower && !is_all(as, ch_lower)) || (is_upper && !is_all(as, ch_upper)))
		finding_add(c, RULE_FROM_AS_CASING, spot_at(s->node, s->as.at),
			"'%.*s' and '%.*s' keywords' casing do not match", STR_ARG(as),
			STR_ARG(from));
}

static void check_stage_name(struct checker *c, const struct stage *s)
{
	struct spot spot = spot_at(s->node, s->typed_name.at);
	if (!s->name.n)
		return;
	if (!str_eq(s->name, s->typed_name.text))
		finding_add(c, RULE_STAGE_NAME_CASING, spot,
			"Stage name '%.*s' should be lowercase", STR_ARG(s->typed_name.text));
	check_as(c, s);
	check_description(c, s->node, "FROM", &s->name, 1);
}

void check_names(struct checker *c)
{
	struct map seen = {0};
	for (size_t i = 0; i < c->stages.n; i++) {
		const struct stage *s = &c->stages.p[i];
		struct spot spot = spot_at(s->node, s->typed_name.at);
		spot.comments = NULL;
		if (str_is(s->name, "context") || str_is(s->name, "scratch"))
			finding_add(c, RULE_RESERVED_STAGE_NAME, spot,
				"Stage name should not use the same name as reserved stage "
				"\"%.*s\"",
				STR_ARG(s->name));
		if (s->name.n && map_has(&seen, s->name))
			finding_add(c, RULE_DUPLICATE_STAGE_NAME, spot,
				"Duplicate stage name \"%.*s\", stage names should be unique",
				STR_ARG(s->name));
		map_put(&seen, s->name, NULL);
	}
	map_done(&seen, NULL);
}

void check_text(struct checker *c)
{
	for (size_t i = 0; i < c->stages.file->n; i++) {
		const struct dockerfile_node *n = &c->stages.file->nodes[i];
		struct spot spot = {n, {n->empty_continuation, 1}, NULL};
		if (n->empty_continuation)
			finding_add(c, RULE_NO_EMPTY_CONTINUATION, spot, "Empty continuation line");
	}
	for (size_t i = 0; i < c->stages.n_globals; i++)
		check_inst(c, &c->stages.globals[i]);
	for (size_t i = 0; i < c->stages.n; i++) {
		const struct stage *s = &c->stages.p[i];
		check_stage_name(c, s);
		for (size_t k = 0; k < s->n; k++)
			check_inst(c, &s->insts[k]);
	}
}

static void check_case(struct checker *c, const struct dockerfile_node *n, bool is_lower)
{
	struct spot spot = spot_of(n);
	spot.comments = NULL;
	if (!is_all(n->instruction, is_lower ? ch_lower : ch_upper))
		finding_add(c, RULE_CONSISTENT_INSTRUCTION_CASING, spot,
			"Command '%.*s' should match the case of the command majority (%s)",
			STR_ARG(n->instruction), is_lower ? "lowercase" : "uppercase");
}

/* What stands above the first FROM has no vote, and is not judged. */
void check_casing(struct checker *c)
{
	size_t n_lower = 0, n_upper = 0;
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < c->stages.n; i++) {
			const struct stage *s = &c->stages.p[i];
			for (size_t k = 0; k <= s->n; k++) {
				const struct dockerfile_node *n =
					k ? s->insts[k - 1].node : s->node;
				if (pass)
					check_case(c, n, n_lower > n_upper);
				n_lower += !pass && is_all(n->instruction, ch_lower);
				n_upper += !pass && is_all(n->instruction, ch_upper);
			}
		}
}
