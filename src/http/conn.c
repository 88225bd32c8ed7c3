/* What a loop does with one of its connections. Each step_* goes on with one state and says whether
 * there is more to do without waiting. */
#include "http/server_priv.h"

#include "base/num.h"

#include <sys/socket.h>

enum { SEND_SLICE = 1024 * 1024, DISCARD_ROOM = 16 * 1024, TLS_HELLO = 0x16 };

struct conn *http_conn_new(int fd, const struct sockaddr_in6 *peer, struct ssl_ctx_st *tls)
{
	struct conn *c = NEW(struct conn);
	c->fd = fd;
	c->peer = *peer;
	c->is_fresh = true;
	c->wants = EPOLLIN;
	if (tls && !(c->tls = http_tls_new(tls, fd))) {
		fd_close(fd);
		free(c);
		return NULL;
	}
	return c;
}

bool http_conn_is_idle(const struct conn *c)
{
	return c->state == CONN_READ && !c->r;
}

static void drop_request(struct conn *c)
{
	if (!c->r)
		return;
	http_request_leave(c->r);
	http_request_done(c->r);
	http_request_recycle(c->loop, TAKE(c->r));
}

void http_conn_close(struct conn *c)
{
	struct loop *l = c->loop;
	assert(c->state != CONN_AWAY && c->state != CONN_CLOSED);
	drop_request(c);
	http_tls_free(c->tls, c->state == CONN_READ);
	close(c->fd); /* takes it out of epoll as well */
	*(c->prev ? &c->prev->next : &l->first) = c->next;
	*(c->next ? &c->next->prev : &l->last) = c->prev;
	c->state = CONN_CLOSED;
	c->next = l->dead;
	l->dead = c;
	atomic_fetch_sub(&l->n_conns, 1);
	atomic_fetch_sub(&l->server->n_conns, 1);
}

static const struct http_server_spec *limits(const struct conn *c)
{
	return &c->loop->server->spec;
}

static void set_deadline(struct conn *c, int64_t in_ns)
{
	c->deadline_ns = c->loop->now_ns + in_ns;
	c->moved_mark = c->moved;
}

void http_conn_on_deadline(struct conn *c)
{
	bool moves = c->state == CONN_WRITE || c->state == CONN_DRAIN;
	if (moves && c->moved - c->moved_mark >= HTTP_STALL_BYTES)
		set_deadline(c, limits(c)->stall_ns);
	else
		http_conn_close(c);
}

static bool wait_for(struct conn *c, uint32_t events)
{
	http_loop_watch(c, events);
	return false;
}

static bool give_up(struct conn *c)
{
	http_conn_close(c);
	return false;
}

static void set_state(struct conn *c, enum conn_state state, int64_t in_ns)
{
	c->state = state;
	c->moved = c->drained = 0;
	set_deadline(c, in_ns);
}

/* ---- READ ---- */

