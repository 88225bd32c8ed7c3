#include "dockerfile/expand_priv.h"

#include "base/utf8.h"
#include "dockerfile/dockerfile_priv.h"

/* Words are collected while the text is: what came out of quotes or an escape never splits, what
 * came out of a variable does. White space behind an unquoted "<<" belongs to the word, so that
 * `<< EOF` is one. */
struct lex_words {
	struct buf word;
	bool is_inside;
	int n_less; /* 1 behind "<", 2 behind "<<" */
	struct arena *arena;
	struct str_vec *words;
};

void expansion_done(struct expansion *x)
{
	vec_done(&x->words);
	vec_done(&x->matched);
	vec_done(&x->unmatched);
}

static void end_word(struct lex_words *w)
{
	if (!w->word.n)
		return;
	vec_push(w->words, arena_str(w->arena, buf_str(&w->word)));
	buf_clear(&w->word);
	w->is_inside = false;
}

static void add_kept(struct lex_words *w, struct str text)
{
	if (!w)
		return;
	buf_add(&w->word, text);
	w->is_inside = true;
	w->n_less = 0;
}

static void add_plain(struct lex_words *w, struct str c)
{
	if (!w)
		return;
	bool is_blank = c.p[0] == ' ' || c.p[0] == '\t';
	if (w->n_less == 2 && is_blank) {
		buf_add(&w->word, c);
		return;
	}
	w->n_less = c.p[0] != '<' ? 0 : w->n_less == 1 ? 2 : 1;
	if (text_space(c)) {
		if (w->is_inside)
			end_word(w);
		return;
	}
	buf_add(&w->word, c);
	w->is_inside = true;
}

static void add_value(struct lex_words *w, struct str value)
{
	if (!w)
		return;
	while (value.n) {
		w->n_less = 0;
		size_t n = text_char(value);
		add_plain(w, str_sub(value, 0, n));
		value = str_skip(value, n);
	}
	w->n_less = 0;
}

static int unclosed(struct lexer *x, const char *what)
{
	return err_set(x->err, ERR_INPUT,
		"unexpected end of statement while looking for matching %s", what);
}

static int lex_single_quote(struct lexer *x, struct lex_part part, struct buf *ret)
{
	bool is_raw = x->e->how & EXPAND_RAW_QUOTES;
	x->at++;
	if (is_raw)
		buf_add_ch(ret, '\'');
	for (;;) {
		int c = lex_peek(x);
		if (c == LEX_END)
			return unclosed(x, "single-quote");
		x->at++;
		if (c == '\'')
			break;
		if (part.is_pattern && c == '\\')
			buf_add_ch(ret, '\\');
		buf_add_ch(ret, (char)c);
	}
	if (is_raw)
		buf_add_ch(ret, '\'');
	return 0;
}

/* An escape character inside double quotes protects only '"', '$' and itself. */
static void lex_quoted_escape(struct lexer *x, struct lex_part part, struct buf *ret)
{
	bool is_raw_quotes = x->e->how & EXPAND_RAW_QUOTES;
	char escape = x->e->escape;
	x->at++;
	int next = lex_peek(x);
	bool is_special = next == '"' || next == '$' || next == (unsigned char)escape;
	if (is_special && part.is_raw)
		buf_add_ch(ret, escape);
	if (!is_special && (part.is_pattern || (part.is_raw && !is_raw_quotes)))
		buf_add_ch(ret, escape);
	buf_add_ch(ret, is_special ? (char)next : escape);
	x->at += is_special;
}

static int lex_double_quote(struct lexer *x, struct lex_part part, struct buf *ret)
{
	bool is_raw = x->e->how & EXPAND_RAW_QUOTES;
	x->at++;
	if (is_raw)
		buf_add_ch(ret, '"');
	for (;;) {
		int c = lex_peek(x);
		if (c == LEX_END)
			return unclosed(x, "double-quote");
		if (c == '"')
			break;
		if (c == '$') {
			if (lex_dollar(x, ret) < 0)
				return -1;
		} else if (c == (unsigned char)x->e->escape) {
			lex_quoted_escape(x, part, ret);
		} else {
			buf_add_ch(ret, (char)c);
			x->at++;
		}
	}
	x->at++;
	if (is_raw)
		buf_add_ch(ret, '"');
	return 0;
}

