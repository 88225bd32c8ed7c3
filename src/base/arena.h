/* arena -- memory of one document, freed in one go.
 *
 * Everything a parsed file needs lives here; nothing in it is freed alone. Zeroed memory is an
 * empty arena. Sizes that come from outside are compared with a limit before they reach it.
 *
 * Owner: the document. Threads: one at a time. Memory returned is zeroed and aligned for anything.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/str.h"

struct arena_block;

struct arena {
	struct arena_block *blocks; /* newest first */
	char *p;
	size_t left;
	size_t total_bytes;
};

void arena_done(struct arena *a);
CLEANUP_VAL(arena_done, struct arena);

void *arena_alloc(struct arena *a, size_t n, size_t size);
/* A NUL-terminated copy, as cstr or as str. */
char *arena_cstr(struct arena *a, struct str s);
struct str arena_str(struct arena *a, struct str s);
struct str arena_fmt(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

#define ARENA_NEW(a, type) ((type *)arena_alloc(a, 1, sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_alloc(a, n, sizeof(type)))

#endif
