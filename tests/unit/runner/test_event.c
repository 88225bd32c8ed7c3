/* What is known of a repository, and the events made of it or read from payloads. */
#include "../git/script.h"

#include "runner/choose_priv.h"
#include "runner/repo_priv.h"

struct bench {
	struct temp_dir d;
	struct arena a;
	struct repo r;
	struct repo_event e;
};

static void bench_init(struct bench *b, const char *text)
{
	*b = (struct bench){.d = temp_dir_new()};
	script(&b->d, text);
}

static void bench_done(struct bench *b)
{
	arena_done(&b->a);
	temp_dir_done(&b->d);
}
CLEANUP_VAL(bench_done, struct bench);

#define REPO                                                                                       \
	"git init -q app; cd app; git remote add origin git@github.com:Me/app.git;"                \
	"git commit -qm first --allow-empty; git commit -qm second --allow-empty;"

static void look(struct bench *b)
{
	struct err err = {0};
	OK(repo_look(PATH_IN(&b->d, "app"), &b->a, &b->r, &err));
}

/* payload NULL = one is made. */
static int try_event(struct bench *b, const char *name, const char *payload, struct err *ret_err)
{
	struct err err = {0};
	struct json *v = NULL;
	struct repo_ask ask = {.event = str_of(name), .actor = S("ada"), .workflow_file = "w.yml"};
	if (payload)
		OK(json_parse(str_of(payload), NULL, &b->a, &v, &err));
	ask.payload = v;
	return repo_event(&b->r, &ask, &b->a, &b->e, ret_err);
}

static void event(struct bench *b, const char *name, const char *payload)
{
	struct err err = {0};
	OK(try_event(b, name, payload, &err));
}

static void a_repository_tells_its_name_and_head(void **state)
{
	CLEANUP(bench_done) struct bench b;
	bench_init(&b, REPO);
	look(&b);
	STR_IS(b.r.name, "Me/app");
	STR_IS(b.r.server_url, "https://github.com");
	STR_IS(b.r.branch, "main");
	STR_IS(b.r.sha, arena_cstr(&b.a, script_says(&b.d, "git -C app rev-parse HEAD")));
	assert_false(b.r.is_local);
	STR_IS(repo_owner(b.r.name), "Me");
	STR_IS(repo_base(b.r.name), "app");
}

static void a_folder_that_is_no_repository_is_fine(void **state)
{
	CLEANUP(bench_done) struct bench b;
	bench_init(&b, "mkdir app");
	look(&b);
	assert_false(b.r.has_commit);
	STR_IS(b.r.name, "local/app");
	event(&b, "push", NULL);
	STR_IS(b.e.sha, REPO_NO_SHA);
	STR_IS(b.e.ref, "refs/heads/main");
}

static void odd_folder_names_become_names_of_repositories(void **state)
{
	CLEANUP(bench_done) struct bench b;
	struct err err = {0};
	bench_init(&b, "mkdir 'My app!'");
	OK(repo_look(PATH_IN(&b.d, "My app!"), &b.a, &b.r, &err));
	STR_IS(b.r.name, "local/My-app-");
}

static void a_push_is_made_of_head(void **state)
{
	CLEANUP(bench_done) struct bench b;
	struct str message;
	struct err err = {0};
	bench_init(&b, REPO);
	look(&b);
	event(&b, "push", NULL);
	STR_IS(b.e.ref, "refs/heads/main");
	assert_true(str_eq(b.e.sha, b.r.sha));
	STR_IS(b.e.before, arena_cstr(&b.a, script_says(&b.d, "git -C app rev-parse HEAD^")));
	OK(json_get_str(json_get(b.e.payload, "head_commit"), "message", &message, &err));
	STR_IS(message, "second");
	STR_IS(json_get(json_get(b.e.payload, "sender"), "login")->text, "ada");
	STR_IS(json_get(json_get(b.e.payload, "repository"), "full_name")->text, "Me/app");
}

