/* What becomes of the finished image: names here, a push, a file, a folder. */
#include "build/assemble.h"

#include "build/commit.h"
#include "build/put.h"
#include "build/view_stack.h"
#include "fs/fs.h"
#include "fs/stream.h"
#include "layer/layer.h"
#include "local/local.h"
#include "remote/place.h"

#include <fcntl.h>

static struct recompress how_of(const struct build_output *o)
{
	return (struct recompress){
		.is_wanted = o->has_compression,
		.is_forced = o->is_forced,
		.compression = o->compression,
		.level = o->level,
	};
}

/* ---- names ---- */

static int put_manifest(struct build *b, struct str repository, const struct assembled *image,
	struct err *err)
{
	struct manifest_row old;
	struct err missing = {0};
	struct manifest_row row = {
		.digest = image->manifest.digest,
		.media_type = image->manifest.media_type,
		.size = image->manifest.size,
		.children = image->children,
		.n_children = image->n_children,
	};
	if (manifest_get(b->spec->store, repository, &row.digest, b->arena, &old, &missing) == 0)
		return 0;
	return manifest_put(b->spec->store, repository, &row, err);
}

static int set_tag(struct build *b, struct str repository, struct str tag,
	const struct assembled *image, struct err *err)
{
	struct tag_set set = {
		.repository = repository, .tag = tag, .digest = image->manifest.digest};
	struct digest now;
	struct err missing = {0};
	if (put_manifest(b, repository, image, err) < 0)
		return -1;
	if (tag_get(b->spec->store, repository, tag, &now, &missing) == 0 &&
		digest_eq(&now, &image->manifest.digest))
		return 0;
	return tag_set(b->spec->store, &set, err) < 0 ? -1 : 0;
}

static int name_image(struct build *b, const struct image_ref *refs, size_t n,
	const struct assembled *image, struct err *err)
{
	char hex[DIGEST_HEX];
	if (!n)
		return set_tag(b, S(LOCAL_UNNAMED),
			str_of(digest_hex(&image->manifest.digest, hex, 64)), image, err);
	for (size_t i = 0; i < n; i++) {
		CLEANUP(buf_done) struct buf repository = BUF(512);
		local_add_repository(&repository, &refs[i]);
		if (buf_check(&repository, "image name", err) < 0 ||
			set_tag(b, buf_str(&repository), refs[i].tag, image, err) < 0)
			return -1;
	}
	return 0;
}

static int parse_names(struct build *b, struct image_ref **ret, size_t *ret_n, struct err *err)
{
	const char *const *tags = b->spec->tags;
	size_t n = 0;
	while (tags && tags[n])
		n++;
	*ret = ARENA_ARRAY(b->arena, struct image_ref, n + 1);
	for (size_t i = 0; i < n; i++) {
		if (image_ref_parse(str_of(tags[i]), b->arena, &(*ret)[i], err) < 0)
			return err_wrap(err, "tag '%s'", tags[i]);
		if (!digest_is_none(&(*ret)[i].digest))
			return err_set(err, ERR_USAGE,
				"tag '%s': a name to give cannot have a digest", tags[i]);
		image_ref_default_tag(&(*ret)[i]);
	}
	*ret_n = n;
	return 0;
}

static int push(struct build *b, const struct image_ref *refs, size_t n,
	const struct assembled *image, struct err *err)
{
	struct remote_push p = {
		.store = b->spec->store,
		.what = image->manifest,
		.names = refs,
		.n_names = n,
		.event_parent = b->spec->event_parent,
	};
	if (!n) {
		err_set(err, ERR_USAGE, "nothing to push: the image has no name");
		return err_hint(err, "give it one with -t REGISTRY/NAME:TAG");
	}
	return remote_push(b->spec->remote, &p, err);
}

/* ---- files ---- */

static int open_dest(struct build *b, const struct build_output *o, int *ret_fd, struct err *err)
{
	if (!o->dest || strcmp(o->dest, "-") == 0) {
		*ret_fd = dup(b->spec->stdout_fd);
		return *ret_fd < 0 ? err_sys(err, "standard output") : 0;
	}
	return fs_open(AT_FDCWD, o->dest, O_WRONLY | O_CREAT | O_TRUNC, 0644, ret_fd, err);
}

static int write_archive(struct build *b, const struct build_output *o,
	const struct image_ref *refs, size_t n, const struct assembled *image, struct err *err)
{
	bool to_stdout = !o->dest || strcmp(o->dest, "-") == 0;
	struct place to = {
		.kind = o->kind == BUILD_OUT_DOCKER ? PLACE_DOCKER_ARCHIVE
			: o->is_folder              ? PLACE_OCI_DIR
						    : PLACE_OCI_ARCHIVE,
		.path = to_stdout ? "-" : o->dest,
	};
	struct place_write w = {
		.store = b->spec->store,
		.what = image->manifest,
		.names = refs,
		.n_names = n,
		.platform = b->spec->platform,
		.to = &to,
		.fd = b->spec->stdout_fd,
		.cancel = b->spec->cancel,
	};
	return place_write(&w, err);
}

