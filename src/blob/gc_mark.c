#include "blob/gc_priv.h"

#include <fcntl.h>

static struct str key_text(const struct lease_key *key)
{
	return str_n(key, sizeof(*key));
}

struct gc_node *gc_find(const struct gc *g, const struct lease_key *key)
{
	return map_get(&g->nodes, key_text(key));
}

struct gc_node *gc_node(struct gc *g, const struct lease_key *key)
{
	struct gc_node *n = gc_find(g, key);
	if (n)
		return n;
	n = NEW(struct gc_node);
	n->key = *key;
	map_put(&g->nodes, key_text(key), n);
	return n;
}

static void reach_node(struct gc *g, struct gc_node *n)
{
	if (n->is_reached)
		return;
	n->is_reached = true;
	vec_push(&g->stack, n);
}

void gc_reach(struct gc *g, const struct lease_key *key)
{
	reach_node(g, gc_node(g, key));
}

void gc_follow(struct gc *g)
{
	while (g->stack.n) {
		struct gc_node *n = vec_pop(&g->stack);
		VEC_EACH(&n->to, to)
			reach_node(g, *to);
	}
}

bool gc_is_reached(const struct gc *g, const struct lease_key *key)
{
	const struct gc_node *n = gc_find(g, key);
	return n && n->is_reached;
}

bool gc_key_digest(const struct lease_key *key, struct digest *ret)
{
	if (key->kind != LEASE_SHA256 && key->kind != LEASE_SHA512)
		return false;
	ret->algorithm = key->kind == LEASE_SHA512 ? DIGEST_SHA512 : DIGEST_SHA256;
	memcpy(ret->bytes, key->name, sizeof(ret->bytes));
	return true;
}

/* ---- what links to what ---- */

/* Rows of two digests: the first keeps the second alive. */
static int load_links(struct gc *g, const char *sql, struct err *err)
{
	CLEANUP(db_end) struct db_row *q = NULL;
	int more;
	if (db_query(g->s->db, &q, err, sql) < 0)
		return -1;
	while ((more = db_next(q, err)) > 0) {
		struct digest from, to;
		if (row_digest(q, 0, &from, err) < 0 || row_digest(q, 1, &to, err) < 0)
			return -1;
		struct lease_key from_key = lease_of_digest(&from), to_key = lease_of_digest(&to);
		struct gc_node *to_node = gc_node(g, &to_key);
		vec_push(&gc_node(g, &from_key)->to, to_node);
	}
	return more;
}

static int load_trees(struct gc *g, struct err *err)
{
	CLEANUP(db_end) struct db_row *q = NULL;
	int more;
	if (db_query(g->s->db, &q, err, "SELECT digest, tree FROM layer WHERE tree <> ''") < 0)
		return -1;
	while ((more = db_next(q, err)) > 0) {
		struct digest layer;
		char tree[80];
		snprintf(tree, sizeof(tree), "%.*s", STR_ARG(db_str(q, 1)));
		if (row_digest(q, 0, &layer, err) < 0)
			return -1;
		struct lease_key from = lease_of_digest(&layer), to = lease_of_tree(tree);
		struct gc_node *tree_node = gc_node(g, &to);
		vec_push(&gc_node(g, &from)->to, tree_node);
	}
	return more;
}

int gc_load_graph(struct gc *g, struct err *err)
{
	if (load_links(g, "SELECT manifest, child FROM manifest_child", err) < 0 ||
		load_links(g, "SELECT subject, digest FROM manifest WHERE subject <> ''", err) < 0)
		return -1;
	return load_trees(g, err);
}

/* ---- roots ---- */

static int reach_tags(struct gc *g, struct err *err)
{
	CLEANUP(db_end) struct db_row *q = NULL;
	int more;
	if (db_query(g->s->db, &q, err, "SELECT DISTINCT digest FROM tag") < 0)
		return -1;
	while ((more = db_next(q, err)) > 0) {
		struct digest d;
		if (row_digest(q, 0, &d, err) < 0)
			return -1;
		struct lease_key key = lease_of_digest(&d);
		gc_reach(g, &key);
	}
	return more;
}

static void keep_digest(void *ctx, const struct digest *d)
{
	struct lease_key key = lease_of_digest(d);
	gc_reach(ctx, &key);
}

static void keep_tree(void *ctx, const char *name)
{
	struct lease_key key = lease_of_tree(name);
	gc_reach(ctx, &key);
}

static int reach_young(void *ctx, const struct gc_file *f, struct err *err)
{
	struct gc *g = ctx;
	int64_t ctime_ns = f->st.st_ctim.tv_sec * CLOCK_SECOND + f->st.st_ctim.tv_nsec;
	if (!f->is_stray && !f->is_damaged &&
		clock_now(clock_system()) - ctime_ns < g->spec->blob_age_ns)
		keep_digest(g, &f->digest);
	return 0;
}

int gc_reach_roots(struct gc *g, struct err *err)
{
	const struct gc_spec *spec = g->spec;
	if (reach_tags(g, err) < 0)
		return -1;
	for (size_t i = 0; i < spec->n_roots; i++)
		if (spec->roots[i].each(spec->roots[i].ctx, g->s, keep_digest, keep_tree, g, err) <
			0)
			return -1;
	if (spec->blob_age_ns > 0 && gc_each_file(g->s, reach_young, g, err) < 0)
		return -1;
	if (gc_read_leases(g, err) < 0)
		return -1;
	gc_follow(g);
	return 0;
}

/* ---- leases ---- */

static int read_lease_file(struct gc *g, int leases_fd, const char *name, struct err *err)
{
	enum { KEYS_AT_ONCE = 512 };
	struct lease_key keys[KEYS_AT_ONCE];
	CLEANUP(fd_close) int fd = -1;
	uintptr_t known = (uintptr_t)map_get(&g->lease_read, str_of(name));
	uint64_t at = known ? known - 1 : 0;
	if (fs_open(leases_fd, name, O_RDONLY | O_NOFOLLOW, 0, &fd, err) < 0)
		return err->kind == ERR_NOT_FOUND ? 0 : -1;
	for (;;) {
		ssize_t n = pread(fd, keys, sizeof(keys), (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "read a lease");
		size_t n_keys = (size_t)n / sizeof(keys[0]);
		for (size_t i = 0; i < n_keys; i++) {
			gc_node(g, &keys[i])->is_leased = true;
			gc_reach(g, &keys[i]);
		}
		at += n_keys * sizeof(keys[0]);
		if (n_keys < KEYS_AT_ONCE)
			break;
	}
	map_put(&g->lease_read, str_of(name), (void *)(uintptr_t)(at + 1));
	return 0;
}

int gc_read_leases(struct gc *g, struct err *err)
{
	CLEANUP(fs_entries_done) struct fs_entries all = {0};
	int leases_fd;
	if (store_dir(g->s, "leases", &leases_fd, err) < 0 || fs_list(leases_fd, &all, err) < 0)
		return -1;
	VEC_EACH(&all, e)
		if (e->type == DT_REG && read_lease_file(g, leases_fd, e->name, err) < 0)
			return -1;
	gc_follow(g);
	return 0;
}
