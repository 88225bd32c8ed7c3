/* schema_on -- the events a workflow may wait for. */
#include "schema.h"

#include <stddef.h>

/* An event that only has activity types: null, or a mapping with `types`. */
#define TYPES(id, ...)                                                                             \
	static const struct def id##_type = ONE_OF(__VA_ARGS__);                                   \
	static const struct def id##_list = LIST_OF(&id##_type);                                   \
	static const struct def id##_types = ONE_OF(&id##_type, &id##_list)
#define EVENT_OF_TYPES(id)                                                                         \
	static const struct prop id##_props[] = {{"types", &id##_types}, {NULL}};                  \
	static const struct def id##_map = {.kind = DEF_MAPPING, .props = id##_props};             \
	static const struct def id = ONE_OF(&def_null, &id##_map)
#define EVENT_WITH(id, ...)                                                                        \
	static const struct prop id##_props[] = {__VA_ARGS__, {NULL}};                             \
	static const struct def id##_map = {.kind = DEF_MAPPING, .props = id##_props};             \
	static const struct def id = ONE_OF(&def_null, &id##_map)

#define BRANCHES                                                                                   \
	{"branches", &def_one_or_more},                                                            \
	{                                                                                          \
		"branches-ignore", &def_one_or_more                                                \
	}
#define PATHS                                                                                      \
	{"paths", &def_one_or_more},                                                               \
	{                                                                                          \
		"paths-ignore", &def_one_or_more                                                   \
	}
#define TAGS                                                                                       \
	{"tags", &def_one_or_more},                                                                \
	{                                                                                          \
		"tags-ignore", &def_one_or_more                                                    \
	}

#define T(text) static const struct def t_##text = CONSTANT(#text)
T(answered);
T(assigned);
T(auto_merge_disabled);
T(auto_merge_enabled);
T(category_changed);
T(checks_requested);
T(closed);
T(completed);
T(converted);
T(converted_to_draft);
T(created);
T(deleted);
T(demilestoned);
T(dequeued);
T(dismissed);
T(edited);
T(enqueued);
T(in_progress);
T(labeled);
T(locked);
T(milestoned);
T(moved);
T(opened);
T(pinned);
T(prereleased);
T(published);
T(ready);
T(ready_for_review);
T(released);
T(reopened);
T(requested);
T(requested_action);
T(rerequested);
T(review_request_removed);
T(review_requested);
T(started);
T(submitted);
T(synchronize);
T(transferred);
T(unanswered);
T(unassigned);
T(unlabeled);
T(unlocked);
T(unpinned);
T(unpublished);
T(updated);

TYPES(created_edited_deleted, &t_created, &t_edited, &t_deleted);
static const struct prop ced_props[] = {{"types", &created_edited_deleted_types}, {NULL}};
static const struct def ced_map = {.kind = DEF_MAPPING, .props = ced_props};
static const struct def ced = ONE_OF(&def_null, &ced_map);

TYPES(check_run, &t_completed, &t_created, &t_rerequested, &t_requested_action);
EVENT_OF_TYPES(check_run);
TYPES(check_suite, &t_completed);
EVENT_OF_TYPES(check_suite);
TYPES(discussion, &t_created, &t_edited, &t_deleted, &t_transferred, &t_pinned, &t_unpinned,
	&t_labeled, &t_unlabeled, &t_locked, &t_unlocked, &t_category_changed, &t_answered,
	&t_unanswered);
EVENT_OF_TYPES(discussion);
TYPES(image_version, &t_created, &t_ready, &t_deleted);
EVENT_WITH(image_version, {"types", &image_version_types}, {"names", &def_one_or_more},
	{"versions", &def_one_or_more});
TYPES(issues, &t_opened, &t_edited, &t_deleted, &t_transferred, &t_pinned, &t_unpinned, &t_closed,
	&t_reopened, &t_assigned, &t_unassigned, &t_labeled, &t_unlabeled, &t_locked, &t_unlocked,
	&t_milestoned, &t_demilestoned);
EVENT_OF_TYPES(issues);
TYPES(merge_group, &t_checks_requested);
EVENT_WITH(merge_group, {"types", &merge_group_types}, BRANCHES);
TYPES(milestone, &t_created, &t_closed, &t_opened, &t_edited, &t_deleted);
EVENT_OF_TYPES(milestone);
TYPES(project, &t_created, &t_closed, &t_reopened, &t_edited, &t_deleted);
EVENT_OF_TYPES(project);
TYPES(project_card, &t_created, &t_moved, &t_converted, &t_edited, &t_deleted);
EVENT_OF_TYPES(project_card);
TYPES(project_column, &t_created, &t_updated, &t_moved, &t_deleted);
EVENT_OF_TYPES(project_column);
TYPES(pull_request, &t_assigned, &t_unassigned, &t_labeled, &t_unlabeled, &t_opened, &t_edited,
	&t_closed, &t_reopened, &t_synchronize, &t_converted_to_draft, &t_locked, &t_unlocked,
	&t_enqueued, &t_dequeued, &t_milestoned, &t_demilestoned, &t_ready_for_review,
	&t_review_requested, &t_review_request_removed, &t_auto_merge_enabled,
	&t_auto_merge_disabled);
EVENT_WITH(pull_request, {"types", &pull_request_types}, BRANCHES, PATHS);
TYPES(pull_request_review, &t_submitted, &t_edited, &t_dismissed);
EVENT_OF_TYPES(pull_request_review);
EVENT_WITH(push, BRANCHES, TAGS, PATHS);
TYPES(registry_package, &t_published, &t_updated);
EVENT_OF_TYPES(registry_package);
TYPES(release, &t_published, &t_unpublished, &t_created, &t_edited, &t_deleted, &t_prereleased,
	&t_released);
EVENT_OF_TYPES(release);
EVENT_WITH(repository_dispatch, {"types", &def_one_or_more});
TYPES(watch, &t_started);
EVENT_OF_TYPES(watch);
TYPES(workflow_run, &t_requested, &t_completed, &t_in_progress);
EVENT_WITH(workflow_run, {"types", &workflow_run_types}, {"workflows", &def_one_or_more}, BRANCHES);

static const struct prop cron_props[] = {
	{"cron", &def_non_empty, true}, {"timezone", &def_non_empty}, {NULL}};
static const struct def cron_map = {.kind = DEF_MAPPING, .props = cron_props};
static const struct def schedule = LIST_OF(&cron_map);

/* Inputs. */

static const struct def type_string = CONSTANT("string"), type_boolean = CONSTANT("boolean"),
			type_number = CONSTANT("number"), type_choice = CONSTANT("choice"),
			type_environment = CONSTANT("environment");
static const struct def call_type = ONE_OF(&type_string, &type_boolean, &type_number);
static const struct def dispatch_type =
	ONE_OF(&type_string, &type_boolean, &type_number, &type_environment, &type_choice);
static const struct def scalar = ONE_OF(&def_string, &def_bool, &def_number);
static const struct def call_default = {.kind = DEF_ONE_OF,
	.context = CTX_GITHUB | CTX_INPUTS | CTX_VARS,
	.of = (const struct def *const[]){&def_string, &def_bool, &def_number, NULL}};

static const struct prop call_input_props[] = {
	{"description", &def_string},
	{"type", &call_type, true},
	{"required", &def_bool},
	{"default", &call_default},
	{NULL},
};
static const struct def call_input = {.kind = DEF_MAPPING, .props = call_input_props};
static const struct def call_inputs = {
	.kind = DEF_MAPPING, .loose_key = &def_non_empty, .loose_value = &call_input};
static const struct prop secret_props[] = {
	{"description", &def_string}, {"required", &def_bool}, {NULL}};
static const struct def secret_map = {.kind = DEF_MAPPING, .props = secret_props};
static const struct def secret = ONE_OF(&def_null, &secret_map);
static const struct def call_secrets = {
	.kind = DEF_MAPPING, .loose_key = &def_non_empty, .loose_value = &secret};
static const struct def output_value = {
	.kind = DEF_STRING, .context = CTX_GITHUB | CTX_INPUTS | CTX_VARS | CTX_JOBS};
static const struct prop output_props[] = {
	{"description", &def_string}, {"value", &output_value, true}, {NULL}};
static const struct def output = {.kind = DEF_MAPPING, .props = output_props};
static const struct def call_outputs = {
	.kind = DEF_MAPPING, .loose_key = &def_non_empty, .loose_value = &output};
EVENT_WITH(workflow_call, {"inputs", &call_inputs}, {"secrets", &call_secrets},
	{"outputs", &call_outputs});

static const struct prop dispatch_input_props[] = {
	{"description", &def_string},
	{"type", &dispatch_type},
	{"required", &def_bool},
	{"default", &scalar},
	{"options", &def_strings},
	{NULL},
};
static const struct def dispatch_input_map = {.kind = DEF_MAPPING, .props = dispatch_input_props};
static const struct def dispatch_input = ONE_OF(&def_null, &dispatch_input_map);
static const struct def dispatch_inputs_map = {
	.kind = DEF_MAPPING, .loose_key = &def_non_empty, .loose_value = &dispatch_input};
static const struct def dispatch_inputs = ONE_OF(&def_null, &dispatch_inputs_map);
EVENT_WITH(workflow_dispatch, {"inputs", &dispatch_inputs});

/* All events, by name: as keys of a mapping, and as words. */
#define EVENTS(E)                                                                                  \
	E(branch_protection_rule, ced)                                                             \
	E(check_run, check_run)                                                                    \
	E(check_suite, check_suite)                                                                \
	E(create, def_null)                                                                        \
	E(delete, def_null)                                                                        \
	E(deployment, def_null)                                                                    \
	E(deployment_status, def_null)                                                             \
	E(discussion, discussion)                                                                  \
	E(discussion_comment, ced)                                                                 \
	E(fork, def_null)                                                                          \
	E(gollum, def_null)                                                                        \
	E(image_version, image_version)                                                            \
	E(issue_comment, ced)                                                                      \
	E(issues, issues)                                                                          \
	E(label, ced)                                                                              \
	E(merge_group, merge_group)                                                                \
	E(milestone, milestone)                                                                    \
	E(page_build, def_null)                                                                    \
	E(project, project)                                                                        \
	E(project_card, project_card)                                                              \
	E(project_column, project_column)                                                          \
	E(public, def_null)                                                                        \
	E(pull_request, pull_request)                                                              \
	E(pull_request_comment, ced)                                                               \
	E(pull_request_review, pull_request_review)                                                \
	E(pull_request_review_comment, ced)                                                        \
	E(pull_request_target, pull_request)                                                       \
	E(push, push)                                                                              \
	E(registry_package, registry_package)                                                      \
	E(release, release)                                                                        \
	E(repository_dispatch, repository_dispatch)                                                \
	E(schedule, schedule)                                                                      \
	E(status, def_null)                                                                        \
	E(watch, watch)                                                                            \
	E(workflow_call, workflow_call)                                                            \
	E(workflow_dispatch, workflow_dispatch)                                                    \
	E(workflow_run, workflow_run)

#define WORD(name, what) static const struct def word_##name = CONSTANT(#name);
EVENTS(WORD)

#define AS_WORD(name, what) &word_##name,
static const struct def word = {
	.kind = DEF_ONE_OF, .of = (const struct def *const[]){EVENTS(AS_WORD) NULL}};
static const struct def words = LIST_OF(&word);

#define AS_PROP(name, what) {#name, &what},
static const struct prop event_props[] = {EVENTS(AS_PROP){NULL}};
static const struct def event_map = {.kind = DEF_MAPPING, .props = event_props};

const struct def schema_on = ONE_OF(&word, &words, &event_map);
