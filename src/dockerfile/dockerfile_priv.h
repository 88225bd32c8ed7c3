/* dockerfile_priv -- lines, words and suggestions, shared by the files of this room. */
#ifndef DOCKERFILE_DOCKERFILE_PRIV_H
#define DOCKERFILE_DOCKERFILE_PRIV_H

#include "base/csv.h"
#include "base/vec.h"
#include "dockerfile/dockerfile.h"

VEC_TYPE(word_vec, struct dockerfile_word);

/* Copies what a vector holds into the arena, for good. */
#define ARENA_COPY(a, v)                                                                           \
	({                                                                                         \
		__typeof__((v)->p) copy_ = arena_alloc(a, (v)->n, sizeof(*(v)->p));                \
		if ((v)->n)                                                                        \
			memcpy(copy_, (v)->p, (v)->n * sizeof(*(v)->p));                           \
		copy_;                                                                             \
	})

/* text.c: white space as Unicode knows it. */
size_t text_space(struct str s); /* bytes of the white space character s starts with, or 0 */
size_t text_char(struct str s);  /* bytes of the character s starts with; 1 if it is none */
struct str text_trim_left(struct str s);
struct str text_trim(struct str s);
/* White space that separates words in most instructions: ASCII, no newline. */
static inline bool text_is_gap(char c)
{
	return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\r';
}
/* In double quotes, with backslashes before what would confuse: for messages. */
const char *text_quoted(struct arena *a, struct str s);
/* Takes the next word before a gap off *rest; false when there is none. */
bool text_word(struct str *rest, struct str *ret_word);

/* lines.c: physical lines, and the instructions that are spread over them. */
struct piece {     /* part of a joined line, from where it came */
	size_t at; /* offset in the joined text */
	const char *from;
	const char *line_start;
	uint32_t line;
};
VEC_TYPE(piece_vec, struct piece);

struct lines {
	struct str rest;
	uint32_t line; /* number of the line taken last */
	char escape;
	struct arena *arena;
	struct err *err;
	struct str_vec comments; /* above the next instruction */
	/* The instruction taken last. */
	struct str joined;
	struct piece_vec pieces;
	uint32_t first_line;
	uint32_t empty_continuation;
	/* Where the last question of lines_place() ended, so that asking in order costs little. */
	const char *place_line, *place_end;
	uint32_t place_col;
};
void lines_done(struct lines *l);
CLEANUP_VAL(lines_done, struct lines);
/* Takes the next physical line, without its newline. 0 at the end. */
int lines_take(struct lines *l, struct str *ret);
/* The text a line of the top would be for directives: without BOM and leading white space. */
struct str lines_peek(const struct lines *l);
/* Takes the next instruction into l->joined. 0 at the end. */
int lines_instruction(struct lines *l);
/* Where a pointer into l->joined was typed. */
struct dockerfile_place lines_place(struct lines *l, const char *p);
int lines_fail(struct lines *l, struct dockerfile_place at, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* directive.c */
struct directives {
	bool is_over; /* something else came */
	bool has_escape;
};
/* Reads the line about to be taken as a directive, if it may still be one. */
int directive_read(struct directives *state, struct lines *l, struct dockerfile *d);

/* flags.c: takes `--name=value` words off *rest. */
void flags_take(struct lines *l, struct str *rest, struct word_vec *ret);

/* exec_form.c */
enum exec_form { EXEC_FORM_NO, EXEC_FORM_YES, EXEC_FORM_NOT_STRINGS };
/* A JSON array of strings as Go's encoding/json reads it; places are pointers into text. */
struct exec_item {
	struct str text;
	const char *from;
};
VEC_TYPE(exec_vec, struct exec_item);
enum exec_form exec_form_read(struct str text, struct arena *a, struct exec_vec *ret);

/* split.c: the words of an instruction, each in its own way. */
struct split {
	struct lines *lines;
	struct word_vec words;
	bool is_exec_form;
};
int split_args(struct split *s, struct str keyword, struct str text);

/* heredoc.c: the heredocs a joined line announces, and their content. */
VEC_TYPE(heredoc_vec, struct dockerfile_heredoc);
bool heredoc_is_allowed(const struct dockerfile_node *n);
int heredoc_take(struct lines *l, struct heredoc_vec *ret);
/* Is the word, all of it, the one that announces h? */
bool heredoc_is_word(struct str word, const struct dockerfile_heredoc *h, struct arena *a);

/* suggest.c: the candidate one or two edits away from what was typed, or ""; of several at the
 * same distance the first by name. With any_case letters
 * of either case are the same, and a name typed in capitals gets one in capitals. */
struct str suggest_name(struct str typed, struct str_vec *candidates, bool any_case,
	struct arena *a);
/* " (did you mean x?)" or "" from a NULL-terminated list. */
const char *suggest_words(struct str typed, const char *const *candidates, bool any_case,
	struct arena *a);

#endif
