#include "../test.h"

#include "runner/mask_priv.h"
#include "runner/mask_sink_priv.h"

#include "base/base64.h"

#include <pthread.h>

static struct masker *masker_of(const char *const *secrets)
{
	struct err err = {0};
	struct masker *m = masker_new();
	for (; *secrets; secrets++)
		OK(masker_add(m, str_of(*secrets), &err));
	return m;
}
#define MASKER(...) masker_of((const char *const[]){__VA_ARGS__, NULL})

static void masks(struct masker *m, const char *text, const char *want)
{
	CLEANUP(buf_done) struct buf b = BUF(1 << 20);
	masker_write(m, str_of(text), &b);
	STR_IS(buf_str(&b), want);
	assert_int_equal(masker_finds(m, str_of(text)), strcmp(text, want) != 0);
}

static void a_secret_is_hidden_wherever_it_stands(void **state)
{
	CLEANUP(masker_free) struct masker *m = MASKER("hunter2", "hunter", "ababab", "x y");
	static const char *const cases[][2] = {
		{"", ""},
		{"nothing here", "nothing here"},
		{"hunter2", "***"},
		{"a hunter2 b", "a *** b"},
		{"hunter2hunter2", "***"},
		{"hunter2 hunter", "*** ***"},
		{"hunter3", "***3"},
		{"hunthunter2", "hunt***"},
		{"abababab", "***"},
		{"abab", "abab"},
		{"x y", "***"},
		{"HUNTER2", "HUNTER2"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		masks(m, cases[i][0], cases[i][1]);
}

static void every_form_of_a_secret_is_hidden(void **state)
{
	CLEANUP(masker_free) struct masker *m = MASKER("p'a\"s <s>&w\\d");
	static const char *const forms[] = {
		"p'a\"s <s>&w\\d",
		"p'a\\\"s <s>&w\\d",                  /* quotes escaped */
		"p''a\"s <s>&w\\d",                   /* in an expression */
		"p'a\\\"s <s>&w\\\\d",                /* JSON */
		"p%27a%22s%20%3Cs%3E%26w%5Cd",        /* URL */
		"p%27a%22s%20%3cs%3e%26w%5cd",        /* ... in lower case */
		"p%27a%22s+%3Cs%3E%26w%5Cd",          /* a form */
		"p&apos;a&quot;s &lt;s&gt;&amp;w\\d", /* XML */
		"p'\\''a\"s <s>&w\\d",                /* set -x */
		"7027612273203c733e26775c64",         /* hex */
		"7027612273203C733E26775C64",
	};
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		char text[200];
		snprintf(text, sizeof(text), "a%sb", forms[i]);
		masks(m, text, "a***b");
	}
}

static void base64_is_hidden_at_every_place(void **state)
{
	CLEANUP(masker_free) struct masker *m = MASKER("a long secret value");
	static const char *const before[] = {"", "u", "us", "user:", "user2:"};
	for (size_t i = 0; i < ARRAY_LEN(before); i++) {
		CLEANUP(buf_done) struct buf plain = BUF(200);
		CLEANUP(buf_done) struct buf text = BUF(200);
		CLEANUP(buf_done) struct buf out = BUF(400);
		buf_fmt(&plain, "%sa long secret value and more", before[i]);
		base64_add(&text, buf_str(&plain));
		masker_write(m, buf_str(&text), &out);
		assert_true(str_has(buf_str(&out), S("***")));
		/* What is left shows at most the bits beside the secret. */
		assert_true(out.n + 18 < text.n + 3);
	}
}

static void lines_of_a_secret_are_secrets_unless_they_say_nothing(void **state)
{
	CLEANUP(masker_free)
	struct masker *m = MASKER("{\n  \"key\": \"value1\",\r\n  }\n]\n\n--- END ---\n");
	masks(m, "{", "{");
	masks(m, "a } b ] c", "a } b ] c");
	masks(m, "x \"key\": \"value1\", y", "x *** y");
	masks(m, "--- END ---", "***");
}

static void what_is_too_short_is_not_a_secret(void **state)
{
	CLEANUP(masker_free) struct masker *m = masker_new();
	struct err err = {0};
	assert_int_equal(masker_add(m, S(""), &err), 1);
	assert_int_equal(masker_add(m, S("a"), &err), 1);
	assert_int_equal(masker_add(m, S(" a \n"), &err), 1);
	assert_int_equal(masker_add(m, S("ab"), &err), 0);
	masks(m, "a banana about it", "a banana ***out it");
}

static void secrets_have_limits(void **state)
{
	CLEANUP(masker_free) struct masker *m = masker_new();
	CLEANUP(buf_done) struct buf b = BUF(4 << 20);
	struct err err = {0};
	for (int i = 0; i < MASK_MAX_SECRET + 1; i++)
		buf_add_ch(&b, (char)('a' + i % 26));
	FAILS(ERR_LIMIT, masker_add(m, buf_str(&b), &err));
	int rc = 0;
	for (int i = 0; i < 100 && rc == 0; i++) {
		buf_clear(&b);
		for (int k = 0; k < 100000; k++)
			buf_add_ch(&b, (char)('a' + (k * (i + 7)) % 26));
		buf_fmt(&b, "%d", i);
		rc = masker_add(m, buf_str(&b), &err);
	}
	assert_int_equal(rc, -1);
	assert_int_equal(err.kind, ERR_LIMIT);
}

/* Cut anywhere, a text is masked as if it came at once, but for where "***" may be written twice. */
static void a_stream_is_masked_as_the_whole(void **state)
{
	CLEANUP(masker_free) struct masker *m = MASKER("secret", "retort", "ee", "x\ny1");
	struct str text = S("see secretort, secre, eeesecret y1 x\ny1 s e c r e t end secre");
	CLEANUP(buf_done) struct buf whole = BUF(4096);
	masker_write(m, text, &whole);
	for (size_t cut = 0; cut <= text.n; cut++)
		for (size_t again = cut; again <= text.n; again++) {
			CLEANUP(mask_stream_done) struct mask_stream s;
			CLEANUP(buf_done) struct buf out = BUF(4096);
			mask_stream_init(&s, m);
			mask_feed(&s, str_sub(text, 0, cut), &out);
			mask_feed(&s, str_sub(text, cut, again), &out);
			mask_feed(&s, str_skip(text, again), &out);
			mask_flush(&s, &out);
			STR_IS(buf_str(&out), buf_cstr(&whole));
		}
}

static void a_stream_holds_back_only_what_may_be_a_secret(void **state)
{
	CLEANUP(masker_free) struct masker *m = MASKER("secret");
	CLEANUP(mask_stream_done) struct mask_stream s;
	CLEANUP(buf_done) struct buf out = BUF(4096);
	mask_stream_init(&s, m);
	mask_feed(&s, S("plain text\n"), &out);
	STR_IS(buf_str(&out), "plain text\n");
	mask_feed(&s, S("secre"), &out);
	STR_IS(buf_str(&out), "plain text\n");
	mask_feed(&s, S("dnext"), &out);
	STR_IS(buf_str(&out), "plain text\nsecrednext");
}

static void a_secret_that_is_added_counts_for_what_is_held(void **state)
{
	CLEANUP(masker_free) struct masker *m = MASKER("abcdef");
	CLEANUP(mask_stream_done) struct mask_stream s;
	CLEANUP(buf_done) struct buf out = BUF(4096);
	struct err err = {0};
	mask_stream_init(&s, m);
	mask_feed(&s, S("abcd"), &out);
	OK(masker_add(m, S("cd12"), &err));
	mask_feed(&s, S("12 abcdef"), &out);
	mask_flush(&s, &out);
	STR_IS(buf_str(&out), "ab*** ***");
}

static void a_thousand_secrets_are_found_quickly(void **state)
{
	CLEANUP(masker_free) struct masker *m = masker_new();
	CLEANUP(buf_done) struct buf text = BUF(4 << 20);
	CLEANUP(buf_done) struct buf out = BUF(4 << 20);
	struct err err = {0};
	char secret[40];
	for (int i = 0; i < 1000; i++) {
		snprintf(secret, sizeof(secret), "secret-number-%d-of-many", i);
		OK(masker_add(m, str_of(secret), &err));
		buf_fmt(&text, "line %d says %s\n", i, secret);
	}
	masker_write(m, buf_str(&text), &out);
	assert_false(str_has(buf_str(&out), S("secret-number")));
	assert_true(str_has(buf_str(&out), S("line 999 says ***\n")));
}

/* ---- the sink ---- */

struct heard {
	struct event_sink sink;
	struct buf text;
};

static void hear(struct event_sink *sink, const struct event *e)
{
	struct heard *h = (struct heard *)sink;
	buf_fmt(&h->text, "%d%.*s:%.*s|%.*s|", (int)e->kind, STR_ARG(e->id), STR_ARG(e->title),
		STR_ARG(e->text));
	if (e->at)
		buf_add_cstr(&h->text, e->at->file);
}

static void everything_that_passes_a_sink_is_masked(void **state)
{
	CLEANUP(masker_free) struct masker *m = MASKER("hunter2");
	struct heard h = {{hear}, BUF(4096)};
	CLEANUP(mask_sink_free) struct mask_sink *sink = mask_sink_new(m, &h.sink);
	struct event_sink *to = mask_sink_events(sink);
	struct err_at at = {.file = "hunter2.c", .line = 1};
	event_begin(to, S("a"), S(""), S("has hunter2"));
	event_output(to, S("a"), 1, S("out hun"));
	event_output(to, S("b"), 1, S("ter2 "));
	event_output(to, S("a"), 2, S("ter2 "));
	event_output(to, S("a"), 1, S("ter2"));
	event_note(to, S("a"), EVENT_ERROR, &at, "hunter2 failed");
	event_end(to, S("a"), EVENT_FAILED, S("hunter2"));
	assert_false(str_has(buf_str(&h.text), S("hunter2")));
	assert_true(str_has(buf_str(&h.text), S("0a:has ***|")));
	assert_true(str_has(buf_str(&h.text), S("|ter2 |")));
	assert_true(str_has(buf_str(&h.text), S("***.c")));
	buf_done(&h.text);
}

static void *add_many(void *ctx)
{
	struct err err = {0};
	char secret[40];
	for (int i = 0; i < 200; i++) {
		snprintf(secret, sizeof(secret), "threaded secret %d", i);
		OK(masker_add(ctx, str_of(secret), &err));
	}
	return NULL;
}

static void secrets_are_added_while_streams_run(void **state)
{
	CLEANUP(masker_free) struct masker *m = MASKER("first secret");
	pthread_t t;
	pthread_create(&t, NULL, add_many, m);
	for (int i = 0; i < 2000; i++)
		masks(m, "the first secret is out", "the *** is out");
	pthread_join(t, NULL);
	masks(m, "threaded secret 199", "***");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_secret_is_hidden_wherever_it_stands),
		cmocka_unit_test(every_form_of_a_secret_is_hidden),
		cmocka_unit_test(base64_is_hidden_at_every_place),
		cmocka_unit_test(lines_of_a_secret_are_secrets_unless_they_say_nothing),
		cmocka_unit_test(what_is_too_short_is_not_a_secret),
		cmocka_unit_test(secrets_have_limits),
		cmocka_unit_test(a_stream_is_masked_as_the_whole),
		cmocka_unit_test(a_stream_holds_back_only_what_may_be_a_secret),
		cmocka_unit_test(a_secret_that_is_added_counts_for_what_is_held),
		cmocka_unit_test(a_thousand_secrets_are_found_quickly),
		cmocka_unit_test(everything_that_passes_a_sink_is_masked),
		cmocka_unit_test(secrets_are_added_while_streams_run),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
