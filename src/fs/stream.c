#include "fs/stream.h"

#include "fs/fs.h"

#include <errno.h>

static ssize_t read_file(struct source *s, void *room, size_t n, struct err *err)
{
	ssize_t got;
	do
		got = read(((struct fs_source *)s)->fd, room, n);
	while (got < 0 && errno == EINTR);
	return got < 0 ? err_sys(err, "read") : got;
}

struct fs_source fs_source(int fd)
{
	return (struct fs_source){{read_file}, fd};
}

static int write_file(struct sink *s, const void *p, size_t n, struct err *err)
{
	return fs_write_fd(((struct fs_sink *)s)->fd, p, n, err);
}

struct fs_sink fs_sink(int fd)
{
	return (struct fs_sink){{write_file}, fd};
}
