#include "builds.h"

#include "build/run_mounts.h"

static int make(struct builds *g, const char *dockerfile, struct build *ret, struct err *err)
{
	builds_write(g, dockerfile);
	*ret = (struct build){.spec = &g->spec, .arena = &g->arena, .is_print = true};
	if (cache_open(builds_store(g), err) < 0 || source_open(ret, err) < 0)
		return -1;
	return plan_make(ret, &ret->plan, err);
}

static void planned(struct builds *g, const char *dockerfile, struct build *ret)
{
	struct err err = {0};
	if (make(g, dockerfile, ret, &err) < 0)
		fail_msg("%u:%u: %s\n%s", err.at.line, err.at.col, err.what, dockerfile);
}

static struct str env_of(struct builds *g, const struct image_strs *env)
{
	struct str all = S("");
	for (size_t i = 0; i < env->n; i++)
		all = arena_fmt(&g->arena, "%.*s%.*s;", STR_ARG(all), STR_ARG(env->p[i]));
	return all;
}

/* The step that this script belongs to. */
static const struct step *step_named(const struct build *b, const char *script)
{
	for (size_t i = 0; i < b->plan.n_steps; i++)
		if (b->plan.steps[i]->kind == STEP_RUN &&
			str_is(b->plan.steps[i]->inst->run.script, script))
			return b->plan.steps[i];
	fail_msg("no step '%s'", script);
	abort();
}

static void plan_make_takes_what_the_target_needs(void **state)
{
	static const char dockerfile[] =
		"FROM scratch AS a\nRUN 1\nFROM a AS b\nRUN 2\nFROM scratch AS c\nRUN 3\n"
		"FROM scratch AS d\nCOPY --from=b / /\nRUN --mount=from=c,target=/c 4\n"
		"FROM scratch\nCOPY --from=0 / /\n";
	static const struct {
		const char *target, *wanted;
	} cases[] = {
		{NULL, "a stage-4 "},
		{"a", "a "},
		{"b", "a b "},
		{"B", "a b "},
		{"c", "c "},
		{"d", "a b c d "},
	};
	struct builds *g = *state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct build b;
		CLEANUP(buf_done) struct buf wanted = BUF(200);
		g->spec.target = cases[i].target;
		planned(g, dockerfile, &b);
		for (size_t k = 0; k < b.plan.n; k++)
			if (b.plan.p[k].is_wanted)
				buf_fmt(&wanted, "%.*s ", STR_ARG(b.plan.p[k].title));
		STR_IS(buf_str(&wanted), cases[i].wanted);
		for (size_t k = 0; k < b.plan.n_steps; k++) /* needs first */
			for (size_t n = 0; n < b.plan.steps[k]->n_needs; n++)
				assert_true(b.plan.steps[k]->needs[n]->index < k);
		source_close(&b);
	}
	g->spec.target = NULL;
}

static void plan_make_refuses_what_leads_nowhere(void **state)
{
	static const struct {
		const char *dockerfile, *target;
		uint32_t line;
		const char *words;
	} cases[] = {
		{"FROM scratch AS a\nCOPY --from=a / /\n", NULL, 2, "circular"},
		{"FROM scratch AS a\nCOPY --from=b / /\nFROM scratch AS b\nFROM a\n", NULL, 2,
			"\"b\""},
		{"FROM scratch\nCOPY --from=0 / /\n", NULL, 2, "0"},
		{"FROM scratch\nCOPY --from=3 / /\n", NULL, 2, "3"},
		{"FROM scratch AS a\nRUN --mount=from=a,target=/x 1\n", NULL, 2, "circular"},
		{"FROM scratch AS a\n", "b", 0, "\"b\""},
		{"FROM scratch AS a\n", "7", 0, "\"7\""},
		{"ARG a=b\nFROM $b\n", NULL, 2, ""},
		{"FROM scratch\nCOPY a\n", NULL, 2, ""},
		{"# syntax=evil/x\nFROM scratch\n", NULL, 1, "foreign front end"},
		{"\n\n# only\n", NULL, 0, ""},
		{"RUN 1\n", NULL, 1, ""},
	};
	struct builds *g = *state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct build b;
		struct err err = {0};
		g->spec.target = cases[i].target;
		if (make(g, cases[i].dockerfile, &b, &err) == 0)
			fail_msg("did not fail:\n%s", cases[i].dockerfile);
		if ((cases[i].line && err.at.line != cases[i].line) ||
			!strstr(err.what, cases[i].words))
			fail_msg("%s:%u: %s\n%s", err.at.file, err.at.line, err.what,
				cases[i].dockerfile);
		source_close(&b);
	}
	g->spec.target = NULL;
}

