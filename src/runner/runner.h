/* runner -- runs workflow files here, now, as GitHub would.
 *
 *	choose files ─► check ─► run id, contexts ─► graph of jobs ─► a thread and a sandbox per job
 *	     │                                                               │
 *	  trigger, inputs                              steps: run ─► shell in the sandbox
 *	                                                      uses ─► native, composite, JavaScript
 *
 * The actions of the docker world become commands of knarr (docker/build-push-action is "build" with
 * flags); who knows those commands lends them as hooks. What we cannot do is refused, with its place
 * in the file, before anything runs. docs/decisions/0008-runner.md says what is native and why.
 *
 * Knows:   order and meaning of jobs and steps, GitHub's runner's files, words and environment.
 *          Touches: ROOT/runs, ROOT/artifacts, ROOT/caches, sandboxes, the repository given (which
 *          it only reads). Never: registries, images, builds; those are hooks.
 * Secrets: what is told (events, results, errors) has passed a filter that knows all of them.
 * Owner:   results live in the caller's arena; the spec outlives the call.
 * Threads: any; one thread of ours per job, which ends before runner_run does. Hooks and the sink
 *          are called from those.
 * Errors:  ERR_INPUT (a broken workflow, located; inputs), ERR_UNSUPPORTED (located), ERR_NOT_FOUND
 *          (no such file, job, event), ERR_SYS. A job that fails is not an error: the result says so.
 * Ends:    with us, also with kill -9: sandboxes die at once, folders are removed by the next run.
 * Source:  docs.github.com "Workflow syntax", "Variables", "Contexts", "Workflow commands";
 *          actions/runner docs/adrs.
 */
#ifndef RUNNER_RUNNER_H
#define RUNNER_RUNNER_H

#include "base/arena.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/csv.h"
#include "base/event.h"
#include "base/vec.h"
#include "expr/expr.h"
#include "json/json.h"

enum {
	RUNNER_MAX_EVENT = 4 << 20,        /* bytes of an event payload */
	RUNNER_MAX_SECRET = 48 * 1024,     /* of a secret, as on GitHub */
	RUNNER_MAX_FILE_COMMAND = 1 << 20, /* of what a step writes to GITHUB_OUTPUT and the like */
	RUNNER_MAX_SUMMARY = 1 << 20,      /* of a step's GITHUB_STEP_SUMMARY */
	RUNNER_MAX_DEPTH = 9,              /* actions inside actions */
};

/* ---- hooks ---- */

/* A folder that commands may look into: what steps see at path is really behind fd. */
struct runner_folder {
	const char *path;
	int fd;
};

/* A command of knarr that an action stands for. */
struct runner_command {
	const char *const *argv; /* "build", "--tag", …; NULL-terminated */
	const char *const *env;  /* of the step: NAME=value, NULL-terminated */
	/* What paths in argv may lead to; the first is the workspace, where relative ones start.
	 * Steps can change what is in them at any time: open with runner_open_in only. */
	const struct runner_folder *folders;
	size_t n_folders;
	const int *granted_fds; /* argv may name them as /proc/self/fd/N; 0 ends them */
	struct str stdin_text;
	const char *docker_config; /* the job's config.json: a private copy, written back after */
	struct event_sink *events; /* masks */
	struct str event_parent;
	const struct cancel *cancel;
};
struct runner_command_result {
	int status; /* 0 = it went well */
	struct str image_id, digest;
	struct str metadata; /* JSON, as buildx writes it to --metadata-file */
};
/* Opens what a path in argv leads to. ERR_DENIED when it leads out of the folders. */
int runner_open_in(const struct runner_command *c, const char *path, int flags, int *ret_fd,
	struct err *err);
/* The folder of what a command is going to write, made when missing, and its name there. */
int runner_parent_in(const struct runner_command *c, const char *path, struct arena *a,
	int *ret_dir_fd, const char **ret_name, struct err *err);

/* An image to run jobs in, unpacked. */
struct runner_image {
	const char *const *lowers; /* absolute, bottom first */
	size_t n_lowers;
	const char *const *env; /* of its config, NULL-terminated */
};

