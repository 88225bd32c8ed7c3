#include "base/own.h"

#include <stdint.h>

static void *or_die(void *p)
{
	if (!p) {
		static const char words[] = "knarr: out of memory\n";
		ssize_t n = write(STDERR_FILENO, words, sizeof(words) - 1);
		(void)n; /* nothing is left to try */
		abort();
	}
	return p;
}

void *mem_new(size_t n, size_t size)
{
	return or_die(calloc(n ? n : 1, size ? size : 1));
}

void *mem_resize(void *p, size_t n, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(n, size, &bytes))
		or_die(NULL);
	return or_die(realloc(p, bytes ? bytes : 1));
}

void *mem_copy(const void *p, size_t n)
{
	void *copy = or_die(malloc(n ? n : 1));
	if (n)
		memcpy(copy, p, n);
	return copy;
}

char *mem_cstr(const char *s)
{
	return mem_copy(s, strlen(s) + 1);
}
