#include "expr_priv.h"

#include "base/utf8.h"

#include <math.h>

/* UTF-16 units of text; a byte that is no UTF-8 counts as one. */
static size_t utf16_length(struct str s)
{
	size_t units = 0;
	while (s.n) {
		uint32_t code = 0;
		size_t n = (unsigned char)s.p[0] < 0x80 ? 1 : utf8_decode(s, &code);
		units += code > 0xFFFF ? 2 : 1;
		s = str_skip(s, n ? n : 1);
	}
	return units;
}

int fault_set(const struct source *src, enum expr_stage stage, struct str raw, const char *what,
	struct err *err)
{
	size_t at = raw.p ? (size_t)(raw.p - src->text.p) : 0;
	size_t position = raw.p ? utf16_length(str_sub(src->text, 0, at)) + 1 : 0;
	if (src->fault)
		*src->fault = (struct expr_fault){stage, (uint32_t)position, src->offset + at};
	if (!raw.p)
		return err_set(err, ERR_LIMIT, "%s", what);
	return err_set(err, ERR_INPUT,
		"%s: '%.*s'. Located at position %zu within expression: %.*s", what, STR_ARG(raw),
		position, STR_ARG(src->text));
}

struct lexer {
	const struct source *src;
	size_t at;
	struct token_vec *out;
};

static struct str rest(const struct lexer *l)
{
	return str_skip(l->src->text, l->at);
}

static char peek(const struct lexer *l, size_t ahead)
{
	return l->at + ahead < l->src->text.n ? l->src->text.p[l->at + ahead] : '\0';
}

static bool is_boundary(struct str s)
{
	return memchr("()[],.!><=&|", s.p[0], 12) || space_at(s) > 0;
}

/* The text from here to the next boundary; the first byte always belongs to it. A dot is no
 * boundary inside a number. */
static struct str take_word(struct lexer *l, bool is_number)
{
	size_t start = l->at++;
	while (l->at < l->src->text.n &&
		(!is_boundary(rest(l)) || (is_number && peek(l, 0) == '.')))
		l->at++;
	return str_sub(l->src->text, start, l->at);
}

static int bad(struct lexer *l, struct str raw, struct err *err)
{
	return fault_set(l->src, EXPR_LEXING, raw, "Unexpected symbol", err);
}

static void push(struct lexer *l, enum token_kind kind, struct str raw, struct expr_value value)
{
	vec_push(l->out, ((struct token){kind, raw, value}));
}

static void push_symbol(struct lexer *l, enum token_kind kind, size_t n)
{
	push(l, kind, str_sub(l->src->text, l->at, l->at + n), expr_null());
	l->at += n;
}

static int lex_number(struct lexer *l, struct err *err)
{
	struct str raw = take_word(l, true);
	double v = number_parse(raw);
	if (isnan(v))
		return bad(l, raw, err);
	push(l, TOKEN_LITERAL, raw, expr_number(v));
	return 0;
}

/* 'It''s': a quote inside is written twice. */
static int lex_string(struct lexer *l, struct arena *a, struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(l->src->text.n);
	size_t start = l->at++;
	for (; l->at < l->src->text.n; l->at++) {
		char c = peek(l, 0);
		if (c == '\'' && peek(l, 1) != '\'')
			break;
		if (c == '\'')
			l->at++;
		buf_add_ch(&b, c);
	}
	bool is_closed = l->at < l->src->text.n;
	l->at += is_closed;
	struct str raw = str_sub(l->src->text, start, l->at);
	if (!is_closed)
		return bad(l, raw, err);
	push(l, TOKEN_LITERAL, raw, expr_string(arena_str(a, buf_str(&b))));
	return 0;
}

static bool is_legal_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		bool is_start = ch_is_alpha(s.p[i]) || s.p[i] == '_';
		if (!is_start && (i == 0 || (!ch_is_digit(s.p[i]) && s.p[i] != '-')))
			return false;
	}
	return s.n > 0;
}

