/* selector -- which files hashFiles() and actions that use @actions/glob select.
 *
 *	*	any run of characters but '/'		[a-z]	one character of the class
 *	?	one character but '/'			[!a-z]	one not in it; [^a-z] is the same
 *	**	as a whole segment: any folders		\c	the character c
 *	!	in front: takes back; twice is none	#	in front: a comment
 *
 * One pattern a line. They are tried in order and the last that matches decides. A pattern that
 * matches a folder selects all files below it. Names that start with '.' are like others, case
 * counts, braces and (a|b) are ordinary characters, and so is a '[' whose class is not closed.
 * Relative patterns start at the root, "~/" at the home folder; '.' only as the first segment, '..'
 * not at all. An absolute pattern may lead into the root.
 *
 * Knows:   patterns, the names of two folders, and paths as text. Touches: nothing.
 * Threads: one that is finished may be used from any thread.
 * Limits:  SELECTOR_PATTERNS_MAX, SELECTOR_PATTERN_BYTES_MAX (root or home included): ERR_LIMIT.
 * Errors:  ERR_INPUT with the line.
 * Source:  github.com/actions/toolkit packages/glob README; minimatch 3 with dot, nobrace, noext,
 *          nonegate and nocomment. hashFiles goes through folders depth first, names in byte order.
 */
#ifndef GLOB_SELECTOR_H
#define GLOB_SELECTOR_H

#include "base/err.h"
#include "base/str.h"

enum { SELECTOR_PATTERNS_MAX = 10000, SELECTOR_PATTERN_BYTES_MAX = 8192 };

struct selector;

/* root and home are absolute paths; home may be empty, then "~" is an error. */
struct selector *selector_new(struct str root, struct str home);
void selector_free(struct selector *s);
CLEANUP_PTR(selector_free, struct selector);

/* Adds the patterns of all lines. */
int selector_add(struct selector *s, struct str lines, struct err *err);
size_t selector_count(const struct selector *s);
/* Is the file selected? path is relative to the root. */
bool selector_matches(const struct selector *s, struct str path);
/* Could a file below dir be selected? If not, a walk may skip it. */
bool selector_may_match_below(const struct selector *s, struct str dir);

#endif
