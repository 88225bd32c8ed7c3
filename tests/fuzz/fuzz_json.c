#include "json/json.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_tree(const struct json *v, unsigned indent, struct buf *b)
{
	struct json_out o;
	json_out_init(&o, b, indent);
	json_add_value(&o, v);
}

/* What parses can be written, and parsed and written again with the same bytes. The first byte
 * chooses limits. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	struct json_limits limits = json_limits_default;
	limits.accepts_duplicates = data[0] & 1;
	limits.is_real_only = data[0] & 2;
	if (data[0] & 4)
		limits.max_depth = 8;
	if (data[0] & 8)
		limits.max_values = 20;
	CLEANUP(arena_done) struct arena a = {0};
	struct err err = {0};
	struct json *v, *again;
	if (json_parse(str_n(data + 1, size - 1), &limits, &a, &v, &err) < 0) {
		assert(err.kind == ERR_INPUT || err.kind == ERR_LIMIT);
		assert(err.at.line > 0 && err.at.col > 0);
		return 0;
	}
	CLEANUP(buf_done) struct buf first = BUF(64 << 20), second = BUF(64 << 20);
	write_tree(v, data[0] >> 4, &first);
	assert(json_parse(buf_str(&first), NULL, &a, &again, &err) == 0);
	write_tree(again, data[0] >> 4, &second);
	assert(str_eq(buf_str(&first), buf_str(&second)));
	return 0;
}
