/* What every step does: look its key up, hold others that would do the same, run, remember. */
#include "build/build_priv.h"

#include "build/commit.h"
#include "build/team.h"
#include "build/view_stack.h"
#include "fs/fs.h"

int step_err_at(const struct work *w, struct err *err)
{
	char file[200];
	const struct str *name = &w->build->dockerfile_name;
	snprintf(file, sizeof(file), "%.*s", STR_ARG(*name));
	return err_locate(err, file, w->step->at.line, w->step->at.col);
}

/* The digest of all layers so far: of the parent's and this one's. */
static struct digest chain_after(const struct step *s)
{
	CLEANUP(digester_free) struct digester *d = digester_new(DIGEST_SHA256);
	struct digest none = {0};
	const struct digest *below = s->parent ? &s->parent->chain : &none;
	if (digest_is_none(&s->result.layer.digest))
		return *below;
	digester_add(d, below->bytes, 32);
	digester_add(d, s->result.diff_id.bytes, 32);
	return digester_finish(d);
}

static void accept_result(struct work *w, const struct step_result *r, bool was_cached)
{
	struct step *s = w->step;
	pthread_mutex_lock(&w->build->lock);
	s->result = *r;
	s->result.layer.media_type = arena_str(w->build->arena, r->layer.media_type);
	pthread_mutex_unlock(&w->build->lock);
	s->was_cached = was_cached;
	s->chain = chain_after(s);
}

static void explain_miss(struct work *w, struct str inputs)
{
	CLEANUP(buf_done) struct buf why = BUF(64 * 1024);
	struct build *b = w->build;
	struct err ignored = {0}; /* only a note is lost */
	struct str before;
	int known = cache_last_inputs(b->spec->store, w->step->site, &w->arena, &before, &ignored);
	if (w->step->ignores_cache)
		buf_add(&why, S("the cache is off for it"));
	else if (known > 0)
		key_explain(before, inputs, &why);
	else
		buf_add(&why, S("never built here before"));
	event_note(b->spec->events, str_of(w->event_id), EVENT_NOTICE, NULL, "cache miss: %s",
		why.n ? buf_cstr(&why) : "the result was collected");
}

static void explain_hit(struct work *w)
{
	const struct build_spec *spec = w->build->spec;
	const struct imported *from = w->step->imported;
	if (spec->explains)
		event_note(spec->events, str_of(w->event_id), EVENT_NOTICE, NULL,
			"cache hit%s%s: nothing it reads changed", from ? " in " : "",
			from ? imported_from(from) : "");
}

/* Asks the caches of --cache-from. The layer stays where it is until it is needed. */
static int lookup_imported(struct work *w, struct str inputs, struct err *err)
{
	struct build *b = w->build;
	struct step *s = w->step;
	struct imported *found = imports_find(b->imports, &s->key);
	if (!found)
		return 0;
	const struct cache_record *r = imported_record(found);
	struct step_result result = {
		.diff_id = r->diff_id, .layer = r->layer, .tar_bytes = r->tar_bytes};
	accept_result(w, &result, true);
	if (digest_is_none(&r->layer.digest))
		return cache_put(b->spec->store, &s->key, &result, s->site, inputs, err) < 0 ? -1
											     : 1;
	pthread_mutex_lock(&b->lock);
	s->inputs = arena_str(b->arena, inputs);
	pthread_mutex_unlock(&b->lock);
	s->imported = found;
	return 1;
}

static int lookup(struct work *w, const struct digest *key, struct str inputs, struct err *err)
{
	struct step_result r;
	struct step *s = w->step;
	s->key = *key;
	int found = 0;
	if (!s->ignores_cache)
		found = cache_get(w->build->spec->store, key, &w->arena, &r, err);
	if (found > 0)
		accept_result(w, &r, true);
	else if (found == 0 && !s->ignores_cache)
		found = lookup_imported(w, inputs, err);
	if (found > 0)
		explain_hit(w);
	else if (found == 0 && w->build->spec->explains)
		explain_miss(w, inputs);
	return found;
}

