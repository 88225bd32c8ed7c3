/* expand_priv -- the state of one expansion, shared by expand.c, expand_dollar.c and pattern.c. */
#ifndef DOCKERFILE_EXPAND_PRIV_H
#define DOCKERFILE_EXPAND_PRIV_H

#include "base/buf.h"
#include "dockerfile/expand.h"

struct lexer {
	const struct expander *e;
	struct str s; /* the word */
	size_t at;
	struct arena *arena;
	struct expansion *notes;
	struct map matched, unmatched; /* names noted already */
	unsigned depth;
	uint64_t *work_left;
	struct err *err;
};

enum { LEX_END = -1 };

/* What stands between here and `stop`, which is taken too. */
struct lex_part {
	int stop;        /* a character, or LEX_END */
	bool is_raw;     /* escapes stay: the operand is a pattern or its replacement */
	bool is_pattern; /* and in quotes they stand for themselves */
};

struct lex_words;
/* words NULL: the text only. */
int lex_part(struct lexer *x, struct lex_part part, struct buf *ret, struct lex_words *words);

/* Counts work; ERR_LIMIT when there was too much. */
static inline int lex_work(struct lexer *x, uint64_t bytes)
{
	*x->work_left -= bytes < *x->work_left ? bytes : *x->work_left;
	return *x->work_left ? 0 : err_set(x->err, ERR_LIMIT, "expansion takes too long");
}

static inline int lex_peek(const struct lexer *x)
{
	return x->at < x->s.n ? (unsigned char)x->s.p[x->at] : LEX_END;
}

/* x is at '$'. */
int lex_dollar(struct lexer *x, struct buf *ret);

/* pattern.c: text without its shortest or longest match of p at one end. */
int pattern_trim(struct lexer *x, struct str text, struct str p, bool at_end, bool is_longest,
	struct str *ret);
int pattern_replace(struct lexer *x, struct str text, struct str p, struct str with, bool is_all,
	struct buf *ret);

#endif
