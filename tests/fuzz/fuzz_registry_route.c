/* Paths of requests, and the small texts beside them: Content-Range, scopes. */
#include "auth/auth.h"
#include "image/ref.h"
#include "registry/route.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_route(const struct route *r)
{
	if (r->action < ROUTE_TAGS || r->problem == ROUTE_BAD_NAME)
		return;
	/* What comes through is safe to build paths and rows from. */
	assert(image_path_is_valid(r->repository));
	assert(!str_has(r->repository, S("..")) && !str_has(r->repository, S(":")));
	if (r->problem == ROUTE_FINE && r->is_digest)
		assert(!digest_is_none(&r->digest));
	if (r->problem == ROUTE_FINE && r->action == ROUTE_MANIFEST && !r->is_digest)
		assert(image_tag_is_valid(r->reference));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct str text = str_n(data, n), name;
	struct route r;
	uint64_t first, last;
	unsigned scopes;
	route_parse(text, &a, &r);
	check_route(&r);
	if (content_range_parse(text, &first, &last))
		assert(first <= last && last <= INT64_MAX);
	if (scope_parse(text, &name, &scopes))
		assert(scopes && (name.n ? image_path_is_valid(name) : scopes == AUTH_ADMIN));
	return 0;
}
