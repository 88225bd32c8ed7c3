#include "bench.h"

/* A bearer for one repository, from a token. */
static void make(struct bench *b, const char *token, const char *repository, unsigned scopes,
	struct buf *ret)
{
	struct err err = {0};
	int64_t ttl;
	CLEANUP(auth_grant_free) const struct auth_grant *g = NULL;
	OK(auth_check_password(b->auth, S("ada"), str_of(token), &g, &err));
	const struct auth_access what = {str_of(repository), scopes};
	buf_clear(ret);
	OK(auth_bearer_make(b->auth, g, &what, 1, 0, ret, &ttl, &err));
	assert_true(ttl == 5 * MINUTE);
}

static bool may(struct bench *b, struct str bearer, unsigned scope, const char *repository)
{
	struct err err = {0};
	CLEANUP(auth_grant_free) const struct auth_grant *g = NULL;
	OK(auth_bearer_check(b->auth, bearer, &g, &err));
	STR_IS(g->user, "ada");
	return auth_may(g, scope, str_of(repository));
}

static void auth_bearer_may_what_it_was_made_for(void **state)
{
	char token[AUTH_TOKEN_TEXT];
	CLEANUP(bench_free) struct bench *b = bench_new();
	CLEANUP(buf_done) struct buf t = BUF(AUTH_BEARER_MAX);
	bench_token(b, AUTH_WRITE_PACKAGES | AUTH_DELETE_PACKAGES, "", token);
	make(b, token, "me/app", AUTH_READ_PACKAGES | AUTH_WRITE_PACKAGES, &t);
	for (int i = 0; i < 2; i++) {
		assert_true(may(b, buf_str(&t), AUTH_READ_PACKAGES, "me/app"));
		assert_true(may(b, buf_str(&t), AUTH_WRITE_PACKAGES, "me/app"));
		assert_false(may(b, buf_str(&t), AUTH_DELETE_PACKAGES, "me/app"));
		assert_false(may(b, buf_str(&t), AUTH_READ_PACKAGES, "me/other"));
		assert_false(may(b, buf_str(&t), AUTH_READ_PACKAGES, "me"));
	}
}

static void auth_bearer_make_gives_no_more_than_the_token_has(void **state)
{
	static const struct {
		const char *repository;
		unsigned scopes;
	} cases[] = {
		{"you/app", AUTH_READ_PACKAGES},
		{"me/app", AUTH_WRITE_PACKAGES},
		{"me/app", AUTH_DELETE_PACKAGES},
		{"me/app", AUTH_ADMIN},
		{"me/../you/app", AUTH_READ_PACKAGES},
		{"me/app/../../you/app", AUTH_READ_PACKAGES},
		{"me//app", AUTH_READ_PACKAGES},
		{"me/app\n1 you/app", AUTH_READ_PACKAGES},
		{"me/*", AUTH_READ_PACKAGES},
		{"", AUTH_READ_PACKAGES},
	};
	char token[AUTH_TOKEN_TEXT];
	CLEANUP(bench_free) struct bench *b = bench_new();
	bench_token(b, AUTH_READ_PACKAGES, "me/*", token);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		CLEANUP(buf_done) struct buf t = BUF(AUTH_BEARER_MAX);
		CLEANUP(auth_grant_free) const struct auth_grant *g = NULL;
		make(b, token, cases[i].repository, cases[i].scopes, &t);
		OK(auth_bearer_check(b->auth, buf_str(&t), &g, &err));
		if (g->n_access)
			fail_msg("%s was granted", cases[i].repository);
	}
}

static void auth_bearer_check_refuses_forgeries(void **state)
{
	char token[AUTH_TOKEN_TEXT];
	CLEANUP(bench_free) struct bench *b = bench_new();
	CLEANUP(bench_free) struct bench *elsewhere = bench_new();
	CLEANUP(buf_done) struct buf t = BUF(AUTH_BEARER_MAX);
	CLEANUP(buf_done) struct buf other = BUF(AUTH_BEARER_MAX);
	bench_token(b, AUTH_ADMIN, "", token);
	make(b, token, "me/app", AUTH_READ_PACKAGES, &t);
	for (size_t i = 0; i < t.n; i++) { /* any byte changed */
		char was = t.p[i];
		t.p[i] = was == 'A' ? 'B' : 'A';
		bool is_padding_bit = i == t.n - 1; /* the last letter holds two unused bits */
		if (!is_padding_bit)
			assert_int_equal(bench_check_bearer(b->auth, buf_str(&t)), ERR_DENIED);
		t.p[i] = was;
	}
	for (size_t n = 0; n < t.n; n++) /* cut short */
		assert_int_equal(bench_check_bearer(b->auth, str_sub(buf_str(&t), 0, n)),
			ERR_DENIED);
	bench_token(elsewhere, AUTH_ADMIN, "", token); /* another registry's, of the same shape */
	make(elsewhere, token, "me/app", AUTH_READ_PACKAGES, &other);
	assert_int_equal(bench_check_bearer(b->auth, buf_str(&other)), ERR_DENIED);
	static const char *const bad[] = {"", ".", "knb_", "knb_.", "knb_MSAx.AAAA",
		/* a JWT that asks for no signature */
		"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJhZG1pbiJ9.",
		"knb_eyJhbGciOiJub25lIn0."};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(bench_check_bearer(b->auth, str_of(bad[i])), ERR_DENIED);
	assert_int_equal(bench_check_bearer(b->auth, buf_str(&t)), ERR_NONE);
}

