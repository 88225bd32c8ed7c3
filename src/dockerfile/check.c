#include "dockerfile/check_priv.h"

/* Names that mean something to a builder without being variables. */
static bool is_builders(struct str name)
{
	return str_is(name, "BUILDKIT_SBOM_SCAN_CONTEXT") ||
		str_is(name, "BUILDKIT_SBOM_SCAN_STAGE");
}

static void on_unmatched(struct scope_note *n, const struct inst *in, struct str name)
{
	struct checker *c = (struct checker *)n;
	if (is_builders(name) || !finding_is_wanted(c, RULE_UNDEFINED_VAR, &c->spot))
		return;
	finding_add(c, RULE_UNDEFINED_VAR, c->spot, "Usage of undefined variable '$%.*s'%s",
		STR_ARG(name), check_similar(c, name, &c->stage->scope.vars.by_name, "$"));
}

static void on_port(struct scope_note *n, const struct inst *in, struct str port)
{
	struct checker *c = (struct checker *)n;
	struct str proto = port, spec;
	(void)str_cut(&proto, '/', &spec); /* always gives a first part */
	for (size_t i = 0; i < proto.n; i++)
		if (ch_lower(proto.p[i]) != proto.p[i]) {
			finding_add(c, RULE_EXPOSE_PROTO_CASING, c->spot,
				"Defined protocol '%.*s' in EXPOSE instruction should be lowercase",
				STR_ARG(port));
			break;
		}
	if (str_rchr(spec, ':') > 0)
		finding_add(c, RULE_EXPOSE_INVALID_FORMAT, c->spot,
			"EXPOSE instruction should not define an IP address or host-port mapping, "
			"found '%.*s'",
			STR_ARG(port));
}

static int read_options(struct checker *c)
{
	const struct dockerfile_directive *d = &c->stages.file->check;
	struct str rest = d->value, word = STR_NONE;
	if (c->spec->options.p)
		word = c->spec->options;
	else if (d->is_set)
		(void)str_word(&rest, &word); /* a directive has a word */
	if (check_options_parse(word, &c->options, c->err) < 0) {
		err_wrap(c->err, "failed to parse check options");
		return d->is_set ? err_locate(c->err, NULL, d->at.line, d->at.col) : -1;
	}
	return 0;
}

static int mark_needed(struct checker *c)
{
	const struct stage *target;
	bool *needed = ARENA_ARRAY(c->arena, bool, c->stages.n);
	struct str name = c->spec->scope->target_stage;
	if (stages_target(&c->stages, name, &target, c->err) < 0)
		return -1;
	if (globals_needed(&c->globals, target, needed, c->err) < 0)
		return -1;
	for (size_t i = 0; i < c->stages.n; i++) {
		c->walked[i].is_needed = needed[i];
		c->walked[i].is_checked = !name.n || needed[i];
	}
	return 0;
}

static int check_all(struct checker *c)
{
	if (read_options(c) < 0)
		return -1;
	int rc = stages_read(c->stages.file, c->arena, &c->stages, c->err);
	check_text(c); /* what was read before an error counts, too */
	if (rc < 0)
		return -1;
	check_names(c);
	check_casing(c);
	c->walked = ARENA_ARRAY(c->arena, struct walked, c->stages.n);
	if (globals_init(&c->globals, &c->stages, c->spec->scope, c->arena, c->err) < 0 ||
		check_froms(c) < 0 || mark_needed(c) < 0)
		return -1;
	for (size_t i = 0; i < c->stages.n; i++)
		if (check_sources(c, &c->stages.p[i]) < 0 ||
			check_base_name(c, &c->stages.p[i]) < 0)
			return -1;
	for (size_t i = 0; i < c->stages.n; i++)
		if (c->walked[i].is_checked && check_stage(c, &c->stages.p[i]) < 0)
			return -1;
	return 0;
}

static int by_line(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	if (x->finding.at.line != y->finding.at.line)
		return x->finding.at.line < y->finding.at.line ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static void checker_done(struct checker *c)
{
	for (size_t i = 0; c->walked && i < c->stages.n; i++)
		scope_done(&c->walked[i].scope);
	globals_done(&c->globals);
	map_done(&c->declared, NULL);
	check_options_done(&c->options);
	vec_done(&c->found);
}
CLEANUP_VAL(checker_done, struct checker);

int dockerfile_check(const struct dockerfile *file, const struct check_spec *spec, struct arena *a,
	struct check_report *ret, struct err *err)
{
	CLEANUP(checker_done) struct checker c = {.spec = spec, .arena = a, .err = err};
	c.note = (struct scope_note){on_unmatched, on_port};
	c.stages.file = file;
	int rc = check_all(&c);
	vec_sort(&c.found, by_line);
	struct finding *findings = ARENA_ARRAY(a, struct finding, c.found.n);
	for (size_t i = 0; i < c.found.n; i++)
		findings[i] = c.found.p[i].finding;
	*ret = (struct check_report){findings, c.found.n, c.options.is_error && c.found.n};
	return rc;
}
