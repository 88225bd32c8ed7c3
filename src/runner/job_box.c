/* The sandbox of a job, and what processes in it have in their environment. */
#include "run_priv.h"

#define HOME "/root"
#define USUAL_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* ---- runs-on ---- */

static const struct runner_label *given_label(const struct runner_spec *s, struct str label)
{
	for (size_t i = 0; i < s->n_labels; i++)
		if (str_eq_nocase(label, str_of(s->labels[i].label)))
			return &s->labels[i];
	return NULL;
}

/* Labels this host answers to by itself. */
static bool is_ours(struct str label)
{
	static const char *const known[] = {"self-hosted", "linux", "x64", "arm64", "arm", "knarr"};
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_eq_nocase(label, str_of(known[i])))
			return true;
	return label.n > 7 && str_eq_nocase(str_sub(label, 0, 7), S("ubuntu-"));
}

static int take_label(struct job *j, struct str label, bool *is_given, struct err *err)
{
	const struct runner_label *given = given_label(j->run->spec, label);
	if (given) {
		*is_given = true;
		j->image = given->image;
		return 0;
	}
	if (is_ours(label) || *is_given)
		return 0;
	err_set(err, ERR_UNSUPPORTED, "no runner for 'runs-on: %.*s'", STR_ARG(label));
	return err_hint(err, "say where it runs: --runner %.*s=host, or --runner %.*s=IMAGE",
		STR_ARG(label), STR_ARG(label));
}

static int take_labels(struct job *j, const struct expr_value *v, struct err *err)
{
	bool is_given = false;
	if (v->kind == EXPR_OBJECT) {
		const struct expr_value *labels = expr_dict_get(v->dict, S("labels"));
		if (labels)
			return take_labels(j, labels, err);
		const struct expr_value *group = expr_dict_get(v->dict, S("group"));
		return take_label(j, group ? expr_to_text(group, &j->arena) : S(""), &is_given,
			err);
	}
	if (v->kind != EXPR_ARRAY)
		return take_label(j, expr_to_text(v, &j->arena), &is_given, err);
	for (size_t i = 0; i < v->list->n; i++)
		is_given = is_given ||
			given_label(j->run->spec, expr_to_text(&v->list->items[i], &j->arena));
	for (size_t i = 0; i < v->list->n; i++)
		if (take_label(j, expr_to_text(&v->list->items[i], &j->arena), &is_given, err) < 0)
			return -1;
	return 0;
}

int job_choose_place(struct job *j, struct err *err)
{
	const struct workflow_value *v = j->group->def->runs_on;
	struct expr_dict *c = expr_dict_new(&j->arena);
	struct expr_env env = {.contexts = c};
	struct expr_value labels;
	expr_dict_put(c, &j->arena, S("github"), expr_object(j->run->github));
	expr_dict_put(c, &j->arena, S("inputs"), j->run->inputs);
	expr_dict_put(c, &j->arena, S("vars"), j->run->vars);
	expr_dict_put(c, &j->arena, S("needs"), expr_object(j->needs));
	expr_dict_put(c, &j->arena, S("strategy"), j->strategy);
	expr_dict_put(c, &j->arena, S("matrix"), j->matrix);
	if (workflow_eval(v, &env, &j->arena, &labels, err) < 0 || take_labels(j, &labels, err) < 0)
		return err_locate(err, "", v ? v->line : 0, v ? v->col : 0);
	return 0;
}

/* ---- the sandbox ---- */

static bool is_below(const char *path, const char *folder)
{
	size_t n = strlen(folder);
	return strncmp(path, folder, n) == 0 && (path[n] == '/' || !path[n]);
}

static int find_image(struct job *j, struct str event_parent, const struct cancel *cancel,
	struct runner_image *ret, struct err *err)
{
	const struct runner_hooks *h = j->run->spec->hooks;
	if (!h || !h->image)
		return err_set(err, ERR_UNSUPPORTED, "jobs do not run in images here");
	if (h->image(h->ctx, j->image, event_parent, cancel, &j->arena, ret, err) < 0)
		return err_wrap(err, "image '%s'", j->image);
	return 0;
}

static void make_base(struct job *j, const struct runner_image *image)
{
	static const char *const usual[][2] = {{"PATH", USUAL_PATH}, {"HOME", HOME},
		{"USER", "root"}, {"LOGNAME", "root"}, {"LANG", "C.UTF-8"}};
	for (size_t i = 0; i < ARRAY_LEN(usual); i++)
		env_set(&j->base, &j->arena, str_of(usual[i][0]), str_of(usual[i][1]));
	for (const char *const *e = image->env; e && *e; e++) {
		struct str value = str_of(*e), name;
		if (str_cut(&value, '=', &name) && name.n && value.p)
			env_set(&j->base, &j->arena, name, value);
	}
	env_set(&j->base, &j->arena, S("HOME"), S(HOME));
}

