/* yaml_priv -- the builder: libyaml's events in, our tree out. */
#ifndef YAML_YAML_PRIV_H
#define YAML_YAML_PRIV_H

#include "base/map.h"
#include "base/vec.h"
#include "yaml/yaml.h"

#include <yaml.h>

CLEANUP_VAL(yaml_event_delete, yaml_event_t);

/* What &name stands for. */
struct anchor {
	struct yaml *node;
	bool is_open;      /* the node is still being read: an alias would put it inside itself */
	uint64_t n_before; /* builder.n_nodes when the node began */
	uint64_t n_nodes;  /* of the whole node, aliases in it expanded */
	unsigned height;   /* levels of sequences and mappings in it, itself included */
};

/* A sequence or mapping that is still being read. */
struct frame {
	struct yaml *node;
	struct anchor *anchor; /* or NULL */
	size_t first;          /* its first child in builder.children */
	unsigned height;       /* of its highest child so far */
};
VEC_TYPE(frame_vec, struct frame);
VEC_TYPE(node_vec, struct yaml *);

struct builder {
	yaml_parser_t parser;
	const struct yaml_limits *limits;
	struct arena *arena;
	struct err *err;
	uint64_t n_nodes; /* so far, aliases expanded */
	struct frame_vec frames;
	struct node_vec children; /* of all open frames; a mapping's keys and values take turns */
	struct map anchors;       /* name -> struct anchor in the arena, the latest */
	struct yaml *root;
};

/* problem.c: errors at a place; all return -1. */
int yaml_fail(struct builder *b, yaml_mark_t at, enum err_kind kind, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
int yaml_fail_syntax(struct builder *b);
/* Only characters that YAML allows, in UTF-8, and nothing that makes libyaml slow. */
int yaml_check_text(struct str text, struct err *err);

/* scalar.c: sets type, truth, number and real from node->text. tag is "" when there is none. */
int yaml_resolve(struct yaml *node, const char *tag, struct err *err);

/* mapping.c: makes pairs of n keys and values, checked for duplicates, merge keys resolved. */
int yaml_make_pairs(struct yaml *node, struct yaml **children, size_t n,
	const struct yaml_limits *limits, struct arena *a, struct err *err);

#endif
