#include "../test.h"

#include "base/buf.h"
#include "http/head_priv.h"

/* The whole text as one head: the status http_head_parse() gives. */
static int parse(const char *text, struct head *h)
{
	size_t scanned = 0, n = http_head_length(str_of(text), &scanned);
	if (n != strlen(text))
		fail_msg("length %zu of %zu: %s", n, strlen(text), text);
	return http_head_parse(str_of(text), h);
}

static void head_parse_gives_the_parts(void **state)
{
	struct head h;
	assert_int_equal(parse("PUT /v2/a/b?digest=x&y HTTP/1.1\r\nHost: h:80\r\n"
			       "content-LENGTH:  12 \r\nX-Empty:\r\nExpect: 100-Continue\r\n\r\n",
				 &h),
		0);
	assert_int_equal(h.method, HTTP_PUT);
	STR_IS(h.path, "/v2/a/b");
	STR_IS(h.query, "digest=x&y");
	STR_IS(h.host, "h:80");
	STR_IS(http_head_find(&h, S("Content-Length")), "12");
	STR_IS(http_head_find(&h, S("x-empty")), "");
	assert_null(http_head_find(&h, S("absent")).p);
	assert_int_equal(h.size, 12);
	assert_true(h.expects_continue);
	assert_false(h.closes);
}

