#include "dockerfile/expand.h"

void vars_done(struct vars *v)
{
	map_done(&v->by_name, NULL);
}

void vars_set(struct vars *v, struct str name, struct str value)
{
	struct str *copy = ARENA_NEW(v->arena, struct str);
	*copy = arena_str(v->arena, value);
	map_put(&v->by_name, name, copy);
}

bool vars_get(const struct vars *v, struct str name, struct str *ret)
{
	const struct map_entry *e = map_find(&v->by_name, name);
	if (e)
		*ret = vars_value(e);
	return e != NULL;
}

void vars_copy(struct vars *to, const struct vars *from)
{
	MAP_EACH(&from->by_name, e)
		map_put(&to->by_name, e->key, e->value);
}
