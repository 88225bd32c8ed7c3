#include "base/map.h"

#include <sys/auxv.h>

/* The kernel hands every process 16 random bytes (AT_RANDOM): a seed without a syscall. */
static uint64_t seed(void)
{
	const uint8_t *random = (const uint8_t *)getauxval(AT_RANDOM); // NOLINT: an address
	uint64_t s = 0;
	for (int i = 0; random && i < 8; i++)
		s = s << 8 | random[i];
	return s;
}

uint64_t map_hash(struct str s)
{
	const uint64_t secret = seed();
	uint64_t h = secret ^ (s.n * UINT64_C(0x9e3779b97f4a7c15));
	for (size_t i = 0; i < s.n; i += 8) {
		uint64_t word = 0;
		size_t left = s.n - i < 8 ? s.n - i : 8;
		memcpy(&word, s.p + i, left);
		h = (h ^ word) * UINT64_C(0xff51afd7ed558ccd);
		h ^= h >> 32;
		h = (h + secret) * UINT64_C(0xc4ceb9fe1a85ec53);
		h ^= h >> 29;
	}
	return h ^ h >> 33;
}

static struct map_entry *slot_entry(const struct map *m, size_t slot)
{
	return m->slots[slot] ? &m->p[m->slots[slot] - 1] : NULL;
}

/* The slot that holds key, or the free one where it belongs. */
static size_t find_slot(const struct map *m, struct str key, uint64_t hash)
{
	size_t slot = hash & (m->n_slots - 1);
	for (struct map_entry *e; (e = slot_entry(m, slot)); slot = (slot + 1) & (m->n_slots - 1))
		if (e->key.p && e->hash == hash && str_eq(e->key, key))
			break;
	return slot;
}

/* Drops the holes and makes room for one more. */
static void rebuild(struct map *m)
{
	size_t alive = 0;
	for (size_t i = 0; i < m->n; i++)
		if (m->p[i].key.p)
			m->p[alive++] = m->p[i];
	m->n = alive;
	if (alive >= m->cap / 4 * 3) { /* else each removal would pay for all of it */
		m->cap = m->cap ? m->cap * 2 : 8;
		m->p = mem_resize(m->p, m->cap, sizeof(*m->p));
	}
	free(m->slots);
	m->n_slots = m->cap * 2;
	m->slots = mem_new(m->n_slots, sizeof(*m->slots));
	for (size_t i = 0; i < m->n; i++) {
		size_t slot = m->p[i].hash & (m->n_slots - 1);
		while (m->slots[slot])
			slot = (slot + 1) & (m->n_slots - 1);
		m->slots[slot] = (uint32_t)i + 1;
	}
}

struct map_entry *map_find(const struct map *m, struct str key)
{
	return m->n_slots ? slot_entry(m, find_slot(m, key, map_hash(key))) : NULL;
}

void *map_get(const struct map *m, struct str key)
{
	struct map_entry *e = map_find(m, key);
	return e ? e->value : NULL;
}

bool map_has(const struct map *m, struct str key)
{
	return map_find(m, key) != NULL;
}

void *map_put(struct map *m, struct str key, void *value)
{
	struct map_entry *e = map_find(m, key);
	if (e) {
		void *old = e->value;
		e->value = value;
		return old;
	}
	if (m->n == m->cap)
		rebuild(m);
	uint64_t hash = map_hash(key);
	size_t slot = find_slot(m, key, hash);
	char *copy = mem_new(key.n + 1, 1);
	if (key.n)
		memcpy(copy, key.p, key.n);
	m->p[m->n] = (struct map_entry){.key = {copy, key.n}, .value = value, .hash = hash};
	m->slots[slot] = (uint32_t)++m->n;
	m->count++;
	return NULL;
}

void *map_remove(struct map *m, struct str key)
{
	struct map_entry *e = map_find(m, key);
	if (!e)
		return NULL;
	mem_free((char *)(uintptr_t)e->key.p);
	e->key = STR_NONE; /* the slot stays taken, so chains through it hold */
	m->count--;
	return e->value;
}

struct map_entry *map_next(const struct map *m, struct map_entry *e)
{
	for (e = e ? e + 1 : m->p; e && e < m->p + m->n; e++)
		if (e->key.p)
			return e;
	return NULL;
}

void map_done(struct map *m, void (*free_value)(void *))
{
	MAP_EACH(m, e) {
		mem_free((char *)(uintptr_t)e->key.p);
		if (free_value)
			free_value(e->value);
	}
	free(m->p);
	free(m->slots);
	*m = (struct map){0};
}
