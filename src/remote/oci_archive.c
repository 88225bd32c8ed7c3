/* An OCI layout in a tar. Blobs may come before the index that names them, so all are stored as they
 * come, each under the digest of its name; what the index does not lead to is collected later. */
#include "remote/archive_priv.h"

enum { BLOBS_AT_ONCE = 16 };

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
		ssize_t n = archive_peek(&o->archive, &p, err);
		if (n < 0 || (n > 0 && blob_write(w, p, (size_t)n, err) < 0))
			return -1;
		if (n == 0)
			break;
		archive_take(&o->archive, (size_t)n);
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
	archive_open(&o.archive, fd, x);
	int rc = read_entries(&o, err);
	if (rc == 0)
		rc = layout_take(x, arena_str(x->a, buf_str(&o.index)), err);
	while (o.n)
		blob_writer_free(o.commits[--o.n].writer);
	archive_close(&o.archive);
	buf_done(&o.index);
	return rc;
}
