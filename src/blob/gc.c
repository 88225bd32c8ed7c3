/* Collection while everything else runs.
 *
 * Who puts or finds a blob writes a lease down first (lease.c), and only then writes rows that name
 * it. A collection reads the graph of rows once, and from then on relies on leases for whatever
 * changes. It takes things away in batches; for each batch it stops the world for a moment: it holds
 * the database's write lock and the lock "sweep", so no row and no lease can come while it looks at
 * the latest leases, renames files into the trash and deletes their rows.
 *
 *	gc ──► remove dead leases ──► read links ──► mark from tags, roots, leases ──► order the unmarked
 *	          (lock "gc" held to the end)                                              │
 *	   ┌───────────────────────────────────────────────────────────────────────────────┘
 *	   ▼ for each batch
 *	stop world ──► read new leases, mark on ──► trash what is still unmarked ──► start world ──► unlink
 *
 * Invariants:
 *  1. A name in blobs/ or trees/ goes away only while the world is stopped (or, for a damaged blob,
 *     while "sweep" is held exclusively).
 *  2. Before a row (link, manifest, child, tag, layer) or a root of another room names a digest, the
 *     process has a lease on it, written while "sweep" was held shared and the blob seen after that.
 *  3. A lease that existed at any time since a collection began counts until that collection ends:
 *     lease files are removed under the lock "gc" only. So it does not matter when its process ends.
 *  4. From 2 and 3: whatever a row names that was committed after the links were read is leased.
 *     Whatever a row names that was committed before was read. Together nothing is missed.
 *  5. A lease on a manifest protects what the manifest links to: the links are followed from leases
 *     as from tags. A manifest whose rows came after the links were read had its children leased by
 *     manifest_put.
 *  6. So a stopped world in which a blob is neither marked nor leased is one in which no row that
 *     could be reached names it, and nobody is about to write one: it can go.
 *  7. A name is put down (blob_place, tree publish) under "sweep" shared, after its lease. So what a
 *     batch trashes is older than the last stop, and was not found by anybody since.
 *  8. What links goes before, or with, what it links to (gc_order.c). So between two batches, too,
 *     whatever can be found and kept has everything it leads to.
 *  9. Rows go with the blob, in the same stopped world. A collection that is killed leaves rows of
 *     blobs that are gone, none of them reachable, and a trash folder: the next one removes both. */
#include "blob/gc_priv.h"

#include <fcntl.h>
#include <stdarg.h>

void gc_note(struct gc *g, const char *fmt, ...)
{
	char text[512];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	event_note(g->spec->events, S("gc"), EVENT_WARNING, NULL, "%s", text);
}

/* ---- the dead ---- */

static int remove_dead_lease(int leases_fd, const char *name)
{
	CLEANUP(fd_close) int fd = -1;
	struct err ignored; /* alive, or somebody else's */
	if (fs_lock(leases_fd, name, FS_EXCLUSIVE, FS_TRY, &fd, &ignored) < 0)
		return 0;
	return unlinkat(leases_fd, name, 0) == 0;
}

/* To be called while "gc" is held, shared or exclusively. */
static int remove_dead_leases(struct store *s, struct err *err)
{
	CLEANUP(fs_entries_done) struct fs_entries all = {0};
	int leases_fd;
	if (store_dir(s, "leases", &leases_fd, err) < 0 || fs_list(leases_fd, &all, err) < 0)
		return -1;
	VEC_EACH(&all, e)
		remove_dead_lease(leases_fd, e->name);
	return 0;
}

static int sweep_temps(struct store *s, struct err *err)
{
	int tmp_fd;
	return store_dir(s, "tmp", &tmp_fd, err) < 0 ? -1 : fs_temp_sweep(tmp_fd, err);
}

int gc_sweep_dead(struct store *s, struct err *err)
{
	CLEANUP(fd_close) int gc_fd = -1;
	int locks_fd;
	struct err busy = {0};
	if (sweep_temps(s, err) < 0 || store_dir(s, "locks", &locks_fd, err) < 0)
		return -1;
	if (fs_lock(locks_fd, LOCK_GC, FS_SHARED, FS_TRY, &gc_fd, &busy) == 0)
		return remove_dead_leases(s, err);
	if (busy.kind == ERR_CONFLICT)
		return 0; /* a collection runs: it does that itself */
	*err = busy;
	return -1;
}

/* Lock files of trees that nobody makes any more. */
static int sweep_locks(struct gc *g, struct err *err)
{
	CLEANUP(fs_entries_done) struct fs_entries all = {0};
	int locks_fd;
	if (store_dir(g->s, "locks", &locks_fd, err) < 0 || fs_list(locks_fd, &all, err) < 0)
		return -1;
	VEC_EACH(&all, e)
		if (str_starts(str_of(e->name), S("tree-")))
			remove_dead_lease(locks_fd, e->name);
	return 0;
}

/* ---- files ---- */

static bool parse_name(const char *algorithm, const char *name, struct gc_file *f)
{
	char text[DIGEST_TEXT + 16];
	struct err ignored;
	struct str hex = str_of(name);
	f->is_damaged = str_ends(hex, S(BLOB_DAMAGED));
	if (f->is_damaged)
		hex = str_sub(hex, 0, hex.n - strlen(BLOB_DAMAGED));
	int n = snprintf(text, sizeof(text), "%s:%.*s", algorithm, STR_ARG(hex));
	return n > 0 && (size_t)n < sizeof(text) &&
		digest_parse(str_n(text, (size_t)n), &f->digest, &ignored) == 0;
}

struct walk {
	struct store *s;
	int (*each)(void *ctx, const struct gc_file *f, struct err *err);
	void *ctx;
	const char *algorithm;
};

