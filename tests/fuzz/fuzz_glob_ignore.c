#include "glob/ignore.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WORDS = 16 };

/* Walks down to path; checks that nothing comes back below a folder that may be skipped. */
static void walk(const struct ignore *ig, struct str path)
{
	uint64_t memos[2][WORDS];
	const uint64_t *below = NULL;
	bool was_skipped = false;
	for (size_t i = 0, turn = 0; i <= path.n; i++) {
		if (i < path.n && (path.p[i] != '/' || i == 0))
			continue;
		struct str part = str_sub(path, 0, i);
		bool is_out = ignore_matches_in(ig, below, part, memos[turn]);
		below = memos[turn];
		turn = !turn;
		assert(is_out || !was_skipped);
		was_skipped = was_skipped || (is_out && !ignore_may_return_below(ig, part));
	}
}

/* The path is the first line, the rest is a .dockerignore file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_n(data, size), path;
	struct err err = {0};
	CLEANUP(ignore_free) struct ignore *ig = ignore_new();
	if (!str_cut(&text, '\n', &path) || !path.n)
		return 0;
	if (ignore_read(ig, text, &err) < 0) {
		assert(err.kind == ERR_INPUT || err.kind == ERR_LIMIT);
		return 0;
	}
	(void)ignore_matches(ig, path);
	if (ignore_n_words(ig) <= WORDS)
		walk(ig, path);
	return 0;
}
