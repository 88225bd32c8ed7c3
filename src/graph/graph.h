/* graph -- what can start now.
 *
 * Nodes that need other nodes: the order of build steps, jobs and services. The caller does the
 * work; the graph says which nodes are ready, and what a failure takes with it.
 *
 *	n = graph_add(g, name, data); graph_need(g, n, other);
 *	graph_check(g, ...)				no cycles
 *	while (graph_next(g, &n)) start(n);		then, as each ends:
 *	graph_finish(g, n, GRAPH_OK);			makes others ready
 *
 * Ready nodes come in the order they were added. Nodes and needs may be added while others run. A
 * node whose need ended with GRAPH_FAILED or GRAPH_SKIPPED is still offered, so that
 * `if: always()` can run; the caller looks at graph_needs_ok() and finishes it as skipped when that
 * is its rule.
 *
 * Knows: nodes and needs. Touches: nothing. Never: Dockerfiles, jobs, services.
 * Owner: data is the caller's. Threads: one at a time (the control thread).
 * Errors: ERR_INPUT for a cycle; the message lists it.
 */
#ifndef GRAPH_GRAPH_H
#define GRAPH_GRAPH_H

#include "base/err.h"
#include "base/str.h"

struct graph;

enum graph_state {
	GRAPH_WAITING,
	GRAPH_READY,
	GRAPH_RUNNING,
	GRAPH_OK,
	GRAPH_FAILED,
	GRAPH_SKIPPED
};

struct graph *graph_new(void);
void graph_free(struct graph *g);
CLEANUP_PTR(graph_free, struct graph);

/* Nodes are numbered from 0. name is copied, for messages. */
size_t graph_add(struct graph *g, struct str name, void *data);
size_t graph_count(const struct graph *g);
void *graph_data(const struct graph *g, size_t node);
struct str graph_name(const struct graph *g, size_t node);
/* Before node starts; twice is once. */
void graph_need(struct graph *g, size_t node, size_t needs);
size_t graph_n_needs(const struct graph *g, size_t node);
size_t graph_need_at(const struct graph *g, size_t node, size_t i);

/* ERR_INPUT "'a' needs 'b' needs 'a'" when there is a cycle. */
int graph_check(const struct graph *g, struct err *err);
/* All nodes in an order in which every need comes first; ret holds graph_count() entries. */
int graph_order(const struct graph *g, size_t *ret, struct err *err);
/* Marks only what the targets need, directly or not; the others are never offered. */
void graph_only(struct graph *g, const size_t *targets, size_t n_targets);
bool graph_is_wanted(const struct graph *g, size_t node);

/* Would graph_next give one now? */
bool graph_has_next(struct graph *g);
/* Takes the next ready node and makes it RUNNING; false when none is ready now. */
bool graph_next(struct graph *g, size_t *ret_node);
/* Ends a running node with GRAPH_OK, GRAPH_FAILED or GRAPH_SKIPPED. */
void graph_finish(struct graph *g, size_t node, enum graph_state result);
enum graph_state graph_state(const struct graph *g, size_t node);
/* All direct needs ended with GRAPH_OK. */
bool graph_needs_ok(const struct graph *g, size_t node);
/* Wanted nodes that are not finished yet. */
size_t graph_left(const struct graph *g);

#endif
