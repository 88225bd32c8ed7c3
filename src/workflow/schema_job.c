/* schema_job -- jobs and their steps. */
#include "schema.h"

#include <stddef.h>

#define CTX_BEFORE (CTX_GITHUB | CTX_INPUTS | CTX_VARS | CTX_NEEDS)
#define CTX_STRATEGIC (CTX_BEFORE | CTX_STRATEGY | CTX_MATRIX)
#define CTX_RUNNING (CTX_STRATEGIC | CTX_STEPS | CTX_JOB | CTX_RUNNER | CTX_ENV)
#define CTX_STEP (CTX_RUNNING | CTX_SECRETS | FN_HASH_FILES)

const uint32_t schema_job_if =
	CTX_BEFORE | FN_ALWAYS | FN_FAILURE_OF | FN_CANCELLED | FN_SUCCESS_OF;
const uint32_t schema_step_if =
	CTX_RUNNING | FN_ALWAYS | FN_FAILURE | FN_CANCELLED | FN_SUCCESS | FN_HASH_FILES;

static const struct def name = {.kind = DEF_STRING, .context = CTX_STRATEGIC};
static const struct def number = {.kind = DEF_NUMBER, .context = CTX_STRATEGIC};
static const struct def boolean = {.kind = DEF_BOOL, .context = CTX_STRATEGIC};
static const struct def job_if = {.kind = DEF_STRING,
	.is_condition = true,
	.context = CTX_BEFORE | FN_ALWAYS | FN_FAILURE_OF | FN_CANCELLED | FN_SUCCESS_OF};
static const struct def needs = ONE_OF(&def_non_empty_strings, &def_non_empty);

/* strategy */

static const struct def filter_item = {
	.kind = DEF_MAPPING, .loose_key = &def_non_empty, .loose_value = &def_any};
static const struct def filter = LIST_OF(&filter_item);
static const struct prop matrix_props[] = {{"include", &filter}, {"exclude", &filter}, {NULL}};
static const struct def matrix = {.kind = DEF_MAPPING,
	.props = matrix_props,
	.loose_key = &def_non_empty,
	.loose_value = &def_sequence_any};
static const struct prop strategy_props[] = {
	{"fail-fast", &def_bool}, {"max-parallel", &def_number}, {"matrix", &matrix}, {NULL}};
static const struct def strategy = {
	.kind = DEF_MAPPING, .context = CTX_BEFORE, .props = strategy_props};

/* where and how */

static const struct prop runs_on_props[] = {
	{"group", &def_non_empty}, {"labels", &def_one_or_more}, {NULL}};
static const struct def runs_on_map = {.kind = DEF_MAPPING, .props = runs_on_props};
static const struct def runs_on = {.kind = DEF_ONE_OF,
	.context = CTX_STRATEGIC,
	.of = (const struct def *const[]){
		&def_non_empty, &def_non_empty_strings, &runs_on_map, NULL}};

static const struct def env_of_job = {.kind = DEF_MAPPING,
	.context = CTX_STRATEGIC | CTX_SECRETS,
	.loose_key = &def_non_empty,
	.loose_value = &def_string};
static const struct def concurrency = {.kind = DEF_ONE_OF,
	.context = CTX_STRATEGIC,
	.of = (const struct def *const[]){&def_non_empty, &schema_concurrency, NULL}};

static const struct def environment_url = {.kind = DEF_STRING, .context = CTX_RUNNING};
static const struct prop environment_props[] = {
	{"name", &name, true}, {"url", &environment_url}, {"deployment", &def_bool}, {NULL}};
static const struct def environment_map = {.kind = DEF_MAPPING, .props = environment_props};
static const struct def environment = {.kind = DEF_ONE_OF,
	.context = CTX_STRATEGIC,
	.of = (const struct def *const[]){&def_string, &environment_map, NULL}};