static bool is_keyword(struct str s, struct expr_value *ret)
{
	if (str_is(s, "null"))
		*ret = expr_null();
	else if (str_is(s, "true") || str_is(s, "false"))
		*ret = expr_bool(s.p[0] == 't');
	else if (str_is(s, "NaN"))
		*ret = expr_number(NUMBER_NAN);
	else if (str_is(s, "Infinity"))
		*ret = expr_number(NUMBER_INFINITY);
	else
		return false;
	return true;
}

static int lex_name(struct lexer *l, struct err *err)
{
	struct expr_value v = expr_null();
	struct str raw = take_word(l, false);
	bool is_property = l->out->n && vec_last(l->out)->kind == TOKEN_DOT;
	if (!is_legal_name(raw))
		return bad(l, raw, err);
	if (!is_property && is_keyword(raw, &v))
		push(l, TOKEN_LITERAL, raw, v);
	else
		push(l, TOKEN_NAME, raw, v);
	return 0;
}

/* A dot behind something that can have properties; elsewhere it starts a number. */
static bool is_dereference(const struct lexer *l)
{
	if (l->out->n == 0)
		return false;
	switch (vec_last(l->out)->kind) {
	case TOKEN_NAME:
	case TOKEN_INDEX_CLOSE:
	case TOKEN_GROUP_CLOSE:
	case TOKEN_STAR: return true;
	default: return false;
	}
}

/* One or two characters; a lone = & | is no operator. */
static int lex_operator(struct lexer *l, struct err *err)
{
	static const struct {
		char text[3];
		enum token_kind kind;
	} operators[] = {{"!=", TOKEN_NOT_EQUAL}, {">=", TOKEN_GREATER_EQUAL},
		{"<=", TOKEN_LESS_EQUAL}, {"==", TOKEN_EQUAL}, {"&&", TOKEN_AND}, {"||", TOKEN_OR},
		{"!", TOKEN_NOT}, {">", TOKEN_GREATER}, {"<", TOKEN_LESS}};
	for (size_t i = 0; i < ARRAY_LEN(operators); i++) {
		struct str text = str_of(operators[i].text);
		if (str_starts(rest(l), text)) {
			push_symbol(l, operators[i].kind, text.n);
			return 0;
		}
	}
	return bad(l, take_word(l, false), err);
}

static int lex_token(struct lexer *l, struct arena *a, struct err *err)
{
	static const struct {
		char c;
		enum token_kind kind;
	} symbols[] = {{'(', TOKEN_GROUP_OPEN}, {')', TOKEN_GROUP_CLOSE}, {'[', TOKEN_INDEX_OPEN},
		{']', TOKEN_INDEX_CLOSE}, {',', TOKEN_COMMA}, {'*', TOKEN_STAR}};
	char c = peek(l, 0);
	for (size_t i = 0; i < ARRAY_LEN(symbols); i++)
		if (symbols[i].c == c) {
			push_symbol(l, symbols[i].kind, 1);
			return 0;
		}
	if (c == '\'')
		return lex_string(l, a, err);
	if (c && strchr("!><=&|", c))
		return lex_operator(l, err);
	if (c == '.' && is_dereference(l)) {
		push_symbol(l, TOKEN_DOT, 1);
		return 0;
	}
	if (c == '.' || c == '-' || c == '+' || ch_is_digit(c))
		return lex_number(l, err);
	return lex_name(l, err);
}

int lex(const struct source *src, struct arena *a, struct token_vec *ret, struct err *err)
{
	struct lexer l = {src, 0, ret};
	if (utf16_length(src->text) > EXPR_MAX_LENGTH)
		return fault_set(src, EXPR_LEXING, STR_NONE, "Exceeded max expression length 21000",
			err);
	for (;;) {
		size_t n;
		while (l.at < src->text.n && (n = space_at(rest(&l))) > 0)
			l.at += n;
		if (l.at >= src->text.n)
			return 0;
		if (lex_token(&l, a, err) < 0)
			return -1;
	}
}
