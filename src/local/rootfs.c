#include "local/rootfs.h"

#include "fs/fs.h"
#include "fs/stream.h"
#include "layer/layer.h"

#include <fcntl.h>

/* One layer on its way to a tree. */
struct unpacking {
	const struct rootfs_spec *spec;
	const struct image_descriptor *layer;
	const struct digest *diff_id; /* NULL = whatever it is */
	char event_id[32];
	uint64_t blob_bytes;
};

static void on_progress(void *ctx, uint64_t tar_bytes)
{
	struct unpacking *u = ctx;
	event_progress(u->spec->events, str_of(u->event_id), tar_bytes, 0);
}

static int note_row(const struct unpacking *u, const struct layer_info *info, const char *tree,
	struct err *err)
{
	struct layer_row row = {
		.diff_id = info->diff_id,
		.digest = u->layer->digest,
		.media_type = u->layer->media_type,
		.blob_bytes = u->blob_bytes,
		.tar_bytes = info->tar_bytes,
	};
	snprintf(row.tree, sizeof(row.tree), "%s", tree);
	return layer_row_put(u->spec->store, &row, err);
}

/* Fills w->fd from the blob; lowers are only looked at for hard links. */
static int fill(struct unpacking *u, struct tree_writer *w, const int *lower_fds, size_t n_lowers,
	struct layer_info *ret, bool *ret_needed_lowers, struct err *err)
{
	CLEANUP(fd_close) int fd = -1;
	if (blob_open(u->spec->store, &u->layer->digest, &fd, &u->blob_bytes, err) < 0)
		return -1;
	struct fs_source from = fs_source(fd);
	struct layer_unpack unpack = {
		.blob = &from.source,
		.tree_fd = w->fd,
		.lower_fds = lower_fds,
		.n_lowers = n_lowers,
		.ret_needed_lowers = ret_needed_lowers,
		.pool = u->spec->pool,
		.cancel = u->spec->cancel,
		.on_progress = on_progress,
		.ctx = u,
	};
	if (layer_unpack(&unpack, ret, err) < 0)
		return -1;
	if (u->diff_id && !digest_eq(&ret->diff_id, u->diff_id)) {
		char want[DIGEST_TEXT], got[DIGEST_TEXT];
		return err_set(err, ERR_CORRUPT, "expected content %s, got %s",
			digest_text(u->diff_id, want), digest_text(&ret->diff_id, got));
	}
	return 0;
}

static void begin_event(struct unpacking *u)
{
	char hex[DIGEST_HEX], title[64];
	digest_hex(&u->layer->digest, hex, 12);
	snprintf(u->event_id, sizeof(u->event_id), "unpack/%.12s", hex);
	snprintf(title, sizeof(title), "unpack %.12s", hex);
	event_begin(u->spec->events, str_of(u->event_id), u->spec->event_parent, str_of(title));
}

static int end_event(struct unpacking *u, int rc, struct err *err)
{
	char hex[DIGEST_HEX];
	enum event_result result = rc == 0  ? EVENT_OK
		: err->kind == ERR_CANCELED ? EVENT_CANCELED
					    : EVENT_FAILED;
	if (rc < 0)
		err_wrap(err, "layer %s", digest_hex(&u->layer->digest, hex, 12));
	event_end(u->spec->events, str_of(u->event_id), result, rc < 0 ? str_of(err->what) : S(""));
	return rc;
}

/* The open trees of the layers below, nearest first. */
struct lowers {
	int *fds;
	size_t n;
};

static void lowers_done(struct lowers *l)
{
	for (size_t i = 0; i < l->n; i++)
		close(l->fds[i]);
	free(l->fds);
}
CLEANUP_VAL(lowers_done, struct lowers);

static int lowers_open(struct store *s, const struct rootfs *below, struct lowers *ret,
	struct err *err)
{
	ret->fds = mem_new(below->n, sizeof(*ret->fds));
	for (size_t i = below->n; i > 0; i--, ret->n++)
		if (tree_open(s, below->trees[i - 1], &ret->fds[ret->n], err) < 0)
			return -1;
	return 0;
}

/* Unpacks into the tree named by the diffID or, when hard links led into the layers below, by the
 * chain ID. Another process may have been faster. */
