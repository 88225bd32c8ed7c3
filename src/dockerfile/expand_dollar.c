#include "dockerfile/expand_priv.h"

#include "base/utf8.h"
#include "dockerfile/dockerfile_priv.h"

/* Characters beyond ASCII that are part of a name. All letters are; of the rest, the blocks of
 * punctuation, symbols and pictures are left out. */
static bool is_wide_letter(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} others[] = {{0x80, 0xa9}, {0xab, 0xb4}, {0xb6, 0xb9}, {0xbb, 0xbf}, {0xd7, 0xd7},
		{0xf7, 0xf7}, {0x2000, 0x2070}, {0x2072, 0x207e}, {0x2080, 0x208f},
		{0x20a0, 0x2101}, {0x2190, 0x2bff}, {0x2e00, 0x2e2e}, {0x2e30, 0x3004},
		{0x3008, 0x3030}, {0xd800, 0xf8ff}, {0xfd3e, 0xfd3f}, {0xfe00, 0xfe6f},
		{0xfeff, 0xff0f}, {0xff1a, 0xff20}, {0xff3b, 0xff40}, {0xff5b, 0xff65},
		{0xffe0, 0xffff}, {0x1f000, 0x1faff}, {0xe0000, 0x10ffff}};
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (code >= others[i].first && code <= others[i].last)
			return false;
	return true;
}

/* Bytes of the name character s starts with, or 0. */
static size_t name_char(struct str s, bool is_first)
{
	uint32_t code;
	size_t n = utf8_decode(s, &code);
	if (n == 1)
		return ch_is_alpha(s.p[0]) || s.p[0] == '_' || (!is_first && ch_is_digit(s.p[0]));
	return n && is_wide_letter(code) ? n : 0;
}

/* A name, a position ($1, $12) or one of $@ $* $# $? $- $$ $!. */
static struct str take_name(struct lexer *x)
{
	struct str rest = str_skip(x->s, x->at);
	size_t n = 0, step;
	if (rest.n && strchr("@*#?-$!", rest.p[0]) && rest.p[0])
		n = 1;
	else if (rest.n && ch_is_digit(rest.p[0]))
		while (n < rest.n && ch_is_digit(rest.p[n]))
			n++;
	else
		while ((step = name_char(str_skip(rest, n), n == 0)))
			n += step;
	x->at += n;
	return str_sub(rest, 0, n);
}

/* The value; an unset variable is empty and false. */
static bool look_up(struct lexer *x, struct str name, struct str *ret)
{
	*ret = STR_NONE;
	bool is_set = vars_get(x->e->vars, name, ret);
	struct map *seen = is_set ? &x->matched : &x->unmatched;
	if (!map_has(seen, name)) {
		map_put(seen, name, NULL);
		vec_push(is_set ? &x->notes->matched : &x->notes->unmatched, name);
	}
	return is_set;
}

static int bad_modifier(struct lexer *x, const char *colon, struct str typed)
{
	return err_set(x->err, ERR_INPUT, "unsupported modifier (%s%.*s) in substitution", colon,
		STR_ARG(typed));
}

static int missing(struct lexer *x, const char *what)
{
	return err_set(x->err, ERR_INPUT, "syntax error: missing %s", what);
}

/* An operand up to its end; when the text ends first, what is missing is the end of all. */
static int operand(struct lexer *x, struct lex_part part, struct buf *ret, const char *end)
{
	if (x->depth == EXPAND_DEPTH_MAX)
		return err_set(x->err, ERR_LIMIT, "more than %u ${…} in each other", x->depth);
	x->depth++;
	int rc = lex_part(x, part, ret, NULL);
	x->depth--;
	if (rc < 0 && x->err->kind == ERR_INPUT && lex_peek(x) == LEX_END)
		return missing(x, end);
	return rc < 0 ? -1 : lex_work(x, ret->n);
}

/* ${name as it was written, for EXPAND_KEEP_UNSET. */
static int keep(struct buf *ret, struct str name, const char *op, const struct buf *word)
{
	buf_add(ret, S("${"));
	buf_add(ret, name);
	buf_add_cstr(ret, op);
	buf_add(ret, buf_str(word));
	buf_add_ch(ret, '}');
	return 0;
}

static int refuse_unset(struct lexer *x, struct str name, const struct buf *word, bool is_set)
{
	const char *why = is_set ? "is not allowed to be empty" : "is not allowed to be unset";
	return err_set(x->err, ERR_INPUT, "%.*s: %s", STR_ARG(name),
		word->n ? buf_cstr(word) : why);
}

/* ${name-word} and its relatives; x is behind the operator. */
static int choose(struct lexer *x, struct str name, bool has_colon, char op, struct buf *ret)
{
	CLEANUP(buf_done) struct buf word = BUF(ret->max);
	struct str value;
	char typed[] = {':', op, '\0'};
	if (operand(x, (struct lex_part){.stop = '}'}, &word, "'}'") < 0)
		return -1;
	bool is_set = look_up(x, name, &value);
	if (!is_set && (x->e->how & EXPAND_KEEP_UNSET))
		return keep(ret, name, has_colon ? typed : typed + 1, &word);
	bool is_there = is_set && (!has_colon || value.n);
	if (op == '?' && !is_there)
		return refuse_unset(x, name, &word, is_set);
	if (op == '+')
		buf_add(ret, is_there ? buf_str(&word) : STR_NONE);
	else
		buf_add(ret, is_there ? value : buf_str(&word));
	return 0;
}

