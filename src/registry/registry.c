#include "registry/registry_priv.h"

#include "base/num.h"

static const struct {
	enum route_action action;
	enum http_method method;
	unsigned scope; /* 0 = any valid token */
	void (*begin)(struct call *c);
} calls[] = {
	{ROUTE_BASE, HTTP_GET, 0, serve_base},
	{ROUTE_CATALOG, HTTP_GET, AUTH_ADMIN, serve_catalog_get},
	{ROUTE_TAGS, HTTP_GET, AUTH_READ_PACKAGES, serve_tags_get},
	{ROUTE_MANIFEST, HTTP_GET, AUTH_READ_PACKAGES, serve_manifest_get},
	{ROUTE_MANIFEST, HTTP_PUT, AUTH_WRITE_PACKAGES, serve_manifest_put},
	{ROUTE_MANIFEST, HTTP_DELETE, AUTH_DELETE_PACKAGES, serve_manifest_delete},
	{ROUTE_BLOB, HTTP_GET, AUTH_READ_PACKAGES, serve_blob_get},
	{ROUTE_BLOB, HTTP_DELETE, AUTH_DELETE_PACKAGES, serve_blob_delete},
	{ROUTE_UPLOADS, HTTP_POST, AUTH_WRITE_PACKAGES, serve_upload_post},
	{ROUTE_UPLOAD, HTTP_GET, AUTH_WRITE_PACKAGES, serve_upload_get},
	{ROUTE_UPLOAD, HTTP_PATCH, AUTH_WRITE_PACKAGES, serve_upload_patch},
	{ROUTE_UPLOAD, HTTP_PUT, AUTH_WRITE_PACKAGES, serve_upload_put},
	{ROUTE_UPLOAD, HTTP_DELETE, AUTH_WRITE_PACKAGES, serve_upload_delete},
	{ROUTE_REFERRERS, HTTP_GET, AUTH_READ_PACKAGES, serve_referrers_get},
};

void serve_base(struct call *c)
{
	struct headers h = {.n = 0};
	reply_json(c, 200, "application/json", S("{}"), &h);
}

/* HEAD is GET; the server leaves the body out. */
static enum http_method method_of(const struct http_request *r)
{
	enum http_method m = http_request_method(r);
	return m == HTTP_HEAD ? HTTP_GET : m;
}

static void refuse_method(struct call *c)
{
	static const char *const names[] = {[HTTP_GET] = "GET, HEAD",
		[HTTP_POST] = "POST",
		[HTTP_PUT] = "PUT",
		[HTTP_PATCH] = "PATCH",
		[HTTP_DELETE] = "DELETE"};
	CLEANUP(buf_done) struct buf allowed = BUF(100);
	struct headers h = {.n = 0};
	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		if (calls[i].action == c->route.action)
			buf_fmt(&allowed, "%s%s", allowed.n ? ", " : "", names[calls[i].method]);
	reply_header(&h, "Allow", buf_str(&allowed));
	reply_problem(c, 405, "UNSUPPORTED", NULL, &h, "%.*s is not for this path",
		STR_ARG(http_request_method_name(c->r)));
}

static void refuse_name(struct call *c, struct str name)
{
	char hint[300] = "", lower[256];
	size_t n = num_min(name.n, sizeof(lower) - 1);
	for (size_t i = 0; i < n; i++)
		lower[i] = ch_lower(name.p[i]);
	if (image_path_is_valid(str_n(lower, n)) && n == name.n)
		snprintf(hint, sizeof(hint), "repository names must be lowercase: use '%.*s'",
			(int)n, lower);
	reply_problem(c, 400, "NAME_INVALID", hint, NULL, "invalid repository name '%.*s'",
		STR_ARG(str_sub(name, 0, 255)));
}

/* What is wrong with the path itself; false when nothing is. */
static bool refuse_route(struct call *c)
{
	bool is_push = http_request_method(c->r) == HTTP_PUT;
	struct str reference = str_sub(c->route.reference, 0, 200);
	switch (c->route.problem) {
	case ROUTE_FINE: return false;
	case ROUTE_BAD_NAME: break; /* was refused before */
	case ROUTE_BAD_DIGEST:
		reply_problem(c, 400, "DIGEST_INVALID", NULL, NULL, "invalid digest '%.*s'",
			STR_ARG(reference));
		return true;
	case ROUTE_BAD_TAG: /* nothing can be there; but nobody can put it there either */
		reply_problem(c, is_push ? 400 : 404,
			is_push ? "MANIFEST_INVALID" : "MANIFEST_UNKNOWN", NULL, NULL,
			"invalid tag '%.*s'", STR_ARG(reference));
		return true;
	}
	return true;
}

