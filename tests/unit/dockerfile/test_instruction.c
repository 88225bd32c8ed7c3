#include "../test.h"

#include "dockerfile/mount.h"

/* The only instruction behind `FROM x`. */
static int read_one(struct str text, struct arena *a, struct inst *ret, struct err *err)
{
	struct dockerfile *d = ARENA_NEW(a, struct dockerfile);
	struct stages s;
	struct str file = arena_fmt(a, "FROM x\n%.*s\n", STR_ARG(text));
	if (dockerfile_parse(file, a, d, err) < 0 || stages_parse(d, a, &s, err) < 0)
		return -1;
	assert_int_equal(s.n, 1);
	assert_int_equal(s.p[0].n, 1);
	*ret = s.p[0].insts[0];
	return 0;
}

static void stages_parse_says_what_is_wrong_and_where(void **state)
{
	static const struct {
		const char *text, *error;
		uint32_t col;
	} cases[] = {
		{"FRM x", "unknown instruction: FRM (did you mean FROM?)", 1},
		{"volum x", "unknown instruction: volum (did you mean volume?)", 1},
		{"XXXXX", "unknown instruction: XXXXX", 1},
		{"FROM", "FROM requires either one or three arguments", 1},
		{"FROM a b c", "FROM requires either one or three arguments", 1},
		{"FROM a AS 1b",
			"invalid name for build stage: \"1b\", name can't start with a number or "
			"contain symbols",
			11},
		{"FROM --plattform=x a", "unknown flag: --plattform (did you mean platform?)", 6},
		{"FROM --platform a", "missing a value on flag: --platform", 6},
		{"FROM --platform=a --platform=b x", "duplicate flag specified: --platform", 19},
		{"ADD a",
			"ADD requires at least two arguments, but only one was provided. Destination "
			"could not be determined",
			1},
		{"COPY --chwn=1 a b", "unknown flag: --chwn (did you mean chown?)", 6},
		{"COPY --link=maybe a b", "expecting boolean value for flag --link, not: maybe", 6},
		{"COPY --link= a b", "missing a value on flag: --link", 6},
		{"ADD --parents a b", "unknown flag: --parents", 5},
		{"COPY --checksum=x a b", "unknown flag: --checksum", 6},
		{"COPY a <<E\nE", "COPY cannot accept a heredoc as a destination", 8},
		{"RUN --network=x a", "invalid network mode \"x\"", 5},
		{"RUN --security=x a", "security \"x\" is not valid", 5},
		{"RUN --mount= a", "failed to parse csv mounts: EOF", 5},
		{"RUN --mount=from=$x a",
			"'from' doesn't support variable expansion, define alias stage instead", 5},
		{"RUN --device=a,b c", "invalid field 'b' must be a key=value pair", 5},
		{"RUN --device=a,name=b c", "device name already set to a", 5},
		{"CMD --x a", "unknown flag: --x", 5},
		{"SHELL []", "SHELL requires at least one argument", 1},
		{"SHELL a", "SHELL requires the arguments to be in JSON form", 1},
		{"HEALTHCHECK", "HEALTHCHECK requires at least one argument", 1},
		{"HEALTHCHECK NONE x", "HEALTHCHECK NONE takes no arguments", 1},
		{"HEALTHCHECK CMD", "Missing command after HEALTHCHECK CMD", 1},
		{"HEALTHCHECK foo x", "Unknown type \"FOO\" in HEALTHCHECK (try CMD)", 13},
		{"HEALTHCHECK --interval=999us CMD x",
			"Interval \"interval\" cannot be less than 1ms", 13},
		{"HEALTHCHECK --retries=-1 CMD x", "--retries cannot be negative (-1)", 13},
		{"HEALTHCHECK --retries=x CMD x", "--retries: expected a number, got 'x'", 13},
		{"EXPOSE", "EXPOSE requires at least one argument", 1},
		{"USER", "USER requires exactly one argument", 1},
		{"WORKDIR", "WORKDIR requires exactly one argument", 1},
		{"VOLUME [\"a\", \" \"]", "VOLUME specified can not be an empty string", 14},
		{"STOPSIGNAL", "STOPSIGNAL requires exactly one argument", 1},
		{"MAINTAINER", "MAINTAINER requires exactly one argument", 1},
		{"LABEL", "LABEL requires at least one argument", 1},
		{"LABEL a=b =c", "LABEL names can not be blank", 11},
		{"ENV =b", "ENV names can not be blank", 5},
		{"ENV --x a=b", "unknown flag: --x", 5},
		{"ARG", "ARG requires at least one argument", 1},
		{"ARG a =b", "ARG names can not be blank", 7},
		{"ONBUILD", "ONBUILD requires at least one argument", 1},
		{"ONBUILD FROM a", "FROM isn't allowed as an ONBUILD trigger", 9},
		{"ONBUILD maintainer a", "MAINTAINER isn't allowed as an ONBUILD trigger", 9},
		{"ONBUILD ONBUILD RUN a", "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed",
			9},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct err err = {0};
		struct inst in;
		int rc = read_one(str_of(cases[i].text), &a, &in, &err);
		if (rc == 0 || strcmp(err.what, cases[i].error) != 0)
			fail_msg("%s: %s", cases[i].text, err.what);
		if (err.at.line != 2 || err.at.col != cases[i].col)
			fail_msg("%s: at %u:%u", cases[i].text, err.at.line, err.at.col);
	}
}

