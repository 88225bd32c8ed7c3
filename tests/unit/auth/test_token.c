#include "bench.h"

#include <pthread.h>

static void auth_check_password_gives_what_was_granted(void **state)
{
	struct err err = {0};
	char text[AUTH_TOKEN_TEXT];
	CLEANUP(bench_free) struct bench *b = bench_new();
	CLEANUP(auth_grant_free) const struct auth_grant *g = NULL;
	bench_token(b, AUTH_WRITE_PACKAGES, "me/*", text);
	for (int i = 0; i < 2; i++) { /* from the table, from memory */
		auth_grant_free(g);
		OK(auth_check_password(b->auth, S("whoever"), str_of(text), &g, &err));
		STR_IS(g->user, "ada");
		assert_int_equal(g->scopes, AUTH_WRITE_PACKAGES);
		assert_true(auth_may(g, AUTH_READ_PACKAGES, S("me/app")));
		assert_false(auth_may(g, AUTH_READ_PACKAGES, S("you/app")));
	}
}

static void auth_check_password_refuses_everything_else_alike(void **state)
{
	char text[AUTH_TOKEN_TEXT], other[AUTH_TOKEN_TEXT];
	CLEANUP(bench_free) struct bench *b = bench_new();
	CLEANUP(bench_free) struct bench *elsewhere = bench_new();
	bench_token(b, AUTH_ADMIN, "", text);
	bench_token(elsewhere, AUTH_ADMIN, "", other);
	const char *const bad[] = {"", "x", "knp_", other, "knb_x.y", "' OR 1=1 --",
		"knp_0000000000000000000000000000000000000000"};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err err;
		const struct auth_grant *g = NULL;
		FAILS(ERR_DENIED, auth_check_password(b->auth, S("ada"), str_of(bad[i]), &g, &err));
		assert_string_equal(err.what, "token is not valid");
		assert_null(g);
	}
}

static void auth_token_create_refuses_bad_specs(void **state)
{
	static const struct auth_token bad[] = {
		{.scopes = AUTH_READ_PACKAGES},
		{.user = {"ada", 3}},
		{.user = {"ada", 3}, .scopes = 1 << 9},
		{.user = {"a\nb", 3}, .scopes = AUTH_READ_PACKAGES},
		{.user = {"ada", 3}, .name = {"\x1b[2J", 4}, .scopes = AUTH_READ_PACKAGES},
		{.user = {"ada", 3}, .scopes = AUTH_READ_PACKAGES, .repositories = {"a/../b", 6}},
		{.user = {"ada", 3}, .scopes = AUTH_READ_PACKAGES, .expires_ns = -1},
	};
	CLEANUP(bench_free) struct bench *b = bench_new();
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err err;
		char text[AUTH_TOKEN_TEXT];
		FAILS(ERR_INPUT, auth_token_create(b->auth, &bad[i], text, &err));
	}
}

static void auth_token_that_expired_is_refused_also_from_memory(void **state)
{
	struct err err = {0};
	char text[AUTH_TOKEN_TEXT];
	CLEANUP(bench_free) struct bench *b = bench_new();
	struct auth_token spec = {.user = S("ada"),
		.scopes = AUTH_READ_PACKAGES,
		.expires_ns = b->clock.now + CLOCK_SECOND / 2};
	OK(auth_token_create(b->auth, &spec, text, &err));
	assert_int_equal(bench_check(b->auth, text), ERR_NONE);
	bench_wait(b, CLOCK_SECOND / 2);
	assert_int_equal(bench_check(b->auth, text), ERR_DENIED);
}

static void auth_token_revoke_works_at_once(void **state)
{
	struct err err = {0};
	char by_id[AUTH_TOKEN_TEXT], by_text[AUTH_TOKEN_TEXT];
	CLEANUP(bench_free) struct bench *b = bench_new();
	bench_token(b, AUTH_READ_PACKAGES, "", by_id);
	bench_token(b, AUTH_READ_PACKAGES, "", by_text);
	assert_int_equal(bench_check(b->auth, by_id), ERR_NONE);
	assert_int_equal(bench_check(b->auth, by_text), ERR_NONE);
	OK(auth_token_revoke(b->auth, S("1"), &err));
	OK(auth_token_revoke(b->auth, str_of(by_text), &err));
	assert_int_equal(bench_check(b->auth, by_id), ERR_DENIED);
	assert_int_equal(bench_check(b->auth, by_text), ERR_DENIED);
	FAILS(ERR_NOT_FOUND, auth_token_revoke(b->auth, S("1"), &err));
	FAILS(ERR_NOT_FOUND, auth_token_revoke(b->auth, str_of(by_text), &err));
	FAILS(ERR_INPUT, auth_token_revoke(b->auth, S("x"), &err));
}

