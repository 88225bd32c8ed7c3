/* workflow: GitHub Actions workflow files, run here, checked, shown. */
#include "cli/cmd_list.h"

#include "cli/introduce.h"
#include "fs/fs.h"
#include "json/json.h"
#include "workflow/action.h"
#include "workflow/workflow.h"

#include <fcntl.h>

enum { ANSWER_MAX = 256 * 1024 * 1024, ENV_FILE_MAX = 1024 * 1024, PATH_ROOM = 4096 };

/* ---- run: the command line ---- */

VEC_TYPE(pair_vec, struct runner_pair);
VEC_TYPE(label_vec, struct runner_label);

struct asked {
	const char *dir, *event, *event_path, *job, *actor;
	struct cstr_vec files, inputs, secrets, vars, env_files, runners;
	bool is_dry_run, is_debug;
	/* What they come to. */
	struct pair_vec input_pairs, secret_pairs, var_pairs, env_pairs;
	struct label_vec labels;
	struct cstr_vec paths;
	const struct json *payload;
};

static void asked_done(struct asked *q)
{
	struct cstr_vec *lists[] = {&q->files, &q->inputs, &q->secrets, &q->vars, &q->env_files,
		&q->runners, &q->paths};
	struct pair_vec *pairs[] = {
		&q->input_pairs, &q->secret_pairs, &q->var_pairs, &q->env_pairs};
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		vec_done(lists[i]);
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		vec_done(pairs[i]);
	vec_done(&q->labels);
}
CLEANUP_VAL(asked_done, struct asked);

/* "NAME=value"; with from_env also "NAME": the value of our own environment. */
static int add_pair(const char *option, struct str text, bool from_env, struct arena *a,
	struct pair_vec *ret, struct err *err)
{
	struct str value = text, name = STR_NONE;
	(void)str_cut(&value, '=', &name); /* never NULL */
	const char *cname = arena_cstr(a, name);
	const char *ours = !value.p && from_env ? getenv(cname) : NULL;
	if (!name.n || (!value.p && !ours)) {
		err_set(err, ERR_USAGE, "%s: expected NAME=VALUE, got '%.*s'", option,
			STR_ARG(name));
		return from_env && name.n
			? err_hint(err, "there is no variable '%s' in the environment", cname)
			: -1;
	}
	vec_push(ret, ((struct runner_pair){cname, ours ? ours : arena_cstr(a, value)}));
	return 0;
}

static int add_pairs(const char *option, const struct cstr_vec *texts, bool from_env,
	struct arena *a, struct pair_vec *ret, struct err *err)
{
	VEC_EACH(texts, t)
		if (add_pair(option, str_of(*t), from_env, a, ret, err) < 0)
			return -1;
	return 0;
}

/* NAME=value lines, # comments. */
static int read_env_file(struct asked *q, const char *path, struct arena *a, struct err *err)
{
	CLEANUP(buf_done) struct buf text = BUF(ENV_FILE_MAX);
	uint32_t number = 0;
	if (fs_read_file(AT_FDCWD, path, &text, err) < 0)
		return -1;
	struct str rest = buf_str(&text), line;
	while (str_line(&rest, &line)) {
		number++;
		line = str_trim_left(line);
		if (line.n && line.p[0] != '#' &&
			add_pair("--env-file", line, false, a, &q->env_pairs, err) < 0)
			return err_locate(err, path, number, 1);
	}
	return 0;
}

/* "ubuntu-latest=host", "ubuntu-latest=IMAGE" */
static int add_runner(struct asked *q, const char *text, struct arena *a, struct err *err)
{
	struct str value = str_of(text), name = STR_NONE;
	(void)str_cut(&value, '=', &name); /* never NULL */
	if (!name.n || !value.n) {
		err_set(err, ERR_USAGE, "--runner: expected LABEL=host or LABEL=IMAGE, got '%s'",
			text);
		return -1;
	}
	const char *image = str_is(value, "host") ? NULL : value.p;
	vec_push(&q->labels, ((struct runner_label){arena_cstr(a, name), image}));
	return 0;
}

