/* The contexts of expressions: github, env, job, steps, runner, secrets, vars, strategy, matrix,
 * needs, inputs. Source: docs.github.com "Contexts reference". */
#include "run_priv.h"

#include <limits.h>
#include <sys/utsname.h>

static void put(struct expr_dict *d, struct arena *a, const char *key, struct str value)
{
	expr_dict_put(d, a, str_of(key), expr_string(value));
}

/* The same members in a dict that may be changed. */
static struct expr_dict *copy(const struct expr_dict *from, struct arena *a)
{
	struct expr_dict *d = expr_dict_new(a);
	for (size_t i = 0; i < from->n; i++)
		expr_dict_put(d, a, from->members[i].key, from->members[i].value);
	return d;
}

static struct expr_dict *of_pairs(const struct runner_pair *p, size_t n, struct arena *a)
{
	struct expr_dict *d = expr_dict_new(a);
	for (size_t i = 0; i < n; i++)
		put(d, a, p[i].name, str_of(p[i].value));
	return d;
}

/* ---- of a run ---- */

static struct str id_at(const struct json *payload, const char *object, struct arena *a)
{
	int64_t id = 0;
	struct err ignored;
	(void)json_opt_i64(json_get(payload, object), "id", 0, INT64_MAX, &id, &ignored);
	return arena_fmt(a, "%lld", (long long)id);
}

static struct str ref_name(struct str ref)
{
	static const char *const prefixes[] = {"refs/heads/", "refs/tags/", "refs/pull/"};
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (str_starts(ref, str_of(prefixes[i])))
			return str_skip(ref, strlen(prefixes[i]));
	return ref;
}

static void put_servers(struct expr_dict *d, struct arena *a, struct str server)
{
	bool is_github = str_is(server, "https://github.com");
	put(d, a, "server_url", server);
	put(d, a, "api_url",
		is_github ? S("https://api.github.com")
			  : arena_fmt(a, "%.*s/api/v3", STR_ARG(server)));
	put(d, a, "graphql_url",
		is_github ? S("https://api.github.com/graphql")
			  : arena_fmt(a, "%.*s/api/graphql", STR_ARG(server)));
}

static void put_event(struct expr_dict *d, struct arena *a, const struct repo_event *e)
{
	const struct json *payload_repository = json_get(e->payload, "repository");
	put(d, a, "event_name", e->name);
	put(d, a, "ref", e->ref);
	put(d, a, "ref_name", ref_name(e->ref));
	put(d, a, "ref_type", str_starts(e->ref, S("refs/tags/")) ? S("tag") : S("branch"));
	expr_dict_put(d, a, S("ref_protected"), expr_bool(false));
	put(d, a, "head_ref", e->head_ref);
	put(d, a, "base_ref", e->base_ref);
	put(d, a, "sha", e->sha);
	put(d, a, "repository", e->repository);
	put(d, a, "repository_owner", repo_owner(e->repository));
	put(d, a, "repository_id", id_at(e->payload, "repository", a));
	put(d, a, "repository_owner_id", id_at(payload_repository, "owner", a));
	put(d, a, "repositoryUrl",
		arena_fmt(a, "git://%.*s/%.*s.git",
			STR_ARG(str_skip(e->server_url,
				(size_t)(str_find(e->server_url, S("://")) + 3))),
			STR_ARG(e->repository)));
	put(d, a, "actor_id", id_at(e->payload, "sender", a));
	expr_dict_put(d, a, S("event"), expr_from_json(e->payload, a));
	put_servers(d, a, e->server_url);
}

/* Below the repository, as GitHub calls it; else as it was named. */
static struct str file_in_repository(const struct run *r)
{
	char path[PATH_MAX];
	size_t n = strlen(r->repo->top);
	if (!realpath(arena_cstr(r->a, r->w->file), path) || strncmp(path, r->repo->top, n) != 0 ||
		path[n] != '/')
		return r->w->file;
	return arena_str(r->a, str_of(path + n + 1));
}

static void put_run(struct run *r)
{
	struct str file = file_in_repository(r);
	struct expr_dict *d = r->github;
	struct arena *a = r->a;
	const struct repo_event *e = &r->choice->event;
	struct str actor = str_of(r->spec->actor ? r->spec->actor : "knarr");
	put(d, a, "run_id", arena_fmt(a, "%llu", (unsigned long long)r->place.id));
	put(d, a, "run_number", arena_fmt(a, "%llu", (unsigned long long)r->place.number));
	put(d, a, "run_attempt", S("1"));
	put(d, a, "retention_days", S("90"));
	put(d, a, "actor", actor);
	put(d, a, "triggering_actor", actor);
	put(d, a, "workflow", r->w->name.n ? r->w->name : file);
	put(d, a, "workflow_ref",
		arena_fmt(a, "%.*s/%.*s@%.*s", STR_ARG(e->repository), STR_ARG(file),
			STR_ARG(e->ref)));
	put(d, a, "workflow_sha", e->sha);
	put(d, a, "secret_source", S("Actions"));
}