static int start_box(struct job *j, const struct runner_image *image, struct err *err)
{
	const char *root = j->run->spec->root;
	const struct job_place *p = &j->place;
	bool is_host = !j->image;
	/* On the host, HOME is the job's own, so that it does not find root's keys by chance. */
	struct container_mount mounts[] = {
		{CONTAINER_BIND, .source = p->home, .target = HOME},
		{CONTAINER_BIND, .source = p->docker, .target = HOME "/.docker"},
		{CONTAINER_BIND, .source = p->workspace, .target = p->workspace},
		{CONTAINER_BIND, .source = p->temp, .target = p->temp},
		{CONTAINER_BIND, .source = p->tool, .target = p->tool},
	};
	const char *const hidden[] = {is_below(root, HOME) ? NULL : root, NULL};
	struct sandbox_spec spec = {.name = "knarr-job",
		.lowers = image->lowers,
		.n_lowers = image->n_lowers,
		.scratch = p->scratch,
		.mounts = is_host ? mounts : mounts + 1,
		.n_mounts = ARRAY_LEN(mounts) - !is_host,
		.hidden = is_host ? hidden : NULL,
		.network = CONTAINER_NET_HOST};
	return sandbox_start(&spec, &j->sandbox, err);
}

/* The default shell depends on it. On the host, the sandbox has what we have. */
static int look_for_bash(struct job *j, const struct cancel *cancel, struct err *err)
{
	CLEANUP(buf_done) struct buf path = BUF(4096);
	CLEANUP(argv_done) struct argv env = {0};
	struct err why = {0};
	struct proc_end end;
	if (!j->image) {
		j->has_bash = proc_find("bash", env_get(&j->base, "PATH"), &path, &why) == 0;
		return 0;
	}
	env_write(&j->base, &env);
	struct sandbox_exec e = {.args = (const char *[]){"bash", "-c", ":", NULL},
		.env = argv_list(&env),
		.cancel = cancel};
	j->has_bash = sandbox_exec(j->sandbox, &e, &end, &why) == 0;
	if (!j->has_bash && why.kind != ERR_NOT_FOUND) {
		*err = why;
		return -1;
	}
	return 0;
}

int job_box(struct job *j, struct str event_parent, const struct cancel *cancel, struct err *err)
{
	struct runner_image image = {0};
	if (j->sandbox)
		return 0;
	if (j->image && find_image(j, event_parent, cancel, &image, err) < 0)
		return -1;
	make_base(j, &image);
	if (start_box(j, &image, err) < 0)
		return -1;
	return look_for_bash(j, cancel, err);
}

/* ---- environment of a process ---- */

/* Members of the github context that are GITHUB_<NAME> too. Nothing a workflow sets overrides them. */
static const char *const github_names[] = {"action", "action_path", "action_ref",
	"action_repository", "actor", "actor_id", "api_url", "base_ref", "env", "event_name",
	"event_path", "graphql_url", "head_ref", "job", "output", "path", "ref", "ref_name",
	"ref_protected", "ref_type", "repository", "repository_id", "repository_owner",
	"repository_owner_id", "retention_days", "run_attempt", "run_id", "run_number",
	"server_url", "sha", "state", "step_summary", "triggering_actor", "workflow",
	"workflow_ref", "workflow_sha", "workspace"};
static const char *const runner_names[] = {
	"name", "os", "arch", "temp", "tool_cache", "workspace", "environment", "debug"};

static void add_members(struct argv *ret, const char *prefix, const struct expr_dict *from,
	const char *const *names, size_t n, struct arena *a)
{
	char name[64];
	for (size_t i = 0; i < n; i++) {
		const struct expr_value *v = expr_dict_get(from, str_of(names[i]));
		if (!v)
			continue;
		snprintf(name, sizeof(name), "%s%s", prefix, names[i]);
		for (char *p = name; *p; p++)
			*p = ch_upper(*p);
		argv_set(ret, str_of(name), expr_to_text(v, a));
	}
}

static void add_path(struct step *s, struct argv *ret)
{
	const struct job *j = s->job;
	CLEANUP(buf_done) struct buf b = BUF(1 << 20);
	const char *path = argv_value(ret, S("PATH"));
	if (!j->paths.n)
		return;
	for (size_t i = j->paths.n; i-- > 0;) {
		buf_add(&b, j->paths.p[i]);
		buf_add_ch(&b, ':');
	}
	buf_add_cstr(&b, path ? path : USUAL_PATH);
	argv_set(ret, S("PATH"), buf_str(&b));
}

void step_process_env(struct step *s, const struct env *further, struct argv *ret)
{
	env_write(&s->job->base, ret);
	env_write(&s->env, ret);
	if (further)
		env_write(further, ret);
	add_members(ret, "GITHUB_", s->github, github_names, ARRAY_LEN(github_names), s->a);
	add_members(ret, "RUNNER_", s->job->runner, runner_names, ARRAY_LEN(runner_names), s->a);
	argv_set(ret, S("GITHUB_ACTIONS"), S("true"));
	if (!argv_value(ret, S("CI")))
		argv_set(ret, S("CI"), S("true"));
	add_path(s, ret);
}
