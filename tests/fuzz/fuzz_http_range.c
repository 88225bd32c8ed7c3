/* 8 bytes of size, then the header. */
#include "http/server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	uint64_t size, offset, length;
	if (n < sizeof(size))
		return 0;
	memcpy(&size, data, sizeof(size));
	if (http_range(str_n(data + sizeof(size), n - sizeof(size)), size, &offset, &length) == 1 &&
		(length == 0 || offset >= size || length > size - offset))
		abort();
	return 0;
}
