/* build/chmod -- what --chmod makes of a mode: octal, or symbolic as chmod(1) reads it. */
#ifndef BUILD_CHMOD_H
#define BUILD_CHMOD_H

#include "base/err.h"
#include "base/str.h"

#include <sys/stat.h>

enum { CHMOD_CLAUSES_MAX = 16 };

struct chmod {
	bool is_set;
	bool is_octal;
	mode_t octal;
	struct chmod_clause {
		mode_t who; /* mask of the bits that may change */
		char how;   /* '=', '+' or '-' */
		mode_t bits; /* r, w, x for everybody, masked by who when applied */
		bool is_exec_if_any; /* X */
	} clauses[CHMOD_CLAUSES_MAX];
	size_t n;
};

/* "" gives one that changes nothing. */
int chmod_parse(struct str text, struct chmod *ret, struct err *err);
mode_t chmod_apply(const struct chmod *c, mode_t mode, bool is_dir);

#endif
