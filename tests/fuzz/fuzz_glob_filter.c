#include "glob/filter.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A name is the first line, each further line a pattern. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = str_n(data, size), name, pattern;
	CLEANUP(filter_free) struct filter *f = filter_new();
	if (!str_cut(&rest, '\n', &name))
		return 0;
	while (str_cut(&rest, '\n', &pattern)) {
		struct err err = {0};
		int rc = filter_add(f, pattern, &err);
		assert(rc == filter_check(pattern, &err));
		assert((rc < 0) == (err.kind != ERR_NONE));
	}
	if (filter_matches(f, name))
		assert(!filter_is_only_negative(f));
	return 0;
}
