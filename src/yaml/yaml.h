/* yaml -- YAML 1.2 documents as a bounded tree with places.
 *
 * Every node knows the line and column it was written at, and every scalar what it means under the
 * YAML 1.2 core schema ("yes" and "on" are text, 0o10 is 8, 0755 is 755). The tags of that schema
 * (!!str !!int !!float !!bool !!null !!seq !!map) are obeyed, others refused or kept as text.
 *
 * Knows:   YAML (libyaml). Touches: the bytes given. Never: files, includes, custom tags.
 * Owner:   the tree lives in the caller's arena. An alias is the anchor's node itself: do not write
 *          to a tree. Threads: a finished tree may be read from any thread.
 * Errors:  ERR_INPUT with line and column: broken text, duplicate key, unknown anchor, a node
 * inside itself, a second document, an unknown tag, a key that is no scalar. Keys are equal when
 *          their text is: 1 and "1" are duplicates. Columns count characters.
 *          ERR_LIMIT: longer, deeper or more nodes than the limits, aliases counted as if what they
 *          stand for was written in their place.
 * Source:  YAML 1.2.2, 10.3 "Core Schema"; merge keys: yaml.org/type/merge.html.
 */
#ifndef YAML_YAML_H
#define YAML_YAML_H

#include "base/arena.h"
#include "base/err.h"

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };
enum yaml_type { YAML_NULL, YAML_BOOL, YAML_INT, YAML_FLOAT, YAML_STR };
enum yaml_style { YAML_PLAIN, YAML_SINGLE, YAML_DOUBLE, YAML_LITERAL, YAML_FOLDED };

struct yaml_pair;

struct yaml {
	enum yaml_kind kind;
	uint32_t line, col; /* of its first character, from 1 */
	/* scalar */
	enum yaml_type type;
	enum yaml_style style;
	struct str text; /* as written, quotes and escapes resolved; NUL-terminated */
	bool truth;      /* YAML_BOOL */
	int64_t number;  /* YAML_INT: a whole number that fits; others are YAML_FLOAT */
	double real;     /* YAML_INT and YAML_FLOAT; may be infinite or NaN */
	/* sequence */
	struct yaml **items;
	/* mapping, in the order of the text */
	struct yaml_pair *pairs;
	size_t n;
	bool is_flow; /* [a, b] or {a: b} */

	bool was_alias_target; /* some *alias stands for this node: it may be met more than once */
	struct str tag;        /* with accepts_tags: "!reset", "!!binary" */
};

struct yaml_pair {
	struct yaml *key; /* a scalar */
	struct yaml *value;
};

struct yaml_limits {
	size_t max_bytes;
	unsigned max_depth;    /* sequences and mappings inside each other */
	size_t max_nodes;      /* after expanding aliases; keys count too */
	bool has_merge_keys;   /* resolve "<<" (below); else it is an ordinary key */
	bool accepts_empty;    /* no document at all gives a YAML_NULL scalar */
	bool accepts_tags;     /* an unknown tag is kept in the node; else an error */
	bool keeps_duplicates; /* equal keys stay, for the caller to judge; else an error */
};
/* 1 MiB, depth 100, 100,000 nodes, no merge keys. */
extern const struct yaml_limits yaml_limits_default;

/* Merge keys: `<<: *a`, `<<: {…}` and `<<: [*a, *b]` add the pairs whose keys the mapping does not
 * write itself; of several, the first with a key gives it. They stand where "<<" stood. A quoted
 * "<<" is an ordinary key. */

/* Exactly one document. limits NULL = yaml_limits_default. */
int yaml_parse(struct str text, const struct yaml_limits *limits, struct arena *a,
	struct yaml **ret, struct err *err);

/* The value under key, or NULL (also when node is NULL or no mapping). Exact, case-sensitive. */
struct yaml *yaml_get(const struct yaml *node, const char *key);
struct yaml_pair *yaml_find(const struct yaml *node, struct str key);
const char *yaml_describe(const struct yaml *node); /* "a mapping", "a number": for messages */
/* Sets err (which need not hold anything yet) to ERR_INPUT at the node's place. */
int yaml_err(struct err *err, const struct yaml *node, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
