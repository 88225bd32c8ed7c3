/* own -- one owner for every heap object and file descriptor.
 *
 *	CLEANUP(thing_free) struct thing *t = NULL;	freed when the block ends
 *	CLEANUP(buf_done) struct buf b = BUF(4096);	the same for a struct held by value
 *	CLEANUP(fd_close) int fd = -1;			closed, errno kept
 *	return TAKE(t);					hands over, leaves NULL
 *
 * A type joins in with CLEANUP_PTR(thing_free, struct thing) or CLEANUP_VAL(thing_done, struct
 * thing) next to the declaration of the function. Both functions must accept NULL or zeroed memory.
 */
#ifndef BASE_OWN_H
#define BASE_OWN_H

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CLEANUP(f) __attribute__((cleanup(f##_at_end)))
#define CLEANUP_PTR(f, type)                                                                       \
	static inline void f##_at_end(type **p)                                                    \
	{                                                                                          \
		f(*p);                                                                             \
	}                                                                                          \
	struct own_needs_semicolon
#define CLEANUP_VAL(f, type)                                                                       \
	static inline void f##_at_end(type *p)                                                     \
	{                                                                                          \
		f(p);                                                                              \
	}                                                                                          \
	struct own_needs_semicolon

#define TAKE(p)                                                                                    \
	({                                                                                         \
		__typeof__(p) take_ = (p);                                                         \
		(p) = NULL;                                                                        \
		take_;                                                                             \
	})
#define TAKE_FD(fd)                                                                                \
	({                                                                                         \
		int take_ = (fd);                                                                  \
		(fd) = -1;                                                                         \
		take_;                                                                             \
	})

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/* Closes *fd when it is open and keeps errno. A failing close is ignored: whoever needs to know
 * that bytes arrived has called fsync before. */
static inline void fd_close_at_end(int *fd)
{
	if (*fd >= 0) {
		int saved = errno;
		close(*fd);
		errno = saved;
		*fd = -1;
	}
}

static inline void fd_close(int fd)
{
	fd_close_at_end(&fd);
}

/* malloc family that ends the process when memory is out. Honest only because every size that
 * comes from outside was compared with a limit first. mem_new zeroes. */
void *mem_new(size_t n, size_t size);
void *mem_resize(void *p, size_t n, size_t size);
void *mem_copy(const void *p, size_t n);
char *mem_cstr(const char *s);
static inline void mem_free(void *p)
{
	free(p);
}
static inline void mem_free_at_end(void *pp)
{
	free(*(void **)pp);
}

#define NEW(type) ((type *)mem_new(1, sizeof(type)))

#endif
