/* str -- a piece of text somebody else owns.
 *
 * Pointer and length, borrowed, not NUL-terminated; may hold any byte. Passed by value. The empty
 * string may have a NULL pointer.
 *
 * Threads: values. Never: memory of its own.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/own.h"

#include <stdbool.h>

struct str {
	const char *p;
	size_t n;
};

#define S(literal) ((struct str){"" literal, sizeof(literal) - 1})
#define STR_NONE ((struct str){NULL, 0})
/* printf("%.*s", STR_ARG(s)); precision is an int, so messages show at most 4 KiB of it. */
#define STR_ARG(s) (int)((s).n > 4096 ? 4096 : (s).n), ((s).p ? (s).p : "")

static inline struct str str_of(const char *cstr)
{
	return (struct str){cstr, cstr ? strlen(cstr) : 0};
}

static inline struct str str_n(const void *p, size_t n)
{
	return (struct str){p, n};
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool str_is(struct str a, const char *cstr)
{
	return str_eq(a, str_of(cstr));
}

bool str_eq_nocase(struct str a, struct str b); /* ASCII letters only */
int str_cmp(struct str a, struct str b);        /* byte order; <0 0 >0 */
bool str_starts(struct str s, struct str with);
bool str_ends(struct str s, struct str with);
/* First position of a byte or text, or -1. */
ssize_t str_chr(struct str s, char c);
ssize_t str_rchr(struct str s, char c);
ssize_t str_find(struct str s, struct str needle);
bool str_has(struct str s, struct str needle);
/* Insertions, removals and changes that turn a into b, to find what somebody meant; SIZE_MAX when one
 * of them is longer than STR_EDITS_MAX. any_case: ASCII letters of either case are the same. */
enum { STR_EDITS_MAX = 40 };
size_t str_edits(struct str a, struct str b, bool any_case);

/* The part from `from` up to `to` (both clipped to the end). */
struct str str_sub(struct str s, size_t from, size_t to);
static inline struct str str_skip(struct str s, size_t n)
{
	return str_sub(s, n, s.n);
}
/* Without ASCII white space (space \t \n \v \f \r) at the ends. */
struct str str_trim(struct str s);
struct str str_trim_left(struct str s);
struct str str_trim_right(struct str s);

/* Takes the text before the first `sep` off *rest. False when *rest is used up: rest->p is NULL
 * then. "a,b" gives "a", "b"; "a," gives "a", ""; "" gives one "". */
bool str_cut(struct str *rest, char sep, struct str *ret_part);
/* Takes one line, without its \n or \r\n. A last line without newline counts, "" after a final
 * newline does not. */
bool str_line(struct str *rest, struct str *ret_line);
/* Takes the next word between ASCII white space; false when there is none. */
bool str_word(struct str *rest, struct str *ret_word);

static inline bool ch_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}
static inline bool ch_is_digit(char c)
{
	return c >= '0' && c <= '9';
}
static inline bool ch_is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
static inline bool ch_is_alnum(char c)
{
	return ch_is_alpha(c) || ch_is_digit(c);
}
static inline char ch_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}
static inline char ch_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}
/* 0-15, or -1. */
int ch_hex(char c);

#endif
