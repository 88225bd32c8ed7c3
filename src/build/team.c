#include "build/team.h"

#include <pthread.h>

enum { TEAM_MAX = 16 };

struct team {
	const struct team_spec *spec;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned n_running, n_started;
	size_t n_failed;
	pthread_t threads[TEAM_MAX];
};

static void *member(void *arg);

/* With the lock held: one more thread when there is more to do than hands. */
static void maybe_start(struct team *t)
{
	unsigned max = t->spec->n_threads < TEAM_MAX ? t->spec->n_threads : TEAM_MAX;
	if (t->n_started + 1 >= max || !graph_has_next(t->spec->graph))
		return;
	if (pthread_create(&t->threads[t->n_started], NULL, member, t) == 0)
		t->n_started++;
}

/* With the lock held. A node whose need failed, or any node after a cancel, is not started. */
static bool take(struct team *t, size_t *ret_node)
{
	struct graph *g = t->spec->graph;
	while (graph_next(g, ret_node)) {
		if (graph_needs_ok(g, *ret_node) && !cancel_is_asked(t->spec->cancel))
			return true;
		graph_finish(g, *ret_node, GRAPH_SKIPPED);
	}
	return false;
}

static void *member(void *arg)
{
	struct team *t = arg;
	size_t node;
	pthread_mutex_lock(&t->lock);
	for (;;) {
		if (take(t, &node)) {
			t->n_running++;
			maybe_start(t);
			pthread_mutex_unlock(&t->lock);
			int rc = t->spec->work(t->spec->ctx, node);
			pthread_mutex_lock(&t->lock);
			t->n_running--;
			t->n_failed += rc < 0;
			graph_finish(t->spec->graph, node, rc < 0 ? GRAPH_FAILED : GRAPH_OK);
			pthread_cond_broadcast(&t->changed);
		} else if (t->n_running) {
			pthread_cond_wait(&t->changed, &t->lock);
		} else {
			break;
		}
	}
	pthread_cond_broadcast(&t->changed);
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

size_t team_run(const struct team_spec *spec)
{
	struct team t = {.spec = spec};
	pthread_mutex_init(&t.lock, NULL);
	pthread_cond_init(&t.changed, NULL);
	member(&t);
	for (unsigned i = 0; i < t.n_started; i++)
		pthread_join(t.threads[i], NULL);
	pthread_cond_destroy(&t.changed);
	pthread_mutex_destroy(&t.lock);
	return t.n_failed;
}
