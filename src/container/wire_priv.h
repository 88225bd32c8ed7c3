/* wire_priv -- values on their way to our helper program and back.
 *
 * One function describes a struct for both directions: it calls wire_u64, wire_text, ... on every
 * field in turn, and the wire writes them to `out` or fills them from `in`.
 *
 * Numbers are 8 bytes, little-endian. Text is its length + 1 (0 = NULL), the bytes and a NUL, so that
 * what was read points into the message. Both ends are the same build: there is no version.
 *
 * Owner: text points into `in`, lists into `arena`. Hostile input gives is_bad, never a wrong
 * pointer: the helper's messages pass through processes that run other people's programs.
 */
#ifndef CONTAINER_WIRE_PRIV_H
#define CONTAINER_WIRE_PRIV_H

#include "base/arena.h"
#include "base/buf.h"

enum {
	WIRE_MAX = 64 << 20, /* bytes of a message: the kernel takes 6 MiB of arguments and env */
	WIRE_ITEMS_MAX = 1 << 20, /* of a list */
};

struct wire {
	struct buf *out; /* writing, when not NULL */
	struct str in;   /* reading: what is left */
	struct arena *arena;
	bool is_bad;
};

void wire_u64(struct wire *w, uint64_t *v);
void wire_i64(struct wire *w, int64_t *v);
void wire_int(struct wire *w, int *v);
void wire_bool(struct wire *w, bool *v);
void wire_text(struct wire *w, const char **v);
/* Text kept in an array of n bytes; longer text is cut. */
void wire_room(struct wire *w, char *room, size_t n);
/* A NULL-terminated list; NULL stays NULL. */
void wire_list(struct wire *w, const char *const **v);
/* The number of items of an array: writes n, or reads it and checks it. */
size_t wire_count(struct wire *w, size_t n);
void wire_err(struct wire *w, struct err *v);

/* ERR_CORRUPT when reading met the end early or something is left; ERR_LIMIT when writing did not
 * fit. */
int wire_end(const struct wire *w, struct err *err);

#endif
