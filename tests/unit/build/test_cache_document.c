#include "../test.h"

#include "build/cache_document.h"

#define HEX_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define HEX_C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define HEX_D "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
#define KEY(hex) "{\"key\":\"sha256:" hex "\"}"
#define LAYER                                                                                       \
	"{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\",\"digest\":\"sha256:" HEX_C \
	"\",\"size\":7}"
#define WITH_LAYER                                                                                 \
	"{\"key\":\"sha256:" HEX_B "\",\"layer\":" LAYER ",\"diffID\":\"sha256:" HEX_D             \
	"\",\"tarSize\":1024}"
#define DOCUMENT(records, memos) "{\"version\":1,\"records\":[" records "],\"memos\":[" memos "]}"
#define MEMO(question) "{\"question\":\"sha256:" question "\",\"answer\":\"sha256:" HEX_D "\"}"

static struct digest digest_named(const char *hex)
{
	struct err err = {0};
	char text[DIGEST_TEXT];
	struct digest d;
	snprintf(text, sizeof(text), "sha256:%s", hex);
	OK(digest_parse(str_of(text), &d, &err));
	return d;
}

/* The bytes are the format: what is written is read, and what is read is written the same. */
static void add_what_was_parsed_gives_the_same_bytes(void **state)
{
	static const char *const documents[] = {
		DOCUMENT("", ""),
		DOCUMENT(KEY(HEX_A), ""),
		DOCUMENT(KEY(HEX_A) "," WITH_LAYER, MEMO(HEX_A) "," MEMO(HEX_B)),
	};
	for (size_t i = 0; i < ARRAY_LEN(documents); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		CLEANUP(buf_done) struct buf b = BUF(CACHE_DOCUMENT_MAX);
		struct cache_document d;
		struct err err = {0};
		OK(cache_document_parse(str_of(documents[i]), &a, &d, &err));
		OK(cache_document_add(&b, &d, &err));
		STR_IS(buf_str(&b), documents[i]);
	}
}

static void parse_any_order_sorts_and_keeps_each_key_once(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(buf_done) struct buf b = BUF(CACHE_DOCUMENT_MAX);
	struct cache_document d;
	struct err err = {0};
	OK(cache_document_parse(S(DOCUMENT(WITH_LAYER "," KEY(HEX_A) "," KEY(HEX_A),
					MEMO(HEX_B) "," MEMO(HEX_A) "," MEMO(HEX_B))),
		&a, &d, &err));
	OK(cache_document_add(&b, &d, &err));
	STR_IS(buf_str(&b), DOCUMENT(KEY(HEX_A) "," WITH_LAYER, MEMO(HEX_A) "," MEMO(HEX_B)));
}

static void find_known_and_unknown_keys(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct cache_document d, empty = {0};
	struct err err = {0};
	struct digest key_a = digest_named(HEX_A), key_b = digest_named(HEX_B);
	struct digest key_c = digest_named(HEX_C), key_d = digest_named(HEX_D);
	OK(cache_document_parse(S(DOCUMENT(WITH_LAYER "," KEY(HEX_A), MEMO(HEX_C))), &a, &d, &err));
	const struct cache_record *without = cache_document_find(&d, &key_a);
	const struct cache_record *with = cache_document_find(&d, &key_b);
	assert_non_null(without);
	assert_true(digest_is_none(&without->layer.digest));
	assert_non_null(with);
	assert_true(digest_eq(&with->layer.digest, &key_c));
	assert_true(digest_eq(&with->diff_id, &key_d));
	assert_int_equal(with->layer.size, 7);
	assert_int_equal(with->tar_bytes, 1024);
	assert_null(cache_document_find(&d, &key_c));
	assert_null(cache_document_find(&empty, &key_a));
	assert_non_null(cache_document_recall(&d, &key_c));
	assert_null(cache_document_recall(&d, &key_a));
	assert_null(cache_document_recall(&empty, &key_a));
}