static void dispatch(struct call *c)
{
	enum http_method method = method_of(c->r);
	size_t i = 0;
	while (i < ARRAY_LEN(calls) &&
		(calls[i].action != c->route.action || calls[i].method != method))
		i++;
	if (i == ARRAY_LEN(calls)) {
		if (access_check(c, 0) == 0)
			refuse_method(c);
	} else if (c->route.problem == ROUTE_BAD_NAME) {
		/* No token is for such a name: any valid one may learn what is wrong with it. */
		struct str name = c->route.repository;
		c->route.repository = STR_NONE; /* not into the challenge */
		if (access_check(c, 0) == 0)
			refuse_name(c, name);
	} else if (access_check(c, calls[i].scope) == 0 && !refuse_route(c)) {
		calls[i].begin(c);
	}
}

static void serve_token(struct call *c)
{
	enum http_method method = http_request_method(c->r);
	if (!c->registry->auth)
		reply_problem(c, 404, "UNSUPPORTED", NULL, NULL, "this registry needs no token");
	else if (method == HTTP_POST)
		serve_token_post(c);
	else if (method == HTTP_GET)
		serve_token_get(c);
	else
		reply_problem(c, 405, "UNSUPPORTED", NULL, NULL, "only GET and POST get a token");
}

static void call_done(struct call *c)
{
	serve_upload_gone(c);
	buf_done(&c->body);
	auth_grant_free(c->grant);
}

static void on_begin(void *ctx, struct http_request *r)
{
	struct call now = {.registry = ctx, .r = r, .left = UINT64_MAX};
	route_parse(http_request_path(r), http_request_arena(r), &now.route);
	if (now.route.action == ROUTE_NONE)
		reply_problem(&now, 404, "UNSUPPORTED", NULL, NULL, "no such path");
	else if (now.route.action == ROUTE_TOKEN)
		serve_token(&now);
	else
		dispatch(&now);
	if (http_is_answered(r))
		call_done(&now);
	else
		http_request_set_state(r,
			mem_copy(&now, sizeof(now))); /* there is a body to come */
}

static int on_body(void *ctx, struct http_request *r, struct str piece, struct err *err)
{
	struct call *c = http_request_state(r);
	return c->on_body(c, piece, err);
}

static void on_end(void *ctx, struct http_request *r)
{
	struct call *c = http_request_state(r);
	if (c)
		c->on_end(c);
}

static void on_gone(void *ctx, struct http_request *r)
{
	struct call *c = http_request_state(r);
	if (!c)
		return;
	call_done(c);
	free(c);
}

/* What is answered from memory, or with a file, need not wait. */
static bool on_waits(void *ctx, const struct http_request *r)
{
	enum http_method method = http_request_method(r);
	struct str path = http_request_path(r);
	if (method != HTTP_GET && method != HTTP_HEAD)
		return true;
	if (str_has(path, S("/manifests/")) || path.n <= 6 /* /token */)
		return false;
	/* HEAD of a blob promises that it stays: it writes that down. */
	return method == HTTP_HEAD || !str_has(path, S("/blobs/sha"));
}

int registry_new(const struct registry_spec *spec, struct registry **ret, struct err *err)
{
	struct registry *r = NEW(struct registry);
	r->store = spec->store;
	r->auth = spec->auth;
	r->events = spec->events;
	r->service = mem_cstr(spec->service ? spec->service : "knarr");
	r->public_url = spec->public_url ? mem_cstr(spec->public_url) : NULL;
	r->cache = registry_cache_new();
	r->sessions = registry_sessions_new(store_clock(spec->store));
	*ret = r;
	return 0;
}

void registry_free(struct registry *r)
{
	if (!r)
		return;
	registry_cache_free(r->cache);
	registry_sessions_free(r->sessions);
	free(r->service);
	free(r->public_url);
	free(r);
}

struct http_handler registry_handler(struct registry *r)
{
	return (struct http_handler){.begin = on_begin,
		.body = on_body,
		.end = on_end,
		.gone = on_gone,
		.ctx = r,
		.waits = on_waits};
}
