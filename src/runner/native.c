#include "native_priv.h"

#include "base/num.h"

#include <fcntl.h>

static const struct native *const natives[] = {&native_checkout, &native_buildx, &native_qemu,
	&native_login, &native_metadata, &native_build_push};

const struct native *native_find(struct str uses)
{
	ssize_t at = str_chr(uses, '@');
	struct str name = at < 0 ? S("") : str_sub(uses, 0, (size_t)at);
	for (size_t i = 0; i < ARRAY_LEN(natives); i++)
		if (str_eq_nocase(name, str_of(natives[i]->name)))
			return natives[i];
	return NULL;
}

void native_list(struct buf *b)
{
	for (size_t i = 0; i < ARRAY_LEN(natives); i++)
		buf_fmt(b, "%s%s", i ? ", " : "", natives[i]->name);
}

bool native_is_dry(const struct step *s)
{
	return s->job->run->spec->is_dry_run;
}

struct str native_input(const struct step *s, const char *name)
{
	const struct expr_value *v =
		s->inputs.kind == EXPR_OBJECT ? expr_dict_get(s->inputs.dict, str_of(name)) : NULL;
	return v ? str_trim(expr_to_text(v, s->a)) : S("");
}

int native_flag(const struct step *s, const char *name, bool *ret, struct err *err)
{
	static const char *const truths[] = {"true", "True", "TRUE"},
				 *const lies[] = {"false", "False", "FALSE", ""};
	struct str value = native_input(s, name);
	for (size_t i = 0; i < ARRAY_LEN(truths); i++)
		if (str_is(value, truths[i])) {
			*ret = true;
			return 0;
		}
	for (size_t i = 0; i < ARRAY_LEN(lies); i++)
		if (str_is(value, lies[i])) {
			*ret = false;
			return 0;
		}
	err_set(err, ERR_INPUT, "Input does not meet YAML 1.2 \"Core Schema\" specification: %s",
		name);
	return err_hint(err,
		"Support boolean input list: `true | True | TRUE | false | False | FALSE`");
}

/* ---- commands ---- */

void native_command_done(struct native_command *c)
{
	argv_done(&c->argv);
	VEC_EACH(&c->secrets, fd)
		fd_close(*fd);
	vec_done(&c->secrets);
	if (c->export_path)
		fd_close(c->export_fd);
	*c = (struct native_command){0};
}

static void note_command(struct step *s, const struct native_command *c)
{
	for (const char *const *p = argv_list(&c->argv); *p; p++)
		vec_push(&s->record.command, arena_str(s->a, str_of(*p)));
}

static int call(struct step *s, struct native_command *c, const char *config,
	struct runner_command_result *ret, struct err *err)
{
	const struct job *j = s->job;
	const struct runner_hooks *h = j->run->spec->hooks;
	CLEANUP(argv_done) struct argv env = {0};
	struct runner_folder folders[] = {{j->place.workspace, j->place.workspace_fd},
		{j->place.temp, j->place.temp_fd}, {c->export_path, c->export_fd}};
	if (!h || !h->command)
		return err_set(err, ERR_UNSUPPORTED, "'%s' is not possible here",
			argv_list(&c->argv)[0]);
	step_process_env(s, NULL, &env);
	vec_push(&c->secrets, 0);
	struct runner_command command = {.argv = argv_list(&c->argv),
		.env = argv_list(&env),
		.folders = folders,
		.n_folders = ARRAY_LEN(folders) - !c->export_path,
		.granted_fds = c->secrets.p,
		.stdin_text = c->stdin_text,
		.docker_config = config,
		.events = j->run->events,
		.event_parent = s->node,
		.cancel = &s->active.stop};
	int rc = h->command(h->ctx, &command, s->a, ret, err);
	(void)vec_pop(&c->secrets);
	if (rc == 0 && ret->status)
		return err_set(err, ERR_FAILED, "'%s' ended with exit code %d", command.argv[0],
			ret->status);
	return rc;
}

int native_command_run(struct step *s, struct native_command *c, struct runner_command_result *ret,
	struct err *err)
{
	CLEANUP(docker_config_done) struct docker_config config = DOCKER_CONFIG_NONE;
	*ret = (struct runner_command_result){
		.image_id = S(""), .digest = S(""), .metadata = S("")};
	note_command(s, c);
	if (native_is_dry(s))
		return 0;
	if (docker_config_borrow(s->job, &config, err) < 0 || call(s, c, config.path, ret, err) < 0)
		return -1;
	return docker_config_return(s->job, &config, err);
}
