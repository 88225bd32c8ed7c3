#include "blob/blob_priv.h"

static int replace_children(struct store *s, const struct manifest_row *m, const char *digest,
	struct err *err)
{
	char child[DIGEST_TEXT];
	if (db_exec(s->db, err, "DELETE FROM manifest_child WHERE manifest = $1", DB_TEXT(digest)) <
		0)
		return -1;
	for (size_t i = 0; i < m->n_children; i++)
		if (db_exec(s->db, err,
			    "INSERT INTO manifest_child (manifest, child) VALUES ($1, $2)"
			    " ON CONFLICT DO NOTHING",
			    DB_TEXT(digest), DB_TEXT(digest_text(&m->children[i], child))) < 0)
			return -1;
	return 0;
}

static int put_rows(struct store *s, struct str repository, const struct manifest_row *m,
	struct err *err)
{
	char digest[DIGEST_TEXT], subject[DIGEST_TEXT] = "";
	digest_text(&m->digest, digest);
	if (!digest_is_none(&m->subject))
		digest_text(&m->subject, subject);
	if (db_exec(s->db, err,
		    "INSERT INTO manifest (digest, media_type, size, subject, artifact_type,"
		    " annotations) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (digest) DO UPDATE"
		    " SET media_type = excluded.media_type, size = excluded.size,"
		    " subject = excluded.subject, artifact_type = excluded.artifact_type,"
		    " annotations = excluded.annotations",
		    DB_TEXT(digest), DB_STR(m->media_type), DB_I64(m->size), DB_TEXT(subject),
		    DB_STR(m->artifact_type), DB_STR(m->annotations)) < 0)
		return -1;
	if (replace_children(s, m, digest, err) < 0 ||
		link_insert(s, repository, &m->digest, true, err) < 0)
		return -1;
	for (size_t i = 0; m->links_children && i < m->n_children; i++)
		if (blob_exists(s, &m->children[i]) &&
			link_insert(s, repository, &m->children[i], false, err) < 0)
			return -1;
	return 0;
}

/* Rows protect what they name from now on only for collections that begin later: until then it is
 * the leases. A child that is not here (an index may be sparse) needs none. */
static int keep_all(struct store *s, const struct manifest_row *m, struct err *err)
{
	if (blob_keep(s, &m->digest, err) < 0)
		return -1;
	for (size_t i = 0; i < m->n_children; i++)
		(void)blob_exists(s, &m->children[i]);
	return 0;
}

static int put_all(struct store *s, struct str repository, const struct manifest_row *m, size_t n,
	const struct tag_set *tags, size_t n_tags, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (put_rows(s, repository, &m[i], err) < 0)
			return -1;
	return tag_set_rows(s, tags, n_tags, err);
}

