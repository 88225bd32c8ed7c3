#include "../test.h"

#include "build/build_priv.h"

/* The key of "name=value" pairs, NULL at the end. */
static struct digest key_of(const char *what, const char *const *pairs)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(key_free) struct key *k = key_new(what);
	struct str inputs;
	for (; *pairs; pairs += 2)
		key_add(k, pairs[0], str_of(pairs[1]));
	return key_finish(k, &inputs, &a);
}
#define KEY(what, ...) key_of(what, (const char *const[]){__VA_ARGS__, NULL})

static void key_of_different_inputs_differs(void **state)
{
	const struct digest keys[] = {
		KEY("run/1", "n", "abc"),
		KEY("run/2", "n", "abc"),
		KEY("run/1", "n", "ab"),
		KEY("run/1", "na", "bc"), /* the border between name and value */
		KEY("run/1", "nabc", ""),
		KEY("run/1", "n", "ab", "c", ""),
		KEY("run/1", "n", "a", "n", "bc"), /* and between values */
		KEY("run/1", "n", "ab", "n", "c"),
		KEY("run/1", "n", "c", "n", "ab"), /* order matters */
		KEY("run/1", "n", "", "n", "abc"),
		KEY("run/1n", "", "abc"),
		KEY("run/1", "n", "abc\n"),
		KEY("run/1", "n", "ab\nn c"),
	};
	struct digest again = KEY("run/1", "n", "abc");
	assert_true(digest_eq(&keys[0], &again));
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		for (size_t k = i + 1; k < ARRAY_LEN(keys); k++)
			if (digest_eq(&keys[i], &keys[k]))
				fail_msg("cases %zu and %zu have the same key", i, k);
}

static struct digest key_of_lists(const char *const *one, size_t n_one, const char *const *two,
	size_t n_two)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(key_free) struct key *k = key_new("x");
	struct str inputs, p[4], q[4];
	for (size_t i = 0; i < n_one; i++)
		p[i] = str_of(one[i]);
	for (size_t i = 0; i < n_two; i++)
		q[i] = str_of(two[i]);
	key_add_strs(k, "n", &(struct image_strs){p, n_one});
	key_add_strs(k, "n", &(struct image_strs){q, n_two});
	return key_finish(k, &inputs, &a);
}

static void key_add_strs_keeps_lists_apart(void **state)
{
	static const char *const abc[] = {"a", "b", "c"};
	struct digest first = key_of_lists(abc, 1, abc + 1, 2);
	struct digest second = key_of_lists(abc, 2, abc + 2, 1);
	struct digest third = key_of_lists(abc, 3, abc, 0);
	assert_false(digest_eq(&first, &second));
	assert_false(digest_eq(&second, &third));
}

#define PINNED_KEY "sha256:0fe0d866dfdf061a6183beb512b106d28864b30caaebdf3319f4ec19a36be242"

/* Bytes we promise: a change of them empties everybody's cache, and asks for a new kind of key. */
static void key_is_what_it_always_was(void **state)
{
	char text[DIGEST_TEXT];
	struct digest d = KEY("copy/1", "to", "/app/", "chmod", "");
	assert_string_equal(digest_text(&d, text), PINNED_KEY);
}

static void key_finish_lists_inputs_a_line_each(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(key_free) struct key *k = key_new("run/1");
	CLEANUP(buf_done) struct buf secretive = BUF(1000);
	struct str inputs;
	struct digest d = digest_of(S("x"));
	for (int i = 0; i < 300; i++)
		buf_add_ch(&secretive, 'l');
	key_add(k, "command", S("a\nb\033"));
	key_add(k, "long", buf_str(&secretive));
	key_add_digest(k, "files", &d);
	key_note(k, S("file src/a.c 0123\n"));
	key_finish(k, &inputs, &a);
	assert_true(str_starts(inputs, S("step run/1\ncommand a b \nlong sha256:")));
	assert_false(str_has(inputs, S("llllllll")));
	assert_true(str_has(inputs, S("\nfiles sha256:")));
	assert_true(str_ends(inputs, S("\nfile src/a.c 0123\n")));
}

