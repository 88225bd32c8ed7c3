/* URLs: the first line is the base, the rest a Location; both also as query and escaped text. */
#include "http/url.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_parts(struct str text, const struct url *u)
{
	assert(u->host.n > 0 && u->host.p >= text.p && u->host.p + u->host.n <= text.p + text.n);
	assert(u->path.n > 0 && u->path.p[0] == '/' && u->port > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str all = str_n(data, n), base, value;
	struct err err;
	struct url u;
	size_t at = 0;
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(buf_done) struct buf b = BUF(4096);
	if (!str_cut(&all, '\n', &base))
		return 0;
	if (url_parse(base, &u, &err) == 0) {
		check_parts(base, &u);
		if (url_resolve(base, all, &b, &err) == 0)
			assert(url_parse(buf_str(&b), &u, &err) == 0);
	}
	while (url_query_next(all, "a", &at, &a, &value))
		assert(value.p);
	buf_clear(&b);
	url_add_escaped(&b, base, "/");
	CLEANUP(buf_done) struct buf back = BUF(4096);
	bool has_nul = base.n && memchr(base.p, 0, base.n);
	if (!b.is_over && !has_nul) {
		assert(url_unescape(buf_str(&b), &back, &err) == 0);
		assert(str_eq(buf_str(&back), base));
	}
	(void)url_unescape(base, &back, &err); /* must only not crash */
	return 0;
}
