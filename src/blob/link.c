#include "blob/blob_priv.h"

int repository_check(struct str repository, struct err *err)
{
	enum { REPOSITORY_MAX = 255 + 255 + 8 }; /* "local:", a host and a path */
	if (repository.n && repository.n <= REPOSITORY_MAX && str_chr(repository, '\0') < 0)
		return 0;
	return err_set(err, ERR_INPUT, "'%.*s' is not the name of a repository",
		STR_ARG(str_sub(repository, 0, 100)));
}

int row_digest(const struct db_row *q, int column, struct digest *ret, struct err *err)
{
	struct str text = db_str(q, column);
	*ret = (struct digest){0};
	if (!text.n || digest_parse(text, ret, err) == 0)
		return 0;
	return err_set(err, ERR_CORRUPT, "index.db: '%.*s' is not a digest",
		STR_ARG(str_sub(text, 0, 100)));
}

int link_insert(struct store *s, struct str repository, const struct digest *d, bool is_manifest,
	struct err *err)
{
	char text[DIGEST_TEXT];
	if (db_exec(s->db, err, "INSERT INTO repository (name) VALUES ($1) ON CONFLICT DO NOTHING",
		    DB_STR(repository)) < 0)
		return -1;
	return db_exec(s->db, err,
		"INSERT INTO link (repository, digest, is_manifest, added_ns)"
		" VALUES ($1, $2, $3, $4) ON CONFLICT (repository, digest) DO UPDATE SET"
		" added_ns = excluded.added_ns,"
		" is_manifest = CASE WHEN link.is_manifest <> 0 THEN 1"
		" ELSE excluded.is_manifest END",
		DB_STR(repository), DB_TEXT(digest_text(d, text)), DB_I64(is_manifest),
		DB_I64(clock_now(s->clock)));
}

int repository_tidy(struct store *s, struct str repository, struct err *err)
{
	return db_exec(s->db, err,
		"DELETE FROM repository WHERE name = $1"
		" AND NOT EXISTS (SELECT 1 FROM link WHERE repository = $1)"
		" AND NOT EXISTS (SELECT 1 FROM tag WHERE repository = $1)",
		DB_STR(repository));
}

int link_add(struct store *s, struct str repository, const struct digest *d, struct err *err)
{
	/* A collection under way does not know the row: the lease protects what it names. */
	if (repository_check(repository, err) < 0 || blob_keep(s, d, err) < 0 ||
		store_begin(s, err) < 0)
		return -1;
	int rc = link_insert(s, repository, d, false, err);
	return store_end(s, rc < 0 ? -1 : 0, err);
}

/* Runs a query whose first column of its first row is the answer; 0 when there is no row. */
static int ask_number(struct db_row *q, struct err *err)
{
	int more = db_next(q, err);
	return more > 0 ? (int)db_i64(q, 0) : more;
}

int link_has(struct store *s, struct str repository, const struct digest *d, struct err *err)
{
	CLEANUP(db_end) struct db_row *q = NULL;
	char text[DIGEST_TEXT];
	if (db_query(s->db, &q, err, "SELECT 1 FROM link WHERE repository = $1 AND digest = $2",
		    DB_STR(repository), DB_TEXT(digest_text(d, text))) < 0)
		return -1;
	return ask_number(q, err);
}

int link_keep(struct store *s, struct str repository, const struct digest *d, struct err *err)
{
	/* In this order: a collection that removes the link meanwhile has seen the lease. */
	struct err why = {0};
	if (blob_keep(s, d, &why) == 0)
		return link_has(s, repository, d, err);
	if (why.kind == ERR_NOT_FOUND || why.kind == ERR_CORRUPT)
		return 0;
	*err = why;
	return -1;
}

static int remove_link(struct store *s, struct str repository, const struct digest *d,
	struct err *err)
{
	char text[DIGEST_TEXT];
	int n = db_exec(s->db, err, "DELETE FROM link WHERE repository = $1 AND digest = $2",
		DB_STR(repository), DB_TEXT(digest_text(d, text)));
	if (n < 0)
		return -1;
	if (n == 0)
		return err_set(err, ERR_NOT_FOUND, "'%.*s' has no %s", STR_ARG(repository), text);
	return repository_tidy(s, repository, err) < 0 ? -1 : 0;
}

int link_remove(struct store *s, struct str repository, const struct digest *d, struct err *err)
{
	if (store_begin(s, err) < 0)
		return -1;
	return store_end(s, remove_link(s, repository, d, err), err);
}

int link_find(struct store *s, const struct digest *d,
	bool (*accepts)(void *ctx, struct str repository), void *ctx, struct buf *ret_repository,
	struct err *err)
{
	CLEANUP(db_end) struct db_row *q = NULL;
	char text[DIGEST_TEXT];
	int more;
	if (db_query(s->db, &q, err,
		    "SELECT repository FROM link WHERE digest = $1 ORDER BY repository",
		    DB_TEXT(digest_text(d, text))) < 0)
		return -1;
	while ((more = db_next(q, err)) > 0) {
		if (!accepts(ctx, db_str(q, 0)))
			continue;
		buf_add(ret_repository, db_str(q, 0));
		return buf_check(ret_repository, "name of a repository", err);
	}
	if (more < 0)
		return -1;
	return err_set(err, ERR_NOT_FOUND, "no repository has %s", text);
}

bool repository_exists(struct store *s, struct str repository)
{
	CLEANUP(db_end) struct db_row *q = NULL;
	struct err ignored;
	return db_query(s->db, &q, &ignored, "SELECT 1 FROM repository WHERE name = $1",
		       DB_STR(repository)) == 0 &&
		ask_number(q, &ignored) > 0;
}

int repository_list(struct store *s, struct str last, size_t n, struct arena *a, struct str **ret,
	size_t *ret_n, struct err *err)
{
	CLEANUP(db_end) struct db_row *q = NULL;
	VEC(struct str) names = {0};
	int more;
	if (db_query(s->db, &q, err,
		    "SELECT name FROM repository WHERE name > $1 ORDER BY name LIMIT $2",
		    DB_STR(last), DB_I64(n ? n : INT64_MAX)) < 0)
		return -1;
	while ((more = db_next(q, err)) > 0)
		vec_push(&names, arena_str(a, db_str(q, 0)));
	*ret_n = names.n;
	*ret = ARENA_ARRAY(a, struct str, names.n + 1);
	if (names.n)
		memcpy(*ret, names.p, names.n * sizeof(**ret));
	vec_done(&names);
	return more;
}
