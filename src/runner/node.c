/* A JavaScript action of the workspace, run by the node of the sandbox. */
#include "run_priv.h"

static void add_inputs(struct step *s, struct env *env)
{
	CLEANUP(buf_done) struct buf name = BUF(4096);
	for (size_t i = 0; s->inputs.kind == EXPR_OBJECT && i < s->inputs.dict->n; i++) {
		const struct expr_member *m = &s->inputs.dict->members[i];
		struct str value = expr_to_text(&m->value, s->a);
		struct err ignored;
		buf_clear(&name);
		buf_add(&name, S("INPUT_"));
		for (size_t k = 0; k < m->key.n; k++) /* dashes stay, as toolkit expects */
			buf_add_ch(&name, m->key.p[k] == ' ' ? '_' : ch_upper(m->key.p[k]));
		if (!name.is_over && env_check(buf_str(&name), value, &ignored) == 0)
			env_set(env, s->a, buf_str(&name), value);
	}
}

static void add_state(struct step *s, struct env *env)
{
	CLEANUP(buf_done) struct buf name = BUF(RUNNER_MAX_FILE_COMMAND + 16);
	MAP_EACH(&s->state.m, e) {
		buf_clear(&name);
		buf_add(&name, S("STATE_"));
		buf_add(&name, e->key);
		env_set(env, s->a, buf_str(&name), str_of(e->value));
	}
}

static int run_file(struct step *s, const struct local_action *l, struct str file, struct err *err)
{
	CLEANUP(env_done) struct env env = {0};
	CLEANUP(buf_done) struct buf path = BUF(8192);
	buf_fmt(&path, "%s%.*s/%.*s", s->job->place.workspace, STR_ARG(l->folder), STR_ARG(file));
	if (buf_check(&path, "path of the action", err) < 0)
		return -1;
	add_inputs(s, &env);
	add_state(s, &env);
	struct step_process p = {.argv = (const char *[]){"node", buf_cstr(&path), NULL},
		.cwd = s->job->place.workspace,
		.env = &env};
	if (step_process(s, &p, err) == 0)
		return 0;
	if (err->kind == ERR_NOT_FOUND)
		err_hint(err, "JavaScript actions need node where the job runs");
	return -1;
}

static int run_post(struct step *s, struct post *p, struct err *err)
{
	const struct local_action *l = p->data;
	return run_file(s, l, l->def->post, err);
}

int step_run_node(struct step *s, const struct local_action *l, struct err *err)
{
	if (l->def->pre.n)
		step_notef(s, EVENT_WARNING,
			"`pre` execution is not supported for local action from '%.*s'",
			STR_ARG(s->def->uses));
	if (s->job->run->spec->is_dry_run)
		return 0;
	if (l->def->post.n) {
		struct local_action *kept = ARENA_NEW(s->a, struct local_action);
		*kept = *l;
		step_add_post(s,
			&(struct post){.name = arena_fmt(s->a, "Post %.*s", STR_ARG(s->name)),
				.condition = l->def->post_if,
				.run = run_post,
				.data = kept});
	}
	return run_file(s, l, l->def->main, err);
}
