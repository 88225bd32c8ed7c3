/* OCI image layouts: a folder with oci-layout, index.json and blobs/. */
#include "remote/place_priv.h"

#include "base/num.h"

#include <fcntl.h>
#include <sys/stat.h>

enum { INDEX_MAX = IMAGE_MANIFEST_MAX, PIECE = 256 * 1024 };

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
	char path[DIGEST_TEXT + 16], hex[DIGEST_HEX];
	struct stat st;
	CLEANUP(fd_close) int fd = -1;
	snprintf(path, sizeof(path), "blobs/%s/%s", digest_algorithm_name(d->algorithm),
		digest_hex(d, hex, 0));
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
		if (cancel_check(x->p->cancel, err) < 0 || blob_write(w, room, (size_t)n, err) < 0)
			return -1;
		if (blob_writer_bytes(w) > d->size)
			return err_set(err, ERR_INPUT, "is larger than the %llu bytes announced",
				(unsigned long long)d->size);
	}
	return blob_commit(w, &d->digest, NULL, NULL, err);
}

/* 1 = was there already. */
static int take_blob(struct place_reading *x, const struct image_descriptor *d, struct err *err)
{
	CLEANUP(fd_close) int fd = -1;
	char text[DIGEST_TEXT];
	if (blob_exists(x->p->store, &d->digest))
		return 1;
	if (x->dir_fd < 0)
		return err_set(err, ERR_NOT_FOUND, "the archive has no %s",
			digest_text(&d->digest, text));
	if (open_blob(x, &d->digest, &fd, err) < 0 || copy_in(x, fd, d, err) < 0)
		return err_wrap(err, "blob %s", digest_text(&d->digest, text));
	return 0;
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
	if (!x->p->is_all_platforms) {
		if (image_index_pick(&f.m, &x->want, &picked, err) < 0)
			return -1;
		return take(x, picked, depth + 1, all, err);
	}
	for (size_t i = 0; i < f.m.n_items; i++)
		if (image_media_is_manifest(f.m.items[i].media_type) &&
			take(x, &f.m.items[i], depth + 1, all, err) < 0)
			return -1;
	return 0;
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

int layout_read(struct place_reading *x, struct err *err)
{
	CLEANUP(buf_done) struct buf version = BUF(4096), index = BUF(INDEX_MAX);
	if (fs_open(AT_FDCWD, x->p->from->path, O_RDONLY | O_DIRECTORY, 0, &x->dir_fd, err) < 0 ||
		fs_read_file_in(x->dir_fd, "oci-layout", &version, err) < 0 ||
		layout_check_version(buf_str(&version), err) < 0 ||
		fs_read_file_in(x->dir_fd, "index.json", &index, err) < 0)
		return -1;
	return layout_take(x, arena_str(x->a, buf_str(&index)), err);
}

/* ---- writing ---- */

static void add_entry(struct json_out *o, const struct image_descriptor *what,
	const struct image_ref *name)
{
	char text[DIGEST_TEXT];
	json_object(o);
	json_key(o, "mediaType");
	json_add_str(o, what->media_type);
	json_key(o, "digest");
	json_add_cstr(o, digest_text(&what->digest, text));
	json_key(o, "size");
	json_add_u64(o, what->size);
	if (name) {
		CLEANUP(buf_done) struct buf whole = BUF(1024);
		image_ref_add(&whole, name);
		json_key(o, "annotations");
		json_object(o);
		json_key(o, ANNOTATION_NAME);
		json_add_str(o, buf_str(&whole));
		json_key(o, ANNOTATION_REF);
		json_add_str(o, name->tag.n ? name->tag : S("latest"));
		json_end(o);
	}
	json_end(o);
}

static struct str old_annotation(const struct json *entry, const char *key)
{
	struct str value = STR_NONE;
	struct err ignored;
	(void)json_opt_str(json_get(entry, "annotations"), key, &value, &ignored);
	return value;
}

/* An entry goes when one of the names takes its place, or when it is the same image without a name. */
static bool is_replaced(const struct json *entry, const struct image_descriptor *what,
	const struct image_ref *names, size_t n_names)
{
	char text[DIGEST_TEXT];
	struct str digest = STR_NONE, ref = old_annotation(entry, ANNOTATION_REF);
	struct str name = old_annotation(entry, ANNOTATION_NAME);
	struct err ignored;
	(void)json_opt_str(entry, "digest", &digest, &ignored);
	if (!ref.n && !name.n && str_is(digest, digest_text(&what->digest, text)))
		return true;
	for (size_t i = 0; i < n_names; i++) {
		CLEANUP(buf_done) struct buf whole = BUF(1024);
		image_ref_add(&whole, &names[i]);
		bool has_same_tag = str_eq(ref, names[i].tag.n ? names[i].tag : S("latest"));
		if (name.n ? str_eq(name, buf_str(&whole)) : has_same_tag)
			return true;
	}
	return false;
}

void layout_add_index(struct buf *b, const struct json *old, const struct image_descriptor *what,
	const struct image_ref *names, size_t n_names)
{
	struct json_out o;
	const struct json *list = json_get(old, "manifests");
	json_out_init(&o, b, 0);
	json_object(&o);
	json_key(&o, "schemaVersion");
	json_add_i64(&o, 2);
	json_key(&o, "mediaType");
	json_add_cstr(&o, MEDIA_OCI_INDEX);
	json_key(&o, "manifests");
	json_array(&o);
	for (size_t i = 0; list && list->kind == JSON_ARRAY && i < list->n; i++)
		if (!is_replaced(&list->items[i], what, names, n_names))
			json_add_value(&o, &list->items[i]);
	for (size_t i = 0; i < n_names; i++)
		add_entry(&o, what, &names[i]);
	if (!n_names)
		add_entry(&o, what, NULL);
	json_end(&o);
	json_end(&o);
}

static const char *path_in_layout(const struct digest *d, char room[DIGEST_TEXT + 16])
{
	char hex[DIGEST_HEX];
	snprintf(room, DIGEST_TEXT + 16, "blobs/%s/%s", digest_algorithm_name(d->algorithm),
		digest_hex(d, hex, 0));
	return room;
}

static int add_blob(struct outgoing *out, const struct digest *d, struct place_target *t,
	struct err *err)
{
	char path[DIGEST_TEXT + 16];
	uint64_t size;
	CLEANUP(fd_close) int fd = -1;
	if (blob_open(out->store, d, &fd, &size, err) < 0)
		return -1;
	return t->add_file(t, path_in_layout(d, path), fd, size, err);
}

int layout_add_blobs(struct outgoing *out, struct place_target *t, struct err *err)
{
	char path[DIGEST_TEXT + 16];
	VEC_EACH(&out->blobs, d)
		if (add_blob(out, &d->digest, t, err) < 0)
			return -1;
	VEC_EACH(&out->documents, doc)
		if (!doc->is_missing &&
			t->add_bytes(t, path_in_layout(&doc->d.digest, path), doc->bytes, err) < 0)
			return -1;
	return 0;
}

/* ---- into a folder ---- */

struct folder {
	struct place_target target;
	int fd;
	const struct cancel *cancel;
};

static int folder_add_bytes(struct place_target *t, const char *path, struct str bytes,
	struct err *err)
{
	struct folder *f = (struct folder *)t;
	return fs_write_file(f->fd, path, bytes, 0644, FS_NO_SYNC, err);
}

static int folder_add_file(struct place_target *t, const char *path, int fd, uint64_t size,
	struct err *err)
{
	struct folder *f = (struct folder *)t;
	CLEANUP(fs_temp_done) struct fs_temp temp = FS_TEMP_NONE;
	struct stat st;
	uint64_t copied;
	if (fstatat(f->fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
		(uint64_t)st.st_size == size)
		return 0;
	if (cancel_check(f->cancel, err) < 0 || fs_temp_file(f->fd, &temp, err) < 0 ||
		fs_copy_fd(fd, temp.fd, &copied, err) < 0)
		return -1;
	if (fchmod(temp.fd, 0644) < 0)
		return err_sys(err, "set the mode of '%s'", path);
	return fs_publish(&temp, f->fd, path, FS_NO_SYNC, err);
}

static int write_folder(const struct place_write *p, struct folder *f, struct outgoing *out,
	struct err *err)
{
	CLEANUP(buf_done) struct buf old = BUF(INDEX_MAX), index = BUF(INDEX_MAX);
	struct json *v = NULL;
	struct err why = {0};
	if (fs_mkdirs(f->fd, "blobs/sha256", 0755, err) < 0 ||
		fs_mkdirs(f->fd, "blobs/sha512", 0755, err) < 0 ||
		layout_add_blobs(out, &f->target, err) < 0)
		return -1;
	(void)unlinkat(f->fd, "blobs/sha512", AT_REMOVEDIR); /* when nothing is in it */
	if (fs_read_file(f->fd, "index.json", &old, &why) == 0) {
		if (json_parse(buf_str(&old), NULL, out->a, &v, err) < 0)
			return err_wrap(err, "index.json");
	} else if (why.kind != ERR_NOT_FOUND) {
		*err = why;
		return -1;
	}
	layout_add_index(&index, v, &out->documents.p[out->documents.n - 1].d, p->names,
		p->n_names);
	if (buf_check(&index, "index.json", err) < 0 ||
		folder_add_bytes(&f->target, "oci-layout", S(LAYOUT_VERSION), err) < 0)
		return -1;
	return folder_add_bytes(&f->target, "index.json", buf_str(&index), err);
}

int layout_write(const struct place_write *p, struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(fd_close) int fd = -1;
	struct outgoing out = {.store = p->store, .a = &a};
	if (fs_mkdirs(AT_FDCWD, p->to->path, 0755, err) < 0 ||
		fs_open(AT_FDCWD, p->to->path, O_RDONLY | O_DIRECTORY, 0, &fd, err) < 0)
		return -1;
	struct folder f = {{folder_add_bytes, folder_add_file}, fd, p->cancel};
	int rc = outgoing_collect(&out, &p->what, err);
	if (rc == 0)
		rc = write_folder(p, &f, &out, err);
	outgoing_done(&out);
	return rc;
}
