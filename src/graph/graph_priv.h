/* graph_priv -- nodes, shared by graph.c (running) and order.c (cycles, orders, targets). */
#ifndef GRAPH_GRAPH_PRIV_H
#define GRAPH_GRAPH_PRIV_H

#include "base/vec.h"
#include "graph/graph.h"

VEC_TYPE(index_vec, size_t);

struct node {
	char *name;
	size_t n_name;
	void *data;
	enum graph_state state; /* WAITING also when it is ready */
	bool is_wanted;
	struct index_vec needs;
	struct index_vec needed_by;
	size_t n_unfinished; /* of needs */
};
VEC_TYPE(node_vec, struct node);

struct graph {
	struct node_vec nodes;
	size_t first_ready; /* no node before this one is ready */
	size_t n_left;      /* wanted and not finished */
};

static inline bool node_is_finished(const struct node *n)
{
	return n->state >= GRAPH_OK;
}

#endif
