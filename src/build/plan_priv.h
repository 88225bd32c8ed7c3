/* What the files that make a plan share (plan.c: stages, plan_base.c: where they start,
 * plan_inst.c: what each instruction does). */
#ifndef BUILD_PLAN_PRIV_H
#define BUILD_PLAN_PRIV_H

#include "build/build_priv.h"
#include "dockerfile/scope.h"
#include "json/json.h"

/* One plan being made. */
struct planning {
	struct build *b;
	struct plan *plan;
	struct dockerfile file;
	struct scope_spec scope_spec;
	struct vars given; /* --build-arg */
	struct globals globals;
	struct scope *scopes; /* one per stage, zeroed until it is planned */
	VEC(struct step *) steps;
	VEC(struct step *) images; /* base steps by image name and platform, each image once */
};

/* Plans a stage unless that was done; its base stages come first in the file. */
int plan_stage(struct planning *p, struct plan_stage *s, struct err *err);
/* Where a stage starts: sets its base, state and scope. */
int plan_stage_start(struct planning *p, struct plan_stage *s, struct err *err);
/* The base step of an image (FROM, COPY --from, --mount from=). */
int plan_image(struct planning *p, struct plan_stage *s, struct str name,
	const struct image_platform *platform, struct dockerfile_place at, struct step **ret,
	struct err *err);
/* All instructions of a stage, after the triggers of its base. */
int plan_stage_insts(struct planning *p, struct plan_stage *s, struct err *err);
struct named_context *plan_named_context(struct build *b, struct str name);
struct step *plan_add_step(struct planning *p, enum step_kind kind, struct plan_stage *stage,
	struct dockerfile_place at);

#endif
