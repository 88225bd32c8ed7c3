#include "../test.h"

#include "http/url.h"

static void url_parse_gives_the_parts(void **state)
{
	static const struct {
		const char *text, *scheme, *user, *host, *path, *query;
		uint16_t port;
		bool has_port;
	} cases[] = {
		{"http://a", "http", "", "a", "/", "", 80, false},
		{"HTTPS://a.b/c/d?e=f&g#h", "HTTPS", "", "a.b", "/c/d", "e=f&g", 443, false},
		{"http://127.0.0.1:5080/v2/", "http", "", "127.0.0.1", "/v2/", "", 5080, true},
		{"https://[::1]:443", "https", "", "::1", "/", "", 443, true},
		{"http://me:secret@h:1/x", "http", "me:secret", "h", "/x", "", 1, true},
		{"http://h?q=/", "http", "", "h", "/", "q=/", 80, false},
		{"http://user@evil@h/", "http", "user@evil", "h", "/", "", 80, false},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		struct url u;
		OK(url_parse(str_of(cases[i].text), &u, &err));
		STR_IS(u.scheme, cases[i].scheme);
		STR_IS(u.user, cases[i].user);
		STR_IS(u.host, cases[i].host);
		STR_IS(u.path, cases[i].path);
		STR_IS(u.query, cases[i].query);
		assert_int_equal(u.port, cases[i].port);
		assert_int_equal(u.has_port, cases[i].has_port);
	}
}

static void url_parse_refuses_what_is_no_http_url(void **state)
{
	static const char *const cases[] = {"", "a", "ftp://a", "file:///etc/passwd", "http:/a",
		"http://", "http:///x", "http://:80/", "http://a:0/", "http://a:65536/",
		"http://a:b/", "http://a:/", "http://[::1/", "http://[::g]/", "http://[::1]x/",
		"http://a b/", "http://a/b c", "http://a/\x01", "http://a/\xc3\xa4", "http://a\\b/",
		"http://a%00b/", "http://a<b/", "http://a/\x7f"};
	struct err err;
	struct url u;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		FAILS(ERR_INPUT, url_parse(str_of(cases[i]), &u, &err));
	FAILS(ERR_INPUT, url_parse(str_n("http://a\0b/", 11), &u, &err));
}

