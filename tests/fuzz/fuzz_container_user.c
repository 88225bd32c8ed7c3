#include "container/container.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The user's name, a NUL, the passwd file, a NUL, the group file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = str_n(data, size), user, passwd;
	str_cut(&rest, '\0', &user);
	if (!rest.p || !str_cut(&rest, '\0', &passwd))
		passwd = STR_NONE;
	CLEANUP(buf_done) struct buf name = BUF(size + 1);
	buf_add(&name, user);
	struct container_user u;
	struct err err = {0};
	if (container_find_user_text(passwd, rest, buf_cstr(&name), &u, &err) < 0) {
		assert(err.kind == ERR_INPUT || err.kind == ERR_NOT_FOUND || err.kind == ERR_LIMIT);
		return 0;
	}
	assert(u.uid <= INT32_MAX && u.gid <= INT32_MAX && u.n_groups <= CONTAINER_GROUPS_MAX);
	assert(strlen(u.home) < sizeof(u.home));
	return 0;
}
