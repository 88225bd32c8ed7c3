/* Images out of an OCI layout: a folder with oci-layout, index.json and blobs/. The same for the index of
 * an archive, whose blobs are in the store by then. */
#include "remote/place_priv.h"

#include "base/num.h"

#include <fcntl.h>
#include <sys/stat.h>

enum { PIECE = 256 * 1024 };

const char *layout_blob_path(const struct digest *d, char room[LAYOUT_PATH])
{
	char hex[DIGEST_HEX];
	snprintf(room, LAYOUT_PATH, "blobs/%s/%s", digest_algorithm_name(d->algorithm),
		digest_hex(d, hex, 0));
	return room;
}

int layout_check_version(struct str bytes, struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct json *v = NULL;
	struct str version;
	if (json_parse(bytes, NULL, &a, &v, err) < 0 ||
		json_get_str(v, "imageLayoutVersion", &version, err) < 0)
		return err_wrap(err, "oci-layout");
	if (!str_is(version, "1.0.0"))
		return err_set(err, ERR_UNSUPPORTED, "oci-layout: version '%.*s' is not known",
			STR_ARG(str_sub(version, 0, 50)));
	return 0;
}

/* ---- which image ---- */

static struct str annotation(const struct image_descriptor *d, const char *key)
{
	for (size_t i = 0; i < d->annotations.n; i++)
		if (str_is(d->annotations.p[i].key, key))
			return d->annotations.p[i].value;
	return STR_NONE;
}

/* The whole name when there is one, else whatever is there. */
static struct str name_of(const struct image_descriptor *d)
{
	struct str name = annotation(d, ANNOTATION_NAME);
	return name.n ? name : annotation(d, ANNOTATION_REF);
}

static bool is_called(struct arena *a, const struct image_descriptor *d, struct str reference)
{
	char text[DIGEST_TEXT];
	struct image_ref want, have;
	struct err ignored;
	struct str name = annotation(d, ANNOTATION_NAME);
	if (str_eq(annotation(d, ANNOTATION_REF), reference) || str_eq(name, reference) ||
		str_is(reference, digest_text(&d->digest, text)))
		return true;
	if (!name.n || image_ref_parse(name, a, &have, &ignored) < 0 ||
		image_ref_parse(reference, a, &want, &ignored) < 0)
		return false;
	image_ref_default_tag(&want);
	return str_eq(want.domain, have.domain) && str_eq(want.path, have.path) &&
		str_eq(want.tag, have.tag);
}

static int cannot_choose(const struct image_manifest *index, struct str reference, struct err *err)
{
	CLEANUP(buf_done) struct buf names = BUF(200);
	for (size_t i = 0; i < index->n_items; i++)
		buf_fmt(&names, "%s%.*s", names.n ? ", " : "",
			STR_ARG(str_sub(name_of(&index->items[i]), 0, 100)));
	if (reference.n)
		err_set(err, ERR_NOT_FOUND, "there is no image '%.*s'", STR_ARG(reference));
	else if (!index->n_items)
		return err_set(err, ERR_NOT_FOUND, "there is no image");
	else
		err_set(err, ERR_CONFLICT, "there are %zu images: say which", index->n_items);
	return err_hint(err, "there is: %s", buf_cstr(&names));
}

static int choose(struct arena *a, const struct image_manifest *index, struct str reference,
	const struct image_descriptor **ret, struct err *err)
{
	uint64_t number;
	struct err ignored;
	*ret = NULL;
	if (str_starts(reference, S("@")) && index->n_items &&
		num_parse_u64(str_skip(reference, 1), 0, index->n_items - 1, &number, &ignored) ==
			0)
		*ret = &index->items[number];
	for (size_t i = 0; reference.n && !*ret && i < index->n_items; i++)
		if (is_called(a, &index->items[i], reference))
			*ret = &index->items[i];
	if (!reference.n && index->n_items == 1)
		*ret = &index->items[0];
	return *ret ? 0 : cannot_choose(index, reference, err);
}

