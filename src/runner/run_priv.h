/* run -- what the files of a run share: the run, its jobs, their steps.
 *
 *	struct run ──► struct group (a job of the file) ──► struct job (one combination of its matrix)
 *	                                                      └► struct scope (the job, or an action in
 *	                                                           └► struct step          an action)
 *
 * The control thread owns the run and the groups; a job is its thread's until that thread has ended.
 * What jobs share is written before they start (contexts), or has its own lock (masker, sink, watch).
 */
#ifndef RUNNER_RUN_PRIV_H
#define RUNNER_RUN_PRIV_H

#include "choose_priv.h"
#include "env_priv.h"
#include "log_priv.h"
#include "mask_sink_priv.h"
#include "place_priv.h"
#include "runner.h"
#include "watch_priv.h"

#include "container/sandbox.h"
#include "graph/graph.h"
#include "workflow/action.h"
#include "workflow/matrix.h"

#include <fcntl.h>
#include <stdarg.h>

struct run {
	const struct runner_spec *spec;
	const struct clock *clock;
	struct arena *a; /* the caller's */
	const struct repo *repo;
	const struct choice *choice;
	const struct workflow *w;
	struct masker *masker;
	struct event_sink *events; /* masks */
	struct str node;           /* "run"; of the second workflow file "run/2" */
	struct run_place place;
	struct watch watch;
	/* Contexts that are the same for all jobs. */
	struct expr_dict *github;
	struct expr_value inputs, vars;
	struct expr_dict *secrets; /* without GITHUB_TOKEN when none was given */
	bool has_token;
	/* Groups and their jobs. */
	struct graph *graph;
	struct group *groups;
	size_t n_groups;
	unsigned n_jobs; /* made so far: numbers their folders */
	unsigned n_running, max_running;
	pthread_mutex_t lock; /* over ended */
	struct job *ended;    /* whose threads are done */
	bool is_cancelled;    /* somebody asked */
};

/* A job of the workflow file, and what became of it. */
struct group {
	struct run *run;
	const struct workflow_job *def;
	size_t node; /* in the graph */
	struct job **jobs;
	size_t n_jobs, n_started, n_done, n_running;
	size_t max_parallel;
	bool is_fail_fast;
	bool is_expanded, is_ended;
	enum runner_result result; /* as `needs` shows it */
	struct expr_dict *outputs;
};

struct job;
struct step;
struct post;

/* Where steps run: the job itself, or a composite action in it. */
struct scope {
	struct job *job;
	struct scope *outer; /* NULL = the job */
	unsigned depth;
	struct str node;         /* of what the steps belong to */
	const char *file;        /* that the steps stand in, for messages */
	struct expr_dict *steps; /* the context */
	struct expr_value inputs;
	const struct env *env;     /* of the step that uses the action */
	enum runner_result status; /* of the steps so far; a job's own is job_status() */
	/* Of the action, empty in a job. */
	struct str action_path, action_repository, action_ref;
	int64_t deadline;
	bool survives_cancel;
};

struct job {
	struct run *run;
	struct group *group;
	struct job *next_ended;
	unsigned number; /* of its folder */
	size_t index;    /* in its group */
	struct watched watched;
	pthread_t thread;
	bool is_started;
	struct arena arena; /* everything below, and its steps' */
	struct str id, name, node;
	struct expr_value matrix;
	struct expr_dict *needs;
	struct str concurrency; /* its group, lower case; empty = none */
	bool cancels_in_progress, is_queueing;
	int64_t limit_ns; /* timeout-minutes */
	bool is_ended;
	/* Of the thread. */
	struct job_place place;
	struct sandbox *sandbox; /* NULL until a step needs it */
	const char *image;       /* NULL = the host's root */
	bool has_bash;
	struct env base;      /* what a process in the sandbox has anyway */
	struct env env;       /* env: of workflow and job, then GITHUB_ENV; the env context */
	struct str_vec paths; /* GITHUB_PATH, first added first */
	struct expr_dict *github, *secrets, *runner, *job_context;
	struct expr_value strategy;
	struct str token; /* GITHUB_TOKEN */
	bool has_minted;
	struct scope scope;
	struct post *posts;                   /* newest first */
	unsigned n_posts, n_exports, n_files; /* made so far: numbers them */
	/* Results; other threads read them after the thread has ended. */
	enum runner_result result;
	bool continues_on_error;
	struct expr_dict *outputs;
	struct runner_steps steps;
};

/* What happens at the end of the job. */
struct post {
	struct post *next;
	struct step *step; /* whose it is: its inputs, state, environment */
	struct str name;
	const struct expr *condition; /* NULL = always() */
	int (*run)(struct step *s, struct post *p, struct err *err);
	const void *data;
};

struct step {
	struct job *job;
	struct scope *scope;
	const struct workflow_step *def;
	struct arena *a;
	struct str id, name, node;
	bool is_post;
	/* Contexts as of now. */
	struct env env;     /* all layers: the env context */
	struct env own_env; /* its own, and that of the steps around it */
	struct expr_dict *github, *contexts;
	struct expr_env eval;
	struct expr_value inputs; /* `with:` of an action, defaults filled in */
	/* What it says. */
	struct expr_dict *outputs;
	struct env state; /* for its post step */
	struct log log;
	unsigned file_number;  /* of its file commands */
	struct str stop_token; /* of ::stop-commands::, empty = commands count */
	bool is_echoing;
	bool has_bad_command; /* then it has failed, whatever its exit code */
	struct str summary;
	struct active active;
	int64_t timeout_ns;   /* 0 = none */
	bool is_as_cancelled; /* what its condition is asked about */
	double timeout_minutes;
	enum runner_result outcome, conclusion;
	struct post *post;         /* what it does, when it is one */
	bool keeps_state;          /* its post step still needs it */
	struct runner_step record; /* what the caller gets to see */
};

