#include "opened.h"

#include "base/clock.h"
#include "db/db_priv.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

static const char *const steps[] = {
	"CREATE TABLE t(who INTEGER, i INTEGER, PRIMARY KEY(who, i));"
	"CREATE TABLE total(n INTEGER NOT NULL); INSERT INTO total VALUES(0);",
};

/* Adds n rows, each with its count in one transaction; false when anything failed. */
static bool add_rows(struct db *db, int who, int n)
{
	struct err err = {0};
	for (int i = 0; i < n; i++) {
		if (db_begin(db, &err) < 0)
			return false;
		CLEANUP(db_end) struct db_row *q = NULL;
		if (db_query(db, &q, &err, "SELECT n FROM total") < 0 || db_next(q, &err) != 1)
			return false;
		int64_t total = db_i64(q, 0);
		db_end(TAKE(q));
		if (db_exec(db, &err, "INSERT INTO t VALUES($1, $2)", DB_I64(who), DB_I64(i)) < 0 ||
			db_exec(db, &err, "UPDATE total SET n = $1", DB_I64(total + 1)) < 0 ||
			db_commit(db, &err) < 0) {
			fprintf(stderr, "%s\n", err.what);
			return false;
		}
	}
	return true;
}

struct writer {
	struct db *db;
	int who, n;
	bool ok;
	pthread_t thread;
};

static void *write_rows(void *arg)
{
	struct writer *w = arg;
	w->ok = add_rows(w->db, w->who, w->n);
	return NULL;
}

static void *read_rows(void *arg)
{
	struct writer *w = arg;
	struct err err = {0};
	w->ok = true;
	for (int64_t last = 0; w->ok && last < w->n;) {
		CLEANUP(db_end) struct db_row *q = NULL;
		/* Both tables in one statement: one snapshot. */
		w->ok = db_query(w->db, &q, &err,
				"SELECT n, (SELECT count(*) FROM t) FROM total") == 0 &&
			db_next(q, &err) == 1 && db_i64(q, 0) == db_i64(q, 1) &&
			db_i64(q, 0) >= last;
		last = w->ok ? db_i64(q, 0) : 0;
	}
	return NULL;
}

static void db_threads_share_it(void **state)
{
	struct err err = {0};
	enum { N = 6, ROWS = 60 };
	CLEANUP(opened_done) struct opened o = opened_new(DB_RELAXED);
	OK(db_migrate(o.db, "t", steps, 1, &err));
	struct writer writers[N], reader = {.db = o.db, .n = N * ROWS};
	pthread_create(&reader.thread, NULL, read_rows, &reader);
	for (int i = 0; i < N; i++) {
		writers[i] = (struct writer){.db = o.db, .who = i, .n = ROWS};
		pthread_create(&writers[i].thread, NULL, write_rows, &writers[i]);
	}
	for (int i = 0; i < N; i++) {
		pthread_join(writers[i].thread, NULL);
		assert_true(writers[i].ok);
	}
	pthread_join(reader.thread, NULL);
	assert_true(reader.ok);
	assert_int_equal(number(o.db, "SELECT n FROM total"), N * ROWS);
}

static pid_t fork_writer(const char *path, int who, int n)
{
	pid_t pid = fork();
	if (pid)
		return pid;
	struct err err = {0};
	struct db *db;
	bool ok = db_open(path, who % 2 ? DB_DURABLE : DB_RELAXED, &db, &err) == 0 &&
		db_migrate(db, "t", steps, 1, &err) == 0;
	if (ok)
		ok = add_rows(db, who, n);
	else
		fprintf(stderr, "%s\n", err.what);
	if (ok)
		db_close(db);
	_exit(ok ? 0 : 1);
}

