#include "yaml/yaml.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Counts nodes with aliases expanded; checks what the header promises about each. */
static size_t walk(const struct yaml *node, unsigned depth_left)
{
	size_t n = 1;
	assert(node->line > 0 && node->col > 0);
	if (node->kind == YAML_SCALAR) {
		assert(node->text.p[node->text.n] == '\0');
		return n;
	}
	assert(depth_left > 0);
	for (size_t i = 0; i < node->n; i++) {
		if (node->kind == YAML_SEQUENCE) {
			n += walk(node->items[i], depth_left - 1);
			continue;
		}
		const struct yaml_pair *pair = &node->pairs[i];
		assert(pair->key->kind == YAML_SCALAR);
		assert(yaml_find(node, pair->key->text) == pair);
		n += 1 + walk(pair->value, depth_left - 1);
	}
	return n;
}

/* The first byte chooses options. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	struct yaml_limits limits = {.max_bytes = 1 << 20, .max_depth = 20, .max_nodes = 300};
	limits.has_merge_keys = data[0] & 1;
	limits.accepts_empty = data[0] & 2;
	limits.accepts_tags = data[0] & 4;
	CLEANUP(arena_done) struct arena a = {0};
	struct err err = {0};
	struct yaml *root = NULL;
	if (yaml_parse(str_n(data + 1, size - 1), &limits, &a, &root, &err) < 0) {
		assert(err.kind == ERR_INPUT || err.kind == ERR_LIMIT);
		return 0;
	}
	assert(walk(root, limits.max_depth) <= limits.max_nodes);
	return 0;
}
