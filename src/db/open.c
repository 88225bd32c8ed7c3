#include "db/db_priv.h"

#include "base/buf.h"
#include "base/clock.h"

#include <limits.h>
#include <sys/stat.h>

/* A log of up to so many pages is left to the next process to read (it does in well under a
 * millisecond); writing it back needs two fsyncs. */
enum { LEFT_PAGES = 200 };
#define BUSY_NS (30 * CLOCK_SECOND)

/* Absolute, so that later connections go to the same file wherever we stand then, and because
 * SQLite takes "file:...", ":memory:" and "" for something else than a file's name. */
static int full_path(const char *path, char **ret, struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(2 * PATH_MAX);
	char cwd[PATH_MAX] = "";
	if (path[0] != '/' && !getcwd(cwd, sizeof(cwd)))
		return err_sys(err, "find the current folder");
	buf_fmt(&b, "%s%s%s", cwd, path[0] == '/' ? "" : "/", path);
	if (buf_check(&b, "database's path", err) < 0)
		return -1;
	*ret = buf_take(&b);
	return 0;
}

static bool has_table(struct conn *c, const char *sql)
{
	sqlite3_stmt *s = NULL;
	bool has = sqlite3_prepare_v2(c->sql, sql, -1, &s, NULL) == SQLITE_OK &&
		sqlite3_step(s) == SQLITE_ROW;
	sqlite3_finalize(s);
	return has;
}

static int run(struct conn *c, const char *sql, struct err *err)
{
	int rc = sqlite3_exec(c->sql, sql, NULL, NULL, NULL);
	return rc == SQLITE_OK ? 0 : conn_fail(c, rc, err);
}

static int see_mode(void *is_wal, int n, char **values, char **names)
{
	*(bool *)is_wal = n == 1 && str_is(str_of(values[0]), "wal");
	return 0;
}

/* SQLite does not ask the busy handler when several processes switch the mode of a new file. */
static int use_wal(struct conn *c, struct err *err)
{
	int64_t until = clock_monotonic(clock_system()) + c->db->busy_ns;
	struct timespec t = {0, CLOCK_MS};
	bool is_wal = false;
	int rc;
	while ((rc = sqlite3_exec(c->sql, "PRAGMA journal_mode=WAL", see_mode, &is_wal, NULL)) !=
			SQLITE_OK &&
		(rc & 0xff) == SQLITE_BUSY && clock_monotonic(clock_system()) < until)
		nanosleep(&t, NULL);
	if (rc != SQLITE_OK)
		return conn_fail(c, rc, err);
	if (!is_wal)
		return err_set(err, ERR_UNSUPPORTED,
			"database '%s': its file system has no shared memory", c->db->path);
	return 0;
}

static int set_up_tables(struct conn *c, struct err *err)
{
	if (has_table(c, "SELECT 1 FROM sqlite_master WHERE name = 'migration'"))
		return 0; /* somebody else was faster */
	if (has_table(c, "SELECT 1 FROM sqlite_master"))
		return err_set(err, ERR_CORRUPT, "database '%s' was not made by knarr",
			c->db->path);
	return run(c, "CREATE TABLE migration(room TEXT PRIMARY KEY, n INTEGER NOT NULL)", err);
}

static int set_up_file(struct conn *c, struct err *err)
{
	if (use_wal(c, err) < 0 || run(c, "BEGIN IMMEDIATE", err) < 0)
		return -1;
	if (set_up_tables(c, err) < 0) {
		(void)sqlite3_exec(c->sql, "ROLLBACK", NULL, NULL, NULL); /* so does closing */
		return -1;
	}
	return run(c, "COMMIT", err);
}

/* Reads the first page, so a file that is no database is found here. */
static int look_at_file(struct conn *c, struct err *err)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(c->sql, "SELECT n FROM migration", -1, &s, NULL);
	sqlite3_finalize(s);
	if ((rc & 0xff) == SQLITE_ERROR) /* no such table */
		return set_up_file(c, err);
	return rc == SQLITE_OK ? 0 : conn_fail(c, rc, err);
}

static void init_monotonic(pthread_cond_t *cond)
{
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

int db_open(const char *path, enum db_mode mode, struct db **ret, struct err *err)
{
	CLEANUP(db_close) struct db *db = NEW(struct db);
	struct conn *c;
	pthread_mutex_init(&db->lock, NULL);
	init_monotonic(&db->writer_left);
	db->mode = mode;
	db->busy_ns = BUSY_NS;
	if (full_path(path, &db->path, err) < 0)
		return -1;
	/* Not by open(2): closing an fd of a database drops all locks that this process has on it
	 * (sqlite.org/howtocorrupt.html 2.2). It exists already: fine; else SQLite tells. */
	(void)mknod(db->path, S_IFREG | 0600, 0);
	if (conn_open(db, &c, err) < 0)
		return -1;
	vec_push(&db->conns, c);
	if (look_at_file(c, err) < 0)
		return -1;
	*ret = TAKE(db);
	return 0;
}

void db_close(struct db *db)
{
	if (!db)
		return;
	VEC_EACH(&db->conns, c) {
		assert(!(*c)->n_users);
		if (db->n_wal_pages > LEFT_PAGES)
			sqlite3_db_config((*c)->sql, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
		conn_close(*c);
	}
	vec_done(&db->conns);
	pthread_mutex_destroy(&db->lock);
	pthread_cond_destroy(&db->writer_left);
	free(db->path);
	free(db);
}