/* All of them also race to make the file and its tables. */
static void db_processes_share_it(void **state)
{
	enum { N = 6, ROWS = 60 };
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	char path[100];
	pid_t pids[N];
	snprintf(path, sizeof(path), "%s/index.db", d.path);
	for (int i = 0; i < N; i++)
		pids[i] = fork_writer(path, i, ROWS);
	for (int i = 0; i < N; i++) {
		int status;
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	CLEANUP(db_close) struct db *db = NULL;
	OK(db_open(path, DB_DURABLE, &db, &err));
	assert_int_equal(number(db, "SELECT n FROM total"), N * ROWS);
	assert_int_equal(number(db, "SELECT count(*) FROM t"), N * ROWS);
}

static pid_t fork_endless_writer(const char *path, int out)
{
	pid_t pid = fork();
	if (pid)
		return pid;
	struct err err = {0};
	struct db *db;
	if (db_open(path, DB_DURABLE, &db, &err) < 0)
		_exit(1);
	for (int64_t i = number(db, "SELECT n FROM total");; i++) {
		bool ok = db_begin(db, &err) == 0 &&
			db_exec(db, &err, "INSERT INTO t VALUES(1, $1)", DB_I64(i)) == 1 &&
			db_exec(db, &err, "UPDATE total SET n = n + 1") == 1 &&
			db_commit(db, &err) == 0;
		if (!ok || write(out, &i, sizeof(i)) != sizeof(i))
			_exit(1);
	}
}

static void db_kill_9_loses_nothing_that_was_committed(void **state)
{
	struct err err = {0};
	CLEANUP(opened_done) struct opened o = opened_new(DB_DURABLE);
	OK(db_migrate(o.db, "t", steps, 1, &err));
	int64_t told = -1;
	for (int round = 0; round < 12; round++) {
		int out[2];
		int64_t i;
		db_close(TAKE(o.db));
		assert_int_equal(pipe(out), 0);
		pid_t pid = fork_endless_writer(o.path, out[1]);
		close(out[1]);
		for (int n = 0; n < 7 + round * 13; n++) {
			assert_int_equal(read(out[0], &i, sizeof(i)), sizeof(i));
			told = i;
		}
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		while (read(out[0], &i, sizeof(i)) == sizeof(i))
			told = i;
		close(out[0]);
		OK(db_open(o.path, DB_DURABLE, &o.db, &err));
		int64_t total = number(o.db, "SELECT n FROM total");
		assert_true(total == told + 1 || total == told + 2); /* committed, not yet told */
		assert_int_equal(number(o.db, "SELECT count(*) FROM t"), total);
		OK(db_check(o.db, &err));
	}
}

static void db_waits_for_other_writers_only_so_long(void **state)
{
	struct err err = {0};
	CLEANUP(opened_done) struct opened o = opened_new(DB_RELAXED);
	OK(db_migrate(o.db, "t", steps, 1, &err));
	CLEANUP(db_close) struct db *other = NULL; /* as another process would */
	OK(db_open(o.path, DB_RELAXED, &other, &err));
	other->busy_ns = 30 * CLOCK_MS;
	OK(db_begin(o.db, &err));
	OK(db_exec(o.db, &err, "UPDATE total SET n = 5"));
	FAILS(ERR_LIMIT, db_exec(other, &err, "UPDATE total SET n = 6"));
	FAILS(ERR_LIMIT, db_begin(other, &err));
	assert_int_equal(number(other, "SELECT n FROM total"), 0); /* readers do not wait */
	OK(db_commit(o.db, &err));
	OK(db_exec(other, &err, "UPDATE total SET n = n + 1"));
	assert_int_equal(number(o.db, "SELECT n FROM total"), 6);
}

struct held {
	struct db *db;
	enum err_kind kind;
};

static void *begin_late(void *arg)
{
	struct held *h = arg;
	struct err err = {0};
	if (db_begin(h->db, &err) == 0)
		db_rollback(h->db);
	h->kind = err.kind;
	return NULL;
}

static void db_threads_wait_for_each_other_only_so_long(void **state)
{
	struct err err = {0};
	CLEANUP(opened_done) struct opened o = opened_new(DB_RELAXED);
	struct held h = {.db = o.db};
	pthread_t thread;
	OK(db_begin(o.db, &err));
	o.db->busy_ns = 20 * CLOCK_MS;
	pthread_create(&thread, NULL, begin_late, &h);
	pthread_join(thread, NULL);
	assert_int_equal(h.kind, ERR_LIMIT);
	db_rollback(o.db);
	OK(db_begin(o.db, &err));
	db_rollback(o.db);
}

static void db_keeps_few_connections(void **state)
{
	struct err err = {0};
	CLEANUP(opened_done) struct opened o = opened_new(DB_RELAXED);
	OK(db_migrate(o.db, "t", steps, 1, &err));
	struct writer many[40];
	for (int i = 0; i < 40; i++) {
		many[i] = (struct writer){.db = o.db, .who = i, .n = 3};
		pthread_create(&many[i].thread, NULL, write_rows, &many[i]);
	}
	for (int i = 0; i < 40; i++) {
		pthread_join(many[i].thread, NULL);
		assert_true(many[i].ok);
	}
	assert_true(o.db->conns.n <= 8);
}

static bool log_is_long(const struct opened *o)
{
	struct stat st;
	return fstatat(o->dir.fd, "index.db-wal", &st, 0) == 0 && st.st_size > 300 * 4096;
}

static void db_close_writes_a_long_log_back(void **state)
{
	struct err err = {0};
	CLEANUP(opened_done) struct opened o = opened_new(DB_RELAXED);
	OK(db_exec(o.db, &err, "CREATE TABLE big(x)"));
	OK(db_exec(o.db, &err, "INSERT INTO big VALUES(zeroblob(2000000))"));
	assert_true(log_is_long(&o));
	opened_again(&o);
	assert_false(log_is_long(&o));
	assert_int_equal(number(o.db, "SELECT length(x) FROM big"), 2000000);
}

/* In a mount namespace of its own: a file system of 400 KB. */
static void fill_up(const struct temp_dir *d)
{
	struct err err = {0};
	CLEANUP(db_close) struct db *db = NULL;
	char path[100];
	snprintf(path, sizeof(path), "%s/small/index.db", d->path);
	bool ok = db_open(path, DB_DURABLE, &db, &err) == 0 &&
		db_migrate(db, "t", steps, 1, &err) == 0 && db_begin(db, &err) == 0;
	int64_t n = 0;
	while (ok && db_exec(db, &err, "INSERT INTO t VALUES(1, $1)", DB_I64(n)) == 1)
		n++;
	struct err full = err;
	/* What follows in the transaction must not happen alone. */
	bool is_refused =
		ok && db_exec(db, &err, "UPDATE total SET n = 7") < 0 && db_commit(db, &err) < 0;
	if (!is_refused || n < 100 || full.kind != ERR_SYS || full.sys != ENOSPC) {
		fprintf(stderr, "after %lld: %s; %s\n", (long long)n, full.what, err.what);
		_exit(1);
	}
	if (number(db, "SELECT n FROM total") != 0 || number(db, "SELECT count(*) FROM t") != 0 ||
		db_check(db, &err) < 0)
		_exit(2);
}

static void db_full_disk_loses_only_the_transaction(void **state)
{
	enum { SKIPPED = 77 };
	struct err err = {0};
	CLEANUP(temp_dir_done) struct temp_dir d = temp_dir_new();
	int status;
	OK(fs_mkdirs(d.fd, "small", 0755, &err));
	pid_t pid = fork();
	if (pid == 0) {
		char path[100];
		snprintf(path, sizeof(path), "%s/small", d.path);
		if (unshare(CLONE_NEWNS) < 0 ||
			mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
			mount("tmpfs", path, "tmpfs", 0, "size=400k") < 0)
			_exit(SKIPPED);
		fill_up(&d);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
		skip();
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(db_threads_share_it),
		cmocka_unit_test(db_processes_share_it),
		cmocka_unit_test(db_kill_9_loses_nothing_that_was_committed),
		cmocka_unit_test(db_waits_for_other_writers_only_so_long),
		cmocka_unit_test(db_threads_wait_for_each_other_only_so_long),
		cmocka_unit_test(db_keeps_few_connections),
		cmocka_unit_test(db_close_writes_a_long_log_back),
		cmocka_unit_test(db_full_disk_loses_only_the_transaction),
	};
	return cmocka_run_group_tests_name("db/share", tests, NULL, NULL);
}
