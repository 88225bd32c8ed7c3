#include "blob/blob_priv.h"

#include "base/num.h"

#include <fcntl.h>
#include <sys/xattr.h>

enum { READ_BYTES = 256 * 1024, DAMAGED_PATH = BLOB_PATH + sizeof(BLOB_DAMAGED) };
/* The mode of a blob's file: the second when its name is on the disk, too. */
enum { MODE_PLACED = 0400, MODE_SYNCED = 0440 };

static void split_name(const struct digest *d, char room[DIGEST_HEX], const char **ret_algorithm)
{
	digest_hex(d, room, 0);
	*ret_algorithm = digest_algorithm_name(d->algorithm);
}

const char *blob_path(const struct digest *d, char room[BLOB_PATH])
{
	char hex[DIGEST_HEX];
	const char *algorithm;
	split_name(d, hex, &algorithm);
	snprintf(room, BLOB_PATH, "blobs/%s/%.2s/%s", algorithm, hex, hex);
	return room;
}

const char *blob_folder(const struct digest *d, char room[BLOB_PATH])
{
	char hex[DIGEST_HEX];
	const char *algorithm;
	split_name(d, hex, &algorithm);
	snprintf(room, BLOB_PATH, "blobs/%s/%.2s", algorithm, hex);
	return room;
}

static const char *damaged_path(const struct digest *d, char room[DAMAGED_PATH])
{
	char path[BLOB_PATH];
	snprintf(room, DAMAGED_PATH, "%s" BLOB_DAMAGED, blob_path(d, path));
	return room;
}

/* ---- is it there, and can it be whole? ---- */

static int missing(struct store *s, const struct digest *d, struct err *err)
{
	char text[DIGEST_TEXT], path[DAMAGED_PATH];
	struct stat st;
	if (fstatat(s->root_fd, damaged_path(d, path), &st, AT_SYMLINK_NOFOLLOW) == 0)
		return err_set(err, ERR_CORRUPT, "blob %s is damaged", digest_text(d, text));
	return err_set(err, ERR_NOT_FOUND, "blob %s is not here", digest_text(d, text));
}

/* What the size was when the blob was stored; false when nobody wrote it down. */
static bool sealed_size(int fd, uint64_t *ret)
{
	char text[24];
	struct err ignored;
	ssize_t n = fgetxattr(fd, BLOB_XATTR_SIZE, text, sizeof(text));
	return n > 0 &&
		num_parse_u64(str_n(text, (size_t)n), 0, BLOB_MAX_BYTES, ret, &ignored) == 0;
}

static int check_whole(int fd, const struct stat *st, const struct digest *d, struct err *err)
{
	char text[DIGEST_TEXT];
	uint64_t sealed;
	if (!S_ISREG(st->st_mode))
		return err_set(err, ERR_CORRUPT, "blob %s is not a file", digest_text(d, text));
	if (sealed_size(fd, &sealed)) {
		if (sealed == (uint64_t)st->st_size)
			return 0;
		return err_set(err, ERR_CORRUPT, "blob %s has %llu bytes instead of %llu",
			digest_text(d, text), (unsigned long long)st->st_size,
			(unsigned long long)sealed);
	}
	if (st->st_size > 0)
		return 0;
	CLEANUP(digester_free) struct digester *empty = digester_new(d->algorithm);
	struct digest of_nothing = digester_finish(empty);
	return digest_eq(&of_nothing, d)
		? 0
		: err_set(err, ERR_CORRUPT, "blob %s is empty", digest_text(d, text));
}

