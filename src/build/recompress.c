/* A layer in another compression. The answer is remembered by diffID.
 *
 * Its tree packed again gives the bytes that a build with this compression would have made. That
 * works for layers made here; a foreign tar is another one, and its own bytes are compressed then. */
#include "build/assemble.h"

#include "build/commit.h"
#include "base/num.h"
#include "compress/compress.h"
#include "fs/stream.h"
#include "layer/layer.h"

enum { PIECE_BYTES = 4 * 1024 * 1024 };

static struct digest question_of(const struct recompress *how, const struct digest *diff_id)
{
	CLEANUP(digester_free) struct digester *d = digester_new(DIGEST_SHA256);
	digester_add_framed(d, S("recompress/1"));
	digester_add_u64(d, how->compression);
	digester_add_u64(d, (uint64_t)how->level);
	digester_add(d, diff_id->bytes, sizeof(diff_id->bytes));
	return digester_finish(d);
}

/* "sha256:… 12345" */
static int read_answer(struct str answer, struct image_descriptor *layer, struct err *err)
{
	struct str rest = answer, text = STR_NONE;
	(void)str_cut(&rest, ' ', &text); /* an answer is not NULL */
	uint64_t size;
	if (digest_parse(text, &layer->digest, err) < 0 ||
		num_parse_u64(rest, 0, BLOB_MAX_BYTES, &size, err) < 0)
		return -1;
	layer->size = size;
	return 0;
}

/* The layer's tree, when it has one that does not depend on the layers below it; else NULL. */
static int unpacked(struct build *b, const struct digest *diff_id,
	const struct image_descriptor *layer, const char **ret_tree, struct err *err)
{
	char hex[DIGEST_HEX];
	struct rootfs_spec spec = {
		.store = b->spec->store,
		.pool = b->spec->pool,
		.events = b->spec->events,
		.event_parent = b->spec->event_parent,
		.cancel = b->spec->cancel,
	};
	*ret_tree = NULL;
	digest_hex(diff_id, hex, 0);
	if (!tree_exists(b->spec->store, hex) && rootfs_on_layer(&spec, layer, err) < 0)
		return -1;
	if (tree_exists(b->spec->store, hex))
		*ret_tree = arena_cstr(b->arena, str_of(hex));
	return 0;
}

static int pack_tree(struct build *b, const struct recompress *how, const char *tree,
	struct sink *out, struct layer_info *ret, struct err *err)
{
	CLEANUP(fd_close) int fd = -1;
	if (tree_open(b->spec->store, tree, &fd, err) < 0)
		return -1;
	struct layer_pack p = {
		.tree_fd = fd,
		.is_overlay_upper = true,
		.compression = how->compression,
		.level = how->level,
		.times = {INT64_MAX, 0},
		.out = out,
		.pool = b->spec->pool,
		.cancel = b->spec->cancel,
	};
	return layer_pack(&p, ret, err);
}

/* The tar's bytes as they are, member by member. */
static int press_stream(struct build *b, const struct recompress *how, struct source *tar,
	struct sink *out, struct layer_info *ret, struct err *err)
{
	CLEANUP(digester_free) struct digester *diff_id = digester_new(DIGEST_SHA256);
	CLEANUP(digester_free) struct digester *digest = digester_new(DIGEST_SHA256);
	CLEANUP(compressor_free) struct compressor *c = NULL;
	CLEANUP(mem_free) char *piece = mem_new(PIECE_BYTES, 1);
	CLEANUP(buf_done) struct buf packed = BUF(2 * PIECE_BYTES);
	ssize_t n;
	if (how->compression != COMPRESS_NONE)
		c = compressor_new(how->compression, how->level);
	while ((n = source_read_full(tar, piece, PIECE_BYTES, err)) > 0) {
		buf_clear(&packed);
		if (cancel_check(b->spec->cancel, err) < 0)
			return -1;
		if (!c)
			buf_add(&packed, str_n(piece, (size_t)n));
		else if (compressor_member(c, str_n(piece, (size_t)n), &packed, err) < 0)
			return -1;
		digester_add(diff_id, piece, (size_t)n);
		digester_add_str(digest, buf_str(&packed));
		ret->tar_bytes += (uint64_t)n;
		ret->blob_bytes += packed.n;
		if (sink_write(out, packed.p, packed.n, err) < 0)
			return -1;
	}
	ret->diff_id = digester_finish(diff_id);
	ret->digest = digester_finish(digest);
	return n < 0 ? -1 : 0;
}

static int press_blob(struct build *b, const struct recompress *how,
	const struct image_descriptor *layer, struct sink *out, struct layer_info *ret,
	struct err *err)
{
	CLEANUP(fd_close) int fd = -1;
	uint64_t size;
	if (blob_open(b->spec->store, &layer->digest, &fd, &size, err) < 0)
		return -1;
	struct fs_source from = fs_source(fd);
	CLEANUP(inflater_free) struct inflater *tar = inflater_new(&from.source, LAYER_MAX_BYTES);
	return press_stream(b, how, inflater_source(tar), out, ret, err);
}

/* tree NULL: from the layer's bytes. 1 = made, 0 = the tree does not give the layer back. */
static int make(struct build *b, const struct recompress *how, const char *tree,
	const struct digest *diff_id, struct image_descriptor *layer, struct err *err)
{
	CLEANUP(blob_writer_free) struct blob_writer *w = NULL;
	struct layer_info info = {0};
	struct digest stored;
	uint64_t size;
	if (blob_create(b->spec->store, DIGEST_SHA256, &w, err) < 0)
		return -1;
	blob_trust_digest(w);
	int rc = tree ? pack_tree(b, how, tree, blob_writer_sink(w), &info, err)
		      : press_blob(b, how, layer, blob_writer_sink(w), &info, err);
	if (rc < 0)
		return -1;
	if (!digest_eq(&info.diff_id, diff_id))
		return tree ? 0 : err_set(err, ERR_CORRUPT, "layer is not what its diffID says");
	if (blob_commit(w, &info.digest, &stored, &size, err) < 0)
		return -1;
	layer->media_type = commit_media_type(how->compression);
	layer->digest = info.digest;
	layer->size = info.blob_bytes;
	return 1;
}

int recompress(struct build *b, const struct recompress *how, const struct digest *diff_id,
	struct image_descriptor *layer, struct err *err)
{
	struct digest question = question_of(how, diff_id);
	struct str media_type = commit_media_type(how->compression), answer;
	const char *tree;
	char text[DIGEST_TEXT];
	if (str_eq(layer->media_type, media_type) && !how->is_forced)
		return 0;
	int known = cache_recall(b->spec->store, &question, b->arena, &answer, err);
	if (known < 0)
		return -1;
	struct image_descriptor found = {.media_type = media_type};
	if (known > 0 && read_answer(answer, &found, err) < 0)
		return -1;
	if (known > 0 && blob_exists(b->spec->store, &found.digest)) {
		*layer = found;
		return blob_keep(b->spec->store, &found.digest, err);
	}
	if (unpacked(b, diff_id, layer, &tree, err) < 0)
		return -1;
	int made = tree ? make(b, how, tree, diff_id, layer, err) : 0;
	if (made == 0)
		made = make(b, how, NULL, diff_id, layer, err);
	if (made < 0)
		return -1;
	answer = arena_fmt(b->arena, "%s %llu", digest_text(&layer->digest, text),
		(unsigned long long)layer->size);
	return cache_remember(b->spec->store, &question, answer, err);
}
