#include "build/cache_source.h"

#include "fs/fs.h"

#include <fcntl.h>

enum { PIECE = 256 * 1024, LAYOUT_PATH = DIGEST_TEXT + 16 };

/* ---- a document of the place, with its digest verified ---- */

struct buf_sink {
	struct sink sink;
	struct buf *to;
};

static int add_to_buf(struct sink *s, const void *p, size_t n, struct err *err)
{
	struct buf *b = ((struct buf_sink *)s)->to;
	buf_add_bytes(b, p, n);
	return buf_check(b, "build cache", err);
}

static const char *path_in_layout(const struct digest *d, char room[LAYOUT_PATH])
{
	char hex[DIGEST_HEX];
	snprintf(room, LAYOUT_PATH, "blobs/%s/%s", digest_algorithm_name(d->algorithm),
		digest_hex(d, hex, 0));
	return room;
}

static int check_bytes(struct str bytes, const struct digest *want, struct err *err)
{
	CLEANUP(digester_free) struct digester *hash = digester_new(want->algorithm);
	char a[DIGEST_TEXT], b[DIGEST_TEXT];
	digester_add_str(hash, bytes);
	struct digest got = digester_finish(hash);
	return digest_eq(&got, want) ? 0
				     : err_set(err, ERR_INPUT, "expected %s, got %s",
					       digest_text(want, a), digest_text(&got, b));
}

static int read_document(struct cache_source *s, const struct image_descriptor *d, struct buf *ret,
	struct err *err)
{
	char path[LAYOUT_PATH];
	struct buf_sink sink = {{add_to_buf}, ret};
	if (d->size > ret->max)
		return err_set(err, ERR_LIMIT, "%llu bytes of cache document are more than %zu",
			(unsigned long long)d->size, ret->max);
	if (s->dir_fd < 0)
		return remote_fetch_blob(s->spec->remote, &s->name, d, &sink.sink, err);
	if (fs_read_file_in(s->dir_fd, path_in_layout(&d->digest, path), ret, err) < 0)
		return -1;
	return check_bytes(buf_str(ret), &d->digest, err) < 0 ? err_wrap(err, "'%s'", path) : 0;
}

/* ---- which manifest ---- */

static struct str annotation(const struct image_pairs *p, const char *key)
{
	for (size_t i = 0; i < p->n; i++)
		if (str_is(p->p[i].key, key))
			return p->p[i].value;
	return STR_NONE;
}

static bool is_wanted(const struct build_cache *from, const struct image_descriptor *d)
{
	char text[DIGEST_TEXT];
	if (from->digest)
		return str_is(str_of(from->digest), digest_text(&d->digest, text));
	return str_is(annotation(&d->annotations, "org.opencontainers.image.ref.name"),
		from->tag ? from->tag : "latest");
}

static int read_layout(struct cache_source *s, struct err *err)
{
	CLEANUP(buf_done) struct buf index_text = BUF(IMAGE_MANIFEST_MAX);
	CLEANUP(buf_done) struct buf text = BUF(IMAGE_MANIFEST_MAX);
	const struct build_cache *from = s->from;
	struct image_manifest index;
	if (fs_open(AT_FDCWD, from->ref, O_RDONLY | O_DIRECTORY, 0, &s->dir_fd, err) < 0 ||
		fs_read_file_in(s->dir_fd, "index.json", &index_text, err) < 0)
		return -1;
	if (image_manifest_parse(buf_str(&index_text), S(MEDIA_OCI_INDEX), &s->arena, &index, err) <
		0)
		return err_wrap(err, "index.json");
	for (size_t i = 0; i < index.n_items; i++) {
		const struct image_descriptor *d = &index.items[i];
		if (!is_wanted(from, d))
			continue;
		return read_document(s, d, &text, err) < 0 ||
				image_manifest_parse(buf_str(&text), d->media_type, &s->arena,
					&s->manifest, err) < 0
			? -1
			: 0;
	}
	return err_set(err, ERR_NOT_FOUND, "it has no '%s'",
		from->digest        ? from->digest
			: from->tag ? from->tag
				    : "latest");
}

static int fetch_manifest(struct cache_source *s, struct err *err)
{
	struct image_descriptor d;
	struct str bytes;
	if (remote_fetch_manifest(s->spec->remote, &s->name, &s->arena, &d, &bytes, err) < 0)
		return -1;
	return image_manifest_parse(bytes, d.media_type, &s->arena, &s->manifest, err);
}

