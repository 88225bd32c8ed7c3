/* Range and Content-Range, RFC 9110 section 14. */
#include "http/server.h"

#include "base/num.h"

/* A position; one that no number can hold is behind the end of everything. */
static bool parse_position(struct str text, uint64_t *ret)
{
	struct err err = {0};
	*ret = UINT64_MAX;
	return num_parse_u64(text, 0, UINT64_MAX, ret, &err) == 0 || err.kind == ERR_LIMIT;
}

static int suffix_range(uint64_t n, uint64_t size, uint64_t *ret_offset, uint64_t *ret_size)
{
	if (n == 0)
		return -1;
	if (size == 0)
		return 0; /* all of nothing */
	*ret_size = num_min(n, size);
	*ret_offset = size - *ret_size;
	return 1;
}

int http_range(struct str header, uint64_t size, uint64_t *ret_offset, uint64_t *ret_size)
{
	uint64_t first, last = UINT64_MAX;
	if (!str_eq_nocase(str_sub(header, 0, 6), S("bytes=")))
		return 0;
	struct str spec = str_trim(str_skip(header, 6));
	ssize_t dash = str_chr(spec, '-');
	if (dash < 0)
		return 0;
	struct str from = str_sub(spec, 0, (size_t)dash), to = str_skip(spec, (size_t)dash + 1);
	if (to.n && !parse_position(to, &last))
		return 0;
	if (!from.n)
		return to.n ? suffix_range(last, size, ret_offset, ret_size) : 0;
	if (!parse_position(from, &first))
		return 0;
	if (first >= size || last < first)
		return -1;
	*ret_offset = first;
	*ret_size = num_min(last, size - 1) - first + 1;
	return 1;
}
