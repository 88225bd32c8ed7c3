/* An epoll thread and its connections. Every loop accepts; a new connection goes to the loop that
 * has fewest. */
#include "http/server_priv.h"

#include <netinet/tcp.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

enum { EVENTS_PER_ROUND = 64, ACCEPTS_PER_ROUND = 16 };

void http_loop_watch(struct conn *c, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.ptr = c};
	if (c->events == events)
		return;
	int op = !c->events ? EPOLL_CTL_ADD : !events ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
	if (epoll_ctl(c->loop->epoll_fd, op, c->fd, &e) < 0)
		c->deadline_ns = 0; /* out of kernel memory: the next sweep closes it */
	c->events = events;
}

static void append(struct loop *l, struct conn *c)
{
	c->prev = l->last;
	c->next = NULL;
	*(l->last ? &l->last->next : &l->first) = c;
	l->last = c;
}

void http_loop_touch(struct conn *c)
{
	struct loop *l = c->loop;
	if (l->last == c)
		return;
	*(c->prev ? &c->prev->next : &l->first) = c->next;
	c->next->prev = c->prev;
	append(l, c);
}

void http_loop_wake(struct loop *l)
{
	uint64_t one = 1;
	ssize_t n = write(l->wake_fd, &one, sizeof(one));
	(void)n; /* full means it is readable already */
}

void http_loop_post(struct loop *l, struct conn *c)
{
	pthread_mutex_lock(&l->lock);
	bool was_empty = !l->inbox;
	c->next_posted = l->inbox;
	l->inbox = c;
	pthread_mutex_unlock(&l->lock);
	if (was_empty)
		http_loop_wake(l);
}

/* A connection came in or came back. */
static void take_posted(struct loop *l, struct conn *c)
{
	struct http_request *r = c->r;
	if (!c->is_listed)
		append(l, c);
	c->is_listed = true;
	c->may_have_more |= c->tls != NULL; /* OpenSSL may have read ahead */
	bool has_answer = r && r->out.status;
	c->state = has_answer ? CONN_WRITE : CONN_READ;
	c->moved = 0;
	c->moved_mark = 0;
	const struct http_server_spec *limits = &l->server->spec;
	c->deadline_ns = l->now_ns + (has_answer ? limits->stall_ns : limits->idle_ns);
	if (r && r->is_broken && !has_answer)
		http_conn_close(c);
	else
		http_conn_run(c);
}

static void take_inbox(struct loop *l)
{
	uint64_t count;
	ssize_t n = read(l->wake_fd, &count, sizeof(count));
	(void)n; /* nothing to read is fine */
	pthread_mutex_lock(&l->lock);
	struct conn *c = TAKE(l->inbox);
	pthread_mutex_unlock(&l->lock);
	while (c) {
		struct conn *next = TAKE(c->next_posted);
		take_posted(l, c);
		c = next;
	}
}

static struct loop *find_least_busy(struct http_server *s)
{
	struct loop *best = &s->loops[0];
	for (unsigned i = 1; i < s->n_loops; i++)
		if (atomic_load(&s->loops[i].n_conns) < atomic_load(&best->n_conns))
			best = &s->loops[i];
	return best;
}

static void welcome(struct http_server *s, int fd, const struct sockaddr_in6 *peer)
{
	int on = 1;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* only speed */
	struct conn *c = http_conn_new(fd, peer, s->tls);
	if (!c)
		return;
	c->loop = find_least_busy(s);
	c->state = CONN_AWAY;
	c->may_have_more = true;
	atomic_fetch_add(&c->loop->n_conns, 1);
	atomic_fetch_add(&s->n_conns, 1);
	http_loop_post(c->loop, c);
}

/* Makes room for a newcomer: false when nobody here is idle. */
static bool close_idlest(struct loop *l)
{
	for (struct conn *c = l->first; c; c = c->next)
		if (http_conn_is_idle(c)) {
			http_conn_close(c);
			return true;
		}
	return false;
}

static void watch_listener(struct loop *l, bool on)
{
	struct epoll_event e = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data.ptr = l->server};
	if (on == l->accepts)
		return;
	l->accepts = on;
	(void)epoll_ctl(l->epoll_fd, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, l->server->listen_fd, &e);
}

static void accept_some(struct loop *l)
{
	struct http_server *s = l->server;
	for (int i = 0; i < ACCEPTS_PER_ROUND && !atomic_load(&s->is_stopping); i++) {
		struct sockaddr_in6 peer = {0};
		socklen_t n = sizeof(peer);
		if (atomic_load(&s->n_conns) >= s->spec.max_connections && !close_idlest(l)) {
			watch_listener(l, false); /* until the next tick */
			return;
		}
		int fd = accept4(s->listen_fd, (struct sockaddr *)&peer, &n,
			SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0)
			welcome(s, fd, &peer);
		else if ((errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
				 errno == ENOBUFS) &&
			!close_idlest(l))
			watch_listener(l, false);
		if (fd < 0)
			return;
	}
}

