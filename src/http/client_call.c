/* One request and its answer. libcurl runs as a state machine between polls of ours, so that a
 * cancel wakes it at once. */
#include "http/client_priv.h"

#include "base/num.h"
#include "base/vec.h"
#include "http/url.h"

enum {
	HEADERS_MAX = 64 * 1024,
	BODY_DEFAULT_MAX = 4 * 1024 * 1024,
	POLL_MS = 1000, /* how often stalls are looked for */
};

VEC_TYPE(header_vec, struct http_header);

struct exchange {
	struct http_client *client;
	const struct curl_lib *curl;
	struct line *line;
	const struct http_call *call;
	struct http_response *ret;
	struct err *err;
	bool has_failed;   /* err is set: by a callback or by us */
	bool is_head_done; /* on_head was told */
	bool is_sent;      /* the whole body was handed out */
	struct str body_left;
	uint64_t n_left; /* of a body that is read; UINT64_MAX = unknown */
	size_t header_bytes;
	struct header_vec headers;
	struct curl_slist *fields;
	int64_t moved_ns; /* when a byte went either way */
	char words[CURL_ERROR_SIZE];
	char peer[280]; /* "host:port" for messages */
};

static void moved(struct exchange *x)
{
	x->moved_ns = clock_monotonic(clock_system());
}

/* ---- what libcurl calls ---- */

static struct str lower_copy(struct arena *a, struct str s)
{
	char *p = arena_cstr(a, s);
	for (size_t i = 0; i < s.n; i++)
		p[i] = ch_lower(p[i]);
	return str_n(p, s.n);
}

/* "HTTP/1.1 200 OK" starts another head: the one before was interim (100 Continue). */
static void begin_head(struct exchange *x, struct str line)
{
	struct str word;
	uint64_t status = 0;
	struct err none;
	vec_clear(&x->headers);
	(void)str_word(&line, &word); /* "HTTP/1.1" */
	if (str_word(&line, &word))
		(void)num_parse_u64(word, 100, 999, &status, &none); /* stays 0 */
	x->ret->status = (int)status;
}

static size_t on_header(char *p, size_t size, size_t n, void *ctx)
{
	struct exchange *x = ctx;
	struct str line = str_trim(str_n(p, size * n));
	moved(x);
	x->header_bytes += size * n;
	if (x->header_bytes > HEADERS_MAX) {
		x->has_failed = true;
		err_set(x->err, ERR_LIMIT, "%s: headers are larger than %d bytes", x->peer,
			HEADERS_MAX);
		return 0;
	}
	ssize_t colon = str_chr(line, ':');
	if (x->is_head_done)
		return size * n; /* a trailer */
	if (str_starts(line, S("HTTP/"))) {
		begin_head(x, line);
	} else if (colon > 0) {
		struct http_header h = {lower_copy(&x->ret->arena, str_sub(line, 0, (size_t)colon)),
			arena_str(&x->ret->arena, str_trim(str_skip(line, (size_t)colon + 1)))};
		vec_push(&x->headers, h);
	}
	return size * n;
}

/* The head is complete: once. */
static int finish_head(struct exchange *x)
{
	struct http_response *r = x->ret;
	if (x->is_head_done)
		return 0;
	x->is_head_done = true;
	r->n_headers = x->headers.n;
	r->headers = ARENA_ARRAY(&r->arena, struct http_header, x->headers.n);
	for (size_t i = 0; i < x->headers.n; i++)
		r->headers[i] = x->headers.p[i];
	if (x->call->on_head && x->call->on_head(x->call->ctx, r, x->err) < 0) {
		x->has_failed = true;
		return -1;
	}
	return 0;
}

static int take_piece(struct exchange *x, struct str piece)
{
	if (x->call->on_body)
		return x->call->on_body(x->call->ctx, piece, x->err);
	buf_add(&x->ret->body, piece);
	return buf_check(&x->ret->body, "answer", x->err) < 0 ? err_wrap(x->err, "%s", x->peer) : 0;
}

