/* digester -- hashing as bytes come by.
 *
 * libcrypto's SHA256_* calls, not EVP: they are the same assembler behind a plain struct. The first
 * EVP digest of a process loads providers (1.1 ms and 1.4 MB on Debian 12, against 0.02 ms here),
 * and either reads openssl.cnf or, told not to, keeps TLS in the same process from reading it.
 * OpenSSL 3 calls them deprecated; if they ever go, this file is the only one to change.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "digest/digest.h"

#include <assert.h>
#include <openssl/sha.h>

struct digester {
	enum digest_algorithm algorithm;
	union {
		SHA256_CTX sha256;
		SHA512_CTX sha512;
	};
};

static void start(struct digester *d)
{
	if (d->algorithm == DIGEST_SHA256)
		SHA256_Init(&d->sha256);
	else
		SHA512_Init(&d->sha512);
}

struct digester *digester_new(enum digest_algorithm a)
{
	assert(a == DIGEST_SHA256 || a == DIGEST_SHA512);
	struct digester *d = NEW(struct digester);
	d->algorithm = a;
	start(d);
	return d;
}

void digester_free(struct digester *d)
{
	free(d);
}

void digester_add(struct digester *d, const void *p, size_t n)
{
	if (!n)
		return;
	if (d->algorithm == DIGEST_SHA256)
		SHA256_Update(&d->sha256, p, n);
	else
		SHA512_Update(&d->sha512, p, n);
}

void digester_add_u64(struct digester *d, uint64_t v)
{
	uint8_t bytes[8];
	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(v >> (56 - 8 * i));
	digester_add(d, bytes, sizeof(bytes));
}

void digester_add_framed(struct digester *d, struct str s)
{
	digester_add_u64(d, s.n);
	digester_add(d, s.p, s.n);
}

struct digest digester_finish(struct digester *d)
{
	struct digest ret = {.algorithm = d->algorithm};
	if (d->algorithm == DIGEST_SHA256)
		SHA256_Final(ret.bytes, &d->sha256);
	else
		SHA512_Final(ret.bytes, &d->sha512);
	start(d);
	return ret;
}

struct digest digester_peek(const struct digester *d)
{
	struct digester copy = *d;
	return digester_finish(&copy);
}

struct digest digest_of(struct str bytes)
{
	struct digester d = {.algorithm = DIGEST_SHA256};
	start(&d);
	digester_add_str(&d, bytes);
	return digester_finish(&d);
}