/* An image of several platforms: the one that is built for. */
static int read_registry(struct cache_source *s, struct err *err)
{
	struct image_platform want = s->spec->platform ? *s->spec->platform : image_platform_host();
	const struct image_descriptor *picked;
	if (image_ref_parse(str_of(s->from->ref), &s->arena, &s->name, err) < 0)
		return -1;
	image_ref_default_tag(&s->name);
	if (fetch_manifest(s, err) < 0)
		return -1;
	if (s->manifest.kind == IMAGE_MANIFEST)
		return 0;
	if (image_index_pick(&s->manifest, &want, &picked, err) < 0)
		return -1;
	s->name.digest = picked->digest;
	return fetch_manifest(s, err);
}

/* ---- what it says ---- */

/* The config of a cache, or what an image brings with it. */
static int read_cache(struct cache_source *s, struct err *err)
{
	CLEANUP(buf_done) struct buf bytes = BUF(CACHE_DOCUMENT_MAX);
	struct str inlined = annotation(&s->manifest.annotations, CACHE_ANNOTATION);
	if (s->manifest.kind == IMAGE_MANIFEST &&
		str_is(s->manifest.config.media_type, MEDIA_BUILD_CACHE)) {
		if (read_document(s, &s->manifest.config, &bytes, err) < 0)
			return -1;
	} else if (inlined.n) {
		buf_add(&bytes, inlined);
	} else {
		err_set(err, ERR_NOT_FOUND, "it holds no build cache of knarr");
		return err_hint(err, "make one with --cache-to type=registry, local or inline");
	}
	return cache_document_parse(buf_str(&bytes), &s->arena, &s->document, err);
}

int cache_source_open(const struct build_spec *spec, const struct build_cache *from,
	struct cache_source *ret, struct err *err)
{
	*ret = (struct cache_source){.spec = spec, .from = from, .dir_fd = -1};
	int rc = from->kind == BUILD_CACHE_LOCAL ? read_layout(ret, err) : read_registry(ret, err);
	if (rc == 0)
		rc = read_cache(ret, err);
	if (rc < 0)
		cache_source_done(ret);
	return rc;
}

void cache_source_done(struct cache_source *s)
{
	fd_close(s->dir_fd);
	arena_done(&s->arena);
	*s = (struct cache_source){.dir_fd = -1};
}

/* ---- layers ---- */

bool cache_source_has(const struct cache_source *s, const struct digest *layer)
{
	for (size_t i = 0; i < s->manifest.n_items; i++)
		if (digest_eq(&s->manifest.items[i].digest, layer))
			return true;
	return false;
}

static int open_layer(struct cache_source *s, const struct image_descriptor *layer, int *ret_fd,
	struct err *err)
{
	CLEANUP(fd_close) int fd = -1;
	char path[LAYOUT_PATH];
	struct stat st;
	path_in_layout(&layer->digest, path);
	if (fs_open_in(s->dir_fd, path, O_RDONLY | O_NONBLOCK, 0, &fd, err) < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return err_sys(err, "stat '%s'", path);
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != layer->size)
		return err_set(err, ERR_INPUT, "'%s' is not a file of %llu bytes", path,
			(unsigned long long)layer->size);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int copy_layer(struct cache_source *s, const struct image_descriptor *layer,
	struct blob_writer *to, struct err *err)
{
	CLEANUP(fd_close) int fd = -1;
	CLEANUP(mem_free) char *room = mem_new(PIECE, 1);
	if (open_layer(s, layer, &fd, err) < 0)
		return -1;
	while (blob_writer_bytes(to) < layer->size) {
		ssize_t n = read(fd, room, PIECE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "read a layer");
		if (n == 0)
			return err_set(err, ERR_INPUT, "a layer became shorter");
		if (cancel_check(s->spec->cancel, err) < 0 ||
			blob_write(to, room, (size_t)n, err) < 0)
			return -1;
	}
	return 0;
}

int cache_source_fetch(struct cache_source *s, const struct image_descriptor *layer,
	struct err *err)
{
	CLEANUP(blob_writer_free) struct blob_writer *w = NULL;
	struct digest stored;
	uint64_t size;
	if (blob_create(s->spec->store, layer->digest.algorithm, &w, err) < 0)
		return -1;
	if (s->dir_fd >= 0) {
		if (copy_layer(s, layer, w, err) < 0)
			return -1;
	} else {
		blob_trust_digest(w); /* remote compares it on the way */
		if (remote_fetch_blob(s->spec->remote, &s->name, layer, blob_writer_sink(w), err) <
			0)
			return -1;
	}
	return blob_commit(w, &layer->digest, &stored, &size, err);
}
