/* event -- which ref, commit and payload the metadata is about.
 *
 * The record may be the github context of a workflow or the webhook payload alone. A payload does
 * not say its event's name or the ref of a pull request; both follow from its members.
 */
#include "metadata_priv.h"

struct str json_text_at(const struct json *v, const char *path)
{
	struct str rest = str_of(path), part;
	char key[64];
	while (v && str_cut(&rest, '.', &part)) {
		snprintf(key, sizeof(key), "%.*s", STR_ARG(part));
		v = json_get(v, key);
	}
	return v && v->kind == JSON_STRING ? v->text : S("");
}

static struct str first_of(struct str a, struct str b)
{
	return a.n ? a : b;
}

static bool is_context(const struct json *v)
{
	return json_get(v, "event_name") || json_get(v, "eventName") || json_get(v, "event") ||
		json_get(v, "payload");
}

static void read_context(const struct json *v, struct event *e)
{
	e->name = first_of(json_text_at(v, "event_name"), json_text_at(v, "eventName"));
	e->ref = json_text_at(v, "ref");
	e->sha = json_text_at(v, "sha");
	e->payload = json_get(v, "event");
	if (!e->payload)
		e->payload = json_get(v, "payload");
}

static bool pull_number(const struct json *payload, int64_t *ret)
{
	const struct json *n = json_get(payload, "number");
	if (!n)
		n = json_get(json_get(payload, "pull_request"), "number");
	if (!n || (n->kind != JSON_INT && n->kind != JSON_REAL))
		return false;
	*ret = (int64_t)n->real;
	return true;
}

static struct str pull_ref(const struct json *payload, struct arena *a)
{
	int64_t n;
	if (!pull_number(payload, &n))
		return S("");
	return arena_fmt(a, "refs/pull/%lld/merge", (long long)n);
}

static void read_payload(const struct json *v, struct arena *a, struct event *e)
{
	static const char *const named[] = {
		"pull_request", "schedule", "release", "workflow_run", "discussion", "issue"};
	static const char *const names[] = {
		"pull_request", "schedule", "release", "workflow_run", "discussion", "issues"};
	e->payload = v;
	e->name = S("push");
	for (size_t i = 0; i < ARRAY_LEN(named); i++)
		if (json_get(v, named[i])) {
			e->name = str_of(names[i]);
			break;
		}
	e->ref = json_text_at(v, "ref");
	e->sha = first_of(json_text_at(v, "after"), json_text_at(v, "head_commit.id"));
	if (str_is(e->name, "pull_request")) {
		e->ref = pull_ref(v, a);
		e->sha = first_of(json_text_at(v, "pull_request.merge_commit_sha"),
			json_text_at(v, "pull_request.head.sha"));
	}
}

static bool is_true_text(struct str s)
{
	for (size_t i = 0; i + 4 <= s.n; i++)
		if (str_eq_nocase(str_sub(s, i, i + 4), S("true")))
			return true;
	return false;
}

/* What context "workflow" changes: the ref of pull_request_target, and the head commit on request.
 */
static void adjust(const struct metadata_spec *spec, struct arena *a, struct event *e)
{
	if (str_has(e->name, S("pull_request_target"))) {
		struct str ref = pull_ref(e->payload, a);
		e->ref = ref.n ? ref : e->ref;
	}
	struct str head = json_text_at(e->payload, "pull_request.head.sha");
	if (is_true_text(spec->pr_head_sha) && str_has(e->name, S("pull_request")) && head.n)
		e->sha = head;
}

static bool time_of(struct str text, int64_t *ret)
{
	struct err ignored = {0};
	return text.n && clock_parse_rfc3339(text, ret, &ignored) == 0;
}

static int64_t commit_date(const struct metadata_spec *spec, const struct event *e)
{
	int64_t ns;
	if (spec->has_commit_date)
		return spec->commit_date_ns;
	const struct json *commits = json_get(e->payload, "commits");
	for (size_t i = 0; commits && commits->kind == JSON_ARRAY && i < commits->n; i++)
		if (str_eq(json_text_at(&commits->items[i], "id"), e->sha) &&
			time_of(json_text_at(&commits->items[i], "timestamp"), &ns))
			return ns;
	const struct json *head = json_get(e->payload, "head_commit");
	if (str_eq(json_text_at(head, "id"), e->sha) &&
		time_of(json_text_at(head, "timestamp"), &ns))
		return ns;
	return spec->now_ns;
}

int event_read(const struct metadata_spec *spec, struct arena *a, struct event *ret,
	struct err *err)
{
	struct event e = {0};
	bool is_git = str_is(spec->context, "git");
	if (spec->context.n && !is_git && !str_is(spec->context, "workflow"))
		return err_set(err, ERR_INPUT, "Invalid context source: %.*s",
			STR_ARG(spec->context));
	if (spec->event && is_context(spec->event))
		read_context(spec->event, &e);
	else if (spec->event)
		read_payload(spec->event, a, &e);
	e.name = first_of(spec->event_name, e.name);
	e.ref = first_of(spec->ref, e.ref);
	e.sha = first_of(spec->sha, e.sha);
	if (is_git) {
		e.ref = first_of(spec->git_ref, e.ref);
		e.sha = first_of(spec->git_sha, e.sha);
	} else {
		adjust(spec, a, &e);
	}
	e.commit_date_ns = commit_date(spec, &e);
	*ret = e;
	return 0;
}
