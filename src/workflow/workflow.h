/* workflow -- a GitHub Actions workflow file as a checked model.
 *
 *	struct workflow_problems problems = {0};
 *	workflow_parse(text, S(".github/workflows/ci.yml"), &a, &w, &problems, &err);
 *
 * Everything the language can say is read, also what a runner may later refuse to do. Expressions
 * are parsed, and the contexts and functions they name are checked against the place they stand in;
 * they are evaluated by the runner, later and piece by piece (workflow_eval).
 *
 * Knows:   the workflow language, its schema, its limits; what is risky in a script. Touches: the
 *          text given. Never: files, events' effects, what a step does.
 * Shapes:  lines and columns from 1, columns count characters. Messages of errors are GitHub's own
 *          words; hints and notes are ours.
 * Owner:   the model, its arrays too, lives in the caller's arena; the text may go.
 * Threads: a finished model may be read from any thread.
 * Errors:  ERR_INPUT (err is the first problem, located in the file), ERR_LIMIT.
 * Limits:  WORKFLOW_MAX_BYTES, WORKFLOW_MAX_JOBS, WORKFLOW_MAX_DEPTH, WORKFLOW_MAX_PROBLEMS.
 * Source:  docs.github.com "Workflow syntax for GitHub Actions"; actions/languageservices
 *          workflow-v1.0.json; actions/runner Sdk/WorkflowParser.
 */
#ifndef WORKFLOW_WORKFLOW_H
#define WORKFLOW_WORKFLOW_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/csv.h"
#include "base/vec.h"
#include "expr/expr.h"

enum {
	WORKFLOW_MAX_BYTES = 512 * 1000,
	WORKFLOW_MAX_JOBS = 256,
	WORKFLOW_MAX_DEPTH = 50,
	WORKFLOW_MAX_NODES = 100000, /* aliases counted as if written out */
	WORKFLOW_MAX_PROBLEMS = 200, /* told; the rest is counted */
	WORKFLOW_MAX_ID = 100,       /* characters of a job or step id, one less */
};

/* Problems. */

enum workflow_severity {
	WORKFLOW_ERROR,   /* the file is refused */
	WORKFLOW_WARNING, /* it runs, and hardly as meant, or not safely */
};

struct workflow_problem {
	enum workflow_severity severity;
	uint32_t line, col; /* of the value or key, as GitHub tells it */
	/* Of the wrong place inside an expression; 0 when it is not known better. */
	uint32_t inner_line, inner_col;
	struct str message;
	struct str hint; /* may be empty */
};
VEC_TYPE(workflow_problem_vec, struct workflow_problem);

/* Zeroed memory is none. Texts live in the arena of the parse. */
struct workflow_problems {
	struct workflow_problem_vec list; /* in the order they were found */
	size_t n_errors;                  /* also those not in the list */
};

void workflow_problems_done(struct workflow_problems *p);
CLEANUP_VAL(workflow_problems_done, struct workflow_problems);
/* [{"severity", "file", "line", "col", "message", "hint", "inner": {"line", "col"}}] */
void workflow_problems_write_json(const struct workflow_problems *p, struct str file,
	struct json_out *o);

/* Values: what the file says, with its expressions. */

enum workflow_kind {
	WORKFLOW_NULL,
	WORKFLOW_BOOL,
	WORKFLOW_NUMBER,
	WORKFLOW_STRING,
	WORKFLOW_EXPR,   /* ${{ }}, or text with ${{ }} in it */
	WORKFLOW_INSERT, /* the key ${{ insert }} */
	WORKFLOW_SEQUENCE,
	WORKFLOW_MAPPING,
};

struct workflow_pair;

struct workflow_value {
	enum workflow_kind kind;
	uint32_t line, col;
	bool truth;
	double number;
	struct str text;   /* STRING; EXPR: as written */
	struct expr *expr; /* EXPR */
	bool is_mixed;     /* EXPR: there is text around it, so it gives a string */
	bool is_block;     /* written with | or > */
	struct workflow_value **items;
	struct workflow_pair *pairs;
	size_t n;
};

struct workflow_pair {
	struct workflow_value *key; /* STRING, EXPR or INSERT */
	struct workflow_value *value;
};

/* The value under a literal key, or NULL. */
const struct workflow_value *workflow_get(const struct workflow_value *mapping, const char *key);
bool workflow_has_expr(const struct workflow_value *v); /* anywhere in it */
/* Evaluates every expression in it. A key that is an expression gives its text; ${{ insert }} puts the
 * pairs of its value, an object, in its place. NULL gives null. */
int workflow_eval(const struct workflow_value *v, const struct expr_env *env, struct arena *a,
	struct expr_value *ret, struct err *err);
/* The same for a place that needs text, a boolean or a number; the name is for messages. */
int workflow_eval_text(const struct workflow_value *v, const struct expr_env *env, struct arena *a,
	struct str *ret, struct err *err);
int workflow_eval_bool(const struct workflow_value *v, const struct expr_env *env, struct arena *a,
	const char *name, bool *ret, struct err *err);
int workflow_eval_number(const struct workflow_value *v, const struct expr_env *env,
	struct arena *a, const char *name, double *ret, struct err *err);
void workflow_write_value(const struct workflow_value *v, struct json_out *o);

/* The model. Pointers are NULL and texts empty where the file says nothing. */

enum workflow_input_type {
	WORKFLOW_INPUT_STRING,
	WORKFLOW_INPUT_BOOLEAN,
	WORKFLOW_INPUT_NUMBER,
	WORKFLOW_INPUT_CHOICE,
	WORKFLOW_INPUT_ENVIRONMENT,
};

