#include "blob/gc_priv.h"

#include "blob/tree.h"

#include <fcntl.h>
#include <sys/file.h>

/* How much happens while the world stands still. */
enum { BATCH = 64 };

int gc_stop_world(struct gc *g, int *ret_lock_fd, struct err *err)
{
	CLEANUP(fd_close) int lock_fd = -1;
	int locks_fd;
	if (store_dir(g->s, "locks", &locks_fd, err) < 0 || store_begin(g->s, err) < 0)
		return -1;
	if (fs_lock(locks_fd, LOCK_SWEEP, FS_EXCLUSIVE, FS_WAIT, &lock_fd, err) < 0 ||
		gc_read_leases(g, err) < 0) {
		store_rollback(g->s);
		return -1;
	}
	*ret_lock_fd = TAKE_FD(lock_fd);
	return 0;
}

int gc_start_world(struct gc *g, int rc, int *lock_fd, struct err *err)
{
	rc = store_end(g->s, rc, err);
	fd_close(TAKE_FD(*lock_fd));
	return rc;
}

static void trash_name(unsigned i, char room[16])
{
	snprintf(room, 16, "%u", i);
}

/* 1 = in the trash, 0 = was not there. */
static int throw_away(struct gc *g, const char *path, struct err *err)
{
	char name[16];
	trash_name(g->n_trash, name);
	if (renameat(g->s->root_fd, path, g->trash.fd, name) < 0)
		return errno == ENOENT ? 0 : err_sys(err, "collect '%s'", path);
	g->n_trash++;
	return 1;
}

/* The bytes go when nobody waits for it. A failure leaves them to the trash's end. */
static void empty_trash(struct gc *g, unsigned from)
{
	for (; from < g->n_trash; from++) {
		char name[16];
		struct err ignored;
		trash_name(from, name);
		(void)fs_remove_tree(g->trash.fd, name, &ignored);
	}
}

/* ---- blobs ---- */

static int delete_rows(struct gc *g, const struct digest *d, struct err *err)
{
	static const char *const statements[] = {
		"DELETE FROM link WHERE digest = $1",
		"DELETE FROM manifest_child WHERE manifest = $1",
		"DELETE FROM manifest WHERE digest = $1",
		"DELETE FROM layer WHERE digest = $1",
	};
	char text[DIGEST_TEXT];
	digest_text(d, text);
	for (size_t i = 0; i < ARRAY_LEN(statements); i++)
		if (db_exec(g->s->db, err, statements[i], DB_TEXT(text)) < 0)
			return -1;
	return 0;
}

static int sweep_blob(struct gc *g, struct gc_node *n, struct err *err)
{
	char path[BLOB_PATH];
	struct digest d;
	if (n->is_reached || !gc_key_digest(&n->key, &d))
		return 0; /* leased since */
	int gone = throw_away(g, blob_path(&d, path), err);
	if (gone < 0)
		return -1;
	g->result.n_blobs += (uint64_t)gone;
	g->result.bytes += gone ? n->size : 0;
	n->is_linked = false; /* who just looked for it may have left a lease on nothing */
	return delete_rows(g, &d, err);
}

static int sweep_batch(struct gc *g, struct gc_node *const *nodes, size_t n, struct err *err)
{
	CLEANUP(fd_close) int lock_fd = -1;
	unsigned first = g->n_trash;
	int rc = 0;
	if (gc_stop_world(g, &lock_fd, err) < 0)
		return -1;
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = sweep_blob(g, nodes[i], err);
	rc = gc_start_world(g, rc, &lock_fd, err);
	empty_trash(g, first);
	return rc;
}

static int remove_damaged(struct gc *g, const struct gc_file *f, struct err *err)
{
	g->result.n_damaged++;
	if (!g->spec->is_dry_run && unlinkat(g->s->root_fd, f->path, 0) < 0 && errno != ENOENT)
		return err_sys(err, "remove '%s'", f->path);
	return 0;
}

static int look_at_file(void *ctx, const struct gc_file *f, struct err *err)
{
	struct gc *g = ctx;
	if (f->is_stray) {
		g->result.n_damaged++;
		gc_note(g, "'%s' is no blob; it is left alone", f->path);
		return 0;
	}
	if (f->is_damaged)
		return remove_damaged(g, f, err);
	struct lease_key key = lease_of_digest(&f->digest);
	struct gc_node *n = gc_node(g, &key);
	n->has_file = true;
	n->size = (uint64_t)f->st.st_size;
	g->result.n_kept_blobs++;
	return 0;
}

