#include "container/container.h"

#include "container/container_priv.h"
#include "container/helper_priv.h"
#include "container/last_words_priv.h"
#include "container/stage_priv.h"
#include "json/json.h"

#include <signal.h>

#define GRACE (10 * CLOCK_SECOND)
/* The helper ends by itself when grace is over; this long after that something is wrong with it. */
#define HELPER_SLACK (5 * CLOCK_SECOND)

/* ---- the request ---- */

static int check(const struct container_spec *s, struct err *err)
{
	if (!s->args || !s->args[0])
		return err_set(err, ERR_INPUT, "no command to run");
	if (s->n_lowers > CONTAINER_LOWERS_MAX)
		return err_set(err, ERR_LIMIT, "image has %zu layers, more than %d", s->n_lowers,
			CONTAINER_LOWERS_MAX);
	for (size_t i = 0; i < s->n_lowers; i++)
		if (container_check_path("tree", s->lowers[i], err) < 0)
			return -1;
	if (s->upper &&
		(container_check_path("upper folder", s->upper, err) < 0 ||
			container_check_path("work folder", s->work, err) < 0))
		return -1;
	if (s->cwd && container_check_path("working folder", s->cwd, err) < 0)
		return -1;
	if (s->memory_bytes > INT64_MAX || s->shm_bytes > INT64_MAX || s->pids_max < 0 ||
		s->cpu_millis > CONTAINER_CPU_MAX)
		return err_set(err, ERR_INPUT, "a limit is out of range");
	return container_check_mounts(s->mounts, s->n_mounts, err);
}

static int prepare(const struct container_spec *s, struct stage_spec *ret, struct err *err)
{
	*ret = (struct stage_spec){.c = *s, .stop_signal = SIGTERM};
	struct container_spec *c = &ret->c;
	if (s->stop_signal && container_signal(s->stop_signal, &ret->stop_signal, err) < 0)
		return -1;
	int rc = s->runtime ? container_name_runtime(s->runtime, &ret->runtime, err)
			    : container_find_runtime(&ret->runtime, err);
	if (rc < 0)
		return -1;
	if (!c->name)
		c->name = "container";
	if (!c->cwd)
		c->cwd = "/";
	if (c->grace_ns <= 0)
		c->grace_ns = GRACE;
	return 0;
}

static int write_request(struct helper_call *call, struct stage_spec *stage, struct buf *ret,
	struct err *err)
{
	struct container_spec *c = &stage->c;
	CLEANUP(mem_free) struct container_mount *mounts = NULL;
	struct wire w = {.out = ret};
	c->mounts = mounts = helper_call_mounts(call, c->mounts, c->n_mounts);
	stage_spec_wire(&w, stage);
	c->mounts = NULL;
	return wire_end(&w, err);
}

/* ---- the answer ---- */

/* The last error of the runtime's log; false when there is none. */
static bool last_error(struct str log, struct arena *a, struct str *ret)
{
	struct str line;
	bool has_any = false;
	while (str_line(&log, &line)) {
		struct err ignored; /* a line that is no JSON says nothing we understand */
		struct json *v;
		struct str level = STR_NONE, message = STR_NONE;
		if (json_parse(line, NULL, a, &v, &ignored) < 0 ||
			json_opt_str(v, "level", &level, &ignored) < 0 ||
			json_opt_str(v, "msg", &message, &ignored) < 0)
			continue;
		if (str_is(level, "error") || str_is(level, "fatal")) {
			*ret = message;
			has_any = true;
		}
	}
	return has_any;
}

static int read_answer(const struct stage_spec *stage, struct helper_call *call,
	struct proc_end *ret, struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct helper_report r;
	struct str message;
	if (helper_call_result(call, &a, &r, err) < 0)
		return -1;
	*ret = (struct proc_end){.status = r.status, .signal = r.signal};
	if (!last_error(str_of(r.log), &a, &message))
		return 0;
	return err_set(err, ERR_SYS, "%s: %.*s", stage->runtime.name, STR_ARG(message));
}

/* ---- the call ---- */

static int run(const struct container_spec *spec, struct proc_end *ret, struct err *err)
{
	CLEANUP(helper_call_done) struct helper_call call = HELPER_CALL_NONE;
	CLEANUP(buf_done) struct buf request = BUF(WIRE_MAX);
	struct stage_spec stage;
	struct proc_end helper_end;
	if (prepare(spec, &stage, err) < 0 ||
		helper_call_init(&call, "run", stage.c.name, err) < 0 ||
		write_request(&call, &stage, &request, err) < 0 ||
		helper_call_ready(&call, buf_str(&request), err) < 0)
		return -1;
	struct last_words words = {.on_output = spec->on_output, .ctx = spec->ctx};
	struct proc_run r = {.spec = call.spec,
		.on_output = last_words_output,
		.ctx = &words,
		.cancel = spec->cancel,
		.timeout_ns = spec->timeout_ns,
		.grace_ns = stage.c.grace_ns + HELPER_SLACK};
	r.spec.stdin_fd = spec->stdin_fd;
	if (proc_run(&r, &helper_end, err) < 0) {
		struct err ignored; /* that it was canceled is what matters */
		if (err->kind == ERR_CANCELED)
			(void)read_answer(&stage, &call, ret, &ignored);
		return -1;
	}
	if (read_answer(&stage, &call, ret, err) < 0)
		return -1;
	return last_words_end(&words, &ret->status, err);
}

int container_run(const struct container_spec *spec, struct proc_end *ret, struct err *err)
{
	*ret = (struct proc_end){.status = -1};
	if (container_check_root(err) < 0 || check(spec, err) < 0)
		return -1;
	if (run(spec, ret, err) < 0)
		return err_wrap(err, "container '%s'", spec->name ? spec->name : "");
	return 0;
}
