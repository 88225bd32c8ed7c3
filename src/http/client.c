#include "http/client_priv.h"

#include "http/url.h"

enum { IDLE_LINES_MAX = 16 };

static int64_t or_default(int64_t v, int64_t if_zero)
{
	return v ? v : if_zero;
}

int http_client_new(const struct http_client_spec *spec, struct http_client **ret, struct err *err)
{
	struct http_client *c = NEW(struct http_client);
	c->spec = *spec;
	c->spec.ca_file = c->ca_file = spec->ca_file ? mem_cstr(spec->ca_file) : NULL;
	c->spec.user_agent = c->user_agent =
		mem_cstr(spec->user_agent ? spec->user_agent : "knarr/" KNARR_VERSION);
	c->spec.connect_timeout_ns = or_default(spec->connect_timeout_ns, 10 * CLOCK_SECOND);
	c->spec.stall_timeout_ns = or_default(spec->stall_timeout_ns, 60 * CLOCK_SECOND);
	c->spec.answer_timeout_ns = or_default(spec->answer_timeout_ns, 300 * CLOCK_SECOND);
	pthread_mutex_init(&c->lock, NULL);
	for (size_t i = 0; i < ARRAY_LEN(c->share_locks); i++)
		pthread_mutex_init(&c->share_locks[i], NULL);
	*ret = c;
	return 0;
}

static void line_free(struct http_client *c, struct line *l)
{
	if (!l)
		return;
	c->curl.easy_cleanup(l->easy);
	c->curl.multi_cleanup(l->multi);
	free(l);
}

void http_client_free(struct http_client *c)
{
	if (!c)
		return;
	while (c->idle) {
		struct line *l = c->idle;
		c->idle = l->next;
		line_free(c, l);
	}
	if (c->share)
		c->curl.share_cleanup(c->share);
	for (size_t i = 0; i < ARRAY_LEN(c->share_locks); i++)
		pthread_mutex_destroy(&c->share_locks[i]);
	pthread_mutex_destroy(&c->lock);
	free(c->ca_file);
	free(c->user_agent);
	free(c);
}

static void lock_share(CURL *easy, curl_lock_data data, curl_lock_access access, void *ctx)
{
	struct http_client *c = ctx;
	pthread_mutex_lock(&c->share_locks[data]);
}

static void unlock_share(CURL *easy, curl_lock_data data, void *ctx)
{
	struct http_client *c = ctx;
	pthread_mutex_unlock(&c->share_locks[data]);
}

/* With the lock held. */
static int load(struct http_client *c, struct err *err)
{
	if (c->is_loaded)
		return 0;
	if (http_curl_load(&c->curl, err) < 0)
		return -1;
	c->share = c->curl.share_init();
	if (!c->share)
		return err_set(err, ERR_SYS, "libcurl: out of memory");
	c->curl.share_setopt(c->share, CURLSHOPT_LOCKFUNC, lock_share);
	c->curl.share_setopt(c->share, CURLSHOPT_UNLOCKFUNC, unlock_share);
	c->curl.share_setopt(c->share, CURLSHOPT_USERDATA, c);
	c->curl.share_setopt(c->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
	c->curl.share_setopt(c->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
	c->is_loaded = true;
	return 0;
}

/* An idle line with a connection to this origin, or none. With the lock held. */
static struct line *find_idle(struct http_client *c, const char *origin)
{
	for (struct line **at = &c->idle; *at; at = &(*at)->next) {
		struct line *l = *at;
		if (strcmp(l->origin, origin) != 0)
			continue;
		*at = l->next;
		c->n_idle--;
		return l;
	}
	return NULL;
}

/* NULL with err set. */
static struct line *line_take(struct http_client *c, const char *origin, struct err *err)
{
	pthread_mutex_lock(&c->lock);
	int rc = load(c, err);
	struct line *l = rc < 0 ? NULL : find_idle(c, origin);
	pthread_mutex_unlock(&c->lock);
	if (rc < 0 || l)
		return l;
	l = NEW(struct line);
	l->easy = c->curl.easy_init();
	l->multi = c->curl.multi_init();
	snprintf(l->origin, sizeof(l->origin), "%s", origin);
	if (l->easy && l->multi)
		return l;
	line_free(c, l);
	err_set(err, ERR_SYS, "libcurl: out of memory");
	return NULL;
}

/* The line idle for longest, when there are too many. With the lock held. */
static struct line *take_surplus(struct http_client *c)
{
	struct line *before = c->idle;
	if (c->n_idle <= IDLE_LINES_MAX)
		return NULL;
	while (before->next && before->next->next)
		before = before->next;
	c->n_idle--;
	return TAKE(before->next);
}

/* Keeps the line for the next request. */
static void line_give(struct http_client *c, struct line *l)
{
	pthread_mutex_lock(&c->lock);
	l->next = c->idle;
	c->idle = l;
	c->n_idle++;
	struct line *surplus = take_surplus(c);
	pthread_mutex_unlock(&c->lock);
	line_free(c, surplus);
}

int http_call(struct http_client *c, const struct http_call *call, struct http_response *ret,
	struct err *err)
{
	struct url u;
	char origin[300];
	if (url_parse(str_of(call->url), &u, err) < 0)
		return -1;
	if (u.host.n > 255)
		return err_set(err, ERR_INPUT, "host name '%.*s' is too long", STR_ARG(u.host));
	snprintf(origin, sizeof(origin), "%.*s://%.*s:%u%s", STR_ARG(u.scheme), STR_ARG(u.host),
		u.port, call->is_insecure_tls ? " any" : "");
	if (cancel_check(call->cancel, err) < 0)
		return -1;
	struct line *l = line_take(c, origin, err);
	if (!l)
		return -1;
	int rc = http_line_call(c, l, call, ret, err);
	line_give(c, l);
	return rc;
}

void http_response_done(struct http_response *r)
{
	buf_done(&r->body);
	arena_done(&r->arena);
	*r = (struct http_response){0};
}

struct str http_response_header(const struct http_response *r, const char *name)
{
	for (size_t i = 0; i < r->n_headers; i++)
		if (str_is(r->headers[i].name, name))
			return r->headers[i].value;
	return STR_NONE;
}
