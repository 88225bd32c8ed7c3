#include "rig.h"

#include <pty.h>
#include <sys/ioctl.h>
#include <termios.h>

static const char *const runtimes[] = {"crun", "runc"};

struct person {
	struct rig *r;
	int master;
	bool has_typed;
};

/* Types when asked to: before, the echo could come first. */
static int type(void *ctx, int stream, struct str text, struct err *err)
{
	struct person *p = ctx;
	if (rig_collect(p->r, stream, text, err) < 0)
		return -1;
	if (!p->has_typed && str_has(buf_str(&p->r->out), S("20 50\r\n"))) {
		p->has_typed = true;
		assert_int_equal(write(p->master, "hello\r", 6), 6);
	}
	return 0;
}

static void check_terminal(struct rig *r)
{
	int master, slave;
	struct winsize size = {.ws_row = 20, .ws_col = 50};
	struct termios before = {0}, after = {0}; /* compared with their padding */
	struct err err = {0};
	assert_int_equal(openpty(&master, &slave, NULL, NULL, &size), 0);
	assert_int_equal(tcgetattr(slave, &before), 0);
	struct person p = {.r = r, .master = master};
	r->spec.on_output = type;
	r->spec.ctx = &p;
	r->spec.has_tty = true;
	r->spec.stdin_fd = slave;
	OK(rig_try(r,
		(const char *[]){"sh", "-c",
			"tty; stty size; read x; echo got $x; echo err >&2; exit 4", NULL},
		&err));
	assert_int_equal(r->end.status, 4);
	/* Its own terminal does the newlines and the echo; both streams are one. */
	STR_IS(buf_str(&r->out), "/dev/pts/0\r\n20 50\r\nhello\r\ngot hello\r\nerr\r\n");
	assert_int_equal(r->err.n, 0);
	assert_int_equal(tcgetattr(slave, &after), 0);
	assert_memory_equal(&before, &after, sizeof(before));
	close(master);
	close(slave);
}

static void terminal_is_the_containers_own(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(runtimes); i++) {
		CLEANUP(rig_done) struct rig r = {0};
		rig_need_runtime(runtimes[i]);
		rig_init(&r);
		r.spec.runtime = runtimes[i];
		check_terminal(&r);
	}
}

/* Without a terminal outside there is one inside all the same, as for docker run -t < /dev/null. */
static void terminal_without_stdin_works(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(runtimes); i++) {
		CLEANUP(rig_done) struct rig r = {0};
		rig_need_runtime(runtimes[i]);
		rig_init(&r);
		r.spec.runtime = runtimes[i];
		r.spec.has_tty = true;
		RIG_SAYS(&r, "tty", "/dev/pts/0\r\n");
		assert_int_equal(RIG_RUN(&r, "dd if=/dev/zero bs=1000 count=1000 2>/dev/null"), 0);
		assert_int_equal(r.out.n, 1000000);
		assert_int_equal(RIG_RUN(&r, "exit 3"), 3);
		struct err err = {0};
		OK(rig_try(&r, (const char *[]){"nosuch", NULL}, &err));
		assert_int_equal(r.end.status, 127);
	}
}

/* Cancelled as soon as it says so. */
struct canceler {
	struct rig *r;
	struct cancel cancel;
};

static int cancel_when_ready(void *ctx, int stream, struct str text, struct err *err)
{
	struct canceler *c = ctx;
	if (str_has(text, S("ready")))
		cancel_ask(&c->cancel);
	return rig_collect(c->r, stream, text, err);
}

static void terminal_is_canceled_container_hears(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(runtimes); i++) {
		CLEANUP(rig_done) struct rig r = {0};
		struct canceler c = {.r = &r};
		struct err err = {0};
		rig_need_runtime(runtimes[i]);
		rig_init(&r);
		OK(cancel_init(&c.cancel, &err));
		r.spec.runtime = runtimes[i];
		rig_name(&r, "test-tty");
		r.spec.has_tty = true;
		r.spec.on_output = cancel_when_ready;
		r.spec.ctx = &c;
		r.spec.cancel = &c.cancel;
		FAILS(ERR_CANCELED,
			rig_try(&r,
				(const char *[]){"sh", "-c",
					"trap 'echo bye; exit 0' TERM; sleep 9541 & echo ready; wait",
					NULL},
				&err));
		STR_IS(buf_str(&r.out), "ready\r\nbye\r\n");
		cancel_done(&c.cancel);
		assert_int_equal(rig_count_processes("9541"), 0);
		RIG_GONE(rig_count_cgroups(r.name));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(terminal_is_the_containers_own),
		cmocka_unit_test(terminal_without_stdin_works),
		cmocka_unit_test(terminal_is_canceled_container_hears),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
