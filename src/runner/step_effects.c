/* What a step says that counts later: outputs, environment, state, post steps. */
#include "run_priv.h"

void step_set_output(struct step *s, struct str name, struct str value)
{
	expr_dict_put(s->outputs, s->a, arena_str(s->a, name), expr_string(arena_str(s->a, value)));
}

int step_set_env(struct step *s, struct str name, struct str value, struct err *err)
{
	if (env_check(name, value, err) < 0)
		return -1;
	env_set(&s->job->env, &s->job->arena, name, value);
	return 0;
}

void step_add_path(struct step *s, struct str path)
{
	struct job *j = s->job;
	size_t n = 0;
	for (size_t i = 0; i < j->paths.n; i++)
		if (!str_eq(j->paths.p[i], path))
			j->paths.p[n++] = j->paths.p[i];
	j->paths.n = n;
	vec_push(&j->paths, arena_str(&j->arena, path));
}

int step_set_state(struct step *s, struct str name, struct str value, struct err *err)
{
	if (env_check(name, value, err) < 0)
		return -1;
	env_set(&s->state, s->a, name, value);
	return 0;
}

void step_add_post(struct step *s, const struct post *p)
{
	struct post *own = ARENA_NEW(s->a, struct post);
	*own = *p;
	own->step = s;
	s->keeps_state = true;
	own->next = s->job->posts;
	s->job->posts = own;
}
