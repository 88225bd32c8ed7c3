/* Tokens of the registry's token flow:
 *
 *	knb_<payload>.<HMAC-SHA256 of everything before the dot>	both base64url
 *
 *	payload:  1 <token id> <serial> <expires_ns>\n  then per repository  <scopes> <name>\n
 *
 * There is one algorithm and nothing in the token chooses it. What it may do is looked up again
 * through the token it was made from, so it dies with that. */
#include "auth/auth_priv.h"

#include "base/base64.h"
#include "base/num.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

enum { SIGNATURE = 32 };

static int sign(struct auth *a, struct str text, uint8_t ret[SIGNATURE], struct err *err)
{
	size_t n = 0;
	EVP_MAC_CTX *c = EVP_MAC_CTX_dup(a->signer);
	bool ok = c && EVP_MAC_update(c, (const uint8_t *)text.p, text.n) == 1 &&
		EVP_MAC_final(c, ret, &n, SIGNATURE) == 1 && n == SIGNATURE;
	EVP_MAC_CTX_free(c);
	return ok ? 0 : err_set(err, ERR_SYS, "openssl: HMAC-SHA256 failed");
}

/* ---- making ---- */

/* What of one wish the grant allows, as scopes. */
static unsigned allowed(const struct auth_grant *g, const struct auth_access *wish)
{
	static const unsigned each[] = {
		AUTH_READ_PACKAGES, AUTH_WRITE_PACKAGES, AUTH_DELETE_PACKAGES, AUTH_ADMIN};
	unsigned all = 0;
	if (wish->repository.n && !auth_path_is_plain(wish->repository))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(each); i++)
		if ((wish->scopes & each[i]) && auth_may(g, each[i], wish->repository))
			all |= each[i];
	return all;
}

static void add_payload(struct buf *b, const struct grant *g, int64_t expires,
	const struct auth_access *what, size_t n)
{
	buf_fmt(b, "1 %lld %016llx %lld\n", (long long)g->grant.token_id,
		(unsigned long long)g->serial, (long long)expires);
	for (size_t i = 0; i < n; i++) {
		unsigned scopes = allowed(&g->grant, &what[i]);
		if (scopes)
			buf_fmt(b, "%u %.*s\n", scopes, STR_ARG(what[i].repository));
	}
}

int auth_bearer_make(struct auth *a, const struct auth_grant *g, const struct auth_access *what,
	size_t n, int64_t ttl_ns, struct buf *ret, int64_t *ret_ttl_ns, struct err *err)
{
	const struct grant *whole = (const struct grant *)g; /* the first member */
	CLEANUP(buf_done) struct buf payload = BUF(AUTH_BEARER_MAX / 2);
	CLEANUP(buf_done) struct buf text = BUF(AUTH_BEARER_MAX);
	uint8_t mac[SIGNATURE];
	int64_t now = clock_now(a->clock), ttl = ttl_ns > 0 ? ttl_ns : AUTH_BEARER_TTL_NS;
	if (n > AUTH_ACCESS_MAX)
		return err_set(err, ERR_LIMIT, "more than %d scopes at once", AUTH_ACCESS_MAX);
	if (whole->expires_ns && whole->expires_ns - now < ttl)
		ttl = whole->expires_ns - now;
	add_payload(&payload, whole, now + ttl, what, n);
	buf_add(&text, S("knb_"));
	base64_url_add(&text, buf_str(&payload));
	if (buf_check(&payload, "scope", err) < 0 || buf_check(&text, "scope", err) < 0 ||
		sign(a, buf_str(&text), mac, err) < 0)
		return -1;
	buf_add_ch(&text, '.');
	base64_url_add(&text, str_n(mac, sizeof(mac)));
	buf_add(ret, buf_str(&text));
	*ret_ttl_ns = ttl;
	return buf_check(ret, "bearer token", err);
}

/* ---- checking ---- */

