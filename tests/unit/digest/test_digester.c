#include "../test.h"

#include "digest/digest.h"

static void check_hex(const struct digest *d, const char *hex)
{
	char room[DIGEST_HEX];
	assert_string_equal(digest_hex(d, room, 0), hex);
}

/* FIPS 180-4 examples. */
static void digester_of_known_text_gives_the_standard_digest(void **state)
{
	static const struct {
		enum digest_algorithm algorithm;
		const char *text, *hex;
	} cases[] = {
		{DIGEST_SHA256, "",
			"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{DIGEST_SHA256, "abc",
			"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{DIGEST_SHA256, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
			"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
		{DIGEST_SHA512, "abc",
			"ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
			"2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
		{DIGEST_SHA512, "",
			"cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
			"47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(digester_free) struct digester *d = digester_new(cases[i].algorithm);
		digester_add_str(d, str_of(cases[i].text));
		struct digest peeked = digester_peek(d), again = digester_peek(d);
		struct digest finished = digester_finish(d);
		check_hex(&peeked, cases[i].hex);
		assert_true(digest_eq(&peeked, &again));
		assert_true(digest_eq(&peeked, &finished));
		assert_int_equal(finished.algorithm, cases[i].algorithm);
		for (size_t tail = digest_n_bytes(finished.algorithm); tail < 64; tail++)
			assert_int_equal(finished.bytes[tail], 0);
	}
}

static void digester_in_any_pieces_gives_the_same(void **state)
{
	char bytes[1000];
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7);
	struct digest whole = digest_of(str_n(bytes, sizeof(bytes)));
	CLEANUP(digester_free) struct digester *d = digester_new(DIGEST_SHA256);
	for (size_t piece = 1; piece < 200; piece += 13) {
		for (size_t at = 0; at < sizeof(bytes); at += piece) {
			digester_add_str(d, str_sub(str_n(bytes, sizeof(bytes)), at, at + piece));
			digester_add(d, NULL, 0);
			(void)digester_peek(d);
		}
		struct digest parts = digester_finish(d);
		assert_true(digest_eq(&parts, &whole));
	}
}

static void digester_finish_leaves_it_empty(void **state)
{
	CLEANUP(digester_free) struct digester *d = digester_new(DIGEST_SHA256);
	digester_add_str(d, S("something else"));
	(void)digester_finish(d);
	digester_add_str(d, S("abc"));
	struct digest second = digester_finish(d), abc = digest_of(S("abc"));
	assert_true(digest_eq(&second, &abc));
}

/* Cache keys on disk depend on these bytes. */
static void digester_add_framed_is_pinned_and_unambiguous(void **state)
{
	CLEANUP(digester_free) struct digester *d = digester_new(DIGEST_SHA256);
	digester_add_framed(d, S("ab"));
	digester_add_framed(d, S("c"));
	struct digest first = digester_finish(d);
	digester_add_framed(d, S("a"));
	digester_add_framed(d, S("bc"));
	struct digest second = digester_finish(d);
	assert_false(digest_eq(&first, &second));
	struct digest by_hand = digest_of(S("\0\0\0\0\0\0\0\2ab\0\0\0\0\0\0\0\1c"));
	assert_true(digest_eq(&first, &by_hand));
	digester_add_u64(d, UINT64_C(0x0102030405060708));
	struct digest number = digester_finish(d);
	by_hand = digest_of(S("\1\2\3\4\5\6\7\10"));
	assert_true(digest_eq(&number, &by_hand));
}

static void digester_free_accepts_null(void **state)
{
	digester_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digester_of_known_text_gives_the_standard_digest),
		cmocka_unit_test(digester_in_any_pieces_gives_the_same),
		cmocka_unit_test(digester_finish_leaves_it_empty),
		cmocka_unit_test(digester_add_framed_is_pinned_and_unambiguous),
		cmocka_unit_test(digester_free_accepts_null),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
