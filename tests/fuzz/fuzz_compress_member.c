#include "compress/compress.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a member says about itself is true, or it is refused; and a stream reads the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_n(data, size);
	struct member m = {0};
	struct err err = {0};
	size_t n = 0;
	if (compress_member_end(in, &m) != MEMBER_FOUND)
		return 0;
	assert(m.n_compressed <= size && m.n_content <= COMPRESS_MEMBER_MAX);
	CLEANUP(decompressor_free) struct decompressor *d = decompressor_new();
	CLEANUP(mem_free) char *room = mem_new(m.n_content + 1, 1);
	struct str member = str_sub(in, 0, m.n_compressed);
	if (decompressor_member(d, member, room, m.n_content, &err) < 0)
		return 0;
	CLEANUP(mem_free) char *again = mem_new(m.n_content + 1, 1);
	CLEANUP(inflater_free) struct inflater *i = inflater_new(NULL, 0);
	/* zstd refuses some odd blocks in pieces that it takes in one. */
	if (inflater_push(i, &member, true, again, m.n_content + 1, &n, &err) < 0)
		assert(compress_detect(in) == COMPRESS_ZSTD);
	else
		assert(n == m.n_content && memcmp(room, again, n) == 0);
	return 0;
}
