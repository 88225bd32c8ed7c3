#include "db/db_priv.h"

#include "base/clock.h"

enum { MAX_IDLE = 8, CHECKPOINT_PAGES = 1000 };
#define MAX_MAPPED_BYTES (INT64_C(256) << 20)

int conn_fail(const struct conn *c, int code, struct err *err)
{
	const char *words = c->sql ? sqlite3_errmsg(c->sql) : sqlite3_errstr(code);
	enum err_kind kind = ERR_SYS;
	int sys = c->sql ? sqlite3_system_errno(c->sql) : 0;
	switch (code & 0xff) {
	case SQLITE_CONSTRAINT: kind = ERR_CONFLICT; break;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB: kind = ERR_CORRUPT; break;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_TOOBIG: kind = ERR_LIMIT; break;
	case SQLITE_FULL: sys = ENOSPC; break;
	case SQLITE_CANTOPEN: kind = sys == ENOENT ? ERR_NOT_FOUND : ERR_SYS; break;
	case SQLITE_ERROR:
	case SQLITE_MISUSE:
	case SQLITE_MISMATCH:
	case SQLITE_RANGE: kind = ERR_BUG; break;
	default: break;
	}
	err_set(err, kind, "database '%s': %s", c->db->path, words);
	if (kind == ERR_SYS || kind == ERR_NOT_FOUND)
		err->sys = sys;
	return -1;
}

/* Waits for another process, a little longer each time. SQLite's own handler waits up to 100 ms
 * between looks, which is most of what a busy writer then waits for. */
static int wait_for_lock(void *arg, int n_calls)
{
	struct conn *c = arg;
	int64_t now = clock_monotonic(clock_system());
	if (n_calls == 0)
		c->busy_since = now;
	if (now - c->busy_since >= c->db->busy_ns)
		return 0;
	struct timespec t = {0, 50000L << (n_calls < 6 ? n_calls : 6)};
	nanosleep(&t, NULL);
	return 1;
}

/* After each commit: what sqlite3_wal_autocheckpoint does, and remembers how long the log is. */
static int after_commit(void *arg, sqlite3 *sql, const char *name, int n_pages)
{
	struct db *db = arg;
	__atomic_store_n(&db->n_wal_pages, n_pages, __ATOMIC_RELAXED);
	if (n_pages >= CHECKPOINT_PAGES)
		(void)sqlite3_wal_checkpoint_v2(sql, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	return SQLITE_OK; /* a checkpoint that is not possible now is made another time */
}

int conn_open(struct db *db, struct conn **ret, struct err *err)
{
	CLEANUP(conn_close) struct conn *c = NEW(struct conn);
	sqlite3_int64 mapped = MAX_MAPPED_BYTES;
	c->db = db;
	int rc = sqlite3_open_v2(db->path, &c->sql,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
			SQLITE_OPEN_EXRESCODE,
		NULL);
	if (rc != SQLITE_OK)
		return conn_fail(c, rc, err);
	sqlite3_busy_handler(c->sql, wait_for_lock, c);
	sqlite3_wal_hook(c->sql, after_commit, db);
	sqlite3_db_config(c->sql, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
	sqlite3_db_config(c->sql, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_file_control(c->sql, "main", SQLITE_FCNTL_MMAP_SIZE, &mapped);
	rc = sqlite3_exec(c->sql,
		db->mode == DB_DURABLE ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL",
		NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return conn_fail(c, rc, err);
	*ret = TAKE(c);
	return 0;
}

void conn_close(struct conn *c)
{
	if (!c)
		return;
	map_done(&c->statements, db_row_free);
	(void)sqlite3_close(c->sql); /* its statements are gone, so it cannot refuse */
	free(c);
}

/* The best connection there is for this thread: see db_priv.h. */
static struct conn *choose(struct db *db, bool shares)
{
	struct conn *shared = NULL, *idle = NULL;
	VEC_EACH(&db->conns, at) {
		struct conn *c = *at;
		if (!c->n_users) {
			idle = c;
		} else if (pthread_equal(c->owner, pthread_self())) {
			if (c->is_writing)
				return c;
			shared = c;
		}
	}
	return shares && shared ? shared : idle;
}

int conn_take(struct db *db, bool shares, struct conn **ret, struct err *err)
{
	pthread_mutex_lock(&db->lock);
	struct conn *c = choose(db, shares);
	if (c) {
		c->owner = pthread_self();
		c->n_users++;
	}
	pthread_mutex_unlock(&db->lock);
	if (!c) {
		if (conn_open(db, &c, err) < 0)
			return -1;
		c->owner = pthread_self();
		c->n_users = 1;
		pthread_mutex_lock(&db->lock);
		vec_push(&db->conns, c);
		pthread_mutex_unlock(&db->lock);
	}
	*ret = c;
	return 0;
}

void conn_give(struct conn *c)
{
	struct db *db = c->db;
	size_t n_idle = 0, at = 0;
	pthread_mutex_lock(&db->lock);
	c->n_users--;
	for (size_t i = 0; i < db->conns.n; i++) {
		n_idle += !db->conns.p[i]->n_users;
		if (db->conns.p[i] == c)
			at = i;
	}
	bool is_spare = !c->n_users && n_idle > MAX_IDLE;
	if (is_spare)
		db->conns.p[at] = vec_pop(&db->conns);
	pthread_mutex_unlock(&db->lock);
	if (is_spare)
		conn_close(c);
}

struct conn *conn_in_transaction(struct db *db)
{
	pthread_mutex_lock(&db->lock);
	struct conn *c = choose(db, false);
	bool has = c && c->n_users && c->in_transaction;
	pthread_mutex_unlock(&db->lock);
	return has ? c : NULL;
}

int conn_lock_writer(struct conn *c, struct err *err)
{
	struct db *db = c->db;
	int64_t until = clock_monotonic(clock_system()) + db->busy_ns;
	struct timespec t = {until / CLOCK_SECOND, until % CLOCK_SECOND};
	int rc = 0;
	pthread_mutex_lock(&db->lock);
	while (db->has_writer && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&db->writer_left, &db->lock, &t);
	bool is_free = !db->has_writer;
	db->has_writer = true;
	pthread_mutex_unlock(&db->lock);
	if (!is_free)
		return err_set(err, ERR_LIMIT, "database '%s': another thread writes to it",
			db->path);
	c->is_writing = true;
	return 0;
}

void conn_unlock_writer(struct conn *c)
{
	struct db *db = c->db;
	c->is_writing = false;
	pthread_mutex_lock(&db->lock);
	db->has_writer = false;
	pthread_cond_signal(&db->writer_left);
	pthread_mutex_unlock(&db->lock);
}
