/* Archives of others into a folder.
 *
 *	bytes ─► gzip, zstd: inflater │ bzip2, xz: libarchive │ none ─► counted ─► tar: our reader
 *	                                                                          cpio, zip: libarchive
 */
#include "layer/foreign_priv.h"
#include "layer/plant_priv.h"

#include "base/num.h"
#include "fs/fs.h"

#include <fcntl.h>

enum { FIRST_BYTES = 512 };

/* A source whose first bytes were looked at. */
struct looked {
	struct source source;
	struct source *from;
	char first[FIRST_BYTES];
	size_t n, at;
};

static ssize_t looked_read(struct source *s, void *room, size_t n, struct err *err)
{
	struct looked *l = (struct looked *)s;
	size_t left = l->n - l->at;
	if (!left)
		return source_read(l->from, room, n, err);
	size_t use = n < left ? n : left;
	memcpy(room, l->first + l->at, use);
	l->at += use;
	return (ssize_t)use;
}

static int look_at(struct looked *l, struct source *from, struct err *err)
{
	*l = (struct looked){.source = {looked_read}, .from = from};
	ssize_t n = source_read_full(from, l->first, sizeof(l->first), err);
	if (n < 0)
		return -1;
	l->n = (size_t)n;
	return 0;
}

static struct str first_of(const struct looked *l)
{
	return str_n(l->first, l->n);
}

/* A source that fails when it gives more than it may. */
struct counted {
	struct source source;
	struct source *from;
	uint64_t left;
};

static ssize_t counted_read(struct source *s, void *room, size_t n, struct err *err)
{
	struct counted *c = (struct counted *)s;
	ssize_t got = source_read(c->from, room, n, err);
	if (got > 0 && (uint64_t)got > c->left)
		return err_set(err, ERR_LIMIT, "unpacks to more than it may");
	c->left -= got > 0 ? (uint64_t)got : 0;
	return got;
}

/* An archive with its compression taken off. */
struct opened {
	struct looked packed;
	struct inflater *inflater;
	struct foreign *filter;
	struct counted counted;
	struct looked plain;
};

static void opened_done(struct opened *o)
{
	inflater_free(o->inflater);
	foreign_free(o->filter);
}
CLEANUP_VAL(opened_done, struct opened);

static bool is_bzip2_or_xz(struct str s)
{
	return str_starts(s, S("BZh")) ||
		str_starts(s,
			S("\xfd"
			  "7zXZ\0"));
}

static int open_archive(struct source *from, uint64_t max, struct opened *o, struct err *err)
{
	if (look_at(&o->packed, from, err) < 0)
		return -1;
	struct source *inside = &o->packed.source;
	if (compress_detect(first_of(&o->packed)) != COMPRESS_NONE) {
		o->inflater = inflater_new(inside, 0);
		inside = inflater_source(o->inflater);
	} else if (is_bzip2_or_xz(first_of(&o->packed))) {
		if (foreign_open(FOREIGN_FILTER, inside, -1, &o->filter, err) < 0)
			return -1;
		inside = foreign_source(o->filter);
	}
	o->counted = (struct counted){{counted_read}, inside, max};
	return look_at(&o->plain, &o->counted.source, err);
}

int layer_is_archive(struct source *from, struct err *err)
{
	CLEANUP(opened_done) struct opened o = {0};
	struct err why = {0};
	if (open_archive(from, LAYER_MAX_BYTES, &o, &why) == 0)
		return tar_is_header(first_of(&o.plain));
	if (why.kind == ERR_INPUT || why.kind == ERR_LIMIT || why.kind == ERR_UNSUPPORTED)
		return 0;
	*err = why;
	return -1;
}

/* ---- entries ---- */

struct extraction {
	const struct layer_extract *x;
	struct plant *plant;
	uint64_t n_entries;
};

/* Drops leading names as GNU tar's --strip-components does; false when none is left. */
static bool strip(struct buf *path, unsigned n)
{
	for (; n; n--) {
		ssize_t slash = str_chr(buf_str(path), '/');
		if (slash < 0)
			return false;
		buf_drop(path, (size_t)slash + 1);
	}
	return true;
}

static int extract_entry(struct extraction *k, const struct tar_entry *from, struct window *content,
	struct err *err)
{
	CLEANUP(buf_done) struct buf path = BUF(TAR_NAME_MAX), link = BUF(TAR_NAME_MAX);
	struct tar_entry e = *from;
	if (cancel_check(k->x->cancel, err) < 0 || clean_name(e.name, &path, err) < 0)
		return -1;
	if (++k->n_entries > LAYER_MAX_ENTRIES)
		return err_set(err, ERR_LIMIT, "more than %d entries", LAYER_MAX_ENTRIES);
	if (!path.n || !strip(&path, k->x->strip))
		return 0; /* the folder itself stays as it is */
	if (e.type == TAR_HARDLINK && k->x->strip) {
		if (clean_name(e.link, &link, err) < 0)
			return err_wrap(err, "hard link to '%.*s'", STR_ARG(tar_shown(e.link)));
		if (!strip(&link, k->x->strip))
			return err_set(err, ERR_INPUT, "hard link to '%.*s', which is left out",
				STR_ARG(tar_shown(e.link)));
		e.link = buf_str(&link);
	}
	if (k->x->uid >= 0)
		e.uid = (uint64_t)k->x->uid;
	if (k->x->gid >= 0)
		e.gid = (uint64_t)k->x->gid;
	return plant_entry(k->plant, buf_cstr(&path), &e, content, NULL, err);
}

