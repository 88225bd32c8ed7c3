#include "../test.h"

#include "base/buf.h"
#include "dockerfile/mode.h"
#include "dockerfile/scope.h"

/* All stages of a file, entered one after the other. */
struct walk {
	struct arena arena;
	struct dockerfile file;
	struct stages stages;
	struct vars given;
	struct scope_spec spec;
	struct globals globals;
	struct scope scopes[8];
	struct inst last; /* the last instruction of all, filled in */
};

static void walk_done(struct walk *w)
{
	for (size_t i = 0; i < ARRAY_LEN(w->scopes); i++)
		scope_done(&w->scopes[i]);
	globals_done(&w->globals);
	vars_done(&w->given);
	arena_done(&w->arena);
}
CLEANUP_VAL(walk_done, struct walk);

static int enter(struct walk *w, const struct stage *s, struct err *err)
{
	static const struct str env[] = {S("BASE=1"), S("EMPTY")};
	struct scope *scope = &w->scopes[s->index];
	struct str base, platform;
	if (globals_from(&w->globals, s, &base, &platform, err) < 0)
		return -1;
	const struct stage *from = stages_base(&w->stages, s, base);
	int rc = from ? scope_from_stage(scope, &w->scopes[from->index], err)
		      : scope_from_image(scope, &w->globals, env, ARRAY_LEN(env), S("/w"), err);
	for (size_t i = 0; i < s->n && rc == 0; i++)
		rc = scope_apply(scope, &s->insts[i], &w->last, err);
	return rc;
}

/* given: "A=b" or NULL. */
static int walk(struct walk *w, const char *text, const char *given, struct err *err)
{
	struct scope_platform arm = {S("linux/arm/v7"), S("linux"), S(""), S("arm"), S("v7")};
	struct scope_platform amd = {S("linux/amd64"), S("linux"), S(""), S("amd64"), S("")};
	struct str value = str_of(given), name;
	w->given.arena = &w->arena;
	if (given && str_cut(&value, '=', &name))
		vars_set(&w->given, name, value);
	w->spec = (struct scope_spec){&w->given, amd, arm, S("")};
	if (dockerfile_parse(str_of(text), &w->arena, &w->file, err) < 0 ||
		stages_parse(&w->file, &w->arena, &w->stages, err) < 0 ||
		globals_init(&w->globals, &w->stages, &w->spec, &w->arena, err) < 0)
		return -1;
	for (size_t i = 0; i < w->stages.n; i++)
		if (enter(w, &w->stages.p[i], err) < 0)
			return -1;
	return 0;
}

