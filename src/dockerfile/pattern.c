/* Shell patterns: '*' any run, '?' any character, neither across a newline; '\' protects.
 *
 * A pattern is cut at its stars into pieces without any. Then no search has to go back: the
 * shortest match takes every piece as early as it can, the longest takes the last piece as late as
 * it can. Both walk the text once per piece, and what they compare is counted, so that a hostile
 * pattern ends in ERR_LIMIT instead of an hour.
 */
#include "dockerfile/expand_priv.h"

#include "base/utf8.h"
#include "base/vec.h"
#include "dockerfile/dockerfile_priv.h"

struct atom {
	bool is_any; /* '?' */
	struct str c;
};
VEC_TYPE(atom_vec, struct atom);

struct pattern {
	struct atom_vec atoms; /* of all pieces, one after the other */
	VEC(size_t) ends;      /* of each piece in atoms */
};

static void pattern_done(struct pattern *p)
{
	vec_done(&p->atoms);
	vec_done(&p->ends);
}
CLEANUP_VAL(pattern_done, struct pattern);

static int pattern_parse(struct lexer *x, struct str text, struct pattern *ret)
{
	for (size_t i = 0; i < text.n;) {
		struct str rest = str_skip(text, i);
		bool is_escape = rest.p[0] == '\\';
		if (is_escape && (rest.n == 1 || !strchr("*?\\/}", rest.p[1]) || !rest.p[1]))
			return err_set(x->err, ERR_INPUT,
				"invalid pattern (%.*s) in substitution: invalid escape '%.*s'",
				STR_ARG(text),
				(int)(rest.n > 1 ? 1 + text_char(str_skip(rest, 1)) : 1), rest.p);
		rest = str_skip(rest, is_escape);
		size_t n = text_char(rest);
		if (!is_escape && rest.p[0] == '*')
			vec_push(&ret->ends, ret->atoms.n);
		else
			vec_push(&ret->atoms,
				((struct atom){
					!is_escape && rest.p[0] == '?', str_sub(rest, 0, n)}));
		i += is_escape + n;
	}
	vec_push(&ret->ends, ret->atoms.n);
	return 0;
}

static size_t piece_start(const struct pattern *p, size_t piece)
{
	return piece ? p->ends.p[piece - 1] : 0;
}

/* Bytes of text the piece matches at its start, or -1. */
static ssize_t match_piece(struct lexer *x, const struct pattern *p, size_t piece, struct str text)
{
	size_t at = 0;
	*x->work_left -= *x->work_left > 0;
	for (size_t i = piece_start(p, piece); i < p->ends.p[piece]; i++) {
		const struct atom *atom = &p->atoms.p[i];
		struct str rest = str_skip(text, at);
		*x->work_left -= *x->work_left > 0;
		if (!rest.n || (atom->is_any ? rest.p[0] == '\n' : !str_starts(rest, atom->c)))
			return -1;
		at += atom->is_any ? text_char(rest) : atom->c.n;
	}
	return (ssize_t)at;
}

/* Finds the piece in text, the first or the last time before a newline; its end, or -1. */
static ssize_t find_piece(struct lexer *x, const struct pattern *p, size_t piece, struct str text,
	bool is_last)
{
	ssize_t found = -1;
	for (size_t at = 0;; at += text_char(str_skip(text, at))) {
		ssize_t n = match_piece(x, p, piece, str_skip(text, at));
		if (n >= 0)
			found = (ssize_t)at + n;
		if ((n >= 0 && !is_last) || at >= text.n || text.p[at] == '\n' || !*x->work_left)
			return found;
	}
}

/* Bytes the whole pattern matches at the start of text, or -1. */
static ssize_t match(struct lexer *x, const struct pattern *p, struct str text, bool is_longest)
{
	ssize_t n = match_piece(x, p, 0, text);
	size_t at = 0;
	for (size_t piece = 1; n >= 0 && piece < p->ends.n; piece++) {
		at += (size_t)n;
		n = find_piece(x, p, piece, str_skip(text, at),
			is_longest && piece == p->ends.n - 1);
	}
	return n < 0 ? -1 : (ssize_t)(at + (size_t)n);
}

/* The characters of text in reverse order, on the heap. */
static char *reversed(struct str text)
{
	char *to = mem_new(text.n + 1, 1);
	size_t at = text.n;
	for (struct str rest = text; rest.n;) {
		size_t n = text_char(rest);
		at -= n;
		memcpy(to + at, rest.p, n);
		rest = str_skip(rest, n);
	}
	return to;
}

/* The pattern that matches the reversed text. */
static void pattern_reverse(struct pattern *p)
{
	size_t n = p->atoms.n, last = p->ends.n - 1;
	for (size_t i = 0; i < n / 2; i++) {
		struct atom other = p->atoms.p[i];
		p->atoms.p[i] = p->atoms.p[n - 1 - i];
		p->atoms.p[n - 1 - i] = other;
	}
	for (size_t i = 0; i < last; i++)
		p->ends.p[i] = n - p->ends.p[i];
	for (size_t i = 0; i < last / 2; i++) {
		size_t other = p->ends.p[i];
		p->ends.p[i] = p->ends.p[last - 1 - i];
		p->ends.p[last - 1 - i] = other;
	}
}

int pattern_trim(struct lexer *x, struct str text, struct str p, bool at_end, bool is_longest,
	struct str *ret)
{
	CLEANUP(pattern_done) struct pattern pattern = {0};
	if (pattern_parse(x, p, &pattern) < 0)
		return -1;
	CLEANUP(mem_free) char *backwards = at_end ? reversed(text) : NULL;
	if (at_end)
		pattern_reverse(&pattern);
	ssize_t n = match(x, &pattern, at_end ? str_n(backwards, text.n) : text, is_longest);
	if (lex_work(x, text.n) < 0)
		return -1;
	size_t cut = n < 0 ? 0 : (size_t)n;
	*ret = at_end ? str_sub(text, 0, text.n - cut) : str_skip(text, cut);
	return 0;
}

/* Copies text up to the next match, which begins at or behind *at; false when there is none. */
static bool next_match(struct lexer *x, const struct pattern *p, struct str text, size_t *at,
	size_t *ret_n)
{
	while (*x->work_left) {
		ssize_t n = match(x, p, str_skip(text, *at), true);
		if (n >= 0) {
			*ret_n = (size_t)n;
			return true;
		}
		if (*at >= text.n)
			return false;
		*at += text_char(str_skip(text, *at));
	}
	return false;
}

int pattern_replace(struct lexer *x, struct str text, struct str p, struct str with, bool is_all,
	struct buf *ret)
{
	CLEANUP(pattern_done) struct pattern pattern = {0};
	size_t at = 0, done = 0, n;
	bool has_matched = false;
	if (pattern_parse(x, p, &pattern) < 0)
		return -1;
	while (next_match(x, &pattern, text, &at, &n)) {
		/* An empty match right behind another one does not count. */
		bool counts = n || at > done || !has_matched;
		buf_add(ret, str_sub(text, done, at));
		if (counts)
			buf_add(ret, with);
		has_matched = true;
		done = at + n;
		at += n ? n : at < text.n ? text_char(str_skip(text, at)) : 1;
		if (!is_all || at > text.n || ret->is_over)
			break;
	}
	if (lex_work(x, text.n) < 0)
		return -1;
	buf_add(ret, str_skip(text, done));
	return 0;
}
