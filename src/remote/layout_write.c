/* An OCI layout's index, and writing one into a folder. */
#include "remote/place_priv.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

/* ---- index.json ---- */

/* name NULL: only the reference ("" = none). */
static void add_entry(struct json_out *o, const struct image_descriptor *what,
	const struct image_ref *name, struct str reference)
{
	char text[DIGEST_TEXT];
	json_object(o);
	json_key(o, "mediaType");
	json_add_str(o, what->media_type);
	json_key(o, "digest");
	json_add_cstr(o, digest_text(&what->digest, text));
	json_key(o, "size");
	json_add_u64(o, what->size);
	if (name)
		reference = name->tag.n ? name->tag : S("latest");
	if (reference.n) {
		CLEANUP(buf_done) struct buf whole = BUF(1024);
		json_key(o, "annotations");
		json_object(o);
		if (name) {
			image_ref_add(&whole, name);
			json_key(o, ANNOTATION_NAME);
			json_add_str(o, buf_str(&whole));
		}
		json_key(o, ANNOTATION_REF);
		json_add_str(o, reference);
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
	const struct image_ref *names, size_t n_names, struct str reference)
{
	char text[DIGEST_TEXT];
	struct str digest = STR_NONE, ref = old_annotation(entry, ANNOTATION_REF);
	struct str name = old_annotation(entry, ANNOTATION_NAME);
	struct err ignored;
	(void)json_opt_str(entry, "digest", &digest, &ignored);
	if (!ref.n && !name.n && str_is(digest, digest_text(&what->digest, text)))
		return true;
	if (!n_names && reference.n && str_eq(ref, reference))
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
	const struct image_ref *names, size_t n_names, struct str reference)
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
		if (!is_replaced(&list->items[i], what, names, n_names, reference))
			json_add_value(&o, &list->items[i]);
	for (size_t i = 0; i < n_names; i++)
		add_entry(&o, what, &names[i], STR_NONE);
	if (!n_names)
		add_entry(&o, what, NULL, reference);
	json_end(&o);
	json_end(&o);
}

/* ---- blobs ---- */

static int add_blob(struct outgoing *out, const struct digest *d, struct place_target *t,
	struct err *err)
{
	char path[LAYOUT_PATH];
	uint64_t size;
	CLEANUP(fd_close) int fd = -1;
	if (blob_open(out->store, d, &fd, &size, err) < 0)
		return -1;
	return t->add_file(t, layout_blob_path(d, path), fd, size, err);
}

int layout_add_blobs(struct outgoing *out, struct place_target *t, struct err *err)
{
	char path[LAYOUT_PATH];
	VEC_EACH(&out->blobs, d)
		if (add_blob(out, &d->digest, t, err) < 0)
			return -1;
	VEC_EACH(&out->documents, doc)
		if (!doc->is_missing &&
			t->add_bytes(t, layout_blob_path(&doc->d.digest, path), doc->bytes, err) <
				0)
			return -1;
	return 0;
}

/* ---- into a folder ---- */

struct folder {
	struct place_target target;
	int fd;
	const struct cancel *cancel;
};

/* A layout may be in a folder that somebody else writes to: a symlink there leads nowhere else. */
static int folder_add_bytes(struct place_target *t, const char *path, struct str bytes,
	struct err *err)
{
	struct folder *f = (struct folder *)t;
	CLEANUP(fd_close) int dir_fd = -1;
	const char *name;
	if (fs_parent_in(f->fd, path, 0755, &dir_fd, &name, err) < 0)
		return -1;
	return fs_write_file(dir_fd, name, bytes, 0644, FS_NO_SYNC, err);
}

static int folder_add_file(struct place_target *t, const char *path, int fd, uint64_t size,
	struct err *err)
{
	struct folder *f = (struct folder *)t;
	CLEANUP(fd_close) int dir_fd = -1;
	CLEANUP(fs_temp_done) struct fs_temp temp = FS_TEMP_NONE;
	const char *name;
	struct stat st;
	uint64_t copied;
	if (fs_parent_in(f->fd, path, 0755, &dir_fd, &name, err) < 0)
		return -1;
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
		(uint64_t)st.st_size == size)
		return 0;
	if (cancel_check(f->cancel, err) < 0 || fs_temp_file(f->fd, &temp, err) < 0 ||
		fs_copy_fd(fd, temp.fd, &copied, err) < 0)
		return -1;
	if (fchmod(temp.fd, 0644) < 0)
		return err_sys(err, "set the mode of '%s'", path);
	return fs_publish(&temp, dir_fd, name, FS_NO_SYNC, err);
}

/* "blobs/sha512" is there only when something is in it. */
static bool has_sha512(const struct outgoing *out)
{
	VEC_EACH(&out->blobs, d)
		if (d->digest.algorithm == DIGEST_SHA512)
			return true;
	VEC_EACH(&out->documents, doc)
		if (doc->d.digest.algorithm == DIGEST_SHA512)
			return true;
	return false;
}

static int write_blobs(struct folder *f, struct outgoing *out, struct err *err)
{
	if (fs_mkdirs_in(f->fd, "blobs/sha256", 0755, err) < 0 ||
		(has_sha512(out) && fs_mkdirs_in(f->fd, "blobs/sha512", 0755, err) < 0) ||
		layout_add_blobs(out, &f->target, err) < 0)
		return -1;
	return folder_add_bytes(&f->target, "oci-layout", S(LAYOUT_VERSION), err);
}

static int write_index(const struct place_write *p, struct folder *f, struct outgoing *out,
	struct err *err)
{
	CLEANUP(buf_done) struct buf old = BUF(IMAGE_MANIFEST_MAX), index = BUF(IMAGE_MANIFEST_MAX);
	struct json *v = NULL;
	struct err why = {0};
	if (fs_read_file_in(f->fd, "index.json", &old, &why) == 0) {
		if (json_parse(buf_str(&old), NULL, out->a, &v, err) < 0)
			return err_wrap(err, "index.json");
	} else if (why.kind != ERR_NOT_FOUND) {
		*err = why;
		return -1;
	}
	layout_add_index(&index, v, &out->documents.p[out->documents.n - 1].d, p->names, p->n_names,
		p->to->reference);
	if (buf_check(&index, "index.json", err) < 0)
		return -1;
	return folder_add_bytes(&f->target, "index.json", buf_str(&index), err);
}

/* Two writers each keep what the other added: the folder is locked while the index is changed. */
static int change_index(const struct place_write *p, struct folder *f, struct outgoing *out,
	struct err *err)
{
	if (flock(f->fd, LOCK_EX) < 0)
		return err_sys(err, "lock the layout");
	int rc = write_index(p, f, out, err);
	(void)flock(f->fd, LOCK_UN); /* closing would do it too */
	return rc;
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
		rc = write_blobs(&f, &out, err);
	if (rc == 0)
		rc = change_index(p, &f, &out, err);
	outgoing_done(&out);
	return rc;
}
