/* rig -- a repository, a store and a run of a workflow file in them.
 *
 *	CLEANUP(rig_done) struct rig r;
 *	rig_init(&r);
 *	rig_file(&r, ".github/workflows/w.yml", text);
 *	rig_run(&r);
 *
 * Runs make namespaces: tests are skipped, and say so, unless they run as root.
 */
#ifndef UNIT_RUNNER_RIG_H
#define UNIT_RUNNER_RIG_H

#include "../git/script.h"

#include "base/map.h"
#include "runner/runner.h"

#include <pthread.h>

struct rig {
	struct event_sink sink; /* first: the sink is the rig */
	struct temp_dir dir;
	char root[100], repo[100];
	struct arena a;
	struct runner_spec spec;
	struct runner_hooks hooks;
	struct runner_answer answer;
	struct cancel cancel;
	const char *cancels_at; /* asks when this is printed */
	pthread_mutex_t lock;
	struct map nodes;    /* id -> struct buf *: what was told about it */
	struct buf commands; /* that the hook was called with, one a line */
	int command_status;
};

static inline void rig_need_root(void)
{
	if (geteuid() != 0) {
		print_message("skipped: needs root\n");
		skip();
	}
}

static inline struct buf *rig_node(struct rig *r, struct str id)
{
	struct buf *b = map_get(&r->nodes, id);
	if (!b) {
		b = NEW(struct buf);
		*b = BUF(64 << 20);
		map_put(&r->nodes, id, b);
	}
	return b;
}

static inline void rig_write_at(struct buf *b, const struct err_at *at)
{
	if (at && at->line && at->col)
		buf_fmt(b, "%s:%u:%u: ", at->file, at->line, at->col);
	else if (at && at->line)
		buf_fmt(b, "%s:%u: ", at->file, at->line);
	else if (at && at->file[0])
		buf_fmt(b, "%s: ", at->file);
}

static inline void rig_begin_line(struct buf *b)
{
	if (b->n && b->p[b->n - 1] != '\n')
		buf_add_ch(b, '\n');
}

static inline void rig_emit(struct event_sink *sink, const struct event *e)
{
	struct rig *r = (struct rig *)sink;
	pthread_mutex_lock(&r->lock);
	struct buf *b = rig_node(r, e->id);
	if (e->kind != EVENT_OUTPUT)
		rig_begin_line(b);
	if (e->kind == EVENT_BEGIN)
		buf_fmt(b, "[%.*s]\n", STR_ARG(e->title));
	if (e->kind == EVENT_OUTPUT)
		buf_add(b, e->text);
	if (e->kind == EVENT_NOTE) {
		buf_fmt(b, "%s: ", event_level_name(e->level));
		rig_write_at(b, e->at);
		buf_add(b, e->text);
		buf_add_ch(b, '\n');
	}
	if (e->kind == EVENT_END)
		buf_fmt(b, "-> %s%s%.*s\n", event_result_name(e->result), e->text.n ? ": " : "",
			STR_ARG(e->text));
	if (r->cancels_at && e->kind == EVENT_OUTPUT && str_has(buf_str(b), str_of(r->cancels_at)))
		cancel_ask(&r->cancel);
	pthread_mutex_unlock(&r->lock);
}

/* Stands for the commands of knarr: writes down what it was asked. */
static inline int rig_command(void *ctx, const struct runner_command *c, struct arena *a,
	struct runner_command_result *ret, struct err *err)
{
	struct rig *r = ctx;
	pthread_mutex_lock(&r->lock);
	for (const char *const *p = c->argv; *p; p++)
		buf_fmt(&r->commands, "%s%s", p == c->argv ? "" : " ", *p);
	if (c->stdin_text.n)
		buf_fmt(&r->commands, " <<< %.*s", STR_ARG(c->stdin_text));
	buf_add_ch(&r->commands, '\n');
	pthread_mutex_unlock(&r->lock);
	ret->status = r->command_status;
	ret->digest = S("sha256:dddd");
	ret->image_id = S("sha256:cccc");
	ret->metadata = S("{\"containerimage.digest\":\"sha256:dddd\"}");
	return 0;
}