static void url_resolve_follows_rfc3986(void **state)
{
	static const struct {
		const char *base, *location, *result;
	} cases[] = {
		{"http://a/b/c/d?q", "https://x/y", "https://x/y"},
		{"http://a/b/c/d?q", "//x:81/y", "http://x:81/y"},
		{"http://a:5/b/c/d?q", "/y/z?r", "http://a:5/y/z?r"},
		{"http://a/b/c/d?q", "g", "http://a/b/c/g"},
		{"http://a/b/c/d?q", "./g/", "http://a/b/c/g/"},
		{"http://a/b/c/d?q", "?y", "http://a/b/c/d?y"},
		{"http://a/b/c/d?q", "", "http://a/b/c/d?q"},
		{"http://a/b/c/d?q", "#s", "http://a/b/c/d?q"},
		{"http://a/b/c/d?q", "g#s/../x", "http://a/b/c/g"},
		{"http://a/b/c/d?q", "..", "http://a/b/"},
		{"http://a/b/c/d?q", "../../../../g", "http://a/g"},
		{"http://a/b/c/d?q", "/./g/../h", "http://a/h"},
		{"http://a/b/c/d?q", "g;x=1/../y", "http://a/b/c/y"},
		{"http://[::1]:80/x", "y", "http://[::1]:80/y"},
		{"http://me:pw@a/b", "/c", "http://a/c"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		CLEANUP(buf_done) struct buf b = BUF(200);
		OK(url_resolve(str_of(cases[i].base), str_of(cases[i].location), &b, &err));
		STR_IS(buf_str(&b), cases[i].result);
	}
}

static void url_resolve_refuses_other_schemes_and_long_urls(void **state)
{
	struct err err;
	CLEANUP(buf_done) struct buf b = BUF(30);
	FAILS(ERR_INPUT, url_resolve(S("http://a/"), S("file:///etc/passwd"), &b, &err));
	buf_clear(&b);
	FAILS(ERR_INPUT, url_resolve(S("http://a/"), S("javascript:x"), &b, &err));
	buf_clear(&b);
	FAILS(ERR_LIMIT, url_resolve(S("http://a/"), S("/0123456789012345678901234567"), &b, &err));
}

static void url_same_origin_compares_scheme_host_and_port(void **state)
{
	static const struct {
		const char *a, *b;
		bool is_same;
	} cases[] = {
		{"http://a/x", "http://A:80/y", true},
		{"https://a", "https://a:443/", true},
		{"http://a", "https://a", false},
		{"http://a", "http://a:81", false},
		{"http://a", "http://b", false},
		{"http://u@a", "http://a", true},
		{"nonsense", "nonsense", false},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(url_same_origin(str_of(cases[i].a), str_of(cases[i].b)),
			cases[i].is_same);
}

static void url_escapes_and_back(void **state)
{
	struct err err = {0};
	CLEANUP(buf_done) struct buf b = BUF(100);
	url_add_escaped(&b, S("a/b c+\xc3\xa4~%"), "/");
	STR_IS(buf_str(&b), "a/b%20c%2B%C3%A4~%25");
	CLEANUP(buf_done) struct buf back = BUF(100);
	OK(url_unescape(buf_str(&b), &back, &err));
	STR_IS(buf_str(&back), "a/b c+\xc3\xa4~%");
}

static void url_unescape_refuses_broken_escapes(void **state)
{
	static const char *const cases[] = {"%", "%1", "a%", "%zz", "%1g", "%00", "%-1"};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err;
		CLEANUP(buf_done) struct buf b = BUF(100);
		FAILS(ERR_INPUT, url_unescape(str_of(cases[i]), &b, &err));
	}
}

static void url_query_finds_and_decodes(void **state)
{
	static const struct {
		const char *query, *name, *value; /* NULL = absent */
	} cases[] = {
		{"a=1&b=2", "b", "2"},
		{"a=1&b=2", "c", NULL},
		{"", "a", NULL},
		{"a", "a", ""},
		{"a=", "a", ""},
		{"digest=sha256%3Aab", "digest", "sha256:ab"},
		{"scope=a+b%2Bc", "scope", "a b+c"},
		{"a=%zz&a=2", "a", "2"},
		{"%61=x", "a", "x"},
		{"&&=x&a=b=c&", "a", "b=c"},
		{"aa=1", "a", NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct str v = {0};
		bool found = url_query(str_of(cases[i].query), cases[i].name, &a, &v);
		assert_int_equal(found, cases[i].value != NULL);
		if (found)
			STR_IS(v, cases[i].value);
	}
}

static void url_query_next_gives_every_value(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct str v;
	size_t at = 0;
	struct str q = S("tag=1&x=y&tag=latest&tag=");
	assert_true(url_query_next(q, "tag", &at, &a, &v));
	STR_IS(v, "1");
	assert_true(url_query_next(q, "tag", &at, &a, &v));
	STR_IS(v, "latest");
	assert_true(url_query_next(q, "tag", &at, &a, &v));
	STR_IS(v, "");
	assert_false(url_query_next(q, "tag", &at, &a, &v));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(url_parse_gives_the_parts),
		cmocka_unit_test(url_parse_refuses_what_is_no_http_url),
		cmocka_unit_test(url_resolve_follows_rfc3986),
		cmocka_unit_test(url_resolve_refuses_other_schemes_and_long_urls),
		cmocka_unit_test(url_same_origin_compares_scheme_host_and_port),
		cmocka_unit_test(url_escapes_and_back),
		cmocka_unit_test(url_unescape_refuses_broken_escapes),
		cmocka_unit_test(url_query_finds_and_decodes),
		cmocka_unit_test(url_query_next_gives_every_value),
	};
	return cmocka_run_group_tests_name("http/url", tests, NULL, NULL);
}
