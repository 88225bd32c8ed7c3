/* vec -- an array that grows.
 *
 *	VEC(struct port) ports = {0};
 *	vec_push(&ports, (struct port){.host = 80});
 *	VEC_EACH(&ports, p)		p is struct port *
 *		use(p);
 *	vec_done(&ports);
 *
 * In a struct, name the type once: VEC_TYPE(port_vec, struct port); then `struct port_vec ports;`.
 * Pointers into it are good until the next push. What the elements own, the holder frees.
 */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include "base/own.h"

#include <assert.h>

#define VEC(type)                                                                                  \
	struct {                                                                                   \
		type *p;                                                                           \
		size_t n;                                                                          \
		size_t cap;                                                                        \
	}
#define VEC_TYPE(name, type)                                                                       \
	struct name {                                                                              \
		type *p;                                                                           \
		size_t n;                                                                          \
		size_t cap;                                                                        \
	}

#define VEC_EACH(v, it)                                                                            \
	for (__typeof__(*(v)->p) *it = (v)->p, *it##_end = (v)->n ? (v)->p + (v)->n : (v)->p;      \
		it != it##_end; it++)

/* A new zeroed element at the end; pointer to it. */
#define vec_add(v)                                                                                 \
	({                                                                                         \
		if ((v)->n == (v)->cap)                                                            \
			(v)->p = vec_grow((v)->p, &(v)->cap, sizeof(*(v)->p));                     \
		memset(&(v)->p[(v)->n], 0, sizeof(*(v)->p));                                       \
		&(v)->p[(v)->n++];                                                                 \
	})
#define vec_push(v, value)                                                                         \
	do {                                                                                       \
		__typeof__(*(v)->p) pushed_ = (value); /* first: it may look at the vec */         \
		if ((v)->n == (v)->cap)                                                            \
			(v)->p = vec_grow((v)->p, &(v)->cap, sizeof(*(v)->p));                     \
		(v)->p[(v)->n++] = pushed_;                                                        \
	} while (0)
#define vec_last(v) (assert((v)->n > 0), &(v)->p[(v)->n - 1])
#define vec_pop(v) (assert((v)->n > 0), (v)->p[--(v)->n])
#define vec_clear(v) ((void)((v)->n = 0))
#define vec_done(v)                                                                                \
	do {                                                                                       \
		free((v)->p);                                                                      \
		(v)->p = NULL;                                                                     \
		(v)->n = (v)->cap = 0;                                                             \
	} while (0)
#define vec_sort(v, compare) vec_sort_raw((v)->p, (v)->n, sizeof(*(v)->p), compare)

void *vec_grow(void *p, size_t *cap, size_t size);
void vec_sort_raw(void *p, size_t n, size_t size, int (*compare)(const void *, const void *));

#endif
