#include "../test.h"

#include "base/clock.h"
#include "cli/opt.h"

/* One option of each kind, and what parsing made of them. */
struct parsed {
	bool is_quiet, is_all;
	const char *name;
	struct cstr_vec tags, args;
	uint64_t number, memory;
	int64_t age_ns;
	unsigned n_verbose;
	char room[16][64]; /* argv, which values point into */
};

static int parse(struct parsed *p, enum opt_order order, const char *const *words, struct err *err)
{
	const struct opt opts[] = {
		{"quiet", 'q', OPT_FLAG, &p->is_quiet, NULL, "say less"},
		{"all", 'a', OPT_FLAG, &p->is_all, NULL, "everything"},
		{"name", 'n', OPT_TEXT, &p->name, "NAME", "its name"},
		{"tag", 't', OPT_LIST, &p->tags, "TAG", "another tag"},
		{"number", 0, OPT_U64, &p->number, "N", "how many"},
		{"memory", 'm', OPT_BYTES, &p->memory, "BYTES", "how much"},
		{"age", 0, OPT_TIME, &p->age_ns, "TIME", "how old"},
		{"verbose", 'v', OPT_COUNT, &p->n_verbose, NULL, "say more"},
		{NULL, 'z', OPT_FLAG, &p->is_all, NULL, NULL},
	};
	char *argv[16] = {NULL};
	int argc = 0;
	do {
		const char *word = argc ? words[argc - 1] : "command";
		snprintf(p->room[argc], sizeof(p->room[0]), "%s", word);
		argv[argc] = p->room[argc];
	} while (words[argc++]);
	return opt_parse(opts, ARRAY_LEN(opts), order, argc, argv, &p->args, err);
}

static void parsed_done(struct parsed *p)
{
	vec_done(&p->tags);
	vec_done(&p->args);
}
CLEANUP_VAL(parsed_done, struct parsed);

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* All that came out, on one line. */
static void shown(const struct parsed *p, char *room, size_t n)
{
	CLEANUP(buf_done) struct buf b = BUF(1000);
	buf_fmt(&b, "%s%s", p->is_quiet ? "q " : "", p->is_all ? "a " : "");
	if (p->name)
		buf_fmt(&b, "name=%s ", p->name);
	for (size_t i = 0; i < p->tags.n; i++)
		buf_fmt(&b, "tag=%s ", p->tags.p[i]);
	if (p->number)
		buf_fmt(&b, "number=%llu ", (unsigned long long)p->number);
	if (p->memory)
		buf_fmt(&b, "memory=%llu ", (unsigned long long)p->memory);
	if (p->age_ns)
		buf_fmt(&b, "age=%lld ", (long long)(p->age_ns / CLOCK_SECOND));
	if (p->n_verbose)
		buf_fmt(&b, "v=%u ", p->n_verbose);
	buf_add_ch(&b, ':');
	for (size_t i = 0; i < p->args.n; i++)
		buf_fmt(&b, " %s", p->args.p[i]);
	snprintf(room, n, "%s", buf_cstr(&b));
}

