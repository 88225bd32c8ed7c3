#include "dockerfile/check_priv.h"

bool check_is_image(struct checker *c, struct str name)
{
	const struct check_spec *spec = c->spec;
	return name.n && (!spec->is_image_name || spec->is_image_name(spec->context, name));
}

/* Would the base image be one without any --build-arg? */
static void check_defaults(struct checker *c, const struct stage *s)
{
	struct expander e = globals_expander(&c->globals, &c->globals.defaults);
	struct err ignored = {0}; /* globals_from() says it better */
	struct str base;
	struct spot spot = spot_at(s->node, s->base.at);
	spot.comments = NULL;
	if (expand_text(&e, s->base.text, c->arena, &base, &ignored) == 0 &&
		!stages_base(&c->stages, s, base) && !check_is_image(c, base))
		finding_add(c, RULE_INVALID_DEFAULT_ARG_IN_FROM, spot,
			"Default value for ARG %.*s results in empty or invalid base image name",
			STR_ARG(s->base.text));
}

static void tell_undeclared(struct checker *c, struct spot spot, const struct str_vec *names)
{
	VEC_EACH(names, name)
		if (!map_has(&c->declared, *name) &&
			finding_is_wanted(c, RULE_UNDEFINED_ARG_IN_FROM, &spot))
			finding_add(c, RULE_UNDEFINED_ARG_IN_FROM, spot,
				"FROM argument '%.*s' is not declared%s", STR_ARG(*name),
				check_similar(c, *name, &c->declared, ""));
}

struct os_arch {
	struct str os, arch;
};

static bool is_one_of(struct str s, const char *const *names)
{
	for (; *names; names++)
		if (str_eq_nocase(s, str_of(*names)))
			return true;
	return false;
}

/* "os/arch/variant", or one of the two that everybody knows. */
static bool parse_platform(struct str text, struct os_arch *ret)
{
	static const char *const systems[] = {"linux", "windows", "darwin", "freebsd", "netbsd",
		"openbsd", "solaris", "android", "aix", "dragonfly", "illumos", "ios", "js",
		"plan9", "wasip1", "zos", "hurd", "nacl", NULL};
	static const char *const machines[] = {"amd64", "arm64", "arm", "386", "ppc64le", "ppc64",
		"s390x", "riscv64", "riscv", "mips", "mipsle", "mips64", "mips64le", "loong64",
		"wasm", "x86_64", "x86-64", "aarch64", "i386", "armhf", "armel", "sparc", "sparc64",
		NULL};
	static const struct {
		const char *other, *name;
	} same[] = {{"x86_64", "amd64"}, {"x86-64", "amd64"}, {"aarch64", "arm64"}, {"i386", "386"},
		{"armhf", "arm"}, {"armel", "arm"}};
	struct str parts[3], rest = text;
	size_t n = 0;
	while (n < 3 && str_cut(&rest, '/', &parts[n]))
		if (!parts[n++].n)
			return false;
	if (rest.p || (n == 1 && !is_one_of(parts[0], systems) && !is_one_of(parts[0], machines)))
		return false;
	ret->os = n > 1 || is_one_of(parts[0], systems) ? parts[0] : STR_NONE;
	ret->arch = n > 1 ? parts[1] : ret->os.n ? STR_NONE : parts[0];
	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		if (str_eq_nocase(ret->arch, str_of(same[i].other)))
			ret->arch = str_of(same[i].name);
	return true;
}

static bool is_part(struct str name, struct str part)
{
	return part.n && str_has(name, part);
}

/* A constant is fine when the stage's name says so. */
static void check_constant(struct checker *c, const struct stage *s, struct spot spot, struct str p)
{
	struct os_arch parsed;
	if (!parse_platform(p, &parsed) || is_part(s->name, parsed.os) ||
		is_part(s->name, parsed.arch))
		return;
	finding_add(c, RULE_FROM_PLATFORM_FLAG_CONST_DISALLOWED, spot,
		"FROM --platform flag should not use constant value %s", text_quoted(c->arena, p));
}

static void check_platform_flag(struct checker *c, const struct stage *s)
{
	CLEANUP(expansion_done) struct expansion x = {0};
	struct expander e = globals_expander(&c->globals, &c->globals.vars);
	struct err ignored = {0}; /* globals_from() says it again */
	struct spot spot = spot_at(s->node, s->platform.at);
	struct str target;
	int rc = expand_word(&e, s->platform.text, c->arena, &x, &ignored);
	tell_undeclared(c, spot, &x.unmatched);
	if (rc < 0)
		return;
	if (x.matched.n == 1 && !x.unmatched.n && str_is(x.matched.p[0], "TARGETPLATFORM") &&
		vars_get(&c->globals.vars, S("TARGETPLATFORM"), &target) && str_eq(x.text, target))
		finding_add(c, RULE_REDUNDANT_TARGET_PLATFORM, spot,
			"Setting platform to predefined %.*s in FROM is redundant as this is the "
			"default behavior",
			STR_ARG(s->platform.text));
	if (!x.matched.n && !x.unmatched.n)
		check_constant(c, s, spot, x.text);
}

static int check_platform(struct checker *c, const struct stage *s, struct str platform)
{
	struct os_arch parsed;
	if (!platform.n || parse_platform(platform, &parsed))
		return 0;
	place_fail(c->err, s->platform.at, "failed to parse platform %.*s", STR_ARG(platform));
	return err_hint(c->err, "write it as linux/amd64 or linux/arm64/v8");
}

static int check_from(struct checker *c, const struct stage *s)
{
	CLEANUP(expansion_done) struct expansion x = {0};
	struct expander e = globals_expander(&c->globals, &c->globals.vars);
	struct err ignored = {0}; /* globals_from() says it again */
	struct str base, platform;
	int rc = expand_word(&e, s->base.text, c->arena, &x, &ignored);
	tell_undeclared(c, spot_at(s->node, s->base.at), &x.unmatched);
	if (rc == 0 && x.text.n && s->platform.text.n)
		check_platform_flag(c, s);
	if (globals_from(&c->globals, s, &base, &platform, c->err) < 0)
		return -1;
	return check_platform(c, s, platform);
}

/* The names FROM may use: those that are always there, and each ARG above, value or not. */
static void collect_declared(struct checker *c)
{
	MAP_EACH(&c->globals.vars.by_name, e)
		map_put(&c->declared, e->key, NULL);
	for (size_t i = 0; i < c->stages.n_globals; i++) {
		const struct inst_pairs *pairs = &c->stages.globals[i].pairs;
		for (size_t k = 0; k < pairs->n; k++)
			map_put(&c->declared, pairs->p[k].name.text, NULL);
	}
}

int check_froms(struct checker *c)
{
	collect_declared(c);
	for (size_t i = 0; i < c->stages.n; i++)
		check_defaults(c, &c->stages.p[i]);
	for (size_t i = 0; i < c->stages.n; i++)
		if (check_from(c, &c->stages.p[i]) < 0)
			return -1;
	return 0;
}

int check_base_name(struct checker *c, const struct stage *s)
{
	struct str base, platform;
	if (globals_from(&c->globals, s, &base, &platform, c->err) < 0)
		return -1;
	if (stages_base(&c->stages, s, base) || check_is_image(c, base))
		return 0;
	return place_fail(c->err, s->base.at,
		"failed to parse stage name %s: invalid reference format",
		text_quoted(c->arena, base));
}
