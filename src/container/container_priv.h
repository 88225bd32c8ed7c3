/* container_priv -- shared by the files that knarr itself runs (not the helper). */
#ifndef CONTAINER_CONTAINER_PRIV_H
#define CONTAINER_CONTAINER_PRIV_H

#include "base/err.h"

/* ERR_UNSUPPORTED with a hint unless we are root. Rootless containers would start here: user
 * namespace by newuidmap, overlay with userxattr, slirp or pasta for the network. */
int container_check_root(struct err *err);

#endif
