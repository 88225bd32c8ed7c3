/* Who asks, and may they. A request shows a token as Basic password or as Bearer. What it lacks is
 * told apart: nothing shown, or a bearer that was made for something else, is 401 with a challenge,
 * because the client can fetch a better one; a token that may not is 403, because nothing helps but
 * another token. */
#include "registry/registry_priv.h"

#include "base/base64.h"

static const char *scope_name(unsigned scope)
{
	switch (scope) {
	case AUTH_READ_PACKAGES: return "read:packages";
	case AUTH_WRITE_PACKAGES: return "write:packages";
	case AUTH_DELETE_PACKAGES: return "delete:packages";
	default: return "admin";
	}
}

static const char *scope_actions(unsigned scope)
{
	switch (scope) {
	case AUTH_READ_PACKAGES: return "pull";
	case AUTH_WRITE_PACKAGES: return "pull,push";
	case AUTH_DELETE_PACKAGES: return "delete";
	default: return "*";
	}
}

/* Where tokens are made: as configured, or where the client found us. */
static void add_realm(struct buf *b, const struct call *c)
{
	if (c->registry->public_url) {
		struct str url = str_of(c->registry->public_url);
		while (str_ends(url, S("/")))
			url.n--;
		buf_fmt(b, "%.*s/token", STR_ARG(url));
		return;
	}
	/* A proxy in front of us may speak TLS for us. Who lies here misleads only themselves. */
	bool is_tls = http_request_is_tls(c->r) ||
		str_is(http_request_header(c->r, "X-Forwarded-Proto"), "https");
	struct str host = http_request_header(c->r, "Host");
	buf_fmt(b, "%s://%.*s/token", is_tls ? "https" : "http", STR_ARG(host));
}

/* 401 with the challenge for what this request needs; error is NULL or a word of RFC 6750. */
static int challenge(struct call *c, unsigned scope, const char *error)
{
	CLEANUP(buf_done) struct buf b = BUF(4096);
	struct headers h = {.n = 0};
	buf_add_cstr(&b, "Bearer realm=\"");
	add_realm(&b, c);
	buf_fmt(&b, "\",service=\"%s\"", c->registry->service);
	if (c->route.repository.n)
		buf_fmt(&b, ",scope=\"repository:%.*s:%s\"", STR_ARG(c->route.repository),
			scope_actions(scope));
	else if (c->route.action == ROUTE_CATALOG)
		buf_add_cstr(&b, ",scope=\"registry:catalog:*\"");
	if (error)
		buf_fmt(&b, ",error=\"%s\"", error);
	reply_header(&h, "WWW-Authenticate", buf_str(&b));
	reply_problem(c, 401, "UNAUTHORIZED", NULL, &h, "authentication required");
	return -1;
}

int access_basic(struct registry *reg, struct str credentials, const struct auth_grant **ret,
	struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(1024);
	struct str user, rest;
	struct err why;
	if (base64_decode(str_trim(credentials), &b, &why) < 0)
		return err_set(err, ERR_DENIED, "token is not valid");
	rest = buf_str(&b);
	(void)str_cut(&rest, ':', &user);
	return auth_check_password(reg->auth, user, rest, ret, err);
}

/* 1 = c->grant is set, 0 = nothing was shown, -1 with err. */
static int take_grant(struct call *c, struct err *err)
{
	struct str header = http_request_header(c->r, "Authorization"), scheme;
	if (!str_word(&header, &scheme))
		return 0;
	if (str_eq_nocase(scheme, S("Bearer")))
		return auth_bearer_check(c->registry->auth, str_trim(header), &c->grant, err) < 0
			? -1
			: 1;
	if (str_eq_nocase(scheme, S("Basic")))
		return access_basic(c->registry, header, &c->grant, err) < 0 ? -1 : 1;
	return err_set(err, ERR_DENIED, "authorization '%.*s' is not known",
		STR_ARG(str_sub(scheme, 0, 40)));
}

/* Would the token behind the grant be enough, were it asked for a bearer again? */
static bool token_may(const struct auth_grant *g, unsigned scope, struct str repository)
{
	struct auth_grant unlimited = *g;
	unlimited.is_limited = false;
	return auth_may(&unlimited, scope, repository);
}

static int deny(struct call *c, unsigned scope)
{
	char hint[300];
	const char *name = scope_name(scope);
	struct str repository = c->route.repository;
	snprintf(hint, sizeof(hint),
		"use a token with %s for this repository; in a workflow: "
		"permissions: packages: %s",
		name, scope == AUTH_READ_PACKAGES ? "read" : "write");
	reply_problem(c, 403, "DENIED", hint, NULL, "the token of '%.*s' has no %s for '%.*s'",
		STR_ARG(c->grant->user), name, STR_ARG(repository));
	return -1;
}

bool access_may(const struct call *c, unsigned scope, struct str repository)
{
	return !c->registry->auth || auth_may(c->grant, scope, repository);
}

/* Nothing was shown: enough for what is public. */
static int check_nobody(struct call *c, unsigned scope)
{
	struct err err;
	if (scope == AUTH_READ_PACKAGES && c->route.repository.n &&
		auth_check_nobody(c->registry->auth, &c->grant, &err) == 0 &&
		access_may(c, scope, c->route.repository))
		return 0;
	return challenge(c, scope, NULL);
}

int access_check(struct call *c, unsigned scope)
{
	struct err err = {0};
	if (!c->registry->auth)
		return 0;
	int shown = take_grant(c, &err);
	if (shown == 0)
		return check_nobody(c, scope);
	if (shown < 0 && err.kind == ERR_DENIED)
		return challenge(c, scope, "invalid_token");
	if (shown < 0) {
		reply_error(c, TOPIC_NAME, &err);
		return -1;
	}
	if (!scope || access_may(c, scope, c->route.repository))
		return 0;
	if (c->grant->token_id && !token_may(c->grant, scope, c->route.repository))
		return deny(c, scope);
	return challenge(c, scope, "insufficient_scope");
}
