/* Repositories that anybody may read. */
#include "auth/auth_priv.h"

int auth_public_set(struct auth *a, struct str repository, bool is_public, struct err *err)
{
	struct str item = str_trim(repository);
	if (!item.n || auth_list_check(item, err) < 0)
		return item.n ? -1 : err_set(err, ERR_INPUT, "expected a repository, got ''");
	for (size_t i = 0; i < item.n; i++)
		if (ch_is_space(item.p[i]) || item.p[i] == ',')
			return err_set(err, ERR_INPUT, "expected one repository, got '%.*s'",
				STR_ARG(item));
	int rc = is_public ? db_exec(a->db, err,
				     "INSERT INTO auth_public(repository) VALUES($1)"
				     " ON CONFLICT(repository) DO NOTHING",
				     DB_STR(item))
			   : db_exec(a->db, err, "DELETE FROM auth_public WHERE repository = $1",
				     DB_STR(item));
	auth_forget_all(a);
	return rc < 0 ? -1 : 0;
}

int auth_public_list(struct auth *a, struct arena *arena, struct auth_strs *ret, struct err *err)
{
	CLEANUP(db_end) struct db_row *q = NULL;
	int more;
	if (db_query(a->db, &q, err, "SELECT repository FROM auth_public ORDER BY repository") < 0)
		return -1;
	while ((more = db_next(q, err)) > 0)
		vec_push(ret, arena_str(arena, db_str(q, 0)));
	return more;
}

int auth_grant_of_nobody(struct auth *a, struct grant **ret, struct err *err)
{
	struct grant *g = auth_grant_new();
	struct auth_strs all = {0};
	CLEANUP(buf_done) struct buf list = BUF(16 << 20);
	int rc = auth_public_list(a, &g->arena, &all, err);
	for (size_t i = 0; rc == 0 && i < all.n; i++)
		buf_fmt(&list, "%.*s,", STR_ARG(all.p[i]));
	vec_done(&all);
	if (rc < 0 || buf_check(&list, "list of public repositories", err) < 0) {
		auth_grant_free(&g->grant);
		return -1;
	}
	g->grant.scopes = list.n ? AUTH_READ_PACKAGES : 0;
	g->grant.repositories = arena_str(&g->arena, buf_str(&list));
	*ret = g;
	return 0;
}