/* On a TLS port: does the client speak plain HTTP? */
static bool is_plain_on_tls(struct conn *c)
{
	static const char words[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 23\r\n"
				    "Connection: close\r\n\r\nthis port speaks https\n";
	char first;
	if (recv(c->fd, &first, 1, MSG_PEEK) != 1)
		return false;
	c->is_fresh = false;
	if (!ch_is_alpha(first))
		return false;
	(void)send(c->fd, words, sizeof(words) - 1, MSG_NOSIGNAL); /* a courtesy */
	return true;
}

/* Room for more of a head; false when it is at its limit. */
static bool make_room(struct http_request *r)
{
	if (r->n_in < r->cap_in)
		return true;
	if (r->n_in > HEAD_MAX)
		return false;
	r->cap_in *= 2;
	r->in = mem_resize(r->in, r->cap_in, 1);
	return true;
}

static void refuse(struct conn *c, int status)
{
	http_request_refuse(c->r, status);
	set_state(c, CONN_WRITE, limits(c)->stall_ns);
}

/* Refuses what is not even a head. */
static bool refuse_input(struct conn *c, int status)
{
	memset(&c->r->head, 0, offsetof(struct head, fields));
	c->r->began_ns = c->loop->now_ns;
	refuse(c, status);
	return true;
}

/* Empty lines before a request are skipped (RFC 9112 section 2.2). */
static void skip_empty_lines(struct http_request *r)
{
	size_t n = 0;
	while (n + 1 < r->n_in && r->in[n] == '\r' && r->in[n + 1] == '\n')
		n += 2;
	if (!n)
		return;
	r->n_in -= n;
	r->scanned = 0;
	memmove(r->in, r->in + n, r->n_in);
}

static void answer_here(struct conn *c)
{
	http_request_begin(c->r);
	if (!http_is_answered(c->r))
		http_request_end(c->r);
	http_request_leave(c->r);
	set_state(c, CONN_WRITE, limits(c)->stall_ns);
}

static void hand_over(struct conn *c)
{
	http_loop_watch(c, 0);
	c->state = CONN_AWAY;
	http_transfers_submit(c->loop->server->transfers, c);
}

static bool may_wait(const struct http_request *r)
{
	const struct http_handler *h = &r->conn->loop->server->spec.handler;
	if (h->waits)
		return h->waits(h->ctx, r);
	return r->head.method != HTTP_GET && r->head.method != HTTP_HEAD;
}

/* A small body is waited for here, with its head: a client that sends it drop by drop must not hold
 * one of few transfer threads, least of all before anybody asked who it is. */
static bool lacks_body(struct conn *c)
{
	struct http_request *r = c->r;
	if (r->head.size > HTTP_SMALL_BODY || r->n_in - r->n_head >= r->head.size)
		return false;
	if (r->head.expects_continue && !r->is_continued)
		r->is_continued = http_io_write(c, HTTP_CONTINUE, strlen(HTTP_CONTINUE), false) > 0;
	if (r->cap_in < r->n_head + r->head.size) {
		r->cap_in = r->n_head + r->head.size;
		r->in = mem_resize(r->in, r->cap_in, 1); /* the head is parsed again */
	}
	return true;
}

/* The head is n bytes long. False = its body is still to come. */
static bool take_head(struct conn *c, size_t n)
{
	struct http_request *r = c->r;
	r->n_head = n;
	r->began_ns = c->loop->now_ns;
	int status = http_head_parse(str_n(r->in, n), &r->head);
	if (status) {
		refuse(c, status);
		return true;
	}
	r->body = http_body_start(r->head.size);
	if (lacks_body(c))
		return false;
	if (may_wait(r))
		hand_over(c);
	else
		answer_here(c);
	return true;
}

static bool forget_head(struct conn *c)
{
	http_request_recycle(c->loop, TAKE(c->r));
	return wait_for(c, EPOLLIN);
}

/* Reads more of a head: 1 = something came, 0 = wait, -1 = the connection is of no use. */
static int read_more(struct conn *c)
{
	struct http_request *r = c->r;
	size_t room = r->cap_in - r->n_in;
	if (!c->may_have_more)
		return 0;
	if (c->tls && c->is_fresh && is_plain_on_tls(c))
		return -1;
	ssize_t n = http_io_read(c, r->in + r->n_in, room);
	if (n == IO_AGAIN) {
		c->may_have_more = false;
		return 0;
	}
	if (n <= 0)
		return -1;
	if (r->n_in == 0)
		set_deadline(c, limits(c)->head_ns);
	r->n_in += (size_t)n;
	c->may_have_more = c->tls || (size_t)n == room;
	return 1;
}

/* What is there so far: the length of a whole head, 0 = not yet, or minus the status to refuse it.
 */
static ssize_t look_at_head(struct conn *c)
{
	struct http_request *r = c->r;
	skip_empty_lines(r);
	/* docker tries TLS first on every port and waits for an answer to its hello: refused at
	 * once, it tries again without. */
	if (r->n_in && r->in[0] == TLS_HELLO)
		return -400;
	size_t n = http_head_length(str_n(r->in, r->n_in), &r->scanned);
	if (n > HEAD_MAX)
		return -431;
	if (n)
		return (ssize_t)n;
	if (r->n_in > HEAD_LINE_MAX && !memchr(r->in, '\n', HEAD_LINE_MAX))
		return -414;
	return make_room(r) ? 0 : -431;
}

static bool step_read(struct conn *c)
{
	if (!c->r) {
		c->r = http_request_new(c->loop);
		c->r->conn = c;
	}
	for (;;) {
		ssize_t n = look_at_head(c);
		if (n < 0)
			return refuse_input(c, (int)-n);
		if (n > 0 && take_head(c, (size_t)n))
			return c->state != CONN_AWAY;
		int more = read_more(c);
		if (more < 0)
			return give_up(c);
		if (more == 0)
			return c->r->n_in ? wait_for(c, c->wants) : forget_head(c);
	}
}

/* ---- WRITE ---- */

/* Counts what was written off head, text and file, in this order. */
static void count_sent(struct conn *c, struct out *out, uint64_t n)
{
	uint64_t head = num_min(n, out->head.n - out->head_sent);
	c->moved += n;
	out->head_sent += (size_t)head;
	n -= head;
	out->body_sent += n;
	if (out->text.n) {
		out->text = str_skip(out->text, (size_t)n);
	} else {
		out->offset += n;
		out->left -= n;
	}
}

static ssize_t send_some(struct conn *c, struct out *out)
{
	struct str head = str_skip(buf_str(&out->head), out->head_sent);
	if (out->text.n)
		return http_io_write_two(c, head, out->text);
	if (head.n)
		return http_io_write(c, head.p, head.n, out->left > 0);
	return http_io_send_file(c, out->fd, out->offset, num_min(out->left, SEND_SLICE));
}

/* The next request of this connection starts where this one ended. */
static void shift_input(struct conn *c, size_t consumed)
{
	struct http_request *r = c->r;
	r->n_in -= consumed;
	memmove(r->in, r->in + consumed, r->n_in);
	r->scanned = 0;
	r->is_continued = false;
	if (r->n_ahead) {
		free(r->in);
		r->in = TAKE(r->ahead);
		r->n_in = r->n_ahead;
		r->cap_in = r->cap_ahead;
		r->n_ahead = 0;
	}
	set_state(c, CONN_READ, r->n_in ? limits(c)->head_ns : limits(c)->idle_ns);
	if (!r->n_in)
		http_request_recycle(c->loop, TAKE(c->r));
	http_loop_touch(c);
}

/* Closing with unread input would reset the connection, and the client might never see the answer:
 * say that we are done, and read on until it has gone. */
static void start_linger(struct conn *c)
{
	http_request_recycle(c->loop, TAKE(c->r));
	http_tls_free(TAKE(c->tls), true);
	shutdown(c->fd, SHUT_WR);
	set_state(c, CONN_LINGER, HTTP_LINGER_NS);
}

static bool step_done(struct conn *c)
{
	struct http_request *r = c->r;
	bool closes = r->out.closes;
	http_request_done(r);
	if (closes)
		start_linger(c);
	else if (r->body.state != BODY_DONE)
		set_state(c, CONN_DRAIN, limits(c)->stall_ns);
	else
		shift_input(c, r->n_head);
	return true;
}

static bool step_write(struct conn *c)
{
	struct out *out = &c->r->out;
	for (uint64_t slice = 0; slice < SEND_SLICE;) {
		if (out->head_sent == out->head.n && !out->text.n && !out->left)
			return step_done(c);
		ssize_t n = send_some(c, out);
		if (n == IO_AGAIN)
			return wait_for(c, c->wants);
		if (n < 0)
			return give_up(c);
		count_sent(c, out, (uint64_t)n);
		slice += (uint64_t)n;
	}
	return wait_for(c, EPOLLOUT); /* let the others have a turn */
}

/* ---- DRAIN and LINGER ---- */

/* Takes what is left of the body out of `in`; -1 = broken or more than we care to read. */
static int drain(struct conn *c, struct str *in)
{
	struct str piece;
	size_t before = in->n;
	int rc;
	while ((rc = http_body_next(&c->r->body, in, &piece)) > 0)
		;
	c->moved += before - in->n;
	c->drained += before - in->n;
	return rc < 0 || c->drained > HTTP_DRAIN_MAX ? -1 : 0;
}

static bool step_drain(struct conn *c)
{
	struct http_request *r = c->r;
	struct str in = str_n(r->in + r->n_head, r->n_in - r->n_head);
	while (drain(c, &in) == 0) {
		if (r->body.state == BODY_DONE) {
			shift_input(c, r->n_in - in.n);
			return true;
		}
		ssize_t n = http_io_read(c, r->in, r->cap_in);
		r->n_head = r->n_in = 0;
		if (n == IO_AGAIN)
			return wait_for(c, c->wants);
		if (n <= 0)
			break;
		r->n_in = (size_t)n;
		in = str_n(r->in, r->n_in);
	}
	return give_up(c);
}

static bool step_linger(struct conn *c)
{
	char room[DISCARD_ROOM];
	while (c->drained < HTTP_LINGER_MAX) {
		ssize_t n = recv(c->fd, room, sizeof(room), 0);
		if (n < 0 && errno == EAGAIN)
			return wait_for(c, EPOLLIN);
		if (n <= 0)
			break;
		c->drained += (uint64_t)n;
	}
	return give_up(c);
}

/* ---- all together ---- */

static bool step(struct conn *c)
{
	switch (c->state) {
	case CONN_READ: return step_read(c);
	case CONN_WRITE: return step_write(c);
	case CONN_DRAIN: return step_drain(c);
	case CONN_LINGER: return step_linger(c);
	case CONN_AWAY:
	case CONN_CLOSED: break;
	}
	return false;
}

void http_conn_run(struct conn *c)
{
	unsigned n_requests = 0;
	while (step(c))
		if (c->state == CONN_READ && ++n_requests == HTTP_PIPELINE_MAX) {
			http_loop_watch(c, 0);
			c->state = CONN_AWAY;
			http_loop_post(c->loop, c); /* after the others */
		}
}
