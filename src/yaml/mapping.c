#include "yaml/yaml_priv.h"

enum { SMALL_MAPPING = 16 }; /* keys are compared one by one up to here, by hash beyond */

/* The pairs made so far, findable by key. */
struct pairs {
	struct yaml_pair *p;
	size_t n;
	struct map index; /* key -> pair, when there are many */
};

static void pairs_done(struct pairs *ps)
{
	map_done(&ps->index, NULL);
}
CLEANUP_VAL(pairs_done, struct pairs);

static struct yaml_pair *pairs_find(const struct pairs *ps, struct str key)
{
	if (ps->index.n)
		return map_get(&ps->index, key);
	for (size_t i = 0; i < ps->n; i++)
		if (str_eq(ps->p[i].key->text, key))
			return &ps->p[i];
	return NULL;
}

/* p has room for every pair that may come: pointers into it stay good. */
static void pairs_add(struct pairs *ps, struct yaml_pair pair)
{
	ps->p[ps->n++] = pair;
	if (ps->n <= SMALL_MAPPING)
		return;
	for (size_t i = ps->index.n ? ps->n - 1 : 0; i < ps->n; i++)
		map_put(&ps->index, ps->p[i].key->text, &ps->p[i]);
}

static bool is_merge_key(const struct yaml *key)
{
	return key->style == YAML_PLAIN && str_is(key->text, "<<");
}

/* Pairs of the mapping, or of the mappings in the sequence, that may be merged. */
static int count_merged(const struct yaml *value, size_t *ret, struct err *err)
{
	if (value->kind == YAML_MAPPING) {
		*ret = value->n;
		return 0;
	}
	if (value->kind != YAML_SEQUENCE)
		return yaml_err(err, value, "expected a mapping or mappings to merge, got %s",
			yaml_describe(value));
	*ret = 0;
	for (size_t i = 0; i < value->n; i++) {
		if (value->items[i]->kind != YAML_MAPPING)
			return yaml_err(err, value->items[i], "expected a mapping to merge, got %s",
				yaml_describe(value->items[i]));
		*ret += value->items[i]->n;
	}
	return 0;
}

static void merge_mapping(struct pairs *to, const struct pairs *written, const struct yaml *from)
{
	for (size_t i = 0; i < from->n; i++)
		if (!pairs_find(written, from->pairs[i].key->text) &&
			!pairs_find(to, from->pairs[i].key->text))
			pairs_add(to, from->pairs[i]);
}

/* The same pairs with those of "<<" in its place. */
static int merge(struct pairs *written, struct yaml_pair *merge_pair, struct yaml *node,
	struct arena *a, struct err *err)
{
	const struct yaml *value = merge_pair->value;
	CLEANUP(pairs_done) struct pairs all = {0};
	size_t n_merged = 0;
	if (count_merged(value, &n_merged, err) < 0)
		return -1;
	all.p = ARENA_ARRAY(a, struct yaml_pair, written->n + n_merged);
	for (size_t i = 0; i < written->n; i++) {
		if (&written->p[i] != merge_pair)
			pairs_add(&all, written->p[i]);
		else if (value->kind == YAML_MAPPING)
			merge_mapping(&all, written, value);
		else
			for (size_t m = 0; m < value->n; m++)
				merge_mapping(&all, written, value->items[m]);
	}
	node->pairs = all.p;
	node->n = all.n;
	return 0;
}

static int fail_duplicate(const struct yaml *key, const struct yaml *first, struct err *err)
{
	return yaml_err(err, key, "duplicate key '%.*s' (first at %u:%u)",
		STR_ARG(str_sub(key->text, 0, 200)), first->line, first->col);
}

int yaml_make_pairs(struct yaml *node, struct yaml **children, size_t n,
	const struct yaml_limits *limits, struct arena *a, struct err *err)
{
	CLEANUP(pairs_done) struct pairs ps = {.p = ARENA_ARRAY(a, struct yaml_pair, n / 2)};
	struct yaml_pair *merge_pair = NULL;
	for (size_t i = 0; i < n; i += 2) {
		struct yaml_pair pair = {.key = children[i], .value = children[i + 1]};
		const struct yaml_pair *first = pairs_find(&ps, pair.key->text);
		if (first && !limits->keeps_duplicates)
			return fail_duplicate(pair.key, first->key, err);
		pairs_add(&ps, pair);
		if (limits->has_merge_keys && is_merge_key(pair.key))
			merge_pair = &ps.p[ps.n - 1];
	}
	if (merge_pair)
		return merge(&ps, merge_pair, node, a, err);
	node->pairs = ps.p;
	node->n = ps.n;
	return 0;
}
