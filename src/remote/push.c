/* Pushing: blobs side by side, then manifests from the leaves up, then the tags.
 *
 * What the registry has is never sent. What another of its repositories is known to have (the store
 * remembers where images were pulled from) is mounted. */
#include "remote/remote_priv.h"

struct pushing {
	struct remote *r;
	const struct remote_push *p;
	struct arena *a;
	struct outgoing out;
	/* of the repository being pushed to */
	struct endpoint at;
	const struct image_ref *name;
};

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
	const struct image_descriptor *d = &x->out.blobs.p[i];
	progress_begin(&progress, x->r->events, "push", x->p->event_parent, d);
	int rc = send_blob(x, d, &progress, c, err);
	return progress_end(&progress, rc, rc == 1, err) < 0 ? -1 : 0;
}

/* ---- manifests ---- */

/* A child that is not here must be there already. */
static int check_there(struct pushing *x, const struct outgoing_document *doc, struct err *err)
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
	for (size_t i = 0; i < x->out.documents.n; i++) {
		const struct outgoing_document *doc = &x->out.documents.p[i];
		bool is_top = i + 1 == x->out.documents.n;
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
	struct work work = {x->out.blobs.n, transfer, x};
	if (host_find_one(x->r, x->name, x->a, &x->at, err) < 0 || work_run(x->r, &work, err) < 0)
		return -1;
	return send_manifests(x, tags, n_tags, err);
}

static int push_all(struct pushing *x, struct err *err)
{
	struct str *tags = ARENA_ARRAY(x->a, struct str, x->p->n_names);
	x->out = (struct outgoing){.store = x->p->store, .a = x->a};
	if (outgoing_collect(&x->out, &x->p->what, err) < 0)
		return -1;
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
	outgoing_done(&x.out);
	return rc;
}
