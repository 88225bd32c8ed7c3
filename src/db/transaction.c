#include "db/db_priv.h"

int db_begin(struct db *db, struct err *err)
{
	struct conn *c;
	if (conn_take(db, false, &c, err) < 0)
		return -1;
	if (c->is_writing) {
		conn_give(c);
		return err_set(err, ERR_BUG, "database '%s': a transaction inside another",
			db->path);
	}
	if (conn_lock_writer(c, err) < 0) {
		conn_give(c);
		return -1;
	}
	if (conn_exec(c, "BEGIN IMMEDIATE", NULL, 0, err) < 0) {
		conn_unlock_writer(c);
		conn_give(c);
		return -1;
	}
	c->in_transaction = true; /* and stays in use */
	return 0;
}

static void finish(struct conn *c)
{
	struct err ignored; /* closing the connection rolls back, too */
	c->in_transaction = false;
	if (!sqlite3_get_autocommit(c->sql))
		(void)conn_exec(c, "ROLLBACK", NULL, 0, &ignored);
	conn_unlock_writer(c);
	conn_give(c);
}

int db_commit(struct db *db, struct err *err)
{
	struct conn *c = conn_in_transaction(db);
	if (!c)
		return err_set(err, ERR_BUG, "database '%s': commit of no transaction", db->path);
	int rc = conn_exec(c, "COMMIT", NULL, 0, err);
	finish(c);
	return rc < 0 ? -1 : 0;
}

void db_rollback(struct db *db)
{
	struct conn *c = conn_in_transaction(db);
	if (c)
		finish(c);
}
