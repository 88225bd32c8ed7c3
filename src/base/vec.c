#include "base/vec.h"

void *vec_grow(void *p, size_t *cap, size_t size)
{
	*cap = *cap ? *cap * 2 : 8;
	return mem_resize(p, *cap, size);
}

void vec_sort_raw(void *p, size_t n, size_t size, int (*compare)(const void *, const void *))
{
	if (n > 1)
		qsort(p, n, size, compare);
}
