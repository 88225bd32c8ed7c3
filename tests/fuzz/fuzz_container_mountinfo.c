#include "container/helper/mountinfo_priv.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = str_n(data, size);
	struct mountinfo m;
	size_t n = 0;
	while (mountinfo_next(&rest, &m)) {
		assert(m.path[0] == '/' && strlen(m.path) < sizeof(m.path) && m.type.n > 0);
		(void)mountinfo_is_kernels(m.type);
		n++;
	}
	assert(n <= size / 8);
	return 0;
}
