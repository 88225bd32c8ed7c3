/* Who we are to a registry: Basic, or Bearer tokens from its token endpoint.
 *
 *	401 + challenge ─► realm checked ─► GET realm?service=…&scope=… (with our credentials)
 *	                                 ─► token, kept per (server, name, scope) until it ends
 *
 * The realm is the registry's word, and a registry that was taken over (or a bad upstream of one)
 * would like us to bring our password somewhere (CVE-2026-33540). So credentials go only to
 *  - the registry's host itself,
 *  - a host of the same site: one is a subdomain of the other's parent domain (auth.docker.io for
 *    registry-1.docker.io), where the parent is no public suffix as far as can be told,
 *  - a host that the user's config names (`realms`),
 * by https, or by http when the registry itself was reached by plain http and the host is its own.
 * Without credentials any https realm may be asked: there is nothing to lose. */
#include "remote/remote_priv.h"

#include "base/base64.h"
#include "http/url.h"

enum { TOKEN_TRIES = 3, TOKEN_MAX = 64 * 1024, TOKEN_S_MIN = 60, TOKEN_S_MAX = 24 * 3600 };

/* ---- may the realm know? ---- */

static bool is_same_loopback(struct str a, struct str b)
{
	return host_name_is_loopback(a) && host_name_is_loopback(b);
}

/* Labels from the end: "a.b.example.co.uk" has example.co.uk as its site. */
static struct str site_of(struct str host)
{
	static const char *const second_level[] = {
		"co", "com", "net", "org", "gov", "ac", "edu", "ne", "or", "go", "gob", "nom"};
	ssize_t last = str_rchr(host, '.');
	if (last <= 0)
		return host;
	struct str before = str_sub(host, 0, (size_t)last);
	ssize_t second = str_rchr(before, '.');
	struct str label = str_skip(before, (size_t)(second + 1));
	bool is_suffix = false;
	for (size_t i = 0; i < ARRAY_LEN(second_level); i++)
		is_suffix |= host.n - (size_t)last == 3 && str_is(label, second_level[i]);
	if (is_suffix && second > 0) {
		ssize_t third = str_rchr(str_sub(before, 0, (size_t)second), '.');
		return str_skip(host, (size_t)(third + 1));
	}
	return is_suffix ? host : str_skip(host, (size_t)(second + 1));
}

/* Domains under which strangers live side by side. */
static bool is_shared_site(struct str site)
{
	static const char *const shared[] = {"azurecr.io", "amazonaws.com", "github.io",
		"gitlab.io", "appspot.com", "herokuapp.com", "cloudfront.net", "azurewebsites.net",
		"cloudapp.net", "run.app", "web.app", "vercel.app", "netlify.app", "fly.dev",
		"pages.dev", "workers.dev", "ngrok.io", "on-rancher.cloud",
		"digitaloceanspaces.com"};
	for (size_t i = 0; i < ARRAY_LEN(shared); i++)
		if (str_eq_nocase(site, str_of(shared[i])))
			return true;
	return false;
}

static bool is_address(struct str host)
{
	for (size_t i = 0; i < host.n; i++)
		if (!ch_is_digit(host.p[i]) && host.p[i] != '.')
			return str_chr(host, ':') >= 0;
	return true;
}

static bool is_same_site(struct str a, struct str b)
{
	if (is_address(a) || is_address(b) || str_chr(a, '.') < 0 || str_chr(b, '.') < 0)
		return false;
	struct str site = site_of(a);
	return str_eq_nocase(site, site_of(b)) && !is_shared_site(site) && str_chr(site, '.') >= 0;
}

static bool is_listed(const struct host *registry, struct str realm_host)
{
	for (size_t i = 0; registry->realms && registry->realms[i]; i++)
		if (str_eq_nocase(realm_host, str_of(registry->realms[i])))
			return true;
	return false;
}

int auth_check_realm(const struct host *registry, bool registry_is_http, struct str realm,
	bool has_credentials, struct err *err)
{
	CLEANUP(buf_done) struct buf own_url = BUF(REMOTE_URL_MAX);
	struct url u, own;
	buf_fmt(&own_url, "https://%s/", registry->name);
	if (url_parse(realm, &u, err) < 0 || url_parse(buf_str(&own_url), &own, err) < 0)
		return err_wrap(err, "%s asks for a token", registry->name);
	bool is_own = str_eq_nocase(u.host, own.host) || is_same_loopback(u.host, own.host);
	bool is_tls = str_eq_nocase(u.scheme, S("https"));
	if (!is_tls && !(registry_is_http && is_own))
		return err_set(err, ERR_DENIED,
			"%s wants a token fetched without TLS from '%.*s'; refused", registry->name,
			STR_ARG(str_sub(realm, 0, 200)));
	if (!has_credentials || is_own || is_same_site(u.host, own.host) ||
		is_listed(registry, u.host))
		return 0;
	err_set(err, ERR_DENIED,
		"%s wants its credentials sent to '%.*s', which is another site; refused",
		registry->name, STR_ARG(u.host));
	return err_hint(err, "if that is right, list '%.*s' in `realms` of the registry",
		STR_ARG(u.host));
}

