#include "container/helper/stage_priv.h"

#include "base/num.h"
#include "container/helper/mount_priv.h"
#include "container/helper/tty_priv.h"
#include "fs/fs.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>

enum { CONFIG_MAX = 64 << 20 };
static const char id[] = "c"; /* of the container: its runtime knows no other */

static bool is_crun(const struct stage *s)
{
	return strcmp(s->spec.runtime.name, "crun") == 0;
}

/* ---- in the new namespaces ---- */

/* Fresh /proc, so that its numbers are those of our namespace; and cgroup v2 alone as the machine's
 * cgroups (crun 1.8 refuses hybrid ones, although it is told to leave them alone). */
static int prepare_host(const struct stage *s, struct err *err)
{
	CLEANUP(fd_close) int proc = -1;
	CLEANUP(fd_close) int cgroups = -1;
	const char *cgroup2 = s->spec.runtime.needs_private_cgroup2 ? cgroup_v2_path() : NULL;
	unsigned attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	if (mount_plain("proc", attributes, &proc, err) < 0 ||
		mount_attach_at(proc, AT_FDCWD, "/proc", err) < 0)
		return -1;
	if (!cgroup2)
		return 0;
	if (mount_clone_path(cgroup2, false, &cgroups, err) < 0)
		return -1;
	return mount_attach_at(cgroups, AT_FDCWD, "/sys/fs/cgroup", err);
}

/* Makes the working folder as docker does, but not by way of another process's files
 * (CVE-2024-21626). */
static int make_cwd(const struct stage *s, struct err *err)
{
	const char *cwd = s->spec.c.cwd;
	struct root_place place;
	if (root_resolve(s->root_fd, cwd, &place, err) < 0)
		return err_wrap(err, "working folder '%s'", cwd);
	if (root_is_process(place.path))
		return err_set(err, ERR_INPUT, "working folder '%s' is inside a process", cwd);
	if (place.exists && place.type != S_IFDIR)
		return err_set(err, ERR_INPUT, "working folder '%s' is not a folder", cwd);
	if (place.exists || stage_is_of_runtime(place.path))
		return 0;
	return fs_mkdirs_in(s->root_fd, place.path, 0755, err);
}

static int write_config(struct stage *s, struct err *err)
{
	struct container_user user;
	struct oci_devices devices = {0};
	uint64_t ours = caps_ours();
	if (!stage_may_have_devices(s))
		ours &= ~CAP_BIT(CAP_MKNOD);
	struct oci_config config = {.stage = &s->spec,
		.user = &user,
		.cgroup = s->cgroup->is_of_runtime ? s->cgroup->name : NULL,
		.late = &s->late};
	if (s->tty)
		tty_size(&config.rows, &config.columns);
	if (caps_for(&s->spec.c, ours, &config.caps, err) < 0 ||
		container_find_user(s->root_fd, s->spec.c.user, &user, err) < 0)
		return -1;
	if (s->spec.c.is_privileged) {
		if (stage_host_devices(&devices, err) < 0)
			return -1;
		config.devices = &devices;
	}
	CLEANUP(buf_done) struct buf b = BUF(CONFIG_MAX);
	oci_config_add(&b, &config);
	return buf_check(&b, "config.json", err) < 0
		? -1
		: stage_write(s, "config.json", buf_str(&b), 0600, err);
}

int stage_become_runtime(const struct stage *s, struct err *err)
{
	const struct container_runtime *r = &s->spec.runtime;
	const char *argv[20];
	size_t n = 0;
	argv[n++] = r->path;
	argv[n++] = "--root=state";
	argv[n++] = "--log=log";
	argv[n++] = "--log-format=json";
	if (is_crun(s))
		argv[n++] = "--cgroup-manager=disabled";
	argv[n++] = "run";
	if (s->tty) {
		argv[n++] = "--detach";
		argv[n++] = "--console-socket=console";
	}
	argv[n++] = "--pid-file=pid";
	argv[n++] = "--bundle=.";
	argv[n++] = id;
	argv[n] = NULL;
	const char *const env[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL};
	umask(022);
	/* Nothing but stdin, stdout and stderr goes further. */
	if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return err_sys(err, "close_range");
	syscall(SYS_execveat, s->runtime_fd, "", argv, env, AT_EMPTY_PATH);
	return err_sys(err, "run '%s'", r->path);
}

/* Comes back when the container cannot be started, or had a terminal; *ret_status is its status then,
 * or the error says why. */
static int start(struct stage *s, int *ret_status, struct err *err)
{
	CLEANUP(buf_done) struct buf text = BUF(PATH_MAX + 200);
	if (mount_make_private(err) < 0 || stage_open(s, err) < 0 || stage_write_etc(s, err) < 0 ||
		stage_root(s, err) < 0 || make_cwd(s, err) < 0)
		return -1;
	*ret_status = stage_check_program(s, &text);
	if (*ret_status)
		return fs_write_fd(2, text.p, text.n, err);
	/* The v1 folders are out of sight once the host is prepared. */
	if (write_config(s, err) < 0 || cgroup_enter_v1(s->cgroup, err) < 0 ||
		prepare_host(s, err) < 0)
		return -1;
	return s->tty ? stage_run_with_tty(s, ret_status, err) : stage_become_runtime(s, err);
}

pid_t stage_read_pid(const struct stage *s)
{
	CLEANUP(buf_done) struct buf b = BUF(32);
	struct err ignored; /* not started yet */
	uint64_t pid;
	if (fs_read_file(s->trees.base_fd, "pid", &b, &ignored) < 0 ||
		num_parse_u64(str_trim(buf_str(&b)), 1, INT32_MAX, &pid, &ignored) < 0)
		return 0;
	return (pid_t)pid;
}

int stage_child(void *ctx)
{
	struct err err = {0};
	int status = 125;
	if (start(ctx, &status, &err) < 0)
		report_error(&err);
	return status;
}
