#include "build/commit.h"

struct str commit_media_type(enum compression c)
{
	switch (c) {
	case COMPRESS_NONE: return S(MEDIA_OCI_LAYER);
	case COMPRESS_GZIP: return S(MEDIA_OCI_LAYER_GZIP);
	case COMPRESS_ZSTD: return S(MEDIA_OCI_LAYER_ZSTD);
	}
	return S(MEDIA_OCI_LAYER);
}

struct layer_times commit_times(int64_t began_ns, bool has_epoch, int64_t epoch_ns)
{
	if (has_epoch)
		return (struct layer_times){epoch_ns, epoch_ns};
	/* The kernel stamps files with a clock that may be a few ticks behind. */
	return (struct layer_times){began_ns - CLOCK_SECOND, COMMIT_FILE_TIME_NS};
}

static int pack(const struct commit *c, int tree_fd, struct blob_writer *w, struct layer_info *ret,
	struct err *err)
{
	struct layer_pack p = {
		.tree_fd = tree_fd,
		.is_overlay_upper = true,
		.compression = c->compression,
		.level = c->level,
		.times = c->times,
		.sets_times = true,
		.out = blob_writer_sink(w),
		.pool = c->pool,
		.cancel = c->cancel,
		.on_progress = c->on_progress,
		.ctx = c->ctx,
	};
	return layer_pack(&p, ret, err);
}

int commit_tree(const struct commit *c, struct tree_writer *take_tree, struct step_result *ret,
	struct err *err)
{
	CLEANUP(blob_writer_free) struct blob_writer *w = NULL;
	struct layer_info info;
	struct digest stored;
	uint64_t size;
	char name[DIGEST_HEX];
	if (blob_create(c->store, DIGEST_SHA256, &w, err) < 0)
		return -1;
	blob_trust_digest(w);
	if (pack(c, take_tree->fd, w, &info, err) < 0 ||
		blob_commit(w, &info.digest, &stored, &size, err) < 0 ||
		tree_publish(take_tree, digest_hex(&info.diff_id, name, 0), err) < 0)
		return -1;
	struct layer_row row = {
		.diff_id = info.diff_id,
		.digest = info.digest,
		.media_type = commit_media_type(c->compression),
		.blob_bytes = info.blob_bytes,
		.tar_bytes = info.tar_bytes,
	};
	snprintf(row.tree, sizeof(row.tree), "%.64s", name);
	if (layer_row_put(c->store, &row, err) < 0)
		return -1;
	*ret = (struct step_result){
		.diff_id = info.diff_id,
		.layer = {.media_type = row.media_type,
			.digest = info.digest,
			.size = info.blob_bytes},
		.tar_bytes = info.tar_bytes,
	};
	snprintf(ret->tree, sizeof(ret->tree), "%s", row.tree);
	return 0;
}
