#include "container/helper_priv.h"

#include "container/sealed_priv.h"
#include "fs/fs.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>

/* The program, from tools/embed.py. */
extern const unsigned char helper_bytes_start[], helper_bytes_end[];

/* A copy that nobody can write to, whoever gets hold of it (CVE-2019-5736). Made once per process, at
 * the first call. */
static struct {
	pthread_once_t once;
	int fd; /* -1 = err says why not */
	struct err err;
} program = {.once = PTHREAD_ONCE_INIT, .fd = -1};

struct str helper_program(void)
{
	return str_n(helper_bytes_start, (size_t)(helper_bytes_end - helper_bytes_start));
}

static void make_program(void)
{
	struct str bytes = helper_program();
	CLEANUP(fd_close) int fd = -1;
	if (sealed_new("knarr-helper", &fd, &program.err) == 0 &&
		fs_write_fd(fd, bytes.p, bytes.n, &program.err) == 0 &&
		sealed_close(fd, &program.err) == 0)
		program.fd = TAKE_FD(fd);
}

static int program_fd(struct err *err)
{
	pthread_once(&program.once, make_program);
	if (program.fd < 0)
		*err = program.err;
	return program.fd;
}

int helper_call_init(struct helper_call *c, const char *verb, const char *name, struct err *err)
{
	int fds[2];
	*c = HELPER_CALL_NONE;
	int self = program_fd(err);
	if (self < 0)
		return -1;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(err, "pipe");
	c->report_fd = fds[0];
	c->report_end_fd = fds[1];
	c->next_fd = HELPER_FIRST_FD;
	vec_push(&c->fds, ((struct proc_fd){c->report_end_fd, HELPER_REPORT_FD}));
	vec_push(&c->fds, ((struct proc_fd){self, HELPER_SELF_FD}));
	argv_add(&c->argv, "knarr-helper");
	argv_add(&c->argv, verb);
	argv_add(&c->argv, name);
	return 0;
}

void helper_call_done(struct helper_call *c)
{
	argv_done(&c->argv);
	vec_done(&c->fds);
	fd_close_at_end(&c->request_fd);
	fd_close_at_end(&c->report_fd);
	fd_close_at_end(&c->report_end_fd);
}

int helper_call_lend(struct helper_call *c, int fd)
{
	vec_push(&c->fds, ((struct proc_fd){fd, c->next_fd}));
	return c->next_fd++;
}

struct container_mount *helper_call_mounts(struct helper_call *c,
	const struct container_mount *mounts, size_t n)
{
	struct container_mount *copy = mem_new(n + 1, sizeof(*copy));
	for (size_t i = 0; i < n; i++) {
		copy[i] = mounts[i];
		copy[i].source_fd =
			mounts[i].source_fd > 0 ? helper_call_lend(c, mounts[i].source_fd) : 0;
	}
	return copy;
}

int helper_call_ready(struct helper_call *c, struct str request, struct err *err)
{
	c->request_fd = memfd_create("knarr-request", MFD_CLOEXEC);
	if (c->request_fd < 0)
		return err_sys(err, "memfd_create");
	if (fs_write_fd(c->request_fd, request.p, request.n, err) < 0)
		return -1;
	vec_push(&c->fds, ((struct proc_fd){c->request_fd, HELPER_REQUEST_FD}));
	static_assert(HELPER_SELF_FD == 5, "the path below");
	c->spec.program = "/proc/self/fd/5";
	c->spec.argv = argv_list(&c->argv);
	c->spec.fds = c->fds.p;
	c->spec.n_fds = c->fds.n;
	return 0;
}

void helper_call_spawned(struct helper_call *c)
{
	fd_close_at_end(&c->report_end_fd);
}

int helper_call_result(struct helper_call *c, struct arena *a, struct helper_report *ret,
	struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(HELPER_REPORT_MAX * 2);
	helper_call_spawned(c);
	if (fs_read_fd(c->report_fd, &b, err) < 0)
		return -1;
	if (!b.n)
		return err_set(err, ERR_SYS, "the helper ended without a word");
	/* Text points into the message, so that must live as long as the report. */
	struct wire w = {.in = arena_str(a, buf_str(&b)), .arena = a};
	bool is_first = true;
	struct helper_report r;
	while (w.in.n && !w.is_bad) {
		r = (struct helper_report){0};
		helper_report_wire(&w, &r);
		if (r.is_error && is_first) {
			*err = r.err;
			return -1;
		}
		is_first = false;
	}
	if (wire_end(&w, err) < 0)
		return -1;
	*ret = r;
	return 0;
}
