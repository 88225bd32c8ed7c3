/* schema -- the definitions many places share, and the top of the file. */
#include "schema.h"

#include <stddef.h>

const struct def def_null = {.kind = DEF_NULL};
const struct def def_bool = {.kind = DEF_BOOL};
const struct def def_number = {.kind = DEF_NUMBER};
const struct def def_string = {.kind = DEF_STRING};
const struct def def_non_empty = {.kind = DEF_STRING, .is_non_empty = true};
const struct def def_sequence_any = LIST_OF(&def_any);
const struct def def_mapping_any = {
	.kind = DEF_MAPPING, .loose_key = &def_string, .loose_value = &def_any};
const struct def def_any =
	ONE_OF(&def_null, &def_bool, &def_number, &def_string, &def_sequence_any, &def_mapping_any);
const struct def def_strings = LIST_OF(&def_string);
const struct def def_non_empty_strings = LIST_OF(&def_non_empty);
const struct def def_one_or_more = ONE_OF(&def_non_empty, &def_non_empty_strings);

static const struct def access_read = CONSTANT("read"), access_write = CONSTANT("write"),
			access_none = CONSTANT("none");
static const struct def access_any = ONE_OF(&access_read, &access_write, &access_none);
static const struct def read_or_none = ONE_OF(&access_read, &access_none);
static const struct def write_or_none = ONE_OF(&access_write, &access_none);
static const struct prop permission_props[] = {
	{"actions", &access_any},
	{"artifact-metadata", &access_any},
	{"attestations", &access_any},
	{"checks", &access_any},
	{"contents", &access_any},
	{"copilot-requests", &write_or_none},
	{"deployments", &access_any},
	{"discussions", &access_any},
	{"id-token", &write_or_none},
	{"issues", &access_any},
	{"models", &read_or_none},
	{"packages", &access_any},
	{"pages", &access_any},
	{"pull-requests", &access_any},
	{"repository-projects", &access_any},
	{"security-events", &access_any},
	{"statuses", &access_any},
	{"vulnerability-alerts", &read_or_none},
	{NULL},
};
static const struct def permission_map = {.kind = DEF_MAPPING, .props = permission_props};
static const struct def read_all = CONSTANT("read-all"), write_all = CONSTANT("write-all");
const struct def schema_permissions = ONE_OF(&permission_map, &read_all, &write_all);

static const struct def queue_single = CONSTANT("single"), queue_max = CONSTANT("max");
static const struct def queue = ONE_OF(&queue_single, &queue_max);
static const struct prop concurrency_props[] = {
	{"group", &def_non_empty, true},
	{"cancel-in-progress", &def_bool},
	{"queue", &queue},
	{NULL},
};
const struct def schema_concurrency = {.kind = DEF_MAPPING, .props = concurrency_props};

static const struct prop run_defaults_props[] = {
	{"shell", &def_non_empty}, {"working-directory", &def_non_empty}, {NULL}};
static const struct def run_defaults = {.kind = DEF_MAPPING, .props = run_defaults_props};
static const struct prop defaults_props[] = {{"run", &run_defaults}, {NULL}};
const struct def schema_defaults = {.kind = DEF_MAPPING, .props = defaults_props};

static const struct def run_name = {
	.kind = DEF_STRING, .context = CTX_GITHUB | CTX_INPUTS | CTX_VARS};
static const struct def workflow_env = {.kind = DEF_MAPPING,
	.context = CTX_GITHUB | CTX_INPUTS | CTX_VARS | CTX_SECRETS,
	.loose_key = &def_non_empty,
	.loose_value = &def_string};
static const struct def workflow_concurrency = {.kind = DEF_ONE_OF,
	.context = CTX_GITHUB | CTX_INPUTS | CTX_VARS,
	.of = (const struct def *const[]){&def_string, &schema_concurrency, NULL}};
static const struct prop workflow_props[] = {
	{"on", &schema_on, true},
	{"name", &def_string},
	{"description", &def_string},
	{"run-name", &run_name},
	{"defaults", &schema_defaults},
	{"env", &workflow_env},
	{"permissions", &schema_permissions},
	{"concurrency", &workflow_concurrency},
	{"jobs", &schema_jobs, true},
	{NULL},
};
const struct def schema_workflow = {.kind = DEF_MAPPING, .props = workflow_props};
