/* glob_priv -- patterns as small automata, shared by the dialects that need more than glob.c.
 *
 * A pattern becomes a list of ops; state i means that the ops before i have matched. All states that
 * are possible move along the name together, so a match takes at most (ops x characters) steps,
 * whatever the pattern.
 *
 * Characters are code points; a byte that is not UTF-8 is a character of its own.
 */
#ifndef GLOB_GLOB_PRIV_H
#define GLOB_GLOB_PRIV_H

#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"

#include <stdint.h>

enum op_kind {
	OP_CHAR,
	OP_ANY,
	OP_NOT_SLASH,
	OP_CLASS,
	OP_START,  /* nothing, at the start of the name only */
	OP_DIRS,   /* nothing, or anything that ends with '/'; OP_INSIDE follows */
	OP_INSIDE, /* somewhere in what OP_DIRS takes */
	OP_TREE,   /* nothing, or '/' and anything; OP_ANY, optional and repeated, follows */
};

struct range {
	uint32_t low, high;
};
VEC_TYPE(range_vec, struct range);
static inline void ranges_done(struct range_vec *v)
{
	vec_done(v);
}
CLEANUP_VAL(ranges_done, struct range_vec);

struct op {
	enum op_kind kind;
	bool is_optional; /* may match nothing */
	bool is_repeated; /* may match again */
	bool is_negated;  /* OP_CLASS: characters outside the ranges */
	uint32_t code;    /* OP_CHAR */
	const struct range *ranges;
	size_t n_ranges;
};
VEC_TYPE(op_vec, struct op);
static inline void ops_done(struct op_vec *v)
{
	vec_done(v);
}
CLEANUP_VAL(ops_done, struct op_vec);

struct nfa {
	const struct op *ops;
	size_t n_ops;
	/* Most names are decided without running: they must start and end with this text, and what
	 * is between is often a single op. */
	struct str prefix, suffix;
	enum { MIDDLE_EMPTY, MIDDLE_ANY, MIDDLE_NOT_SLASH, MIDDLE_DIRS, MIDDLE_OPS } middle;
	uint64_t *start; /* states behind the prefix */
	bool is_base;    /* was OP_DIRS and ops that never match '/': they match the last segment */
};

enum { NFA_OPS_MAX = 16383 };

/* Takes one character off *text, which is not empty. */
uint32_t nfa_take_char(struct str *text);
void nfa_push(struct op_vec *ops, enum op_kind kind);
void nfa_push_char(struct op_vec *ops, uint32_t code);
void nfa_push_text(struct op_vec *ops, struct str text);
void nfa_push_run(struct op_vec *ops, enum op_kind kind); /* any number of them */
void nfa_push_class(struct op_vec *ops, bool is_negated, struct range_vec *ranges, struct arena *a);
void nfa_push_dirs(struct op_vec *ops);
void nfa_push_tree(struct op_vec *ops);

/* Copies the ops, of which there are at most NFA_OPS_MAX, into the arena. */
struct nfa nfa_new(const struct op_vec *ops, struct arena *a);
bool nfa_matches(const struct nfa *n, struct str name);
/* The name, or one of the folders it is in. */
bool nfa_matches_with_parents(const struct nfa *n, struct str name);
/* Could a name that starts with dir and '/' match? */
bool nfa_may_match_below(const struct nfa *n, struct str dir);
/* From now on names are what follows this text. */
void nfa_skip(struct nfa *n, struct str text, struct arena *a);

/* A class as Go's regular expressions have it: ranges, backslash escapes, \d, [:alpha:]. *text is
 * behind the '['; behind the ']' after. */
int class_read_regexp(struct str *text, bool *ret_negated, struct range_vec *ret, struct err *err);
/* Adds what \d \s \w and their opposites mean; false for other letters. */
bool class_add_escape(struct range_vec *ranges, char letter);
/* The character that a backslash and this one stand for in Go's regular expressions; false when it
 * is none. */
bool class_escaped_char(uint32_t code, uint32_t *ret);

/* Go's filepath.Clean: the shortest path that means the same. */
struct str clean_path(struct str path, struct arena *a);

#endif
