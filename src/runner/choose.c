#include "choose_priv.h"

#include "fs/fs.h"
#include "workflow/trigger.h"

#include <fcntl.h>

#define FOLDER ".github/workflows"

struct chooser {
	const struct runner_spec *spec;
	const struct repo *r;
	struct arena *a;
	struct choices *out;
	struct buf why;
	size_t n_files, n_broken;
};

/* ---- reading ---- */

static void tell_problem(struct chooser *c, struct str file, const struct workflow_problem *p)
{
	struct err_at at = {.line = p->line, .col = p->col};
	snprintf(at.file, sizeof(at.file), "%.*s", STR_ARG(file));
	enum event_level level = p->severity == WORKFLOW_ERROR ? EVENT_ERROR : EVENT_WARNING;
	event_note(c->spec->events, STR_NONE, level, &at, "%.*s%s%.*s", STR_ARG(p->message),
		p->hint.n ? "; " : "", STR_ARG(p->hint));
}

static int parse(struct chooser *c, int dir_fd, const char *path, struct str file,
	struct workflow **ret, struct err *err)
{
	CLEANUP(buf_done) struct buf text = BUF(WORKFLOW_MAX_BYTES + 1);
	CLEANUP(workflow_problems_done) struct workflow_problems problems = {0};
	if (fs_read_file(dir_fd, path, &text, err) < 0)
		return -1;
	int rc = workflow_parse(buf_str(&text), file, c->a, ret, &problems, err);
	VEC_EACH(&problems.list, p)
		if (rc == 0 || p != problems.list.p || c->spec->n_files == 0)
			tell_problem(c, file, p);
	return rc;
}

/* ---- deciding ---- */

static bool wants_paths(const struct workflow *w, struct str event)
{
	for (size_t i = 0; i < w->events.n; i++) {
		const struct workflow_event *e = &w->events.p[i];
		if (str_eq(e->name, event) &&
			(e->has[WORKFLOW_PATHS] || e->has[WORKFLOW_PATHS_IGNORE]))
			return true;
	}
	return false;
}

static int changed_paths(struct chooser *c, const struct repo_event *e, struct trigger *t,
	struct err *err)
{
	struct str *paths;
	size_t n;
	struct str before = e->before.n ? e->before : S(REPO_NO_SHA);
	if (!c->r->has_commit)
		return 0;
	if (git_changed_paths(c->r->top, arena_cstr(c->a, before), arena_cstr(c->a, e->sha), c->a,
		    &paths, &n, err) < 0)
		return -1;
	t->paths = (struct str_vec){paths, n, n};
	t->has_paths = true;
	return 0;
}

/* 1 = the event starts it. */
static int is_triggered(struct chooser *c, const struct workflow *w, const struct repo_event *e,
	struct err *err)
{
	struct trigger t = {.event = e->name, .action = e->action, .ref = e->ref};
	if (e->base_ref.n)
		t.ref = arena_fmt(c->a, "refs/heads/%.*s", STR_ARG(e->base_ref));
	if (wants_paths(w, e->name) && changed_paths(c, e, &t, err) < 0)
		return -1;
	return trigger_matches(w, &t, err);
}

static void list_events(const struct workflow *w, struct buf *b)
{
	for (size_t i = 0; i < w->events.n; i++)
		buf_fmt(b, "%s%.*s", i ? ", " : "", STR_ARG(w->events.p[i].name));
}

/* push, or what a file that was named can do. */
static struct str event_name(const struct chooser *c, const struct workflow *w)
{
	if (c->spec->event)
		return str_of(c->spec->event);
	if (c->spec->n_files == 0 || workflow_event_find(w, "push"))
		return S("push");
	if (workflow_event_find(w, "workflow_dispatch") || !w->events.n)
		return S("workflow_dispatch");
	return w->events.p[0].name;
}

static int read_event(struct chooser *c, const struct workflow_event *on, struct str name,
	struct choice *ch, struct err *err)
{
	const struct runner_spec *s = c->spec;
	bool is_dispatch = str_is(name, "workflow_dispatch");
	const struct json *payload = s->payload ? json_get(s->payload, "inputs") : NULL;
	if (inputs_read(is_dispatch ? on : NULL, is_dispatch ? payload : NULL, s->inputs,
		    s->n_inputs, c->a, &ch->inputs, err) < 0)
		return -1;
	struct repo_ask ask = {.event = name,
		.payload = s->payload,
		.inputs = ch->inputs.texts,
		.n_inputs = ch->inputs.n,
		.actor = str_of(s->actor ? s->actor : "knarr"),
		.workflow_file = arena_cstr(c->a, ch->w->file)};
	if (on && on->schedules.n)
		ask.cron = on->schedules.p[0].cron;
	return repo_event(c->r, &ask, c->a, &ch->event, err);
}

