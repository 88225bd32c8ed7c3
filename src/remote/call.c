/* One request to a registry: where to, as whom, and again when that may help.
 *
 *	call_run ── tries ──► call_once ── after 401: auth_learn ──► send ── redirects ──► http_call
 *
 * Authorisation goes to the registry's own origin only: not to where a redirect or an upload's
 * Location leads. */
#include "remote/remote_priv.h"

#include "base/num.h"
#include "http/url.h"

#include <poll.h>
#include <sys/random.h>

enum { SAID_MAX = 16 * 1024, RETRY_AFTER_MAX_S = 60, WORDS_MAX = 300 };

/* ---- plain http or not ---- */

/* Only loopback hosts and those that the user called insecure are ever asked without TLS. */
static int probe_one(struct remote *r, struct host *h, enum host_scheme scheme, struct err *err)
{
	CLEANUP(http_response_done) struct http_response answer = {0};
	CLEANUP(buf_done) struct buf url = BUF(REMOTE_URL_MAX);
	buf_fmt(&url, "%s://%s/v2/", scheme == SCHEME_HTTP ? "http" : "https", h->name);
	struct http_call call = {.method = "GET",
		.url = buf_cstr(&url),
		.is_insecure_tls = h->is_insecure,
		.cancel = r->cancel};
	if (http_call(h->client, &call, &answer, err) < 0)
		return -1;
	/* A TLS server that is asked in plain text says 400. */
	if (scheme == SCHEME_HTTP && answer.status == 400)
		return err_set(err, ERR_NET, "%s does not speak plain http", h->name);
	h->scheme = scheme;
	atomic_store(&h->was_reached, true);
	auth_note_challenge(h, &answer);
	return 0;
}

static int find_scheme(struct remote *r, struct host *h, struct err *err)
{
	int rc = 0;
	pthread_mutex_lock(&h->mutex);
	if (h->scheme == SCHEME_UNKNOWN && !h->is_insecure && !h->is_loopback) {
		h->scheme = SCHEME_HTTPS;
	} else if (h->scheme == SCHEME_UNKNOWN) {
		struct err second = {0};
		enum host_scheme first = h->is_loopback ? SCHEME_HTTP : SCHEME_HTTPS;
		rc = probe_one(r, h, first, err);
		if (rc < 0 && err->kind != ERR_CANCELED)
			rc = probe_one(r, h, first == SCHEME_HTTP ? SCHEME_HTTPS : SCHEME_HTTP,
				&second);
	}
	pthread_mutex_unlock(&h->mutex);
	return rc;
}

/* ---- sending ---- */

struct exchange {
	struct remote *r;
	const struct call *c;
	bool is_content;
	struct buf said; /* the body of what is no content */
};

static int on_head(void *ctx, const struct http_response *head, struct err *err)
{
	struct exchange *x = ctx;
	x->is_content = head->status == 200 || head->status == 206;
	return x->is_content && x->c->on_head ? x->c->on_head(x->c->ctx, head, err) : 0;
}

static int on_body(void *ctx, struct str piece, struct err *err)
{
	struct exchange *x = ctx;
	if (x->is_content)
		return x->c->on_body(x->c->ctx, piece, err);
	buf_add(&x->said, str_sub(piece, 0, SAID_MAX - x->said.n));
	return 0;
}

static ssize_t read_body(void *ctx, char *room, size_t n, struct err *err)
{
	struct exchange *x = ctx;
	return x->c->read(x->c->ctx, room, n, err);
}

static int rewind_body(void *ctx)
{
	struct exchange *x = ctx;
	return x->c->rewind(x->c->ctx);
}

int call_url(const struct call *c, struct buf *url, struct err *err)
{
	const struct host *h = c->at->host;
	const char *scheme = h->scheme == SCHEME_HTTP ? "http" : "https";
	if (str_starts(c->path, S("http://")) || str_starts(c->path, S("https://")))
		buf_add(url, c->path);
	else
		buf_fmt(url, "%s://%s/v2/%.*s", scheme, h->name, STR_ARG(c->path));
	return buf_check(url, "url", err);
}

static bool is_at_registry(const struct host *h, struct str url)
{
	char base[512];
	int n = snprintf(base, sizeof(base), "%s://%s/",
		h->scheme == SCHEME_HTTP ? "http" : "https", h->name);
	return n > 0 && (size_t)n < sizeof(base) && url_same_origin(str_n(base, (size_t)n), url);
}

static int send_to(struct exchange *x, struct str url, struct str authorization,
	struct http_response *ret, struct err *err)
{
	const struct call *c = x->c;
	struct http_header headers[16];
	size_t n = 0;
	assert(c->n_headers + 1 < ARRAY_LEN(headers));
	for (size_t i = 0; i < c->n_headers; i++)
		headers[n++] = c->headers[i];
	if (authorization.n && is_at_registry(c->at->host, url))
		headers[n++] = (struct http_header){S("Authorization"), authorization};
	struct http_call call = {
		.method = c->method,
		.url = url.p,
		.headers = headers,
		.n_headers = n,
		.body = c->body,
		.body_size = c->body_size,
		.read = c->read ? read_body : NULL,
		.rewind = c->rewind ? rewind_body : NULL,
		.on_head = c->on_body ? on_head : NULL,
		.on_body = c->on_body ? on_body : NULL,
		.ctx = x,
		.max_body = c->max_body,
		.is_insecure_tls = c->at->host->is_insecure,
		.cancel = c->cancel ? c->cancel : x->r->cancel,
	};
	buf_clear(&x->said);
	return http_call(c->at->host->client, &call, ret, err);
}

