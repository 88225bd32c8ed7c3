/* When tokens were used. Noting it costs nothing; a thread that only lives while there is something
 * to write does the writing, at most once a minute. */
#include "auth/auth_priv.h"

#include <signal.h>

#define BETWEEN_WRITES_S 60

struct use {
	int64_t token_id, used_ns;
};
VEC_TYPE(use_vec, struct use);

struct uses {
	struct auth *auth;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct use_vec noted;
	pthread_t thread;
	bool is_running, is_ending;
};

struct uses *auth_uses_new(struct auth *a)
{
	struct uses *u = NEW(struct uses);
	pthread_condattr_t attr;
	u->auth = a;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&u->lock, NULL);
	pthread_cond_init(&u->changed, &attr);
	pthread_condattr_destroy(&attr);
	return u;
}

static int write_one(struct auth *a, const struct use *use, struct err *err)
{
	return db_exec(a->db, err,
		"UPDATE auth_token SET last_used_ns = $1 WHERE id = $2 AND last_used_ns < $1",
		DB_I64(use->used_ns), DB_I64(use->token_id));
}

static int write_all(struct auth *a, const struct use_vec *all, struct err *err)
{
	if (db_begin(a->db, err) < 0)
		return -1;
	VEC_EACH(all, use)
		if (write_one(a, use, err) < 0) {
			db_rollback(a->db);
			return -1;
		}
	return db_commit(a->db, err);
}

int auth_uses_flush(struct uses *u, struct err *err)
{
	pthread_mutex_lock(&u->lock);
	struct use_vec all = u->noted;
	u->noted = (struct use_vec){0};
	pthread_mutex_unlock(&u->lock);
	int rc = all.n ? write_all(u->auth, &all, err) : 0;
	vec_done(&all);
	return rc;
}

static void *write_behind(void *arg)
{
	struct uses *u = arg;
	struct err ignored; /* a time of use that is lost harms nobody */
	struct timespec until;
	pthread_mutex_lock(&u->lock);
	while (!u->is_ending) {
		while (!u->noted.n && !u->is_ending)
			pthread_cond_wait(&u->changed, &u->lock);
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += BETWEEN_WRITES_S;
		while (!u->is_ending &&
			pthread_cond_timedwait(&u->changed, &u->lock, &until) != ETIMEDOUT)
			;
		pthread_mutex_unlock(&u->lock);
		(void)auth_uses_flush(u, &ignored);
		pthread_mutex_lock(&u->lock);
	}
	pthread_mutex_unlock(&u->lock);
	return NULL;
}

/* Without signals: those are the main thread's business. */
static bool start_thread(struct uses *u)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int rc = pthread_create(&u->thread, NULL, write_behind, u);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc == 0;
}

void auth_uses_note(struct uses *u, int64_t token_id, int64_t now_ns)
{
	pthread_mutex_lock(&u->lock);
	struct use *found = NULL;
	VEC_EACH(&u->noted, use)
		if (use->token_id == token_id)
			found = use;
	if (!found)
		found = vec_add(&u->noted);
	*found = (struct use){token_id, now_ns};
	if (!u->is_running)
		u->is_running = start_thread(u);
	pthread_cond_signal(&u->changed);
	pthread_mutex_unlock(&u->lock);
}

void auth_uses_free(struct uses *u)
{
	struct err ignored;
	if (!u)
		return;
	pthread_mutex_lock(&u->lock);
	u->is_ending = true;
	pthread_cond_broadcast(&u->changed);
	pthread_mutex_unlock(&u->lock);
	if (u->is_running)
		pthread_join(u->thread, NULL);
	(void)auth_uses_flush(u, &ignored); /* as above */
	pthread_mutex_destroy(&u->lock);
	pthread_cond_destroy(&u->changed);
	vec_done(&u->noted);
	free(u);
}
