#include "../test.h"

#include "auth/auth_priv.h"

static void auth_scopes_parse_reads_lists(void **state)
{
	static const struct {
		const char *text;
		enum err_kind kind;
		unsigned scopes;
	} cases[] = {
		{"read:packages", ERR_NONE, AUTH_READ_PACKAGES},
		{"read:packages,write:packages", ERR_NONE,
			AUTH_READ_PACKAGES | AUTH_WRITE_PACKAGES},
		{" delete:packages  admin,", ERR_NONE, AUTH_DELETE_PACKAGES | AUTH_ADMIN},
		{"", ERR_INPUT, 0},
		{" , ", ERR_INPUT, 0},
		{"read", ERR_INPUT, 0},
		{"Read:Packages", ERR_INPUT, 0},
		{"read:packages;admin", ERR_INPUT, 0},
		{"*", ERR_INPUT, 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		unsigned scopes = 0;
		(void)auth_scopes_parse(str_of(cases[i].text), &scopes, &err);
		assert_int_equal(err.kind, cases[i].kind);
		assert_int_equal(scopes, cases[i].scopes);
	}
}

static void auth_scopes_add_writes_what_parse_reads(void **state)
{
	CLEANUP(buf_done) struct buf b = BUF(100);
	auth_scopes_add(&b, AUTH_ADMIN | AUTH_READ_PACKAGES);
	STR_IS(buf_str(&b), "read:packages,admin");
}

static void auth_may_looks_at_scopes_and_repositories(void **state)
{
	static const struct {
		unsigned have;
		const char *repositories;
		unsigned wanted;
		const char *repository;
		bool may;
	} cases[] = {
		{AUTH_READ_PACKAGES, "", AUTH_READ_PACKAGES, "a/b", true},
		{AUTH_READ_PACKAGES, "", AUTH_WRITE_PACKAGES, "a/b", false},
		{AUTH_READ_PACKAGES, "", AUTH_DELETE_PACKAGES, "a/b", false},
		{AUTH_WRITE_PACKAGES, "", AUTH_READ_PACKAGES, "a/b", true},
		{AUTH_WRITE_PACKAGES, "", AUTH_DELETE_PACKAGES, "a/b", false},
		{AUTH_DELETE_PACKAGES, "", AUTH_READ_PACKAGES, "a/b", false},
		{AUTH_DELETE_PACKAGES, "", AUTH_DELETE_PACKAGES, "a/b", true},
		{AUTH_ADMIN, "", AUTH_DELETE_PACKAGES, "a/b", true},
		{AUTH_ADMIN, "", AUTH_ADMIN, "", true},
		{AUTH_READ_PACKAGES, "", AUTH_ADMIN, "", false},
		{AUTH_READ_PACKAGES, "", 0, "a/b", false},
		{0, "", AUTH_READ_PACKAGES, "a/b", false},
		{AUTH_READ_PACKAGES, "a/b", AUTH_READ_PACKAGES, "a/b", true},
		{AUTH_READ_PACKAGES, "a/b", AUTH_READ_PACKAGES, "a/bc", false},
		{AUTH_READ_PACKAGES, "a/b", AUTH_READ_PACKAGES, "a/b/c", false},
		{AUTH_READ_PACKAGES, "x, a/b", AUTH_READ_PACKAGES, "a/b", true},
		{AUTH_READ_PACKAGES, "a/*", AUTH_READ_PACKAGES, "a/b", true},
		{AUTH_READ_PACKAGES, "a/*", AUTH_READ_PACKAGES, "a", false},
		{AUTH_READ_PACKAGES, "a/*", AUTH_READ_PACKAGES, "ab/c", false},
		{AUTH_READ_PACKAGES, "a*", AUTH_READ_PACKAGES, "ab/c", true},
		{AUTH_READ_PACKAGES, "*", AUTH_READ_PACKAGES, "a", true},
		{AUTH_ADMIN, "a/*", AUTH_READ_PACKAGES, "b", false},
		{AUTH_ADMIN, "*", AUTH_ADMIN, "", false},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct auth_grant g = {
			.scopes = cases[i].have, .repositories = str_of(cases[i].repositories)};
		if (auth_may(&g, cases[i].wanted, str_of(cases[i].repository)) != cases[i].may)
			fail_msg("case %zu", i);
	}
}

static void auth_may_limited_needs_both(void **state)
{
	const struct auth_access access[] = {
		{S("a/b"), AUTH_READ_PACKAGES}, {S("c"), AUTH_WRITE_PACKAGES}};
	struct auth_grant g = {
		.scopes = AUTH_READ_PACKAGES, .is_limited = true, .access = access, .n_access = 2};
	assert_true(auth_may(&g, AUTH_READ_PACKAGES, S("a/b")));
	assert_false(auth_may(&g, AUTH_READ_PACKAGES, S("a")));
	assert_false(auth_may(&g, AUTH_WRITE_PACKAGES, S("c"))); /* the token lost it since */
	assert_true(auth_may(&g, AUTH_READ_PACKAGES, S("c")));
	g.n_access = 0;
	assert_false(auth_may(&g, AUTH_READ_PACKAGES, S("a/b")));
}

static void auth_list_check_refuses_tricks(void **state)
{
	static const char *const good[] = {"", "a", "a/b-c_d.e", "a/*", "*", "team-*, b", " a  b "};
	static const char *const bad[] = {"A", "a//b", "/a", "a/", "a/../b", "..", "a*b", "**",
		"a/**", "a\x01", "a%2fb", "a:b", "/*", "a/../*"};
	struct err err = {0};
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		OK(auth_list_check(str_of(good[i]), &err));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		FAILS(ERR_INPUT, auth_list_check(str_of(bad[i]), &err));
}

static void auth_text_checksum_tells_typos(void **state)
{
	char text[AUTH_TOKEN_TEXT], other[AUTH_TOKEN_TEXT];
	struct err err = {0};
	OK(auth_text_make(false, text, &err));
	assert_true(str_starts(str_of(text), S("knp_")));
	assert_int_equal(strlen(text), 44);
	assert_true(auth_text_is_token(str_of(text)));
	for (size_t i = 0; i < strlen(text); i++) {
		memcpy(other, text, sizeof(other));
		other[i] = other[i] == 'x' ? 'y' : 'x';
		assert_false(auth_text_is_token(str_of(other)));
	}
	assert_false(auth_text_is_token(str_sub(str_of(text), 0, 43)));
	assert_false(auth_text_is_token(S("")));
	OK(auth_text_make(true, other, &err));
	assert_true(str_starts(str_of(other), S("knj_")));
	assert_string_not_equal(text + 4, other + 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(auth_scopes_parse_reads_lists),
		cmocka_unit_test(auth_scopes_add_writes_what_parse_reads),
		cmocka_unit_test(auth_may_looks_at_scopes_and_repositories),
		cmocka_unit_test(auth_may_limited_needs_both),
		cmocka_unit_test(auth_list_check_refuses_tricks),
		cmocka_unit_test(auth_text_checksum_tells_typos),
	};
	return cmocka_run_group_tests_name("auth/scope", tests, NULL, NULL);
}