static bool is_redirect(const struct call *c, int status)
{
	bool reads = strcmp(c->method, "GET") == 0 || strcmp(c->method, "HEAD") == 0;
	return reads &&
		(status == 301 || status == 302 || status == 303 || status == 307 || status == 308);
}

/* Sends, and follows where the answer points. */
static int send_call(struct exchange *x, struct str authorization, struct http_response *ret,
	struct err *err)
{
	CLEANUP(buf_done) struct buf url = BUF(REMOTE_URL_MAX), next = BUF(REMOTE_URL_MAX);
	if (call_url(x->c, &url, err) < 0)
		return -1;
	for (unsigned hop = 0;; hop++) {
		if (send_to(x, buf_str(&url), authorization, ret, err) < 0)
			return -1;
		if (!is_redirect(x->c, ret->status))
			return 0;
		int rc = hop == REMOTE_REDIRECTS
			? err_set(err, ERR_INPUT, "%s: more than %d redirects",
				  x->c->at->host->name, REMOTE_REDIRECTS)
			: redirect_target(buf_str(&url), ret, &next, err);
		http_response_done(ret);
		if (rc < 0)
			return -1;
		buf_clear(&url);
		buf_add(&url, buf_str(&next));
		buf_clear(&next);
	}
}

/* ---- what the registry says ---- */

/* Something to read from a page that is no JSON. */
static struct str first_words(struct str text, struct arena *a)
{
	char *p = arena_alloc(a, WORDS_MAX + 1, 1);
	size_t n = 0;
	for (; n < text.n && n < WORDS_MAX && text.p[n] != '\n' && text.p[n] != '\r'; n++)
		p[n] = text.p[n] >= ' ' && text.p[n] < 0x7f ? text.p[n] : ' ';
	return n && p[0] != '<' ? str_trim(str_n(p, n)) : STR_NONE; /* no HTML */
}

/* {"errors":[{"code":"NAME_UNKNOWN","message":"…"}]}, or plain text. */
static struct str said_words(const struct http_response *a, struct arena *arena)
{
	struct json *v = NULL, *errors = NULL;
	struct err ignored;
	struct str text = str_trim(buf_str(&a->body)), code = STR_NONE, message = STR_NONE;
	if (json_parse(text, NULL, arena, &v, &ignored) < 0)
		return first_words(text, arena);
	errors = json_get(v, "errors");
	const struct json *first =
		errors && errors->kind == JSON_ARRAY && errors->n ? &errors->items[0] : v;
	(void)json_opt_str(first, "code", &code, &ignored);
	(void)json_opt_str(first, "message", &message, &ignored);
	if (!message.n)
		(void)json_opt_str(first, "details", &message, &ignored); /* token endpoints */
	return message.n ? message : code;
}

static enum err_kind kind_of(int status)
{
	switch (status) {
	case 401:
	case 403: return ERR_DENIED;
	case 404: return ERR_NOT_FOUND;
	case 400:
	case 413:
	case 422: return ERR_INPUT;
	case 405:
	case 415: return ERR_UNSUPPORTED;
	case 409: return ERR_CONFLICT;
	default: return ERR_NET;
	}
}

static void hint_for(const struct call *c, int status, struct err *err)
{
	const struct host *h = c->at->host;
	const char *domain = h->domain[0] ? h->domain : h->name;
	if (status == 401)
		err_hint(err, "knarr login %s", domain);
	else if (status == 403 && (c->actions & (ACT_PUSH | ACT_DELETE)))
		err_hint(err,
			"the token needs %s for '%.*s' (in a workflow: permissions: packages: write)",
			c->actions & ACT_PUSH ? "write:packages" : "delete:packages",
			STR_ARG(c->at->logical_path));
	else if (status == 403)
		err_hint(err, "the token needs read:packages for '%.*s'",
			STR_ARG(c->at->logical_path));
	else if (status == 429)
		err_hint(err, "log in for a higher limit, or set a mirror for %s", domain);
}

int call_refused(const struct call *c, const struct http_response *a, const char *what,
	struct err *err)
{
	CLEANUP(arena_done) struct arena arena = {0};
	struct str words = str_sub(said_words(a, &arena), 0, WORDS_MAX);
	const char *name = c->at->host->name;
	if (words.n)
		err_set(err, kind_of(a->status), "%s refused to %s: %.*s (%d)", name, what,
			STR_ARG(words), a->status);
	else
		err_set(err, kind_of(a->status), "%s refused to %s (%d)", name, what, a->status);
	hint_for(c, a->status, err);
	return -1;
}

