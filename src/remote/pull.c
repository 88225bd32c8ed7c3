/* Pulling.
 *
 *	HEAD ref ─► digest ─► known here? no document is fetched again
 *	         ─► index: the platform's manifest (or all)
 *	         ─► config and layers, side by side; each layer told as soon as it is stored
 *	         ─► rows of all documents and the tag, in one transaction
 *
 * Mirrors are tried in order, the registry itself last; the blobs come from whoever had the manifest.
 * A name with a digest gets the tag "sha256:…" in the store, so that it stays. */
#include "remote/remote_priv.h"

#include "base/num.h"

struct transfer {
	const struct image_descriptor *d;
	bool is_layer;
};

struct pulling {
	const struct remote_pull *p;
	struct gathering g;
	VEC(struct transfer) transfers;
};

/* ---- blobs ---- */

static bool is_wanted(const struct pulling *x, const struct transfer *t)
{
	const struct remote_pull *p = x->p;
	return !t->is_layer || !p->has_layer || !p->has_layer(p->ctx, t->d);
}

static int transfer(void *ctx, size_t i, const struct cancel *c, struct err *err)
{
	struct pulling *x = ctx;
	const struct transfer *t = &x->transfers.p[i];
	struct progress progress;
	if (!is_wanted(x, t))
		return 0;
	progress_begin(&progress, x->g.r->events, "pull", x->p->event_parent, t->d);
	int rc = blob_pull(x->g.r, x->p->store, x->g.at, t->d, &progress, c, err);
	if (progress_end(&progress, rc, rc == 1, err) < 0)
		return -1;
	if (t->is_layer && x->p->on_layer && image_media_is_layer(t->d->media_type))
		return x->p->on_layer(x->p->ctx, t->d, err);
	return 0;
}

static void add_transfers(struct pulling *x)
{
	VEC_EACH(&x->g.images, image)
		for (size_t i = 0; i < image->n_blobs; i++)
			vec_push(&x->transfers, ((struct transfer){&image->blobs[i], i > 0}));
}

/* ---- rows ---- */

static int write_rows(struct pulling *x, struct err *err)
{
	CLEANUP(buf_done) struct buf repository = BUF(1024);
	char room[DIGEST_TEXT];
	buf_add_cstr(&repository, "local:");
	image_ref_add_name(&repository, x->p->name);
	if (buf_check(&repository, "image name", err) < 0)
		return -1;
	return documents_write(x->p->store, &x->g.documents, buf_str(&repository),
		remote_reference(x->p->name, room), x->g.a, err);
}

/* ---- the whole ---- */

static int pull_from(struct pulling *x, struct err *err)
{
	if (gather(&x->g, x->p->name, err) < 0)
		return -1;
	add_transfers(x);
	struct work work = {x->transfers.n, transfer, x};
	if (work_run(x->g.r, &work, err) < 0)
		return -1;
	struct platform_check check = {x->p->store, x->g.a, x->g.r->events, x->p->event_parent,
		&x->g.want, x->p->platform != NULL};
	if (!x->p->is_all_platforms &&
		document_check_platform(&check, &x->g.images.p[0].f, err) < 0)
		return -1;
	return write_rows(x, err);
}

static int pull_at(struct remote *r, const struct remote_pull *p, const struct endpoint *at,
	struct arena *a, struct image_descriptor *ret_top, struct image_descriptor *ret_manifest,
	struct err *err)
{
	struct pulling x = {.p = p};
	x.g = (struct gathering){.r = r,
		.at = at,
		.store = p->store,
		.a = a,
		.is_all_platforms = p->is_all_platforms,
		.want = p->platform ? *p->platform : image_platform_host()};
	int rc = pull_from(&x, err);
	if (rc == 0 && ret_top)
		*ret_top = x.g.documents.p[0].descriptor;
	if (rc == 0 && ret_manifest)
		*ret_manifest =
			x.g.images.n ? x.g.images.p[0].f.descriptor : x.g.documents.p[0].descriptor;
	gathering_done(&x.g);
	vec_done(&x.transfers);
	return rc;
}

/* A mirror that fails is passed over, unless what failed is on our side. */
static bool is_theirs(const struct err *err)
{
	return err->kind == ERR_NET || err->kind == ERR_NOT_FOUND || err->kind == ERR_DENIED ||
		err->kind == ERR_INPUT;
}

int remote_pull(struct remote *r, const struct remote_pull *p, struct arena *a,
	struct image_descriptor *ret_top, struct image_descriptor *ret_manifest, struct err *err)
{
	struct endpoints all = {0};
	if (host_find(r, p->name, true, a, &all, err) < 0)
		return -1;
	int rc = -1;
	for (size_t i = 0; rc < 0 && i < all.n; i++) {
		rc = pull_at(r, p, &all.p[i], a, ret_top, ret_manifest, err);
		if (rc == 0 || i + 1 == all.n || !is_theirs(err))
			break;
		event_note(r->events, p->event_parent, EVENT_NOTICE, NULL, "mirror %s: %s",
			all.p[i].host->name, err->what);
	}
	vec_done(&all);
	return rc < 0 ? remote_name_failed(p->name, err) : 0;
}
