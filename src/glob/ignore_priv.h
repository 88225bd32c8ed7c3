/* ignore_priv -- between ignore.c (lists of patterns) and ignore_compile.c (one pattern). */
#ifndef GLOB_IGNORE_PRIV_H
#define GLOB_IGNORE_PRIV_H

#include "glob/glob_priv.h"

/* The ops of a cleaned pattern without '!'. */
int ignore_compile(struct str pattern, struct op_vec *ops, struct arena *a, struct err *err);

#endif
