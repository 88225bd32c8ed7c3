#include "glob/selector.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A path is the first line, the rest are patterns. What is selected must be walked to. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str lines = str_n(data, size), path;
	struct err err = {0};
	CLEANUP(selector_free) struct selector *s = selector_new(S("/w/[r]"), S("/w"));
	if (!str_cut(&lines, '\n', &path))
		return 0;
	if (selector_add(s, lines, &err) < 0) {
		assert(err.kind == ERR_INPUT || err.kind == ERR_LIMIT);
		return 0;
	}
	if (!selector_matches(s, path))
		return 0;
	for (size_t i = 1; i + 1 < path.n; i++)
		if (path.p[i] == '/')
			assert(selector_may_match_below(s, str_sub(path, 0, i)));
	return 0;
}
