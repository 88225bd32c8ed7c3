/* schema -- what may stand where in a workflow file, as data.
 *
 * A definition says which values are accepted; read.c walks the file and the definitions together.
 * Contexts an expression may use are inherited: a definition adds to those of the place it is in.
 */
#ifndef WORKFLOW_SCHEMA_H
#define WORKFLOW_SCHEMA_H

#include <stdbool.h>
#include <stdint.h>

enum def_kind {
	DEF_NULL,
	DEF_BOOL,
	DEF_NUMBER,
	DEF_STRING,
	DEF_SEQUENCE,
	DEF_MAPPING,
	DEF_ONE_OF,
};

/* Bits of a definition's context: named values, then functions with their arities. */
enum {
	CTX_GITHUB = 1 << 0,
	CTX_INPUTS = 1 << 1,
	CTX_VARS = 1 << 2,
	CTX_NEEDS = 1 << 3,
	CTX_STRATEGY = 1 << 4,
	CTX_MATRIX = 1 << 5,
	CTX_SECRETS = 1 << 6,
	CTX_STEPS = 1 << 7,
	CTX_JOB = 1 << 8,
	CTX_RUNNER = 1 << 9,
	CTX_ENV = 1 << 10,
	CTX_JOBS = 1 << 11,
	CTX_N_NAMES = 12,
	FN_ALWAYS = 1 << 12,
	FN_CANCELLED = 1 << 13,
	FN_SUCCESS = 1 << 14, /* without arguments */
	FN_FAILURE = 1 << 15,
	FN_SUCCESS_OF = 1 << 16, /* of named jobs */
	FN_FAILURE_OF = 1 << 17,
	FN_HASH_FILES = 1 << 18,
};

struct def;

struct prop {
	const char *name;
	const struct def *def;
	bool is_required;
};

struct def {
	enum def_kind kind;
	uint32_t context;
	/* string */
	const char *constant;
	bool is_non_empty;
	bool is_condition;                         /* an expression without ${{ }} as well */
	const struct def *item;                    /* sequence */
	const struct prop *props;                  /* mapping; ends with a NULL name */
	const struct def *loose_key, *loose_value; /* mapping: other keys */
	const struct def *const *of;               /* one of; ends with NULL */
};

#define ONE_OF(...)                                                                                \
	{                                                                                          \
		.kind = DEF_ONE_OF, .of = (const struct def *const[])                              \
		{                                                                                  \
			__VA_ARGS__, NULL                                                          \
		}                                                                                  \
	}
#define LIST_OF(d)                                                                                 \
	{                                                                                          \
		.kind = DEF_SEQUENCE, .item = (d)                                                  \
	}
#define CONSTANT(text)                                                                             \
	{                                                                                          \
		.kind = DEF_STRING, .constant = (text)                                             \
	}

extern const struct def def_null, def_bool, def_number, def_string, def_non_empty, def_any,
	def_sequence_any, def_mapping_any, def_strings, def_non_empty_strings, def_one_or_more;

extern const struct def schema_workflow; /* the whole file */
extern const struct def schema_on;
extern const struct def schema_jobs;
extern const struct def schema_permissions;
extern const struct def schema_defaults;
extern const struct def schema_concurrency; /* the mapping */

extern const struct def schema_action; /* an action.yml */

/* Contexts of `if:` in its places; the last is that of pre-if and post-if. */
extern const uint32_t schema_job_if, schema_step_if, schema_action_step_if, schema_action_if;

#endif
