/* What the files of build/ share: one running build. */
#ifndef BUILD_BUILD_PRIV_H
#define BUILD_BUILD_PRIV_H

#include "build/build.h"
#include "build/cache_import.h"
#include "build/plan.h"
#include "build/select.h"
#include "local/rootfs.h"

#include <pthread.h>

/* Memory of one step's work: several run at once, and the build's arena is not theirs. */
struct work {
	struct build *build;
	struct step *step;
	struct arena arena;
	char event_id[40];
	int64_t began_ns;
};

struct named_context {
	const char *name;
	struct context *context; /* a folder, or NULL */
	const char *image_name;  /* docker-image://NAME, or NULL */
};

struct build {
	const struct build_spec *spec;
	struct arena *arena; /* of planning and results: the control thread's */
	struct context *context;
	struct named_context *contexts;
	size_t n_contexts;
	char *temp_dir;             /* a git or tar context unpacked; removed at the end */
	struct str dockerfile_name; /* for messages: "Dockerfile", "docker/backend/Dockerfile" */
	struct str dockerfile_text;
	const char *dockerfile_path;    /* NULL: it came from standard input */
	struct image_platform platform; /* the target's */
	bool is_print;                  /* plans only, fetches nothing */
	int64_t created_ns;
	struct plan plan;
	struct imports *imports;
	unsigned attempt; /* the steps are run over when an imported layer is lost */
	pthread_mutex_t
		lock; /* for what steps of different threads share: arena copies of results */
};

/* ---- opening contexts and the Dockerfile (source.c) ---- */
int source_open(struct build *b, struct err *err);
void source_close(struct build *b);
/* A folder with the ignore file that counts for it, outside any build. */
int source_open_folder(const char *dir, const char *dockerfile, struct context **ret,
	struct err *err);
/* What stays the same between two builds of one folder: its path. */
const char *context_site(const struct build *b);

/* ---- keys (key.c): what makes a step the same step ---- */
struct key;
struct key *key_new(const char *what); /* "run/1": kind and version of the recipe */
void key_free(struct key *k);
CLEANUP_PTR(key_free, struct key);
/* One input; name is shown by --explain. */
void key_add(struct key *k, const char *name, struct str value);
void key_add_digest(struct key *k, const char *name, const struct digest *d);
void key_add_strs(struct key *k, const char *name, const struct image_strs *s);
/* Lines for --explain that are part of a digest added already. */
void key_note(struct key *k, struct str lines);
struct digest key_finish(struct key *k, struct str *ret_inputs, struct arena *a);
/* "env changed, files changed: src/main.c": how two lists of inputs differ. */
void key_explain(struct str before, struct str now, struct buf *ret);
/* Digest of a selection: names, types, resulting modes and owners, bytes. ret_list (may be NULL)
 * gets "path digest" lines for --explain. */
struct digest key_of_selection(const struct selection *s, struct str chmod, bool has_owner,
	struct buf *ret_list);

/* ---- steps (step_<verb>.c): on a thread of their own ---- */
int step_run(struct work *w, struct err *err);
int step_copy(struct work *w, struct err *err); /* COPY and ADD */
int step_workdir(struct work *w, struct err *err);
int step_base(struct work *w, struct err *err);

/* The trees a step starts from, unpacked. parent NULL = none. */
int step_rootfs(struct work *w, const struct step *parent, struct rootfs *ret, struct err *err);
/* Finishes a step that made a tree: packs, stores, remembers under key. */
int step_commit(struct work *w, struct tree_writer *take_tree, const struct digest *key,
	struct str inputs, struct err *err);
/* Looks the key up: 1 = done (here before, or by another build that was at it), 0 = must run, and other
 * builds that want the same step wait until ret_fd is closed. Explains when asked. */
int step_claim(struct work *w, const struct digest *key, struct str inputs, int *ret_fd,
	struct err *err);
/* Brings a result's layer into the store when it is still in a cache elsewhere, and remembers it. */
int step_fetch(struct build *b, const struct step *s, struct err *err);
/* The same for all results of a stage, several at a time. */
int step_fetch_stage(struct build *b, const struct plan_stage *stage, struct err *err);
/* Forgets what the step gave: it is going to run over. */
void step_reset(struct step *s);
/* ERR at the step's place in the Dockerfile. */
int step_err_at(const struct work *w, struct err *err);
/* A view of what a COPY or mount reads; closed with origin_close. */
int origin_open(struct work *w, const struct origin *o, struct view **ret, struct err *err);
void origin_close(const struct origin *o, struct view *v);
/* Names the files of an origin: its chain; context files have no name of their own. */
const struct digest *origin_chain(const struct origin *o);

/* ---- handing out (output.c): every output of the spec, tags included ---- */
int output_all(struct build *b, const struct plan_stage *stage, struct image_descriptor *ret,
	struct digest *ret_config, struct err *err);

#endif