/* ---- what is asked for ---- */

static void add_scope(struct buf *b, struct str path, const char *actions)
{
	buf_fmt(b, "%srepository:%.*s:%s", b->n ? " " : "", STR_ARG(path), actions);
}

/* "repository:me/app:pull,push repository:me/base:pull" */
static void add_scopes(struct buf *b, const struct call *c)
{
	if (!c->at->path.n)
		return;
	add_scope(b, c->at->path,
		c->actions & ACT_DELETE         ? "delete"
			: c->actions & ACT_PUSH ? "pull,push"
						: "pull");
	if (c->mount_from.n)
		add_scope(b, c->mount_from, "pull");
}

static void add_query(struct buf *b, const char *name, struct str value, char separator)
{
	buf_fmt(b, "%c%s=", separator, name);
	url_add_escaped(b, value, "");
}

static void add_scope_queries(struct buf *b, struct str scopes, char separator)
{
	struct str one;
	while (str_word(&scopes, &one))
		add_query(b, "scope", one, separator);
}

/* ---- the token endpoint ---- */

static void add_basic(struct buf *b, const struct credentials *c)
{
	CLEANUP(buf_done) struct buf plain = BUF(TOKEN_MAX);
	buf_add(&plain, c->user);
	buf_add_ch(&plain, ':');
	buf_add(&plain, c->password);
	buf_add_cstr(b, "Basic ");
	base64_add(b, buf_str(&plain));
}

static int read_token(struct str body, struct arena *a, struct str *ret, int64_t *ret_ns,
	struct err *err)
{
	struct json *v = NULL;
	int64_t seconds = TOKEN_S_MIN;
	*ret = STR_NONE;
	if (json_parse(body, NULL, a, &v, err) < 0 || json_opt_str(v, "token", ret, err) < 0 ||
		(!ret->n && json_opt_str(v, "access_token", ret, err) < 0) ||
		json_opt_i64(v, "expires_in", 0, INT32_MAX, &seconds, err) < 0)
		return -1;
	if (!ret->n)
		return err_set(err, ERR_NET, "there is no token in the answer");
	if (seconds < TOKEN_S_MIN)
		seconds = TOKEN_S_MIN;
	if (seconds > TOKEN_S_MAX)
		seconds = TOKEN_S_MAX;
	*ret_ns = seconds * CLOCK_SECOND * 9 / 10;
	return 0;
}

struct token_request {
	struct host *h;
	struct str realm, service, scopes;
	const struct credentials *c; /* NULL = anonymous */
};

static int refused_token(const struct token_request *q, int status, struct err *err)
{
	if (status == 401 || status == 403) {
		const char *domain = q->h->domain[0] ? q->h->domain : q->h->name;
		err_set(err, ERR_DENIED, "%s: %s", q->h->name,
			q->c ? "the credentials are refused" : "credentials are needed");
		return err_hint(err, "knarr login %s", domain);
	}
	return err_set(err, ERR_NET, "%s: the token endpoint answered %d", q->h->name, status);
}

/* With an identity token: OAuth 2, a form; else Basic, or nobody. */
static int ask_for_token(struct remote *r, const struct token_request *q, struct http_response *ret,
	struct err *err)
{
	CLEANUP(buf_done) struct buf url = BUF(REMOTE_URL_MAX), basic = BUF(2 * TOKEN_MAX);
	CLEANUP(buf_done) struct buf form = BUF(2 * TOKEN_MAX);
	bool is_oauth = q->c && q->c->identity_token.n;
	struct http_header header;
	struct http_call call = {.method = is_oauth ? "POST" : "GET",
		.headers = &header,
		.is_insecure_tls = q->h->is_insecure,
		.cancel = r->cancel,
		.max_body = TOKEN_MAX * 4};
	buf_add(&url, q->realm);
	if (is_oauth) {
		buf_add_cstr(&form, "grant_type=refresh_token&client_id=knarr");
		add_query(&form, "refresh_token", q->c->identity_token, '&');
		add_query(&form, "service", q->service, '&');
		add_query(&form, "scope", q->scopes, '&');
		header = (struct http_header){
			S("Content-Type"), S("application/x-www-form-urlencoded")};
		call.n_headers = 1;
		call.body = buf_str(&form);
	} else {
		add_query(&url, "service", q->service, str_chr(q->realm, '?') < 0 ? '?' : '&');
		add_scope_queries(&url, q->scopes, '&');
	}
	if (q->c && !is_oauth) {
		add_query(&url, "account", q->c->user, '&');
		add_basic(&basic, q->c);
		header = (struct http_header){S("Authorization"), buf_str(&basic)};
		call.n_headers = 1;
	}
	call.url = buf_cstr(&url);
	if (buf_check(&url, "url", err) < 0 || buf_check(&form, "form", err) < 0)
		return -1;
	return http_call(q->h->client, &call, ret, err);
}

