/* Pushing: blobs side by side, then manifests from the leaves up, then the tags.
 *
 * What the registry has is never sent. What another of its repositories is known to have (the store
 * remembers where images were pulled from) is mounted. */
#include "remote/remote_priv.h"

struct document {
	struct image_descriptor d;
	struct str bytes;
	struct image_manifest m;
	bool is_missing; /* an index lists it, and it is not here */
};
VEC_TYPE(documents, struct document);
VEC_TYPE(descriptors, struct image_descriptor);

struct pushing {
	struct remote *r;
	const struct remote_push *p;
	struct arena *a;
	struct documents documents; /* children before their parents */
	struct descriptors blobs;   /* each once */
	/* of the repository being pushed to */
	struct endpoint at;
	const struct image_ref *name;
};

/* ---- what there is to push ---- */

static void add_blob(struct pushing *x, const struct image_descriptor *d)
{
	VEC_EACH(&x->blobs, b)
		if (digest_eq(&b->digest, &d->digest))
			return;
	vec_push(&x->blobs, *d);
}

static bool was_seen(const struct pushing *x, const struct digest *d)
{
	VEC_EACH(&x->documents, doc)
		if (digest_eq(&doc->d.digest, d))
			return true;
	return false;
}

/* 1 = read, 0 = is not here. */
static int read_document(struct pushing *x, const struct image_descriptor *d, struct document *ret,
	struct err *err)
{
	CLEANUP(buf_done) struct buf bytes = BUF(IMAGE_MANIFEST_MAX);
	struct err why = {0};
	*ret = (struct document){.d = *d};
	if (blob_keep(x->p->store, &d->digest, &why) < 0 ||
		blob_read(x->p->store, &d->digest, &bytes, &why) < 0) {
		if (why.kind == ERR_NOT_FOUND)
			return 0;
		*err = why;
		return -1;
	}
	ret->bytes = arena_str(x->a, buf_str(&bytes));
	if (image_manifest_parse(ret->bytes, d->media_type, x->a, &ret->m, err) < 0)
		return -1;
	ret->d.media_type = ret->m.media_type;
	ret->d.size = ret->bytes.n;
	return 1;
}

static int collect(struct pushing *x, const struct image_descriptor *d, unsigned depth,
	struct err *err)
{
	struct document doc;
	if (depth > IMAGE_DEPTH_MAX)
		return err_set(err, ERR_LIMIT, "indexes are nested deeper than %d",
			IMAGE_DEPTH_MAX);
	if (was_seen(x, &d->digest))
		return 0;
	int found = read_document(x, d, &doc, err);
	if (found < 0)
		return -1;
	doc.is_missing = !found;
	bool is_index = found && doc.m.kind == IMAGE_INDEX;
	if (found && !is_index)
		add_blob(x, &doc.m.config);
	for (size_t i = 0; found && i < doc.m.n_items; i++) {
		const struct image_descriptor *item = &doc.m.items[i];
		if (!is_index)
			add_blob(x, item);
		else if (image_media_is_manifest(item->media_type) &&
			collect(x, item, depth + 1, err) < 0)
			return -1;
	}
	vec_push(&x->documents, doc);
	return 0;
}

/* ---- blobs ---- */

struct mount {
	const struct pushing *x;
	struct str prefix; /* "local:ghcr.io/" */
};

static bool accepts(void *ctx, struct str repository)
{
	const struct mount *m = ctx;
	return str_starts(repository, m->prefix) &&
		!str_eq(str_skip(repository, m->prefix.n), m->x->name->path);
}

/* A repository of the same registry that should have it. Only for names that are not mapped: else
 * the names there are not the ones we know. */
static struct str find_mount(const struct pushing *x, const struct digest *d, struct arena *a)
{
	CLEANUP(buf_done) struct buf repository = BUF(1024);
	struct mount m = {x, arena_fmt(a, "local:%.*s/", STR_ARG(x->name->domain))};
	struct err ignored;
	if (!str_eq(x->at.path, x->name->path) ||
		link_find(x->p->store, d, accepts, &m, &repository, &ignored) < 0)
		return STR_NONE;
	return arena_str(a, str_skip(buf_str(&repository), m.prefix.n));
}