static int make_tree(struct unpacking *u, const char *plain, const char *chained,
	const struct rootfs *below, char ret_name[TREE_NAME], struct err *err)
{
	CLEANUP(tree_writer_done) struct tree_writer w = TREE_WRITER_NONE;
	CLEANUP(lowers_done) struct lowers lowers = {0};
	struct layer_info info;
	bool needed_lowers = false;
	snprintf(ret_name, TREE_NAME, "%.64s", plain);
	int exists = tree_begin(u->spec->store, plain, &w, err);
	if (exists != 0)
		return exists < 0 ? -1 : 0;
	if (lowers_open(u->spec->store, below, &lowers, err) < 0)
		return -1;
	begin_event(u);
	int rc = fill(u, &w, lowers.fds, lowers.n, &info, &needed_lowers, err);
	if (needed_lowers)
		snprintf(ret_name, TREE_NAME, "%.64s", chained);
	if (rc == 0)
		rc = tree_publish(&w, ret_name, err);
	if (rc == 0)
		rc = note_row(u, &info, ret_name, err);
	return end_event(u, rc, err);
}

int rootfs_on_layer(void *ctx, const struct image_descriptor *layer, struct err *err)
{
	struct unpacking u = {.spec = ctx, .layer = layer};
	CLEANUP(tree_writer_done) struct tree_writer w = TREE_WRITER_NONE;
	CLEANUP(arena_done) struct arena a = {0};
	struct layer_row row;
	struct layer_info info;
	struct err ignored = {0}, why = {0};
	char name[DIGEST_HEX];
	bool needs_lowers = false;
	if (layer_row_by_digest(u.spec->store, &layer->digest, &a, &row, &ignored) == 0 &&
		tree_exists(u.spec->store, row.tree))
		return 0;
	if (tree_begin_unnamed(u.spec->store, &w, err) < 0)
		return -1;
	begin_event(&u);
	int rc = fill(&u, &w, NULL, 0, &info, &needs_lowers, &why);
	if (needs_lowers && (rc == 0 || why.kind == ERR_INPUT)) {
		event_end(u.spec->events, str_of(u.event_id), EVENT_SKIPPED, S(""));
		return 0; /* rootfs_prepare does it when the layers below are there */
	}
	if (rc < 0)
		*err = why;
	if (rc == 0)
		rc = tree_publish(&w, digest_hex(&info.diff_id, name, 0), err);
	if (rc == 0)
		rc = note_row(&u, &info, name, err);
	return end_event(&u, rc, err);
}

/* OCI's chain ID: the digest of "<chain below> <diffID>". */
static struct digest chain_id(const struct digest *below, const struct digest *diff_id)
{
	char text[2 * DIGEST_TEXT], a[DIGEST_TEXT], b[DIGEST_TEXT];
	int n = snprintf(text, sizeof(text), "%s %s", digest_text(below, a),
		digest_text(diff_id, b));
	return digest_of(str_n(text, (size_t)n));
}

static int prepare_layer(const struct rootfs_spec *spec, const struct image_descriptor *layer,
	const struct digest *diff_id, const struct digest *chain, struct rootfs *ret,
	struct err *err)
{
	struct unpacking u = {.spec = spec, .layer = layer, .diff_id = diff_id};
	char plain[DIGEST_HEX], chained[DIGEST_HEX];
	char *name = ret->trees[ret->n];
	digest_hex(diff_id, plain, 0);
	digest_hex(chain, chained, 0);
	if (tree_exists(spec->store, plain))
		snprintf(name, TREE_NAME, "%.64s", plain);
	else if (tree_exists(spec->store, chained))
		snprintf(name, TREE_NAME, "%.64s", chained);
	else if (make_tree(&u, plain, chained, ret, name, err) < 0)
		return -1;
	ret->n++;
	return 0;
}

int rootfs_tree_path(struct store *s, const char *tree, struct arena *a, const char **ret,
	struct err *err)
{
	CLEANUP(buf_done) struct buf path = BUF(4096);
	if (tree_path(s, tree, &path, err) < 0)
		return -1;
	*ret = arena_fmt(a, "%s/%s", store_root(s), buf_cstr(&path)).p;
	return 0;
}

int rootfs_prepare(const struct rootfs_spec *spec, const struct image_manifest *m,
	const struct image_config *c, struct arena *a, struct rootfs *ret, struct err *err)
{
	struct digest chain = {0};
	ret->n = 0;
	ret->trees = arena_alloc(a, m->n_items + 1, TREE_NAME);
	ret->paths = ARENA_ARRAY(a, const char *, m->n_items + 1);
	for (size_t i = 0; i < m->n_items; i++) {
		chain = i ? chain_id(&chain, &c->diff_ids[i]) : c->diff_ids[0];
		if (prepare_layer(spec, &m->items[i], &c->diff_ids[i], &chain, ret, err) < 0 ||
			rootfs_tree_path(spec->store, ret->trees[i], a, &ret->paths[i], err) < 0)
			return -1;
	}
	return 0;
}
