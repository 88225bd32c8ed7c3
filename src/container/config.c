#include "container/stage_priv.h"

#include <inttypes.h>

enum { SHM_BYTES = 64 << 20 };

static void add_pair(struct json_out *o, const char *key, const char *value)
{
	json_key(o, key);
	json_add_cstr(o, value);
}

static void add_list(struct json_out *o, const char *key, const char *const *list)
{
	json_key(o, key);
	json_array(o);
	for (size_t i = 0; list && list[i]; i++)
		json_add_cstr(o, list[i]);
	json_end(o);
}

/* ---- process ---- */

static void add_user(struct json_out *o, const struct container_user *u)
{
	json_key(o, "user");
	json_object(o);
	json_key(o, "uid");
	json_add_u64(o, u->uid);
	json_key(o, "gid");
	json_add_u64(o, u->gid);
	if (u->n_groups) {
		json_key(o, "additionalGids");
		json_array(o);
		for (size_t i = 0; i < u->n_groups; i++)
			json_add_u64(o, u->groups[i]);
		json_end(o);
	}
	json_end(o);
}

static void add_caps(struct json_out *o, const char *set, uint64_t caps)
{
	json_key(o, set);
	json_array(o);
	for (unsigned i = 0; i < CAPS_COUNT; i++)
		if (caps & CAP_BIT(i))
			json_add_cstr(o, caps_names[i]);
	json_end(o);
}

static void add_capabilities(struct json_out *o, uint64_t caps, uint32_t uid)
{
	json_key(o, "capabilities");
	json_object(o);
	add_caps(o, "bounding", caps);
	/* For other users execve would drop them: as docker, they are not even set. */
	add_caps(o, "effective", uid == 0 ? caps : 0);
	add_caps(o, "permitted", uid == 0 ? caps : 0);
	json_end(o);
}

/* Runtimes follow a terminal that changes its size, but crun does not ask for the first one. */
static void add_console_size(struct json_out *o, const struct oci_config *c)
{
	json_key(o, "consoleSize");
	json_object(o);
	json_key(o, "height");
	json_add_u64(o, c->rows);
	json_key(o, "width");
	json_add_u64(o, c->columns);
	json_end(o);
}

/* Runtimes set HOME where it is missing, but not all of them for a user without an entry. */
static void add_env(struct json_out *o, const struct oci_config *c)
{
	const char *const *env = c->stage->c.env;
	bool has_home = false;
	char home[sizeof("HOME=") + sizeof(c->user->home)];
	json_key(o, "env");
	json_array(o);
	for (size_t i = 0; env && env[i]; i++) {
		has_home = has_home || strncmp(env[i], "HOME=", 5) == 0;
		json_add_cstr(o, env[i]);
	}
	snprintf(home, sizeof(home), "HOME=%s", c->user->home);
	if (!has_home)
		json_add_cstr(o, home);
	json_end(o);
}

static void add_process(struct json_out *o, const struct oci_config *c)
{
	const struct container_spec *s = &c->stage->c;
	json_key(o, "process");
	json_object(o);
	json_key(o, "terminal");
	json_add_bool(o, s->has_tty);
	if (s->has_tty && c->rows && c->columns)
		add_console_size(o, c);
	add_user(o, c->user);
	add_list(o, "args", s->args);
	add_env(o, c);
	add_pair(o, "cwd", s->cwd);
	add_capabilities(o, c->caps, c->user->uid);
	json_key(o, "noNewPrivileges");
	json_add_bool(o, false);
	json_end(o);
}

/* ---- mounts ---- */

static void add_mount(struct json_out *o, const char *target, const char *type, const char *source,
	const char *const *options)
{
	json_object(o);
	add_pair(o, "destination", target);
	add_pair(o, "type", type);
	add_pair(o, "source", source);
	add_list(o, "options", options);
	json_end(o);
}

static const char *size_option(char *room, size_t n, uint64_t bytes)
{
	snprintf(room, n, "size=%" PRIu64, bytes);
	return room;
}

static void add_default_mounts(struct json_out *o, const struct oci_config *c)
{
	const struct container_spec *s = &c->stage->c;
	const char *access = s->is_privileged ? "rw" : "ro";
	char room[40];
	const char *shm = size_option(room, sizeof(room), s->shm_bytes ? s->shm_bytes : SHM_BYTES);
	add_mount(o, "/proc", "proc", "proc", (const char *[]){"nosuid", "noexec", "nodev", NULL});
	add_mount(o, "/dev", "tmpfs", "tmpfs",
		(const char *[]){"nosuid", "strictatime", "mode=755", "size=65536k", NULL});
	add_mount(o, "/dev/pts", "devpts", "devpts",
		(const char *[]){"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620",
			"gid=5", NULL});
	add_mount(o, "/sys", "sysfs", "sysfs",
		(const char *[]){"nosuid", "noexec", "nodev", access, NULL});
	add_mount(o, "/sys/fs/cgroup", "cgroup", "cgroup",
		(const char *[]){access, "nosuid", "noexec", "nodev", NULL});
	add_mount(o, "/dev/mqueue", "mqueue", "mqueue",
		(const char *[]){"nosuid", "noexec", "nodev", NULL});
	add_mount(o, "/dev/shm", "tmpfs", "shm",
		(const char *[]){"nosuid", "noexec", "nodev", "mode=1777", shm, NULL});
}

static void add_late_mount(struct json_out *o, const struct late_mount *l)
{
	const struct container_mount *m = l->mount;
	if (m->kind == CONTAINER_TMPFS) {
		char mode[24], size[40];
		snprintf(mode, sizeof(mode), "mode=%o", m->mode ? m->mode : 01777);
		add_mount(o, l->target, "tmpfs", "tmpfs",
			(const char *[]){"nosuid", "nodev", mode, m->is_read_only ? "ro" : "rw",
				m->size_bytes ? size_option(size, sizeof(size), m->size_bytes)
					      : NULL,
				NULL});
		return;
	}
	add_mount(o, l->target, "bind", l->source,
		(const char *[]){"rbind", "rprivate", m->is_read_only ? "ro" : "rw", NULL});
}

