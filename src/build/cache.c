#include "build/cache.h"

/* A hit refreshes used_ns at most this often, so that a build in which nothing changed writes
 * nothing. */
#define REFRESH_NS (3600 * CLOCK_SECOND)

static const char *const migrations[] = {
	"CREATE TABLE build_step ("
	"  key TEXT PRIMARY KEY, diff_id TEXT NOT NULL, layer TEXT NOT NULL, media_type TEXT NOT NULL,"
	"  blob_bytes BIGINT NOT NULL, tar_bytes BIGINT NOT NULL, tree TEXT NOT NULL,"
	"  site TEXT NOT NULL, inputs TEXT NOT NULL, made_ns BIGINT NOT NULL, used_ns BIGINT NOT NULL);"
	"CREATE INDEX build_step_site ON build_step (site, made_ns);"
	"CREATE TABLE build_memo (question TEXT PRIMARY KEY, answer TEXT NOT NULL,"
	"  used_ns BIGINT NOT NULL);",
};

int cache_open(struct store *s, struct err *err)
{
	return db_migrate(store_db(s), "build", migrations, ARRAY_LEN(migrations), err);
}

static int64_t now_of(struct store *s)
{
	return clock_now(store_clock(s));
}

static int refresh(struct store *s, const char *sql, const char *key, int64_t used_ns,
	struct err *err)
{
	int64_t now = now_of(s);
	if (now - used_ns < REFRESH_NS)
		return 0;
	return db_exec_values(store_db(s), err, sql,
		       (const struct db_value[]){DB_TEXT(key), DB_I64(now)}, 2) < 0
		? -1
		: 0;
}

static int read_row(const struct db_row *q, struct arena *a, struct step_result *ret,
	struct err *err)
{
	struct str layer = db_str(q, 1);
	*ret = (struct step_result){.tar_bytes = (uint64_t)db_i64(q, 4)};
	snprintf(ret->tree, sizeof(ret->tree), "%.*s", STR_ARG(db_str(q, 5)));
	if (!layer.n)
		return 0;
	ret->layer.media_type = arena_str(a, db_str(q, 2));
	ret->layer.size = (uint64_t)db_i64(q, 3);
	if (digest_parse(layer, &ret->layer.digest, err) < 0)
		return -1;
	return digest_parse(db_str(q, 0), &ret->diff_id, err);
}

int cache_get(struct store *s, const struct digest *key, struct arena *a, struct step_result *ret,
	struct err *err)
{
	CLEANUP(db_end) struct db_row *q = NULL;
	char text[DIGEST_TEXT];
	digest_text(key, text);
	if (db_query(store_db(s), &q, err,
		    "SELECT diff_id, layer, media_type, blob_bytes, tar_bytes, tree, used_ns"
		    " FROM build_step WHERE key = $1",
		    DB_TEXT(text)) < 0)
		return -1;
	int more = db_next(q, err);
	if (more <= 0)
		return more;
	if (read_row(q, a, ret, err) < 0)
		return -1;
	int64_t used_ns = db_i64(q, 6);
	db_end(TAKE(q));
	struct err gone = {0};
	if (!digest_is_none(&ret->layer.digest) && blob_keep(s, &ret->layer.digest, &gone) < 0)
		return 0;
	if (refresh(s, "UPDATE build_step SET used_ns = $2 WHERE key = $1", text, used_ns, err) < 0)
		return -1;
	return 1;
}