int run_contexts(struct run *r, struct err *err)
{
	const struct runner_spec *s = r->spec;
	r->github = expr_dict_new(r->a);
	put_event(r->github, r->a, &r->choice->event);
	put_run(r);
	r->inputs = r->choice->inputs.typed;
	r->vars = expr_object(of_pairs(s->vars, s->n_vars, r->a));
	r->secrets = of_pairs(s->secrets, s->n_secrets, r->a);
	r->has_token = expr_dict_get(r->secrets, S("GITHUB_TOKEN")) != NULL;
	for (size_t i = 0; i < s->n_secrets; i++) {
		if (strlen(s->secrets[i].value) > RUNNER_MAX_SECRET)
			return err_set(err, ERR_LIMIT, "secret '%s' is larger than %d KiB",
				s->secrets[i].name, RUNNER_MAX_SECRET >> 10);
		int rc = masker_add(r->masker, str_of(s->secrets[i].value), err);
		if (rc < 0)
			return err_wrap(err, "secret '%s'", s->secrets[i].name);
		if (rc > 0 && s->secrets[i].value[0])
			event_note(r->events, STR_NONE, EVENT_WARNING, NULL,
				"secret '%s' is too short to be masked", s->secrets[i].name);
	}
	return 0;
}

/* ---- of a job ---- */

static struct str machine(void)
{
	static const struct {
		const char *kernel, *github;
	} names[] = {{"x86_64", "X64"}, {"aarch64", "ARM64"}, {"i686", "X86"}, {"armv7l", "ARM"}};
	struct utsname u;
	for (size_t i = 0; uname(&u) == 0 && i < ARRAY_LEN(names); i++)
		if (strcmp(u.machine, names[i].kernel) == 0)
			return str_of(names[i].github);
	return S("X64");
}

static void put_runner(struct job *j)
{
	struct expr_dict *d = expr_dict_new(&j->arena);
	put(d, &j->arena, "name", S("knarr"));
	put(d, &j->arena, "os", S("Linux"));
	put(d, &j->arena, "arch", machine());
	put(d, &j->arena, "temp", str_of(j->place.temp));
	put(d, &j->arena, "tool_cache", str_of(j->place.tool));
	put(d, &j->arena, "workspace", str_of(j->place.work));
	put(d, &j->arena, "environment", S("self-hosted"));
	if (j->run->spec->is_debug)
		put(d, &j->arena, "debug", S("1"));
	j->runner = d;
}

int job_contexts(struct job *j, struct err *err)
{
	struct arena *a = &j->arena;
	j->github = copy(j->run->github, a);
	put(j->github, a, "job", j->group->def->id);
	put(j->github, a, "token", j->token);
	put(j->github, a, "workspace", str_of(j->place.workspace));
	put(j->github, a, "event_path",
		arena_fmt(a, "%s/_github_workflow/event.json", j->place.temp));
	j->secrets = copy(j->run->secrets, a);
	put(j->secrets, a, "GITHUB_TOKEN", j->token);
	put_runner(j);
	return 0;
}

/* ---- of a step ---- */

void step_github(struct step *s, const char *key, struct str value)
{
	put(s->github, s->a, key, value);
}

static struct expr_value job_context(const struct step *s)
{
	struct expr_dict *d = expr_dict_new(s->a);
	put(d, s->a, "status", str_of(runner_result_name(job_status(s->job))));
	return expr_object(d);
}

void step_contexts(struct step *s)
{
	const struct job *j = s->job;
	const struct scope *in = s->scope;
	struct expr_dict *c = expr_dict_new(s->a);
	s->github = copy(j->github, s->a);
	step_github(s, "action", s->id);
	step_github(s, "action_path", in->action_path);
	step_github(s, "action_repository", in->action_repository);
	step_github(s, "action_ref", in->action_ref);
	if (in->outer)
		step_github(s, "action_status", str_of(runner_result_name(in->status)));
	file_commands_name(s);
	expr_dict_put(c, s->a, S("github"), expr_object(s->github));
	expr_dict_put(c, s->a, S("steps"), expr_object(in->steps));
	expr_dict_put(c, s->a, S("inputs"), in->inputs);
	expr_dict_put(c, s->a, S("job"), job_context(s));
	expr_dict_put(c, s->a, S("runner"), expr_object(j->runner));
	expr_dict_put(c, s->a, S("vars"), j->run->vars);
	expr_dict_put(c, s->a, S("secrets"), expr_object(j->secrets));
	expr_dict_put(c, s->a, S("strategy"), j->strategy);
	expr_dict_put(c, s->a, S("matrix"), j->matrix);
	expr_dict_put(c, s->a, S("needs"), expr_object(j->needs));
	s->contexts = c;
	s->eval = (struct expr_env){.contexts = c,
		.functions = status_functions,
		.n_functions = n_status_functions,
		.user = s};
	step_contexts_env(s);
}

void step_contexts_env(struct step *s)
{
	expr_dict_put(s->contexts, s->a, S("env"), env_context(&s->env, s->a));
}
