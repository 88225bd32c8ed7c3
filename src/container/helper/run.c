/* helper run: one container. */
#include "container/helper/mount_priv.h"
#include "container/helper/stage_priv.h"
#include "container/helper/tty_priv.h"
#include "container/helper/verbs_priv.h"
#include "fs/fs.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* ---- stopping ---- */

/* Sends the stop signal to the container itself: runtimes pass on most signals, not all (runc keeps
 * SIGWINCH, which is httpd's). Our next child is in its pid namespace and can name it. */
static bool ask_to_stop(struct monitor *m)
{
	const struct stage *s = m->ctx;
	pid_t pid = stage_read_pid(s);
	if (!pid || s->spec.stop_signal == SIGKILL || setns(m->pidfd, CLONE_NEWPID) < 0)
		return false;
	pid_t child = fork();
	if (child < 0)
		return false;
	if (child == 0)
		_exit(kill(pid, s->spec.stop_signal) < 0);
	int status;
	return waitpid(child, &status, 0) == child && status == 0;
}

/* ---- the story ---- */

static int make_cgroup(const struct stage *s, struct cgroup *g, struct err *err)
{
	const struct container_spec *c = &s->spec.c;
	struct cgroup_limits limits = {c->memory_bytes, c->cpu_millis, c->pids_max};
	if (strcmp(s->spec.runtime.name, "crun") == 0)
		return cgroup_make(g, c->name, &limits, c->is_privileged, err);
	cgroup_name(g, c->name);
	return 0;
}

static int start_and_wait(struct stage *s, struct cgroup *g, struct proc_end *ret, struct err *err)
{
	struct monitor m = MONITOR_NONE;
	struct tty tty = TTY_NONE;
	etc_read_host(&s->host);
	if (monitor_init(&m, err) < 0 ||
		mount_tmpfs(0, 0700, MOUNT_ATTR_NODEV, &s->trees.base_fd, err) < 0 ||
		trees_open(&s->trees, err) < 0 || make_cgroup(s, g, err) < 0)
		return -1;
	if (s->spec.c.has_tty) {
		if (tty_init(&tty, err) < 0)
			return -1;
		s->tty = m.tty = &tty;
	}
	m.on_stop = ask_to_stop;
	m.ctx = s;
	m.grace_ns = s->spec.c.grace_ns;
	int rc = monitor_start(&m, CLONE_NEWNS | CLONE_NEWPID, g->fd, stage_child, s, err);
	if (rc == 0)
		rc = monitor_wait(&m, ret, err);
	if (m.tty) {
		if (rc == 0)
			tty_drain(&tty);
		tty_done(&tty);
	}
	return rc;
}

static void report(const struct stage *s, const struct proc_end *end)
{
	CLEANUP(buf_done) struct buf log = BUF(HELPER_LOG_MAX);
	struct err ignored; /* no log, or more than we want of it */
	(void)fs_read_file(s->trees.base_fd, "log", &log, &ignored);
	report_end(end, buf_cstr(&log));
}

int run_main(struct str request)
{
	CLEANUP(arena_done) struct arena arena = {0};
	struct stage s = {.trees = {.base_fd = -1, .links_fd = -1},
		.points_fd = -1,
		.root_fd = -1,
		.runtime_fd = -1,
		.overlay = {.upper_fd = -1, .work_fd = -1}};
	struct wire w = {.in = request, .arena = &arena};
	struct cgroup cgroup = CGROUP_NONE;
	struct err err = {0};
	struct proc_end end = {0};
	s.cgroup = &cgroup;
	stage_spec_wire(&w, &s.spec);
	s.trees.mounts = s.spec.c.mounts;
	s.trees.n = s.spec.c.n_mounts;
	int rc = wire_end(&w, &err);
	if (rc == 0)
		rc = start_and_wait(&s, &cgroup, &end, &err);
	cgroup_remove(&cgroup);
	if (rc < 0)
		report_error(&err);
	else
		report(&s, &end);
	fd_vec_done(&s.trees.sources);
	buf_done(&s.host.hosts);
	buf_done(&s.host.resolv_conf);
	return rc < 0;
}
