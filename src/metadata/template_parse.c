/* template_parse -- handlebars' syntax: {{name 'text' key=value}}, {{{raw}}}, {{&raw}}, {{! comment
 * }},
 * {{#if x}}..{{else}}..{{/if}}, {{#unless x}}, ~ for white space, \{{ for braces.
 */
#include "template_priv.h"

struct parser {
	struct str s;
	size_t at;
	struct arena *a;
	unsigned depth;
	struct piece *last_text; /* text in front of a tag, which {{~ trims */
	bool trims_next;         /* after ~}} */
};

/* What a tag was. */
enum tag_kind { TAG_END_OF_TEXT, TAG_VALUE, TAG_COMMENT, TAG_OPEN, TAG_ELSE, TAG_CLOSE };

struct mark {
	enum tag_kind kind;
	bool is_raw, is_inverse;
	struct word *word; /* with its arguments */
};

static int bad(const struct parser *p, struct err *err, const char *what)
{
	return err_set(err, ERR_INPUT, "template '%.*s': %s at character %zu", STR_ARG(p->s), what,
		p->at + 1);
}

static bool at_text(const struct parser *p, const char *text)
{
	return str_starts(str_skip(p->s, p->at), str_of(text));
}

static bool skip(struct parser *p, const char *text)
{
	if (!at_text(p, text))
		return false;
	p->at += strlen(text);
	return true;
}

static char cur(const struct parser *p)
{
	return p->at < p->s.n ? p->s.p[p->at] : '\0';
}

static void skip_space(struct parser *p)
{
	while (p->at < p->s.n && ch_is_space(p->s.p[p->at]))
		p->at++;
}

/* Characters a name may not hold, from handlebars' lexer. */
static bool is_name_char(char c)
{
	return c && !ch_is_space(c) && !strchr("!\"#%&'()*+,./;<=>@[\\]^`{|}~", c);
}

static struct word *word_new(struct parser *p, enum word_kind kind, struct str text)
{
	struct word *w = ARENA_NEW(p->a, struct word);
	w->kind = kind;
	w->text = text;
	return w;
}

/* 'it\'s' or "..." */
static int read_string(struct parser *p, struct word **ret, struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(p->s.n);
	char quote = cur(p);
	for (p->at++; cur(p) != quote; p->at++) {
		if (p->at >= p->s.n)
			return bad(p, err, "a string is not closed");
		if (cur(p) == '\\' && p->at + 1 < p->s.n && p->s.p[p->at + 1] == quote)
			p->at++;
		buf_add_ch(&b, cur(p));
	}
	p->at++;
	*ret = word_new(p, WORD_TEXT, arena_str(p->a, buf_str(&b)));
	return 0;
}

static bool is_number(struct str s)
{
	size_t at = s.n && s.p[0] == '-';
	size_t start = at;
	while (at < s.n && ch_is_digit(s.p[at]))
		at++;
	if (at == start)
		return false;
	if (at < s.n && s.p[at] == '.' && at + 1 < s.n)
		for (at++; at < s.n && ch_is_digit(s.p[at]);)
			at++;
	return at == s.n;
}

static enum word_kind kind_of(struct str s)
{
	if (is_number(s))
		return WORD_NUMBER;
	if (str_is(s, "true"))
		return WORD_TRUE;
	if (str_is(s, "false"))
		return WORD_FALSE;
	return str_is(s, "undefined") || str_is(s, "null") ? WORD_NOTHING : WORD_PATH;
}

/* a.b/c, this, .., @data, [any text] */
static int read_path(struct parser *p, struct word **ret, struct err *err)
{
	size_t start = p->at;
	for (;;) {
		if (cur(p) == '[') {
			ssize_t end = str_chr(str_skip(p->s, p->at), ']');
			if (end < 0)
				return bad(p, err, "a bracket is not closed");
			p->at += (size_t)end + 1;
		} else if (is_name_char(cur(p)) || cur(p) == '.' || cur(p) == '/' ||
			cur(p) == '@') {
			p->at++;
		} else {
			break;
		}
	}
	struct str text = str_sub(p->s, start, p->at);
	if (text.n == 0)
		return bad(p, err, "expected a name");
	*ret = word_new(p, kind_of(text), text);
	return 0;
}

static int read_call(struct parser *p, struct word **ret, struct err *err);

static int read_word(struct parser *p, struct word **ret, struct err *err)
{
	char c = cur(p);
	if (c == '"' || c == '\'')
		return read_string(p, ret, err);
	if (c != '(')
		return read_path(p, ret, err);
	if (++p->depth > TEMPLATE_MAX_DEPTH)
		return bad(p, err, "nested too deeply");
	p->at++;
	if (read_call(p, ret, err) < 0)
		return -1;
	(*ret)->kind = WORD_CALL;
	p->depth--;
	return skip(p, ")") ? 0 : bad(p, err, "expected ')'");
}

