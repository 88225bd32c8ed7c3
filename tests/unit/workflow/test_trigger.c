#include "../test.h"

#include "workflow/trigger.h"

static const struct workflow *parsed(const char *on, struct arena *a)
{
	CLEANUP(workflow_problems_done) struct workflow_problems problems = {0};
	struct workflow *w = NULL;
	struct err err = {0};
	char text[2000];
	snprintf(text, sizeof(text), "%s\njobs:\n  a:\n    runs-on: x\n    steps: [{run: x}]\n",
		on);
	OK(workflow_parse(str_of(text), S("x.yml"), a, &w, &problems, &err));
	return w;
}

static void trigger_matches_filters(void **state)
{
	static const struct {
		const char *on, *event, *action, *ref, *paths; /* words; NULL = unknown */
		int is;
	} cases[] = {{"on: push", "push", "", "refs/heads/x", NULL, 1},
		{"on: push", "pull_request", "opened", "", NULL, 0},
		{"on: [push, fork]", "fork", "", "", NULL, 1},
		{"on: {push: {branches: [main]}}", "push", "", "refs/heads/main", NULL, 1},
		{"on: {push: {branches: [main]}}", "push", "", "refs/heads/dev", NULL, 0},
		{"on: {push: {branches: [main]}}", "push", "", "refs/tags/main", NULL, 0},
		{"on: {push: {tags: ['v*']}}", "push", "", "refs/tags/v1", NULL, 1},
		{"on: {push: {tags: ['v*']}}", "push", "", "refs/heads/v1", NULL, 0},
		{"on: {push: {tags: ['v*'], branches: [main]}}", "push", "", "refs/heads/main",
			NULL, 1},
		{"on: {push: {tags: ['v*'], branches: [main]}}", "push", "", "refs/tags/x", NULL,
			0},
		{"on: {push: {branches: ['releases/**', '!releases/**-alpha']}}", "push", "",
			"refs/heads/releases/10", NULL, 1},
		{"on: {push: {branches: ['releases/**', '!releases/**-alpha']}}", "push", "",
			"refs/heads/releases/10-alpha", NULL, 0},
		{"on: {push: {branches-ignore: [dev]}}", "push", "", "refs/heads/dev", NULL, 0},
		{"on: {push: {branches-ignore: [dev]}}", "push", "", "refs/heads/main", NULL, 1},
		{"on: {push: {branches-ignore: [dev]}}", "push", "", "refs/tags/v1", NULL, 0},
		{"on: {push: {tags-ignore: ['v*']}}", "push", "", "refs/tags/v1", NULL, 0},
		{"on: {push: {paths: ['**.js']}}", "push", "", "refs/heads/x", "a/b.js c.md", 1},
		{"on: {push: {paths: ['**.js']}}", "push", "", "refs/heads/x", "c.md", 0},
		{"on: {push: {paths: ['**.js']}}", "push", "", "refs/heads/x", "", 0},
		{"on: {push: {paths: ['**.js']}}", "push", "", "refs/heads/x", NULL, 1},
		{"on: {push: {paths: ['**.js']}}", "push", "", "refs/tags/x", "c.md", 1},
		{"on: {push: {paths: ['sub/**', '!sub/docs/**']}}", "push", "", "refs/heads/x",
			"sub/docs/a", 0},
		{"on: {push: {paths: ['sub/**', '!sub/docs/**']}}", "push", "", "refs/heads/x",
			"sub/docs/a sub/b", 1},
		{"on: {push: {paths-ignore: ['docs/**']}}", "push", "", "refs/heads/x",
			"docs/a docs/b", 0},
		{"on: {push: {paths-ignore: ['docs/**']}}", "push", "", "refs/heads/x",
			"docs/a src/b", 1},
		{"on: {push: {branches: [main], paths: ['a/**']}}", "push", "", "refs/heads/main",
			"b/x", 0},
		{"on: pull_request", "pull_request", "opened", "refs/heads/main", NULL, 1},
		{"on: pull_request", "pull_request", "synchronize", "refs/heads/main", NULL, 1},
		{"on: pull_request", "pull_request", "labeled", "refs/heads/main", NULL, 0},
		{"on: {pull_request: {types: [labeled]}}", "pull_request", "labeled",
			"refs/heads/main", NULL, 1},
		{"on: {pull_request: {types: [labeled]}}", "pull_request", "opened",
			"refs/heads/main", NULL, 0},
		{"on: {pull_request: {branches: [main]}}", "pull_request", "opened",
			"refs/heads/dev", NULL, 0},
		{"on: {issues: {types: opened}}", "issues", "opened", "", NULL, 1},
		{"on: issues", "issues", "anything", "", NULL, 1},
		{"on: {workflow_dispatch: }", "workflow_dispatch", "", "refs/heads/x", NULL, 1}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct err err = {0};
		struct trigger t = {.event = str_of(cases[i].event),
			.action = str_of(cases[i].action),
			.ref = str_of(cases[i].ref),
			.has_paths = cases[i].paths != NULL};
		struct str rest = str_of(cases[i].paths), word;
		while (str_word(&rest, &word))
			vec_push(&t.paths, word);
		int rc = trigger_matches(parsed(cases[i].on, &a), &t, &err);
		if (rc != cases[i].is)
			fail_msg("case %zu: %s, %s %s: %d", i, cases[i].on, cases[i].event,
				cases[i].ref, rc);
		vec_done(&t.paths);
	}
}

