/* cli/opt -- command lines as docker and git read them.
 *
 * A command lists its options in a table; parsing fills the variables they point to.
 *
 *	--name value   --name=value   -n value   -nvalue   -abc (flags together)   -- (the rest)
 *
 * A flag may be written --name=false. Unknown options are refused with the nearest known name.
 *
 * Owner: values point into argv. Errors: ERR_USAGE.
 */
#ifndef CLI_OPT_H
#define CLI_OPT_H

#include "base/buf.h"
#include "base/vec.h"

VEC_TYPE(cstr_vec, const char *);
static inline void cstr_vec_done(struct cstr_vec *v)
{
	vec_done(v);
}
CLEANUP_VAL(cstr_vec_done, struct cstr_vec);

enum opt_kind {
	OPT_FLAG,  /* bool * */
	OPT_TEXT,  /* const char ** : the last one wins */
	OPT_LIST,  /* struct cstr_vec * : one per use */
	OPT_U64,   /* uint64_t * */
	OPT_BYTES, /* uint64_t * : "512m" */
	OPT_TIME,  /* int64_t * ns: "1m30s" */
	OPT_COUNT, /* unsigned * : -vv */
};

struct opt {
	const char *name; /* without dashes */
	char letter;      /* 0 = none */
	enum opt_kind kind;
	void *into;
	const char *value; /* word for the value in help: "FILE"; NULL for flags */
	const char *help;  /* NULL = not shown */
};

enum opt_order {
	OPT_ANYWHERE,      /* options may follow arguments */
	OPT_STOP_AT_FIRST, /* the first argument ends them: `run IMAGE COMMAND --its-own` */
};

/* argv[0] is the command's name and is skipped. Arguments go to ret_args. */
int opt_parse(const struct opt *opts, size_t n, enum opt_order order, int argc, char **argv,
	struct cstr_vec *ret_args, struct err *err);
/* Two columns, as `--help` shows them. */
void opt_add_help(struct buf *b, const struct opt *opts, size_t n);
/* The nearest of the names, or NULL when none is near. */
const char *opt_nearest(struct str word, const char *const *names, size_t n);

#endif
