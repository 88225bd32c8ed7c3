#include "opened.h"

static void set_up(struct db *db)
{
	struct err err = {0};
	OK(db_exec(db, &err,
		"CREATE TABLE t(k TEXT PRIMARY KEY, n INTEGER CHECK(n < 100), b BLOB)"));
}

static void db_exec_counts_changed_rows(void **state)
{
	struct err err = {0};
	CLEANUP(opened_done) struct opened o = opened_new(DB_RELAXED);
	set_up(o.db);
	assert_int_equal(db_exec(o.db, &err, "INSERT INTO t VALUES('a', 1, NULL), ('b', 2, NULL)"),
		2);
	assert_int_equal(db_exec(o.db, &err, "CREATE TABLE u(x)"), 0);
	assert_int_equal(db_exec(o.db, &err, "UPDATE t SET n = n + 1"), 2);
	assert_int_equal(db_exec(o.db, &err, "SELECT * FROM t"), 0);
	assert_int_equal(db_exec(o.db, &err, "DELETE FROM t WHERE k = $1", DB_TEXT("x")), 0);
	assert_int_equal(db_exec(o.db, &err, "DELETE FROM t WHERE k = $1", DB_TEXT("a")), 1);
}

static void db_values_come_back_as_they_went_in(void **state)
{
	static const struct db_value values[] = {
		DB_NULL,
		DB_I64(0),
		DB_I64(INT64_MAX),
		DB_I64(INT64_MIN),
		{DB_T_TEXT, 0, {"text", 4}},
		{DB_T_TEXT, 0, {"", 0}},
		{DB_T_TEXT, 0, {NULL, 0}},
		{DB_T_TEXT, 0, {"'; DROP TABLE t; --", 19}},
		{DB_T_TEXT, 0, {"a\0b", 3}},
		{DB_T_BYTES, 0, {"\xff\0\xfe", 3}},
		{DB_T_BYTES, 0, {NULL, 0}},
	};
	CLEANUP(opened_done) struct opened o = opened_new(DB_RELAXED);
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		struct err err = {0};
		const struct db_value *v = &values[i];
		CLEANUP(db_end) struct db_row *q = NULL;
		OK(db_query_values(o.db, &q, &err, "SELECT $1", v, 1));
		assert_int_equal(db_next(q, &err), 1);
		assert_int_equal(db_is_null(q, 0), v->type == DB_T_NULL);
		if (v->type == DB_T_I64)
			assert_true(db_i64(q, 0) == v->number);
		if (v->type == DB_T_TEXT || v->type == DB_T_BYTES) {
			assert_true(str_eq(db_str(q, 0), v->text));
			assert_non_null(db_str(q, 0).p);
		}
		if (v->type == DB_T_NULL) {
			assert_null(db_str(q, 0).p);
			assert_int_equal(db_i64(q, 0), 0);
		}
		assert_int_equal(db_next(q, &err), 0);
		assert_int_equal(db_next(q, &err), 0); /* and does not start again */
	}
}

static void db_parameters_go_by_number(void **state)
{
	struct err err = {0};
	CLEANUP(opened_done) struct opened o = opened_new(DB_RELAXED);
	CLEANUP(db_end) struct db_row *q = NULL;
	OK(db_query(o.db, &q, &err, "SELECT $3 || $1 || $2 || $1", DB_TEXT("a"), DB_TEXT("b"),
		DB_TEXT("c")));
	assert_int_equal(db_next(q, &err), 1);
	STR_IS(db_str(q, 0), "caba");
}

static void db_query_keeps_its_values(void **state)
{
	struct err err = {0};
	CLEANUP(opened_done) struct opened o = opened_new(DB_RELAXED);
	CLEANUP(db_end) struct db_row *q = NULL;
	char text[8] = "before";
	OK(db_query(o.db, &q, &err, "SELECT $1", DB_TEXT(text)));
	memset(text, 'x', 6);
	assert_int_equal(db_next(q, &err), 1);
	STR_IS(db_str(q, 0), "before");
}

