/* A job, on a thread of its own:
 *
 *	folders, token, contexts ─► steps ─► post steps ─► outputs ─► sandbox ends, folders go
 *
 * Whatever fails on the way, the end is reached: nothing of a job is left.
 */
#include "run_priv.h"

/* ---- environment ---- */

static int add_env(struct job *j, const struct workflow_value *v, const struct expr_env *env,
	struct err *err)
{
	struct expr_value e;
	if (!v)
		return 0;
	if (workflow_eval(v, env, &j->arena, &e, err) < 0)
		return -1;
	if (e.kind != EXPR_OBJECT)
		return e.kind == EXPR_NULL ? 0
					   : err_set(err, ERR_INPUT, "'env': expected an object");
	for (size_t i = 0; i < e.dict->n; i++) {
		struct str value = expr_to_text(&e.dict->members[i].value, &j->arena);
		if (env_check(e.dict->members[i].key, value, err) < 0)
			return -1;
		env_set(&j->env, &j->arena, e.dict->members[i].key, value);
	}
	return 0;
}

static int make_env(struct job *j, struct err *err)
{
	const struct run *r = j->run;
	struct arena *a = &j->arena;
	struct expr_dict *c = expr_dict_new(a);
	struct expr_env env = {.contexts = c};
	for (size_t i = 0; i < r->spec->n_env; i++)
		env_set(&j->env, a, str_of(r->spec->env[i].name), str_of(r->spec->env[i].value));
	expr_dict_put(c, a, S("github"), expr_object(j->github));
	expr_dict_put(c, a, S("inputs"), r->inputs);
	expr_dict_put(c, a, S("vars"), r->vars);
	expr_dict_put(c, a, S("secrets"), expr_object(j->secrets));
	if (add_env(j, r->w->env, &env, err) < 0)
		return err_wrap(err, "env of the workflow");
	expr_dict_put(c, a, S("needs"), expr_object(j->needs));
	expr_dict_put(c, a, S("strategy"), j->strategy);
	expr_dict_put(c, a, S("matrix"), j->matrix);
	if (add_env(j, j->group->def->env, &env, err) < 0)
		return err_wrap(err, "env of the job");
	return 0;
}

/* ---- the token ---- */

/* What its permissions say of packages; without any, it may read. */
static enum workflow_access package_access(const struct workflow_permissions *p)
{
	for (size_t i = 0; p->is_set && i < WORKFLOW_N_PERMISSIONS; i++)
		if (strcmp(workflow_permission_names[i], "packages") == 0)
			return p->access[i];
	return WORKFLOW_ACCESS_READ;
}

static int make_token(struct job *j, struct err *err)
{
	struct run *r = j->run;
	const struct runner_hooks *h = r->spec->hooks;
	const struct expr_value *given = expr_dict_get(r->secrets, S("GITHUB_TOKEN"));
	enum workflow_access access = package_access(&j->group->def->permissions);
	if (given || !h || !h->make_token || r->spec->is_dry_run) {
		j->token = given ? expr_to_text(given, &j->arena) : S("");
		return 0;
	}
	struct runner_token t = {.repository = r->choice->event.repository,
		.reads_packages = access >= WORKFLOW_ACCESS_READ,
		.writes_packages = access == WORKFLOW_ACCESS_WRITE,
		.job = j->id,
		.lifetime_ns = j->limit_ns + j->watched.grace_ns};
	if (h->make_token(h->ctx, &t, &j->arena, &j->token, err) < 0)
		return err_wrap(err, "GITHUB_TOKEN");
	j->has_minted = true;
	return masker_add(r->masker, j->token, err) < 0 ? -1 : 0;
}

static void end_token(struct job *j)
{
	const struct runner_hooks *h = j->run->spec->hooks;
	if (j->has_minted && h->end_token)
		h->end_token(h->ctx, j->token);
	j->has_minted = false;
}

/* ---- begin ---- */

static int write_event(struct job *j, struct err *err)
{
	if (fs_mkdirs_in(j->place.temp_fd, "_github_workflow", 0755, err) < 0)
		return -1;
	CLEANUP(fd_close) int fd = -1;
	if (fs_open_in(j->place.temp_fd, "_github_workflow", O_RDONLY | O_DIRECTORY, 0, &fd, err) <
		0)
		return -1;
	return fs_write_file(fd, "event.json", j->run->choice->event.text, 0644, FS_NO_SYNC, err);
}

