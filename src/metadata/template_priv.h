/* template_priv -- the tree of a template, between template_parse.c and template.c. */
#ifndef TEMPLATE_PRIV_H
#define TEMPLATE_PRIV_H

#include "metadata_priv.h"

enum { TEMPLATE_MAX_DEPTH = 20 };

enum word_kind {
	WORD_PATH,
	WORD_TEXT,
	WORD_NUMBER,
	WORD_TRUE,
	WORD_FALSE,
	WORD_NOTHING,
	WORD_CALL
};

/* A path, a literal, or a call: (name word word key=word). */
struct word {
	enum word_kind kind;
	struct str text;     /* of a call: its name */
	struct word *params; /* linked by next */
	struct word *hash;   /* with their keys */
	struct str key;
	struct word *next;
};

enum piece_kind { PIECE_TEXT, PIECE_VALUE, PIECE_IF };

struct piece {
	enum piece_kind kind;
	struct str text;
	struct word *word; /* PIECE_VALUE: what to show; PIECE_IF: the condition */
	bool is_raw;       /* {{{ }}} or {{& }}: not escaped */
	bool is_unless;
	struct piece *then, *otherwise;
	struct piece *next;
};

int template_parse(struct str text, struct arena *a, struct piece **ret, struct err *err);

#endif
