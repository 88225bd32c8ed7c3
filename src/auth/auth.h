/* auth -- who may do what.
 *
 * Tokens in the style of GHCR: a person's (PAT) or a job's, each with scopes, optionally bound to
 * repositories and always able to expire. A token is shown once; only its SHA-256 is stored.
 *
 * Knows:   people, tokens, scopes, signatures (OpenSSL). Touches: its tables in index.db and
 *          ROOT/secret (the signing key, mode 0600). Never: HTTP.
 * Shapes:  a token is "knp_" (personal) or "knj_" (job) and 40 base62 characters with a checksum,
 *          so that scanners and typos are told apart; times int64_t ns UTC.
 * Owner:   the caller's. Threads: any.
 * Errors:  ERR_DENIED (unknown, expired, revoked: one message for all), ERR_INPUT, ERR_SYS.
 */
#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/vec.h"
#include "db/db.h"

struct auth;

/* root_fd: the store's folder, for the signing key. */
int auth_open(struct db *db, int root_fd, const struct clock *clock, struct auth **ret, struct err *err);
void auth_free(struct auth *a);
CLEANUP_PTR(auth_free, struct auth);

enum auth_scope {
	AUTH_READ_PACKAGES = 1 << 0,
	AUTH_WRITE_PACKAGES = 1 << 1,  /* includes read */
	AUTH_DELETE_PACKAGES = 1 << 2,
	AUTH_ADMIN = 1 << 3,	       /* everything, and tokens */
};
int auth_scopes_parse(struct str text, unsigned *ret, struct err *err); /* "read:packages,…" */
void auth_scopes_add(struct buf *b, unsigned scopes);

struct auth_token {
	int64_t id;
	struct str user, name;
	unsigned scopes;
	struct str repositories; /* "" = all; else a list of paths; a final star is a prefix */
	bool is_job;
	int64_t created_ns, expires_ns, last_used_ns; /* expires 0 = never; used 0 = never */
};
enum { AUTH_TOKEN_TEXT = 48 };
int auth_token_create(struct auth *a, const struct auth_token *spec, char ret_text[AUTH_TOKEN_TEXT],
	struct err *err);
VEC_TYPE(auth_tokens, struct auth_token);
int auth_token_list(struct auth *a, struct arena *arena, struct auth_tokens *ret, struct err *err);
/* By id or by its text; ERR_NOT_FOUND. Works at once, also for bearer tokens made from it. */
int auth_token_revoke(struct auth *a, struct str id_or_text, struct err *err);
/* True when no token was ever made: the first start then makes one and prints it. */
int auth_is_empty(struct auth *a, bool *ret, struct err *err);

/* What somebody may do: the result of a check. Good until the request ends. */
struct auth_grant {
	int64_t token_id;
	char user[64];
	unsigned scopes;
	char repositories[512];
};
/* Basic: the password is the token; the user name is not looked at (as GHCR), only recorded. Answers
 * from memory when it can: safe to call per request. */
int auth_check_password(struct auth *a, struct str user, struct str password, struct auth_grant *ret,
	struct err *err);
bool auth_may(const struct auth_grant *g, unsigned scope, struct str repository);

/* Bearer tokens for the registry's token flow: signed (HMAC-SHA256), five minutes by default, for
 * some repositories and actions, no more than the grant has. */
struct auth_access {
	struct str repository;
	unsigned scopes; /* AUTH_* */
};
int auth_bearer_make(struct auth *a, const struct auth_grant *g, const struct auth_access *what,
	size_t n, int64_t ttl_ns, struct buf *ret, struct err *err);
/* ret_may answers auth_bearer_may for the token's life. */
int auth_bearer_check(struct auth *a, struct str token, struct arena *arena, struct auth_grant *ret,
	struct auth_access **ret_access, size_t *ret_n, struct err *err);

#endif