/* ---- telling (tell.c) ---- */

/* A note of a step; text of any length. */
void step_note(struct step *s, enum event_level level, const struct err_at *at, struct str text);
void step_notef(struct step *s, enum event_level level, const char *fmt, ...) PRINTF_LIKE(3, 4);
void step_note_err(struct step *s, const struct err *err);
void job_notef(struct job *j, enum event_level level, const char *fmt, ...) PRINTF_LIKE(3, 4);
void job_note_err(struct job *j, const struct err *err);
/* Text of the runner itself among a step's output. */
void step_printf(struct step *s, const char *fmt, ...) PRINTF_LIKE(2, 3);
enum event_result event_result_of(enum runner_result r);

/* ---- contexts (contexts.c, status.c) ---- */

int run_contexts(struct run *r, struct err *err);
int job_contexts(struct job *j, struct err *err);
/* Fresh ones for a step, as of now; step_contexts_env() when its env is known. */
void step_contexts(struct step *s);
void step_contexts_env(struct step *s);
void step_github(struct step *s, const char *key, struct str value);
/* success() and the like, for steps: user is a struct step; as if cancelled when asked so. */
extern const struct expr_function status_functions[];
extern const size_t n_status_functions;
/* The condition now, or what it would be if the job were cancelled now. */
int step_condition(struct step *s, const struct expr *e, bool as_cancelled, bool *ret,
	struct err *err);
enum runner_result job_status(const struct job *j);
/* Functions of a job's own `if`; user is a struct group. */
extern const struct expr_function group_functions[];
extern const size_t n_group_functions;

/* ---- before and after (check.c, result.c) ---- */

/* Refuses what we do not do, with its place in the file; only: a job and what it needs, or NULL. */
int check_workflow(const struct workflow *w, const char *only, struct arena *a, struct err *err);
/* What became of the run, masked, in the caller's arena. */
void run_result(struct run *r, struct runner_run *ret);

/* ---- jobs (schedule.c, group.c, job.c, job_box.c) ---- */

int run_graph(struct run *r, struct err *err);
void run_jobs(struct run *r);
int group_expand(struct group *g, struct err *err);
int group_condition(struct group *g, bool *ret, struct err *err);
void group_finish(struct group *g);
struct expr_dict *group_needs(const struct group *g, struct arena *a);
struct group *run_group(const struct run *r, struct str id);
/* What events call a job. */
struct str run_job_node(const struct run *r, struct str id, struct arena *a);
void *job_main(void *job);
void job_free(struct job *j);
/* Where it runs, from runs-on. */
int job_choose_place(struct job *j, struct err *err);
/* Starts its sandbox unless it runs. */
int job_box(struct job *j, struct str event_parent, const struct cancel *cancel, struct err *err);
/* What a process of a step has in its environment; further may be NULL. */
void step_process_env(struct step *s, const struct env *further, struct argv *ret);

/* ---- steps (steps.c, step.c, script.c, action.c) ---- */

/* All of them, in order; record may be NULL. Results are in the scope's status. */
void steps_run(struct scope *scope, const struct workflow_step_vec *steps,
	struct runner_steps *record);
void steps_run_posts(struct job *j);
struct step *step_new(struct scope *scope, const struct workflow_step *def, unsigned number);
void step_do(struct step *s);
int step_run_script(struct step *s, struct err *err);
int step_run_action(struct step *s, struct err *err);
/* Is there such an action, as far as its name tells? */
bool step_can_use(struct str uses);
/* An action in a folder of the workspace (local_action.c), and its two kinds. */
struct local_action {
	const struct action *def;
	const char *file;  /* "x/y/action.yml" */
	struct str folder; /* below the workspace, clean: "/x/y" */
};
int step_run_local(struct step *s, struct err *err);
int step_run_composite(struct step *s, const struct local_action *l, struct err *err);
int step_run_node(struct step *s, const struct local_action *l, struct err *err);
/* A process of a step in its job's sandbox, with its output, file commands and their effects. */
struct step_process {
	const char *const *argv;
	const char *cwd;
	const struct env *env; /* further variables; may be NULL */
};
int step_process(struct step *s, const struct step_process *p, struct err *err);
void step_set_output(struct step *s, struct str name, struct str value);
/* For this and all later steps. */
int step_set_env(struct step *s, struct str name, struct str value, struct err *err);
void step_add_path(struct step *s, struct str path);
int step_set_state(struct step *s, struct str name, struct str value, struct err *err);
void step_add_post(struct step *s, const struct post *p);
bool log_act(void *step, struct str line); /* log_act.c */

/* The files GITHUB_ENV and the like name (file_commands.c): named with the contexts, made before a
 * process runs, read and removed after. */
void file_commands_name(struct step *s);
int file_commands_make(struct step *s, struct err *err);
void file_commands_take(struct step *s);

#endif
