#include "layer/foreign_priv.h"

#include "base/clock.h"

#include <archive.h>
#include <archive_entry.h>
#include <dlfcn.h>

enum { READ_ROOM = 128 * 1024, ZIP_BLOCK = 64 * 1024 };

/* The functions used, by their names behind "archive_". */
#define FUNCTIONS(X)                                                                               \
	X(read_new)                                                                                \
	X(read_free)                                                                               \
	X(read_support_filter_bzip2)                                                               \
	X(read_support_filter_xz)                                                                  \
	X(read_support_format_raw)                                                                 \
	X(read_support_format_zip_seekable)                                                        \
	X(read_support_format_cpio)                                                                \
	X(read_open)                                                                               \
	X(read_open_fd)                                                                            \
	X(read_next_header)                                                                        \
	X(read_data)                                                                               \
	X(read_data_block)                                                                         \
	X(error_string)                                                                            \
	X(entry_pathname)                                                                          \
	X(entry_hardlink)                                                                          \
	X(entry_symlink)                                                                           \
	X(entry_filetype)                                                                          \
	X(entry_perm)                                                                              \
	X(entry_uid)                                                                               \
	X(entry_gid)                                                                               \
	X(entry_size)                                                                              \
	X(entry_size_is_set)                                                                       \
	X(entry_mtime)                                                                             \
	X(entry_mtime_nsec)                                                                        \
	X(entry_rdevmajor)                                                                         \
	X(entry_rdevminor)                                                                         \
	X(entry_is_data_encrypted)

struct functions {
#define X(name) __typeof__(archive_##name) *name;
	FUNCTIONS(X)
#undef X
};

struct foreign {
	struct source source;
	struct window content;
	struct functions lib;
	struct archive *archive;
	struct source *from;
	struct err from_err; /* what the source said, which libarchive cannot pass on */
	char room[READ_ROOM];
	/* content of the current entry */
	const char *shown;
	size_t n_shown;
	uint64_t at, size;
};