static const struct prop run_defaults_props[] = {
	{"shell", &def_non_empty}, {"working-directory", &def_non_empty}, {NULL}};
static const struct def run_defaults = {
	.kind = DEF_MAPPING, .context = CTX_STRATEGIC | CTX_ENV, .props = run_defaults_props};
static const struct prop defaults_props[] = {{"run", &run_defaults}, {NULL}};
static const struct def defaults = {.kind = DEF_MAPPING, .props = defaults_props};

static const struct def running_text = {.kind = DEF_STRING, .context = CTX_RUNNING | CTX_SECRETS};
static const struct def outputs = {
	.kind = DEF_MAPPING, .loose_key = &def_non_empty, .loose_value = &running_text};

/* containers */

static const struct prop credentials_props[] = {
	{"username", &def_non_empty}, {"password", &def_non_empty}, {NULL}};
static const struct def credentials = {.kind = DEF_MAPPING,
	.context = CTX_GITHUB | CTX_INPUTS | CTX_VARS | CTX_SECRETS | CTX_ENV,
	.props = credentials_props};
#define CONTAINER_PROPS                                                                            \
	{"image", &def_string}, {"options", &def_string}, {"env", &outputs},                       \
		{"ports", &def_non_empty_strings}, {"volumes", &def_non_empty_strings},            \
	{                                                                                          \
		"credentials", &credentials                                                        \
	}
static const struct prop container_props[] = {CONTAINER_PROPS, {NULL}};
static const struct prop service_props[] = {
	CONTAINER_PROPS, {"entrypoint", &def_string}, {"command", &def_string}, {NULL}};
static const struct def container_map = {.kind = DEF_MAPPING, .props = container_props};
static const struct def service_map = {.kind = DEF_MAPPING, .props = service_props};
static const struct def container = {.kind = DEF_ONE_OF,
	.context = CTX_STRATEGIC,
	.of = (const struct def *const[]){&def_string, &container_map, NULL}};
static const struct def service = ONE_OF(&def_string, &service_map);
static const struct def services = {.kind = DEF_MAPPING,
	.context = CTX_STRATEGIC,
	.loose_key = &def_non_empty,
	.loose_value = &service};

static const struct def snapshot_if = {
	.kind = DEF_STRING, .is_condition = true, .context = CTX_STRATEGIC};
static const struct prop snapshot_props[] = {
	{"image-name", &def_non_empty, true},
	{"if", &snapshot_if},
	{"version", &def_non_empty},
	{NULL},
};
static const struct def snapshot_map = {.kind = DEF_MAPPING, .props = snapshot_props};
static const struct def snapshot = ONE_OF(&def_non_empty, &snapshot_map);

/* steps */

static const struct def step_text = {.kind = DEF_STRING, .context = CTX_STEP};
static const struct def step_bool = {.kind = DEF_BOOL, .context = CTX_STEP};
static const struct def step_number = {.kind = DEF_NUMBER, .context = CTX_STEP};
static const struct def step_if = {.kind = DEF_STRING,
	.is_condition = true,
	.context =
		CTX_RUNNING | FN_ALWAYS | FN_FAILURE | FN_CANCELLED | FN_SUCCESS | FN_HASH_FILES};
static const struct def step_map = {.kind = DEF_MAPPING,
	.context = CTX_STEP,
	.loose_key = &def_non_empty,
	.loose_value = &def_string};
static const struct def null_or_bool = ONE_OF(&def_null, &def_bool);

#define STEP_PROPS                                                                                 \
	{"name", &step_text}, {"id", &def_non_empty},                                              \
	{                                                                                          \
		"continue-on-error", &step_bool                                                    \
	}
#define WORK_PROPS                                                                                 \
	STEP_PROPS, {"if", &step_if}, {"timeout-minutes", &step_number}, {"env", &step_map},       \
	{                                                                                          \
		"background", &def_bool                                                            \
	}
