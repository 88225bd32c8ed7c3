/* Writing the head of an answer. */
#include "http/server_priv.h"

static bool may_have_body(int status)
{
	return status >= 200 && status != 204 && status != 304;
}

static void add_date(struct http_request *r)
{
	int64_t second = clock_now(clock_system()) / CLOCK_SECOND;
	if (second != r->date_second) {
		http_date(second, r->date);
		r->date_second = second;
	}
	buf_add(&r->out.head, S("\r\nDate: "));
	buf_add_cstr(&r->out.head, r->date);
}

/* A value with a line break in it would be a second header: such a header is not sent at all. */
static bool is_one_line(struct str v)
{
	return v.n == 0 || (!memchr(v.p, '\n', v.n) && !memchr(v.p, '\r', v.n));
}

static void add_headers(struct buf *b, const struct http_reply *reply)
{
	for (size_t i = 0; i < reply->n_headers; i++) {
		const struct http_reply_header *h = &reply->headers[i];
		if (!h->value.p || !is_one_line(h->value))
			continue;
		buf_add(b, S("\r\n"));
		buf_add_cstr(b, h->name);
		buf_add(b, S(": "));
		buf_add(b, h->value);
	}
}

static void add_u64(struct buf *b, uint64_t v)
{
	char digits[20];
	size_t n = sizeof(digits);
	do
		digits[--n] = (char)('0' + v % 10);
	while (v /= 10);
	buf_add_bytes(b, digits + n, sizeof(digits) - n);
}

static void add_length(struct http_request *r, const struct http_reply *reply, uint64_t size)
{
	bool is_announcing = !may_have_body(reply->status) || r->head.method == HTTP_HEAD;
	if (is_announcing && !size)
		size = reply->head_size;
	if (reply->status < 200 || reply->status == 204 || (reply->status == 304 && !size))
		return;
	buf_add(&r->out.head, S("\r\nContent-Length: "));
	add_u64(&r->out.head, size);
}

static void add_head(struct http_request *r, const struct http_reply *reply, uint64_t size)
{
	struct buf *b = &r->out.head;
	if (reply->status == 200)
		buf_add(b, S("HTTP/1.1 200 OK"));
	else
		buf_fmt(b, "HTTP/1.1 %d %s", reply->status, http_status_words(reply->status));
	add_date(r);
	add_headers(b, reply);
	add_length(r, reply, size);
	if (r->out.closes)
		buf_add(b, S("\r\nConnection: close"));
	else if (r->head.minor == 0)
		buf_add(b, S("\r\nConnection: keep-alive"));
	buf_add(b, S("\r\n\r\n"));
}

/* Does the connection end after this answer? A client that waits for "100 Continue" may or may not
 * send its body now, and nobody can tell which from the bytes. */
static bool is_last(const struct http_request *r, const struct http_reply *reply)
{
	bool has_more = r->body.state != BODY_DONE;
	return reply->closes || r->head.closes || r->is_broken ||
		(has_more && (r->head.expects_continue || r->body.left > HTTP_DRAIN_MAX)) ||
		atomic_load(&r->conn->loop->server->is_stopping);
}

static void add_body(struct http_request *r, const struct http_reply *reply)
{
	struct out *out = &r->out;
	if (reply->take_fd > 0) {
		out->fd = reply->take_fd;
		out->offset = reply->offset;
		out->left = reply->size;
	} else if (reply->is_text_shared) {
		out->text = reply->text;
	} else {
		buf_add(&out->head, reply->text);
	}
}

void http_answer(struct http_request *r, const struct http_reply *reply)
{
	struct out *out = &r->out;
	assert(!out->status);
	out->status = reply->status;
	out->release = reply->release;
	out->release_ctx = reply->release_ctx;
	out->closes = is_last(r, reply);
	add_head(r, reply, reply->take_fd > 0 ? reply->size : reply->text.n);
	if (r->head.method != HTTP_HEAD && may_have_body(reply->status))
		add_body(r, reply);
	else if (reply->take_fd > 0)
		fd_close(reply->take_fd);
	if (out->head.is_over) { /* larger than HTTP_TEXT_MAX: nothing honest can be sent */
		buf_clear(&out->head);
		buf_add(&out->head,
			S("HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\n"
			  "Content-Length: 0\r\n\r\n"));
		out->status = 500;
		out->closes = true;
	}
}

bool http_is_answered(const struct http_request *r)
{
	return r->out.status != 0;
}

void http_request_refuse(struct http_request *r, int status)
{
	char text[80];
	snprintf(text, sizeof(text), "%d %s\n", status, http_status_words(status));
	const struct http_reply_header type = {"Content-Type", S("text/plain; charset=utf-8")};
	http_answer(r,
		&(struct http_reply){.status = status,
			.headers = &type,
			.n_headers = 1,
			.text = str_of(text),
			.closes = true});
}
