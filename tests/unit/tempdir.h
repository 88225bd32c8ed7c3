/* tempdir -- a folder for one test, gone with everything in it at the end of the block.
 *
 *	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
 *	temp_dir_file(&d, "a/b.txt", "content");
 */
#ifndef UNIT_TEMPDIR_H
#define UNIT_TEMPDIR_H

#include "test.h"

#include "fs/fs.h"

#include <fcntl.h>

struct temp_dir {
	char path[64];
	int fd;
};

static inline struct temp_dir temp_dir_in(const char *folder)
{
	struct temp_dir d;
	snprintf(d.path, sizeof(d.path), "%s/knarr-test-XXXXXX", folder);
	assert_non_null(mkdtemp(d.path));
	d.fd = open(d.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(d.fd >= 0);
	return d;
}

static inline struct temp_dir temp_dir_new(void)
{
	return temp_dir_in("/tmp");
}

/* In memory where there is such a place, for tests that make thousands of files. */
static inline struct temp_dir temp_dir_quick(void)
{
	return temp_dir_in(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
}

static inline void temp_dir_done(struct temp_dir *d)
{
	struct err err = {0};
	fd_close_at_end(&d->fd);
	OK(fs_remove_tree(AT_FDCWD, d->path, &err));
}
CLEANUP_VAL(temp_dir_done, struct temp_dir);

/* Writes a file, and makes the folders it is in. */
static inline void temp_dir_file(const struct temp_dir *d, const char *path, const char *text)
{
	struct err err = {0};
	struct str dir = path_dir(str_of(path));
	char folder[4096];
	snprintf(folder, sizeof(folder), "%.*s", STR_ARG(dir));
	OK(fs_mkdirs(d->fd, folder, 0755, &err));
	OK(fs_write_file(d->fd, path, str_of(text), 0644, FS_NO_SYNC, &err));
}

/* The file has exactly this text. */
static inline void temp_dir_has(const struct temp_dir *d, const char *path, const char *text)
{
	struct err err = {0};
	CLEANUP(buf_done) struct buf b = BUF(1 << 20);
	OK(fs_read_file(d->fd, path, &b, &err));
	STR_IS(buf_str(&b), text);
}

static inline bool temp_dir_exists(const struct temp_dir *d, const char *path)
{
	struct stat st;
	return fstatat(d->fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

#endif