static void plan_make_gives_run_the_variables_of_its_scope(void **state)
{
	static const char dockerfile[] =
		"ARG g=global\nARG unused=x\n"
		"FROM scratch AS base\nRUN before\nARG g\nARG a=1\nENV E=$a-$g a=env\nRUN one\n"
		"FROM base AS child\nARG given\nRUN two\n"
		"FROM scratch\nARG a\nRUN three\n"
		"COPY --from=child / /\n";
	static const struct build_pair args[] = {
		{"given", "yes"}, {"undeclared", "no"}, {"HTTP_PROXY", "http://p"}};
	struct builds *g = *state;
	struct build b;
	g->spec.args = args;
	g->spec.n_args = ARRAY_LEN(args);
	planned(g, dockerfile, &b);
	struct str before = env_of(g, &step_named(&b, "before")->env);
	struct str one = env_of(g, &step_named(&b, "one")->env);
	struct str two = env_of(g, &step_named(&b, "two")->env);
	struct str three = env_of(g, &step_named(&b, "three")->env);
	assert_false(str_has(before, S("g=global;")));
	assert_false(str_has(before, S("a=1;")));
	assert_true(str_has(one, S("g=global;")));
	assert_true(str_has(one, S("E=1-global;")));
	assert_true(str_has(one, S("a=env;"))); /* ENV wins over ARG */
	assert_false(str_has(one, S("unused")));
	assert_false(str_has(one, S("given")));
	assert_true(str_has(two, S("given=yes;")));
	assert_true(str_has(two, S("E=1-global;")));
	assert_false(str_has(three, S("E=")));
	assert_false(str_has(three, S("a=1")));
	assert_false(str_has(two, S("undeclared")));
	source_close(&b);
}

/* A proxy reaches RUN without an ARG, beside what its key is made of. */
static void plan_make_keeps_proxies_apart(void **state)
{
	static const struct build_pair args[] = {{"HTTP_PROXY", "http://p"}, {"no_proxy", "x"}};
	struct builds *g = *state;
	struct build b;
	g->spec.args = args;
	g->spec.n_args = ARRAY_LEN(args);
	planned(g, "FROM scratch\nRUN one\nARG HTTP_PROXY\nRUN two\n", &b);
	const struct step *one = step_named(&b, "one"), *two = step_named(&b, "two");
	assert_false(str_has(env_of(g, &one->env), S("p")));
	assert_true(str_has(env_of(g, &one->proxies), S("HTTP_PROXY=http://p;")));
	assert_true(str_has(env_of(g, &one->proxies), S("no_proxy=x;")));
	assert_true(str_has(env_of(g, &two->env), S("HTTP_PROXY=http://p;")));
	assert_false(str_has(env_of(g, &two->proxies), S("HTTP_PROXY")));
	source_close(&b);
}

/* The part of a RUN's key that its mounts make. */
static struct digest mounts_key(struct builds *g, const char *dockerfile, struct str *ret_inputs)
{
	struct build b;
	struct err err = {0};
	struct run_mounts m = {0};
	CLEANUP(key_free) struct key *k = key_new("run/1");
	planned(g, dockerfile, &b);
	struct work w = {.build = &b, .step = b.plan.steps[0]};
	OK(run_mounts_plan(&m, &w, k, &err));
	struct digest d = key_finish(k, ret_inputs, &g->arena);
	run_mounts_done(&m);
	arena_done(&w.arena);
	source_close(&b);
	return d;
}

