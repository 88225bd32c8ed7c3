/* tar -- archives as entries and bytes.
 *
 * The writer's bytes are our product (docs/formats/layer.md): the same entries give the same
 * archive, always: ustar, with a pax header only where ustar cannot say it (long names, xattrs, big
 * numbers, non-ASCII names); times are cut to seconds. The reader takes what docker, buildah, GNU
 * tar, bsdtar and Go write: ustar, pax, GNU long names, GNU and pax sparse files, old V7. Where
 * archives contradict themselves it decides as Go's archive/tar does, so that docker and we see the
 * same tree: global pax headers are read over, links and folders have no content.
 *
 * Knows:   the tar format. Touches: the bytes given. Never: files, whiteouts, what a name means
 *          (names come out as written: "../x" is the caller's problem).
 * Shapes:  names without NUL; times int64_t ns; sizes uint64_t.
 * Owner:   an entry's text is good until the next tar_next().
 * Threads: one reader from one at a time.
 * Errors:  ERR_INPUT (not tar, bad checksum, truncated, contradicting sizes, NUL in a name),
 *          ERR_LIMIT (TAR_* below), ERR_UNSUPPORTED (multi-volume and other kinds of entries that
 *          are not files). Writing: ERR_INPUT, ERR_LIMIT for what tar cannot say.
 * Source:  POSIX.1-2017 pax "ustar Interchange Format"; GNU tar manual "Sparse Formats".
 */
#ifndef TAR_TAR_H
#define TAR_TAR_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/stream.h"

enum {
	TAR_BLOCK = 512,
	TAR_NAME_MAX = 4096,           /* bytes of a name or link */
	TAR_PAX_MAX = 1024 * 1024,     /* bytes of one pax header */
	TAR_XATTRS_MAX = 256,          /* of one entry */
	TAR_EXTENTS_MAX = 1024 * 1024, /* pieces of one sparse file */
};

enum tar_type {
	TAR_FILE = '0',
	TAR_HARDLINK = '1',
	TAR_SYMLINK = '2',
	TAR_CHAR = '3',
	TAR_BLOCKDEV = '4',
	TAR_DIR = '5',
	TAR_FIFO = '6',
};

struct tar_xattr {
	struct str name;  /* "security.capability" */
	struct str value; /* any bytes */
};

struct tar_extent {
	uint64_t offset, size; /* of data inside the file */
};

struct tar_entry {
	enum tar_type type;
	struct str name;
	struct str link; /* target of hard and symbolic links */
	uint32_t mode;   /* permission bits with setuid, setgid, sticky */
	uint64_t uid, gid;
	uint64_t size; /* of the file's content (holes included) */
	int64_t mtime_ns;
	uint32_t dev_major, dev_minor;
	struct tar_xattr *xattrs; /* sorted by name when writing */
	size_t n_xattrs;
	struct tar_extent *extents; /* reading a sparse file: where data is; else NULL */
	size_t n_extents;
};

/* ---- writing ---- */

/* Appends the header blocks. The caller then writes size bytes of content (files only) and
 * tar_padding(size) zero bytes, and ends the archive with tar_add_end(). A folder's name ends with
 * '/'. uname and gname stay empty: they are the machine's, not the image's. */
int tar_add_header(struct buf *b, const struct tar_entry *e, struct err *err);
static inline size_t tar_padding(uint64_t size)
{
	return (size_t)(-size & (TAR_BLOCK - 1));
}
void tar_add_end(struct buf *b); /* two zero blocks */

/* ---- reading ---- */

struct tar_reader;
/* Through a buffer of its own, or in place: then tar_peek shows the window's own bytes. */
struct tar_reader *tar_reader_new(struct source *from);
struct tar_reader *tar_reader_new_window(struct window *from);
void tar_reader_free(struct tar_reader *t);
CLEANUP_PTR(tar_reader_free, struct tar_reader);

/* 1 = an entry, 0 = the end (two zero blocks, or a clean end of input). Content of the last entry
 * that was not read is skipped. What follows the end is left in the input. */
int tar_next(struct tar_reader *t, struct tar_entry *ret, struct err *err);
/* Content of the current file. For a sparse file only the data of its extents, in their order.
 * 0 = no more. */
ssize_t tar_read(struct tar_reader *t, void *room, size_t n, struct err *err);
/* As tar_read without a copy: the next bytes, good until the next call. */
ssize_t tar_peek(struct tar_reader *t, const void **ret, struct err *err);
void tar_take(struct tar_reader *t, size_t n); /* takes n of the bytes peeked */
/* The same two as a window: the content of whatever entry is current. */
struct window *tar_content(struct tar_reader *t);

/* As much of a name as leaves room for the reason in a message. */
static inline struct str tar_shown(struct str name)
{
	return str_sub(name, 0, 200);
}
/* True when bytes (TAR_BLOCK of them are enough) start with the header of an entry. */
bool tar_is_header(struct str bytes);

#endif