static void opt_parse_reads_what_docker_reads(void **state)
{
	static const struct {
		const char *words[8], *expected;
	} cases[] = {
		{{NULL}, ":"},
		{{"a", "b"}, ": a b"},
		{{"--quiet"}, "q :"},
		{{"-q"}, "q :"},
		{{"--quiet=true"}, "q :"},
		{{"--quiet=1"}, "q :"},
		{{"-q", "--quiet=false"}, ":"},
		{{"-q", "--quiet=0"}, ":"},
		{{"--name", "x"}, "name=x :"},
		{{"--name=x"}, "name=x :"},
		{{"--name="}, "name= :"},
		{{"--name=a=b"}, "name=a=b :"},
		{{"--name", "-q"}, "name=-q :"},
		{{"--name", "--"}, "name=-- :"},
		{{"-n", "x"}, "name=x :"},
		{{"-nx"}, "name=x :"},
		{{"-n=x"}, "name=x :"},
		{{"-n", "x", "-n", "y"}, "name=y :"},
		{{"-qa"}, "q a :"},
		{{"-qan", "x"}, "q a name=x :"},
		{{"-qanx"}, "q a name=x :"},
		{{"-qnax"}, "q name=ax :"},
		{{"-t", "1", "--tag=2", "-t3"}, "tag=1 tag=2 tag=3 :"},
		{{"--number", "7"}, "number=7 :"},
		{{"--memory=512m"}, "memory=536870912 :"},
		{{"-m", "1g"}, "memory=1073741824 :"},
		{{"--age", "1m30s"}, "age=90 :"},
		{{"-v"}, "v=1 :"},
		{{"-vvv"}, "v=3 :"},
		{{"-v", "--verbose"}, "v=2 :"},
		{{"a", "-q", "b"}, "q : a b"},
		{{"-q", "--", "-a", "--name"}, "q : -a --name"},
		{{"--", "--"}, ": --"},
		{{"-"}, ": -"},
		{{"", "x"}, ":  x"},
		{{"-z"}, "a :"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(parsed_done) struct parsed p = {0};
		struct err err = {0};
		char got[500];
		if (parse(&p, OPT_ANYWHERE, cases[i].words, &err) < 0)
			fail_msg("case %zu: %s", i, err.what);
		shown(&p, got, sizeof(got));
		assert_string_equal(got, cases[i].expected);
	}
}

static void opt_parse_stops_at_the_first_argument(void **state)
{
	static const struct {
		const char *words[8], *expected;
	} cases[] = {
		{{"-q", "image", "-a", "--name", "x"}, "q : image -a --name x"},
		{{"--name", "n", "image", "--", "-q"}, "name=n : image -- -q"},
		{{"--", "-image", "-q"}, ": -image -q"},
		{{"image", "--unknown"}, ": image --unknown"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(parsed_done) struct parsed p = {0};
		struct err err = {0};
		char got[500];
		if (parse(&p, OPT_STOP_AT_FIRST, cases[i].words, &err) < 0)
			fail_msg("case %zu: %s", i, err.what);
		shown(&p, got, sizeof(got));
		assert_string_equal(got, cases[i].expected);
	}
}

static void opt_parse_says_what_is_wrong(void **state)
{
	static const struct {
		const char *words[4], *what, *hint;
	} cases[] = {
		{{"--quite"}, "unknown option '--quite'", "did you mean --quiet?"},
		{{"--nmae", "x"}, "unknown option '--nmae'", "did you mean --name?"},
		{{"--memroy=1"}, "unknown option '--memroy'", "did you mean --memory?"},
		{{"--zzzzzzzz"}, "unknown option '--zzzzzzzz'", ""},
		{{"-x"}, "unknown option '-x'", ""},
		{{"-qx"}, "unknown option '-x'", ""},
		{{"--name"}, "option '--name' needs a value: NAME", ""},
		{{"-q", "-n"}, "option '-n' needs a value: NAME", ""},
		{{"-qn"}, "option '-n' needs a value: NAME", ""},
		{{"--quiet=maybe"}, "option '--quiet': expected true or false, got 'maybe'", ""},
		{{"--verbose=2"}, "option '--verbose' takes no value", ""},
		{{"--=x"}, "unknown option '--'", ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(parsed_done) struct parsed p = {0};
		struct err err = {0};
		FAILS(ERR_USAGE, parse(&p, OPT_ANYWHERE, cases[i].words, &err));
		assert_string_equal(err.what, cases[i].what);
		assert_string_equal(err.hint, cases[i].hint);
	}
}

static void opt_parse_refuses_numbers_that_are_none(void **state)
{
	static const char *const wrong[] = {"--number=", "--number=-1", "--number=1x",
		"--number=18446744073709551616", "--memory=1q", "--memory=99999999999999999999g",
		"--memory=-1", "--age=yesterday", "--age=1", "--age=99999999999h"};
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		CLEANUP(parsed_done) struct parsed p = {0};
		struct err err = {0};
		if (parse(&p, OPT_ANYWHERE, WORDS(wrong[i]), &err) == 0)
			fail_msg("'%s' was taken", wrong[i]);
		assert_int_equal(err.kind, ERR_USAGE);
		assert_true(str_starts(str_of(err.what), S("option '--")));
	}
}

static void opt_nearest_finds_what_was_meant(void **state)
{
	static const char *const names[] = {"build", "push", "pull", "image", "gc"};
	static const struct {
		const char *word, *near;
	} cases[] = {
		{"biuld", "build"},
		{"BUILD", "build"},
		{"puhs", "push"},
		{"images", "image"},
		{"gcc", "gc"},
		{"deploy", NULL},
		{"imagine everything", NULL},
		{"", NULL},
		{"a word that is far longer than any name of a command", NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *near = opt_nearest(str_of(cases[i].word), names, ARRAY_LEN(names));
		if (!near != !cases[i].near || (near && strcmp(near, cases[i].near) != 0))
			fail_msg("'%s': %s", cases[i].word, near ? near : "nothing");
	}
}

static void opt_add_help_shows_two_columns(void **state)
{
	bool flag;
	const struct opt opts[] = {
		{"quiet", 'q', OPT_FLAG, &flag, NULL, "say less"},
		{"name", 0, OPT_TEXT, &flag, "NAME", "its name"},
		{"hidden", 0, OPT_FLAG, &flag, NULL, NULL},
	};
	CLEANUP(buf_done) struct buf b = BUF(1000);
	opt_add_help(&b, opts, ARRAY_LEN(opts));
	STR_IS(buf_str(&b),
		"  -q, --quiet                    say less\n"
		"      --name NAME                its name\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opt_parse_reads_what_docker_reads),
		cmocka_unit_test(opt_parse_stops_at_the_first_argument),
		cmocka_unit_test(opt_parse_says_what_is_wrong),
		cmocka_unit_test(opt_parse_refuses_numbers_that_are_none),
		cmocka_unit_test(opt_nearest_finds_what_was_meant),
		cmocka_unit_test(opt_add_help_shows_two_columns),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
