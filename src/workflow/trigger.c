#include "workflow/trigger.h"

#include "glob/filter.h"

static int filter_of(const struct str_vec *patterns, struct filter **ret, struct err *err)
{
	CLEANUP(filter_free) struct filter *f = filter_new();
	for (size_t i = 0; i < patterns->n; i++)
		if (filter_add(f, patterns->p[i], err) < 0)
			return -1;
	*ret = TAKE(f);
	return 0;
}

/* 1 = the name passes `x` and `x-ignore`, whichever there is. */
static int passes(const struct workflow_event *e, enum workflow_filter only,
	enum workflow_filter ignore, struct str name, struct err *err)
{
	CLEANUP(filter_free) struct filter *in = NULL;
	CLEANUP(filter_free) struct filter *out = NULL;
	if (filter_of(&e->filters[only], &in, err) < 0 ||
		filter_of(&e->filters[ignore], &out, err) < 0)
		return -1;
	if (e->has[only] && !filter_matches(in, name))
		return 0;
	return !(e->has[ignore] && filter_matches(out, name));
}

/* `paths` wants one file that matches; `paths-ignore` one that does not. */
static int paths_pass(const struct workflow_event *e, const struct trigger *t, struct err *err)
{
	bool has_any = e->has[WORKFLOW_PATHS] || e->has[WORKFLOW_PATHS_IGNORE];
	if (!has_any || !t->has_paths)
		return 1;
	CLEANUP(filter_free) struct filter *in = NULL;
	CLEANUP(filter_free) struct filter *out = NULL;
	if (filter_of(&e->filters[WORKFLOW_PATHS], &in, err) < 0 ||
		filter_of(&e->filters[WORKFLOW_PATHS_IGNORE], &out, err) < 0)
		return -1;
	bool is_in = !e->has[WORKFLOW_PATHS], is_out = !e->has[WORKFLOW_PATHS_IGNORE];
	for (size_t i = 0; i < t->paths.n && !(is_in && is_out); i++) {
		is_in = is_in || filter_matches(in, t->paths.p[i]);
		is_out = is_out || !filter_matches(out, t->paths.p[i]);
	}
	return is_in && is_out;
}

static bool has_branches(const struct workflow_event *e)
{
	return e->has[WORKFLOW_BRANCHES] || e->has[WORKFLOW_BRANCHES_IGNORE];
}

static bool has_tags(const struct workflow_event *e)
{
	return e->has[WORKFLOW_TAGS] || e->has[WORKFLOW_TAGS_IGNORE];
}

/* Naming only branches leaves tags out, and the other way round. */
static int ref_passes(const struct workflow_event *e, struct str ref, struct err *err)
{
	if (str_starts(ref, S("refs/tags/"))) {
		if (has_branches(e) && !has_tags(e))
			return 0;
		return passes(e, WORKFLOW_TAGS, WORKFLOW_TAGS_IGNORE, str_skip(ref, 10), err);
	}
	if (has_tags(e) && !has_branches(e))
		return 0;
	struct str name = str_starts(ref, S("refs/heads/")) ? str_skip(ref, 11) : ref;
	return passes(e, WORKFLOW_BRANCHES, WORKFLOW_BRANCHES_IGNORE, name, err);
}

static bool is_listed(const struct str_vec *v, struct str name)
{
	for (size_t i = 0; i < v->n; i++)
		if (str_eq(v->p[i], name))
			return true;
	return false;
}

/* Without `types`, pull requests start for three of theirs, other events for all. */
static bool action_passes(const struct workflow_event *e, struct str action)
{
	if (e->has[WORKFLOW_TYPES])
		return is_listed(&e->filters[WORKFLOW_TYPES], action);
	if (!str_is(e->name, "pull_request") && !str_is(e->name, "pull_request_target"))
		return true;
	return !action.n || str_is(action, "opened") || str_is(action, "synchronize") ||
		str_is(action, "reopened");
}

/* The names in `workflows` are patterns too. */
static int workflow_passes(const struct workflow_event *e, struct str name, struct err *err)
{
	CLEANUP(filter_free) struct filter *f = NULL;
	if (!e->has[WORKFLOW_WORKFLOWS] || is_listed(&e->filters[WORKFLOW_WORKFLOWS], name))
		return 1;
	if (filter_of(&e->filters[WORKFLOW_WORKFLOWS], &f, err) < 0)
		return -1;
	return filter_matches(f, name);
}

int trigger_matches(const struct workflow *w, const struct trigger *t, struct err *err)
{
	for (size_t i = 0; i < w->events.n; i++) {
		const struct workflow_event *e = &w->events.p[i];
		if (!str_eq(e->name, t->event) || !action_passes(e, t->action))
			continue;
		int rc = ref_passes(e, t->ref, err);
		if (rc > 0)
			rc = workflow_passes(e, t->workflow, err);
		bool is_tag = str_starts(t->ref, S("refs/tags/"));
		if (rc > 0 && !is_tag)
			rc = paths_pass(e, t, err);
		if (rc)
			return rc;
	}
	return 0;
}