static int read_payload(struct asked *q, struct arena *a, struct err *err)
{
	CLEANUP(buf_done) struct buf text = BUF(RUNNER_MAX_EVENT);
	struct json_limits limits = json_limits_default;
	struct json *v;
	if (!q->event_path)
		return 0;
	limits.max_bytes = RUNNER_MAX_EVENT;
	if (fs_read_file(AT_FDCWD, q->event_path, &text, err) < 0)
		return -1;
	if (json_parse(buf_str(&text), &limits, a, &v, err) < 0)
		return err_in_file(err, q->event_path);
	q->payload = v;
	return 0;
}

/* -W is a path below -C, or from where we stand. */
static const char *workflow_path(const char *dir, const char *file, struct arena *a)
{
	const char *below = arena_fmt(a, "%s/%s", dir, file).p;
	bool is_plain = file[0] == '/' || strcmp(dir, ".") == 0;
	return is_plain || access(below, F_OK) < 0 ? file : below;
}

static int understand(struct asked *q, struct arena *a, struct err *err)
{
	if (add_pairs("--input", &q->inputs, false, a, &q->input_pairs, err) < 0 ||
		add_pairs("--secret", &q->secrets, true, a, &q->secret_pairs, err) < 0 ||
		add_pairs("--var", &q->vars, false, a, &q->var_pairs, err) < 0 ||
		read_payload(q, a, err) < 0)
		return -1;
	VEC_EACH(&q->env_files, f)
		if (read_env_file(q, *f, a, err) < 0)
			return -1;
	VEC_EACH(&q->runners, r)
		if (add_runner(q, *r, a, err) < 0)
			return -1;
	VEC_EACH(&q->files, f)
		vec_push(&q->paths, workflow_path(q->dir, *f, a));
	return 0;
}

/* ---- run: the answer ---- */

static void add_result(struct buf *b, const struct runner_run *r)
{
	buf_fmt(b, "%.*s: %s\n", STR_ARG(r->file), runner_result_name(r->result));
	VEC_EACH(&r->jobs, j)
		buf_fmt(b, "  %-9s  %.*s\n", runner_result_name(j->result), STR_ARG(j->id));
}

static void add_command(struct buf *b, const struct runner_step *s)
{
	buf_fmt(b, "    %.*s\n", STR_ARG(s->name));
	if (s->command.n)
		buf_add_cstr(b, "      $ knarr");
	for (size_t i = 0; i < s->command.n; i++)
		buf_fmt(b, " %.*s", STR_ARG(s->command.p[i]));
	if (s->command.n)
		buf_add_ch(b, '\n');
	if (s->shell.n)
		buf_fmt(b, "      $ %.*s\n", STR_ARG(s->shell));
}

static void add_plan(struct buf *b, const struct runner_run *r)
{
	buf_fmt(b, "%.*s\n", STR_ARG(r->file));
	VEC_EACH(&r->jobs, j) {
		buf_fmt(b, "  %.*s\n", STR_ARG(j->id));
		VEC_EACH(&j->steps, s)
			if (s->outcome != RUNNER_SKIPPED)
				add_command(b, s);
	}
}

static int answer(struct session *s, const struct runner_answer *r, struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(ANSWER_MAX);
	if (cmd_is_json(s->g)) {
		struct json_out o;
		json_out_init(&o, &b, 0);
		runner_write_json(r, &o);
		buf_add_ch(&b, '\n');
	} else {
		VEC_EACH(&r->runs, run) {
			if (run->is_dry_run)
				add_plan(&b, run);
			else
				add_result(&b, run);
		}
	}
	if (r->runs.n == 0)
		fprintf(stderr, "knarr: nothing to run: %.*s\n", STR_ARG(r->why_nothing));
	if (buf_check(&b, "answer", err) < 0)
		return -1;
	return cmd_answer(&b, err);
}

