/* Transfers side by side, and telling how they go. */
#include "remote/remote_priv.h"

#include <poll.h>
#include <sys/eventfd.h>

/* ---- a few threads ---- */

struct crew {
	const struct work *work;
	struct cancel stop; /* asked by us or by who cancels us */
	atomic_size_t next;
	atomic_size_t n_running;
	int done_fd; /* readable when the last thread ended */
	pthread_mutex_t mutex;
	bool has_failed;
	struct err err; /* the first failure */
};

static void note_failure(struct crew *c, const struct err *err)
{
	pthread_mutex_lock(&c->mutex);
	/* what the first failure stopped says "canceled" */
	if (!c->has_failed)
		c->err = *err;
	c->has_failed = true;
	pthread_mutex_unlock(&c->mutex);
	cancel_ask(&c->stop);
}

static void *run_crew(void *ctx)
{
	struct crew *c = ctx;
	size_t i;
	while (!cancel_is_asked(&c->stop) && (i = atomic_fetch_add(&c->next, 1)) < c->work->n) {
		struct err err = {0};
		if (c->work->fn(c->work->ctx, i, &c->stop, &err) < 0)
			note_failure(c, &err);
	}
	if (atomic_fetch_sub(&c->n_running, 1) == 1)
		(void)eventfd_write(c->done_fd, 1);
	return NULL;
}

/* Until all threads ended; hands on a cancel that comes from outside. */
static void wait_for_crew(struct crew *c, const struct cancel *outside)
{
	struct pollfd fds[] = {{.fd = c->done_fd, .events = POLLIN},
		{.fd = outside ? outside->wake_fd : -1, .events = POLLIN}};
	while (!(fds[0].revents & POLLIN)) {
		(void)poll(fds, ARRAY_LEN(fds), -1); /* EINTR: again */
		if (fds[1].revents & POLLIN) {
			cancel_ask(&c->stop);
			fds[1].fd = -1;
		}
	}
}

static int run_threads(struct remote *r, struct crew *c, struct err *err)
{
	pthread_t threads[REMOTE_AT_ONCE];
	size_t n = c->work->n < REMOTE_AT_ONCE ? c->work->n : REMOTE_AT_ONCE, n_started = 0;
	atomic_store(&c->n_running, n);
	for (; n_started < n; n_started++)
		if (pthread_create(&threads[n_started], NULL, run_crew, c) != 0)
			break;
	/* Those that could not be started are done already; without any, we do it all. */
	if (n_started < n && atomic_fetch_sub(&c->n_running, n - n_started) == n - n_started) {
		atomic_store(&c->n_running, 1);
		(void)run_crew(c);
	}
	wait_for_crew(c, r->cancel);
	for (size_t i = 0; i < n_started; i++)
		pthread_join(threads[i], NULL);
	if (c->has_failed)
		*err = c->err;
	return c->has_failed ? -1 : cancel_check(r->cancel, err);
}

int work_run(struct remote *r, const struct work *w, struct err *err)
{
	struct crew c = {.work = w, .done_fd = -1};
	if (!w->n)
		return 0;
	if (cancel_init(&c.stop, err) < 0)
		return -1;
	pthread_mutex_init(&c.mutex, NULL);
	c.done_fd = eventfd(0, EFD_CLOEXEC);
	int rc = c.done_fd < 0 ? err_sys(err, "eventfd") : run_threads(r, &c, err);
	fd_close(c.done_fd);
	pthread_mutex_destroy(&c.mutex);
	cancel_done(&c.stop);
	return rc;
}

/* ---- events ---- */

enum { TELL_EVERY = 512 * 1024 };

void progress_begin(struct progress *p, struct event_sink *sink, const char *what,
	struct str parent, const struct image_descriptor *d)
{
	char hex[DIGEST_HEX], title[80];
	digest_hex(&d->digest, hex, 12);
	*p = (struct progress){.sink = sink, .total = d->size};
	snprintf(p->id, sizeof(p->id), "%s/%.12s", what, hex);
	snprintf(title, sizeof(title), "%s %.12s", what, hex);
	event_begin(sink, str_of(p->id), parent, str_of(title));
}

void progress_add(struct progress *p, uint64_t n)
{
	p->done += n;
	if (p->done - p->told < TELL_EVERY && p->done != p->total)
		return;
	p->told = p->done;
	event_progress(p->sink, str_of(p->id), p->done, p->total);
}

void progress_back(struct progress *p, uint64_t done)
{
	if (p->done == done)
		return;
	p->done = p->told = done;
	event_progress(p->sink, str_of(p->id), p->done, p->total);
}

int progress_end(struct progress *p, int rc, bool was_there, const struct err *err)
{
	enum event_result result = was_there ? EVENT_CACHED : EVENT_OK;
	if (rc < 0)
		result = err->kind == ERR_CANCELED ? EVENT_CANCELED : EVENT_FAILED;
	event_end(p->sink, str_of(p->id), result, rc < 0 ? str_of(err->what) : STR_NONE);
	return rc;
}