static size_t on_write(char *p, size_t size, size_t n, void *ctx)
{
	struct exchange *x = ctx;
	moved(x);
	if (finish_head(x) < 0)
		return CURL_WRITEFUNC_ERROR;
	if (take_piece(x, str_n(p, size * n)) < 0) {
		x->has_failed = true;
		return CURL_WRITEFUNC_ERROR;
	}
	return size * n;
}

static size_t read_text(struct exchange *x, char *room, size_t n)
{
	if (n > x->body_left.n)
		n = x->body_left.n;
	if (n)
		memcpy(room, x->body_left.p, n);
	x->body_left = str_skip(x->body_left, n);
	x->is_sent = x->body_left.n == 0;
	return n;
}

static size_t on_read(char *room, size_t size, size_t n, void *ctx)
{
	struct exchange *x = ctx;
	moved(x);
	if (!x->call->read)
		return read_text(x, room, size * n);
	size_t want = (size_t)num_min(size * n, x->n_left);
	ssize_t got = want ? x->call->read(x->call->ctx, room, want, x->err) : 0;
	if (got == 0 && x->n_left && x->n_left != UINT64_MAX)
		got = err_set(x->err, ERR_INPUT, "body ended %llu bytes early",
			(unsigned long long)x->n_left);
	if (got < 0) {
		x->has_failed = true;
		return CURL_READFUNC_ABORT;
	}
	if (x->n_left != UINT64_MAX)
		x->n_left -= (uint64_t)got;
	x->is_sent = got == 0 || x->n_left == 0;
	return (size_t)got;
}

/* A kept connection turned out to be dead: from the start again. */
static int on_seek(void *ctx, curl_off_t offset, int origin)
{
	struct exchange *x = ctx;
	if (offset != 0 || origin != SEEK_SET)
		return CURL_SEEKFUNC_CANTSEEK;
	x->body_left = x->call->body;
	x->n_left = x->call->body_size;
	x->is_sent = false;
	if (!x->call->read)
		return CURL_SEEKFUNC_OK;
	return x->call->rewind && x->call->rewind(x->call->ctx) == 0 ? CURL_SEEKFUNC_OK
								     : CURL_SEEKFUNC_CANTSEEK;
}

/* ---- setting up ---- */

#define SET(x, option, value) (void)(x)->curl->easy_setopt((x)->line->easy, option, value)

static int add_field(struct exchange *x, struct str name, struct str value)
{
	CLEANUP(buf_done) struct buf line = BUF(HEADERS_MAX);
	for (size_t i = 0; i < value.n; i++)
		if ((uint8_t)value.p[i] < ' ' && value.p[i] != '\t')
			return err_set(x->err, ERR_INPUT, "header '%.*s' holds a control character",
				STR_ARG(name));
	buf_add(&line, name);
	buf_add_cstr(&line, value.n ? ": " : ";"); /* libcurl's way to write an empty one */
	buf_add(&line, value);
	if (buf_check(&line, "header", x->err) < 0)
		return -1;
	struct curl_slist *longer = x->curl->slist_append(x->fields, buf_cstr(&line));
	if (!longer)
		return err_set(x->err, ERR_SYS, "libcurl: out of memory");
	x->fields = longer;
	return 0;
}

static int set_fields(struct exchange *x)
{
	for (size_t i = 0; i < x->call->n_headers; i++)
		if (add_field(x, x->call->headers[i].name, x->call->headers[i].value) < 0)
			return -1;
	SET(x, CURLOPT_HTTPHEADER, x->fields);
	return 0;
}

static void set_body(struct exchange *x)
{
	const struct http_call *call = x->call;
	uint64_t size = call->read ? call->body_size : call->body.n;
	x->body_left = call->body;
	x->n_left = call->body_size;
	SET(x, CURLOPT_UPLOAD, 1L);
	SET(x, CURLOPT_INFILESIZE_LARGE, size == UINT64_MAX ? (curl_off_t)-1 : (curl_off_t)size);
	SET(x, CURLOPT_READFUNCTION, on_read);
	SET(x, CURLOPT_READDATA, x);
	SET(x, CURLOPT_SEEKFUNCTION, on_seek);
	SET(x, CURLOPT_SEEKDATA, x);
}