static void auth_bearer_ends_with_its_time(void **state)
{
	struct err err = {0};
	int64_t ttl;
	char token[AUTH_TOKEN_TEXT];
	CLEANUP(bench_free) struct bench *b = bench_new();
	CLEANUP(buf_done) struct buf t = BUF(AUTH_BEARER_MAX);
	CLEANUP(auth_grant_free) const struct auth_grant *g = NULL;
	bench_token(b, AUTH_ADMIN, "", token);
	make(b, token, "me/app", AUTH_READ_PACKAGES, &t);
	bench_wait(b, 5 * MINUTE - 1);
	assert_int_equal(bench_check_bearer(b->auth, buf_str(&t)), ERR_NONE);
	bench_wait(b, 1); /* remembered, and refused all the same */
	assert_int_equal(bench_check_bearer(b->auth, buf_str(&t)), ERR_DENIED);
	struct auth_token spec = {.user = S("ada"),
		.scopes = AUTH_READ_PACKAGES,
		.expires_ns = b->clock.now + MINUTE};
	OK(auth_token_create(b->auth, &spec, token, &err));
	OK(auth_check_password(b->auth, S(""), str_of(token), &g, &err));
	buf_clear(&t);
	OK(auth_bearer_make(b->auth, g, NULL, 0, 0, &t, &ttl, &err));
	assert_true(ttl == MINUTE); /* not longer than the token behind it */
}

static void auth_bearer_dies_with_its_token(void **state)
{
	struct err err = {0};
	char token[AUTH_TOKEN_TEXT], next[AUTH_TOKEN_TEXT];
	CLEANUP(bench_free) struct bench *b = bench_new();
	CLEANUP(buf_done) struct buf t = BUF(AUTH_BEARER_MAX);
	bench_token(b, AUTH_ADMIN, "", token);
	make(b, token, "me/app", AUTH_READ_PACKAGES, &t);
	assert_int_equal(bench_check_bearer(b->auth, buf_str(&t)), ERR_NONE);
	OK(auth_token_revoke(b->auth, str_of(token), &err));
	assert_int_equal(bench_check_bearer(b->auth, buf_str(&t)), ERR_DENIED);
	bench_token(b, AUTH_ADMIN, "", next); /* gets the same id */
	assert_int_equal(bench_check_bearer(b->auth, buf_str(&t)), ERR_DENIED);
}

static void auth_bearer_of_nobody_reads_what_is_public_now(void **state)
{
	struct err err = {0};
	int64_t ttl;
	CLEANUP(bench_free) struct bench *b = bench_new();
	CLEANUP(buf_done) struct buf t = BUF(AUTH_BEARER_MAX);
	const struct auth_access what[] = {
		{S("open/app"), AUTH_READ_PACKAGES | AUTH_WRITE_PACKAGES},
		{S("me/app"), AUTH_READ_PACKAGES}};
	const struct auth_grant *g = NULL;
	OK(auth_public_set(b->auth, S("open/*"), true, &err));
	OK(auth_check_nobody(b->auth, &g, &err));
	OK(auth_bearer_make(b->auth, g, what, 2, 0, &t, &ttl, &err));
	auth_grant_free(g);
	OK(auth_bearer_check(b->auth, buf_str(&t), &g, &err));
	assert_true(auth_may(g, AUTH_READ_PACKAGES, S("open/app")));
	assert_false(auth_may(g, AUTH_WRITE_PACKAGES, S("open/app")));
	assert_false(auth_may(g, AUTH_READ_PACKAGES, S("me/app")));
	auth_grant_free(g);
	OK(auth_public_set(b->auth, S("open/*"), false, &err));
	OK(auth_bearer_check(b->auth, buf_str(&t), &g, &err));
	assert_false(auth_may(g, AUTH_READ_PACKAGES, S("open/app")));
	auth_grant_free(g);
}

static void auth_bearer_make_limits_scopes(void **state)
{
	struct err err = {0};
	int64_t ttl;
	char token[AUTH_TOKEN_TEXT];
	struct auth_access many[AUTH_ACCESS_MAX + 1];
	CLEANUP(bench_free) struct bench *b = bench_new();
	CLEANUP(buf_done) struct buf t = BUF(AUTH_BEARER_MAX);
	CLEANUP(auth_grant_free) const struct auth_grant *g = NULL;
	bench_token(b, AUTH_ADMIN, "", token);
	OK(auth_check_password(b->auth, S(""), str_of(token), &g, &err));
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		many[i] = (struct auth_access){S("a"), AUTH_READ_PACKAGES};
	FAILS(ERR_LIMIT, auth_bearer_make(b->auth, g, many, ARRAY_LEN(many), 0, &t, &ttl, &err));
	OK(auth_bearer_make(b->auth, g, many, AUTH_ACCESS_MAX, 0, &t, &ttl, &err));
	assert_int_equal(bench_check_bearer(b->auth, buf_str(&t)), ERR_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(auth_bearer_may_what_it_was_made_for),
		cmocka_unit_test(auth_bearer_make_gives_no_more_than_the_token_has),
		cmocka_unit_test(auth_bearer_check_refuses_forgeries),
		cmocka_unit_test(auth_bearer_ends_with_its_time),
		cmocka_unit_test(auth_bearer_dies_with_its_token),
		cmocka_unit_test(auth_bearer_of_nobody_reads_what_is_public_now),
		cmocka_unit_test(auth_bearer_make_limits_scopes),
	};
	return cmocka_run_group_tests_name("auth/bearer", tests, NULL, NULL);
}