/* What follows the end of a tar is of no interest, but the checksum behind it is. */
static int drain(struct source *from, struct err *err)
{
	char room[16 * 1024];
	ssize_t n;
	do
		n = source_read(from, room, sizeof(room), err);
	while (n > 0);
	return (int)n;
}

static int extract_tar(struct extraction *k, struct source *from, struct err *err)
{
	CLEANUP(tar_reader_free) struct tar_reader *tar = tar_reader_new(from);
	struct tar_entry e;
	int got;
	while ((got = tar_next(tar, &e, err)) > 0)
		if (extract_entry(k, &e, tar_content(tar), err) < 0)
			return err_wrap(err, "'%.*s'", STR_ARG(tar_shown(e.name)));
	return got < 0 ? -1 : drain(from, err);
}

static int extract_foreign(struct extraction *k, struct foreign *f, struct err *err)
{
	struct tar_entry e;
	int got;
	while ((got = foreign_next(f, &e, err)) > 0)
		if (extract_entry(k, &e, foreign_content(f), err) < 0)
			return err_wrap(err, "'%.*s'", STR_ARG(tar_shown(e.name)));
	return got;
}

static int extract_cpio(struct extraction *k, struct source *from, struct err *err)
{
	CLEANUP(foreign_free) struct foreign *f = NULL;
	if (foreign_open(FOREIGN_CPIO, from, -1, &f, err) < 0)
		return -1;
	return extract_foreign(k, f, err);
}

/* A zip says at its end what is in it, so it goes to a file without a name first. */
static int extract_zip(struct extraction *k, struct source *from, struct err *err)
{
	CLEANUP(mem_free) char *room = mem_resize(NULL, 1 << 16, 1);
	CLEANUP(foreign_free) struct foreign *f = NULL;
	CLEANUP(fd_close) int fd = -1;
	ssize_t n;
	if (fs_open(k->x->tree_fd, ".", O_TMPFILE | O_RDWR, 0600, &fd, err) < 0)
		return -1;
	while ((n = source_read(from, room, 1 << 16, err)) > 0)
		if (fs_write_fd(fd, room, (size_t)n, err) < 0)
			return -1;
	if (n < 0)
		return -1;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(err, "rewind");
	if (foreign_open(FOREIGN_ZIP, NULL, fd, &f, err) < 0)
		return -1;
	return extract_foreign(k, f, err);
}

static bool is_zip(struct str s)
{
	return str_starts(s, S("PK\3\4")) || str_starts(s, S("PK\5\6"));
}

static bool is_cpio(struct str s)
{
	return str_starts(s, S("070701")) || str_starts(s, S("070702")) ||
		str_starts(s, S("070707")) || str_starts(s, S("\xc7\x71")) ||
		str_starts(s, S("\x71\xc7"));
}

static int extract_all(struct extraction *k, struct opened *o, struct err *err)
{
	struct str first = first_of(&o->plain);
	struct source *from = &o->plain.source;
	if (!tar_is_header(first) && is_zip(first))
		return extract_zip(k, from, err);
	if (!tar_is_header(first) && is_cpio(first))
		return extract_cpio(k, from, err);
	return extract_tar(k, from, err);
}

/* Symlinks in the archive resolve inside the folder, as docker's chroot there has it. */
static int open_into(const struct layer_extract *x, int *ret, struct err *err)
{
	const char *into = x->into ? x->into : ".";
	if (fs_mkdirs_in(x->tree_fd, into, 0755, err) < 0)
		return -1;
	return fs_open_in(x->tree_fd, into, O_RDONLY | O_DIRECTORY, 0, ret, err);
}

int layer_extract(const struct layer_extract *x, struct err *err)
{
	CLEANUP(opened_done) struct opened o = {0};
	CLEANUP(plant_done) struct plant plant = {0};
	CLEANUP(fd_close) int into_fd = -1;
	if (open_archive(x->archive, x->max_bytes ? x->max_bytes : LAYER_MAX_BYTES, &o, err) < 0 ||
		open_into(x, &into_fd, err) < 0)
		return -1;
	struct plant_spec to = {.tree_fd = into_fd};
	if (plant_init(&plant, &to, err) < 0)
		return -1;
	struct extraction k = {.x = x, .plant = &plant};
	if (extract_all(&k, &o, err) < 0)
		return -1;
	return plant_finish(&plant, err);
}