static void run_mounts_plan_leaves_secrets_out_of_the_key(void **state)
{
	struct builds *g = *state;
	struct str inputs;
	struct build_secret secret = {.id = "tok"};
	static const char dockerfile[] =
		"FROM scratch\nRUN --mount=type=secret,id=tok,env=TOK --mount=type=ssh x\n";
	secret.file = arena_fmt(&g->arena, "%s/secret", g->out.path).p;
	struct digest none = mounts_key(g, dockerfile, &inputs);
	g->spec.secrets = &secret;
	g->spec.n_secrets = 1;
	temp_dir_file(&g->out, "secret", "s3cr3t-one");
	struct digest one = mounts_key(g, dockerfile, &inputs);
	assert_false(str_has(inputs, S("s3cr3t")));
	temp_dir_file(&g->out, "secret", "s3cr3t-two");
	struct digest two = mounts_key(g, dockerfile, &inputs);
	assert_true(digest_eq(&one, &two));
	assert_true(digest_eq(&none, &one));
	/* what the mount says is in it */
	struct digest other = mounts_key(g,
		"FROM scratch\nRUN --mount=type=secret,id=other,env=TOK --mount=type=ssh x\n",
		&inputs);
	assert_false(digest_eq(&one, &other));
}

static void run_mounts_plan_puts_bound_files_into_the_key(void **state)
{
	static const char dockerfile[] = "FROM scratch\nRUN --mount=source=d,target=/d x\n";
	struct builds *g = *state;
	struct str inputs;
	temp_dir_file(&g->context, "d/f", "1");
	temp_dir_file(&g->context, "other", "1");
	struct digest one = mounts_key(g, dockerfile, &inputs);
	temp_dir_file(&g->context, "other", "2");
	struct digest same = mounts_key(g, dockerfile, &inputs);
	temp_dir_file(&g->context, "d/f", "2");
	struct digest changed = mounts_key(g, dockerfile, &inputs);
	assert_true(digest_eq(&one, &same));
	assert_false(digest_eq(&one, &changed));
}

static void plan_make_marks_stages_whose_cache_is_off(void **state)
{
	static const char *const stages[] = {"b", NULL};
	struct builds *g = *state;
	struct build b;
	g->spec.no_cache_stages = stages;
	planned(g, "FROM scratch AS a\nRUN one\nFROM a AS b\nRUN two\n", &b);
	assert_false(step_named(&b, "one")->ignores_cache);
	assert_true(step_named(&b, "two")->ignores_cache);
	source_close(&b);
	g->spec.no_cache_stages = NULL;
	g->spec.is_no_cache = true;
	planned(g, "FROM scratch\nRUN one\n", &b);
	assert_true(step_named(&b, "one")->ignores_cache);
	source_close(&b);
}

static void build_print_shows_expanded_words(void **state)
{
	struct builds *g = *state;
	struct err err = {0};
	CLEANUP(buf_done) struct buf out = BUF(1 << 20);
	struct json *top;
	builds_write(g,
		"FROM scratch AS only\nARG n=a\nENV V=$n-x\nCOPY $V.c /to/${n}/\nCMD run\n");
	OK(build_print(&g->spec, &out, &err));
	OK(json_parse(buf_str(&out), &json_limits_default, &g->arena, &top, &err));
	assert_true(str_has(buf_str(&out), S("\"a-x.c\"")));
	assert_true(str_has(buf_str(&out), S("\"/to/a/\"")));
	assert_true(str_has(buf_str(&out), S("\"V=a-x\"")));
	assert_true(str_has(buf_str(&out), S("\"target\": \"only\"")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(plan_make_takes_what_the_target_needs),
		CASE(plan_make_refuses_what_leads_nowhere),
		CASE(plan_make_gives_run_the_variables_of_its_scope),
		CASE(plan_make_keeps_proxies_apart),
		CASE(run_mounts_plan_leaves_secrets_out_of_the_key),
		CASE(run_mounts_plan_puts_bound_files_into_the_key),
		CASE(plan_make_marks_stages_whose_cache_is_off),
		CASE(build_print_shows_expanded_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
