/* err -- why something did not work, in words for the person who must act.
 *
 * A function that can fail returns 0 (or a count) or -1 and takes `struct err *err` last, never
 * NULL, untouched on success. The struct lives on the caller's stack and allocates nothing.
 *
 *	return err_set(err, ERR_INPUT, "expected a port, got '%s'", text);	starts the chain
 *	return err_sys(err, "open '%s'", path);					adds errno's words
 *	return err_wrap(err, "service '%s'", name);				outer words in front
 *	err_hint(err, "write \"8080:80\" in quotes");				what to do next
 *	err_locate(err, "compose.yaml", 14, 9);					where they typed it
 *
 * Words: lower case, no full stop, names in single quotes. The lowest room says what failed, the
 * room that knows a name adds it once. Nobody compares message text: the kind is for programs.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/own.h"

#include <stdint.h>

/* Who must act: the first three and DENIED are the user's, the rest the machine's or ours.
 * Two tables translate kinds: cli/exit.c (exit code) and registry/reply.c (HTTP status). */
enum err_kind {
	ERR_NONE,
	ERR_USAGE,       /* the command line is wrong */
	ERR_INPUT,       /* a file or message is wrong */
	ERR_NOT_FOUND,   /* the name is well-formed and nothing has it */
	ERR_CONFLICT,    /* the state is not the one the caller relied on */
	ERR_DENIED,      /* not allowed */
	ERR_LIMIT,       /* larger, deeper or longer than we accept */
	ERR_NET,         /* another host did not answer, or not as its protocol says */
	ERR_SYS,         /* the operating system refused */
	ERR_CORRUPT,     /* bytes on our own disk are not what they were */
	ERR_CANCELED,    /* somebody asked us to stop */
	ERR_UNSUPPORTED, /* understood, and we do not do it */
	ERR_FAILED,      /* the user's own command or job ran and failed */
	ERR_BUG,         /* cannot happen */
};

struct err_at {
	char file[200];
	uint32_t line; /* from 1; 0 = unknown */
	uint32_t col;  /* from 1; 0 = unknown */
};

struct err {
	enum err_kind kind;
	int sys; /* errno, or 0 */
	struct err_at at;
	char what[640];
	char hint[256];
};

int err_set(struct err *err, enum err_kind kind, const char *fmt, ...) PRINTF_LIKE(3, 4);
int err_sys(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* As err_sys for calls that return the number instead of setting errno. */
int err_sysno(struct err *err, int number, const char *fmt, ...) PRINTF_LIKE(3, 4);
int err_wrap(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
int err_hint(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Says where, unless a lower room did already. Returns -1. */
int err_locate(struct err *err, const char *file, uint32_t line, uint32_t col);
/* Names the file of a place whose line is known already (parsers see bytes, not names). */
int err_in_file(struct err *err, const char *file);

/* Lower-case name of a kind, as JSON output shows it: "input", "not-found". */
const char *err_kind_name(enum err_kind kind);

/* The one-line form "file:line:col: what" without the hint, written into room[n]. */
void err_line(const struct err *err, char *room, size_t n);

#endif
