/* gc_priv -- a collection in progress. */
#ifndef BLOB_GC_PRIV_H
#define BLOB_GC_PRIV_H

#include "base/arena.h"
#include "blob/blob_priv.h"
#include "blob/gc.h"
#include "blob/tree.h"

/* A blob or a tree that something links to or that was found reachable. */
struct gc_node {
	struct lease_key key;
	bool is_reached;
	bool is_leased;
	bool is_linked;   /* some repository has it */
	unsigned seen_by; /* the last repository whose walk came here (gc_links.c) */
	bool is_listed;   /* as garbage, at index (gc_order.c) */
	bool may_begin_batch;
	size_t index;
	bool has_file;
	uint64_t size; /* of the file */
	VEC(struct gc_node *) to;
};
VEC_TYPE(gc_nodes, struct gc_node *);

struct gc {
	struct store *s;
	const struct gc_spec *spec;
	struct gc_result result;
	struct map nodes;      /* by key */
	struct gc_nodes stack; /* reached, their links not followed yet */
	struct map lease_read; /* lease file -> bytes read + 1 */
	struct fs_temp trash;
	unsigned n_trash;
};

/* ---- mark (gc_mark.c) ---- */

struct gc_node *gc_node(struct gc *g, const struct lease_key *key); /* made when missing */
struct gc_node *gc_find(const struct gc *g, const struct lease_key *key);
void gc_reach(struct gc *g, const struct lease_key *key);
void gc_follow(struct gc *g); /* everything that can be reached from what was */
bool gc_is_reached(const struct gc *g, const struct lease_key *key);
int gc_load_graph(struct gc *g, struct err *err);
int gc_reach_roots(struct gc *g, struct err *err);
/* Reads what was written down since the last time. */
int gc_read_leases(struct gc *g, struct err *err);
bool gc_key_digest(const struct lease_key *key, struct digest *ret); /* false for a tree */

/* ---- sweep (gc_order.c, gc_sweep.c, gc_links.c) ---- */

/* Stops the world for leases and rows; between these two nobody can come to rely on anything. */
int gc_stop_world(struct gc *g, int *ret_lock_fd, struct err *err);
int gc_start_world(struct gc *g, int rc, int *lock_fd, struct err *err);
/* Every digest that nothing reaches, what links before what it links to. */
void gc_order_garbage(struct gc *g, struct gc_nodes *ret);
/* How many from `at` on make a batch of about that many. */
size_t gc_batch_size(const struct gc_nodes *list, size_t at, size_t about);
int gc_sweep_blobs(struct gc *g, struct err *err);
int gc_sweep_trees(struct gc *g, struct err *err);
int gc_sweep_uploads(struct gc *g, struct err *err);
int gc_sweep_links(struct gc *g, struct err *err);

void gc_note(struct gc *g, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Every file of blobs/: name is a digest's, or is_stray. */
struct gc_file {
	struct digest digest;
	bool is_stray, is_damaged; /* a name that means nothing; one that was set aside */
	const char *path;          /* from the root */
	struct stat st;
};
int gc_each_file(struct store *s, int (*each)(void *ctx, const struct gc_file *f, struct err *err),
	void *ctx, struct err *err);

#endif
