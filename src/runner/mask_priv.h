/* mask -- secrets in what leaves the runner become "***".
 *
 * A secret is looked for in every form programs give it: as it is, line by line, base64 at any
 * place, escaped for shells, JSON, XML, URLs and expressions. Places that touch or overlap become
 * one "***". Text is masked as a stream: a secret that is cut by the end of a chunk is found.
 *
 *	secret ─► forms (mask_forms.c) ─► automaton (mask_match.c) ─► streams (mask.c)
 *
 * Owner:   the caller's; streams end before their masker. Threads: a masker from any; a stream from
 *          one at a time. What is added counts for what comes after it, in all streams.
 * Errors:  ERR_LIMIT (too many or too large secrets).
 * Limits:  MASK_MAX_SECRET, MASK_MAX_BYTES. Secrets of one character are not masked: it would hide
 *          nothing and spoil everything.
 * Source:  docs.github.com "Using secrets"; actions/runner ValueEncoders.
 */
#ifndef RUNNER_MASK_PRIV_H
#define RUNNER_MASK_PRIV_H

#include "base/buf.h"
#include "base/vec.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	MASK_MAX_SECRET = 1 << 20, /* bytes of one secret */
	MASK_MAX_BYTES = 16 << 20, /* of all forms of all secrets */
	MASK_MIN = 2,
};

struct masker;

struct masker *masker_new(void);
void masker_free(struct masker *m);
CLEANUP_PTR(masker_free, struct masker);

/* 0 = masked from now on, 1 = too short to be masked. */
int masker_add(struct masker *m, struct str secret, struct err *err);
/* Holds a secret? */
bool masker_finds(struct masker *m, struct str text);
/* A whole text. */
void masker_write(struct masker *m, struct str text, struct buf *out);

struct mask_hit {
	uint64_t from, to;
};
VEC_TYPE(mask_hits, struct mask_hit);

struct mask_stream {
	struct masker *masker;
	struct mask_set *set;  /* what is looked for, as of the last byte */
	uint32_t nodes[2];     /* where its automata stand */
	struct buf held;       /* bytes that may be the beginning of a secret */
	uint64_t at;           /* position of the first of them */
	struct mask_hits hits; /* secrets found at or behind it, in order, none touching */
	uint64_t masked_to;    /* how far the last "***" covers */
	bool has_masked;
};

void mask_stream_init(struct mask_stream *s, struct masker *m);
void mask_stream_done(struct mask_stream *s);
CLEANUP_VAL(mask_stream_done, struct mask_stream);
/* Writes what is certain by now. */
void mask_feed(struct mask_stream *s, struct str text, struct buf *out);
/* Nothing more comes: writes the rest. */
void mask_flush(struct mask_stream *s, struct buf *out);

/* ---- forms (mask_forms.c) ---- */

/* Tells each form of a secret, some of them twice. None holds a newline: text is searched line by
 * line. */
void mask_forms(struct str secret, void (*tell)(void *ctx, struct str form), void *ctx);

/* ---- matching (mask_match.c) ---- */

struct mask_node {
	uint32_t child, sibling; /* 0 = none */
	uint32_t fail;           /* the longest end of it that begins a pattern */
	uint32_t depth;
	uint32_t hit; /* length of the longest pattern that ends here; 0 = none */
	uint8_t byte;
};

/* Aho and Corasick's automaton. The root has a table, all others have few children. */
struct automaton {
	struct mask_node *nodes;
	uint32_t n;
	uint32_t root[256];
};

struct automaton *automaton_new(const struct str *patterns, size_t n);
void automaton_free(struct automaton *a);
CLEANUP_PTR(automaton_free, struct automaton);

static inline uint32_t automaton_step(const struct automaton *a, uint32_t node, uint8_t byte)
{
	for (; node; node = a->nodes[node].fail)
		for (uint32_t k = a->nodes[node].child; k; k = a->nodes[k].sibling)
			if (a->nodes[k].byte == byte)
				return k;
	return a->root[byte];
}

#endif
