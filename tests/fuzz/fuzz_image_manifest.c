#include "image/check.h"
#include "image/image.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A manifest or index that parses is written as one that parses and is written the same; the strict
 * check takes anything. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(buf_done)
	struct buf once = BUF(32 << 20), twice = BUF(32 << 20), said = BUF(1 << 20);
	struct image_manifest m, again;
	struct err err = {0};
	struct str text = str_n(data, size);
	(void)image_check(text, &said, &err);
	if (image_manifest_parse(text, S(""), &a, &m, &err) < 0)
		return 0;
	image_manifest_add(&once, &m);
	if (once.is_over || once.n > IMAGE_MANIFEST_MAX)
		return 0;
	assert(image_manifest_parse(buf_str(&once), m.media_type, &a, &again, &err) == 0);
	image_manifest_add(&twice, &again);
	assert(str_eq(buf_str(&once), buf_str(&twice)));
	struct image_platform host = image_platform_host();
	const struct image_descriptor *picked = NULL;
	if (m.kind == IMAGE_INDEX && image_index_pick(&m, &host, &picked, &err) == 0)
		assert(picked >= m.items && picked < m.items + m.n_items);
	return 0;
}