/* A dry run looks at the repository where a real one has its workspace. */
static int make_place(struct job *j, struct err *err)
{
	struct run *r = j->run;
	job_place_name(&r->place, j->number, r->choice->event.repository, &j->place);
	if (r->spec->is_dry_run)
		return fs_open(AT_FDCWD, r->repo->top, O_RDONLY | O_DIRECTORY, 0,
			&j->place.workspace_fd, err);
	return job_place_make(&r->place, &j->place, err) < 0 ? -1 : write_event(j, err);
}

static int prepare(struct job *j, struct err *err)
{
	if (make_place(j, err) < 0 || job_choose_place(j, err) < 0 || make_token(j, err) < 0 ||
		job_contexts(j, err) < 0 || make_env(j, err) < 0)
		return -1;
	j->scope = (struct scope){.job = j,
		.node = j->node,
		.file = arena_cstr(&j->arena, j->run->w->file),
		.steps = expr_dict_new(&j->arena),
		.inputs = j->run->inputs,
		.survives_cancel = true,
		.action_path = S(""),
		.action_repository = S(""),
		.action_ref = S("")};
	return 0;
}

/* ---- end ---- */

/* An output that holds a secret would carry it to other jobs' logs: it is left out, as on GitHub. */
static void take_output(struct job *j, const struct expr_member *m)
{
	struct str text = expr_to_text(&m->value, &j->arena);
	if (!text.n)
		return;
	if (masker_finds(j->run->masker, text))
		job_notef(j, EVENT_WARNING, "Skip output '%.*s' since it may contain secret.",
			STR_ARG(m->key));
	else
		expr_dict_put(j->outputs, &j->arena, m->key, expr_string(text));
}

static void take_outputs(struct job *j)
{
	const struct workflow_value *v = j->group->def->outputs;
	struct err err = {0};
	struct step s = {.job = j, .scope = &j->scope, .a = &j->arena, .id = S("")};
	struct expr_value e;
	if (!v)
		return;
	env_add_all(&s.env, &j->env);
	step_contexts(&s);
	if (workflow_eval(v, &s.eval, &j->arena, &e, &err) < 0) {
		(void)err_in_file(&err, arena_cstr(&j->arena, j->run->w->file));
		job_note_err(j, &err);
		j->result = RUNNER_FAILURE;
	} else if (e.kind == EXPR_OBJECT) {
		for (size_t i = 0; i < e.dict->n; i++)
			take_output(j, &e.dict->members[i]);
	}
	env_done(&s.env);
}

static void close_box(struct job *j)
{
	struct err err = {0};
	if (sandbox_stop(TAKE(j->sandbox), &err) < 0)
		job_note_err(j, &err);
	if (j->run->spec->is_dry_run)
		fd_close_at_end(&j->place.workspace_fd);
	if (job_place_done(&j->place, &err) < 0)
		job_notef(j, EVENT_WARNING, "its folder is not removed yet: %s", err.what);
}

static const char *why_cancelled(const struct job *j)
{
	if (!j->watched.is_timed_out)
		return "The operation was canceled.";
	return "it took longer than timeout-minutes allows";
}

static void finish(struct job *j)
{
	struct run *r = j->run;
	const char *why = "";
	if (j->watched.is_cancelled) {
		j->result = RUNNER_CANCELLED;
		why = why_cancelled(j);
	}
	event_end(r->events, j->node, event_result_of(j->result), str_of(why));
	pthread_mutex_lock(&r->lock);
	j->next_ended = r->ended;
	r->ended = j;
	pthread_mutex_unlock(&r->lock);
	watch_wake(&r->watch);
}

void *job_main(void *arg)
{
	struct job *j = arg;
	struct err err = {0};
	j->outputs = expr_dict_new(&j->arena);
	event_begin(j->run->events, j->node, j->run->node, j->name);
	if (prepare(j, &err) == 0) {
		steps_run(&j->scope, &j->group->def->steps, &j->steps);
		steps_run_posts(j);
		j->result = j->scope.status;
		take_outputs(j);
	} else {
		(void)err_in_file(&err, arena_cstr(&j->arena, j->run->w->file));
		job_note_err(j, &err);
		j->result = RUNNER_FAILURE;
	}
	end_token(j);
	close_box(j);
	finish(j);
	return NULL;
}

void job_free(struct job *j)
{
	if (!j)
		return;
	VEC_EACH(&j->steps, s)
		vec_done(&s->command);
	vec_done(&j->steps);
	vec_done(&j->paths);
	env_done(&j->base);
	env_done(&j->env);
	arena_done(&j->arena);
	free(j);
}
