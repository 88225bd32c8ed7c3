#include "../test.h"

#include "metadata/metadata_priv.h"

/* Knows name, empty, zero, list, and up, which shows its arguments. */
static int get(struct template_view *view, struct str name, const struct template_args *args,
	struct field *ret, struct err *err)
{
	static char rooms[4][200];
	static size_t turn;
	char *room = rooms[turn++ % 4];
	if (str_is(name, "name"))
		*ret = (struct field){FIELD_TEXT, S("a&b=c")};
	else if (str_is(name, "empty"))
		*ret = (struct field){FIELD_TEXT, S("")};
	else if (str_is(name, "zero"))
		*ret = (struct field){FIELD_NUMBER, S("0")};
	else if (str_is(name, "list"))
		*ret = (struct field){FIELD_LIST, S("beta,67")};
	else if (str_is(name, "up") && args) {
		size_t n = 0;
		for (size_t i = 0; i < args->n_params; i++)
			n += (size_t)snprintf(room + n, 200 - n, "(%.*s)",
				STR_ARG(args->params[i].text));
		for (size_t i = 0; i < args->n_hash; i++)
			n += (size_t)snprintf(room + n, 200 - n, "[%.*s:%.*s]",
				STR_ARG(args->hash[i].key), STR_ARG(args->hash[i].value));
		*ret = (struct field){FIELD_TEXT, str_n(room, n)};
	}
	return 0;
}

static void template_render_fills_in(void **state)
{
	static const struct {
		const char *text, *result;
	} cases[] = {{"", ""}, {"plain } { }}", "plain } { }}"}, {"x{{name}}y", "xa&amp;b&#x3D;cy"},
		{"{{{name}}}", "a&b=c"}, {"{{&name}}", "a&b=c"},
		{"{{ name }}{{empty}}{{unknown}}", "a&amp;b&#x3D;c"}, {"{{zero}}", "0"},
		{"{{list}}", "beta,67"}, {"{{list.1}}{{list.[0]}}{{list.9}}", "67beta"},
		{"{{this.zero}}{{./zero}}{{[zero]}}", "000"},
		{"{{up 'a' \"b\" k='v' l=3}}", "(a)(b)[k:v][l:3]"},
		{"{{up 'it\\'s'}}", "(it&#x27;s)"}, {"{{{up \"<\"}}}", "(<)"},
		{"{{up true false null -1.5}}", "(true)()()(-1.5)"},
		{"{{up (up 'x') zero}}", "((x))(0)"}, {"a {{~name~}} b", "aa&amp;b&#x3D;cb"},
		{"a{{! note }}b", "ab"}, {"a{{!-- }} --}}b", "ab"}, {"\\{{name}}", "{{name}}"},
		{"\\{{name}}{{zero}}", "{{name}}0"}, {"\\\\{{zero}}", "\\0"},
		{"{{#if name}}yes{{else}}no{{/if}}", "yes"},
		{"{{#if zero}}yes{{else}}no{{/if}}", "no"}, {"{{#if empty}}yes{{/if}}", ""},
		{"{{#unless empty}}yes{{/unless}}", "yes"},
		{"{{#if empty}}1{{else if name}}2{{else}}3{{/if}}", "2"},
		{"{{#if empty}}1{{else if zero}}2{{else}}3{{/if}}", "3"},
		{"{{#if name}}{{#if zero}}a{{^}}b{{/if}}{{/if}}c", "bc"}, {"é{{zero}}", "é0"}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct template_view view = {get};
		struct err err = {0};
		struct str ret;
		OK(template_render(str_of(cases[i].text), &view, &a, &ret, &err));
		STR_IS(ret, cases[i].result);
	}
}

static void template_render_refuses(void **state)
{
	static const struct {
		const char *text;
		enum err_kind kind;
	} cases[] = {{"{{", ERR_INPUT}, {"{{name", ERR_INPUT}, {"{{name}", ERR_INPUT},
		{"{{}}", ERR_INPUT}, {"{{{name}}", ERR_INPUT}, {"{{name 'a}}", ERR_INPUT},
		{"{{unknown 'a'}}", ERR_INPUT}, {"{{up (up 'a'}}", ERR_INPUT},
		{"{{#if name}}", ERR_INPUT}, {"{{/if}}", ERR_INPUT}, {"{{else}}", ERR_INPUT},
		{"{{#if name}}{{/unless}}", ERR_INPUT}, {"{{#if}}{{/if}}", ERR_INPUT},
		{"{{#if a b}}{{/if}}", ERR_INPUT}, {"{{!-- }}", ERR_INPUT},
		{"{{> partial}}", ERR_UNSUPPORTED}, {"{{#each list}}{{/each}}", ERR_UNSUPPORTED},
		{"{{^name}}{{/name}}", ERR_UNSUPPORTED}, {"{{up k='v' 'a'}}", ERR_INPUT}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(arena_done) struct arena a = {0};
		struct template_view view = {get};
		struct err err;
		struct str ret;
		FAILS(cases[i].kind, template_render(str_of(cases[i].text), &view, &a, &ret, &err));
	}
}

static void template_render_limits_depth(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(buf_done) struct buf b = BUF(100000);
	struct template_view view = {get};
	struct err err;
	struct str ret;
	for (int i = 0; i < 1000; i++)
		buf_add_cstr(&b, "{{#if name}}");
	FAILS(ERR_INPUT, template_render(buf_str(&b), &view, &a, &ret, &err));
	buf_clear(&b);
	buf_add_cstr(&b, "{{up ");
	for (int i = 0; i < 1000; i++)
		buf_add_cstr(&b, "(up ");
	FAILS(ERR_INPUT, template_render(buf_str(&b), &view, &a, &ret, &err));
}

static void template_is_raw_means_nothing_else(void **state)
{
	CLEANUP(arena_done) struct arena a = {0};
	assert_true(template_is_raw(S("{{raw}}"), &a));
	assert_true(template_is_raw(S("{{ raw }}"), &a));
	assert_true(template_is_raw(S("{{{raw}}}"), &a));
	assert_false(template_is_raw(S("v{{raw}}"), &a));
	assert_false(template_is_raw(S("{{raw}}{{raw}}"), &a));
	assert_false(template_is_raw(S("{{version}}"), &a));
	assert_false(template_is_raw(S("{{raw"), &a));
	assert_false(template_is_raw(S(""), &a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(template_render_fills_in),
		cmocka_unit_test(template_render_refuses),
		cmocka_unit_test(template_render_limits_depth),
		cmocka_unit_test(template_is_raw_means_nothing_else),
	};
	return cmocka_run_group_tests_name("metadata/template", tests, NULL, NULL);
}