void step_reset(struct step *s)
{
	s->result = (struct step_result){0};
	s->chain = s->key = s->files_question = s->files_digest = (struct digest){0};
	s->was_cached = false;
	s->imported = NULL;
	s->inputs = STR_NONE;
	s->err = (struct err){0};
}

int step_claim(struct work *w, const struct digest *key, struct str inputs, int *ret_fd,
	struct err *err)
{
	struct store *store = w->build->spec->store;
	char name[64], hex[DIGEST_HEX];
	struct err busy = {0};
	int dir_fd, found = lookup(w, key, inputs, err);
	if (found != 0)
		return found;
	snprintf(name, sizeof(name), "step-%.32s", digest_hex(key, hex, 32));
	if (store_dir(store, "locks", &dir_fd, err) < 0)
		return -1;
	if (fs_lock(dir_fd, name, FS_EXCLUSIVE, FS_TRY, ret_fd, &busy) == 0)
		return 0;
	if (busy.kind != ERR_CONFLICT) {
		*err = busy;
		return -1;
	}
	if (fs_lock(dir_fd, name, FS_EXCLUSIVE, FS_WAIT, ret_fd, err) < 0)
		return -1;
	return lookup(w, key, inputs, err);
}

static void on_packed(void *ctx, uint64_t tar_bytes)
{
	struct work *w = ctx;
	event_progress(w->build->spec->events, str_of(w->event_id), tar_bytes, 0);
}

int step_commit(struct work *w, struct tree_writer *take_tree, const struct digest *key,
	struct str inputs, struct err *err)
{
	const struct build_spec *spec = w->build->spec;
	struct step_result r;
	struct commit c = {
		.store = spec->store,
		.pool = spec->pool,
		.cancel = spec->cancel,
		.compression = COMPRESS_GZIP,
		.times = commit_times(w->began_ns, spec->has_epoch, spec->epoch_ns),
		.on_progress = on_packed,
		.ctx = w,
	};
	if (commit_tree(&c, take_tree, &r, err) < 0 ||
		cache_put(spec->store, key, &r, w->step->site, inputs, err) < 0)
		return -1;
	accept_result(w, &r, false);
	return 0;
}

/* ---- the files a step starts from ---- */

static size_t count_trees(const struct step *s)
{
	size_t n = 0;
	for (; s; s = s->parent)
		n += s->kind == STEP_BASE ? (s->image ? s->image->manifest.n_items : 0)
					  : !digest_is_none(&s->result.layer.digest);
	return n;
}

static int base_trees(struct work *w, const struct step *base, struct rootfs *ret, struct err *err)
{
	const struct build_spec *spec = w->build->spec;
	struct rootfs_spec r = {
		.store = spec->store,
		.pool = spec->pool,
		.events = spec->events,
		.event_parent = str_of(w->event_id),
		.cancel = spec->cancel,
	};
	if (!base->image)
		return 0;
	return rootfs_prepare(&r, &base->image->manifest, &base->image->config, &w->arena, ret,
		err);
}

static int remember_imported(struct build *b, const struct step *s, struct err *err)
{
	return cache_put(b->spec->store, &s->key, &s->result, s->site, s->inputs, err);
}

int step_fetch(struct build *b, const struct step *s, struct err *err)
{
	if (!s->imported || imported_is_here(b->imports, s->imported))
		return 0;
	if (imports_fetch(b->imports, s->imported, err) < 0)
		return -1;
	return remember_imported(b, s, err);
}

struct fetching {
	struct build *build;
	const struct step **steps;
	pthread_mutex_t lock;
	struct err err;
};

static int fetch_one(void *ctx, size_t node)
{
	struct fetching *f = ctx;
	struct err why = {0};
	int rc = step_fetch(f->build, f->steps[node], &why);
	if (rc < 0) {
		pthread_mutex_lock(&f->lock);
		f->err = why;
		pthread_mutex_unlock(&f->lock);
	}
	return rc;
}

