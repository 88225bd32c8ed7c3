/* What success(), failure(), cancelled(), always() and hashFiles() answer.
 *
 * In a job they look at its steps so far; in a composite action, success() and failure() look at the
 * action's own steps. In the `if` of a job they look at all jobs before it, not only at those it
 * needs itself: one that was skipped, however far back, makes success() false.
 */
#include "run_priv.h"

enum runner_result job_status(const struct job *j)
{
	return j->watched.is_cancelled ? RUNNER_CANCELLED : j->scope.status;
}

/* ---- of a step ---- */

static enum runner_result status_now(const struct step *s)
{
	return s->is_as_cancelled ? RUNNER_CANCELLED : job_status(s->job);
}

/* What success() is about. */
static enum runner_result near_status(const struct step *s)
{
	bool is_in_action = s->scope->outer && !s->is_post;
	return is_in_action ? s->scope->status : status_now(s);
}

static int step_success(const struct expr_call *call, struct expr_value *ret, struct err *err)
{
	*ret = expr_bool(near_status(call->user) == RUNNER_SUCCESS);
	return 0;
}

static int step_failure(const struct expr_call *call, struct expr_value *ret, struct err *err)
{
	*ret = expr_bool(near_status(call->user) == RUNNER_FAILURE);
	return 0;
}

static int step_cancelled(const struct expr_call *call, struct expr_value *ret, struct err *err)
{
	*ret = expr_bool(status_now(call->user) == RUNNER_CANCELLED);
	return 0;
}

static int always(const struct expr_call *call, struct expr_value *ret, struct err *err)
{
	*ret = expr_bool(true);
	return 0;
}

static int hash_files(const struct expr_call *call, struct expr_value *ret, struct err *err)
{
	const struct step *s = call->user;
	const struct job_place *p = &s->job->place;
	CLEANUP(buf_done) struct buf patterns = BUF(1 << 20);
	struct str hex = S("");
	for (size_t i = 0; i < call->n; i++) {
		buf_add(&patterns, expr_to_text(&call->args[i], call->a));
		buf_add_ch(&patterns, '\n');
	}
	if (buf_check(&patterns, "patterns of hashFiles", err) < 0)
		return -1;
	if (p->workspace_fd >= 0 &&
		runner_hash_files(p->workspace_fd, str_of(p->workspace), buf_str(&patterns),
			call->a, &hex, err) < 0)
		return err_wrap(err, "hashFiles");
	*ret = expr_string(hex);
	return 0;
}

const struct expr_function status_functions[] = {
	{"success", 0, 0, step_success},
	{"failure", 0, 0, step_failure},
	{"cancelled", 0, 0, step_cancelled},
	{"always", 0, 0, always},
	{"hashFiles", 1, 255, hash_files},
};
const size_t n_status_functions = ARRAY_LEN(status_functions);

int step_condition(struct step *s, const struct expr *e, bool as_cancelled, bool *ret,
	struct err *err)
{
	struct expr_value v;
	s->is_as_cancelled = as_cancelled;
	int rc = expr_eval(e, &s->eval, s->a, &v, err);
	s->is_as_cancelled = false;
	if (rc == 0)
		*ret = expr_is_true(&v);
	return rc;
}

/* ---- of a job's own `if` ---- */

struct search {
	const struct run *run;
	enum runner_result wanted;
	bool *seen;
	size_t n_found, n;
};

/* Looks at g and all before it; a graph without cycles of at most WORKFLOW_MAX_JOBS. */
static void look(struct search *s, const struct group *g)
{
	size_t i = (size_t)(g - s->run->groups);
	if (s->seen[i])
		return;
	s->seen[i] = true;
	s->n++;
	s->n_found += g->result == s->wanted;
	for (size_t k = 0; k < g->def->needs.n; k++)
		look(s, run_group(s->run, g->def->needs.p[k]));
}

static void search(struct search *s, const struct expr_call *call, enum runner_result wanted)
{
	const struct group *g = call->user;
	*s = (struct search){.run = g->run, .wanted = wanted};
	CLEANUP(mem_free) bool *seen = mem_new(g->run->n_groups, sizeof(bool));
	s->seen = seen;
	for (size_t i = 0; call->n == 0 && i < g->def->needs.n; i++)
		look(s, run_group(g->run, g->def->needs.p[i]));
	for (size_t i = 0; i < call->n; i++) {
		const struct group *named =
			run_group(g->run, expr_to_text(&call->args[i], call->a));
		if (!named)
			continue;
		s->n++;
		s->n_found += named->result == wanted;
	}
	s->seen = NULL;
}

static int group_success(const struct expr_call *call, struct expr_value *ret, struct err *err)
{
	const struct group *g = call->user;
	struct search s;
	search(&s, call, RUNNER_SUCCESS);
	*ret = expr_bool(!g->run->is_cancelled && s.n_found == s.n);
	return 0;
}

static int group_failure(const struct expr_call *call, struct expr_value *ret, struct err *err)
{
	struct search s;
	search(&s, call, RUNNER_FAILURE);
	*ret = expr_bool(s.n_found > 0);
	return 0;
}

static int group_cancelled(const struct expr_call *call, struct expr_value *ret, struct err *err)
{
	const struct group *g = call->user;
	*ret = expr_bool(g->run->is_cancelled);
	return 0;
}

const struct expr_function group_functions[] = {
	{"success", 0, 255, group_success},
	{"failure", 0, 255, group_failure},
	{"cancelled", 0, 0, group_cancelled},
	{"always", 0, 0, always},
};
const size_t n_group_functions = ARRAY_LEN(group_functions);
