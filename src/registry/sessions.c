/* Who writes to which upload right now.
 *
 * An upload has one writer. When a client's network drops without a word, its request still holds the
 * upload while we wait for bytes that never come; the client has connected anew meanwhile and wants to
 * go on. So a writer that heard nothing for SILENT_NS gives way to the next: its connection is hung
 * up, and who comes waits until it has let go. */
#include "registry/registry_priv.h"

#include "base/map.h"

#include <pthread.h>
#include <stdatomic.h>

#define SILENT_NS (2 * CLOCK_SECOND)
#define LETS_GO_S 5

struct session {
	struct http_request *r;
	_Atomic int64_t moved_ns;
	char key[UPLOAD_ID];
};

struct sessions {
	const struct clock *clock;
	pthread_mutex_t lock;
	pthread_cond_t closed;
	struct map open; /* upload id -> struct session */
};

struct sessions *registry_sessions_new(const struct clock *clock)
{
	struct sessions *all = NEW(struct sessions);
	pthread_condattr_t attr;
	all->clock = clock;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&all->lock, NULL);
	pthread_cond_init(&all->closed, &attr);
	pthread_condattr_destroy(&attr);
	return all;
}

void registry_sessions_free(struct sessions *all)
{
	if (!all)
		return;
	map_done(&all->open, NULL);
	pthread_mutex_destroy(&all->lock);
	pthread_cond_destroy(&all->closed);
	free(all);
}

void registry_session_moved(struct call *c)
{
	if (c->session)
		atomic_store(&c->session->moved_ns, clock_monotonic(c->registry->sessions->clock));
}

static void add(struct call *c, struct str id)
{
	struct sessions *all = c->registry->sessions;
	c->session = NEW(struct session);
	c->session->r = c->r;
	snprintf(c->session->key, sizeof(c->session->key), "%.*s", STR_ARG(id));
	registry_session_moved(c);
	pthread_mutex_lock(&all->lock);
	map_put(&all->open, id, c->session);
	pthread_mutex_unlock(&all->lock);
}

/* Hangs up on a silent writer of this process and waits until it is gone. */
static bool push_aside(struct sessions *all, struct str id)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += LETS_GO_S;
	pthread_mutex_lock(&all->lock);
	struct session *s = map_get(&all->open, id);
	bool is_silent = s && clock_monotonic(all->clock) - atomic_load(&s->moved_ns) >= SILENT_NS;
	if (is_silent)
		http_request_hang_up(s->r);
	while (is_silent && map_get(&all->open, id) == s)
		if (pthread_cond_timedwait(&all->closed, &all->lock, &until) == ETIMEDOUT)
			is_silent = false;
	pthread_mutex_unlock(&all->lock);
	return is_silent;
}

int registry_session_open(struct call *c, struct str id, struct err *err)
{
	struct store *s = c->registry->store;
	int rc = upload_open(s, c->route.repository, id, &c->upload, err);
	if (rc < 0 && err->kind == ERR_CONFLICT && push_aside(c->registry->sessions, id))
		rc = upload_open(s, c->route.repository, id, &c->upload, err);
	if (rc == 0)
		add(c, id);
	return rc;
}

void registry_session_close(struct call *c)
{
	struct sessions *all = c->registry->sessions;
	upload_close(TAKE(c->upload));
	if (!c->session)
		return;
	pthread_mutex_lock(&all->lock);
	if (map_get(&all->open, str_of(c->session->key)) == c->session) /* the next may be in */
		map_remove(&all->open, str_of(c->session->key));
	pthread_cond_broadcast(&all->closed);
	pthread_mutex_unlock(&all->lock);
	free(TAKE(c->session));
}
