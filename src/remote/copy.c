/* From registry to registry. Blobs that the target lacks are mounted when both are one server, else
 * they go through a temporary file that is never named or synced: it is gone when they arrived. */
#include "remote/remote_priv.h"

#include "fs/fs.h"

struct copying {
	struct gathering g;
	struct endpoint to;
	struct str event_parent;
	struct image_descriptor *blobs; /* each once */
	size_t n_blobs;
	int tmp_fd;
};

struct file_sink {
	struct sink sink;
	int fd;
};

static int write_file(struct sink *s, const void *p, size_t n, struct err *err)
{
	return fs_write_fd(((struct file_sink *)s)->fd, p, n, err);
}

/* One blob on its way. */
struct passing {
	struct copying *x;
	const struct image_descriptor *d;
	const struct cancel *cancel;
	struct fs_temp temp;
	int fd; /* the store's */
};

/* The bytes are needed after all: ours, or fetched. */
static int open_bytes(void *ctx, int *ret_fd, struct err *err)
{
	struct passing *p = ctx;
	struct err ignored;
	if (blob_open(p->x->g.store, &p->d->digest, &p->fd, NULL, &ignored) == 0) {
		*ret_fd = p->fd;
		return 0;
	}
	if (fs_temp_file(p->x->tmp_fd, &p->temp, err) < 0)
		return -1;
	struct file_sink sink = {{write_file}, p->temp.fd};
	*ret_fd = p->temp.fd;
	return download_to_sink(p->x->g.r, p->x->g.at, p->d, &sink.sink, p->cancel, err);
}

static int copy_blob(struct copying *x, const struct image_descriptor *d, struct progress *progress,
	const struct cancel *c, struct err *err)
{
	struct passing p = {.x = x, .d = d, .cancel = c, .temp = FS_TEMP_NONE, .fd = -1};
	bool is_one_server = strcmp(x->to.host->name, x->g.at->host->name) == 0;
	bool may_mount = is_one_server && !str_eq(x->to.path, x->g.at->path);
	struct upload_spec u = {.at = &x->to,
		.d = d,
		.fd = -1,
		.open = open_bytes,
		.ctx = &p,
		.mount_from = may_mount ? x->g.at->path : STR_NONE,
		.progress = progress,
		.cancel = c};
	int rc = upload_send(x->g.r, &u, err);
	fd_close(p.fd);
	fs_temp_done(&p.temp);
	return rc;
}

static int transfer(void *ctx, size_t i, const struct cancel *c, struct err *err)
{
	struct copying *x = ctx;
	struct progress progress;
	progress_begin(&progress, x->g.r->events, "copy", x->event_parent, &x->blobs[i]);
	int rc = copy_blob(x, &x->blobs[i], &progress, c, err);
	return progress_end(&progress, rc, rc == 1, err) < 0 ? -1 : 0;
}

static void add_blob(struct copying *x, const struct image_descriptor *d)
{
	for (size_t i = 0; i < x->n_blobs; i++)
		if (digest_eq(&x->blobs[i].digest, &d->digest))
			return;
	x->blobs[x->n_blobs++] = *d;
}

static void list_blobs(struct copying *x)
{
	size_t n = 0;
	VEC_EACH(&x->g.images, image)
		n += image->n_blobs;
	x->blobs = ARENA_ARRAY(x->g.a, struct image_descriptor, n);
	VEC_EACH(&x->g.images, image)
		for (size_t i = 0; i < image->n_blobs; i++)
			add_blob(x, &image->blobs[i]);
}

/* Children first; with one platform its manifest alone becomes the image. */
static int send_manifests(struct copying *x, const struct image_ref *to,
	struct image_descriptor *ret, struct err *err)
{
	size_t first = x->g.is_all_platforms ? 0 : x->g.documents.n - 1;
	bool has_tag = digest_is_none(&to->digest) || to->tag.n;
	struct str tag = to->tag.n ? to->tag : S("latest");
	for (size_t i = x->g.documents.n; i-- > first;) {
		const struct fetched_manifest *f = &x->g.documents.p[i];
		size_t n_tags = i == first && has_tag ? 1 : 0;
		if (manifest_send(x->g.r, &x->to, f->bytes, &f->descriptor, &tag, n_tags, err) < 0)
			return -1;
	}
	if (ret)
		*ret = x->g.documents.p[first].descriptor;
	return 0;
}

static int copy_from(struct copying *x, const struct image_ref *from, const struct image_ref *to,
	struct image_descriptor *ret, struct err *err)
{
	if (gather(&x->g, from, err) < 0)
		return remote_name_failed(from, err);
	list_blobs(x);
	struct work work = {x->n_blobs, transfer, x};
	if (work_run(x->g.r, &work, err) < 0 || send_manifests(x, to, ret, err) < 0)
		return remote_name_failed(to, err);
	return 0;
}

int remote_copy(struct remote *r, const struct image_ref *from, const struct image_ref *to,
	const struct image_platform *platform, bool is_all_platforms, struct store *scratch,
	struct image_descriptor *ret, struct arena *a, struct err *err)
{
	struct endpoints all = {0};
	struct copying x = {.tmp_fd = -1};
	if (store_dir(scratch, "tmp", &x.tmp_fd, err) < 0 ||
		host_find_one(r, to, a, &x.to, err) < 0 ||
		host_find(r, from, true, a, &all, err) < 0)
		return -1;
	int rc = -1;
	for (size_t i = 0; rc < 0 && i < all.n; i++) {
		x.n_blobs = 0;
		x.g = (struct gathering){.r = r,
			.at = &all.p[i],
			.store = scratch,
			.a = a,
			.want = platform ? *platform : image_platform_host(),
			.is_all_platforms = is_all_platforms};
		rc = copy_from(&x, from, to, ret, err);
		gathering_done(&x.g);
		if (err->kind == ERR_CANCELED)
			break;
	}
	vec_done(&all);
	return rc;
}
