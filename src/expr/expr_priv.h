/* expr_priv -- what the files of expr share. */
#ifndef EXPR_PRIV_H
#define EXPR_PRIV_H

#include "base/vec.h"
#include "expr/expr.h"

/* Tokens (lex.c). */

enum token_kind {
	TOKEN_GROUP_OPEN,
	TOKEN_GROUP_CLOSE,
	TOKEN_INDEX_OPEN,
	TOKEN_INDEX_CLOSE,
	TOKEN_COMMA,
	TOKEN_DOT,
	TOKEN_STAR,
	TOKEN_NOT,
	TOKEN_LESS,
	TOKEN_LESS_EQUAL,
	TOKEN_GREATER,
	TOKEN_GREATER_EQUAL,
	TOKEN_EQUAL,
	TOKEN_NOT_EQUAL,
	TOKEN_AND,
	TOKEN_OR,
	TOKEN_LITERAL,
	TOKEN_NAME,
};

struct token {
	enum token_kind kind;
	struct str raw;
	struct expr_value value; /* TOKEN_LITERAL */
};
VEC_TYPE(token_vec, struct token);

/* Where the pieces of one text are, for messages. */
struct source {
	struct str text;          /* the expression */
	size_t offset;            /* of text in what the caller gave */
	struct expr_fault *fault; /* or NULL */
};

int lex(const struct source *src, struct arena *a, struct token_vec *ret, struct err *err);
/* "<what>: '<raw>'. Located at position N within expression: ..."; what alone when raw is empty. */
int fault_set(const struct source *src, enum expr_stage stage, struct str raw, const char *what,
	struct err *err);

/* The tree (parse.c). */

enum node_kind {
	NODE_LITERAL,
	NODE_CONTEXT,  /* text = its name */
	NODE_STAR,     /* the index of .* */
	NODE_INDEX,    /* two children */
	NODE_NOT,      /* one child */
	NODE_COMPARE,  /* two children, op */
	NODE_AND,      /* two or more */
	NODE_OR,       /* two or more */
	NODE_BUILTIN,  /* function of the language */
	NODE_FUNCTION, /* function of the scope */
};

struct builtin;

struct node {
	enum node_kind kind;
	unsigned height; /* 1 for a leaf */
	bool is_grouped; /* stood in parentheses */
	enum token_kind op;
	struct str text;
	struct expr_value value;
	const struct builtin *builtin;
	const struct expr_function *function;
	struct node *first, *last, *next;
	size_t n; /* children */
};

struct expr {
	struct str source;
	const struct node *root; /* NULL = empty */
};

/* Evaluation (eval.c). */

struct eval {
	const struct expr *expr;
	const struct expr_env *env;
	struct arena *a;
	size_t left_bytes;
};

int eval_node(struct eval *e, const struct node *n, struct expr_value *ret, struct err *err);
/* Counts bytes against the limit. */
int eval_spend(struct eval *e, size_t bytes, struct err *err);
/* Moves a finished text into the arena. */
int eval_text(struct eval *e, const struct buf *b, struct expr_value *ret, struct err *err);
/* The text of a value, with numbers formatted; counted. */
int eval_to_text(struct eval *e, const struct expr_value *v, struct str *ret, struct err *err);
/* The i-th child of a call, evaluated. */
int eval_arg(struct eval *e, const struct node *call, size_t i, struct expr_value *ret,
	struct err *err);

/* Functions of the language (func*.c). */

struct builtin {
	const char *name;
	unsigned min_args, max_args;
	bool needs_odd;
	int (*run)(struct eval *e, const struct node *call, struct expr_value *ret,
		struct err *err);
};

const struct builtin *builtin_find(struct str name);
int func_format(struct eval *e, const struct node *call, struct expr_value *ret, struct err *err);
int func_to_json(struct eval *e, const struct node *call, struct expr_value *ret, struct err *err);
int func_from_json(struct eval *e, const struct node *call, struct expr_value *ret,
	struct err *err);

/* Coercion and comparison (coerce.c, compare.c, upper.c). */

/* <math.h> has them as float. */
#define NUMBER_NAN ((double)NAN)
#define NUMBER_INFINITY ((double)INFINITY)
enum { NUMBER_TEXT = 32 };
double number_parse(struct str text); /* NaN when it is none */
void number_format(double v, char room[NUMBER_TEXT]);
static inline bool is_primitive(const struct expr_value *v)
{
	return v->kind < EXPR_ARRAY;
}

bool compare_greater(const struct expr_value *a, const struct expr_value *b);
int compare_text(struct str a, struct str b);
/* Appends the text with every character in its upper case. */
void upper_add(struct buf *b, struct str text);
uint32_t upper_of(uint32_t code);
/* Bytes of the white-space character at the start, or 0; any script, as .NET counts them. */
size_t space_at(struct str s);
struct str space_trim(struct str s);

#endif
