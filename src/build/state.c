#include "build/state.h"

struct image_strs state_strs(struct arena *a, const struct str *p, size_t n)
{
	struct image_strs copy = {ARENA_ARRAY(a, struct str, n + 1), n};
	for (size_t i = 0; i < n; i++)
		copy.p[i] = arena_str(a, p[i]);
	return copy;
}

/* The list with one more at position `at` (n = replaces nothing: appended). */
static struct image_strs with(struct arena *a, const struct image_strs *old, size_t at, struct str s)
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
	s->config.env = with(s->arena, &s->config.env, env_at(s, name),
		str_n(whole, entry.n + value.n));
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

void state_add_port(struct state *s, struct str port)
{
	add_sorted(s, &s->config.ports, port);
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
