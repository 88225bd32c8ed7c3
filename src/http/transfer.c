/* Threads for requests that wait: for a body, for a disk, for a lock. They are started as they are
 * needed and end when nothing came for a while. */
#include "http/server_priv.h"

#include "base/num.h"

#include <signal.h>
#include <sys/socket.h>

enum { BODY_ROOM = 256 * 1024, STACK_BYTES = 512 * 1024, IN_LEAST = 8 * 1024 };
#define SPARE_NS (10 * CLOCK_SECOND)

struct transfers {
	struct http_server *server;
	pthread_mutex_t lock;
	pthread_cond_t work; /* something was queued, or the end */
	pthread_cond_t gone; /* a thread ended */
	struct conn *first, **last;
	unsigned n_threads, n_waiting, n_queued;
	bool is_ending;
};

/* ---- receiving a body ---- */

struct receiver {
	struct conn *c;
	char *room;
	struct str in; /* received, not yet taken */
	int64_t since_ns;
	uint64_t in_window;
};

/* A body must go on by HTTP_STALL_BYTES in stall_ns. */
static int64_t time_left(struct receiver *v)
{
	int64_t now = clock_monotonic(clock_system());
	if (v->in_window >= HTTP_STALL_BYTES || !v->since_ns) {
		v->since_ns = now;
		v->in_window = 0;
	}
	return v->since_ns + v->c->loop->server->spec.stall_ns - now;
}

/* Never beyond the end of a sized body: what follows is the next request. */
static ssize_t receive(struct receiver *v)
{
	struct http_request *r = v->c->r;
	size_t n = r->body.is_chunked ? BODY_ROOM : (size_t)num_min(r->body.left, BODY_ROOM);
	if (!v->room)
		v->room = mem_new(BODY_ROOM, 1);
	for (;;) {
		ssize_t got = http_io_read(v->c, v->room, n);
		if (got != IO_AGAIN)
			return got;
		int64_t left = time_left(v);
		if (left <= 0 || !http_io_wait(v->c, left))
			return IO_BROKEN;
	}
}

/* Gives what was received to the handler. Once it has answered, the rest is dropped. */
static int pass_on(struct receiver *v)
{
	struct http_request *r = v->c->r;
	const struct http_handler *h = &v->c->loop->server->spec.handler;
	struct str piece;
	struct err err;
	int rc;
	while ((rc = http_body_next(&r->body, &v->in, &piece)) > 0) {
		if (http_is_answered(r))
			continue;
		if (h->body(h->ctx, r, piece, &err) < 0 && !http_is_answered(r)) {
			r->is_broken = true;
			return -1;
		}
	}
	if (rc < 0 && !http_is_answered(r))
		http_request_refuse(r, -rc);
	if (rc < 0)
		r->out.closes = true; /* nobody knows where the next request starts */
	return rc;
}

static void say_continue(struct conn *c)
{
	if (http_io_write(c, HTTP_CONTINUE, strlen(HTTP_CONTINUE), false) <= 0)
		c->r->is_broken = true;
}

/* What came behind a chunked body belongs to the next request. */
static void keep_ahead(struct receiver *v)
{
	struct http_request *r = v->c->r;
	if (!v->in.n)
		return;
	r->cap_ahead = v->in.n < IN_LEAST ? IN_LEAST : v->in.n;
	r->ahead = mem_new(r->cap_ahead, 1);
	r->n_ahead = v->in.n;
	memcpy(r->ahead, v->in.p, v->in.n);
}

static void receive_body(struct conn *c)
{
	struct http_request *r = c->r;
	struct receiver v = {.c = c, .in = str_n(r->in + r->n_head, r->n_in - r->n_head)};
	r->n_in = r->n_head;
	if (r->head.expects_continue && !r->is_continued && !v.in.n)
		say_continue(c);
	while (!r->is_broken && pass_on(&v) == 0 && r->body.state != BODY_DONE &&
		!http_is_answered(r)) {
		ssize_t n = receive(&v);
		if (n <= 0)
			r->is_broken = true;
		else
			v.in = str_n(v.room, (size_t)n);
		v.in_window += n > 0 ? (uint64_t)n : 0;
	}
	if (r->body.state == BODY_DONE)
		keep_ahead(&v);
	free(v.room);
}

/* ---- threads ---- */

static void run(struct conn *c)
{
	struct http_request *r = c->r;
	http_request_begin(r);
	if (!http_is_answered(r) && r->body.state != BODY_DONE)
		receive_body(c);
	if (!http_is_answered(r) && !r->is_broken)
		http_request_end(r);
	http_request_leave(r);
	http_loop_post(c->loop, c);
}

/* The next connection to serve; NULL = this thread is not needed any more. With the lock held. */
static struct conn *next_conn(struct transfers *t)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += SPARE_NS / CLOCK_SECOND;
	t->n_waiting++;
	while (!t->first && !t->is_ending)
		if (pthread_cond_timedwait(&t->work, &t->lock, &until) == ETIMEDOUT)
			break;
	t->n_waiting--;
	struct conn *c = t->first;
	if (c) {
		t->first = TAKE(c->next_posted);
		t->n_queued--;
	}
	if (!t->first)
		t->last = &t->first;
	return c;
}

static void *transfer_main(void *arg)
{
	struct transfers *t = arg;
	struct conn *c;
	pthread_setname_np(pthread_self(), "http-transfer");
	pthread_mutex_lock(&t->lock);
	while ((c = next_conn(t))) {
		pthread_mutex_unlock(&t->lock);
		run(c);
		pthread_mutex_lock(&t->lock);
	}
	t->n_threads--;
	pthread_cond_signal(&t->gone);
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

/* With the lock held. Signals are blocked already: the caller is a loop. */
static void start_thread(struct transfers *t)
{
	pthread_t thread;
	pthread_attr_t attr;
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	if (pthread_create(&thread, &attr, transfer_main, t) == 0)
		t->n_threads++;
	pthread_attr_destroy(&attr);
}

void http_transfers_submit(struct transfers *t, struct conn *c)
{
	pthread_mutex_lock(&t->lock);
	c->next_posted = NULL;
	*t->last = c;
	t->last = &c->next_posted;
	t->n_queued++;
	if (t->n_queued > t->n_waiting && t->n_threads < HTTP_TRANSFERS_MAX)
		start_thread(t);
	bool is_alone = t->n_threads == 0; /* no thread at all: serve it here, slowly */
	if (is_alone) {
		t->first = NULL;
		t->last = &t->first;
		t->n_queued = 0;
	}
	pthread_cond_signal(&t->work);
	pthread_mutex_unlock(&t->lock);
	if (is_alone)
		run(c);
}

struct transfers *http_transfers_new(struct http_server *s)
{
	struct transfers *t = NEW(struct transfers);
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->work, &attr);
	pthread_cond_init(&t->gone, NULL);
	pthread_condattr_destroy(&attr);
	t->server = s;
	t->last = &t->first;
	return t;
}

void http_transfers_free(struct transfers *t)
{
	if (!t)
		return;
	pthread_mutex_lock(&t->lock);
	t->is_ending = true;
	pthread_cond_broadcast(&t->work);
	while (t->n_threads)
		pthread_cond_wait(&t->gone, &t->lock);
	pthread_mutex_unlock(&t->lock);
	pthread_mutex_destroy(&t->lock);
	pthread_cond_destroy(&t->work);
	pthread_cond_destroy(&t->gone);
	free(t);
}
