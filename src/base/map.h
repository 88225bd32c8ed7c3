/* map -- text to pointer, in the order things were put in.
 *
 *	struct map env = {0};
 *	map_put(&env, S("PATH"), value);	replaces; keeps the first position
 *	MAP_EACH(&env, e)			e->key, e->value, oldest first
 *
 * Keys are copied. Values are the caller's. Zeroed memory is an empty map. Lookup is by hash,
 * seeded per process, so hostile keys cannot make it slow.
 *
 * Threads: one at a time; reading from several is fine while nobody writes.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/str.h"

#include <stdint.h>

struct map_entry {
	struct str key; /* NUL-terminated; p is NULL in an entry that was removed */
	void *value;
	uint64_t hash;
};

struct map {
	struct map_entry *p; /* in order of insertion, with holes */
	size_t n;            /* entries used, holes included */
	size_t count;        /* entries alive */
	size_t cap;
	uint32_t *slots; /* index + 1 into p; 0 = free */
	size_t n_slots;
};

/* Forgets everything; free_value may be NULL. */
void map_done(struct map *m, void (*free_value)(void *));
void *map_get(const struct map *m, struct str key); /* NULL when absent or when NULL was put */
struct map_entry *map_find(const struct map *m, struct str key);
bool map_has(const struct map *m, struct str key);
/* Puts value under key; returns the value that was there, or NULL. */
void *map_put(struct map *m, struct str key, void *value);
/* Removes; returns the value that was there, or NULL. */
void *map_remove(struct map *m, struct str key);

struct map_entry *map_next(const struct map *m, struct map_entry *e);
#define MAP_EACH(m, e) for (struct map_entry *e = map_next((m), NULL); e; e = map_next((m), e))

/* 64-bit seeded hash of bytes, for tables only: never stored, never sent. */
uint64_t map_hash(struct str s);

#endif