static int load(struct functions *f, struct err *err)
{
	/* NODELETE: it stays when the handle is closed, so loading again costs nothing. */
	void *lib = dlopen("libarchive.so.13", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	bool is_whole = lib;
#define X(name)                                                                                    \
	*(void **)&f->name = lib ? dlsym(lib, "archive_" #name) : NULL;                            \
	is_whole = is_whole && f->name;
	FUNCTIONS(X)
#undef X
	if (lib)
		dlclose(lib);
	if (is_whole)
		return 0;
	err_set(err, ERR_UNSUPPORTED, "this kind of archive needs libarchive");
	return err_hint(err, "install libarchive13");
}

static la_ssize_t read_from(struct archive *a, void *ctx, const void **ret)
{
	struct foreign *f = ctx;
	ssize_t n = source_read(f->from, f->room, sizeof(f->room), &f->from_err);
	*ret = f->room;
	return n;
}

static int fail(struct foreign *f, struct err *err)
{
	if (f->from_err.kind) {
		*err = f->from_err;
		return -1;
	}
	const char *words = f->lib.error_string(f->archive);
	return err_set(err, ERR_INPUT, "damaged archive: %s", words ? words : "no reason given");
}

/* libarchive would run a program for what it was built without. */
static int choose(struct foreign *f, enum foreign_kind kind, struct err *err)
{
	struct archive *a = f->archive;
	bool is_ok = false;
	switch (kind) {
	case FOREIGN_FILTER:
		is_ok = f->lib.read_support_filter_bzip2(a) == ARCHIVE_OK &&
			f->lib.read_support_filter_xz(a) == ARCHIVE_OK &&
			f->lib.read_support_format_raw(a) == ARCHIVE_OK;
		break;
	case FOREIGN_ZIP: is_ok = f->lib.read_support_format_zip_seekable(a) == ARCHIVE_OK; break;
	case FOREIGN_CPIO: is_ok = f->lib.read_support_format_cpio(a) == ARCHIVE_OK; break;
	}
	return is_ok ? 0 : err_set(err, ERR_UNSUPPORTED, "libarchive is built without this format");
}

static ssize_t read_inside(struct source *s, void *room, size_t n, struct err *err)
{
	struct foreign *f = (struct foreign *)s;
	la_ssize_t got = f->lib.read_data(f->archive, room, n);
	return got < 0 ? fail(f, err) : got;
}

static ssize_t content_peek(struct window *w, const void **ret, struct err *err)
{
	struct foreign *f = (struct foreign *)((char *)w - offsetof(struct foreign, content));
	const void *p = NULL;
	la_int64_t offset = 0;
	while (!f->n_shown) {
		int r = f->lib.read_data_block(f->archive, &p, &f->n_shown, &offset);
		if (r == ARCHIVE_EOF)
			break;
		if (r != ARCHIVE_OK)
			return fail(f, err);
		if (f->n_shown && (uint64_t)offset != f->at)
			return err_set(err, ERR_UNSUPPORTED, "sparse file in a foreign archive");
		f->shown = p;
	}
	if (!f->n_shown && f->at < f->size)
		return err_set(err, ERR_INPUT, "content is shorter than its header says");
	if (f->n_shown > f->size - f->at)
		return err_set(err, ERR_INPUT, "content is longer than its header says");
	*ret = f->shown;
	return (ssize_t)f->n_shown;
}

static void content_take(struct window *w, size_t n)
{
	struct foreign *f = (struct foreign *)((char *)w - offsetof(struct foreign, content));
	assert(n <= f->n_shown);
	f->shown += n;
	f->n_shown -= n;
	f->at += n;
}

struct source *foreign_source(struct foreign *f)
{
	return &f->source;
}

struct window *foreign_content(struct foreign *f)
{
	return &f->content;
}

void foreign_free(struct foreign *f)
{
	if (!f)
		return;
	if (f->archive)
		(void)f->lib.read_free(f->archive); /* it was only read */
	free(f);
}

int foreign_open(enum foreign_kind kind, struct source *from, int from_fd, struct foreign **ret,
	struct err *err)
{
	CLEANUP(foreign_free) struct foreign *f = NEW(struct foreign);
	struct archive_entry *only;
	f->source.read = read_inside;
	f->content = (struct window){content_peek, content_take};
	f->from = from;
	if (load(&f->lib, err) < 0)
		return -1;
	f->archive = f->lib.read_new();
	if (!f->archive)
		return err_set(err, ERR_BUG, "libarchive does not start");
	if (choose(f, kind, err) < 0)
		return -1;
	int r = from ? f->lib.read_open(f->archive, f, NULL, read_from, NULL)
		     : f->lib.read_open_fd(f->archive, from_fd, ZIP_BLOCK);
	if (r == ARCHIVE_OK && kind == FOREIGN_FILTER)
		r = f->lib.read_next_header(f->archive, &only);
	if (r != ARCHIVE_OK)
		return fail(f, err);
	*ret = TAKE(f);
	return 0;
}

static struct str text(const char *s)
{
	return s ? str_of(s) : S("");
}

static int type_of(struct foreign *f, struct archive_entry *a, enum tar_type *ret, struct err *err)
{
	if (f->lib.entry_hardlink(a)) {
		*ret = TAR_HARDLINK;
		return 0;
	}
	switch (f->lib.entry_filetype(a)) {
	case AE_IFREG: *ret = TAR_FILE; return 0;
	case AE_IFDIR: *ret = TAR_DIR; return 0;
	case AE_IFLNK: *ret = TAR_SYMLINK; return 0;
	case AE_IFCHR: *ret = TAR_CHAR; return 0;
	case AE_IFBLK: *ret = TAR_BLOCKDEV; return 0;
	case AE_IFIFO: *ret = TAR_FIFO; return 0;
	default: return err_set(err, ERR_UNSUPPORTED, "entry of unknown type");
	}
}

static int fill(struct foreign *f, struct archive_entry *a, struct tar_entry *e, struct err *err)
{
	const int64_t most = INT64_MAX / CLOCK_SECOND - 1;
	int64_t size = f->lib.entry_size(a), mtime = f->lib.entry_mtime(a);
	e->name = text(f->lib.entry_pathname(a));
	if (type_of(f, a, &e->type, err) < 0)
		return -1;
	if (f->lib.entry_is_data_encrypted(a))
		return err_set(err, ERR_UNSUPPORTED, "encrypted content");
	if (e->name.n > TAR_NAME_MAX)
		return err_set(err, ERR_LIMIT, "name of %zu bytes is too long", e->name.n);
	if (size < 0 || mtime < -most || mtime > most || f->lib.entry_uid(a) < 0 ||
		f->lib.entry_gid(a) < 0)
		return err_set(err, ERR_INPUT, "a number in the header is out of range");
	if (e->type == TAR_FILE && !f->lib.entry_size_is_set(a))
		return err_set(err, ERR_UNSUPPORTED, "content of unknown length");
	if (e->type == TAR_HARDLINK && size > 0)
		return err_set(err, ERR_UNSUPPORTED, "hard link with content of its own");
	e->link = e->type == TAR_HARDLINK ? text(f->lib.entry_hardlink(a))
					  : text(f->lib.entry_symlink(a));
	e->mode = f->lib.entry_perm(a) & 07777;
	e->uid = (uint64_t)f->lib.entry_uid(a);
	e->gid = (uint64_t)f->lib.entry_gid(a);
	e->size = e->type == TAR_FILE ? (uint64_t)size : 0;
	e->mtime_ns = mtime * CLOCK_SECOND + f->lib.entry_mtime_nsec(a);
	e->dev_major = (uint32_t)f->lib.entry_rdevmajor(a);
	e->dev_minor = (uint32_t)f->lib.entry_rdevminor(a);
	return 0;
}

int foreign_next(struct foreign *f, struct tar_entry *ret, struct err *err)
{
	struct archive_entry *a;
	struct tar_entry e = {0};
	int r = f->lib.read_next_header(f->archive, &a);
	if (r == ARCHIVE_EOF && !f->from_err.kind)
		return 0;
	if (r != ARCHIVE_OK)
		return fail(f, err);
	f->at = f->n_shown = 0;
	if (fill(f, a, &e, err) < 0)
		return err_wrap(err, "'%.*s'", STR_ARG(tar_shown(e.name)));
	f->size = e.size;
	*ret = e;
	return 1;
}
