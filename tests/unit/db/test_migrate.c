#include "opened.h"

static const char *const steps[] = {
	"CREATE TABLE a(x INTEGER); INSERT INTO a VALUES(1); INSERT INTO a VALUES(2);",
	"ALTER TABLE a ADD COLUMN y TEXT; -- and a comment",
	"CREATE TABLE b(z); UPDATE a SET y = 'set';",
};

static void db_migrate_runs_each_step_once(void **state)
{
	struct err err = {0};
	CLEANUP(opened_done) struct opened o = opened_new(DB_DURABLE);
	OK(db_migrate(o.db, "room", steps, 1, &err));
	OK(db_migrate(o.db, "room", steps, 1, &err));
	assert_int_equal(number(o.db, "SELECT count(*) FROM a"), 2);
	opened_again(&o);
	OK(db_migrate(o.db, "room", steps, 3, &err));
	OK(db_migrate(o.db, "room", steps, 3, &err));
	assert_int_equal(number(o.db, "SELECT count(*) FROM a WHERE y = 'set'"), 2);
	static const char *const others[] = {"CREATE TABLE c(x)"};
	OK(db_migrate(o.db, "other", others, 1, &err));
	OK(db_migrate(o.db, "none", NULL, 0, &err));
	assert_int_equal(number(o.db, "SELECT sum(n) FROM migration"), 4);
}

static void db_migrate_fails_whole(void **state)
{
	struct err err = {0};
	CLEANUP(opened_done) struct opened o = opened_new(DB_DURABLE);
	static const char *const broken[] = {"CREATE TABLE a(x)", "CREATE TABLE d(x); NONSENSE"};
	FAILS(ERR_BUG, db_migrate(o.db, "room", broken, 2, &err));
	assert_true(str_starts(str_of(err.what), S("migration 2 of 'room': database '")));
	assert_int_equal(number(o.db,
				 "SELECT count(*) FROM sqlite_master WHERE name IN ('a', 'd')"),
		0);
	OK(db_migrate(o.db, "room", steps, 3, &err));
}

static void db_migrate_refuses_a_newer_file(void **state)
{
	struct err err = {0};
	CLEANUP(opened_done) struct opened o = opened_new(DB_DURABLE);
	OK(db_migrate(o.db, "room", steps, 3, &err));
	FAILS(ERR_CORRUPT, db_migrate(o.db, "room", steps, 2, &err));
	assert_non_null(strstr(err.what, "was made by a newer knarr"));
	assert_true(err.hint[0]);
	assert_int_equal(number(o.db, "SELECT count(*) FROM a"), 2);
}

static void write_at(const struct opened *o, const char *name, off_t at, const char *text)
{
	CLEANUP(fd_close) int fd = openat(o->dir.fd, name, O_WRONLY | O_CLOEXEC);
	assert_true(pwrite(fd, text, strlen(text), at) == (ssize_t)strlen(text));
}

