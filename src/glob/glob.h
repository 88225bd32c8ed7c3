/* glob -- Go's path/filepath.Match, as COPY and ADD use it for their sources.
 *
 *	*	any run of characters but '/'		[a-z]	one character of the class
 *	?	one character but '/'			[^a-z]	one that is not in it
 *	\c	the character c
 *
 * The whole name must match. Two things are Go's and may surprise: a class can match '/' ([^a]
 * does), and a star that is followed by such a class takes as little as it can and never more.
 *
 * Knows:   patterns and names as text. Touches: nothing.
 * Threads: any. Cost: at most pattern length times name length steps.
 * Errors:  ERR_INPUT: Go's ErrBadPattern.
 * Source:  pkg.go.dev/path/filepath#Match, for systems whose separator is '/'.
 */
#ifndef GLOB_GLOB_H
#define GLOB_GLOB_H

#include "base/err.h"
#include "base/str.h"

/* 1, 0, or -1 for a malformed pattern: an unclosed or empty class, '-' or ']' where a class expects a
 * character, a backslash at the end, invalid UTF-8 in a class. As in Go, what is behind a '*' is only
 * looked at when all before it matched, so "a*[" is malformed for "ab" and does not match "b". */
int glob_match(struct str pattern, struct str name, struct err *err);
/* Has '*', '?' or '[' without a backslash in front: BuildKit looks for matching files only then. */
bool glob_has_wildcard(struct str pattern);

#endif