static int run_asked(struct session *s, struct asked *q, int *ret_code, struct err *err)
{
	CLEANUP(introduction_done) struct introduction rooms = {0};
	CLEANUP(runner_answer_done) struct runner_answer result = {0};
	CLEANUP(buf_done) struct buf root = BUF(PATH_ROOM);
	char here[PATH_ROOM], top[2 * PATH_ROOM];
	if (understand(q, &s->arena, err) < 0 || session_root_path(s->g, &root, err) < 0)
		return -1;
	if (root.p[0] != '/' && !getcwd(here, sizeof(here)))
		return err_sys(err, "find the current folder");
	snprintf(top, sizeof(top), "%s%s%s", root.p[0] == '/' ? "" : here,
		root.p[0] == '/' ? "" : "/", buf_cstr(&root));
	introduce(&rooms, s);
	struct runner_spec spec = {.root = top,
		.dir = q->dir,
		.files = q->paths.p,
		.n_files = q->paths.n,
		.event = q->event,
		.payload = q->payload,
		.inputs = q->input_pairs.p,
		.n_inputs = q->input_pairs.n,
		.secrets = q->secret_pairs.p,
		.n_secrets = q->secret_pairs.n,
		.vars = q->var_pairs.p,
		.n_vars = q->var_pairs.n,
		.env = q->env_pairs.p,
		.n_env = q->env_pairs.n,
		.labels = q->labels.p,
		.n_labels = q->labels.n,
		.job = q->job,
		.actor = q->actor,
		.is_dry_run = q->is_dry_run,
		.is_debug = q->is_debug,
		.hooks = &rooms.hooks,
		.events = session_events(s),
		.cancel = &s->cancel};
	if (runner_run(&spec, &s->arena, &result, err) < 0)
		return -1;
	session_end_progress(s);
	*ret_code = result.result == RUNNER_CANCELLED || cancel_is_asked(&s->cancel) ? EXIT_CANCELED
		: result.result == RUNNER_FAILURE || result.n_files == 0             ? EXIT_REFUSED
										     : EXIT_OK;
	return answer(s, &result, err);
}

static int run(const struct cmd *self, struct cmd_globals *g, int argc, char **argv)
{
	struct err err = {0};
	int code = EXIT_OK;
	CLEANUP(asked_done) struct asked q = {.dir = "."};
	CLEANUP(session_done) struct session s = {0};
	CLEANUP(cstr_vec_done) struct cstr_vec args = {0};
	const struct opt own[] = {
		{"directory", 'C', OPT_TEXT, &q.dir, "DIR",
			"the repository (the folder we are in)"},
		{"workflow", 'W', OPT_LIST, &q.files, "FILE",
			"this file; else those of .github/workflows that the event starts"},
		{"event", 0, OPT_TEXT, &q.event, "NAME", "push (default), workflow_dispatch, …"},
		{"eventpath", 0, OPT_TEXT, &q.event_path, "FILE", "its payload, JSON"},
		{"input", 0, OPT_LIST, &q.inputs, "NAME=VALUE", "of a workflow_dispatch"},
		{"secret", 0, OPT_LIST, &q.secrets, "NAME=VALUE",
			"a secret; NAME alone takes it from the environment"},
		{"var", 0, OPT_LIST, &q.vars, "NAME=VALUE", "a value of the vars context"},
		{"env-file", 0, OPT_LIST, &q.env_files, "FILE", "variables for every step"},
		{"runner", 0, OPT_LIST, &q.runners, "LABEL=WHERE",
			"runs-on: LABEL is 'host', or an image"},
		{"job", 'j', OPT_TEXT, &q.job, "ID", "only this job and what it needs"},
		{"actor", 0, OPT_TEXT, &q.actor, "NAME", "github.actor (knarr)"},
		{"dry-run", 'n', OPT_FLAG, &q.is_dry_run, NULL, "say what would be done"},
		{"debug", 0, OPT_FLAG, &q.is_debug, NULL, "show ::debug:: messages"},
	};
	int rc = cmd_parse(self, g, own, ARRAY_LEN(own), OPT_ANYWHERE, argc, argv, 0, 0, &args,
		&err);
	if (rc == 0)
		rc = session_init(&s, g, &err);
	if (rc == 0)
		rc = run_asked(&s, &q, &code, &err);
	if (rc < 0) {
		session_end_progress(&s);
		return exit_with(&err);
	}
	return code;
}

/* ---- check and show ---- */

static int read_text(const char *path, struct buf *ret, struct err *err)
{
	return strcmp(path, "-") == 0 ? fs_read_fd(STDIN_FILENO, ret, err)
				      : fs_read_file(AT_FDCWD, path, ret, err);
}

static bool is_action(const char *path)
{
	struct str name = path_base(str_of(path));
	return str_is(name, "action.yml") || str_is(name, "action.yaml");
}

