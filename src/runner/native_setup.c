/* docker/setup-buildx-action and docker/setup-qemu-action: there is no builder to start. The store is
 * what a builder's state would be, and it stays; what would make builds run elsewhere is refused. */
#include "native_priv.h"

#include <sys/utsname.h>

/* ---- buildx ---- */

static int refuse_elsewhere(const struct step *s, struct err *err)
{
	static const char *const names[] = {"append", "endpoint"};
	struct str driver = native_input(s, "driver");
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (!native_input(s, names[i]).n)
			continue;
		err_set(err, ERR_UNSUPPORTED,
			"input '%s' of docker/setup-buildx-action is not supported", names[i]);
		return err_hint(err, "builds run on this machine");
	}
	if (!driver.n || str_is(driver, "docker-container") || str_is(driver, "docker"))
		return 0;
	err_set(err, ERR_UNSUPPORTED, "driver '%.*s' is not supported", STR_ARG(driver));
	return err_hint(err, "leave it out: builds run on this machine");
}

/* Settings of a builder's container or daemon. What would change a build's result is not among them. */
static void tell_useless(struct step *s)
{
	static const char *const names[] = {"driver-opts", "buildkitd-flags", "buildkitd-config",
		"buildkitd-config-inline", "config", "config-inline", "version"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (native_input(s, names[i]).n)
			step_notef(s, EVENT_NOTICE,
				"input '%s' has no effect: there is no builder container (registries "
				"and mirrors are set in knarr's configuration)",
				names[i]);
}

static struct str host_platform(struct arena *a)
{
	static const struct {
		const char *machine, *platform;
	} known[] = {{"x86_64", "linux/amd64"}, {"aarch64", "linux/arm64"},
		{"armv7l", "linux/arm/v7"}, {"i686", "linux/386"}, {"riscv64", "linux/riscv64"},
		{"ppc64le", "linux/ppc64le"}, {"s390x", "linux/s390x"}};
	struct utsname u;
	if (uname(&u) < 0)
		return S("linux/amd64");
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(u.machine, known[i].machine) == 0)
			return str_of(known[i].platform);
	return arena_fmt(a, "linux/%.50s", u.machine);
}

static void set_buildx_outputs(struct step *s)
{
	struct str name = native_input(s, "name"), platform = host_platform(s->a);
	if (!name.n)
		name = S("knarr");
	step_set_output(s, S("name"), name);
	step_set_output(s, S("driver"), S("knarr"));
	step_set_output(s, S("platforms"), platform);
	step_set_output(s, S("nodes"),
		arena_fmt(s->a,
			"[{\"name\":\"knarr\",\"status\":\"running\",\"platforms\":\"%.*s\"}]",
			STR_ARG(platform)));
	step_set_output(s, S("endpoint"), S("")); /* of versions before 3 */
	step_set_output(s, S("status"), S("running"));
	step_set_output(s, S("flags"), S(""));
}

static int run_buildx(struct step *s, struct err *err)
{
	if (refuse_elsewhere(s, err) < 0)
		return -1;
	tell_useless(s);
	set_buildx_outputs(s);
	return 0;
}

static const struct native_input buildx_inputs[] = {{"version"}, {"driver", "docker-container"},
	{"driver-opts"}, {"buildkitd-flags"}, {"buildkitd-config"}, {"buildkitd-config-inline"},
	{"config"}, {"config-inline"}, {"install", "false"}, {"use", "true"}, {"endpoint"},
	{"platforms"}, {"append"}, {"keep-state", "false"}, {"cache-binary", "true"},
	{"cleanup", "true"}, {"name"}, {NULL}};

const struct native native_buildx = {"docker/setup-buildx-action", buildx_inputs, run_buildx};

/* ---- qemu ---- */

static const struct emulated {
	const char *platform, *other_name, *binary; /* binary: of binfmt_misc, behind "qemu-" */
} emulated[] = {
	{"linux/amd64", "amd64", "x86_64"},
	{"linux/arm64", "arm64", "aarch64"},
	{"linux/arm/v7", "arm", "arm"},
	{"linux/arm/v6", "linux/arm", "arm"},
	{"linux/386", "386", "i386"},
	{"linux/riscv64", "riscv64", "riscv64"},
	{"linux/ppc64le", "ppc64le", "ppc64le"},
	{"linux/s390x", "s390x", "s390x"},
	{"linux/mips64le", "mips64le", "mips64el"},
	{"linux/mips64", "mips64", "mips64"},
	{"linux/loong64", "loong64", "loongarch64"},
};

static bool has_emulator(const struct emulated *e)
{
	char path[128];
	snprintf(path, sizeof(path), "/proc/sys/fs/binfmt_misc/qemu-%s", e->binary);
	return access(path, F_OK) == 0;
}

static bool is_possible(struct str platform, struct str host)
{
	if (str_eq(platform, host) || str_ends(host, platform))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(emulated); i++)
		if (str_is(platform, emulated[i].platform) ||
			str_is(platform, emulated[i].other_name))
			return has_emulator(&emulated[i]);
	return false;
}

static int check_platforms(struct step *s, struct str host, struct err *err)
{
	struct str_vec list = {0};
	int rc = native_list_input(s, "platforms", (struct list_rule){0}, &list, err);
	for (size_t i = 0; rc == 0 && i < list.n; i++) {
		if (str_is(list.p[i], "all") || is_possible(list.p[i], host))
			continue;
		err_set(err, ERR_UNSUPPORTED, "this machine cannot run programs of '%.*s'",
			STR_ARG(list.p[i]));
		rc = err_hint(err, "apt-get install qemu-user-static binfmt-support");
	}
	vec_done(&list);
	return rc;
}

static int run_qemu(struct step *s, struct err *err)
{
	CLEANUP(buf_done) struct buf all = BUF(4096);
	struct str host = host_platform(s->a);
	if (!native_is_dry(s) && check_platforms(s, host, err) < 0)
		return -1;
	buf_add(&all, host);
	for (size_t i = 0; i < ARRAY_LEN(emulated); i++)
		if (!str_is(host, emulated[i].platform) && has_emulator(&emulated[i]))
			buf_fmt(&all, ",%s", emulated[i].platform);
	if (all.n == host.n)
		step_notef(s, EVENT_NOTICE,
			"this machine runs programs of %.*s only; for others: apt-get install "
			"qemu-user-static binfmt-support",
			STR_ARG(host));
	step_set_output(s, S("platforms"), buf_str(&all));
	return 0;
}

static const struct native_input qemu_inputs[] = {
	{"image"}, {"platforms", "all"}, {"reset", "false"}, {"cache-image", "true"}, {NULL}};

const struct native native_qemu = {"docker/setup-qemu-action", qemu_inputs, run_qemu};