static void db_wrong_sql_is_a_bug(void **state)
{
	CLEANUP(opened_done) struct opened o = opened_new(DB_RELAXED);
	struct db_value v[] = {DB_I64(1), DB_I64(2)};
	static const struct {
		const char *sql;
		size_t n;
	} cases[] = {{"SELEC 1", 0}, {"", 0}, {"  -- nothing", 0}, {"SELECT 1; SELECT 2", 0},
		{"SELECT * FROM missing", 0}, {"SELECT $1", 0}, {"SELECT $1", 2}, {"SELECT $2", 1},
		{"SELECT ?", 1}, {"SELECT $x", 1}, {"SELECT :1", 1}, {"SELECT 1", 1},
		{"COMMIT", 0}};
	set_up(o.db);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		struct db_row *q = NULL;
		FAILS(ERR_BUG, db_exec_values(o.db, &err, cases[i].sql, v, cases[i].n));
		if (strcmp(cases[i].sql, "COMMIT") != 0)
			FAILS(ERR_BUG,
				db_query_values(o.db, &q, &err, cases[i].sql, v, cases[i].n));
		assert_null(q);
	}
	struct err err = {0};
	OK(db_exec(o.db, &err, "SELECT 1;  ")); /* white space may follow */
}

static void db_rules_that_are_broken_are_conflicts(void **state)
{
	struct err err = {0};
	CLEANUP(opened_done) struct opened o = opened_new(DB_RELAXED);
	set_up(o.db);
	OK(db_exec(o.db, &err, "CREATE TABLE child(k TEXT REFERENCES t(k))"));
	OK(db_exec(o.db, &err, "INSERT INTO t VALUES('a', 1, NULL)"));
	FAILS(ERR_CONFLICT, db_exec(o.db, &err, "INSERT INTO t VALUES('a', 1, NULL)"));
	assert_non_null(strstr(err.what, "index.db': UNIQUE constraint failed: t.k"));
	FAILS(ERR_CONFLICT, db_exec(o.db, &err, "INSERT INTO t VALUES('b', 100, NULL)"));
	FAILS(ERR_CONFLICT, db_exec(o.db, &err, "INSERT INTO child VALUES('no parent')"));
	OK(db_exec(o.db, &err, "INSERT INTO child VALUES('a')"));
	FAILS(ERR_CONFLICT, db_exec(o.db, &err, "DELETE FROM t"));
	OK(db_exec(o.db, &err, "INSERT INTO t VALUES('b', 2, NULL)")); /* usable after */
}

static void db_transactions_happen_whole_or_not(void **state)
{
	struct err err = {0};
	CLEANUP(opened_done) struct opened o = opened_new(DB_DURABLE);
	set_up(o.db);
	OK(db_begin(o.db, &err));
	OK(db_exec(o.db, &err, "INSERT INTO t VALUES('a', 1, NULL)"));
	assert_int_equal(number(o.db, "SELECT count(*) FROM t"), 1); /* sees its own */
	FAILS(ERR_BUG, db_begin(o.db, &err));
	db_rollback(o.db);
	db_rollback(o.db);
	assert_int_equal(number(o.db, "SELECT count(*) FROM t"), 0);
	FAILS(ERR_BUG, db_commit(o.db, &err));
	OK(db_begin(o.db, &err));
	OK(db_exec(o.db, &err, "INSERT INTO t VALUES('a', 1, NULL)"));
	FAILS(ERR_CONFLICT, db_exec(o.db, &err, "INSERT INTO t VALUES('a', 1, NULL)"));
	OK(db_exec(o.db, &err, "INSERT INTO t VALUES('b', 1, NULL)"));
	OK(db_commit(o.db, &err));
	assert_int_equal(number(o.db, "SELECT count(*) FROM t"), 2);
	opened_again(&o);
	assert_int_equal(number(o.db, "SELECT count(*) FROM t"), 2);
}

static void db_commit_that_fails_is_over(void **state)
{
	struct err err = {0};
	CLEANUP(opened_done) struct opened o = opened_new(DB_DURABLE);
	OK(db_exec(o.db, &err, "CREATE TABLE p(k PRIMARY KEY)"));
	OK(db_exec(o.db, &err, "CREATE TABLE c(k REFERENCES p(k) DEFERRABLE INITIALLY DEFERRED)"));
	OK(db_begin(o.db, &err));
	OK(db_exec(o.db, &err, "INSERT INTO c VALUES(1)"));
	FAILS(ERR_CONFLICT, db_commit(o.db, &err));
	assert_int_equal(number(o.db, "SELECT count(*) FROM c"), 0);
	OK(db_begin(o.db, &err));
	OK(db_commit(o.db, &err));
}