static void payloads_tell_ref_and_commit(void **state)
{
	static const struct {
		const char *event, *payload;
		const char *ref, *head, *base, *action;
	} cases[] = {
		{"push", "{\"ref\": \"refs/tags/v1\"}", "refs/tags/v1", "", "", ""},
		{"push", "{}", "refs/heads/main", "", "", ""},
		{"create", "{\"ref\": \"v1\", \"ref_type\": \"tag\"}", "refs/tags/v1", "", "", ""},
		{"create", "{\"ref\": \"x\", \"ref_type\": \"branch\"}", "refs/heads/x", "", "",
			""},
		{"release", "{\"action\": \"published\", \"release\": {\"tag_name\": \"v2\"}}",
			"refs/tags/v2", "", "", "published"},
		{"pull_request",
			"{\"action\": \"opened\", \"number\": 7, \"pull_request\": "
			"{\"head\": {\"ref\": \"f\"}, \"base\": {\"ref\": \"main\"}}}",
			"refs/pull/7/merge", "f", "main", "opened"},
		{"pull_request_target",
			"{\"number\": 7, \"pull_request\": "
			"{\"head\": {\"ref\": \"f\"}, \"base\": {\"ref\": \"rel\"}}}",
			"refs/heads/rel", "f", "rel", ""},
		{"workflow_dispatch", "{\"ref\": \"refs/heads/x\"}", "refs/heads/x", "", "", ""},
	};
	CLEANUP(bench_done) struct bench b;
	bench_init(&b, REPO);
	look(&b);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		event(&b, cases[i].event, cases[i].payload);
		STR_IS(b.e.ref, cases[i].ref);
		STR_IS(b.e.head_ref, cases[i].head);
		STR_IS(b.e.base_ref, cases[i].base);
		STR_IS(b.e.action, cases[i].action);
		assert_true(str_eq(b.e.sha, b.r.sha)); /* none of them names one */
		assert_false(b.e.is_other_sha);
	}
}

static void commits_from_elsewhere_give_way_to_head(void **state)
{
	CLEANUP(bench_done) struct bench b;
	char payload[200];
	bench_init(&b, REPO);
	look(&b);
	event(&b, "push", "{\"after\": \"1111111111111111111111111111111111111111\"}");
	assert_true(str_eq(b.e.sha, b.r.sha) && b.e.is_other_sha);
	event(&b, "push", "{\"after\": \"--help\"}");
	assert_true(str_eq(b.e.sha, b.r.sha) && b.e.is_other_sha);
	struct str first = script_says(&b.d, "git -C app rev-parse HEAD^");
	snprintf(payload, sizeof(payload), "{\"after\": \"%.*s\"}", STR_ARG(first));
	event(&b, "push", payload);
	assert_true(str_eq(b.e.sha, first) && !b.e.is_other_sha);
}

static void a_payload_is_an_object(void **state)
{
	CLEANUP(bench_done) struct bench b;
	struct err err = {0};
	bench_init(&b, REPO);
	look(&b);
	FAILS(ERR_INPUT, try_event(&b, "push", "[]", &err));
	FAILS(ERR_INPUT, try_event(&b, "push", "null", &err));
	event(&b, "push",
		"{\"ref\": 7, \"after\": {}, \"repository\": \"x\"}"); /* is as if absent */
	STR_IS(b.e.ref, "refs/heads/main");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_repository_tells_its_name_and_head),
		cmocka_unit_test(a_folder_that_is_no_repository_is_fine),
		cmocka_unit_test(odd_folder_names_become_names_of_repositories),
		cmocka_unit_test(a_push_is_made_of_head),
		cmocka_unit_test(payloads_tell_ref_and_commit),
		cmocka_unit_test(commits_from_elsewhere_give_way_to_head),
		cmocka_unit_test(a_payload_is_an_object),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
