#include "env_priv.h"

int env_check(struct str name, struct str value, struct err *err)
{
	if (!name.n || str_chr(name, '=') >= 0 || str_chr(name, '\0') >= 0)
		return err_set(err, ERR_INPUT, "'%.*s' is no name for an environment variable",
			STR_ARG(name));
	if (str_chr(value, '\0') >= 0)
		return err_set(err, ERR_INPUT,
			"the value of environment variable '%.*s' holds a NUL byte", STR_ARG(name));
	return 0;
}

void env_write(const struct env *e, struct argv *ret)
{
	MAP_EACH(&e->m, one)
		argv_set(ret, one->key, str_of(one->value));
}
