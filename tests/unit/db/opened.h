/* opened -- a database in a folder of its own. */
#ifndef UNIT_DB_OPENED_H
#define UNIT_DB_OPENED_H

#include "../tempdir.h"

#include "db/db.h"

struct opened {
	struct temp_dir dir;
	char path[100];
	struct db *db;
};

static inline struct opened opened_new(enum db_mode mode)
{
	struct err err = {0};
	struct opened o = {.dir = temp_dir_new()};
	snprintf(o.path, sizeof(o.path), "%s/index.db", o.dir.path);
	OK(db_open(o.path, mode, &o.db, &err));
	return o;
}

static inline void opened_done(struct opened *o)
{
	db_close(o->db);
	temp_dir_done(&o->dir);
}
CLEANUP_VAL(opened_done, struct opened);

static inline void opened_again(struct opened *o)
{
	struct err err = {0};
	db_close(TAKE(o->db));
	OK(db_open(o->path, DB_DURABLE, &o->db, &err));
}

/* The one number a query gives. */
static inline int64_t number(struct db *db, const char *sql)
{
	struct err err = {0};
	CLEANUP(db_end) struct db_row *q = NULL;
	OK(db_query(db, &q, &err, sql));
	assert_int_equal(db_next(q, &err), 1);
	return db_i64(q, 0);
}

#endif