static void count_only(struct gc *g, const struct gc_nodes *garbage)
{
	VEC_EACH(garbage, n) {
		g->result.n_blobs += (*n)->has_file;
		g->result.bytes += (*n)->size;
	}
}

int gc_sweep_blobs(struct gc *g, struct err *err)
{
	struct gc_nodes garbage = {0};
	int rc = gc_each_file(g->s, look_at_file, g, err);
	gc_order_garbage(g, &garbage);
	if (g->spec->is_dry_run)
		count_only(g, &garbage);
	for (size_t at = 0, n; rc == 0 && !g->spec->is_dry_run && at < garbage.n; at += n) {
		n = gc_batch_size(&garbage, at, BATCH);
		rc = sweep_batch(g, garbage.p + at, n, err);
		event_progress(g->spec->events, S("gc"), at + n, garbage.n);
	}
	g->result.n_kept_blobs -= g->result.n_blobs;
	vec_done(&garbage);
	return rc;
}

/* ---- trees ---- */

/* Nothing reaches it, or it is what a crash left. */
static int is_tree_garbage(struct gc *g, const char *name, struct err *err)
{
	struct lease_key key = lease_of_tree(name);
	if (strlen(name) >= TREE_NAME || !gc_is_reached(g, &key))
		return 1;
	int whole = tree_is_whole(g->s, name, err);
	return whole < 0 ? -1 : !whole;
}

static int sweep_tree(struct gc *g, const char *name, struct err *err)
{
	char path[320];
	int garbage = is_tree_garbage(g, name, err);
	if (garbage <= 0)
		return garbage;
	snprintf(path, sizeof(path), "trees/%s", name);
	int gone = throw_away(g, path, err);
	if (gone > 0)
		g->result.n_trees++;
	return gone < 0 ? -1 : 0;
}

static int sweep_some_trees(struct gc *g, const struct fs_entry *e, size_t n, struct err *err)
{
	CLEANUP(fd_close) int lock_fd = -1;
	unsigned first = g->n_trash;
	int rc = 0;
	if (gc_stop_world(g, &lock_fd, err) < 0)
		return -1;
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = sweep_tree(g, e[i].name, err);
	rc = gc_start_world(g, rc, &lock_fd, err);
	empty_trash(g, first);
	return rc;
}

int gc_sweep_trees(struct gc *g, struct err *err)
{
	CLEANUP(fs_entries_done) struct fs_entries all = {0};
	int trees_fd;
	if (store_dir(g->s, "trees", &trees_fd, err) < 0 || fs_list(trees_fd, &all, err) < 0)
		return -1;
	size_t n = 0;
	for (size_t i = 0; i < all.n; i++) {
		int garbage = is_tree_garbage(g, all.p[i].name, err);
		if (garbage < 0)
			return -1;
		if (garbage)
			all.p[n++] = all.p[i];
	}
	if (g->spec->is_dry_run) {
		g->result.n_trees = n;
		return 0;
	}
	for (size_t at = 0; at < n; at += BATCH)
		if (sweep_some_trees(g, all.p + at, n - at < BATCH ? n - at : BATCH, err) < 0)
			return -1;
	return 0;
}

/* ---- uploads ---- */

#define DAY_NS (24 * 3600 * CLOCK_SECOND)

static int sweep_upload(struct gc *g, int dir_fd, const char *name, struct err *err)
{
	CLEANUP(fd_close) int fd = -1;
	struct stat st, named;
	int64_t age = g->spec->upload_age_ns ? g->spec->upload_age_ns : DAY_NS;
	fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0)
		return errno == ENOENT ? 0 : err_sys(err, "open upload '%s'", name);
	int64_t idle =
		clock_now(g->s->clock) - (st.st_mtim.tv_sec * CLOCK_SECOND + st.st_mtim.tv_nsec);
	if (idle < age || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return 0;
	if (fstatat(dir_fd, name, &named, AT_SYMLINK_NOFOLLOW) < 0 || named.st_ino != st.st_ino)
		return 0;
	if (!g->spec->is_dry_run && unlinkat(dir_fd, name, 0) < 0)
		return err_sys(err, "remove upload '%s'", name);
	g->result.n_uploads++;
	g->result.bytes += (uint64_t)st.st_size;
	return 0;
}

int gc_sweep_uploads(struct gc *g, struct err *err)
{
	CLEANUP(fs_entries_done) struct fs_entries all = {0};
	int dir_fd;
	if (store_dir(g->s, "uploads", &dir_fd, err) < 0 || fs_list(dir_fd, &all, err) < 0)
		return -1;
	VEC_EACH(&all, e)
		if (sweep_upload(g, dir_fd, e->name, err) < 0)
			return -1;
	return 0;
}
