#include "dockerfile/instruction_priv.h"

void flag_values_done(struct flag_values *v)
{
	for (size_t i = 0; i < FLAGS_MAX; i++)
		vec_done(&v->p[i].list);
}

static int unknown_flag(struct reader *r, struct dockerfile_place at, struct str name,
	const struct flag_spec *specs)
{
	const char *names[FLAGS_MAX + 1] = {0};
	for (size_t i = 0; specs[i].name; i++)
		names[i] = specs[i].name;
	return place_fail(r->err, at, "unknown flag: --%.*s%s", STR_ARG(name),
		suggest_words(name, names, false, r->arena));
}

static int set_bool(struct reader *r, struct flag_value *v, struct str name, bool has_value)
{
	struct str value = v->word.text;
	if (has_value && !value.n)
		return place_fail(r->err, v->word.at, "missing a value on flag: --%.*s",
			STR_ARG(name));
	v->truth = !has_value || str_eq_nocase(value, S("true"));
	if (!v->truth && !str_eq_nocase(value, S("false")))
		return place_fail(r->err, v->word.at,
			"expecting boolean value for flag --%.*s, not: %.*s", STR_ARG(name),
			STR_ARG(value));
	return 0;
}

static int read_flag(struct reader *r, const struct flag_spec *specs,
	const struct dockerfile_word *flag, struct flag_values *ret)
{
	struct str value = str_skip(flag->text, 2), name;
	bool has_value = str_chr(value, '=') >= 0;
	size_t i = 0;
	(void)str_cut(&value, '=', &name); /* without '=' all of it is the name */
	while (specs[i].name && !str_is(name, specs[i].name))
		i++;
	if (!specs[i].name)
		return unknown_flag(r, flag->at, name, specs);
	struct flag_value *v = &ret->p[i];
	if (v->is_used && specs[i].type != FLAG_LIST)
		return place_fail(r->err, flag->at, "duplicate flag specified: --%.*s",
			STR_ARG(name));
	v->is_used = true;
	v->word = (struct dockerfile_word){has_value ? value : STR_NONE, flag->at};
	if (specs[i].type == FLAG_BOOL)
		return set_bool(r, v, name, has_value);
	if (!has_value)
		return place_fail(r->err, flag->at, "missing a value on flag: --%.*s",
			STR_ARG(name));
	if (!v->word.text.p)
		v->word.text = S("");
	if (specs[i].type == FLAG_LIST)
		vec_push(&v->list, v->word);
	return 0;
}

int flags_read(struct reader *r, const struct flag_spec *specs, struct flag_values *ret)
{
	for (size_t i = 0; i < r->node->n_flags; i++)
		if (read_flag(r, specs, &r->node->flags[i], ret) < 0)
			return -1;
	return 0;
}

int flags_none(struct reader *r)
{
	static const struct flag_spec none[] = {{0}};
	struct flag_values unused = {0};
	return flags_read(r, none, &unused);
}

struct inst_words flag_list(struct reader *r, const struct flag_value *v)
{
	return (struct inst_words){ARENA_COPY(r->arena, &v->list), v->list.n};
}
