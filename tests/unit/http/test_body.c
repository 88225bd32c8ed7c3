#include "../test.h"

#include "base/buf.h"
#include "http/head_priv.h"

/* Feeds text in pieces of n bytes; collects the body. Returns what http_body_next() gave last and tells
 * how much of the text it left. */
static int feed(struct body *b, const char *text, size_t n, struct buf *ret, size_t *ret_left)
{
	struct str rest = str_of(text), piece;
	int rc = 0;
	while (rest.n && b->state != BODY_DONE && rc == 0) {
		struct str in = str_sub(rest, 0, n);
		size_t before = in.n;
		while ((rc = http_body_next(b, &in, &piece)) > 0)
			buf_add(ret, piece);
		rest = str_skip(rest, before - in.n);
	}
	*ret_left = rest.n;
	return rc;
}

static void body_next_decodes_at_every_split(void **state)
{
	static const struct {
		const char *text, *body;
		size_t left;
	} cases[] = {
		{"0\r\n\r\n", "", 0},
		{"5\r\nhello\r\n0\r\n\r\n", "hello", 0},
		{"5\r\nhello\r\n006;ext=\"a b\"\r\n world\r\n0\r\n\r\nGET", "hello world", 3},
		{"A\r\n0123456789\r\n0;x\r\nTrailer: 1\r\nOther: 2\r\n\r\n", "0123456789", 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (size_t n = 1; n <= strlen(cases[i].text); n++) {
			struct body b = http_body_start(UINT64_MAX);
			CLEANUP(buf_done) struct buf got = BUF(100);
			size_t left;
			assert_int_equal(feed(&b, cases[i].text, n, &got, &left), 0);
			assert_int_equal(b.state, BODY_DONE);
			STR_IS(buf_str(&got), cases[i].body);
			assert_int_equal(left, cases[i].left);
		}
}

static void body_next_refuses_broken_chunks(void **state)
{
	static const struct {
		const char *text;
		int status;
	} cases[] = {
		{"zz\r\n", -400},
		{"\r\n", -400},
		{";x\r\n", -400},
		{"-1\r\n", -400},
		{"0x5\r\nhello\r\n", -400},
		{" 5\r\nhello\r\n", -400},
		{"5 \r\nhello\r\n", -400},
		{"5\nhello\n", -400},
		{"5\r\nhelloXX0\r\n\r\n", -400},
		{"5\r\nhello0\r\n\r\n", -400},
		{"5;a\nb\r\nhello\r\n", -400},
		{"5\rx", -400},
		{"0\r\nA: b\nC: d\r\n\r\n", -400},
		{"0\r\n\rx", -400},
		{"ffffffffffffffff\r\n", -413},
		{"8000000000000000\r\n", -413},
		{"00000000000000000000ffffffffffffffffff\r\n", -413},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (size_t n = 1; n <= strlen(cases[i].text); n++) {
			struct body b = http_body_start(UINT64_MAX);
			CLEANUP(buf_done) struct buf got = BUF(100);
			size_t left;
			int rc = feed(&b, cases[i].text, n, &got, &left);
			if (rc != cases[i].status)
				fail_msg("got %d for %s in %zu", rc, cases[i].text, n);
		}
}

static int feed_many(const char *start, char c, size_t n)
{
	struct body b = http_body_start(UINT64_MAX);
	CLEANUP(buf_done) struct buf text = BUF(100000);
	struct str piece;
	buf_add_cstr(&text, start);
	for (size_t i = 0; i < n; i++)
		buf_add_ch(&text, c);
	struct str in = buf_str(&text);
	return http_body_next(&b, &in, &piece);
}

static void body_next_limits_extensions_and_trailers(void **state)
{
	assert_int_equal(feed_many("5;", 'a', CHUNK_LINE_MAX), -413);
	assert_int_equal(feed_many("", '0', CHUNK_LINE_MAX + 1), -413);
	assert_int_equal(feed_many("0\r\n", 'a', TRAILER_MAX + 1), -431);
}

static void body_next_sized_ends_where_it_said(void **state)
{
	struct body b = http_body_start(5);
	struct str in = S("helloGET"), piece;
	assert_int_equal(http_body_next(&b, &in, &piece), 1);
	STR_IS(piece, "hello");
	assert_int_equal(b.state, BODY_DONE);
	STR_IS(in, "GET");
	assert_int_equal(http_body_next(&b, &in, &piece), 0);
	assert_int_equal(http_body_start(0).state, BODY_DONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(body_next_decodes_at_every_split),
		cmocka_unit_test(body_next_refuses_broken_chunks),
		cmocka_unit_test(body_next_limits_extensions_and_trailers),
		cmocka_unit_test(body_next_sized_ends_where_it_said),
	};
	return cmocka_run_group_tests_name("http/body", tests, NULL, NULL);
}
