/* Steps of a job or of a composite action, one after the other, and post steps at the end. */
#include "run_priv.h"

void steps_run(struct scope *scope, const struct workflow_step_vec *steps,
	struct runner_steps *record)
{
	for (size_t i = 0; i < steps->n; i++) {
		struct step *s = step_new(scope, &steps->p[i], (unsigned)i + 1);
		step_do(s);
		if (record)
			vec_push(record, s->record);
		else
			vec_done(&s->record.command);
	}
}

/* Each in the contexts of the step it belongs to, as they are now. */
static void run_post(struct job *j, struct post *p)
{
	struct step *main_step = p->step;
	struct step *s = step_new(&j->scope, NULL, 0);
	s->is_post = true;
	s->id = main_step->id;
	s->name = p->name;
	s->node = arena_fmt(&j->arena, "%.*s/post %u", STR_ARG(j->node), ++j->n_posts);
	s->inputs = main_step->inputs;
	s->post = p;
	env_add_all(&s->state, &main_step->state);
	env_done(&main_step->state);
	step_do(s);
	vec_done(&s->record.command);
}

void steps_run_posts(struct job *j)
{
	while (j->posts) {
		struct post *p = j->posts;
		j->posts = p->next;
		run_post(j, p);
	}
}
