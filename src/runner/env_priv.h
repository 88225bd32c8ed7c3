/* env -- environment variables under construction: NAME -> value, case counts, first order kept.
 *
 * Zeroed memory is empty. Values live in an arena; NUL ends them. Threads: one at a time.
 */
#ifndef RUNNER_ENV_PRIV_H
#define RUNNER_ENV_PRIV_H

#include "base/arena.h"
#include "base/map.h"
#include "expr/expr.h"
#include "proc/proc.h"

struct env {
	struct map m; /* NAME -> char * */
};

static inline void env_done(struct env *e)
{
	map_done(&e->m, NULL);
}
CLEANUP_VAL(env_done, struct env);

static inline void env_set(struct env *e, struct arena *a, struct str name, struct str value)
{
	map_put(&e->m, name, arena_cstr(a, value));
}

static inline const char *env_get(const struct env *e, const char *name)
{
	return map_get(&e->m, str_of(name));
}

static inline void env_add_all(struct env *e, const struct env *from)
{
	MAP_EACH(&from->m, one)
		map_put(&e->m, one->key, one->value);
}

/* As the `env` context has it. */
static inline struct expr_value env_context(const struct env *e, struct arena *a)
{
	struct expr_dict *d = expr_dict_new(a);
	d->is_case_sensitive = true;
	MAP_EACH(&e->m, one)
		expr_dict_put(d, a, arena_str(a, one->key), expr_string(str_of(one->value)));
	return expr_object(d);
}

/* A name and value that a process can have: no '=' in the name, no NUL in either. */
int env_check(struct str name, struct str value, struct err *err);
/* Adds NAME=value of each; replaces earlier ones. */
void env_write(const struct env *e, struct argv *ret);

#endif
