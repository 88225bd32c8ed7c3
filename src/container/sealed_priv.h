/* sealed_priv -- programs that run from memory, and that nobody can write to. */
#ifndef CONTAINER_SEALED_PRIV_H
#define CONTAINER_SEALED_PRIV_H

#include "base/err.h"

/* An empty file in memory that may be executed; its bytes are written by the caller. */
int sealed_new(const char *name, int *ret_fd, struct err *err);
/* From here on it cannot change. */
int sealed_close(int fd, struct err *err);

#endif
