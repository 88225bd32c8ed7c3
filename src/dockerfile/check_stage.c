#include "dockerfile/check_priv.h"

static void check_last(struct checker *c, const struct inst *in, size_t kind)
{
	struct spot *last = &c->stage->last[kind];
	if (last->node) {
		/* It is the earlier one that does nothing; the later one's comments count. */
		last->comments = c->spot.comments;
		finding_add(c, RULE_MULTIPLE_INSTRUCTIONS_DISALLOWED, *last,
			"Multiple %.*s instructions should not be used in the same stage because "
			"only the last one will be used",
			STR_ARG(in->node->instruction));
	}
	*last = c->spot;
}

static void check_form(struct checker *c, const struct inst *in)
{
	if (in->command.is_shell && !c->stage->has_shell)
		finding_add(c, RULE_JSON_ARGS_RECOMMENDED, c->spot,
			"JSON arguments recommended for %.*s to prevent unintended behavior related "
			"to OS signals",
			STR_ARG(in->node->instruction));
}

/* A name one of whose parts between '_' says that the value is secret, and none that it is not. */
static bool is_secret(struct str name)
{
	static const char *const secret[] = {"apikey", "auth", "credential", "credentials", "key",
		"password", "pword", "passwd", "secret", "token"};
	static const char *const harmless[] = {"public", "file", "version"};
	struct str part;
	bool found = false;
	while (str_cut(&name, '_', &part)) {
		for (size_t i = 0; i < ARRAY_LEN(harmless); i++)
			if (str_eq_nocase(part, str_of(harmless[i])))
				return false;
		for (size_t i = 0; i < ARRAY_LEN(secret); i++)
			found |= str_eq_nocase(part, str_of(secret[i]));
	}
	return found;
}

static void check_pairs(struct checker *c, const struct inst *in)
{
	for (size_t i = 0; i < in->pairs.n; i++) {
		const struct inst_pair *p = &in->pairs.p[i];
		struct spot spot = c->spot;
		if (spot.node == in->node)
			spot = spot_at(in->node, p->name.at);
		if (p->is_old)
			finding_add(c, RULE_LEGACY_KEY_VALUE_FORMAT, c->spot,
				"\"%.*s key=value\" should be used instead of legacy \"%.*s key "
				"value\" format",
				STR_ARG(in->node->instruction), STR_ARG(in->node->instruction));
		if (in->kind != INST_LABEL && is_secret(p->name.text))
			finding_add(c, RULE_SECRETS_USED_IN_ARG_OR_ENV, spot,
				"Do not use ARG or ENV instructions for sensitive data (%s %s)",
				inst_kind_name(in->kind), text_quoted(c->arena, p->name.text));
	}
}

static void check_workdir(struct checker *c, const struct inst *in)
{
	struct expander e = globals_expander(&c->globals, &c->stage->scope.vars);
	struct err ignored = {0}; /* scope_apply() has worked already */
	struct str path = in->word.text;
	(void)expand_text(&e, path, c->arena, &path, &ignored);
	if (!c->stage->has_workdir && !str_starts(path, S("/")))
		finding_add(c, RULE_WORKDIR_RELATIVE_PATH, c->spot,
			"Relative workdir %s can have unexpected results if the base image changes",
			text_quoted(c->arena, path));
	c->stage->has_workdir = true;
}

static void check_ignored(struct checker *c, const struct inst *in)
{
	const struct check_spec *spec = c->spec;
	if (!spec->is_ignored || in->copy.from.text.n)
		return;
	for (size_t i = 0; i < in->copy.sources.n; i++) {
		struct str path = scope_path(c->arena, S("/"), in->copy.sources.p[i].text);
		path = str_skip(path, 1);
		if (path.n && spec->is_ignored(spec->context, path))
			finding_add(c, RULE_COPY_IGNORED_FILE, c->spot,
				"Attempting to %s file %s that is excluded by .dockerignore",
				in->kind == INST_ADD ? "Add" : "Copy", text_quoted(c->arena, path));
	}
}

/* in: as written; filled: with its variables. */
static void check_inst(struct checker *c, const struct inst *in, const struct inst *filled)
{
	switch (in->kind) {
	case INST_CMD:
		check_last(c, in, LAST_CMD);
		check_form(c, in);
		break;
	case INST_ENTRYPOINT:
		check_last(c, in, LAST_ENTRYPOINT);
		check_form(c, in);
		break;
	case INST_HEALTHCHECK: check_last(c, in, LAST_HEALTHCHECK); break;
	case INST_SHELL: c->stage->has_shell = true; break;
	case INST_ARG:
	case INST_ENV:
	case INST_LABEL: check_pairs(c, filled); break;
	case INST_WORKDIR: check_workdir(c, in); break;
	case INST_ADD:
	case INST_COPY: check_ignored(c, filled); break;
	default: break;
	}
}

