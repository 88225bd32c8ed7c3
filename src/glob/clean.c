#include "glob/glob_priv.h"

/* Cuts the last segment off; '/' of a rooted path stays. */
static size_t cut_segment(const char *p, size_t n, size_t least)
{
	while (n > least && p[n - 1] != '/')
		n--;
	return n > least ? n - 1 : n;
}

struct str clean_path(struct str path, struct arena *a)
{
	bool is_rooted = path.n && path.p[0] == '/';
	char *out = arena_alloc(a, path.n + 2, 1);
	size_t n = 0, least; /* what ".." may not take away */
	if (is_rooted)
		out[n++] = '/';
	least = n;
	for (struct str segment; str_cut(&path, '/', &segment);) {
		if (!segment.n || str_is(segment, "."))
			continue;
		bool is_up = str_is(segment, "..");
		if (is_up && n > least) {
			n = cut_segment(out, n, is_rooted);
			continue;
		}
		if (is_up && is_rooted)
			continue;
		if (n > is_rooted)
			out[n++] = '/';
		memcpy(out + n, segment.p, segment.n);
		n += segment.n;
		if (is_up)
			least = n;
	}
	if (!n)
		out[n++] = '.';
	return str_n(out, n);
}
