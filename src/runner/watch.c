#include "watch_priv.h"

#include "base/num.h"

#include <poll.h>
#include <sys/eventfd.h>

int watch_init(struct watch *w, const struct clock *clock, struct err *err)
{
	*w = (struct watch){.clock = clock};
	pthread_mutex_init(&w->lock, NULL);
	w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return w->wake_fd < 0 ? err_sys(err, "eventfd") : 0;
}

void watch_done(struct watch *w)
{
	if (!w->clock)
		return;
	fd_close_at_end(&w->wake_fd);
	pthread_mutex_destroy(&w->lock);
}

void watch_wake(struct watch *w)
{
	uint64_t one = 1;
	ssize_t n = write(w->wake_fd, &one, sizeof(one));
	(void)n; /* full means it is awake */
}

void watch_add_job(struct watch *w, struct watched *j)
{
	pthread_mutex_lock(&w->lock);
	j->next = w->jobs;
	w->jobs = j;
	pthread_mutex_unlock(&w->lock);
	if (j->deadline)
		watch_wake(w);
}

void watch_remove_job(struct watch *w, struct watched *j)
{
	pthread_mutex_lock(&w->lock);
	struct watched **p = &w->jobs;
	while (*p && *p != j)
		p = &(*p)->next;
	if (*p)
		*p = j->next;
	pthread_mutex_unlock(&w->lock);
}

static void stop(struct active *a, enum watch_reason why)
{
	if (a->reason != WATCH_NOT_STOPPED)
		return;
	a->reason = why;
	cancel_ask(&a->stop);
}

static void stop_if_due(struct active *a, int64_t now)
{
	bool is_cancelled = a->job->is_cancelled;
	if (a->job->is_forced || (is_cancelled && !a->survives_cancel))
		stop(a, WATCH_CANCELLED);
	else if (a->deadline && now >= a->deadline)
		stop(a, WATCH_TIMED_OUT);
}

/* With the lock held. */
static void cancel_job(struct watch *w, struct watched *j)
{
	int64_t now = clock_monotonic(w->clock);
	if (j->is_cancelled)
		return;
	j->is_cancelled = true;
	j->force_at = now + j->grace_ns;
	for (struct active *a = w->active; a; a = a->next)
		if (a->job == j)
			stop_if_due(a, now);
}

void watch_cancel_job(struct watch *w, struct watched *j)
{
	pthread_mutex_lock(&w->lock);
	cancel_job(w, j);
	pthread_mutex_unlock(&w->lock);
	watch_wake(w); /* it has a new deadline */
}

int watch_enter(struct watch *w, struct active *a, struct err *err)
{
	a->reason = WATCH_NOT_STOPPED;
	if (cancel_init(&a->stop, err) < 0)
		return -1;
	pthread_mutex_lock(&w->lock);
	a->next = w->active;
	w->active = a;
	stop_if_due(a, clock_monotonic(w->clock));
	pthread_mutex_unlock(&w->lock);
	if (a->deadline)
		watch_wake(w);
	return 0;
}

enum watch_reason watch_leave(struct watch *w, struct active *a)
{
	pthread_mutex_lock(&w->lock);
	struct active **p = &w->active;
	while (*p && *p != a)
		p = &(*p)->next;
	if (*p)
		*p = a->next;
	enum watch_reason why = a->reason;
	pthread_mutex_unlock(&w->lock);
	cancel_done(&a->stop);
	return why;
}

/* ---- the control thread ---- */

static void earlier(int64_t *next, int64_t at)
{
	if (at && (!*next || at < *next))
		*next = at;
}

/* Stops what is due; gives when the next thing is, 0 = never. */
static int64_t look(struct watch *w)
{
	int64_t now = clock_monotonic(w->clock), next = 0;
	pthread_mutex_lock(&w->lock);
	for (struct watched *j = w->jobs; j; j = j->next) {
		if (j->deadline && now >= j->deadline && !j->is_cancelled) {
			j->is_timed_out = true;
			cancel_job(w, j);
		}
		j->is_forced = j->is_forced || (j->force_at && now >= j->force_at);
		if (!j->is_cancelled)
			earlier(&next, j->deadline);
		else if (!j->is_forced)
			earlier(&next, j->force_at);
	}
	for (struct active *a = w->active; a; a = a->next) {
		stop_if_due(a, now);
		if (a->reason == WATCH_NOT_STOPPED)
			earlier(&next, a->deadline);
	}
	pthread_mutex_unlock(&w->lock);
	return next;
}

void watch_wait(struct watch *w, const struct cancel *c)
{
	struct pollfd fds[2] = {{w->wake_fd, POLLIN, 0}, {-1, POLLIN, 0}};
	uint64_t n;
	int64_t next = look(w);
	int timeout = -1;
	if (c)
		fds[1].fd = c->wake_fd;
	if (next) {
		int64_t left = (next - clock_monotonic(w->clock)) / CLOCK_MS + 1;
		timeout = left < 0 ? 0 : (int)num_min((uint64_t)left, INT32_MAX);
	}
	if (poll(fds, 2, timeout) > 0 && fds[0].revents) {
		ssize_t got = read(w->wake_fd, &n, sizeof(n));
		(void)got; /* somebody woke us; how often does not matter */
	}
	(void)look(w);
}
