#include "digest/digest.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What parses prints as the same text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_n(data, size);
	struct digest d;
	struct err err = {0};
	char room[DIGEST_TEXT];
	if (digest_parse(text, &d, &err) == 0)
		assert(str_is(text, digest_text(&d, room)));
	return 0;
}