/* A new token in the arena; with a few tries. */
static int fetch_token(struct remote *r, const struct token_request *q, struct arena *a,
	struct str *ret, int64_t *ret_ns, struct err *err)
{
	bool is_http = q->h->scheme == SCHEME_HTTP;
	if (auth_check_realm(q->h, is_http, q->realm, q->c != NULL, err) < 0)
		return -1;
	for (unsigned attempt = 0;; attempt++) {
		CLEANUP(http_response_done) struct http_response answer = {0};
		int rc = ask_for_token(r, q, &answer, err);
		if (rc == 0 && answer.status == 200)
			return read_token(buf_str(&answer.body), a, ret, ret_ns, err) < 0
				? err_wrap(err, "%s: token endpoint", q->h->name)
				: 0;
		bool is_passing = rc < 0 ? err->kind == ERR_NET
					 : answer.status == 429 || answer.status >= 500;
		if (!is_passing || attempt + 1 == TOKEN_TRIES)
			return rc < 0 ? -1 : refused_token(q, answer.status, err);
		if (call_pause(r, attempt, 0, NULL, err) < 0)
			return -1;
	}
}

/* ---- what is known of a host ---- */

static char *copy(struct str s)
{
	char *p = mem_new(s.n + 1, 1);
	if (s.n)
		memcpy(p, s.p, s.n);
	return p;
}

/* With the host's mutex held. Keeps the challenge; gives its scope in the arena. */
static struct str note_challenge(struct host *h, const struct http_response *a, struct arena *arena)
{
	struct http_challenge c = {0};
	bool is_basic = false;
	for (size_t i = 0; i < a->n_headers; i++) {
		if (!str_is(a->headers[i].name, "www-authenticate"))
			continue;
		struct http_challenge ignored;
		if (http_find_challenge(a->headers[i].value, "bearer", arena, &c)) {
			h->auth = AUTH_BEARER;
			free(h->realm);
			free(h->service);
			h->realm = copy(c.realm);
			h->service = copy(c.service);
			return c.scope;
		}
		is_basic |= http_find_challenge(a->headers[i].value, "basic", arena, &ignored);
	}
	h->auth = is_basic ? AUTH_BASIC : AUTH_NONE;
	return STR_NONE;
}

void auth_note_challenge(struct host *h, const struct http_response *a)
{
	CLEANUP(arena_done) struct arena arena = {0};
	if (a->status == 401)
		(void)note_challenge(h, a, &arena);
}

static int find_credentials(struct remote *r, const struct call *c, struct arena *a,
	struct credentials *ret, struct err *err)
{
	const struct host *h = c->at->host;
	return h->domain[0] ? config_find(r, str_of(h->domain), c->at->logical_path, a, ret, err)
			    : 0;
}

static void keep_token(struct host *h, struct str key, struct str text, int64_t ns)
{
	struct token *t = NEW(struct token);
	*t = (struct token){copy(text), clock_monotonic(clock_system()) + ns};
	struct token *old = map_put(&h->tokens, key, t);
	if (old)
		free(old->text);
	free(old);
}

/* With the host's mutex held: threads that need the same token wait for one. */
static int renew_token(struct remote *r, const struct call *c, struct str key, struct str scopes,
	struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct host *h = c->at->host;
	struct credentials credentials = {0};
	struct str text;
	int64_t ns;
	int has = find_credentials(r, c, &a, &credentials, err);
	if (has < 0)
		return -1;
	struct token_request q = {
		h, str_of(h->realm), str_of(h->service), scopes, has ? &credentials : NULL};
	if (fetch_token(r, &q, &a, &text, &ns, err) < 0)
		return -1;
	keep_token(h, key, text, ns);
	return 0;
}

