/* build_import: an archive of files becomes an image of one layer. */
#include "build/assemble.h"

#include "build/commit.h"
#include "fs/stream.h"
#include "layer/layer.h"

static int make_layer(const struct build_spec *spec, int archive_fd, struct step_result *ret,
	struct err *err)
{
	CLEANUP(tree_writer_done) struct tree_writer tree = TREE_WRITER_NONE;
	struct fs_source from = fs_source(archive_fd);
	int64_t began_ns = clock_now(store_clock(spec->store));
	if (tree_begin_unnamed(spec->store, &tree, err) < 0)
		return -1;
	struct layer_extract x = {
		.archive = &from.source,
		.tree_fd = tree.fd,
		.uid = -1,
		.gid = -1,
		.cancel = spec->cancel,
	};
	struct commit commit = {
		.store = spec->store,
		.pool = spec->pool,
		.cancel = spec->cancel,
		.compression = COMPRESS_GZIP,
		.times = commit_times(began_ns, spec->has_epoch, spec->epoch_ns),
	};
	if (layer_extract(&x, err) < 0)
		return -1;
	return commit_tree(&commit, &tree, ret, err);
}

static void make_stage(struct build *b, struct plan_stage *stage, struct step *step)
{
	struct image_history h = {
		.has_created = true,
		.created_ns = b->created_ns,
		.created_by = S("import"),
	};
	stage->platform = b->platform;
	stage->state.arena = b->arena;
	stage->last = step;
	stage->history_steps = ARENA_ARRAY(b->arena, struct step *, 1);
	stage->history_steps[0] = step;
	stage->n_history_steps = 1;
	state_add_history(&stage->state, &h);
}

int build_import(const struct build_spec *spec, int archive_fd, struct arena *a,
	struct build_result *ret, struct err *err)
{
	struct build b = {
		.spec = spec,
		.arena = a,
		.platform = spec->platform ? *spec->platform : image_platform_host(),
		.created_ns = spec->has_epoch ? spec->epoch_ns : 0,
	};
	struct step step = {.kind = STEP_ADD};
	struct plan_stage stage = {0};
	*ret = (struct build_result){.n_steps = 1};
	event_begin(spec->events, S("import"), spec->event_parent, S("unpack the archive"));
	int rc = make_layer(spec, archive_fd, &step.result, err);
	event_end(spec->events, S("import"), rc < 0 ? EVENT_FAILED : EVENT_OK,
		rc < 0 ? str_of(err->what) : S(""));
	if (rc < 0)
		return -1;
	make_stage(&b, &stage, &step);
	return output_all(&b, &stage, &ret->manifest, &ret->config, err);
}
