/* regex_priv -- the program a regular expression becomes, between regex_parse.c and regex_run.c.
 *
 * A program is a list of instructions for a machine that backtracks. Jumps are relative, so that a
 * counted repetition is a piece of program copied.
 */
#ifndef REGEX_PRIV_H
#define REGEX_PRIV_H

#include "metadata_priv.h"

enum {
	REGEX_MAX_CODE = 20000,    /* instructions */
	REGEX_MAX_DEPTH = 50,      /* groups in groups */
	REGEX_MAX_STEPS = 5000000, /* of one match */
	REGEX_MAX_STACK = 500000,  /* places to go back to */
};

enum op {
	OP_CHAR,  /* x = code point */
	OP_ANY,   /* not a line end, unless dot-all */
	OP_CLASS, /* x = index of a class */
	OP_START, /* ^ */
	OP_END,   /* $ */
	OP_WORD,  /* \b; x = 1 for \B */
	OP_SAVE,  /* x = slot: group n starts in 2n and ends in 2n+1 */
	OP_CLEAR, /* slots x to y become unset */
	OP_SPLIT, /* try the next first, then x on */
	OP_SPLIT_LAZY,
	OP_JUMP,     /* x on */
	OP_MARK,     /* x = slot: remember where an iteration began */
	OP_PROGRESS, /* x = slot: fail when the iteration took nothing */
	OP_BACKREF,  /* x = group */
	OP_LOOK,     /* x = length of what follows up to OP_LOOK_END; y = enum look */
	OP_LOOK_END,
	OP_MATCH,
};

enum look { LOOK_AHEAD = 0, LOOK_NOT_AHEAD = 1, LOOK_BEHIND = 2, LOOK_NOT_BEHIND = 3 };

struct inst {
	enum op op;
	int32_t x, y;
};
VEC_TYPE(inst_vec, struct inst);

struct range {
	uint32_t first, last;
};
VEC_TYPE(range_vec, struct range);

struct class
{
	struct range *ranges;
	size_t n;
	bool is_negated;
};
VEC_TYPE(class_vec, struct class);

struct regex {
	struct inst *code;
	size_t n_code;
	struct class *classes;
	size_t n_groups; /* with the whole as 0 */
	size_t n_slots;  /* groups and marks */
	bool ignores_case, is_multiline, is_dot_all, is_global, is_sticky;
};

#endif
