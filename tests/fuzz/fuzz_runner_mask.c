#include "runner/mask_priv.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void in_pieces(struct masker *m, struct str text, size_t step, struct buf *out)
{
	CLEANUP(mask_stream_done) struct mask_stream s;
	mask_stream_init(&s, m);
	for (size_t i = 0; i < text.n; i += step)
		mask_feed(&s, str_sub(text, i, i + step), out);
	mask_flush(&s, out);
}

/* First line: the size of pieces, then secrets, then an empty line, then the text. Nothing that is
 * left holds a secret, and pieces give what the whole gives. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(masker_free) struct masker *m = masker_new();
	CLEANUP(buf_done) struct buf whole = BUF(64 << 20), pieces = BUF(64 << 20);
	struct str rest = str_n(data, size), line;
	struct err err = {0};
	size_t n = 0;
	if (size < 2 || size > 64 * 1024)
		return 0;
	size_t step = (size_t)data[0] % 13 + 1;
	rest = str_skip(rest, 1);
	while (n < 20 && str_cut(&rest, '\n', &line) && line.n) {
		if (str_has(line, S("*")) || masker_add(m, line, &err) < 0)
			return 0; /* "***" itself would be found */
		n++;
	}
	if (!rest.p || str_has(rest, S("*")))
		return 0;
	masker_write(m, rest, &whole);
	in_pieces(m, rest, step, &pieces);
	assert(str_eq(buf_str(&whole), buf_str(&pieces)));
	struct str left = buf_str(&whole), part;
	while (left.p) { /* between the stars */
		ssize_t at = str_find(left, S("***"));
		part = at < 0 ? left : str_sub(left, 0, (size_t)at);
		assert(!masker_finds(m, part));
		left = at < 0 ? STR_NONE : str_skip(left, (size_t)at + 3);
	}
	return 0;
}