/* The payload, when the signature is ours. */
static int open_token(struct auth *a, struct str token, struct buf *ret, struct err *err)
{
	CLEANUP(buf_done) struct buf shown = BUF(SIGNATURE);
	uint8_t mac[SIGNATURE];
	struct err why;
	ssize_t dot = str_rchr(token, '.');
	if (token.n > AUTH_BEARER_MAX || !str_starts(token, S("knb_")) || dot < 0)
		return auth_denied(err);
	struct str body = str_sub(token, 0, (size_t)dot);
	if (base64_decode(str_skip(token, (size_t)dot + 1), &shown, &why) < 0 ||
		shown.n != SIGNATURE)
		return auth_denied(err);
	if (sign(a, body, mac, err) < 0)
		return -1;
	if (CRYPTO_memcmp(mac, shown.p, SIGNATURE) != 0 ||
		base64_decode(str_skip(body, 4), ret, &why) < 0)
		return auth_denied(err);
	return 0;
}

struct claims {
	int64_t id, expires;
	uint64_t serial;
	struct str access; /* lines */
};

static bool parse_hex(struct str s, uint64_t *ret)
{
	uint64_t v = 0;
	for (size_t i = 0; i < s.n; i++) {
		int digit = ch_hex(s.p[i]);
		if (digit < 0)
			return false;
		v = v << 4 | (uint64_t)digit;
	}
	*ret = v;
	return s.n == 16;
}

static bool parse_claims(struct str payload, struct claims *ret)
{
	struct str line, version, id, serial;
	struct err why;
	return str_cut(&payload, '\n', &line) && str_cut(&line, ' ', &version) &&
		str_is(version, "1") && str_cut(&line, ' ', &id) &&
		num_parse_i64(id, 0, INT64_MAX, &ret->id, &why) == 0 &&
		str_cut(&line, ' ', &serial) && parse_hex(serial, &ret->serial) &&
		num_parse_i64(line, 0, INT64_MAX, &ret->expires, &why) == 0 &&
		(ret->access = payload, true);
}

static int take_access(struct grant *g, struct str lines, struct err *err)
{
	struct auth_access *all = ARENA_ARRAY(&g->arena, struct auth_access, AUTH_ACCESS_MAX);
	struct str line, scopes;
	uint64_t v;
	struct err why;
	while (str_line(&lines, &line) && g->grant.n_access < AUTH_ACCESS_MAX) {
		if (!str_cut(&line, ' ', &scopes) || !line.p ||
			num_parse_u64(scopes, 1, UINT32_MAX, &v, &why) < 0)
			return auth_denied(err);
		all[g->grant.n_access++] =
			(struct auth_access){arena_str(&g->arena, line), (unsigned)v};
	}
	g->grant.access = all;
	g->grant.is_limited = true;
	return 0;
}

static int check(struct auth *a, struct str token, struct grant **ret, struct err *err)
{
	CLEANUP(buf_done) struct buf payload = BUF(AUTH_BEARER_MAX);
	struct claims c;
	struct grant *g = NULL;
	if (open_token(a, token, &payload, err) < 0)
		return -1;
	if (!parse_claims(buf_str(&payload), &c) || c.expires <= clock_now(a->clock))
		return auth_denied(err);
	int rc = c.id ? auth_grant_by_id(a, c.id, c.serial, &g, err)
		      : auth_grant_of_nobody(a, &g, err);
	if (rc < 0)
		return -1;
	if (take_access(g, c.access, err) < 0) {
		auth_grant_free(&g->grant);
		return -1;
	}
	if (!g->expires_ns || c.expires < g->expires_ns)
		g->expires_ns = c.expires;
	*ret = g;
	return 0;
}

int auth_bearer_check(struct auth *a, struct str token, const struct auth_grant **ret,
	struct err *err)
{
	uint64_t epoch;
	if (token.n > AUTH_BEARER_MAX)
		return auth_denied(err);
	struct digest hash = digest_of(token);
	struct grant *g = auth_recall(a, &hash, &epoch);
	if (!g) {
		if (check(a, token, &g, err) < 0)
			return -1;
		auth_remember(a, &hash, g, epoch);
	}
	*ret = &g->grant;
	return 0;
}
