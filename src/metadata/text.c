#include "metadata_priv.h"

struct str text_join(struct arena *a, struct str x, struct str y, struct str z)
{
	CLEANUP(buf_done) struct buf b = BUF(SIZE_MAX / 2);
	buf_add(&b, x);
	buf_add(&b, y);
	buf_add(&b, z);
	return arena_str(a, buf_str(&b));
}

struct str text_swap(struct str s, char from, char to, struct arena *a)
{
	char *p = arena_cstr(a, s);
	for (size_t i = 0; i < s.n; i++)
		p[i] = p[i] == from ? to : p[i];
	return (struct str){p, s.n};
}

struct str text_lower(struct str s, struct arena *a)
{
	char *p = arena_cstr(a, s);
	for (size_t i = 0; i < s.n; i++)
		p[i] = ch_lower(p[i]);
	return (struct str){p, s.n};
}

struct str text_tag(struct str text, struct arena *a)
{
	char *p = arena_cstr(a, text);
	size_t n = 0;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		bool is_good = ch_is_alnum(c) || c == '.' || c == '_' || c == '-';
		if (is_good)
			p[n++] = c;
		else if (i == 0 || p[n - 1] != '\0')
			p[n++] = '\0';
	}
	for (size_t i = 0; i < n; i++)
		p[i] = p[i] ? p[i] : '-';
	p[n] = '\0';
	return (struct str){p, n};
}
