/* Platforms: os/architecture/variant, normalised as containerd does, and which runs which.
 *
 * A variant that every processor of the architecture has is written as none: amd64 "v1", arm64
 * "v8". arm without a variant is v7. */
#include "image/image_priv.h"

#include <sys/utsname.h>

struct alias {
	const char *name, *architecture, *variant;
};

static const struct alias aliases[] = {
	{"i386", "386", ""},
	{"i486", "386", ""},
	{"i586", "386", ""},
	{"i686", "386", ""},
	{"x86_64", "amd64", ""},
	{"x86-64", "amd64", ""},
	{"aarch64", "arm64", ""},
	{"armhf", "arm", "v7"},
	{"armel", "arm", "v6"},
	{"armv7l", "arm", "v7"},
	{"armv6l", "arm", "v6"},
	{"mips64el", "mips64le", ""},
};

static const char *const known_architectures[] = {"386", "amd64", "amd64p32", "arm", "armbe",
	"arm64", "arm64be", "loong64", "mips", "mipsle", "mips64", "mips64le", "mips64p32",
	"mips64p32le", "ppc", "ppc64", "ppc64le", "riscv", "riscv64", "s390", "s390x", "sparc",
	"sparc64", "wasm", NULL};

static const char *const known_systems[] = {"aix", "android", "darwin", "dragonfly", "freebsd",
	"hurd", "illumos", "ios", "js", "linux", "nacl", "netbsd", "openbsd", "plan9", "solaris",
	"wasip1", "windows", "zos", NULL};

static bool is_one_of(struct str s, const char *const *list)
{
	for (; *list; list++)
		if (str_is(s, *list))
			return true;
	return false;
}

static struct str lower(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n + 1, 1);
	for (size_t i = 0; i < s.n; i++)
		p[i] = ch_lower(s.p[i]);
	return str_n(p, s.n);
}

static struct str normal_variant(struct arena *a, struct str architecture, struct str variant)
{
	if (str_is(architecture, "arm") && !variant.n)
		return S("v7");
	if (variant.n == 1 && ch_is_digit(variant.p[0]))
		variant = arena_fmt(a, "v%c", variant.p[0]);
	if (str_is(architecture, "arm64") && (str_is(variant, "v8") || str_is(variant, "v8.0")))
		return STR_NONE;
	if (str_is(architecture, "amd64") && str_is(variant, "v1"))
		return STR_NONE;
	return variant;
}

void platform_normalise(struct image_platform *p, struct arena *a)
{
	p->os = lower(a, p->os);
	p->architecture = lower(a, p->architecture);
	p->variant = lower(a, p->variant);
	if (str_is(p->os, "macos"))
		p->os = S("darwin");
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++) {
		if (!str_is(p->architecture, aliases[i].name))
			continue;
		p->architecture = str_of(aliases[i].architecture);
		if (aliases[i].variant[0])
			p->variant = str_of(aliases[i].variant);
	}
	p->variant = normal_variant(a, p->architecture, p->variant);
}

struct image_platform image_platform_host(void)
{
	struct utsname u;
	struct image_platform p = {.os = S("linux"), .architecture = S("amd64")};
	if (uname(&u) < 0)
		return p;
	struct str machine = str_of(u.machine);
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
		if (str_is(machine, aliases[i].name)) {
			p.architecture = str_of(aliases[i].architecture);
			p.variant = str_of(aliases[i].variant);
			return p;
		}
	for (const char *const *k = known_architectures; *k; k++)
		if (str_is(machine, *k))
			p.architecture = str_of(*k);
	return p;
}

static int bad_part(struct str part, struct err *err)
{
	err_set(err, ERR_INPUT, "'%.*s' is not part of a platform", STR_ARG(part));
	return err_hint(err, "write os/architecture, as in 'linux/arm64' or 'linux/arm/v7'");
}

static int check_part(struct str part, struct err *err)
{
	for (size_t i = 0; i < part.n; i++)
		if (!ch_is_alnum(part.p[i]) && str_chr(S("_.-"), part.p[i]) < 0)
			return bad_part(part, err);
	return part.n ? 0 : bad_part(part, err);
}

/* "windows(10.0.17763)": the version is optional. */
static int parse_os(struct str part, struct image_platform *p, struct err *err)
{
	ssize_t open = str_chr(part, '(');
	p->os = part;
	if (open < 0)
		return check_part(part, err);
	if (!str_ends(part, S(")")))
		return bad_part(part, err);
	p->os = str_sub(part, 0, (size_t)open);
	p->os_version = str_sub(part, (size_t)open + 1, part.n - 1);
	if (check_part(p->os, err) < 0)
		return -1;
	return p->os_version.n ? check_part(p->os_version, err) : 0;
}

