#include "dockerfile/scope_priv.h"

const char *const scope_proxy_names[] = {"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy",
	"FTP_PROXY", "ftp_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy", NULL};

int scope_charge(struct globals *g, uint64_t bytes, struct err *err)
{
	if (bytes > g->bytes_left)
		return err_set(err, ERR_LIMIT, "variables expand to more than %d MiB",
			SCOPE_MAX_BYTES >> 20);
	g->bytes_left -= bytes;
	return 0;
}

struct expander globals_expander(struct globals *g, const struct vars *vars)
{
	return (struct expander){
		.escape = g->stages->file->escape, .vars = vars, .work_left = &g->work_left};
}

static void set_both(struct globals *g, const char *name, struct str value)
{
	struct str given;
	vars_set(&g->defaults, str_of(name), value);
	bool is_given = g->spec->given && vars_get(g->spec->given, str_of(name), &given);
	vars_set(&g->vars, str_of(name), is_given ? given : value);
}

static void set_platforms(struct globals *g)
{
	const struct scope_platform *build = &g->spec->build, *target = &g->spec->target;
	struct str stage = g->spec->target_stage;
	set_both(g, "BUILDPLATFORM", build->text);
	set_both(g, "BUILDOS", build->os);
	set_both(g, "BUILDOSVERSION", build->os_version);
	set_both(g, "BUILDARCH", build->arch);
	set_both(g, "BUILDVARIANT", build->variant);
	set_both(g, "TARGETPLATFORM", target->text);
	set_both(g, "TARGETOS", target->os);
	set_both(g, "TARGETOSVERSION", target->os_version);
	set_both(g, "TARGETARCH", target->arch);
	set_both(g, "TARGETVARIANT", target->variant);
	set_both(g, "TARGETSTAGE", stage.n ? stage : S("default"));
}

/* One global ARG, in the variables given. */
static int set_arg(struct globals *g, struct vars *vars, const struct vars *given,
	const struct inst_pair *p, struct err *err)
{
	struct expander e = globals_expander(g, vars);
	struct str value;
	if (!given || !vars_get(given, p->name.text, &value)) {
		if (!p->has_value)
			return 0;
		if (expand_text(&e, p->value, g->arena, &value, err) < 0)
			return err_locate(err, NULL, p->name.at.line, p->name.at.col);
	}
	if (scope_charge(g, value.n + SCOPE_ENTRY_BYTES, err) < 0)
		return err_locate(err, NULL, p->name.at.line, p->name.at.col);
	vars_set(vars, p->name.text, value);
	return 0;
}

static int set_default(struct globals *g, const struct inst_pair *p)
{
	struct err ignored = {0}; /* a default nobody uses may be broken */
	if (set_arg(g, &g->defaults, NULL, p, &ignored) < 0 && ignored.kind == ERR_INPUT)
		vars_set(&g->defaults, p->name.text, S(""));
	return 0;
}

int globals_init(struct globals *g, const struct stages *stages, const struct scope_spec *spec,
	struct arena *a, struct err *err)
{
	*g = (struct globals){.spec = spec,
		.stages = stages,
		.arena = a,
		.vars = {.arena = a},
		.defaults = {.arena = a},
		.bytes_left = SCOPE_MAX_BYTES,
		.work_left = SCOPE_MAX_WORK};
	set_platforms(g);
	for (size_t i = 0; i < stages->n_globals; i++) {
		const struct inst_pairs *pairs = &stages->globals[i].pairs;
		for (size_t k = 0; k < pairs->n; k++) {
			(void)set_default(g, &pairs->p[k]);
			if (set_arg(g, &g->vars, spec->given, &pairs->p[k], err) < 0)
				return -1;
		}
	}
	return 0;
}

void globals_done(struct globals *g)
{
	vars_done(&g->vars);
	vars_done(&g->defaults);
}

static int fill_from(struct globals *g, struct dockerfile_word w, struct str *ret, struct err *err)
{
	struct expander e = globals_expander(g, &g->vars);
	if (expand_text(&e, w.text, g->arena, ret, err) < 0 || scope_charge(g, ret->n, err) < 0)
		return err_locate(err, NULL, w.at.line, w.at.col);
	return 0;
}

int globals_from(struct globals *g, const struct stage *s, struct str *ret_base,
	struct str *ret_platform, struct err *err)
{
	struct str base, platform = S("");
	if (fill_from(g, s->base, &base, err) < 0)
		return -1;
	if (!base.n) {
		place_fail(err, s->base.at, "base name (%.*s) should not be blank",
			STR_ARG(s->base.text));
		return err_hint(err, "give its ARG a default, or pass it with --build-arg");
	}
	if (s->platform.text.n) {
		if (fill_from(g, s->platform, &platform, err) < 0)
			return -1;
		if (!platform.n)
			return place_fail(err, s->platform.at,
				"empty platform value from expression %.*s",
				STR_ARG(s->platform.text));
	}
	*ret_base = base;
	*ret_platform = platform;
	return 0;
}
