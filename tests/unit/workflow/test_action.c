#include "../test.h"

#include "workflow/action.h"

static const struct action *parsed(const char *text, struct arena *a)
{
	CLEANUP(workflow_problems_done) struct workflow_problems problems = {0};
	struct action *out = NULL;
	struct err err = {0};
	OK(action_parse(str_of(text), S("action.yml"), a, &out, &problems, &err));
	return out;
}

static void action_parse_reads_composite_actions(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	const struct action *x =
		parsed("name: Greet\n"
		       "description: d\n"
		       "author: somebody\n"
		       "branding: {icon: x, color: red}\n"
		       "inputs:\n"
		       "  who: {description: w, required: true, default: \"${{ github.actor }}\"}\n"
		       "  old: {deprecationMessage: use who, required: 'false'}\n"
		       "  bare:\n"
		       "outputs:\n"
		       "  o: {description: d, value: \"${{ steps.s.outputs.x }}\"}\n"
		       "runs:\n"
		       "  using: composite\n"
		       "  steps:\n"
		       "    - {id: s, run: 'echo ${{ inputs.who }}', shell: bash, if: always()}\n"
		       "    - {uses: actions/checkout@v4, with: {a: 1}, continue-on-error: true}\n",
			&a);
	STR_IS(x->name, "Greet");
	assert_int_equal(x->kind, ACTION_COMPOSITE);
	assert_int_equal(x->inputs.n, 3);
	assert_true(x->inputs.p[0].is_required);
	assert_int_equal(x->inputs.p[0].default_value->kind, WORKFLOW_EXPR);
	STR_IS(x->inputs.p[1].deprecation, "use who");
	assert_false(x->inputs.p[1].is_required);
	assert_null(x->inputs.p[2].default_value);
	assert_int_equal(x->outputs.p[0].value->kind, WORKFLOW_EXPR);
	assert_int_equal(x->steps.n, 2);
	STR_IS(x->steps.p[0].id, "s");
	STR_IS(x->steps.p[1].id, "__actions_checkout");
	STR_IS(expr_source(x->steps.p[1].condition), "success()");
}

static void action_parse_reads_node_actions(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	const struct action *x = parsed(
		"runs: {using: node20, main: dist/index.js, post: p.js, post-if: success()}\n", &a);
	assert_int_equal(x->kind, ACTION_NODE);
	STR_IS(x->uses, "node20");
	STR_IS(x->main, "dist/index.js");
	STR_IS(x->post, "p.js");
	STR_IS(expr_source(x->pre_if), "always()");
	STR_IS(expr_source(x->post_if), "success()");
}

static void action_parse_reads_docker_actions(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	const struct action *x = parsed("runs:\n"
					"  using: docker\n"
					"  image: docker://alpine:3\n"
					"  args: [a, \"${{ inputs.x }}\"]\n"
					"  env: {K: v}\n"
					"  entrypoint: /e\n"
					"  pre-entrypoint: /pre\n"
					"  pre-if: runner.os == 'Linux'\n",
		&a);
	assert_int_equal(x->kind, ACTION_DOCKER);
	STR_IS(x->image, "docker://alpine:3");
	STR_IS(x->entrypoint, "/e");
	STR_IS(x->pre_entrypoint, "/pre");
	assert_int_equal(x->args->n, 2);
	STR_IS(expr_source(x->pre_if), "runner.os == 'Linux'");
}

static void action_parse_refuses(void **state)
{
	static const struct {
		const char *text, *what;
	} cases[] = {{"name: x\n", "Required property is missing: runs"},
		{"rUns: rr\n", "Required property is missing: runs"},
		{"runs: {using: node20}\n",
			"There's not enough info to determine what you meant. Add one of these "
			"properties: args, entrypoint, env, image, main, post, post-entrypoint, pre, "
			"pre-entrypoint, steps"},
		{"runs: {using: rust, main: x}\n",
			"'using: rust' is not supported, use 'docker', 'composite', 'node20' or "
			"'node24' instead."},
		{"runs: {using: docker, main: x}\n",
			"'using: docker' is not supported, use 'docker', 'composite', 'node20' "
			"or 'node24' instead."},
		{"runs: {using: composite, steps: [{run: x}]}\n",
			"Required property is missing: shell"},
		{"runs: {using: composite, steps: [{run: '${{ secrets.X }}', shell: sh}]}\n",
			"Unrecognized named-value: 'secrets'. Located at position 1 within expression: secrets.X"},
		{"runs: {using: node20, main: x, nope: y}\n", "Unexpected value 'nope'"},
		{"inputs: {a: {default: \"${{ inputs.b }}\"}}\nruns: {using: node20, main: x}\n",
			"Unrecognized named-value: 'inputs'. Located at position 1 within expression: inputs.b"},
		{"", "Unexpected value ''"}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		CLEANUP(workflow_problems_done) struct workflow_problems problems = {0};
		struct action *out;
		struct err err;
		FAILS(ERR_INPUT,
			action_parse(str_of(cases[i].text), S("action.yml"), &a, &out, &problems,
				&err));
		assert_string_equal(err.what, cases[i].what);
		assert_string_equal(err.at.file, "action.yml");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(action_parse_reads_composite_actions),
		cmocka_unit_test(action_parse_reads_node_actions),
		cmocka_unit_test(action_parse_reads_docker_actions),
		cmocka_unit_test(action_parse_refuses),
	};
	return cmocka_run_group_tests_name("workflow/action", tests, NULL, NULL);
}
