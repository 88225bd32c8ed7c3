#include "blob/blob_priv.h"
#include "blob/tree.h"

int layer_row_put(struct store *s, const struct layer_row *l, struct err *err)
{
	char digest[DIGEST_TEXT], diff_id[DIGEST_TEXT];
	int rc = db_exec(s->db, err,
		"INSERT INTO layer (digest, diff_id, media_type, blob_bytes, tar_bytes, tree)"
		" VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (digest) DO UPDATE SET"
		" diff_id = excluded.diff_id, media_type = excluded.media_type,"
		" blob_bytes = excluded.blob_bytes, tar_bytes = excluded.tar_bytes,"
		" tree = excluded.tree",
		DB_TEXT(digest_text(&l->digest, digest)),
		DB_TEXT(digest_text(&l->diff_id, diff_id)), DB_STR(l->media_type),
		DB_I64(l->blob_bytes), DB_I64(l->tar_bytes), DB_TEXT(l->tree));
	return rc < 0 ? -1 : 0;
}

static int read_row(const struct db_row *q, struct arena *a, struct layer_row *ret, struct err *err)
{
	struct layer_row l = {
		.media_type = arena_str(a, db_str(q, 2)),
		.blob_bytes = (uint64_t)db_i64(q, 3),
		.tar_bytes = (uint64_t)db_i64(q, 4),
	};
	snprintf(l.tree, sizeof(l.tree), "%.*s", STR_ARG(db_str(q, 5)));
	if (row_digest(q, 0, &l.digest, err) < 0 || row_digest(q, 1, &l.diff_id, err) < 0)
		return -1;
	*ret = l;
	return 0;
}

/* The first row whose blob is here, else the first. */
static int choose_row(struct store *s, struct db_row *q, struct arena *a, struct layer_row *ret,
	struct err *err)
{
	bool has_one = false;
	int more;
	while ((more = db_next(q, err)) > 0) {
		struct layer_row l;
		struct err ignored;
		uint64_t size;
		if (read_row(q, a, &l, err) < 0)
			return -1;
		bool is_here = blob_size(s, &l.digest, &size, &ignored) == 0;
		if (is_here || !has_one)
			*ret = l;
		has_one = true;
		if (is_here)
			return 0;
	}
	if (more < 0)
		return -1;
	return has_one ? 0 : err_set(err, ERR_NOT_FOUND, "the layer is not known here");
}

#define COLUMNS "digest, diff_id, media_type, blob_bytes, tar_bytes, tree"

int layer_row_by_digest(struct store *s, const struct digest *blob, struct arena *a,
	struct layer_row *ret, struct err *err)
{
	CLEANUP(db_end) struct db_row *q = NULL;
	char text[DIGEST_TEXT];
	if (db_query(s->db, &q, err, "SELECT " COLUMNS " FROM layer WHERE digest = $1",
		    DB_TEXT(digest_text(blob, text))) < 0)
		return -1;
	return choose_row(s, q, a, ret, err);
}

int layer_row_by_diff_id(struct store *s, const struct digest *diff_id, struct arena *a,
	struct layer_row *ret, struct err *err)
{
	CLEANUP(db_end) struct db_row *q = NULL;
	char text[DIGEST_TEXT];
	if (db_query(s->db, &q, err,
		    "SELECT " COLUMNS " FROM layer WHERE diff_id = $1 ORDER BY digest",
		    DB_TEXT(digest_text(diff_id, text))) < 0)
		return -1;
	return choose_row(s, q, a, ret, err);
}
