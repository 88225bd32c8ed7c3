#include "remote/place_priv.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What parses has a config name and lists within the limits. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct docker_image *images = NULL;
	struct err err = {0};
	size_t n = 0;
	if (docker_manifest_parse(str_n(data, size), &a, &images, &n, &err) < 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		assert(images[i].config.p && images[i].layers.n <= IMAGE_LAYERS_MAX);
	return 0;
}
