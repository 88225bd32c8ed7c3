#include "../test.h"

#include "dockerfile/dockerfile.h"

static void place_is(struct dockerfile_place at, uint32_t line, uint32_t col)
{
	assert_int_equal(at.line, line);
	assert_int_equal(at.col, col);
}

static void dockerfile_parse_keeps_places_across_continuations(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct err err = {0};
	struct dockerfile d;
	OK(dockerfile_parse(S("# c\n  FROM  x AS y\n"
			      "COPY --link \\\n"
			      "  --from=\xc3\xa4 \\\n"
			      "# comment\n"
			      "\tone \xc3\xa4 two\n"
			      "CMD [\"a\", \\\n  \"b\"]\n"
			      "ENV k=v \\\n l=w\n"
			      "\\\nRUN z\n"
			      "ONBUILD RUN <<E\nq\nE\n"),
		&a, &d, &err));
	assert_int_equal(d.n, 6);
	place_is(d.nodes[0].at, 2, 3);
	place_is(d.nodes[0].args[2].at, 2, 14);
	assert_int_equal(d.nodes[0].n_comments, 1);
	STR_IS(d.nodes[0].comments[0], "c");
	const struct dockerfile_node *copy = &d.nodes[1];
	place_is(copy->flags[0].at, 3, 6);
	place_is(copy->flags[1].at, 4, 3);
	place_is(copy->args[0].at, 6, 2);
	place_is(copy->args[2].at, 6, 8);
	assert_int_equal(copy->end_line, 6);
	assert_int_equal(copy->n_comments, 0);
	place_is(d.nodes[2].args[0].at, 7, 6);
	place_is(d.nodes[2].args[1].at, 8, 3);
	place_is(d.nodes[3].args[3].at, 10, 2);
	place_is(d.nodes[4].at, 11, 1);
	STR_IS(d.nodes[4].original, "RUN z");
	const struct dockerfile_node *sub = d.nodes[5].sub;
	place_is(sub->at, 13, 9);
	assert_int_equal(sub->end_line, 15);
	place_is(d.nodes[5].heredocs[0].at, 14, 1);
	assert_int_equal(sub->n_heredocs, 0);
}

static void dockerfile_parse_of_long_lines_ends_at_the_limit(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(buf_done) struct buf b = BUF(1 << 20);
	struct err err = {0};
	struct dockerfile d;
	buf_add_cstr(&b, "FROM x\nRUN ");
	while (b.n < 7 + DOCKERFILE_LINE_MAX)
		buf_add_ch(&b, 'y');
	OK(dockerfile_parse(buf_str(&b), &a, &d, &err));
	assert_int_equal(d.nodes[1].args[0].text.n, DOCKERFILE_LINE_MAX - 4);
	buf_add_ch(&b, 'y');
	FAILS(ERR_LIMIT, dockerfile_parse(buf_str(&b), &a, &d, &err));
	assert_string_equal(err.what, "dockerfile line greater than maximum allowed size of 65535");
	assert_int_equal(err.at.line, 2);
	FAILS(ERR_LIMIT, dockerfile_parse(str_n("", DOCKERFILE_MAX_BYTES + 1), &a, &d, &err));
}

static void dockerfile_parse_of_hostile_text_ends(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(buf_done) struct buf b = BUF(8 << 20);
	struct err err = {0};
	struct dockerfile d;
	for (int i = 0; i < DOCKERFILE_ONBUILD_DEPTH + 1; i++)
		buf_add_cstr(&b, "ONBUILD ");
	buf_add_cstr(&b, "RUN x");
	FAILS(ERR_LIMIT, dockerfile_parse(buf_str(&b), &a, &d, &err));
	buf_clear(&b);
	for (int i = 0; i <= DOCKERFILE_NODES_MAX; i++)
		buf_add_cstr(&b, "A\n");
	FAILS(ERR_LIMIT, dockerfile_parse(buf_str(&b), &a, &d, &err));
	/* Nesting of JSON that is no exec form after all. */
	buf_clear(&b);
	buf_add_cstr(&b, "FROM x\nCMD ");
	for (int i = 0; i < 60000; i++)
		buf_add_ch(&b, '[');
	OK(dockerfile_parse(buf_str(&b), &a, &d, &err));
	assert_false(d.nodes[1].is_exec_form);
	/* Any byte is text. */
	OK(dockerfile_parse(S("FROM x\0y\xff\nRUN \x01\xc3\n"), &a, &d, &err));
	assert_int_equal(d.nodes[0].args[0].text.n, 4);
}