static const struct prop run_props[] = {WORK_PROPS, {"run", &step_text, true},
	{"working-directory", &step_text}, {"shell", &def_non_empty}, {NULL}};
static const struct prop uses_props[] = {
	WORK_PROPS, {"uses", &def_non_empty, true}, {"with", &step_map}, {NULL}};
static const struct prop wait_props[] = {STEP_PROPS, {"wait", &def_one_or_more, true}, {NULL}};
static const struct prop wait_all_props[] = {STEP_PROPS, {"wait-all", &null_or_bool, true}, {NULL}};
static const struct prop cancel_props[] = {STEP_PROPS, {"cancel", &def_non_empty, true}, {NULL}};
static const struct def run_step = {.kind = DEF_MAPPING, .props = run_props};
static const struct def uses_step = {.kind = DEF_MAPPING, .props = uses_props};
static const struct def wait_step = {.kind = DEF_MAPPING, .props = wait_props};
static const struct def wait_all_step = {.kind = DEF_MAPPING, .props = wait_all_props};
static const struct def cancel_step = {.kind = DEF_MAPPING, .props = cancel_props};
static const struct def work_step = ONE_OF(&run_step, &uses_step);
static const struct def work_steps = LIST_OF(&work_step);
static const struct prop parallel_props[] = {
	STEP_PROPS, {"if", &step_if}, {"parallel", &work_steps, true}, {NULL}};
static const struct def parallel_step = {.kind = DEF_MAPPING, .props = parallel_props};
static const struct def step =
	ONE_OF(&run_step, &uses_step, &wait_step, &wait_all_step, &cancel_step, &parallel_step);
static const struct def steps = LIST_OF(&step);

/* jobs */

static const struct prop job_props[] = {
	{"needs", &needs},
	{"if", &job_if},
	{"strategy", &strategy},
	{"name", &name},
	{"runs-on", &runs_on, true},
	{"timeout-minutes", &number},
	{"cancel-timeout-minutes", &number},
	{"continue-on-error", &boolean},
	{"container", &container},
	{"services", &services},
	{"env", &env_of_job},
	{"environment", &environment},
	{"permissions", &schema_permissions},
	{"concurrency", &concurrency},
	{"outputs", &outputs},
	{"defaults", &defaults},
	{"steps", &steps},
	{"snapshot", &snapshot},
	{NULL},
};
static const struct def job = {.kind = DEF_MAPPING, .props = job_props};

static const struct def call_scalar = {.kind = DEF_ONE_OF,
	.context = CTX_STRATEGIC,
	.of = (const struct def *const[]){&def_string, &def_bool, &def_number, NULL}};
static const struct def call_secret = {.kind = DEF_ONE_OF,
	.context = CTX_STRATEGIC | CTX_SECRETS,
	.of = (const struct def *const[]){&def_string, &def_bool, &def_number, NULL}};
static const struct def call_with = {
	.kind = DEF_MAPPING, .loose_key = &def_non_empty, .loose_value = &call_scalar};
static const struct def call_secrets_map = {
	.kind = DEF_MAPPING, .loose_key = &def_non_empty, .loose_value = &call_secret};
static const struct def inherit = CONSTANT("inherit");
static const struct def call_secrets = ONE_OF(&call_secrets_map, &inherit);
static const struct prop call_props[] = {
	{"name", &name},
	{"uses", &def_non_empty, true},
	{"with", &call_with},
	{"secrets", &call_secrets},
	{"needs", &needs},
	{"if", &job_if},
	{"permissions", &schema_permissions},
	{"concurrency", &concurrency},
	{"strategy", &strategy},
	{NULL},
};
static const struct def call = {.kind = DEF_MAPPING, .props = call_props};
static const struct def job_or_call = ONE_OF(&job, &call);
const struct def schema_jobs = {
	.kind = DEF_MAPPING, .loose_key = &def_non_empty, .loose_value = &job_or_call};