static void add_problem(struct buf *b, const char *file, const struct workflow_problem *p)
{
	buf_fmt(b, "%s:%u:%u: %s%.*s\n", file, p->line, p->col,
		p->severity == WORKFLOW_ERROR ? "" : "warning: ", STR_ARG(p->message));
	if (p->hint.n)
		buf_fmt(b, "hint: %.*s\n", STR_ARG(p->hint));
}

static int answer_check(const char *path, const struct workflow_problems *problems, bool is_json,
	struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(ANSWER_MAX);
	size_t n_told = 0;
	if (is_json) {
		struct json_out o;
		json_out_init(&o, &b, 2);
		workflow_problems_write_json(problems, str_of(path), &o);
		buf_add_ch(&b, '\n');
		return cmd_answer(&b, err);
	}
	VEC_EACH(&problems->list, p) {
		add_problem(&b, path, p);
		n_told += p->severity == WORKFLOW_ERROR;
	}
	if (problems->n_errors > n_told)
		buf_fmt(&b, "… and %zu more\n", problems->n_errors - n_told);
	if (problems->list.n == 0)
		buf_fmt(&b, "%s: no problems\n", path);
	return cmd_answer(&b, err);
}

/* 1 = there are errors in it. */
static int check_file(const char *path, bool is_json, struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(buf_done) struct buf text = BUF(WORKFLOW_MAX_BYTES + 1);
	CLEANUP(workflow_problems_done) struct workflow_problems problems = {0};
	struct workflow *w;
	struct action *action;
	struct err first = {0};
	if (read_text(path, &text, err) < 0)
		return -1;
	struct str file = str_of(path);
	int rc = is_action(path)
		? action_parse(buf_str(&text), file, &a, &action, &problems, &first)
		: workflow_parse(buf_str(&text), file, &a, &w, &problems, &first);
	if (rc < 0 && problems.n_errors == 0) { /* too large: there is no place to tell */
		*err = first;
		return -1;
	}
	if (answer_check(path, &problems, is_json, err) < 0)
		return -1;
	return problems.n_errors > 0;
}

static int check(const struct cmd *self, struct cmd_globals *g, int argc, char **argv)
{
	struct err err = {0};
	CLEANUP(cstr_vec_done) struct cstr_vec args = {0};
	int rc = cmd_parse(self, g, NULL, 0, OPT_ANYWHERE, argc, argv, 1, 1, &args, &err);
	if (rc > 0)
		return EXIT_OK;
	if (rc == 0)
		rc = check_file(args.p[0], cmd_is_json(g), &err);
	return rc < 0 ? exit_with(&err) : rc > 0 ? EXIT_REFUSED : EXIT_OK;
}

static int show_file(const char *path, struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(buf_done) struct buf text = BUF(WORKFLOW_MAX_BYTES + 1), out = BUF(ANSWER_MAX);
	CLEANUP(workflow_problems_done) struct workflow_problems problems = {0};
	struct workflow *w;
	struct json_out o;
	if (read_text(path, &text, err) < 0 ||
		workflow_parse(buf_str(&text), str_of(path), &a, &w, &problems, err) < 0)
		return -1;
	json_out_init(&o, &out, 2);
	workflow_write_json(w, &o);
	buf_add_ch(&out, '\n');
	return buf_check(&out, "answer", err) < 0 ? -1 : cmd_answer(&out, err);
}

static int show(const struct cmd *self, struct cmd_globals *g, int argc, char **argv)
{
	struct err err = {0};
	CLEANUP(cstr_vec_done) struct cstr_vec args = {0};
	int rc = cmd_parse(self, g, NULL, 0, OPT_ANYWHERE, argc, argv, 1, 1, &args, &err);
	if (rc == 0)
		rc = show_file(args.p[0], &err);
	return rc < 0 ? exit_with(&err) : EXIT_OK;
}

int cmd_workflow(const struct cmd *self, struct cmd_globals *g, int argc, char **argv)
{
	static const struct cmd subs[] = {
		{"workflow run", run, "[-C DIR] [-W FILE] [--event NAME] [--secret NAME=VALUE]",
			"run workflow files here, now", NULL},
		{"workflow check", check, "FILE", "every error of a workflow file or action.yml",
			NULL},
		{"workflow show", show, "FILE", "a workflow file as it is understood, JSON", NULL},
	};
	return cmd_sub(self, g, subs, ARRAY_LEN(subs), argc, argv);
}