/* The files of the result, merged, below dir_fd. */
static int export_files(struct build *b, const struct plan_stage *stage, int dir_fd,
	struct err *err)
{
	static const struct str everything = {"/", 1};
	CLEANUP(selection_done) struct selection files = {0};
	struct work w = {.build = b};
	struct rootfs rootfs;
	struct view *view = NULL;
	int rc = step_rootfs(&w, stage->last, &rootfs, err);
	if (rc == 0)
		rc = view_stack_open(b->spec->store, &rootfs, &view, err);
	if (rc == 0) {
		struct select_spec spec = {.view = view,
			.sources = &everything,
			.n_sources = 1,
			.cancel = b->spec->cancel};
		struct put p = {.tree_fd = dir_fd, .cancel = b->spec->cancel, .arena = &w.arena};
		rc = select_files(&spec, &files, err);
		if (rc == 0)
			rc = put_selection(&p, view, &files, S("/"), true, err);
	}
	view_stack_close(view);
	arena_done(&w.arena);
	return rc;
}

static int write_local(struct build *b, const struct build_output *o,
	const struct plan_stage *stage, struct err *err)
{
	CLEANUP(fd_close) int fd = -1;
	if (fs_mkdirs(AT_FDCWD, o->dest, 0755, err) < 0 ||
		fs_open(AT_FDCWD, o->dest, O_RDONLY | O_DIRECTORY, 0, &fd, err) < 0)
		return -1;
	return export_files(b, stage, fd, err);
}

static int write_tar(struct build *b, const struct build_output *o, const struct plan_stage *stage,
	struct err *err)
{
	CLEANUP(fs_temp_done) struct fs_temp temp = FS_TEMP_NONE;
	CLEANUP(fd_close) int fd = -1;
	struct layer_info info;
	int64_t began = clock_now(store_clock(b->spec->store));
	int tmp_fd;
	if (store_dir(b->spec->store, "tmp", &tmp_fd, err) < 0 ||
		fs_temp_dir(tmp_fd, &temp, err) < 0 || export_files(b, stage, temp.fd, err) < 0 ||
		open_dest(b, o, &fd, err) < 0)
		return -1;
	struct fs_sink to = fs_sink(fd);
	struct layer_pack pack = {
		.tree_fd = temp.fd,
		.compression = COMPRESS_NONE,
		.times = commit_times(began, b->spec->has_epoch, b->spec->epoch_ns),
		.out = &to.sink,
		.pool = b->spec->pool,
		.cancel = b->spec->cancel,
	};
	return layer_pack(&pack, &info, err);
}

/* ---- all of them ---- */

static int write_output(struct build *b, const struct build_output *o,
	const struct plan_stage *stage, const struct image_ref *refs, size_t n,
	struct assembled *ret, struct err *err)
{
	struct recompress how = how_of(o);
	if (assemble_image(b, stage, &how, ret, err) < 0)
		return -1;
	switch (o->kind) {
	case BUILD_OUT_IMAGE:
		if (name_image(b, refs, n, ret, err) < 0)
			return -1;
		return o->pushes ? push(b, refs, n, ret, err) : 0;
	case BUILD_OUT_OCI:
	case BUILD_OUT_DOCKER: return write_archive(b, o, refs, n, ret, err);
	case BUILD_OUT_LOCAL: return write_local(b, o, stage, err);
	case BUILD_OUT_TAR: return write_tar(b, o, stage, err);
	}
	return 0;
}

int output_all(struct build *b, const struct plan_stage *stage, struct image_descriptor *ret,
	struct digest *ret_config, struct err *err)
{
	static const struct build_output to_store = {.kind = BUILD_OUT_IMAGE};
	const struct build_output *list = b->spec->outputs;
	size_t n = b->spec->n_outputs, n_refs = 0;
	struct image_ref *refs;
	struct assembled image = {0};
	if (parse_names(b, &refs, &n_refs, err) < 0)
		return -1;
	if (!n) {
		list = &to_store;
		n = 1;
	}
	for (size_t i = 0; i < n; i++) {
		image = (struct assembled){0};
		if (write_output(b, &list[i], stage, refs, n_refs, &image, err) < 0)
			return -1;
	}
	*ret = image.manifest;
	*ret_config = image.config;
	return 0;
}
