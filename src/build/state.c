#include "build/state.h"

#include "base/csv.h"
#include "base/num.h"

struct image_strs state_strs(struct arena *a, const struct str *p, size_t n)
{
	struct image_strs copy = {ARENA_ARRAY(a, struct str, n + 1), n};
	for (size_t i = 0; i < n; i++)
		copy.p[i] = arena_str(a, p[i]);
	return copy;
}

/* The list with one more at position `at` (n = replaces nothing: appended). */
static struct image_strs with(struct arena *a, const struct image_strs *old, size_t at,
	struct str s)
{
	struct image_strs list = {ARENA_ARRAY(a, struct str, old->n + 1), old->n};
	if (old->n)
		memcpy(list.p, old->p, old->n * sizeof(*list.p));
	if (at == list.n)
		list.n++;
	list.p[at] = s;
	return list;
}

static bool names(struct str entry, struct str name)
{
	return str_starts(entry, name) && entry.n > name.n && entry.p[name.n] == '=';
}

static size_t env_at(const struct state *s, struct str name)
{
	size_t i = 0;
	while (i < s->config.env.n && !names(s->config.env.p[i], name))
		i++;
	return i;
}

void state_set_env(struct state *s, struct str name, struct str value)
{
	struct str entry = arena_fmt(s->arena, "%.*s=", STR_ARG(name));
	char *whole = arena_alloc(s->arena, entry.n + value.n + 1, 1);
	memcpy(whole, entry.p, entry.n);
	if (value.n)
		memcpy(whole + entry.n, value.p, value.n);
	s->config.env =
		with(s->arena, &s->config.env, env_at(s, name), str_n(whole, entry.n + value.n));
}

struct str state_env(const struct state *s, struct str name)
{
	size_t at = env_at(s, name);
	return at < s->config.env.n ? str_skip(s->config.env.p[at], name.n + 1) : STR_NONE;
}

void state_set_label(struct state *s, struct str key, struct str value)
{
	const struct image_pairs *old = &s->config.labels;
	struct image_pairs list = {ARENA_ARRAY(s->arena, struct image_pair, old->n + 1), old->n};
	size_t at = 0;
	if (old->n)
		memcpy(list.p, old->p, old->n * sizeof(*list.p));
	while (at < old->n && !str_eq(old->p[at].key, key))
		at++;
	if (at == old->n)
		list.n++;
	list.p[at] = (struct image_pair){arena_str(s->arena, key), arena_str(s->arena, value)};
	s->config.labels = list;
}

/* Sets, sorted: the document lists them as members of an object. */
static void add_sorted(struct state *s, struct image_strs *list, struct str text)
{
	size_t at = 0;
	while (at < list->n && str_cmp(list->p[at], text) < 0)
		at++;
	if (at < list->n && str_eq(list->p[at], text))
		return;
	struct image_strs longer = {ARENA_ARRAY(s->arena, struct str, list->n + 1), list->n + 1};
	if (at)
		memcpy(longer.p, list->p, at * sizeof(*longer.p));
	longer.p[at] = arena_str(s->arena, text);
	if (list->n > at)
		memcpy(longer.p + at + 1, list->p + at, (list->n - at) * sizeof(*longer.p));
	*list = longer;
}

static struct str lower(struct arena *a, struct str text)
{
	char *p = ARENA_ARRAY(a, char, text.n + 1);
	for (size_t i = 0; i < text.n; i++)
		p[i] = ch_lower(text.p[i]);
	return str_n(p, text.n);
}

static int compare_strs(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* The document has one port and its protocol per member: "8000-8001" becomes two, "/tcp" is added,
 * and addresses and ports of a host, which mean nothing in an image, go. */
void state_add_port(struct state *s, struct str port)
{
	struct err err = {0};
	struct str numbers = port, first = STR_NONE, protocol = S("tcp");
	uint64_t from = 0, to = 0;
	ssize_t slash = str_rchr(port, '/');
	if (slash >= 0) {
		protocol = lower(s->arena, str_skip(port, (size_t)slash + 1));
		numbers = str_sub(port, 0, (size_t)slash);
	}
	numbers = str_skip(numbers, (size_t)(str_rchr(numbers, ':') + 1));
	(void)str_cut(&numbers, '-', &first);
	if (num_parse_u64(first, 0, UINT16_MAX, &from, &err) < 0 ||
		num_parse_u64(numbers.n ? numbers : first, from, UINT16_MAX, &to, &err) < 0)
		return; /* scope_apply() has refused it */
	const struct image_strs *old = &s->config.ports;
	struct str_vec all = {0};
	for (size_t i = 0; i < old->n; i++)
		vec_push(&all, old->p[i]);
	for (uint64_t i = from; i <= to; i++)
		vec_push(&all, arena_fmt(s->arena, "%u/%.*s", (unsigned)i, STR_ARG(protocol)));
	vec_sort(&all, compare_strs);
	struct image_strs list = {ARENA_ARRAY(s->arena, struct str, all.n), 0};
	VEC_EACH(&all, each)
		if (!list.n || !str_eq(list.p[list.n - 1], *each))
			list.p[list.n++] = *each;
	vec_done(&all);
	s->config.ports = list;
}

void state_add_volume(struct state *s, struct str path)
{
	add_sorted(s, &s->config.volumes, path);
}

void state_add_on_build(struct state *s, struct str text)
{
	s->config.on_build = with(s->arena, &s->config.on_build, s->config.on_build.n,
		arena_str(s->arena, text));
}

void state_add_history(struct state *s, const struct image_history *h)
{
	struct image_config *c = &s->config;
	struct image_history *list = ARENA_ARRAY(s->arena, struct image_history, c->n_history + 1);
	if (c->n_history)
		memcpy(list, c->history, c->n_history * sizeof(*list));
	list[c->n_history] = *h;
	c->history = list;
	c->n_history++;
}

void state_add_diff_id(struct state *s, const struct digest *d)
{
	struct image_config *c = &s->config;
	struct digest *list = ARENA_ARRAY(s->arena, struct digest, c->n_diff_ids + 1);
	if (c->n_diff_ids)
		memcpy(list, c->diff_ids, c->n_diff_ids * sizeof(*list));
	list[c->n_diff_ids] = *d;
	c->diff_ids = list;
	c->n_diff_ids++;
}
