#include "container/sandbox.h"

#include "container/container_priv.h"
#include "container/sandbox_priv.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

/* To end by itself after it was told to: what it has to remove may be large. */
#define STOP_TIME (120 * CLOCK_SECOND)

struct sandbox {
	char *name;
	struct helper_call call;
	struct proc helper;
	int control;
};

static void sandbox_free(struct sandbox *s)
{
	if (!s)
		return;
	fd_close_at_end(&s->control);
	proc_done(&s->helper);
	helper_call_done(&s->call);
	free(s->name);
	free(s);
}
CLEANUP_PTR(sandbox_free, struct sandbox);

static int check(const struct sandbox_spec *s, struct err *err)
{
	if (s->n_lowers > CONTAINER_LOWERS_MAX)
		return err_set(err, ERR_LIMIT, "image has %zu layers, more than %d", s->n_lowers,
			CONTAINER_LOWERS_MAX);
	if (s->scratch && container_check_path("scratch folder", s->scratch, err) < 0)
		return -1;
	for (size_t i = 0; s->hidden && s->hidden[i]; i++)
		if (container_check_path("hidden path", s->hidden[i], err) < 0)
			return -1;
	if (s->memory_bytes > INT64_MAX || s->pids_max < 0 || s->cpu_millis > CONTAINER_CPU_MAX)
		return err_set(err, ERR_INPUT, "a limit is out of range");
	return container_check_mounts(s->mounts, s->n_mounts, err);
}

/* The socket to pid 1, which says a word when it has put its world together. */
static int lend_control(struct sandbox *s, struct err *err)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(err, "socketpair");
	s->control = pair[0];
	int number = helper_call_lend(&s->call, pair[1]);
	assert(number == HELPER_CONTROL_FD);
	return pair[1];
}

static int request(struct sandbox *s, const struct sandbox_spec *spec, struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(WIRE_MAX);
	CLEANUP(mem_free) struct container_mount *mounts = NULL;
	struct sandbox_spec copy = *spec;
	struct wire w = {.out = &b};
	copy.name = s->name;
	copy.mounts = mounts = helper_call_mounts(&s->call, spec->mounts, spec->n_mounts);
	sandbox_spec_wire(&w, &copy);
	if (wire_end(&w, err) < 0)
		return -1;
	return helper_call_ready(&s->call, buf_str(&b), err);
}

static int wait_until_ready(struct sandbox *s, struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct helper_report ignored;
	uint8_t byte = 0;
	if (handover_receive(s->control, &byte, NULL, 0) == 0 && byte == SANDBOX_READY)
		return 0;
	if (helper_call_result(&s->call, &a, &ignored, err) < 0)
		return -1;
	return err_set(err, ERR_SYS, "it ended at once");
}

static int start(struct sandbox *s, const struct sandbox_spec *spec, struct err *err)
{
	if (helper_call_init(&s->call, "sandbox", s->name, err) < 0)
		return -1;
	CLEANUP(fd_close) int theirs = lend_control(s, err);
	if (theirs < 0 || request(s, spec, err) < 0 ||
		proc_spawn(&s->call.spec, &s->helper, err) < 0)
		return -1;
	helper_call_spawned(&s->call);
	fd_close_at_end(&theirs);
	return wait_until_ready(s, err);
}

int sandbox_start(const struct sandbox_spec *spec, struct sandbox **ret, struct err *err)
{
	if (container_check_root(err) < 0 || check(spec, err) < 0)
		return -1;
	CLEANUP(sandbox_free) struct sandbox *s = NEW(struct sandbox);
	s->name = mem_cstr(spec->name ? spec->name : "sandbox");
	s->control = -1;
	s->call = HELPER_CALL_NONE;
	s->helper = (struct proc){.pidfd = -1};
	if (start(s, spec, err) < 0)
		return err_wrap(err, "sandbox '%s'", s->name);
	*ret = TAKE(s);
	return 0;
}

int sandbox_control(const struct sandbox *s)
{
	return s->control;
}

static int stop(struct sandbox *s, struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct helper_report report;
	struct proc_end end;
	fd_close_at_end(&s->control); /* pid 1 ends, and with it the rest */
	if (proc_wait(&s->helper, STOP_TIME, NULL, &end, err) < 0 ||
		helper_call_result(&s->call, &a, &report, err) < 0)
		return err_wrap(err, "sandbox '%s'", s->name);
	return 0;
}

int sandbox_stop(struct sandbox *s, struct err *err)
{
	int rc = s ? stop(s, err) : 0;
	sandbox_free(s);
	return rc;
}
