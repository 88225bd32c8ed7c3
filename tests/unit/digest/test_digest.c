#include "../test.h"

#include "digest/digest.h"

#define HEX64 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define HEX128                                                                                     \
	"ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"                         \
	"2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"

static void digest_parse_of_good_text_gives_it_back(void **state)
{
	static const struct {
		const char *text;
		enum digest_algorithm algorithm;
	} cases[] = {{"sha256:" HEX64, DIGEST_SHA256}, {"sha512:" HEX128, DIGEST_SHA512}};
	struct err err = {0};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct digest d;
		char room[DIGEST_TEXT];
		OK(digest_parse(str_of(cases[i].text), &d, &err));
		assert_int_equal(d.algorithm, cases[i].algorithm);
		assert_string_equal(digest_text(&d, room), cases[i].text);
	}
}

static void digest_parse_of_bad_text_fails(void **state)
{
	static const struct {
		const char *text;
		enum err_kind kind;
	} cases[] = {
		{"", ERR_INPUT},
		{":", ERR_INPUT},
		{"sha256", ERR_INPUT},
		{"sha256:", ERR_INPUT},
		{HEX64, ERR_INPUT},
		{":" HEX64, ERR_INPUT},
		{"sha256:abc", ERR_INPUT},
		{"sha256:" HEX64 "0", ERR_INPUT},
		{"sha256:" HEX128, ERR_INPUT},
		{"sha512:" HEX64, ERR_INPUT},
		{" sha256:" HEX64, ERR_INPUT},
		{"sha256:" HEX64 "\n", ERR_INPUT},
		{"SHA256:" HEX64, ERR_INPUT},
		{"sha256:BA7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
			ERR_INPUT},
		{"sha256:ga7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
			ERR_INPUT},
		{"sha256:../../../../etc/passwd", ERR_INPUT},
		{"sha256::" HEX64, ERR_INPUT},
		{"md5:d41d8cd98f00b204e9800998ecf8427e", ERR_UNSUPPORTED},
		{"sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564", ERR_UNSUPPORTED},
		{"multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8",
			ERR_UNSUPPORTED},
		{"sha256+:abc", ERR_INPUT},
		{"+sha256:abc", ERR_INPUT},
		{"a++b:abc", ERR_INPUT},
		{"md5:a/b", ERR_INPUT},
	};
	struct err err;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct digest d = {.algorithm = DIGEST_SHA512};
		print_message("%s\n", cases[i].text);
		FAILS(cases[i].kind, digest_parse(str_of(cases[i].text), &d, &err));
		assert_int_equal(d.algorithm, DIGEST_SHA512); /* untouched */
	}
}

static void digest_parse_with_nul_or_a_megabyte_fails(void **state)
{
	struct digest d;
	struct err err;
	FAILS(ERR_INPUT, digest_parse(S("sha256:" HEX64 "\0"), &d, &err));
	FAILS(ERR_INPUT, digest_parse(S("sha256\0:" HEX64), &d, &err));
	FAILS(ERR_INPUT, digest_parse(STR_NONE, &d, &err));

	size_t n = 1 << 20;
	CLEANUP(mem_free) char *big = mem_new(n, 1);
	memset(big, 'a', n);
	memcpy(big, "sha256:", 7);
	FAILS(ERR_INPUT, digest_parse(str_n(big, n), &d, &err));
}

static void digest_hex_shortens(void **state)
{
	struct digest d = digest_of(S("abc")), none = {0};
	char room[DIGEST_HEX], text[DIGEST_TEXT];
	assert_string_equal(digest_hex(&d, room, 0), HEX64);
	assert_string_equal(digest_hex(&d, room, 12), "ba7816bf8f01");
	assert_string_equal(digest_hex(&d, room, 7), "ba7816b");
	assert_string_equal(digest_hex(&d, room, 999), HEX64);
	assert_string_equal(digest_hex(&none, room, 12), "");
	assert_string_equal(digest_text(&none, text), "");
}

static void digest_cmp_orders_and_tells_algorithms_apart(void **state)
{
	struct digest a = digest_of(S("abc")), b = digest_of(S("abd")), c = a;
	assert_true(digest_eq(&a, &c));
	assert_false(digest_eq(&a, &b));
	assert_true((digest_cmp(&a, &b) < 0) == (digest_cmp(&b, &a) > 0));
	c.algorithm = DIGEST_SHA512;
	assert_false(digest_eq(&a, &c));
	assert_true(digest_cmp(&a, &c) < 0 && digest_cmp(&c, &a) > 0);
	assert_true(digest_is_none(&(struct digest){0}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digest_parse_of_good_text_gives_it_back),
		cmocka_unit_test(digest_parse_of_bad_text_fails),
		cmocka_unit_test(digest_parse_with_nul_or_a_megabyte_fails),
		cmocka_unit_test(digest_hex_shortens),
		cmocka_unit_test(digest_cmp_orders_and_tells_algorithms_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
