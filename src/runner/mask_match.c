#include "mask_priv.h"

static uint32_t child_of(const struct automaton *a, uint32_t node, uint8_t byte)
{
	for (uint32_t k = a->nodes[node].child; k; k = a->nodes[k].sibling)
		if (a->nodes[k].byte == byte)
			return k;
	return 0;
}

static uint32_t add_child(struct automaton *a, uint32_t node, uint8_t byte)
{
	uint32_t k = a->n++;
	a->nodes[k] = (struct mask_node){
		.sibling = a->nodes[node].child, .depth = a->nodes[node].depth + 1, .byte = byte};
	a->nodes[node].child = k;
	return k;
}

static void add_pattern(struct automaton *a, struct str pattern)
{
	uint32_t node = 0;
	for (size_t i = 0; i < pattern.n; i++) {
		uint8_t byte = (uint8_t)pattern.p[i];
		uint32_t k = node ? child_of(a, node, byte) : a->root[byte];
		if (!k) {
			k = add_child(a, node, byte);
			if (!node)
				a->root[byte] = k;
		}
		node = k;
	}
	a->nodes[node].hit = a->nodes[node].depth;
}

/* Breadth first, so that the fail of a node, which is less deep, is finished before it. */
static void link_fails(struct automaton *a)
{
	CLEANUP(mem_free) uint32_t *queue = mem_new(a->n, sizeof(*queue));
	size_t n = 0;
	for (uint32_t k = a->nodes[0].child; k; k = a->nodes[k].sibling)
		queue[n++] = k;
	for (size_t i = 0; i < n; i++) {
		const struct mask_node *node = &a->nodes[queue[i]];
		for (uint32_t k = node->child; k; k = a->nodes[k].sibling) {
			struct mask_node *child = &a->nodes[k];
			child->fail = automaton_step(a, node->fail, child->byte);
			if (!child->hit)
				child->hit = a->nodes[child->fail].hit;
			queue[n++] = k;
		}
	}
}

struct automaton *automaton_new(const struct str *patterns, size_t n)
{
	struct automaton *a = NEW(struct automaton);
	size_t bytes = 1;
	for (size_t i = 0; i < n; i++)
		bytes += patterns[i].n;
	a->nodes = mem_new(bytes, sizeof(*a->nodes));
	a->n = 1;
	for (size_t i = 0; i < n; i++)
		add_pattern(a, patterns[i]);
	a->nodes = mem_resize(a->nodes, a->n, sizeof(*a->nodes));
	link_fails(a);
	return a;
}

void automaton_free(struct automaton *a)
{
	if (!a)
		return;
	free(a->nodes);
	free(a);
}
