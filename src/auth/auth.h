/* auth -- who may do what.
 *
 * Tokens in the style of GHCR: a person's (PAT) or a job's, each with scopes, optionally bound to
 * repositories and always able to expire. A token is shown once; only its SHA-256 is stored.
 * Repositories may be public: then anybody may read them.
 *
 * Knows:   people, tokens, scopes, signatures (OpenSSL). Touches: its tables in index.db and
 *          ROOT/secret (the signing key, mode 0600). Never: HTTP.
 * Shapes:  a token is "knp_" (personal) or "knj_" (job) and 40 base62 characters with a checksum,
 *          so that scanners and typos are told apart; times int64_t ns UTC.
 * Owner:   the caller's. Threads: any.
 * Errors:  ERR_DENIED (unknown, expired, revoked: one message for all), ERR_INPUT, ERR_SYS.
 * Memory:  checks that succeeded are remembered for AUTH_REMEMBER_NS. What this process revokes or
 *          hides is refused at once, what another process does within that time.
 */
#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/vec.h"
#include "db/db.h"

#define AUTH_REMEMBER_NS CLOCK_SECOND
enum { AUTH_REPOSITORIES_MAX = 4096, AUTH_ACCESS_MAX = 64, AUTH_BEARER_MAX = 8 * 1024 };

struct auth;

/* root_fd: the store's folder, for the signing key. */
int auth_open(struct db *db, int root_fd, const struct clock *clock, struct auth **ret,
	struct err *err);
void auth_free(struct auth *a);
CLEANUP_PTR(auth_free, struct auth);

enum auth_scope {
	AUTH_READ_PACKAGES = 1 << 0,
	AUTH_WRITE_PACKAGES = 1 << 1, /* includes read */
	AUTH_DELETE_PACKAGES = 1 << 2,
	AUTH_ADMIN = 1 << 3, /* everything, and tokens */
};
int auth_scopes_parse(struct str text, unsigned *ret, struct err *err); /* "read:packages,…" */
void auth_scopes_add(struct buf *b, unsigned scopes);

struct auth_token {
	int64_t id;
	struct str user, name;
	unsigned scopes;
	struct str repositories; /* "" = all; else paths between commas or spaces, and prefixes
				    with a final star */
	bool is_job;
	int64_t created_ns, expires_ns, last_used_ns; /* expires 0 = never; used 0 = never */
};
enum { AUTH_TOKEN_TEXT = 48 };
/* id, created and last_used are not looked at. */
int auth_token_create(struct auth *a, const struct auth_token *spec, char ret_text[AUTH_TOKEN_TEXT],
	struct err *err);
VEC_TYPE(auth_tokens, struct auth_token);
/* In the order they were made. last_used is right to a minute. */
int auth_token_list(struct auth *a, struct arena *arena, struct auth_tokens *ret, struct err *err);
/* By id or by its text; ERR_NOT_FOUND. Works at once, also for bearer tokens made from it. */
int auth_token_revoke(struct auth *a, struct str id_or_text, struct err *err);
/* True when no token was ever made: the first start then makes one and prints it. */
int auth_is_empty(struct auth *a, bool *ret, struct err *err);

/* Repositories anybody may read: a path, or a prefix with a final star. */
int auth_public_set(struct auth *a, struct str repository, bool is_public, struct err *err);
VEC_TYPE(auth_strs, struct str);
int auth_public_list(struct auth *a, struct arena *arena, struct auth_strs *ret, struct err *err);

/* What somebody may do: the result of a check. Shared and unchanging; good until it is freed. */
struct auth_access {
	struct str repository;
	unsigned scopes; /* AUTH_* */
};
struct auth_grant {
	int64_t token_id; /* 0 = nobody in particular: public repositories */
	struct str user;
	unsigned scopes;
	struct str repositories;
	bool is_limited; /* to access: it came from a bearer token */
	const struct auth_access *access;
	size_t n_access;
};
void auth_grant_free(const struct auth_grant *g);
CLEANUP_PTR(auth_grant_free, const struct auth_grant);
bool auth_may(const struct auth_grant *g, unsigned scope, struct str repository);

/* Basic: the password is the token; the user name is not looked at (as GHCR). Answers from memory
 * when it can: safe to call per request. */
int auth_check_password(struct auth *a, struct str user, struct str password,
	const struct auth_grant **ret, struct err *err);
/* Nobody: may read what is public. */
int auth_check_nobody(struct auth *a, const struct auth_grant **ret, struct err *err);

/* Bearer tokens for the registry's token flow: signed (HMAC-SHA256), five minutes when ttl_ns is 0,
 * for some repositories and actions. What the grant may not is left out; what it may later not any
 * more is refused then. ret_ttl_ns is how long it is good for. */
int auth_bearer_make(struct auth *a, const struct auth_grant *g, const struct auth_access *what,
	size_t n, int64_t ttl_ns, struct buf *ret, int64_t *ret_ttl_ns, struct err *err);
int auth_bearer_check(struct auth *a, struct str token, const struct auth_grant **ret,
	struct err *err);

#endif
