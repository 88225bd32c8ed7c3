/* scope_priv -- shared by globals.c, scope.c and scope_fill.c. */
#ifndef DOCKERFILE_SCOPE_PRIV_H
#define DOCKERFILE_SCOPE_PRIV_H

#include "dockerfile/instruction_priv.h"
#include "dockerfile/scope.h"

enum { SCOPE_ENTRY_BYTES = 64 }; /* what a variable costs beside its text */

struct expander globals_expander(struct globals *g, const struct vars *vars);
int scope_charge(struct globals *g, uint64_t bytes, struct err *err);

/* One instruction being filled in. */
struct filling {
	struct scope *scope;
	const struct inst *in;
	struct err *err;
};
int fill_text(struct filling *f, struct dockerfile_word w, struct str *ret);
int fill_words(struct filling *f, struct inst_words from, struct inst_words *ret);
int fill_copy(struct filling *f, const struct inst_copy *from, struct inst_copy *ret);
int fill_run(struct filling *f, const struct inst_run *from, struct inst_run *ret);
int fill_ports(struct filling *f, struct inst_words from, struct inst_words *ret);

/* path as seen from folder, without ".", ".." and doubled slashes. */
struct str scope_path(struct arena *a, struct str folder, struct str path);

#endif