static void dockerfile_syntax_finds_all_forms(void **state)
{
	static const struct {
		const char *text, *value; /* NULL: asks for none */
		uint32_t line;
	} cases[] = {
		{"# syntax=a/b:1\nFROM x", "a/b:1", 1},
		{"#SYNTAX = a b \r\n", "a b", 1},
		{"# escape=`\n# check=x\n# syntax=a", "a", 3},
		{"# syntax=a\n# syntax=b", "a", 1},
		{"#!/usr/bin/x\n# syntax=a", "a", 2},
		{"\xef\xbb\xbf# syntax=a", "a", 1},
		{"// syntax=a", "a", 1},
		{"//escape=`\n//syntax=a", "a", 2},
		{"#!x\n// syntax=a", "a", 2},
		{"{\"x\": 1, \"syntax\": \"a b\"}", "a b", 1},
		{" \n{\"syntax\":\"a\"}", "a", 1},
		{"# comment\n# syntax=a", NULL},
		{"\n# syntax=a", NULL},
		{" # syntax=a", NULL},
		{"# syntax=", NULL},
		{"# other=a\n# syntax=a", NULL},
		{"// x\n# syntax=a", NULL},
		{"{\"syntax\":1}", NULL},
		{"{\"syntax\":\"a\"} x", NULL},
		{"[{\"syntax\":\"a\"}]", NULL},
		{"FROM x", NULL},
		{"", NULL},
	};
	CLEANUP(arena_done) struct arena a = {0};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct dockerfile_directive d = {0};
		bool found = dockerfile_syntax(str_of(cases[i].text), &a, &d);
		if (found != (cases[i].value != NULL))
			fail_msg("%s: %d", cases[i].text, found);
		if (!found)
			continue;
		STR_IS(d.value, cases[i].value);
		assert_int_equal(d.at.line, cases[i].line);
	}
}

static void dockerfile_syntax_is_ours_for_version_1(void **state)
{
	static const struct {
		const char *value;
		bool is_ours;
	} cases[] = {
		{"docker/dockerfile:1", true},
		{"docker/dockerfile:1.7", true},
		{"docker/dockerfile:1.7-labs", true},
		{"docker/dockerfile:1-labs", true},
		{"docker/dockerfile", true},
		{"docker/dockerfile:latest", true},
		{"docker.io/docker/dockerfile:1@sha256:00", true},
		{"docker/dockerfile-upstream:master", true},
		{"docker/dockerfile:1 --flag", true},
		{"docker/dockerfile:2", false},
		{"docker/dockerfile:10", false},
		{"evil/dockerfile:1", false},
		{"docker/dockerfile2:1", false},
		{"localhost:5000/docker/dockerfile:1", false},
		{"", false},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (dockerfile_syntax_is_ours(str_of(cases[i].value)) != cases[i].is_ours)
			fail_msg("%s", cases[i].value);
}

static void dockerfile_heredoc_text_drops_leading_tabs(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct dockerfile_heredoc h = {.content = S("\t\ta\tb\n c\n\t\n\td"), .is_chomped = true};
	STR_IS(dockerfile_heredoc_text(&h, &a), "a\tb\n c\n\nd");
	h.is_chomped = false;
	STR_IS(dockerfile_heredoc_text(&h, &a), "\t\ta\tb\n c\n\t\n\td");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dockerfile_parse_keeps_places_across_continuations),
		cmocka_unit_test(dockerfile_parse_of_long_lines_ends_at_the_limit),
		cmocka_unit_test(dockerfile_parse_of_hostile_text_ends),
		cmocka_unit_test(dockerfile_syntax_finds_all_forms),
		cmocka_unit_test(dockerfile_syntax_is_ours_for_version_1),
		cmocka_unit_test(dockerfile_heredoc_text_drops_leading_tabs),
	};
	return cmocka_run_group_tests_name("dockerfile/parse", tests, NULL, NULL);
}