/* key= in front of a word. */
static bool read_key(struct parser *p, struct str *ret)
{
	size_t end = p->at;
	while (end < p->s.n && is_name_char(p->s.p[end]))
		end++;
	if (end == p->at || end >= p->s.n || p->s.p[end] != '=')
		return false;
	*ret = str_sub(p->s, p->at, end);
	p->at = end + 1;
	return true;
}

static bool is_end_of_call(const struct parser *p)
{
	return p->at >= p->s.n || at_text(p, "}}") || at_text(p, "~}}") || cur(p) == ')';
}

/* name word word key=word: up to the closing braces or parenthesis. */
static int read_call(struct parser *p, struct word **ret, struct err *err)
{
	skip_space(p);
	if (read_word(p, ret, err) < 0)
		return -1;
	struct word **param = &(*ret)->params, **pair = &(*ret)->hash;
	for (skip_space(p); !is_end_of_call(p); skip_space(p)) {
		struct word *w;
		struct str key = S("");
		bool is_pair = read_key(p, &key);
		if (!is_pair && (*ret)->hash)
			return bad(p, err, "expected key=value");
		if (read_word(p, &w, err) < 0)
			return -1;
		w->key = key;
		struct word ***to = is_pair ? &pair : &param;
		**to = w;
		*to = &w->next;
	}
	return 0;
}

static int end_tag(struct parser *p, bool is_triple, struct err *err)
{
	p->trims_next = skip(p, "~");
	if (!skip(p, is_triple ? "}}}" : "}}"))
		return bad(p, err, is_triple ? "expected '}}}'" : "expected '}}'");
	return 0;
}

static int read_comment(struct parser *p, struct err *err)
{
	const char *end = skip(p, "--") ? "--" : "";
	char close[8];
	snprintf(close, sizeof(close), "%s}}", end);
	ssize_t at = str_find(str_skip(p->s, p->at), str_of(close));
	if (at < 0)
		return bad(p, err, "a comment is not closed");
	p->at += (size_t)at + strlen(close);
	p->trims_next = at > 0 && p->s.p[p->at - strlen(close) - 1] == '~';
	return 0;
}

static bool is_else(const struct parser *p)
{
	struct parser look = *p;
	skip_space(&look);
	return skip(&look, "else") && !is_name_char(cur(&look));
}

/* {{else}}, {{else if x}}, {{^}}: an empty word for the plain forms. */
static int read_else(struct parser *p, struct mark *m, struct err *err)
{
	m->kind = TAG_ELSE;
	skip_space(p);
	(void)(skip(p, "else") || skip(p, "^"));
	skip_space(p);
	if (!is_end_of_call(p) && read_call(p, &m->word, err) < 0)
		return -1;
	return end_tag(p, false, err);
}

/* The tag at "{{". */
static int read_tag(struct parser *p, struct mark *m, struct err *err)
{
	*m = (struct mark){.kind = TAG_VALUE};
	bool is_triple = at_text(p, "{{{");
	p->at += is_triple ? 3 : 2;
	if (skip(p, "~") && p->last_text)
		p->last_text->text = str_trim_right(p->last_text->text);
	m->is_raw = is_triple || skip(p, "&");
	if (skip(p, "!")) {
		m->kind = TAG_COMMENT;
		return read_comment(p, err);
	}
	if (cur(p) == '>' || at_text(p, "#>") || at_text(p, "#*") || cur(p) == '*') {
		bad(p, err, "partials and decorators are not supported");
		err->kind = ERR_UNSUPPORTED;
		return -1;
	}
	if (is_else(p) || at_text(p, "^}}") || at_text(p, "^~}}"))
		return read_else(p, m, err);
	if (skip(p, "/"))
		m->kind = TAG_CLOSE;
	else if (skip(p, "#"))
		m->kind = TAG_OPEN;
	else if (skip(p, "^")) {
		m->kind = TAG_OPEN;
		m->is_inverse = true;
	}
	if (read_call(p, &m->word, err) < 0)
		return -1;
	return end_tag(p, is_triple, err);
}

static void add_text(struct parser *p, struct str text, struct piece ***to)
{
	if (p->trims_next)
		text = str_trim_left(text);
	p->trims_next = false;
	p->last_text = NULL;
	if (!text.n)
		return;
	struct piece *piece = ARENA_NEW(p->a, struct piece);
	piece->kind = PIECE_TEXT;
	piece->text = text;
	p->last_text = piece;
	**to = piece;
	*to = &piece->next;
}

