/* The small languages: pairs of GITHUB_OUTPUT, ::commands::, lists of inputs, shells, URLs. */
#include "../test.h"

#include "runner/file_pairs_priv.h"
#include "runner/log_priv.h"
#include "runner/native_priv.h"
#include "runner/repo_priv.h"
#include "runner/shell_priv.h"

/* ---- pairs ---- */

static int tell_pair(void *ctx, struct str name, struct str value, struct err *err)
{
	struct buf *b = ctx;
	if (str_is(name, "refused"))
		return err_set(err, ERR_INPUT, "refused");
	buf_fmt(b, "%.*s=[%.*s];", STR_ARG(name), STR_ARG(value));
	return 0;
}

static void file_pairs_are_read_as_github_does(void **state)
{
	static const struct {
		const char *text, *want, *error; /* error NULL = it is fine */
	} cases[] = {
		{"", "", NULL},
		{"\n\n", "", NULL},
		{"a=b", "a=[b];", NULL},
		{"a=b\n", "a=[b];", NULL},
		{"a=\n", "a=[];", NULL},
		{"a=b=c\n", "a=[b=c];", NULL},
		{"a=b<<c\n", "a=[b<<c];", NULL},
		{" a = b \n", " a =[ b ];", NULL},
		{"a=b\r\n", "a=[b\r];", NULL},
		{"\xEF\xBB\xBF"
		 "a=b\n",
			"a=[b];", NULL},
		{"a<<E\nE\n", "a=[];", NULL},
		{"a<<E\nx\nE\n", "a=[x];", NULL},
		{"a<<E\nx\nE", "a=[x];", NULL},
		{"a<<E\nx\n\ny\nE\nb=c", "a=[x\n\ny];b=[c];", NULL},
		{"a<<E\n E\nE \nE\n", "a=[ E\nE ];", NULL},
		{"a<<E=F\nx\nE=F\n", "a=[x];", NULL},
		{"a<<<<\nx\n<<\n", "a=[x];", NULL},
		{"a<<E\r\nx\r\nE\r\n", "a=[x\r];", NULL},
		{"a<<E\nx\n", "", "Matching delimiter not found 'E'"},
		{"a<<E\nx\nEE", "", "Matching delimiter not found 'E'"},
		{"a<<E", "", "Matching delimiter not found 'E'"},
		{"a<<\nx\n", "", "delimiter must not be empty"},
		{"<<E\nx\nE\n", "", "Name must not be empty"},
		{"=b\n", "", "Name must not be empty"},
		{"a\n", "", "Invalid format 'a'"},
		{"a=b\nnonsense\nc=d\n", "a=[b];", "Invalid format 'nonsense'"},
		{"a=b\nrefused=x\nc=d\n", "a=[b];", "refused"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(buf_done) struct buf b = BUF(4096);
		struct err err = {0};
		int rc = file_pairs(str_of(cases[i].text), tell_pair, &b, &err);
		STR_IS(buf_str(&b), cases[i].want);
		assert_int_equal(rc, cases[i].error ? -1 : 0);
		if (cases[i].error && !strstr(err.what, cases[i].error))
			fail_msg("case %zu: '%s'", i, err.what);
	}
}

/* ---- commands ---- */

static void show_command(const struct log_command *c, struct buf *b)
{
	buf_fmt(b, "%.*s", STR_ARG(c->name));
	for (size_t i = 0; i < c->n_properties; i++)
		buf_fmt(b, " %.*s=[%.*s]", STR_ARG(c->properties[i].key),
			STR_ARG(c->properties[i].value));
	buf_fmt(b, " [%.*s]", STR_ARG(c->data));
}

static void commands_are_read_as_github_does(void **state)
{
	static const struct {
		const char *line, *want; /* want NULL = no command */
	} cases[] = {
		{"::debug::x", "debug [x]"},
		{" \t::debug::x", "debug [x]"},
		{"::DEBUG::x", "DEBUG [x]"},
		{"x::debug::x", NULL},
		{"::debug:x", NULL},
		{"::nothing::x", NULL},
		{"::debug::", "debug []"},
		{"::debug ::x", "debug [x]"},
		{"::warning file=a.c,line=1::m", "warning file=[a.c] line=[1] [m]"},
		{"::warning file=,line=1::m", "warning file=[] line=[1] [m]"},
		{"::warning file::m", "warning [m]"},
		{"::warning file=a%3Ab%2Cc::m", "warning file=[a:b,c] [m]"},
		{"::warning file=a%253A::m", "warning file=[a%3A] [m]"},
		{"::notice::a%0Ab%0D%25", "notice [a\nb\r%]"},
		{"::notice::a%3Ab%2C", "notice [a%3Ab%2C]"},
		{"::notice::%0a", "notice [%0a]"},
		{"::notice::a::b", "notice [a::b]"},
		{"##[error]x", "error [x]"},
		{"before ##[error]x", "error [x]"},
		{"##[error file=a;line=2]x", "error file=[a] line=[2] [x]"},
		{"##[error file=a%3B%5D]x", "error file=[a;]] [x]"},
		{"##[error]a%3Bb", "error [a;b]"},
		{"##[error", NULL},
		{"##[nothing]x", NULL},
		{"::my-token::", "my-token []"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(buf_done) struct buf b = BUF(4096);
		CLEANUP(arena_done) struct arena a = {0};
		struct log_command c;
		bool is = log_command_parse(str_of(cases[i].line), S("my-token"), &a, &c);
		if (is != (cases[i].want != NULL))
			fail_msg("'%s'", cases[i].line);
		if (is) {
			show_command(&c, &b);
			STR_IS(buf_str(&b), cases[i].want);
		}
	}
}

static void a_command_has_a_limited_number_of_properties(void **state)
{
	CLEANUP(buf_done) struct buf b = BUF(1 << 20);
	CLEANUP(arena_done) struct arena a = {0};
	struct log_command c;
	buf_add_cstr(&b, "::error ");
	for (int i = 0; i < 1000; i++)
		buf_fmt(&b, "k%d=v,", i);
	buf_add_cstr(&b, "::x");
	assert_true(log_command_parse(buf_str(&b), S(""), &a, &c));
	assert_int_equal(c.n_properties, LOG_PROPERTIES_MAX);
}

/* ---- lists ---- */

static void lists_are_read_as_dockers_actions_do(void **state)
{
	static const struct list_rule items = {0}, lines = {.keeps_commas = true},
				      raw = {.keeps_commas = true, .keeps_quotes = true};
	static const struct {
		const char *text;
		const struct list_rule *rule;
		const char *want; /* NULL = refused */
	} cases[] = {
		{"", &items, ""},
		{"a", &items, "[a]"},
		{"a,b", &items, "[a][b]"},
		{"a,b\nc", &items, "[a][b][c]"},
		{" a , , b ,\n\n", &items, "[a][b]"},
		{"a,b", &lines, "[a,b]"},
		{"a,b\r\nc\rd\n", &lines, "[a,b][c][d]"},
		{"type=local,dest=x", &lines, "[type=local,dest=x]"},
		{"\"a,b\",c", &items, "[a,b][c]"},
		{"\"a\nb\",c", &lines, "[a\nb,c]"},
		{"\"a\"\"b\"", &lines, "[a\"b]"},
		{"a \"b\",c", &items, "[a \"b\"][c]"},
		{"\"a\"b,c", &items, "[\"a\"b][c]"},
		{"\"a,b", &items, NULL},
		{"\"a,b", &raw, "[\"a,b]"},
		{"type=raw,\"k=v\"", &raw, "[type=raw,\"k=v\"]"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(buf_done) struct buf b = BUF(4096);
		CLEANUP(arena_done) struct arena a = {0};
		struct str_vec list = {0};
		struct err err = {0};
		int rc = list_read(str_of(cases[i].text), *cases[i].rule, &a, &list, &err);
		for (size_t k = 0; k < list.n; k++)
			buf_fmt(&b, "[%.*s]", STR_ARG(list.p[k]));
		vec_done(&list);
		assert_int_equal(rc, cases[i].want ? 0 : -1);
		if (rc == 0)
			STR_IS(buf_str(&b), cases[i].want);
	}
}

static void lists_have_limits(void **state)
{
	CLEANUP(buf_done) struct buf b = BUF(4 << 20);
	CLEANUP(arena_done) struct arena a = {0};
	struct str_vec list = {0};
	struct err err = {0};
	for (int i = 0; i < 20000; i++)
		buf_add_cstr(&b, "a,\n");
	FAILS(ERR_LIMIT, list_read(buf_str(&b), (struct list_rule){0}, &a, &list, &err));
	for (int i = 0; i < 1 << 20; i++)
		buf_add_ch(&b, 'a');
	FAILS(ERR_LIMIT, list_read(buf_str(&b), (struct list_rule){0}, &a, &list, &err));
	vec_done(&list);
}

/* ---- shells ---- */

static void shells_have_githubs_command_lines(void **state)
{
	static const struct {
		const char *option;
		bool has_bash;
		const char *want; /* NULL = refused */
	} cases[] = {
		{"", true, "[bash][-e][/t/s]"},
		{"", false, "[sh][-e][/t/s]"},
		{"bash", true, "[bash][--noprofile][--norc][-e][-o][pipefail][/t/s]"},
		{"sh", true, "[sh][-e][/t/s]"},
		{"python", true, "[python][/t/s]"},
		{"pwsh", true, "[pwsh][-command][. '/t/s']"},
		{"bash {0}", true, "[bash][/t/s]"},
		{"  bash   -x {0}  ", true, "[bash][-x][/t/s]"},
		{"perl {0}", true, "[perl][/t/s]"},
		{"x --file={0} {0}", true, "[x][--file=/t/s][/t/s]"},
		{"x \"a b\" \"{0}\"", true, "[x][a b][/t/s]"},
		{"x \\\"a {0}", true, "[x][\"a][/t/s]"},
		{"x \\\\\"a b\" {0}", true, "[x][\\a b][/t/s]"},
		{"x a\\b {0}", true, "[x][a\\b][/t/s]"},
		{"x \"\" {0}", true, "[x][][/t/s]"},
		{"x \"open {0}", true, "[x][open /t/s]"},
		{"fish", true, NULL},
		{"bash -e", true, NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(argv_done) struct argv argv = {0};
		CLEANUP(buf_done) struct buf b = BUF(4096);
		struct shell shell;
		struct err err = {0};
		int rc = shell_parse(str_of(cases[i].option), cases[i].has_bash, &shell, &err);
		assert_int_equal(rc, cases[i].want ? 0 : -1);
		if (rc < 0)
			continue;
		shell_argv(&shell, "/t/s", &argv);
		for (const char *const *p = argv_list(&argv); *p; p++)
			buf_fmt(&b, "[%s]", *p);
		STR_IS(buf_str(&b), cases[i].want);
	}
}

/* ---- remotes ---- */

static void remotes_tell_server_and_name(void **state)
{
	static const struct {
		const char *url, *server, *name; /* server NULL = it names no host */
	} cases[] = {
		{"https://github.com/me/app.git", "https://github.com", "me/app"},
		{"https://github.com/me/app", "https://github.com", "me/app"},
		{"https://github.com/me/app/", "https://github.com", "me/app"},
		{"https://user:word@git.lan:8443/deep/me/app.git", "https://git.lan:8443",
			"me/app"},
		{"http://127.0.0.1:3000/me/app", "http://127.0.0.1:3000", "me/app"},
		{"ssh://git@github.com:22/me/app.git", "https://github.com", "me/app"},
		{"git@github.com:me/app.git", "https://github.com", "me/app"},
		{"git@github.com:app.git", NULL, NULL},
		{"https://github.com/app", NULL, NULL},
		{"https:///me/app", NULL, NULL},
		{"/srv/git/app.git", NULL, NULL},
		{"./app", NULL, NULL},
		{"", NULL, NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct str server, name;
		bool is = repo_parse_url(str_of(cases[i].url), &a, &server, &name);
		if (is != (cases[i].server != NULL))
			fail_msg("'%s'", cases[i].url);
		if (is) {
			STR_IS(server, cases[i].server);
			STR_IS(name, cases[i].name);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(file_pairs_are_read_as_github_does),
		cmocka_unit_test(commands_are_read_as_github_does),
		cmocka_unit_test(a_command_has_a_limited_number_of_properties),
		cmocka_unit_test(lists_are_read_as_dockers_actions_do),
		cmocka_unit_test(lists_have_limits),
		cmocka_unit_test(shells_have_githubs_command_lines),
		cmocka_unit_test(remotes_tell_server_and_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
