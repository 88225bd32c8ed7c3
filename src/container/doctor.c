#include "container/doctor.h"

#include "container/container_priv.h"
#include "container/helper/cgroup_priv.h"
#include "container/helper_priv.h"
#include "container/probe_priv.h"
#include "container/stage_priv.h"
#include "fs/fs.h"

#include <fcntl.h>
#include <stdarg.h>
#include <sys/utsname.h>

/* mount_setattr(2), which makes read-only mounts all the way down. */
enum { KERNEL_MAJOR = 5, KERNEL_MINOR = 12 };

static struct container_finding *add(struct container_findings *f, const char *what, bool is_needed,
	bool is_ok)
{
	assert(f->n < CONTAINER_FINDINGS_MAX);
	struct container_finding *one = &f->p[f->n++];
	*one = (struct container_finding){.what = what, .is_ok = is_ok, .is_needed = is_needed};
	return one;
}

static void detail(struct container_finding *f, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void detail(struct container_finding *f, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	vsnprintf(f->detail, sizeof(f->detail), fmt, args);
	va_end(args);
}

/* ---- how to get a package here ---- */

static void read_os(struct str text, struct str *ret_ids)
{
	struct str line, key;
	*ret_ids = STR_NONE;
	while (str_line(&text, &line)) {
		struct str rest = line;
		if (!str_cut(&rest, '=', &key) || (!str_is(key, "ID") && !str_is(key, "ID_LIKE")))
			continue;
		*ret_ids = rest;
		if (str_is(key, "ID_LIKE"))
			return; /* says more: "debian" for all that descend from it */
	}
}

static void hint_package(struct container_finding *f, const char *package)
{
	static const struct {
		const char *id, *command;
	} systems[] = {{"debian", "apt-get install"}, {"ubuntu", "apt-get install"},
		{"fedora", "dnf install"}, {"rhel", "dnf install"}, {"suse", "zypper install"},
		{"arch", "pacman -S"}, {"alpine", "apk add"}};
	CLEANUP(buf_done) struct buf b = BUF(64 << 10);
	struct err ignored; /* a system that does not say what it is */
	struct str ids = STR_NONE;
	if (fs_read_file(AT_FDCWD, "/etc/os-release", &b, &ignored) == 0)
		read_os(buf_str(&b), &ids);
	snprintf(f->hint, sizeof(f->hint), "install the package %s", package);
	for (size_t i = 0; i < ARRAY_LEN(systems); i++)
		if (str_has(ids, str_of(systems[i].id))) {
			snprintf(f->hint, sizeof(f->hint), "%s %s", systems[i].command, package);
			return;
		}
}

/* ---- what the helper tried ---- */

static int ask_helper(struct probe *ret, struct err *err)
{
	CLEANUP(helper_call_done) struct helper_call call = HELPER_CALL_NONE;
	CLEANUP(buf_done) struct buf b = BUF(HELPER_REPORT_MAX);
	struct proc_end end;
	if (helper_call_init(&call, "probe", "doctor", err) < 0 ||
		helper_call_ready(&call, STR_NONE, err) < 0)
		return -1;
	struct proc_run r = {.spec = call.spec};
	if (proc_run(&r, &end, err) < 0)
		return -1;
	helper_call_spawned(&call);
	if (fs_read_fd(call.report_fd, &b, err) < 0)
		return -1;
	struct wire w = {.in = buf_str(&b)};
	probe_wire(&w, ret);
	return wire_end(&w, err);
}

static void add_powers(struct container_findings *f, const struct probe *p)
{
	struct container_finding *one = add(f, "capabilities", false, !p->missing_caps);
	detail(one, "all that containers get by default");
	size_t n = 0;
	for (unsigned i = 0; i < CAPS_COUNT && n < sizeof(one->detail); i++)
		if (p->missing_caps & CAP_BIT(i))
			n += (size_t)snprintf(one->detail + n, sizeof(one->detail) - n, "%s%s",
				n ? ", " : "containers must do without ", caps_names[i]);
	if (!one->is_ok)
		snprintf(one->hint, sizeof(one->hint), "give them to the process that runs knarr");
}

static void add_namespaces(struct container_findings *f, const struct probe *p)
{
	struct container_finding *one = add(f, "namespaces", true, !p->namespaces[0]);
	detail(one, "%s", one->is_ok ? "mount, pid, ipc, uts, cgroup, network" : p->namespaces);
	if (!one->is_ok)
		snprintf(one->hint, sizeof(one->hint),
			"run knarr outside of a container, or in a privileged one");
}

static void add_overlay(struct container_findings *f, const struct probe *p)
{
	struct container_finding *one = add(f, "overlay", true, !p->overlay[0]);
	detail(one, "%s", one->is_ok ? "the kernel mounts it" : p->overlay);
	if (!one->is_ok)
		snprintf(one->hint, sizeof(one->hint), "modprobe overlay");
}

static void add_device_filter(struct container_findings *f, const struct probe *p)
{
	struct container_finding *one = add(f, "device filter", false, !p->device_filter[0]);
	if (one->is_ok)
		detail(one, "BPF on cgroup v2");
	else
		detail(one, "%s: containers cannot make device files", p->device_filter);
	if (!one->is_ok)
		snprintf(one->hint, sizeof(one->hint),
			"a kernel with CONFIG_CGROUP_BPF, and cgroup v2 on /sys/fs/cgroup");
}

static void add_cgroups(struct container_findings *f, const struct probe *p)
{
	const char *v2 = cgroup_v2_path();
	const char *layout = !v2 ? "v1" : strcmp(v2, "/sys/fs/cgroup") == 0 ? "v2" : "v1 and v2";
	bool has_memory = p->limits & CGROUP_MEMORY, has_pids = p->limits & CGROUP_PIDS,
	     has_cpu = p->limits & CGROUP_CPU;
	struct container_finding *one = add(f, "limits", false, has_memory && has_pids && has_cpu);
	detail(one, "cgroups %s; can limit:%s%s%s%s", layout, has_memory ? " memory" : "",
		has_pids ? " processes" : "", has_cpu ? " processors" : "",
		p->limits ? "" : " nothing");
	if (!one->is_ok)
		snprintf(one->hint, sizeof(one->hint),
			"boot with systemd.unified_cgroup_hierarchy=1 cgroup_enable=memory");
}

/* ---- what can be seen from here ---- */

static void add_root(struct container_findings *f)
{
	struct err err = {0};
	struct container_finding *one = add(f, "root", true, container_check_root(&err) == 0);
	detail(one, "%s", one->is_ok ? "running as root" : err.what);
	if (!one->is_ok)
		snprintf(one->hint, sizeof(one->hint), "%.190s", err.hint);
}

static void add_kernel(struct container_findings *f)
{
	struct utsname u;
	unsigned major = 0, minor = 0;
	if (uname(&u) < 0 || sscanf(u.release, "%u.%u", &major, &minor) != 2)
		u.release[0] = '\0';
	bool is_ok = major > KERNEL_MAJOR || (major == KERNEL_MAJOR && minor >= KERNEL_MINOR);
	struct container_finding *one = add(f, "kernel", true, is_ok);
	detail(one, "Linux %s", u.release);
	if (!is_ok)
		snprintf(one->hint, sizeof(one->hint), "Linux %d.%d or newer", KERNEL_MAJOR,
			KERNEL_MINOR);
}

static void add_seccomp(struct container_findings *f)
{
	bool is_ok = access("/proc/sys/kernel/seccomp/actions_avail", R_OK) == 0;
	struct container_finding *one = add(f, "seccomp", true, is_ok);
	detail(one, "%s", is_ok ? "the kernel filters system calls" : "the kernel has no filters");
	if (!is_ok)
		snprintf(one->hint, sizeof(one->hint), "a kernel with CONFIG_SECCOMP_FILTER");
}

static void add_rootless(struct container_findings *f)
{
	bool is_ok = access("/usr/bin/newuidmap", X_OK) == 0;
	struct container_finding *one = add(f, "newuidmap", false, is_ok);
	detail(one, "%s; containers without root are not there yet",
		is_ok ? "installed" : "not installed");
	if (!is_ok)
		hint_package(one, "uidmap");
}

/* ---- the runtime ---- */

/* The helper itself is the program: it needs nothing else in its root. */
static int run_something(const char *root, struct err *err)
{
	struct proc_end end;
	struct container_spec spec = {.name = "doctor",
		.lowers = &root,
		.n_lowers = 1,
		.network = CONTAINER_NET_NONE,
		.timeout_ns = 30 * CLOCK_SECOND,
		.args = (const char *[]){"/knarr-helper", "true", NULL}};
	if (container_run(&spec, &end, err) < 0)
		return -1;
	return end.status
		? err_set(err, ERR_FAILED, "a program in it ended with status %d", end.status)
		: 0;
}

static int try_runtime(struct err *err)
{
	CLEANUP(fd_close) int tmp = -1;
	CLEANUP(fs_temp_done) struct fs_temp root = FS_TEMP_NONE;
	char path[100];
	if (fs_open(AT_FDCWD, "/tmp", O_RDONLY | O_DIRECTORY, 0, &tmp, err) < 0 ||
		fs_temp_dir(tmp, &root, err) < 0 ||
		fs_write_file(root.fd, "knarr-helper", helper_program(), 0755, FS_NO_SYNC, err) < 0)
		return -1;
	snprintf(path, sizeof(path), "/tmp/%s", root.name);
	return run_something(path, err);
}

static void add_version(struct container_finding *f, const struct container_runtime *r)
{
	CLEANUP(buf_done) struct buf out = BUF(4096);
	struct err ignored; /* it works, whatever it is called */
	struct proc_spec spec = {.argv = (const char *[]){r->path, "--version", NULL}};
	struct str rest, line = S("");
	if (proc_output(&spec, &out, &ignored) == 0) {
		rest = buf_str(&out);
		(void)str_line(&rest, &line); /* "" when it says nothing */
	}
	detail(f, "%s: %.*s", r->path, STR_ARG(line));
}

static void add_runtime(struct container_findings *f, bool can_try)
{
	struct container_runtime r;
	struct err err = {0};
	struct container_finding *one = add(f, "runtime", true, false);
	if (container_find_runtime(&r, &err) < 0) {
		detail(one, "%s", err.what);
		hint_package(one, "crun");
		return;
	}
	add_version(one, &r);
	one->is_ok = !can_try || try_runtime(&err) == 0;
	if (!one->is_ok) {
		detail(one, "%s", err.what);
		hint_package(one, strcmp(r.name, "crun") == 0 ? "runc" : "crun");
	}
}

int container_doctor(struct container_findings *ret, struct err *err)
{
	struct container_findings f = {.n = 0};
	struct probe p = {.limits = 0};
	add_root(&f);
	add_kernel(&f);
	bool is_root = f.p[0].is_ok;
	if (is_root) {
		if (ask_helper(&p, err) < 0)
			return -1;
		add_powers(&f, &p);
		add_namespaces(&f, &p);
		add_overlay(&f, &p);
		add_cgroups(&f, &p);
		add_device_filter(&f, &p);
	}
	add_seccomp(&f);
	add_runtime(&f, is_root);
	add_rootless(&f);
	*ret = f;
	return 0;
}