int cache_put(struct store *s, const struct digest *key, const struct step_result *r,
	struct str site, struct str inputs, struct err *err)
{
	char text[DIGEST_TEXT], diff_id[DIGEST_TEXT] = "", layer[DIGEST_TEXT] = "";
	int64_t now = now_of(s);
	digest_text(key, text);
	if (!digest_is_none(&r->layer.digest)) {
		digest_text(&r->layer.digest, layer);
		digest_text(&r->diff_id, diff_id);
	}
	return db_exec(store_db(s), err,
		       "INSERT INTO build_step VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)"
		       " ON CONFLICT (key) DO UPDATE SET diff_id = $2, layer = $3, media_type = $4,"
		       " blob_bytes = $5, tar_bytes = $6, tree = $7, site = $8, inputs = $9,"
		       " made_ns = $10, used_ns = $10",
		       DB_TEXT(text), DB_TEXT(diff_id), DB_TEXT(layer), DB_STR(r->layer.media_type),
		       DB_I64(r->layer.size), DB_I64(r->tar_bytes), DB_TEXT(r->tree), DB_STR(site),
		       DB_STR(inputs), DB_I64(now)) < 0
		? -1
		: 0;
}

int cache_last_inputs(struct store *s, struct str site, struct arena *a, struct str *ret,
	struct err *err)
{
	CLEANUP(db_end) struct db_row *q = NULL;
	if (db_query(store_db(s), &q, err,
		    "SELECT inputs FROM build_step WHERE site = $1 ORDER BY made_ns DESC LIMIT 1",
		    DB_STR(site)) < 0)
		return -1;
	int more = db_next(q, err);
	if (more > 0)
		*ret = arena_str(a, db_str(q, 0));
	return more;
}

int cache_recall(struct store *s, const struct digest *question, struct arena *a, struct str *ret,
	struct err *err)
{
	CLEANUP(db_end) struct db_row *q = NULL;
	char text[DIGEST_TEXT];
	digest_text(question, text);
	if (db_query(store_db(s), &q, err,
		    "SELECT answer, used_ns FROM build_memo WHERE question = $1",
		    DB_TEXT(text)) < 0)
		return -1;
	int more = db_next(q, err);
	if (more <= 0)
		return more;
	*ret = arena_str(a, db_str(q, 0));
	int64_t used_ns = db_i64(q, 1);
	db_end(TAKE(q));
	return refresh(s, "UPDATE build_memo SET used_ns = $2 WHERE question = $1", text, used_ns,
		       err) < 0
		? -1
		: 1;
}

int cache_remember(struct store *s, const struct digest *question, struct str answer,
	struct err *err)
{
	char text[DIGEST_TEXT];
	digest_text(question, text);
	return db_exec(store_db(s), err,
		       "INSERT INTO build_memo VALUES ($1, $2, $3)"
		       " ON CONFLICT (question) DO UPDATE SET answer = $2, used_ns = $3",
		       DB_TEXT(text), DB_STR(answer), DB_I64(now_of(s))) < 0
		? -1
		: 0;
}

static int each_root(void *ctx, struct store *s, void (*keep)(void *, const struct digest *),
	void (*keep_tree)(void *, const char *), void *keep_ctx, struct err *err)
{
	CLEANUP(db_end) struct db_row *q = NULL;
	int more;
	if (cache_open(s, err) < 0 ||
		db_query(store_db(s), &q, err,
			"SELECT layer, tree FROM build_step WHERE layer <> ''") < 0)
		return -1;
	while ((more = db_next(q, err)) > 0) {
		struct digest d;
		char tree[TREE_NAME];
		if (digest_parse(db_str(q, 0), &d, err) < 0)
			return -1;
		snprintf(tree, sizeof(tree), "%.*s", STR_ARG(db_str(q, 1)));
		keep(keep_ctx, &d);
		if (tree[0])
			keep_tree(keep_ctx, tree);
	}
	return more;
}

struct gc_roots build_gc_roots(struct store *s)
{
	return (struct gc_roots){.each = each_root};
}

int build_cache_prune(struct store *s, int64_t age_ns, struct err *err)
{
	int64_t before = now_of(s) - age_ns;
	if (cache_open(s, err) < 0)
		return -1;
	int n = db_exec(store_db(s), err, "DELETE FROM build_step WHERE used_ns < $1",
		DB_I64(before));
	if (n < 0 ||
		db_exec(store_db(s), err, "DELETE FROM build_memo WHERE used_ns < $1",
			DB_I64(before)) < 0)
		return -1;
	return n;
}
