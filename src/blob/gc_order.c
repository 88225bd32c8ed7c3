/* In which order garbage goes, and where batches may end.
 *
 * Between two batches the world runs, and somebody may take an unreached manifest and tag it. What it
 * links to must still be there then. So whatever links goes before what it links to: a manifest that
 * can still be found has lost nothing yet, and one whose blobs began to go cannot be found any more.
 *
 * Digests cannot form a cycle, but "subject -> referrer" links point the other way than the bytes do:
 * an index may list its own subject. Things that lead to each other go in one batch. */
#include "blob/gc_priv.h"

struct frame {
	struct gc_node *node;
	size_t next; /* link to look at */
};

static bool is_garbage(const struct gc_node *n)
{
	struct digest ignored;
	return !n->is_reached && gc_key_digest(&n->key, &ignored);
}

/* Depth first from one node; each goes to the end of out when all it leads to has. */
static void visit(struct gc_node *from, struct gc_nodes *out)
{
	VEC(struct frame) stack = {0};
	from->is_listed = true;
	vec_push(&stack, ((struct frame){from, 0}));
	while (stack.n) {
		struct frame *top = &stack.p[stack.n - 1];
		if (top->next == top->node->to.n) {
			vec_push(out, top->node);
			stack.n--;
			continue;
		}
		struct gc_node *to = top->node->to.p[top->next++];
		if (to->is_listed || !is_garbage(to))
			continue;
		to->is_listed = true;
		vec_push(&stack, ((struct frame){to, 0}));
	}
	vec_done(&stack);
}

static void reverse(struct gc_nodes *list)
{
	for (size_t i = 0, j = list->n; i + 1 < j; i++) {
		struct gc_node *swap = list->p[i];
		list->p[i] = list->p[--j];
		list->p[j] = swap;
	}
}

/* A batch may begin where no link leads back from there or from anything after it. */
static void mark_ends(struct gc_nodes *list)
{
	size_t lowest = list->n;
	for (size_t i = 0; i < list->n; i++)
		list->p[i]->index = i;
	for (size_t i = list->n; i-- > 0;) {
		struct gc_node *n = list->p[i];
		VEC_EACH(&n->to, to)
			if ((*to)->is_listed && (*to)->index < lowest)
				lowest = (*to)->index;
		n->may_begin_batch = lowest >= i;
	}
}

void gc_order_garbage(struct gc *g, struct gc_nodes *ret)
{
	MAP_EACH(&g->nodes, e) {
		struct gc_node *n = e->value;
		if (!n->is_listed && is_garbage(n))
			visit(n, ret);
	}
	reverse(ret);
	mark_ends(ret);
}

size_t gc_batch_size(const struct gc_nodes *list, size_t at, size_t about)
{
	size_t n = list->n - at < about ? list->n - at : about;
	while (at + n < list->n && !list->p[at + n]->may_begin_batch)
		n++;
	return n;
}