static void key_explain_says_what_changed(void **state)
{
	static const struct {
		const char *before, *now, *expected;
	} cases[] = {
		{"a 1\nb 2\n", "a 1\nb 2\n", ""},
		{"a 1\nb 2\n", "a 1\nb 3\n", "changed b: 3"},
		{"a 1\n", "a 1\nb 2\n", "changed b: 2"},
		{"a 1\nb 2\n", "a 1\n", "gone b: 2"},
		{"file src/a.c 12\nfile b 3\n", "file src/a.c 13\nfile b 3\n", "changed src/a.c"},
		{"file a 1\nfile b 2\n", "file a 1\n", "gone b"},
		{"env A=1\n", "env A=2\nuser root\n", "changed env: A=2, changed user: root"},
		{"", "a 1\nb 1\nc 1\nd 1\ne 1\nf 1\ng 1\nh 1\ni 1\nj 1\n",
			"changed a: 1, changed b: 1, changed c: 1, changed d: 1, changed e: 1, "
			"changed f: 1, changed g: 1, changed h: 1 and 2 more"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(buf_done) struct buf b = BUF(4096);
		key_explain(str_of(cases[i].before), str_of(cases[i].now), &b);
		STR_IS(buf_str(&b), cases[i].expected);
	}
}

/* ---- selections ---- */

struct case_file {
	const char *name, *link, *text;
	mode_t mode;
	uid_t uid;
};

static struct digest selection_key(const struct case_file *files, size_t n, const char *chmod,
	bool has_owner)
{
	CLEANUP(selection_done) struct selection s = {0};
	vec_push(&s.roots, ((struct select_root){.base = S("f"), .n = n, .parents = S("")}));
	for (size_t i = 0; i < n; i++) {
		struct selected one = {.name = str_of(files[i].name),
			.link = str_of(files[i].link ? files[i].link : ""),
			.digest = digest_of(str_of(files[i].text ? files[i].text : ""))};
		one.entry.path = arena_cstr(&s.arena, one.name);
		one.entry.st.st_mode = files[i].mode;
		one.entry.st.st_uid = files[i].uid;
		one.entry.st.st_mtim.tv_sec = (time_t)(i * 1000 + n); /* never in a key */
		one.entry.st.st_ino = 77 + n;
		vec_push(&s.all, one);
	}
	return key_of_selection(&s, str_of(chmod), has_owner, NULL);
}

static void key_of_selection_sees_what_arrives(void **state)
{
	static const struct case_file base = {"a", NULL, "x", S_IFREG | 0644, 0};
	static const struct {
		struct case_file file;
		const char *chmod;
		bool has_owner, is_same;
	} cases[] = {
		{{"a", NULL, "x", S_IFREG | 0644, 0}, "", false, true},
		{{"b", NULL, "x", S_IFREG | 0644, 0}, "", false, false},
		{{"a", NULL, "y", S_IFREG | 0644, 0}, "", false, false},
		{{"a", NULL, "x", S_IFREG | 0755, 0}, "", false, false},
		{{"a", NULL, "x", S_IFREG | 0644, 7}, "", false, false},
		{{"a", NULL, "x", S_IFREG | 0644, 7}, "", true, true}, /* --chown decides */
		{{"a", NULL, "x", S_IFREG | 0755, 0}, "644", false, true},
		{{"a", NULL, "x", S_IFREG | 0600, 0}, "go+r", false, true},
		{{"a", NULL, "x", S_IFDIR | 0644, 0}, "", false, false},
		{{"a", "x", NULL, S_IFLNK | 0777, 0}, "", false, false},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct digest want = selection_key(&base, 1, "", false);
		struct digest got =
			selection_key(&cases[i].file, 1, cases[i].chmod, cases[i].has_owner);
		if (digest_eq(&want, &got) != cases[i].is_same)
			fail_msg("case %zu", i);
	}
}

static void key_of_selection_frames_names_and_links(void **state)
{
	static const struct case_file one[] = {{"a", "bc", NULL, S_IFLNK | 0777, 0}};
	static const struct case_file other[] = {{"ab", "c", NULL, S_IFLNK | 0777, 0}};
	static const struct case_file mode[] = {{"a", "bc", NULL, S_IFLNK | 0700, 0}};
	struct digest d = selection_key(one, 1, "", false), e = selection_key(other, 1, "", false);
	struct digest f = selection_key(mode, 1, "", false);
	assert_false(digest_eq(&d, &e));
	assert_true(digest_eq(&d, &f)); /* a symlink has no mode */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key_of_different_inputs_differs),
		cmocka_unit_test(key_add_strs_keeps_lists_apart),
		cmocka_unit_test(key_is_what_it_always_was),
		cmocka_unit_test(key_finish_lists_inputs_a_line_each),
		cmocka_unit_test(key_explain_says_what_changed),
		cmocka_unit_test(key_of_selection_sees_what_arrives),
		cmocka_unit_test(key_of_selection_frames_names_and_links),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
