/* db_priv -- connections, and who uses them.
 *
 * A connection is used by one thread at a time, and by no thread when n_users is 0. A transaction
 * and an open query are users; a statement is one while it runs.
 *
 *	what is asked              connection it gets
 *	anything, while the thread is writing     the one it writes with (sees its own changes)
 *	SELECT, while a query of it is open       the one of that query (the same snapshot)
 *	anything else                             a free one, or a new one
 *
 * A write on a connection with an open query would be refused whenever somebody else wrote since
 * that query began (SQLITE_BUSY_SNAPSHOT), so it never gets one.
 *
 * Writers of this process wait for writer_left, and not by polling SQLite's file lock as writers of
 * other processes must.
 */
#ifndef DB_DB_PRIV_H
#define DB_DB_PRIV_H

#include "db/db.h"

#include "base/map.h"
#include "base/vec.h"

#include <pthread.h>
#include <sqlite3.h>

struct conn {
	struct db *db;
	sqlite3 *sql;
	struct map statements; /* SQL text -> struct db_row */
	pthread_t owner;
	unsigned n_users;
	bool is_writing; /* in a transaction, or a query that writes is open */
	bool in_transaction;
	int64_t busy_since;
};

struct db {
	char *path;
	enum db_mode mode;
	int64_t busy_ns;      /* how long to wait for other writers */
	pthread_mutex_t lock; /* conns, their users, has_writer */
	VEC(struct conn *) conns;
	bool has_writer; /* a connection of this process writes */
	pthread_cond_t writer_left;
	int n_wal_pages; /* in the log after our last commit */
};

/* A statement, and the rows it gives. */
struct db_row {
	struct conn *conn;
	sqlite3_stmt *stmt;
	bool is_kept; /* in conn->statements */
	bool is_busy; /* given out by db_query */
	bool is_done;
	bool is_writing;
};

/* conn.c */
int conn_open(struct db *db, struct conn **ret, struct err *err);
void conn_close(struct conn *c);
CLEANUP_PTR(conn_close, struct conn);
/* shares: may be the connection of an open query of this thread. */
int conn_take(struct db *db, bool shares, struct conn **ret, struct err *err);
void conn_give(struct conn *c);
/* The connection this thread has a transaction on, or NULL. */
struct conn *conn_in_transaction(struct db *db);
int conn_lock_writer(struct conn *c, struct err *err);
void conn_unlock_writer(struct conn *c);
/* -1 with SQLite's words for its result code. */
int conn_fail(const struct conn *c, int code, struct err *err);

/* statement.c */
int conn_exec(struct conn *c, const char *sql, const struct db_value *v, size_t n, struct err *err);
/* Finalizes. */
void db_row_free(void *row);

#endif
