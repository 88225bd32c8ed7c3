/* Whose the new files are: --chown, and for WORKDIR the stage's USER. */
#include "build/put.h"

#include "base/num.h"
#include "container/container.h"
#include "fs/fs.h"

#include <fcntl.h>

/* A file of the layers below; p NULL = there is none. */
static int read_below(const struct put *p, const char *path, struct str *ret, struct err *err)
{
	CLEANUP(fd_close) int fd = -1;
	CLEANUP(buf_done) struct buf text = BUF(CONTAINER_PASSWD_MAX);
	struct stack_place at;
	struct err missing = {0};
	*ret = STR_NONE;
	if (!p->below ||
		stack_find(p->below, str_of(path), STACK_FOLLOW, p->arena, &at, &missing) < 0)
		return 0;
	if (stack_open(p->below, &at, O_RDONLY, &fd, err) < 0 || fs_read_fd(fd, &text, err) < 0)
		return -1;
	*ret = arena_str(p->arena, buf_str(&text));
	return 0;
}

int put_find_owner(struct put *p, struct str who, struct err *err)
{
	struct str passwd, group;
	struct container_user user = {0};
	struct err no_number = {0};
	uint64_t id;
	if (!who.n)
		return 0;
	if (read_below(p, "etc/passwd", &passwd, err) < 0 ||
		read_below(p, "etc/group", &group, err) < 0 ||
		container_find_user_text(passwd, group, arena_cstr(p->arena, who), &user, err) < 0)
		return -1;
	p->has_owner = true;
	p->uid = user.uid;
	/* "1000" is 1000:1000, whatever the image's own files say */
	p->gid = num_parse_u64(who, 0, UINT32_MAX, &id, &no_number) == 0 ? user.uid : user.gid;
	return 0;
}