/* Text up to the next tag. \{{ is text up to the tag after it, \\{{ a backslash and a tag. */
static void read_text(struct parser *p, struct piece ***to)
{
	for (;;) {
		ssize_t open = str_find(str_skip(p->s, p->at), S("{{"));
		size_t end = open < 0 ? p->s.n : p->at + (size_t)open;
		struct str text = str_sub(p->s, p->at, end);
		p->at = end;
		bool is_escaped = open >= 0 && str_ends(text, S("\\"));
		bool is_backslash = is_escaped && str_ends(text, S("\\\\"));
		if (is_escaped)
			text.n--;
		add_text(p, text, to);
		if (!is_escaped || is_backslash)
			return;
		open = str_find(str_skip(p->s, p->at + 2), S("{{"));
		end = open < 0 ? p->s.n : p->at + 2 + (size_t)open;
		while (end > p->at + 2 && open >= 0 && p->s.p[end - 1] == '\\')
			end--;
		add_text(p, str_sub(p->s, p->at, end), to);
		p->at = end;
	}
}

static int read_pieces(struct parser *p, struct piece **ret, struct mark *end, struct err *err);

/* The condition of {{#if x}} or {{else if x}}. */
static int make_condition(struct parser *p, const struct mark *m, struct piece **ret,
	struct err *err)
{
	bool is_unless = str_is(m->word->text, "unless");
	if (m->is_inverse || (!is_unless && !str_is(m->word->text, "if"))) {
		bad(p, err, "blocks other than if and unless are not supported");
		err->kind = ERR_UNSUPPORTED;
		return -1;
	}
	if (!m->word->params || m->word->params->next)
		return bad(p, err, "#if and #unless need exactly one argument");
	*ret = ARENA_NEW(p->a, struct piece);
	(*ret)->kind = PIECE_IF;
	(*ret)->word = m->word->params;
	(*ret)->is_unless = is_unless;
	return 0;
}

static int read_block(struct parser *p, const struct mark *open, struct piece **ret,
	struct err *err)
{
	struct mark m = *open, end;
	struct piece *piece = NULL, **to = ret;
	unsigned depth = p->depth;
	for (;;) {
		if (++p->depth > TEMPLATE_MAX_DEPTH)
			return bad(p, err, "nested too deeply");
		if (make_condition(p, &m, &piece, err) < 0)
			return -1;
		*to = piece;
		if (read_pieces(p, &piece->then, &end, err) < 0)
			return -1;
		to = &piece->otherwise;
		if (end.kind != TAG_ELSE || !end.word)
			break;
		m = end;
	}
	if (end.kind == TAG_ELSE && read_pieces(p, to, &end, err) < 0)
		return -1;
	if (end.kind != TAG_CLOSE || !str_eq(end.word->text, open->word->text))
		return bad(p, err, "a block is not closed");
	p->depth = depth;
	return 0;
}

/* Up to the tag that ends a block, or the end of the text. */
static int read_pieces(struct parser *p, struct piece **ret, struct mark *end, struct err *err)
{
	struct piece **to = ret;
	*end = (struct mark){.kind = TAG_END_OF_TEXT};
	for (;;) {
		struct mark m;
		read_text(p, &to);
		if (p->at >= p->s.n)
			return 0;
		if (read_tag(p, &m, err) < 0)
			return -1;
		if (m.kind == TAG_CLOSE || m.kind == TAG_ELSE) {
			*end = m;
			return 0;
		}
		if (m.kind == TAG_COMMENT)
			continue;
		struct piece *piece = NULL;
		if (m.kind == TAG_VALUE) {
			piece = ARENA_NEW(p->a, struct piece);
			piece->kind = PIECE_VALUE;
			piece->word = m.word;
			piece->is_raw = m.is_raw;
		} else if (read_block(p, &m, &piece, err) < 0) {
			return -1;
		}
		*to = piece;
		to = &piece->next;
	}
}

int template_parse(struct str text, struct arena *a, struct piece **ret, struct err *err)
{
	struct parser p = {.s = text, .a = a};
	struct mark end;
	*ret = NULL;
	if (text.n > METADATA_MAX_TEXT)
		return err_set(err, ERR_LIMIT, "template is larger than %d bytes",
			METADATA_MAX_TEXT);
	if (read_pieces(&p, ret, &end, err) < 0)
		return -1;
	return end.kind == TAG_END_OF_TEXT ? 0 : bad(&p, err, "a closing tag has no block");
}
