/* container_priv -- checks of what callers ask for, shared by containers and sandboxes. */
#ifndef CONTAINER_CONTAINER_PRIV_H
#define CONTAINER_CONTAINER_PRIV_H

#include "container/container.h"

enum { CONTAINER_CPU_MAX = 1000 * 1000 * 1000 }; /* thousandths of a processor */

/* ERR_UNSUPPORTED with a hint unless we are root. Rootless containers would start here: a user
 * namespace by newuidmap, overlay with userxattr, slirp or pasta for the network. */
int container_check_root(struct err *err);
/* ERR_INPUT unless it is there and absolute. */
int container_check_path(const char *what, const char *path, struct err *err);
int container_check_mounts(const struct container_mount *mounts, size_t n, struct err *err);

#endif
