/* user_priv -- who "app:staff" is, from the bytes of a passwd and a group file. */
#ifndef CONTAINER_USER_PRIV_H
#define CONTAINER_USER_PRIV_H

#include "container/container.h"

/* passwd and group are the files' text; p NULL = there is no such file. */
int user_find(struct str passwd, struct str group, const char *user, struct container_user *ret,
	struct err *err);

#endif