static int send_blob(struct pushing *x, const struct image_descriptor *d, struct progress *p,
	const struct cancel *c, struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(fd_close) int fd = -1;
	struct err why = {0};
	struct upload_spec u = {.at = &x->at,
		.d = d,
		.mount_from = find_mount(x, &d->digest, &a),
		.chunk_bytes = x->p->chunk_bytes,
		.progress = p,
		.cancel = c};
	struct image_descriptor actual = *d;
	if (blob_open(x->p->store, &d->digest, &fd, &actual.size, &why) < 0) {
		/* a layer that was never fetched because it is unpacked, or is kept elsewhere */
		int there = blob_is_remote(x->r, &x->at, &d->digest, c, err);
		if (there == 0)
			*err = why;
		return there > 0 ? 1 : -1;
	}
	u.fd = fd;
	u.d = &actual;
	return upload_send(x->r, &u, err);
}

static int transfer(void *ctx, size_t i, const struct cancel *c, struct err *err)
{
	struct pushing *x = ctx;
	struct progress progress;
	const struct image_descriptor *d = &x->blobs.p[i];
	progress_begin(&progress, x->r->events, "push", x->p->event_parent, d);
	int rc = send_blob(x, d, &progress, c, err);
	return progress_end(&progress, rc, rc == 1, err) < 0 ? -1 : 0;
}

/* ---- manifests ---- */

/* A child that is not here must be there already. */
static int check_there(struct pushing *x, const struct document *doc, struct err *err)
{
	struct image_descriptor ignored;
	struct err why = {0};
	char text[DIGEST_TEXT];
	digest_text(&doc->d.digest, text);
	if (manifest_head(x->r, &x->at, str_of(text), x->a, &ignored, &why) >= 0)
		return 0;
	if (why.kind != ERR_NOT_FOUND) {
		*err = why;
		return -1;
	}
	err_set(err, ERR_NOT_FOUND, "the index lists %s, which is not here", text);
	return err_hint(err, "knarr pull --all-platforms first, or push one platform's image");
}

static int send_manifests(struct pushing *x, const struct str *tags, size_t n_tags, struct err *err)
{
	for (size_t i = 0; i < x->documents.n; i++) {
		const struct document *doc = &x->documents.p[i];
		bool is_top = i + 1 == x->documents.n;
		if (doc->is_missing) {
			if (check_there(x, doc, err) < 0)
				return -1;
		} else if (manifest_send(x->r, &x->at, doc->bytes, &doc->d, is_top ? tags : NULL,
				   is_top ? n_tags : 0, err) < 0) {
			return -1;
		}
	}
	return 0;
}

/* ---- repositories ---- */

static bool is_same_repository(const struct image_ref *a, const struct image_ref *b)
{
	return str_eq(a->domain, b->domain) && str_eq(a->path, b->path);
}

/* Tags of all names in the repository of names[i]; 0 = an earlier name did it. */
static size_t tags_of(struct pushing *x, size_t i, struct str *tags)
{
	const struct image_ref *names = x->p->names;
	size_t n = 0;
	for (size_t k = 0; k < x->p->n_names; k++) {
		if (!is_same_repository(&names[k], &names[i]))
			continue;
		if (k < i)
			return 0;
		if (names[k].tag.n || digest_is_none(&names[k].digest))
			tags[n++] = names[k].tag.n ? names[k].tag : S("latest");
	}
	return n ? n : SIZE_MAX; /* by digest only */
}

static int push_repository(struct pushing *x, const struct str *tags, size_t n_tags,
	struct err *err)
{
	struct work work = {x->blobs.n, transfer, x};
	if (host_find_one(x->r, x->name, x->a, &x->at, err) < 0 || work_run(x->r, &work, err) < 0)
		return -1;
	return send_manifests(x, tags, n_tags, err);
}

static int push_all(struct pushing *x, struct err *err)
{
	struct str *tags = ARENA_ARRAY(x->a, struct str, x->p->n_names);
	if (collect(x, &x->p->what, 0, err) < 0)
		return -1;
	const struct document *top = &x->documents.p[x->documents.n - 1];
	char text[DIGEST_TEXT];
	if (top->is_missing)
		return err_set(err, ERR_NOT_FOUND, "manifest %s is not here",
			digest_text(&top->d.digest, text));
	for (size_t i = 0; i < x->p->n_names; i++) {
		size_t n = tags_of(x, i, tags);
		if (!n)
			continue;
		x->name = &x->p->names[i];
		if (push_repository(x, tags, n == SIZE_MAX ? 0 : n, err) < 0)
			return remote_name_failed(x->name, err);
	}
	return 0;
}

int remote_push(struct remote *r, const struct remote_push *p, struct err *err)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct pushing x = {.r = r, .p = p, .a = &a};
	int rc = push_all(&x, err);
	vec_done(&x.documents);
	vec_done(&x.blobs);
	return rc;
}
