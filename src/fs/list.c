#include "fs/fs_priv.h"

#include "base/num.h"

#include <fcntl.h>

/* getdents64 fills at most what it is given; more than this of names in one folder is refused. */
enum { FIRST_BYTES = 32 * 1024, MAX_BYTES = 1 << 30 };

/* Every record of the folder, one behind the other, as the kernel wrote them. */
static int read_records(int fd, struct buf *ret, struct err *err)
{
	for (size_t want = FIRST_BYTES;; want = num_min(ret->n, MAX_BYTES / 4)) {
		char *room = buf_room(ret, num_max(want, FIRST_BYTES));
		if (!room)
			return buf_check(ret, "folder", err);
		ssize_t n = getdents64(fd, room, num_max(want, FIRST_BYTES));
		if (n < 0)
			return fs_fail(err, "read folder", ".");
		if (n == 0)
			return 0;
		buf_added(ret, (size_t)n);
	}
}

static bool is_dots(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

/* False when the entry is gone meanwhile. */
static bool find_type(int fd, struct fs_entry *e)
{
	struct stat st;
	if (e->type != DT_UNKNOWN)
		return true;
	if (fstatat(fd, e->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	e->type = IFTODT(st.st_mode);
	return true;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct fs_entry *)a)->name, ((const struct fs_entry *)b)->name);
}

/* One block of memory: the entries, and behind them the records their names are in. */
static void build(int fd, const struct buf *records, struct fs_entries *ret)
{
	size_t n = 0, at;
	for (at = 0; at < records->n; n++)
		at += ((const struct dirent64 *)(records->p + at))->d_reclen;
	ret->p = mem_resize(NULL, 1, n * sizeof(*ret->p) + records->n);
	char *names = (char *)(ret->p + n);
	memcpy(names, buf_cstr(records), records->n);
	for (at = 0; at < records->n;) {
		struct dirent64 *d = (struct dirent64 *)(names + at);
		struct fs_entry *e = &ret->p[ret->n];
		at += d->d_reclen;
		*e = (struct fs_entry){d->d_name, d->d_type, d->d_ino};
		if (!is_dots(e->name) && find_type(fd, e))
			ret->n++;
	}
	ret->cap = n;
	vec_sort(ret, by_name);
}

int fs_list(int dir_fd, struct fs_entries *ret, struct err *err)
{
	/* A description of our own: dir_fd may be O_PATH, or be read by another thread. */
	CLEANUP(fd_close) int fd = fs_openat(dir_fd, ".", O_RDONLY | O_DIRECTORY, 0);
	CLEANUP(buf_done) struct buf records = BUF(MAX_BYTES);
	if (fd < 0)
		return fs_fail(err, "open", ".");
	if (read_records(fd, &records, err) < 0)
		return -1;
	*ret = (struct fs_entries){0};
	build(fd, &records, ret);
	return 0;
}

void fs_entries_done(struct fs_entries *e)
{
	vec_done(e);
}