static int walk_file(const struct walk *w, int dir_fd, const char *folder, const char *name,
	struct err *err)
{
	char path[600], expected[BLOB_PATH];
	struct gc_file f = {.path = path};
	snprintf(path, sizeof(path), "blobs/%s/%s/%s", w->algorithm, folder, name);
	if (fstatat(dir_fd, name, &f.st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_sys(err, "stat '%s'", path);
	f.is_stray = !parse_name(w->algorithm, name, &f) || !S_ISREG(f.st.st_mode) ||
		!str_starts(str_of(path), str_of(blob_path(&f.digest, expected)));
	return w->each(w->ctx, &f, err);
}

static int walk_folder(const struct walk *w, int up_fd, const char *folder, struct err *err)
{
	CLEANUP(fs_entries_done) struct fs_entries all = {0};
	CLEANUP(fd_close) int fd = -1;
	if (fs_open(up_fd, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &fd, err) < 0 ||
		fs_list(fd, &all, err) < 0)
		return -1;
	VEC_EACH(&all, e)
		if (walk_file(w, fd, folder, e->name, err) < 0)
			return -1;
	return 0;
}

static int walk_algorithm(struct walk *w, struct err *err)
{
	CLEANUP(fs_entries_done) struct fs_entries all = {0};
	CLEANUP(fd_close) int fd = -1;
	char path[32];
	snprintf(path, sizeof(path), "blobs/%s", w->algorithm);
	if (fs_open(w->s->root_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &fd, err) < 0)
		return err->kind == ERR_NOT_FOUND ? 0 : -1;
	if (fs_list(fd, &all, err) < 0)
		return -1;
	VEC_EACH(&all, e)
		if (e->type == DT_DIR && walk_folder(w, fd, e->name, err) < 0)
			return -1;
	return 0;
}

int gc_each_file(struct store *s, int (*each)(void *ctx, const struct gc_file *f, struct err *err),
	void *ctx, struct err *err)
{
	static const enum digest_algorithm algorithms[] = {DIGEST_SHA256, DIGEST_SHA512};
	for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
		struct walk w = {s, each, ctx, digest_algorithm_name(algorithms[i])};
		if (walk_algorithm(&w, err) < 0)
			return -1;
	}
	return 0;
}

struct each_blob {
	int (*each)(void *ctx, const struct digest *d, uint64_t size, struct err *err);
	void *ctx;
};

static int each_blob(void *ctx, const struct gc_file *f, struct err *err)
{
	const struct each_blob *b = ctx;
	if (f->is_stray || f->is_damaged)
		return 0;
	return b->each(b->ctx, &f->digest, (uint64_t)f->st.st_size, err);
}

int blob_each(struct store *s,
	int (*each)(void *ctx, const struct digest *d, uint64_t size, struct err *err), void *ctx,
	struct err *err)
{
	struct each_blob b = {each, ctx};
	return gc_each_file(s, each_blob, &b, err);
}

/* ---- the whole ---- */

/* Damage is data: what can be reached and is not whole is told, and nothing else changes. */
static void check_reached(struct gc *g)
{
	MAP_EACH(&g->nodes, e) {
		const struct gc_node *n = e->value;
		struct digest d;
		struct err why = {0};
		uint64_t size;
		if (!n->is_reached || !gc_key_digest(&n->key, &d))
			continue;
		if (blob_size(g->s, &d, &size, &why) == 0)
			continue;
		if (why.kind == ERR_NOT_FOUND && !n->is_linked)
			continue; /* an index may list what never came here */
		g->result.n_damaged++;
		gc_note(g, "%s", why.what);
	}
}

static int collect(struct gc *g, struct err *err)
{
	int n_temps = sweep_temps(g->s, err);
	if (n_temps < 0 || remove_dead_leases(g->s, err) < 0 || sweep_locks(g, err) < 0)
		return -1;
	g->result.n_temps = (uint64_t)n_temps;
	if (gc_load_graph(g, err) < 0 || gc_reach_roots(g, err) < 0)
		return -1;
	if (gc_sweep_links(g, err) < 0 || gc_sweep_blobs(g, err) < 0 ||
		gc_sweep_trees(g, err) < 0 || gc_sweep_uploads(g, err) < 0)
		return -1;
	check_reached(g);
	return g->spec->is_dry_run || tree_sync(g->s, err) >= 0 ? 0 : -1;
}

static void free_node(void *p)
{
	struct gc_node *n = p;
	vec_done(&n->to);
	free(n);
}

int gc_run(struct store *s, const struct gc_spec *spec, struct gc_result *ret, struct err *err)
{
	CLEANUP(fd_close) int gc_fd = -1;
	int locks_fd, tmp_fd;
	struct gc g = {.s = s, .spec = spec, .trash = FS_TEMP_NONE};
	if (store_dir(s, "locks", &locks_fd, err) < 0 || store_dir(s, "tmp", &tmp_fd, err) < 0 ||
		fs_lock(locks_fd, LOCK_GC, FS_EXCLUSIVE, FS_WAIT, &gc_fd, err) < 0 ||
		fs_temp_dir(tmp_fd, &g.trash, err) < 0)
		return -1;
	event_begin(spec->events, S("gc"), STR_NONE, S("collect garbage"));
	int rc = collect(&g, err);
	event_end(spec->events, S("gc"), rc < 0 ? EVENT_FAILED : EVENT_OK,
		rc < 0 ? str_of(err->what) : STR_NONE);
	fs_temp_done(&g.trash);
	map_done(&g.nodes, free_node);
	map_done(&g.lease_read, NULL);
	vec_done(&g.stack);
	if (rc == 0)
		*ret = g.result;
	return rc;
}