static void on_event(struct loop *l, const struct epoll_event *e)
{
	if (e->data.ptr == l) {
		take_inbox(l);
	} else if (e->data.ptr == l->server) {
		accept_some(l);
	} else {
		struct conn *c = e->data.ptr;
		if (c->state == CONN_CLOSED || c->state == CONN_AWAY)
			return; /* earlier in this round */
		c->may_have_more = true;
		http_conn_run(c);
	}
}

static void sweep_deadlines(struct loop *l)
{
	struct conn *next;
	l->swept_ns = l->now_ns;
	watch_listener(l, !atomic_load(&l->server->is_stopping));
	for (struct conn *c = l->first; c; c = next) {
		next = c->next;
		if (c->state != CONN_AWAY && c->deadline_ns < l->now_ns)
			http_conn_on_deadline(c);
	}
}

/* While stopping: idle connections go at once, all others when there is no mercy left. */
static void sweep_stopping(struct loop *l)
{
	bool is_killing = atomic_load(&l->server->is_killing);
	struct conn *next;
	watch_listener(l, false);
	for (struct conn *c = l->first; c; c = next) {
		next = c->next;
		if (c->state == CONN_AWAY) {
			if (is_killing)
				shutdown(c->fd, SHUT_RDWR); /* wakes its transfer */
		} else if (is_killing || http_conn_is_idle(c)) {
			http_conn_close(c);
		}
	}
}

static void free_dead(struct loop *l)
{
	while (l->dead) {
		struct conn *next = l->dead->next;
		free(l->dead);
		l->dead = next;
	}
}

static void tell_if_empty(struct http_server *s)
{
	pthread_mutex_lock(&s->lock);
	if (atomic_load(&s->n_conns) == 0)
		pthread_cond_broadcast(&s->gone);
	pthread_mutex_unlock(&s->lock);
}

static void run_round(struct loop *l)
{
	struct epoll_event events[EVENTS_PER_ROUND];
	int timeout = l->first || !l->accepts ? l->server->tick_ms : -1;
	int n = epoll_wait(l->epoll_fd, events, EVENTS_PER_ROUND, timeout);
	l->now_ns = clock_monotonic(clock_system());
	for (int i = 0; i < n; i++)
		on_event(l, &events[i]);
	if (l->now_ns - l->swept_ns >= l->server->tick_ms * CLOCK_MS)
		sweep_deadlines(l);
	if (atomic_load(&l->server->is_stopping)) {
		sweep_stopping(l);
		tell_if_empty(l->server);
	}
	free_dead(l);
}

static void *loop_main(void *arg)
{
	struct loop *l = arg;
	pthread_setname_np(l->thread, "http");
	watch_listener(l, true);
	while (!atomic_load(&l->server->is_killing) || atomic_load(&l->n_conns))
		run_round(l);
	return NULL;
}

/* Signals are the main thread's business; SIGPIPE would come from sendfile. */
static int start_thread(struct loop *l, struct err *err)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int rc = pthread_create(&l->thread, NULL, loop_main, l);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc ? err_sysno(err, rc, "start a thread") : 0;
}

int http_loop_start(struct loop *l, struct http_server *s, struct err *err)
{
	l->server = s;
	pthread_mutex_init(&l->lock, NULL);
	l->now_ns = l->swept_ns = clock_monotonic(clock_system());
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct epoll_event wake = {.events = EPOLLIN, .data.ptr = l};
	if (l->epoll_fd < 0 || l->wake_fd < 0 ||
		epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, l->wake_fd, &wake) < 0)
		return err_sys(err, "epoll");
	if (s->tls)
		l->scratch = mem_new(TLS_SCRATCH, 1);
	if (start_thread(l, err) < 0)
		return -1;
	l->is_running = true;
	return 0;
}

/* Connections that another loop gave us when we had ended. */
static void drop_inbox(struct loop *l)
{
	for (struct conn *c = l->inbox, *next; c; c = next) {
		next = c->next_posted;
		http_tls_free(c->tls, false);
		fd_close(c->fd);
		free(c);
	}
}

void http_loop_join(struct loop *l)
{
	if (l->is_running)
		pthread_join(l->thread, NULL);
	l->is_running = false;
}

void http_loop_done(struct loop *l)
{
	if (!l->server)
		return; /* was never started */
	drop_inbox(l);
	while (l->spare) {
		struct http_request *next = l->spare->next_spare;
		http_request_free(l->spare);
		l->spare = next;
	}
	fd_close(l->epoll_fd);
	fd_close(l->wake_fd);
	free(l->scratch);
	pthread_mutex_destroy(&l->lock);
}