static void db_writing_while_reading_is_fine(void **state)
{
	struct err err = {0};
	CLEANUP(opened_done) struct opened o = opened_new(DB_RELAXED);
	set_up(o.db);
	for (int i = 0; i < 50; i++)
		OK(db_exec(o.db, &err, "INSERT INTO t(k, n) VALUES($1, $2)", DB_I64(i), DB_I64(i)));
	CLEANUP(db_end) struct db_row *q = NULL;
	OK(db_query(o.db, &q, &err, "SELECT k FROM t"));
	int n = 0;
	for (int more; (more = db_next(q, &err)) != 0; n++) {
		OK(more);
		OK(db_exec(o.db, &err, "UPDATE t SET n = n + 1 WHERE k = $1",
			DB_STR(db_str(q, 0))));
		/* The same text again, inside itself: the snapshot of the first. */
		assert_int_equal(number(o.db, "SELECT sum(n) FROM t"), 50 * 49 / 2);
		CLEANUP(db_end) struct db_row *inner = NULL;
		OK(db_query(o.db, &inner, &err, "SELECT k FROM t"));
		assert_int_equal(db_next(inner, &err), 1);
	}
	assert_int_equal(n, 50);
	db_end(TAKE(q));
	assert_int_equal(number(o.db, "SELECT sum(n) FROM t"), 50 * 49 / 2 + 50);
	OK(db_begin(o.db, &err)); /* begun while a query is open, it starts from now */
	OK(db_query(o.db, &q, &err, "SELECT k FROM t"));
	assert_int_equal(db_next(q, &err), 1);
	OK(db_exec(o.db, &err, "DELETE FROM t"));
	assert_int_equal(number(o.db, "SELECT count(*) FROM t"), 0);
	db_end(TAKE(q));
	OK(db_commit(o.db, &err));
}

static void db_query_may_write(void **state)
{
	struct err err = {0};
	CLEANUP(opened_done) struct opened o = opened_new(DB_RELAXED);
	set_up(o.db);
	for (int i = 0; i < 3; i++) {
		CLEANUP(db_end) struct db_row *q = NULL;
		OK(db_query(o.db, &q, &err, "INSERT INTO t(k, n) VALUES($1, 5) RETURNING n + 1",
			DB_I64(i)));
		assert_int_equal(db_next(q, &err), 1);
		assert_int_equal(db_i64(q, 0), 6);
		OK(db_exec(o.db, &err, "UPDATE t SET n = 7 WHERE k = $1", DB_I64(i)));
	}
	assert_int_equal(number(o.db, "SELECT sum(n) FROM t"), 21);
}

static void db_many_different_statements_are_fine(void **state)
{
	CLEANUP(opened_done) struct opened o = opened_new(DB_RELAXED);
	for (int i = 0; i < 600; i++) {
		char sql[64];
		snprintf(sql, sizeof(sql), "SELECT %d + 1", i);
		assert_int_equal(number(o.db, sql), i + 1);
		assert_int_equal(number(o.db, sql), i + 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(db_exec_counts_changed_rows),
		cmocka_unit_test(db_values_come_back_as_they_went_in),
		cmocka_unit_test(db_parameters_go_by_number),
		cmocka_unit_test(db_query_keeps_its_values),
		cmocka_unit_test(db_wrong_sql_is_a_bug),
		cmocka_unit_test(db_rules_that_are_broken_are_conflicts),
		cmocka_unit_test(db_transactions_happen_whole_or_not),
		cmocka_unit_test(db_commit_that_fails_is_over),
		cmocka_unit_test(db_writing_while_reading_is_fine),
		cmocka_unit_test(db_query_may_write),
		cmocka_unit_test(db_many_different_statements_are_fine),
	};
	return cmocka_run_group_tests_name("db/db", tests, NULL, NULL);
}