/* A file that was named runs whatever its filters say, but not on an event it does not know. */
static int decide(struct chooser *c, struct workflow *w, struct err *err)
{
	struct str name = event_name(c, w);
	struct choice ch = {.w = w};
	const struct workflow_event *on = workflow_event_find(w, arena_cstr(c->a, name));
	if (!on) {
		buf_fmt(&c->why, "%s'%.*s' does not run on '%.*s' but on: ", c->why.n ? "; " : "",
			STR_ARG(w->file), STR_ARG(name));
		list_events(w, &c->why);
		return 0;
	}
	if (read_event(c, on, name, &ch, err) < 0)
		return -1;
	int rc = is_triggered(c, w, &ch.event, err);
	if (rc < 0)
		return err_wrap(err, "%.*s", STR_ARG(w->file));
	if (rc == 0 && c->spec->n_files == 0) {
		buf_fmt(&c->why, "%s'%.*s' runs on '%.*s', but its filters leave out %.*s",
			c->why.n ? "; " : "", STR_ARG(w->file), STR_ARG(name),
			STR_ARG(ch.event.ref));
		return 0;
	}
	if (rc == 0)
		event_note(c->spec->events, STR_NONE, EVENT_WARNING, NULL,
			"'%.*s' runs because it was named: its filters for '%.*s' leave out %.*s",
			STR_ARG(w->file), STR_ARG(name), STR_ARG(ch.event.ref));
	vec_push(c->out, ch);
	return 0;
}

/* ---- the files ---- */

static int choose_named(struct chooser *c, struct err *err)
{
	for (size_t i = 0; i < c->spec->n_files; i++) {
		const char *path = c->spec->files[i];
		struct workflow *w;
		size_t n = c->out->n;
		c->n_files++;
		if (parse(c, AT_FDCWD, path, str_of(path), &w, err) < 0 || decide(c, w, err) < 0)
			return -1;
		if (c->out->n == n)
			return err_set(err, ERR_INPUT, "%s", buf_cstr(&c->why));
	}
	return 0;
}

static bool is_workflow_file(const struct fs_entry *e)
{
	struct str name = str_of(e->name);
	return e->type != DT_DIR && name.p[0] != '.' &&
		(str_ends(name, S(".yml")) || str_ends(name, S(".yaml")));
}

static int choose_one(struct chooser *c, int dir_fd, const char *name, struct err *err)
{
	struct err why = {0};
	struct workflow *w;
	struct str file = arena_fmt(c->a, FOLDER "/%s", name);
	c->n_files++;
	if (parse(c, dir_fd, name, file, &w, &why) < 0) {
		c->n_broken++;
		if (why.kind != ERR_INPUT) /* else it is told already */
			event_note(c->spec->events, STR_NONE, EVENT_ERROR, NULL, "%s: %s", file.p,
				why.what);
		return 0;
	}
	return decide(c, w, err);
}

static int choose_triggered(struct chooser *c, struct err *err)
{
	CLEANUP(fs_entries_done) struct fs_entries entries = {0};
	CLEANUP(fd_close) int fd = -1;
	struct err why = {0};
	struct str path = arena_fmt(c->a, "%s/" FOLDER, c->r->top);
	if (fs_open(AT_FDCWD, path.p, O_RDONLY | O_DIRECTORY, 0, &fd, &why) < 0) {
		if (why.kind != ERR_NOT_FOUND) {
			*err = why;
			return -1;
		}
		buf_fmt(&c->why, "there is no folder '%s'", path.p);
		return 0;
	}
	if (fs_list(fd, &entries, err) < 0)
		return -1;
	bool is_any = false;
	VEC_EACH(&entries, e) {
		if (!is_workflow_file(e))
			continue;
		is_any = true;
		if (choose_one(c, fd, e->name, err) < 0)
			return -1;
	}
	if (!is_any)
		buf_fmt(&c->why, "there is no workflow in '%s'", path.p);
	return 0;
}

int choose(const struct runner_spec *spec, const struct repo *r, struct arena *a,
	struct choices *ret, struct looked *ret_looked, struct err *err)
{
	struct chooser c = {.spec = spec, .r = r, .a = a, .out = ret, .why = BUF(4096)};
	int rc = spec->n_files ? choose_named(&c, err) : choose_triggered(&c, err);
	*ret_looked = (struct looked){arena_str(a, buf_str(&c.why)), c.n_files, c.n_broken};
	buf_done(&c.why);
	return rc;
}