/* ${name#pattern}, ${name%pattern}; doubled for the longest match. */
static int trim(struct lexer *x, struct str name, char op, struct buf *ret)
{
	CLEANUP(buf_done) struct buf word = BUF(ret->max);
	struct str value, p;
	char typed[] = {op, '\0'};
	struct lex_part part = {.stop = '}', .is_raw = true, .is_pattern = true};
	if (operand(x, part, &word, "'}'") < 0)
		return -1;
	if (!look_up(x, name, &value) && (x->e->how & EXPAND_KEEP_UNSET))
		return keep(ret, name, typed, &word);
	p = buf_str(&word);
	bool is_longest = p.n && p.p[0] == op;
	if (pattern_trim(x, value, str_skip(p, is_longest), op == '%', is_longest, &value) < 0)
		return -1;
	buf_add(ret, value);
	return 0;
}

/* ${name/pattern/with}, ${name//pattern/with} */
static int replace(struct lexer *x, struct str name, struct buf *ret)
{
	CLEANUP(buf_done) struct buf pattern = BUF(ret->max);
	CLEANUP(buf_done) struct buf with = BUF(ret->max);
	struct str value;
	bool is_all = lex_peek(x) == '/';
	x->at += is_all;
	struct lex_part first = {.stop = '/', .is_raw = true, .is_pattern = true};
	struct lex_part second = {.stop = '}', .is_raw = true};
	if (operand(x, first, &pattern, "'/' in ${}") < 0 || operand(x, second, &with, "'}'") < 0)
		return -1;
	if (!look_up(x, name, &value) && (x->e->how & EXPAND_KEEP_UNSET)) {
		buf_add_ch(&pattern, '/');
		buf_add(&pattern, buf_str(&with));
		return keep(ret, name, "/", &pattern);
	}
	return pattern_replace(x, value, buf_str(&pattern), buf_str(&with), is_all, ret);
}

/* $name or ${name}, as it was typed. */
static int plain(struct lexer *x, struct str name, struct str typed, struct buf *ret)
{
	struct str value;
	bool is_set = look_up(x, name, &value);
	buf_add(ret, !is_set && (x->e->how & EXPAND_KEEP_UNSET) ? typed : value);
	return 0;
}

/* ${name:…}: only the choosing operators have it. */
static int with_colon(struct lexer *x, struct str name, struct buf *ret)
{
	CLEANUP(buf_done) struct buf word = BUF(ret->max);
	struct str value;
	int c = lex_peek(x);
	if (c == LEX_END)
		return missing(x, "'}'");
	if (c == '-' || c == '+' || c == '?') {
		x->at++;
		return choose(x, name, true, (char)c, ret);
	}
	struct str typed = str_sub(x->s, x->at, x->at + text_char(str_skip(x->s, x->at)));
	x->at += typed.n;
	if (operand(x, (struct lex_part){.stop = '}'}, &word, "'}'") < 0)
		return -1;
	if (look_up(x, name, &value) || !(x->e->how & EXPAND_KEEP_UNSET))
		return bad_modifier(x, ":", typed);
	buf_add(ret, S("${"));
	buf_add(ret, name);
	buf_add_ch(ret, ':');
	buf_add(ret, typed);
	buf_add(ret, buf_str(&word));
	buf_add_ch(ret, '}');
	return 0;
}

static int lex_braces(struct lexer *x, size_t start, struct buf *ret)
{
	int first = lex_peek(x);
	struct str name = take_name(x);
	int c = lex_peek(x);
	if (c == LEX_END)
		return missing(x, "'}'");
	if (first == '{' || first == '}' || first == ':')
		return err_set(x->err, ERR_INPUT, "syntax error: bad substitution");
	x->at++;
	switch (c) {
	case '}': return plain(x, name, str_sub(x->s, start, x->at), ret);
	case ':': return with_colon(x, name, ret);
	case '-':
	case '+':
	case '?': return choose(x, name, false, (char)c, ret);
	case '#':
	case '%': return trim(x, name, (char)c, ret);
	case '/': return replace(x, name, ret);
	default:
		return bad_modifier(x, "",
			str_sub(x->s, x->at - 1, x->at - 1 + text_char(str_skip(x->s, x->at - 1))));
	}
}

int lex_dollar(struct lexer *x, struct buf *ret)
{
	size_t start = x->at++;
	if (lex_peek(x) == '{') {
		x->at++;
		return lex_braces(x, start, ret);
	}
	struct str name = take_name(x);
	if (name.n)
		return plain(x, name, str_sub(x->s, start, x->at), ret);
	buf_add_ch(ret, '$');
	return 0;
}
