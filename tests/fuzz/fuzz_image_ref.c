#include "image/ref.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A name that parses prints as a name with the same parts. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(buf_done) struct buf once = BUF(8192), familiar = BUF(8192), twice = BUF(8192);
	struct image_ref r, again;
	struct err err = {0};
	if (image_ref_parse(str_n(data, size), &a, &r, &err) < 0)
		return 0;
	assert(image_path_is_valid(r.path) && (!r.tag.n || image_tag_is_valid(r.tag)));
	image_ref_add(&once, &r);
	assert(image_ref_parse(buf_str(&once), &a, &again, &err) == 0);
	assert(str_eq(r.domain, again.domain) && str_eq(r.path, again.path));
	image_ref_add(&twice, &again);
	assert(str_eq(buf_str(&once), buf_str(&twice)));
	image_ref_add_familiar(&familiar, &r);
	assert(familiar.n <= once.n);
	return 0;
}
