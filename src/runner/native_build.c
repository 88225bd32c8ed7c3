/* docker/build-push-action: its inputs as the arguments of `build`, in the action's own order.
 * Source: docker/build-push-action README. */
#include "native_priv.h"

#include "fs/fs.h"

#include <fcntl.h>
#include <sys/mman.h>

static const struct list_rule LINES = {.keeps_commas = true},
			      RAW = {.keeps_commas = true, .keeps_quotes = true}, ITEMS = {0};

struct builder {
	struct step *s;
	struct native_command c;
	struct str export_context; /* the folder that stands for the git context, once exported */
};

static void add(struct builder *b, const char *flag, struct str value)
{
	argv_add(&b->c.argv, flag);
	argv_add_str(&b->c.argv, value);
}

static int add_each(struct builder *b, const char *input, const char *flag, struct list_rule rule,
	struct err *err)
{
	struct str_vec list = {0};
	int rc = native_list_input(b->s, input, rule, &list, err);
	for (size_t i = 0; rc == 0 && i < list.n; i++)
		add(b, flag, list.p[i]);
	vec_done(&list);
	return rc;
}

static void add_text(struct builder *b, const char *input, const char *flag)
{
	struct str value = native_input(b->s, input);
	if (value.n)
		add(b, flag, value);
}

static int add_flag(struct builder *b, const char *input, const char *flag, struct err *err)
{
	bool is;
	if (native_flag(b->s, input, &is, err) < 0)
		return -1;
	if (is)
		argv_add(&b->c.argv, flag);
	return 0;
}

/* ---- what is not done ---- */

static int refuse(const char *input, const char *hint, struct err *err)
{
	err_set(err, ERR_UNSUPPORTED, "input '%s' of docker/build-push-action is not supported",
		input);
	return err_hint(err, "%s", hint);
}

/* Attestations: none are made, which is what `false` asks for. */
static int check_attestation(const struct step *s, const char *input, struct err *err)
{
	struct str value = native_input(s, input);
	if (!value.n || str_eq_nocase(value, S("false")) || str_is(value, "mode=disabled"))
		return 0;
	return refuse(input, "knarr makes no attestations yet: leave it out, or say false", err);
}

static int check_call(struct builder *b, struct err *err)
{
	struct str call = native_input(b->s, "call");
	if (str_is(call, "check") || str_starts(call, S("check,"))) {
		argv_add(&b->c.argv, "--check");
		return 0;
	}
	return !call.n || str_is(call, "build") ? 0
						: refuse("call", "build and check are known", err);
}

static int check_inputs(const struct step *s, struct err *err)
{
	if (check_attestation(s, "provenance", err) < 0 || check_attestation(s, "sbom", err) < 0)
		return -1;
	if (native_input(s, "attests").n)
		return refuse("attests", "knarr makes no attestations yet: leave it out", err);
	if (native_input(s, "cgroup-parent").n)
		return refuse("cgroup-parent", "limit the job instead", err);
	if (native_input(s, "ulimit").n)
		return refuse("ulimit", "leave it out: steps have the host's limits", err);
	return 0;
}

/* ---- secrets: they live in memory files, and only as long as the command ---- */

