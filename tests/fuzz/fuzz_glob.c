#include "glob/glob.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The pattern ends at the first newline; a name is what follows. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str name = str_n(data, size), pattern;
	struct err err = {0};
	if (!str_cut(&name, '\n', &pattern))
		return 0;
	int rc = glob_match(pattern, name, &err);
	assert(rc >= -1 && rc <= 1);
	assert((rc < 0) == (err.kind == ERR_INPUT));
	/* Without wildcards and backslashes only the same text matches. */
	if (!glob_has_wildcard(pattern) && str_chr(pattern, '\\') < 0)
		assert(rc == str_eq(pattern, name));
	return 0;
}