/* ---- taking it out ---- */

static int open_blob(struct place_reading *x, const struct digest *d, int *ret_fd, struct err *err)
{
	char path[LAYOUT_PATH];
	struct stat st;
	CLEANUP(fd_close) int fd = -1;
	layout_blob_path(d, path);
	if (fs_open_in(x->dir_fd, path, O_RDONLY | O_NONBLOCK, 0, &fd, err) < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return err_sys(err, "stat '%s'", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_INPUT, "'%s' is not a file", path);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int copy_in(struct place_reading *x, int fd, const struct image_descriptor *d,
	struct err *err)
{
	CLEANUP(blob_writer_free) struct blob_writer *w = NULL;
	CLEANUP(mem_free) char *room = mem_new(PIECE, 1);
	if (blob_create(x->p->store, d->digest.algorithm, &w, err) < 0)
		return -1;
	for (;;) {
		ssize_t n = read(fd, room, PIECE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "read a blob");
		if (n == 0)
			break;
		progress_add(&x->progress, (uint64_t)n);
		if (cancel_check(x->p->cancel, err) < 0 || blob_write(w, room, (size_t)n, err) < 0)
			return -1;
		if (blob_writer_bytes(w) > d->size)
			return err_set(err, ERR_INPUT, "is larger than the %llu bytes announced",
				(unsigned long long)d->size);
	}
	return blob_commit(w, &d->digest, NULL, NULL, err);
}

static int take_missing_blob(struct place_reading *x, const struct image_descriptor *d,
	struct err *err)
{
	CLEANUP(fd_close) int fd = -1;
	char text[DIGEST_TEXT];
	if (x->dir_fd < 0)
		return err_set(err, ERR_NOT_FOUND, "the archive has no %s",
			digest_text(&d->digest, text));
	if (open_blob(x, &d->digest, &fd, err) < 0 || copy_in(x, fd, d, err) < 0)
		return err_wrap(err, "blob %s", digest_text(&d->digest, text));
	return 0;
}

static int take_blob(struct place_reading *x, const struct image_descriptor *d, struct err *err)
{
	char text[DIGEST_TEXT];
	uint64_t size;
	if (!blob_exists(x->p->store, &d->digest) && take_missing_blob(x, d, err) < 0)
		return -1;
	if (blob_size(x->p->store, &d->digest, &size, err) < 0)
		return -1;
	if (size == d->size)
		return 0;
	return err_set(err, ERR_INPUT, "blob %s has %llu bytes, its descriptor says %llu",
		digest_text(&d->digest, text), (unsigned long long)size,
		(unsigned long long)d->size);
}

static int read_document(struct place_reading *x, const struct image_descriptor *d,
	struct fetched_manifest *ret, struct err *err)
{
	CLEANUP(buf_done) struct buf bytes = BUF(IMAGE_MANIFEST_MAX);
	char text[DIGEST_TEXT];
	struct fetched_manifest f = {.descriptor = *d};
	if (d->size > IMAGE_MANIFEST_MAX)
		return err_set(err, ERR_LIMIT, "manifest %s is too large",
			digest_text(&d->digest, text));
	if (take_blob(x, d, err) < 0 || blob_read(x->p->store, &d->digest, &bytes, err) < 0)
		return -1;
	f.bytes = arena_str(x->a, buf_str(&bytes));
	if (image_manifest_parse(f.bytes, d->media_type, x->a, &f.m, err) < 0)
		return err_wrap(err, "manifest %s", digest_text(&d->digest, text));
	f.descriptor.media_type = f.m.media_type;
	f.descriptor.size = f.bytes.n;
	f.descriptor.annotations = (struct image_pairs){0}; /* the index's, not the image's */
	*ret = f;
	return 0;
}

static int take_layers(struct place_reading *x, const struct image_manifest *m, struct err *err)
{
	if (take_blob(x, &m->config, err) < 0)
		return -1;
	for (size_t i = 0; i < m->n_items; i++)
		if (take_blob(x, &m->items[i], err) < 0)
			return -1;
	return 0;
}

static bool was_seen(const struct fetched_manifests *all, const struct digest *d)
{
	VEC_EACH(all, f)
		if (digest_eq(&f->descriptor.digest, d))
			return true;
	return false;
}

/* An index may list what was never copied: skopeo and docker save leave other platforms out. */
static bool is_here(struct place_reading *x, const struct digest *d)
{
	char path[LAYOUT_PATH];
	struct err ignored;
	struct stat st;
	return blob_exists(x->p->store, d) ||
		(x->dir_fd >= 0 &&
			fs_stat_in(x->dir_fd, layout_blob_path(d, path), &st, &ignored) == 0);
}

static int take(struct place_reading *x, const struct image_descriptor *d, unsigned depth,
	struct fetched_manifests *all, struct err *err);

static int take_all(struct place_reading *x, const struct image_manifest *index, unsigned depth,
	struct fetched_manifests *all, struct err *err)
{
	bool is_any = false;
	for (size_t i = 0; i < index->n_items; i++) {
		const struct image_descriptor *d = &index->items[i];
		if (!image_media_is_manifest(d->media_type) || !is_here(x, &d->digest))
			continue;
		if (take(x, d, depth + 1, all, err) < 0)
			return -1;
		is_any = true;
	}
	return is_any ? 0 : err_set(err, ERR_NOT_FOUND, "nothing of what the index lists is here");
}

static int take(struct place_reading *x, const struct image_descriptor *d, unsigned depth,
	struct fetched_manifests *all, struct err *err)
{
	struct fetched_manifest f;
	const struct image_descriptor *picked = NULL;
	if (depth > IMAGE_DEPTH_MAX)
		return err_set(err, ERR_LIMIT, "indexes are nested deeper than %d",
			IMAGE_DEPTH_MAX);
	if (was_seen(all, &d->digest))
		return 0;
	if (read_document(x, d, &f, err) < 0)
		return -1;
	vec_push(all, f);
	if (f.m.kind == IMAGE_MANIFEST)
		return take_layers(x, &f.m, err);
	if (x->p->is_all_platforms)
		return take_all(x, &f.m, depth, all, err);
	if (image_index_pick(&f.m, &x->want, &picked, err) < 0)
		return -1;
	return take(x, picked, depth + 1, all, err);
}

int layout_take(struct place_reading *x, struct str index_bytes, struct err *err)
{
	struct image_manifest index;
	const struct image_descriptor *d = NULL;
	struct fetched_manifests all = {0};
	if (image_manifest_parse(index_bytes, S(MEDIA_OCI_INDEX), x->a, &index, err) < 0)
		return err_wrap(err, "index.json");
	if (choose(x->a, &index, x->p->from->reference, &d, err) < 0)
		return -1;
	int rc = take(x, d, 0, &all, err);
	if (rc == 0)
		rc = place_keep(x, &all, name_of(d), err);
	vec_done(&all);
	return rc;
}

/* One of the two files that every layout has. */
static int read_part(struct place_reading *x, const char *name, struct buf *ret, struct err *err)
{
	struct err why = {0};
	if (fs_read_file_in(x->dir_fd, name, ret, &why) == 0)
		return 0;
	if (why.kind == ERR_NOT_FOUND)
		return err_set(err, ERR_INPUT, "is no OCI layout: it has no %s", name);
	*err = why;
	return -1;
}

int layout_read(struct place_reading *x, struct err *err)
{
	CLEANUP(buf_done) struct buf version = BUF(4096), index = BUF(IMAGE_MANIFEST_MAX);
	if (fs_open(AT_FDCWD, x->p->from->path, O_RDONLY | O_DIRECTORY, 0, &x->dir_fd, err) < 0 ||
		read_part(x, "oci-layout", &version, err) < 0 ||
		layout_check_version(buf_str(&version), err) < 0 ||
		read_part(x, "index.json", &index, err) < 0)
		return -1;
	return layout_take(x, arena_str(x->a, buf_str(&index)), err);
}