static void stages_parse_of_copy_and_add(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct err err = {0};
	struct inst in;
	OK(read_one(S("COPY --from=x --chown=1:2 --chmod=u+x --link --parents --exclude=a "
		      "--exclude=b c <<E d 3<<-\"F\" /e\n$1\nE\n\t$2\n\tF"),
		&a, &in, &err));
	STR_IS(in.copy.from.text, "x");
	STR_IS(in.copy.chown.text, "1:2");
	STR_IS(in.copy.chmod.text, "u+x");
	assert_true(in.copy.is_link && in.copy.has_parents);
	assert_int_equal(in.copy.excludes.n, 2);
	STR_IS(in.copy.excludes.p[1].text, "b");
	assert_int_equal(in.copy.sources.n, 2);
	STR_IS(in.copy.sources.p[1].text, "d");
	STR_IS(in.copy.dest.text, "/e");
	assert_int_equal(in.copy.n_files, 2);
	STR_IS(in.copy.files[0].text, "$1\n");
	assert_true(in.copy.files[0].is_expanded);
	STR_IS(in.copy.files[1].name, "F");
	STR_IS(in.copy.files[1].text, "$2\n");
	assert_false(in.copy.files[1].is_expanded);
	OK(read_one(S("ADD --keep-git-dir=false --checksum=sha256:0 --unpack [\"a b\", \"c\"]"), &a,
		&in, &err));
	assert_null(in.copy.from.text.p);
	assert_true(in.copy.has_keep_git_dir && !in.copy.keeps_git_dir);
	assert_true(in.copy.has_unpack && in.copy.unpacks);
	STR_IS(in.copy.checksum.text, "sha256:0");
	STR_IS(in.copy.sources.p[0].text, "a b");
	OK(read_one(S("COPY --from= a b"), &a, &in, &err));
	assert_non_null(in.copy.from.text.p);
	assert_int_equal(in.copy.from.text.n, 0);
}

