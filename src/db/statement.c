#include "db/db_priv.h"

#include "base/num.h"

enum { MAX_KEPT = 256 };

void db_row_free(void *row)
{
	struct db_row *q = row;
	sqlite3_finalize(q->stmt);
	free(q);
}

static int prepare(struct conn *c, const char *sql, struct db_row **ret, struct err *err)
{
	struct db_row *kept = map_get(&c->statements, str_of(sql));
	if (kept && !kept->is_busy) {
		*ret = kept;
		return 0;
	}
	sqlite3_stmt *stmt = NULL;
	const char *rest = "";
	int rc = sqlite3_prepare_v3(c->sql, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, &rest);
	if (rc != SQLITE_OK) {
		conn_fail(c, rc, err);
		return err->kind == ERR_BUG ? err_wrap(err, "'%s'", sql) : -1;
	}
	struct db_row *q = NEW(struct db_row);
	*q = (struct db_row){.conn = c, .stmt = stmt};
	if (!stmt || str_trim(str_of(rest)).n) {
		db_row_free(q);
		return err_set(err, ERR_BUG, "not one SQL statement: '%s'", sql);
	}
	q->is_kept = !kept && c->statements.count < MAX_KEPT;
	if (q->is_kept)
		map_put(&c->statements, str_of(sql), q);
	*ret = q;
	return 0;
}

static void put_away(struct db_row *q)
{
	(void)sqlite3_reset(q->stmt); /* says again what step said */
	(void)sqlite3_clear_bindings(q->stmt);
	q->is_busy = q->is_done = false;
	if (!q->is_kept)
		db_row_free(q);
}

static int bind_one(struct db_row *q, int at, const struct db_value *v,
	sqlite3_destructor_type copy)
{
	const char *p = v->text.p ? v->text.p : ""; /* NULL would be NULL */
	switch (v->type) {
	case DB_T_NULL: return sqlite3_bind_null(q->stmt, at);
	case DB_T_I64: return sqlite3_bind_int64(q->stmt, at, v->number);
	case DB_T_TEXT: return sqlite3_bind_text64(q->stmt, at, p, v->text.n, copy, SQLITE_UTF8);
	case DB_T_BYTES: return sqlite3_bind_blob64(q->stmt, at, p, v->text.n, copy);
	}
	return SQLITE_MISUSE;
}

/* SQLite numbers parameters by their first place in the text, whatever the number in their name. */
static int bind(struct db_row *q, const struct db_value *v, size_t n, sqlite3_destructor_type copy,
	struct err *err)
{
	int count = sqlite3_bind_parameter_count(q->stmt);
	if ((size_t)count != n)
		return err_set(err, ERR_BUG, "%zu values for %d parameters: '%s'", n, count,
			sqlite3_sql(q->stmt));
	for (int at = 1; at <= count; at++) {
		const char *name = sqlite3_bind_parameter_name(q->stmt, at);
		struct str number = name && name[0] == '$' ? str_of(name + 1) : STR_NONE;
		uint64_t k;
		if (num_parse_u64(number, 1, n, &k, err) < 0)
			return err_set(err, ERR_BUG, "parameters are not $1 to $%zu: '%s'", n,
				sqlite3_sql(q->stmt));
		int rc = bind_one(q, at, &v[k - 1], copy);
		if (rc != SQLITE_OK)
			return conn_fail(q->conn, rc, err);
	}
	return 0;
}

/* SQLite ends a transaction by itself when the disk is full or fails. What follows must not then
 * happen alone. */
static int check_transaction(const struct conn *c, struct err *err)
{
	if (c->in_transaction && sqlite3_get_autocommit(c->sql))
		return err_set(err, ERR_SYS, "database '%s': the transaction was given up before",
			c->db->path);
	return 0;
}

