/* The event: the payload given, or one made of what the repository says. */
#include "repo_priv.h"

#include "runner.h"

/* ---- reading a payload ---- */

/* "a.b.c" as text, or empty. */
static struct str text_at(const struct json *v, const char *path)
{
	struct str rest = str_of(path), part;
	char key[64];
	while (v && str_cut(&rest, '.', &part)) {
		snprintf(key, sizeof(key), "%.*s", STR_ARG(part));
		v = json_get(v, key);
	}
	return v && v->kind == JSON_STRING ? v->text : S("");
}

static struct str prefixed(struct arena *a, const char *prefix, struct str name)
{
	return str_starts(name, S("refs/")) ? name : arena_fmt(a, "%s%.*s", prefix, STR_ARG(name));
}

static bool is_pull(struct str event)
{
	return str_starts(event, S("pull_request"));
}

static void read_pull(struct repo_event *e, struct arena *a)
{
	const struct json *p = e->payload;
	int64_t number = 0;
	struct err ignored;
	(void)json_opt_i64(p, "number", 0, INT64_MAX, &number, &ignored); /* 0 then */
	e->head_ref = text_at(p, "pull_request.head.ref");
	e->base_ref = text_at(p, "pull_request.base.ref");
	if (str_is(e->name, "pull_request_target")) {
		if (e->base_ref.n)
			e->ref = prefixed(a, "refs/heads/", e->base_ref);
		e->sha = text_at(p, "pull_request.base.sha");
		return;
	}
	e->ref = arena_fmt(a, "refs/pull/%lld/merge", (long long)number);
	e->sha = text_at(p, "pull_request.merge_commit_sha");
	if (!e->sha.n)
		e->sha = text_at(p, "pull_request.head.sha");
}

static void read_ref(struct repo_event *e, struct arena *a)
{
	const struct json *p = e->payload;
	struct str ref = text_at(p, "ref");
	if (str_is(e->name, "push")) {
		e->sha = text_at(p, "after");
		if (!e->sha.n)
			e->sha = text_at(p, "head_commit.id");
		e->before = text_at(p, "before");
	}
	if (str_is(e->name, "release"))
		ref = prefixed(a, "refs/tags/", text_at(p, "release.tag_name"));
	bool is_tag = str_is(text_at(p, "ref_type"), "tag");
	if (ref.n)
		e->ref = prefixed(a, is_tag ? "refs/tags/" : "refs/heads/", ref);
}

static bool is_zeros(struct str sha)
{
	for (size_t i = 0; i < sha.n; i++)
		if (sha.p[i] != '0')
			return false;
	return true;
}

/* A payload may be a sample from elsewhere: then its commit is not here. */
static void check_sha(const struct repo *r, struct repo_event *e, struct arena *a)
{
	struct git_commit c;
	struct err why = {0};
	if (is_zeros(e->sha)) {
		e->sha = r->sha;
	} else if (r->has_commit && !str_eq(e->sha, r->sha) &&
		git_show_commit(r->top, arena_cstr(a, e->sha), a, &c, &why) < 0) {
		e->sha = r->sha;
		e->is_other_sha = true;
	}
}

static int read_payload(const struct repo *r, struct repo_event *e, struct arena *a,
	struct err *err)
{
	if (e->payload->kind != JSON_OBJECT)
		return err_set(err, ERR_INPUT, "event payload: expected an object, got %s",
			json_kind_name(e->payload->kind));
	e->action = text_at(e->payload, "action");
	if (is_pull(e->name))
		read_pull(e, a);
	else
		read_ref(e, a);
	struct str name = text_at(e->payload, "repository.full_name");
	if (name.n)
		e->repository = name;
	check_sha(r, e, a);
	return 0;
}

/* ---- making one ---- */

static void add(struct json_out *o, const char *key, struct str text)
{
	json_key(o, key);
	json_add_str(o, text);
}

static void add_person(struct json_out *o, const char *key, struct str name, struct str email)
{
	json_key(o, key);
	json_object(o);
	add(o, "name", name);
	add(o, "email", email);
	add(o, "username", name);
	json_end(o);
}

static void add_repository(const struct repo *r, struct json_out *o)
{
	json_key(o, "repository");
	json_object(o);
	add(o, "name", repo_base(r->name));
	add(o, "full_name", r->name);
	json_key(o, "owner");
	json_object(o);
	add(o, "login", repo_owner(r->name));
	add(o, "name", repo_owner(r->name));
	json_end(o);
	json_key(o, "private");
	json_add_bool(o, false);
	json_key(o, "description");
	json_add_null(o);
	json_key(o, "html_url");
	json_add_fmt(o, "%.*s/%.*s", STR_ARG(r->server_url), STR_ARG(r->name));
	json_key(o, "clone_url");
	json_add_fmt(o, "%.*s/%.*s.git", STR_ARG(r->server_url), STR_ARG(r->name));
	add(o, "default_branch", r->default_branch);
	json_end(o);
}

