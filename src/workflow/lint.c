/* lint -- what runs, and hardly as meant, or not safely.
 *
 * 1. Text that strangers choose (titles, branch names, commit messages) put into a script by ${{ }}:
 *    the shell runs it. Through an environment variable it stays text.
 * 2. Image names that keep the upper case of an owner, and tags made of branch names with '/'.
 * 3. `x` together with `x-ignore`, which GitHub refuses.
 * 4. An `if` whose text around ${{ }} makes it always true.
 */
#include "workflow_priv.h"

/* Paths below github; "*" stands for any one name, also for an index. */
static const char *const untrusted[] = {"github.event.issue.title", "github.event.issue.body",
	"github.event.pull_request.title", "github.event.pull_request.body",
	"github.event.pull_request.head.ref", "github.event.pull_request.head.label",
	"github.event.pull_request.head.repo.default_branch", "github.event.comment.body",
	"github.event.review.body", "github.event.review_comment.body",
	"github.event.discussion.title", "github.event.discussion.body",
	"github.event.pages.*.page_name", "github.event.commits.*.message",
	"github.event.commits.*.author.email", "github.event.commits.*.author.name",
	"github.event.head_commit.message", "github.event.head_commit.author.email",
	"github.event.head_commit.author.name", "github.event.workflow_run.head_branch",
	"github.event.workflow_run.head_commit.message",
	"github.event.workflow_run.head_commit.author.email",
	"github.event.workflow_run.head_commit.author.name",
	"github.event.workflow_run.pull_requests.*.head.ref", "github.event.release.name",
	"github.event.release.body", "github.head_ref"};

static bool path_matches(struct str pattern, struct str path)
{
	struct str want, have;
	while (str_cut(&pattern, '.', &want)) {
		if (!str_cut(&path, '.', &have))
			return false;
		if (!str_is(want, "*") && !str_is(have, "?") && !str_eq_nocase(want, have))
			return false;
	}
	return !path.p;
}

struct finder {
	const char *const *patterns;
	size_t n;
	struct arena *a;
	struct str found;
};

static void look_at_path(void *user, struct str path)
{
	struct finder *f = user;
	for (size_t i = 0; i < f->n && !f->found.n; i++)
		if (path_matches(str_of(f->patterns[i]), path))
			f->found = arena_str(f->a, path);
}

/* The first path of the value's expressions that is one of the patterns, or empty. */
static struct str find_path(struct parse *p, const struct workflow_value *v,
	const char *const *patterns, size_t n)
{
	struct finder f = {patterns, n, p->a, S("")};
	if (v && v->kind == WORKFLOW_EXPR)
		expr_each_path(v->expr, look_at_path, &f);
	return f.found;
}

static void lint_script(struct parse *p, const struct workflow_value *script)
{
	struct str path = find_path(p, script, untrusted, ARRAY_LEN(untrusted));
	if (!path.n)
		return;
	WARN(p, script, "anyone may choose '%.*s', and here it becomes part of a script",
		STR_ARG(path));
	hint(p, "put it into `env:` (TEXT: ${{ %.*s }}) and use \"$TEXT\" in the script",
		STR_ARG(path));
}

static bool is_action(const struct workflow_step *s, const char *name)
{
	struct str rest = s->uses, action;
	return s->kind == WORKFLOW_USES && str_cut(&rest, '@', &action) &&
		str_eq_nocase(action, str_of(name));
}

static bool has_upper(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= 'A' && s.p[i] <= 'Z')
			return true;
	return false;
}

/* One line of tags: what stands before the tag, outside of expressions. */
static bool name_has_upper(struct str line)
{
	ssize_t slash = str_rchr(line, '/'), colon = str_rchr(line, ':');
	struct str name = colon > slash ? str_sub(line, 0, (size_t)colon) : line;
	return !str_has(line, S("${{")) && has_upper(name);
}

static void lint_tags(struct parse *p, const struct workflow_value *tags)
{
	static const char *const owners[] = {"github.repository", "github.repository_owner",
		"github.actor", "github.event.repository.full_name",
		"github.event.repository.owner.login"};
	static const char *const branches[] = {
		"github.ref_name", "github.head_ref", "github.event.pull_request.head.ref"};
	struct str path = find_path(p, tags, owners, ARRAY_LEN(owners)), rest, line;
	if (path.n) {
		WARN(p, tags, "'%.*s' keeps upper-case letters, which an image name may not have",
			STR_ARG(path));
		hint(p, "docker/metadata-action makes names lower-case");
	}
	path = find_path(p, tags, branches, ARRAY_LEN(branches));
	if (path.n) {
		WARN(p, tags, "'%.*s' may hold a '/', which a tag may not have", STR_ARG(path));
		hint(p, "docker/metadata-action turns it into '-': type=ref,event=branch");
	}
	for (rest = tags->text; str_line(&rest, &line);)
		if (name_has_upper(line)) {
			WARN(p, tags, "the image name '%.*s' has upper-case letters",
				STR_ARG(str_trim(line)));
			hint(p, "write it in lower case");
		}
}

static void lint_condition(struct parse *p, const struct workflow_value *v)
{
	if (!v || !v->is_mixed)
		return;
	WARN(p, v, "the text around ${{ }} makes this condition always true");
	hint(p, "put the whole condition inside one ${{ }}, or leave the braces out");
}

static void lint_step(struct parse *p, const struct workflow_step *s)
{
	lint_condition(p, s->condition_at);
	lint_script(p, s->run);
	if (is_action(s, "actions/github-script"))
		lint_script(p, workflow_get(s->with, "script"));
	const struct workflow_value *tags = workflow_get(s->with, "tags");
	if (is_action(s, "docker/build-push-action") && tags)
		lint_tags(p, tags);
	if (s->parallel)
		lint_steps(p, s->parallel);
}

void lint_steps(struct parse *p, const struct workflow_step_vec *steps)
{
	for (size_t i = 0; i < steps->n; i++)
		lint_step(p, &steps->p[i]);
}

static void lint_event(struct parse *p, const struct workflow_event *e)
{
	static const enum workflow_filter pairs[] = {
		WORKFLOW_BRANCHES, WORKFLOW_TAGS, WORKFLOW_PATHS};
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		if (!e->has[pairs[i]] || !e->has[pairs[i] + 1])
			continue;
		const char *name = workflow_filter_names[pairs[i]];
		WARN(p, e, "'%s' and '%s-ignore' may not be used together for one event", name,
			name);
		hint(p, "write what to leave out as '!pattern' behind the others in '%s'", name);
	}
}

void lint_workflow(struct parse *p)
{
	const struct workflow *w = p->out;
	for (size_t i = 0; i < w->events.n; i++)
		lint_event(p, &w->events.p[i]);
	for (size_t i = 0; i < w->jobs.n; i++) {
		lint_condition(p, w->jobs.p[i].condition_at);
		lint_steps(p, &w->jobs.p[i].steps);
	}
}
