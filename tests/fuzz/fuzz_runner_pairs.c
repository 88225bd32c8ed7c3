#include "runner/file_pairs_priv.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int tell(void *ctx, struct str name, struct str value, struct err *err)
{
	const struct str *text = ctx;
	assert(name.n > 0 && name.p >= text->p && name.p + name.n <= text->p + text->n);
	assert(value.n == 0 || (value.p > name.p && value.p + value.n <= text->p + text->n));
	assert(str_chr(name, '\n') < 0 && str_chr(name, '=') < 0);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_n(data, size);
	struct err err = {0};
	int rc = file_pairs(text, tell, &text, &err);
	assert((rc < 0) == (err.kind != ERR_NONE));
	assert(rc == 0 || err.kind == ERR_INPUT);
	return 0;
}
