#include "auth/auth_priv.h"

int auth_denied(struct err *err)
{
	return err_set(err, ERR_DENIED, "token is not valid");
}

int auth_check_password(struct auth *a, struct str user, struct str password,
	const struct auth_grant **ret, struct err *err)
{
	uint64_t epoch;
	if (!auth_text_is_token(password))
		return auth_denied(err);
	struct digest hash = digest_of(password);
	struct grant *g = auth_recall(a, &hash, &epoch);
	if (!g) {
		if (auth_grant_by_hash(a, &hash, &g, err) < 0)
			return -1;
		auth_remember(a, &hash, g, epoch);
	}
	*ret = &g->grant;
	return 0;
}

int auth_check_nobody(struct auth *a, const struct auth_grant **ret, struct err *err)
{
	uint64_t epoch;
	struct digest hash = digest_of(S("nobody"));
	struct grant *g = auth_recall(a, &hash, &epoch);
	if (!g) {
		if (auth_grant_of_nobody(a, &g, err) < 0)
			return -1;
		auth_remember(a, &hash, g, epoch);
	}
	*ret = &g->grant;
	return 0;
}
