#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>

enum { ARENA_BLOCK_BYTES = 16 * 1024, ARENA_ALIGN = 16 };

struct arena_block {
	struct arena_block *next;
	_Alignas(ARENA_ALIGN) char room[];
};

void arena_done(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *next = a->blocks->next;
		free(a->blocks);
		a->blocks = next;
	}
	*a = (struct arena){0};
}

static char *arena_block(struct arena *a, size_t bytes)
{
	struct arena_block *b = mem_new(1, sizeof(*b) + bytes);
	b->next = a->blocks;
	a->blocks = b;
	a->total_bytes += bytes;
	return b->room;
}

void *arena_alloc(struct arena *a, size_t n, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX / 2)
		return mem_resize(NULL, SIZE_MAX, SIZE_MAX); /* ends the process */
	bytes = bytes ? (bytes + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1) : ARENA_ALIGN;
	if (bytes > ARENA_BLOCK_BYTES / 4)
		return arena_block(a, bytes); /* its own block; the current one stays in use */
	if (bytes > a->left) {
		a->p = arena_block(a, ARENA_BLOCK_BYTES);
		a->left = ARENA_BLOCK_BYTES;
	}
	void *p = a->p;
	a->p += bytes;
	a->left -= bytes;
	return p;
}

char *arena_cstr(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n + 1, 1);
	if (s.n)
		memcpy(p, s.p, s.n);
	return p;
}

struct str arena_str(struct arena *a, struct str s)
{
	return (struct str){arena_cstr(a, s), s.n};
}

struct str arena_fmt(struct arena *a, const char *fmt, ...)
{
	va_list args, again;
	va_start(args, fmt);
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	size_t len = n > 0 ? (size_t)n : 0;
	char *p = arena_alloc(a, len + 1, 1);
	vsnprintf(p, len + 1, fmt, again);
	va_end(again);
	return (struct str){p, len};
}
