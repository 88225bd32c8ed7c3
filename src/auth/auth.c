#include "auth/auth_priv.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

static const char *const steps[] = {
	"CREATE TABLE auth_token("
	"  id BIGINT PRIMARY KEY,"
	"  hash TEXT NOT NULL UNIQUE," /* "sha256:…" of the token's text */
	"  owner TEXT NOT NULL,"
	"  name TEXT NOT NULL,"
	"  scopes BIGINT NOT NULL,"
	"  repositories TEXT NOT NULL,"
	"  is_job BIGINT NOT NULL,"
	"  created_ns BIGINT NOT NULL,"
	"  expires_ns BIGINT NOT NULL,"
	"  last_used_ns BIGINT NOT NULL);"
	"CREATE TABLE auth_once(what TEXT PRIMARY KEY);" /* things that happened at least once */
	"CREATE TABLE auth_public(repository TEXT PRIMARY KEY);",
};

/* A context that holds the key; one signature each is made with a copy. */
static int make_signer(const uint8_t key[AUTH_KEY_BYTES], EVP_MAC_CTX **ret, struct err *err)
{
	char sha256[] = "SHA256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, sha256, 0),
		OSSL_PARAM_construct_end()};
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *c = mac ? EVP_MAC_CTX_new(mac) : NULL;
	EVP_MAC_free(mac); /* the context holds it */
	if (!c || EVP_MAC_init(c, key, AUTH_KEY_BYTES, params) != 1) {
		EVP_MAC_CTX_free(c);
		return err_set(err, ERR_SYS, "openssl: no HMAC-SHA256");
	}
	*ret = c;
	return 0;
}

int auth_open(struct db *db, int root_fd, const struct clock *clock, struct auth **ret,
	struct err *err)
{
	uint8_t key[AUTH_KEY_BYTES];
	EVP_MAC_CTX *signer = NULL;
	if (db_migrate(db, "auth", steps, ARRAY_LEN(steps), err) < 0 ||
		auth_key_load(root_fd, key, err) < 0 || make_signer(key, &signer, err) < 0)
		return -1;
	explicit_bzero(key, sizeof(key));
	struct auth *a = NEW(struct auth);
	a->db = db;
	a->clock = clock ? clock : clock_system();
	a->signer = signer;
	pthread_mutex_init(&a->lock, NULL);
	a->uses = auth_uses_new(a);
	*ret = a;
	return 0;
}

void auth_free(struct auth *a)
{
	if (!a)
		return;
	auth_uses_free(a->uses);
	auth_forget_all(a);
	map_done(&a->remembered, NULL);
	EVP_MAC_CTX_free(a->signer);
	pthread_mutex_destroy(&a->lock);
	free(a);
}
