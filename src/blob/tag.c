/* Tags. A tag with an order (a run's number) does not go back to a lower one: `position` is the
 * highest order it was ever set with, also when it was moved by hand meanwhile. */
#include "blob/blob_priv.h"

int tag_get(struct store *s, struct str repository, struct str tag, struct digest *ret,
	struct err *err)
{
	CLEANUP(db_end) struct db_row *q = NULL;
	if (db_query(s->db, &q, err, "SELECT digest FROM tag WHERE repository = $1 AND tag = $2",
		    DB_STR(repository), DB_STR(tag)) < 0)
		return -1;
	int more = db_next(q, err);
	if (more < 0)
		return -1;
	if (!more)
		return err_set(err, ERR_NOT_FOUND, "'%.*s' has no tag '%.*s'", STR_ARG(repository),
			STR_ARG(tag));
	return row_digest(q, 0, ret, err);
}

/* Where the tag is now; none and 0 when it does not exist. */
static int read_tag(struct store *s, const struct tag_set *t, struct digest *ret,
	int64_t *ret_position, struct err *err)
{
	CLEANUP(db_end) struct db_row *q = NULL;
	*ret = (struct digest){0};
	*ret_position = 0;
	if (db_query(s->db, &q, err,
		    "SELECT digest, position FROM tag WHERE repository = $1 AND tag = $2",
		    DB_STR(t->repository), DB_STR(t->tag)) < 0)
		return -1;
	int more = db_next(q, err);
	if (more <= 0)
		return more;
	*ret_position = db_i64(q, 1);
	return row_digest(q, 0, ret, err);
}

static int must_have_manifest(struct store *s, const struct tag_set *t, struct err *err)
{
	CLEANUP(db_end) struct db_row *q = NULL;
	char text[DIGEST_TEXT];
	if (db_query(s->db, &q, err,
		    "SELECT 1 FROM link WHERE repository = $1 AND digest = $2 AND is_manifest <> 0",
		    DB_STR(t->repository), DB_TEXT(digest_text(&t->digest, text))) < 0)
		return -1;
	int more = db_next(q, err);
	if (more)
		return more < 0 ? -1 : 0;
	return err_set(err, ERR_NOT_FOUND, "'%.*s' has no manifest %s", STR_ARG(t->repository),
		text);
}

static int tag_moved(const struct tag_set *t, const struct digest *now, struct err *err)
{
	char text[DIGEST_TEXT];
	if (digest_is_none(now))
		return err_set(err, ERR_CONFLICT, "tag '%.*s' is gone", STR_ARG(t->tag));
	if (digest_is_none(t->expected))
		return err_set(err, ERR_CONFLICT, "tag '%.*s' exists", STR_ARG(t->tag));
	return err_set(err, ERR_CONFLICT, "tag '%.*s' was moved to %s", STR_ARG(t->tag),
		digest_text(now, text));
}

/* 0 = set, 1 = stayed at a newer order. */
static int set_one(struct store *s, const struct tag_set *t, struct err *err)
{
	struct digest now;
	int64_t position;
	char text[DIGEST_TEXT];
	if (read_tag(s, t, &now, &position, err) < 0 || must_have_manifest(s, t, err) < 0)
		return -1;
	if (t->expected && !digest_eq(t->expected, &now))
		return tag_moved(t, &now, err);
	if (t->order > 0 && t->order < position)
		return 1;
	int rc = db_exec(s->db, err,
		"INSERT INTO tag (repository, tag, digest, moved_ns, position)"
		" VALUES ($1, $2, $3, $4, $5) ON CONFLICT (repository, tag) DO UPDATE SET"
		" digest = excluded.digest, moved_ns = excluded.moved_ns,"
		" position = excluded.position",
		DB_STR(t->repository), DB_STR(t->tag), DB_TEXT(digest_text(&t->digest, text)),
		DB_I64(clock_now(s->clock)), DB_I64(t->order > position ? t->order : position));
	return rc < 0 ? -1 : 0;
}

int tag_set_rows(struct store *s, const struct tag_set *t, size_t n, struct err *err)
{
	int stayed = 0;
	for (size_t i = 0; i < n; i++) {
		int rc = set_one(s, &t[i], err);
		if (rc < 0)
			return -1;
		stayed |= rc;
	}
	return stayed;
}

/* Collections under way do not know the rows: the lease makes them follow the manifest. */
int tag_keep_all(struct store *s, const struct tag_set *t, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (repository_check(t[i].repository, err) < 0 ||
			blob_keep(s, &t[i].digest, err) < 0)
			return -1;
	return 0;
}

int tag_set_all(struct store *s, const struct tag_set *t, size_t n, struct err *err)
{
	if (tag_keep_all(s, t, n, err) < 0 || store_begin(s, err) < 0)
		return -1;
	return store_end(s, tag_set_rows(s, t, n, err), err);
}

int tag_set(struct store *s, const struct tag_set *t, struct err *err)
{
	return tag_set_all(s, t, 1, err);
}

static int remove_row(struct store *s, struct str repository, struct str tag, struct err *err)
{
	int n = db_exec(s->db, err, "DELETE FROM tag WHERE repository = $1 AND tag = $2",
		DB_STR(repository), DB_STR(tag));
	if (n < 0)
		return -1;
	if (n == 0)
		return err_set(err, ERR_NOT_FOUND, "'%.*s' has no tag '%.*s'", STR_ARG(repository),
			STR_ARG(tag));
	return repository_tidy(s, repository, err) < 0 ? -1 : 0;
}

int tag_remove(struct store *s, struct str repository, struct str tag, struct err *err)
{
	if (store_begin(s, err) < 0)
		return -1;
	return store_end(s, remove_row(s, repository, tag, err), err);
}

/* repository, tag, digest, moved_ns, position */
static int read_rows(struct db_row *q, struct arena *a, struct tag_rows *ret, struct err *err)
{
	int more;
	while ((more = db_next(q, err)) > 0) {
		struct tag_row *t = vec_add(ret);
		t->repository = arena_str(a, db_str(q, 0));
		t->tag = arena_str(a, db_str(q, 1));
		t->moved_ns = db_i64(q, 3);
		t->order = db_i64(q, 4);
		if (row_digest(q, 2, &t->digest, err) < 0)
			return -1;
	}
	return more;
}

int tag_list(struct store *s, struct str repository, struct str last, size_t n, struct arena *a,
	struct tag_rows *ret, struct err *err)
{
	CLEANUP(db_end) struct db_row *q = NULL;
	if (db_query(s->db, &q, err,
		    "SELECT repository, tag, digest, moved_ns, position FROM tag"
		    " WHERE repository = $1 AND tag > $2 ORDER BY tag LIMIT $3",
		    DB_STR(repository), DB_STR(last), DB_I64(n ? n : INT64_MAX)) < 0)
		return -1;
	return read_rows(q, a, ret, err);
}

int tag_list_all(struct store *s, struct str prefix, struct arena *a, struct tag_rows *ret,
	struct err *err)
{
	CLEANUP(db_end) struct db_row *q = NULL;
	if (db_query(s->db, &q, err,
		    "SELECT repository, tag, digest, moved_ns, position FROM tag"
		    " WHERE repository >= $1 AND substr(repository, 1, $2) = $1"
		    " ORDER BY repository, tag",
		    DB_STR(prefix), DB_I64(prefix.n)) < 0)
		return -1;
	return read_rows(q, a, ret, err);
}