static void parse_broken_documents_says_what_is_wrong(void **state)
{
	static const struct {
		const char *text;
		enum err_kind kind;
		const char *words;
	} cases[] = {
		{"", ERR_INPUT, ""},
		{"[]", ERR_INPUT, "expected an object"},
		{"{}", ERR_INPUT, "'version'"},
		{"{\"version\":2,\"records\":[],\"memos\":[]}", ERR_UNSUPPORTED, "version 2"},
		{"{\"version\":\"1\",\"records\":[],\"memos\":[]}", ERR_INPUT, "'version'"},
		{"{\"version\":1,\"records\":[]}", ERR_INPUT, "'memos'"},
		{"{\"version\":1,\"records\":{},\"memos\":[]}", ERR_INPUT, "'records'"},
		{"{\"version\":1,\"records\":[],\"memos\":[],\"x\":1}", ERR_INPUT,
			"unknown member 'x'"},
		{DOCUMENT("1", ""), ERR_INPUT, "records[0]: expected an object"},
		{DOCUMENT("{}", ""), ERR_INPUT, "records[0]: 'key'"},
		{DOCUMENT("{\"key\":\"sha256:abc\"}", ""), ERR_INPUT, "records[0]: 'key'"},
		{DOCUMENT("{\"key\":\"" HEX_A "\"}", ""), ERR_INPUT, "records[0]: 'key'"},
		{DOCUMENT("{\"key\":\"sha512:" HEX_A HEX_A "\"}", ""), ERR_INPUT, "sha256"},
		{DOCUMENT("{\"key\":\"sha256:" HEX_A "\",\"diffID\":\"sha256:" HEX_A "\"}", ""),
			ERR_INPUT, "'layer'"},
		{DOCUMENT("{\"key\":\"sha256:" HEX_A "\",\"layer\":" LAYER "}", ""), ERR_INPUT,
			"'diffID'"},
		{DOCUMENT("{\"key\":\"sha256:" HEX_A "\",\"layer\":" LAYER
			  ",\"diffID\":\"sha256:" HEX_A "\",\"tarSize\":-1}",
			 ""),
			ERR_INPUT, "'tarSize'"},
		{DOCUMENT("{\"key\":\"sha256:" HEX_A "\",\"layer\":{\"mediaType\":\"text/html\","
			  "\"digest\":\"sha256:" HEX_A "\",\"size\":1}}",
			 ""),
			ERR_INPUT, "layer: 'mediaType': 'text/html'"},
		{DOCUMENT("", "{\"question\":\"sha256:" HEX_A "\"}"), ERR_INPUT,
			"memos[0]: 'answer'"},
		{DOCUMENT("",
			 "{\"question\":\"sha256:" HEX_A "\",\"answer\":\"sha256:" HEX_A
			 "\",\"z\":0}"),
			ERR_INPUT, "unknown member 'z'"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct cache_document d = {0};
		struct err err = {0};
		FAILS(cases[i].kind, cache_document_parse(str_of(cases[i].text), &a, &d, &err));
		if (!strstr(err.what, cases[i].words))
			fail_msg("'%s' gave '%s'", cases[i].text, err.what);
		assert_int_equal(d.n_records, 0);
	}
}

static void parse_too_much_is_a_limit(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(buf_done) struct buf b = BUF(2 * CACHE_DOCUMENT_MAX);
	struct cache_document d = {0};
	struct err err = {0};
	buf_add(&b, S("{\"version\":1,\"records\":["));
	for (size_t i = 0; i <= CACHE_RECORDS_MAX; i++)
		buf_fmt(&b, "%s{\"key\":\"sha256:%064zx\"}", i ? "," : "", i);
	buf_add(&b, S("],\"memos\":[]}"));
	FAILS(ERR_LIMIT, cache_document_parse(buf_str(&b), &a, &d, &err));
	buf_clear(&b);
	while (b.n <= CACHE_DOCUMENT_MAX)
		buf_add(&b, S("                                                                "));
	FAILS(ERR_LIMIT, cache_document_parse(buf_str(&b), &a, &d, &err));
}

static void add_more_than_is_read_fails(void **state)
{
	CLEANUP(buf_done) struct buf b = BUF(CACHE_DOCUMENT_MAX), small = BUF(30);
	struct err err = {0};
	struct cache_document d = {.n_records = CACHE_RECORDS_MAX + 1};
	FAILS(ERR_LIMIT, cache_document_add(&b, &d, &err));
	d.n_records = 0;
	FAILS(ERR_LIMIT, cache_document_add(&small, &d, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(add_what_was_parsed_gives_the_same_bytes),
		cmocka_unit_test(parse_any_order_sorts_and_keeps_each_key_once),
		cmocka_unit_test(find_known_and_unknown_keys),
		cmocka_unit_test(parse_broken_documents_says_what_is_wrong),
		cmocka_unit_test(parse_too_much_is_a_limit),
		cmocka_unit_test(add_more_than_is_read_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