/* What another process revokes is refused after AUTH_REMEMBER_NS. */
static void auth_token_revoked_elsewhere_is_refused_within_a_second(void **state)
{
	struct err err = {0};
	char text[AUTH_TOKEN_TEXT];
	CLEANUP(bench_free) struct bench *b = bench_new();
	CLEANUP(auth_free) struct auth *other = NULL;
	OK(auth_open(b->db, b->dir.fd, &b->clock.clock, &other, &err));
	bench_token(b, AUTH_READ_PACKAGES, "", text);
	assert_int_equal(bench_check(b->auth, text), ERR_NONE);
	OK(auth_token_revoke(other, str_of(text), &err));
	bench_wait(b, AUTH_REMEMBER_NS);
	assert_int_equal(bench_check(b->auth, text), ERR_DENIED);
}

static void auth_token_list_tells_all_but_the_text(void **state)
{
	struct err err = {0};
	char text[AUTH_TOKEN_TEXT];
	CLEANUP(bench_free) struct bench *b = bench_new();
	CLEANUP(arena_done) struct arena arena = {0};
	struct auth_tokens all = {0};
	bench_token(b, AUTH_READ_PACKAGES, "a b/*", text);
	struct auth_token job = {.user = S("bot"),
		.scopes = AUTH_WRITE_PACKAGES,
		.is_job = true,
		.expires_ns = b->clock.now + MINUTE};
	OK(auth_token_create(b->auth, &job, text, &err));
	bench_wait(b, CLOCK_SECOND);
	assert_int_equal(bench_check(b->auth, text), ERR_NONE);
	OK(auth_token_list(b->auth, &arena, &all, &err));
	assert_int_equal(all.n, 2);
	assert_int_equal(all.p[0].id, 1);
	STR_IS(all.p[0].user, "ada");
	STR_IS(all.p[0].name, "test");
	STR_IS(all.p[0].repositories, "a b/*");
	assert_int_equal(all.p[0].last_used_ns, 0);
	assert_true(all.p[1].is_job);
	assert_true(all.p[1].created_ns == b->clock.now - CLOCK_SECOND);
	assert_true(all.p[1].last_used_ns == b->clock.now);
	vec_done(&all);
}

static void auth_token_create_clears_what_expired_long_ago(void **state)
{
	struct err err = {0};
	char text[AUTH_TOKEN_TEXT];
	CLEANUP(bench_free) struct bench *b = bench_new();
	CLEANUP(arena_done) struct arena arena = {0};
	for (int i = 0; i < 4; i++) {
		struct auth_token spec = {.user = S("ada"),
			.scopes = AUTH_READ_PACKAGES,
			.is_job = i % 2,
			.expires_ns = b->clock.now + (i < 2 ? 1 : INT64_C(1) << 60)};
		OK(auth_token_create(b->auth, &spec, text, &err));
	}
	for (int days = 2; days <= 40; days += 38) {
		struct auth_tokens all = {0};
		bench_wait(b, days * 24 * 60 * MINUTE);
		bench_token(b, AUTH_READ_PACKAGES, "", text);
		OK(auth_token_list(b->auth, &arena, &all, &err));
		assert_int_equal(all.n, 4);
		vec_done(&all);
	}
}

static void auth_is_empty_until_a_token_was_ever_made(void **state)
{
	struct err err = {0};
	char text[AUTH_TOKEN_TEXT];
	bool is_empty = false;
	CLEANUP(bench_free) struct bench *b = bench_new();
	OK(auth_is_empty(b->auth, &is_empty, &err));
	assert_true(is_empty);
	bench_token(b, AUTH_ADMIN, "", text);
	OK(auth_token_revoke(b->auth, str_of(text), &err));
	OK(auth_is_empty(b->auth, &is_empty, &err));
	assert_false(is_empty);
}

