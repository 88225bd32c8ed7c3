#include "build/view.h"

int view_child(struct view *v, const struct view_entry *dir, const char *name, struct arena *a,
	struct view_entry *ret, struct err *err)
{
	struct str path = strcmp(dir->path, ".") == 0 ? arena_str(a, str_of(name))
						      : arena_fmt(a, "%s/%s", dir->path, name);
	return v->find(v, path, false, a, ret, err);
}
