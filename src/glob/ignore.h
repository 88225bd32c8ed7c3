/* ignore -- what a .dockerignore file leaves out of the build context.
 *
 * Patterns are tried in order and the last that matches decides; '!' in front of one takes files
 * back in. A pattern that matches a folder matches everything below it.
 *
 *	*	any run of characters but '/'		[a-z]	one character of the class
 *	?	one character but '/'			[^a-z]	one that is not in it, '/' too
 *	**	any folders, also none			\c	the character c
 *
 * moby's own ways are kept: "a*" matches "ab/c" through its parent, "abc/" + "**" does not match
 * "abc", "**file" matches "dir/myfile" but "**fi*e" only whole names below "**", '^' outside a class
 * is the start of the path in a pattern with wildcards, \d \s \w are classes, and so are [[:alpha:]]
 * and its like. Two differ: '*' and '?' in a class are themselves (moby turns them into nonsense),
 * and escapes of Go's regular expressions beyond those (\b, \x41, \pN) are refused.
 *
 * Knows:   patterns and slash-separated paths relative to the context. Touches: nothing.
 * Threads: one that is finished may be used from any thread.
 * Limits:  IGNORE_BYTES_MAX of text, IGNORE_PATTERNS_MAX, IGNORE_PATTERN_BYTES_MAX each: ERR_LIMIT.
 * Errors:  ERR_INPUT with line (of the text) for a pattern that moby refuses. It does so when a path
 *          first meets the pattern, ignore_read() and ignore_add() at once.
 * Source:  docs.docker.com/build/concepts/context/#dockerignore-files;
 *          github.com/moby/patternmatcher v0.6.0 (New, MatchesOrParentMatches, ignorefile.ReadAll).
 */
#ifndef GLOB_IGNORE_H
#define GLOB_IGNORE_H

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

enum { IGNORE_BYTES_MAX = 4 << 20, IGNORE_PATTERNS_MAX = 10000, IGNORE_PATTERN_BYTES_MAX = 4096 };

struct ignore;

struct ignore *ignore_new(void);
void ignore_free(struct ignore *ig);
CLEANUP_PTR(ignore_free, struct ignore);

/* Adds the patterns of a whole file: a byte order mark, blank lines and lines that start with '#'
 * are skipped, paths are cleaned and lose a leading '/'. */
int ignore_read(struct ignore *ig, struct str text, struct err *err);
/* Adds one pattern as patternmatcher takes it: trimmed and cleaned; empty adds none. */
int ignore_add(struct ignore *ig, struct str pattern, struct err *err);
size_t ignore_count(const struct ignore *ig);

/* Is this path left out? Asks about each of its parents as well. */
bool ignore_matches(const struct ignore *ig, struct str path);

/* The same for a walk from the root down, as BuildKit does it: what matched a folder is remembered
 * in ignore_n_words() words of the caller and not asked again below it. below is the memo of the
 * folder that holds path, NULL at the root; *ret_memo, when not NULL, becomes path's own. (When a
 * pattern is written twice around an exception, `a`, `!a/b`, `a`, a walk keeps a/b and
 * ignore_matches() does not. moby has the same two answers; builds use the walk.) */
size_t ignore_n_words(const struct ignore *ig);
bool ignore_matches_in(const struct ignore *ig, const uint64_t *below, struct str path,
	uint64_t *ret_memo);
/* dir is left out: could a '!' pattern take back anything inside? If not, a walk may skip it. */
bool ignore_may_return_below(const struct ignore *ig, struct str dir);

#endif
