/* workflow_priv -- what the files of workflow share. */
#ifndef WORKFLOW_PRIV_H
#define WORKFLOW_PRIV_H

#include "schema.h"

#include "base/map.h"
#include "workflow/workflow.h"
#include "yaml/yaml.h"

/* One parse. */
struct parse {
	struct str text, file;
	struct arena *a;
	struct workflow_problems *problems;
	struct workflow *out; /* NULL for an action */
	unsigned depth;       /* sequences and mappings being read */
};

/* vec_push for the arrays of the model, which live in the arena. */
#define PUSH(arena, v, value)                                                                      \
	do {                                                                                       \
		if ((v)->n == (v)->cap) {                                                          \
			size_t cap_ = (v)->cap ? (v)->cap * 2 : 4;                                 \
			__typeof__((v)->p) p_ = arena_alloc(arena, cap_, sizeof(*(v)->p));         \
			if ((v)->n)                                                                \
				memcpy(p_, (v)->p, (v)->n * sizeof(*p_));                          \
			(v)->p = p_;                                                               \
			(v)->cap = cap_;                                                           \
		}                                                                                  \
		(v)->p[(v)->n++] = (value);                                                        \
	} while (0)

/* Problems (problem.c). */

void tell(struct parse *p, enum workflow_severity severity, uint32_t line, uint32_t col,
	const char *fmt, ...) PRINTF_LIKE(5, 6);
#define FAIL(p, at, ...) tell(p, WORKFLOW_ERROR, (at)->line, (at)->col, __VA_ARGS__)
#define WARN(p, at, ...) tell(p, WORKFLOW_WARNING, (at)->line, (at)->col, __VA_ARGS__)
/* A hint for what was told last. */
void hint(struct parse *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* What was told last is wrong at this byte of the value's text. */
void inner_place(struct parse *p, const struct workflow_value *v, struct str text, size_t offset);

/* Reading (read.c): the tree with its expressions parsed, checked against a definition. */
struct workflow_value *read_tree(struct parse *p, const struct yaml *y, const struct def *d);
/* The names an expression may use in a place with this context. */
const struct expr_scope *scope_of(uint32_t context, struct arena *a);

/* Values (value.c). */
bool value_is_literal(const struct workflow_value *v, const char *text); /* a string that is text */
struct str value_text(const struct workflow_value *v); /* of a string; empty otherwise */
/* A string, or the strings of a sequence. */
void value_texts(const struct workflow_value *v, struct arena *a, struct str_vec *ret);

/* The model out of the tree (convert*.c, needs.c). */
void convert_workflow(struct parse *p, const struct workflow_value *root);
void convert_on(struct parse *p, const struct workflow_value *on);
void convert_permissions(const struct workflow_value *v, struct workflow_permissions *ret);
void convert_concurrency(struct parse *p, const struct workflow_value *v);
void convert_job(struct parse *p, const struct workflow_pair *pair);
void convert_strategy(struct parse *p, const struct workflow_value *v,
	struct workflow_strategy *ret);
void convert_containers(struct parse *p, const struct workflow_job *job);
void convert_steps(struct parse *p, const struct workflow_value *v, uint32_t if_context,
	struct workflow_step_vec *ret);
struct expr *convert_condition(struct parse *p, const struct workflow_value *v, uint32_t context);
void check_needs(struct parse *p, const struct workflow_value *jobs);

/* Ids (ids.c): unique in a job, whatever their case. */
struct ids {
	struct map taken; /* in lower case */
	struct map made;  /* beginning -> the number used last */
};
void ids_done(struct ids *ids);
CLEANUP_VAL(ids_done, struct ids);
/* Takes an id the file gave; tells what is wrong with it. */
bool ids_take(struct ids *ids, struct parse *p, const struct workflow_value *at, struct str id);
/* Makes one of the text: "__" and what is legal of it, with a number when taken. */
struct str ids_make(struct ids *ids, struct str text, struct arena *a);

/* Lint (lint.c): what runs, and should not be written like that. */
void lint_workflow(struct parse *p);
void lint_steps(struct parse *p, const struct workflow_step_vec *steps);

/* The whole of a parse (parse.c): the text read against a definition, then converted when that told
 * no error. NULL when there is no tree. */
const struct workflow_value *parse_text(struct parse *p, const struct def *d);
int parse_result(const struct parse *p, struct err *err);

#endif
