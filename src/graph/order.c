#include "graph/graph_priv.h"

#include "base/buf.h"

enum { CYCLE_SHOWN = 12 }; /* names in a message */

/* A walk along needs, without recursion: path is where it stands, next the need to look at. */
struct walk {
	const struct graph *g;
	struct index_vec path;
	size_t *next;
	enum { UNSEEN, ON_PATH, DONE } * marks;
};

static void walk_init(struct walk *w, const struct graph *g)
{
	*w = (struct walk){.g = g};
	w->next = mem_new(g->nodes.n, sizeof(*w->next));
	w->marks = mem_new(g->nodes.n, sizeof(*w->marks));
}

static void walk_done(struct walk *w)
{
	vec_done(&w->path);
	free(w->next);
	free(w->marks);
}
CLEANUP_VAL(walk_done, struct walk);

static void walk_enter(struct walk *w, size_t node)
{
	w->marks[node] = ON_PATH;
	vec_push(&w->path, node);
}

/* From one node to everything it needs. True when a need is on the path already: a cycle. */
static bool walk_from(struct walk *w, size_t start, size_t *ret_again)
{
	if (w->marks[start] == UNSEEN)
		walk_enter(w, start);
	while (w->path.n) {
		size_t node = *vec_last(&w->path);
		const struct index_vec *needs = &w->g->nodes.p[node].needs;
		if (w->next[node] == needs->n) {
			w->marks[node] = DONE;
			(void)vec_pop(&w->path);
			continue;
		}
		size_t need = needs->p[w->next[node]++];
		if (w->marks[need] == ON_PATH) {
			*ret_again = need;
			return true;
		}
		if (w->marks[need] == UNSEEN)
			walk_enter(w, need);
	}
	return false;
}

/* "a needs b needs a", shortened in the middle when the cycle is long. */
static int fail_cycle(const struct walk *w, size_t again, struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(sizeof(err->what));
	size_t first = 0;
	while (w->path.p[first] != again)
		first++;
	size_t n = w->path.n - first;
	for (size_t i = 0; i < n; i++) {
		if (n > CYCLE_SHOWN && i == CYCLE_SHOWN / 2) {
			i = n - CYCLE_SHOWN / 2;
			buf_fmt(&b, "%zu others need ", n - CYCLE_SHOWN);
		}
		struct str name = graph_name(w->g, w->path.p[first + i]);
		buf_fmt(&b, "'%.*s' needs ", STR_ARG(str_sub(name, 0, 40)));
	}
	struct str name = graph_name(w->g, again);
	return err_set(err, ERR_INPUT, "%s'%.*s'", buf_cstr(&b), STR_ARG(str_sub(name, 0, 40)));
}

int graph_check(const struct graph *g, struct err *err)
{
	CLEANUP(walk_done) struct walk w;
	walk_init(&w, g);
	for (size_t i = 0; i < g->nodes.n; i++) {
		size_t again;
		if (walk_from(&w, i, &again))
			return fail_cycle(&w, again, err);
	}
	return 0;
}

void graph_only(struct graph *g, const size_t *targets, size_t n_targets)
{
	CLEANUP(walk_done) struct walk w;
	walk_init(&w, g);
	for (size_t i = 0; i < n_targets; i++) {
		size_t again;
		while (walk_from(&w, targets[i], &again))
			; /* a cycle is graph_check's to tell; go on behind it */
	}
	g->n_left = 0;
	for (size_t i = 0; i < g->nodes.n; i++) {
		struct node *n = &g->nodes.p[i];
		n->is_wanted = w.marks[i] != UNSEEN;
		g->n_left += n->is_wanted && !node_is_finished(n);
	}
	g->first_ready = 0;
}

int graph_order(const struct graph *g, size_t *ret, struct err *err)
{
	if (graph_check(g, err) < 0)
		return -1;
	size_t n = 0;
	CLEANUP(mem_free) size_t *unmet = mem_new(g->nodes.n, sizeof(*unmet));
	for (size_t i = 0; i < g->nodes.n; i++) {
		unmet[i] = g->nodes.p[i].needs.n;
		if (!unmet[i])
			ret[n++] = i;
	}
	for (size_t done = 0; done < n; done++)
		VEC_EACH(&g->nodes.p[ret[done]].needed_by, waiting) {
			if (--unmet[*waiting] == 0)
				ret[n++] = *waiting;
		}
	return 0;
}
