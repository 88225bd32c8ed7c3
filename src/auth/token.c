#include "auth/auth_priv.h"

#include "base/num.h"

#define DAY_NS (86400 * CLOCK_SECOND)
/* How long a token that expired is still listed. */
#define KEEP_PERSONAL_NS (30 * DAY_NS)
#define KEEP_JOB_NS DAY_NS

static int check_name(struct str name, const char *what, struct err *err)
{
	if (name.n > AUTH_NAME_MAX)
		return err_set(err, ERR_LIMIT, "%s is longer than %d bytes", what, AUTH_NAME_MAX);
	for (size_t i = 0; i < name.n; i++)
		if ((uint8_t)name.p[i] < ' ' || name.p[i] == 0x7f)
			return err_set(err, ERR_INPUT, "%s holds a control character", what);
	return 0;
}

static int check_spec(const struct auth_token *t, struct err *err)
{
	const unsigned known =
		AUTH_READ_PACKAGES | AUTH_WRITE_PACKAGES | AUTH_DELETE_PACKAGES | AUTH_ADMIN;
	if (!t->scopes || (t->scopes & ~known))
		return err_set(err, ERR_INPUT, "a token needs a scope such as read:packages");
	if (!t->user.n)
		return err_set(err, ERR_INPUT, "a token needs a user");
	if (t->expires_ns < 0)
		return err_set(err, ERR_INPUT, "a token cannot expire before 1970");
	if (check_name(t->user, "user", err) < 0 || check_name(t->name, "name of a token", err) < 0)
		return -1;
	return auth_list_check(t->repositories, err);
}

static int insert(struct auth *a, const struct auth_token *t, const char *text, struct err *err)
{
	char room[DIGEST_TEXT];
	struct digest hash = digest_of(str_of(text));
	int64_t now = clock_now(a->clock);
	if (db_exec(a->db, err,
		    "DELETE FROM auth_token WHERE expires_ns > 0 AND"
		    " expires_ns < CASE is_job WHEN 1 THEN $1 ELSE $2 END",
		    DB_I64(now - KEEP_JOB_NS), DB_I64(now - KEEP_PERSONAL_NS)) < 0 ||
		db_exec(a->db, err,
			"INSERT INTO auth_token(id, hash, owner, name, scopes, repositories,"
			" is_job, created_ns, expires_ns, last_used_ns) SELECT"
			" COALESCE(MAX(id), 0) + 1, $1, $2, $3, $4, $5, $6, $7, $8, 0"
			" FROM auth_token",
			DB_TEXT(digest_text(&hash, room)), DB_STR(t->user), DB_STR(t->name),
			DB_I64(t->scopes), DB_STR(t->repositories), DB_I64(t->is_job), DB_I64(now),
			DB_I64(t->expires_ns)) < 0)
		return -1;
	return db_exec(a->db, err,
		"INSERT INTO auth_once(what) VALUES('token') ON CONFLICT(what) DO NOTHING");
}

int auth_token_create(struct auth *a, const struct auth_token *spec, char ret_text[AUTH_TOKEN_TEXT],
	struct err *err)
{
	char text[AUTH_TOKEN_TEXT];
	struct auth_token t = *spec;
	if (!t.name.p)
		t.name = S("");
	if (!t.repositories.p)
		t.repositories = S("");
	if (check_spec(&t, err) < 0 || auth_text_make(t.is_job, text, err) < 0 ||
		db_begin(a->db, err) < 0)
		return -1;
	if (insert(a, &t, text, err) < 0) {
		db_rollback(a->db);
		return -1;
	}
	if (db_commit(a->db, err) < 0)
		return -1;
	memcpy(ret_text, text, sizeof(text));
	return 0;
}

int auth_token_list(struct auth *a, struct arena *arena, struct auth_tokens *ret, struct err *err)
{
	CLEANUP(db_end) struct db_row *q = NULL;
	int more;
	if (auth_uses_flush(a->uses, err) < 0 ||
		db_query(a->db, &q, err,
			"SELECT id, owner, name, scopes, repositories, is_job, created_ns,"
			" expires_ns, last_used_ns FROM auth_token ORDER BY id") < 0)
		return -1;
	while ((more = db_next(q, err)) > 0) {
		struct auth_token *t = vec_add(ret);
		t->id = db_i64(q, 0);
		t->user = arena_str(arena, db_str(q, 1));
		t->name = arena_str(arena, db_str(q, 2));
		t->scopes = (unsigned)db_i64(q, 3);
		t->repositories = arena_str(arena, db_str(q, 4));
		t->is_job = db_i64(q, 5) != 0;
		t->created_ns = db_i64(q, 6);
		t->expires_ns = db_i64(q, 7);
		t->last_used_ns = db_i64(q, 8);
	}
	return more;
}

