#include "fs/fs_priv.h"

/* Adds the names of path to b, whose text from start on is an absolute clean path or empty. */
static void add_names(struct buf *b, size_t start, struct str path)
{
	struct str name;
	while (str_cut(&path, '/', &name)) {
		if (!name.n || str_is(name, "."))
			continue;
		if (!str_is(name, "..")) {
			buf_add_ch(b, '/');
			buf_add(b, name);
		} else {
			ssize_t slash = str_rchr(str_skip(buf_str(b), start), '/');
			if (slash >= 0)
				buf_cut(b, start + (size_t)slash);
		}
	}
}

void path_clean(struct buf *b, struct str base, struct str path)
{
	size_t start = b->n;
	add_names(b, start, base);
	add_names(b, start, path);
	if (b->n == start)
		buf_add_ch(b, '/');
}

static struct str without_slashes(struct str path)
{
	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	return path;
}

struct str path_base(struct str path)
{
	path = without_slashes(path);
	if (!path.n)
		return S(".");
	ssize_t slash = str_rchr(path, '/');
	return path.n == 1 || slash < 0 ? path : str_skip(path, (size_t)slash + 1);
}

struct str path_dir(struct str path)
{
	path = without_slashes(path);
	ssize_t slash = str_rchr(path, '/');
	if (slash < 0)
		return S(".");
	return without_slashes(str_sub(path, 0, slash ? (size_t)slash : 1));
}