static inline int64_t rig_now(const struct clock *c)
{
	return INT64_C(1700000000) * CLOCK_SECOND;
}
static inline int64_t rig_monotonic(const struct clock *c)
{
	return clock_monotonic(clock_system());
}
static const struct clock rig_clock = {rig_now, rig_monotonic};

static inline void rig_init(struct rig *r)
{
	struct err err = {0};
	*r = (struct rig){.sink = {rig_emit}, .commands = BUF(1 << 20)};
	r->dir = temp_dir_new();
	pthread_mutex_init(&r->lock, NULL);
	OK(cancel_init(&r->cancel, &err));
	snprintf(r->root, sizeof(r->root), "%s/root", r->dir.path);
	snprintf(r->repo, sizeof(r->repo), "%s/repo", r->dir.path);
	OK(fs_mkdirs(r->dir.fd, "root", 0755, &err));
	script(&r->dir,
		"git init -q repo; cd repo; "
		"git remote add origin https://github.com/me/app.git");
	r->hooks = (struct runner_hooks){.ctx = r, .command = rig_command};
	r->spec = (struct runner_spec){.root = r->root,
		.dir = r->repo,
		.actor = "tester",
		.hooks = &r->hooks,
		.events = &r->sink,
		.cancel = &r->cancel,
		.clock = &rig_clock};
}

static inline void rig_buf_free(void *b)
{
	buf_done(b);
	free(b);
}

static inline void rig_done(struct rig *r)
{
	runner_answer_done(&r->answer);
	map_done(&r->nodes, rig_buf_free);
	buf_done(&r->commands);
	cancel_done(&r->cancel);
	pthread_mutex_destroy(&r->lock);
	arena_done(&r->a);
	temp_dir_done(&r->dir);
}
CLEANUP_VAL(rig_done, struct rig);

/* A file of the repository. */
static inline void rig_file(struct rig *r, const char *path, const char *text)
{
	char full[4096];
	snprintf(full, sizeof(full), "repo/%s", path);
	temp_dir_file(&r->dir, full, text);
}

static inline void rig_commit(struct rig *r)
{
	script(&r->dir, "cd repo; git add -A; git commit -qm 'The commit' --allow-empty");
}

static inline int rig_try(struct rig *r, struct err *err)
{
	rig_commit(r);
	return runner_run(&r->spec, &r->a, &r->answer, err);
}

static inline void rig_run(struct rig *r)
{
	struct err err = {0};
	OK(rig_try(r, &err));
}

static inline void rig_run_text(struct rig *r, const char *workflow)
{
	rig_file(r, ".github/workflows/w.yml", workflow);
	rig_run(r);
}

static inline const struct runner_job *rig_job(const struct rig *r, const char *id)
{
	for (size_t i = 0; i < r->answer.runs.n; i++)
		VEC_EACH(&r->answer.runs.p[i].jobs, j)
			if (str_is(j->id, id))
				return j;
	fail_msg("there is no job '%s'", id);
	abort();
}

/* What was told about a node: "job/a/1". */
static inline struct str rig_said(struct rig *r, const char *node)
{
	return buf_str(rig_node(r, str_of(node)));
}

#define SAYS(r, node, text)                                                                        \
	do {                                                                                       \
		struct str said_ = rig_said(r, node);                                              \
		if (!str_has(said_, str_of(text)))                                                 \
			fail_msg("%s said '%.*s', which has no '%s'", node, STR_ARG(said_), text); \
	} while (0)

/* Nothing of a run is left: no folder, no mount, no process with the store's name. */
static inline void rig_left_nothing(struct rig *r)
{
	CLEANUP(buf_done) struct buf mounts = BUF(4 << 20);
	struct err err = {0};
	OK(fs_read_file(AT_FDCWD, "/proc/self/mountinfo", &mounts, &err));
	assert_false(str_has(buf_str(&mounts), str_of(r->root)));
	STR_IS(script_says(&r->dir,
		       "ls -A root/runs 2>/dev/null | grep -v -e numbers.json -e "
		       "'^.lock$' || true"),
		"");
}

#endif