static void add_commit(const struct repo *r, const struct git_commit *c, struct json_out *o)
{
	char time[CLOCK_TEXT];
	clock_rfc3339(c->time_ns, time);
	json_object(o);
	add(o, "id", c->sha);
	add(o, "tree_id", c->tree);
	json_key(o, "distinct");
	json_add_bool(o, true);
	add(o, "message", str_trim_right(c->message));
	json_key(o, "timestamp");
	json_add_cstr(o, time);
	json_key(o, "url");
	json_add_fmt(o, "%.*s/%.*s/commit/%.*s", STR_ARG(r->server_url), STR_ARG(r->name),
		STR_ARG(c->sha));
	add_person(o, "author", c->author, c->author_email);
	add_person(o, "committer", c->committer, c->committer_email);
	json_end(o);
}

/* The push that would have brought HEAD: one commit. */
static int add_push(const struct repo *r, struct repo_event *e, struct arena *a, struct json_out *o,
	struct err *err)
{
	struct git_commit head, parent;
	struct err why = {0};
	e->before = S(REPO_NO_SHA);
	if (r->has_commit && git_show_commit(r->top, "HEAD", a, &head, err) < 0)
		return -1;
	if (r->has_commit && git_show_commit(r->top, "HEAD^", a, &parent, &why) == 0)
		e->before = parent.sha;
	add(o, "ref", e->ref);
	add(o, "before", e->before);
	add(o, "after", e->sha);
	static const char *const flags[] = {"created", "deleted", "forced"};
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		json_key(o, flags[i]);
		json_add_bool(o, false);
	}
	json_key(o, "base_ref");
	json_add_null(o);
	json_key(o, "commits");
	json_array(o);
	if (r->has_commit)
		add_commit(r, &head, o);
	json_end(o);
	json_key(o, "head_commit");
	if (r->has_commit)
		add_commit(r, &head, o);
	else
		json_add_null(o);
	return 0;
}

static void add_side(const struct repo *r, struct json_out *o, const char *key, struct str ref)
{
	json_key(o, key);
	json_object(o);
	add(o, "ref", ref);
	add(o, "sha", r->sha);
	json_key(o, "label");
	json_add_fmt(o, "%.*s:%.*s", STR_ARG(repo_owner(r->name)), STR_ARG(ref));
	add_repository(r, o);
	json_end(o);
}

static void add_pull(const struct repo *r, struct json_out *o)
{
	json_key(o, "action");
	json_add_cstr(o, "opened");
	json_key(o, "number");
	json_add_u64(o, 0);
	json_key(o, "pull_request");
	json_object(o);
	json_key(o, "number");
	json_add_u64(o, 0);
	add(o, "merge_commit_sha", r->sha);
	add_side(r, o, "head", r->branch.n ? r->branch : S("HEAD"));
	add_side(r, o, "base", r->default_branch);
	json_end(o);
}

static void add_dispatch(const struct repo_ask *ask, const struct repo_event *e, struct json_out *o)
{
	add(o, "ref", e->ref);
	json_key(o, "workflow");
	json_add_cstr(o, ask->workflow_file);
	json_key(o, "inputs");
	if (!ask->n_inputs) {
		json_add_null(o);
		return;
	}
	json_object(o);
	for (size_t i = 0; i < ask->n_inputs; i++) {
		json_key_str(o, ask->inputs[i].key);
		json_add_str(o, ask->inputs[i].value.text);
	}
	json_end(o);
}

static int make_payload(const struct repo *r, const struct repo_ask *ask, struct repo_event *e,
	struct arena *a, struct buf *b, struct err *err)
{
	struct json_out o;
	json_out_init(&o, b, 0);
	json_object(&o);
	if (str_is(e->name, "push") && add_push(r, e, a, &o, err) < 0)
		return -1;
	if (is_pull(e->name))
		add_pull(r, &o);
	if (str_is(e->name, "workflow_dispatch"))
		add_dispatch(ask, e, &o);
	if (str_is(e->name, "schedule"))
		add(&o, "schedule", ask->cron);
	add_repository(r, &o);
	json_key(&o, "sender");
	json_object(&o);
	add(&o, "login", ask->actor);
	json_end(&o);
	if (str_is(e->name, "push")) {
		json_key(&o, "pusher");
		json_object(&o);
		add(&o, "name", ask->actor);
		json_end(&o);
	}
	json_end(&o);
	return buf_check(b, "event payload", err);
}

int repo_event(const struct repo *r, const struct repo_ask *ask, struct arena *a,
	struct repo_event *ret, struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(RUNNER_MAX_EVENT);
	struct json_limits limits = json_limits_default;
	struct json *made;
	struct str branch = r->branch.n ? r->branch : r->default_branch;
	struct repo_event e = {.name = ask->event,
		.payload = ask->payload,
		.sha = r->sha,
		.ref = arena_fmt(a, "refs/heads/%.*s", STR_ARG(branch)),
		.repository = r->name,
		.server_url = r->server_url};
	if (ask->payload) {
		struct json_out o;
		json_out_init(&o, &b, 2);
		json_add_value(&o, ask->payload);
		if (read_payload(r, &e, a, err) < 0 || buf_check(&b, "event payload", err) < 0)
			return -1;
	} else {
		limits.max_bytes = RUNNER_MAX_EVENT;
		if (make_payload(r, ask, &e, a, &b, err) < 0 ||
			json_parse(buf_str(&b), &limits, a, &made, err) < 0)
			return -1;
		e.payload = made;
		if (is_pull(e.name))
			read_pull(&e, a);
		e.action = text_at(made, "action");
	}
	e.text = arena_str(a, buf_str(&b));
	*ret = e;
	return 0;
}
