/* Manifests that were read a moment ago. An entry is good as long as store_generation() is what it
 * was: any change by any process makes all of them old. */
#include "registry/registry_priv.h"

#include "base/map.h"

#include <pthread.h>
#include <stdatomic.h>

enum { ENTRY_MAX = 512 * 1024, BYTES_MAX = 32 * 1024 * 1024, KEY_MAX = 255 + 1 + DIGEST_TEXT };

struct entry {
	struct cached cached; /* first */
	atomic_uint n_holders;
	char room[]; /* media type and bytes */
};

struct cache {
	pthread_mutex_t lock;
	struct map entries; /* "repository\0reference" -> struct entry */
	size_t n_bytes;
};

struct cache *registry_cache_new(void)
{
	struct cache *cache = NEW(struct cache);
	pthread_mutex_init(&cache->lock, NULL);
	return cache;
}

void cached_free(const struct cached *given)
{
	struct entry *e = (struct entry *)(uintptr_t)given; // NOLINT: its first member
	if (e && atomic_fetch_sub(&e->n_holders, 1) == 1)
		free(e);
}

static void drop(void *e)
{
	cached_free(e);
}

void registry_cache_free(struct cache *cache)
{
	if (!cache)
		return;
	map_done(&cache->entries, drop);
	pthread_mutex_destroy(&cache->lock);
	free(cache);
}

static struct str make_key(char room[KEY_MAX], struct str repository, struct str reference)
{
	assert(repository.n + 1 + reference.n <= KEY_MAX);
	memcpy(room, repository.p, repository.n);
	room[repository.n] = '\0';
	memcpy(room + repository.n + 1, reference.p, reference.n);
	return str_n(room, repository.n + 1 + reference.n);
}

const struct cached *registry_cache_get(struct cache *cache, struct str repository,
	struct str reference, uint64_t generation)
{
	char room[KEY_MAX];
	struct str key = make_key(room, repository, reference);
	if (!generation)
		return NULL;
	pthread_mutex_lock(&cache->lock);
	struct entry *e = map_get(&cache->entries, key);
	if (e && e->cached.generation == generation)
		atomic_fetch_add(&e->n_holders, 1);
	else
		e = NULL;
	pthread_mutex_unlock(&cache->lock);
	return e ? &e->cached : NULL;
}

static void keep(struct cache *cache, struct str key, struct entry *e)
{
	size_t size = sizeof(*e) + e->cached.media_type.n + e->cached.bytes.n;
	pthread_mutex_lock(&cache->lock);
	if (cache->n_bytes + size > BYTES_MAX) { /* rare enough to start again empty */
		map_done(&cache->entries, drop);
		cache->n_bytes = 0;
	}
	atomic_fetch_add(&e->n_holders, 1);
	cache->n_bytes += size; /* what is replaced counts on until then */
	drop(map_put(&cache->entries, key, e));
	pthread_mutex_unlock(&cache->lock);
}

const struct cached *registry_cache_put(struct cache *cache, struct str repository,
	struct str reference, uint64_t generation, const struct digest *d, struct str media_type,
	struct str bytes)
{
	char room[KEY_MAX];
	struct entry *e = mem_new(1, sizeof(*e) + media_type.n + bytes.n);
	memcpy(e->room, media_type.p, media_type.n);
	memcpy(e->room + media_type.n, bytes.p, bytes.n);
	e->cached.generation = generation;
	e->cached.media_type = str_n(e->room, media_type.n);
	e->cached.bytes = str_n(e->room + media_type.n, bytes.n);
	digest_text(d, e->cached.digest);
	snprintf(e->cached.etag, sizeof(e->cached.etag), "\"%s\"", e->cached.digest);
	atomic_init(&e->n_holders, 1);
	if (generation && bytes.n <= ENTRY_MAX)
		keep(cache, make_key(room, repository, reference), e);
	return &e->cached;
}
