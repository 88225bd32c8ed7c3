/* Archives: a layout in a tar, read in one pass (blobs may come before the index that names them, so
 * all are stored as they come, each under the digest of its name), and writing tars of any kind. */
#include "remote/archive_priv.h"

#include <fcntl.h>
#include <unistd.h>

enum { COPY_BYTES = 256 * 1024, BLOBS_AT_ONCE = 16 };

/* ---- an archive as entries ---- */

static ssize_t read_fd(struct source *s, void *room, size_t n, struct err *err)
{
	struct archive *x = (struct archive *)s;
	ssize_t got;
	if (cancel_check(x->cancel, err) < 0)
		return -1;
	do
		got = read(x->fd, room, n);
	while (got < 0 && errno == EINTR);
	return got < 0 ? err_sys(err, "read the archive") : got;
}

void archive_open(struct archive *x, int fd, const struct cancel *cancel)
{
	*x = (struct archive){.source = {.read = read_fd}, .fd = fd, .cancel = cancel};
	x->inflater = inflater_new(&x->source, 0);
	x->tar = tar_reader_new(inflater_source(x->inflater));
}

void archive_close(struct archive *x)
{
	tar_reader_free(x->tar);
	inflater_free(x->inflater);
}

/* "./a//b" is "a/b". */
static void clean_name(struct str name, struct buf *ret)
{
	CLEANUP(buf_done) struct buf whole = BUF(2 * TAR_NAME_MAX);
	path_clean(&whole, S("/"), name);
	buf_add(ret, str_skip(buf_str(&whole), 1));
}

int archive_next(struct archive *x, struct tar_entry *e, struct buf *ret_name, struct err *err)
{
	int more = tar_next(x->tar, e, err);
	if (more <= 0)
		return more;
	if (++x->n_entries > PLACE_ENTRIES_MAX)
		return err_set(err, ERR_LIMIT, "there are more than %d entries", PLACE_ENTRIES_MAX);
	buf_clear(ret_name);
	clean_name(e->name, ret_name);
	return buf_check(ret_name, "name", err) < 0 ? -1 : 1;
}

int archive_read_small(struct archive *x, struct buf *ret, struct err *err)
{
	for (;;) {
		const void *p;
		ssize_t n = tar_peek(x->tar, &p, err);
		if (n <= 0)
			return n < 0 ? -1 : buf_check(ret, "file", err);
		buf_add_bytes(ret, p, (size_t)n);
		tar_take(x->tar, (size_t)n);
		if (ret->is_over)
			return buf_check(ret, "file", err);
	}
}

/* ---- a layout in it ---- */

struct oci_reading {
	struct place_reading *x;
	struct archive archive;
	struct buf index;
	bool has_version;
	struct blob_commit commits[BLOBS_AT_ONCE]; /* written, not committed */
	struct digest digests[BLOBS_AT_ONCE];
	size_t n;
};

static int commit(struct oci_reading *o, struct err *err)
{
	int rc = blob_commit_all(o->commits, o->n, err);
	while (o->n)
		blob_writer_free(o->commits[--o->n].writer);
	return rc;
}

/* "blobs/sha256/abc…" */
static bool is_blob(struct str name, struct digest *ret)
{
	struct err ignored;
	if (!str_starts(name, S("blobs/")))
		return false;
	struct str rest = str_skip(name, 6);
	ssize_t slash = str_chr(rest, '/');
	char text[DIGEST_TEXT];
	if (slash < 0 || rest.n >= sizeof(text))
		return false;
	snprintf(text, sizeof(text), "%.*s", STR_ARG(rest));
	text[slash] = ':';
	return digest_parse(str_of(text), ret, &ignored) == 0;
}

static int take_blob(struct oci_reading *o, const struct digest *d, struct err *err)
{
	CLEANUP(blob_writer_free) struct blob_writer *w = NULL;
	if (blob_exists(o->x->p->store, d))
		return 0;
	if (blob_create(o->x->p->store, d->algorithm, &w, err) < 0)
		return -1;
	for (;;) {
		const void *p;
		ssize_t n = tar_peek(o->archive.tar, &p, err);
		if (n < 0 || (n > 0 && blob_write(w, p, (size_t)n, err) < 0))
			return -1;
		if (n == 0)
			break;
		tar_take(o->archive.tar, (size_t)n);
	}
	o->digests[o->n] = *d;
	o->commits[o->n] = (struct blob_commit){.writer = TAKE(w), .expected = &o->digests[o->n]};
	o->n++;
	return o->n == BLOBS_AT_ONCE ? commit(o, err) : 0;
}

static int take_entry(struct oci_reading *o, const struct tar_entry *e, struct str name,
	struct err *err)
{
	CLEANUP(buf_done) struct buf version = BUF(4096);
	struct digest d;
	if (e->type != TAR_FILE)
		return 0;
	if (str_is(name, "index.json")) {
		buf_clear(&o->index);
		return archive_read_small(&o->archive, &o->index, err);
	}
	if (str_is(name, "oci-layout")) {
		o->has_version = true;
		return archive_read_small(&o->archive, &version, err) < 0
			? -1
			: layout_check_version(buf_str(&version), err);
	}
	return is_blob(name, &d) ? take_blob(o, &d, err) : 0;
}

static int read_entries(struct oci_reading *o, struct err *err)
{
	CLEANUP(buf_done) struct buf name = BUF(2 * TAR_NAME_MAX);
	struct tar_entry e;
	int more;
	while ((more = archive_next(&o->archive, &e, &name, err)) > 0)
		if (take_entry(o, &e, buf_str(&name), err) < 0)
			return err_wrap(err, "%.*s", STR_ARG(str_sub(buf_str(&name), 0, 200)));
	if (more < 0 || commit(o, err) < 0)
		return -1;
	if (!o->has_version || !o->index.n)
		return err_set(err, ERR_INPUT, "is no OCI archive: it has no %s",
			o->has_version ? "index.json" : "oci-layout");
	return 0;
}

