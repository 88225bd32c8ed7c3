#include "dockerfile/instruction_priv.h"

#include <stdarg.h>

PRINTF_LIKE(3, 0)
static int fail_va(struct err *err, struct dockerfile_place at, const char *fmt, va_list args)
{
	char what[sizeof(err->what)];
	vsnprintf(what, sizeof(what), fmt, args);
	err_set(err, ERR_INPUT, "%s", what);
	return err_locate(err, NULL, at.line, at.col);
}

int place_fail(struct err *err, struct dockerfile_place at, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	fail_va(err, at, fmt, args);
	va_end(args);
	return -1;
}

int reader_fail(struct reader *r, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	fail_va(r->err, r->node->at, fmt, args);
	va_end(args);
	return -1;
}

int reader_need_one(struct reader *r)
{
	return r->node->n_args == 1 ? 0
				    : reader_fail(r, "%s requires exactly one argument", r->name);
}

int reader_need_some(struct reader *r)
{
	return r->node->n_args ? 0 : reader_fail(r, "%s requires at least one argument", r->name);
}

struct inst_command reader_command(const struct reader *r, size_t first_arg)
{
	return (struct inst_command){.is_shell = !r->node->is_exec_form,
		.words = {r->node->args + first_arg, r->node->n_args - first_arg}};
}

struct str text_upper(struct arena *a, struct str s)
{
	char *p = arena_cstr(a, s);
	for (size_t i = 0; i < s.n; i++)
		p[i] = ch_upper(p[i]);
	return str_n(p, s.n);
}

static int read_command(struct reader *r, struct inst *ret)
{
	ret->command = reader_command(r, 0);
	return flags_none(r);
}

static int read_shell(struct reader *r, struct inst *ret)
{
	if (flags_none(r) < 0 || reader_need_some(r) < 0)
		return -1;
	if (!r->node->is_exec_form)
		return reader_fail(r, "SHELL requires the arguments to be in JSON form");
	ret->command = reader_command(r, 0);
	return 0;
}

/* Instructions of one word. */
static int read_word(struct reader *r, struct inst *ret)
{
	if (reader_need_one(r) < 0 || flags_none(r) < 0)
		return -1;
	ret->word = r->node->args[0];
	return 0;
}

static int compare_words(const void *a, const void *b)
{
	const struct dockerfile_word *x = a, *y = b;
	return str_cmp(x->text, y->text);
}

static int read_expose(struct reader *r, struct inst *ret)
{
	struct word_vec sorted = {0};
	if (reader_need_some(r) < 0 || flags_none(r) < 0)
		return -1;
	for (size_t i = 0; i < r->node->n_args; i++)
		vec_push(&sorted, r->node->args[i]);
	vec_sort(&sorted, compare_words);
	ret->words = (struct inst_words){ARENA_COPY(r->arena, &sorted), sorted.n};
	vec_done(&sorted);
	return 0;
}

static int read_volume(struct reader *r, struct inst *ret)
{
	if (reader_need_some(r) < 0 || flags_none(r) < 0)
		return -1;
	size_t n = r->node->n_args;
	struct dockerfile_word *words = ARENA_ARRAY(r->arena, struct dockerfile_word, n);
	for (size_t i = 0; i < n; i++) {
		words[i] = r->node->args[i];
		words[i].text = text_trim(words[i].text);
		if (!words[i].text.n)
			return place_fail(r->err, words[i].at,
				"VOLUME specified can not be an empty string");
	}
	ret->words = (struct inst_words){words, n};
	return 0;
}

static const struct {
	const char *name;
	int (*read)(struct reader *r, struct inst *ret); /* NULL: FROM */
} kinds[] = {
	[INST_ADD] = {"ADD", inst_read_copy},
	[INST_ARG] = {"ARG", inst_read_arg},
	[INST_CMD] = {"CMD", read_command},
	[INST_COPY] = {"COPY", inst_read_copy},
	[INST_ENTRYPOINT] = {"ENTRYPOINT", read_command},
	[INST_ENV] = {"ENV", inst_read_pairs},
	[INST_EXPOSE] = {"EXPOSE", read_expose},
	[INST_FROM] = {"FROM", NULL},
	[INST_HEALTHCHECK] = {"HEALTHCHECK", inst_read_health},
	[INST_LABEL] = {"LABEL", inst_read_pairs},
	[INST_MAINTAINER] = {"MAINTAINER", read_word},
	[INST_ONBUILD] = {"ONBUILD", inst_read_onbuild},
	[INST_RUN] = {"RUN", inst_read_run},
	[INST_SHELL] = {"SHELL", read_shell},
	[INST_STOPSIGNAL] = {"STOPSIGNAL", read_word},
	[INST_USER] = {"USER", read_word},
	[INST_VOLUME] = {"VOLUME", read_volume},
	[INST_WORKDIR] = {"WORKDIR", read_word},
};

const char *inst_kind_name(enum inst_kind kind)
{
	return kinds[kind].name;
}

static int unknown(const struct dockerfile_node *n, struct arena *a, struct err *err)
{
	const char *names[ARRAY_LEN(kinds) + 1] = {0};
	struct str lower[ARRAY_LEN(kinds)];
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		char *name = arena_cstr(a, str_of(kinds[i].name));
		for (char *p = name; *p; p++)
			*p = ch_lower(*p);
		lower[i] = str_of(name);
		names[i] = lower[i].p;
	}
	return place_fail(err, n->at, "unknown instruction: %.*s%s", STR_ARG(n->instruction),
		suggest_words(n->instruction, names, true, a));
}

static size_t kind_of(struct str name)
{
	size_t kind = 0;
	while (kind < ARRAY_LEN(kinds) && !str_eq_nocase(name, str_of(kinds[kind].name)))
		kind++;
	return kind;
}

int inst_check_names(const struct dockerfile *d, struct arena *a, struct err *err)
{
	for (size_t i = 0; i < d->n; i++)
		if (kind_of(d->nodes[i].instruction) == ARRAY_LEN(kinds))
			return unknown(&d->nodes[i], a, err);
	return 0;
}

int inst_read(const struct dockerfile_node *n, struct arena *a, struct inst *ret,
	struct stage *ret_stage, struct err *err)
{
	size_t kind = kind_of(n->instruction);
	if (kind == ARRAY_LEN(kinds))
		return unknown(n, a, err);
	struct reader r = {n, kinds[kind].name, a, err};
	*ret = (struct inst){.kind = (enum inst_kind)kind, .node = n};
	return kind == INST_FROM ? stage_read(&r, ret_stage) : kinds[kind].read(&r, ret);
}
