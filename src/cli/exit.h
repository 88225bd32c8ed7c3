/* cli/exit -- what an error is to the shell: the one table from error kind to exit code. */
#ifndef CLI_EXIT_H
#define CLI_EXIT_H

#include "base/err.h"

enum { EXIT_OK = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2, EXIT_CANCELED = 130 };

int exit_code(enum err_kind kind);
/* "knarr: file:line:col: what" and "hint: …" on stderr. Returns the exit code. */
int exit_with(const struct err *err);

#endif
