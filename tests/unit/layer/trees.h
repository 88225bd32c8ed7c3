/* trees -- folders to pack and unpack, archives put together by hand, and trees written down as text. */
#ifndef UNIT_LAYER_TREES_H
#define UNIT_LAYER_TREES_H

#include "base/clock.h"
#include "fs/fs.h"
#include "layer/layer.h"
#include "tar/tar.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

enum { ARCHIVE_ROOM = 64 * 1024 * 1024 };

/* A folder of the test's own, below the working folder. */
struct scratch {
	char path[32];
	int fd;
};

static inline void scratch_done(struct scratch *s)
{
	struct err err = {0};
	fd_close(s->fd);
	if (s->path[0])
		OK(fs_remove_tree(AT_FDCWD, s->path, &err));
}
CLEANUP_VAL(scratch_done, struct scratch);

static inline struct scratch scratch_new(void)
{
	struct scratch s = {.path = "layer-test-XXXXXX"};
	assert_non_null(mkdtemp(s.path));
	s.fd = open(s.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(s.fd >= 0);
	return s;
}

static inline bool is_root(void)
{
	return geteuid() == 0;
}

/* ---- making trees ---- */

static inline void set_time(int fd, const char *path, int64_t seconds)
{
	struct timespec t[2] = {{seconds, 0}, {seconds, 0}};
	assert_int_equal(utimensat(fd, path, t, AT_SYMLINK_NOFOLLOW), 0);
}

static inline void put_file(int fd, const char *path, struct str content, mode_t mode)
{
	struct err err = {0};
	CLEANUP(fd_close)
	int file = openat(fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(file >= 0);
	OK(fs_write_fd(file, content.p, content.n, &err));
	assert_int_equal(fchmod(file, mode), 0);
	set_time(fd, path, 1000);
}

static inline void put_folder(int fd, const char *path, mode_t mode)
{
	assert_int_equal(mkdirat(fd, path, 0700), 0);
	assert_int_equal(fchmodat(fd, path, mode, 0), 0);
}

static inline void put_symlink(int fd, const char *path, const char *target)
{
	assert_int_equal(symlinkat(target, fd, path), 0);
	set_time(fd, path, 1000);
}

static inline void put_whiteout(int fd, const char *path)
{
	assert_int_equal(mknodat(fd, path, S_IFCHR, makedev(0, 0)), 0);
}

static inline void put_xattr(int fd, const char *path, const char *name, const char *value)
{
	CLEANUP(fd_close) int at = openat(fd, path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(fsetxattr(at, name, value, strlen(value), 0), 0);
}

/* ---- trees as text ---- */

static inline void tell_xattrs(int fd, struct buf *ret)
{
	char names[4096], value[256];
	ssize_t n = flistxattr(fd, names, sizeof(names));
	for (const char *name = names; n > 0 && name < names + n; name += strlen(name) + 1) {
		ssize_t len = fgetxattr(fd, name, value, sizeof(value));
		buf_fmt(ret, " [%s=%.*s]", name, len < 0 ? 0 : (int)len, value);
	}
}

static inline void tell_entry(int fd, const char *path, struct buf *ret)
{
	struct stat st;
	struct err err = {0};
	char link[256];
	assert_int_equal(fstatat(fd, path, &st, AT_SYMLINK_NOFOLLOW), 0);
	buf_fmt(ret, "%s %o", path, st.st_mode & 07777);
	if (st.st_uid != geteuid() || st.st_gid != getegid())
		buf_fmt(ret, " %u:%u", st.st_uid, st.st_gid);
	if (S_ISLNK(st.st_mode)) {
		ssize_t n = readlinkat(fd, path, link, sizeof(link));
		buf_fmt(ret, " -> %.*s", (int)n, link);
	} else if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) {
		buf_fmt(ret, " %s %u,%u", S_ISCHR(st.st_mode) ? "char" : "block", major(st.st_rdev),
			minor(st.st_rdev));
	} else if (S_ISFIFO(st.st_mode)) {
		buf_add_cstr(ret, " fifo");
	} else if (S_ISSOCK(st.st_mode)) {
		buf_add_cstr(ret, " socket");
	} else {
		CLEANUP(fd_close) int at = openat(fd, path, O_RDONLY | O_CLOEXEC);
		CLEANUP(buf_done) struct buf content = BUF(ARCHIVE_ROOM);
		if (S_ISREG(st.st_mode)) {
			OK(fs_read_fd(at, &content, &err));
			if (st.st_nlink > 1)
				buf_fmt(ret, " x%u", (unsigned)st.st_nlink);
			if (content.n <= 40)
				buf_fmt(ret, " '%.*s'", STR_ARG(buf_str(&content)));
			else
				buf_fmt(ret, " %zu bytes", content.n);
		}
		tell_xattrs(at, ret);
	}
	buf_add_ch(ret, '\n');
}

/* One line per entry, sorted: "path mode what". */
static inline void tell(int fd, const char *path, struct buf *ret)
{
	struct err err = {0};
	struct fs_entries names = {0};
	CLEANUP(fd_close) int dir = openat(fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(dir >= 0);
	OK(fs_list(dir, &names, &err));
	VEC_EACH(&names, e) {
		char below[4096];
		bool is_top = strcmp(path, ".") == 0;
		snprintf(below, sizeof(below), "%s%s%s", is_top ? "" : path, is_top ? "" : "/",
			e->name);
		tell_entry(fd, below, ret);
		if (e->type == DT_DIR)
			tell(fd, below, ret);
	}
	fs_entries_done(&names);
}

static inline void tree_is(int fd, const char *expected)
{
	CLEANUP(buf_done) struct buf text = BUF(1 << 20);
	tell(fd, ".", &text);
	STR_IS(buf_str(&text), expected);
}

static inline int64_t mtime_of(int fd, const char *path)
{
	struct stat st;
	assert_int_equal(fstatat(fd, path, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st.st_mtim.tv_sec;
}

/* ---- archives ---- */

/* Owner 0:0 would need root to be told apart from the caller: entries belong to the caller. */
static inline void add_entry(struct buf *b, struct tar_entry e, struct str content)
{
	static const char zeros[TAR_BLOCK];
	struct err err = {0};
	e.uid = e.uid ? e.uid : geteuid();
	e.gid = e.gid ? e.gid : getegid();
	if (e.type == TAR_FILE)
		e.size = content.n;
	if (!e.mtime_ns)
		e.mtime_ns = 1000 * CLOCK_SECOND;
	OK(tar_add_header(b, &e, &err));
	buf_add(b, content);
	buf_add_bytes(b, zeros, tar_padding(content.n));
}

static inline void add_file(struct buf *b, const char *name, const char *content)
{
	add_entry(b, (struct tar_entry){.type = TAR_FILE, .name = str_of(name), .mode = 0644},
		str_of(content));
}

static inline void add_folder(struct buf *b, const char *name)
{
	add_entry(b, (struct tar_entry){.type = TAR_DIR, .name = str_of(name), .mode = 0755},
		S(""));
}

static inline void add_link(struct buf *b, enum tar_type type, const char *name, const char *target)
{
	add_entry(b,
		(struct tar_entry){
			.type = type, .name = str_of(name), .link = str_of(target), .mode = 0777},
		S(""));
}

/* ---- packing and unpacking in memory ---- */

struct buf_sink {
	struct sink sink;
	struct buf *to;
};
static inline int buf_sink_write(struct sink *s, const void *p, size_t n, struct err *err)
{
	struct buf_sink *b = (struct buf_sink *)s;
	buf_add_bytes(b->to, p, n);
	return buf_check(b->to, "blob", err);
}

static inline struct layer_pack packing(int tree_fd, enum compression c)
{
	return (struct layer_pack){.tree_fd = tree_fd,
		.is_overlay_upper = true,
		.compression = c,
		.times = {INT64_MAX, 0}};
}

static inline int pack_to(struct layer_pack p, struct buf *ret, struct layer_info *info,
	struct err *err)
{
	struct buf_sink out = {{buf_sink_write}, ret};
	p.out = &out.sink;
	return layer_pack(&p, info, err);
}

static inline int unpack_with(struct layer_unpack u, struct str blob, struct layer_info *info,
	struct err *err)
{
	struct mem_source from = MEM_SOURCE(blob);
	u.blob = &from.source;
	return layer_unpack(&u, info, err);
}

static inline int unpack(int tree_fd, const struct buf *blob, struct err *err)
{
	struct layer_info info;
	CLEANUP(pool_free) struct pool *pool = pool_new(2);
	return unpack_with((struct layer_unpack){.tree_fd = tree_fd, .pool = pool}, buf_str(blob),
		&info, err);
}

#endif