/* What a job's own token may do. */
struct runner_token {
	struct str repository; /* "owner/name" */
	bool reads_packages, writes_packages;
	struct str job; /* for its name */
	int64_t lifetime_ns;
};

struct runner_hooks {
	void *ctx;
	int (*command)(void *ctx, const struct runner_command *c, struct arena *a,
		struct runner_command_result *ret, struct err *err);
	int (*image)(void *ctx, const char *name, struct str event_parent,
		const struct cancel *cancel, struct arena *a, struct runner_image *ret,
		struct err *err);
	/* NULL: jobs without a secret GITHUB_TOKEN have an empty one. */
	int (*make_token)(void *ctx, const struct runner_token *t, struct arena *a, struct str *ret,
		struct err *err);
	void (*end_token)(void *ctx, struct str token);
};

/* ---- a run ---- */

struct runner_pair {
	const char *name, *value;
};

/* runs-on: this label -> where. */
struct runner_label {
	const char *label;
	const char *image; /* NULL = this host's own root */
};

struct runner_spec {
	const char *root; /* the store's folder: absolute; hidden from steps */
	const char *dir;  /* the repository, or a folder in it */
	/* -W: exactly these, whatever their filters say; none = those in .github/workflows that the
	 * event starts. Paths from where we stand. */
	const char *const *files;
	size_t n_files;
	const char *event;          /* NULL = push, or what the one file knows */
	const struct json *payload; /* of the event; NULL = made from the repository */
	const struct runner_pair *inputs, *secrets, *vars, *env;
	size_t n_inputs, n_secrets, n_vars, n_env;
	const struct runner_label *labels; /* win over ubuntu-*, linux, self-hosted = this host */
	size_t n_labels;
	const char *job; /* only this one and what it needs; NULL = all */
	const char *actor;
	bool is_dry_run;
	bool is_debug; /* tell ::debug:: */
	const struct runner_hooks *hooks;
	struct event_sink *events;
	const struct cancel *cancel;
	const struct clock *clock; /* NULL = the system's */
};

enum runner_result { RUNNER_SUCCESS, RUNNER_FAILURE, RUNNER_CANCELLED, RUNNER_SKIPPED };
const char *runner_result_name(enum runner_result r); /* "success", "failure", ... */

struct runner_step {
	struct str id, name;
	enum runner_result outcome, conclusion;
	const struct expr_dict *outputs;
	struct str summary; /* markdown of GITHUB_STEP_SUMMARY */
	/* Of a dry run. */
	bool is_uses;
	struct str uses, run, shell;
	struct str_vec command;
};
VEC_TYPE(runner_steps, struct runner_step);

struct runner_job {
	struct str id; /* "test", "test (linux, 12)": as GitHub shows combinations of a matrix */
	struct str name;
	enum runner_result result;
	const struct expr_dict *outputs;
	struct runner_steps steps; /* in the order they ran, without post steps */
};
VEC_TYPE(runner_jobs, struct runner_job);

struct runner_run {
	struct str file, name;
	uint64_t id, number;
	enum runner_result result;
	struct runner_jobs jobs;
	bool is_dry_run;
};
VEC_TYPE(runner_runs, struct runner_run);

struct runner_answer {
	enum runner_result result; /* the worst; skipped when nothing was triggered */
	struct runner_runs runs;   /* one per workflow file */
	size_t n_files;            /* looked at, also those that were not triggered */
	struct str why_nothing;    /* when there are none */
};
void runner_answer_done(struct runner_answer *r);
CLEANUP_VAL(runner_answer_done, struct runner_answer);

int runner_run(const struct runner_spec *spec, struct arena *a, struct runner_answer *ret,
	struct err *err);
/* {"result", "jobs": {…}} of one workflow; {"result", "workflows": [{"file", …}]} of several. */
void runner_write_json(const struct runner_answer *r, struct json_out *o);

/* Removes what runs that are dead left in root; gives the number. runner_run does it by itself. */
int runner_sweep(const char *root, struct err *err);

/* hashFiles() over a folder: the hex digest, or empty when no file matches. */
int runner_hash_files(int root_fd, struct str root, struct str patterns, struct arena *a,
	struct str *ret, struct err *err);

#endif
