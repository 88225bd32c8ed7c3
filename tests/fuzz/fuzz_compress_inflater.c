#include "compress/compress.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OUTPUT_MAX = 1 << 20 };

/* In pieces as the first byte says. -1 = refused. */
static ssize_t push_all(struct str in, size_t piece, size_t room_size, char *out)
{
	CLEANUP(inflater_free) struct inflater *i = inflater_new(NULL, OUTPUT_MAX);
	struct err err = {0};
	size_t total = 0, n;
	for (;;) {
		struct str part = str_sub(in, 0, piece);
		bool is_last = part.n == in.n;
		in = str_skip(in, part.n);
		do {
			char room[4096];
			if (inflater_push(i, &part, is_last, room, room_size, &n, &err) < 0)
				return -1;
			assert(n <= room_size && total + n <= OUTPUT_MAX);
			memcpy(out + total, room, n);
			total += n;
		} while (n == room_size || (is_last && n));
		assert(!part.n);
		if (is_last)
			return (ssize_t)total;
	}
}

/* However the input is cut, the output is the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	CLEANUP(mem_free) char *a = mem_new(OUTPUT_MAX, 1);
	CLEANUP(mem_free) char *b = mem_new(OUTPUT_MAX, 1);
	struct str in = str_n(data + 2, size - 2);
	ssize_t n = push_all(in, SIZE_MAX, 4096, a);
	ssize_t m = push_all(in, 1 + (size_t)data[0], 1 + (size_t)data[1] * 16, b);
	assert(n == m);
	assert(n < 0 || memcmp(a, b, (size_t)n) == 0);
	return 0;
}