static void stages_parse_of_run_knows_what_the_shell_gets(void **state)
{
	static const struct {
		const char *text, *script;
		bool is_file;
	} cases[] = {
		{"RUN a  b", "a  b"},
		{"RUN <<E\na\nb\nE", "a\nb\n"},
		{"RUN <<-E\n\ta\n\tE", "a\n"},
		{"RUN << E\na\nE", "a\n"},
		{"RUN 3<<'E'\na\nE", "a\n"},
		{"RUN <<E\n#!/usr/bin/env python3\nx\nE", "#!/usr/bin/env python3\nx\n", true},
		{"RUN <<-E\n\t#!/bin/sh\n\tE", "#!/bin/sh\n"},
		{"RUN cat <<E >x\na\nE", "cat <<E >x\na\nE"},
		{"RUN cat <<-E <<F\n\ta\n\tE\nb\nF", "cat <<-E <<F\n\ta\nE\nb\nF"},
		{"RUN", ""},
		{"RUN [\"a\"]", ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct err err = {0};
		struct inst in;
		OK(read_one(str_of(cases[i].text), &a, &in, &err));
		if (!str_is(in.run.script, cases[i].script) ||
			in.run.is_script_file != cases[i].is_file)
			fail_msg("%s: '%.*s'", cases[i].text, STR_ARG(in.run.script));
	}
}

static void stages_parse_of_run_flags(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct err err = {0};
	struct inst in;
	OK(read_one(
		S("RUN --network=host --security=insecure --device=v/c=n,required "
		  "--device=required=false,name=m --mount=type=ssh --mount=type=tmpfs,dst=/x [\"q\"]"),
		&a, &in, &err));
	assert_int_equal(in.run.network, RUN_NETWORK_HOST);
	assert_true(in.run.is_insecure && !in.run.command.is_shell);
	assert_int_equal(in.run.n_devices, 2);
	STR_IS(in.run.devices[0].name, "v/c=n");
	assert_true(in.run.devices[0].is_required && !in.run.devices[1].is_required);
	STR_IS(in.run.devices[1].name, "m");
	assert_int_equal(in.run.mounts.n, 2);
	STR_IS(in.run.mounts.p[1].text, "type=tmpfs,dst=/x");
}

static void stages_parse_of_the_rest(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct err err = {0};
	struct inst in;
	OK(read_one(
		S("HEALTHCHECK --interval=1m --timeout=1ms --start-period=0 --start-interval=5s "
		  "--retries=+4 cmd [\"a\", \"b\"]"),
		&a, &in, &err));
	assert_true(in.health.interval_ns == 60 * INT64_C(1000000000));
	assert_true(in.health.timeout_ns == 1000000 && in.health.start_period_ns == 0);
	assert_int_equal(in.health.retries, 4);
	assert_false(in.health.is_none || in.health.command.is_shell);
	assert_int_equal(in.health.command.words.n, 2);
	OK(read_one(S("HEALTHCHECK --interval=5s none"), &a, &in, &err));
	assert_true(in.health.is_none);
	OK(read_one(S("EXPOSE 90 80/udp 8"), &a, &in, &err));
	STR_IS(in.words.p[0].text, "8");
	STR_IS(in.words.p[2].text, "90");
	OK(read_one(S("ARG a b= c='d e'"), &a, &in, &err));
	assert_false(in.pairs.p[0].has_value);
	assert_true(in.pairs.p[1].has_value);
	STR_IS(in.pairs.p[2].value, "'d e'");
	OK(read_one(S("ENV a  b c "), &a, &in, &err));
	assert_true(in.pairs.p[0].is_old);
	STR_IS(in.pairs.p[0].value, "b c");
	OK(read_one(S("onbuild \\\n  copy <<E  /x \nq\nE"), &a, &in, &err));
	STR_IS(in.word.text, "copy <<E  /x \nq\nE");
	OK(inst_parse_trigger(in.word.text, &a, &in, &err));
	assert_int_equal(in.kind, INST_COPY);
	STR_IS(in.copy.files[0].text, "q\n");
}

static void inst_parse_trigger_refuses_what_is_no_instruction(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct err err = {0};
	struct inst in;
	FAILS(ERR_INPUT, inst_parse_trigger(S("FROM x"), &a, &in, &err));
	FAILS(ERR_INPUT, inst_parse_trigger(S("RUN a\nRUN b"), &a, &in, &err));
	FAILS(ERR_INPUT, inst_parse_trigger(S(""), &a, &in, &err));
	FAILS(ERR_INPUT, inst_parse_trigger(S("FOO"), &a, &in, &err));
	OK(inst_parse_trigger(S("ONBUILD RUN x"), &a, &in, &err));
}

static int parse_stages(const char *text, struct arena *a, struct stages *ret, struct err *err)
{
	struct dockerfile *d = ARENA_NEW(a, struct dockerfile);
	if (dockerfile_parse(str_of(text), a, d, err) < 0)
		return -1;
	return stages_parse(d, a, ret, err);
}

static void stages_are_found_by_name_and_number(void **state)
{
	static const struct {
		const char *from;
		bool has_index;
		int index; /* -1: no stage; -2: an error */
	} cases[] = {
		{"one", true, 0},
		{"ONE", true, 0},
		{"0", true, 0},
		{"+0", true, 0},
		{"00", true, 0},
		{"0", false, -1},
		{"alpine", true, -1},
		{"0../", true, -1},
		{"two", true, -2},
		{"1", true, -2},
		{"three", true, -2},
		{"2", true, -2},
		{"9", true, -2},
		{"-1", true, -2},
		{"99999999999999999999", true, -1},
		{"$one", true, -2},
	};
	CLEANUP(arena_done) struct arena a = {0};
	struct err err = {0};
	struct stages s;
	OK(parse_stages("ARG g=1\nFROM x AS One\nFROM one AS two\nRUN y\nFROM z AS three", &a, &s,
		&err));
	assert_int_equal(s.n, 3);
	assert_int_equal(s.n_globals, 1);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct stage *found = NULL;
		struct dockerfile_word from = {str_of(cases[i].from), {7, 8}};
		int rc = stages_from(&s, &s.p[1], from, cases[i].has_index, &found, &err);
		int index = rc < 0 ? -2 : found ? (int)found->index : -1;
		if (index != cases[i].index)
			fail_msg("%s: %d", cases[i].from, index);
	}
	assert_ptr_equal(stages_base(&s, &s.p[1], S("one")), &s.p[0]);
	assert_null(stages_base(&s, &s.p[1], S("three")));
	assert_null(stages_base(&s, &s.p[0], S("one")));
	STR_IS(stage_title(&s.p[0], &a), "one");
}

