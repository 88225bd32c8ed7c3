/* A `run:` step. */
#include "run_priv.h"
#include "shell_priv.h"

enum { SCRIPT_MAX = 16 << 20, PATH_ROOM = 8192 };

/* defaults.run.<key> of the job, then of the workflow; only for steps of the job itself. */
static int eval_default(struct step *s, const char *key, struct str *ret, struct err *err)
{
	const struct workflow_value *levels[] = {
		s->job->group->def->defaults, s->job->run->w->defaults};
	*ret = S("");
	for (size_t i = 0; !s->scope->outer && i < ARRAY_LEN(levels); i++) {
		const struct workflow_value *run =
			levels[i] ? workflow_get(levels[i], "run") : NULL;
		const struct workflow_value *v = run ? workflow_get(run, key) : NULL;
		if (v && workflow_eval_text(v, &s->eval, s->a, ret, err) < 0)
			return -1;
		if (ret->n)
			return 0;
	}
	return 0;
}

static int eval_or_default(struct step *s, const struct workflow_value *own, const char *key,
	struct str *ret, struct err *err)
{
	if (!own)
		return eval_default(s, key, ret, err);
	return workflow_eval_text(own, &s->eval, s->a, ret, err);
}

/* Absolute, as the sandbox sees it. */
static int working_folder(struct step *s, struct buf *ret, struct err *err)
{
	struct str dir;
	if (eval_or_default(s, s->def->working_directory, "working-directory", &dir, err) < 0)
		return -1;
	if (!str_starts(dir, S("/")))
		buf_add_cstr(ret, s->job->place.workspace);
	if (dir.n && !str_starts(dir, S("/")))
		buf_add_ch(ret, '/');
	buf_add(ret, dir);
	if (str_chr(dir, '\0') >= 0)
		return err_set(err, ERR_INPUT, "working-directory holds a NUL byte");
	return buf_check(ret, "working-directory", err);
}

static int write_script(struct step *s, const struct shell *shell, struct str script,
	struct buf *ret_path, struct err *err)
{
	CLEANUP(buf_done) struct buf text = BUF(SCRIPT_MAX);
	char name[64];
	snprintf(name, sizeof(name), "script_%u%s", s->file_number, shell->extension);
	shell_script(shell, script, &text);
	buf_fmt(ret_path, "%s/%s", s->job->place.temp, name);
	if (buf_check(&text, "script", err) < 0 || buf_check(ret_path, "path of script", err) < 0)
		return -1;
	return fs_write_file(s->job->place.temp_fd, name, buf_str(&text), 0755, FS_NO_SYNC, err);
}

static void show(struct step *s, const struct shell *shell, struct str script)
{
	CLEANUP(buf_done) struct buf b = BUF(4096);
	shell_show(shell, &b);
	s->record.run = script;
	s->record.shell = arena_str(s->a, buf_str(&b));
}

/* Debian has python3 and no python; GitHub's runners have both. */
static void find_python(const struct step *s, struct shell *shell)
{
	CLEANUP(buf_done) struct buf path = BUF(PATH_ROOM);
	const char *where = env_get(&s->job->base, "PATH");
	struct err ignored;
	if (str_is(shell->command, "python") && !s->job->image &&
		proc_find("python", where, &path, &ignored) < 0 &&
		proc_find("python3", where, &path, &ignored) == 0)
		shell->command = S("python3");
}

int step_run_script(struct step *s, struct err *err)
{
	CLEANUP(buf_done) struct buf cwd = BUF(PATH_ROOM);
	CLEANUP(buf_done) struct buf path = BUF(PATH_ROOM);
	CLEANUP(argv_done) struct argv argv = {0};
	struct str script, option;
	struct shell shell;
	bool is_dry = s->job->run->spec->is_dry_run;
	if (workflow_eval_text(s->def->run, &s->eval, s->a, &script, err) < 0 ||
		eval_or_default(s, s->def->shell, "shell", &option, err) < 0 ||
		working_folder(s, &cwd, err) < 0)
		return -1;
	if (!is_dry && job_box(s->job, s->node, &s->active.stop, err) < 0)
		return -1;
	if (shell_parse(option, is_dry || s->job->has_bash, &shell, err) < 0)
		return -1;
	if (!is_dry)
		find_python(s, &shell);
	show(s, &shell, script);
	if (is_dry)
		return 0;
	if (write_script(s, &shell, script, &path, err) < 0)
		return -1;
	shell_argv(&shell, buf_cstr(&path), &argv);
	struct step_process p = {.argv = argv_list(&argv), .cwd = buf_cstr(&cwd)};
	return step_process(s, &p, err);
}
