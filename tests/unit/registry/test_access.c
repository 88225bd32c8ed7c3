#include "bench.h"

#include "http/url.h"
#include "json/json.h"

static void nothing_is_answered_without_a_token(void **state)
{
	static const struct {
		const char *method, *path, *scope;
	} cases[] = {
		{"GET", "/v2/", ""},
		{"GET", "/v2/me/app/manifests/v1", "repository:me/app:pull"},
		{"HEAD", "/v2/me/app/manifests/v1", "repository:me/app:pull"},
		{"GET", "/v2/me/app/tags/list", "repository:me/app:pull"},
		{"PUT", "/v2/me/app/manifests/v1", "repository:me/app:pull,push"},
		{"DELETE", "/v2/me/app/manifests/v1", "repository:me/app:delete"},
		{"POST", "/v2/me/app/blobs/uploads/", "repository:me/app:pull,push"},
		{"PATCH", "/v2/me/app/blobs/uploads/x", "repository:me/app:pull,push"},
		{"GET", "/v2/me/app/blobs/sha256:bad", "repository:me/app:pull"},
		{"GET", "/v2/_catalog", "registry:catalog:*"},
		{"GET", "/v2/ME/app/tags/list", ""},
		{"POST", "/v2/", ""},
	};
	CLEANUP(bench_free) struct bench *b = bench_new(true);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char realm[100];
		CLEANUP(arena_done) struct arena a = {0};
		struct http_challenge c = {0};
		ASK(401, b, cases[i].method, cases[i].path, "");
		assert_true(http_find_challenge(answered(b, "www-authenticate"), "bearer", &a, &c));
		snprintf(realm, sizeof(realm), "http://127.0.0.1:%u/token",
			http_server_port(b->server));
		STR_IS(c.realm, realm);
		STR_IS(c.service, "knarr");
		STR_IS(c.scope, cases[i].scope);
		STR_IS(c.error, "");
	}
	BODY_HAS(b, "{\"errors\":[{\"code\":\"UNAUTHORIZED\"");
}

/* The matrix of CVE-2026-31801 and its kin: what each scope may, by method and kind of reference. */
static void scopes_allow_exactly_their_methods(void **state)
{
	enum {
		R = AUTH_READ_PACKAGES,
		W = AUTH_WRITE_PACKAGES,
		X = AUTH_DELETE_PACKAGES,
		A = AUTH_ADMIN
	};
	static const struct {
		const char *method, *path;
		unsigned needs;
	} cases[] = {
		{"GET", "/v2/me/app/manifests/v1", R},
		{"GET", "/v2/me/app/manifests/%s", R},
		{"GET", "/v2/me/app/blobs/%s", R},
		{"HEAD", "/v2/me/app/blobs/%s", R},
		{"GET", "/v2/me/app/tags/list", R},
		{"GET", "/v2/me/app/referrers/%s", R},
		{"PUT", "/v2/me/app/manifests/v1", W},
		{"PUT", "/v2/me/app/manifests/%s", W},
		{"POST", "/v2/me/app/blobs/uploads/", W},
		{"PATCH", "/v2/me/app/blobs/uploads/x", W},
		{"PUT", "/v2/me/app/blobs/uploads/x", W},
		{"GET", "/v2/me/app/blobs/uploads/x", W},
		{"DELETE", "/v2/me/app/blobs/uploads/x", W},
		{"DELETE", "/v2/me/app/manifests/v1", X},
		{"DELETE", "/v2/me/app/manifests/%s", X},
		{"DELETE", "/v2/me/app/blobs/%s", X},
		{"GET", "/v2/_catalog", A},
	};
	static const struct {
		unsigned scope, may;
	} tokens[] = {{R, R}, {W, R | W}, {X, X}, {R | X, R | X}, {A, R | W | X | A}};
	CLEANUP(bench_free) struct bench *b = bench_new(true);
	for (size_t t = 0; t < ARRAY_LEN(tokens); t++) {
		use_token(b, tokens[t].scope, "");
		for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
			struct err err = {0};
			char path[300], url[400];
			const struct http_header h = {S("Authorization"), str_of(b->authorization)};
			CLEANUP(http_response_done) struct http_response r = {0};
			struct str form = str_of(cases[i].path);
			ssize_t at = str_find(form, S("%s"));
			snprintf(path, sizeof(path), "%.*s%s", at < 0 ? (int)form.n : (int)at,
				form.p, at < 0 ? "" : SHA256("x"));
			snprintf(url, sizeof(url), "http://127.0.0.1:%u%s",
				http_server_port(b->server), path);
			OK(http_call(b->client,
				&(struct http_call){.method = cases[i].method,
					.url = url,
					.headers = &h,
					.n_headers = 1},
				&r, &err));
			bool is_denied = r.status == 403;
			if (is_denied != !(tokens[t].may & cases[i].needs) || r.status == 401)
				fail_msg("scope %u: %s %s gave %d", tokens[t].scope,
					cases[i].method, path, r.status);
		}
	}
}

