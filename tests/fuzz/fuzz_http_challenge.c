#include "http/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	CLEANUP(arena_done) struct arena a = {0};
	struct http_challenge c;
	if (http_find_challenge(str_n(data, n), "bearer", &a, &c) &&
		c.realm.n + c.service.n + c.scope.n + c.error.n > n)
		abort(); /* more came out than went in */
	return 0;
}
