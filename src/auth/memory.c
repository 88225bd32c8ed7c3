/* Grants that were found good a moment ago, by the hash of what was shown. */
#include "auth/auth_priv.h"

struct grant *auth_grant_new(void)
{
	struct grant *g = NEW(struct grant);
	atomic_init(&g->n_holders, 1);
	return g;
}

void auth_grant_free(const struct auth_grant *given)
{
	struct grant *g = (struct grant *)(uintptr_t)given; // NOLINT: its first member
	if (!g || atomic_fetch_sub(&g->n_holders, 1) > 1)
		return;
	arena_done(&g->arena);
	free(g);
}

static struct str key_of(const struct digest *shown)
{
	return str_n(shown->bytes, digest_n_bytes(shown->algorithm));
}

static bool is_good(const struct auth *a, const struct grant *g)
{
	return clock_monotonic(a->clock) < g->good_until_ns &&
		(!g->expires_ns || clock_now(a->clock) < g->expires_ns);
}

static void drop(void *g)
{
	auth_grant_free(g);
}

struct grant *auth_recall(struct auth *a, const struct digest *shown, uint64_t *ret_epoch)
{
	pthread_mutex_lock(&a->lock);
	struct grant *g = map_get(&a->remembered, key_of(shown));
	if (g && is_good(a, g))
		atomic_fetch_add(&g->n_holders, 1);
	else
		g = NULL;
	*ret_epoch = a->epoch;
	pthread_mutex_unlock(&a->lock);
	return g;
}

void auth_remember(struct auth *a, const struct digest *shown, struct grant *g, uint64_t epoch)
{
	g->good_until_ns = clock_monotonic(a->clock) + AUTH_REMEMBER_NS;
	pthread_mutex_lock(&a->lock);
	if (epoch == a->epoch) {
		if (a->remembered.count >= AUTH_REMEMBERED_MAX)
			map_done(&a->remembered, drop);
		atomic_fetch_add(&g->n_holders, 1);
		drop(map_put(&a->remembered, key_of(shown), g));
	}
	pthread_mutex_unlock(&a->lock);
}

void auth_forget_all(struct auth *a)
{
	pthread_mutex_lock(&a->lock);
	a->epoch++;
	map_done(&a->remembered, drop);
	pthread_mutex_unlock(&a->lock);
}