static void auth_open_keeps_its_key_private_and_whole(void **state)
{
	struct err err = {0};
	struct stat st;
	struct auth *again = NULL;
	CLEANUP(bench_free) struct bench *b = bench_new();
	assert_int_equal(fstatat(b->dir.fd, "secret", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_size, 32);
	temp_dir_file(&b->dir, "secret", "short");
	FAILS(ERR_CORRUPT, auth_open(b->db, b->dir.fd, NULL, &again, &err));
}

static void auth_public_repositories_are_for_everybody(void **state)
{
	struct err err = {0};
	CLEANUP(bench_free) struct bench *b = bench_new();
	static const struct {
		const char *repository;
		bool may;
	} cases[] = {{"open/app", true}, {"lib/x", true}, {"open", false}, {"me/app", false},
		{"", false}};
	const struct auth_grant *g = NULL;
	OK(auth_check_nobody(b->auth, &g, &err));
	assert_false(auth_may(g, AUTH_READ_PACKAGES, S("open/app")));
	auth_grant_free(g);
	OK(auth_public_set(b->auth, S("open/app"), true, &err));
	OK(auth_public_set(b->auth, S("lib/*"), true, &err));
	OK(auth_public_set(b->auth, S("lib/*"), true, &err));
	OK(auth_check_nobody(b->auth, &g, &err));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(auth_may(g, AUTH_READ_PACKAGES, str_of(cases[i].repository)),
			cases[i].may);
		assert_false(auth_may(g, AUTH_WRITE_PACKAGES, str_of(cases[i].repository)));
	}
	auth_grant_free(g);
	OK(auth_public_set(b->auth, S("open/app"), false, &err));
	OK(auth_check_nobody(b->auth, &g, &err));
	assert_false(auth_may(g, AUTH_READ_PACKAGES, S("open/app")));
	auth_grant_free(g);
	FAILS(ERR_INPUT, auth_public_set(b->auth, S(""), true, &err));
	FAILS(ERR_INPUT, auth_public_set(b->auth, S("a, b"), true, &err));
	FAILS(ERR_INPUT, auth_public_set(b->auth, S("../a"), true, &err));
}

struct racer {
	struct bench *bench;
	const char *text;
};

static void *check_often(void *arg)
{
	struct racer *r = arg;
	for (int i = 0; i < 300; i++)
		(void)bench_check(r->bench->auth, r->text);
	return NULL;
}

/* A check that runs while the token is revoked must not bring it back into memory. */
static void auth_token_revoke_beats_checks_that_run(void **state)
{
	CLEANUP(bench_free) struct bench *b = bench_new();
	for (int round = 0; round < 10; round++) {
		struct err err = {0};
		char text[AUTH_TOKEN_TEXT];
		pthread_t threads[3];
		bench_token(b, AUTH_READ_PACKAGES, "", text);
		struct racer r = {b, text};
		for (size_t i = 0; i < ARRAY_LEN(threads); i++)
			pthread_create(&threads[i], NULL, check_often, &r);
		OK(auth_token_revoke(b->auth, str_of(text), &err));
		assert_int_equal(bench_check(b->auth, text), ERR_DENIED);
		for (size_t i = 0; i < ARRAY_LEN(threads); i++)
			pthread_join(threads[i], NULL);
		assert_int_equal(bench_check(b->auth, text), ERR_DENIED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(auth_check_password_gives_what_was_granted),
		cmocka_unit_test(auth_check_password_refuses_everything_else_alike),
		cmocka_unit_test(auth_token_create_refuses_bad_specs),
		cmocka_unit_test(auth_token_that_expired_is_refused_also_from_memory),
		cmocka_unit_test(auth_token_revoke_works_at_once),
		cmocka_unit_test(auth_token_revoked_elsewhere_is_refused_within_a_second),
		cmocka_unit_test(auth_token_list_tells_all_but_the_text),
		cmocka_unit_test(auth_token_create_clears_what_expired_long_ago),
		cmocka_unit_test(auth_is_empty_until_a_token_was_ever_made),
		cmocka_unit_test(auth_open_keeps_its_key_private_and_whole),
		cmocka_unit_test(auth_public_repositories_are_for_everybody),
		cmocka_unit_test(auth_token_revoke_beats_checks_that_run),
	};
	return cmocka_run_group_tests_name("auth/token", tests, NULL, NULL);
}