static void denied_says_what_is_missing(void **state)
{
	CLEANUP(bench_free) struct bench *b = bench_new(true);
	use_token(b, AUTH_READ_PACKAGES, "");
	ASK(403, b, "PUT", "/v2/me/app/manifests/v1", "{}");
	BODY_HAS(b, "\"DENIED\"");
	BODY_HAS(b, "the token of 'ada' has no write:packages for 'me/app'");
	BODY_HAS(b, "permissions: packages: write");
	use_token(b, AUTH_ADMIN, "other/*");
	ASK(403, b, "GET", "/v2/me/app/tags/list", "");
}

static void tokens_that_are_none_get_a_challenge(void **state)
{
	static const char *const bad[] = {"Basic", "Basic !!!", "Basic YTpi", "Bearer", "Bearer x",
		"Bearer knb_MSAx.AAAA", "Digest username=\"a\"", "knp_abc",
		"Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9."};
	CLEANUP(bench_free) struct bench *b = bench_new(true);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		snprintf(b->authorization, sizeof(b->authorization), "%s", bad[i]);
		ASK(401, b, "GET", "/v2/", "");
		assert_true(str_has(answered(b, "www-authenticate"), S("error=\"invalid_token\"")));
	}
}

/* Asks /token and shows what it gave from now on. */
static void use_bearer(struct bench *b, const char *query, struct str *ret_scope, struct arena *a)
{
	struct err err = {0};
	struct json *v;
	struct str token, again, issued;
	int64_t seconds;
	ASK(200, b, "GET", path_of("/token?service=knarr%s", query), "");
	STR_IS(answered(b, "cache-control"), "no-store");
	OK(json_parse(body_of(b), NULL, a, &v, &err));
	OK(json_get_str(v, "token", &token, &err));
	OK(json_get_str(v, "access_token", &again, &err));
	OK(json_get_str(v, "issued_at", &issued, &err));
	OK(json_get_str(v, "scope", ret_scope, &err));
	OK(json_get_i64(v, "expires_in", 60, 300, &seconds, &err));
	assert_true(str_eq(token, again));
	snprintf(b->authorization, sizeof(b->authorization), "Bearer %.*s", STR_ARG(token));
}

static void token_gives_a_bearer_for_what_was_asked(void **state)
{
	struct str scope;
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(bench_free) struct bench *b = bench_new(true);
	use_token(b, AUTH_WRITE_PACKAGES, "");
	push_blob(b, "me/app", "x");
	use_bearer(b, "&scope=repository:me/app:pull&account=ada", &scope, &a);
	STR_IS(scope, "repository:me/app:pull");
	ASK(200, b, "GET", "/v2/", "");
	ASK(200, b, "GET", "/v2/me/app/tags/list", "");
	/* for more it has to ask again: 401, not 403 */
	ASK(401, b, "POST", "/v2/me/app/blobs/uploads/", "");
	assert_true(str_has(answered(b, "www-authenticate"), S("error=\"insufficient_scope\"")));
	ASK(401, b, "GET", "/v2/me/other/tags/list", "");
	/* what the token behind it may not, asking does not bring: 403 */
	ASK(403, b, "DELETE", "/v2/me/app/manifests/v1", "");
}

