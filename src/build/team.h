/* build/team -- threads that take ready nodes from a graph until it is done.
 *
 * All are equal: the caller's thread works too, and the others start only when more than one node
 * is ready, so a build in which every step is cached never leaves the caller's thread. The first
 * failure cancels nothing by itself: nodes that need the failed one are skipped, others go on, so
 * that all errors of independent parts are found in one run.
 */
#ifndef BUILD_TEAM_H
#define BUILD_TEAM_H

#include "base/cancel.h"
#include "graph/graph.h"

struct team_spec {
	struct graph *graph;
	unsigned n_threads;
	/* Does the node's work on some thread of the team: 0 or -1. */
	int (*work)(void *ctx, size_t node);
	void *ctx;
	const struct cancel *cancel; /* asked: no further node starts */
};
/* Returns when every wanted node ended: how many failed. */
size_t team_run(const struct team_spec *spec);

#endif
