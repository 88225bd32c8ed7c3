/* A layer in another compression: its tree packed again. The answer is remembered by diffID. */
#include "build/assemble.h"

#include "build/commit.h"
#include "base/num.h"
#include "layer/layer.h"

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

static int unpacked(struct build *b, const struct digest *diff_id,
	const struct image_descriptor *layer, struct rootfs *ret, struct err *err)
{
	struct image_config config = {.diff_ids = (struct digest[]){*diff_id}, .n_diff_ids = 1};
	struct image_descriptor one = *layer;
	struct image_manifest manifest = {.items = &one, .n_items = 1};
	struct rootfs_spec spec = {
		.store = b->spec->store,
		.pool = b->spec->pool,
		.events = b->spec->events,
		.event_parent = b->spec->event_parent,
		.cancel = b->spec->cancel,
	};
	return rootfs_prepare(&spec, &manifest, &config, b->arena, ret, err);
}

static int pack(struct build *b, const struct recompress *how, const char *tree,
	struct layer_info *ret, struct err *err)
{
	CLEANUP(fd_close) int fd = -1;
	CLEANUP(blob_writer_free) struct blob_writer *w = NULL;
	struct digest stored;
	uint64_t size;
	if (tree_open(b->spec->store, tree, &fd, err) < 0 ||
		blob_create(b->spec->store, DIGEST_SHA256, &w, err) < 0)
		return -1;
	blob_trust_digest(w);
	struct layer_pack p = {
		.tree_fd = fd,
		.is_overlay_upper = true,
		.compression = how->compression,
		.level = how->level,
		.times = {INT64_MAX, 0},
		.out = blob_writer_sink(w),
		.pool = b->spec->pool,
		.cancel = b->spec->cancel,
	};
	if (layer_pack(&p, ret, err) < 0)
		return -1;
	return blob_commit(w, &ret->digest, &stored, &size, err);
}

int recompress(struct build *b, const struct recompress *how, const struct digest *diff_id,
	struct image_descriptor *layer, struct err *err)
{
	struct digest question = question_of(how, diff_id);
	struct str media_type = commit_media_type(how->compression), answer;
	struct rootfs rootfs = {0};
	struct layer_info info;
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
	if (unpacked(b, diff_id, layer, &rootfs, err) < 0 ||
		pack(b, how, rootfs.trees[0], &info, err) < 0)
		return -1;
	*layer = (struct image_descriptor){
		.media_type = media_type, .digest = info.digest, .size = info.blob_bytes};
	answer = arena_fmt(b->arena, "%s %llu", digest_text(&info.digest, text),
		(unsigned long long)info.blob_bytes);
	return cache_remember(b->spec->store, &question, answer, err);
}
