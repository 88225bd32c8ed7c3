/* db -- one SQLite file shared by threads and processes.
 *
 * WAL mode, so readers never wait for the one writer. Each room brings its own tables, as numbered
 * migrations, and its own SQL; parameters are $1, $2, … so that the same text runs on PostgreSQL.
 *
 *	struct db_row *q = NULL;
 *	if (db_query(db, &q, err, "SELECT size FROM blob WHERE digest = $1", DB_TEXT(d)) < 0) …
 *	while ((more = db_next(q, err)) > 0) size = db_i64(q, 0);
 *	db_end(q);
 *
 * Knows:   statements, transactions, migrations. Touches: its file. Never: SQL of its own about data.
 * Owner:   the caller frees struct db and ends each query; text from db_str is good until db_next.
 * Threads: any; every thread gets a connection of its own from a small pool. A transaction, a query
 *          and what is done in them stay on the thread that began them. Writing while a query of
 *          the same thread is open is fine; the query does not see it, unless both are in one
 *          transaction.
 * Errors:  ERR_CONFLICT (a uniqueness, foreign key or CHECK rule), ERR_CORRUPT (the file is damaged,
 *          not ours or newer than this program), ERR_SYS (disk), ERR_LIMIT (busy for more than
 *          30 s, a value larger than SQLite takes), ERR_BUG (wrong SQL).
 * Durable: db_commit returned 0 = survives power loss, when opened with DB_DURABLE.
 */
#ifndef DB_DB_H
#define DB_DB_H

#include "base/err.h"
#include "base/str.h"

struct db;
struct db_row;

enum db_mode { DB_DURABLE, DB_RELAXED }; /* RELAXED: may lose the last commits, never consistency */

/* Made when missing, mode 0600, as path, path-wal and path-shm. */
int db_open(const char *path, enum db_mode mode, struct db **ret, struct err *err);
void db_close(struct db *db); /* nothing of it may be in use */
CLEANUP_PTR(db_close, struct db);

/* Brings a room's tables up to n steps; steps[i] may hold several statements and runs once. All
 * that are missing run in one transaction, under a lock. A file with more steps than we know is
 * ERR_CORRUPT ("made by a newer knarr"). */
int db_migrate(struct db *db, const char *room, const char *const *steps, size_t n,
	struct err *err);
/* Reads every page and index: ERR_CORRUPT with the first damage found. Slow. */
int db_check(struct db *db, struct err *err);

enum db_type { DB_T_NULL, DB_T_I64, DB_T_TEXT, DB_T_BYTES };
struct db_value {
	enum db_type type;
	int64_t number;
	struct str text;
};
#define DB_I64(v) ((struct db_value){DB_T_I64, (int64_t)(v), {0}})
#define DB_STR(s) ((struct db_value){DB_T_TEXT, 0, (s)})
#define DB_TEXT(cstr) ((struct db_value){DB_T_TEXT, 0, str_of(cstr)})
#define DB_BYTES(s) ((struct db_value){DB_T_BYTES, 0, (s)})
#define DB_NULL ((struct db_value){DB_T_NULL, 0, {0}})

/* One statement, prepared once per connection and kept, by its text. Every $k up to n is in it. */
int db_exec_values(struct db *db, struct err *err, const char *sql, const struct db_value *v,
	size_t n);
/* A query that writes (RETURNING) keeps other writers waiting until db_end. */
int db_query_values(struct db *db, struct db_row **ret, struct err *err, const char *sql,
	const struct db_value *v, size_t n);
#define DB_VALUES_(...)                                                                            \
	((const struct db_value[]){DB_NULL, ##__VA_ARGS__} + 1),                                   \
		(sizeof((struct db_value[]){DB_NULL, ##__VA_ARGS__}) / sizeof(struct db_value) -   \
			1)
/* db_exec(db, err, sql, DB_I64(1), …): number of rows changed, or -1. */
#define db_exec(db, err, sql, ...) db_exec_values(db, err, sql, DB_VALUES_(__VA_ARGS__))
#define db_query(db, ret, err, sql, ...) db_query_values(db, ret, err, sql, DB_VALUES_(__VA_ARGS__))

int db_next(struct db_row *q, struct err *err); /* 1 = a row, 0 = no more */
int64_t db_i64(const struct db_row *q, int column);
struct str db_str(const struct db_row *q, int column); /* NULL column: p is NULL */
bool db_is_null(const struct db_row *q, int column);
void db_end(struct db_row *q); /* NULL is fine */
CLEANUP_PTR(db_end, struct db_row);

/* Transactions: BEGIN IMMEDIATE, so that a writer never fails half-way for being late. They do not
 * nest. After db_commit failed nothing of it happened, and it is over. */
int db_begin(struct db *db, struct err *err);
int db_commit(struct db *db, struct err *err);
void db_rollback(struct db *db); /* nothing open is fine */

#endif