static int check_source(struct checker *c, const struct stage *s, struct dockerfile_word from,
	bool has_index)
{
	const struct stage *found;
	if (!from.text.n)
		return 0;
	if (stages_from(&c->stages, s, from, has_index, &found, c->err) < 0)
		return -1;
	if (found || str_is(from.text, "scratch") || check_is_image(c, from.text))
		return 0;
	return place_fail(c->err, from.at,
		"failed to parse stage name %s: invalid reference format",
		text_quoted(c->arena, from.text));
}

/* The stages and images COPY and RUN name have to be there. */
static int check_inst_sources(struct checker *c, const struct stage *s, const struct inst *in)
{
	if (in->kind == INST_COPY)
		return check_source(c, s, in->copy.from, true);
	for (size_t i = 0; in->kind == INST_RUN && i < in->run.mounts.n; i++) {
		struct dockerfile_word from = in->run.mounts.p[i];
		if (mount_from(from, c->arena, &from.text, c->err) < 0 ||
			check_source(c, s, from, false) < 0)
			return -1;
	}
	return 0;
}

int check_sources(struct checker *c, const struct stage *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (check_inst_sources(c, s, &s->insts[i]) < 0)
			return -1;
	return 0;
}

static int walk(struct checker *c, const struct stage *s, const struct inst *in)
{
	struct inst filled;
	if (scope_apply(&c->stage->scope, in, &filled, c->err) < 0)
		return -1;
	check_inst(c, in, &filled);
	return 0;
}

/* A trigger runs where FROM stands. */
static int walk_trigger(struct checker *c, const struct stage *s, const struct inst *trigger)
{
	c->spot = spot_of(s->node);
	if (check_inst_sources(c, s, trigger) == 0 && walk(c, s, trigger) == 0)
		return 0;
	c->err->at = (struct err_at){.line = s->node->at.line, .col = s->node->at.col};
	return err_wrap(c->err, "ONBUILD trigger");
}

static int enter_stage(struct checker *c, const struct stage *s, const struct stage *base)
{
	const struct walked *from = &c->walked[base->index];
	c->stage->has_workdir = from->has_workdir;
	c->stage->has_shell = from->has_shell;
	if (scope_from_stage(&c->stage->scope, &from->scope, c->err) < 0)
		return -1;
	c->stage->scope.note = &c->note;
	for (size_t i = 0; i < base->n && c->stage->is_needed; i++) {
		const struct inst *trigger;
		if (base->insts[i].kind == INST_ONBUILD &&
			(inst_trigger(&base->insts[i], &trigger, c->err) < 0 ||
				walk_trigger(c, s, trigger) < 0))
			return -1;
	}
	return 0;
}

static int ask_image(struct checker *c, const struct stage *s, struct str name, struct str platform,
	struct check_image *ret)
{
	const struct check_spec *spec = c->spec;
	if (!spec->image || str_is(name, "scratch"))
		return 0;
	if (spec->image(spec->context, name, platform, ret, c->err) < 0)
		return err_locate(c->err, NULL, s->base.at.line, s->base.at.col);
	if (ret->other_platform.n)
		finding_add(c, RULE_INVALID_BASE_IMAGE_PLATFORM, spot_at(s->node, s->base.at),
			"Base image %.*s was pulled with platform %s, expected %s for current build",
			STR_ARG(name), text_quoted(c->arena, ret->other_platform),
			text_quoted(c->arena, platform.n ? platform : c->spec->scope->target.text));
	return 0;
}

static int enter_image(struct checker *c, const struct stage *s, struct str name,
	struct str platform)
{
	struct check_image image = {0};
	if (ask_image(c, s, name, platform, &image) < 0 ||
		scope_from_image(&c->stage->scope, &c->globals, image.env, image.n_env, S("/"),
			c->err) < 0)
		return -1;
	c->stage->scope.note = &c->note;
	c->stage->has_shell = image.has_shell;
	for (size_t i = 0; i < image.n_triggers && c->stage->is_needed; i++) {
		struct inst trigger;
		if (inst_parse_trigger(image.triggers[i], c->arena, &trigger, c->err) < 0 ||
			walk_trigger(c, s, &trigger) < 0)
			return err_locate(c->err, NULL, s->node->at.line, s->node->at.col);
	}
	return 0;
}

int check_stage(struct checker *c, const struct stage *s)
{
	struct str base, platform;
	if (globals_from(&c->globals, s, &base, &platform, c->err) < 0)
		return -1;
	const struct stage *from = stages_base(&c->stages, s, base);
	c->stage = &c->walked[s->index];
	int rc = from ? enter_stage(c, s, from) : enter_image(c, s, base, platform);
	for (size_t i = 0; i < s->n && rc == 0; i++) {
		c->spot = spot_of(s->insts[i].node);
		rc = walk(c, s, &s->insts[i]);
	}
	return rc;
}