/* ---- again? ---- */

static bool is_passing(int status)
{
	return status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

/* Seconds; dates are not worth a parser here: 1 s. */
static int64_t retry_after(const struct http_response *a)
{
	struct str text = http_response_header(a, "retry-after");
	uint64_t seconds = 0;
	struct err ignored;
	if (!text.n)
		return 0;
	if (num_parse_u64(text, 0, UINT32_MAX, &seconds, &ignored) < 0)
		seconds = 1;
	return (int64_t)num_min(seconds, RETRY_AFTER_MAX_S) * CLOCK_SECOND;
}

int call_pause(struct remote *r, unsigned attempt, int64_t wanted_ns, const struct cancel *c,
	struct err *err)
{
	uint32_t dice = 0;
	const struct cancel *cancel = c ? c : r->cancel;
	int64_t ns = r->retry_ns << (attempt < 10 ? attempt : 10);
	(void)!getrandom(&dice, sizeof(dice), 0);
	ns += ns / 4 * (int64_t)(dice % 100) / 100; /* not all at once */
	if (ns < wanted_ns)
		ns = wanted_ns;
	struct pollfd wake = {.fd = cancel ? cancel->wake_fd : -1, .events = POLLIN};
	struct timespec limit = {.tv_sec = ns / CLOCK_SECOND, .tv_nsec = ns % CLOCK_SECOND};
	(void)ppoll(&wake, 1, &limit, NULL);
	return cancel_check(cancel, err);
}

static void take_words(struct exchange *x, struct http_response *ret)
{
	if (x->said.n)
		buf_add(&ret->body, buf_str(&x->said));
	buf_done(&x->said);
}

int call_once_as(struct remote *r, const struct call *c, struct str authorization,
	struct http_response *ret, struct err *err)
{
	struct exchange x = {.r = r, .c = c, .said = BUF(SAID_MAX)};
	int rc = find_scheme(r, c->at->host, err);
	if (rc == 0)
		rc = send_call(&x, authorization, ret, err);
	if (rc == 0)
		atomic_store(&c->at->host->was_reached, true);
	take_words(&x, ret);
	return rc;
}

static int send_as_known(struct remote *r, const struct call *c, struct http_response *ret,
	struct err *err)
{
	CLEANUP(buf_done) struct buf authorization = BUF(REMOTE_URL_MAX);
	if (find_scheme(r, c->at->host, err) < 0 || auth_header(r, c, &authorization, err) < 0)
		return -1;
	return call_once_as(r, c, buf_str(&authorization), ret, err);
}

int call_once(struct remote *r, const struct call *c, struct http_response *ret,
	int64_t *ret_wait_ns, struct err *err)
{
	*ret_wait_ns = -1;
	int rc = send_as_known(r, c, ret, err);
	if (rc == 0 && ret->status == 401) {
		int again = auth_learn(r, c, ret, err);
		if (again < 0 || (again > 0 && c->rewind && c->rewind(c->ctx) < 0)) {
			http_response_done(ret);
			return again < 0 ? -1
					 : err_set(err, ERR_NET, "%s asked who we are too late",
						   c->at->host->name);
		}
		if (again > 0) {
			http_response_done(ret);
			rc = send_as_known(r, c, ret, err);
		}
	}
	if (rc == 0 && is_passing(ret->status))
		*ret_wait_ns = retry_after(ret);
	/* A server that never answered will not do so in a moment either. */
	if (rc < 0 && err->kind == ERR_NET && atomic_load(&c->at->host->was_reached))
		*ret_wait_ns = 0;
	return rc;
}

/* What callers look at themselves. */
static bool is_answer(int status)
{
	return status < 400 || status == 404 || status == 405 || status == 416;
}

static const char *verb_of(const struct call *c)
{
	if (strcmp(c->method, "GET") == 0 || strcmp(c->method, "HEAD") == 0)
		return "hand it out";
	return strcmp(c->method, "DELETE") == 0 ? "delete it" : "take it";
}

int call_answer(const struct call *c, int rc, struct http_response *ret, struct err *err)
{
	if (rc < 0 || is_answer(ret->status))
		return rc;
	call_refused(c, ret, verb_of(c), err);
	http_response_done(ret);
	return -1;
}

int call_run(struct remote *r, const struct call *c, struct http_response *ret, struct err *err)
{
	for (unsigned attempt = 0;; attempt++) {
		int64_t wait_ns;
		int rc = call_once(r, c, ret, &wait_ns, err);
		if (wait_ns < 0 || attempt + 1 == REMOTE_TRIES)
			return call_answer(c, rc, ret, err);
		if (rc == 0)
			http_response_done(ret);
		if (call_pause(r, attempt, wait_ns, c->cancel, err) < 0)
			return -1;
		if (c->rewind && c->rewind(c->ctx) < 0)
			return err_set(err, ERR_NET, "%s: what was sent cannot be sent again",
				c->at->host->name);
	}
}
