#include "graph/graph_priv.h"

struct graph *graph_new(void)
{
	return NEW(struct graph);
}

void graph_free(struct graph *g)
{
	if (!g)
		return;
	VEC_EACH(&g->nodes, n) {
		free(n->name);
		vec_done(&n->needs);
		vec_done(&n->needed_by);
	}
	vec_done(&g->nodes);
	free(g);
}

static struct node *get(const struct graph *g, size_t node)
{
	assert(node < g->nodes.n);
	return &g->nodes.p[node];
}

size_t graph_add(struct graph *g, struct str name, void *data)
{
	struct node *n = vec_add(&g->nodes);
	n->name = mem_copy(name.p, name.n);
	n->n_name = name.n;
	n->data = data;
	n->is_wanted = true;
	g->n_left++;
	return g->nodes.n - 1;
}

size_t graph_count(const struct graph *g)
{
	return g->nodes.n;
}

void *graph_data(const struct graph *g, size_t node)
{
	return get(g, node)->data;
}

struct str graph_name(const struct graph *g, size_t node)
{
	const struct node *n = get(g, node);
	return str_n(n->name, n->n_name);
}

void graph_need(struct graph *g, size_t node, size_t needs)
{
	struct node *n = get(g, node), *needed = get(g, needs);
	assert(n->state == GRAPH_WAITING);
	VEC_EACH(&n->needs, known) {
		if (*known == needs)
			return;
	}
	vec_push(&n->needs, needs);
	vec_push(&needed->needed_by, node);
	if (!node_is_finished(needed))
		n->n_unfinished++;
}

size_t graph_n_needs(const struct graph *g, size_t node)
{
	return get(g, node)->needs.n;
}

size_t graph_need_at(const struct graph *g, size_t node, size_t i)
{
	const struct node *n = get(g, node);
	assert(i < n->needs.n);
	return n->needs.p[i];
}

bool graph_is_wanted(const struct graph *g, size_t node)
{
	return get(g, node)->is_wanted;
}

static bool is_ready(const struct node *n)
{
	return n->is_wanted && n->state == GRAPH_WAITING && !n->n_unfinished;
}

bool graph_has_next(struct graph *g)
{
	while (g->first_ready < g->nodes.n && !is_ready(&g->nodes.p[g->first_ready]))
		g->first_ready++;
	return g->first_ready < g->nodes.n;
}

bool graph_next(struct graph *g, size_t *ret_node)
{
	if (!graph_has_next(g))
		return false;
	*ret_node = g->first_ready++;
	g->nodes.p[*ret_node].state = GRAPH_RUNNING;
	return true;
}

void graph_finish(struct graph *g, size_t node, enum graph_state result)
{
	struct node *n = get(g, node);
	assert(n->state == GRAPH_RUNNING && result >= GRAPH_OK);
	n->state = result;
	g->n_left--;
	VEC_EACH(&n->needed_by, waiting) {
		g->nodes.p[*waiting].n_unfinished--;
		if (*waiting < g->first_ready)
			g->first_ready = *waiting;
	}
}

enum graph_state graph_state(const struct graph *g, size_t node)
{
	const struct node *n = get(g, node);
	return is_ready(n) ? GRAPH_READY : n->state;
}

bool graph_needs_ok(const struct graph *g, size_t node)
{
	VEC_EACH(&get(g, node)->needs, need) {
		if (get(g, *need)->state != GRAPH_OK)
			return false;
	}
	return true;
}

size_t graph_left(const struct graph *g)
{
	return g->n_left;
}
