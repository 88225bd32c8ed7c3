#include "image/image.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A config that parses is written as one that parses and is written the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(buf_done) struct buf once = BUF(64 << 20), twice = BUF(64 << 20);
	struct image_config c, again;
	struct err err = {0};
	if (image_config_parse(str_n(data, size), &a, &c, &err) < 0)
		return 0;
	image_config_add(&once, &c);
	if (once.is_over || once.n > IMAGE_CONFIG_MAX)
		return 0;
	assert(image_config_parse(buf_str(&once), &a, &again, &err) == 0);
	image_config_add(&twice, &again);
	assert(str_eq(buf_str(&once), buf_str(&twice)));
	(void)image_config_check(&c, c.n_diff_ids, &err);
	return 0;
}
