/* digest -- what content is called.
 *
 * A digest is algorithm and hash: "sha256:" and 64 lower-case hex digits, or "sha512:" and 128.
 *
 * Knows:   sha256 and sha512 (OpenSSL libcrypto). Touches: the bytes given. Never: files.
 * Shapes:  struct digest is a value, compared with digest_eq; zeroed memory is "no digest".
 * Owner:   a digester is one heap object of the caller. Threads: one digester from one at a time.
 * Errors:  ERR_INPUT (not a digest), ERR_UNSUPPORTED (well-formed, unknown algorithm).
 * Source:  OCI image-spec 1.1 descriptor.md "Digests"; distribution-spec 1.1 for sha512.
 */
#ifndef DIGEST_DIGEST_H
#define DIGEST_DIGEST_H

#include "base/err.h"
#include "base/str.h"

enum digest_algorithm { DIGEST_NONE, DIGEST_SHA256, DIGEST_SHA512 };
enum { DIGEST_TEXT = 7 + 128 + 1, DIGEST_HEX = 128 + 1 };

struct digest {
	enum digest_algorithm algorithm;
	uint8_t bytes[64]; /* the unused tail is zero */
};

/* "sha256:abc…"; upper case, wrong length and other characters are ERR_INPUT. */
int digest_parse(struct str text, struct digest *ret, struct err *err);
/* Writes "sha256:…" ("" for no digest) and returns room. */
const char *digest_text(const struct digest *d, char room[DIGEST_TEXT]);
/* The hex digits alone; n_hex limits them (12 for people), 0 = all. */
const char *digest_hex(const struct digest *d, char room[DIGEST_HEX], size_t n_hex);
const char *digest_algorithm_name(enum digest_algorithm a); /* "sha256" */
static inline size_t digest_n_bytes(enum digest_algorithm a)
{
	return a == DIGEST_SHA512 ? 64 : a == DIGEST_SHA256 ? 32 : 0;
}
bool digest_eq(const struct digest *a, const struct digest *b);
int digest_cmp(const struct digest *a, const struct digest *b);
static inline bool digest_is_none(const struct digest *d)
{
	return d->algorithm == DIGEST_NONE;
}

/* The sha256 of bytes in memory. */
struct digest digest_of(struct str bytes);

/* Hashing as bytes come by. */
struct digester;
struct digester *digester_new(enum digest_algorithm a);
void digester_free(struct digester *d);
CLEANUP_PTR(digester_free, struct digester);
void digester_add(struct digester *d, const void *p, size_t n);
static inline void digester_add_str(struct digester *d, struct str s)
{
	digester_add(d, s.p, s.n);
}
/* A 64-bit big-endian length and then the bytes: makes a sequence of texts unambiguous. For cache
 * keys. */
void digester_add_framed(struct digester *d, struct str s);
void digester_add_u64(struct digester *d, uint64_t v); /* 8 bytes, big-endian */
/* The digest so far; the digester is empty after and can start again. */
struct digest digester_finish(struct digester *d);
/* The digest so far, without disturbing it. */
struct digest digester_peek(const struct digester *d);

#endif
