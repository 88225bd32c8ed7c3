#include "build/cache_document.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What parses is sorted, holds whole digests, and is written so that it reads the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(buf_done)
	struct buf once = BUF(CACHE_DOCUMENT_MAX), twice = BUF(CACHE_DOCUMENT_MAX);
	struct cache_document d, again;
	struct err err = {0};
	if (cache_document_parse(str_n(data, size), &a, &d, &err) < 0)
		return 0;
	assert(d.n_records <= CACHE_RECORDS_MAX && d.n_memos <= CACHE_RECORDS_MAX);
	for (size_t i = 0; i < d.n_records; i++) {
		const struct cache_record *r = &d.records[i];
		assert(r->key.algorithm == DIGEST_SHA256);
		assert(!i || digest_cmp(&d.records[i - 1].key, &r->key) < 0);
		assert(cache_document_find(&d, &r->key) == r);
		assert(digest_is_none(&r->layer.digest) == digest_is_none(&r->diff_id));
	}
	/* What is written may be longer than what was read (a digest for each "\u…"); never too long. */
	assert(cache_document_add(&once, &d, &err) == 0 || err.kind == ERR_LIMIT);
	if (once.is_over)
		return 0;
	assert(cache_document_parse(buf_str(&once), &a, &again, &err) == 0);
	assert(cache_document_add(&twice, &again, &err) == 0);
	assert(str_eq(buf_str(&once), buf_str(&twice)));
	return 0;
}