int manifest_put_all(struct store *s, struct str repository, const struct manifest_row *m, size_t n,
	const struct tag_set *tags, size_t n_tags, struct err *err)
{
	if (repository_check(repository, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (keep_all(s, &m[i], err) < 0)
			return -1;
	if (tag_keep_all(s, tags, n_tags, err) < 0 || store_begin(s, err) < 0)
		return -1;
	return store_end(s, put_all(s, repository, m, n, tags, n_tags, err), err);
}

int manifest_put(struct store *s, struct str repository, const struct manifest_row *m,
	struct err *err)
{
	return manifest_put_all(s, repository, m, 1, NULL, 0, err);
}

static int link_below(struct store *s, struct str repository, const char *digest, struct err *err)
{
	if (db_exec(s->db, err, "INSERT INTO repository (name) VALUES ($1) ON CONFLICT DO NOTHING",
		    DB_STR(repository)) < 0)
		return -1;
	int n = db_exec(s->db, err,
		"WITH RECURSIVE below (digest) AS ("
		"SELECT m.digest FROM manifest m WHERE m.digest = $1 UNION"
		" SELECT c.child FROM manifest_child c JOIN below ON c.manifest = below.digest)"
		" INSERT INTO link (repository, digest, is_manifest, added_ns)"
		" SELECT $2, b.digest, CASE WHEN EXISTS"
		" (SELECT 1 FROM manifest m WHERE m.digest = b.digest) THEN 1 ELSE 0 END, $3"
		" FROM below b WHERE EXISTS (SELECT 1 FROM link l WHERE l.digest = b.digest)"
		" ON CONFLICT (repository, digest) DO UPDATE SET added_ns = excluded.added_ns,"
		" is_manifest = CASE WHEN link.is_manifest <> 0 THEN 1"
		" ELSE excluded.is_manifest END",
		DB_TEXT(digest), DB_STR(repository), DB_I64(clock_now(s->clock)));
	return n != 0 ? n : err_set(err, ERR_NOT_FOUND, "there is no manifest %s", digest);
}

int manifest_link(struct store *s, struct str repository, const struct digest *d, struct err *err)
{
	char text[DIGEST_TEXT];
	if (repository_check(repository, err) < 0 || blob_keep(s, d, err) < 0 ||
		store_begin(s, err) < 0)
		return -1;
	return store_end(s, link_below(s, repository, digest_text(d, text), err), err) < 0 ? -1 : 0;
}

#define COLUMNS " m.digest, m.media_type, m.size, m.subject, m.artifact_type, m.annotations"

static int read_row(const struct db_row *q, struct arena *a, struct manifest_row *ret,
	struct err *err)
{
	struct manifest_row m = {
		.media_type = arena_str(a, db_str(q, 1)),
		.size = (uint64_t)db_i64(q, 2),
		.artifact_type = arena_str(a, db_str(q, 4)),
		.annotations = arena_str(a, db_str(q, 5)),
	};
	if (row_digest(q, 0, &m.digest, err) < 0 || row_digest(q, 3, &m.subject, err) < 0)
		return -1;
	*ret = m;
	return 0;
}

int manifest_get(struct store *s, struct str repository, const struct digest *d, struct arena *a,
	struct manifest_row *ret, struct err *err)
{
	CLEANUP(db_end) struct db_row *q = NULL;
	char text[DIGEST_TEXT];
	if (db_query(s->db, &q, err,
		    "SELECT" COLUMNS " FROM manifest m JOIN link l ON l.digest = m.digest"
		    " WHERE l.repository = $1 AND l.digest = $2 AND l.is_manifest <> 0",
		    DB_STR(repository), DB_TEXT(digest_text(d, text))) < 0)
		return -1;
	int more = db_next(q, err);
	if (more < 0)
		return -1;
	if (!more)
		return err_set(err, ERR_NOT_FOUND, "'%.*s' has no manifest %s", STR_ARG(repository),
			text);
	return read_row(q, a, ret, err);
}

int manifest_referrers(struct store *s, struct str repository, const struct digest *subject,
	struct arena *a, struct manifest_rows *ret, struct err *err)
{
	CLEANUP(db_end) struct db_row *q = NULL;
	char text[DIGEST_TEXT];
	int more;
	if (db_query(s->db, &q, err,
		    "SELECT" COLUMNS " FROM manifest m JOIN link l ON l.digest = m.digest"
		    " WHERE m.subject = $1 AND m.subject <> '' AND l.repository = $2"
		    " AND l.is_manifest <> 0 ORDER BY m.digest",
		    DB_TEXT(digest_text(subject, text)), DB_STR(repository)) < 0)
		return -1;
	while ((more = db_next(q, err)) > 0) {
		struct manifest_row m;
		if (read_row(q, a, &m, err) < 0)
			return -1;
		vec_push(ret, m);
	}
	return more;
}

/* A tag of the repository that leads to the manifest through an index, or "". */
static int find_tagged_parent(struct store *s, struct str repository, const char *digest,
	char ret_tag[160], struct err *err)
{
	CLEANUP(db_end) struct db_row *q = NULL;
	ret_tag[0] = '\0';
	if (db_query(s->db, &q, err,
		    "WITH RECURSIVE above (digest) AS ("
		    "SELECT manifest FROM manifest_child WHERE child = $1 UNION"
		    " SELECT c.manifest FROM manifest_child c JOIN above ON c.child = above.digest)"
		    " SELECT t.tag FROM tag t JOIN above ON t.digest = above.digest"
		    " WHERE t.repository = $2 ORDER BY t.tag LIMIT 1",
		    DB_TEXT(digest), DB_STR(repository)) < 0)
		return -1;
	int more = db_next(q, err);
	if (more > 0)
		snprintf(ret_tag, 160, "%.*s", STR_ARG(db_str(q, 0)));
	return more;
}

static int delete_rows(struct store *s, struct str repository, const struct digest *d,
	struct err *err)
{
	char digest[DIGEST_TEXT], tag[160];
	digest_text(d, digest);
	int found = find_tagged_parent(s, repository, digest, tag, err);
	if (found < 0)
		return -1;
	if (found > 0) {
		err_set(err, ERR_CONFLICT, "%s is part of '%.*s:%s'", digest, STR_ARG(repository),
			tag);
		return err_hint(err, "delete the tag '%s' first", tag);
	}
	int n = db_exec(s->db, err,
		"DELETE FROM link WHERE repository = $1 AND digest = $2 AND is_manifest <> 0",
		DB_STR(repository), DB_TEXT(digest));
	if (n < 0)
		return -1;
	if (n == 0)
		return err_set(err, ERR_NOT_FOUND, "'%.*s' has no manifest %s", STR_ARG(repository),
			digest);
	if (db_exec(s->db, err, "DELETE FROM tag WHERE repository = $1 AND digest = $2",
		    DB_STR(repository), DB_TEXT(digest)) < 0)
		return -1;
	return repository_tidy(s, repository, err) < 0 ? -1 : 0;
}

int manifest_delete(struct store *s, struct str repository, const struct digest *d, struct err *err)
{
	if (store_begin(s, err) < 0)
		return -1;
	return store_end(s, delete_rows(s, repository, d, err), err);
}