static int add_memory_secret(struct builder *b, struct str id, struct str value, struct err *err)
{
	CLEANUP(fd_close) int fd = memfd_create("knarr-secret", MFD_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "memfd_create");
	if (fs_write_fd(fd, value.p, value.n, err) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_wrap(err, "secret '%.*s'", STR_ARG(id));
	argv_add(&b->c.argv, "--secret");
	argv_fmt(&b->c.argv, "id=%.*s,src=/proc/self/fd/%d", STR_ARG(id), fd);
	vec_push(&b->c.secrets, TAKE_FD(fd));
	return 0;
}

/* "ID=value"; the action only warns when it is not. */
static bool split_secret(struct builder *b, const char *input, struct str item, struct str *ret_id,
	struct str *ret_value)
{
	*ret_value = item;
	(void)str_cut(ret_value, '=', ret_id); /* items are not empty */
	if (ret_id->n && ret_value->n)
		return true;
	step_notef(b->s, EVENT_WARNING, "an entry of '%s' is not a valid secret: write ID=value",
		input);
	return false;
}

static int add_value(struct builder *b, struct str id, struct str value, struct err *err)
{
	if (masker_add(b->s->job->run->masker, value, err) < 0)
		return -1;
	if (native_is_dry(b->s)) {
		argv_add(&b->c.argv, "--secret");
		argv_fmt(&b->c.argv, "id=%.*s,src=/proc/self/fd/…", STR_ARG(id));
		return 0;
	}
	return add_memory_secret(b, id, value, err);
}

static int add_file(struct builder *b, struct str id, struct str path, struct err *err)
{
	CLEANUP(buf_done) struct buf text = BUF(RUNNER_MAX_FILE_COMMAND);
	CLEANUP(fd_close) int fd = -1;
	const struct job_place *p = &b->s->job->place;
	struct runner_folder folders[] = {{p->workspace, p->workspace_fd}, {p->temp, p->temp_fd}};
	struct runner_command in = {.folders = folders, .n_folders = ARRAY_LEN(folders)};
	if (native_is_dry(b->s))
		return add_value(b, id, S(""), err);
	if (runner_open_in(&in, arena_cstr(b->s->a, path), O_RDONLY | O_NONBLOCK, &fd, err) < 0 ||
		fs_read_fd(fd, &text, err) < 0)
		return err_wrap(err, "secret file '%.*s'", STR_ARG(path));
	return add_value(b, id, buf_str(&text), err);
}

static int add_env(struct builder *b, struct str id, struct str name, struct err *err)
{
	argv_add(&b->c.argv, "--secret");
	argv_fmt(&b->c.argv, "id=%.*s,env=%.*s", STR_ARG(id), STR_ARG(name));
	return 0;
}

static int add_secrets(struct builder *b, const char *input, struct list_rule rule,
	int (*add_one)(struct builder *b, struct str id, struct str value, struct err *err),
	struct err *err)
{
	struct str_vec list = {0};
	struct str id, value;
	int rc = native_list_input(b->s, input, rule, &list, err);
	for (size_t i = 0; rc == 0 && i < list.n; i++)
		if (split_secret(b, input, list.p[i], &id, &value))
			rc = add_one(b, id, value, err);
	vec_done(&list);
	return rc;
}

/* ---- the context ---- */

#define DEFAULT_CONTEXT "{{defaultContext}}"

static struct str github_text(const struct step *s, const char *key)
{
	const struct expr_value *v = expr_dict_get(s->github, str_of(key));
	return v ? expr_to_text(v, s->a) : S("");
}

/* The repository at the commit of the run, as BuildKit would fetch it. */
static struct str git_context(const struct step *s)
{
	struct str ref = github_text(s, "ref"), sha = github_text(s, "sha");
	return arena_fmt(s->a, "%.*s/%.*s.git#%.*s", STR_ARG(github_text(s, "server_url")),
		STR_ARG(github_text(s, "repository")),
		STR_ARG(str_starts(ref, S("refs/pull/")) ? ref : sha));
}

/* The files of the commit in a folder of ours; made once per command. */
static int export_commit(struct builder *b, struct err *err)
{
	struct job *j = b->s->job;
	const struct repo *r = j->run->repo;
	struct git_commit c;
	bool is_dirty = false;
	if (b->export_context.n)
		return 0;
	struct str path =
		arena_fmt(b->s->a, "%s/private/context-%u", j->place.path, ++j->n_exports);
	struct str sha = github_text(b->s, "sha");
	struct git_fetch f = {.url = r->top,
		.ref = arena_cstr(b->s->a, sha),
		.into = path.p,
		.depth = 1,
		.accepts_local = true,
		.cancel = &b->s->active.stop};
	if (!r->has_commit)
		return err_set(err, ERR_NOT_FOUND,
			       "no context given, and there is no commit to take it from"),
		       err_hint(err, "write 'context: .' to build the workspace");
	if (git_fetch(&f, b->s->a, &c, err) < 0)
		return err_wrap(err, "git context");
	struct err ignored; /* who cannot be asked is not warned */
	if (git_is_dirty(r->top, &is_dirty, &ignored) == 0 && is_dirty)
		step_notef(b->s, EVENT_WARNING,
			"the build takes the files of commit %.7s: changes that are not committed "
			"are left out, and so is what steps wrote (use 'context: .' for the "
			"workspace)",
			sha.p);
	b->export_context = path;
	b->c.export_path = path.p;
	b->c.export_fd = -1;
	return fs_open(AT_FDCWD, path.p, O_RDONLY | O_DIRECTORY, 0, &b->c.export_fd, err);
}

/* {{defaultContext}} in a context; behind it may stand ":folder". */
static int expand_context(struct builder *b, struct str text, struct str *ret, struct err *err)
{
	struct str marker = S(DEFAULT_CONTEXT);
	ssize_t at = str_find(text, marker);
	*ret = text;
	if (at < 0)
		return 0;
	struct str before = str_sub(text, 0, (size_t)at),
		   after = str_skip(text, (size_t)at + marker.n);
	if (native_is_dry(b->s)) {
		*ret = arena_fmt(b->s->a, "%.*s%.*s%.*s", STR_ARG(before),
			STR_ARG(git_context(b->s)), STR_ARG(after));
		return 0;
	}
	if (export_commit(b, err) < 0)
		return -1;
	if (str_starts(after, S(":")))
		after = arena_fmt(b->s->a, "/%.*s", STR_ARG(str_skip(after, 1)));
	*ret = arena_fmt(b->s->a, "%.*s%.*s%.*s", STR_ARG(before), STR_ARG(b->export_context),
		STR_ARG(after));
	return 0;
}

static int add_contexts(struct builder *b, struct err *err)
{
	struct str_vec list = {0};
	struct str text;
	int rc = native_list_input(b->s, "build-contexts", LINES, &list, err);
	for (size_t i = 0; rc == 0 && i < list.n; i++) {
		rc = expand_context(b, list.p[i], &text, err);
		if (rc == 0)
			add(b, "--build-context", text);
	}
	vec_done(&list);
	return rc;
}

/* Where the git context is, file is a path in it. */
static void add_dockerfile(struct builder *b, bool is_git)
{
	struct str file = native_input(b->s, "file");
	if (!file.n)
		return;
	if (is_git && b->export_context.n && file.p[0] != '/')
		file = arena_fmt(b->s->a, "%.*s/%.*s", STR_ARG(b->export_context), STR_ARG(file));
	add(b, "--file", file);
}

/* ---- all ---- */

static int add_platforms(struct builder *b, struct err *err)
{
	CLEANUP(buf_done) struct buf all = BUF(64 * 1024);
	struct str_vec list = {0};
	int rc = native_list_input(b->s, "platforms", ITEMS, &list, err);
	for (size_t i = 0; rc == 0 && i < list.n; i++) {
		if (i)
			buf_add_ch(&all, ',');
		buf_add(&all, list.p[i]);
	}
	vec_done(&list);
	if (all.n)
		add(b, "--platform", buf_str(&all));
	return rc;
}

/* A token for git, where the action gives BuildKit one: with the git context. */
static int add_git_token(struct builder *b, bool is_git, struct err *err)
{
	struct str token = native_input(b->s, "github-token"),
		   secrets = native_input(b->s, "secrets");
	if (!is_git || !token.n || str_has(secrets, S("GIT_AUTH_TOKEN=")))
		return 0;
	return add_value(b, S("GIT_AUTH_TOKEN"), token, err);
}

static int add_args(struct builder *b, struct err *err)
{
	struct str given = native_input(b->s, "context"), context;
	bool is_git = !given.n || str_starts(given, S(DEFAULT_CONTEXT));
	argv_add(&b->c.argv, "build");
	if (add_each(b, "add-hosts", "--add-host", ITEMS, err) < 0 ||
		add_each(b, "allow", "--allow", ITEMS, err) < 0 ||
		add_each(b, "annotations", "--annotation", LINES, err) < 0 ||
		add_each(b, "build-args", "--build-arg", LINES, err) < 0 ||
		add_contexts(b, err) < 0 ||
		add_each(b, "cache-from", "--cache-from", LINES, err) < 0 ||
		add_each(b, "cache-to", "--cache-to", LINES, err) < 0 || check_call(b, err) < 0 ||
		add_secrets(b, "secret-envs", ITEMS, add_env, err) < 0 ||
		expand_context(b, given.n ? given : S(DEFAULT_CONTEXT), &context, err) < 0)
		return -1;
	add_dockerfile(b, is_git);
	if (add_each(b, "labels", "--label", LINES, err) < 0 ||
		add_each(b, "no-cache-filters", "--no-cache-filter", ITEMS, err) < 0 ||
		add_each(b, "outputs", "--output", RAW, err) < 0 || add_platforms(b, err) < 0 ||
		add_secrets(b, "secrets", LINES, add_value, err) < 0 ||
		add_secrets(b, "secret-files", LINES, add_file, err) < 0 ||
		add_git_token(b, is_git, err) < 0)
		return -1;
	add_text(b, "shm-size", "--shm-size");
	if (add_each(b, "ssh", "--ssh", ITEMS, err) < 0 ||
		add_each(b, "tags", "--tag", ITEMS, err) < 0)
		return -1;
	add_text(b, "target", "--target");
	if (add_flag(b, "load", "--load", err) < 0)
		return -1;
	add_text(b, "network", "--network");
	if (add_flag(b, "no-cache", "--no-cache", err) < 0 ||
		add_flag(b, "pull", "--pull", err) < 0 || add_flag(b, "push", "--push", err) < 0)
		return -1;
	if (str_starts(context, S("-")))
		return err_set(err, ERR_INPUT, "'%.*s' is no context", STR_ARG(context));
	argv_add_str(&b->c.argv, context);
	return 0;
}

static void set_outputs(struct step *s, const struct runner_command_result *r)
{
	step_set_output(s, S("imageid"), r->image_id);
	step_set_output(s, S("digest"), r->digest);
	step_set_output(s, S("metadata"), r->metadata);
}

static int run(struct step *s, struct err *err)
{
	struct builder b = {.s = s, .export_context = S("")};
	struct runner_command_result result;
	int rc = check_inputs(s, err);
	if (rc == 0)
		rc = add_args(&b, err);
	if (rc == 0)
		rc = native_command_run(s, &b.c, &result, err);
	if (rc == 0)
		set_outputs(s, &result);
	native_command_done(&b.c);
	return rc;
}

static const struct native_input inputs[] = {{"add-hosts"}, {"allow"}, {"annotations"}, {"attests"},
	{"build-args"}, {"build-contexts"}, {"builder"}, {"cache-from"}, {"cache-to"}, {"call"},
	{"cgroup-parent"}, {"context"}, {"file"}, {"labels"}, {"load", "false"}, {"network"},
	{"no-cache", "false"}, {"no-cache-filters"}, {"outputs"}, {"platforms"}, {"provenance"},
	{"pull", "false"}, {"push", "false"}, {"sbom"}, {"secrets"}, {"secret-envs"},
	{"secret-files"}, {"shm-size"}, {"ssh"}, {"tags"}, {"target"}, {"ulimit"},
	{"github-token", "@token"}, {NULL}};

const struct native native_build_push = {"docker/build-push-action", inputs, run};
