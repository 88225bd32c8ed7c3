#include "../test.h"

#include "http/url.h"

static void http_find_challenge_reads_parameters(void **state)
{
	static const struct {
		const char *header, *scheme, *realm, *service, *scope, *error;
	} cases[] = {
		{"Bearer realm=\"https://h/token\",service=\"reg\",scope=\"repository:a/b:pull,push\"",
			"bearer", "https://h/token", "reg", "repository:a/b:pull,push", ""},
		{"bearer Realm = \"r\" , error=\"insufficient_scope\"", "BEARER", "r", "", "",
			"insufficient_scope"},
		{"Basic realm=\"a, Bearer realm=b\"", "basic", "a, Bearer realm=b", "", "", ""},
		{"Basic realm=\"a\", Bearer realm=\"b\"", "bearer", "b", "", "", ""},
		{"Negotiate abc==, Bearer realm=x,service=y", "bearer", "x", "y", "", ""},
		{"Negotiate, Basic", "basic", "", "", "", ""},
		{"Bearer realm=https://h:5/t,service=s", "bearer", "https://h:5/t", "s", "", ""},
		{"Bearer realm=\"a\\\"b\\\\\"", "bearer", "a\"b\\", "", "", ""},
		{"Bearer realm=\"unfinished", "bearer", "unfinished", "", "", ""},
		{"Bearer realm=\"unfinished\\", "bearer", "unfinished\\", "", "", ""},
		{"Bearer realm=1, Bearer realm=2", "bearer", "1", "", "", ""},
		{"Bearer realm=1,realm=2", "bearer", "1", "", "", ""},
		{",, ,Bearer\trealm=1,,", "bearer", "1", "", "", ""},
		{"Bearer realm=", "bearer", "", "", "", ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct http_challenge c = {0};
		if (!http_find_challenge(str_of(cases[i].header), cases[i].scheme, &a, &c))
			fail_msg("no challenge in %s", cases[i].header);
		STR_IS(c.realm, cases[i].realm);
		STR_IS(c.service, cases[i].service);
		STR_IS(c.scope, cases[i].scope);
		STR_IS(c.error, cases[i].error);
	}
}

static void http_find_challenge_absent_gives_false(void **state)
{
	static const char *const cases[] = {"", "Basic realm=\"Bearer\"", "Basic bearer=x",
		"BearerX realm=1", "\x01\x02", "=====", "a=\"", ",,,"};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct http_challenge c;
		if (http_find_challenge(str_of(cases[i]), "bearer", &a, &c))
			fail_msg("found a challenge in %s", cases[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(http_find_challenge_reads_parameters),
		cmocka_unit_test(http_find_challenge_absent_gives_false),
	};
	return cmocka_run_group_tests_name("http/challenge", tests, NULL, NULL);
}
