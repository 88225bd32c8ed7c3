/* A request head and the body behind it, at once and in two pieces: both must give the same. */
#include "base/buf.h"
#include "http/head_priv.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct taken {
	uint32_t sum;
	uint64_t bytes;
	int result;
	size_t left;
};

static void take(struct body *b, struct str in, struct taken *t)
{
	struct str piece;
	while (t->result >= 0 && (t->result = http_body_next(b, &in, &piece)) > 0) {
		t->bytes += piece.n;
		for (size_t i = 0; i < piece.n; i++)
			t->sum = t->sum * 31 + (uint8_t)piece.p[i];
	}
	t->left = in.n;
}

static void check_body(struct str in, uint64_t size, size_t cut)
{
	struct body once = http_body_start(size), twice = http_body_start(size);
	struct taken a = {0}, b = {0};
	take(&once, in, &a);
	take(&twice, str_sub(in, 0, cut), &b);
	if (b.result == 0 && twice.state != BODY_DONE)
		take(&twice, str_skip(in, cut), &b);
	assert(a.result == b.result && a.sum == b.sum && a.bytes == b.bytes);
	assert(size == UINT64_MAX || a.bytes <= size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct head h; /* large */
	struct str in = str_n(data, n);
	size_t scanned = 0, half = 0, cut = n / 2;
	size_t length = http_head_length(in, &scanned);
	if (!http_head_length(str_sub(in, 0, cut), &half))
		assert(http_head_length(in, &half) == length);
	if (!length)
		return 0;
	assert(length <= n);
	int status = http_head_parse(str_sub(in, 0, length), &h);
	if (status)
		return 0;
	assert(h.path.n && h.method_name.n && (h.size <= INT64_MAX || h.size == UINT64_MAX));
	in = str_skip(in, length);
	check_body(in, h.size, in.n / 2);
	return 0;
}
