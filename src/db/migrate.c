#include "db/db_priv.h"

/* Steps the file has had of the room, or -1. */
static int64_t steps_done(struct db *db, const char *room, struct err *err)
{
	CLEANUP(db_end) struct db_row *q = NULL;
	if (db_query(db, &q, err, "SELECT n FROM migration WHERE room = $1", DB_TEXT(room)) < 0)
		return -1;
	int more = db_next(q, err);
	return more > 0 ? db_i64(q, 0) : more;
}

static int run_step(struct db *db, const char *room, size_t i, const char *step, struct err *err)
{
	struct conn *c = conn_in_transaction(db);
	int rc = sqlite3_exec(c->sql, step, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		return 0;
	conn_fail(c, rc, err);
	return err_wrap(err, "migration %zu of '%s'", i + 1, room);
}

static int run_steps(struct db *db, const char *room, const char *const *steps, size_t n,
	struct err *err)
{
	int64_t done = steps_done(db, room, err); /* again: others may have been faster */
	if (done < 0)
		return -1;
	for (size_t i = (size_t)done; i < n; i++)
		if (run_step(db, room, i, steps[i], err) < 0)
			return -1;
	if ((size_t)done >= n)
		return 0;
	return db_exec(db, err,
		       "INSERT INTO migration(room, n) VALUES($1, $2) "
		       "ON CONFLICT(room) DO UPDATE SET n = excluded.n",
		       DB_TEXT(room), DB_I64(n)) < 0
		? -1
		: 0;
}

int db_migrate(struct db *db, const char *room, const char *const *steps, size_t n, struct err *err)
{
	int64_t done = steps_done(db, room, err);
	if (done < 0)
		return -1;
	if ((uint64_t)done > n) {
		err_set(err, ERR_CORRUPT,
			"database '%s' was made by a newer knarr (%s %lld, not %zu)", db->path,
			room, (long long)done, n);
		return err_hint(err, "use that version, or start with another --root");
	}
	if ((size_t)done == n)
		return 0;
	if (db_begin(db, err) < 0)
		return -1;
	if (run_steps(db, room, steps, n, err) < 0) {
		db_rollback(db);
		return -1;
	}
	return db_commit(db, err);
}

int db_check(struct db *db, struct err *err)
{
	CLEANUP(db_end) struct db_row *q = NULL;
	if (db_query(db, &q, err, "PRAGMA integrity_check(1)") < 0 || db_next(q, err) < 0)
		return -1;
	struct str said = db_str(q, 0);
	if (str_is(said, "ok"))
		return 0;
	return err_set(err, ERR_CORRUPT, "database '%s': %.*s", db->path, STR_ARG(said));
}