static int run_to_end(struct db_row *q, struct err *err)
{
	sqlite3 *sql = q->conn->sql;
	sqlite3_int64 before = sqlite3_total_changes64(sql);
	int rc;
	while ((rc = sqlite3_step(q->stmt)) == SQLITE_ROW)
		;
	if (rc != SQLITE_DONE)
		return conn_fail(q->conn, rc, err);
	sqlite3_int64 n = sqlite3_total_changes64(sql) == before ? 0 : sqlite3_changes64(sql);
	return (int)num_min((uint64_t)n, INT32_MAX);
}

int conn_exec(struct conn *c, const char *sql, const struct db_value *v, size_t n, struct err *err)
{
	struct db_row *q;
	if (check_transaction(c, err) < 0 || prepare(c, sql, &q, err) < 0)
		return -1;
	int rc = bind(q, v, n, SQLITE_STATIC, err);
	bool locks = !c->is_writing && !sqlite3_stmt_readonly(q->stmt);
	if (rc == 0 && locks)
		rc = conn_lock_writer(c, err);
	locks = locks && rc == 0;
	if (rc == 0)
		rc = run_to_end(q, err);
	put_away(q);
	if (locks)
		conn_unlock_writer(c);
	return rc;
}

int db_exec_values(struct db *db, struct err *err, const char *sql, const struct db_value *v,
	size_t n)
{
	struct conn *c;
	if (conn_take(db, false, &c, err) < 0)
		return -1;
	int rc = conn_exec(c, sql, v, n, err);
	conn_give(c);
	return rc;
}

static int query(struct conn *c, struct db_row **ret, const char *sql, const struct db_value *v,
	size_t n, struct err *err)
{
	struct db_row *q;
	if (check_transaction(c, err) < 0 || prepare(c, sql, &q, err) < 0)
		return -1;
	int rc = bind(q, v, n, SQLITE_TRANSIENT, err);
	if (rc == 0 && !c->is_writing && !sqlite3_stmt_readonly(q->stmt)) {
		rc = conn_lock_writer(c, err);
		q->is_writing = rc == 0;
	}
	if (rc < 0) {
		put_away(q);
		return -1;
	}
	q->is_busy = true;
	*ret = q;
	return 0;
}

int db_query_values(struct db *db, struct db_row **ret, struct err *err, const char *sql,
	const struct db_value *v, size_t n)
{
	struct str rest = str_of(sql), word;
	bool only_reads = str_word(&rest, &word) && str_eq_nocase(word, S("SELECT"));
	struct conn *c;
	if (conn_take(db, only_reads, &c, err) < 0)
		return -1;
	int rc = query(c, ret, sql, v, n, err);
	if (rc < 0)
		conn_give(c);
	return rc;
}

int db_next(struct db_row *q, struct err *err)
{
	if (q->is_done)
		return 0; /* another step would start it again */
	int rc = sqlite3_step(q->stmt);
	q->is_done = rc != SQLITE_ROW;
	if (rc == SQLITE_ROW || rc == SQLITE_DONE)
		return rc == SQLITE_ROW;
	return conn_fail(q->conn, rc, err);
}

int64_t db_i64(const struct db_row *q, int column)
{
	assert(column < sqlite3_column_count(q->stmt));
	return sqlite3_column_int64(q->stmt, column);
}

struct str db_str(const struct db_row *q, int column)
{
	assert(column < sqlite3_column_count(q->stmt));
	int type = sqlite3_column_type(q->stmt, column);
	if (type == SQLITE_NULL)
		return STR_NONE;
	const void *p = type == SQLITE_BLOB ? sqlite3_column_blob(q->stmt, column)
					    : sqlite3_column_text(q->stmt, column);
	return str_n(p ? p : "", (size_t)sqlite3_column_bytes(q->stmt, column));
}

bool db_is_null(const struct db_row *q, int column)
{
	assert(column < sqlite3_column_count(q->stmt));
	return sqlite3_column_type(q->stmt, column) == SQLITE_NULL;
}

void db_end(struct db_row *q)
{
	if (!q)
		return;
	struct conn *c = q->conn;
	bool is_writing = q->is_writing;
	q->is_writing = false;
	put_away(q);
	if (is_writing)
		conn_unlock_writer(c);
	conn_give(c);
}
