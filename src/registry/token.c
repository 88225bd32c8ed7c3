/* /token: a bearer token for what the client names, no more than its own token may. GET with Basic as
 * docker and skopeo do, POST with a form as containerd and docker after a login do. */
#include "registry/registry_priv.h"

#include "http/url.h"
#include "json/json.h"

struct wishes {
	struct auth_access p[AUTH_ACCESS_MAX];
	size_t n;
};

/* Scopes are repeated, or stand between spaces in one. What grants nothing here is passed over. */
static bool take_scopes(struct call *c, struct str query, struct wishes *ret)
{
	struct str text, scope;
	size_t at = 0;
	ret->n = 0;
	while (url_query_next(query, "scope", &at, http_request_arena(c->r), &text))
		while (str_word(&text, &scope)) {
			struct auth_access *wish = &ret->p[ret->n];
			if (ret->n == AUTH_ACCESS_MAX) {
				reply_problem(c, 400, "UNSUPPORTED", NULL, NULL,
					"more than %d scopes at once", AUTH_ACCESS_MAX);
				return false;
			}
			if (scope_parse(scope, &wish->repository, &wish->scopes))
				ret->n++;
		}
	return true;
}

/* What of the wishes was granted, in the words of a scope. */
static void add_scope(struct buf *b, const struct auth_grant *g, const struct auth_access *x)
{
	static const struct {
		unsigned scope;
		const char *action;
	} actions[] = {{AUTH_READ_PACKAGES, "pull"}, {AUTH_WRITE_PACKAGES, "push"},
		{AUTH_DELETE_PACKAGES, "delete"}, {AUTH_ADMIN, "*"}};
	const char *comma = "";
	buf_fmt(b, "%s%s:%.*s:", b->n ? " " : "", x->repository.n ? "repository" : "registry",
		STR_ARG(x->repository.n ? x->repository : S("catalog")));
	for (size_t i = 0; i < ARRAY_LEN(actions); i++)
		if ((x->scopes & actions[i].scope) &&
			auth_may(g, actions[i].scope, x->repository)) {
			buf_fmt(b, "%s%s", comma, actions[i].action);
			comma = ",";
		}
}

/* refresh may be "": the client then keeps what it has. */
static void send_token(struct call *c, const struct wishes *w, struct str token, int64_t ttl_ns,
	struct str refresh)
{
	CLEANUP(buf_done) struct buf b = BUF(64 * 1024), scope = BUF(32 * 1024);
	struct headers h = {.n = 0};
	struct json_out o;
	char issued[CLOCK_TEXT];
	int64_t now = clock_now(store_clock(c->registry->store));
	clock_rfc3339(now - now % CLOCK_SECOND, issued);
	for (size_t i = 0; i < w->n; i++)
		add_scope(&scope, c->grant, &w->p[i]);
	json_out_init(&o, &b, 0);
	json_object(&o);
	json_key(&o, "token");
	json_add_str(&o, token);
	json_key(&o, "access_token");
	json_add_str(&o, token);
	json_key(&o, "expires_in");
	json_add_i64(&o, ttl_ns / CLOCK_SECOND);
	json_key(&o, "issued_at");
	json_add_cstr(&o, issued);
	json_key(&o, "scope");
	json_add_str(&o, buf_str(&scope));
	if (refresh.n) {
		json_key(&o, "refresh_token");
		json_add_str(&o, refresh);
	}
	json_end(&o);
	reply_header(&h, "Cache-Control", S("no-store"));
	reply_json(c, 200, "application/json", buf_str(&b), &h);
}

static void make_token(struct call *c, struct str query, struct str refresh)
{
	struct err err;
	struct wishes w;
	int64_t ttl_ns;
	CLEANUP(buf_done) struct buf token = BUF(AUTH_BEARER_MAX);
	if (!take_scopes(c, query, &w))
		return;
	if (auth_bearer_make(c->registry->auth, c->grant, w.p, w.n, 0, &token, &ttl_ns, &err) < 0)
		reply_error(c, TOPIC_NAME, &err);
	else
		send_token(c, &w, buf_str(&token), ttl_ns, refresh);
}

static void refuse(struct call *c, const struct err *err)
{
	struct headers h = {.n = 0};
	if (err->kind != ERR_DENIED) {
		reply_error(c, TOPIC_NAME, err);
		return;
	}
	reply_header(&h, "WWW-Authenticate", S("Basic realm=\"token\""));
	reply_problem(c, 401, "UNAUTHORIZED", "log in with a token as the password", &h, "%s",
		err->what);
}

void serve_token_get(struct call *c)
{
	struct err err = {0};
	struct str header = http_request_header(c->r, "Authorization"), scheme;
	int rc;
	if (!str_word(&header, &scheme))
		rc = auth_check_nobody(c->registry->auth, &c->grant, &err);
	else if (str_eq_nocase(scheme, S("Basic")))
		rc = access_basic(c->registry, header, &c->grant, &err);
	else
		rc = err_set(&err, ERR_DENIED, "a token is given for Basic authorization only");
	if (rc < 0)
		refuse(c, &err);
	else
		make_token(c, http_request_query(c->r), STR_NONE);
}

/* ---- POST (OAuth2: password and refresh_token) ---- */

static int take_piece(struct call *c, struct str piece, struct err *err)
{
	buf_add(&c->body, piece);
	if (buf_check(&c->body, "form", err) == 0)
		return 0;
	reply_error(c, TOPIC_NAME, err);
	return -1;
}

static struct str field(struct call *c, const char *name)
{
	struct str v = STR_NONE;
	(void)url_query(buf_str(&c->body), name, http_request_arena(c->r), &v); /* absent is "" */
	return v;
}

static void end_post(struct call *c)
{
	struct err err;
	struct str type = field(c, "grant_type");
	bool is_refresh = str_is(type, "refresh_token");
	struct str secret = field(c, is_refresh ? "refresh_token" : "password");
	if (!is_refresh && !str_is(type, "password")) {
		reply_problem(c, 400, "UNSUPPORTED", NULL, NULL,
			"grant_type is password or refresh_token");
		return;
	}
	if (auth_check_password(c->registry->auth, field(c, "username"), secret, &c->grant, &err) <
		0) {
		refuse(c, &err);
		return;
	}
	/* A refresh token is the client's own token: it lives and dies as one. */
	bool wants_refresh = is_refresh || str_is(field(c, "access_type"), "offline");
	make_token(c, buf_str(&c->body), wants_refresh ? secret : STR_NONE);
}

void serve_token_post(struct call *c)
{
	/* A body of unknown size would hold a thread for whoever sends it, before we know them. */
	if (http_request_size(c->r) > TOKEN_FORM_MAX) {
		reply_problem(c, http_request_size(c->r) == UINT64_MAX ? 411 : 413, "SIZE_INVALID",
			NULL, NULL, "expected a form of at most %d bytes", TOKEN_FORM_MAX);
		return;
	}
	c->body = BUF(TOKEN_FORM_MAX);
	c->on_body = take_piece;
	c->on_end = end_post;
}
