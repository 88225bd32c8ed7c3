/* schema_action -- action.yml. */
#include "schema.h"

#include <stddef.h>

#define CTX_COMPOSITE                                                                              \
	(CTX_GITHUB | CTX_INPUTS | CTX_STRATEGY | CTX_MATRIX | CTX_STEPS | CTX_JOB | CTX_RUNNER |  \
		CTX_ENV | FN_HASH_FILES)
#define FN_STATUS (FN_ALWAYS | FN_FAILURE | FN_CANCELLED | FN_SUCCESS)

const uint32_t schema_action_step_if = CTX_COMPOSITE | FN_STATUS;
const uint32_t schema_action_if = CTX_GITHUB | CTX_STRATEGY | CTX_MATRIX | CTX_JOB | CTX_RUNNER |
	CTX_ENV | CTX_INPUTS | FN_STATUS | FN_HASH_FILES;

static const struct def input_default = {.kind = DEF_STRING,
	.context = CTX_GITHUB | CTX_STRATEGY | CTX_MATRIX | CTX_JOB | CTX_RUNNER | FN_HASH_FILES};
static const struct prop input_props[] = {{"default", &input_default}, {NULL}};
static const struct def input = {.kind = DEF_MAPPING,
	.props = input_props,
	.loose_key = &def_non_empty,
	.loose_value = &def_any};
static const struct def input_or_null = ONE_OF(&def_null, &input);
static const struct def inputs = {
	.kind = DEF_MAPPING, .loose_key = &def_non_empty, .loose_value = &input_or_null};

static const struct def output_value = {
	.kind = DEF_STRING, .context = CTX_COMPOSITE & ~FN_HASH_FILES};
static const struct prop output_props[] = {
	{"description", &def_string}, {"value", &output_value}, {NULL}};
static const struct def output = {.kind = DEF_MAPPING, .props = output_props};
static const struct def output_or_null = ONE_OF(&def_null, &output);
static const struct def outputs = {
	.kind = DEF_MAPPING, .loose_key = &def_non_empty, .loose_value = &output_or_null};

/* composite */

static const struct def step_text = {.kind = DEF_STRING, .context = CTX_COMPOSITE};
static const struct def step_bool = {.kind = DEF_BOOL, .context = CTX_COMPOSITE};
static const struct def step_if = {
	.kind = DEF_STRING, .is_condition = true, .context = CTX_COMPOSITE | FN_STATUS};
static const struct def step_map = {.kind = DEF_MAPPING,
	.context = CTX_COMPOSITE,
	.loose_key = &def_non_empty,
	.loose_value = &def_string};
#define STEP_PROPS                                                                                 \
	{"name", &step_text}, {"id", &def_non_empty}, {"if", &step_if}, {"env", &step_map},        \
	{                                                                                          \
		"continue-on-error", &step_bool                                                    \
	}
static const struct prop run_props[] = {STEP_PROPS, {"run", &step_text, true},
	{"shell", &step_text, true}, {"working-directory", &step_text}, {NULL}};
static const struct prop uses_props[] = {
	STEP_PROPS, {"uses", &def_non_empty, true}, {"with", &step_map}, {NULL}};
static const struct def run_step = {.kind = DEF_MAPPING, .props = run_props};
static const struct def uses_step = {.kind = DEF_MAPPING, .props = uses_props};
static const struct def step = ONE_OF(&run_step, &uses_step);
static const struct def steps = LIST_OF(&step);
static const struct prop composite_props[] = {
	{"using", &def_non_empty, true}, {"steps", &steps, true}, {NULL}};
static const struct def composite = {.kind = DEF_MAPPING, .props = composite_props};

/* node and docker */

static const struct def action_if = {.kind = DEF_STRING,
	.is_condition = true,
	.context = CTX_GITHUB | CTX_STRATEGY | CTX_MATRIX | CTX_JOB | CTX_RUNNER | CTX_ENV |
		CTX_INPUTS | FN_STATUS | FN_HASH_FILES};
static const struct prop node_props[] = {
	{"using", &def_non_empty, true},
	{"main", &def_non_empty, true},
	{"pre", &def_non_empty},
	{"pre-if", &action_if},
	{"post", &def_non_empty},
	{"post-if", &action_if},
	{NULL},
};
static const struct def node = {.kind = DEF_MAPPING, .props = node_props};

static const struct def container_args = {.kind = DEF_SEQUENCE,
	.context = CTX_GITHUB | CTX_INPUTS | CTX_STRATEGY | CTX_MATRIX | CTX_STEPS | CTX_JOB |
		CTX_RUNNER | CTX_ENV,
	.item = &def_string};
static const struct def container_env = {.kind = DEF_MAPPING,
	.context = CTX_GITHUB | CTX_INPUTS | CTX_STRATEGY | CTX_MATRIX | CTX_STEPS | CTX_JOB |
		CTX_RUNNER | CTX_ENV,
	.loose_key = &def_non_empty,
	.loose_value = &def_string};
static const struct prop docker_props[] = {
	{"using", &def_non_empty, true},
	{"image", &def_non_empty, true},
	{"args", &container_args},
	{"env", &container_env},
	{"entrypoint", &def_non_empty},
	{"pre-entrypoint", &def_non_empty},
	{"pre-if", &action_if},
	{"post-entrypoint", &def_non_empty},
	{"post-if", &action_if},
	{NULL},
};
static const struct def docker = {.kind = DEF_MAPPING, .props = docker_props};

/* What stands beside `using` says which one it is. */
static const struct def runs = ONE_OF(&composite, &node, &docker);
static const struct prop action_props[] = {
	{"name", &def_string},
	{"description", &def_string},
	{"inputs", &inputs},
	{"outputs", &outputs},
	{"runs", &runs, true},
	{NULL},
};
const struct def schema_action = {.kind = DEF_MAPPING,
	.props = action_props,
	.loose_key = &def_non_empty,
	.loose_value = &def_any};