static void scope_of_args_and_env(void **state)
{
	/* The last line is `LABEL l=…`; its value is compared. */
	static const struct {
		const char *text, *given, *value;
	} cases[] = {
		{"FROM x\nENV F=a\nARG F=b\nLABEL l=$F", NULL, "b"},
		{"FROM x\nARG F=b\nENV F=a\nLABEL l=$F", NULL, "a"},
		{"FROM x\nENV F=a\nARG F\nLABEL l=$F", NULL, "a"},
		{"FROM x\nENV F=a\nARG F\nLABEL l=$F", "F=c", "c"},
		{"ARG G=1\nFROM x\nLABEL l=$G", NULL, ""},
		{"ARG G=1\nFROM x\nARG G\nLABEL l=$G", NULL, "1"},
		{"ARG G=1\nFROM x\nARG G=2\nLABEL l=$G", NULL, "2"},
		{"ARG G=1\nFROM x\nARG G=2\nLABEL l=$G", "G=3", "3"},
		{"ARG G=1\nARG G\nFROM x\nARG G\nLABEL l=$G", NULL, "1"},
		{"ARG A=1 B=$A$none\nFROM x\nARG B\nLABEL l=$B", NULL, "1"},
		{"FROM x\nARG A=1 B=$A\nLABEL l=$B", NULL, "1"},
		{"FROM x\nENV A=1\nENV A=2 B=$A\nLABEL l=$A$B", NULL, "21"},
		{"FROM x\nARG A=${none:?never looked at}\nLABEL l=$A", "A=$raw'", "$raw'"},
		{"FROM x\nARG A=b\nENV $A=c\nLABEL l=$b", NULL, "c"},
		{"FROM x\nENV A=b\nARG $A=c\nLABEL l=$b", NULL, ""},
		{"FROM x AS a\nARG A=1\nENV E=2\nFROM a\nLABEL l=$A$E", NULL, "12"},
		{"FROM x AS a\nARG A=1\nFROM y\nLABEL l=$A", NULL, ""},
		{"FROM x\nLABEL l=$BASE-$EMPTY-", NULL, "1--"},
		{"FROM x\nLABEL l=$PATH", NULL,
			"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		{"FROM x\nLABEL l=$TARGETARCH", NULL, ""},
		{"FROM x\nARG TARGETPLATFORM BUILDARCH TARGETVARIANT TARGETSTAGE\n"
		 "LABEL l=\"$TARGETPLATFORM $BUILDARCH $TARGETVARIANT $TARGETSTAGE\"",
			NULL, "linux/arm/v7 amd64 v7 default"},
		{"FROM x\nARG TARGETARCH\nLABEL l=$TARGETARCH", "TARGETARCH=z", "z"},
		{"ARG TARGETARCH=y\nFROM x\nARG TARGETARCH\nLABEL l=$TARGETARCH", NULL, "y"},
		{"FROM x\nLABEL l=$HTTP_PROXY", "HTTP_PROXY=p", ""},
		{"FROM x\nARG HTTP_PROXY\nLABEL l=$HTTP_PROXY", "HTTP_PROXY=p", "p"},
		{"# escape=`\nFROM x\nARG A=1\nLABEL l=`$A\\$A", NULL, "$A\\1"},
		{"FROM x\nENV A the \"whole  rest\" of $BASE\nLABEL l=$A", NULL,
			"the whole  rest of 1"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(walk_done) struct walk w = {0};
		struct err err = {0};
		if (walk(&w, cases[i].text, cases[i].given, &err) < 0)
			fail_msg("%s: %s", cases[i].text, err.what);
		assert_int_equal(w.last.kind, INST_LABEL);
		if (!str_is(w.last.pairs.p[0].value, cases[i].value))
			fail_msg("%s gave '%.*s'", cases[i].text, STR_ARG(w.last.pairs.p[0].value));
	}
}

static void globals_from_fills_in_base_and_platform(void **state)
{
	static const struct {
		const char *text, *given, *base, *platform; /* base NULL: an error */
	} cases[] = {
		{"FROM x", NULL, "x", ""},
		{"ARG V=1\nARG I=img:$V\nFROM $I", NULL, "img:1", ""},
		{"ARG V=1\nFROM img:$V", "V=2", "img:2", ""},
		{"FROM --platform=$BUILDPLATFORM \"x\"", NULL, "x", "linux/amd64"},
		{"FROM --platform=linux/${TARGETARCH} x", NULL, "x", "linux/arm"},
		{"FROM ${V:-y}", NULL, "y", ""},
		{"FROM $V", NULL, NULL, NULL},
		{"FROM $V", "V=not declared", NULL, NULL},
		{"FROM --platform=$V x", NULL, NULL, NULL},
		{"FROM ${V:?}", NULL, NULL, NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(walk_done) struct walk w = {0};
		struct err err = {0};
		struct str base, platform;
		int rc = walk(&w, cases[i].text, cases[i].given, &err);
		if (!cases[i].base) {
			assert_int_equal(err.kind, ERR_INPUT);
			assert_true(err.at.line > 0 && err.at.col > 0);
			continue;
		}
		if (rc < 0)
			fail_msg("%s: %s", cases[i].text, err.what);
		OK(globals_from(&w.globals, &w.stages.p[0], &base, &platform, &err));
		STR_IS(base, cases[i].base);
		STR_IS(platform, cases[i].platform);
	}
}

static void scope_apply_fills_in_each_instruction(void **state)
{
	CLEANUP(walk_done) struct walk w = {0};
	CLEANUP(buf_done) struct buf b = BUF(4096);
	struct err err = {0};
	OK(walk(&w,
		"FROM x\nARG A=a B='b c' N\nENV C=$A\n"
		"COPY --chown=$A --chmod=0${N}55 --exclude=$A $A '$A' <<E <<\"F\" /$B/\n"
		"$A '$B' \\$A\nE\n$A\nF",
		"N=7", &err));
	const struct inst_copy *c = &w.last.copy;
	STR_IS(c->chown.text, "a");
	STR_IS(c->chmod.text, "0755");
	STR_IS(c->excludes.p[0].text, "$A");
	STR_IS(c->sources.p[0].text, "a");
	STR_IS(c->sources.p[1].text, "$A");
	STR_IS(c->dest.text, "/b c/");
	STR_IS(c->files[0].text, "a 'b c' $A\n");
	STR_IS(c->files[1].text, "$A\n");
	assert_int_equal(w.scopes[0].env.by_name.count, 4);
	scope_history_args(&w.scopes[0], &b);
	assert_string_equal(buf_cstr(&b), "|3 A=a B=b c N=7 ");
}

static void scope_apply_of_paths_ports_and_signals(void **state)
{
	static const struct {
		const char *text,
			*word; /* the first word of the last instruction; NULL: an error */
	} cases[] = {
		{"WORKDIR a", "/w/a"},
		{"WORKDIR /a//b/../c/.", "/a/c"},
		{"WORKDIR ../../..", "/"},
		{"WORKDIR a\nWORKDIR $BASE/..", "/w/a"},
		{"WORKDIR ''", "/w"},
		{"EXPOSE 80", "80"},
		{"ARG P='80 81/udp'\nEXPOSE $P", "80"},
		{"EXPOSE 127.0.0.1:80-81:90-91/TCP", "127.0.0.1:80-81:90-91/TCP"},
		{"EXPOSE 65536", NULL},
		{"EXPOSE 90-80", NULL},
		{"EXPOSE 80/icmp", NULL},
		{"EXPOSE /tcp", NULL},
		{"EXPOSE x:80", NULL},
		{"EXPOSE 1.2.3:80:80", NULL},
		{"EXPOSE 1:2-3", NULL},
		{"VOLUME /a$BASE", "/a1"},
		{"VOLUME $none", NULL},
		{"STOPSIGNAL SIG$BASE", NULL},
		{"STOPSIGNAL ${none:-term}", "term"},
		{"USER '$a'", "$a"},
		{"USER ${", NULL},
		{"COPY --chmod=999 a b", NULL},
		{"COPY https://x/y z", NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(walk_done) struct walk w = {0};
		struct err err = {0};
		struct str text = arena_fmt(&w.arena, "FROM x\n%s", cases[i].text);
		int rc = walk(&w, text.p, NULL, &err);
		if (rc < 0 && cases[i].word)
			fail_msg("%s: %s", cases[i].text, err.what);
		if (rc < 0) {
			assert_int_equal(err.kind, ERR_INPUT);
			assert_int_equal(err.at.line, 2);
			continue;
		}
		bool is_list = w.last.kind == INST_EXPOSE || w.last.kind == INST_VOLUME;
		struct str got = is_list ? w.last.words.p[0].text : w.last.word.text;
		if (!cases[i].word || !str_is(got, cases[i].word))
			fail_msg("%s gave '%.*s'", cases[i].text, STR_ARG(got));
	}
}

static void scope_apply_completes_mounts(void **state)
{
	static const struct {
		const char *mount, *target, *id; /* target NULL: an error */
	} cases[] = {
		{"type=bind,target=x", "/w/x", ""},
		{"type=bind", "/w", ""},
		{"type=bind,target=..", NULL, NULL},
		{"type=tmpfs,target=/", NULL, NULL},
		{"type=cache,target=/c/$BASE", "/c/1", "/c/1"},
		{"type=cache,target=/c,id=$BASE", "/c", "1"},
		{"type=secret,id=a/b", "/run/secrets/b", "a/b"},
		{"type=secret,source=s", "/run/secrets/s", "s"},
		{"type=secret,target=/etc/pw", "/etc/pw", "pw"},
		{"type=secret,id=a,env=E", "", "a"},
		{"type=ssh", "/run/buildkit/ssh_agent.0", "default"},
		{"type=ssh,id=x,target=/s", "/s", "x"},
		{"type=secret,id=$none", NULL, NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(walk_done) struct walk w = {0};
		struct err err = {0};
		struct str text = arena_fmt(&w.arena, "FROM x\nRUN --mount=%s y", cases[i].mount);
		if (walk(&w, text.p, NULL, &err) < 0) {
			if (cases[i].target)
				fail_msg("%s: %s", cases[i].mount, err.what);
			assert_int_equal(err.at.line, 2);
			continue;
		}
		const struct mount *m = w.last.run.filled_mounts;
		assert_int_equal(w.last.run.n_filled_mounts, 1);
		assert_non_null(cases[i].target);
		STR_IS(m->target, cases[i].target);
		STR_IS(m->id, cases[i].id);
	}
}

static void globals_needed_follows_bases_and_sources(void **state)
{
	CLEANUP(walk_done) struct walk w = {0};
	struct err err = {0};
	bool all[6] = {0}, few[6] = {0};
	OK(walk(&w,
		"FROM x AS a\nFROM x AS b\nFROM x AS unused\nFROM a AS c\nONBUILD COPY --from=b q r\n"
		"FROM c AS d\nFROM x AS e\nCOPY --from=0 q r\nRUN --mount=from=d,target=/q s",
		NULL, &err));
	OK(globals_needed(&w.globals, &w.stages.p[5], all, &err));
	assert_true(all[0] && all[1] && !all[2] && all[3] && all[4] && all[5]);
	OK(globals_needed(&w.globals, &w.stages.p[3], few, &err));
	assert_true(few[0] && !few[1] && few[3] && !few[4]);
}

static void scope_of_bombs_stops_at_a_limit(void **state)
{
	CLEANUP(walk_done) struct walk w = {0}, stages = {0};
	CLEANUP(buf_done) struct buf b = BUF(1 << 20);
	struct err err = {0};
	buf_add_cstr(&b, "FROM x\nENV A=0123456789abcdef\n");
	for (int i = 0; i < 15; i++)
		buf_add_cstr(&b, "ENV A=$A$A\n");
	for (int i = 0; i < 1000; i++)
		buf_fmt(&b, "ENV B%d=$A\n", i);
	FAILS(ERR_LIMIT, walk(&w, buf_cstr(&b), NULL, &err));
	assert_true(err.at.line > 17);
	buf_clear(&b);
	buf_add_cstr(&b, "FROM x AS a\nENV");
	for (int i = 0; i < 7000; i++)
		buf_fmt(&b, " a%d=", i);
	buf_add_ch(&b, '\n');
	for (int i = 0; i < 300; i++)
		buf_add_cstr(&b, "FROM a AS a\n");
	OK(dockerfile_parse(buf_str(&b), &stages.arena, &stages.file, &err));
	OK(stages_parse(&stages.file, &stages.arena, &stages.stages, &err));
	OK(globals_init(&stages.globals, &stages.stages, &stages.spec, &stages.arena, &err));
	OK(scope_from_image(&stages.scopes[0], &stages.globals, NULL, 0, S("/"), &err));
	struct inst in;
	OK(scope_apply(&stages.scopes[0], &stages.stages.p[0].insts[0], &in, &err));
	int n = 0;
	err = (struct err){0};
	while (!err.kind && n++ < 300) {
		CLEANUP(scope_done) struct scope next = {0};
		(void)scope_from_stage(&next, &stages.scopes[0], &err); /* the loop looks */
	}
	assert_int_equal(err.kind, ERR_LIMIT);
}

static void expose_parse_gives_ranges(void **state)
{
	struct err err = {0};
	struct port_range r;
	OK(expose_parse(S("8000-8010/UDP"), &r, &err));
	assert_int_equal(r.first, 8000);
	assert_int_equal(r.last, 8010);
	assert_string_equal(r.proto, "udp");
	OK(expose_parse(S("[::1]:1-2:3-4"), &r, &err));
	assert_int_equal(r.first, 3);
	assert_string_equal(r.proto, "tcp");
}

static void stop_signal_parse_knows_names_and_numbers(void **state)
{
	static const struct {
		const char *text;
		int number; /* 0: an error */
	} cases[] = {{"SIGTERM", 15}, {"term", 15}, {"15", 15}, {"KILL", 9}, {"sigrtmin+3", 37},
		{"RTMIN", 34}, {"RTMAX", 64}, {"RTMAX-14", 50}, {"64", 64}, {"0", 0}, {"65", 0},
		{"-1", 0}, {"RTMIN+16", 0}, {"RTMAX-15", 0}, {"RTMIN-1", 0}, {"SIG9", 0},
		{"FOO", 0}, {"", 0}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		int number = 0;
		(void)stop_signal_parse(str_of(cases[i].text), &number, &err); /* 0 is left */
		assert_int_equal(number, cases[i].number);
	}
}

static void mode_change_of_octal_and_symbolic_modes(void **state)
{
	static const struct {
		const char *text;
		uint32_t mode;
		bool is_folder;
		int result; /* -1: an error */
	} cases[] = {
		{"755", 0, false, 0755},
		{"07777", 0, false, 07777},
		{"0", 0777, false, 0},
		{"u+x", 0644, false, 0744},
		{"+x", 0644, false, 0755},
		{"a-w,u+w", 0666, false, 0644},
		{"u=rwX,go=rX", 0600, false, 0644},
		{"u=rwX,go=rX", 0600, true, 0755},
		{"u=rwX,go=rX", 0700, false, 0755},
		{"g=u", 0640, false, 0660},
		{"o=", 0777, false, 0770},
		{"ug+s", 0755, false, 06755},
		{"+t", 0777, true, 01777},
		{"u+x-w", 0644, false, 0544},
		{"u=rwx=r", 0, false, 0400},
		{"10000", 0, false, -1},
		{"8", 0, false, -1},
		{"u", 0, false, -1},
		{"z+x", 0, false, -1},
		{"u+x,", 0, false, -1},
		{"755 ", 0, false, -1},
		{"", 0, false, -1},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		uint32_t mode = 0;
		int rc = mode_change(str_of(cases[i].text), cases[i].mode, cases[i].is_folder,
			&mode, &err);
		if ((rc < 0 ? -1 : (int)mode) != cases[i].result)
			fail_msg("%s: %o", cases[i].text, mode);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scope_of_args_and_env),
		cmocka_unit_test(globals_from_fills_in_base_and_platform),
		cmocka_unit_test(scope_apply_fills_in_each_instruction),
		cmocka_unit_test(scope_apply_of_paths_ports_and_signals),
		cmocka_unit_test(scope_apply_completes_mounts),
		cmocka_unit_test(globals_needed_follows_bases_and_sources),
		cmocka_unit_test(scope_of_bombs_stops_at_a_limit),
		cmocka_unit_test(expose_parse_gives_ranges),
		cmocka_unit_test(stop_signal_parse_knows_names_and_numbers),
		cmocka_unit_test(mode_change_of_octal_and_symbolic_modes),
	};
	return cmocka_run_group_tests_name("dockerfile/scope", tests, NULL, NULL);
}