static int remove_token(struct auth *a, struct str id_or_text, struct err *err)
{
	char room[DIGEST_TEXT];
	int64_t id;
	if (auth_text_is_token(id_or_text)) {
		struct digest hash = digest_of(id_or_text);
		return db_exec(a->db, err, "DELETE FROM auth_token WHERE hash = $1",
			DB_TEXT(digest_text(&hash, room)));
	}
	if (num_parse_i64(id_or_text, 1, INT64_MAX, &id, err) < 0)
		return err_set(err, ERR_INPUT, "expected a token or its id");
	return db_exec(a->db, err, "DELETE FROM auth_token WHERE id = $1", DB_I64(id));
}

int auth_token_revoke(struct auth *a, struct str id_or_text, struct err *err)
{
	int n = remove_token(a, id_or_text, err);
	auth_forget_all(a);
	if (n == 0)
		return err_set(err, ERR_NOT_FOUND, "no such token");
	return n < 0 ? -1 : 0;
}

int auth_is_empty(struct auth *a, bool *ret, struct err *err)
{
	CLEANUP(db_end) struct db_row *q = NULL;
	if (db_query(a->db, &q, err, "SELECT 1 FROM auth_once WHERE what = 'token'") < 0)
		return -1;
	int more = db_next(q, err);
	if (more < 0)
		return -1;
	*ret = more == 0;
	return 0;
}

/* The start of the hash. */
static uint64_t serial_of(const uint8_t hash[64])
{
	uint64_t v = 0;
	for (int i = 0; i < 8; i++)
		v = v << 8 | hash[i];
	return v;
}

#define GRANT_COLUMNS "id, hash, owner, scopes, repositories, expires_ns"

/* The first row of GRANT_COLUMNS; serial 0 = any. */
static int take_grant(struct auth *a, struct db_row *q, uint64_t serial, struct grant **ret,
	struct err *err)
{
	struct digest hash;
	int more = db_next(q, err);
	if (more <= 0)
		return more < 0 ? -1 : auth_denied(err);
	int64_t expires = db_i64(q, 5);
	if (digest_parse(db_str(q, 1), &hash, err) < 0)
		return err_wrap(err, "token %lld", (long long)db_i64(q, 0));
	if ((serial && serial != serial_of(hash.bytes)) ||
		(expires && expires <= clock_now(a->clock)))
		return auth_denied(err);
	struct grant *g = auth_grant_new();
	g->grant.token_id = db_i64(q, 0);
	g->grant.user = arena_str(&g->arena, db_str(q, 2));
	g->grant.scopes = (unsigned)db_i64(q, 3);
	g->grant.repositories = arena_str(&g->arena, db_str(q, 4));
	g->expires_ns = expires;
	g->serial = serial_of(hash.bytes);
	auth_uses_note(a->uses, g->grant.token_id, clock_now(a->clock));
	*ret = g;
	return 0;
}

int auth_grant_by_hash(struct auth *a, const struct digest *hash, struct grant **ret,
	struct err *err)
{
	char room[DIGEST_TEXT];
	CLEANUP(db_end) struct db_row *q = NULL;
	if (db_query(a->db, &q, err, "SELECT " GRANT_COLUMNS " FROM auth_token WHERE hash = $1",
		    DB_TEXT(digest_text(hash, room))) < 0)
		return -1;
	return take_grant(a, q, 0, ret, err);
}

int auth_grant_by_id(struct auth *a, int64_t id, uint64_t serial, struct grant **ret,
	struct err *err)
{
	CLEANUP(db_end) struct db_row *q = NULL;
	if (db_query(a->db, &q, err, "SELECT " GRANT_COLUMNS " FROM auth_token WHERE id = $1",
		    DB_I64(id)) < 0)
		return -1;
	return take_grant(a, q, serial, ret, err);
}