int step_fetch_stage(struct build *b, const struct plan_stage *stage, struct err *err)
{
	enum { FETCHES_AT_ONCE = 4 };
	CLEANUP(graph_free) struct graph *g = graph_new();
	struct fetching f = {.build = b};
	struct team_spec team = {.graph = g,
		.n_threads = FETCHES_AT_ONCE,
		.work = fetch_one,
		.ctx = &f,
		.cancel = b->spec->cancel};
	f.steps = ARENA_ARRAY(b->arena, const struct step *, b->plan.n_steps + 1);
	for (const struct step *s = stage->last; s; s = s->parent)
		if (s->imported)
			f.steps[graph_add(g, s->title, NULL)] = s;
	pthread_mutex_init(&f.lock, NULL);
	size_t n_failed = team_run(&team);
	pthread_mutex_destroy(&f.lock);
	if (n_failed) {
		*err = f.err;
		return -1;
	}
	return cancel_check(b->spec->cancel, err);
}

/* A step's own tree: normally there; unpacked again when it was collected or came from a cache
 * elsewhere. */
static int own_tree(struct work *w, const struct step *s, char ret_name[TREE_NAME], struct err *err)
{
	const struct build_spec *spec = w->build->spec;
	struct image_config config = {
		.diff_ids = (struct digest[]){s->result.diff_id}, .n_diff_ids = 1};
	struct image_descriptor layer = s->result.layer;
	struct image_manifest manifest = {.items = &layer, .n_items = 1};
	struct rootfs one = {0};
	struct rootfs_spec r = {
		spec->store, spec->pool, spec->events, str_of(w->event_id), spec->cancel};
	char hex[DIGEST_HEX];
	snprintf(ret_name, TREE_NAME, "%.64s",
		s->result.tree[0] ? s->result.tree : digest_hex(&s->result.diff_id, hex, 0));
	if (tree_exists(spec->store, ret_name))
		return 0;
	if (s->imported && imports_fetch(w->build->imports, s->imported, err) < 0)
		return -1;
	if (rootfs_prepare(&r, &manifest, &config, &w->arena, &one, err) < 0) {
		if (s->imported)
			imports_spoil(w->build->imports, s->imported, err);
		return -1;
	}
	snprintf(ret_name, TREE_NAME, "%s", one.trees[0]);
	/* only now: a layer that cannot be unpacked must not stay */
	return s->imported ? remember_imported(w->build, s, err) : 0;
}

int step_rootfs(struct work *w, const struct step *parent, struct rootfs *ret, struct err *err)
{
	size_t n = count_trees(parent), at = n;
	*ret = (struct rootfs){
		.trees = arena_alloc(&w->arena, n + 1, TREE_NAME),
		.paths = ARENA_ARRAY(&w->arena, const char *, n + 1),
	};
	for (const struct step *s = parent; s; s = s->parent) {
		if (s->kind == STEP_BASE) {
			struct rootfs base = {0};
			if (base_trees(w, s, &base, err) < 0)
				return -1;
			for (size_t i = 0; i < base.n; i++) {
				memcpy(ret->trees[i], base.trees[i], TREE_NAME);
				ret->paths[i] = base.paths[i];
			}
		} else if (!digest_is_none(&s->result.layer.digest)) {
			at--;
			if (own_tree(w, s, ret->trees[at], err) < 0 ||
				rootfs_tree_path(w->build->spec->store, ret->trees[at], &w->arena,
					&ret->paths[at], err) < 0)
				return -1;
		}
	}
	ret->n = n;
	return 0;
}

/* ---- origins ---- */

int origin_open(struct work *w, const struct origin *o, struct view **ret, struct err *err)
{
	struct rootfs rootfs;
	if (o->kind == ORIGIN_CONTEXT) {
		*ret = context_view(o->context);
		return 0;
	}
	if (step_rootfs(w, o->step, &rootfs, err) < 0)
		return -1;
	return view_stack_open(w->build->spec->store, &rootfs, ret, err);
}

void origin_close(const struct origin *o, struct view *v)
{
	if (v && o->kind == ORIGIN_STEP)
		view_stack_close(v);
}

const struct digest *origin_chain(const struct origin *o)
{
	static const struct digest none = {0};
	return o->kind == ORIGIN_STEP && o->step ? &o->step->chain : &none;
}