static void db_open_makes_a_private_file(void **state)
{
	struct err err = {0};
	struct stat st;
	CLEANUP(opened_done) struct opened o = opened_new(DB_DURABLE);
	OK(db_exec(o.db, &err, "CREATE TABLE t(x)"));
	static const char *const names[] = {"index.db", "index.db-wal", "index.db-shm"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		assert_int_equal(fstatat(o.dir.fd, names[i], &st, 0), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
	struct db *none = NULL;
	FAILS(ERR_NOT_FOUND, db_open("/no/such/folder/x.db", DB_DURABLE, &none, &err));
	assert_null(none);
}

static void db_open_takes_any_name_for_a_file(void **state)
{
	static const char *const names[] = {"file:x?mode=memory", ":memory:", "a b%20c#d?e"};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	CLEANUP(fd_close) int back = open(".", O_PATH | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct err err = {0};
		CLEANUP(db_close) struct db *db = NULL;
		CLEANUP(db_end) struct db_row *q = NULL;
		assert_int_equal(fchdir(d.fd), 0);
		OK(db_open(names[i], DB_RELAXED, &db, &err));
		assert_int_equal(fchdir(back), 0);
		assert_true(temp_dir_exists(&d, names[i]));
		OK(db_exec(db, &err, "CREATE TABLE t(x)"));
		OK(db_query(db, &q, &err, "SELECT count(*) FROM t"));
		assert_int_equal(db_next(q, &err), 1);
		/* A second connection finds the same file from another folder. */
		OK(db_exec(db, &err, "INSERT INTO t VALUES(1)"));
	}
}

static void db_open_tells_what_is_no_database(void **state)
{
	struct err err = {0};
	struct db *none = NULL;
	CLEANUP(opened_done) struct opened o = opened_new(DB_DURABLE);
	OK(db_migrate(o.db, "room", steps, 3, &err));
	db_close(TAKE(o.db));
	(void)unlinkat(o.dir.fd, "index.db-wal", 0);
	write_at(&o, "index.db", 0, "something else altogether, and long enough to be read");
	FAILS(ERR_CORRUPT, db_open(o.path, DB_DURABLE, &none, &err));
	temp_dir_file(&o.dir, "index.db", "short text that is no database at all");
	FAILS(ERR_CORRUPT, db_open(o.path, DB_DURABLE, &none, &err));
	assert_non_null(strstr(err.what, "file is not a database"));
	temp_dir_file(&o.dir, "index.db", ""); /* empty is new */
	OK(db_open(o.path, DB_DURABLE, &o.db, &err));
	OK(db_migrate(o.db, "room", steps, 3, &err));
	assert_null(none);
}

static void db_open_leaves_other_peoples_databases_alone(void **state)
{
	struct err err = {0};
	struct db *none = NULL;
	CLEANUP(opened_done) struct opened o = opened_new(DB_DURABLE);
	OK(db_exec(o.db, &err, "CREATE TABLE places(x)"));
	OK(db_exec(o.db, &err, "DROP TABLE migration"));
	db_close(TAKE(o.db));
	FAILS(ERR_CORRUPT, db_open(o.path, DB_DURABLE, &none, &err));
	assert_non_null(strstr(err.what, "was not made by knarr"));
}

static void db_check_finds_damage(void **state)
{
	struct err err = {0};
	CLEANUP(opened_done) struct opened o = opened_new(DB_DURABLE);
	OK(db_exec(o.db, &err, "CREATE TABLE t(k INTEGER PRIMARY KEY, v TEXT)"));
	OK(db_exec(o.db, &err, "CREATE INDEX tv ON t(v)"));
	OK(db_begin(o.db, &err));
	for (int i = 0; i < 2000; i++)
		OK(db_exec(o.db, &err, "INSERT INTO t VALUES($1, 'some text to fill pages ' || $1)",
			DB_I64(i)));
	OK(db_commit(o.db, &err));
	OK(db_check(o.db, &err));
	OK(db_exec(o.db, &err, "VACUUM"));
	OK(db_exec(o.db, &err, "PRAGMA wal_checkpoint(TRUNCATE)"));
	db_close(TAKE(o.db));
	CLEANUP(fd_close) int fd = openat(o.dir.fd, "index.db", O_WRONLY | O_CLOEXEC);
	char noise[4096];
	memset(noise, 0xa5, sizeof(noise));
	for (off_t page = 4; page < 30; page += 3)
		assert_int_equal(pwrite(fd, noise, sizeof(noise), page * 4096), sizeof(noise));
	OK(db_open(o.path, DB_DURABLE, &o.db, &err));
	FAILS(ERR_CORRUPT, db_check(o.db, &err));
	FAILS(ERR_CORRUPT, db_exec(o.db, &err, "SELECT sum(length(v)) FROM t NOT INDEXED"));
	db_close(TAKE(o.db));
	assert_int_equal(ftruncate(fd, 3 * 4096), 0); /* shorter than its first page says */
	struct db *none = NULL;
	FAILS(ERR_CORRUPT, db_open(o.path, DB_DURABLE, &none, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(db_migrate_runs_each_step_once),
		cmocka_unit_test(db_migrate_fails_whole),
		cmocka_unit_test(db_migrate_refuses_a_newer_file),
		cmocka_unit_test(db_open_makes_a_private_file),
		cmocka_unit_test(db_open_takes_any_name_for_a_file),
		cmocka_unit_test(db_open_tells_what_is_no_database),
		cmocka_unit_test(db_open_leaves_other_peoples_databases_alone),
		cmocka_unit_test(db_check_finds_damage),
	};
	return cmocka_run_group_tests_name("db/migrate", tests, NULL, NULL);
}