static void token_gives_no_more_than_the_password_has(void **state)
{
	struct str scope;
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(bench_free) struct bench *b = bench_new(true);
	use_token(b, AUTH_READ_PACKAGES, "me/*");
	use_bearer(b,
		"&scope=repository:me/app:pull,push,delete"
		"&scope=repository:you/app:pull+repository:me/b:*+registry:catalog:*"
		"&scope=repository:me/../you/app:pull&scope=nonsense",
		&scope, &a);
	STR_IS(scope,
		"repository:me/app:pull repository:you/app: repository:me/b:pull "
		"registry:catalog:");
	ASK(404, b, "GET", "/v2/me/app/tags/list", "");
	ASK(403, b, "PUT", "/v2/me/app/manifests/v1", "{}");
	ASK(403, b, "GET", "/v2/you/app/tags/list", "");
	ASK(403, b, "GET", "/v2/_catalog", "");
}

static void token_refuses_wrong_passwords_and_other_methods(void **state)
{
	CLEANUP(bench_free) struct bench *b = bench_new(true);
	snprintf(b->authorization, sizeof(b->authorization), "Basic YTpi");
	ASK(401, b, "GET", "/token?service=knarr", "");
	assert_true(str_starts(answered(b, "www-authenticate"), S("Basic ")));
	snprintf(b->authorization, sizeof(b->authorization), "Bearer x");
	ASK(401, b, "GET", "/token?service=knarr", "");
	b->authorization[0] = '\0';
	ASK(405, b, "PUT", "/token", "");
	ASK(400, b, "POST", "/token", "grant_type=authorization_code&code=x");
	ASK(401, b, "POST", "/token", "grant_type=password&username=a&password=b");
	ASK(401, b, "POST", "/token", "grant_type=refresh_token&refresh_token=b");
	CLEANUP(buf_done) struct buf big = BUF(1 << 20);
	for (int i = 0; i < 20000; i++)
		buf_add_cstr(&big, "a=b&");
	ASK_BYTES(413, b, "POST", "/token", buf_str(&big));
	buf_clear(&big);
	buf_add_cstr(&big, "/token?");
	for (int i = 0; i < 65; i++)
		buf_add_cstr(&big, "scope=repository:a:pull&");
	use_token(b, AUTH_ADMIN, "");
	ASK(400, b, "GET", buf_cstr(&big), "");
}

/* containerd, and docker after a login. */
static void token_post_takes_passwords_and_refresh_tokens(void **state)
{
	struct err err = {0};
	char text[AUTH_TOKEN_TEXT], form[400];
	CLEANUP(bench_free) struct bench *b = bench_new(true);
	OK(auth_token_create(b->auth,
		&(struct auth_token){.user = S("ada"), .scopes = AUTH_WRITE_PACKAGES}, text, &err));
	for (int i = 0; i < 2; i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct json *v;
		struct str token, refresh;
		snprintf(form, sizeof(form),
			"grant_type=%s=%s&username=ada&service=knarr&client_id=x&access_type=offline"
			"&scope=repository%%3Ame%%2Fapp%%3Apull%%2Cpush",
			i ? "refresh_token&refresh_token" : "password&password", text);
		b->authorization[0] = '\0';
		ASK(200, b, "POST", "/token", form,
			"Content-Type: application/x-www-form-urlencoded");
		OK(json_parse(body_of(b), NULL, &a, &v, &err));
		OK(json_get_str(v, "access_token", &token, &err));
		OK(json_get_str(v, "refresh_token", &refresh, &err));
		STR_IS(refresh, text);
		snprintf(b->authorization, sizeof(b->authorization), "Bearer %.*s", STR_ARG(token));
		ASK(202, b, "POST", "/v2/me/app/blobs/uploads/", "");
	}
}

