/* filter -- GitHub's filter patterns for branches, tags and paths.
 *
 *	*	any run of characters but '/'	x?	the character before, or nothing
 *	**	any run of characters		x+	the character before, once or more
 *	[a-z]	one character of the class	\c	the character c
 *	!	in front: takes back what patterns before it matched
 *
 * Patterns are tried in order and the last that matches decides; a name that none matches is out.
 * A "**" + "/" at the start or behind a '/' may also stand for no folder at all: "**" + "/x" matches
 * "x". Upper and lower case differ. In other places '!' is an ordinary character.
 *
 * Knows:   patterns and names as text. Touches: nothing.
 * Threads: one that is finished may be used from any thread.
 * Limits:  FILTER_PATTERNS_MAX, FILTER_PATTERN_BYTES_MAX: ERR_LIMIT.
 * Errors:  ERR_INPUT with the column: nothing to match, '?' or '+' with nothing before it, a class
 *          that is empty, not closed, out of order or negated, a backslash at the end.
 * Source:  docs.github.com "Workflow syntax", "Filter pattern cheat sheet".
 */
#ifndef GLOB_FILTER_H
#define GLOB_FILTER_H

#include "base/err.h"
#include "base/str.h"

enum { FILTER_PATTERNS_MAX = 10000, FILTER_PATTERN_BYTES_MAX = 4096 };

struct filter;

struct filter *filter_new(void);
void filter_free(struct filter *f);
CLEANUP_PTR(filter_free, struct filter);

int filter_check(struct str pattern, struct err *err);
int filter_add(struct filter *f, struct str pattern, struct err *err);
size_t filter_count(const struct filter *f);
/* No pattern without '!': such a filter matches nothing, which GitHub calls a mistake. */
bool filter_is_only_negative(const struct filter *f);
bool filter_matches(const struct filter *f, struct str name);

#endif
