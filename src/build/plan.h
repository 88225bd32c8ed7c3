/* build/plan -- stages and steps of one build, with every word expanded.
 *
 *	Dockerfile ── stages ── only those the target needs ── base images resolved ── words expanded
 *
 * A *step* is an instruction that may change files: RUN, COPY, ADD, WORKDIR; or the base a stage
 * starts from. Everything else changes only the stage's config, here, while planning.
 *
 *	base ◄── step ◄── step ◄── step		(parent: whose files it starts from)
 *	            ▲
 *	            └── needs: last step of another stage (COPY --from, RUN --mount from=)
 *
 * Owner: the arena of the build. Threads: made by one; read by all after.
 */
#ifndef BUILD_PLAN_H
#define BUILD_PLAN_H

#include "build/cache.h"
#include "build/context.h"
#include "build/state.h"
#include "dockerfile/instruction.h"
#include "dockerfile/mount.h"
#include "dockerfile/scope.h"
#include "local/local.h"

enum step_kind { STEP_BASE, STEP_RUN, STEP_COPY, STEP_ADD, STEP_WORKDIR };

/* Where files that are not the step's own come from. */
enum origin_kind { ORIGIN_CONTEXT, ORIGIN_STEP };
struct origin {
	enum origin_kind kind;
	struct context *context;
	struct step *step; /* the last of a stage, or an image's base step */
};

/* A --mount with its words filled in and its origin found. */
struct step_mount {
	struct mount mount;
	struct origin from; /* bind, and cache with from= */
	bool has_from;
};

struct imported;
struct step {
	enum step_kind kind;
	size_t index; /* in the plan */
	struct plan_stage *stage;
	struct step *parent; /* NULL: starts from nothing */
	struct step **needs;
	size_t n_needs;
	const struct inst *inst; /* filled in; NULL for bases */
	struct dockerfile_place at;
	struct str title;          /* "[build 2/5] RUN make" */
	struct str created_by;     /* for history */
	struct str site;           /* the same place in the next build: for --explain */
	struct state before;       /* the stage's config at this point */
	struct image_strs env;     /* RUN: ENV and ARG as it sees them, NAME=value */
	struct image_strs proxies; /* RUN: further variables that are no part of its key */
	struct image_platform platform;
	struct origin from;        /* COPY, ADD */
	struct str dest;           /* COPY, ADD: absolute, its end as written */
	struct step_mount *mounts; /* RUN */
	size_t n_mounts;
	bool ignores_cache;
	/* STEP_BASE */
	struct local_documents *image; /* NULL = scratch */
	struct image_ref image_name;

	/* What it gave; set by the thread that ran it, read after it finished. */
	struct step_result result;
	struct digest chain; /* names the files after it: the base's layers and every layer since */
	bool was_cached;
	struct digest key;                          /* none = a base */
	struct digest files_question, files_digest; /* COPY and ADD of what never changes */
	/* The result is from a --cache-from, and the layer may still be there; NULL = here. */
	struct imported *imported;
	struct str inputs; /* with imported: what made the key */
	struct err err;
};

struct plan_stage {
	const struct stage *stage;
	struct str title; /* "build", "stage-2" */
	struct image_platform platform;
	bool is_wanted, is_planned;
	struct step *base; /* NULL for scratch */
	struct step *last; /* NULL: scratch and no step */
	size_t n_steps;    /* for titles, the base included */
	struct state state;
	/* Which history entry belongs to which step, in order; NULL = changed no files. */
	struct step **history_steps;
	size_t n_history_steps, first_history;
};

struct plan {
	struct stages stages;
	struct plan_stage *p;
	size_t n;
	struct plan_stage *target;
	struct step **steps; /* those wanted, in the order they were planned: not sorted by need */
	size_t n_steps;
};

struct build;
/* The names TARGETPLATFORM and so on stand for. */
struct scope_platform plan_platform_words(struct arena *a, const struct image_platform *p);
/* --build-arg NAME=value, or NAME alone: the value of our own environment. */
void plan_take_args(const struct build_spec *spec, struct vars *ret);
int plan_make(struct build *b, struct plan *ret, struct err *err);

#endif