static int add_bearer(struct remote *r, const struct call *c, struct buf *ret, struct err *err)
{
	CLEANUP(buf_done) struct buf key = BUF(REMOTE_URL_MAX);
	struct host *h = c->at->host;
	add_scopes(&key, c);
	struct token *t = map_get(&h->tokens, buf_str(&key));
	if (!t || clock_monotonic(clock_system()) >= t->until_ns) {
		if (renew_token(r, c, buf_str(&key), buf_str(&key), err) < 0)
			return -1;
		t = map_get(&h->tokens, buf_str(&key));
	}
	buf_fmt(ret, "Bearer %s", t->text);
	return buf_check(ret, "token", err);
}

static int add_basic_header(struct remote *r, const struct call *c, struct buf *ret,
	struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct credentials credentials = {0};
	int has = find_credentials(r, c, &a, &credentials, err);
	if (has > 0 && credentials.user.n)
		add_basic(ret, &credentials);
	return has < 0 ? -1 : buf_check(ret, "credentials", err);
}

int auth_header(struct remote *r, const struct call *c, struct buf *ret, struct err *err)
{
	struct host *h = c->at->host;
	int rc = 0;
	pthread_mutex_lock(&h->mutex);
	if (h->auth == AUTH_BEARER)
		rc = add_bearer(r, c, ret, err);
	else if (h->auth == AUTH_BASIC)
		rc = add_basic_header(r, c, ret, err);
	pthread_mutex_unlock(&h->mutex);
	return rc;
}

/* The registry may want another scope than we thought of: then both are asked for. */
static int learn(struct remote *r, const struct call *c, const struct http_response *a,
	struct err *err)
{
	CLEANUP(arena_done) struct arena arena = {0};
	CLEANUP(buf_done) struct buf key = BUF(REMOTE_URL_MAX), scopes = BUF(REMOTE_URL_MAX);
	struct host *h = c->at->host;
	bool was_basic = h->auth == AUTH_BASIC;
	struct str wanted = note_challenge(h, a, &arena);
	if (h->auth == AUTH_BASIC) {
		struct credentials credentials;
		return was_basic ? 0 : find_credentials(r, c, &arena, &credentials, err);
	}
	if (h->auth != AUTH_BEARER)
		return 0;
	add_scopes(&key, c);
	buf_add(&scopes, buf_str(&key));
	if (wanted.n && !str_has(buf_str(&key), wanted))
		buf_fmt(&scopes, "%s%.*s", scopes.n ? " " : "", STR_ARG(wanted));
	return renew_token(r, c, buf_str(&key), buf_str(&scopes), err) < 0 ? -1 : 1;
}

int auth_learn(struct remote *r, const struct call *c, const struct http_response *a,
	struct err *err)
{
	pthread_mutex_lock(&c->at->host->mutex);
	int rc = learn(r, c, a, err);
	pthread_mutex_unlock(&c->at->host->mutex);
	return rc;
}

/* ---- logging in ---- */

/* What the challenge asks for, made from these credentials. */
static int answer_challenge(struct remote *r, const struct call *c, const struct http_response *a,
	const struct credentials *credentials, struct buf *ret, struct err *err)
{
	CLEANUP(arena_done) struct arena arena = {0};
	struct host *h = c->at->host;
	struct str text;
	int64_t ns;
	pthread_mutex_lock(&h->mutex);
	(void)note_challenge(h, a, &arena);
	struct token_request q = {h, arena_str(&arena, str_of(h->realm)),
		arena_str(&arena, str_of(h->service)), STR_NONE, credentials};
	enum host_auth kind = h->auth;
	pthread_mutex_unlock(&h->mutex);
	if (kind == AUTH_BASIC)
		add_basic(ret, credentials);
	else if (kind != AUTH_BEARER)
		return call_refused(c, a, "log in", err);
	else if (fetch_token(r, &q, &arena, &text, &ns, err) < 0)
		return -1;
	else
		buf_fmt(ret, "Bearer %.*s", (int)text.n, text.p);
	return buf_check(ret, "credentials", err);
}

int auth_try(struct remote *r, const struct call *c, const struct credentials *credentials,
	struct err *err)
{
	CLEANUP(http_response_done) struct http_response first = {0}, second = {0};
	CLEANUP(buf_done) struct buf header = BUF(2 * TOKEN_MAX);
	if (call_once_as(r, c, STR_NONE, &first, err) < 0)
		return -1;
	if (first.status == 200)
		return 0; /* it lets everybody in */
	if (first.status != 401)
		return call_refused(c, &first, "log in", err);
	if (answer_challenge(r, c, &first, credentials, &header, err) < 0 ||
		call_once_as(r, c, buf_str(&header), &second, err) < 0)
		return -1;
	if (second.status == 200)
		return 0;
	if (second.status == 401)
		return err_set(err, ERR_DENIED, "%s: the credentials are refused",
			c->at->host->name);
	return call_refused(c, &second, "log in", err);
}