/* One word is an operating system or an architecture; the host fills in the other. */
static int parse_word(struct str word, struct image_platform *p, struct arena *a, struct err *err)
{
	struct image_platform host = image_platform_host();
	if (str_is(word, "local")) {
		*p = host;
		return 0;
	}
	struct image_platform named = {.os = host.os, .architecture = word};
	platform_normalise(&named, a);
	if (is_one_of(named.architecture, known_architectures)) {
		*p = named;
		return 0;
	}
	struct image_platform system = {.os = p->os,
		.architecture = host.architecture,
		.variant = host.variant,
		.os_version = p->os_version};
	platform_normalise(&system, a);
	if (!is_one_of(system.os, known_systems)) {
		err_set(err, ERR_INPUT, "'%.*s' is neither an operating system nor an architecture",
			STR_ARG(word));
		return err_hint(err, "write both, as in 'linux/amd64'");
	}
	*p = system;
	return 0;
}

static int parse(struct str text, struct arena *a, struct image_platform *ret, struct err *err)
{
	struct image_platform p = {0};
	struct str parts[3] = {STR_NONE}, rest = text;
	size_t n = 0;
	while (n < 3 && str_cut(&rest, '/', &parts[n]))
		n++;
	if (rest.p)
		return err_set(err, ERR_INPUT, "expected os/architecture/variant");
	if (parse_os(parts[0], &p, err) < 0)
		return -1;
	if (n == 1) {
		if (parse_word(parts[0], &p, a, err) < 0)
			return -1;
	} else {
		for (size_t i = 1; i < n; i++)
			if (check_part(parts[i], err) < 0)
				return -1;
		p.architecture = parts[1];
		p.variant = n == 3 ? parts[2] : STR_NONE;
		platform_normalise(&p, a);
	}
	*ret = (struct image_platform){arena_str(a, p.os), arena_str(a, p.architecture),
		arena_str(a, p.variant), arena_str(a, p.os_version)};
	return 0;
}

int image_platform_parse(struct str text, struct arena *a, struct image_platform *ret,
	struct err *err)
{
	if (parse(text, a, ret, err) == 0)
		return 0;
	return err_wrap(err, "platform '%.*s'", STR_ARG(str_sub(text, 0, 200)));
}

void image_platform_add(struct buf *b, const struct image_platform *p)
{
	buf_fmt(b, "%.*s/%.*s", STR_ARG(p->os), STR_ARG(p->architecture));
	if (p->variant.n)
		buf_fmt(b, "/%.*s", STR_ARG(p->variant));
}

/* The number of a variant "v7"; the architecture's first when there is none; -1 = not a number. */
static int variant_number(struct str architecture, struct str variant)
{
	if (!variant.n)
		return str_is(architecture, "arm64") ? 8 : str_is(architecture, "arm") ? 7 : 1;
	if (variant.n == 2 && variant.p[0] == 'v' && ch_is_digit(variant.p[1]))
		return variant.p[1] - '0';
	return -1;
}

/* Within one architecture: an exact variant is 0, each step down costs one. */
static int variant_rank(const struct image_platform *want, const struct image_platform *have)
{
	if (str_eq(want->variant, have->variant))
		return 0;
	int wanted = variant_number(want->architecture, want->variant);
	int had = variant_number(have->architecture, have->variant);
	return wanted < 0 || had < 0 || had > wanted ? -1 : wanted - had;
}

int platform_rank(const struct image_platform *want, const struct image_platform *have)
{
	enum { FOREIGN = 100 };
	if (!str_eq(want->os, have->os))
		return -1;
	if (want->os_version.n && have->os_version.n && !str_eq(want->os_version, have->os_version))
		return -1;
	if (str_eq(want->architecture, have->architecture))
		return variant_rank(want, have);
	if (str_is(want->architecture, "amd64") && str_is(have->architecture, "386"))
		return FOREIGN;
	if (str_is(want->architecture, "arm64") && str_is(have->architecture, "arm")) {
		struct image_platform v8 = {.architecture = S("arm"), .variant = S("v8")};
		int rank = variant_rank(&v8, have);
		return rank < 0 ? -1 : FOREIGN + rank;
	}
	return -1;
}

bool image_platform_matches(const struct image_platform *want, const struct image_platform *have)
{
	return platform_rank(want, have) >= 0;
}
