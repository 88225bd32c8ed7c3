/* auth/auth_priv -- inside the room. */
#ifndef AUTH_AUTH_PRIV_H
#define AUTH_AUTH_PRIV_H

#include "auth/auth.h"

#include "base/map.h"
#include "digest/digest.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
	AUTH_KEY_BYTES = 32,
	AUTH_REMEMBERED_MAX = 4096, /* then memory starts again empty */
	AUTH_NAME_MAX = 200,        /* of a user, of a token */
};
#define AUTH_BEARER_TTL_NS (300 * CLOCK_SECOND)

struct evp_mac_ctx_st;

/* A grant with its memory. The public struct comes first. */
struct grant {
	struct auth_grant grant;
	atomic_uint n_holders;
	int64_t good_until_ns;
	int64_t expires_ns; /* 0 = never */
	uint64_t serial;    /* of the token behind it: ids are used again, these are not */
	struct arena arena;
};

struct uses;

struct auth {
	struct db *db;
	const struct clock *clock;
	struct evp_mac_ctx_st *signer; /* keyed; copied for each use */
	pthread_mutex_t lock;          /* of what follows */
	struct map remembered;         /* SHA-256 of what was shown -> struct grant */
	uint64_t epoch;                /* grows when memory was emptied */
	struct uses *uses;
};

/* check.c: one message, whatever is wrong with a token */
int auth_denied(struct err *err);

/* key.c */
int auth_key_load(int root_fd, uint8_t ret[AUTH_KEY_BYTES], struct err *err);
int auth_random(void *p, size_t n, struct err *err);

/* text.c: what tokens look like */
int auth_text_make(bool is_job, char ret[AUTH_TOKEN_TEXT], struct err *err);
bool auth_text_is_token(struct str text);

/* scope.c */
bool auth_scopes_include(unsigned have, unsigned wanted);
bool auth_list_has(struct str list, struct str repository);
int auth_list_check(struct str list, struct err *err);
bool auth_path_is_plain(struct str path);

/* memory.c */
struct grant *auth_grant_new(void);
/* A remembered grant (a reference), or NULL; *ret_epoch is for auth_remember. */
struct grant *auth_recall(struct auth *a, const struct digest *shown, uint64_t *ret_epoch);
/* Remembers unless memory was emptied since that epoch. */
void auth_remember(struct auth *a, const struct digest *shown, struct grant *g, uint64_t epoch);
void auth_forget_all(struct auth *a);

/* token.c: the token's row as a new grant; ERR_DENIED. */
int auth_grant_by_hash(struct auth *a, const struct digest *hash, struct grant **ret,
	struct err *err);
int auth_grant_by_id(struct auth *a, int64_t id, uint64_t serial, struct grant **ret,
	struct err *err);

/* public.c */
int auth_grant_of_nobody(struct auth *a, struct grant **ret, struct err *err);

/* uses.c: when tokens were used, written behind everybody's back: a check must not wait for the
 * disk. */
struct uses *auth_uses_new(struct auth *a);
void auth_uses_free(struct uses *u); /* writes what is left */
void auth_uses_note(struct uses *u, int64_t token_id, int64_t now_ns);
int auth_uses_flush(struct uses *u, struct err *err);

#endif