static void public_repositories_are_read_by_anybody(void **state)
{
	struct err err = {0};
	struct str scope;
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(bench_free) struct bench *b = bench_new(true);
	use_token(b, AUTH_WRITE_PACKAGES, "");
	push_blob(b, "open/app", "x");
	push_blob(b, "me/app", "x");
	OK(auth_public_set(b->auth, S("open/*"), true, &err));
	b->authorization[0] = '\0';
	ASK(200, b, "GET", path_of("/v2/open/app/blobs/%s", SHA256("x")), "");
	ASK(401, b, "GET", path_of("/v2/me/app/blobs/%s", SHA256("x")), "");
	ASK(401, b, "POST", "/v2/open/app/blobs/uploads/", "");
	/* through the token flow as docker does it */
	use_bearer(b, "&scope=repository:open/app:pull,push&scope=repository:me/app:pull", &scope,
		&a);
	STR_IS(scope, "repository:open/app:pull repository:me/app:");
	ASK(200, b, "GET", path_of("/v2/open/app/blobs/%s", SHA256("x")), "");
	ASK(401, b, "GET", path_of("/v2/me/app/blobs/%s", SHA256("x")), "");
	ASK(401, b, "POST", "/v2/open/app/blobs/uploads/", "");
}

static void revoked_tokens_and_their_bearers_are_dead_at_once(void **state)
{
	struct err err = {0};
	struct str scope;
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(bench_free) struct bench *b = bench_new(true);
	use_token(b, AUTH_READ_PACKAGES, "");
	use_bearer(b, "", &scope, &a);
	ASK(200, b, "GET", "/v2/", "");
	OK(auth_token_revoke(b->auth, S("1"), &err));
	ASK(401, b, "GET", "/v2/", "");
}

static void challenge_names_the_public_url(void **state)
{
	CLEANUP(bench_free) struct bench *b = bench_new(true);
	ASK(401, b, "GET", "/v2/", "", "X-Forwarded-Proto: https", "Host: hub.example");
	assert_true(str_has(answered(b, "www-authenticate"),
		S("realm=\"https://hub.example/token\"")));
	struct err err = {0};
	struct registry_spec spec = {.store = b->store,
		.auth = b->auth,
		.service = "s",
		.public_url = "https://ghcr.example/"};
	struct http_server *plain = b->server;
	CLEANUP(registry_free) struct registry *r = NULL;
	OK(registry_new(&spec, &r, &err));
	struct http_server_spec server = {.listen = "127.0.0.1:0", .handler = registry_handler(r)};
	OK(http_server_start(&server, &b->server, &err));
	ASK(401, b, "GET", "/v2/", "");
	STR_IS(answered(b, "www-authenticate"),
		"Bearer realm=\"https://ghcr.example/token\",service=\"s\"");
	http_server_stop(b->server, CLOCK_SECOND);
	b->server = plain;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_answered_without_a_token),
		cmocka_unit_test(scopes_allow_exactly_their_methods),
		cmocka_unit_test(denied_says_what_is_missing),
		cmocka_unit_test(tokens_that_are_none_get_a_challenge),
		cmocka_unit_test(token_gives_a_bearer_for_what_was_asked),
		cmocka_unit_test(token_gives_no_more_than_the_password_has),
		cmocka_unit_test(token_refuses_wrong_passwords_and_other_methods),
		cmocka_unit_test(token_post_takes_passwords_and_refresh_tokens),
		cmocka_unit_test(public_repositories_are_read_by_anybody),
		cmocka_unit_test(revoked_tokens_and_their_bearers_are_dead_at_once),
		cmocka_unit_test(challenge_names_the_public_url),
	};
	return cmocka_run_group_tests_name("registry/access", tests, NULL, NULL);
}