int oci_archive_read(struct place_reading *x, int fd, struct err *err)
{
	struct oci_reading o = {.x = x, .index = BUF(IMAGE_MANIFEST_MAX)};
	archive_open(&o.archive, fd, x->p->cancel);
	int rc = read_entries(&o, err);
	if (rc == 0)
		rc = layout_take(x, arena_str(x->a, buf_str(&o.index)), err);
	while (o.n)
		blob_writer_free(o.commits[--o.n].writer);
	archive_close(&o.archive);
	buf_done(&o.index);
	return rc;
}

/* ---- writing ---- */

struct tar_target {
	struct place_target target;
	int fd;
	const struct cancel *cancel;
	struct buf head;
};

static int write_header(struct tar_target *t, const char *path, enum tar_type type, uint64_t size,
	struct err *err)
{
	struct tar_entry e = {.type = type,
		.name = str_of(path),
		.mode = type == TAR_DIR ? 0755 : 0644,
		.size = size};
	buf_clear(&t->head);
	if (cancel_check(t->cancel, err) < 0 || tar_add_header(&t->head, &e, err) < 0)
		return -1;
	return fs_write_fd(t->fd, t->head.p, t->head.n, err);
}

static int write_padding(struct tar_target *t, uint64_t size, struct err *err)
{
	static const char zeros[TAR_BLOCK];
	return fs_write_fd(t->fd, zeros, tar_padding(size), err);
}

static int tar_add_bytes(struct place_target *target, const char *path, struct str bytes,
	struct err *err)
{
	struct tar_target *t = (struct tar_target *)target;
	if (write_header(t, path, TAR_FILE, bytes.n, err) < 0 ||
		fs_write_fd(t->fd, bytes.p, bytes.n, err) < 0)
		return -1;
	return write_padding(t, bytes.n, err);
}

/* By our own hands, for the target may be a pipe. */
static int copy_exactly(int from, int to, uint64_t size, const struct cancel *c, struct err *err)
{
	CLEANUP(mem_free) char *room = mem_new(COPY_BYTES, 1);
	while (size) {
		ssize_t n = read(from, room, size < COPY_BYTES ? (size_t)size : COPY_BYTES);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "read a blob");
		if (n == 0)
			return err_set(err, ERR_CORRUPT, "a blob became shorter");
		if (cancel_check(c, err) < 0 || fs_write_fd(to, room, (size_t)n, err) < 0)
			return -1;
		size -= (uint64_t)n;
	}
	return 0;
}

static int tar_add_file(struct place_target *target, const char *path, int fd, uint64_t size,
	struct err *err)
{
	struct tar_target *t = (struct tar_target *)target;
	if (write_header(t, path, TAR_FILE, size, err) < 0 ||
		copy_exactly(fd, t->fd, size, t->cancel, err) < 0)
		return -1;
	return write_padding(t, size, err);
}

static int write_oci(const struct place_write *p, struct tar_target *t, struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(buf_done) struct buf index = BUF(IMAGE_MANIFEST_MAX);
	struct outgoing out = {.store = p->store, .a = &a};
	int rc = outgoing_collect(&out, &p->what, err);
	if (rc == 0) {
		layout_add_index(&index, NULL, &out.documents.p[out.documents.n - 1].d, p->names,
			p->n_names);
		rc = buf_check(&index, "index.json", err);
	}
	if (rc == 0 &&
		(tar_add_bytes(&t->target, "oci-layout", S(LAYOUT_VERSION), err) < 0 ||
			tar_add_bytes(&t->target, "index.json", buf_str(&index), err) < 0 ||
			write_header(t, "blobs/", TAR_DIR, 0, err) < 0 ||
			write_header(t, "blobs/sha256/", TAR_DIR, 0, err) < 0))
		rc = -1;
	if (rc == 0)
		rc = layout_add_blobs(&out, &t->target, err);
	outgoing_done(&out);
	return rc;
}

static int write_to(const struct place_write *p, int fd, struct err *err)
{
	struct tar_target t = {{tar_add_bytes, tar_add_file}, fd, p->cancel, BUF(TAR_PAX_MAX)};
	int rc = p->to->kind == PLACE_OCI_ARCHIVE ? write_oci(p, &t, err)
						  : docker_archive_write(p, &t.target, err);
	if (rc == 0) {
		buf_clear(&t.head);
		tar_add_end(&t.head);
		rc = fs_write_fd(fd, t.head.p, t.head.n, err);
	}
	buf_done(&t.head);
	return rc;
}

int archive_write(const struct place_write *p, struct err *err)
{
	CLEANUP(fs_temp_done) struct fs_temp temp = FS_TEMP_NONE;
	CLEANUP(fd_close) int folder_fd = -1;
	char folder[TAR_NAME_MAX];
	struct str path = str_of(p->to->path);
	if (str_is(path, "-"))
		return write_to(p, p->fd, err);
	snprintf(folder, sizeof(folder), "%.*s", STR_ARG(path_dir(path)));
	if (fs_open(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY, 0, &folder_fd, err) < 0 ||
		fs_temp_file(folder_fd, &temp, err) < 0 || write_to(p, temp.fd, err) < 0)
		return -1;
	if (fchmod(temp.fd, 0644) < 0)
		return err_sys(err, "set the mode");
	struct str name = path_base(path);
	snprintf(folder, sizeof(folder), "%.*s", STR_ARG(name));
	return fs_publish(&temp, folder_fd, folder, FS_NO_SYNC, err);
}