struct workflow_input {
	struct str name, description;
	enum workflow_input_type type;
	bool is_required;
	const struct workflow_value *default_value;
	struct str_vec options;
};
VEC_TYPE(workflow_input_vec, struct workflow_input);

struct workflow_secret {
	struct str name, description;
	bool is_required;
};
VEC_TYPE(workflow_secret_vec, struct workflow_secret);

struct workflow_output {
	struct str name, description;
	const struct workflow_value *value;
};
VEC_TYPE(workflow_output_vec, struct workflow_output);

struct workflow_schedule {
	struct str cron, timezone;
};
VEC_TYPE(workflow_schedule_vec, struct workflow_schedule);

enum workflow_filter {
	WORKFLOW_TYPES,
	WORKFLOW_BRANCHES,
	WORKFLOW_BRANCHES_IGNORE,
	WORKFLOW_TAGS,
	WORKFLOW_TAGS_IGNORE,
	WORKFLOW_PATHS,
	WORKFLOW_PATHS_IGNORE,
	WORKFLOW_WORKFLOWS,
	WORKFLOW_NAMES,
	WORKFLOW_VERSIONS,
	WORKFLOW_N_FILTERS,
};
extern const char *const workflow_filter_names[WORKFLOW_N_FILTERS]; /* "types", "branches", ... */

struct workflow_event {
	struct str name; /* "push" */
	uint32_t line, col;
	bool has[WORKFLOW_N_FILTERS];
	struct str_vec filters[WORKFLOW_N_FILTERS];
	struct workflow_schedule_vec schedules;
	struct workflow_input_vec inputs; /* workflow_dispatch, workflow_call */
	struct workflow_secret_vec secrets;
	struct workflow_output_vec outputs;
};
VEC_TYPE(workflow_event_vec, struct workflow_event);

enum workflow_access { WORKFLOW_ACCESS_NONE, WORKFLOW_ACCESS_READ, WORKFLOW_ACCESS_WRITE };
enum { WORKFLOW_N_PERMISSIONS = 18 };
extern const char *const workflow_permission_names[WORKFLOW_N_PERMISSIONS]; /* "actions", ... */

struct workflow_permissions {
	bool is_set;           /* the file speaks of permissions here */
	const char *shorthand; /* "read-all", "write-all", or NULL */
	enum workflow_access access[WORKFLOW_N_PERMISSIONS]; /* naming one makes the others none */
	bool is_named[WORKFLOW_N_PERMISSIONS];
};

struct workflow_strategy {
	const struct workflow_value *whole; /* when all of it is one expression */
	const struct workflow_value *matrix, *fail_fast, *max_parallel;
};

enum workflow_step_kind {
	WORKFLOW_RUN,
	WORKFLOW_USES,
	WORKFLOW_WAIT,
	WORKFLOW_WAIT_ALL,
	WORKFLOW_CANCEL,
	WORKFLOW_PARALLEL,
};

struct workflow_step_vec;

struct workflow_step {
	enum workflow_step_kind kind;
	uint32_t line, col;
	struct str id; /* never empty */
	bool has_id;   /* the file gave it; else it starts with "__" */
	const struct workflow_value *name;
	struct expr *condition;                    /* never NULL; success() when there is none */
	const struct workflow_value *condition_at; /* what was written, or NULL */
	const struct workflow_value *env, *with, *continue_on_error, *timeout_minutes;
	const struct workflow_value *run, *shell, *working_directory;
	struct str uses;
	bool is_background;
	struct str_vec targets; /* of wait and cancel: ids */
	struct workflow_step_vec *parallel;
};
struct workflow_step_vec {
	struct workflow_step *p;
	size_t n, cap;
};

struct workflow_job {
	uint32_t line, col;
	struct str id;
	const struct workflow_value *name; /* the id when there is none */
	struct str_vec needs;
	struct expr *condition; /* never NULL */
	const struct workflow_value *condition_at;
	struct workflow_permissions permissions; /* the workflow's when the job has none */
	struct workflow_strategy strategy;
	const struct workflow_value *concurrency, *env, *environment, *outputs, *defaults;
	const struct workflow_value *runs_on, *container, *services, *snapshot;
	const struct workflow_value *timeout_minutes, *cancel_timeout_minutes, *continue_on_error;
	struct workflow_step_vec steps;
	/* A job that calls another workflow. */
	struct str uses;
	const struct workflow_value *with, *secrets;
	bool inherits_secrets;
};
VEC_TYPE(workflow_job_vec, struct workflow_job);

struct workflow {
	struct str file;
	struct str name; /* empty: GitHub shows the file's path */
	struct str description;
	const struct workflow_value *run_name, *env, *defaults, *concurrency;
	struct workflow_permissions permissions;
	struct workflow_event_vec events;
	struct workflow_job_vec jobs; /* in the order of the file */
};

/* Parses and checks. Returns 0 when there are no errors (warnings may be in problems); -1 with the
 * first error otherwise, and all that were found in problems. */
int workflow_parse(struct str text, struct str file, struct arena *a, struct workflow **ret,
	struct workflow_problems *problems, struct err *err);

/* Ids are found whatever their case. */
const struct workflow_job *workflow_job_find(const struct workflow *w, struct str id);
const struct workflow_event *workflow_event_find(const struct workflow *w, const char *name);

/* The model as JSON. Jobs and steps are lists in the order of the file and have their ids, also the
 * automatic ones. Expressions are text: conditions as they are evaluated, "success() && (...)"; values
 * as "${{ ... }}", where text around an expression became part of it: "${{ format('a {0}', b) }}". */
void workflow_write_json(const struct workflow *w, struct json_out *o);

#endif