static void head_parse_decides_what_lasts(void **state)
{
	static const struct {
		const char *text;
		bool closes;
	} cases[] = {
		{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", false},
		{"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", true},
		{"GET / HTTP/1.1\r\nHost: a\r\nConnection: TE, Close\r\n\r\n", true},
		{"GET / HTTP/1.0\r\n\r\n", true},
		{"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", false},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct head h;
		assert_int_equal(parse(cases[i].text, &h), 0);
		assert_int_equal(h.closes, cases[i].closes);
	}
}

static void head_parse_reads_targets(void **state)
{
	static const struct {
		const char *target, *path, *query;
	} cases[] = {
		{"/", "/", ""},
		{"/a%2fb", "/a%2fb", ""},
		{"/?", "/", ""},
		{"/a?b?c", "/a", "b?c"},
		{"http://h/x?y", "/x", "y"},
		{"http://h", "/", ""},
		{"//x", "//x", ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[200];
		struct head h;
		snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", cases[i].target);
		assert_int_equal(parse(text, &h), 0);
		STR_IS(h.path, cases[i].path);
		STR_IS(h.query, cases[i].query);
	}
}

#define H "Host: a\r\n"
#define PUT "PUT / HTTP/1.1\r\n" H
#define GET "GET / HTTP/1.1\r\n" H

static void head_parse_refuses_what_two_parsers_could_read_differently(void **state)
{
	static const struct {
		const char *text;
		int status;
	} cases[] = {
		{PUT "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
		{PUT "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n", 400},
		{PUT "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 400},
		{PUT "Content-Length: 5, 5\r\n\r\n", 400},
		{PUT "Content-Length: +5\r\n\r\n", 400},
		{PUT "Content-Length: -5\r\n\r\n", 400},
		{PUT "Content-Length: 0x5\r\n\r\n", 400},
		{PUT "Content-Length:\r\n\r\n", 400},
		{PUT "Content-Length: 9223372036854775808\r\n\r\n", 413},
		{PUT "Content-Length: 99999999999999999999999\r\n\r\n", 413},
		{PUT "Transfer-Encoding: xchunked\r\n\r\n", 501},
		{PUT "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
		{PUT "Transfer-Encoding: chunked, chunked\r\n\r\n", 501},
		{PUT "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n", 400},
		{"PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
		{PUT "Content-Length : 5\r\n\r\n", 400},
		{PUT "Transfer-Encoding:\r\n chunked\r\n\r\n", 501},
		{GET "X: a\r\n b\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\n X: a\r\n" H "\r\n", 400},
		{GET "X\r\n\r\n", 400},
		{GET ": x\r\n\r\n", 400},
		{GET "X(Y: x\r\n\r\n", 400},
		{GET "X: a\rb\r\n\r\n", 400},
		{GET "X: a\x7f\r\n\r\n", 400},
		{"GET / HTTP/1.1\nHost: a\n\n", 400},
		{"GET / HTTP/1.1\r\nHost: a\n\r\n", 400},
		{"GET / HTTP/1.1\r\n\r\n", 400},
		{GET H "\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: a\"b\r\n\r\n", 400},
		{"GET  / HTTP/1.1\r\n" H "\r\n", 400},
		{"GET / HTTP/1.1 \r\n" H "\r\n", 400},
		{"GET /\r\n\r\n", 400},
		{"GET\r\n\r\n", 400},
		{"GET /a b HTTP/1.1\r\n" H "\r\n", 400},
		{"GET /a\x01 HTTP/1.1\r\n" H "\r\n", 400},
		{"GET /\xff HTTP/1.1\r\n" H "\r\n", 400},
		{"GET /#a HTTP/1.1\r\n" H "\r\n", 400},
		{"GET a HTTP/1.1\r\n" H "\r\n", 400},
		{"GET * HTTP/1.1\r\n" H "\r\n", 400},
		{"G@T / HTTP/1.1\r\n" H "\r\n", 400},
		{"GET / http/1.1\r\n" H "\r\n", 400},
		{"GET / HTTP/1.10\r\n" H "\r\n", 400},
		{"GET / HTTP/2.0\r\n" H "\r\n", 505},
		{"PRI * HTTP/2.0\r\n\r\n", 505},
		{GET "Expect: a miracle\r\n\r\n", 417},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct head h;
		int status = parse(cases[i].text, &h);
		if (status != cases[i].status)
			fail_msg("got %d for: %s", status, cases[i].text);
	}
}

static void head_parse_refuses_nul(void **state)
{
	static const char text[] = "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n";
	struct head h;
	assert_int_equal(http_head_parse(str_n(text, sizeof(text) - 1), &h), 400);
}

static void head_parse_limits_lines_and_fields(void **state)
{
	CLEANUP(buf_done) struct buf b = BUF(100000);
	struct head h;
	buf_add_cstr(&b, "GET /");
	for (int i = 0; i < HEAD_LINE_MAX; i++)
		buf_add_ch(&b, 'a');
	buf_add_cstr(&b, " HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_int_equal(http_head_parse(buf_str(&b), &h), 414);
	buf_clear(&b);
	buf_add_cstr(&b, "GET / HTTP/1.1\r\nHost: a\r\n");
	for (int i = 0; i < HEAD_FIELDS_MAX; i++)
		buf_add_cstr(&b, "X: y\r\n");
	buf_add_cstr(&b, "\r\n");
	assert_int_equal(http_head_parse(buf_str(&b), &h), 431);
}

static void head_length_finds_the_end_byte_by_byte(void **state)
{
	static const char text[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\nBODY";
	size_t scanned = 0, end = strlen(text) - 4;
	for (size_t n = 0; n < end; n++)
		assert_int_equal(http_head_length(str_n(text, n), &scanned), 0);
	assert_int_equal(http_head_length(str_n(text, end), &scanned), end);
	scanned = 0;
	assert_int_equal(http_head_length(str_of(text), &scanned), end);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(head_parse_gives_the_parts),
		cmocka_unit_test(head_parse_decides_what_lasts),
		cmocka_unit_test(head_parse_reads_targets),
		cmocka_unit_test(head_parse_refuses_what_two_parsers_could_read_differently),
		cmocka_unit_test(head_parse_refuses_nul),
		cmocka_unit_test(head_parse_limits_lines_and_fields),
		cmocka_unit_test(head_length_finds_the_end_byte_by_byte),
	};
	return cmocka_run_group_tests_name("http/head", tests, NULL, NULL);
}