static void stages_with_one_name_hide_each_other(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct err err = {0};
	struct stages s;
	const struct stage *found;
	OK(parse_stages("FROM x AS a\nFROM y AS A\nFROM a\nFROM z AS b", &a, &s, &err));
	assert_ptr_equal(stages_named(&s, S("a")), &s.p[1]);
	assert_ptr_equal(stages_base(&s, &s.p[1], S("a")), &s.p[0]);
	assert_ptr_equal(stages_base(&s, &s.p[2], S("a")), &s.p[1]);
	STR_IS(stage_title(&s.p[2], &a), "stage-2");
	OK(stages_target(&s, S(""), &found, &err));
	assert_ptr_equal(found, &s.p[3]);
	OK(stages_target(&s, S("B"), &found, &err));
	assert_ptr_equal(found, &s.p[3]);
	FAILS(ERR_NOT_FOUND, stages_target(&s, S("bb"), &found, &err));
	assert_string_equal(err.what, "target stage \"bb\" could not be found (did you mean b?)");
	FAILS(ERR_INPUT, parse_stages("ARG a", &a, &s, &err));
	FAILS(ERR_INPUT, parse_stages("ARG a\nRUN b\nFROM c", &a, &s, &err));
}

static void inst_check_names_asks_only_for_names(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct err err = {0};
	struct dockerfile d;
	OK(dockerfile_parse(S("COPY\nhealthcheck\nONBUILD FOO"), &a, &d, &err));
	OK(inst_check_names(&d, &a, &err));
	OK(dockerfile_parse(S("RUN x\n  RUNN y"), &a, &d, &err));
	FAILS(ERR_INPUT, inst_check_names(&d, &a, &err));
	assert_string_equal(err.what, "unknown instruction: RUNN (did you mean RUN?)");
	assert_int_equal(err.at.line, 2);
	assert_int_equal(err.at.col, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stages_parse_says_what_is_wrong_and_where),
		cmocka_unit_test(stages_parse_of_copy_and_add),
		cmocka_unit_test(stages_parse_of_run_knows_what_the_shell_gets),
		cmocka_unit_test(stages_parse_of_run_flags),
		cmocka_unit_test(stages_parse_of_the_rest),
		cmocka_unit_test(inst_parse_trigger_refuses_what_is_no_instruction),
		cmocka_unit_test(stages_are_found_by_name_and_number),
		cmocka_unit_test(stages_with_one_name_hide_each_other),
		cmocka_unit_test(inst_check_names_asks_only_for_names),
	};
	return cmocka_run_group_tests_name("dockerfile/instruction", tests, NULL, NULL);
}
