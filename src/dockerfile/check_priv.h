/* check_priv -- the rules and who reports them, shared by the check*.c files. */
#ifndef DOCKERFILE_CHECK_PRIV_H
#define DOCKERFILE_CHECK_PRIV_H

#include "dockerfile/check.h"
#include "dockerfile/instruction_priv.h"
#include "dockerfile/scope_priv.h"

enum rule {
	RULE_STAGE_NAME_CASING,
	RULE_FROM_AS_CASING,
	RULE_NO_EMPTY_CONTINUATION,
	RULE_CONSISTENT_INSTRUCTION_CASING,
	RULE_DUPLICATE_STAGE_NAME,
	RULE_RESERVED_STAGE_NAME,
	RULE_JSON_ARGS_RECOMMENDED,
	RULE_MAINTAINER_DEPRECATED,
	RULE_UNDEFINED_ARG_IN_FROM,
	RULE_WORKDIR_RELATIVE_PATH,
	RULE_UNDEFINED_VAR,
	RULE_MULTIPLE_INSTRUCTIONS_DISALLOWED,
	RULE_LEGACY_KEY_VALUE_FORMAT,
	RULE_INVALID_BASE_IMAGE_PLATFORM,
	RULE_REDUNDANT_TARGET_PLATFORM,
	RULE_SECRETS_USED_IN_ARG_OR_ENV,
	RULE_INVALID_DEFAULT_ARG_IN_FROM,
	RULE_FROM_PLATFORM_FLAG_CONST_DISALLOWED,
	RULE_COPY_IGNORED_FILE,
	RULE_INVALID_DEFINITION_DESCRIPTION,
	RULE_EXPOSE_PROTO_CASING,
	RULE_EXPOSE_INVALID_FORMAT,
};

/* `skip=A,B;error=true;experimental=C` */
struct check_options {
	bool skips_all, is_error, has_all_experiments;
	struct str_vec skips, experiments;
};
void check_options_done(struct check_options *o);
CLEANUP_VAL(check_options_done, struct check_options);
int check_options_parse(struct str text, struct check_options *ret, struct err *err);

/* Where a finding is: at a node, or at a place on its first line. */
struct spot {
	const struct dockerfile_node *node;
	struct dockerfile_place at;
	/* Whose comments may switch the rule off; NULL = nobody's. */
	const struct dockerfile_node *comments;
};

struct found {
	struct finding finding;
	size_t order;
};
VEC_TYPE(found_vec, struct found);

enum { LAST_CMD, LAST_ENTRYPOINT, LAST_HEALTHCHECK, LAST_KINDS };
/* A stage while it is walked, kept for the stages based on it. */
struct walked {
	bool is_needed; /* for the target, else for the last stage: only then triggers run */
	bool is_checked;

	struct scope scope;
	bool has_workdir, has_shell;
	struct spot last[LAST_KINDS]; /* node NULL = none yet */
};

struct checker {
	struct scope_note note; /* first: the scopes hand it back */
	const struct check_spec *spec;
	struct arena *arena;
	struct err *err;
	struct stages stages;
	struct check_options options;
	struct found_vec found;
	struct globals globals;
	struct map declared;   /* what FROM may use */
	struct walked *walked; /* one per stage */
	/* The instruction at hand; spot.node is FROM while a trigger runs. */
	struct walked *stage;
	struct spot spot;
};

void finding_add(struct checker *c, enum rule rule, struct spot spot, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
/* Asked before work for a finding that nobody wants; finding_add() asks again. */
bool finding_is_wanted(struct checker *c, enum rule rule, const struct spot *spot);
struct spot spot_of(const struct dockerfile_node *n);
/* At a word of the node, if it is on the node's first line. */
struct spot spot_at(const struct dockerfile_node *n, struct dockerfile_place at);
/* " (did you mean x?)", or with a "$" before x, or "". */
const char *check_similar(struct checker *c, struct str name, const struct map *among,
	const char *sign);

/* check_text.c: what the file's text alone shows; names and casing when all of it was understood.
 */
void check_text(struct checker *c);
void check_names(struct checker *c);
void check_casing(struct checker *c);
/* check_from.c: every FROM. */
int check_froms(struct checker *c);
bool check_is_image(struct checker *c, struct str name);
int check_base_name(struct checker *c, const struct stage *s);
/* check_stage.c: what COPY and RUN take from other stages and images; then instruction by
 * instruction. */
int check_sources(struct checker *c, const struct stage *s);
int check_stage(struct checker *c, const struct stage *s);

#endif
