/* A pushed manifest: the first line is its Content-Type. */
#include "json/json.h"
#include "registry/pushed.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct str text = str_n(data, n), type;
	struct manifest_row row = {0};
	struct pushed p;
	struct json *v;
	struct err err;
	if (!str_cut(&text, '\n', &type) || pushed_parse(text, type, &a, &row, &p, &err) < 0)
		return 0;
	assert(row.media_type.n && row.n_children == p.n_blobs + p.n_manifests);
	for (size_t i = 0; i < row.n_children; i++)
		assert(!digest_is_none(&row.children[i]));
	if (row.annotations.n) /* goes into referrers as it is */
		assert(json_parse(row.annotations, NULL, &a, &v, &err) == 0 &&
			v->kind == JSON_OBJECT);
	return 0;
}
