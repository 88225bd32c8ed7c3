/* expand -- $variables, quotes and escapes in one word, as a Dockerfile means them.
 *
 *	$V ${V}			the value, or nothing
 *	${V:-d} ${V-d}		d when V is unset (or, with ':', empty)
 *	${V:+a} ${V+a}		a when V is set (and, with ':', not empty)
 *	${V:?e} ${V?e}		the error e when V is unset (or, with ':', empty)
 *	${V#p} ${V##p}		without the shortest or longest start that matches p
 *	${V%p} ${V%%p}		the same at the end
 *	${V/p/r} ${V//p/r}	the first or every match of p becomes r; an empty p is everywhere
 *	'…' "…" \c		quotes and the escape character, removed
 *
 * In a pattern '*' is anything and '?' one character, never a newline; '\' makes the next one plain.
 * Operands are expanded themselves, also those that are not used.
 *
 * Owner:   results live in the arena given.
 * Errors:  ERR_INPUT `failed to process "${V": …`, ERR_LIMIT (EXPAND_*). No place: the caller has it.
 * Source:  Dockerfile reference, "Environment replacement"; BuildKit where that is silent.
 */
#ifndef DOCKERFILE_EXPAND_H
#define DOCKERFILE_EXPAND_H

#include "base/arena.h"
#include "base/csv.h"
#include "base/map.h"

enum {
	EXPAND_MAX_BYTES = 1024 * 1024, /* of one result, and of every operand on the way to it */
	EXPAND_DEPTH_MAX = 100,         /* ${a:-${b:-…}} */
	EXPAND_MAX_WORK = 20000000,     /* bytes copied and compared for one word */
};

/* Variables in the order they were first set. Zeroed with an arena is an empty one. */
struct vars {
	struct arena *arena;
	struct map by_name;
};
void vars_done(struct vars *v);
CLEANUP_VAL(vars_done, struct vars);
void vars_set(struct vars *v, struct str name, struct str value); /* keeps its first position */
bool vars_get(const struct vars *v, struct str name, struct str *ret);
/* Values are shared, so from's arena must live as long as to. */
void vars_copy(struct vars *to, const struct vars *from);
/* The value of an entry, in MAP_EACH(&vars->by_name, e). */
static inline struct str vars_value(const struct map_entry *e)
{
	return *(const struct str *)e->value;
}

enum {
	EXPAND_RAW_QUOTES = 1,  /* quotes still group, and stay in the result */
	EXPAND_RAW_ESCAPES = 2, /* escapes still protect, and stay in the result */
	EXPAND_NO_QUOTES = 4,   /* quotes are ordinary characters */
	EXPAND_KEEP_UNSET = 8,  /* an unset variable stays as it was written */
};

struct expander {
	char escape;
	unsigned how; /* EXPAND_* */
	const struct vars *vars;
	uint64_t *work_left; /* shared by many words; NULL: EXPAND_MAX_WORK for each */
};

struct expansion {
	struct str text;
	struct str_vec words;     /* split at white space that is neither quoted nor escaped */
	struct str_vec matched;   /* variables that were set, each once, in order of use */
	struct str_vec unmatched; /* and those that were not */
};
void expansion_done(struct expansion *x);
CLEANUP_VAL(expansion_done, struct expansion);

/* All of it; *ret is a zeroed struct that gets more words at every call. */
int expand_word(const struct expander *e, struct str word, struct arena *a, struct expansion *ret,
	struct err *err);
int expand_text(const struct expander *e, struct str word, struct arena *a, struct str *ret,
	struct err *err);
int expand_words(const struct expander *e, struct str word, struct arena *a, struct str_vec *ret,
	struct err *err);

#endif