static void set_method(struct exchange *x)
{
	struct str m = str_of(x->call->method);
	bool takes_body = str_is(m, "PUT") || str_is(m, "POST") || str_is(m, "PATCH");
	if (x->call->read || x->call->body.n || takes_body)
		set_body(x);
	else
		x->is_sent = true;
	if (str_is(m, "HEAD"))
		SET(x, CURLOPT_NOBODY, 1L);
	else
		SET(x, CURLOPT_CUSTOMREQUEST, x->call->method);
}

static void set_connection(struct exchange *x)
{
	const struct http_client_spec *spec = &x->client->spec;
	bool is_insecure = spec->is_insecure_tls || x->call->is_insecure_tls;
	SET(x, CURLOPT_URL, x->call->url);
	SET(x, CURLOPT_PROTOCOLS_STR, "http,https");
	SET(x, CURLOPT_PATH_AS_IS, 1L);
	SET(x, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	SET(x, CURLOPT_NOSIGNAL, 1L);
	SET(x, CURLOPT_SHARE, x->client->share);
	SET(x, CURLOPT_USERAGENT, spec->user_agent);
	SET(x, CURLOPT_CONNECTTIMEOUT_MS, (long)(spec->connect_timeout_ns / CLOCK_MS));
	SET(x, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	SET(x, CURLOPT_BUFFERSIZE, 256L * 1024);
	SET(x, CURLOPT_UPLOAD_BUFFERSIZE, 512L * 1024);
	if (spec->ca_file)
		SET(x, CURLOPT_CAINFO, spec->ca_file);
	SET(x, CURLOPT_SSL_VERIFYPEER, is_insecure ? 0L : 1L);
	SET(x, CURLOPT_SSL_VERIFYHOST, is_insecure ? 0L : 2L);
}

static int set_up(struct exchange *x)
{
	x->curl->easy_reset(x->line->easy);
	set_connection(x);
	set_method(x);
	SET(x, CURLOPT_ERRORBUFFER, x->words);
	SET(x, CURLOPT_HEADERFUNCTION, on_header);
	SET(x, CURLOPT_HEADERDATA, x);
	SET(x, CURLOPT_WRITEFUNCTION, on_write);
	SET(x, CURLOPT_WRITEDATA, x);
	return set_fields(x);
}

/* ---- what went wrong ---- */

static const char *errno_words(struct exchange *x, char room[128])
{
	long number = 0;
	x->curl->easy_getinfo(x->line->easy, CURLINFO_OS_ERRNO, &number);
	if (!number)
		return "no answer";
	char said[128];
	snprintf(room, 128, "%s", strerror_r((int)number, said, sizeof(said)));
	room[0] = ch_lower(room[0]);
	return room;
}

static const char *curl_words(struct exchange *x, CURLcode code)
{
	if (!x->words[0])
		snprintf(x->words, sizeof(x->words), "%s", x->curl->easy_strerror(code));
	if (ch_lower(x->words[1]) == x->words[1]) /* not "SSL ..." */
		x->words[0] = ch_lower(x->words[0]);
	return x->words;
}

static bool is_tls_trouble(CURLcode code)
{
	return code == CURLE_SSL_CONNECT_ERROR || code == CURLE_PEER_FAILED_VERIFICATION ||
		code == CURLE_SSL_CERTPROBLEM || code == CURLE_SSL_CACERT_BADFILE ||
		code == CURLE_SSL_ISSUER_ERROR || code == CURLE_SSL_INVALIDCERTSTATUS;
}

static int explain(struct exchange *x, CURLcode code)
{
	struct err *err = x->err;
	char room[128];
	if (is_tls_trouble(code))
		return err_set(err, ERR_NET, "tls with %s: %s", x->peer, curl_words(x, code));
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return err_set(err, ERR_NET, "look up %s: no such host", x->peer);
	case CURLE_COULDNT_CONNECT:
		return err_set(err, ERR_NET, "connect to %s: %s", x->peer, errno_words(x, room));
	case CURLE_OPERATION_TIMEDOUT:
		return err_set(err, ERR_NET, "connect to %s: no answer in time", x->peer);
	case CURLE_GOT_NOTHING:
		return err_set(err, ERR_NET, "%s closed the connection without an answer", x->peer);
	case CURLE_PARTIAL_FILE:
		return err_set(err, ERR_NET, "%s closed the connection in the middle", x->peer);
	case CURLE_SEND_FAIL_REWIND:
		return err_set(err, ERR_NET, "%s closed the connection while we sent", x->peer);
	case CURLE_URL_MALFORMAT:
		return err_set(err, ERR_INPUT, "url '%s': libcurl cannot read it", x->call->url);
	default: return err_set(err, ERR_NET, "%s: %s", x->peer, curl_words(x, code));
	}
}

/* ---- running ---- */

static int fail(struct exchange *x)
{
	x->has_failed = true;
	return -1;
}

/* Nothing moved for too long? A server that has our whole request may think for longer. */
static int check_stall(struct exchange *x)
{
	const struct http_client_spec *spec = &x->client->spec;
	bool is_thinking = x->is_sent && !x->is_head_done;
	int64_t limit = is_thinking ? spec->answer_timeout_ns : spec->stall_timeout_ns;
	if (clock_monotonic(clock_system()) - x->moved_ns < limit)
		return 0;
	char text[CLOCK_TEXT];
	clock_human_duration(limit, text);
	err_set(x->err, ERR_NET, "%s: nothing moved for %s", x->peer, text);
	return fail(x);
}

static int wait_some(struct exchange *x)
{
	struct curl_waitfd wake = {.events = CURL_WAIT_POLLIN};
	const struct http_client_spec *spec = &x->client->spec;
	int64_t ms = (int64_t)num_min((uint64_t)spec->stall_timeout_ns / CLOCK_MS, POLL_MS);
	if (x->call->cancel)
		wake.fd = x->call->cancel->wake_fd;
	CURLMcode code =
		x->curl->multi_poll(x->line->multi, &wake, x->call->cancel ? 1 : 0, (int)ms, NULL);
	if (code != CURLM_OK) {
		err_set(x->err, ERR_SYS, "libcurl: %s", x->curl->multi_strerror(code));
		return fail(x);
	}
	if (cancel_check(x->call->cancel, x->err) < 0)
		return fail(x);
	return check_stall(x);
}

static int run(struct exchange *x)
{
	CURLM *multi = x->line->multi;
	int running = 1, in_queue;
	while (running) {
		CURLMcode code = x->curl->multi_perform(multi, &running);
		if (code != CURLM_OK) {
			err_set(x->err, ERR_SYS, "libcurl: %s", x->curl->multi_strerror(code));
			return fail(x);
		}
		if (running && wait_some(x) < 0)
			return -1;
	}
	CURLMsg *m = x->curl->multi_info_read(multi, &in_queue);
	CURLcode code = m && m->msg == CURLMSG_DONE ? m->data.result : CURLE_GOT_NOTHING;
	if (x->has_failed)
		return -1;
	return code == CURLE_OK ? finish_head(x) : explain(x, code);
}

int http_line_call(struct http_client *c, struct line *l, const struct http_call *call,
	struct http_response *ret, struct err *err)
{
	struct exchange x = {
		.client = c, .curl = &c->curl, .line = l, .call = call, .ret = ret, .err = err};
	struct url u;
	if (url_parse(str_of(call->url), &u, err) < 0)
		return -1;
	snprintf(x.peer, sizeof(x.peer), "%.*s:%u", STR_ARG(u.host), u.port);
	*ret = (struct http_response){
		.body = BUF(call->max_body ? call->max_body : BODY_DEFAULT_MAX)};
	moved(&x);
	int rc = set_up(&x);
	if (rc == 0) {
		c->curl.multi_add_handle(l->multi, l->easy);
		rc = run(&x);
		c->curl.multi_remove_handle(l->multi, l->easy);
	}
	c->curl.slist_free_all(x.fields);
	vec_done(&x.headers);
	if (rc < 0)
		http_response_done(ret);
	return rc;
}