static void add_mounts(struct json_out *o, const struct oci_config *c)
{
	json_key(o, "mounts");
	json_array(o);
	add_default_mounts(o, c);
	if (c->late)
		VEC_EACH(c->late, l)
			add_late_mount(o, l);
	json_end(o);
}

/* ---- linux ---- */

static void add_namespaces(struct json_out *o, const struct oci_config *c)
{
	static const char *const names[] = {"mount", "pid", "ipc", "uts", "cgroup", "network"};
	size_t n = c->stage->c.network == CONTAINER_NET_NONE ? 6 : 5;
	json_key(o, "namespaces");
	json_array(o);
	for (size_t i = 0; i < n; i++) {
		json_object(o);
		add_pair(o, "type", names[i]);
		json_end(o);
	}
	json_end(o);
}

static void add_paths(struct json_out *o)
{
	static const char *const masked[] = {"/proc/acpi", "/proc/asound", "/proc/interrupts",
		"/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/sched_debug",
		"/proc/scsi", "/proc/timer_list", "/proc/timer_stats",
		"/sys/devices/virtual/powercap", "/sys/firmware", NULL};
	static const char *const read_only[] = {
		"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", NULL};
	add_list(o, "maskedPaths", masked);
	add_list(o, "readonlyPaths", read_only);
}

static void add_device_rule(struct json_out *o, bool is_allowed, const char *type, int major,
	int minor, const char *access)
{
	json_object(o);
	json_key(o, "allow");
	json_add_bool(o, is_allowed);
	if (type)
		add_pair(o, "type", type);
	if (major >= 0) {
		json_key(o, "major");
		json_add_i64(o, major);
	}
	if (minor >= 0) {
		json_key(o, "minor");
		json_add_i64(o, minor);
	}
	add_pair(o, "access", access);
	json_end(o);
}

static void add_device_rules(struct json_out *o, bool is_privileged)
{
	json_key(o, "devices");
	json_array(o);
	if (is_privileged) {
		add_device_rule(o, true, NULL, -1, -1, "rwm");
	} else {
		add_device_rule(o, false, NULL, -1, -1, "rwm");
		add_device_rule(o, true, "c", -1, -1, "m");
		add_device_rule(o, true, "b", -1, -1, "m");
		for (size_t i = 0; i < DEVICES_ALLOWED; i++)
			add_device_rule(o, true, "c", devices_allowed[i].major,
				devices_allowed[i].minor, "rwm");
	}
	json_end(o);
}

static void add_number(struct json_out *o, const char *group, const char *key, int64_t value)
{
	json_key(o, group);
	json_object(o);
	json_key(o, key);
	json_add_i64(o, value);
	json_end(o);
}

static void add_cpu(struct json_out *o, uint64_t millis)
{
	json_key(o, "cpu");
	json_object(o);
	json_key(o, "period");
	json_add_u64(o, 100000);
	json_key(o, "quota");
	json_add_u64(o, millis * 100);
	json_end(o);
}

static void add_resources(struct json_out *o, const struct container_spec *s)
{
	json_key(o, "resources");
	json_object(o);
	add_device_rules(o, s->is_privileged);
	if (s->memory_bytes)
		add_number(o, "memory", "limit", (int64_t)s->memory_bytes);
	if (s->pids_max)
		add_number(o, "pids", "limit", s->pids_max);
	if (s->cpu_millis)
		add_cpu(o, s->cpu_millis);
	json_end(o);
}

static void add_devices(struct json_out *o, const struct oci_devices *devices)
{
	json_key(o, "devices");
	json_array(o);
	VEC_EACH(&devices->v, d) {
		json_object(o);
		add_pair(o, "path", d->path);
		add_pair(o, "type", d->type == 'b' ? "b" : "c");
		json_key(o, "major");
		json_add_u64(o, d->major);
		json_key(o, "minor");
		json_add_u64(o, d->minor);
		json_key(o, "fileMode");
		json_add_u64(o, d->mode);
		json_key(o, "uid");
		json_add_u64(o, d->uid);
		json_key(o, "gid");
		json_add_u64(o, d->gid);
		json_end(o);
	}
	json_end(o);
}

static void add_linux(struct json_out *o, const struct oci_config *c)
{
	const struct container_spec *s = &c->stage->c;
	json_key(o, "linux");
	json_object(o);
	add_namespaces(o, c);
	if (c->cgroup) {
		json_key(o, "cgroupsPath");
		json_add_fmt(o, "/%s", c->cgroup);
		add_resources(o, s);
	}
	if (c->devices)
		add_devices(o, c->devices);
	if (!s->is_privileged) {
		add_paths(o);
		json_key(o, "seccomp");
		seccomp_add(o, c->caps);
	}
	json_end(o);
}

void oci_config_add(struct buf *b, const struct oci_config *c)
{
	const struct container_spec *s = &c->stage->c;
	struct json_out o;
	json_out_init(&o, b, 0);
	json_object(&o);
	add_pair(&o, "ociVersion", "1.0.0");
	add_process(&o, c);
	json_key(&o, "root");
	json_object(&o);
	add_pair(&o, "path", "rootfs");
	json_key(&o, "readonly");
	json_add_bool(&o, s->is_read_only);
	json_end(&o);
	add_pair(&o, "hostname", s->hostname ? s->hostname : s->name);
	add_mounts(&o, c);
	add_linux(&o, c);
	json_end(&o);
}
