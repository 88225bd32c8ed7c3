/* helper sandbox: the helper's own part; pid 1's is in box_*.c. */
#include "container/helper/box_priv.h"
#include "container/helper/mount_priv.h"
#include "container/helper/verbs_priv.h"
#include "fs/fs.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>

/* The folder must be ours to remove: new, or empty. */
static int make_scratch(const char *path, struct err *err)
{
	CLEANUP(fs_entries_done) struct fs_entries entries = {0};
	CLEANUP(fd_close) int fd = -1;
	if (fs_mkdirs(AT_FDCWD, path, 0700, err) < 0 ||
		fs_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0, &fd, err) < 0 ||
		fs_list(fd, &entries, err) < 0)
		return -1;
	return entries.n ? err_set(err, ERR_CONFLICT, "scratch folder '%s' is not empty", path) : 0;
}

static int pid1(void *ctx)
{
	struct box *b = ctx;
	struct err err = {0};
	if (box_build(b, &err) < 0 || box_drop_powers(b, &err) < 0) {
		report_error(&err);
		return 125;
	}
	close(HELPER_REPORT_FD);
	if (handover_send(b->control, SANDBOX_READY, NULL, 0) < 0)
		return 0; /* nobody waits for us */
	return box_serve(b->control, &err) < 0 ? 125 : 0;
}

static int start_and_wait(struct box *b, struct proc_end *ret, struct err *err)
{
	struct monitor m = MONITOR_NONE;
	const struct sandbox_spec *s = &b->spec;
	struct cgroup_limits limits = {s->memory_bytes, s->cpu_millis, s->pids_max};
	uint64_t flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;
	if (s->network == CONTAINER_NET_NONE)
		flags |= CLONE_NEWNET;
	etc_read_host(&b->host_etc);
	if (monitor_init(&m, err) < 0 || mount_tmpfs(0, 0755, 0, &b->trees.base_fd, err) < 0 ||
		trees_open(&b->trees, err) < 0 ||
		cgroup_make(b->cgroup, s->name, &limits, s->has_host_devices, err) < 0 ||
		monitor_start(&m, flags, b->cgroup->fd, pid1, b, err) < 0)
		return -1;
	close(b->control); /* pid 1's alone, so that its end is seen */
	return monitor_wait(&m, ret, err);
}

static int run(struct box *b, struct proc_end *ret, struct err *err)
{
	const char *scratch = b->spec.scratch;
	struct err late;
	if (scratch && make_scratch(scratch, err) < 0)
		return -1;
	int rc = start_and_wait(b, ret, err);
	cgroup_remove(b->cgroup);
	if (scratch && fs_remove_tree(AT_FDCWD, scratch, rc < 0 ? &late : err) < 0)
		rc = -1;
	return rc;
}

int sandbox_main(struct str request)
{
	CLEANUP(arena_done) struct arena arena = {0};
	struct cgroup cgroup = CGROUP_NONE;
	struct box b = {.trees = {.base_fd = -1, .links_fd = -1},
		.cgroup = &cgroup,
		.control = HELPER_CONTROL_FD,
		.root_fd = -1,
		.uppers_fd = -1};
	struct wire w = {.in = request, .arena = &arena};
	struct err err = {0};
	struct proc_end end = {0};
	sandbox_spec_wire(&w, &b.spec);
	b.trees.mounts = b.spec.mounts;
	b.trees.n = b.spec.n_mounts;
	int rc = wire_end(&w, &err);
	if (rc == 0)
		rc = run(&b, &end, &err);
	if (rc < 0)
		report_error(&err);
	else
		report_end(&end, NULL);
	fd_vec_done(&b.trees.sources);
	buf_done(&b.host_etc.hosts);
	buf_done(&b.host_etc.resolv_conf);
	return rc < 0;
}