static int open_whole(struct store *s, const struct digest *d, int *ret_fd, struct stat *ret_st,
	struct err *err)
{
	char path[BLOB_PATH], text[DIGEST_TEXT];
	CLEANUP(fd_close) int fd = -1;
	if (digest_is_none(d))
		return err_set(err, ERR_NOT_FOUND, "no blob was named");
	do
		fd = openat(s->root_fd, blob_path(d, path),
			O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	while (fd < 0 && errno == EINTR);
	if (fd < 0 && errno == ENOENT)
		return missing(s, d, err);
	if (fd < 0 || fstat(fd, ret_st) < 0)
		return err_sys(err, "open blob %s", digest_text(d, text));
	if (check_whole(fd, ret_st, d, err) < 0)
		return -1;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int blob_open(struct store *s, const struct digest *d, int *ret_fd, uint64_t *ret_size,
	struct err *err)
{
	struct stat st;
	int fd;
	if (open_whole(s, d, &fd, &st, err) < 0)
		return -1;
	*ret_fd = fd;
	if (ret_size)
		*ret_size = (uint64_t)st.st_size;
	return 0;
}

int blob_size(struct store *s, const struct digest *d, uint64_t *ret, struct err *err)
{
	CLEANUP(fd_close) int fd = -1;
	return blob_open(s, d, &fd, ret, err);
}

/* Somebody else may have named it a moment ago and still wait for the disk to know the name. */
static int sync_name(struct store *s, const struct digest *d, int fd, const struct stat *st,
	struct err *err)
{
	enum { RECENT_S = 60 };
	char folder[BLOB_PATH];
	int64_t age_s = clock_now(clock_system()) / CLOCK_SECOND - st->st_ctim.tv_sec;
	if ((st->st_mode & 0777) == MODE_SYNCED || age_s > RECENT_S)
		return 0;
	if (fs_fsync_dir(s->root_fd, blob_folder(d, folder), err) < 0)
		return -1;
	blob_name_synced(fd);
	return 0;
}

int blob_keep(struct store *s, const struct digest *d, struct err *err)
{
	struct lease_key key = lease_of_digest(d);
	CLEANUP(fd_close) int lock_fd = -1, fd = -1, again_fd = -1;
	struct stat st;
	if (open_whole(s, d, &fd, &st, err) < 0)
		return -1;
	if (lease_is_held(s, &key))
		return 0;
	if (lease_begin(s, &lock_fd, err) < 0 || lease_add(s, &key, err) < 0 ||
		open_whole(s, d, &again_fd, &st, err) < 0 ||
		sync_name(s, d, again_fd, &st, err) < 0)
		return -1;
	lease_found(s, &key);
	return 0;
}

bool blob_exists(struct store *s, const struct digest *d)
{
	struct err ignored;
	return blob_keep(s, d, &ignored) == 0;
}

/* ---- reading ---- */

int digest_differs(const struct digest *expected, const struct digest *actual, struct err *err)
{
	char want[DIGEST_TEXT], got[DIGEST_TEXT];
	if (digest_eq(expected, actual))
		return 0;
	return err_set(err, ERR_INPUT, "expected content %s, got %s", digest_text(expected, want),
		digest_text(actual, got));
}

int blob_hash_fd(int fd, enum digest_algorithm a, struct digest *ret, uint64_t *ret_size,
	struct err *err)
{
	CLEANUP(digester_free) struct digester *hash = digester_new(a);
	CLEANUP(mem_free) char *room = mem_new(READ_BYTES, 1);
	uint64_t at = 0;
	for (;;) {
		ssize_t n = pread(fd, room, READ_BYTES, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "read");
		if (n == 0)
			break;
		digester_add(hash, room, (size_t)n);
		at += (uint64_t)n;
	}
	*ret = digester_finish(hash);
	if (ret_size)
		*ret_size = at;
	return 0;
}

static int damaged(const struct digest *d, const struct digest *actual, struct err *err)
{
	char want[DIGEST_TEXT], got[DIGEST_TEXT];
	return err_set(err, ERR_CORRUPT, "blob %s is damaged: its bytes are %s",
		digest_text(d, want), digest_text(actual, got));
}

int blob_read(struct store *s, const struct digest *d, struct buf *ret, struct err *err)
{
	CLEANUP(fd_close) int fd = -1;
	uint64_t size;
	char text[DIGEST_TEXT];
	size_t before = ret->n;
	if (blob_open(s, d, &fd, &size, err) < 0)
		return -1;
	if (fs_read_fd(fd, ret, err) < 0)
		return err_wrap(err, "blob %s", digest_text(d, text));
	CLEANUP(digester_free) struct digester *hash = digester_new(d->algorithm);
	digester_add_str(hash, str_skip(buf_str(ret), before));
	struct digest actual = digester_finish(hash);
	if (digest_eq(&actual, d))
		return 0;
	buf_cut(ret, before);
	return damaged(d, &actual, err);
}

/* Takes the name off a damaged blob, unless it was replaced by a good one meanwhile: nobody serves
 * it again, and a push of the same content finds it missing and brings it. */
static int set_aside(struct store *s, const struct digest *d, int fd, struct err *err)
{
	char path[BLOB_PATH], aside[DAMAGED_PATH];
	CLEANUP(fd_close) int lock_fd = -1;
	struct stat st, named;
	int locks_fd;
	blob_path(d, path);
	if (store_dir(s, "locks", &locks_fd, err) < 0 ||
		fs_lock(locks_fd, LOCK_SWEEP, FS_EXCLUSIVE, FS_WAIT, &lock_fd, err) < 0)
		return -1;
	if (fstat(fd, &st) < 0 || fstatat(s->root_fd, path, &named, AT_SYMLINK_NOFOLLOW) < 0 ||
		st.st_ino != named.st_ino)
		return 0;
	if (renameat(s->root_fd, path, s->root_fd, damaged_path(d, aside)) < 0)
		return err_sys(err, "set '%s' aside", path);
	return 0;
}

int blob_verify(struct store *s, const struct digest *d, struct err *err)
{
	CLEANUP(fd_close) int fd = -1;
	struct digest actual;
	char text[DIGEST_TEXT];
	if (blob_open(s, d, &fd, NULL, err) < 0)
		return -1;
	if (blob_hash_fd(fd, d->algorithm, &actual, NULL, err) < 0)
		return err_wrap(err, "blob %s", digest_text(d, text));
	if (digest_eq(&actual, d))
		return 0;
	if (set_aside(s, d, fd, err) < 0)
		return -1;
	return damaged(d, &actual, err);
}

/* ---- placing ---- */

int blob_seal(int fd, uint64_t size, struct err *err)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%llu", (unsigned long long)size);
	/* Without xattrs (some FUSE, old tmpfs) only an empty file is seen to be truncated. */
	if (fsetxattr(fd, BLOB_XATTR_SIZE, text, (size_t)n, 0) < 0 && errno != ENOTSUP &&
		errno != EPERM)
		return err_sys(err, "note a blob's size");
	return 0;
}

void blob_protect(int fd)
{
	(void)fchmod(fd, MODE_PLACED); /* against accidents only */
}

void blob_name_synced(int fd)
{
	(void)fchmod(fd, MODE_SYNCED); /* else the next one who finds it waits once more */
}

/* All 256 at once: syncing their parent once is cheaper than for each first blob again. */
static int make_folders(struct store *s, const struct digest *d, struct err *err)
{
	char folder[BLOB_PATH];
	const char *algorithm = digest_algorithm_name(d->algorithm);
	for (unsigned i = 0; i < 256; i++) {
		snprintf(folder, sizeof(folder), "blobs/%s/%02x", algorithm, i);
		if (fs_mkdirs(s->root_fd, folder, 0700, err) < 0)
			return -1;
	}
	snprintf(folder, sizeof(folder), "blobs/%s", algorithm);
	if (fs_fsync_dir(s->root_fd, folder, err) < 0 || fs_fsync_dir(s->root_fd, "blobs", err) < 0)
		return -1;
	return fs_fsync_dir(s->root_fd, ".", err);
}

int blob_place(struct store *s, int from_dir_fd, const char *from, const struct digest *d,
	struct err *err)
{
	char path[BLOB_PATH], aside[DAMAGED_PATH];
	blob_path(d, path);
	int rc = renameat(from_dir_fd, from, s->root_fd, path);
	if (rc < 0 && errno == ENOENT) {
		if (make_folders(s, d, err) < 0)
			return -1;
		rc = renameat(from_dir_fd, from, s->root_fd, path);
	}
	if (rc < 0)
		return err_sys(err, "name blob '%s'", path);
	(void)unlinkat(s->root_fd, damaged_path(d, aside),
		0); /* mostly not there; gc removes it else */
	return 0;
}
