#include "yaml/yaml_priv.h"

#include "base/utf8.h"

#include <stdarg.h>

/* libyaml compares each %TAG line with those before it: 60,000 of them take 13 seconds. */
enum { TAG_LINES_MAX = 100 };

int yaml_fail(struct builder *b, yaml_mark_t at, enum err_kind kind, const char *fmt, ...)
{
	char what[400];
	va_list args;
	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	err_set(b->err, kind, "%s", what);
	return err_locate(b->err, NULL, (uint32_t)at.line + 1, (uint32_t)at.column + 1);
}

/* libyaml's words for the mistakes people make, and ours. */
static const struct problem {
	const char *said;
	char first;      /* the character at the place, 0 for any */
	bool at_context; /* say it where the quote or key starts, not where libyaml gave up */
	const char *what, *of, *hint;
} problems[] = {
	{"found character that cannot start any token", '\t', false, "tab in the indentation",
		.hint = "indent with spaces"},
	{"found a tab character that violates indentation", 0, false, "tab in the indentation",
		.hint = "indent with spaces"},
	{"found a tab character where an indentation space is expected", 0, false,
		"tab in the indentation", .hint = "indent with spaces"},
	{"found character that cannot start any token", '@', false, "'@' cannot start a value",
		.hint = "write the value in quotes"},
	{"found character that cannot start any token", '`', false, "'`' cannot start a value",
		.hint = "write the value in quotes"},
	{"found character that cannot start any token", '%', false, "'%' cannot start a value",
		.hint = "write the value in quotes"},
	{"mapping values are not allowed in this context", 0, false, "unexpected ':' and a value",
		.hint = "write text with ': ' in it in quotes, or check the indentation"},
	{"could not find expected ':'", 0, true, "expected ':' behind this key"},
	{"block sequence entries are not allowed in this context", 0, false, "unexpected '-' item",
		.hint = "check the indentation"},
	{"did not find expected key", 0, false, "expected the next key", "the mapping",
		"check the indentation and quotes"},
	{"did not find expected '-' indicator", 0, false, "expected the next '-' item", "the list",
		"check the indentation"},
	{"did not find expected <document start>", 0, false, "expected '---' or the end"},
	{"found unexpected end of stream", 0, true, "this quote is not closed"},
	{"did not find expected ',' or ']'", 0, false, "expected ',' or ']'", "the list"},
	{"did not find expected ',' or '}'", 0, false, "expected ',' or '}'", "the mapping"},
};

/* libyaml keeps the character it stopped at in front of its buffer. */
static char next_ch(const yaml_parser_t *p)
{
	return p->buffer.pointer < p->buffer.last ? (char)*p->buffer.pointer : '\0';
}

static const struct problem *find_problem(const yaml_parser_t *p)
{
	for (size_t i = 0; i < ARRAY_LEN(problems); i++)
		if (strcmp(p->problem, problems[i].said) == 0 &&
			(!problems[i].first || problems[i].first == next_ch(p)))
			return &problems[i];
	return NULL;
}

int yaml_fail_syntax(struct builder *b)
{
	const yaml_parser_t *p = &b->parser;
	yaml_mark_t at = p->problem_mark, start = p->context_mark;
	if (!p->problem || p->error == YAML_MEMORY_ERROR)
		return err_set(b->err, ERR_LIMIT, "no memory to read YAML");
	const struct problem *known = find_problem(p);
	if (!known)
		return yaml_fail(b, at, ERR_INPUT, "%s%s%s", p->context ? p->context : "",
			p->context ? ": " : "", p->problem);
	if (known->of)
		yaml_fail(b, at, ERR_INPUT, "%s of %s that starts at %zu:%zu", known->what,
			known->of, start.line + 1, start.column + 1);
	else
		yaml_fail(b, known->at_context ? start : at, ERR_INPUT, "%s", known->what);
	return known->hint ? err_hint(b->err, "%s", known->hint) : -1;
}

/* YAML 1.2.2, 5.1 "Character Set". */
static bool is_allowed(uint32_t code)
{
	if (code < 0x20)
		return code == '\t' || code == '\n' || code == '\r';
	return code <= 0x7e || code == 0x85 || (code >= 0xa0 && code != 0xfffe && code != 0xffff);
}

int yaml_check_text(struct str text, struct err *err)
{
	uint32_t line = 1, col = 1, n_tag_lines = 0;
	for (size_t at = 0, n; at < text.n; at += n) {
		uint32_t code = 0;
		n = utf8_decode(str_skip(text, at), &code);
		if (!n) {
			err_set(err, ERR_INPUT, "invalid UTF-8");
			return err_locate(err, NULL, line, col);
		}
		if (!is_allowed(code)) {
			err_set(err, ERR_INPUT, "character U+%04X is not allowed in YAML", code);
			return err_locate(err, NULL, line, col);
		}
		if (col == 1 && str_starts(str_skip(text, at), S("%TAG")) &&
			++n_tag_lines > TAG_LINES_MAX) {
			err_set(err, ERR_LIMIT, "more than %d '%%TAG' lines", TAG_LINES_MAX);
			return err_locate(err, NULL, line, col);
		}
		col++;
		if (code == '\n' ||
			(code == '\r' && !str_starts(str_skip(text, at + 1), S("\n")))) {
			line++;
			col = 1;
		}
	}
	return 0;
}