static void trigger_matches_the_workflow_that_ran(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct err err = {0};
	const struct workflow *w = parsed(
		"on: {workflow_run: {workflows: [Build, 'Deploy *'], types: [completed], branches: [main]}}",
		&a);
	struct trigger t = {.event = S("workflow_run"),
		.action = S("completed"),
		.ref = S("refs/heads/main"),
		.workflow = S("Build")};
	assert_int_equal(trigger_matches(w, &t, &err), 1);
	t.workflow = S("Deploy one");
	assert_int_equal(trigger_matches(w, &t, &err), 1);
	t.workflow = S("Test");
	assert_int_equal(trigger_matches(w, &t, &err), 0);
	t.workflow = S("Build");
	t.action = S("requested");
	assert_int_equal(trigger_matches(w, &t, &err), 0);
}

static void cron_parse_accepts_what_github_does(void **state)
{
	static const char *const good[] = {"* * * * *", "0 0 1 1 0", "59 23 31 12 6",
		"*/15 * * * *", "5,10-20/2 * * * *", "0 4-6 * JAN-MAR mon", "0 0 * feb,APR SUN",
		"5/15 * * * *", "00 07 * * *"};
	static const char *const wrong[] = {"", "* * * *", "* * * * * *", "60 * * * *",
		"* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 13 *", "* * * 0 *", "* * * * 7",
		"*/0 * * * *", "*/60 * * * *", "5-1 * * * *", "1- * * * *", ", * * * *",
		"1,,2 * * * *", "a * * * *", "JAN * * * *", "1/2/3 * * * *", "-1 * * * *", "@daily",
		"* * * * MONDAY", "? * * * *", "1.5 * * * *", "*/* * * * *", " * * * * *",
		"* * L * *"};
	struct cron c;
	struct err err = {0};
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		OK(cron_parse(str_of(good[i]), &c, &err));
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		FAILS(ERR_INPUT, cron_parse(str_of(wrong[i]), &c, &err));
}

static void cron_is_due_in_its_minutes(void **state)
{
	static const struct {
		const char *cron;
		struct civil at;
		bool is;
	} cases[] = {{"*/15 * * * *", {.month = 1, .day = 1, .minute = 30}, true},
		{"*/15 * * * *", {.month = 1, .day = 1, .minute = 31}, false},
		{"5/15 * * * *", {.month = 1, .day = 1, .minute = 35}, true},
		{"0 5 * * 1-5", {.month = 1, .day = 1, .hour = 5, .weekday = 3}, true},
		{"0 5 * * 1-5", {.month = 1, .day = 1, .hour = 5, .weekday = 0}, false},
		{"0 0 13 * 5", {.month = 1, .day = 13, .weekday = 1}, true}, /* either day */
		{"0 0 13 * 5", {.month = 1, .day = 12, .weekday = 5}, true},
		{"0 0 13 * 5", {.month = 1, .day = 12, .weekday = 4}, false},
		{"0 0 13 * *", {.month = 1, .day = 12, .weekday = 5}, false},
		{"0 0 * jul *", {.month = 7, .day = 12}, true},
		{"0 0 * jul *", {.month = 8, .day = 12}, false}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct cron c;
		struct err err = {0};
		OK(cron_parse(str_of(cases[i].cron), &c, &err));
		if (cron_is_due(&c, &cases[i].at) != cases[i].is)
			fail_msg("case %zu: %s", i, cases[i].cron);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trigger_matches_filters),
		cmocka_unit_test(trigger_matches_the_workflow_that_ran),
		cmocka_unit_test(cron_parse_accepts_what_github_does),
		cmocka_unit_test(cron_is_due_in_its_minutes),
	};
	return cmocka_run_group_tests_name("workflow/trigger", tests, NULL, NULL);
}