/* The next character, and the one behind it when it is the escape. */
static void lex_plain(struct lexer *x, struct lex_part part, struct buf *ret, struct lex_words *w)
{
	struct str rest = str_skip(x->s, x->at);
	bool is_escaped = rest.p[0] == x->e->escape;
	size_t from = x->at;
	if (is_escaped) {
		rest = str_skip(rest, 1);
		x->at++;
	}
	size_t n = rest.n ? text_char(rest) : 0;
	x->at += n;
	struct str kept = str_sub(x->s, part.is_raw ? from : x->at - n, x->at);
	buf_add(ret, kept);
	if (is_escaped)
		add_kept(w, kept);
	else
		add_plain(w, kept);
}

/* A quote or a variable. */
static int lex_special(struct lexer *x, struct lex_part part, struct buf *ret, struct lex_words *w)
{
	char c = x->s.p[x->at];
	size_t from = ret->n;
	int rc = c == '$'   ? lex_dollar(x, ret)
		: c == '\'' ? lex_single_quote(x, part, ret)
			    : lex_double_quote(x, part, ret);
	struct str got = str_skip(buf_str(ret), from);
	if (c == '$')
		add_value(w, got);
	else
		add_kept(w, got);
	return rc;
}

int lex_part(struct lexer *x, struct lex_part part, struct buf *ret, struct lex_words *w)
{
	bool has_quotes = !(x->e->how & EXPAND_NO_QUOTES);
	for (;;) {
		int c = lex_peek(x);
		if (c == LEX_END)
			break;
		if (c == part.stop) {
			x->at++;
			return 0;
		}
		if (c == '$' || (has_quotes && (c == '\'' || c == '"'))) {
			if (lex_special(x, part, ret, w) < 0)
				return -1;
		} else {
			lex_plain(x, part, ret, w);
		}
		if (buf_check(ret, "expanded text", x->err) < 0)
			return -1;
	}
	if (part.stop != LEX_END)
		return err_set(x->err, ERR_INPUT,
			"unexpected end of statement while looking for matching %c", part.stop);
	return 0;
}

static int wrap(struct err *err, struct str word)
{
	struct str shown = str_sub(word, 0, 100);
	return err_wrap(err, "failed to process \"%.*s%s\"", STR_ARG(shown),
		shown.n < word.n ? "…" : "");
}

int expand_word(const struct expander *e, struct str word, struct arena *a, struct expansion *ret,
	struct err *err)
{
	size_t max = word.n > EXPAND_MAX_BYTES ? word.n * 2 : EXPAND_MAX_BYTES;
	CLEANUP(buf_done) struct buf text = BUF(max);
	struct lex_words words = {.word = BUF(max), .arena = a, .words = &ret->words};
	uint64_t work = EXPAND_MAX_WORK;
	struct lexer x = {.e = e,
		.s = word,
		.arena = a,
		.notes = ret,
		.work_left = e->work_left ? e->work_left : &work,
		.err = err};
	struct lex_part all = {LEX_END, e->how & EXPAND_RAW_ESCAPES, false};
	int rc = lex_part(&x, all, &text, &words);
	end_word(&words);
	buf_done(&words.word);
	map_done(&x.matched, NULL);
	map_done(&x.unmatched, NULL);
	if (rc < 0)
		return wrap(err, word);
	ret->text = arena_str(a, buf_str(&text));
	return 0;
}

int expand_text(const struct expander *e, struct str word, struct arena *a, struct str *ret,
	struct err *err)
{
	CLEANUP(expansion_done) struct expansion x = {0};
	if (expand_word(e, word, a, &x, err) < 0)
		return -1;
	*ret = x.text;
	return 0;
}

int expand_words(const struct expander *e, struct str word, struct arena *a, struct str_vec *ret,
	struct err *err)
{
	CLEANUP(expansion_done) struct expansion x = {0};
	if (expand_word(e, word, a, &x, err) < 0)
		return -1;
	VEC_EACH(&x.words, w)
		vec_push(ret, *w);
	return 0;
}
