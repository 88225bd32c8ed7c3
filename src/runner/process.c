/* A process of a step in the sandbox of its job. */
#include "run_priv.h"

static int hear(void *ctx, int stream, struct str text, struct err *err)
{
	struct step *s = ctx;
	log_feed(&s->log, stream, text);
	return 0;
}

static int exec(struct step *s, const struct step_process *p, struct proc_end *end, struct err *err)
{
	CLEANUP(argv_done) struct argv env = {0};
	step_process_env(s, p->env, &env);
	struct sandbox_exec e = {.args = p->argv,
		.env = argv_list(&env),
		.cwd = p->cwd,
		.on_output = hear,
		.ctx = s,
		.cancel = &s->active.stop};
	log_init(&s->log, s->job->run->events, s->node, log_act, s);
	int rc = sandbox_exec(s->job->sandbox, &e, end, err);
	log_end(&s->log);
	log_done(&s->log);
	return rc;
}

int step_process(struct step *s, const struct step_process *p, struct err *err)
{
	struct proc_end end = {0};
	if (job_box(s->job, s->node, &s->active.stop, err) < 0 || file_commands_make(s, err) < 0)
		return -1;
	int rc = exec(s, p, &end, err);
	file_commands_take(s);
	if (rc == 0 && end.status)
		return err_set(err, ERR_FAILED, "Process completed with exit code %d.", end.status);
	return rc;
}
